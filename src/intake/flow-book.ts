// The flows that a Mac's sources of flows tell, those that are believed and those that are only watched: a row for each
// source and flow. Two rows of two sources are one flow where their ends are the same.
//
// A UDP socket without a peer is another matter: NetworkStatistics and nettop tell one row of it, for all its peers, the
// filter a flow for each of them. Such rows are no one flow; they are of one socket (sockets.ts).
import { FLOW_AT, FLOW_FIXED_BYTES, FlowState } from '../records/record.gen.ts'

const TWO_32 = 4_294_967_296

/** What the engine knows a flow as, and was last told of it. */
export type GivenFlow = {
  id: bigint
  epoch: number
  out: number
  in: number
  /** Whose it is, by the last source that named the image: nettop has a pid alone. 0: none did. */
  pid: number
  pidversion: number
}

export type FlowRow = {
  readonly source: number
  readonly id: bigint
  readonly epoch: number
  /** Protocol, remote address and port. */
  readonly peer: string
  /** Of a UDP socket, for whichever peers it has. */
  readonly isPeerless: boolean
  readonly isLoopback: boolean
  /** When its source first told it, since boot. */
  readonly firstNs: bigint
  /** What its source last told of it: a flow record. */
  last: Uint8Array
  /** Its name and gone records, until it is given. */
  strings: Uint8Array[]
  localPort: number
  pid: number
  out: number
  in: number
  lastNs: bigint
  isOpen: boolean
  /** Told since its source began its last enumeration. */
  isNamed: boolean
  /** undefined: the engine is not told of it by this source. */
  given: GivenFlow | undefined
  /** What the engine's counters are ahead of this source's, or behind (negative). */
  aheadOut: number
  aheadIn: number
  /** It was once given, and ended for the engine, while a source may go on: as what, and with which counts in all. */
  ended: GivenFlow | undefined
  /** Of a UDP socket: the row of another source that tells this one's bytes too. */
  coveredBy: FlowRow | undefined
  /** Of a UDP socket, while it is not given: what of its counts rows of other sources have told. */
  elsewhereOut: number
  elsewhereIn: number
  /** What the engine was told by it. */
  toldOut: number
  toldIn: number
}

export type FlowBook = {
  /** The row of a flow record, brought up to date by it, or a new one. `former`: the row of an earlier epoch. */
  take(record: Uint8Array): { row: FlowRow; former: FlowRow | undefined; isNew: boolean }
  find(source: number, id: bigint, epoch: number): FlowRow | undefined
  /** Keeps a name or gone record until its flow is told; hands it out when it is. */
  keepString(source: number, id: bigint, epoch: number, record: Uint8Array): void
  /** The row of another source that is the same flow and passes `test`, the nearest by its beginning. */
  sameFlow(row: FlowRow, test: (other: FlowRow) => boolean): FlowRow | undefined
  /** Rows without a peer of the same UDP socket, of any source; for one without a local port yet, the nearest. */
  peerless(row: FlowRow): FlowRow[]
  /** All rows of other sources of a row's UDP socket. REQUIRES: it is without a peer. */
  ofSocket(row: FlowRow): FlowRow[]
  rows(): Iterable<FlowRow>
  /** Forgets closed rows that were last told before, but for those that are kept. */
  expire(beforeNs: bigint, isKept: (row: FlowRow) => boolean): void
  /** Rows that found the book full: the least important of them are forgotten. */
  forgotten(): number
}

const keyOf = (source: number, id: bigint): string => `${source}.${id}`

/** `at`: of a u64 in a record. */
const count = (view: DataView, at: number): number =>
  view.getUint32(at + 4, true) * TWO_32 + view.getUint32(at, true)

const isLoopback = (address: Uint8Array): boolean => {
  const isIpv4 = address[10] === 0xff && address[11] === 0xff
  if (isIpv4) return address[12] === 127
  return address[15] === 1 && address.subarray(0, 15).every((byte) => byte === 0)
}

/** Sources tell of one moment at different times. */
const APART_NS = 2_000_000_000n
/** Whether the one had ended when the other began: a port is used again. */
const isBefore = (one: FlowRow, other: FlowRow): boolean =>
  !one.isOpen && one.lastNs + APART_NS < other.firstNs

export type Ends = Pick<FlowRow, 'peer' | 'localPort' | 'pid'>
const UDP = 17
const NO_PEER = `${UDP} ${'00'.repeat(16)} 0`
const isUdp = ({ peer }: Ends): boolean => peer.startsWith(`${UDP} `)
/** A port is used by several processes, for multicast; whoever does not tell its port yet is known by the process. */
export const haveSameSocket = (a: Ends, b: Ends): boolean =>
  isUdp(a) &&
  isUdp(b) &&
  a.pid !== 0 &&
  a.pid === b.pid &&
  (a.localPort === b.localPort || a.localPort === 0 || b.localPort === 0)
/**
 * Whether their peer is the same, and so is the local port. The filter is asked for a flow before it has one: then the
 * process decides.
 */
export const haveSameEnds = (a: Ends, b: Ends): boolean => {
  if (a.peer !== b.peer || a.peer === NO_PEER) return false
  if (a.localPort !== 0 && b.localPort !== 0) return a.localPort === b.localPort
  return a.pid !== 0 && a.pid === b.pid
}
const haveMet = (a: FlowRow, b: FlowRow): boolean => !isBefore(a, b) && !isBefore(b, a)
/** Whether two rows of two sources tell one flow. */
const isSame = (a: FlowRow, b: FlowRow): boolean =>
  a.source !== b.source && haveMet(a, b) && haveSameEnds(a, b)

/** How far from each other they began. */
const distance = ({ firstNs: a }: FlowRow, { firstNs: b }: FlowRow): bigint =>
  a > b ? a - b : b - a

/** Each report of a UDP flow asks: nearly all rows are another process's. */
function sameSocket(row: FlowRow, among: Iterable<FlowRow>): FlowRow[] {
  const found: FlowRow[] = []
  for (const other of among)
    if (other.pid === row.pid && other !== row && haveSameSocket(row, other) && haveMet(row, other))
      found.push(other)
  return found
}

/** Holds at most `rowsMax` rows, and as many strings whose flow is not told yet. */
export function createFlowBook(rowsMax = 131_072): FlowBook {
  const rows = new Map<string, FlowRow>()
  const byPeer = new Map<string, Set<FlowRow>>()
  const ofUdp = new Set<FlowRow>()
  const strings = new Map<string, { epoch: number; records: Uint8Array[] }>()
  let forgotten = 0

  const remove = (row: FlowRow): void => {
    rows.delete(keyOf(row.source, row.id))
    const beside = byPeer.get(row.peer)
    beside?.delete(row)
    ofUdp.delete(row)
    if (beside?.size === 0) byPeer.delete(row.peer)
  }
  /**
   * An eighth at once. Closed ones go first, then those that are only watched, then the oldest: one that is given and
   * forgotten would be counted anew if another source took it over.
   */
  const makeRoom = (): void => {
    const most = Math.ceil(rowsMax / 8)
    const some = (test: (row: FlowRow) => boolean): FlowRow[] =>
      [...rows.values()].filter(test).slice(0, most)
    let victims = some(({ isOpen }) => !isOpen)
    if (victims.length === 0) victims = some(({ given }) => given === undefined)
    if (victims.length === 0) victims = some(() => true)
    for (const victim of victims) remove(victim)
    forgotten += victims.length
  }

  const add = (record: Uint8Array, view: DataView, key: string): FlowRow => {
    if (rows.size >= rowsMax) makeRoom()
    const address = record.subarray(FLOW_AT.remoteAddr, FLOW_AT.remoteAddr + 16)
    const port = view.getUint16(FLOW_AT.remotePort, true)
    const epoch = view.getUint32(FLOW_AT.epoch, true)
    const waiting = strings.get(key)
    strings.delete(key)
    const peer = `${view.getUint8(FLOW_AT.protocol)} ${Buffer.from(address).toString('hex')} ${port}`
    const row: FlowRow = {
      source: view.getUint8(6),
      id: view.getBigUint64(FLOW_AT.flowId, true),
      epoch,
      peer,
      isPeerless: peer === NO_PEER,
      isLoopback: isLoopback(address),
      firstNs: view.getBigUint64(8, true),
      last: record,
      strings: waiting?.epoch === epoch ? waiting.records : [],
      localPort: 0,
      pid: 0,
      out: 0,
      in: 0,
      lastNs: 0n,
      isOpen: true,
      isNamed: true,
      given: undefined,
      aheadOut: 0,
      aheadIn: 0,
      ended: undefined,
      coveredBy: undefined,
      ...{ elsewhereOut: 0, elsewhereIn: 0, toldOut: 0, toldIn: 0 },
    }
    rows.set(key, row)
    if (isUdp(row)) ofUdp.add(row)
    const beside = byPeer.get(row.peer)
    if (beside) beside.add(row)
    else byPeer.set(row.peer, new Set([row]))
    return row
  }

  return {
    take(bytes) {
      // A copy: of a Buffer, `slice` is none.
      const record = new Uint8Array(bytes.subarray(0, FLOW_FIXED_BYTES))
      const view = new DataView(record.buffer)
      const key = keyOf(view.getUint8(6), view.getBigUint64(FLOW_AT.flowId, true))
      const epoch = view.getUint32(FLOW_AT.epoch, true)
      let row = rows.get(key)
      let former: FlowRow | undefined
      if (row !== undefined && row.epoch < epoch) {
        former = row
        remove(row)
        row = undefined
      }
      const isNew = row === undefined
      row ??= add(record, view, key)
      // An epoch that is over says nothing new.
      if (row.epoch > epoch) return { row, former, isNew }
      row.last = record
      row.localPort = view.getUint16(FLOW_AT.localPort, true) || row.localPort
      row.pid = view.getUint32(FLOW_AT.pid, true) || row.pid
      row.out = Math.max(row.out, count(view, FLOW_AT.bytesOut))
      row.in = Math.max(row.in, count(view, FLOW_AT.bytesIn))
      row.lastNs = view.getBigUint64(8, true)
      row.isNamed = true
      row.isOpen = view.getUint8(FLOW_AT.state) !== FlowState.closed
      return { row, former, isNew }
    },
    find(source, id, epoch) {
      const row = rows.get(keyOf(source, id))
      return row?.epoch === epoch ? row : undefined
    },
    keepString(source, id, epoch, record) {
      const key = keyOf(source, id)
      const waiting = strings.get(key)
      if (waiting?.epoch === epoch && waiting.records.length < 4) {
        waiting.records.push(record)
        return
      }
      if (strings.size >= rowsMax) strings.delete(strings.keys().next().value as string)
      strings.set(key, { epoch, records: [record] })
    },
    sameFlow(row, test) {
      let nearest: FlowRow | undefined
      for (const other of byPeer.get(row.peer) ?? [])
        if (
          isSame(row, other) &&
          test(other) &&
          (!nearest || distance(row, other) < distance(row, nearest))
        )
          nearest = other
      return nearest
    },
    peerless(row) {
      if (!isUdp(row)) return []
      const found = sameSocket(row, byPeer.get(NO_PEER) ?? [])
      if (row.localPort !== 0 || found.length < 2) return found
      return [found.reduce((a, b) => (distance(row, b) < distance(row, a) ? b : a))]
    },
    ofSocket: (row) => sameSocket(row, ofUdp).filter(({ source }) => source !== row.source),
    rows: () => rows.values(),
    expire(beforeNs, isKept) {
      for (const row of [...rows.values()])
        if (!row.isOpen && row.lastNs < beforeNs && !isKept(row)) remove(row)
    },
    forgotten: () => forgotten,
  }
}
