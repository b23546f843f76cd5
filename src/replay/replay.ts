// Runs what was recorded through the whole detector. The same records on the same baseline give the same
// findings, whenever and wherever this is, and however they are cut.
import { openMemoryBaseline } from '../baseline/memory.ts'
import { type BaselineRow, putRow } from '../baseline/row.ts'
import { type AlertDigest, createAlertDigest } from '../capture/alert-digest.ts'
import type { CaptureEnd, CaptureHeader } from '../capture/document.ts'
import { createEngine, type Engine, REFERENCE_HASH } from '../engine/engine.ts'
import type { Finding } from '../engine/finding.ts'
import type { PolicyDocument } from '../engine/policy.ts'
import { LAYOUT } from '../records/record.gen.ts'
import { unixNs } from '../units.ts'
import { VERSION } from '../version.ts'
import type { Pace } from './pace.ts'
import { createPolicyOverride, type PolicyOverride } from './policy-override.ts'
import type { ReplaySource } from './source.ts'

export type ReplayOptions = {
  /** In place of the baseline that a segment begins with. Walked once a segment. */
  baselineRows?: () => Iterable<BaselineRow>
  /** In place of the recorded policies. */
  policy?: PolicyDocument
  /** undefined: as fast as it can. */
  pace?: Pace
  /** In order, with the machine they are of. Awaited before more is read. */
  onFindings?: (findings: Finding[], of: CaptureHeader) => Promise<void> | void
  /** After each piece of records. */
  onProgress?: (totals: ReplayTotals) => void
  signal?: AbortSignal
}

export type ReplayTotals = {
  records: number
  recordBytes: number
  /** Findings of each kind. */
  findings: Record<Finding['kind'], number>
}

/**
 * What became of one segment. `differs`: the live run and this one did not find the same; `altered`: they need
 * not, as baseline or policy are others; `incomplete`: nor here, as the file lacks records or its end, or there
 * was no live run.
 */
export type SegmentOutcome = {
  header: CaptureHeader
  records: number
  /** Alert findings, revisions included. */
  alerts: number
  digest: string
  compared: 'equal' | 'differs' | 'altered' | 'incomplete'
  /** What judged it live and what does here, where those are two and the capture says so. */
  rejudged: { live: string; here: string } | undefined
  /** Alerts that the policy held back, by rule. */
  suppressions: { rule: string; count: number }[]
}

export type ReplayReport = ReplayTotals & { segments: SegmentOutcome[] }

/** A file that begins in its middle: its alerts have ids, of a device that does not exist. */
const UNKNOWN: CaptureHeader = {
  version: VERSION,
  layout: LAYOUT,
  deviceId: '00000000-0000-4000-8000-000000000000',
  host: {
    hostname: 'unknown',
    os: '',
    osVersion: '',
    osBuild: '',
    hardware: '',
    arch: '',
    bootId: '',
  },
  startedAt: unixNs(0n, 'startedAt'),
  synthetic: '',
  baseline: { identities: 0, destinations: 0, alerts: 0 },
}

/** Rejects when the source cannot be read on, and with what `onFindings` rejects. */
export async function replay(source: ReplaySource, options: ReplayOptions): Promise<ReplayReport> {
  const { onFindings, onProgress, signal } = options
  const isAltered = options.policy !== undefined || options.baselineRows !== undefined
  const report: ReplayReport = {
    records: 0,
    recordBytes: 0,
    findings: { alert: 0, sighting: 0, summary: 0, health: 0 },
    segments: [],
  }
  let run: Run | undefined

  const begin = (header: CaptureHeader): Run => {
    const baseline = openMemoryBaseline()
    for (const row of options.baselineRows?.() ?? []) putRow(baseline, row)
    return {
      header,
      baseline,
      engine: undefined,
      override: options.policy && createPolicyOverride(options.policy),
      digest: createAlertDigest(),
      damagedBefore: source.damage().places,
      end: undefined,
    }
  }
  const say = async (of: Run, engine: Engine): Promise<void> => {
    // Nobody answers: what the machine answered then is in the records.
    engine.takeRequests()
    const findings = engine.takeFindings()
    if (findings.length === 0) return
    of.digest.add(findings)
    for (const { kind } of findings) report.findings[kind]++
    await onFindings?.(findings, of.header)
  }
  const engineOf = (of: Run): Engine => {
    of.engine ??= startEngine(of)
    return of.engine
  }
  const feed = async (of: Run, records: Uint8Array): Promise<void> => {
    const engine = engineOf(of)
    const before = engine.counters().records
    const pieces = of.override ? of.override.apply(records) : [records]
    for (const piece of pieces) engine.push(piece)
    report.records += engine.counters().records - before
    report.recordBytes += records.length
    await say(of, engine)
  }
  const finish = async (of: Run): Promise<void> => {
    const engine = engineOf(of)
    engine.finish()
    await say(of, engine)
    const digest = of.digest.hex()
    const isWhole =
      of.end !== undefined && of.end.digest !== '' && of.end.gapBytes === 0 && !of.isDamaged
    report.segments.push({
      header: of.header,
      records: engine.counters().records,
      alerts: of.digest.count(),
      digest,
      suppressions: engine.suppressions(),
      rejudged: rejudgedOf(of.header),
      compared: isAltered
        ? 'altered'
        : !isWhole
          ? 'incomplete'
          : of.end?.digest === digest
            ? 'equal'
            : 'differs',
    })
  }

  for await (const event of source.events) {
    if (signal?.aborted) break
    if (event.kind === 'header') {
      if (run) await finish(run)
      run = begin(event.header)
      continue
    }
    run ??= begin(UNKNOWN)
    if (event.kind === 'baseline') {
      if (!options.baselineRows) for (const row of event.rows) putRow(run.baseline, row)
    } else if (event.kind === 'end') {
      run.end = event.end
      run.isDamaged = source.damage().places > run.damagedBefore
    } else {
      const pieces = options.pace ? options.pace.runs(event.records) : [event.records]
      for await (const piece of pieces) {
        if (signal?.aborted) break
        await feed(run, piece)
        onProgress?.(report)
      }
    }
  }
  if (run) await finish(run)
  return report
}

const rejudgedOf = ({ reference }: CaptureHeader): SegmentOutcome['rejudged'] =>
  reference === undefined || reference === REFERENCE_HASH
    ? undefined
    : { live: reference, here: REFERENCE_HASH }

type Run = {
  header: CaptureHeader
  baseline: ReturnType<typeof openMemoryBaseline>
  engine: Engine | undefined
  override: PolicyOverride | undefined
  digest: AlertDigest
  damagedBefore: number
  isDamaged?: boolean
  end: CaptureEnd | undefined
}

/** When the baseline is complete: an engine takes up from it what an earlier one left. */
function startEngine({ header, baseline, override }: Run): Engine {
  const engine = createEngine({ deviceId: header.deviceId, baseline })
  if (override) engine.push(override.first())
  return engine
}
