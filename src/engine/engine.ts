// The engine: record bytes in, findings out. Pure and deterministic: time comes from records, memory from the
// baseline, and the same stream gives the same findings however it is cut into batches.
import type { Baseline } from '../baseline/baseline.ts'
import { bytesSum } from '../units.ts'
import { type BootEngine, createBootEngine } from './boot-engine.ts'
import { type EngineCounters, zeroCounters } from './counters.ts'
import { rarityScoring } from './detection/rarity-scoring.ts'
import type { MakeScoring } from './detection/scoring.ts'
import type { Finding } from './finding.ts'
import type { TopFlow } from './flow/top.ts'
import type { Lasting } from './lasting.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import { DEFAULT_POLICY, type Policy } from './policy.ts'

export { REFERENCE_HASH } from './detection/reference-hash.ts'

export type EngineOptions = {
  deviceId: string
  /** The engine puts and gets; committing and closing it is its owner's. */
  baseline: Baseline
  /** In force until a policy record brings another; its ownPids stay. */
  policy?: Policy
  /** Smaller tables, for tests and small machines. */
  limits?: Partial<Limits>
  /** Another judgement of pairs, for evaluations. */
  scoring?: MakeScoring
}

export type Engine = {
  /**
   * Takes whole records, as the framer gives them (its length and each size a multiple of 8). Throws
   * RecordError on bytes that are no records.
   */
  push(records: Uint8Array): void
  /** What was found since the last call, in order. */
  takeFindings(): Finding[]
  /** Tick records read: that they go on says that the source which tells time, and processes, is at work. */
  ticks(): number
  /** Inspect records for sense, in order. */
  takeRequests(): Uint8Array[]
  /**
   * Bytes of records, counted from the first, whose effect is in the findings taken and, once saved, the baseline. Less than what was
   * pushed while the answer to an inspect record is awaited: what comes after the question is to be kept until then.
   */
  settledBytes(): number
  /**
   * Puts into the baseline the alerts that changed, and what the next engine must know to say no byte twice, though
   * this one may be killed. Once before the first push, and before each commit. `goneBytes` of the stream have been acknowledged, and delivered so:
   * their records do not come again.
   */
  save(goneBytes: number): void
  counters(): EngineCounters
  /** The programs and destinations with most bytes since the last call. */
  top(count: number): TopFlow[]
  /** Alerts that policies held back since the start, by rule, the most first. */
  suppressions(): { rule: string; count: number }[]
  /** Before a clean stop: says the summaries of the hour that is not over. */
  finish(): void
}

/**
 * An engine that goes on where an earlier one on the same baseline stopped. Nothing is found before the first mark.
 * Throws nothing but what the baseline throws.
 */
export function createEngine(options: EngineOptions): Engine {
  const policy = options.policy ?? DEFAULT_POLICY
  const lasting: Lasting = {
    deviceId: options.deviceId,
    baseline: options.baseline,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    counters: zeroCounters(),
    findings: [],
    policy,
    makeScoring: options.scoring ?? rarityScoring(),
    suppressedByRule: new Map(),
    ownPids: policy.ownPids,
    isSaved: false,
    streamBytes: 0,
    ticks: 0,
  }
  const { counters } = lasting
  let boot: BootEngine = createBootEngine(lasting)
  return {
    push(given) {
      // Words of 4 bytes want their alignment.
      let records = given.byteOffset % 4 === 0 ? given : new Uint8Array(given)
      for (let taken = boot.push(records); taken < records.length; taken = boot.push(records)) {
        // What is open goes on as after a restart: alerts from the baseline, flows not at all.
        boot.end()
        boot = createBootEngine(lasting)
        records = records.subarray(taken)
      }
      lasting.streamBytes += given.length
    },
    takeFindings() {
      const taken = lasting.findings
      lasting.findings = []
      return taken
    },
    ticks: () => lasting.ticks,
    takeRequests: () => boot.takeRequests(),
    settledBytes: () => boot.askedAt() ?? lasting.streamBytes,
    save(goneBytes) {
      lasting.isSaved = true
      boot.save(goneBytes)
    },
    counters: () => ({
      ...counters,
      ...boot.present(),
      bytesOut: bytesSum(counters.bytesOut, 'bytes_out'),
      bytesIn: bytesSum(counters.bytesIn, 'bytes_in'),
      tunnelled: { ...counters.tunnelled },
      leftOut: { ...counters.leftOut },
      evicted: { ...counters.evicted },
    }),
    top: (count) => boot.top(count),
    suppressions: () =>
      [...lasting.suppressedByRule]
        .map(([rule, count]) => ({ rule, count }))
        .sort((a, b) => b.count - a.count),
    finish: () => boot.finish(),
  }
}
