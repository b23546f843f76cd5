// Thresholds: what a detector may spend on false alerts, set on one part of the machines and spent on the other. Pure.

/** A score is told from `least` on, or only above it. */
export type Threshold = { least: number; isStrict: boolean }

export const isTold = (score: number, { least, isStrict }: Threshold): boolean =>
  isStrict ? score > least : score >= least

/** Whether all is told, however little is scored. */
export const isUnbounded = ({ least }: Threshold): boolean => least === Number.NEGATIVE_INFINITY

/**
 * The lowest threshold at which of `scores`, the false alerts of so many days, no more are told than the budget allows. Where all
 * may be told, all are: a detector that raises fewer has no use for the rest.
 */
export function thresholdFor(
  scores: readonly number[],
  days: number,
  alertsADay: number,
): Threshold {
  const allowed = Math.floor(alertsADay * days + 1e-9)
  const highest = scores.toSorted((a, b) => b - a)
  const first = highest[allowed]
  return first === undefined
    ? { least: Number.NEGATIVE_INFINITY, isStrict: false }
    : { least: first, isStrict: true }
}

/** Two parts, each judged by the threshold of the other: every machine counts once. */
export function crossed<M, R>(
  machines: readonly M[],
  budget: (part: readonly M[]) => Threshold,
  spend: (part: readonly M[], threshold: Threshold) => R,
): R[] {
  const even = machines.filter((_, i) => i % 2 === 0)
  const odd = machines.filter((_, i) => i % 2 === 1)
  return [spend(odd, budget(even)), spend(even, budget(odd))]
}
