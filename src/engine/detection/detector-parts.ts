// What the detector is told, and what it needs.
import type { Baseline } from '../../baseline/baseline.ts'
import type { Clock } from '../clock.ts'
import type { Crowded, EngineCounters } from '../counters.ts'
import type { Alert } from '../finding.ts'
import type { StoredFlow } from '../flow/flow-memory.ts'
import type { FlowRows } from '../flow/flow-rows.ts'
import type { FlowTable } from '../flow/flow-table.ts'
import type { IdentityBook } from '../identity/identity-book-parts.ts'
import type { Limits } from '../limits.ts'
import type { JudgedPairs } from '../pair/handed-pairs.ts'
import type { PairTable } from '../pair/pair-table.ts'
import type { Policy } from '../policy.ts'
import type { ImageName, Process } from '../process/process.ts'
import type { ProcessTable } from '../process/process-table.ts'
import type { FlowListing } from './alert-flows.ts'
import type { MakeScoring } from './scoring.ts'
import type { Suppression } from './suppression.ts'

export type DetectorParts = {
  deviceId: string
  baseline: Baseline
  clock: Clock
  counters: EngineCounters
  limits: Limits
  pairs: PairTable
  flows: FlowTable
  processes: ProcessTable
  book: IdentityBook
  listing: FlowListing
  suppression: Suppression
  rows: FlowRows
  makeScoring: MakeScoring
  /** The process of a flow, by its slot. */
  processOf: (flow: number) => Process | undefined
  /** Who made the socket of a flow, where that is not its process. */
  makerOf: (flow: number) => ImageName | undefined
  /** Whether flows of a pair are open that have moved nothing yet. */
  isAwaited: (pairKey: string) => boolean
  policy: () => Policy
  emit: (alert: Alert) => void
  /** An open alert gave way to a rarer one, or a pair has none as all that are open are rarer. */
  onCrowded: (what: Crowded) => void
}

export type Detector = JudgedPairs & {
  /** A pair leaves the table. */
  pairRemoved(slot: number): void
  /** Time passed. Returns the slots of pairs whose alert is over and forgotten. */
  pass(): number[]
  /** The policy changed: what it suppressed is judged anew. */
  judgeAnew(): void
  /** Brings back the alerts of the baseline; returns the flows they wait for. */
  seed(): { flow: StoredFlow; key: string; omitted: boolean }[]
  /**
   * The flows there are have been named: says the alerts that were brought back once more, as a revision may have
   * been lost with the last run. Comes by itself when no source names them in a minute.
   */
  seeded(): void
  /** Puts what changed into the baseline. */
  store(): void
  /** Alerts of the baseline that could not be read. */
  unreadable(): number
}
