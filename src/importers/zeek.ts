// A network monitor's view of one host: Zeek's conn.log, with host names from its ssl.log. It knows flows and
// no processes, so the whole host counts as one program, whose signature is an assumption that is chosen.
import { formatAddress, parseAddress } from '../engine/address.ts'
import {
  Capability,
  Direction,
  FlowState,
  Source,
  writeFlow,
  writeName,
} from '../records/record.gen.ts'
import { counted, ImportError, type ImportSigner, type LineReader } from './importer.ts'
import { CS_ADHOC, CS_VALID, createPrograms, type Program, unknownProgram } from './program.ts'
import type { RecordLog } from './record-log.ts'
import { createZeekClock } from './zeek-clock.ts'
import { type ConnEntry, connOf, isConn, serverNameOf } from './zeek-conn.ts'
import { createHostGuess, isOf, seenFrom } from './zeek-host.ts'
import { createZeekFormat, type ZeekFormat, type ZeekLine } from './zeek-line.ts'
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
/** Entries of a conn_long log that wait for the time at which they began. */
const LONGS_MAX = 65_536
/** Flows are named by their line; those of conn_long by this much more, so that no two have one name. */
const LONG_IDS = 2 ** 40
/** Lines named in a note. */
const LINES_SAID = 3

/** Records are handed on in pieces of about this size. */
const PIECE_BYTES = 65_536

/** An exec is read as macOS has it: its signature decides, and no directory. */
const PROGRAM_SOURCE = Source.endpointSecurity

/** The process that stands for the host. */
const HOST_PID = { pid: 1, pidversion: 1 }

export type ZeekReader = LineReader & {
  /** A line of the ssl log, to be given before the connections. Throws MalformedLine. */
  name(text: string): void
  /** A line of the conn_long log, to be given before the connections. Throws MalformedLine. */
  long(text: string, number: number): void
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

/** Lines of which something is said: how many, and the first of them. */
type Places = { count: number; lines: number[] }

const place = (places: Places, number: number): void => {
  places.count++
  if (places.lines.length < LINES_SAID && number < LONG_IDS) places.lines.push(number)
}

const placed = ({ count, lines }: Places): string => {
  const more = count > lines.length ? ', ...' : ''
  return lines.length === 0 ? '' : ` (line ${lines.join(', ')}${more})`
}

export function createZeekReader(out: RecordLog, options: ZeekReaderOptions): ZeekReader {
  const format = createZeekFormat()
  const sslFormat = createZeekFormat()
  const longFormat = createZeekFormat()
  const clock = createZeekClock(() => format.openedUs() ?? longFormat.openedUs())
  const programs = createPrograms(out, PROGRAM_SOURCE)
  const names = new Map<string, string>()
  const guess = createHostGuess()
  /** Entries that came before the host was known. */
  let held: { entry: ConnEntry; id: number }[] = []
  /** Of conn_long, the last of each uid; in the order in which they began once the host is known. */
  const longs = new Map<string, { entry: ConnEntry; id: number }>()
  let longsAhead: { entry: ConnEntry; id: number }[] = []
  let longsTold = 0
  let isBegun = false
  let host = options.host
  let why: string | undefined
  let firstUs: number | undefined
  const left = { otherHosts: 0, otherProtocols: 0, otherLogs: 0, namesOver: 0, longsOver: 0 }
  const noted = { flows: 0, accepted: 0, unanswered: 0, uncounted: 0, unended: 0, named: 0 }
  const bounded: Places = { count: 0, lines: [] }
  const raised: Places = { count: 0, lines: [] }
  const undated: Places = { count: 0, lines: [] }
  const byPackets: Places = { count: 0, lines: [] }

  const timeline = createTimeline((moment) => {
    out.moveTo(moment.unixUs)
    if (moment.state === 'opened') {
      programs.found(hostProgram(host ?? '', options.signer))
      writeNameOf(moment)
    }
    writeFlowOf(moment)
  })

  const writeNameOf = ({ entry, id }: Moment): void => {
    // What a client asked for names the one that accepts.
    const hostname = entry.isInbound ? undefined : names.get(entry.uid)
    if (hostname === undefined) return
    noted.named++
    out.add(
      writeName({
        source: ZEEK_SOURCE,
        atNs: out.atNs(),
        flowId: BigInt(id),
        epoch: 0,
        localPort: entry.localPort,
        localAddr: entry.localAddress,
        makerPid: 0,
        makerPidversion: 0,
        hostname,
      }),
    )
  }
  const writeFlowOf = ({ entry, id, state, bytesOut, bytesIn }: Moment): void =>
    out.add(
      writeFlow({
        source: ZEEK_SOURCE,
        atNs: out.atNs(),
        flowId: BigInt(id),
        bytesOut: BigInt(bytesOut),
        bytesIn: BigInt(bytesIn),
        epoch: 0,
        pid: HOST_PID.pid,
        pidversion: HOST_PID.pidversion,
        flags: state === 'closed' ? entry.doubts : 0,
        remoteAddr: entry.remoteAddress,
        remotePort: entry.remotePort,
        localPort: entry.localPort,
        protocol: entry.protocol,
        direction: entry.isInbound ? Direction.inbound : Direction.outbound,
        state: FlowState[state],
      }),
    )

  const tell = (entry: ConnEntry, id: number): void => {
    const flow = seenFrom(entry, host ?? '')
    if (flow === undefined) {
      if (isOf(entry, host)) left.otherProtocols++
      else left.otherHosts++
      return
    }
    noted.flows++
    if (flow.isInbound) noted.accepted++
    if (entry.isUnanswered) noted.unanswered++
    else if (flow.isUncounted) noted.uncounted++
    if (flow.isBounded) place(bounded, id)
    if (flow.isRaised) place(raised, id)
    if (flow.isByPackets) place(byPackets, id)
    if (!flow.isBounded && !flow.isRaised && !flow.isByPackets && flow.doubts !== 0) noted.unended++
    if (entry.isDurationLost) place(undated, id)
    firstUs = Math.min(firstUs ?? entry.startUs, entry.startUs)
    timeline.add(flow, id)
  }
  /** A connection that conn_long tells of joins those that began with it. */
  const tellLongs = (untilUs: number): void => {
    for (;;) {
      const first = longsAhead[longsTold]
      if (first === undefined || first.entry.startUs > untilUs) return
      longsTold++
      tell(first.entry, first.id)
    }
  }
  const accept = (entry: ConnEntry, id: number): void => {
    tellLongs(entry.startUs)
    tell(entry, id)
  }
  const begin = (): void => {
    isBegun = true
    if (host === undefined) {
      const answer = guess.answer()
      host = answer?.host
      why = answer?.why
    }
    longsAhead = [...longs.values()].sort((one, two) => one.entry.startUs - two.entry.startUs)
    longs.clear()
    const entries = held
    held = []
    for (const { entry, id } of entries) accept(entry, id)
  }

  const addName = (uid: string, name: string): void => {
    if (names.size < NAMES_MAX) names.set(uid, name)
    else left.namesOver++
  }

  /** The connection of a line, or undefined when it is of another log. */
  const entryOf = (of: ZeekFormat, text: string): ConnEntry | undefined => {
    const line = of.read(text)
    if (line === undefined) return undefined
    // An entry without a uid is of no log that names connections: it is left to be found malformed.
    if (isConn(line) || (line.path === undefined && line.get('uid') === undefined))
      return connOf(line, clock)
    const isSsl = line.path === 'ssl' || (line.path === undefined && isSslEntry(line))
    const found = isSsl ? serverNameOf(line) : undefined
    if (found) addName(found.uid, found.name)
    if (!isSsl) left.otherLogs++
    return undefined
  }

  return {
    name(text) {
      const line = sslFormat.read(text)
      const found = line && serverNameOf(line)
      if (found) addName(found.uid, found.name)
    },
    long(text, number) {
      const entry = entryOf(longFormat, text)
      if (entry === undefined) return
      guess.note(entry)
      const id = LONG_IDS + number
      if (longs.has(entry.uid) || longs.size < LONGS_MAX) longs.set(entry.uid, { entry, id })
      else left.longsOver++
    },
    line(text, number) {
      const entry = entryOf(format, text)
      if (entry === undefined) return
      if (isBegun) {
        accept(entry, number)
        return
      }
      held.push({ entry, id: number })
      if (host === undefined) guess.note(entry)
      if (host !== undefined || held.length >= WINDOW_ENTRIES) {
        begin()
      }
    },
    drain(isOver) {
      if (isOver) {
        if (!isBegun) begin()
        tellLongs(Number.POSITIVE_INFINITY)
      }
      while (timeline.tellNext(isOver)) if (out.pendingBytes() >= PIECE_BYTES) return true
      return false
    },
    isReady: () => host !== undefined && firstUs !== undefined,
    hostname: () => host ?? '',
    startedUs: () => firstUs,
    notes() {
      const { late, latestUs, crowded, repeated } = timeline.counts()
      const guessed = why === undefined ? '' : `, guessed as ${why} (--host names another)`
      const notes = [
        host === undefined
          ? 'no connection in it: no host to follow'
          : `${counted(noted.flows, 'connection')} of ${host}${guessed}, as one ${options.signer} program; ${noted.named} with a host name`,
      ]
      const say = (count: number, text: string): void => {
        if (count > 0) notes.push(`${counted(count, 'connection')} ${text}`)
      }
      say(noted.accepted, 'of these accepted by it')
      say(repeated, 'of these told again by a later line: counted once')
      say(left.otherHosts, 'left out: of other hosts')
      say(left.otherProtocols, 'left out: neither TCP nor UDP')
      say(noted.unanswered, 'without bytes: unanswered or refused')
      say(noted.uncounted, 'without byte counts in the log: taken as 0')
      say(
        noted.unended,
        'whose beginning or end was not seen: told with what passed meanwhile, at least',
      )
      say(
        bounded.count,
        `counted lower than in the log, whose packets and missed bytes say otherwise${placed(bounded)}`,
      )
      say(
        raised.count,
        `counted higher than in the log, as their packets bore over twice as much${placed(raised)}`,
      )
      say(
        byPackets.count,
        `with a count of bytes that is none: told with what their packets bore, at least${placed(byPackets)}`,
      )
      say(undated.count, `with a duration that is none: told in an instant${placed(undated)}`)
      const base = clock.base()
      if (base)
        notes.push(
          `times count from the start of the recording: told as from ${new Date(base.us / 1000).toISOString().slice(0, 19)}Z, ${
            base.isNamed ? 'when the log was opened' : 'as the log names no time'
          }`,
        )
      say(
        late,
        `came more than ${WINDOW_ENTRIES} lines or ${WINDOW_US / 3_600e6} h late in the log: told late, by up to ${Math.ceil(latestUs / 1e6)} s`,
      )
      say(crowded, 'told whole at the beginning: too many were open at once')
      say(left.longsOver, `left out: more than ${LONGS_MAX} in the conn_long log`)
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
