// Whose a flow is, and whether detection counts it. A flow that comes before its process, or before the
// inspection of its program, waits a bounded while.
import { type Clock, wallNow } from '../clock.ts'
import type { EngineCounters } from '../counters.ts'
import { noteGiver } from '../identity/handed-on.ts'
import type { IdentityBook } from '../identity/identity-book-parts.ts'
import type { Limits } from '../limits.ts'
import type { Policy } from '../policy.ts'
import type { GoneProcesses } from '../process/gone-processes.ts'
import type { Process } from '../process/process.ts'
import type { ProcessTable } from '../process/process-table.ts'
import { unseenProcess } from '../process/told-process.ts'
import { tellsGone } from '../sources.ts'
import type { FlowRows } from './flow-rows.ts'
import { D, F, FLOW_DOUBLES, FLOW_WORDS, Phase } from './flow-table.ts'
import { createLeftOut, type LeftOut } from './left-out.ts'
import { createMakersAge } from './makers-age.ts'

/**
 * A source that names pids alone shows flows once a second: who had one may have ended since, and the list of processes may
 * have who began just then. No pid is given again so soon.
 */
const SHOWN_LATE_MS = 2_000
export type AttributionParts = {
  clock: Clock
  counters: EngineCounters
  limits: Limits
  rows: FlowRows
  processes: ProcessTable
  gone: GoneProcesses
  book: IdentityBook
  policy: () => Policy
  /** A flow waits for what the program of this process is. */
  onAwaited: (process: Process) => void
  /** What the process sends is another's from now on. */
  onOwnerChanged: (process: Process) => void
  /** The flow's phase is decided: its bytes may go to a pair, or it may close. */
  onSettled: (slot: number) => void
}

export type FlowAttribution = Pick<LeftOut, 'reasonToLeaveOut' | 'leaveOut'> & {
  /**
   * The process that has the flow, as far as it is known. `force`: with nobody that runs under its pid, the one that the
   * flow tells of.
   */
  ownerOf(slot: number, force: boolean): Process | undefined
  /**
   * Notes of the flow's process who gave it the flow; false while that one is not known. `force`: then it is somebody
   * whom nobody vouches for.
   */
  noteGiver(slot: number, process: Process, force: boolean): boolean
  /** Finds whose flow it is and whether it counts; it waits when that cannot be known yet, unless forced. */
  settle(slot: number, force: boolean): void
  /** A process, or what its program is, became known. `pid` undefined: any may be concerned. */
  learnt(pid: number | undefined): void
  /** Time passed: who has waited long enough waits no more. */
  pass(): void
  /** The flow goes: it waits no more. */
  drop(slot: number): void
}

export function createFlowAttribution(parts: AttributionParts): FlowAttribution {
  const { clock, counters, limits, rows, processes, gone, book } = parts
  const { u32, f64 } = rows.table
  const makersAge = createMakersAge(parts)
  /** Slots of flows that wait, with the record time at which they stop to; in order of that time. */
  const held = new Map<number, number>()
  /** Processes that were given something by somebody new. */
  const unsure = new WeakSet<Process>()
  const { serves, reasonToLeaveOut, leaveOut } = createLeftOut(parts, (process) =>
    unsure.has(process),
  )

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
  const ownerOf = (slot: number, force: boolean): Process | undefined => {
    const row = slot * FLOW_WORDS
    const pid = u32[row + F.pid] as number
    const pidversion = u32[row + F.pidversion] as number
    if (pid === 0) return undefined
    const [idLow, idHigh, epoch] = [u32[row], u32[row + 1], u32[row + F.epoch]] as [
      number,
      number,
      number,
    ]
    const told = gone.of(idLow, idHigh, epoch, pid)
    // It may have ended before the list of processes was looked at.
    if (pidversion !== 0) return processes.find(pid, pidversion) ?? (force ? told : undefined)
    // Whoever has that pid now is another.
    if (tellsGone((u32[row + F.remote] as number) >>> 24)) return told
    const firstAtMs = f64[slot * FLOW_DOUBLES + D.firstAtMs] as number
    return processes.ranAt(pid, firstAtMs, SHOWN_LATE_MS) ?? (force ? told : undefined)
  }

  const noteGiverOf = (slot: number, process: Process, force: boolean): boolean => {
    const giver = rows.giverOf[slot]
    if (giver === undefined) return true
    const { pid, pidversion } = giver.name
    const found = giver.process ?? processes.find(pid, pidversion)
    if (found === undefined && !force) return false
    rows.giverOf[slot] = undefined
    // Without a version it is only a number that somebody had.
    if (found === undefined && pidversion === 0) return true
    const by = found ?? unseenProcess(process.source, giver.name)
    if (noteGiver(process, by, clock.nowMs)) unsure.add(process)
    return true
  }

  /**
   * Whether it is known whose the process is with those that it was given by lately. Of a service that many give to, what is
   * counted stays where it is until it is known to be another's, and what was given waits alone.
   */
  const isSure = (process: Process, force: boolean): boolean => {
    if (!unsure.has(process)) return true
    const isStill = book.isStill(process)
    if (isStill === undefined && !force) return false
    unsure.delete(process)
    if (isStill) return true
    process.madeFor = undefined
    if (process.identity === undefined) return true
    process.identity = undefined
    parts.onOwnerChanged(process)
    return true
  }

  /** Decides the phase of a flow; false when it must wait. */
  const decide = (slot: number, force: boolean): boolean => {
    const row = slot * FLOW_WORDS
    const process = ownerOf(slot, force)
    if (process === undefined || process.image.path === '') {
      if (!force) return false
      u32[row + F.phase] = Phase.unattributed
      counters.unattributedFlows++
      return true
    }
    if (!noteGiverOf(slot, process, force)) return false
    rows.processOf[slot] = process
    const reason = reasonToLeaveOut(slot, process)
    if (reason) {
      leaveOut(slot, reason)
      return true
    }
    const identity = isSure(process, force)
      ? book.resolve(process, force, wallNow(clock))
      : undefined
    if (identity === undefined) {
      if (!held.has(slot)) {
        parts.onAwaited(process)
        for (const maker of process.makers) parts.onAwaited(maker.process)
      }
      return false
    }
    if (serves(slot, identity)) {
      leaveOut(slot, 'inbound')
      return true
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
    ownerOf,
    noteGiver: noteGiverOf,
    settle,
    learnt(pid) {
      for (const slot of [...held.keys()])
        if (
          pid === undefined ||
          u32[slot * FLOW_WORDS + F.pid] === pid ||
          rows.giverOf[slot]?.name.pid === pid
        )
          settle(slot, false)
    },
    pass() {
      for (const [slot, dueMs] of held) {
        if (dueMs > clock.nowMs) break
        settle(slot, true)
      }
      makersAge.pass()
    },
    reasonToLeaveOut,
    leaveOut,
    drop,
  }
}
