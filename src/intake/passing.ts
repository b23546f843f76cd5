// Flows pass from one source to another, each with its rows: those that stay with who has them, and those that somebody
// goes on with when who had them says no more.
import type { FlowBook } from './flow-book.ts'
import { beganTogether } from './flow-index.ts'
import { type FlowRow, isUdp } from './flow-row.ts'
import type { Giving } from './giving.ts'

/** A source that says nothing of a flow for so long, of which another says more, is behind. */
const BEHIND_NS = 15_000_000_000n
/** NetworkStatistics and nettop look once a second, and what they tell is a second on its way at the most. */
const NEXT_WITHIN_NS = 2_000_000_000n

export type Passing = {
  /** Whether the believed source tells it, or the engine has it from another. */
  isTold(row: FlowRow): boolean
  /** Whether no other source has told it. */
  isUntold(row: FlowRow): boolean
  /** Whether what it has is for the engine to know, and not held. */
  hasNews(row: FlowRow): boolean
  /** Those that were held until more is known of what they are: to be looked at again. */
  takeUnsure(): FlowRow[]
  /** What the believed source can never tell, from who has it. */
  giveStaying(): void
  /** Who else tells it now. */
  otherOf(row: FlowRow): FlowRow | undefined
  /** Given flows of sources that are gone, which the one that is believed now has not named. */
  closeOrphans(): void
  /** What a source had that is gone, and that was not the one believed, goes on with another that has it. */
  handOver(source: number): void
  /** It is no more: what others tell of its sockets waits for it no longer. */
  forsake(source: number): void
  /**
   * Flows of which the believed source says nothing more while another does: from here on they are the other's. Where it is not
   * sure which they are, only once it says nothing of all that they may be.
   */
  takeOverBehind(nowNs: bigint): void
}

export function createPassing(
  book: FlowBook,
  giving: Giving,
  who: {
    believed(): number
    isWorking(source: number): boolean
    nowNs(): bigint
    /** Whether the believed source can never tell it, and its own has it. */
    staysWith(row: FlowRow): boolean
  },
): Passing {
  const { give, takeFrom, closeLost, markTold, findEnd, hasNothingNew, sockets } = giving
  const { believed, isWorking, staysWith, nowNs } = who
  const unsure = new Set<FlowRow>()
  const isOpen = (row: FlowRow): boolean => row.isOpen

  const isTold = (row: FlowRow): boolean =>
    row.isSocket
      ? book.ofSocket(row).some(({ given }) => given !== undefined)
      : book.sameFlow.has(row, 'given') ||
        book.sameFlow.has(row, 'all', ({ source }) => source === believed())
  const isUntold = (row: FlowRow): boolean =>
    !row.isLoopback && !book.sameFlow.has(row, 'given') && !book.sameFlow.has(row, 'ended')
  /** A UDP socket is the believed source's, whoever has it; else what another tells of it is held. */
  const isHeld = (row: FlowRow): boolean =>
    !(row.isSocket && row.source === believed()) && sockets.hold(row, isWorking)
  /**
   * Without a port it would go on with an older flow of its process to its peer, which another source has: that one's row of
   * it may come next.
   */
  const isUnsure = (row: FlowRow): boolean => {
    unsure.delete(row)
    if (isUdp(row) || row.localPort !== 0 || nowNs() >= row.firstNs + NEXT_WITHIN_NS) return false
    const other = book.sameFlow.find(row, 'given', isOpen)
    if (other === undefined || beganTogether(row, other) || !isWorking(other.source)) return false
    unsure.add(row)
    return true
  }
  const hasNews = (row: FlowRow): boolean => {
    findEnd(row)
    return !isHeld(row) && !isUnsure(row) && !hasNothingNew(row)
  }
  /** Whether nothing was told for so long of any flow that this one may be. */
  const areAllBehind = (row: FlowRow, nowNs: bigint): boolean => {
    const isTalkedOf = ({ isOpen, lastNs }: FlowRow): boolean =>
      isOpen && nowNs < lastNs + BEHIND_NS
    return !book.sameFlow.has(row, 'given', isTalkedOf)
  }
  /** Whether one that is told without a port has counted the same: then that is the likest, and nothing is missing. */
  const hasItsLike = (row: FlowRow): boolean =>
    row.isOpen &&
    row.localPort !== 0 &&
    !row.hasOwnBeginning &&
    book.sameFlow.has(
      row,
      'given',
      ({ isOpen, localPort, out, in: bytesIn }) =>
        isOpen && localPort === 0 && out === row.out && bytesIn === row.in,
    )
  const otherOf = (row: FlowRow): FlowRow | undefined =>
    book.sameFlow.find(row, 'all', ({ isOpen, source }) => isOpen && isWorking(source))
  const giveAll = (row: FlowRow): void => {
    give(row)
    if (!row.isOpen) markTold(row)
  }

  return {
    isTold,
    isUntold,
    hasNews,
    otherOf,
    takeUnsure() {
      const rows = [...unsure]
      unsure.clear()
      return rows
    },
    giveStaying() {
      for (const row of book.rows()) {
        if (row.given !== undefined || !staysWith(row) || isTold(row) || !hasNews(row)) continue
        // One that closed between two engines.
        if (row.isOpen || (row.ended === undefined && isUntold(row))) giveAll(row)
      }
    },
    closeOrphans() {
      for (const row of book.rows())
        if (row.given !== undefined && row.source !== believed() && !isWorking(row.source))
          closeLost(row)
    },
    handOver(source) {
      for (const row of [...book.rows()]) {
        if (row.given === undefined || row.source !== source) continue
        const other = otherOf(row)
        if (other !== undefined) takeFrom(row, other)
      }
    },
    forsake(source) {
      for (const row of book.rows()) {
        if (row.source !== source || !row.isSocket || !row.isOpen) continue
        row.isOpen = false
        row.isLost = true
        book.touch(row)
        closeLost(row)
      }
    },
    takeOverBehind(nowNs) {
      const rests = (row: FlowRow): boolean => row.isOpen && nowNs >= row.lastNs + BEHIND_NS
      const resting = new Set<string>()
      for (const row of book.rows())
        if (row.given !== undefined && rests(row)) resting.add(row.peer)
      for (const row of [...book.rows()]) {
        // What others have told of a socket meanwhile is taken off it here, whatever rests.
        if (row.given !== undefined || row.source === believed() || hasNothingNew(row)) continue
        if (!resting.has(row.peer)) continue
        // Of several without a port one that rests would be taken for one that moves, and told by both; unless all rest that are
        // told: then each that moves goes on with one of them, and what they sent together is told once.
        const areBehind = areAllBehind(row, nowNs)
        if (!areBehind && book.sameFlow.isOneOfSeveral(row, 'given', isOpen)) continue
        if (hasItsLike(row)) continue
        const told = book.sameFlow.find(row, 'given', isOpen)
        if (told === undefined || !rests(told) || row.lastNs <= told.lastNs) continue
        if (row.isOpen && row.out <= told.out && row.in <= told.in) continue
        if (!areBehind && !book.isSure(row, told)) continue
        giveAll(row)
      }
    },
  }
}
