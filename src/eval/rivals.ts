// The rules that others use, each as a detector; all share one reading of a machine's records.
import { climb, type Detector, type Raised } from './detector.ts'
import { HOUR_MS } from './mac.ts'
import { HIGH_SUM_SPAN_MS, type Population } from './population.ts'
import { createReportReader, type Report } from './reports.ts'
import { type IdentityState, type PairState, type Rule, rulesFor } from './rules.ts'
import { quantile } from './statistics.ts'

/** Hours with bytes from which what is ordinary is known, and the least deviation: as the engine has it. */
const ORDINARY_FROM_HOURS = 24
const DEVIATION_LEAST = 0.35

function ordinaryOf(hours: ReadonlyMap<number, number>): IdentityState['ordinary'] {
  if (hours.size < ORDINARY_FROM_HOURS) return undefined
  const logs = [...hours.values()].map(Math.log1p)
  const median = quantile(logs, 0.5) ?? 0
  const mad =
    quantile(
      logs.map((value) => Math.abs(value - median)),
      0.5,
    ) ?? 0
  // 1.4826: a normal distribution's deviation by its MAD.
  return { median, deviation: Math.max(DEVIATION_LEAST, 1.4826 * mad) }
}

/** All rules share one reading of the records. */
export function createRivals(population?: Population): {
  detectors: Detector[]
  startAll(): RivalRun
} {
  const rules = rulesFor(population)
  return { detectors: rules.map(asDetector), startAll: () => startRules(rules) }
}

const asDetector = (rule: Rule): Detector => ({
  ...rule,
  start() {
    const run = startRules([rule])
    return { before: run.before, day: (records) => run.day(records)[0] ?? [] }
  },
})

export type RivalRun = {
  before(records: Uint8Array): void
  /** By rule, in order. */
  day(records: Uint8Array): Raised[][]
}

function startRules(rules: readonly Rule[]): RivalRun {
  const reader = createReportReader()
  const identities = new Map<string, IdentityState>()

  const identityOf = ({ identity, atMs }: Report): IdentityState => {
    let known = identities.get(identity)
    if (known === undefined) {
      known = { firstAtMs: atMs, hours: new Map(), destinations: new Set() }
      identities.set(identity, known)
    }
    return known
  }
  const add = (sums: Map<number, number>, { atMs, moreOut }: Report, spanMs = HOUR_MS): void => {
    const span = Math.floor(atMs / spanMs)
    if (moreOut > 0) sums.set(span, (sums.get(span) ?? 0) + moreOut)
  }

  return {
    before(records) {
      reader.read(records, (report) => {
        const identity = identityOf(report)
        identity.destinations.add(report.destination)
        if (!report.isServed) add(identity.hours, report)
      })
    },
    day(records) {
      for (const identity of identities.values()) identity.ordinary = ordinaryOf(identity.hours)
      const pairs = new Map<string, PairState>()
      const raised = rules.map(() => new Map<string, Raised>())
      reader.read(records, (report) => {
        const identity = identityOf(report)
        const key = report.pair
        let pair = pairs.get(key)
        if (pair === undefined) {
          pair = {
            ...{ out: 0, in: 0, hours: new Map(), spans: new Map(), starts: [], lastJudged: 0 },
            isNew: !identity.destinations.has(report.destination),
          }
          pairs.set(key, pair)
        }
        count(pair, report)
        if (!report.isServed) add(identity.hours, report)
        add(pair.hours, report)
        add(pair.spans, report, HIGH_SUM_SPAN_MS)
        for (let index = 0; index < rules.length; index++) {
          const rule = rules[index] as Rule
          if (report.isServed && !rule.seesServed) continue
          const score = rule.score(report, pair, identity)
          if (score === undefined || score <= 0) continue
          const { pid, pidversion, address } = report
          const known = raised[index]?.get(key)
          if (known) climb(known.steps, report.atMs, score)
          else
            raised[index]?.set(key, {
              ...{ pid, pidversion, to: address, steps: [{ atMs: report.atMs, score }] },
            })
        }
      })
      return raised.map((alerts) => [...alerts.values()])
    },
  }
}

/** Reservoir's script: so many bytes a second. */
const SUSTAINED_BYTES_A_SECOND = 2_000

function count(pair: PairState, report: Report): void {
  pair.out += report.moreOut
  pair.in += report.moreIn
  if (report.isFirst) pair.starts.push(report.atMs)
  const { flow, sinceMs, moreOut } = report
  if (sinceMs === 0) return
  const isFast = (moreOut * 1_000) / sinceMs >= SUSTAINED_BYTES_A_SECOND
  flow.sustained = isFast ? flow.sustained + moreOut : 0
}
