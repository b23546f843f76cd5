// A pair's numbers out of its row and back into one: over a restart, and while its row is another's.
import { C, P, PAIR_DOUBLES, PAIR_INTEGERS } from './pair-row.ts'

/** Integers of a row that are kept, by their names in a snapshot. */
const KEPT = {
  flows: C.flows,
  silentFlows: C.silentFlows,
  unreadFlows: C.unreadFlows,
  inexactFlows: C.inexactFlows,
  earlierFlows: C.earlierFlows,
  atMostFlows: C.atMostFlows,
  tunnelledFlows: C.tunnelledFlows,
  guessedFlows: C.guessedFlows,
  inAboutFlows: C.inAboutFlows,
} as const
type Kept = Record<keyof typeof KEPT, number>
const NAMES = Object.keys(KEPT) as (keyof Kept)[]

/** A pair's numbers as JSON, for a restart. */
export type PairSnapshot = { doubles: number[] } & Kept

export function snapshotOf(f64: Float64Array, i32: Int32Array, slot: number): PairSnapshot {
  const base = slot * PAIR_DOUBLES
  const kept = NAMES.map((name) => [name, i32[slot * PAIR_INTEGERS + KEPT[name]]])
  return {
    doubles: [...f64.subarray(base, base + PAIR_DOUBLES)],
    ...(Object.fromEntries(kept) as Kept),
  }
}

/** Into the row of `slot`. Throws RangeError when it is no snapshot. */
export function restoreTo(
  f64: Float64Array,
  i32: Int32Array,
  slot: number,
  { doubles, ...kept }: PairSnapshot,
): void {
  if (doubles.length !== PAIR_DOUBLES || !doubles.every(Number.isFinite))
    throw new RangeError('pair: not a snapshot')
  const base = slot * PAIR_DOUBLES
  f64.set(doubles, base)
  // What was said or not before is not known: nothing is said twice.
  f64[base + P.summaryOut] = f64[base + P.out] as number
  f64[base + P.summaryIn] = f64[base + P.in] as number
  f64[base + P.summaryLargest] = 0
  for (const name of NAMES) i32[slot * PAIR_INTEGERS + KEPT[name]] = kept[name]
}
