// The thresholds that judge now: of the policy in force, and of this host as it was until today.
import type { Policy } from '../policy.ts'
import { compileThresholds, type Reference, type Thresholds } from './rarity.ts'

const DAY_MS = 86_400_000

export type PresentThresholds = {
  get(): Thresholds
  /** The policy is another than the one for which they were made. */
  isOther(): boolean
  /** Makes them anew where that is so, or a day of this host has ended. */
  renew(nowMs: number): void
}

/** `budget`: false alerts a host-day; undefined: what the policy allows. `scaleOf`: of this host, in proportion to the reference. */
export function createPresentThresholds(
  reference: Reference,
  budget: number | undefined,
  policy: () => Policy,
  scaleOf: (nowMs: number) => number,
): PresentThresholds {
  const compiled = createCompiled(reference)
  let ofPolicy: Policy | undefined
  let ofDay = Number.NaN
  let thresholds = compiled(budget ?? policy().budgetPerHostDay, 1)
  return {
    get: () => thresholds,
    isOther: () => ofPolicy !== policy(),
    renew(nowMs) {
      const day = Math.floor(nowMs / DAY_MS)
      if (day === ofDay && ofPolicy === policy()) return
      ofDay = day
      ofPolicy = policy()
      thresholds = compiled(budget ?? ofPolicy.budgetPerHostDay, scaleOf(nowMs))
    },
  }
}

/** Thresholds of scales and of the budget that they were last asked for: a policy brings another once in a while. */
function createCompiled(reference: Reference) {
  const byScale = new Map<number, Thresholds>()
  let ofBudget = 0
  return (budget: number, scale: number): Thresholds => {
    if (budget !== ofBudget) byScale.clear()
    ofBudget = budget
    const known = byScale.get(scale)
    if (known) return known
    const made = compileThresholds(reference, budget, scale)
    byScale.set(scale, made)
    return made
  }
}
