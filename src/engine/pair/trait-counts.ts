// Flows whose figures are qualified, or whose owner is: counted once in each pair that has one.
import type { FlowRows } from '../flow/flow-rows.ts'
import { FlowBit } from '../flow/flow-table.ts'
import { C, PAIR_INTEGERS } from './pair-row.ts'
import type { PairTable } from './pair-table.ts'

/** Where a pair's row has the flows with each bit. */
const PLACES = [
  { bit: FlowBit.atMost, place: C.atMostFlows },
  { bit: FlowBit.tunnelled, place: C.tunnelledFlows },
  { bit: FlowBit.guessed, place: C.guessedFlows },
  { bit: FlowBit.inAbout, place: C.inAboutFlows },
] as const

export type TraitCounts = {
  /** The flow has this bit from now on, and had not: its pair, if it is in one, counts it. */
  note(slot: number, bit: number): void
  /** The flow counts in this pair from now on, and did not before. */
  join(slot: number, pair: number): void
}

export function createTraitCounts(rows: FlowRows, { i32 }: PairTable): TraitCounts {
  const count = (pair: number, place: number): void => {
    const at = pair * PAIR_INTEGERS + place
    i32[at] = (i32[at] as number) + 1
  }
  return {
    note(slot, noted) {
      const pair = rows.pairOf(slot)
      if (pair >= 0) for (const { bit, place } of PLACES) if (bit === noted) count(pair, place)
    },
    join(slot, pair) {
      for (const { bit, place } of PLACES) if (rows.hasBit(slot, bit)) count(pair, place)
    },
  }
}
