// A content filter that says that it runs and is told nothing by the system, as happens after an update or beside
// another vendor's filter: found by a second source, which sees what it should have told.
import { Source } from '../records/record.gen.ts'
import type { FlowBook, FlowRow } from './flow-book.ts'

/** The filter reports within a second, in batches; a busy machine may take several. */
export const LATE_NS = 10_000_000_000n
/** A Mac at rest may move nothing for a while, and NetworkStatistics begins with what is open. */
export const QUIET_NS = 60_000_000_000n
/** Sources tell of one flow's beginning at different times: NetworkStatistics and nettop once a second. */
const APART_NS = 2_000_000_000n
/** Fewer may be of a kind that the system shows no filter. */
const FLOWS_MIN = 3
const BYTES_MIN = 64 * 1024

export type FilterSilence = {
  /**
   * Whether another source has seen enough that began since the filter last told of a flow, and of which the filter has
   * told nothing. `sinceNs`: when the filter began to work; undefined: it does not, or is known to be silent.
   */
  look(sinceNs: bigint | undefined, nowNs: bigint): boolean
  /** Whether a row counted with the last look. Flows may come minutes apart: until then it is not to be forgotten. */
  counts(row: FlowRow): boolean
}

export function createFilterSilence(book: FlowBook): FilterSilence {
  /** What began before was told, or may have been. */
  let fromNs = 0n
  let missed = new Set<FlowRow>()
  const told = new WeakSet<FlowRow>()
  const isOfFilter = ({ source }: FlowRow): boolean => source === Source.filter
  /** What nettop sees as well as NetworkStatistics is one flow. */
  const isNotOfNettop = ({ source }: FlowRow): boolean => source !== Source.nettop
  const isTold = (row: FlowRow): boolean => {
    const others = row.source === Source.nettop ? isNotOfNettop : isOfFilter
    // The filter's row may be forgotten before this one.
    if (!told.has(row) && (book.sameFlow(row, others) ?? book.ofSocket(row).find(others)))
      told.add(row)
    return told.has(row)
  }

  return {
    look(sinceNs, nowNs) {
      missed = new Set()
      if (sinceNs === undefined) return false
      if (sinceNs > fromNs) fromNs = sinceNs
      for (const row of book.rows())
        if (isOfFilter(row) && !row.isLoopback && row.firstNs + APART_NS > fromNs)
          fromNs = row.firstNs + APART_NS
      let bytes = 0
      for (const row of book.rows()) {
        // None of the filter's own began later.
        if (row.firstNs <= fromNs || row.firstNs + LATE_NS > nowNs) continue
        // Of a socket without a peer the filter tells a flow for each, which no row here is the same as.
        if (row.isPeerless || row.isLoopback || isTold(row)) continue
        missed.add(row)
        bytes += row.out + row.in
      }
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
