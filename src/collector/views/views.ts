// What agents said, as the page's API says it (page-api.ts).
import type { Alert, Health, IdentityView, ProcessView } from '../../engine/finding.ts'
import type { Live } from '../../stream/message.ts'
import { actorInfo, likenessOf, likenessText } from './likeness.ts'
import type {
  AlertDetail,
  AlertSummary,
  HealthInfo,
  IdentityInfo,
  IdentitySummary,
  LiveInfo,
  NsText,
  ProcessInfo,
  TriageEntryInfo,
  TriageInfo,
} from './page-api.ts'

/** What JSON says for a user that the source could not tell: the wire's largest uid. */
const UID_UNKNOWN = 0xffff_ffff

export type DeviceName = { id: string; hostname: string }

/** Decimal nanoseconds; "0" when undefined. */
export const nsText = (at: bigint | undefined): NsText => (at ?? 0n).toString()

export function alertSummary(
  alert: Alert,
  storedAt: bigint,
  device: DeviceName,
  triage: TriageInfo | undefined,
): AlertSummary {
  const { identity, destination } = alert
  return {
    id: alert.id,
    revision: alert.revision,
    state: alert.state,
    severity: alert.severity,
    score: alert.score,
    sentence: alert.sentence,
    openedAt: nsText(alert.openedAt),
    updatedAt: nsText(alert.updatedAt),
    storedAt: nsText(storedAt),
    device: { id: device.id, hostname: device.hostname },
    user: userOf(alert.chain[0]),
    application: {
      key: identity.key,
      name: identity.name,
      path: identity.path,
      signerClass: identity.signerClass,
    },
    destination: {
      key: destination.key,
      address: destination.address,
      port: destination.port,
      hostname: destination.hostname,
    },
    bytesOut: alert.bytesOut,
    bytesIn: alert.bytesIn,
    flows: alert.flows,
    actor: actorInfo(alert),
    group: likenessText(likenessOf(alert, device.id)),
    triage: triage ?? null,
  }
}

/** The row of an alert that is shown whole. */
export function summaryOf(detail: AlertDetail): AlertSummary {
  const { id, revision, state, severity, score, sentence, openedAt, updatedAt, storedAt } = detail
  const { device, user, application, destination, bytesOut, bytesIn, flows, triage } = detail
  return {
    ...{ id, revision, state, severity, score, sentence, openedAt, updatedAt, storedAt },
    ...{ device, user, application, destination, bytesOut, bytesIn, flows, triage },
    ...{ actor: detail.actor, group: detail.group },
  }
}

/** `revisions` in any order; the last of the highest is the one shown. Not empty. `programs`: of its chain, by their keys. */
export function alertDetail(
  revisions: { alert: Alert; storedAt: bigint }[],
  device: DeviceName,
  triage: TriageInfo | undefined,
  triageHistory: TriageEntryInfo[],
  programs: ReadonlyMap<string, IdentityView>,
): AlertDetail {
  const sorted = revisions.toSorted(
    (a, b) => a.alert.revision - b.alert.revision || (a.storedAt < b.storedAt ? -1 : 1),
  )
  const { alert, storedAt } = sorted.at(-1) as { alert: Alert; storedAt: bigint }
  return {
    ...alertSummary(alert, storedAt, device, triage),
    reasons: alert.reasons,
    identity: identityInfo(alert.identity),
    chain: alert.chain.map((process) => ({
      ...processInfo(process),
      moreAbove: process.moreAbove ?? 0,
      alsoAt: process.alsoAt ?? [],
      program: programInfo(programs.get(process.identityKey ?? '')),
    })),
    silentFlows: alert.silentFlows,
    unreadFlows: alert.unreadFlows,
    atMostFlows: alert.atMostFlows,
    tunnelledFlows: alert.tunnelledFlows,
    guessedFlows: alert.guessedFlows,
    inAboutFlows: alert.inAboutFlows,
    largestFlow: alert.largestFlow,
    listedFlows:
      alert.listedFlows?.map((flow) => ({
        ...flow,
        firstAt: nsText(flow.firstAt),
        lastAt: nsText(flow.lastAt),
      })) ?? null,
    timeline: { ...alert.timeline, startAt: nsText(alert.timeline.startAt) },
    policyVersion: alert.policyVersion,
    reference: alert.reference,
    techniques: alert.techniques,
    responsibleKey: alert.responsibleKey ?? '',
    doubt: alert.doubt,
    triageHistory,
    revisions: sorted.map((each) => ({
      revision: each.alert.revision,
      state: each.alert.state,
      severity: each.alert.severity,
      score: each.alert.score,
      updatedAt: nsText(each.alert.updatedAt),
      storedAt: nsText(each.storedAt),
      bytesOut: each.alert.bytesOut,
      bytesIn: each.alert.bytesIn,
    })),
  }
}

function programInfo(program: IdentityView | undefined): AlertDetail['chain'][number]['program'] {
  if (!program) return null
  const { signerClass, sha256, cdhash } = program
  return { signerClass, sha256, cdhash }
}

export function identityInfo(identity: IdentityView): IdentityInfo {
  return {
    key: identity.key,
    signerClass: identity.signerClass,
    name: identity.name,
    path: identity.path,
    sha256: identity.sha256,
    signingId: identity.signingId,
    teamId: identity.teamId,
    cdhash: identity.cdhash,
    firstSeenAt: nsText(identity.firstSeenAt),
    firstNetworkAt: nsText(identity.firstNetworkAt),
  }
}

export function identitySummary(
  identity: IdentityView,
  firstProcess: ProcessView,
  device: DeviceName,
  destinations: number,
): IdentitySummary {
  return {
    ...identityInfo(identity),
    device: { id: device.id, hostname: device.hostname },
    firstProcess: processInfo(firstProcess),
    destinations,
  }
}

export function processInfo(process: ProcessView): ProcessInfo {
  return {
    pid: process.pid,
    path: process.path,
    script: process.script,
    scriptSha256: process.scriptSha256,
    scriptFrom: process.scriptFrom,
    foreignCode: process.foreignCode,
    foreignCodeMore: process.foreignCodeMore,
    uid: process.uid ?? UID_UNKNOWN,
    user: process.user,
    startedAt: nsText(process.startedAt),
    identityKey: process.identityKey ?? '',
    socketsBy: process.socketsBy,
    arguments: process.arguments ?? null,
  }
}

export function healthInfo(deviceId: string, at: bigint, health: Health): HealthInfo {
  const { of: kind, text, count, since, about, programs } = health
  return {
    ...{ deviceId, at: nsText(at), kind, text, count },
    ...(since !== undefined && { since: nsText(since) }),
    ...(about !== undefined && { about }),
    ...(programs !== undefined && { programs }),
  }
}

export function liveInfo(live: Live): LiveInfo {
  const { at, lostSince, ...more } = live
  return {
    ...more,
    at: nsText(at),
    ...(lostSince === undefined ? {} : { lostSince: nsText(lostSince) }),
  }
}

function userOf(process: ProcessView | undefined): string {
  if (!process) return ''
  return process.user || (process.uid === undefined ? '' : `uid ${process.uid}`)
}
