// Findings to wire messages and back. Used by codec.ts alone.
import type {
  Alert,
  AlertState,
  Finding,
  Health,
  PairSummary,
  Reason,
  Severity,
  Sighting,
  Timeline,
} from '../engine/finding.ts'
import { listedFromWire, listedToWire } from './codec-flows.ts'
import {
  destinationFromWire,
  destinationToWire,
  identityFromWire,
  identityToWire,
  processFromWire,
  processToWire,
} from './codec-view.ts'
import {
  bounded,
  finite,
  oneOf,
  optionalTime,
  optionalTimeFromWide,
  points,
  ratio,
  time,
  u32,
} from './fields.ts'
import { StreamError } from './message.ts'
import { countFromWide, timeFromWide, wideFromCount } from './wide.ts'
import { freshet } from './wire.gen.js'

const wire = freshet.v1
type WireItem = freshet.v1.Item.$Properties
type Absent<T> = T | null | undefined

const LISTS_MAX = { reasons: 64, chain: 64, timeline: 4096, techniques: 64, programs: 64 }

const SEVERITIES: Record<Severity, freshet.v1.Severity> = {
  low: wire.Severity.LOW,
  medium: wire.Severity.MEDIUM,
  high: wire.Severity.HIGH,
}
const STATES: Record<AlertState, freshet.v1.AlertState> = {
  opened: wire.AlertState.OPENED,
  updated: wire.AlertState.UPDATED,
  final: wire.AlertState.FINAL,
}
const SEVERITY_NAMES: readonly Severity[] = ['low', 'medium', 'high']
const STATE_NAMES: readonly AlertState[] = ['opened', 'updated', 'final']

const TERMS: readonly Reason['term'][] = [
  'novelty',
  'signer',
  'destination',
  'volume',
  'asymmetry',
  'no_response',
  'unread',
  'context',
]
const REASON_UNITS: readonly Reason['unit'][] = ['B', 's', 'ratio', 'flows', '']
const SIGHTINGS: readonly Sighting['of'][] = ['identity', 'network', 'destination']
const HEALTHS: readonly Health['of'][] = [
  'degraded',
  'recovered',
  'loss',
  'baseline',
  'signature',
  'outbox',
  'restart',
  'policy',
]
const ABOUTS = ['', 'flows', 'programs', 'told'] as const

/** The content of an item, without id and sequence. Throws StreamError. */
export function findingToWire(finding: Finding): WireItem {
  const atNs = time(finding.at, 'at')
  switch (finding.kind) {
    case 'alert':
      return { atNs, alert: alertToWire(finding.alert) }
    case 'sighting':
      return { atNs, sighting: sightingToWire(finding.sighting) }
    case 'summary':
      return { atNs, summary: summaryToWire(finding.summary) }
    case 'health':
      return { atNs, health: healthToWire(finding.health) }
    default:
      return finding satisfies never
  }
}

/** Throws StreamError. */
export function findingFromWire(item: WireItem): Finding {
  const at = timeFromWide(item.atNs, 'item.at_ns')
  if (item.alert) return { at, kind: 'alert', alert: alertFromWire(item.alert) }
  if (item.sighting) return { at, kind: 'sighting', sighting: sightingFromWire(item.sighting) }
  if (item.summary) return { at, kind: 'summary', summary: summaryFromWire(item.summary) }
  if (item.health) return { at, kind: 'health', health: healthFromWire(item.health) }
  throw new StreamError('missing', 'item: it has no content this version knows')
}

/**
 * Throws StreamError where an alert says more than its scales have. Of what comes: what an earlier version took, and is
 * stored, is read all the same.
 */
export function refuseBeyondScales(finding: Finding): void {
  if (finding.kind !== 'alert') return
  const { score, reasons, largestFlow } = finding.alert
  points(score, 'alert.score')
  for (const reason of reasons) points(reason.points, 'reason.points')
  ratio(largestFlow.pcr, 'alert.largest_flow.pcr')
}

function alertToWire(alert: Alert): freshet.v1.Alert.$Properties {
  return {
    alertId: alert.id,
    revision: u32(alert.revision, 'alert.revision'),
    state: STATES[alert.state],
    severity: SEVERITIES[alert.severity],
    score: points(alert.score, 'alert.score'),
    sentence: alert.sentence,
    reasons: bounded(alert.reasons, LISTS_MAX.reasons, 'alert.reasons').map((reason) => ({
      term: reason.term,
      points: points(reason.points, 'reason.points'),
      value: finite(reason.value, 'reason.value'),
      threshold: finite(reason.threshold, 'reason.threshold'),
      unit: reason.unit,
      text: reason.text,
    })),
    openedAtNs: time(alert.openedAt, 'alert.opened_at_ns'),
    updatedAtNs: time(alert.updatedAt, 'alert.updated_at_ns'),
    identity: identityToWire(alert.identity),
    chain: bounded(alert.chain, LISTS_MAX.chain, 'alert.chain').map(processToWire),
    destination: destinationToWire(alert.destination),
    bytesOut: wideFromCount(alert.bytesOut, 'alert.bytes_out'),
    bytesIn: wideFromCount(alert.bytesIn, 'alert.bytes_in'),
    flows: u32(alert.flows, 'alert.flows'),
    silentFlows: u32(alert.silentFlows, 'alert.silent_flows'),
    unreadFlows: u32(alert.unreadFlows, 'alert.unread_flows'),
    atMostFlows: u32(alert.atMostFlows, 'alert.at_most_flows'),
    tunnelledFlows: u32(alert.tunnelledFlows, 'alert.tunnelled_flows'),
    guessedFlows: u32(alert.guessedFlows, 'alert.guessed_flows'),
    inAboutFlows: u32(alert.inAboutFlows, 'alert.in_about_flows'),
    largestFlow: {
      bytesOut: wideFromCount(alert.largestFlow.bytesOut, 'alert.largest_flow.bytes_out'),
      bytesIn: wideFromCount(alert.largestFlow.bytesIn, 'alert.largest_flow.bytes_in'),
      pcr: ratio(alert.largestFlow.pcr, 'alert.largest_flow.pcr'),
    },
    listedFlows: listedToWire(alert.listedFlows),
    timeline: timelineToWire(alert.timeline),
    policyVersion: u32(alert.policyVersion, 'alert.policy_version'),
    reference: alert.reference,
    techniques: bounded(alert.techniques, LISTS_MAX.techniques, 'alert.techniques'),
    responsibleKey: alert.responsibleKey ?? '',
    doubt: alert.doubt,
  }
}

function alertFromWire(alert: freshet.v1.Alert.$Properties): Alert {
  const id = alert.alertId ?? ''
  if (!/^[0-9a-f]{32}$/.test(id))
    throw new StreamError('out-of-range', 'alert.alert_id: not 32 lower-case hex digits')
  const state = STATE_NAMES.find((name) => STATES[name] === alert.state)
  const severity = SEVERITY_NAMES.find((name) => SEVERITIES[name] === alert.severity)
  if (!state) throw new StreamError('out-of-range', `alert.state: ${alert.state} is not known`)
  if (!severity)
    throw new StreamError('out-of-range', `alert.severity: ${alert.severity} is not known`)
  const largest = alert.largestFlow
  return {
    id,
    revision: alert.revision ?? 0,
    state,
    severity,
    score: finite(alert.score ?? 0, 'alert.score'),
    sentence: alert.sentence ?? '',
    reasons: bounded(alert.reasons ?? [], LISTS_MAX.reasons, 'alert.reasons').map(reasonFromWire),
    openedAt: timeFromWide(alert.openedAtNs, 'alert.opened_at_ns'),
    updatedAt: timeFromWide(alert.updatedAtNs, 'alert.updated_at_ns'),
    identity: identityFromWire(alert.identity, 'alert.identity'),
    responsibleKey: alert.responsibleKey || undefined,
    doubt: alert.doubt ?? '',
    chain: bounded(alert.chain ?? [], LISTS_MAX.chain, 'alert.chain').map((process) =>
      processFromWire(process, 'alert.chain'),
    ),
    destination: destinationFromWire(alert.destination, 'alert.destination'),
    bytesOut: countFromWide(alert.bytesOut, 'alert.bytes_out'),
    bytesIn: countFromWide(alert.bytesIn, 'alert.bytes_in'),
    flows: alert.flows ?? 0,
    silentFlows: alert.silentFlows ?? 0,
    unreadFlows: alert.unreadFlows ?? 0,
    atMostFlows: alert.atMostFlows ?? 0,
    tunnelledFlows: alert.tunnelledFlows ?? 0,
    guessedFlows: alert.guessedFlows ?? 0,
    inAboutFlows: alert.inAboutFlows ?? 0,
    largestFlow: {
      bytesOut: countFromWide(largest?.bytesOut, 'alert.largest_flow.bytes_out'),
      bytesIn: countFromWide(largest?.bytesIn, 'alert.largest_flow.bytes_in'),
      pcr: finite(largest?.pcr ?? 0, 'alert.largest_flow.pcr'),
    },
    listedFlows: listedFromWire(alert.listedFlows),
    timeline: timelineFromWire(alert.timeline),
    policyVersion: alert.policyVersion ?? 0,
    reference: alert.reference ?? '',
    techniques: bounded(alert.techniques ?? [], LISTS_MAX.techniques, 'alert.techniques'),
  }
}

function reasonFromWire(reason: freshet.v1.Reason.$Properties): Reason {
  return {
    term: oneOf(TERMS, reason.term, 'reason.term'),
    points: finite(reason.points ?? 0, 'reason.points'),
    value: finite(reason.value ?? 0, 'reason.value'),
    threshold: finite(reason.threshold ?? 0, 'reason.threshold'),
    unit: oneOf(REASON_UNITS, reason.unit, 'reason.unit'),
    text: reason.text ?? '',
  }
}

function timelineToWire(timeline: Timeline): freshet.v1.Timeline.$Properties {
  const out = bounded(timeline.bytesOut, LISTS_MAX.timeline, 'timeline.bytes_out')
  const into = bounded(timeline.bytesIn, LISTS_MAX.timeline, 'timeline.bytes_in')
  if (out.length !== into.length)
    throw new StreamError('malformed', 'timeline: bytes_out and bytes_in differ in length')
  return {
    startNs: time(timeline.startAt, 'timeline.start_ns'),
    bucketMs: u32(timeline.bucketMs, 'timeline.bucket_ms'),
    bytesOut: out.map((count) => wideFromCount(count, 'timeline.bytes_out')),
    bytesIn: into.map((count) => wideFromCount(count, 'timeline.bytes_in')),
  }
}

function timelineFromWire(timeline: Absent<freshet.v1.Timeline.$Properties>): Timeline {
  const out = bounded(timeline?.bytesOut ?? [], LISTS_MAX.timeline, 'timeline.bytes_out')
  const into = bounded(timeline?.bytesIn ?? [], LISTS_MAX.timeline, 'timeline.bytes_in')
  if (out.length !== into.length)
    throw new StreamError('malformed', 'timeline: bytes_out and bytes_in differ in length')
  return {
    startAt: timeFromWide(timeline?.startNs, 'timeline.start_ns'),
    bucketMs: timeline?.bucketMs ?? 0,
    bytesOut: out.map((count) => countFromWide(count, 'timeline.bytes_out')),
    bytesIn: into.map((count) => countFromWide(count, 'timeline.bytes_in')),
  }
}

function sightingToWire(sighting: Sighting): freshet.v1.Sighting.$Properties {
  return {
    kind: sighting.of,
    identity: identityToWire(sighting.identity),
    process: processToWire(sighting.process),
    destination: sighting.destination ? destinationToWire(sighting.destination) : null,
  }
}

function sightingFromWire(sighting: freshet.v1.Sighting.$Properties): Sighting {
  return {
    of: oneOf(SIGHTINGS, sighting.kind, 'sighting.kind'),
    identity: identityFromWire(sighting.identity, 'sighting.identity'),
    process: processFromWire(sighting.process, 'sighting.process'),
    destination: sighting.destination
      ? destinationFromWire(sighting.destination, 'sighting.destination')
      : undefined,
  }
}

function summaryToWire(summary: PairSummary): freshet.v1.PairSummary.$Properties {
  return {
    identityKey: summary.identityKey,
    destination: destinationToWire(summary.destination),
    hourNs: time(summary.hourAt, 'summary.hour_ns'),
    bytesOut: wideFromCount(summary.bytesOut, 'summary.bytes_out'),
    bytesIn: wideFromCount(summary.bytesIn, 'summary.bytes_in'),
    flows: u32(summary.flows, 'summary.flows'),
    largestFlowOut: wideFromCount(summary.largestFlowOut, 'summary.largest_flow_out'),
  }
}

function summaryFromWire(summary: freshet.v1.PairSummary.$Properties): PairSummary {
  return {
    identityKey: summary.identityKey ?? '',
    destination: destinationFromWire(summary.destination, 'summary.destination'),
    hourAt: timeFromWide(summary.hourNs, 'summary.hour_ns'),
    bytesOut: countFromWide(summary.bytesOut, 'summary.bytes_out'),
    bytesIn: countFromWide(summary.bytesIn, 'summary.bytes_in'),
    flows: summary.flows ?? 0,
    largestFlowOut: countFromWide(summary.largestFlowOut, 'summary.largest_flow_out'),
  }
}

function healthToWire(health: Health): freshet.v1.Health.$Properties {
  const count = wideFromCount(health.count, 'health.count')
  const { of: kind, text, about = '', programs = [] } = health
  return {
    ...{ kind, text, count, about },
    sinceNs: optionalTime(health.since, 'health.since'),
    programs: bounded(programs, LISTS_MAX.programs, 'health.programs'),
  }
}

function healthFromWire(health: freshet.v1.Health.$Properties): Health {
  const since = optionalTimeFromWide(health.sinceNs, 'health.since_ns')
  const about = oneOf(ABOUTS, health.about ?? '', 'health.about')
  const programs = bounded(health.programs ?? [], LISTS_MAX.programs, 'health.programs')
  return {
    of: oneOf(HEALTHS, health.kind, 'health.kind'),
    text: health.text ?? '',
    count: countFromWide(health.count, 'health.count'),
    ...(since !== undefined && { since }),
    ...(about !== '' && { about }),
    ...(programs.length > 0 && { programs }),
  }
}
