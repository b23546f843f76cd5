// What a source says of a flow that qualifies its figures, or whose they are: remembered with the flow, and counted once
// in each pair that has it.
import { FlowFlag } from '../records/record.gen.ts'
import type { EngineCounters } from './counters.ts'
import type { FlowRows } from './flow-rows.ts'
import { FlowBit } from './flow-table.ts'
import { C, PAIR_INTEGERS } from './pair-row.ts'
import type { PairTable } from './pair-table.ts'

/** Bits of a flow record that are told here. */
export const TRAIT_FLAGS =
  FlowFlag.atMost | FlowFlag.tunnelled | FlowFlag.ownerGuessed | FlowFlag.inAbout

const TRAITS = [
  { flag: FlowFlag.atMost, bit: FlowBit.atMost, place: C.atMostFlows },
  { flag: FlowFlag.tunnelled, bit: FlowBit.tunnelled, place: C.tunnelledFlows },
  { flag: FlowFlag.ownerGuessed, bit: FlowBit.guessed, place: C.guessedFlows },
  { flag: FlowFlag.inAbout, bit: FlowBit.inAbout, place: C.inAboutFlows },
] as const

export type FlowTraits = {
  /** A report of the flow has these flags. */
  note(slot: number, flags: number): void
  /** The flow counts in this pair from now on, and did not before. */
  join(slot: number, pair: number): void
}

export function createFlowTraits(
  rows: FlowRows,
  pairs: PairTable,
  counters: EngineCounters,
): FlowTraits {
  const { i32 } = pairs
  const count = (pair: number, place: number): void => {
    const at = pair * PAIR_INTEGERS + place
    i32[at] = (i32[at] as number) + 1
  }
  return {
    note(slot, flags) {
      for (const { flag, bit, place } of TRAITS) {
        if ((flags & flag) === 0 || rows.hasBit(slot, bit)) continue
        rows.setBit(slot, bit)
        if (bit === FlowBit.atMost) counters.atMostFlows++
        else if (bit === FlowBit.guessed) counters.guessedFlows++
        else if (bit === FlowBit.tunnelled) counters.tunnelled.flows++
        const pair = rows.pairOf(slot)
        if (pair >= 0) count(pair, place)
      }
    },
    join(slot, pair) {
      for (const { bit, place } of TRAITS) if (rows.hasBit(slot, bit)) count(pair, place)
    },
  }
}
