// The flows that a Mac's sources of flows tell, those that are believed and those that are only watched: a row for each
// source and flow. Two rows of two sources are one flow where their ends are the same.
//
// UDP is another matter: NetworkStatistics and nettop tell one row of a socket, for all its peers and from its beginning,
// the filter a flow for each peer, anew when it comes and when the socket was idle. Such rows are no one flow; they are of
// one socket (sockets.ts).
import { FLOW_AT, FLOW_FIXED_BYTES, FlowState } from '../records/record.gen.ts'
import { createIndex, haveMet, haveSameEnds, haveSameSocket, nearestOf } from './flow-index.ts'
import { countAt, type FlowRow, isUdp, keyOf, noteMaker, rowOf } from './flow-row.ts'
import { createSameFlow, type SameFlow } from './same-flow.ts'
import type { Tally } from './tally.ts'
import { createWitness, type Witness } from './witness.ts'

export type FlowBook = {
  /** The row of a flow record, brought up to date by it, or a new one. `former`: the row of an earlier epoch. */
  take(record: Uint8Array): { row: FlowRow; former: FlowRow | undefined; isNew: boolean }
  find(source: number, id: bigint, epoch: number): FlowRow | undefined
  /** Keeps a name or gone record until its flow is told; hands it out when it is. */
  keepString(source: number, id: bigint, epoch: number, record: Uint8Array): void
  /** The rows of other sources that are the same flow. */
  sameFlow: Pick<SameFlow, 'find' | 'has' | 'isOneOfSeveral' | 'ofWhichLikest'>
  /**
   * Whether another source told a flow of its ends to its end since then, with as much as it has: of a row that is told as
   * closed, whose beginning nobody knows. Never of UDP.
   */
  wasToldElsewhere(row: FlowRow, sinceNs: bigint): boolean
  /** Whether no other row of either's source may be the same flow. */
  isSure(row: FlowRow, other: FlowRow): boolean
  /** The sockets of any source that a UDP row is of, or beside; for one without a local port yet, the nearest. */
  sockets(row: FlowRow): FlowRow[]
  /** All rows of other sources that are of this socket. */
  ofSocket(row: FlowRow): FlowRow[]
  /** Whether its peer is this machine, by whichever address: its source tells the other end, too. */
  isWithin(row: FlowRow): boolean
  rows(): Iterable<FlowRow>
  /** What is known to have passed of UDP. */
  witness: Witness
  /** What the next engine would decide by it has changed, such as that it is given, or has ended for the engine. */
  touch(row: FlowRow): void
  /** Rows that were touched since the last call, those of which counts alone have changed, what was forgotten, and tallies. */
  takeTouched(): {
    rows: FlowRow[]
    counted: FlowRow[]
    gone: string[]
    tallies: Set<Tally<FlowRow>>
  }
  /** Forgets rows that were told as closed before, but for those that are kept; who is lost may be found open by another. */
  expire(beforeNs: bigint, isKept: (row: FlowRow) => boolean): FlowRow[]
  /** Flows that were open and found no room, since the last call: another source may tell of them anew. */
  takeForgotten(): number
  /** Rows that were looked at to find the others: what all took. */
  looked(): number
}

/** Begins with the rows and tallies of one before; holds at most `rowsMax` rows, and as many strings whose flow is not told yet. */
export function createFlowBook(
  before: { rows: readonly FlowRow[]; tallies: readonly Tally<FlowRow>[] } = {
    rows: [],
    tallies: [],
  },
  rowsMax = 131_072,
): FlowBook {
  const rows = new Map<string, FlowRow>()
  const all = createIndex<FlowRow>()
  const sameFlow = createSameFlow(all)
  const ofSockets = createIndex<FlowRow>()
  const strings = new Map<string, { epoch: number; records: Uint8Array[] }>()
  let touched = new Set<FlowRow>()
  let gone = new Set<string>()
  let forgotten = 0

  const file = (row: FlowRow): void => {
    all.add(row)
    sameFlow.file(row)
    if (row.isSocket) ofSockets.add(row)
  }
  const unfile = (row: FlowRow): void => {
    all.remove(row)
    sameFlow.unfile(row)
    if (row.isSocket) ofSockets.remove(row)
  }
  const put = (row: FlowRow): void => {
    rows.set(keyOf(row), row)
    file(row)
  }
  for (const row of before.rows) put(row)
  const touch = (row: FlowRow): void => {
    touched.add(row)
    sameFlow.refile(row)
    row.touchedBytes = row.out + row.in
  }
  const witness = createWitness(touch, before.tallies)
  const takeOut = (row: FlowRow): void => {
    rows.delete(keyOf(row))
    touched.delete(row)
    gone.add(keyOf(row))
    unfile(row)
  }
  const remove = (row: FlowRow): void => {
    takeOut(row)
    witness.forget(row)
  }
  /** Whether its source has told a flow of the socket's port before: it would know that of this one, too. */
  const wasBound = (row: FlowRow, socket: FlowRow): boolean =>
    all
      .near(socket)
      .some(
        (other) =>
          other.source === row.source &&
          other.localPort !== 0 &&
          other.firstNs < row.firstNs &&
          haveMet(other, socket) &&
          haveSameSocket(other, socket),
      )
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
    const unbound = closest.filter((socket) => !wasBound(row, socket))
    const likely = unbound.length > 0 ? unbound : closest
    return [...Map.groupBy(likely, ({ source }) => source).values()].map((of) => nearestOf(row, of))
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
    forgotten += victims.filter(({ isOpen }) => isOpen).length
  }

  const add = (record: Uint8Array, key: string): FlowRow => {
    if (rows.size >= rowsMax) makeRoom()
    const waiting = strings.get(key)
    strings.delete(key)
    const row = rowOf(record)
    if (waiting?.epoch === row.epoch) row.strings = waiting.records
    for (const string of row.strings) noteMaker(row, string)
    put(row)
    return row
  }

  return {
    take(bytes) {
      // A copy: of a Buffer, `slice` is none.
      const record = new Uint8Array(bytes.subarray(0, FLOW_FIXED_BYTES))
      const view = new DataView(record.buffer)
      const source = view.getUint8(6)
      const key = keyOf({ source, id: view.getBigUint64(FLOW_AT.flowId, true) })
      const epoch = view.getUint32(FLOW_AT.epoch, true)
      let row = rows.get(key)
      let former: FlowRow | undefined
      if (row !== undefined && row.epoch < epoch) {
        former = row
        takeOut(row)
        row = undefined
      }
      const isNew = row === undefined
      row ??= add(record, key)
      if (former !== undefined) witness.succeed(former, row)
      // An epoch that is over says nothing new.
      if (row.epoch > epoch) return { row, former, isNew }
      const { out, in: bytesIn, lastNs } = row
      row.last = record
      const localPort = view.getUint16(FLOW_AT.localPort, true) || row.localPort
      const pid = view.getUint32(FLOW_AT.pid, true) || row.pid
      if (localPort !== row.localPort || pid !== row.pid) {
        unfile(row)
        Object.assign(row, { localPort, pid })
        file(row)
        touch(row)
      }
      row.out = Math.max(row.out, countAt(view, FLOW_AT.bytesOut))
      row.in = Math.max(row.in, countAt(view, FLOW_AT.bytesIn))
      row.lastNs = view.getBigUint64(8, true)
      if (row.bytesSinceNs === 0n && row.out + row.in > 0) {
        row.bytesSinceNs = row.lastNs
        touch(row)
      }
      row.isNamed = true
      row.isRemembered = false
      const isOpen = view.getUint8(FLOW_AT.state) !== FlowState.closed
      if (isNew || isOpen !== row.isOpen || isUdp(row)) touch(row)
      row.isOpen = isOpen
      row.isLost = false
      witness.heard(row, isNew ? undefined : { out, in: bytesIn, lastNs })
      return { row, former, isNew }
    },
    find(source, id, epoch) {
      const row = rows.get(keyOf({ source, id }))
      return row?.epoch === epoch ? row : undefined
    },
    keepString(source, id, epoch, record) {
      const key = keyOf({ source, id })
      const waiting = strings.get(key)
      if (waiting?.epoch === epoch && waiting.records.length < 4) {
        waiting.records.push(record)
        return
      }
      if (strings.size >= rowsMax) strings.delete(strings.keys().next().value as string)
      strings.set(key, { epoch, records: [record] })
    },
    sameFlow,
    wasToldElsewhere: (row, sinceNs) =>
      all
        .near(row)
        .some(
          (other) =>
            other.source !== row.source &&
            other.ended !== undefined &&
            haveSameEnds(row, other) &&
            other.lastNs >= sinceNs &&
            other.out >= row.out &&
            other.in >= row.in,
        ),
    isSure: (row, other) =>
      (row.localPort !== 0 && row.localPort === other.localPort) ||
      (sameFlow.isOnly(row, other) && sameFlow.isOnly(other, row)),
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
    isWithin({ source, peer, localPort }) {
      const [protocol, address, port] = peer.split(' ')
      const end = { peer: `${protocol} ${address} ${localPort}`, localPort: Number(port), pid: -1 }
      return all
        .near(end)
        .some(
          (row) =>
            row.source === source && row.peer === end.peer && row.localPort === end.localPort,
        )
    },
    rows: () => rows.values(),
    witness,
    touch,
    takeTouched() {
      // One that was forgotten may have come again.
      const all = [...touched].filter((row) => rows.get(keyOf(row)) === row)
      const counted = [...rows.values()].filter(
        (row) => row.out + row.in !== row.touchedBytes && !touched.has(row),
      )
      for (const row of counted) row.touchedBytes = row.out + row.in
      const keys = [...gone].filter((key) => !rows.has(key))
      const changes = { rows: all, counted, gone: keys, tallies: witness.take() }
      touched = new Set()
      gone = new Set()
      return changes
    },
    expire(beforeNs, isKept) {
      const gone = [...rows.values()].filter(
        (row) => !row.isOpen && !row.isLost && row.lastNs < beforeNs && !isKept(row),
      )
      for (const row of gone) remove(row)
      return gone
    },
    takeForgotten() {
      const count = forgotten
      forgotten = 0
      return count
    },
    looked: () => all.looked() + ofSockets.looked() + sameFlow.looked(),
  }
}
