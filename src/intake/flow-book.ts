// The flows that a Mac's sources of flows tell, those that are believed and those that are only watched: a row for each
// source and flow. Two rows of two sources are one flow where their ends are the same.
//
// UDP is another matter: NetworkStatistics and nettop tell one row of a socket, for all its peers and from its beginning,
// the filter a flow for each peer, anew when it comes and when the socket was idle. Such rows are no one flow; they are of
// one socket (sockets.ts).
import {
  FLOW_AT,
  FLOW_FIXED_BYTES,
  FlowFlag,
  FlowState,
  NAME_AT,
  RecordType,
  Source,
} from '../records/record.gen.ts'

const TWO_32 = 4_294_967_296

/** What the engine knows a flow as, and was last told of it. */
export type GivenFlow = {
  id: bigint
  epoch: number
  out: number
  in: number
  /** What the flow had before this epoch of it began. */
  baseOut: number
  baseIn: number
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
  /** Of a UDP socket from its beginning, whatever it is to the filter. */
  readonly isSocket: boolean
  /** Of a UDP socket, for whichever peers it has. */
  readonly isPeerless: boolean
  readonly isLoopback: boolean
  /** It had begun when its source looked. */
  readonly isFoundOpen: boolean
  /** nettop counts from its own start what it finds open. */
  readonly hasOwnBeginning: boolean
  /** When its source first told it, since boot. */
  readonly firstNs: bigint
  /** What its source last told of it: a flow record. */
  last: Uint8Array
  /** Its name and gone records, until it is given. */
  strings: Uint8Array[]
  localPort: number
  pid: number
  /** Who made the socket for it, where its source says so; nettop knows that one alone. */
  makerPid: number
  out: number
  in: number
  lastNs: bigint
  isOpen: boolean
  /** That it closed was not told: its source names it no longer. */
  isLost: boolean
  /** Told since its source began its last enumeration. */
  isNamed: boolean
  /** undefined: the engine is not told of it by this source. */
  given: GivenFlow | undefined
  /** With its own beginning, and another has told of the flow: `ahead` is the least that all of it can be. */
  isCompared: boolean
  /** What the engine's counters are ahead of this source's, or behind (negative). */
  aheadOut: number
  aheadIn: number
  /** It ended for the engine, while a source may go on: as what, with how much of this row's counts, and of all (base). */
  ended: GivenFlow | undefined
  /** When, since boot. */
  endedNs: bigint
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
  /** The row of another source that is the same flow and passes `test`, the nearest by its beginning. Never of UDP. */
  sameFlow(row: FlowRow, test: (other: FlowRow) => boolean): FlowRow | undefined
  /** The sockets of any source that a UDP row is of, or beside; for one without a local port yet, the nearest. */
  sockets(row: FlowRow): FlowRow[]
  /** All rows of other sources that are of this socket. */
  ofSocket(row: FlowRow): FlowRow[]
  rows(): Iterable<FlowRow>
  /** Forgets rows that were told as closed before, but for those that are kept; who is lost may be found open by another. */
  expire(beforeNs: bigint, isKept: (row: FlowRow) => boolean): FlowRow[]
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
/** Whether the one had ended when the other began, as far as their sources know: a port is used again. */
const isBefore = (one: FlowRow, other: FlowRow): boolean =>
  !one.isOpen && one.lastNs + APART_NS < other.firstNs && !(one.isLost && other.isFoundOpen)

export type Ends = Pick<FlowRow, 'peer' | 'localPort' | 'pid'> & { makerPid?: number }
/** As a peer begins. */
const UDP_BEGINS = '17 '
const NO_PEER = `${UDP_BEGINS}${'00'.repeat(16)} 0`
export const isUdp = ({ peer }: Pick<Ends, 'peer'>): boolean => peer.startsWith(UDP_BEGINS)
/** The filter is asked for a flow before it has a local port: then the process decides. */
const haveSamePort = (a: Ends, b: Ends): boolean =>
  a.localPort !== 0 && b.localPort !== 0
    ? a.localPort === b.localPort
    : a.pid !== 0 && a.pid === b.pid
const haveSameProcess = (a: Ends, b: Ends): boolean =>
  a.pid !== 0 && (a.pid === b.pid || a.pid === b.makerPid || b.pid === a.makerPid)
/** Without a peer the process decides too: a port is used by several, for multicast. */
export const haveSameSocket = (a: Ends, b: Ends): boolean => {
  if (!isUdp(a) || !isUdp(b) || !haveSamePort(a, b)) return false
  return a.peer === NO_PEER || b.peer === NO_PEER ? haveSameProcess(a, b) : a.peer === b.peer
}
/** Whether they are the ends of one flow, which is not of UDP. */
export const haveSameEnds = (a: Ends, b: Ends): boolean =>
  a.peer === b.peer && !isUdp(a) && haveSamePort(a, b)
const haveMet = (a: FlowRow, b: FlowRow): boolean => !isBefore(a, b) && !isBefore(b, a)
/** Whether two rows of two sources tell one flow. */
const isSame = (a: FlowRow, b: FlowRow): boolean =>
  a.source !== b.source && haveMet(a, b) && haveSameEnds(a, b)

/** How far from each other they began. */
const distance = ({ firstNs: a }: FlowRow, { firstNs: b }: FlowRow): bigint =>
  a > b ? a - b : b - a

const nearestOf = (row: FlowRow, found: readonly FlowRow[]): FlowRow =>
  found.reduce((a, b) => (distance(row, b) < distance(row, a) ? b : a))

/** `string`: its name or gone record. */
export function noteMaker(row: FlowRow, string: Uint8Array): void {
  const view = new DataView(string.buffer, string.byteOffset, string.byteLength)
  if (view.getUint16(4, true) === RecordType.name)
    row.makerPid = view.getUint32(NAME_AT.makerPid, true)
}

/** Rows by their ends: a program may have thousands of flows to one peer. */
export function createIndex<Row extends Ends>() {
  const under = new Map<string, Set<Row>>()
  const keysOf = ({ peer, localPort, pid }: Ends) => {
    const ofWhat = peer.startsWith(UDP_BEGINS) ? UDP_BEGINS : peer
    const unknown = `${ofWhat} from ? of ${pid}`
    const fromPort = localPort === 0 ? unknown : `${ofWhat} from ${localPort}`
    return { ofProcess: `${ofWhat} of ${pid}`, fromPort, unknown }
  }
  return {
    add(row: Row): void {
      const { ofProcess, fromPort } = keysOf(row)
      for (const key of [ofProcess, fromPort]) {
        const beside = under.get(key)
        if (beside) beside.add(row)
        else under.set(key, new Set([row]))
      }
    },
    remove(row: Row): void {
      const { ofProcess, fromPort } = keysOf(row)
      for (const key of [ofProcess, fromPort]) {
        const beside = under.get(key)
        beside?.delete(row)
        if (beside?.size === 0) under.delete(key)
      }
    },
    /** All that may be of the same flow or socket, and others. */
    near(row: Ends): Row[] {
      const { ofProcess, fromPort, unknown } = keysOf(row)
      if (row.localPort === 0) return [...(under.get(ofProcess) ?? [])]
      return [...(under.get(fromPort) ?? []), ...(under.get(unknown) ?? [])]
    },
  }
}

/** Holds at most `rowsMax` rows, and as many strings whose flow is not told yet. */
export function createFlowBook(rowsMax = 131_072): FlowBook {
  const rows = new Map<string, FlowRow>()
  const all = createIndex<FlowRow>()
  const ofSockets = createIndex<FlowRow>()
  const strings = new Map<string, { epoch: number; records: Uint8Array[] }>()
  let forgotten = 0

  const file = (row: FlowRow): void => {
    all.add(row)
    if (row.isSocket) ofSockets.add(row)
  }
  const unfile = (row: FlowRow): void => {
    all.remove(row)
    if (row.isSocket) ofSockets.remove(row)
  }
  const remove = (row: FlowRow): void => {
    rows.delete(keyOf(row.source, row.id))
    unfile(row)
  }
  const sockets = (row: FlowRow): FlowRow[] => {
    if (!isUdp(row)) return []
    const found = ofSockets
      .near(row)
      .filter((other) => other !== row && haveMet(row, other) && haveSameSocket(row, other))
      .filter(({ isPeerless }) => !row.isSocket || row.isPeerless === isPeerless)
    // A socket without a peer may have the port of others that have one.
    const connected = found.filter(({ isPeerless }) => !isPeerless)
    const closest = connected.length > 0 ? connected : found
    if (row.localPort !== 0 || closest.length < 2) return closest
    return [...Map.groupBy(closest, ({ source }) => source).values()].map((of) =>
      nearestOf(row, of),
    )
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
    const source = view.getUint8(6)
    const isFoundOpen = (view.getUint32(FLOW_AT.flags, true) & FlowFlag.enumerated) !== 0
    const isOfUdp = peer.startsWith(UDP_BEGINS)
    const row: FlowRow = {
      source,
      id: view.getBigUint64(FLOW_AT.flowId, true),
      epoch,
      peer,
      isSocket: isOfUdp && source !== Source.filter,
      isPeerless: peer === NO_PEER,
      isLoopback: isLoopback(address),
      isFoundOpen,
      hasOwnBeginning: isFoundOpen && source === Source.nettop,
      firstNs: view.getBigUint64(8, true),
      last: record,
      strings: waiting?.epoch === epoch ? waiting.records : [],
      localPort: view.getUint16(FLOW_AT.localPort, true),
      pid: view.getUint32(FLOW_AT.pid, true),
      makerPid: 0,
      out: 0,
      in: 0,
      lastNs: 0n,
      isOpen: true,
      isNamed: true,
      isLost: false,
      given: undefined,
      aheadOut: 0,
      aheadIn: 0,
      isCompared: false,
      ended: undefined,
      endedNs: 0n,
      coveredBy: undefined,
      ...{ elsewhereOut: 0, elsewhereIn: 0, toldOut: 0, toldIn: 0 },
    }
    for (const string of row.strings) noteMaker(row, string)
    rows.set(key, row)
    file(row)
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
      const localPort = view.getUint16(FLOW_AT.localPort, true) || row.localPort
      const pid = view.getUint32(FLOW_AT.pid, true) || row.pid
      if (localPort !== row.localPort || pid !== row.pid) {
        unfile(row)
        Object.assign(row, { localPort, pid })
        file(row)
      }
      row.out = Math.max(row.out, count(view, FLOW_AT.bytesOut))
      row.in = Math.max(row.in, count(view, FLOW_AT.bytesIn))
      row.lastNs = view.getBigUint64(8, true)
      row.isNamed = true
      row.isOpen = view.getUint8(FLOW_AT.state) !== FlowState.closed
      row.isLost = false
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
      if (isUdp(row)) return undefined
      const found = all.near(row).filter((other) => isSame(row, other) && test(other))
      return found.length === 0 ? undefined : nearestOf(row, found)
    },
    sockets,
    ofSocket: (row) =>
      all.near(row).filter(
        (other) =>
          other.source !== row.source &&
          // First: any number of sockets may have one local port.
          haveSameSocket(row, other) &&
          haveMet(row, other) &&
          sockets(other).includes(row),
      ),
    rows: () => rows.values(),
    expire(beforeNs, isKept) {
      const gone = [...rows.values()].filter(
        (row) => !row.isOpen && !row.isLost && row.lastNs < beforeNs && !isKept(row),
      )
      for (const row of gone) remove(row)
      return gone
    },
    forgotten: () => forgotten,
  }
}
