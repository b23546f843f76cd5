// What the engine keeps from one boot of the machine to the next.
import type { Baseline } from '../baseline/baseline.ts'
import type { EngineCounters } from './counters.ts'
import type { MakeScoring } from './detection/scoring.ts'
import type { Finding } from './finding.ts'
import type { Limits } from './limits.ts'
import type { Policy } from './policy.ts'

/** What outlives a boot. */
export type Lasting = {
  deviceId: string
  /** The engine puts and gets; committing and closing it is its owner's. */
  baseline: Baseline
  limits: Limits
  counters: EngineCounters
  findings: Finding[]
  policy: Policy
  makeScoring: MakeScoring
  /** Alerts that policies held back, by rule. */
  suppressedByRule: Map<string, number>
  /** Never alerted on, whatever a policy record says. */
  ownPids: number[]
  /** Somebody saves what is left to the next engine. */
  isSaved: boolean
  /** Bytes of records pushed before the ones that are being read. */
  streamBytes: number
  /** Tick records read. */
  ticks: number
}
