// What a count of successes, and two lists of scores, are worth. Pure.

export type Interval = { low: number; high: number }

/** 97.5 % quantile of the normal distribution: two-sided 95 %. */
const Z = 1.959963984540054

/**
 * Wilson's interval of a share (E. B. Wilson, JASA 22, 1927), 95 %; [0, 1] of no trials. Unlike the normal one it stays within
 * [0, 1] and is of use at 0 and at all successes. REQUIRES: 0 <= successes <= trials.
 */
export function wilson(successes: number, trials: number): Interval {
  if (trials === 0) return { low: 0, high: 1 }
  const share = successes / trials
  const z2 = Z * Z
  const middle = share + z2 / (2 * trials)
  const half = Z * Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials * trials))
  const by = 1 + z2 / trials
  return {
    low: successes === 0 ? 0 : Math.max(0, (middle - half) / by),
    high: successes === trials ? 1 : Math.min(1, (middle + half) / by),
  }
}

/**
 * How likely one of `above` scores higher than one of `below`, ties as a half (Mann-Whitney's U): the area under the curve.
 * undefined where one of them is empty.
 */
export function auc(above: readonly number[], below: readonly number[]): number | undefined {
  if (above.length === 0 || below.length === 0) return undefined
  const all = [
    ...above.map((score) => ({ score, isAbove: true })),
    ...below.map((score) => ({ score, isAbove: false })),
  ].sort((a, b) => a.score - b.score)
  let ranks = 0
  for (let from = 0; from < all.length; ) {
    let to = from
    while (to < all.length && all[to]?.score === all[from]?.score) to++
    // Ranks count from 1: those who tie share their mean.
    const rank = (from + 1 + to) / 2
    for (let i = from; i < to; i++) if (all[i]?.isAbove) ranks += rank
    from = to
  }
  const n = above.length
  return (ranks - (n * (n + 1)) / 2) / (n * below.length)
}

/** How likely one of so many `above` scores higher than one of so many `below`. */
export type Area = { area: number; above: number; below: number } & Interval

/**
 * The area under the curve with its 95 % interval: Hanley and McNeil's variance (Radiology 143, 1982), solved for the areas at which
 * the one found would be just believed, as Newcombe does (Statistics in Medicine 25, 2006, part 2, method 5). Unlike DeLong's it has a
 * width at 0 and 1 too; ties it takes for comparisons that might have gone either way, so of many it is wide. undefined as `auc`.
 */
export function aucInterval(above: readonly number[], below: readonly number[]): Area | undefined {
  const area = auc(above, below)
  if (area === undefined) return undefined
  const inner = (above.length + below.length) / 2 - 1
  const deviation = (at: number): number =>
    Math.sqrt(
      (at * (1 - at) * (1 + inner * ((1 - at) / (2 - at) + at / (1 + at)))) /
        (above.length * below.length),
    )
  const isTooFar = (at: number): boolean => Math.abs(area - at) > Z * deviation(at)
  return {
    ...{ area, above: above.length, below: below.length },
    low: area === 0 ? 0 : edge(0, area, (at) => !isTooFar(at)),
    high: area === 1 ? 1 : edge(area, 1, isTooFar),
  }
}

/** Where between `low` and `high` it begins to hold. REQUIRES: once it holds, it does up to `high`. */
function edge(low: number, high: number, holds: (at: number) => boolean): number {
  let [from, to] = [low, high]
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (from + to) / 2
    if (holds(middle)) to = middle
    else from = middle
  }
  return (from + to) / 2
}

/** Of [0, 1]: as near as doubles have it. */
const HALVINGS = 60

/** By linear interpolation (Hyndman and Fan's type 7); undefined of nothing. `share` in [0, 1]. */
export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const low = sorted[Math.floor(at)]
  const high = sorted[Math.ceil(at)]
  // Infinity takes no part in sums: Infinity - Infinity is no number.
  if (low === undefined || high === undefined || low === high) return low
  return low + (high - low) * (at - Math.floor(at))
}
