// A content filter that says that it runs and is told nothing by the system, as happens after an update or beside
// another vendor's filter: found by a second source, which sees what it should have told.
import { Source } from '../records/record.gen.ts'
import type { FlowBook, FlowRow } from './flow-book.ts'

/** The filter reports within a second, in batches; a busy machine may take several. */
export const LATE_NS = 10_000_000_000n
/** A Mac at rest may move nothing for a while, and NetworkStatistics begins with what is open. */
export const QUIET_NS = 60_000_000_000n
/** Fewer may be of a kind that the system shows no filter. */
const FLOWS_MIN = 3
const BYTES_MIN = 64 * 1024

/**
 * Whether another source has seen enough, begun after the filter did, of which the filter has told nothing, while it
 * told of no other flow that began since either.
 */
export function isFilterSilent(book: FlowBook, sinceNs: bigint, nowNs: bigint): boolean {
  let flows = 0
  let bytes = 0
  let firstNs = nowNs
  let lastTold = 0n
  const isOfFilter = ({ source }: FlowRow): boolean => source === Source.filter
  for (const row of book.rows()) {
    if (isOfFilter(row)) {
      if (!row.isLoopback && row.firstNs > lastTold) lastTold = row.firstNs
      continue
    }
    // Of a socket without a peer the filter tells a flow for each, which no row here is the same as.
    if (row.isPeerless || row.isLoopback || row.firstNs <= sinceNs || row.firstNs + LATE_NS > nowNs)
      continue
    if (book.sameFlow(row, isOfFilter) !== undefined) continue
    flows++
    bytes += row.out + row.in
    if (row.firstNs < firstNs) firstNs = row.firstNs
  }
  return flows >= FLOWS_MIN && bytes > BYTES_MIN && lastTold < firstNs
}

/** Whether nettop has seen bytes move long enough ago for NetworkStatistics to have told of them. */
export function hasNettopHeard(book: FlowBook, nowNs: bigint): boolean {
  for (const row of book.rows())
    if (row.source === Source.nettop && row.out + row.in > 0 && row.firstNs + LATE_NS <= nowNs)
      return true
  return false
}
