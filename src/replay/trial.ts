// One recording under the policies of its time and once more under another: which alerts appear, which vanish, what is held back.
import type { CaptureHeader } from '../capture/document.ts'
import type { Alert, Severity } from '../engine/finding.ts'
import { makePolicy, type PolicyDocument } from '../engine/policy.ts'
import { type ReplayTotals, replay } from './replay.ts'
import type { ReplaySource } from './source.ts'
import { createWatch, type Watch } from './watched-time.ts'

/** What was alerted of a program and a destination. */
export type Alerted = {
  severity: Severity
  /** How many alerts: a pair that goes on may have another the next day. */
  count: number
  program: string
  destination: string
  /** Of its last alert, as it was last told. */
  bytesOut: number
  sentence: string
}

export type Side = {
  /** By machine, program and destination. */
  pairs: Map<string, Alerted>
  /** Alerts that were opened. */
  alerts: number
  /** Of those, of pairs for which there was no more room here. */
  notCompared: number
  /** Alerts that were held back, by rule. */
  heldBack: Map<string, number>
}

export type Trial = {
  before: Side
  after: Side
  appear: Alerted[]
  vanish: Alerted[]
  change: { before: Alerted; after: Alerted }[]
  /** That machines were watched, all of them together. */
  hours: number
  /** Of the policy that is tried. */
  budgetPerHostDay: number
}

export type TrialOptions = {
  /** Opens the recordings, from their beginning each time. */
  open: () => AsyncIterable<ReplaySource>
  policy: PolicyDocument
  onProgress?: (totals: ReplayTotals, source: ReplaySource) => void
  signal?: AbortSignal
  /** Pairs that are compared. */
  pairsMax?: number
}

const PAIRS_MAX = 100_000
const SEVERITIES: readonly Severity[] = ['low', 'medium', 'high']
export const severer = (a: Severity, b: Severity): number =>
  SEVERITIES.indexOf(b) - SEVERITIES.indexOf(a)

/** Rejects with what `open` and replay reject with. */
export async function tryPolicy(options: TrialOptions): Promise<Trial> {
  const { policy } = options
  const watch = createWatch()
  const before = await sideOf(options, undefined, watch)
  const after = await sideOf(options, policy, undefined)
  const without = (these: Side, others: Side): Alerted[] =>
    [...these.pairs].flatMap(([key, one]) => (others.pairs.has(key) ? [] : [one]))
  const change = [...before.pairs].flatMap(([key, one]) => {
    const then = after.pairs.get(key)
    const isSame = !then || (then.severity === one.severity && then.count === one.count)
    return isSame ? [] : [{ before: one, after: then }]
  })
  return {
    ...{ before, after, change },
    appear: without(after, before),
    vanish: without(before, after),
    hours: watch.hours(),
    budgetPerHostDay: makePolicy(policy).budgetPerHostDay,
  }
}

async function sideOf(
  { open, onProgress, signal, pairsMax = PAIRS_MAX }: TrialOptions,
  policy: PolicyDocument | undefined,
  watch: Watch | undefined,
): Promise<Side> {
  const side: Side = { pairs: new Map(), alerts: 0, notCompared: 0, heldBack: new Map() }
  const note = (alert: Alert, { deviceId }: CaptureHeader): void => {
    const isNew = alert.state === 'opened'
    if (isNew) side.alerts++
    const key = [deviceId, alert.identity.key, alert.destination.key].join('\0')
    const known = side.pairs.get(key)
    if (!known && side.pairs.size >= pairsMax) {
      if (isNew) side.notCompared++
      return
    }
    const severity =
      known && severer(known.severity, alert.severity) <= 0 ? known.severity : alert.severity
    side.pairs.set(key, {
      severity,
      count: (known?.count ?? 0) + (isNew ? 1 : 0),
      program: alert.identity.path || alert.identity.key,
      destination: `${alert.destination.hostname || alert.destination.address}:${alert.destination.port}`,
      bytesOut: alert.bytesOut,
      sentence: alert.sentence,
    })
  }
  for await (const source of open()) {
    const { segments } = await replay(watch ? watch.over(source) : source, {
      ...(policy && { policy }),
      ...(signal && { signal }),
      onFindings(findings, of) {
        for (const finding of findings) if (finding.kind === 'alert') note(finding.alert, of)
      },
      onProgress: (totals) => onProgress?.(totals, source),
    })
    for (const { suppressions } of segments)
      for (const { rule, count } of suppressions)
        side.heldBack.set(rule, (side.heldBack.get(rule) ?? 0) + count)
    if (signal?.aborted) break
  }
  return side
}
