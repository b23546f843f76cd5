// How rare an excess is: at which budget of false alerts a host-day it would be told. Compiled into thresholds in bytes, so that a
// report compares numbers.
//
// Model: a host has L(x) pairs of program and destination a day whose excess is beyond x, one Pareto tail for all kinds, of which a
// kind has its exposure; an installed program is beyond x with the chance K(x). An excess of a kind with the share `attack` of the
// budget is told at the budget R(x) = (exposure L(x) + installs K(x)) / attack. That is nominal: several levels and ratios are
// looked at, again at each report. What a nominal R spends is measured on reference host-days, whose day's least R each counts once.
import { AGES, CELLS, CLASSES, cellOf } from './classes.ts'
import { isotonic } from './isotonic.ts'
import { BY_AGE, BY_CLASS, BY_DESTINATION, BY_RATIO, INSTALLS_A_DAY } from './priors.ts'

const KIB = 1_024
/** From which the tails are known. */
export const TAIL_FROM_BYTES = 64 * KIB
/** Nothing is told below, however rare: what benign programs exchange in a handshake or two is about as large. */
export const LEAST_BYTES = 128 * KIB
const MOST_BYTES = 2 ** 52

/** A power tail: `at` at 64 KiB, falling with the `exponent`. */
export type Tail = { at: number; exponent: number }

export type Reference = {
  /** Pairs a host-day whose excess is beyond. */
  pairs: Tail
  /** Chance that an installed program's excess on its first day is beyond. */
  installs: Tail
  /** What nominal R spends: false alerts a host-day, rising in both. At least one. */
  spent: readonly { budget: number; nominal: number }[]
}

export type Ratio = keyof typeof BY_RATIO
export const RARITY_RATIOS = ['hard', 'soft'] as const satisfies readonly Ratio[]

/** Budgets for which thresholds are made, as decades below the one that is set: -1 is ten times it, a context may need that. */
export const RUNGS_A_DECADE = 3
export const LOOSEST_DECADES = -1
export const RAREST_DECADES = 3
export const RUNGS = (RAREST_DECADES - LOOSEST_DECADES) * RUNGS_A_DECADE + 1
/** The budget itself. */
const SET_RUNG = -LOOSEST_DECADES * RUNGS_A_DECADE

export type Thresholds = {
  /** Bytes from which an excess of a cell and ratio is told at the budget that is set. */
  told(cell: number, ratio: number): number
  /** The least bytes at which anything of a class could be told, whatever its cell and context. By class. */
  readonly least: Float64Array
  /** How rare, in decades below the budget: 0 is told just now, below 0 not. -Infinity below what is known. */
  rarity(cell: number, ratio: number, bytes: number): number
  /** Bytes from which it is so rare: what `rarity` gives back. */
  bytesAt(cell: number, ratio: number, decades: number): number
}

const tailAt = ({ at, exponent }: Tail, bytes: number): number =>
  at * (bytes / TAIL_FROM_BYTES) ** -exponent

/** R of an excess, nominal. `scale`: this host's pairs in proportion to the reference's. */
export function nominalOf(
  reference: Reference,
  kind: { ofClass: number; age: number; isKnownDestination: boolean },
  ratio: Ratio,
  bytes: number,
  scale = 1,
): number {
  const byClass = BY_CLASS[CLASSES[kind.ofClass] as (typeof CLASSES)[number]]
  const byAge = BY_AGE[kind.age] as (typeof BY_AGE)[number]
  const isFirstDay = kind.age === 0
  const to = isFirstDay
    ? { exposure: 1, attack: 1 }
    : BY_DESTINATION[kind.isKnownDestination ? 'known' : 'new']
  const exposure = byClass.exposure * byAge.exposure * to.exposure * scale
  const installs = isFirstDay ? INSTALLS_A_DAY * byClass.installs : 0
  const spent =
    exposure * tailAt(reference.pairs, bytes) + installs * tailAt(reference.installs, bytes)
  return spent / (byClass.attack * byAge.attack * to.attack * BY_RATIO[ratio])
}

/** The nominal R that spends `budget`; beyond what was measured, in proportion. */
export function nominalFor({ spent }: Reference, budget: number): number {
  const above = spent.findIndex((point) => point.budget >= budget)
  const to = spent[above] ?? spent[spent.length - 1]
  const from = above <= 0 ? undefined : spent[above - 1]
  if (to === undefined) return budget
  if (from === undefined || above < 0) return (to.nominal * budget) / to.budget
  const share = Math.log(budget / from.budget) / Math.log(to.budget / from.budget)
  return from.nominal * (to.nominal / from.nominal) ** share
}

/**
 * `budget`: false alerts a host-day. `scale`: what this host has of pairs in proportion to the reference.
 * REQUIRES: budget > 0.
 */
export function compileThresholds(reference: Reference, budget: number, scale = 1): Thresholds {
  // Logarithms of bytes, by ratio, cell and rung.
  const logs = RARITY_RATIOS.map((ratio) => {
    const ofRatio = new Float64Array(CELLS * RUNGS)
    for (let rung = 0; rung < RUNGS; rung++) {
      const decades = LOOSEST_DECADES + rung / RUNGS_A_DECADE
      const nominal = nominalFor(reference, budget * 10 ** -decades)
      const cells = new Float64Array(CELLS)
      for (let ofClass = 0; ofClass < CLASSES.length; ofClass++)
        for (let age = 0; age < AGES; age++)
          for (const isKnownDestination of [false, true])
            cells[cellOf(ofClass, age, isKnownDestination)] = logOf(
              (bytes) =>
                nominalOf(reference, { ofClass, age, isKnownDestination }, ratio, bytes, scale),
              nominal,
            )
      const pooled = isotonic(cells, [CLASSES.length, AGES, 2])
      for (let cell = 0; cell < CELLS; cell++) ofRatio[cell * RUNGS + rung] = pooled[cell] as number
    }
    return ofRatio
  })
  const logAt = (cell: number, ratio: number, rung: number): number =>
    (logs[ratio] as Float64Array)[cell * RUNGS + rung] as number
  /** Bytes below which a cell has no rung, by ratio: most that is asked for. A little less, as a logarithm is rounded. */
  const floors = logs.map((_, ratio) =>
    Float64Array.from({ length: CELLS }, (_, cell) => {
      const own = Array.from({ length: RUNGS }, (_, rung) => logAt(cell, ratio, rung))
      return Math.exp(Math.min(...own)) * (1 - 1e-9)
    }),
  )
  // By class, the cells of which follow each other.
  const least = Float64Array.from(CLASSES, (_, ofClass) => {
    const own = logs.flatMap((_, ratio) =>
      Array.from({ length: AGES * 2 }, (_, i) => logAt(cellOf(ofClass, 0, false) + i, ratio, 0)),
    )
    return Math.exp(Math.min(...own))
  })

  return {
    told: (cell, ratio) => Math.exp(logAt(cell, ratio, SET_RUNG)),
    least,
    rarity(cell, ratio, bytes) {
      if (bytes < ((floors[ratio] as Float64Array)[cell] as number)) return Number.NEGATIVE_INFINITY
      const log = Math.log(bytes)
      // From the rarest down: an excess at the floor is as rare as the rarest whose threshold the floor is.
      for (let rung = RUNGS - 1; rung >= 0; rung--) {
        const from = logAt(cell, ratio, rung)
        if (log < from) continue
        const decades = LOOSEST_DECADES + rung / RUNGS_A_DECADE
        if (rung === RUNGS - 1) return decades
        const to = logAt(cell, ratio, rung + 1)
        return decades + (log - from) / (to - from) / RUNGS_A_DECADE
      }
      return Number.NEGATIVE_INFINITY
    },
    bytesAt(cell, ratio, decades) {
      const at = Math.min(RUNGS - 1, Math.max(0, (decades - LOOSEST_DECADES) * RUNGS_A_DECADE))
      const rung = Math.floor(at)
      const from = logAt(cell, ratio, rung)
      if (rung === RUNGS - 1) return Math.exp(from)
      return Math.exp(from + (logAt(cell, ratio, rung + 1) - from) * (at - rung))
    },
  }
}

/** Logarithm of the bytes, from LEAST_BYTES on, at which a falling function is down to `least`. */
function logOf(nominal: (bytes: number) => number, least: number): number {
  let low = Math.log(LEAST_BYTES)
  let high = Math.log(MOST_BYTES)
  if (nominal(LEAST_BYTES) <= least) return low
  for (let i = 0; i < 48; i++) {
    const middle = (low + high) / 2
    if (nominal(Math.exp(middle)) <= least) high = middle
    else low = middle
  }
  return high
}
