// Flows as they leave the table: closed, or pushed out of it while it is full.

import type { FlowOwners } from './flow-owners.ts'
import { F, FLOW_WORDS, FlowBit, Phase } from './flow-table.ts'
import type { LedgerParts } from './ledger-parts.ts'

export type FlowClosing = {
  /** The flow has closed: one that waits for its process closes as it is settled. */
  close(slot: number, atMs: number): void
  /** Closes a flow as it was last seen, whether it waits or not. */
  closeNow(slot: number, atMs: number): void
  /** A full table has room for one more, and remembers of the one that goes what it must. */
  makeRoom(): void
}

export function createFlowClosing(
  parts: Omit<LedgerParts, 'traits' | 'counters'>,
  owners: FlowOwners,
): FlowClosing {
  const { rows, memory, attribution, counted, gone, top, told } = parts
  const { table } = rows
  const { u32 } = table

  const release = (slot: number, isParked = false): void => {
    told.released(slot, isParked)
    counted.leave(slot)
    top.leave(slot)
    attribution.drop(slot)
    owners.drop(slot)
    const row = slot * FLOW_WORDS
    if (!isParked) gone.drop(u32[row] as number, u32[row + 1] as number)
    rows.remove(slot)
  }

  const close = (slot: number, atMs: number): void => {
    const phase = u32[slot * FLOW_WORDS + F.phase]
    if (phase === Phase.free) return
    if (phase === Phase.held) {
      rows.setBit(slot, FlowBit.closed)
      return
    }
    rows.setBit(slot, FlowBit.closed)
    counted.close(slot, atMs)
    release(slot)
  }

  return {
    close,
    closeNow(slot, atMs) {
      owners.settleNow(slot)
      close(slot, atMs)
    },
    makeRoom() {
      const slot = table.victim()
      owners.settleNow(slot)
      // Closed while it was held, it went as it was settled.
      if (table.count() < table.capacity) return
      memory.park(slot)
      release(slot, true)
    },
  }
}
