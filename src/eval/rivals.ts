// The rules that others use, each as a detector: what detection.md's table says of them, on pairs of program and destination
// and not of hosts, since all of them are given the same attribution.
import { beaconScore } from './beacon.ts'
import { climb, type Detector, type Raised } from './detector.ts'
import { DAY_MS, HOUR_MS } from './mac.ts'
import { createReportReader, type Report } from './reports.ts'
import { quantile } from './statistics.ts'

type PairState = {
  out: number
  in: number
  isNew: boolean
  /** Bytes out of each hour of the day. */
  hours: Map<number, number>
  /** Bytes sent above a rate without a pause. */
  sustained: number
  /** Beginnings of its flows, ms. */
  starts: number[]
  lastJudged: number
}

type IdentityState = {
  firstAtMs: number
  /** Bytes out by hour since 1970. */
  hours: Map<number, number>
  destinations: Set<string>
  /** What an hour ordinarily has, log1p; made at the first report of the day. */
  ordinary?: { median: number; deviation: number } | undefined
}

type Rule = {
  name: string
  about: string
  natural: number
  /** undefined: nothing to tell. Higher is worse. */
  score(report: Report, pair: PairState, identity: IdentityState): number | undefined
}

const KIB = 1_024
const MIB = 1_024 * KIB
/** Reservoir's script: so many bytes a second. */
const SUSTAINED_BYTES_A_SECOND = 2_000
const pcr = (out: number, bytesIn: number): number =>
  out + bytesIn === 0 ? 0 : (out - bytesIn) / (out + bytesIn)

const isFirstSeen = (report: Report, identity: IdentityState): boolean =>
  report.atMs - identity.firstAtMs < DAY_MS

const RULES: readonly Rule[] = [
  {
    name: 'first seen and bytes',
    about: 'a program of the last 24 h, 1 MiB to one destination',
    natural: MIB,
    score: (report, pair, identity) => (isFirstSeen(report, identity) ? pair.out : undefined),
  },
  {
    name: 'new and one-sided',
    about: 'a program of the last 30 days, pair PCR 0.8, 1 MiB; blind to the signer',
    natural: MIB,
    score: (report, pair, identity) =>
      report.atMs - identity.firstAtMs < 30 * DAY_MS && pcr(pair.out, pair.in) >= 0.8
        ? pair.out
        : undefined,
  },
  {
    name: 'pair PCR',
    about: 'producer-consumer ratio of a pair 0.8, 1 MB',
    natural: 1e6,
    score: (_, pair) => (pcr(pair.out, pair.in) >= 0.8 ? pair.out : undefined),
  },
  {
    name: 'flow PCR',
    about: 'producer-consumer ratio of one flow 0.8, 1 MB',
    natural: 1e6,
    score: (report) => (pcr(report.out, report.in) >= 0.8 ? report.out : undefined),
  },
  {
    name: 'Argus-like',
    about: 'PCR 0.4 of a pair, 10 kB: size hardly matters',
    natural: 10e3,
    score: (_, pair) => (pcr(pair.out, pair.in) >= 0.4 ? pair.out : undefined),
  },
  {
    name: 'Reservoir-like',
    about: '65,536 B sent at 2,000 B/s or more, in one flow',
    natural: 65_536,
    score: (_, pair) => pair.sustained,
  },
  {
    name: 'Elastic-like volume',
    about: '1 GiB in 8 h by one program to one destination',
    natural: 1_024 * MIB,
    score: (report, { hours }) => {
      const hour = Math.floor(report.atMs / HOUR_MS)
      let sum = 0
      for (let i = 0; i < 8; i++) sum += hours.get(hour - i) ?? 0
      return sum
    },
  },
  {
    name: 'Elastic-like new terms',
    about: 'a destination new to the program; no bytes, so nothing to rank by',
    natural: 1,
    score: (_, pair) => (pair.isNew ? 1 : undefined),
  },
  {
    name: 'Firewalla-like',
    about: '0.5 MB out and 1.5 times what came in; undefined where nothing did',
    natural: 0.5e6,
    score: (_, pair) => (pair.in > 0 && pair.out / pair.in > 1.5 ? pair.out : undefined),
  },
  {
    name: 'Sentinel-like',
    about: "an hour 3 deviations above the program's own; a new one has none",
    natural: 3,
    score: (report, _, identity) => {
      const { ordinary } = identity
      if (ordinary === undefined) return undefined
      const hour = identity.hours.get(Math.floor(report.atMs / HOUR_MS)) ?? 0
      return (Math.log1p(hour) - ordinary.median) / ordinary.deviation
    },
  },
  {
    name: 'RITA-like beacon',
    about: 'flows at even intervals (Bowley skewness, MAD), first seen weighs; no volume',
    natural: 0.8,
    score: (report, pair, identity) => {
      // A look costs a sort: one each time there are a quarter more.
      if (!report.isFirst || pair.starts.length < Math.max(20, pair.lastJudged * 1.25))
        return undefined
      pair.lastJudged = pair.starts.length
      return beaconScore(pair.starts, (report.atMs - identity.firstAtMs) / DAY_MS)
    },
  },
]

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
export function createRivals(): { detectors: Detector[]; startAll(): RivalRun } {
  return { detectors: RULES.map(asDetector), startAll: () => startRules(RULES) }
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
  const add = (hours: Map<number, number>, { atMs, moreOut }: Report): void => {
    const hour = Math.floor(atMs / HOUR_MS)
    if (moreOut > 0) hours.set(hour, (hours.get(hour) ?? 0) + moreOut)
  }

  return {
    before(records) {
      reader.read(records, (report) => {
        const identity = identityOf(report)
        identity.destinations.add(report.destination)
        add(identity.hours, report)
      })
    },
    day(records) {
      for (const identity of identities.values()) identity.ordinary = ordinaryOf(identity.hours)
      const pairs = new Map<string, PairState>()
      const raised = rules.map(() => new Map<string, Raised>())
      reader.read(records, (report) => {
        const identity = identityOf(report)
        const key = `${report.identity}\n${report.destination}`
        let pair = pairs.get(key)
        if (pair === undefined) {
          pair = {
            ...{ out: 0, in: 0, hours: new Map(), sustained: 0, starts: [], lastJudged: 0 },
            isNew: !identity.destinations.has(report.destination),
          }
          pairs.set(key, pair)
        }
        count(pair, report)
        add(identity.hours, report)
        add(pair.hours, report)
        for (const [index, rule] of rules.entries()) {
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

function count(pair: PairState, report: Report): void {
  pair.out += report.moreOut
  pair.in += report.moreIn
  if (report.isFirst) pair.starts.push(report.atMs)
  const isFast =
    report.sinceMs > 0 && (report.moreOut * 1_000) / report.sinceMs >= SUSTAINED_BYTES_A_SECOND
  if (isFast) pair.sustained += report.moreOut
  else if (report.sinceMs > 0) pair.sustained = 0
}
