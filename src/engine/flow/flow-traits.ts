// What a source says of a flow that qualifies its figures, or whose they are: remembered with the flow.
import { FlowFlag } from '../../records/record.gen.ts'
import type { EngineCounters } from '../counters.ts'
import type { FlowRows } from './flow-rows.ts'
import { FlowBit } from './flow-table.ts'
import type { CountedFlows } from './handed-flows.ts'

/** Bits of a flow record that are told here. */
export const TRAIT_FLAGS =
  FlowFlag.atMost | FlowFlag.tunnelled | FlowFlag.ownerGuessed | FlowFlag.inAbout

const TRAITS = [
  { flag: FlowFlag.atMost, bit: FlowBit.atMost },
  { flag: FlowFlag.tunnelled, bit: FlowBit.tunnelled },
  { flag: FlowFlag.ownerGuessed, bit: FlowBit.guessed },
  { flag: FlowFlag.inAbout, bit: FlowBit.inAbout },
] as const

export type FlowTraits = {
  /** A report of the flow has these flags. */
  note(slot: number, flags: number): void
}

export function createFlowTraits(
  rows: FlowRows,
  counters: EngineCounters,
  { noteTrait }: Pick<CountedFlows, 'noteTrait'>,
): FlowTraits {
  return {
    note(slot, flags) {
      for (const { flag, bit } of TRAITS) {
        if ((flags & flag) === 0 || rows.hasBit(slot, bit)) continue
        rows.setBit(slot, bit)
        if (bit === FlowBit.atMost) counters.atMostFlows++
        else if (bit === FlowBit.guessed) counters.guessedFlows++
        else if (bit === FlowBit.tunnelled) counters.tunnelled.flows++
        noteTrait(slot, bit)
      }
    },
  }
}
