// UDP sockets without a peer. NetworkStatistics and nettop tell one row of such a socket for all its peers, and two where
// it is of both families; the filter tells a flow for each peer. So nothing says which part of the one is the other:
//   - A row that is given tells all its socket's bytes. What other sources tell of that socket is covered by it: heard, and
//     not handed on.
//   - What the engine was told of a socket by rows of other sources is counted for the row that is not given, and taken off
//     it when it is: all rows count from their socket's beginning, but nettop's of what it found open.
// Sources tell of one moment up to a second apart, so at a change of source what a socket moved in that second may count
// twice or not at all.
import { FLOW_AT, FlowFlag, Source } from '../records/record.gen.ts'
import { type Ends, type FlowBook, type FlowRow, haveSameSocket } from './flow-book.ts'

export type Counts = { out: number; in: number }
/** What of a row that is not given other rows have told. */
export type Elsewhere = Counts & { source: number; id: string; epoch: number }
/** A row of a socket that an engine before this one was given, and that its source has not told yet. */
export type UntoldSocket = { source: number; id: string; ends: Ends }

export type Sockets = {
  /** A row is told for the first time. `isAnother`: another source of flows has told some before. */
  meet(row: FlowRow, isAnother: boolean): void
  /** The engine was told so much more by it. */
  told(row: FlowRow, out: number, bytesIn: number): void
  /** What it counts is told by another: `isHere` says whether a source still tells anything. */
  hold(row: FlowRow, isHere: (source: number) => boolean): boolean
  /** Whether another row of its socket is given by its source: then what others tell of the socket is held. */
  isBesideGiven(row: FlowRow): boolean
  /** What of its counts has been told by others, beside what it told itself: from here on it is given. */
  claim(row: FlowRow): Counts
  memory(): Elsewhere[]
}

/** A row's last report may come after the one that closed its socket's. */
const LATE_NS = 2_000_000_000n

export function createSockets(
  book: FlowBook,
  before: readonly Elsewhere[],
  untold: () => readonly UntoldSocket[],
): Sockets {
  const keyOf = ({ source, id, epoch }: { source: number; id: bigint | string; epoch: number }) =>
    `${source}.${id}.${epoch}`
  const known = new Map(before.map((one) => [keyOf(one), one]))

  const isFoundOpen = ({ last }: FlowRow): boolean =>
    (new DataView(last.buffer).getUint32(FLOW_AT.flags, true) & FlowFlag.enumerated) !== 0
  const addElsewhere = (row: FlowRow, out: number, bytesIn: number): void => {
    row.elsewhereOut += out
    row.elsewhereIn += bytesIn
  }
  /** What it counts beside what it was told as before. */
  const restOf = ({ out, in: bytesIn, ended }: FlowRow): Counts => ({
    out: out - (ended?.out ?? 0),
    in: bytesIn - (ended?.in ?? 0),
  })
  /** All that it has now was told by others, but for what it told itself before. */
  const letPass = (row: FlowRow): void => {
    const rest = restOf(row)
    row.elsewhereOut = Math.max(row.elsewhereOut, rest.out)
    row.elsewhereIn = Math.max(row.elsewhereIn, rest.in)
  }
  /** As far as rows of others have told since this began. */
  const raiseToTold = (row: FlowRow): void => {
    let [out, bytesIn] = [0, 0]
    for (const other of book.ofSocket(row)) {
      out += other.toldOut
      bytesIn += other.toldIn
    }
    row.elsewhereOut = Math.max(row.elsewhereOut, out)
    row.elsewhereIn = Math.max(row.elsewhereIn, bytesIn)
  }
  /** Rows of the same source and socket: nobody knows which of them has what another source told. */
  const siblings = (row: FlowRow): FlowRow[] =>
    row.isPeerless ? book.peerless(row).filter(({ source }) => source === row.source) : []

  return {
    meet(row, isAnother) {
      if (!row.isPeerless) {
        // One that is told late has bytes that the socket's row has told; one that begins after its close has none.
        const hasPart = ({ source, given, isOpen, toldOut, toldIn, lastNs }: FlowRow): boolean => {
          const lateNs = isOpen || !row.isOpen ? LATE_NS : 0n
          const wasTold = toldOut + toldIn > 0 && row.firstNs <= lastNs + lateNs
          return source !== row.source && (given !== undefined || wasTold)
        }
        if (book.peerless(row).some(hasPart)) letPass(row)
        return
      }
      const isGiven = untold().some(({ source, id }) => source === row.source && id === `${row.id}`)
      if (isGiven) return
      const kept = known.get(keyOf(row))
      if (kept !== undefined) addElsewhere(row, kept.out, kept.in)
      if (isFoundOpen(row)) {
        // Who told of its past, and has forgotten it, nobody knows; nettop counts from its own beginning.
        if (kept === undefined && isAnother && row.source !== Source.nettop) letPass(row)
      } else if (siblings(row).length === 0) {
        raiseToTold(row)
      }
    },
    told(row, out, bytesIn) {
      row.toldOut += out
      row.toldIn += bytesIn
      if (out + bytesIn === 0) return
      // An engine before this one may have been told of it, and kept what that was.
      const isToldAgain = row.toldOut === out && row.toldIn === bytesIn && isFoundOpen(row)
      const sources = new Set([row.source])
      for (const other of book.peerless(row)) {
        if (sources.has(other.source) || other.given !== undefined) continue
        sources.add(other.source)
        if (isToldAgain && known.has(keyOf(other))) raiseToTold(other)
        else addElsewhere(other, out, bytesIn)
      }
    },
    hold(row, isHere) {
      const isOther = ({ source, given }: FlowRow): boolean =>
        given !== undefined && source !== row.source && isHere(source)
      row.coveredBy ??= book.peerless(row).find(isOther)
      const by = row.coveredBy
      const isTold =
        by !== undefined &&
        (by.given !== undefined
          ? isHere(by.source)
          : !by.isOpen && row.lastNs <= by.lastNs + LATE_NS)
      const isToBeTold = untold().some(
        ({ source, ends }) => source !== row.source && haveSameSocket(row, ends),
      )
      if (isTold || isToBeTold) letPass(row)
      return isTold || isToBeTold
    },
    isBesideGiven: (row) => siblings(row).some(({ given }) => given !== undefined),
    claim(row) {
      const own = { out: row.elsewhereOut, in: row.elsewhereIn }
      const others = siblings(row).filter(({ given }) => given === undefined)
      for (const one of others) {
        // What one that has closed counted is its own.
        const rest = one.isOpen ? { out: 0, in: 0 } : restOf(one)
        own.out += one.elsewhereOut - rest.out
        own.in += one.elsewhereIn - rest.in
        one.elsewhereOut = rest.out
        one.elsewhereIn = rest.in
      }
      row.elsewhereOut = row.elsewhereIn = 0
      const next = others.find(({ isOpen }) => isOpen)
      const most = next ? restOf(row) : { out: Infinity, in: Infinity }
      const out = Math.max(0, Math.min(own.out, most.out))
      const bytesIn = Math.max(0, Math.min(own.in, most.in))
      if (next) addElsewhere(next, Math.max(0, own.out - out), Math.max(0, own.in - bytesIn))
      return { out, in: bytesIn }
    },
    memory: () =>
      [...book.rows()]
        .filter((row) => row.isOpen && row.given === undefined)
        .filter(({ elsewhereOut, elsewhereIn }) => elsewhereOut + elsewhereIn > 0)
        .map(({ source, id, epoch, elsewhereOut, elsewhereIn }) => ({
          ...{ source, id: `${id}`, epoch, out: elsewhereOut, in: elsewhereIn },
        })),
  }
}
