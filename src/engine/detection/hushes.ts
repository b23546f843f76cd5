// Sums below which a pair is not told, as long as nothing but they change: most reports end at four comparisons.
import type { Pair } from '../pair/pair-table.ts'
import { SUM } from './excess-ledger.ts'
import { L, LINE_DOUBLES, type PairLines } from './pair-lines.ts'

/** For so long what beside its numbers decides of a pair stands: how old it is, how many programs are new, what others do. */
const HOLDS_MS = 600_000
/** A logarithm is rounded: what is told must not lie just below its level. */
const A_LITTLE_LESS = 1 - 1e-9

type Circumstances = Pair['identity']['circumstances']

export type Hushes = {
  /** Another time, or another of all that decides: returns whether nothing that was said holds any more. */
  turn(nowMs: number, isOther: boolean): boolean
  /** Bytes from which the pair in `slot` may be told; Infinity: never. */
  set(
    slot: number,
    circumstances: Circumstances,
    placeHard: number,
    placeSoft: number,
    programHard: number,
    programSoft: number,
  ): void
  forget(slot: number): void
  /** Whether its sums are below; undefined: nothing holds of it. */
  isBelow(slot: number, circumstances: Circumstances, sums: Float64Array): boolean | undefined
}

export function createHushes({ f64 }: PairLines): Hushes {
  const said: (Circumstances | undefined)[] = []
  let moment = 0
  let fromMs = Number.NaN
  return {
    turn(nowMs, isOther) {
      if (!isOther && nowMs >= fromMs && nowMs < fromMs + HOLDS_MS) return false
      fromMs = Math.floor(nowMs / HOLDS_MS) * HOLDS_MS
      moment++
      return true
    },
    set(slot, circumstances, placeHard, placeSoft, programHard, programSoft) {
      const base = slot * LINE_DOUBLES + L.levels
      f64[base + SUM.placeHard] = placeHard * A_LITTLE_LESS
      f64[base + SUM.placeSoft] = placeSoft * A_LITTLE_LESS
      f64[base + SUM.programHard] = programHard * A_LITTLE_LESS
      f64[base + SUM.programSoft] = programSoft * A_LITTLE_LESS
      f64[slot * LINE_DOUBLES + L.moment] = moment
      said[slot] = circumstances
    },
    forget(slot) {
      f64[slot * LINE_DOUBLES + L.moment] = -1
    },
    isBelow(slot, circumstances, sums) {
      const base = slot * LINE_DOUBLES + L.levels
      if (f64[slot * LINE_DOUBLES + L.moment] !== moment || said[slot] !== circumstances)
        return undefined
      return (
        (sums[SUM.placeHard] as number) < (f64[base + SUM.placeHard] as number) &&
        (sums[SUM.placeSoft] as number) < (f64[base + SUM.placeSoft] as number) &&
        (sums[SUM.programHard] as number) < (f64[base + SUM.programHard] as number) &&
        (sums[SUM.programSoft] as number) < (f64[base + SUM.programSoft] as number)
      )
    },
  }
}
