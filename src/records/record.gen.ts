// Generated from native/record.def by scripts/generate.ts. Do not edit.

/** FNV-1a of the declarations; equals kRecordLayout in native/record_layout.gen.h. */
export const LAYOUT = 0xe8266b44
/** Bytes that begin every record: u32 size, u16 type, u8 source, u8 zero, u64 at_ns. */
export const HEADER_BYTES = 16
/** Longest a record can be. */
export const RECORD_BYTES_MAX = 131072

/** A record's number on the wire. */
export const RecordType = {
  exec: 1,
  fork: 2,
  exit: 3,
  flow: 4,
  name: 5,
  invalidated: 6,
  inspected: 7,
  policy: 8,
  tick: 9,
  loss: 10,
  mark: 11,
  inspect: 12,
  acknowledge: 13,
  arguments: 14,
  code: 15,
  unseen: 16,
  line: 17,
  gone: 18,
  origin: 19,
} as const

export const Source = {
  /** the engine itself, or an importer */
  none: 0,
  /** perf tracepoints and sock_diag */
  linux: 1,
  /** macOS Endpoint Security */
  endpointSecurity: 2,
  /** macOS NetworkExtension content filter */
  filter: 3,
  /** the program-file inspector */
  inspector: 4,
  /** macOS: the kernel's counts of flows, by the private NetworkStatistics framework */
  networkStatistics: 5,
  /** macOS: the list of processes, looked at several times a second */
  polling: 6,
  /** macOS: Endpoint Security's events as Apple's eslogger prints them */
  eslogger: 7,
  /** macOS: the kernel's counts of flows, as Apple's nettop prints them */
  nettop: 8,
} as const

export const Script = {
  /** it is no interpreter, or there is no way to know what it runs */
  none: 0,
  /** the kernel: the file that was executed names its interpreter */
  kernel: 1,
  /** an argument, as it was at the exec: the process had not run yet */
  argument: 2,
  /** an argument as the process shows it now: it may have rewritten it */
  claimed: 3,
  /** a text among its arguments (-c, -e), which is not told */
  inline: 4,
  /** a module that it finds by name (-m), which is not told */
  module: 5,
  /** what its standard input brings */
  standardInput: 6,
} as const

export const Direction = {
  unknown: 0,
  /** this host connected */
  outbound: 1,
  /** this host accepted */
  inbound: 2,
} as const

export const FlowState = {
  /** first report */
  opened: 1,
  /** counters rose */
  report: 2,
  /** final counters */
  closed: 3,
} as const

export const Subject = {
  /** the program file of the process */
  program: 0,
  /** the script that it runs */
  script: 1,
  /** a file that it runs code of beside its own: CODE record */
  code: 2,
} as const

export const Signature = {
  /** nobody looked: the system has no signatures, or the file could not be read */
  notAsked: 0,
  /** it has none */
  unsigned: 1,
  /** it holds, and no certificate vouches for it */
  adhoc: 2,
  /** it holds, and a certificate vouches for it: FLAG inspected says whose */
  valid: 3,
  /** it has one that does not hold */
  invalid: 4,
  /** it could not be looked at */
  unknown: 5,
} as const

export const Loss = {
  /** records that found the ring full */
  ringFull: 1,
  /** events the kernel dropped before the source read them */
  kernelEvents: 2,
  /** overruns of the socket that reports closed flows; one overrun may hide several closes */
  flowCloses: 3,
  /** processes or flows that found the source's table full */
  tableFull: 4,
  /** events the source could not understand */
  malformed: 5,
  /** records of the filter that it dropped, oldest first: the daemon was away, or too slow */
  filterQueue: 6,
  /** flows whose last counters could not be had, as their sockets were reset or disconnected: FLAG flow counters_lost */
  flowCounters: 8,
  /** flows whose process had gone before it could be looked at: RECORD gone has what the flow says of it */
  flowOwners: 9,
  /** connections to the flow listener, or batches on one, that it refused: another's, of another layout, too large, or no records */
  filterRefused: 7,
} as const

export const Mark = {
  /** a source began; whatever was known of its processes and flows is enumerated anew */
  start: 1,
  /** the enumeration is complete */
  enumerated: 2,
  /** the wall clock was stepped, or drifted 0.5 s from the last mark */
  clock: 3,
  /** the machine goes to sleep */
  sleep: 4,
  /** the machine woke */
  wake: 5,
  /** the source ended in good order */
  stop: 6,
} as const

export const Gap = {
  /** runs without root: other users' programs and sockets are hidden */
  notRoot: 1,
  /** Linux: perf_event_open refuses the events of processes */
  processEvents: 2,
  /** Linux: tracefs cannot be mounted, so who connects is not told */
  tracefs: 4,
  /** Linux: the kernel has no tracepoint of connections */
  connectEvents: 8,
  /** Linux: the kernel tells no final counters of closed sockets */
  flowCloses: 16,
  /** Linux: NETLINK_SOCK_DIAG cannot be opened, so there are no flows */
  flows: 32,
  /** macOS: this program may not use Endpoint Security (ERR_NOT_ENTITLED) */
  entitlement: 64,
  /** macOS: Full Disk Access was not given (ERR_NOT_PERMITTED) */
  fullDiskAccess: 128,
  /** macOS: other programs hold all Endpoint Security clients (ERR_TOO_MANY_CLIENTS) */
  clientLimit: 256,
  /** macOS: Endpoint Security fails in another way; the note says how */
  endpointSecurity: 512,
  /** macOS: no content filter is connected: not approved, not activated, or not running */
  filter: 1024,
  /** macOS: the content filter that runs is of a version this one does not understand */
  filterVersion: 2048,
  /** macOS: the service that the content filter connects to cannot be had from launchd */
  filterService: 4096,
  /** macOS: the content filter reports nothing, since somebody switched it off on this Mac */
  filterOff: 8192,
  /** Linux: no program of ours may read a socket as it closes (BPF with BTF), so connections that are reset or disconnected are told without their last bytes */
  finalCounters: 16384,
  /** macOS: processes are looked at several times a second: what begins and ends between two looks and uses no network is not seen */
  shortLived: 32768,
  /** macOS: the NetworkStatistics framework cannot be loaded, or lacks a call that is needed */
  networkStatistics: 65536,
  /** macOS: flows are what nettop prints once a second: its counts are some per cent low under load, and a flow that opens and closes within a second may be missing */
  nettopCounts: 131072,
  /** macOS: nettop is not there, does not start, or prints what is not understood */
  nettop: 262144,
  /** macOS: eslogger is not there, does not start (root and Full Disk Access), or prints what is not understood */
  eslogger: 524288,
  /** macOS: Endpoint Security calls programs a part of the system that System Integrity Protection does not protect: what it says of signatures is not believed */
  platformClaims: 1048576,
  /** macOS: the content filter runs and reports nothing: of flows that another source sees, or not even that it lives */
  filterSilent: 2097152,
} as const

export const Capability = {
  /** execs, forks and exits as they happen */
  processEvents: 1,
  /** the process of a connection as it is made */
  connectEvents: 2,
  /** final counters of closed flows */
  flowCloses: 4,
  /** processes and sockets of all users */
  allProcesses: 8,
  /** Linux: counters of sockets that are reset or disconnected, and who writes to a socket */
  finalCounters: 16,
} as const

export const Origin = {
  /** root alone can change it, it lies where packages install, and the system's database of packages has no such file */
  unpackaged: 1,
  /** the system's database of packages has it (dpkg): name is the package */
  package: 2,
  /** below a formula's folder of Homebrew, which has a receipt: name is the formula */
  brew: 3,
  /** marked as downloaded: macOS com.apple.quarantine, name is the program that did it; Linux user.xdg.origin.url, name is the host */
  download: 4,
} as const

/** Bits of the exec record's flags. */
export const ExecFlag = {
  /** was already running when the source looked; at_ns is when it was found, unless its start is known */
  enumerated: 1,
  /** macOS is_platform_binary */
  platformBinary: 2,
  /** the path is as the caller gave it; nothing confirmed it */
  pathGuessed: 4,
  /** a string was cut to its limit */
  truncated: 8,
  /** the program file has no code of its own: what is mapped to run first is another file's */
  codeElsewhere: 16,
  /** Linux: the program file is a dynamic loader or an emulator: the script is the program that it maps into itself */
  loader: 32,
  /** Linux: found running, and what /proc says it runs is not what the kernel executed: it was set since */
  exeSet: 64,
  /** Linux: found running, and nothing shows that the kernel executed this file: the process could have set what /proc says it runs */
  exeUnconfirmed: 128,
  /** its arguments bring other code beside the script, or may (perl -M, node -r); nothing of them is told */
  otherCode: 256,
  /** Linux, in an enumeration: the kernel executed this file, as it says itself or as was seen */
  exeConfirmed: 512,
} as const

/** Bits of the flow record's flags. */
export const FlowFlag = {
  /** was already open when the source looked */
  enumerated: 1,
  /** the counters may be off: the close was not seen and they are the last ones read, or (Linux) it is a subflow of MPTCP and bytes may be in the count of another subflow too */
  inexact: 2,
  /** so much at most was sent: bytes_out may count what was sent again (macOS), or are all that the packets of a log can have borne */
  atMost: 8,
  /** macOS: it leaves through a tunnel's interface (utun): its bytes leave this host once more, in the tunnel's own flow */
  tunnelled: 16,
  /** whose it is was found by its pid and the time, and nothing names the image; or (macOS) it changed hands between two counts, and who sent what passed between them is a guess */
  ownerGuessed: 32,
  /** an importer's: bytes_in are about so many, as the log's packets say otherwise than its count; bytes_out are not touched by that */
  inAbout: 64,
  /** the counters were zeroed before they could be read (reset or disconnected): they are what was read before, and more may have passed */
  countersLost: 4,
} as const

/** Bits of the inspected record's flags. */
export const InspectedFlag = {
  /** the file, or a directory above it, can be changed by someone other than root */
  writableByOthers: 1,
  /** the file now at that path is not the one that was executed (another device or inode) */
  replaced: 2,
  /** macOS: signed by Apple as a part of the system (anchor apple) */
  apple: 4,
  /** macOS: signed by the App Store */
  appStore: 8,
  /** macOS: signed with a Developer ID certificate */
  developerId: 16,
  /** macOS: Apple's notary has passed it, by a ticket in the file or known to this Mac; nobody is asked over the network */
  notarized: 32,
  /** macOS: signed for the hardened runtime */
  hardenedRuntime: 64,
  /** on a file system that another user mounted (FUSE) and that may let nobody else read */
  usersMount: 128,
} as const

/** Bits of the inspect record's flags. */
export const InspectFlag = {
  /** a flow waits for the answer: asked once more with it, what waits already goes before what nobody waits for */
  needed: 1,
} as const

/** Bits of the arguments record's flags. */
export const ArgumentsFlag = {
  /** Linux: they could not be read any more, as it had ended or ran another program; there is no text */
  missed: 1,
  /** there are more than were looked at: left_out_bytes is at least that much, and on Linux count too */
  atLeast: 2,
} as const

/** Bits of the code record's flags. */
export const CodeFlag = {
  /** was found mapped already, or is told again in an enumeration */
  enumerated: 1,
  /** macOS: named by DYLD_INSERT_LIBRARIES, or as a folder (it ends in a slash) by DYLD_LIBRARY_PATH and its like, at the exec of a program that heeds them; not seen to be mapped */
  askedFor: 2,
  /** further files of this image are not told: there are more than a source tells or looks at; the path may be empty then */
  more: 4,
} as const

type Head = { source: number; atNs: bigint }

/** A process began to run a program, or was found running it. */
export type ExecRecord = Head & {
  /** FLAG exec (bits) */
  flags: number
  /** process (id) */
  pid: number
  /** changes with each image that a pid runs (macOS: the audit token's; Linux: numbered by the source) (id) */
  pidversion: number
  /** process that forked it (id) */
  parentPid: number
  /** (id) */
  parentPidversion: number
  /** macOS: the process responsible for it; 0 where the system does not say (id) */
  responsiblePid: number
  /** (id) */
  responsiblePidversion: number
  /** effective user; 4294967295 when not known (id) */
  uid: number
  /** macOS cs_flags as the kernel has them; 0 elsewhere (bits) */
  codesignFlags: number
  /** macOS: the code directory's hash; zeros elsewhere */
  cdhash: Uint8Array
  /** device of the program file; 0 when not known (id) */
  dev: bigint
  /** inode of the program file; 0 when not known (id) */
  ino: bigint
  /** device of the script; 0 when there is none or it could not be looked at (id) */
  scriptDev: bigint
  /** inode of the script; 0 likewise (id) */
  scriptIno: bigint
  /** CODE script: what it runs, and who says so (code) */
  scriptFrom: number
  /** absolute path of the program file; empty when not known At most 4096 bytes. */
  path: string
  /** absolute path of the file that the program was given to run, where it is an interpreter or a loader At most 4096 bytes. */
  script: string
  /** macOS signing identifier At most 1024 bytes. */
  signingId: string
  /** macOS team identifier At most 64 bytes. */
  teamId: string
}

/** Byte offsets of the exec record's fields, from its first byte. */
export const EXEC_AT = {
  flags: 16,
  pid: 20,
  pidversion: 24,
  parentPid: 28,
  parentPidversion: 32,
  responsiblePid: 36,
  responsiblePidversion: 40,
  uid: 44,
  codesignFlags: 48,
  cdhash: 52,
  dev: 72,
  ino: 80,
  scriptDev: 88,
  scriptIno: 96,
  scriptFrom: 104,
  reserved: 108,
  pathBytes: 112,
  scriptBytes: 114,
  signingIdBytes: 116,
  teamIdBytes: 118,
} as const
/** Size of its fixed part. */
export const EXEC_FIXED_BYTES = 120

/** Reads the exec record at byte `at`, which must lie whole in `view` (checked by the framer). */
export function readExec(view: DataView, at: number): ExecRecord {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  let next = at + 120
  const text = (offset: number): string => {
    const from = next
    next += view.getUint16(at + offset, true)
    return getText(view, from, next)
  }
  return {
    source: view.getUint8(at + 6),
    atNs: view.getBigUint64(at + 8, true),
    flags: view.getUint32(at + 16, true),
    pid: view.getUint32(at + 20, true),
    pidversion: view.getUint32(at + 24, true),
    parentPid: view.getUint32(at + 28, true),
    parentPidversion: view.getUint32(at + 32, true),
    responsiblePid: view.getUint32(at + 36, true),
    responsiblePidversion: view.getUint32(at + 40, true),
    uid: view.getUint32(at + 44, true),
    codesignFlags: view.getUint32(at + 48, true),
    cdhash: bytes.slice(at + 52, at + 72),
    dev: view.getBigUint64(at + 72, true),
    ino: view.getBigUint64(at + 80, true),
    scriptDev: view.getBigUint64(at + 88, true),
    scriptIno: view.getBigUint64(at + 96, true),
    scriptFrom: view.getUint32(at + 104, true),
    path: text(112),
    script: text(114),
    signingId: text(116),
    teamId: text(118),
  }
}

/** The exec record's bytes. Strings over their limit are cut at a character; RangeError on a wrong array length. */
export function writeExec(record: ExecRecord): Uint8Array {
  const path = cut(record.path, 4096)
  const script = cut(record.script, 4096)
  const signingId = cut(record.signingId, 1024)
  const teamId = cut(record.teamId, 64)
  const out = new Uint8Array((120 + path.length + script.length + signingId.length + teamId.length + 7) & ~7)
  const view = new DataView(out.buffer)
  putHead(view, out.length, 1, record)
  let at = 120
  view.setUint32(16, record.flags, true)
  view.setUint32(20, record.pid, true)
  view.setUint32(24, record.pidversion, true)
  view.setUint32(28, record.parentPid, true)
  view.setUint32(32, record.parentPidversion, true)
  view.setUint32(36, record.responsiblePid, true)
  view.setUint32(40, record.responsiblePidversion, true)
  view.setUint32(44, record.uid, true)
  view.setUint32(48, record.codesignFlags, true)
  putBytes(out, 52, record.cdhash, 20, 'cdhash')
  view.setBigUint64(72, record.dev, true)
  view.setBigUint64(80, record.ino, true)
  view.setBigUint64(88, record.scriptDev, true)
  view.setBigUint64(96, record.scriptIno, true)
  view.setUint32(104, record.scriptFrom, true)
  at = putText(out, view, 112, at, path)
  at = putText(out, view, 114, at, script)
  at = putText(out, view, 116, at, signingId)
  at = putText(out, view, 118, at, teamId)
  return out
}

/** A process was made by fork; it runs its parent's image until an exec. */
export type ForkRecord = Head & {
  /** child (id) */
  pid: number
  /** (id) */
  pidversion: number
  /** (id) */
  parentPid: number
  /** (id) */
  parentPidversion: number
  /** effective user; 4294967295 when not known (id) */
  uid: number
}

/** Byte offsets of the fork record's fields, from its first byte. */
export const FORK_AT = {
  pid: 16,
  pidversion: 20,
  parentPid: 24,
  parentPidversion: 28,
  uid: 32,
  reserved: 36,
} as const
/** Size of its fixed part. */
export const FORK_FIXED_BYTES = 40

/** Reads the fork record at byte `at`, which must lie whole in `view` (checked by the framer). */
export function readFork(view: DataView, at: number): ForkRecord {
  return {
    source: view.getUint8(at + 6),
    atNs: view.getBigUint64(at + 8, true),
    pid: view.getUint32(at + 16, true),
    pidversion: view.getUint32(at + 20, true),
    parentPid: view.getUint32(at + 24, true),
    parentPidversion: view.getUint32(at + 28, true),
    uid: view.getUint32(at + 32, true),
  }
}

/** The fork record's bytes. Strings over their limit are cut at a character; RangeError on a wrong array length. */
export function writeFork(record: ForkRecord): Uint8Array {
  const out = new Uint8Array((40 + 7) & ~7)
  const view = new DataView(out.buffer)
  putHead(view, out.length, 2, record)
  view.setUint32(16, record.pid, true)
  view.setUint32(20, record.pidversion, true)
  view.setUint32(24, record.parentPid, true)
  view.setUint32(28, record.parentPidversion, true)
  view.setUint32(32, record.uid, true)
  return out
}

/** A process ended. */
export type ExitRecord = Head & {
  /** (id) */
  pid: number
  /** (id) */
  pidversion: number
  /** wait status; 4294967295 when not known (code) */
  status: number
}

/** Byte offsets of the exit record's fields, from its first byte. */
export const EXIT_AT = {
  pid: 16,
  pidversion: 20,
  status: 24,
  reserved: 28,
} as const
/** Size of its fixed part. */
export const EXIT_FIXED_BYTES = 32

/** Reads the exit record at byte `at`, which must lie whole in `view` (checked by the framer). */
export function readExit(view: DataView, at: number): ExitRecord {
  return {
    source: view.getUint8(at + 6),
    atNs: view.getBigUint64(at + 8, true),
    pid: view.getUint32(at + 16, true),
    pidversion: view.getUint32(at + 20, true),
    status: view.getUint32(at + 24, true),
  }
}

/** The exit record's bytes. Strings over their limit are cut at a character; RangeError on a wrong array length. */
export function writeExit(record: ExitRecord): Uint8Array {
  const out = new Uint8Array((32 + 7) & ~7)
  const view = new DataView(out.buffer)
  putHead(view, out.length, 3, record)
  view.setUint32(16, record.pid, true)
  view.setUint32(20, record.pidversion, true)
  view.setUint32(24, record.status, true)
  return out
}

/** Cumulative counters of one flow: when it opened, when they changed, when it closed. */
export type FlowRecord = Head & {
  /** Linux: socket cookie; macOS: hash of the flow's UUID (id) */
  flowId: bigint
  /** application bytes this host sent, retransmissions left out (bytes) */
  bytesOut: bigint
  /** application bytes this host received (bytes) */
  bytesIn: bigint
  /** rises when the counters of a reused flow id begin again (count) */
  epoch: number
  /** process that has it: at first the one that opened or accepted it. Another takes it over by an exec, a fork or a passed descriptor: the last counters of the former are told under its name, then again under the other's. What the first record under a new name counts is still the former's, what comes after is the new one's. 0 when not known (id) */
  pid: number
  /** (id) */
  pidversion: number
  /** FLAG flow (bits) */
  flags: number
  /** IPv6, or IPv4 as ::ffff:a.b.c.d */
  remoteAddr: Uint8Array
  /** host byte order (port) */
  remotePort: number
  /** host byte order (port) */
  localPort: number
  /** 6 TCP, 17 UDP (IANA) */
  protocol: number
  /** CODE direction (code) */
  direction: number
  /** CODE flow_state (code) */
  state: number
}

/** Byte offsets of the flow record's fields, from its first byte. */
export const FLOW_AT = {
  flowId: 16,
  bytesOut: 24,
  bytesIn: 32,
  epoch: 40,
  pid: 44,
  pidversion: 48,
  flags: 52,
  remoteAddr: 56,
  remotePort: 72,
  localPort: 74,
  protocol: 76,
  direction: 77,
  state: 78,
  reserved: 79,
} as const
/** Size of its fixed part. */
export const FLOW_FIXED_BYTES = 80

/** Reads the flow record at byte `at`, which must lie whole in `view` (checked by the framer). */
export function readFlow(view: DataView, at: number): FlowRecord {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  return {
    source: view.getUint8(at + 6),
    atNs: view.getBigUint64(at + 8, true),
    flowId: view.getBigUint64(at + 16, true),
    bytesOut: view.getBigUint64(at + 24, true),
    bytesIn: view.getBigUint64(at + 32, true),
    epoch: view.getUint32(at + 40, true),
    pid: view.getUint32(at + 44, true),
    pidversion: view.getUint32(at + 48, true),
    flags: view.getUint32(at + 52, true),
    remoteAddr: bytes.slice(at + 56, at + 72),
    remotePort: view.getUint16(at + 72, true),
    localPort: view.getUint16(at + 74, true),
    protocol: view.getUint8(at + 76),
    direction: view.getUint8(at + 77),
    state: view.getUint8(at + 78),
  }
}

/** The flow record's bytes. Strings over their limit are cut at a character; RangeError on a wrong array length. */
export function writeFlow(record: FlowRecord): Uint8Array {
  const out = new Uint8Array((80 + 7) & ~7)
  const view = new DataView(out.buffer)
  putHead(view, out.length, 4, record)
  view.setBigUint64(16, record.flowId, true)
  view.setBigUint64(24, record.bytesOut, true)
  view.setBigUint64(32, record.bytesIn, true)
  view.setUint32(40, record.epoch, true)
  view.setUint32(44, record.pid, true)
  view.setUint32(48, record.pidversion, true)
  view.setUint32(52, record.flags, true)
  putBytes(out, 56, record.remoteAddr, 16, 'remote_addr')
  view.setUint16(72, record.remotePort, true)
  view.setUint16(74, record.localPort, true)
  view.setUint8(76, record.protocol)
  view.setUint8(77, record.direction)
  view.setUint8(78, record.state)
  return out
}

/** Strings and addresses of a flow, once a flow, before its first counters that matter. */
export type NameRecord = Head & {
  /** (id) */
  flowId: bigint
  /** (count) */
  epoch: number
  /** macOS: the process that made the socket, where it acts for the flow's own; 0 otherwise (id) */
  makerPid: number
  /** (id) */
  makerPidversion: number
  /** (port) */
  localPort: number
  /** IPv6, or IPv4 as ::ffff:a.b.c.d */
  localAddr: Uint8Array
  /** name the program asked for; empty when the system does not say At most 255 bytes. */
  hostname: string
}

/** Byte offsets of the name record's fields, from its first byte. */
export const NAME_AT = {
  flowId: 16,
  epoch: 24,
  makerPid: 28,
  makerPidversion: 32,
  localPort: 36,
  localAddr: 38,
  hostnameBytes: 54,
} as const
/** Size of its fixed part. */
export const NAME_FIXED_BYTES = 56

/** Reads the name record at byte `at`, which must lie whole in `view` (checked by the framer). */
export function readName(view: DataView, at: number): NameRecord {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  let next = at + 56
  const text = (offset: number): string => {
    const from = next
    next += view.getUint16(at + offset, true)
    return getText(view, from, next)
  }
  return {
    source: view.getUint8(at + 6),
    atNs: view.getBigUint64(at + 8, true),
    flowId: view.getBigUint64(at + 16, true),
    epoch: view.getUint32(at + 24, true),
    makerPid: view.getUint32(at + 28, true),
    makerPidversion: view.getUint32(at + 32, true),
    localPort: view.getUint16(at + 36, true),
    localAddr: bytes.slice(at + 38, at + 54),
    hostname: text(54),
  }
}

/** The name record's bytes. Strings over their limit are cut at a character; RangeError on a wrong array length. */
export function writeName(record: NameRecord): Uint8Array {
  const hostname = cut(record.hostname, 255)
  const out = new Uint8Array((56 + hostname.length + 7) & ~7)
  const view = new DataView(out.buffer)
  putHead(view, out.length, 5, record)
  let at = 56
  view.setBigUint64(16, record.flowId, true)
  view.setUint32(24, record.epoch, true)
  view.setUint32(28, record.makerPid, true)
  view.setUint32(32, record.makerPidversion, true)
  view.setUint16(36, record.localPort, true)
  putBytes(out, 38, record.localAddr, 16, 'local_addr')
  at = putText(out, view, 54, at, hostname)
  return out
}

/** macOS: a running process's code signature became invalid. */
export type InvalidatedRecord = Head & {
  /** (id) */
  pid: number
  /** (id) */
  pidversion: number
}

/** Byte offsets of the invalidated record's fields, from its first byte. */
export const INVALIDATED_AT = {
  pid: 16,
  pidversion: 20,
} as const
/** Size of its fixed part. */
export const INVALIDATED_FIXED_BYTES = 24

/** Reads the invalidated record at byte `at`, which must lie whole in `view` (checked by the framer). */
export function readInvalidated(view: DataView, at: number): InvalidatedRecord {
  return {
    source: view.getUint8(at + 6),
    atNs: view.getBigUint64(at + 8, true),
    pid: view.getUint32(at + 16, true),
    pidversion: view.getUint32(at + 20, true),
  }
}

/** The invalidated record's bytes. Strings over their limit are cut at a character; RangeError on a wrong array length. */
export function writeInvalidated(record: InvalidatedRecord): Uint8Array {
  const out = new Uint8Array((24 + 7) & ~7)
  const view = new DataView(out.buffer)
  putHead(view, out.length, 6, record)
  view.setUint32(16, record.pid, true)
  view.setUint32(20, record.pidversion, true)
  return out
}

/** What a program file is, in answer to an inspect record. */
export type InspectedRecord = Head & {
  /** device of the file inspected (id) */
  dev: bigint
  /** inode of the file inspected (id) */
  ino: bigint
  /** size of the file (bytes) */
  fileBytes: bigint
  /** process it was asked for (id) */
  pid: number
  /** (id) */
  pidversion: number
  /** (id) */
  ownerUid: number
  /** st_mode (bits) */
  mode: number
  /** FLAG inspected (bits) */
  flags: number
  /** 0, or why the file could not be read (errno) */
  error: number
  /** CODE signature (code) */
  signature: number
  /** what made the signature invalid or unknown, as two's complement; 0 otherwise (OSStatus) */
  signatureStatus: number
  /** CODE subject, as asked (code) */
  subject: number
  /** of the whole file; zeros on error */
  sha256: Uint8Array
  /** macOS: code directory's hash of the slice that was asked for, else of the one this machine would run; zeros when it has none */
  cdhash: Uint8Array
  /** as asked At most 4096 bytes. */
  path: string
  /** macOS signing identifier, as in the file At most 1024 bytes. */
  signingId: string
  /** macOS team identifier, as in the file At most 64 bytes. */
  teamId: string
  /** macOS: names of the certificates that signed, the signer's own first and the root's last, joined by one NUL; empty when none did At most 512 bytes. */
  authorities: string
}

/** Byte offsets of the inspected record's fields, from its first byte. */
export const INSPECTED_AT = {
  dev: 16,
  ino: 24,
  fileBytes: 32,
  pid: 40,
  pidversion: 44,
  ownerUid: 48,
  mode: 52,
  flags: 56,
  error: 60,
  signature: 64,
  signatureStatus: 68,
  subject: 72,
  sha256: 76,
  cdhash: 108,
  pathBytes: 128,
  signingIdBytes: 130,
  teamIdBytes: 132,
  authoritiesBytes: 134,
} as const
/** Size of its fixed part. */
export const INSPECTED_FIXED_BYTES = 136

/** Reads the inspected record at byte `at`, which must lie whole in `view` (checked by the framer). */
export function readInspected(view: DataView, at: number): InspectedRecord {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  let next = at + 136
  const text = (offset: number): string => {
    const from = next
    next += view.getUint16(at + offset, true)
    return getText(view, from, next)
  }
  return {
    source: view.getUint8(at + 6),
    atNs: view.getBigUint64(at + 8, true),
    dev: view.getBigUint64(at + 16, true),
    ino: view.getBigUint64(at + 24, true),
    fileBytes: view.getBigUint64(at + 32, true),
    pid: view.getUint32(at + 40, true),
    pidversion: view.getUint32(at + 44, true),
    ownerUid: view.getUint32(at + 48, true),
    mode: view.getUint32(at + 52, true),
    flags: view.getUint32(at + 56, true),
    error: view.getUint32(at + 60, true),
    signature: view.getUint32(at + 64, true),
    signatureStatus: view.getUint32(at + 68, true),
    subject: view.getUint32(at + 72, true),
    sha256: bytes.slice(at + 76, at + 108),
    cdhash: bytes.slice(at + 108, at + 128),
    path: text(128),
    signingId: text(130),
    teamId: text(132),
    authorities: text(134),
  }
}

/** The inspected record's bytes. Strings over their limit are cut at a character; RangeError on a wrong array length. */
export function writeInspected(record: InspectedRecord): Uint8Array {
  const path = cut(record.path, 4096)
  const signingId = cut(record.signingId, 1024)
  const teamId = cut(record.teamId, 64)
  const authorities = cut(record.authorities, 512)
  const out = new Uint8Array((136 + path.length + signingId.length + teamId.length + authorities.length + 7) & ~7)
  const view = new DataView(out.buffer)
  putHead(view, out.length, 7, record)
  let at = 136
  view.setBigUint64(16, record.dev, true)
  view.setBigUint64(24, record.ino, true)
  view.setBigUint64(32, record.fileBytes, true)
  view.setUint32(40, record.pid, true)
  view.setUint32(44, record.pidversion, true)
  view.setUint32(48, record.ownerUid, true)
  view.setUint32(52, record.mode, true)
  view.setUint32(56, record.flags, true)
  view.setUint32(60, record.error, true)
  view.setUint32(64, record.signature, true)
  view.setUint32(68, record.signatureStatus, true)
  view.setUint32(72, record.subject, true)
  putBytes(out, 76, record.sha256, 32, 'sha256')
  putBytes(out, 108, record.cdhash, 20, 'cdhash')
  at = putText(out, view, 128, at, path)
  at = putText(out, view, 130, at, signingId)
  at = putText(out, view, 132, at, teamId)
  at = putText(out, view, 134, at, authorities)
  return out
}

/** The policy in force from here on. */
export type PolicyRecord = Head & {
  /** (count) */
  version: number
  /** JSON At most 65535 bytes. */
  document: string
}

/** Byte offsets of the policy record's fields, from its first byte. */
export const POLICY_AT = {
  version: 16,
  reserved: 20,
  documentBytes: 22,
} as const
/** Size of its fixed part. */
export const POLICY_FIXED_BYTES = 24

/** Reads the policy record at byte `at`, which must lie whole in `view` (checked by the framer). */
export function readPolicy(view: DataView, at: number): PolicyRecord {
  let next = at + 24
  const text = (offset: number): string => {
    const from = next
    next += view.getUint16(at + offset, true)
    return getText(view, from, next)
  }
  return {
    source: view.getUint8(at + 6),
    atNs: view.getBigUint64(at + 8, true),
    version: view.getUint32(at + 16, true),
    document: text(22),
  }
}

/** The policy record's bytes. Strings over their limit are cut at a character; RangeError on a wrong array length. */
export function writePolicy(record: PolicyRecord): Uint8Array {
  const document = cut(record.document, 65535)
  const out = new Uint8Array((24 + document.length + 7) & ~7)
  const view = new DataView(out.buffer)
  putHead(view, out.length, 8, record)
  let at = 24
  view.setUint32(16, record.version, true)
  at = putText(out, view, 22, at, document)
  return out
}

/** Time passed. */
export type TickRecord = Head & {
  /** wall clock, for display only (ns) */
  unixNs: bigint
}

/** Byte offsets of the tick record's fields, from its first byte. */
export const TICK_AT = {
  unixNs: 16,
} as const
/** Size of its fixed part. */
export const TICK_FIXED_BYTES = 24

/** Reads the tick record at byte `at`, which must lie whole in `view` (checked by the framer). */
export function readTick(view: DataView, at: number): TickRecord {
  return {
    source: view.getUint8(at + 6),
    atNs: view.getBigUint64(at + 8, true),
    unixNs: view.getBigUint64(at + 16, true),
  }
}

/** The tick record's bytes. Strings over their limit are cut at a character; RangeError on a wrong array length. */
export function writeTick(record: TickRecord): Uint8Array {
  const out = new Uint8Array((24 + 7) & ~7)
  const view = new DataView(out.buffer)
  putHead(view, out.length, 9, record)
  view.setBigUint64(16, record.unixNs, true)
  return out
}

/** Something was dropped; counts are of this record alone, never cumulative. */
export type LossRecord = Head & {
  /** how many (count) */
  count: bigint
  /** CODE loss (code) */
  what: number
}

/** Byte offsets of the loss record's fields, from its first byte. */
export const LOSS_AT = {
  count: 16,
  what: 24,
  reserved: 28,
} as const
/** Size of its fixed part. */
export const LOSS_FIXED_BYTES = 32

/** Reads the loss record at byte `at`, which must lie whole in `view` (checked by the framer). */
export function readLoss(view: DataView, at: number): LossRecord {
  return {
    source: view.getUint8(at + 6),
    atNs: view.getBigUint64(at + 8, true),
    count: view.getBigUint64(at + 16, true),
    what: view.getUint32(at + 24, true),
  }
}

/** The loss record's bytes. Strings over their limit are cut at a character; RangeError on a wrong array length. */
export function writeLoss(record: LossRecord): Uint8Array {
  const out = new Uint8Array((32 + 7) & ~7)
  const view = new DataView(out.buffer)
  putHead(view, out.length, 10, record)
  view.setBigUint64(16, record.count, true)
  view.setUint32(24, record.what, true)
  return out
}

/** Something that changes how what follows is read. */
export type MarkRecord = Head & {
  /** CODE mark (code) */
  kind: number
  /** what the source has: CODE capability, as a sum (bits) */
  capabilities: number
  /** wall clock at at_ns (ns) */
  unixNs: bigint
  /** UUID of this boot */
  bootId: Uint8Array
  /** FNV-1a of this file's declarations: both sides must agree (hash) */
  layout: number
  /** what the source lacks now and why, in every mark: CODE gap, as a sum; 0 when nothing is missing (bits) */
  gaps: number
  /** one sentence for a person: what is missing and how to get it; empty when nothing is At most 1024 bytes. */
  note: string
}

/** Byte offsets of the mark record's fields, from its first byte. */
export const MARK_AT = {
  kind: 16,
  capabilities: 20,
  unixNs: 24,
  bootId: 32,
  layout: 48,
  gaps: 52,
  reserved32: 56,
  reserved: 60,
  noteBytes: 62,
} as const
/** Size of its fixed part. */
export const MARK_FIXED_BYTES = 64

/** Reads the mark record at byte `at`, which must lie whole in `view` (checked by the framer). */
export function readMark(view: DataView, at: number): MarkRecord {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  let next = at + 64
  const text = (offset: number): string => {
    const from = next
    next += view.getUint16(at + offset, true)
    return getText(view, from, next)
  }
  return {
    source: view.getUint8(at + 6),
    atNs: view.getBigUint64(at + 8, true),
    kind: view.getUint32(at + 16, true),
    capabilities: view.getUint32(at + 20, true),
    unixNs: view.getBigUint64(at + 24, true),
    bootId: bytes.slice(at + 32, at + 48),
    layout: view.getUint32(at + 48, true),
    gaps: view.getUint32(at + 52, true),
    note: text(62),
  }
}

/** The mark record's bytes. Strings over their limit are cut at a character; RangeError on a wrong array length. */
export function writeMark(record: MarkRecord): Uint8Array {
  const note = cut(record.note, 1024)
  const out = new Uint8Array((64 + note.length + 7) & ~7)
  const view = new DataView(out.buffer)
  putHead(view, out.length, 11, record)
  let at = 64
  view.setUint32(16, record.kind, true)
  view.setUint32(20, record.capabilities, true)
  view.setBigUint64(24, record.unixNs, true)
  putBytes(out, 32, record.bootId, 16, 'boot_id')
  view.setUint32(48, record.layout, true)
  view.setUint32(52, record.gaps, true)
  at = putText(out, view, 62, at, note)
  return out
}

/** Engine to sense: what is this program file?. */
export type InspectRecord = Head & {
  /** as in the exec record (id) */
  dev: bigint
  /** (id) */
  ino: bigint
  /** (id) */
  pid: number
  /** (id) */
  pidversion: number
  /** as in the exec record: which slice of the file runs, where it has several */
  cdhash: Uint8Array
  /** CODE subject (code) */
  subject: number
  /** FLAG inspect (bits) */
  flags: number
  /** At most 4096 bytes. */
  path: string
}

/** Byte offsets of the inspect record's fields, from its first byte. */
export const INSPECT_AT = {
  dev: 16,
  ino: 24,
  pid: 32,
  pidversion: 36,
  cdhash: 40,
  subject: 60,
  flags: 61,
  pathBytes: 62,
} as const
/** Size of its fixed part. */
export const INSPECT_FIXED_BYTES = 64

/** Reads the inspect record at byte `at`, which must lie whole in `view` (checked by the framer). */
export function readInspect(view: DataView, at: number): InspectRecord {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  let next = at + 64
  const text = (offset: number): string => {
    const from = next
    next += view.getUint16(at + offset, true)
    return getText(view, from, next)
  }
  return {
    source: view.getUint8(at + 6),
    atNs: view.getBigUint64(at + 8, true),
    dev: view.getBigUint64(at + 16, true),
    ino: view.getBigUint64(at + 24, true),
    pid: view.getUint32(at + 32, true),
    pidversion: view.getUint32(at + 36, true),
    cdhash: bytes.slice(at + 40, at + 60),
    subject: view.getUint8(at + 60),
    flags: view.getUint8(at + 61),
    path: text(62),
  }
}

/** The inspect record's bytes. Strings over their limit are cut at a character; RangeError on a wrong array length. */
export function writeInspect(record: InspectRecord): Uint8Array {
  const path = cut(record.path, 4096)
  const out = new Uint8Array((64 + path.length + 7) & ~7)
  const view = new DataView(out.buffer)
  putHead(view, out.length, 12, record)
  let at = 64
  view.setBigUint64(16, record.dev, true)
  view.setBigUint64(24, record.ino, true)
  view.setUint32(32, record.pid, true)
  view.setUint32(36, record.pidversion, true)
  putBytes(out, 40, record.cdhash, 20, 'cdhash')
  view.setUint8(60, record.subject)
  view.setUint8(61, record.flags)
  at = putText(out, view, 62, at, path)
  return out
}

/** Engine to sense: what these bytes told is durable and need not be sent again. */
export type AcknowledgeRecord = Head & {
  /** cumulative count of record bytes since this engine's pipe was opened (bytes) */
  throughBytes: bigint
}

/** Byte offsets of the acknowledge record's fields, from its first byte. */
export const ACKNOWLEDGE_AT = {
  throughBytes: 16,
} as const
/** Size of its fixed part. */
export const ACKNOWLEDGE_FIXED_BYTES = 24

/** Reads the acknowledge record at byte `at`, which must lie whole in `view` (checked by the framer). */
export function readAcknowledge(view: DataView, at: number): AcknowledgeRecord {
  return {
    source: view.getUint8(at + 6),
    atNs: view.getBigUint64(at + 8, true),
    throughBytes: view.getBigUint64(at + 16, true),
  }
}

/** The acknowledge record's bytes. Strings over their limit are cut at a character; RangeError on a wrong array length. */
export function writeAcknowledge(record: AcknowledgeRecord): Uint8Array {
  const out = new Uint8Array((24 + 7) & ~7)
  const view = new DataView(out.buffer)
  putHead(view, out.length, 13, record)
  view.setBigUint64(16, record.throughBytes, true)
  return out
}

/** What a program was executed with, right after its exec record; only where the administrator of the machine has asked for it. */
export type ArgumentsRecord = Head & {
  /** process (id) */
  pid: number
  /** (id) */
  pidversion: number
  /** FLAG arguments (bits) */
  flags: number
  /** of all arguments, the name it was called by first, also of those left out (count) */
  count: number
  /** of the joined arguments that `text` has no room for (bytes) */
  leftOutBytes: number
  /** the arguments, joined by one NUL At most 1024 bytes. */
  text: string
}

/** Byte offsets of the arguments record's fields, from its first byte. */
export const ARGUMENTS_AT = {
  pid: 16,
  pidversion: 20,
  flags: 24,
  count: 28,
  leftOutBytes: 32,
  reserved: 36,
  textBytes: 38,
} as const
/** Size of its fixed part. */
export const ARGUMENTS_FIXED_BYTES = 40

/** Reads the arguments record at byte `at`, which must lie whole in `view` (checked by the framer). */
export function readArguments(view: DataView, at: number): ArgumentsRecord {
  let next = at + 40
  const text = (offset: number): string => {
    const from = next
    next += view.getUint16(at + offset, true)
    return getText(view, from, next)
  }
  return {
    source: view.getUint8(at + 6),
    atNs: view.getBigUint64(at + 8, true),
    pid: view.getUint32(at + 16, true),
    pidversion: view.getUint32(at + 20, true),
    flags: view.getUint32(at + 24, true),
    count: view.getUint32(at + 28, true),
    leftOutBytes: view.getUint32(at + 32, true),
    text: text(38),
  }
}

/** The arguments record's bytes. Strings over their limit are cut at a character; RangeError on a wrong array length. */
export function writeArguments(record: ArgumentsRecord): Uint8Array {
  const text = cut(record.text, 1024)
  const out = new Uint8Array((40 + text.length + 7) & ~7)
  const view = new DataView(out.buffer)
  putHead(view, out.length, 14, record)
  let at = 40
  view.setUint32(16, record.pid, true)
  view.setUint32(20, record.pidversion, true)
  view.setUint32(24, record.flags, true)
  view.setUint32(28, record.count, true)
  view.setUint32(32, record.leftOutBytes, true)
  at = putText(out, view, 38, at, text)
  return out
}

/** A file that a process runs code of beside its program, from a place that others than root can change; once a file and image. */
export type CodeRecord = Head & {
  /** device of the file; 0 when not known (id) */
  dev: bigint
  /** inode of the file; 0 when not known (id) */
  ino: bigint
  /** FLAG code (bits) */
  flags: number
  /** process (id) */
  pid: number
  /** (id) */
  pidversion: number
  /** of the file; 4294967295 when not known (id) */
  ownerUid: number
  /** absolute path At most 4096 bytes. */
  path: string
}

/** Byte offsets of the code record's fields, from its first byte. */
export const CODE_AT = {
  dev: 16,
  ino: 24,
  flags: 32,
  pid: 36,
  pidversion: 40,
  ownerUid: 44,
  reserved32: 48,
  reserved: 52,
  pathBytes: 54,
} as const
/** Size of its fixed part. */
export const CODE_FIXED_BYTES = 56

/** Reads the code record at byte `at`, which must lie whole in `view` (checked by the framer). */
export function readCode(view: DataView, at: number): CodeRecord {
  let next = at + 56
  const text = (offset: number): string => {
    const from = next
    next += view.getUint16(at + offset, true)
    return getText(view, from, next)
  }
  return {
    source: view.getUint8(at + 6),
    atNs: view.getBigUint64(at + 8, true),
    dev: view.getBigUint64(at + 16, true),
    ino: view.getBigUint64(at + 24, true),
    flags: view.getUint32(at + 32, true),
    pid: view.getUint32(at + 36, true),
    pidversion: view.getUint32(at + 40, true),
    ownerUid: view.getUint32(at + 44, true),
    path: text(54),
  }
}

/** The code record's bytes. Strings over their limit are cut at a character; RangeError on a wrong array length. */
export function writeCode(record: CodeRecord): Uint8Array {
  const path = cut(record.path, 4096)
  const out = new Uint8Array((56 + path.length + 7) & ~7)
  const view = new DataView(out.buffer)
  putHead(view, out.length, 15, record)
  let at = 56
  view.setBigUint64(16, record.dev, true)
  view.setBigUint64(24, record.ino, true)
  view.setUint32(32, record.flags, true)
  view.setUint32(36, record.pid, true)
  view.setUint32(40, record.pidversion, true)
  view.setUint32(44, record.ownerUid, true)
  at = putText(out, view, 54, at, path)
  return out
}

/** What a process sent in a way whose flows this source does not tell, since the last such record of it. */
export type UnseenRecord = Head & {
  /** given to the kernel to send (bytes) */
  bytes: bigint
  /** process; 0 when not known (id) */
  pid: number
  /** (id) */
  pidversion: number
  /** calls that sent (count) */
  sends: number
  /** the system's AF_ number: 2 IPv4, 10 IPv6, 17 packet on Linux (code) */
  family: number
  /** 17 UDP, 1 ICMP, 58 ICMPv6, 255 raw; 0 where the family has none (IANA) */
  protocol: number
}

/** Byte offsets of the unseen record's fields, from its first byte. */
export const UNSEEN_AT = {
  bytes: 16,
  pid: 24,
  pidversion: 28,
  sends: 32,
  family: 36,
  protocol: 38,
  reserved: 39,
} as const
/** Size of its fixed part. */
export const UNSEEN_FIXED_BYTES = 40

/** Reads the unseen record at byte `at`, which must lie whole in `view` (checked by the framer). */
export function readUnseen(view: DataView, at: number): UnseenRecord {
  return {
    source: view.getUint8(at + 6),
    atNs: view.getBigUint64(at + 8, true),
    bytes: view.getBigUint64(at + 16, true),
    pid: view.getUint32(at + 24, true),
    pidversion: view.getUint32(at + 28, true),
    sends: view.getUint32(at + 32, true),
    family: view.getUint16(at + 36, true),
    protocol: view.getUint8(at + 38),
  }
}

/** The unseen record's bytes. Strings over their limit are cut at a character; RangeError on a wrong array length. */
export function writeUnseen(record: UnseenRecord): Uint8Array {
  const out = new Uint8Array((40 + 7) & ~7)
  const view = new DataView(out.buffer)
  putHead(view, out.length, 16, record)
  view.setBigUint64(16, record.bytes, true)
  view.setUint32(24, record.pid, true)
  view.setUint32(28, record.pidversion, true)
  view.setUint32(32, record.sends, true)
  view.setUint16(36, record.family, true)
  view.setUint8(38, record.protocol)
  return out
}

/** A line that a program of the system printed, as it is: sense does not read it, the engine does. */
export type LineRecord = Head & {
  /** without its newline; UTF-8, with U+FFFD for what is none At most 65535 bytes. */
  text: string
}

/** Byte offsets of the line record's fields, from its first byte. */
export const LINE_AT = {
  reserved: 16,
  reservedBytes: 18,
  textBytes: 22,
} as const
/** Size of its fixed part. */
export const LINE_FIXED_BYTES = 24

/** Reads the line record at byte `at`, which must lie whole in `view` (checked by the framer). */
export function readLine(view: DataView, at: number): LineRecord {
  let next = at + 24
  const text = (offset: number): string => {
    const from = next
    next += view.getUint16(at + offset, true)
    return getText(view, from, next)
  }
  return {
    source: view.getUint8(at + 6),
    atNs: view.getBigUint64(at + 8, true),
    text: text(22),
  }
}

/** The line record's bytes. Strings over their limit are cut at a character; RangeError on a wrong array length. */
export function writeLine(record: LineRecord): Uint8Array {
  const text = cut(record.text, 65535)
  const out = new Uint8Array((24 + text.length + 7) & ~7)
  const view = new DataView(out.buffer)
  putHead(view, out.length, 17, record)
  let at = 24
  at = putText(out, view, 22, at, text)
  return out
}

/** What a flow itself says of its process. By NetworkStatistics it says that the process had gone before it could be looked at: the flow's pidversion is 0. By nettop, which has no pidversion, it stands with each flow, should nobody know the pid. */
export type GoneRecord = Head & {
  /** (id) */
  flowId: bigint
  /** (count) */
  epoch: number
  /** as the flow has it; another process may have it by now. By NetworkStatistics it stands with flows whose pidversion is not 0 too: the process may have ended before anybody looked at what it runs (id) */
  pid: number
  /** LC_UUID of the program's file (mach-o/loader.h); zeros when not known */
  programUuid: Uint8Array
  /** the process's own name (its file's, cut to what the kernel keeps, as the process may have changed it); empty when not known At most 255 bytes. */
  name: string
}

/** Byte offsets of the gone record's fields, from its first byte. */
export const GONE_AT = {
  flowId: 16,
  epoch: 24,
  pid: 28,
  programUuid: 32,
  reserved32: 48,
  reserved: 52,
  nameBytes: 54,
} as const
/** Size of its fixed part. */
export const GONE_FIXED_BYTES = 56

/** Reads the gone record at byte `at`, which must lie whole in `view` (checked by the framer). */
export function readGone(view: DataView, at: number): GoneRecord {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  let next = at + 56
  const text = (offset: number): string => {
    const from = next
    next += view.getUint16(at + offset, true)
    return getText(view, from, next)
  }
  return {
    source: view.getUint8(at + 6),
    atNs: view.getBigUint64(at + 8, true),
    flowId: view.getBigUint64(at + 16, true),
    epoch: view.getUint32(at + 24, true),
    pid: view.getUint32(at + 28, true),
    programUuid: bytes.slice(at + 32, at + 48),
    name: text(54),
  }
}

/** The gone record's bytes. Strings over their limit are cut at a character; RangeError on a wrong array length. */
export function writeGone(record: GoneRecord): Uint8Array {
  const name = cut(record.name, 255)
  const out = new Uint8Array((56 + name.length + 7) & ~7)
  const view = new DataView(out.buffer)
  putHead(view, out.length, 18, record)
  let at = 56
  view.setBigUint64(16, record.flowId, true)
  view.setUint32(24, record.epoch, true)
  view.setUint32(28, record.pid, true)
  putBytes(out, 32, record.programUuid, 16, 'program_uuid')
  at = putText(out, view, 54, at, name)
  return out
}

/** How a program file came onto this machine, where something here says so: right before the inspected record that it is of. */
export type OriginRecord = Head & {
  /** UTC: when it was put there, or last replaced; 0 when not known (ns) */
  installedUnixNs: bigint
  /** as in the inspected record (id) */
  pid: number
  /** (id) */
  pidversion: number
  /** CODE subject (code) */
  subject: number
  /** CODE origin (code) */
  kind: number
  /** who can write what says so: 0 root alone; 4294967295 others too, or not known (id) */
  keeperUid: number
  /** as asked At most 4096 bytes. */
  path: string
  /** package, formula, the program that downloaded it, or the host that it came from; empty when not told At most 255 bytes. */
  name: string
}

/** Byte offsets of the origin record's fields, from its first byte. */
export const ORIGIN_AT = {
  installedUnixNs: 16,
  pid: 24,
  pidversion: 28,
  subject: 32,
  kind: 36,
  keeperUid: 40,
  pathBytes: 44,
  nameBytes: 46,
} as const
/** Size of its fixed part. */
export const ORIGIN_FIXED_BYTES = 48

/** Reads the origin record at byte `at`, which must lie whole in `view` (checked by the framer). */
export function readOrigin(view: DataView, at: number): OriginRecord {
  let next = at + 48
  const text = (offset: number): string => {
    const from = next
    next += view.getUint16(at + offset, true)
    return getText(view, from, next)
  }
  return {
    source: view.getUint8(at + 6),
    atNs: view.getBigUint64(at + 8, true),
    installedUnixNs: view.getBigUint64(at + 16, true),
    pid: view.getUint32(at + 24, true),
    pidversion: view.getUint32(at + 28, true),
    subject: view.getUint32(at + 32, true),
    kind: view.getUint32(at + 36, true),
    keeperUid: view.getUint32(at + 40, true),
    path: text(44),
    name: text(46),
  }
}

/** The origin record's bytes. Strings over their limit are cut at a character; RangeError on a wrong array length. */
export function writeOrigin(record: OriginRecord): Uint8Array {
  const path = cut(record.path, 4096)
  const name = cut(record.name, 255)
  const out = new Uint8Array((48 + path.length + name.length + 7) & ~7)
  const view = new DataView(out.buffer)
  putHead(view, out.length, 19, record)
  let at = 48
  view.setBigUint64(16, record.installedUnixNs, true)
  view.setUint32(24, record.pid, true)
  view.setUint32(28, record.pidversion, true)
  view.setUint32(32, record.subject, true)
  view.setUint32(36, record.kind, true)
  view.setUint32(40, record.keeperUid, true)
  at = putText(out, view, 44, at, path)
  at = putText(out, view, 46, at, name)
  return out
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

function getText(view: DataView, from: number, to: number): string {
  if (from === to) return ''
  return decoder.decode(new Uint8Array(view.buffer, view.byteOffset + from, to - from))
}

function cut(text: string, bytesMax: number): Uint8Array {
  const bytes = encoder.encode(text)
  if (bytes.length <= bytesMax) return bytes
  let end = bytesMax
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--
  return bytes.subarray(0, end)
}

function putHead(view: DataView, size: number, type: number, head: Head): void {
  view.setUint32(0, size, true)
  view.setUint16(4, type, true)
  view.setUint8(6, head.source)
  view.setBigUint64(8, head.atNs, true)
}

function putBytes(out: Uint8Array, at: number, bytes: Uint8Array, count: number, name: string): void {
  if (bytes.length !== count) throw new RangeError(`${name}: ${bytes.length} bytes, wants ${count}`)
  out.set(bytes, at)
}

function putText(out: Uint8Array, view: DataView, lengthAt: number, at: number, bytes: Uint8Array): number {
  view.setUint16(lengthAt, bytes.length, true)
  out.set(bytes, at)
  return at + bytes.length
}
