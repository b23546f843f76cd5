// What each pair did in an hour, said when the hour is over or the pair leaves the table: no byte of a pair
// goes unsaid, and none is said twice.
import type { Baseline } from '../../baseline/baseline.ts'
import { bytes, bytesSum, type UnixNs } from '../../units.ts'
import { type Clock, wallNow } from '../clock.ts'
import type { PairSummary } from '../finding.ts'
import type { IdentityBook } from '../identity/identity-book-parts.ts'
import type { IdentityState } from '../process/process.ts'
import { C, P, PAIR_DOUBLES, PAIR_INTEGERS } from './pair-row.ts'
import type { Pair, PairTable } from './pair-table.ts'

const HOUR_NS = 3_600_000_000_000n

export type Summarizer = {
  /** Time passed: says every pair when the hour of the wall clock has changed. */
  pass(at: UnixNs): void
  /**
   * Says the pair in `slot` now, if it has moved anything that was not said; of `whose` where that is what its identity
   * is found to be, which takes over its use (`IdentityBook.join`).
   */
  sayOne(slot: number, whose?: IdentityState): void
  sayAll(): void
}

export function createSummarizer(
  pairs: PairTable,
  baseline: Baseline,
  book: IdentityBook,
  clock: Clock,
  emit: (summary: PairSummary) => void,
  onSaid: (pair: Pair) => void,
): Summarizer {
  let hour = -1n

  const sayOne = (slot: number, hourAt: bigint, whose?: IdentityState): void => {
    const pair = pairs.meta[slot]
    if (pair === undefined) return
    const base = slot * PAIR_DOUBLES
    const row = slot * PAIR_INTEGERS
    const d = pairs.f64
    const out = (d[base + P.out] as number) - (d[base + P.summaryOut] as number)
    const bytesIn = (d[base + P.in] as number) - (d[base + P.summaryIn] as number)
    if (out + bytesIn === 0) return
    onSaid(pair)
    emit({
      identityKey: (whose ?? pair.identity).stored.key,
      destination: pair.destination.view,
      hourAt: hourAt as UnixNs,
      bytesOut: bytesSum(out, 'bytes_out'),
      bytesIn: bytesSum(bytesIn, 'bytes_in'),
      flows: pairs.i32[row + C.summaryFlows] as number,
      largestFlowOut: bytes(d[base + P.summaryLargest] as number, 'largest_flow_out'),
    })
    d[base + P.summaryOut] = d[base + P.out] as number
    d[base + P.summaryIn] = d[base + P.in] as number
    d[base + P.summaryLargest] = 0
    // Flows that stay open are flows of the next hour too.
    pairs.i32[row + C.summaryFlows] = pairs.i32[row + C.openFlows] as number
    if (whose) return
    const at = wallNow(clock)
    book.usedNetwork(pair.identity, at)
    const identityKey = pair.identity.stored.key
    const destinationKey = pair.destination.view.key
    const known = baseline.destination(identityKey, destinationKey)
    if (known) baseline.putDestination({ ...known, lastAt: at })
  }

  return {
    pass(at) {
      const now = at / HOUR_NS
      if (now === hour) return
      const ended = hour < 0n ? now : hour
      hour = now
      pairs.each((slot) => sayOne(slot, ended * HOUR_NS))
    },
    sayOne(slot, whose) {
      sayOne(slot, (wallNow(clock) / HOUR_NS) * HOUR_NS, whose)
    },
    sayAll() {
      pairs.each((slot) => sayOne(slot, (wallNow(clock) / HOUR_NS) * HOUR_NS))
    },
  }
}
