// Which flows detection leaves out, and why.
import { type Clock, wallNowMs } from '../clock.ts'
import type { EngineCounters, LeftOutReason } from '../counters.ts'
import { NOVELTY_DAYS } from '../identity/identity-age.ts'
import { isUnvouched } from '../identity/vouching.ts'
import type { Policy } from '../policy.ts'
import { isGone } from '../process/gone-processes.ts'
import type { IdentityState, Process } from '../process/process.ts'
import { isScored, scopeOf } from '../scope.ts'
import type { FlowRows } from './flow-rows.ts'
import { F, FLOW_WORDS, Phase } from './flow-table.ts'

const DAY_MS = 86_400_000

export type LeftOut = {
  /** Whether this identity is asked for what it sends in the flow, and may give it. */
  serves(slot: number, identity: IdentityState): boolean
  /** Why detection leaves the flow of this process out; undefined when it does not. */
  reasonToLeaveOut(slot: number, process: Process): LeftOutReason | undefined
  leaveOut(slot: number, reason: LeftOutReason): void
}

/** `isUnsure`: whose a process is, is not known since it was given something. */
export function createLeftOut(
  parts: { clock: Clock; counters: EngineCounters; rows: FlowRows; policy: () => Policy },
  isUnsure: (process: Process) => boolean,
): LeftOut {
  const { clock, counters, rows } = parts
  const { u32 } = rows.table

  /**
   * What it is asked for it may give: somebody vouches for it and it acts for nobody, or it has been here for long. Where
   * nobody knows that it was asked, it is the system's. A version of a script inherits how long the one before has used the
   * network, and may be another program: it is as old as itself.
   */
  const serves = (slot: number, identity: IdentityState): boolean => {
    const { stored, responsible } = identity
    if (!rows.isInbound(slot)) return false
    const sinceMs = Math.max(identity.firstNetworkMs, Number(stored.firstExecAt) / 1e6)
    if (!rows.isAccepted(slot))
      return responsible === undefined && stored.signerClass === 'platform'
    return (
      (responsible === undefined && !isUnvouched(stored.signerClass)) ||
      wallNowMs(clock) - sinceMs >= NOVELTY_DAYS * DAY_MS
    )
  }

  const reasonToLeaveOut = (slot: number, process: Process): LeftOutReason | undefined => {
    const policy = parts.policy()
    if (policy.ownPids.includes(process.pid) && !isGone(process)) return 'own'
    const scope = scopeOf(rows.addressOf(slot), policy)
    if (!isScored(scope, policy) && scope !== 'external' && scope !== 'private') return scope
    const { identity } = process
    return identity && !isUnsure(process) && serves(slot, identity) ? 'inbound' : undefined
  }

  return {
    serves,
    reasonToLeaveOut,
    leaveOut(slot, reason) {
      u32[slot * FLOW_WORDS + F.phase] = Phase.leftOut
      counters.leftOut[reason]++
    },
  }
}
