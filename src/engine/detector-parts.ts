// What the detector is told, and what it needs.
import type { Baseline } from '../baseline/baseline.ts'
import type { StoredFlow } from './alert.ts'
import type { FlowListing } from './alert-flows.ts'
import type { Clock } from './clock.ts'
import type { EngineCounters } from './counters.ts'
import type { Alert } from './finding.ts'
import type { FlowTable } from './flow-table.ts'
import type { IdentityBook } from './identity-book-parts.ts'
import type { Limits } from './limits.ts'
import type { PairTable } from './pair-table.ts'
import type { Policy } from './policy.ts'
import type { ImageName, Process } from './process.ts'
import type { ProcessTable } from './process-table.ts'
import type { Scorer } from './score.ts'
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
  scorer: Scorer
  /** The process of a flow, by its slot. */
  processOf: (flow: number) => Process | undefined
  /** Who made the socket of a flow, where that is not its process. */
  makerOf: (flow: number) => ImageName | undefined
  /** Whether flows of a pair are open that have moved nothing yet. */
  isAwaited: (pairKey: string) => boolean
  policy: () => Policy
  emit: (alert: Alert) => void
}

export type Detector = {
  /** A report of `flow` has changed the pair in `slot`. */
  evaluate(slot: number, flow: number): void
  attached(slot: number, flow: number): void
  detached(slot: number, flow: number): void
  /** A pair was made: its alert, if it has one that lives, goes on in it. */
  pairAdded(slot: number): void
  /**
   * The pair in `slot`, so far of the key `former`, is of another identity: its alert is too, and says so, which leaves
   * nothing to judge. False: it has none.
   */
  renamed(former: string, slot: number): boolean
  /** Something else than a report has changed the pair in `slot`; `process` is who it is about. */
  judge(slot: number, process: Process): void
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
