// What can be the matter with what the sensor sees: the part of the table of causes that a collector is told as well.
import { rootCommandIn } from '../hint.ts'
import { Gap } from '../records/record.gen.ts'
import { shellWord } from '../shell-word.ts'
import type { SensorStatus } from './agent-status.ts'
import { span } from './amounts.ts'
import { lacks, noteOf, said, type WordsOf, worstFirst } from './cause-words.ts'
import { MAC_CAUSES } from './mac-causes.ts'

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
/** What runs it; `up` in place of `agent` would have it report to another collector. */
const roleOf = ({ isUnderUp, collector: { url } }: SensorStatus): string =>
  isUnderUp ? 'up' : url.startsWith('/') ? `agent --collector ${shellWord(url)}` : 'agent'

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
  ...MAC_CAUSES,
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
    remedy: (status) =>
      `Stop it and run it as root: ${rootCommandIn(`${roleOf(status)}${status.user === '' ? '' : ` --user ${shellWord(status.user)}`}`, status.state)}.`,
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
} as const satisfies Record<string, WordsOf<SensorStatus>>

/**
 * What is the matter with the sensor, as a collector gets it: each cause with its remedy, the worst first; the sensor's
 * own words when it has no code for them; empty when nothing is.
 */
export function sensorTrouble(status: SensorStatus): string {
  const table: readonly WordsOf<SensorStatus>[] = Object.values(SENSOR_CAUSES)
  const found = worstFirst(
    table.filter(({ holds }) => holds(status)),
    status,
  )
  if (found.length === 0) return status.sensor.note
  return found.map(({ text, remedy }) => `${said(text, status)} ${said(remedy, status)}`).join(' ')
}
