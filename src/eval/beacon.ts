// How even the intervals between connections are, as RITA has it (activecm/rita, analysis/beacons.go): Bowley's skewness near 0
// and a small median absolute deviation are a machine's, not a person's.
import { quantile } from './statistics.ts'

/** default_config.hjson: first seen within 7 days adds 15 per cent, 30 days or more take them. */
const PREVALENCE = 0.15
const YOUNG_DAYS = 7
const OLD_DAYS = 30
/** A deviation of so many seconds counts nothing. */
const MAD_MAX_MS = 30_000

/** In [0, 1]. REQUIRES: at least two beginnings, in order of time. */
export function beaconScore(starts: readonly number[], ageDays: number): number {
  const gaps = starts.slice(1).map((at, i) => at - (starts[i] as number))
  const [low = 0, middle = 0, high = 0] = [0.25, 0.5, 0.75].map((share) => quantile(gaps, share))
  const skew = high === low ? 0 : (low + high - 2 * middle) / (high - low)
  const mad =
    quantile(
      gaps.map((gap) => Math.abs(gap - middle)),
      0.5,
    ) ?? 0
  const even = 1 - Math.abs(skew)
  const steady = Math.max(0, 1 - mad / MAD_MAX_MS)
  const age = ageDays < YOUNG_DAYS ? PREVALENCE : ageDays >= OLD_DAYS ? -PREVALENCE : 0
  return Math.min(1, Math.max(0, (even + steady) / 2 + age))
}
