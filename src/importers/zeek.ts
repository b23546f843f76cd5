// A network monitor's view of one host: Zeek's conn.log, with host names from its ssl.log. It knows flows and
// no processes, so the whole host counts as one program, whose signature is an assumption that is chosen.
import { formatAddress, parseAddress } from '../engine/address.ts'
import {
  Capability,
  Direction,
  FlowFlag,
  FlowState,
  Source,
  writeFlow,
  writeName,
} from '../records/record.gen.ts'
import { counted, ImportError, type ImportSigner, type LineReader } from './importer.ts'
import { CS_ADHOC, CS_VALID, createPrograms, type Program, unknownProgram } from './program.ts'
import type { RecordLog } from './record-log.ts'
import { type ConnEntry, connOf, isConn, serverNameOf } from './zeek-conn.ts'
import { createZeekFormat, type ZeekLine } from './zeek-line.ts'
import { createTimeline, type Moment, WINDOW_ENTRIES, WINDOW_US } from './zeek-timeline.ts'

export const ZEEK_SOURCE = Source.none
export const ZEEK_CAPABILITIES = Capability.flowCloses
export const ZEEK_NOTE =
  'a Zeek log has flows and no processes: all of the host counts as one program; record on the Mac itself to tell programs apart'

/** By its fields, where nothing says of which log it is. */
const isSslEntry = (line: ZeekLine): boolean =>
  line.get('cipher') !== undefined || line.get('server_name') !== undefined

/** Host names that wait for their connection. */
export const NAMES_MAX = 262_144
/** Originators told apart while the host is guessed. */
const ORIGINATORS_MAX = 65_536

/** Records are handed on in pieces of about this size. */
const PIECE_BYTES = 65_536

/** An exec is read as macOS has it: its signature decides, and no directory. */
const PROGRAM_SOURCE = Source.endpointSecurity

/** The process that stands for the host. */
const HOST_PID = { pid: 1, pidversion: 1 }

export type ZeekReader = LineReader & {
  /** A line of the ssl log, to be given before the connections. Throws MalformedLine. */
  name(text: string): void
}

/** The address in the form the log's own are compared in. Throws ImportError. */
export function checkedHost(host: string): string {
  const address = parseAddress(host)
  if (address === undefined)
    throw new ImportError('option', `--host ${host}: a Zeek log wants the host's IP address`)
  return formatAddress(address)
}

function hostProgram(host: string, signer: ImportSigner): Program {
  const program = unknownProgram(HOST_PID, `/zeek/${host}`)
  if (signer === 'unsigned') return program
  return {
    ...program,
    signingId: `zeek.${host}`,
    teamId: signer === 'developer_id' ? 'ZEEKIMPORT' : '',
    codesignFlags: signer === 'adhoc' ? CS_VALID | CS_ADHOC : CS_VALID,
    isPlatform: signer === 'platform',
  }
}

export type ZeekReaderOptions = {
  /** In the form of checkedHost; undefined: guessed. */
  host: string | undefined
  signer: ImportSigner
}

export function createZeekReader(out: RecordLog, options: ZeekReaderOptions): ZeekReader {
  const format = createZeekFormat()
  const sslFormat = createZeekFormat()
  const programs = createPrograms(out, PROGRAM_SOURCE)
  const names = new Map<string, string>()
  const originators = new Map<string, number>()
  /** Entries that came before the host was known. */
  let held: { entry: ConnEntry; number: number }[] = []
  let host = options.host
  let firstUs: number | undefined
  const isGuessed = host === undefined
  const left = { otherHosts: 0, otherProtocols: 0, otherLogs: 0, namesOver: 0 }
  const noted = { flows: 0, unanswered: 0, uncounted: 0, named: 0 }

  const timeline = createTimeline((moment) => {
    out.moveTo(moment.unixUs)
    if (moment.state === 'opened') {
      programs.found(hostProgram(host ?? '', options.signer))
      writeNameOf(moment)
    }
    writeFlowOf(moment)
  })

  const writeNameOf = ({ entry, number }: Moment): void => {
    const hostname = names.get(entry.uid)
    if (hostname === undefined) return
    noted.named++
    out.add(
      writeName({
        source: ZEEK_SOURCE,
        atNs: out.atNs(),
        flowId: BigInt(number),
        epoch: 0,
        localPort: entry.originatorPort,
        localAddr: entry.originatorAddress,
        makerPid: 0,
        makerPidversion: 0,
        hostname,
      }),
    )
  }
  const writeFlowOf = ({ entry, number, state, bytesOut, bytesIn }: Moment): void =>
    out.add(
      writeFlow({
        source: ZEEK_SOURCE,
        atNs: out.atNs(),
        flowId: BigInt(number),
        bytesOut: BigInt(bytesOut),
        bytesIn: BigInt(bytesIn),
        epoch: 0,
        pid: HOST_PID.pid,
        pidversion: HOST_PID.pidversion,
        flags: state === 'closed' && entry.isOpenEnded ? FlowFlag.inexact : 0,
        remoteAddr: entry.responderAddress,
        remotePort: entry.responderPort,
        localPort: entry.originatorPort,
        protocol: entry.protocol ?? 0,
        direction: Direction.outbound,
        state: FlowState[state],
      }),
    )

  const accept = (entry: ConnEntry, number: number): void => {
    if (entry.originator !== host) {
      left.otherHosts++
      return
    }
    if (entry.protocol === undefined) {
      left.otherProtocols++
      return
    }
    noted.flows++
    if (entry.isUnanswered) noted.unanswered++
    if (entry.isUncounted) noted.uncounted++
    firstUs = Math.min(firstUs ?? entry.startUs, entry.startUs)
    timeline.add(entry, number)
  }
  /** The originator of most connections so far. */
  const guess = (): void => {
    let most = 0
    for (const [address, count] of originators)
      if (count > most) {
        most = count
        host = address
      }
    const entries = held
    held = []
    originators.clear()
    for (const { entry, number } of entries) accept(entry, number)
  }

  const addName = (uid: string, name: string): void => {
    if (names.size < NAMES_MAX) names.set(uid, name)
    else left.namesOver++
  }

  return {
    name(text) {
      const line = sslFormat.read(text)
      const found = line && serverNameOf(line)
      if (found) addName(found.uid, found.name)
    },
    line(text, number) {
      const line = format.read(text)
      if (line === undefined) return
      // An entry without a uid is of no log that names connections: it is left to be found malformed.
      if (!isConn(line) && (line.path !== undefined || line.get('uid') !== undefined)) {
        const isSsl = line.path === 'ssl' || (line.path === undefined && isSslEntry(line))
        const found = isSsl ? serverNameOf(line) : undefined
        if (found) addName(found.uid, found.name)
        if (!isSsl) left.otherLogs++
        return
      }
      const entry = connOf(line)
      if (host !== undefined) {
        accept(entry, number)
        return
      }
      held.push({ entry, number })
      const count = originators.get(entry.originator)
      if (count !== undefined || originators.size < ORIGINATORS_MAX)
        originators.set(entry.originator, (count ?? 0) + 1)
      if (held.length >= WINDOW_ENTRIES) guess()
    },
    drain(isOver) {
      if (isOver && host === undefined) guess()
      while (timeline.tellNext(isOver)) if (out.pendingBytes() >= PIECE_BYTES) return true
      return false
    },
    isReady: () => host !== undefined && firstUs !== undefined,
    hostname: () => host ?? '',
    startedUs: () => firstUs,
    notes() {
      const { late, latestUs, crowded } = timeline.counts()
      const notes = [
        host === undefined
          ? 'no connection in it: no host to follow'
          : `${counted(noted.flows, 'connection')} of ${host}${
              isGuessed ? ', guessed as the originator of most (--host names another)' : ''
            }, as one ${options.signer} program; ${noted.named} with a host name`,
      ]
      const say = (count: number, text: string): void => {
        if (count > 0) notes.push(`${counted(count, 'connection')} ${text}`)
      }
      say(left.otherHosts, 'left out: begun by other hosts')
      say(left.otherProtocols, 'left out: neither TCP nor UDP')
      say(noted.unanswered, 'without bytes: nobody answered, or it was refused')
      say(noted.uncounted, 'without byte counts in the log: taken as 0')
      say(
        late,
        `came later than ${WINDOW_ENTRIES} lines or ${WINDOW_US / 3_600e6} h: told late, by up to ${Math.ceil(latestUs / 1e6)} s`,
      )
      say(crowded, 'told whole as it opened: too many were open at once')
      if (left.otherLogs > 0)
        notes.push(`${counted(left.otherLogs, 'line')} left out: of other logs than conn and ssl`)
      if (left.namesOver > 0)
        notes.push(
          `${counted(left.namesOver, 'host name')} left out: more than ${NAMES_MAX} in the ssl log`,
        )
      return notes
    },
  }
}
