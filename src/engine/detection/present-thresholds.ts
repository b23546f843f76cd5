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
  let ofPolicy: Policy | undefined
  let ofDay = Number.NaN
  let thresholds = compiled(reference, budget ?? policy().budgetPerHostDay, 1)
  return {
    get: () => thresholds,
    isOther: () => ofPolicy !== policy(),
    renew(nowMs) {
      const day = Math.floor(nowMs / DAY_MS)
      if (day === ofDay && ofPolicy === policy()) return
      ofDay = day
      ofPolicy = policy()
      thresholds = compiled(reference, budget ?? ofPolicy.budgetPerHostDay, scaleOf(nowMs))
    },
  }
}

/** Made so far: a policy brings another budget once in a while, a host another scale a day at most, and an evaluation has many engines. */
const made = new WeakMap<Reference, Map<string, Thresholds>>()
const MADE_MAX = 64

function compiled(reference: Reference, budget: number, scale: number): Thresholds {
  const own = made.get(reference) ?? new Map<string, Thresholds>()
  made.set(reference, own)
  const key = `${budget} ${scale}`
  const known = own.get(key)
  if (known) return known
  if (own.size >= MADE_MAX) own.clear()
  const thresholds = compileThresholds(reference, budget, scale)
  own.set(key, thresholds)
  return thresholds
}
