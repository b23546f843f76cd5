// A content filter that says that it runs and is told nothing by the system, or little, as happens after an update or
// beside another vendor's filter: found by a second source, which sees what it should have told.
import { Source } from '../records/record.gen.ts'
import type { FlowBook } from './flow-book.ts'
import type { FlowRow } from './flow-row.ts'

/** The filter reports within a second, in batches; a busy machine may take several. */
export const LATE_NS = 10_000_000_000n
/** A Mac at rest may move nothing for a while, and NetworkStatistics begins with what is open. */
export const QUIET_NS = 60_000_000_000n
/** Sources tell of one flow's beginning at different times: NetworkStatistics and nettop once a second. */
const APART_NS = 2_000_000_000n
/** Fewer may be of a kind that the system shows no filter. */
const FLOWS_MIN = 3
const BYTES_MIN = 64 * 1024
/** So many flows that it told excuse one that it missed: some kinds, as a VPN's own flow, no filter is shown. */
const TOLD_A_MISSED = 3
/** So many flows that it told, one after another, and it is silent no more. */
const AGAIN_MIN = 3
/** Missed flows that are looked at, the newest. */
const MISSED_MAX = 64

export type FilterSilence = {
  /**
   * Whether it is silent from here on. `sinceNs`: when the filter began to work; undefined: it does not. Of what another
   * source saw begin after that it has missed at least three flows that moved more than 64 KiB, and more than a third of
   * what it told since; it is silent until it has told three and missed none of what began after the first of them.
   */
  look(isSilent: boolean, sinceNs: bigint | undefined, nowNs: bigint): boolean
  /** Whether a row counts as missed. Flows may come minutes apart: until then it is not to be forgotten. */
  counts(row: FlowRow): boolean
}

export function createFilterSilence(book: FlowBook): FilterSilence {
  let fromNs: bigint | undefined
  let missed = new Set<FlowRow>()
  /** Those that it told, since a flow that it missed was excused. */
  let told = 0
  /** When those began that it told one after another since it is silent. */
  let again: bigint[] = []
  const judged = new WeakSet<FlowRow>()
  const isOfFilter = ({ source }: FlowRow): boolean => source === Source.filter
  /** What nettop sees as well as NetworkStatistics is one flow. */
  const isNotOfNettop = ({ source }: FlowRow): boolean => source !== Source.nettop

  /** When it last told of a flow to this peer of which it knows no port: whose process it is sources say differently. */
  const peersTold = (): Map<string, bigint> => {
    const peers = new Map<string, bigint>()
    for (const row of book.rows())
      if (isOfFilter(row) && row.localPort === 0) peers.set(row.peer, row.firstNs)
    return peers
  }
  const isTold = (row: FlowRow, peers: ReadonlyMap<string, bigint>): boolean => {
    const others = row.source === Source.nettop ? isNotOfNettop : isOfFilter
    const atNs = peers.get(row.peer)
    return (
      (atNs !== undefined && atNs <= row.firstNs + LATE_NS && row.firstNs <= atNs + LATE_NS) ||
      book.sameFlow.has(row, 'all', others) ||
      book.ofSocket(row).some(others)
    )
  }
  const begin = (atNs: bigint): void => {
    fromNs = atNs
    missed = new Set()
    told = 0
    again = []
  }
  const excuse = (): void => {
    const [oldest] = missed
    if (oldest === undefined) told = 0
    else if (++told === TOLD_A_MISSED) {
      missed.delete(oldest)
      told = 0
    }
  }
  const judge = (row: FlowRow, isSilent: boolean): void => {
    judged.add(row)
    if (isOfFilter(row)) {
      excuse()
      if (isSilent) again.push(row.firstNs)
      return
    }
    missed.add(row)
    again = again.filter((atNs) => atNs + APART_NS > row.firstNs)
    if (missed.size > MISSED_MAX) missed.delete(missed.values().next().value as FlowRow)
  }

  return {
    look(isSilent, sinceNs, nowNs) {
      if (sinceNs === undefined) {
        begin(nowNs)
        return false
      }
      if (fromNs === undefined) begin(nowNs < sinceNs + LATE_NS ? sinceNs : nowNs - LATE_NS)
      if (fromNs === undefined || sinceNs > fromNs) begin(sinceNs)
      const sinceThenNs = fromNs ?? sinceNs
      const peers = peersTold()
      // One of nettop may be told by NetworkStatistics late, and any by the filter.
      for (const row of missed) if (isTold(row, peers)) missed.delete(row)
      const due = [...book.rows()].filter(
        (row) =>
          !judged.has(row) &&
          !row.isLoopback &&
          row.firstNs + LATE_NS <= nowNs &&
          row.firstNs > sinceThenNs,
      )
      due.sort((a, b) => (a.firstNs < b.firstNs ? -1 : a.firstNs > b.firstNs ? 1 : 0))
      for (const row of due) {
        // Of a socket without a peer the filter tells a flow for each, which no row here is the same as. When one began that
        // was found open nobody knows.
        if (
          !isOfFilter(row) &&
          (row.isPeerless || row.isFoundOpen || book.isWithin(row) || isTold(row, peers))
        )
          judged.add(row)
        else judge(row, isSilent)
      }
      if (isSilent) {
        if (again.length < AGAIN_MIN) return true
        begin(nowNs - LATE_NS)
        return false
      }
      const bytes = [...missed].reduce((sum, row) => sum + row.out + row.in, 0)
      return missed.size >= FLOWS_MIN && bytes > BYTES_MIN
    },
    counts: (row) => missed.has(row),
  }
}

/** Whether nettop has seen bytes move long enough ago for NetworkStatistics to have told of them. */
export function hasNettopHeard(book: FlowBook, nowNs: bigint): boolean {
  for (const row of book.rows())
    if (row.source === Source.nettop && row.out + row.in > 0 && row.firstNs + LATE_NS <= nowNs)
      return true
  return false
}
