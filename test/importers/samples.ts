// Lines of logs, of our own making, in the shapes that eslogger, osqueryd and log(1) write. Zeek's: zeek-logs.ts.

/** 2026-03-02 10:00 UTC. */
export const T0 = 1_772_445_600
export const HOST = '10.1.0.7'

type TokenForm = 'object' | 'array'
export type EsProcess = {
  pid: number
  version: number
  path: string
  euid?: number
  parent?: [number, number]
  responsible?: [number, number]
  signing?: string
  team?: string | null
  cdhash?: string
  flags?: number
  platform?: boolean
}

const token = (form: TokenForm, pid: number, version: number, euid: number): unknown =>
  form === 'array'
    ? [501, euid, 20, 501, 20, pid, 100_005, version]
    : { asid: 100_005, auid: 501, egid: 20, euid, pid, pidversion: version, rgid: 20, ruid: 501 }

export const CDHASH = 'AB'.repeat(20)

export function esProcess(form: TokenForm, process: EsProcess): Record<string, unknown> {
  const [parentPid, parentVersion] = process.parent ?? [1, 9]
  const [responsiblePid, responsibleVersion] = process.responsible ?? [process.pid, process.version]
  return {
    audit_token: token(form, process.pid, process.version, process.euid ?? 501),
    parent_audit_token: token(form, parentPid, parentVersion, 0),
    responsible_audit_token: token(form, responsiblePid, responsibleVersion, 501),
    executable: {
      path: process.path,
      path_truncated: false,
      stat: { st_dev: 16_777_234, st_ino: 4_242, st_mode: 33_261 },
    },
    signing_id: process.signing ?? 'com.example.tool',
    team_id: process.team ?? null,
    cdhash: process.cdhash ?? CDHASH,
    codesigning_flags: process.flags ?? 0x1,
    is_platform_binary: process.platform ?? false,
    is_es_client: false,
    ppid: parentPid,
    original_ppid: parentPid,
    group_id: process.pid,
    session_id: 1,
    tty: null,
  }
}

export const ZSH: EsProcess = {
  pid: 500,
  version: 1_000,
  path: '/bin/zsh',
  platform: true,
  signing: 'com.apple.zsh',
}
export const TOOL: EsProcess = {
  pid: 501,
  version: 1_002,
  path: '/Users/ada/bin/tool',
  parent: [500, 1_000],
  responsible: [300, 700],
  team: 'ABCDE12345',
}

const EVENT_TYPES: Record<string, number> = {
  exec: 9,
  fork: 11,
  exit: 15,
  cs_invalidated: 94,
  write: 33,
}

/** One line of eslogger, of message version 9, 10 (array tokens) or 11, or any other number. */
export function esLine(
  version: number,
  time: string,
  actor: EsProcess,
  event: Record<string, unknown>,
  more: Record<string, unknown> = {},
): string {
  return JSON.stringify({
    schema_version: 1,
    version,
    event_type: EVENT_TYPES[Object.keys(event)[0] ?? ''] ?? 0,
    action_type: 1,
    action: { result: { result: { auth: 0 }, result_type: 0 } },
    time,
    mach_time: 1_000_000,
    thread: { thread_id: 77 },
    process: esProcess(formOf(version), actor),
    event,
    ...more,
  })
}

const formOf = (version: number): TokenForm => (version === 10 ? 'array' : 'object')

export const execOf = (
  version: number,
  target: EsProcess,
  script?: string,
  args: string[] = [target.path],
): Record<string, unknown> => ({
  exec: {
    target: esProcess(formOf(version), target),
    args,
    env: ['HOME=/Users/ada'],
    cwd: { path: '/Users/ada', path_truncated: false },
    script: script === undefined ? null : { path: script, path_truncated: false },
    fds: [{ fd: 0, fdtype: 1 }],
    last_fd: 2,
  },
})
export const forkOf = (version: number, child: EsProcess): Record<string, unknown> => ({
  fork: { child: esProcess(formOf(version), child) },
})

/** A shell that forks, execs a tool, whose signature breaks and which ends: two seconds of a Mac. */
export function esStory(version: number): string {
  return [
    esLine(
      version,
      '2026-03-02T10:00:00.000000001Z',
      ZSH,
      forkOf(version, { ...ZSH, pid: 501, version: 1_001, parent: [500, 1_000] }),
      { seq_num: 7 },
    ),
    esLine(
      version,
      '2026-03-02T10:00:00.500000Z',
      { ...ZSH, pid: 501, version: 1_001 },
      execOf(version, TOOL),
      { seq_num: 3 },
    ),
    esLine(version, '2026-03-02T10:00:01.000Z', TOOL, { cs_invalidated: {} }, { seq_num: 0 }),
    esLine(version, '2026-03-02T10:00:02Z', TOOL, { exit: { stat: 256 } }, { seq_num: 1 }),
  ].join('\n')
}

/** A line of `log show --style ndjson`. */
export const logLine = (
  timestamp: string,
  eventMessage: string,
  more: Record<string, unknown> = {},
): string =>
  JSON.stringify({
    timezoneName: '',
    messageType: 'Default',
    eventType: 'logEvent',
    subsystem: '',
    category: '',
    bootUUID: '11111111-2222-3333-4444-555555555555',
    processImagePath: '/kernel',
    processID: 0,
    userID: 0,
    timestamp,
    eventMessage,
    ...more,
  })

export const tcpCommon = (
  local: string,
  remote: string,
  socket: number,
  process: string,
  state: string,
  skipped = 0,
): string =>
  `[${local}<->${remote}] interface: en0 (skipped: ${skipped})\nso_gencnt: ${socket} t_state: ${state} process: ${process} `
export const tcpConnect = (...common: Parameters<typeof tcpCommon>): string =>
  `tcp connect outgoing: ${tcpCommon(...common)}SYN in/out: 0/1 bytes in/out: 0/0 pkts in/out: 0/0 rtt: 0.0 ms rttvar: 250.0 ms base_rtt: 0 ms error: 0 so_error: 0 svc/tc: 0 flow: 0xafb53de1`
export const tcpSummary = (
  bytesIn: number,
  bytesOut: number,
  ...common: Parameters<typeof tcpCommon>
): string =>
  `tcp_connection_summary (tcp_close:1797)${tcpCommon(...common)}Duration: 40.1 sec Conn_Time: 0.020 sec bytes in/out: ${bytesIn}/${bytesOut} pkts in/out: 9/9 pkt rxmit: 0 ooo pkts: 0 dup bytes in: 0 ACKs delayed: 0 delayed ACKs sent: 0\nrtt: 11.000 ms rttvar: 5.500 ms base rtt: 11 ms so_error: 0 svc/tc: 0 flow: 0xa47f60b8`

/** A result of a scheduled query. */
export const osqueryLine = (
  columns: Record<string, string | number>,
  more: Record<string, unknown> = {},
): string =>
  JSON.stringify({
    name: 'pack_mac_events',
    hostIdentifier: 'ada-mac',
    calendarTime: 'Mon Mar  2 10:00:30 2026 UTC',
    unixTime: T0 + 30,
    epoch: 0,
    counter: 4,
    columns,
    action: 'added',
    ...more,
  })

/** Rows of es_process_events, process_events and socket_events. */
export const ES = {
  pid: '700',
  parent: '1',
  path: '/Applications/Notes.app/Contents/MacOS/Notes',
  cmdline: 'Notes',
  euid: '501',
  signing_id: 'com.example.notes',
  team_id: 'ABCDE12345',
  cdhash: CDHASH.toLowerCase(),
  platform_binary: '0',
  codesigning_flags: '',
  event_type: 'exec',
  time: String(T0 + 10),
}
export const AUDIT = {
  pid: '800',
  parent: '700',
  path: '/usr/local/bin/tool',
  cmdline: 'tool -x',
  uid: '501',
  euid: '0',
  time: String(T0 + 11),
}
export const CONNECT = {
  action: 'connect',
  pid: '800',
  path: '/usr/local/bin/tool',
  remote_address: '2001:db8::7',
  remote_port: '443',
  local_port: '0',
  protocol: '6',
  time: String(T0 + 20),
}
/** Rows of bpf_process_events, bpf_socket_events and processes. */
export const BPF_EXEC = {
  tid: '810',
  pid: '810',
  parent: '700',
  uid: '501',
  gid: '501',
  cid: '1',
  exit_code: '0',
  probe_error: '0',
  syscall: 'execve',
  path: '/usr/local/bin/tool',
  cwd: '/',
  cmdline: 'tool -x',
  duration: '9000',
  ntime: '81',
  time: String(T0 + 12),
}
export const BPF_CONNECT = {
  ...BPF_EXEC,
  syscall: 'connect',
  fd: '3',
  family: '2',
  type: '1',
  protocol: '0',
  local_address: '',
  remote_address: '198.51.100.7',
  local_port: '0',
  remote_port: '443',
}
export const LISTED = {
  pid: '820',
  name: 'tool',
  path: '/usr/local/bin/tool',
  cmdline: 'tool -x',
  state: 'S',
  parent: '700',
  uid: '501',
  start_time: '1772440600',
}
