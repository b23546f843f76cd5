{
  'target_defaults': {
    'include_dirs': ['.', '<!(node -p "require(\'node-addon-api\').include_dir")'],
    'defines': ['NAPI_VERSION=9', 'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS', 'NODE_ADDON_API_DISABLE_DEPRECATED'],
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++20'],
    'cflags_cc': [
      '-std=c++20', '-Wall', '-Wextra', '-Werror', '-Wno-cast-function-type',
      '-fno-exceptions', '-fno-rtti', '-fvisibility=hidden'
    ],
    'xcode_settings': {
      'CLANG_CXX_LANGUAGE_STANDARD': 'c++20',
      'CLANG_CXX_LIBRARY': 'libc++',
      'GCC_ENABLE_CPP_EXCEPTIONS': 'NO',
      'GCC_ENABLE_CPP_RTTI': 'NO',
      'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
      'MACOSX_DEPLOYMENT_TARGET': '13.5',
      'OTHER_CPLUSPLUSFLAGS': ['-Wall', '-Wextra', '-Werror']
    }
  },
  'targets': [
    {
      'target_name': 'freshet',
      'sources': ['addon.cc', 'file_origin.cc', 'found_file.cc', 'inspect_worker.cc', 'inspector.cc', 'package_index.cc', 'program_files.cc', 'script_paths.cc', 'script_rules.cc', 'source_object.cc'],
      'conditions': [
        ['OS=="linux"', {
          'sources': [
            'linux/apart_reader.cc', 'linux/bpf_calls.cc', 'linux/btf_types.cc', 'linux/close_program.cc',
            'linux/code_places.cc', 'linux/connection_table.cc', 'linux/exec_catcher.cc', 'linux/exec_program.cc', 'linux/executed.cc',
            'linux/find_file.cc', 'linux/flow_table.cc', 'linux/kernel_event.cc', 'linux/kernel_programs.cc', 'linux/linux_source.cc',
            'linux/loader_file.cc',
            'linux/mounts.cc', 'linux/no_signatures.cc', 'linux/path_walk.cc',
            'linux/perf_reader.cc', 'linux/perf_record.cc', 'linux/process_code.cc', 'linux/process_root.cc', 'linux/process_table.cc',
            'linux/procfs.cc', 'linux/program_catcher.cc', 'linux/program_maker.cc', 'linux/reader.cc', 'linux/running_exec.cc', 'linux/running_program.cc', 'linux/send_program.cc', 'linux/sight.cc', 'linux/socket_diag.cc', 'linux/tracefs.cc'
          ]
        }],
        ['OS=="mac"', {
          'sources': [
            'mac/code_calls.cc', 'mac/code_inspector.cc',
            'mac/dyld_rules.cc', 'mac/endpoint_security.cc', 'mac/es_answer.cc', 'mac/es_client.cc', 'mac/es_message.cc',
            'mac/es_reader.cc', 'mac/filter_protocol.cc', 'mac/find_file.cc', 'mac/flow_intake.cc', 'mac/flow_listener.cc',
            'mac/mac_sources.cc', 'mac/make_endpoint_security.cc', 'mac/make_flow_listener.cc',
            'mac/peer_requirement.cc', 'mac/polling/kqueue_events.cc', 'mac/polling/make_polling.cc',
            'mac/polling/polling_source.cc', 'mac/polling/process_watch.cc', 'mac/running.cc', 'mac/running_calls.cc',
            'mac/statistics/flow_book.cc', 'mac/statistics/flow_heirs.cc',
            'mac/statistics/flow_owners.cc', 'mac/statistics/flow_telling.cc',
            'mac/statistics/flow_twins.cc',
            'mac/statistics/framework_statistics.cc', 'mac/statistics/framework_symbols.cc',
            'mac/statistics/make_network_statistics.cc', 'mac/statistics/statistics_source.cc', 'mac/xpc_listener.cc'
          ],
          'link_settings': {
            'libraries': [
              '-lEndpointSecurity', '-lbsm', '-framework CoreFoundation', '-framework Security'
            ]
          }
        }]
      ]
    },
    { 'target_name': 'freshet_bench', 'sources': ['bench/objects.cc'] }
  ]
}
