// What the store's threads say to each other. Everything here survives a structured clone.
import type { HostFacts } from '../../stream/message.ts'
import type {
  AlertDetail,
  AlertGroupsResponse,
  AlertsResponse,
  DestinationsResponse,
  DeviceInfo,
  HealthResponse,
  IdentitiesResponse,
  IdentitySummary,
  TriageStatusName,
} from '../views/page-api.ts'
import type { AlertColumns } from './alert-columns.ts'
import type { StoreErrorCode } from './store-error.ts'

/** 1 low, 2 medium, 3 high: the wire's numbers. */
export type SeverityRank = 1 | 2 | 3
const SEVERITY_RANKS = { low: 1, medium: 2, high: 3 } as const
export const severityRank = (name: keyof typeof SEVERITY_RANKS): SeverityRank =>
  SEVERITY_RANKS[name]
export const severityName = (rank: SeverityRank): keyof typeof SEVERITY_RANKS =>
  (['low', 'medium', 'high'] as const)[rank - 1] as keyof typeof SEVERITY_RANKS

/** What people made of an alert, as the store counts and lists by it. `grown`: closed, and then it sent more. */
export const Status = { open: 0, acknowledged: 1, closed: 2, grown: 3 } as const
export type Status = (typeof Status)[keyof typeof Status]
export const STATUSES: readonly Status[] = [0, 1, 2, 3]
/** What a person says; that it grew is the store's. */
export type SaidStatus = Exclude<Status, typeof Status.grown>
const SAID = ['open', 'acknowledged', 'closed'] as const
export const statusName = (status: SaidStatus): TriageStatusName => SAID[status]
export const saidStatus = (name: TriageStatusName): SaidStatus => SAID.indexOf(name) as SaidStatus

/** One thing that a person said of an alert, and how the alert was then. */
export type TriageEntry = {
  /** 1, 2, 3 ... of this alert. */
  revision: number
  status: SaidStatus
  at: bigint
  /** A name that nobody has checked. */
  by: string
  /** Who gave the alert this status, and when: an entry that only adds a note leaves that as it was. */
  statusBy: string
  statusAt: bigint
  note: string
  alertRevision: number
  severity: SeverityRank
  bytesOut: number
}

/** `revision`: that of the entry which was seen last, 0 for none. */
export type TriageSaid = Pick<TriageEntry, 'revision' | 'status' | 'by' | 'note'> & {
  /** 32 hex digits. */
  alertId: string
  deviceId: string
}

/** `conflict`: somebody else said something meanwhile; `full`: as much as is kept. Then nothing was written. */
export type TriageOutcome = 'done' | 'conflict' | 'missing' | 'full'

/** What the writer wants to know of an item; `body` is the item as the agent encoded it. */
export type StoreItem = {
  /** UUIDv7, 16 bytes. */
  uid: Uint8Array
  sequence: number
} & (
  | ({
      kind: 'alert'
      /** 32 hex digits. */
      alertId: string
      revision: number
      severity: SeverityRank
      body: Uint8Array
    } & AlertColumns)
  | {
      kind: 'sighting'
      identity: { key: string; name: string; path: string }
      firstSeenAt: bigint
      /** 0: it has not used the network. */
      firstNetworkAt: bigint
      /** The destination's key, when this is the sighting of one. */
      destination: string | undefined
      at: bigint
      body: Uint8Array
    }
  | {
      kind: 'summary'
      identityKey: string
      destination: string
      hourAt: bigint
      bytesOut: number
      bytesIn: number
      flows: number
      largestFlowOut: number
    }
  | {
      kind: 'health'
      at: bigint
      of: string
      text: string
      count: number
      /** 0n: at that moment. */
      since: bigint
      /** As Health.about; empty: all. */
      about: string
      /** Health.programs as JSON; empty: of the whole machine. */
      apart: string
    }
)

/** Items of one device, in the order it sent them. */
export type StoreBatch = {
  /** Rows of the device and its outbox, as `Enrolled` gave them. */
  device: number
  outbox: number
  /**
   * Of this connection's items everything up to here is stored, or handed over before this batch. The batch is not
   * stored when that cannot be (an earlier one failed), since a cumulative acknowledgement would then cover what is
   * lost.
   */
  afterSequence: number
  /** Highest sequence of the frame; items that were refused before they came here count. */
  throughSequence: number
  items: StoreItem[]
}

export type StoredBatch = {
  /**
   * One an item: when it became durable (nanoseconds since 1970 UTC, unique and rising in the store),
   * DUPLICATE when it was stored before, or REFUSED when it never can be.
   */
  storedAt: BigInt64Array
  /** Why, for each REFUSED. */
  refusals: { sequence: number; reason: string }[]
  /** What had been said of those alerts of which something had. */
  triaged: { index: number; triage: TriageEntry }[]
}
export const DUPLICATE = 0n
export const REFUSED = -1n

/** `outboxId`: 32 hex digits. */
export type DeviceFacts = {
  id: string
  outboxId: string
  agentVersion: string
  host: HostFacts
  /** It came by a certificate, so whoever has a token may have invented it, until a person admits it. */
  isEnrolled: boolean
}

/** What people and the registry say of devices; those that it does not name stay as they were. */
export type Standings = {
  /** A person has admitted them: each pays for itself, for good. */
  admitted: string[]
  /** Nobody has: they pay together by the number of the token that they came by; 0: by none. */
  waiting: { id: string; token: number }[]
  /** Never admitted, and forgotten for newer ones of their token: what is kept of them goes once none of their alerts is there. */
  forgotten: { id: string; token: number }[]
}

/** A device as the store knows it; `lastSequence` is its outbox's. */
export type Enrolled = {
  device: number
  outbox: number
  lastSequence: number
  firstSeenAt: bigint
}

/** What one transaction does. */
export type Change =
  | { op: 'append'; nowNs: bigint; batch: StoreBatch }
  | { op: 'enroll'; nowNs: bigint; facts: DeviceFacts }
  | { op: 'triage'; nowNs: bigint; said: TriageSaid }

/** What is asked of the writer. */
export type Work = Change | Housework

/** What the writer does between commits; `clean`: nothing is left in the write-ahead log. */
export type Housework =
  | { op: 'retain'; nowNs: bigint; keep: Keep }
  | { op: 'standings'; standings: Standings }
  | { op: 'erase'; nowNs: bigint; deviceId: string; before: ErasedBefore | undefined }
  | { op: 'half-erased' }
  | { op: 'settle' }
  | { op: 'clean' }

/** What there was of a device that is erased; hours are those of pairs of a program and a destination. */
export type Erased = { alerts: number; programs: number; hours: number; events: number }

/** `found`: what there was when it began; undefined: the device is not known. `rows`: so many are gone by now. */
export type ErasureStep = { found: Erased | undefined; rows: number; more: boolean }

/** Of an erasure that was cut off: what there was when it began, and what was gone by then. */
export type ErasedBefore = { found: Erased; rows: number }

/** How much is kept. Inventory (identities, devices, destinations) has no age: of each device there is so much (budget.ts). */
export type Keep = { ageNs: bigint; bytes: number }

/**
 * Items that were refused for a budget, rows beside alerts that gave way for one, and revisions of alerts that were dropped but
 * not with a segment.
 */
export type Counts = { refused: number; gaveWay: number; revisions: number }

/** What one step of retention did. */
export type Retained = {
  /** There is more to do: ask again. */
  more: boolean
  /** Of the file, before the step; free pages, which are used again, do not count. */
  usedBytes: number
  /** The health event that says what was dropped; its count is revisions of alerts. */
  dropped: { at: bigint; kind: string; text: string; count: number } | undefined
  /** Health events about devices that sent more than is kept of one, or far more than the others. */
  told: { deviceId: string; at: bigint; kind: string; text: string; count: number }[]
  /** Since the step before, whether it was told of or not. */
  counts: Counts
}

/** What a list begins with: what was opened last (no later than it was stored), or the highest of a number. */
export type AlertSort = 'newest' | 'score' | 'bytes'

/** Which alerts; undefined or empty: any. */
export type AlertsWanted = {
  deviceId: string | undefined
  severity: SeverityRank | undefined
  /** As people write it (search.ts). */
  text?: string | undefined
  /** Only those opened in [since, until). */
  since?: bigint | undefined
  until?: bigint | undefined
  sort?: AlertSort | undefined
  /** Only those of these. */
  status?: readonly Status[] | undefined
}

/** Where a page of groups begins. */
export type GroupsPlace = {
  /** Of what had been stored by then. */
  asOf: bigint
  /** Only those below this height (of `newest`, nanoseconds since 1970), and of those at it whose newest was stored before. */
  below: number | bigint
  before: bigint
}

/** Lists latest first. Answered with the types of page-api.ts, which `Answers` names. */
export type Query =
  | (AlertsWanted & {
      op: 'alerts'
      limit: number
      /** Only those of one group (likeness.ts). */
      likeness?: bigint | undefined
      /** Only those opened before; with `below`, of those at that height the ones whose newest revision was stored before. */
      before: bigint | undefined
      /** Only those below this height (of `newest`, nanoseconds since 1970), and of those at it what `before` leaves. */
      below?: number | bigint | undefined
    })
  | (AlertsWanted & { op: 'groups'; limit: number; place?: GroupsPlace | undefined })
  | { op: 'alert'; id: string; deviceId?: string | undefined }
  /** How many devices have an alert of this id, as a capture's that was replayed and its own have. */
  | { op: 'alertHolders'; id: string }
  | {
      op: 'identities'
      limit: number
      deviceId: string | undefined
      text: string | undefined
      /** Only the one that has it, on each device. */
      key?: string | undefined
      /** Only those that come after this one in the list. */
      before?: { at: bigint; row: bigint } | undefined
    }
  | { op: 'identitiesByKey'; device: number; keys: string[] }
  | { op: 'destinations'; deviceId: string; identityKey: string; limit: number }
  | { op: 'devices'; limit: number; after?: bigint | undefined }
  | {
      op: 'health'
      limit: number
      before?: bigint | undefined
      deviceId?: string | undefined
      /** Only those of these kinds. */
      kinds?: readonly string[] | undefined
      /** What went on from then on, and before then: some of it, where it lasted. */
      since?: bigint | undefined
      until?: bigint | undefined
    }
  | { op: 'newest' }

/** A device's row; what is known of the moment is not the store's to know. */
export type DeviceRow = Omit<
  DeviceInfo,
  'connected' | 'live' | 'clockOffsetMs' | 'silence' | 'enrolment'
> & {
  /** How it came last, by a certificate or over the socket of this machine; undefined: that was not kept then. */
  byCertificate: boolean | undefined
}

export type Answers = {
  alerts: AlertsResponse
  groups: AlertGroupsResponse
  alert: AlertDetail | undefined
  alertHolders: number
  identities: IdentitiesResponse
  identitiesByKey: IdentitySummary[]
  destinations: DestinationsResponse | undefined
  devices: { rows: DeviceRow[]; next?: string }
  health: HealthResponse
  newest: bigint
}

/** To a thread: first where the store is, then requests. */
export type ToThread<R> = ({ ticket: number } & ({ open: string } | { request: R })) | 'close'

/** From a thread: once when its code is loaded, then one answer a request. */
export type Message = { kind: 'loaded' } | { kind: 'answers'; answers: Answer[] }
export type Answer = { ticket: number } & (
  | { ok: true; value: unknown }
  | { ok: false; code: StoreErrorCode; message: string }
)
