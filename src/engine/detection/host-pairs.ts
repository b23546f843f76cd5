// How many pairs of program and destination of this host send more than an answer explains in a day: hosts differ ninefold, and what
// is rare on one is not on another. Lasting, of the days before today alone, and bounded, so that nobody makes a flood of them say nothing.
import type { Baseline } from '../../baseline/baseline.ts'

const DAY_MS = 86_400_000
/** Days of which it is the mean; the reference counts as one more, so that the first days decide nothing. */
const DAYS_MOST = 14
const SCALE_LEAST = 1 / 4
const SCALE_MOST = 4
/** Scales are told apart by half an octave: each is a table of thresholds. */
const STEPS_AN_OCTAVE = 2
/** Facts are whole numbers. */
const THOUSANDTHS = 1_000

export type HostPairs = {
  /** The pair in `slot` has sent so today; counted once a day. */
  note(slot: number, nowMs: number): void
  /** Another pair is in `slot` from now on. */
  begin(slot: number): void
  /** In proportion to the reference, 1/4 to 4: of the days before this one on which there was any. */
  scale(nowMs: number): number
}

/** `capacity`: slots; `ordinary`: such pairs a host-day in the reference. */
export function createHostPairs(baseline: Baseline, capacity: number, ordinary: number): HostPairs {
  const notedOn = new Int32Array(capacity).fill(-1)
  const fact = (name: 'pairs_day' | 'pairs_today' | 'pairs_mean' | 'pairs_days'): number =>
    Number(baseline.fact(name) ?? 0n)
  const turn = (day: number): void => {
    const since = fact('pairs_day')
    // A clock that was set back ends no day.
    if (day <= since) return
    const today = fact('pairs_today')
    // A day on which it was off, or did nothing, says nothing of the others.
    if (today > 0) {
      const days = Math.min(fact('pairs_days'), DAYS_MOST - 1) + 1
      const mean =
        baseline.fact('pairs_days') === undefined ? ordinary : fact('pairs_mean') / THOUSANDTHS
      baseline.putFact(
        'pairs_mean',
        BigInt(Math.round((mean + (today - mean) / (days + 1)) * THOUSANDTHS)),
      )
      baseline.putFact('pairs_days', BigInt(days))
    }
    baseline.putFact('pairs_today', 0n)
    baseline.putFact('pairs_day', BigInt(day))
  }
  return {
    note(slot, nowMs) {
      const day = Math.floor(nowMs / DAY_MS)
      if (notedOn[slot] === day) return
      notedOn[slot] = day
      turn(day)
      baseline.putFact('pairs_today', BigInt(fact('pairs_today') + 1))
    },
    begin(slot) {
      notedOn[slot] = -1
    },
    scale(nowMs) {
      turn(Math.floor(nowMs / DAY_MS))
      if (baseline.fact('pairs_days') === undefined) return 1
      const octaves = Math.log2(Math.max(fact('pairs_mean') / THOUSANDTHS, 1e-3) / ordinary)
      const scale = 2 ** (Math.round(octaves * STEPS_AN_OCTAVE) / STEPS_AN_OCTAVE)
      return Math.min(SCALE_MOST, Math.max(SCALE_LEAST, scale))
    },
  }
}
