// Flows that were open before the first look there ever was: when they moved what they have moved by then nobody knows.
import { FlowFlag } from '../../records/record.gen.ts'
import type { EngineCounters } from '../counters.ts'
import type { Enumerations } from '../sources.ts'
import type { FlowRows } from './flow-rows.ts'
import { D, FLOW_DOUBLES, FlowBit } from './flow-table.ts'
import { inOf, outOf, W } from './flow-words.ts'

export type EarlierFlows = {
  /** Nothing is known of any flow: what the first look of each source finds open was so before. */
  begin(): void
  /**
   * A flow that was open before the first look there ever was. After a restart, what no earlier engine knew has moved
   * its bytes since that engine, and they count.
   */
  isEarlier(words: Uint32Array, w: number, source: number): boolean
  /** What it has moved is counted as such, and in no alert. */
  leave(words: Uint32Array, w: number, slot: number): void
  /** A source may tell of a flow, as somebody sends, before it has looked at what the flow has moved: still before the look. */
  leaveMore(slot: number, out: number, bytesIn: number): void
}

/** What the flow had moved by this record is nobody's. */
export const countFromHere = (rows: FlowRows, words: Uint32Array, w: number, slot: number): void =>
  rows.setSince(slot, { out: outOf(words, w), in: inOf(words, w) })

export function createEarlierFlows(
  rows: FlowRows,
  counters: EngineCounters,
  enumerations: Enumerations,
): EarlierFlows {
  const { f64 } = rows.table
  let isFirstLook = false
  return {
    begin() {
      isFirstLook = true
    },
    isEarlier: (words, w, source) =>
      isFirstLook &&
      enumerations.isFirst(source) &&
      ((words[w + W.flags] as number) & FlowFlag.enumerated) !== 0,
    leave(words, w, slot) {
      countFromHere(rows, words, w, slot)
      rows.setBit(slot, FlowBit.earlier)
      const { out, in: bytesIn } = rows.sinceOf(slot)
      counters.earlier.flows++
      counters.earlier.bytesOut += out
      counters.earlier.bytesIn += bytesIn
    },
    leaveMore(slot, out, bytesIn) {
      const base = slot * FLOW_DOUBLES
      const moreOut = out - (f64[base + D.out] as number)
      const moreIn = bytesIn - (f64[base + D.in] as number)
      if (!rows.hasBit(slot, FlowBit.earlier) || moreOut < 0 || moreIn < 0) return
      counters.earlier.bytesOut += moreOut
      counters.earlier.bytesIn += moreIn
      rows.setSince(slot, { out, in: bytesIn })
      rows.takeFrom(slot, out, bytesIn)
    },
  }
}
