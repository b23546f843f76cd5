// What the page and the collector's JSON API say to each other. Types only: the page imports them.
// Times are decimal strings of nanoseconds since 1970 UTC (a JSON number would lose 256 ns today);
// counts and bytes are numbers below 2^53.

import type { EnrolmentInfo, ForgottenInfo } from './page-devices.ts'
import type { HealthInfo } from './page-health.ts'

export type * from './page-devices.ts'
export type { HealthAbout, HealthInfo } from './page-health.ts'
export type { FleetPolicyInfo, PolicyStandingInfo } from './page-policy.ts'

/** Nanoseconds since 1970 UTC, in decimal. */
export type NsText = string

export type SeverityName = 'low' | 'medium' | 'high'
export type AlertStateName = 'opened' | 'updated' | 'final'
export type TriageStatusName = 'open' | 'acknowledged' | 'closed'

/** What a person said of an alert last, and how the alert was then: it may have grown since. */
export type TriageInfo = {
  /** 1, 2, 3 ... of this alert. */
  revision: number
  status: TriageStatusName
  /** A name that nobody has checked. */
  by: string
  at: NsText
  /** Who gave it this status, and when: others may have written notes since. */
  statusBy: string
  statusAt: NsText
  alertRevision: number
  severity: SeverityName
  bytesOut: number
}
/** `note`: its lines. */
export type TriageEntryInfo = TriageInfo & { note: string[] }

/** Alerts by what people said of them; `grown`: closed, and sent more since, or became more severe. */
export type TriageCounts = { open: number; acknowledged: number; closed: number; grown: number }

/** Whose doing an alert is: its program's own, of whom it acted for, or of who started it. */
export type ActorInfo = {
  as: 'itself' | 'for' | 'by'
  /** Of the actor; its key where no path is known. */
  path: string
  script: string
}

/** A row of the alert list: the newest revision of an alert. */
export type AlertSummary = {
  id: string
  revision: number
  state: AlertStateName
  severity: SeverityName
  score: number
  sentence: string
  openedAt: NsText
  updatedAt: NsText
  /** When this revision became durable here. */
  storedAt: NsText
  device: { id: string; hostname: string }
  user: string
  application: { key: string; name: string; path: string; signerClass: string }
  destination: { key: string; address: string; port: number; hostname: string }
  bytesOut: number
  bytesIn: number
  flows: number
  actor: ActorInfo
  /** 16 hex digits, equal for alerts of one actor to one destination (likeness.ts). */
  group: string
  /** null: nobody has said anything of it. */
  triage: TriageInfo | null
}

/** Alerts that are like one another, of those that match. */
export type AlertGroup = {
  id: string
  alerts: number
  machines: number
  /** Identities, by their keys. */
  programs: number
  /** Sums; 2^53 - 1: at least that. */
  bytesOut: number
  bytesIn: number
  /** The highest of them. */
  score: number
  severity: SeverityName
  firstOpenedAt: NsText
  /** No later than the last was stored here: a clock that is ahead leads no list. */
  lastOpenedAt: NsText
  /** The one that was opened last. */
  newest: AlertSummary
}

export type ReasonView = {
  term: string
  points: number
  value: number
  threshold: number
  unit: string
  text: string
}

export type ArgumentsInfo = {
  /** The name it was called by first; the last may be cut. */
  texts: string[]
  /** All there were. */
  count: number
  /** What `texts` lacks of them; with `atLeast` it, and `count`, may be more. */
  leftOutBytes: number
  atLeast: boolean
  /** They could not be read any more. */
  missed: boolean
}

export type ProcessInfo = {
  pid: number
  path: string
  script: string
  /** Empty: it runs none, or its file could not be read. */
  scriptSha256: string
  /** What it runs and who says so: kernel, argument, claimed, inline, module, standard_input; empty: nothing. */
  scriptFrom: string
  /** Files it runs code of that others than root can change, at most 8; `foreignCodeMore`: there are more. */
  foreignCode: string[]
  foreignCodeMore: boolean
  uid: number
  user: string
  /** "0" when not known. */
  startedAt: NsText
  identityKey: string
  /** Path of who made the socket for it, or "pid N"; empty when it did itself. */
  socketsBy: string
  /** null: not collected, or it ran before the agent did. */
  arguments: ArgumentsInfo | null
}

export type IdentityInfo = {
  key: string
  signerClass: string
  name: string
  path: string
  sha256: string
  signingId: string
  teamId: string
  cdhash: string
  firstSeenAt: NsText
  /** "0": it has not used the network. */
  firstNetworkAt: NsText
}

/** With what its machine has told of its program; null: nothing that is kept. `moreAbove`: above the last, not told; of earlier agents 0. `alsoAt`: other paths of the first. */
export type ChainInfo = ProcessInfo & {
  moreAbove: number
  alsoAt: string[]
  program: Pick<IdentityInfo, 'signerClass' | 'sha256' | 'cdhash'> | null
}

/** A flow of an alert, as it was at its last report. */
export type FlowInfo = {
  /** Its first report in that run of the agent: it may have been open before. */
  firstAt: NsText
  lastAt: NsText
  /** 0: not known. */
  pid: number
  localPort: number
  /** Of the other end. */
  address: string
  port: number
  /** The other end made it. */
  isInbound: boolean
  bytesOut: number
  bytesIn: number
  /** Its counters could not be read to the end: at least that. */
  isUnread: boolean
  /** gone: it went to another program, or was lost sight of. */
  state: 'open' | 'closed' | 'gone'
}

/** GET /api/alerts/:id?device=: an id is of its device; without one, 400 where several have it. */
export type AlertDetail = AlertSummary & {
  reasons: ReasonView[]
  identity: IdentityInfo
  chain: ChainInfo[]
  silentFlows: number
  /** Of which more may have passed than could be read: with one, bytes are the least it was. */
  unreadFlows: number
  /** Whose bytes out may count more than was sent (what was sent again): with one, they are the most it was. */
  atMostFlows: number
  /** That left through a tunnel, whose own flow has their bytes once more. */
  tunnelledFlows: number
  /** Whose process was found by its pid and the time. */
  guessedFlows: number
  /** Of a log whose packets say otherwise than its count of what came in: with one, that is about so much. */
  inAboutFlows: number
  largestFlow: { bytesOut: number; bytesIn: number; pcr: number }
  /** Those with the most bytes out, at most 20 of `flows`; null: an earlier agent sent none. */
  listedFlows: FlowInfo[] | null
  timeline: { startAt: NsText; bucketMs: number; bytesOut: number[]; bytesIn: number[] }
  policyVersion: number
  /** What the present revision was held against: 16 hex digits, or `points-1`. Empty: an earlier agent did not say. */
  reference: string
  techniques: string[]
  responsibleKey: string
  /** Why the identity is weaker than it should be; empty when it is not. */
  doubt: string
  /** All that people said of it, oldest first. */
  triageHistory: TriageEntryInfo[]
  /** Every revision stored, oldest first. */
  revisions: {
    revision: number
    state: AlertStateName
    severity: SeverityName
    score: number
    updatedAt: NsText
    storedAt: NsText
    bytesOut: number
    bytesIn: number
  }[]
}

/** An identity on a device, newest first sighting first. */
export type IdentitySummary = IdentityInfo & {
  device: { id: string; hostname: string }
  /** Who first ran it. */
  firstProcess: ProcessInfo
  destinations: number
}

/** A destination of an identity on a device, as its hourly summaries tell of it. */
export type DestinationInfo = {
  key: string
  /** When it was first used. */
  firstAt: NsText
  /** null: no hour of it has been told yet, or none is kept any more. */
  told: {
    /** Sums; 2^53 - 1: at least that. */
    bytesOut: number
    bytesIn: number
    flows: number
    largestFlowOut: number
    /** The first and the last hour in which it moved something, by their beginnings, and how many there are. */
    firstHourAt: NsText
    lastHourAt: NsText
    hours: number
  } | null
}

export type LiveFlowInfo = { name: string; destination: string; bytesOut: number; bytesIn: number }

/** Counters of the moment of one agent. */
export type LiveInfo = {
  at: NsText
  records: number
  execs: number
  flows: number
  processes: number
  openFlows: number
  identities: number
  bytesOut: number
  bytesIn: number
  unattributedFlows: number
  lost: number
  /** When the first of `lost` was, over restarts of its agent; absent: none, or not known. */
  lostSince?: NsText
  outboxItems: number
  outboxEvicted: number
  alerts: number
  /** Empty, or the sentence that says what is missing and how to get it. */
  degraded: string
  top: LiveFlowInfo[]
  /** Of a Mac: who tells of its programs and of its flows. */
  sources?: LiveSourcesInfo
}

export type LiveSourcesInfo = {
  /** "endpoint_security", "eslogger", "polling" or "none". */
  processes: string
  /** "filter", "network_statistics", "nettop" or "none". */
  flows: string
  isFilterSilent: boolean
  /** Those that may be used alone; empty: all. */
  forced: string[]
  /** Sentences: what each sees, what it cannot see, what would. */
  text: string[]
}

export type DeviceInfo = {
  id: string
  hostname: string
  os: string
  osVersion: string
  hardware: string
  arch: string
  agentVersion: string
  connected: boolean
  firstSeenAt: NsText
  lastSeenAt: NsText
  /** Highest sequence durably stored. No count of items: an outbox that starts again goes on up to 2^20 later. */
  lastSequence: number
  /**
   * Milliseconds that its clock is behind the collector's, the time on the way included; negative: ahead.
   * undefined: not heard of since the collector started.
   */
  clockOffsetMs?: number | undefined
  live: LiveInfo | undefined
  /** What it is silent of while it is connected, and since when. */
  silence?: { of: 'flows' | 'everything'; since: NsText } | undefined
  /** null: it is an agent of the collector's own machine. */
  enrolment?: EnrolmentInfo | ForgottenInfo | null
}

/**
 * Lists have as many rows as were asked for, or fewer: some MiB at most. `next`: what to give as `before` (of devices: `after`) to go on.
 */
type Part = { next?: string }
/**
 * Lists of alerts begin with what was opened last, the highest score or the most bytes out. What was opened after it was
 * stored, by the word of a clock that is ahead, stands where it was stored.
 */
export type AlertSortName = 'newest' | 'score' | 'bytes'
/** `active`: open, acknowledged, and closed ones that have grown since; `closed`: those with them. */
export type AlertStatusName = TriageStatusName | 'active'
/** `notes`: sentences on what of `q` is written as a field that there is not, and those that there are; absent: nothing is. */
type Found = Part & { total: number; notes?: string[] }
/**
 * GET /api/alerts?limit=100&after=<next>&device=&severity=&q=&since=&until=&group=&sort=newest|score|bytes&status=, over
 * all that is stored. `total` is of all that match; since and until are of the time an alert was opened, and so is `before`,
 * which a list by the latest may begin at. `statuses` are of all that match but for their status.
 */
export type AlertsResponse = Found & { alerts: AlertSummary[]; statuses: TriageCounts }
/**
 * GET /api/alert-groups, with the parameters of /api/alerts but `group`: the groups of all that match, in the order of
 * their latest alert, highest score or bytes out together. `total` counts groups, `alerts` what is in all of them. `next`
 * goes on in what was stored when the first page was answered: a group does not come twice, and what was updated since
 * then is in the next first page.
 */
export type AlertGroupsResponse = Found & {
  groups: AlertGroup[]
  alerts: number
  /** Alerts of all that match but for their status; of the first page only. */
  statuses?: TriageCounts
}
/** GET /api/identities?limit=200&before=<next>&device=&q=&key=, the newest first; with `key` the one that has it, on each device. */
export type IdentitiesResponse = Found & { identities: IdentitySummary[] }
/**
 * GET /api/destinations?device=&key=&limit=100: where the identity with this key went on that device, the most bytes out
 * first. `total` counts its destinations, the bytes are of all of them. 404 when the device has not told of it.
 */
export type DestinationsResponse = {
  destinations: DestinationInfo[]
  total: number
  bytesOut: number
  bytesIn: number
}
/** GET /api/devices?limit=500&after= Those known for longest first. */
export type DevicesResponse = Part & { devices: DeviceInfo[] }
/**
 * GET /api/health?limit=50&before=&device=&kind=&since=&until= ; since and until are of when it happened, on the device's
 * clock: some of it, where it lasted. kind may be several, with commas between.
 */
export type HealthResponse = Part & { events: HealthInfo[] }
/** GET /api/counters: what the collector counted since it started, by name. */
export type CountersResponse = { counters: Record<string, number> }
/** Any refusal. Every /api/ path wants `Authorization: Bearer <key>`: nothing of a browser's own, such as a cookie. */
export type ErrorResponse = { error: string }

/**
 * GET /api/events, server-sent: the event's name is `type`, its data the rest as JSON, its id a cursor. The first
 * is `begin`: whether what came after the Last-Event-ID of the request follows. If not, the lists are to be loaded
 * again. A client that falls behind is closed and reconnects.
 */
export type PageEvent =
  | { type: 'alert'; alert: AlertSummary }
  /** More were stored than are told one by one: GET /api/alerts has them. */
  | { type: 'alerts' }
  | { type: 'identity'; identity: IdentitySummary }
  /** More were sighted than are told one by one: GET /api/identities has them. */
  | { type: 'identities' }
  | { type: 'device'; device: DeviceInfo }
  | { type: 'removed'; deviceId: string }
  | { type: 'health'; health: HealthInfo }

export type BeginEvent = { type: 'begin'; resumed: boolean }

/**
 * POST /api/alerts/:id/triage: 200 with the AlertDetail, 409 when somebody else said something since `revision` (0: nothing
 * had been said), 404 when there is no such alert, 507 when there is no room for more.
 */
export type TriageRequest = {
  /** The alert's device. */
  device: string
  revision: number
  status: TriageStatusName
  /** At most 64 characters. */
  by: string
  /** At most 4,096 bytes of UTF-8; may be empty where the status changes. */
  note: string
}
