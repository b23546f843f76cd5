// What is built for macOS, as data. A file added here is compiled for both architectures, linked, and told by
// `npm run check:mac`.

/** macOS that every artifact runs on: Node 26's own floor. */
export const MINIMUM_SYSTEM = '13.5'

export type Artifact = {
  /** File name of the product, in the output directory of each architecture. */
  name: string
  /** addon: a bundle that Node loads, linked against Node itself. program: an executable. */
  kind: 'addon' | 'program'
  /** Under native/; .cc as C++20 with blocks, .mm as Objective-C++ with ARC. */
  sources: readonly string[]
  /**
   * Libraries and frameworks it links, beyond libSystem, libc++ and libobjc. All must be used: one of which no
   * symbol is taken is left out by the linker, and then the check fails, unless another that is linked re-exports it.
   */
  libraries: readonly string[]
  frameworks: readonly string[]
}

export const ARTIFACTS: readonly Artifact[] = [
  {
    name: 'freshet.node',
    kind: 'addon',
    sources: [
      'addon.cc',
      'file_origin.cc',
      'found_file.cc',
      'inspect_worker.cc',
      'inspector.cc',
      'package_index.cc',
      'program_files.cc',
      'script_paths.cc',
      'script_rules.cc',
      'source_object.cc',
      'mac/code_calls.cc',
      'mac/code_inspector.cc',
      'mac/dyld_rules.cc',
      'mac/endpoint_security.cc',
      'mac/es_answer.cc',
      'mac/es_client.cc',
      'mac/es_message.cc',
      'mac/es_reader.cc',
      'mac/filter_protocol.cc',
      'mac/find_file.cc',
      'mac/flow_intake.cc',
      'mac/flow_listener.cc',
      'mac/mac_sources.cc',
      'mac/make_endpoint_security.cc',
      'mac/make_flow_listener.cc',
      'mac/peer_requirement.cc',
      'mac/polling/kqueue_events.cc',
      'mac/polling/make_polling.cc',
      'mac/polling/polling_source.cc',
      'mac/polling/process_watch.cc',
      'mac/running.cc',
      'mac/running_calls.cc',
      'mac/statistics/flow_book.cc',
      'mac/statistics/flow_heirs.cc',
      'mac/statistics/flow_owners.cc',
      'mac/statistics/flow_telling.cc',
      'mac/statistics/flow_twins.cc',
      'mac/statistics/framework_statistics.cc',
      'mac/statistics/framework_symbols.cc',
      'mac/statistics/make_network_statistics.cc',
      'mac/statistics/statistics_source.cc',
      'mac/xpc_listener.cc',
    ],
    libraries: ['EndpointSecurity', 'bsm'],
    frameworks: ['CoreFoundation', 'Security'],
  },
  {
    name: 'Freshet',
    kind: 'program',
    sources: [
      'mac/app/activation.cc',
      'mac/app/app_delegate.mm',
      'mac/app/arguments.cc',
      'mac/app/filter_control.mm',
      'mac/app/json_reader.cc',
      'mac/app/main.mm',
      'mac/app/menu_model.cc',
      'mac/app/notifier.mm',
      'mac/app/status_client.cc',
      'mac/app/status_menu.mm',
    ],
    libraries: [],
    frameworks: [
      'AppKit',
      'CoreFoundation',
      'Foundation',
      'NetworkExtension',
      'SystemExtensions',
      'UserNotifications',
    ],
  },
  {
    name: 'org.freshet.app.filter',
    kind: 'program',
    sources: [
      'mac/filter/endpoint_text.cc',
      'mac/filter/filter_provider.mm',
      'mac/filter/filter_service.mm',
      'mac/filter/flow_batch.cc',
      'mac/filter/flow_ledger.cc',
      'mac/filter/flow_rows.cc',
      'mac/filter/main.mm',
      'mac/filter/queued_report.cc',
      'mac/filter/uplink.cc',
      'mac/filter/xpc_transport.mm',
      'mac/filter_protocol.cc',
      'mac/peer_requirement.cc',
    ],
    libraries: ['network'],
    frameworks: ['CoreFoundation', 'Network', 'NetworkExtension'],
  },
]
