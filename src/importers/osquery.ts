// osqueryd's results log: process_events (OpenBSM, Linux audit), es_process_events (Endpoint Security), socket_events, the
// bpf_ tables of both, and processes, in its event, batch and snapshot forms (docs/wiki/deployment/logging.md there, specs/ for
// columns). Columns are text, or with --log_numerics_as_numbers numbers where they are such. Connections have no byte
// counts, so nothing of it can be scored.
import { parseAddress } from '../engine/address.ts'
import {
  Capability,
  Direction,
  FlowState,
  Script,
  Source,
  writeFlow,
} from '../records/record.gen.ts'
import { counted, type LineReader } from './importer.ts'
import {
  asList,
  asObject,
  columnOf,
  type JsonObject,
  parseObject,
  textOf,
  wholeOf,
} from './json.ts'
import { MalformedLine } from './malformed.ts'
import { createPids } from './pids.ts'
import {
  CS_ADHOC,
  CS_VALID,
  cdhashOf,
  createPrograms,
  NO_PROCESS,
  type ProcessId,
  type Program,
  UID_UNKNOWN,
  unknownProgram,
} from './program.ts'
import type { RecordLog } from './record-log.ts'
import { ARGUMENTS_MAX, scriptOf } from './script-rules.ts'
import { timeToUs } from './time.ts'

export const OSQUERY_SOURCE = Source.endpointSecurity
export const OSQUERY_CAPABILITIES = Capability.processEvents
export const OSQUERY_NOTE =
  'an osquery log has processes and connections without byte counts: nothing in it can be scored; record on the Mac itself to have them'

const PID_MAX = 0x7fffffff
const STATUS_UNKNOWN = 0xffffffff
/** Rows of one line. */
const ROWS_MAX = 10_000

type Row = JsonObject

/** Columns of `processes` that no table of events has. */
const LISTED = ['start_time', 'state', 'on_disk', 'resident_size', 'threads', 'nice']
/** Columns that only tables of events have. */
const EVENT = ['time', 'event_type', 'syscall', 'status', 'exit_code', 'eid', 'ntime', 'uptime']

/** Whether a row says what was running when osquery looked, and not what began. */
const isListed = (row: Row, isSnapshot: boolean): boolean =>
  LISTED.some((column) => column in row) || (isSnapshot && !EVENT.some((column) => column in row))

/**
 * bpf_process_events has a list (json_cmdline); the others one text, in which a blank within an argument looks like one
 * between two: a script whose name has one is then known by the beginning of its name.
 */
function argumentsOf(row: Row): string[] {
  const list = jsonListOf(textOf(row['json_cmdline']))
  if (list) return list.map(textOf)
  const line = textOf(row['cmdline'])
  return line === '' ? [] : line.split(' ', ARGUMENTS_MAX + 1)
}

function jsonListOf(text: string): readonly unknown[] | undefined {
  try {
    return text === '' ? undefined : asList(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** A row without one, or with an empty one, says nothing of failure. */
const isZero = (value: unknown): boolean => ['', '0'].includes(columnOf(value))
/** What connect() answers where it does not wait, as the number of Linux. */
const IN_PROGRESS = '-115'

/** IANA number of what a socket was made with: its protocol, else its type (SOCK_STREAM, SOCK_DGRAM). */
function protocolOf(row: Row): number {
  const protocol = wholeOf(row['protocol'], 255) ?? 0
  if (protocol !== 0) return protocol
  const type = columnOf(row['type'])
  return type === '1' ? 6 : type === '2' ? 17 : 0
}

/** What a row of socket_events or bpf_socket_events tells; undefined when it is no connection. */
function directionOf(row: Row): number | undefined {
  const action = textOf(row['action']) || textOf(row['syscall'])
  if (action === 'connect') return Direction.outbound
  return /^accept4?$/.test(action) ? Direction.inbound : undefined
}

/** socket_events has `status`, before osquery 5 `success`; bpf_socket_events what the system call returned. */
function isRefused(row: Row): boolean {
  const status = textOf(row['status'])
  if (status === 'failed' || status === 'no_client') return true
  if (status === '' && columnOf(row['success']) === '0') return true
  const code = columnOf(row['exit_code'])
  return code.startsWith('-') && code !== IN_PROGRESS
}

/** A list without entries is written as an empty text. */
const listOf = (value: unknown): readonly unknown[] | undefined =>
  value === '' ? [] : asList(value)

export function createOsqueryReader(out: RecordLog): LineReader {
  const programs = createPrograms(out, OSQUERY_SOURCE)
  const pids = createPids()
  let hostname = ''
  let flowId = 0n
  let others = 0
  let failed = 0
  let listed = 0
  let unsignedRows = 0
  let connections = 0
  let brokenRows = 0

  /** By the versions the row has, else as numbered here. */
  const idOf = (pid: number, pidversion: unknown): ProcessId => {
    const version = wholeOf(pidversion)
    return version === undefined || version === 0 ? pids.find(pid) : { pid, pidversion: version }
  }
  const parentOf = (row: Row): ProcessId => {
    const parent = wholeOf(row['parent'], PID_MAX)
    return parent === undefined ? NO_PROCESS : idOf(parent, row['parent_pidversion'])
  }

  const programOf = (row: Row, id: ProcessId, path: string): Program => {
    const signingId = textOf(row['signing_id'])
    const flags = columnOf(row['codesigning_flags'])
    const isSigned = signingId !== '' && !flags.includes('NOT_VALID')
    const responsible = wholeOf(row['responsible_pid'], PID_MAX)
    return {
      ...unknownProgram(id, path),
      parent: parentOf(row),
      responsible:
        responsible === undefined ? NO_PROCESS : idOf(responsible, row['responsible_pidversion']),
      uid: wholeOf(row['euid']) ?? wholeOf(row['uid']) ?? UID_UNKNOWN,
      script: scriptOf(path, argumentsOf(row), textOf(row['cwd'])),
      signingId,
      teamId: textOf(row['team_id']),
      cdhash: cdhashOf(textOf(row['cdhash'])),
      codesignFlags: isSigned ? CS_VALID | (flags.includes('ADHOC') ? CS_ADHOC : 0) : 0,
      isPlatform: columnOf(row['platform_binary']) === '1',
    }
  }
  const exec = (row: Row, pid: number, path: string): void => {
    const version = wholeOf(row['pidversion'])
    const own = pids.begin(pid, path)
    if (!('signing_id' in row)) unsignedRows++
    programs.exec(programOf(row, version ? { pid, pidversion: version } : own, path))
  }
  /** What runs, as a list of processes has it: again and again while it runs, told once. */
  const list = (row: Row, pid: number, path: string): void => {
    const id = pids.running(pid, path)
    if (programs.isKnown(id)) return
    listed++
    const program = programOf(row, id, path)
    const { script } = program
    // What a process shows while it runs it may have written itself.
    const from = script.from === Script.argument ? Script.claimed : script.from
    programs.found({ ...program, script: { ...script, from } })
  }

  const connect = (row: Row, pid: number, path: string): boolean => {
    const remote = parseAddress(textOf(row['remote_address']))
    const remotePort = wholeOf(row['remote_port'], 65_535)
    const direction = directionOf(row)
    if (direction === undefined || remote === undefined || remotePort === undefined) return false
    if (isRefused(row)) {
      failed++
      return true
    }
    const id = pids.running(pid, path)
    if (path !== '') programs.found(unknownProgram(id, path))
    flowId++
    connections++
    for (const state of [FlowState.opened, FlowState.closed])
      out.add(
        writeFlow({
          source: OSQUERY_SOURCE,
          atNs: out.atNs(),
          flowId,
          bytesOut: 0n,
          bytesIn: 0n,
          epoch: 0,
          pid: id.pid,
          pidversion: id.pidversion,
          flags: 0,
          remoteAddr: remote,
          remotePort,
          localPort: wholeOf(row['local_port'], 65_535) ?? 0,
          protocol: protocolOf(row),
          direction,
          state,
        }),
      )
    return true
  }

  /** False when the row is of another table or kind. */
  const tell = (row: Row, pid: number, isSnapshot: boolean): boolean => {
    const path = textOf(row['path'])
    if ('remote_address' in row) return connect(row, pid, path)
    const type = textOf(row['event_type'])
    if (type === 'fork') {
      const child = wholeOf(row['child_pid'], PID_MAX)
      if (child === undefined) return false
      const parent = idOf(pid, row['pidversion'])
      programs.fork(pids.begin(child, path), parent, UID_UNKNOWN)
      return true
    }
    if (type === 'exit') {
      programs.exit(idOf(pid, row['pidversion']), wholeOf(row['exit_code']) ?? STATUS_UNKNOWN)
      return true
    }
    if (path === '') return false
    if (type === '' && 'cmdline' in row && isListed(row, isSnapshot)) {
      list(row, pid, path)
      return true
    }
    // es_process_events says exec; the others have execs and, on Linux, the system call.
    const syscall = textOf(row['syscall'])
    const isExec =
      type === 'exec' ||
      (type === '' && 'cmdline' in row && (syscall === '' || syscall.startsWith('exec')))
    if (!isExec) return false
    // OpenBSM's status is an errno, BPF's exit_code what the system call returned: nothing ran.
    const isFailed = type === '' && !(isZero(row['status']) && isZero(row['exit_code']))
    if (isFailed) failed++
    else exec(row, pid, path)
    return true
  }

  const rowsOf = (line: JsonObject): readonly unknown[] => {
    const columns = asObject(line['columns'])
    if (columns) return line['action'] === 'removed' ? [] : [columns]
    return listOf(line['snapshot']) ?? listOf(asObject(line['diffResults'])?.['added']) ?? noRows()
  }
  const noRows = (): never => {
    throw new MalformedLine('neither columns, snapshot nor diffResults')
  }

  return {
    line(text) {
      const line = parseObject(text)
      const loggedUs = timeToUs(line['unixTime'])
      if (loggedUs === undefined) throw new MalformedLine('unixTime is no time')
      const rows = rowsOf(line)
      if (rows.length > ROWS_MAX) throw new MalformedLine(`${rows.length} rows in a line`)
      if (hostname === '') hostname = columnOf(line['hostIdentifier']) || textOf(line['hostname'])
      const isSnapshot = 'snapshot' in line
      for (const value of rows) {
        const row = asObject(value)
        const pid = wholeOf(row?.['pid'], PID_MAX)
        if (row === undefined || pid === undefined || pid === 0) {
          brokenRows++
          continue
        }
        out.moveTo(timeToUs(row['time']) ?? loggedUs)
        if (!tell(row, pid, isSnapshot)) others++
      }
    },
    drain: () => false,
    isReady: () => out.startedUs() !== undefined,
    hostname: () => hostname,
    startedUs: out.startedUs,
    notes() {
      const notes: string[] = []
      if (unsignedRows > 0)
        notes.push(
          `${counted(unsignedRows, 'exec')} without a signature in the log (process_events has none): known by path, as unsigned`,
        )
      if (connections > 0)
        notes.push(
          `${counted(connections, 'connection')} without byte counts: history, never scored`,
        )
      if (listed > 0)
        notes.push(`${counted(listed, 'program')} that ran when osquery looked (processes)`)
      if (failed > 0)
        notes.push(`${counted(failed, 'row')} left out: an exec or a connection that failed`)
      if (others > 0)
        notes.push(
          `${counted(others, 'row')} left out: neither exec, fork, exit, a connection nor a running program`,
        )
      if (brokenRows > 0) notes.push(`${counted(brokenRows, 'row')} left out: without a pid`)
      return notes
    },
  }
}
