// What a policy holds back, by which rule, and for how long: each alert that it keeps from being raised is counted.
import { type Clock, wallNowMs } from './clock.ts'
import type { EngineCounters } from './counters.ts'
import type { Exception } from './exception.ts'
import { P, PAIR_DOUBLES } from './pair-row.ts'
import type { Pair, PairTable } from './pair-table.ts'
import { exceptionsFor, type Policy, ruleFor, type Sending } from './policy.ts'

export type Suppression = {
  /** Whether the policy keeps this pair from having an alert, which is counted. */
  holdsBack(slot: number, pair: Pair, sending: Sending): boolean
  /** Whether what held the pair back before does so still. */
  isHeld(slot: number, pair: Pair): boolean
  /** Time passed. */
  pass(): void
}

/** More rules than two policies have; those of earlier ones are forgotten first. */
const RULES_MAX = 4096
const SUM_INTERVAL_MS = 1000

export function createSuppression(parts: {
  pairs: PairTable
  clock: Clock
  counters: EngineCounters
  policy: () => Policy
  /** Alerts held back, by rule. */
  byRule: Map<string, number>
}): Suppression {
  const { pairs, clock, counters, policy, byRule } = parts
  /** Bytes of a day of all that each exception names, as of the last look: also of what it did not hold back. */
  const sums = new Map<Exception, number>()
  let summedAtMs = Number.NEGATIVE_INFINITY

  const outOfDay = (slot: number): number => {
    const base = slot * PAIR_DOUBLES
    return (pairs.f64[base + P.out] as number) - (pairs.f64[base + P.dayOut] as number)
  }
  /** Of an exception of the policy in force. */
  const holds = (exception: Exception, slot: number, pair: Pair): boolean => {
    const own = outOfDay(slot)
    const others = pair.exception === exception ? 0 : own
    return (
      wallNowMs(clock) < exception.untilMs &&
      own <= exception.bytesPerDayMax &&
      (sums.get(exception) ?? 0) + others <= exception.bytesPerDayMax
    )
  }
  const count = (rule: string): void => {
    counters.suppressed++
    const before = byRule.get(rule) ?? 0
    // Those that hold something back stay.
    byRule.delete(rule)
    byRule.set(rule, before + 1)
    const [oldest] = byRule.keys()
    if (byRule.size > RULES_MAX && oldest !== undefined) byRule.delete(oldest)
  }

  return {
    holdsBack(slot, pair, sending) {
      const rule = ruleFor(policy(), sending)
      const named = rule === undefined ? exceptionsFor(policy(), sending) : []
      const held = named.find((one) => holds(one, slot, pair))
      pair.exception = held ?? named[0]
      pair.suppressed = rule !== undefined || held !== undefined
      if (pair.suppressed) count(rule ?? held?.rule ?? '')
      return pair.suppressed
    },
    isHeld(slot, pair) {
      if (!pair.suppressed || pair.exception === undefined) return pair.suppressed
      pair.suppressed = holds(pair.exception, slot, pair)
      return pair.suppressed
    },
    pass() {
      if (policy().exceptions.length === 0 && sums.size === 0) return
      if (clock.nowMs - summedAtMs < SUM_INTERVAL_MS) return
      summedAtMs = clock.nowMs
      sums.clear()
      pairs.each((slot, { exception }) => {
        if (exception) sums.set(exception, (sums.get(exception) ?? 0) + outOfDay(slot))
      })
    },
  }
}
