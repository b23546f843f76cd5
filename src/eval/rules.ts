// The rules that others use: what detection.md's table says of them, on pairs of program and destination and not of hosts, since all
// of them are given the same attribution.
import { beaconScore } from './beacon.ts'
import { DAY_MS, HOUR_MS } from './mac.ts'
import { HIGH_SUM_SPAN_MS, type Population } from './population.ts'
import type { Report } from './reports.ts'

export type PairState = {
  out: number
  in: number
  isNew: boolean
  /** Bytes out of each hour of the day. */
  hours: Map<number, number>
  /** Bytes out by buckets of three hours since 1970. */
  spans: Map<number, number>
  /** Beginnings of its flows, ms. */
  starts: number[]
  lastJudged: number
}

export type IdentityState = {
  firstAtMs: number
  /** Bytes out by hour since 1970. */
  hours: Map<number, number>
  destinations: Set<string>
  /** What an hour ordinarily has, log1p; made at the first report of the day. */
  ordinary?: { median: number; deviation: number } | undefined
}

export type Rule = {
  name: string
  about: string
  natural: number
  /**
   * Whether it sees what was fetched from a program of this machine. Rules that count by who opened a connection have the other side
   * as its source, to whom this one only answers; those that count by device or program have it as sent.
   */
  seesServed?: boolean
  /** undefined: nothing to tell. Higher is worse. */
  score(report: Report, pair: PairState, identity: IdentityState): number | undefined
}

const KIB = 1_024
const MIB = 1_024 * KIB
/** Syslog and mDNS have no answers by design: src/lib/ndpi_main.c skips them. RTP it knows by its content, which nobody is given here. */
const WITHOUT_ANSWER = [514, 5_353]
/** src/lib/ndpi_analyze.c */
const UPLOAD_RATIO = 0.2
const pcr = (out: number, bytesIn: number): number =>
  out + bytesIn === 0 ? 0 : (out - bytesIn) / (out + bytesIn)

const isFirstSeen = (report: Report, identity: IdentityState): boolean =>
  report.atMs - identity.firstAtMs < DAY_MS

/** Without a population the rule that needs one says nothing. */
export const rulesFor = (population: Population | undefined): readonly Rule[] => [
  {
    name: 'first seen and bytes',
    seesServed: true,
    about: 'a program of the last 24 h, 1 MiB to one destination',
    natural: MIB,
    score: (report, pair, identity) => (isFirstSeen(report, identity) ? pair.out : undefined),
  },
  {
    name: 'new and one-sided',
    seesServed: true,
    about: 'a program of the last 30 days, pair PCR 0.8, 1 MiB; blind to the signer',
    natural: MIB,
    score: (report, pair, identity) =>
      report.atMs - identity.firstAtMs < 30 * DAY_MS && pcr(pair.out, pair.in) >= 0.8
        ? pair.out
        : undefined,
  },
  {
    name: 'pair PCR',
    seesServed: true,
    about: 'producer-consumer ratio of a pair 0.8, 1 MB',
    natural: 1e6,
    score: (_, pair) => (pcr(pair.out, pair.in) >= 0.8 ? pair.out : undefined),
  },
  {
    name: 'flow PCR',
    seesServed: true,
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
    name: 'nDPI-like upload',
    about: 'ratio of one flow above 0.2, whatever its size',
    natural: 1,
    score: (report) => (pcr(report.out, report.in) > UPLOAD_RATIO ? report.out : undefined),
  },
  {
    name: 'nDPI-like unidirectional',
    about: 'a flow without an answer; neither syslog nor mDNS',
    natural: 1,
    score: ({ in: bytesIn, out, remotePort, scope }) =>
      bytesIn > 0 || scope === 'multicast' || WITHOUT_ANSWER.includes(remotePort) ? undefined : out,
  },
  {
    name: 'Reservoir-like',
    about: '65,536 B sent at 2,000 B/s or more, in one flow',
    natural: 65_536,
    score: ({ flow }) => flow.sustained,
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
    name: 'Elastic-like high sum',
    about:
      "3 h of one program to one destination, above 99.56 % of all machines' of the days before",
    natural: 1,
    score: (report, { spans }) =>
      population === undefined
        ? undefined
        : (spans.get(Math.floor(report.atMs / HIGH_SUM_SPAN_MS)) ?? 0) / population.highSumBytes,
  },
  {
    name: 'Elastic-like new terms',
    about: 'a destination new to the program; no bytes, so nothing to rank by',
    natural: 1,
    score: (_, pair) => (pair.isNew ? 1 : undefined),
  },
  {
    name: 'Firewalla-like',
    seesServed: true,
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
