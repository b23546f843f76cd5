// Flows that change hands: from an exec with an inherited socket, a fork or a passed descriptor on, another process
// writes. What moved until then stays with the process that had it, what comes after is the other's.
import { type Clock, wallNow } from '../clock.ts'
import type { IdentityBook } from '../identity/identity-book-parts.ts'
import type { ImageName, Process } from '../process/process.ts'
import type { FlowAttribution } from './flow-attribution.ts'
import type { FlowRows, Since } from './flow-rows.ts'
import { D, F, FLOW_DOUBLES, FLOW_WORDS, FlowBit, Phase } from './flow-table.ts'
import type { CountedFlows } from './handed-flows.ts'
import type { Top } from './top.ts'

/** Owners that wait for one flow's first to be known; with one more, nothing is waited for. */
const WAITING_MAX = 4

type Waiting = { owner: ImageName; since: Since; atMs: number }

export type OwnersParts = {
  clock: Clock
  rows: FlowRows
  attribution: FlowAttribution
  counted: CountedFlows
  book: IdentityBook
  top: Top
  /** Its phase is as good as decided anew: its bytes may go to a pair, or it may close. */
  onSettled: (slot: number) => void
}

export type FlowOwners = {
  /** A report names this process, and its counters, which the row has, are still of the one before. */
  change(slot: number, owner: ImageName, atMs: number): void
  /** The phase of a flow was decided for one of its owners. True when another waited, who has it now. */
  goOn(slot: number): boolean
  /** The process counts for another identity from now on. */
  identityChanged(process: Process): void
  /** Decides the phase of a flow, and of whoever waits for it, with what is known. */
  settleNow(slot: number): void
  /** The flow leaves the table. */
  drop(slot: number): void
}

const isSameImage = (one: ImageName, other: ImageName): boolean =>
  one.pid === other.pid && one.pidversion === other.pidversion

export function createFlowOwners(parts: OwnersParts): FlowOwners {
  const { clock, rows, attribution, counted, book, top } = parts
  const { u32, f64 } = rows.table
  const waiting = new Map<number, Waiting[]>()

  const phaseOf = (slot: number): number => u32[slot * FLOW_WORDS + F.phase] as number
  const countersOf = (slot: number): Since => ({
    out: f64[slot * FLOW_DOUBLES + D.out] as number,
    in: f64[slot * FLOW_DOUBLES + D.in] as number,
  })
  const hasUncounted = (slot: number): boolean => {
    const base = slot * FLOW_DOUBLES
    return (
      f64[base + D.out] !== f64[base + D.countedOut] || f64[base + D.in] !== f64[base + D.countedIn]
    )
  }

  /** Whether what the process sends is of the pair that has the flow, as what a server's child sends is. */
  const isAlike = (slot: number, process: Process | undefined): boolean =>
    process !== undefined &&
    phaseOf(slot) === Phase.counted &&
    attribution.reasonToLeaveOut(slot, process) === undefined &&
    book.resolve(process, false, wallNow(clock)) === rows.identityOf[slot]

  /** Whoever it goes to acts for who made it. */
  const noteGiver = (slot: number, owner: ImageName): void => {
    const row = slot * FLOW_WORDS
    const name = { pid: u32[row + F.pid] as number, pidversion: u32[row + F.pidversion] as number }
    const process = rows.processOf[slot] ?? attribution.ownerOf(slot, true)
    // The same process, of which something else is known; or of a socket that another made for it, whoever asked last.
    if (isSameImage(name, owner) || name.pid === 0 || rows.makerOf[slot]) return
    rows.firstOf[slot] ??= name
    const first = rows.firstOf[slot]
    rows.giverOf[slot] = isSameImage(first, owner) ? undefined : { name, process }
  }

  /** Gives the flow to `owner` from these counters on. REQUIRES: what came before is in its pair, where it has one. */
  const handOver = (slot: number, owner: ImageName, since: Since, atMs: number): void => {
    const row = slot * FLOW_WORDS
    const base = slot * FLOW_DOUBLES
    noteGiver(slot, owner)
    u32[row + F.pid] = owner.pid
    u32[row + F.pidversion] = owner.pidversion
    const process = attribution.ownerOf(slot, false)
    if (process) attribution.noteGiver(slot, process, false)
    if (isAlike(slot, process)) {
      rows.processOf[slot] = process
      parts.onSettled(slot)
      return
    }
    top.leave(slot)
    top.enter(slot)
    counted.leave(slot)
    attribution.drop(slot)
    f64[base + D.countedOut] = since.out
    f64[base + D.countedIn] = since.in
    f64[base + D.firstAtMs] = atMs
    rows.setSince(slot, since)
    rows.clearBit(slot, FlowBit.inPair | FlowBit.silent | FlowBit.earlier)
    // What an earlier engine told is all the former's.
    if (
      (f64[base + D.toldOut] as number) <= since.out &&
      (f64[base + D.toldIn] as number) <= since.in
    )
      rows.clearBit(slot, FlowBit.told)
    rows.processOf[slot] = undefined
    rows.identityOf[slot] = undefined
    rows.makerOf[slot] = undefined
    u32[row + F.phase] = Phase.held
    attribution.settle(slot, false)
  }

  /** Brings the pair up to these counters, though the flow has gone on. */
  const countUpTo = (slot: number, { out, in: bytesIn }: Since, atMs: number): void => {
    const base = slot * FLOW_DOUBLES
    const now = countersOf(slot)
    f64[base + D.out] = out
    f64[base + D.in] = bytesIn
    counted.update(slot, atMs)
    f64[base + D.out] = now.out
    f64[base + D.in] = now.in
  }

  const settleNow = (slot: number): void => {
    while (phaseOf(slot) === Phase.held) attribution.settle(slot, true)
  }

  return {
    change(slot, owner, atMs) {
      const row = slot * FLOW_WORDS
      const queue = waiting.get(slot)
      const last = queue?.at(-1)?.owner
      const pid = last?.pid ?? u32[row + F.pid]
      const pidversion = last?.pidversion ?? u32[row + F.pidversion]
      // A version of 0 is the present one, whichever that is.
      if (owner.pid === pid && (owner.pidversion === pidversion || owner.pidversion === 0)) return
      if (phaseOf(slot) !== Phase.held || !(queue || hasUncounted(slot))) {
        handOver(slot, owner, countersOf(slot), atMs)
        return
      }
      const next = { owner, since: countersOf(slot), atMs }
      if (queue) queue.push(next)
      else waiting.set(slot, [next])
      if ((queue?.length ?? 1) > WAITING_MAX) settleNow(slot)
    },
    goOn(slot) {
      const queue = waiting.get(slot)
      const next = queue?.shift()
      if (next === undefined) return false
      if (queue?.length === 0) waiting.delete(slot)
      if (phaseOf(slot) === Phase.counted) countUpTo(slot, next.since, next.atMs)
      handOver(slot, next.owner, next.since, next.atMs)
      return true
    },
    identityChanged(process) {
      const { pid, pidversion } = process
      for (let slot = 0; slot < rows.table.highWater(); slot++)
        if (rows.processOf[slot] === process && phaseOf(slot) === Phase.counted)
          handOver(slot, { pid, pidversion }, countersOf(slot), clock.nowMs)
    },
    settleNow,
    drop(slot) {
      waiting.delete(slot)
    },
  }
}
