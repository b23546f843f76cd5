// Flows that get no answer, in the numbers of their pairs.
import type { Clock } from '../clock.ts'
import type { FlowRows } from '../flow/flow-rows.ts'
import { D, FLOW_DOUBLES, FlowBit } from '../flow/flow-table.ts'
import { C, P, PAIR_DOUBLES, PAIR_INTEGERS } from './pair-row.ts'
import type { PairTable } from './pair-table.ts'
import { createSilentWatch, SILENT_AFTER_MS } from './silent-watch.ts'

/** What a flow has sent at least that counts as without an answer. */
export const SILENT_FLOW_BYTES = 1_024

export type SilentFlows = {
  /** The flow is in a pair from now on. */
  watch(slot: number): void
  /** A flow without an answer that is 30 s old, or closes. */
  noteSilence(slot: number, pair: number, atMs: number): void
  /** A flow that had been silent got its first answer. */
  noteAnswer(slot: number, pair: number): void
  /** Time passed: notices who has waited long enough, and calls `visit` for each. */
  pass(visit: (slot: number, pair: number) => void): void
}

export function createSilentFlows({
  clock,
  rows,
  pairs,
}: {
  clock: Clock
  rows: FlowRows
  pairs: PairTable
}): SilentFlows {
  const { table, hasBit } = rows
  const { f64 } = table
  const { i32, f64: d } = pairs
  const watch = createSilentWatch(table.capacity)

  const noteSilence = (slot: number, pair: number, atMs: number): void => {
    const base = slot * FLOW_DOUBLES
    const out = rows.ownOut(slot)
    if (out >= SILENT_FLOW_BYTES && !hasBit(slot, FlowBit.silent)) {
      rows.setBit(slot, FlowBit.silent)
      pairs.countSilent(pair, atMs)
    }
    const isOld = atMs - (f64[base + D.firstAtMs] as number) >= SILENT_AFTER_MS
    const place = pair * PAIR_DOUBLES + P.silentOut
    if (isOld && rows.isTcp(slot) && out > (d[place] as number)) {
      d[place] = out
      i32[pair * PAIR_INTEGERS + C.silentFlow] = slot
    }
  }

  return {
    watch(slot) {
      if (rows.ownIn(slot) === 0)
        watch.add(slot, table.generation[slot] as number, clock.nowMs + SILENT_AFTER_MS)
    },
    noteSilence,
    noteAnswer(slot, pair) {
      const i = pair * PAIR_INTEGERS
      rows.clearBit(slot, FlowBit.silent)
      i32[i + C.silentFlows] = Math.max(0, (i32[i + C.silentFlows] as number) - 1)
      if (i32[i + C.silentFlow] !== slot) return
      i32[i + C.silentFlow] = -1
      d[pair * PAIR_DOUBLES + P.silentOut] = 0
    },
    pass(visit) {
      watch.due(clock.nowMs, (slot, generation) => {
        if (table.generation[slot] !== generation || rows.ownIn(slot) !== 0) return
        const pair = rows.pairOf(slot)
        if (pair < 0) return
        pairs.turn(pair, clock.nowMs)
        noteSilence(slot, pair, clock.nowMs)
        visit(slot, pair)
      })
    },
  }
}
