// How a pair is judged: what a detector asks of whatever judges. It runs for each report.
import type { Baseline } from '../../baseline/baseline.ts'
import type { Clock } from '../clock.ts'
import type { Reason } from '../finding.ts'
import type { FlowRows } from '../flow/flow-rows.ts'
import type { IdentityBook } from '../identity/identity-book-parts.ts'
import type { Pair, PairTable } from '../pair/pair-table.ts'
import type { Policy } from '../policy.ts'

export type ScoringParts = {
  baseline: Baseline
  clock: Clock
  rows: FlowRows
  pairs: PairTable
  book: IdentityBook
  policy: () => Policy
}

export type Scoring = {
  /** The flow has come to a pair. */
  began(flow: number): void
  /** A report of `flow`, which is of the pair in `slot`; judged next. */
  count(slot: number, flow: number): void
  /** The pair in `slot` is of its identity from now on; `former` is the key that it had, where it had another. */
  stand(slot: number, pair: Pair, former?: string): void
  /** False where scoring it would come to nothing, by numbers alone. */
  isSuspect(slot: number): boolean
  /** REQUIRES: its rings are turned to now. */
  score(slot: number, pair: Pair): void
  /** Of the pair that was scored last: whether it is told, and how loudly (severityOf). */
  isTold(): boolean
  total(): number
  /** It is told by what its program sent in all, and no more by this pair than by another. */
  isOfProgram(): boolean
  /** The pair of the key `former` went into the one in `slot`. */
  folded(former: string, slot: number): void
  /** Takes up what an earlier engine left in the baseline, and puts there what changed since the last time. */
  seed(): void
  store(): void
  /** Why; `signerText` says how its program is vouched for. */
  explain(signerText: string): Reason[]
  /** What it holds a pair against, as alerts name it (reference-hash.ts). */
  readonly reference: string
  /** So many alerts an identity has a day; what is told beyond goes on in the last of them, unless it is rarer by a rise. */
  readonly alertsADay: number
  /** An alert whose score has risen by so much since it was said is said anew. */
  readonly riseSaid: number
}

export type MakeScoring = (parts: ScoringParts) => Scoring
