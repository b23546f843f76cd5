// When an agent says how its policies stand: at once where something else holds or was refused, and what they held back once
// a minute.
import type { PolicyPush, PolicyReport } from './policy-message.ts'

/** Of an agent that takes policies. */
export type PolicyTaker = {
  take(push: PolicyPush): void
  /** A push came that is larger than any message may be: nothing of it was read. */
  refuseLarge(): void
  report(): PolicyReport
}

const SUPPRESSED_TOLD_MS = 60_000
/** Each is verified and may be written: who sends many is not to keep the agent busy. */
const TAKEN_EVERY_MS = 1000

/** On one connection: what is to be said now, or undefined. */
export function createPolicyTelling(policies: PolicyTaker): () => PolicyReport | undefined {
  let said = ''
  let saidAtMs = Number.NEGATIVE_INFINITY
  let suppressedSaid = 0
  return () => {
    const report = policies.report()
    const { suppressed, suppressions: _, ...standing } = report
    const text = JSON.stringify(standing, (__, value: unknown) =>
      typeof value === 'bigint' ? `${value}` : value,
    )
    const nowMs = performance.now()
    const isDue = suppressed !== suppressedSaid && nowMs - saidAtMs >= SUPPRESSED_TOLD_MS
    if (text === said && !isDue) return undefined
    said = text
    saidAtMs = nowMs
    suppressedSaid = suppressed
    return report
  }
}

export type PolicyTaking = { take(push: PolicyPush): void; refuseLarge(): void; end(): void }

/** On one connection: takes what is sent, once a second at the most; of what comes between the last is taken. */
export function createPolicyTaking(
  taker: Pick<PolicyTaker, 'take' | 'refuseLarge'>,
  onTaken: () => void,
): PolicyTaking {
  let waiting: PolicyPush | undefined
  let timer: NodeJS.Timeout | undefined
  const takeNow = (push: PolicyPush): void => {
    waiting = undefined
    timer = setTimeout(() => {
      timer = undefined
      if (waiting) takeNow(waiting)
    }, TAKEN_EVERY_MS)
    taker.take(push)
    onTaken()
  }
  return {
    take(push) {
      if (timer) waiting = push
      else takeNow(push)
    },
    refuseLarge() {
      taker.refuseLarge()
      onTaken()
    },
    end: () => clearTimeout(timer),
  }
}
