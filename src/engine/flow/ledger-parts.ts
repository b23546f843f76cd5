// What the ledger of flows is told, and what it needs.

import type { GoneRecord } from '../../records/record.gen.ts'
import type { Clock } from '../clock.ts'
import type { EngineCounters } from '../counters.ts'
import type { IdentityBook } from '../identity/identity-book-parts.ts'
import type { GoneProcesses } from '../process/gone-processes.ts'
import type { Process } from '../process/process.ts'
import type { FlowAttribution } from './flow-attribution.ts'
import type { FlowMemory, Named } from './flow-memory.ts'
import type { FlowRows } from './flow-rows.ts'
import type { FlowTraits } from './flow-traits.ts'
import type { CountedFlows, ToldFlows } from './handed-flows.ts'
import type { Top } from './top.ts'

export type LedgerParts = {
  clock: Clock
  counters: EngineCounters
  rows: FlowRows
  memory: FlowMemory
  attribution: FlowAttribution
  counted: CountedFlows
  traits: FlowTraits
  gone: GoneProcesses
  book: IdentityBook
  top: Top
  told: ToldFlows
}

export type FlowLedger = {
  /** The flow record at word `w` of `words`, from this source. */
  report(words: Uint32Array, w: number, source: number, atMs: number): void
  /** A flow's host name and who made its socket, by its id. */
  name(idLow: number, idHigh: number, epoch: number, named: Named): void
  /** What a flow says of its process, which has gone. */
  gone(idLow: number, idHigh: number, record: GoneRecord): void
  /** The phase of a flow was decided: its bytes go to its pair, and it closes if it has been closed. */
  settled(slot: number): void
  /**
   * The process counts for another identity from now on: what its flows moved before stays with the earlier one.
   * REQUIRES: the process has its new identity, or none until it is resolved anew.
   */
  ownerChanged(process: Process): void
  /** The policy changed. */
  judgeAnew(): void
  /** Nothing is known of any flow: what the first look of each source finds open was so before. */
  beginFirstLook(): void
  beginEnumeration(source: number): void
  /** Closes the flows of `source` that the enumeration did not name. */
  endEnumeration(source: number): void
  /** Closes every flow as it was last seen: another boot. */
  closeAll(): void
}
