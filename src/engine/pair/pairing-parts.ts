// What brings flows to pairs is told, and what it needs.
import type { Baseline } from '../../baseline/baseline.ts'
import type { Clock } from '../clock.ts'
import type { Sighting } from '../finding.ts'
import type { FlowMemory } from '../flow/flow-memory.ts'
import type { FlowRows } from '../flow/flow-rows.ts'
import type { CountedFlows } from '../flow/handed-flows.ts'
import type { IdentityBook } from '../identity/identity-book-parts.ts'
import type { Policy } from '../policy.ts'
import type { Process } from '../process/process.ts'
import type { JudgedPairs } from './handed-pairs.ts'
import type { IdleFlows } from './idle-flows.ts'
import type { Pair, PairTable } from './pair-table.ts'
import type { TraitCounts } from './trait-counts.ts'

export type PairingParts = {
  baseline: Baseline
  clock: Clock
  rows: FlowRows
  memory: FlowMemory
  pairs: PairTable
  book: IdentityBook
  judged: JudgedPairs
  idle: IdleFlows
  traits: TraitCounts
  /** So many bytes of the pair had been counted by an earlier engine, and are again. */
  onRecounted: (pairKey: string, bytes: number) => void
  policy: () => Policy
  emit: (sighting: Sighting) => void
}

export type FlowPairing = CountedFlows & {
  /** A pair has come to another identity, of this process: says what is new about that. `isFirst`: also its network use. */
  introduce(pair: Pair, process: Process, isFirst: boolean): void
  /** Time passed: notices who has waited long enough for an answer. */
  pass(): void
}
