// How often something came a day, with how far chance may have moved that. Pure.
import type { Interval } from './statistics.ts'

/** `found` in `of` days: so many a day, and the 95 % interval of that. */
export type Rate = { found: number; of: number; perDay: number } & Interval

/** Two-sided 95 %. */
const TAIL = 0.025
const HALVINGS = 80

/**
 * Of what came on each day. A Poisson's exact interval (F. Garwood, Biometrika 28, 1936), widened by how much more days differ than
 * chance makes them: counts times their variance over their mean, where that is above 1, as a sum of weighted Poissons has it (Fay and
 * Feuer, Statistics in Medicine 16, 1997). With nothing in so many days up to 3.69 of that many are believed. REQUIRES: at least one.
 */
export function rateOf(days: readonly number[]): Rate {
  const of = days.length
  const found = days.reduce((sum, count) => sum + count, 0)
  const mean = found / of
  const squares = days.reduce((sum, count) => sum + (count - mean) ** 2, 0)
  const spread = found === 0 || of < 2 ? 1 : Math.max(1, squares / (of - 1) / mean)
  const shape = found / spread
  const bound = (chance: number, more: number): number =>
    (spread * gammaQuantile(shape + more, chance)) / of
  return {
    ...{ found, of, perDay: mean },
    low: found === 0 ? 0 : bound(TAIL, 0),
    high: bound(1 - TAIL, 1),
  }
}

/** Where a gamma of this shape, scale 1, has so much below it. REQUIRES: shape > 0, chance in (0, 1). */
function gammaQuantile(shape: number, chance: number): number {
  let low = 0
  let high = shape + 1
  while (gammaBelow(shape, high) < chance) high *= 2
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2
    if (gammaBelow(shape, middle) < chance) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** The regularised incomplete gamma P(a, x) by its series (Abramowitz and Stegun 6.5.29): all terms are above 0, so none cancel. */
function gammaBelow(a: number, x: number): number {
  if (x <= 0) return 0
  // The first term begins as a logarithm: of a thousand alerts x^a has no double.
  let term = Math.exp(a * Math.log(x) - x - logGamma(a + 1))
  // Too far on either side for doubles.
  if (term === 0) return x < a ? 0 : 1
  let sum = term
  for (let n = 1; term > sum * 1e-15 || n < x; n++) {
    term *= x / (a + n)
    sum += term
  }
  return Math.min(1, sum)
}

/** Stirling's series from 10 on (Abramowitz and Stegun 6.1.41), below by recurrence. REQUIRES: x > 0. */
function logGamma(x: number): number {
  let below = 0
  let at = x
  for (; at < 10; at++) below += Math.log(at)
  const square = at * at
  const series = (1 / 12 - (1 / 360 - (1 / 1_260 - 1 / (1_680 * square)) / square) / square) / at
  return (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + series - below
}
