// Of a UDP socket each source has rows of its own, and which of them are the same bytes nobody can say for sure
// (sockets.ts). One thing holds, whatever was lost with sense, forgotten or told twice: no more of a socket is told to
// the engine, under all ids together, than has been seen to pass. That much is known:
//   - What one source counts in all its rows of the socket, which are of different bytes.
//   - What was known before, and on top of it what a row has more since a report of it that came after all of that.
// Rows are of one socket where their local port is the same. One without a port may be of any socket of its process that
// has its peer: as soon as the engine is told of it, all those are one. Two sockets that are held to be one are no fault:
// less may count then, never more.
import { createIndex } from './flow-index.ts'
import { type FlowRow, isUdp } from './flow-row.ts'
import { addWay, begin, grantOf, newTally, raise, type Tally, WAYS } from './tally.ts'

export type Counts = { out: number; in: number }
/** What a row had when it was told before, and when that was; undefined: it is new. */
export type Before = (Counts & { lastNs: bigint }) | undefined

export type Witness = {
  /** A row was told, with more than before or with other ends. */
  heard(row: FlowRow, before: Before): void
  /** It takes the place of one of an earlier epoch, which is forgotten. */
  succeed(former: FlowRow, row: FlowRow): void
  /** Of what the row has more than the engine was told: as much as may be told. It counts as told from here on. */
  grant(row: FlowRow, more: Counts): Counts
  /** What it has now may have been told by rows that are forgotten: so much counts as told at least. */
  letPass(row: FlowRow): void
  /** Whether all that is known to have passed of its socket was told. Of UDP alone. */
  isSpent(row: FlowRow): boolean
  /** A tally is forgotten with the last of its rows. */
  forget(row: FlowRow): void
  /** Those that have changed since the last call. */
  take(): Set<Tally<FlowRow>>
}

/** A row by its process, or by the one that made the socket for it. */
type Entry = Pick<FlowRow, 'peer' | 'localPort' | 'pid'> & { row: FlowRow }

/** `touch`: which tally a row is in has changed. */
export function createWitness(
  touch: (row: FlowRow) => void,
  before: readonly Tally<FlowRow>[],
): Witness {
  const ofPort = new Map<number, Tally<FlowRow>>()
  const entries = new Map<FlowRow, Entry[]>()
  const index = createIndex<Entry>()
  let changed = new Set<Tally<FlowRow>>()
  let lastId = 0

  const file = (row: FlowRow): boolean => {
    const { peer, localPort } = row
    const pids = [...new Set([row.pid, row.makerPid])].filter((pid) => pid !== 0)
    const filed = entries.get(row) ?? []
    const isSame =
      filed.length === pids.length &&
      filed.every((one, i) => one.localPort === localPort && one.pid === pids[i])
    if (isSame && row.tally !== undefined) return false
    for (const one of filed) index.remove(one)
    const now = pids.map((pid) => ({ peer, localPort, pid, row }))
    entries.set(row, now)
    for (const one of now) index.add(one)
    return true
  }
  const enter = (row: FlowRow, tally: Tally<FlowRow>): Tally<FlowRow> => {
    row.tally = tally
    tally.rows.add(row)
    touch(row)
    return tally
  }
  /** Both in one. */
  const join = (one: Tally<FlowRow>, other: Tally<FlowRow>): Tally<FlowRow> => {
    if (one === other) return one
    const [from, to] = one.rows.size < other.rows.size ? [one, other] : [other, one]
    for (const way of WAYS) addWay(to[way], from[way])
    for (const port of from.ports) put(port, to)
    for (const row of from.rows) enter(row, to)
    changed.delete(from)
    changed.add(to)
    return to
  }
  const unfile = (row: FlowRow): void => {
    for (const one of entries.get(row) ?? []) index.remove(one)
    entries.delete(row)
    row.tally?.rows.delete(row)
  }
  const put = (port: number, tally: Tally<FlowRow>): void => {
    ofPort.set(port, tally)
    tally.ports.add(port)
  }
  const isLoose = ({ localPort, toldOut, toldIn }: FlowRow): boolean =>
    localPort === 0 && toldOut + toldIn > 0
  const joinNear = (row: FlowRow, tally: Tally<FlowRow>): Tally<FlowRow> => {
    let all = tally
    for (const entry of entries.get(row) ?? [])
      for (const { row: other } of index.near(entry))
        if (other.tally && (row.localPort === 0 || isLoose(other))) all = join(all, other.tally)
    return all
  }
  const tallyOf = (row: FlowRow): Tally<FlowRow> => {
    if (!file(row) && row.tally !== undefined) return row.tally
    const { localPort } = row
    const its = localPort === 0 ? undefined : ofPort.get(localPort)
    let tally = row.tally ?? enter(row, its ?? newTally(++lastId))
    if (its !== undefined) tally = join(tally, its)
    if (localPort !== 0) put(localPort, tally)
    return localPort !== 0 || isLoose(row) ? joinNear(row, tally) : tally
  }

  for (const tally of before) {
    lastId = Math.max(lastId, tally.id)
    for (const port of tally.ports) ofPort.set(port, tally)
    for (const row of tally.rows) {
      row.tally = tally
      file(row)
    }
  }

  return {
    heard(row, before) {
      if (!isUdp(row)) return
      const tally = tallyOf(row)
      for (const way of WAYS) {
        const more = row[way] - (before?.[way] ?? 0)
        if (before === undefined) begin(tally[way], row, more)
        if (more > 0) raise(tally[way], row, more, before?.lastNs)
      }
      changed.add(tally)
    },
    succeed(former, row) {
      const { tally } = former
      unfile(former)
      row.tally = tally
      tally?.rows.add(row)
    },
    grant(row, more) {
      if (!isUdp(row)) return more
      let tally = tallyOf(row)
      // Whose bytes they are is to be known before they are told.
      const isFirst = row.toldOut + row.toldIn === 0 && more.out + more.in > 0
      if (row.localPort === 0 && isFirst) tally = joinNear(row, tally)
      changed.add(tally)
      return { out: grantOf(tally.out, more.out), in: grantOf(tally.in, more.in) }
    },
    letPass(row) {
      const tally = tallyOf(row)
      for (const way of WAYS) tally[way].told = Math.max(tally[way].told, row[way])
      changed.add(tally)
    },
    isSpent: ({ tally }) =>
      tally !== undefined && WAYS.every((way) => tally[way].known <= tally[way].told),
    forget(row) {
      const { tally } = row
      unfile(row)
      if (tally === undefined || tally.rows.size > 0) return
      for (const port of tally.ports) ofPort.delete(port)
      changed.delete(tally)
    },
    take() {
      const tallies = changed
      changed = new Set()
      return tallies
    },
  }
}
