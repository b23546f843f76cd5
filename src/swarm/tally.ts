// What a swarm counts, in numbers that those of several processes add up to.
import type { FindingKind } from './findings.ts'

/** Of latencies: each bucket's end is so much beyond the one before. */
const STEP = 1.05
const FIRST_MS = 0.1
const BUCKETS = 400
/** Different reasons that are told apart. */
const REASONS_MAX = 20
export const OTHER_REASONS = 'other reasons'

export type Tally = {
  agents: number
  connected: number
  /** At once, at some time; of several processes each's own, together. */
  connectedMost: number
  /** Connections that were welcomed. */
  welcomed: number
  generated: Record<FindingKind, number>
  /** Not made, as an agent had all that it holds. */
  heldBack: number
  acknowledged: number
  refused: number
  /** Sent once more though acknowledged, and acknowledged again. */
  sentAgain: number
  acknowledgedAgain: number
  waiting: number
  /** Connections cut by us. */
  cut: number
  /** Ends and refusals by their reason. */
  ends: Record<string, number>
  /** From made to acknowledged. */
  latency: number[]
  /** From cut to welcomed. */
  returned: number[]
  /** By version: the agents that it came into force on, and the first and the last time that it did, ms since 1970. */
  policies: Record<string, { agents: number; firstMs: number; lastMs: number }>
}

export const emptyTally = (): Tally => ({
  ...{ agents: 0, connected: 0, connectedMost: 0, welcomed: 0, heldBack: 0 },
  ...{ acknowledged: 0, refused: 0 },
  generated: { alert: 0, sighting: 0, summary: 0 },
  ...{ sentAgain: 0, acknowledgedAgain: 0, waiting: 0, cut: 0, ends: {} },
  ...{ latency: [], returned: [], policies: {} },
})

/** Into a histogram, sparse at its end. */
export function note(histogram: number[], ms: number): void {
  const found = Math.ceil(Math.log(Math.max(ms, FIRST_MS) / FIRST_MS) / Math.log(STEP))
  const bucket = Math.min(BUCKETS - 1, Math.max(0, found))
  while (histogram.length <= bucket) histogram.push(0)
  histogram[bucket] = (histogram[bucket] ?? 0) + 1
}

/** The time that a share in (0, 1] of a histogram stays within, to 5 %; undefined of an empty one. */
export function quantile(histogram: readonly number[], share: number): number | undefined {
  const total = histogram.reduce((sum, count) => sum + count, 0)
  if (total === 0) return undefined
  let seen = 0
  const bucket = histogram.findIndex((count) => {
    seen += count
    return seen >= total * share
  })
  return FIRST_MS * STEP ** bucket
}

export function noteEnd(ends: Record<string, number>, reason: string): void {
  const isKnown = Object.hasOwn(ends, reason) || Object.keys(ends).length < REASONS_MAX
  const name = isKnown ? reason : OTHER_REASONS
  ends[name] = (ends[name] ?? 0) + 1
}

export function notePolicy({ policies }: Tally, version: number, nowMs = Date.now()): void {
  const before = policies[version]
  policies[version] = {
    agents: (before?.agents ?? 0) + 1,
    ...{ firstMs: before?.firstMs ?? nowMs, lastMs: nowMs },
  }
}

/** The sum of what several processes counted. */
export function sumOf(tallies: readonly Tally[]): Tally {
  const sum = emptyTally()
  for (const tally of tallies) {
    for (const name of NUMBERS) sum[name] += tally[name]
    for (const kind of KINDS) sum.generated[kind] += tally.generated[kind]
    for (const [reason, count] of Object.entries(tally.ends))
      sum.ends[reason] = (sum.ends[reason] ?? 0) + count
    for (const [version, { agents, firstMs, lastMs }] of Object.entries(tally.policies)) {
      const before = sum.policies[version]
      sum.policies[version] = {
        agents: (before?.agents ?? 0) + agents,
        firstMs: Math.min(before?.firstMs ?? firstMs, firstMs),
        lastMs: Math.max(before?.lastMs ?? lastMs, lastMs),
      }
    }
    sum.latency = added(sum.latency, tally.latency)
    sum.returned = added(sum.returned, tally.returned)
  }
  return sum
}

const NUMBERS = [
  ...(['agents', 'connected', 'connectedMost', 'welcomed', 'heldBack'] as const),
  ...(['acknowledged', 'refused'] as const),
  ...(['sentAgain', 'acknowledgedAgain', 'waiting', 'cut'] as const),
] as const satisfies (keyof Tally)[]
const KINDS = ['alert', 'sighting', 'summary'] as const

const added = (a: readonly number[], b: readonly number[]): number[] =>
  Array.from({ length: Math.max(a.length, b.length) }, (_, i) => (a[i] ?? 0) + (b[i] ?? 0))

export const generatedOf = ({ generated }: Tally): number =>
  KINDS.reduce((sum, kind) => sum + generated[kind], 0)
