// osqueryd's results log: process_events (OpenBSM, Linux audit), es_process_events (Endpoint Security) and
// socket_events, in its event, batch and snapshot forms (docs/wiki/deployment/logging.md there). Their columns are
// all text. Connections have no byte counts, so nothing of it can be scored.
import { parseAddress } from '../engine/address.ts'
import { Capability, Direction, FlowState, Source, writeFlow } from '../records/record.gen.ts'
import { counted, type LineReader } from './importer.ts'
import { asList, asObject, type JsonObject, parseObject, textOf, wholeOf } from './json.ts'
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
import { numberToUs } from './time.ts'

export const OSQUERY_SOURCE = Source.endpointSecurity
export const OSQUERY_CAPABILITIES = Capability.processEvents
export const OSQUERY_NOTE =
  'an osquery log has processes and connections without byte counts: nothing in it can be scored; record on the Mac itself to have them'

const PID_MAX = 0x7fffffff
const STATUS_UNKNOWN = 0xffffffff
/** Rows of one line. */
const ROWS_MAX = 10_000

type Row = JsonObject

export function createOsqueryReader(out: RecordLog): LineReader {
  const programs = createPrograms(out, OSQUERY_SOURCE)
  const pids = createPids()
  let hostname = ''
  let flowId = 0n
  let others = 0
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

  const exec = (row: Row, pid: number, path: string): void => {
    const version = wholeOf(row['pidversion'])
    const own = pids.begin(pid, path)
    const signingId = textOf(row['signing_id'])
    const flags = textOf(row['codesigning_flags'])
    const isSigned = signingId !== '' && !flags.includes('NOT_VALID')
    if (!('signing_id' in row)) unsignedRows++
    const responsible = wholeOf(row['responsible_pid'], PID_MAX)
    const program: Program = {
      ...unknownProgram(version ? { pid, pidversion: version } : own, path),
      parent: parentOf(row),
      responsible:
        responsible === undefined ? NO_PROCESS : idOf(responsible, row['responsible_pidversion']),
      uid: wholeOf(row['euid']) ?? wholeOf(row['uid']) ?? UID_UNKNOWN,
      signingId,
      teamId: textOf(row['team_id']),
      cdhash: cdhashOf(textOf(row['cdhash'])),
      codesignFlags: isSigned ? CS_VALID | (flags.includes('ADHOC') ? CS_ADHOC : 0) : 0,
      isPlatform: row['platform_binary'] === '1',
    }
    programs.exec(program)
  }

  const connect = (row: Row, pid: number, path: string): boolean => {
    const remote = parseAddress(textOf(row['remote_address']))
    const remotePort = wholeOf(row['remote_port'], 65_535)
    if (textOf(row['action']) !== 'connect' || remote === undefined || remotePort === undefined)
      return false
    const id = pids.running(pid, path)
    if (path !== '') programs.found(unknownProgram(id, path))
    flowId++
    connections++
    const protocol = wholeOf(row['protocol'], 255) ?? 0
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
          protocol,
          direction: Direction.outbound,
          state,
        }),
      )
    return true
  }

  /** False when the row is of another table or kind. */
  const tell = (row: Row, pid: number): boolean => {
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
    // es_process_events says exec; process_events has execs and, on Linux, the system call.
    const syscall = textOf(row['syscall'])
    const isExec =
      type === 'exec' || (type === '' && 'cmdline' in row && !/fork|clone/.test(syscall))
    if (isExec && path !== '') exec(row, pid, path)
    return isExec && path !== ''
  }

  const rowsOf = (line: JsonObject): readonly unknown[] => {
    const columns = asObject(line['columns'])
    if (columns) return line['action'] === 'removed' ? [] : [columns]
    return asList(line['snapshot']) ?? asList(asObject(line['diffResults'])?.['added']) ?? noRows()
  }
  const noRows = (): never => {
    throw new MalformedLine('neither columns, snapshot nor diffResults')
  }

  return {
    line(text) {
      const line = parseObject(text)
      const loggedUs = numberToUs(line['unixTime'])
      if (loggedUs === undefined) throw new MalformedLine('unixTime is no time')
      const rows = rowsOf(line)
      if (rows.length > ROWS_MAX) throw new MalformedLine(`${rows.length} rows in a line`)
      if (hostname === '') hostname = textOf(line['hostIdentifier']) || textOf(line['hostname'])
      for (const value of rows) {
        const row = asObject(value)
        const pid = wholeOf(row?.['pid'], PID_MAX)
        if (row === undefined || pid === undefined || pid === 0) {
          brokenRows++
          continue
        }
        out.moveTo(numberToUs(row['time']) ?? loggedUs)
        if (!tell(row, pid)) others++
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
      if (others > 0)
        notes.push(`${counted(others, 'row')} left out: neither exec, fork, exit nor connect`)
      if (brokenRows > 0) notes.push(`${counted(brokenRows, 'row')} left out: without a pid`)
      return notes
    },
  }
}
