// What a policy holds back, by which rule, and for how long: each alert that it keeps from being raised is counted.
import type { Baseline } from '../../baseline/baseline.ts'
import { type Clock, wallNowMs } from '../clock.ts'
import type { EngineCounters } from '../counters.ts'
import type { Exception } from '../exception.ts'
import type { Pair, PairTable } from '../pair/pair-table.ts'
import { exceptionsFor, type Policy, ruleFor, type Sending } from '../policy.ts'
import { createHeldSendings, type HeldSending } from './held-sendings.ts'

export type Suppression = {
  /** Whether the policy keeps this pair from having an alert, which is counted. */
  holdsBack(pair: Pair, sending: Sending): boolean
  /** Whether what held the pair back before does so still. */
  isHeld(pair: Pair): boolean
  /** The policy is another: what the one before held back is judged by it, and what was sent stays counted. */
  judgeAnew(): void
  /** Time passed. */
  pass(): void
  /** What becomes of a pair's row, of which exceptions count the bytes: see `HeldSendings`. */
  left(slot: number, key: string, isWithAlert: boolean): void
  came(key: string, isRestored: boolean): void
  renamed(former: string, key: string): void
  recounted(key: string, bytes: number): void
  seed(): void
  save(): void
}

/** More rules than two policies have; those of earlier ones are forgotten first. */
const RULES_MAX = 4096
const SUM_INTERVAL_MS = 1000

export function createSuppression(parts: {
  pairs: PairTable
  clock: Clock
  baseline: Baseline
  counters: EngineCounters
  /** Pairs that exceptions may name at once. */
  heldMax: number
  policy: () => Policy
  /** Alerts held back, by rule. */
  byRule: Map<string, number>
}): Suppression {
  const { pairs, clock, baseline, counters, policy, byRule } = parts
  const sendings = createHeldSendings({ pairs, clock, baseline, max: parts.heldMax })
  /** Bytes of a day of all that each exception names, as of the last look: also of what it did not hold back. */
  const sums = new Map<Exception, number>()
  let summedAtMs = Number.NEGATIVE_INFINITY

  const addTo = (exception: Exception, bytes: number): void => {
    sums.set(exception, (sums.get(exception) ?? 0) + bytes)
  }
  const sum = (): void => {
    summedAtMs = clock.nowMs
    sums.clear()
    for (const held of sendings.each()) {
      held.summed = sendings.day(held)
      for (const exception of held.named) addTo(exception, held.summed)
    }
  }
  /** Of an exception of the policy in force that names it. */
  const holds = (exception: Exception, held: HeldSending): boolean => {
    const own = sendings.day(held)
    return (
      wallNowMs(clock) < exception.untilMs &&
      own + (sums.get(exception) ?? 0) - held.summed <= exception.bytesPerDayMax
    )
  }
  /** The first that holds it back; all that name it count what it sends. Undefined where there is no room to count it. */
  const holder = (named: Exception[], pair: Pair, sending: Sending): Exception | undefined => {
    const held = named.length > 0 ? sendings.of(pair.key, sending) : undefined
    if (held === undefined) return undefined
    const before = held.summed
    held.summed = sendings.day(held)
    for (const exception of held.named) addTo(exception, held.summed - before)
    for (const exception of named)
      if (!held.named.includes(exception)) {
        held.named.push(exception)
        addTo(exception, held.summed)
      }
    return named.find((one) => holds(one, held))
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
    holdsBack(pair, sending) {
      const rule = ruleFor(policy(), sending)
      const named = rule === undefined ? exceptionsFor(policy(), sending) : []
      pair.exception = holder(named, pair, sending)
      pair.suppressed = rule !== undefined || pair.exception !== undefined
      if (pair.suppressed) count(rule ?? pair.exception?.rule ?? '')
      return pair.suppressed
    },
    isHeld(pair) {
      if (!pair.suppressed || pair.exception === undefined) return pair.suppressed
      const held = sendings.find(pair.key)
      pair.suppressed = held !== undefined && holds(pair.exception, held)
      return pair.suppressed
    },
    judgeAnew() {
      pairs.each((_, pair) => {
        pair.suppressed = false
        pair.exception = undefined
      })
      for (const held of sendings.each()) held.named = exceptionsFor(policy(), held.sending)
      sum()
    },
    pass() {
      if (sendings.size() === 0 || clock.nowMs - summedAtMs < SUM_INTERVAL_MS) return
      sendings.pass()
      sum()
    },
    left: sendings.left,
    came: sendings.came,
    renamed(former, key) {
      if (sendings.renamed(former, key)) sum()
    },
    recounted: sendings.recounted,
    seed() {
      sendings.seed()
      for (const held of sendings.each()) held.named = exceptionsFor(policy(), held.sending)
      sum()
    },
    save: sendings.save,
  }
}
