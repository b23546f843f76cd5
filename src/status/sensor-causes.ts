// What can be the matter with what the sensor sees: the part of the table of causes that a collector is told as well.
import { rootCommandIn } from '../hint.ts'
import { Gap } from '../records/record.gen.ts'
import { shellWord } from '../shell-word.ts'
import type { SensorStatus } from './agent-status.ts'
import { span } from './amounts.ts'
import { settingsUrl } from './settings.ts'

/** failure: something that Freshet is for does not happen. warning: it happens, but less, or not for much longer. */
export type Level = 'failure' | 'warning'

/** What of Freshet suffers: it sees nothing, sees less, does not report; or none of these. */
export type Concern = 'blind' | 'gap' | 'unsent' | 'other'

/** The words of a cause, and what of a status they need. */
export type WordsOf<Status> = {
  level: Level
  concern: Concern
  /** Whether it is so. */
  holds: (status: Status) => boolean
  text: string | ((status: Status) => string)
  remedy: string | ((status: Status) => string)
  /** Given: it is for the person at the machine, and their notification shows the remedy: it must not hold figures. */
  url?: (status: Status) => string
}

const lacks = (gap: number) => (status: SensorStatus) =>
  status.sensor.gaps.some(({ gaps }) => (gaps & gap) !== 0)
const noteOf = (status: SensorStatus, gap: number): string =>
  status.sensor.gaps.find(({ gaps }) => (gaps & gap) !== 0)?.note ?? ''
const inBrackets = (text: string): string => (text === '' ? '' : ` (${text})`)
/** Why it has no programs of its own in the kernel, as the Linux source's note ends (native/linux/sight.cc); or empty. */
const programsWhy = (status: SensorStatus): string =>
  / no program of ours in the kernel \((.+)\)\.$/.exec(noteOf(status, Gap.finalCounters))?.[1] ?? ''

/** What the Linux source says where it has no programs in the kernel, and what helps against that. */
const PROGRAMS_REMEDIES: readonly [RegExp, string][] = [
  [
    /switched off/,
    'Start the agent anew without what switched them off: `kernelPrograms` of its source.',
  ],
  [
    /pid namespace/,
    'Run the agent in the machine’s own pid namespace (`docker run --pid host`), where the kernel’s numbers are its own.',
  ],
  [/btf.*(No such file|not understood)/, 'Use a kernel with BTF (CONFIG_DEBUG_INFO_BTF).'],
  [
    /Operation not permitted|Permission denied/,
    'The kernel refuses bpf(2): run the agent as root, in a container with CAP_BPF and CAP_PERFMON and a seccomp profile that allows it; lockdown of the kernel forbids it to all.',
  ],
  [
    /no tracepoint|have no/,
    'Use a kernel with the tracepoints that it names (sock:sock_send_length is there from Linux 6.3 on).',
  ],
]
const programsRemedy = (why: string): string =>
  PROGRAMS_REMEDIES.find(([said]) => said.test(why))?.[1] ??
  'Run the agent as root (in a container, with CAP_BPF and CAP_PERFMON) on a kernel with BTF and the tracepoint sock:sock_send_length (Linux 6.3 or later).'
/** Within a level the first is the worst. */
export const SENSOR_CAUSES = {
  versions: {
    level: 'failure',
    concern: 'blind',
    holds: ({ sensor }) => sensor.isForeign,
    text: 'The sensor and the engine are of different versions, and the records of one mean nothing to the other.',
    remedy: 'Install both from one release and start the agent again.',
  },
  'sensor-silent': {
    level: 'failure',
    concern: 'blind',
    holds: ({ sensor }) => sensor.silentMs > 0,
    text: ({ sensor }) =>
      `Nothing has come from the sensor for ${span(sensor.silentMs)}: detection stands still.`,
    remedy: 'Start the agent again; if the sensor falls silent once more, report it.',
  },
  entitlement: {
    level: 'failure',
    concern: 'blind',
    holds: lacks(Gap.entitlement),
    text: 'macOS does not let this build use Endpoint Security: it lacks the entitlement.',
    remedy:
      'Install the signed package; a build of your own wants a provisioning profile with com.apple.developer.endpoint-security.client.',
  },
  'full-disk-access': {
    level: 'failure',
    concern: 'blind',
    holds: lacks(Gap.fullDiskAccess),
    text: 'Programs are not seen as they start: Freshet has no Full Disk Access.',
    // The name in that list is the daemon's.
    remedy: 'Give freshetd Full Disk Access in System Settings, Privacy & Security.',
    url: () => settingsUrl('full-disk-access'),
  },
  'client-limit': {
    level: 'failure',
    concern: 'blind',
    holds: lacks(Gap.clientLimit),
    text: 'Programs are not seen as they start: other security products hold all places that Endpoint Security has.',
    remedy: 'Remove one of them; Freshet tries again by itself.',
  },
  'endpoint-security': {
    level: 'failure',
    concern: 'blind',
    holds: lacks(Gap.endpointSecurity),
    text: (status) =>
      `Programs are not seen as they start: Endpoint Security fails. ${noteOf(status, Gap.endpointSecurity)}`.trim(),
    remedy: 'Restart the Mac; Freshet tries again by itself.',
  },
  filter: {
    level: 'failure',
    concern: 'blind',
    holds: lacks(Gap.filter),
    text: 'Network flows are not seen: the network filter does not run, or was not approved.',
    remedy: 'Allow Freshet’s network extension and its filter in System Settings.',
    url: ({ osVersion }) => settingsUrl('network-extension', osVersion),
  },
  'filter-off': {
    level: 'failure',
    concern: 'blind',
    holds: lacks(Gap.filterOff),
    text: 'Network flows are not seen: the network filter is switched off on this Mac.',
    remedy: 'Remove `/Library/Application Support/Freshet/filter-off` to switch it on.',
  },
  'filter-service': {
    level: 'failure',
    concern: 'blind',
    holds: lacks(Gap.filterService),
    text: 'Network flows are not seen: launchd does not give the agent the service that the network filter connects to.',
    remedy: 'Start the agent through its launchd job, as the package installs it, not by hand.',
  },
  flows: {
    level: 'failure',
    concern: 'blind',
    holds: lacks(Gap.flows),
    text: 'Network flows are not seen: the kernel does not let the agent open NETLINK_SOCK_DIAG.',
    remedy:
      'Load the modules inet_diag and tcp_diag (`modprobe tcp_diag`), or allow netlink sockets in the container.',
  },
  'not-root': {
    level: 'warning',
    concern: 'gap',
    holds: lacks(Gap.notRoot),
    text: ({ user }) =>
      `Only programs of ${user || 'this user'} are seen: the agent does not run as root.`,
    remedy: ({ user, state }) =>
      `Run it as root: ${rootCommandIn(`up${user === '' ? '' : ` --user ${shellWord(user)}`}`, state)}.`,
  },
  'process-events': {
    level: 'warning',
    concern: 'gap',
    holds: lacks(Gap.processEvents),
    text: 'Programs that run for less than a second are not seen: the kernel refuses perf_event_open.',
    remedy: 'Run the agent as root; in a container, give it CAP_PERFMON (`--cap-add PERFMON`).',
  },
  tracefs: {
    level: 'warning',
    concern: 'gap',
    holds: lacks(Gap.tracefs),
    text: 'Who makes a short connection is not seen: tracefs cannot be mounted.',
    remedy:
      'Mount it (`mount -t tracefs tracefs /sys/kernel/tracing`), or give the container CAP_SYS_ADMIN; then start the agent again.',
  },
  'connect-events': {
    level: 'warning',
    concern: 'gap',
    holds: lacks(Gap.connectEvents),
    text: 'Who makes a short connection is not seen: the kernel gives no events of connections.',
    remedy:
      'Run the agent as root, on a kernel with the tracepoint sock:inet_sock_set_state (4.16 or later, CONFIG_FTRACE).',
  },
  'flow-closes': {
    level: 'warning',
    concern: 'gap',
    holds: lacks(Gap.flowCloses),
    text: 'What a connection sends in its last moments is not counted: the kernel tells no final counters.',
    remedy: 'Use a kernel with CONFIG_INET_DIAG (Linux 4.2 or later).',
  },
  'final-counters': {
    level: 'warning',
    concern: 'gap',
    holds: lacks(Gap.finalCounters),
    text: (status) =>
      `What a reset or disconnected connection sent at its end, and UDP, is not counted: the kernel runs no program of Freshet’s${inBrackets(programsWhy(status))}.`,
    remedy: (status) => programsRemedy(programsWhy(status)),
  },
  'filter-version': {
    level: 'warning',
    concern: 'gap',
    holds: lacks(Gap.filterVersion),
    text: 'The network filter that runs is of an earlier version, and its flows are not understood.',
    remedy: 'Restart the Mac to finish the update.',
    url: () => '',
  },
} as const satisfies Record<string, WordsOf<SensorStatus>>

/**
 * What is the matter with the sensor, as a collector gets it: each cause with its remedy, in the order of the table,
 * failures first as they stand first; the sensor's own words when it has no code for them; empty when nothing is.
 */
export function sensorTrouble(status: SensorStatus): string {
  const table: readonly WordsOf<SensorStatus>[] = Object.values(SENSOR_CAUSES)
  const said = (words: WordsOf<SensorStatus>['text']) =>
    typeof words === 'string' ? words : words(status)
  const found = table.filter(({ holds }) => holds(status))
  if (found.length === 0) return status.sensor.note
  return found.map(({ text, remedy }) => `${said(text)} ${said(remedy)}`).join(' ')
}
