// How much the engine may remember. Every table has a bound, and what a bound costs is counted.

export type Limits = {
  /** Flows open at once. A power of two. */
  flows: number
  /** Flows pushed out of the full table whose counters are still remembered. */
  parkedFlows: number
  /** Pairs (identity x destination). */
  pairs: number
  /** Process images, ended ones included; each with at most 1,024 bytes of arguments where those are told. */
  processes: number
  /** How long an ended process is still known, ms. */
  endedProcessMs: number
  /** Identities kept in memory; the baseline has them all. */
  identities: number
  /** Flows that wait for their process or its inspection. */
  heldFlows: number
  /** How long they wait, ms of record time. */
  holdMs: number
  /** Alerts open or cooling down. Fewer than pairs: those of open alerts stay in the table. */
  alerts: number
  /** Pairs that exceptions of a policy name, with what they sent: others are not held back by any. */
  heldSendings: number
  /** Open flows that a stored alert lists. */
  storedFlows: number
  /** Host names that wait for their flow. */
  pendingNames: number
}

export const DEFAULT_LIMITS: Limits = {
  flows: 65_536,
  parkedFlows: 65_536,
  pairs: 4_096,
  processes: 16_384,
  endedProcessMs: 600_000,
  identities: 16_384,
  heldFlows: 4_096,
  holdMs: 5_000,
  alerts: 1_024,
  heldSendings: 4_096,
  storedFlows: 1_024,
  pendingNames: 4_096,
}
