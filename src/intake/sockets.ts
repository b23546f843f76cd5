// UDP sockets without a peer. NetworkStatistics and nettop tell one row of such a socket for all its peers, and two where
// it is of both families; the filter tells a flow for each peer. So nothing says which part of the one is the other:
//   - A row that is given tells all its socket's bytes. What other sources tell of that socket is covered by it: heard, and
//     not handed on.
//   - What the engine was told of a socket by rows of other sources is counted for the row that is not given, and taken off
//     it when it is: all rows count from their socket's beginning, but nettop's of what it found open.
// Sources tell of one moment up to a second apart, so at a change of source what a socket moved in that second may count
// twice or not at all.
import { Source } from '../records/record.gen.ts'
import type { FlowBook } from './flow-book.ts'
import { haveSameSocket } from './flow-index.ts'
import type { FlowRow } from './flow-row.ts'
import type { Counts } from './witness.ts'

export type Sockets = {
  /**
   * A row is told for the first time. `isAnother`: another source of flows has told some before; `isOlder`: its own was at
   * work before this process.
   */
  meet(row: FlowRow, isAnother: boolean, isOlder: boolean): void
  /** The engine was told so much more by it. */
  told(row: FlowRow, out: number, bytesIn: number): void
  /** What it counts is told by another: `isHere` says whether a source still tells anything. */
  hold(row: FlowRow, isHere: (source: number) => boolean): boolean
  /** Those that were held until more is known of their sockets: to be looked at again. */
  takeUnsure(): FlowRow[]
  /** Whether another row of its socket is given by its source: then what others tell of the socket is held. */
  isBesideGiven(row: FlowRow): boolean
  /** Shares what others told among the rows of its socket. */
  settle(row: FlowRow): void
  /** What of its counts has been told by others, beside what it told itself: from here on it is given. */
  claim(row: FlowRow): Counts
}

/** A source that has said nothing of a socket for so long has nothing to say of it: each looks once a second. */
const SURE_NS = 10_000_000_000n
/** A row's last report may come after the one that closed its socket's. */
const LATE_NS = 2_000_000_000n

/** `nowNs`: since boot. */
export function createSockets(book: FlowBook, nowNs: () => bigint): Sockets {
  /** Without a local port, and held for a socket that was there before: its own may be told next. */
  const unsure = new Set<FlowRow>()
  const mayBeOther = (row: FlowRow, by: FlowRow): boolean =>
    row.localPort === 0 && by.firstNs + LATE_NS < row.firstNs
  /** Since the one had bytes the other has moved none: those are of another socket, which nobody else tells. */
  const hasMovedNone = ({ bytesSinceNs }: FlowRow, by: FlowRow): boolean =>
    bytesSinceNs === 0n || by.lastNs + LATE_NS < bytesSinceNs
  const isUnsure = (row: FlowRow, by: FlowRow): boolean =>
    mayBeOther(row, by) && (hasMovedNone(row, by) || nowNs() < row.firstNs + LATE_NS)
  const isOther = (row: FlowRow, by: FlowRow): boolean =>
    mayBeOther(row, by) &&
    row.bytesSinceNs > 0n &&
    hasMovedNone(row, by) &&
    nowNs() >= row.bytesSinceNs + SURE_NS
  const addElsewhere = (row: FlowRow, out: number, bytesIn: number): void => {
    row.elsewhereOut += out
    row.elsewhereIn += bytesIn
    book.touch(row)
  }
  /** What it counts beside what it was told as before. */
  const restOf = ({ out, in: bytesIn, ended }: FlowRow): Counts => ({
    out: out - (ended?.out ?? 0),
    in: bytesIn - (ended?.in ?? 0),
  })
  /**
   * All that it has now was told by others, but for what it told itself before; what `told` added to a part is among it
   * as soon as that says more.
   */
  const letPass = (row: FlowRow): void => {
    const rest = restOf(row)
    const mayHaveMore = row.isSocket || row.out + row.in === row.besideTold
    row.elsewhereOut = mayHaveMore ? Math.max(row.elsewhereOut, rest.out) : rest.out
    row.elsewhereIn = mayHaveMore ? Math.max(row.elsewhereIn, rest.in) : rest.in
    book.touch(row)
  }
  /** As far as rows of others have told since this began. */
  const raiseToTold = (row: FlowRow): void => {
    let [out, bytesIn] = [0, 0]
    for (const other of book.ofSocket(row)) {
      if (other.lastNs + LATE_NS < row.firstNs) continue
      out += other.toldOut
      bytesIn += other.toldIn
    }
    row.elsewhereOut = Math.max(row.elsewhereOut, out)
    row.elsewhereIn = Math.max(row.elsewhereIn, bytesIn)
    book.touch(row)
  }
  /** Rows of the same source and socket: nobody knows which of them has what another source told. */
  const siblings = (row: FlowRow): FlowRow[] =>
    row.isSocket ? book.sockets(row).filter(({ source }) => source === row.source) : []

  /** What siblings that have closed counted is their own, and what they had beyond it this one's. */
  const settle = (row: FlowRow): void => {
    for (const one of siblings(row)) {
      if (one.given !== undefined || one.isOpen) continue
      const rest = restOf(one)
      const out = Math.min(row.elsewhereOut, rest.out - one.elsewhereOut)
      const bytesIn = Math.min(row.elsewhereIn, rest.in - one.elsewhereIn)
      addElsewhere(one, out, bytesIn)
      addElsewhere(row, -out, -bytesIn)
    }
  }

  return {
    meet(row, isAnother, isOlder) {
      if (!row.isSocket) {
        // One that is told late has bytes that the socket's row has told; one that begins after its close has none.
        const hasPart = ({ source, given, isOpen, toldOut, toldIn, lastNs }: FlowRow): boolean => {
          const lateNs = row.isOpen ? 0n : LATE_NS
          const wasTold = toldOut + toldIn > 0 && (isOpen || row.firstNs <= lastNs + lateNs)
          return source !== row.source && (given !== undefined || wasTold)
        }
        const its = book.sockets(row).filter(hasPart)
        // Without a port it may be of a socket that is told next: whether it is held decides.
        const isKnown = row.localPort !== 0 || its.some(({ given }) => given === undefined)
        if (its.length > 0 && isKnown) letPass(row)
        return
      }
      if (row.isFoundOpen) {
        // Who told of its past, and has forgotten it, nobody knows; a nettop that begins counts from its own beginning.
        if (isAnother && (isOlder || row.source !== Source.nettop)) {
          letPass(row)
          // Nor may another row of the socket tell it.
          book.witness.letPass(row)
        }
      } else if (siblings(row).length === 0) {
        raiseToTold(row)
      }
    },
    told(row, out, bytesIn) {
      row.toldOut += out
      row.toldIn += bytesIn
      if (out + bytesIn === 0) return
      const sources = new Set([row.source])
      for (const other of book.sockets(row)) {
        if (sources.has(other.source) || other.given !== undefined) continue
        sources.add(other.source)
        addElsewhere(other, out, bytesIn)
      }
      if (!row.isSocket) return
      // Until a part of it says more nobody knows whether it had these bytes.
      for (const other of book.ofSocket(row))
        if (!other.isSocket && (other.isOpen || other.isLost) && other.given === undefined) {
          addElsewhere(other, out, bytesIn)
          other.besideTold = other.out + other.in
        }
    },
    hold(row, isHere) {
      const isGivenElsewhere = ({ source, given }: FlowRow): boolean =>
        given !== undefined && source !== row.source && isHere(source)
      const { coveredBy } = row
      if (row.localPort === 0 || (coveredBy && !haveSameSocket(row, coveredBy))) {
        // What was let pass for the wrong one is to be told.
        if (coveredBy && row.localPort !== 0) row.elsewhereOut = row.elsewhereIn = 0
        row.coveredBy = undefined
      }
      // One that is over may leave it to another of the two families.
      if (row.coveredBy?.given === undefined)
        row.coveredBy = book.sockets(row).find(isGivenElsewhere) ?? row.coveredBy
      const by = row.coveredBy
      const isTold =
        by !== undefined &&
        (by.given !== undefined
          ? isHere(by.source)
          : !by.isOpen && row.lastNs <= by.lastNs + LATE_NS)
      if (by !== coveredBy) book.touch(row)
      unsure.delete(row)
      if (isTold && isOther(row, by)) return false
      if (isTold && isUnsure(row, by)) unsure.add(row)
      else if (isTold) letPass(row)
      return isTold
    },
    takeUnsure() {
      const rows = [...unsure]
      unsure.clear()
      return rows
    },
    isBesideGiven: (row) => siblings(row).some(({ given }) => given !== undefined),
    settle,
    claim(row) {
      settle(row)
      const others = siblings(row).filter(({ given, isOpen }) => given === undefined && isOpen)
      for (const one of others) {
        addElsewhere(row, one.elsewhereOut, one.elsewhereIn)
        one.elsewhereOut = one.elsewhereIn = 0
        book.touch(one)
      }
      const { elsewhereOut, elsewhereIn } = row
      row.elsewhereOut = row.elsewhereIn = 0
      const [next] = others
      if (next === undefined) return { out: elsewhereOut, in: elsewhereIn }
      const [mine, theirs] = [restOf(row), restOf(next)]
      // Of what is ahead of both nobody knows whose it is: of neither it counts again.
      const part = (all: number, own: number, other: number) =>
        Math.min(all, Math.max(0, own, all - Math.max(0, other)))
      addElsewhere(
        next,
        elsewhereOut - Math.min(elsewhereOut, Math.max(0, mine.out)),
        elsewhereIn - Math.min(elsewhereIn, Math.max(0, mine.in)),
      )
      return {
        out: part(elsewhereOut, mine.out, theirs.out),
        in: part(elsewhereIn, mine.in, theirs.in),
      }
    },
  }
}
