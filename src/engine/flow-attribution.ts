// Whose a flow is, and whether detection counts it. A flow that comes before its process, or before the
// inspection of its program, waits a bounded while.
import { Direction } from '../records/record.gen.ts'
import { type Clock, wallNow } from './clock.ts'
import type { EngineCounters, LeftOutReason } from './counters.ts'
import { isScored, scopeOf } from './destination.ts'
import type { FlowRows } from './flow-rows.ts'
import { F, FLOW_WORDS, Phase } from './flow-table.ts'
import type { IdentityBook } from './identity-book.ts'
import type { Limits } from './limits.ts'
import type { Policy } from './policy.ts'
import type { Process } from './process.ts'
import type { ProcessTable } from './process-table.ts'

/** Linux gives connecting sockets ports from here on (ip_local_port_range), macOS from 49152. */
const EPHEMERAL_FROM = 32_768

export type AttributionParts = {
  clock: Clock
  counters: EngineCounters
  limits: Limits
  rows: FlowRows
  processes: ProcessTable
  book: IdentityBook
  policy: () => Policy
  /** A flow waits for what the program of this process is. */
  onAwaited: (process: Process) => void
  /** The flow's phase is decided: its bytes may go to a pair, or it may close. */
  onSettled: (slot: number) => void
}

export type FlowAttribution = {
  /** Finds whose flow it is and whether it counts; it waits when that cannot be known yet, unless forced. */
  settle(slot: number, force: boolean): void
  /** A process, or what its program is, became known. `pid` undefined: any may be concerned. */
  learnt(pid: number | undefined): void
  /** Time passed: who has waited long enough waits no more. */
  pass(): void
  /** Why detection leaves the flow of this process out; undefined when it does not. */
  reasonToLeaveOut(slot: number, process: Process): LeftOutReason | undefined
  leaveOut(slot: number, reason: LeftOutReason): void
  /** The flow goes: it waits no more. */
  drop(slot: number): void
}

export function createFlowAttribution(parts: AttributionParts): FlowAttribution {
  const { clock, counters, limits, rows, processes, book } = parts
  const { u32 } = rows.table
  /** Slots of flows that wait, with the record time at which they stop to; in order of that time. */
  const held = new Map<number, number>()

  /** False when too many wait already. */
  const hold = (slot: number): boolean => {
    if (!held.has(slot)) {
      if (held.size >= limits.heldFlows) return false
      held.set(slot, clock.nowMs + limits.holdMs)
    }
    counters.heldFlows = held.size
    return true
  }
  const drop = (slot: number): void => {
    held.delete(slot)
    counters.heldFlows = held.size
  }
  const leaveOut = (slot: number, reason: LeftOutReason): void => {
    u32[slot * FLOW_WORDS + F.phase] = Phase.leftOut
    counters.leftOut[reason]++
  }

  const isInbound = (slot: number): boolean => {
    const row = slot * FLOW_WORDS
    const direction = (u32[row + F.localPort] as number) >>> 16
    if (direction !== Direction.unknown) return direction === Direction.inbound
    // Nobody saw it being made: the side with the ephemeral port made it.
    const localPort = (u32[row + F.localPort] as number) & 0xffff
    const remotePort = (u32[row + F.remote] as number) & 0xffff
    return localPort < EPHEMERAL_FROM && remotePort >= EPHEMERAL_FROM
  }
  const reasonToLeaveOut = (slot: number, process: Process): LeftOutReason | undefined => {
    const policy = parts.policy()
    if (policy.ownPids.includes(process.pid)) return 'own'
    const scope = scopeOf(rows.addressOf(slot), policy)
    if (!isScored(scope, policy) && scope !== 'external' && scope !== 'private') return scope
    return isInbound(slot) ? 'inbound' : undefined
  }

  /** Decides the phase of a flow; false when it must wait. */
  const decide = (slot: number, force: boolean): boolean => {
    const row = slot * FLOW_WORDS
    const pid = u32[row + F.pid] as number
    const process = pid === 0 ? undefined : processes.find(pid, u32[row + F.pidversion] as number)
    if (process === undefined || process.image.path === '') {
      if (!force) return false
      u32[row + F.phase] = Phase.unattributed
      counters.unattributedFlows++
      return true
    }
    rows.processOf[slot] = process
    const reason = reasonToLeaveOut(slot, process)
    if (reason) {
      leaveOut(slot, reason)
      return true
    }
    const identity = book.resolve(process, force, wallNow(clock))
    if (identity === undefined) {
      if (!held.has(slot)) parts.onAwaited(process)
      return false
    }
    rows.identityOf[slot] = identity
    u32[row + F.phase] = Phase.counted
    return true
  }

  const settle = (slot: number, force: boolean): void => {
    if (!decide(slot, force)) {
      if (hold(slot)) return
      decide(slot, true)
    }
    drop(slot)
    parts.onSettled(slot)
  }

  return {
    settle,
    learnt(pid) {
      for (const slot of [...held.keys()])
        if (pid === undefined || u32[slot * FLOW_WORDS + F.pid] === pid) settle(slot, false)
    },
    pass() {
      for (const [slot, dueMs] of held) {
        if (dueMs > clock.nowMs) break
        settle(slot, true)
      }
    },
    reasonToLeaveOut,
    leaveOut,
    drop,
  }
}
