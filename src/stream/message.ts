// What agents and collectors say to each other, as the code sees it: wire.proto with units, closed
// unions and no absent fields. codec.ts turns it into bytes and back.
import type { Finding } from '../engine/finding.ts'
import type { HostFacts } from '../host/machine.ts'
import type { UnixNs } from '../units.ts'
import type { PolicyPush, PolicyReport } from './policy-message.ts'

export type { HostFacts } from '../host/machine.ts'
export * from './policy-message.ts'

/** Upper bound of one encoded item. The largest alert the engine can make (8 processes with paths of 4 KiB) has 76 KiB. */
export const ITEM_BYTES_MAX = 128 * 1024
/** Upper bound of one frame, either way. */
export const FRAME_BYTES_MAX = 512 * 1024
/** What an agent reads of one frame: of a policy above FRAME_BYTES_MAX it is said that it is too large, and the connection goes on. */
export const READ_BYTES_MAX = 2 * FRAME_BYTES_MAX
/** Upper bound of the items in one batch. */
export const BATCH_ITEMS_MAX = 4096

/** Upper bound of a batch that comes packed, inflated. */
export const INFLATED_BYTES_MAX = FRAME_BYTES_MAX

/** Says what it is, to whoever finds one: secret scanners look for such beginnings. */
export const ENROLMENT_TOKEN_PREFIX = 'freshet_enrol_'

/** Bits of the masks in Hello and Welcome. */
export const Capability = {
  /** Batches may come packed. */
  packed: 1n,
  /** Heartbeats are answered. */
  heartbeat: 2n,
  /** Batches may come ahead of their turn. */
  ahead: 4n,
  /** Certificates are renewed. */
  renew: 8n,
  /** Policies are pushed. */
  policy: 16n,
  /** Who has another machine's certificate becomes a device of its own. */
  reenrol: 32n,
  /** Authorities are told. */
  authorities: 64n,
} as const
/** All that this version can do, on either side. */
export const CAPABILITIES =
  Capability.packed |
  Capability.heartbeat |
  Capability.ahead |
  Capability.renew |
  Capability.reenrol |
  Capability.policy |
  Capability.authorities
/** Those of agents with a certificate. */
export const CAPABILITIES_ENROLLED = Capability.renew | Capability.reenrol | Capability.authorities

/**
 * What a sequence may reach, on either side: a thousand items a second for nine thousand years. Far enough below
 * 2^53 that adding to one stays exact.
 */
export const SEQUENCE_MAX = 2 ** 48
/** How far above what is stored of an outbox its next item may lie: what an outbox dropped leaves gaps, but none so wide. */
export const SEQUENCE_LEAP_MAX = 2 ** 32

/** WebSocket subprotocol of this version of the protocol. */
export const SUBPROTOCOL = 'freshet.v2'
/** What agents offer by ALPN (RFC 7301): by it the collector knows whom to ask for a certificate. */
export const AGENT_ALPN = 'freshet-agent'
/** Path the gateway listens on. */
export const STREAM_PATH = '/v1/stream'

export type Hello = {
  deviceId: string
  /** 32 hex digits, made at random with the outbox: sequences are numbers of it. */
  outboxId: string
  agentVersion: string
  sentAt: UnixNs
  /** Bits of `Capability`, and those of later versions: [0, 2^64). */
  capabilities: bigint
  host: HostFacts
  /** SHA-256 of what the system calls its hardware, 64 hex digits; absent: it does not say. */
  hardware?: string
}

/** A certificate of a device, who may sign its collector's, and those as others that count have signed them. X.509, DER. */
export type Renewed = {
  certificate: Uint8Array
  authorities: Uint8Array[]
  vouched: Uint8Array[]
}

export type EnrollRequest = {
  token: string
  /** PKCS #10, DER. */
  request: Uint8Array
  /** 64 hex digits; empty: the system does not say. */
  hardware: string
  agentVersion: string
  host: HostFacts
}

export type EnrollResponse = Omit<Renewed, 'vouched'> & { group: string }

export type Welcome = {
  /** Highest sequence stored of this outbox, 0 when none. A hint: it acknowledges nothing. */
  lastSequence: number
  /** Those of Hello that hold on this connection. */
  capabilities: bigint
  receivedAt: UnixNs
  /** Items that may be unacknowledged at once. */
  creditItems: number
  /** Upper end of the full-jitter reconnect delay. */
  backoffMaxMs: number
}

export type Reject = { sequence: number; reason: string }

export type Ack = {
  /** Everything up to here that came on this connection is durable or rejected. */
  throughSequence: number
  rejects: Reject[]
  /** Of batches ahead of their turn: durable or rejected as well. Absent when none. */
  aheadSequences?: number[]
}

export type LiveFlow = { name: string; destination: string; bytesOut: number; bytesIn: number }

/** Which of a Mac's sources are at work; names as in src/sources. */
export type LiveSources = {
  processes: string
  flows: string
  /** The network filter runs and tells nothing of what another source sees. */
  isFilterSilent: boolean
  /** Those that may be used alone; empty: all. */
  forced: string[]
  /** Sentences: what each sees, what it cannot see, what would. */
  text: string[]
}

/** Counters of the moment; totals are since the engine started. */
export type Live = {
  at: UnixNs
  records: number
  execs: number
  flows: number
  /** Alive. */
  processes: number
  openFlows: number
  /** In the baseline. */
  identities: number
  bytesOut: number
  bytesIn: number
  unattributedFlows: number
  /** Records dropped, all causes: since `lostSince`, over all engines, where that is known. */
  lost: number
  lostSince?: UnixNs
  /** Waiting in the outbox. */
  outboxItems: number
  /** Found and given up before it was delivered, all causes: over the life of the outbox. */
  outboxEvicted: number
  /** Opened. */
  alerts: number
  /** Empty, or the sentence that says what is missing. */
  degraded: string
  /** Most bytes out in the last interval, at most 8. */
  top: LiveFlow[]
  /** Of a Mac. */
  sources?: LiveSources
}

/** What one numbered item of an outbox says. */
export type Item = {
  /** UUIDv7, 16 bytes. */
  id: Uint8Array
  /** 1, 2, 3 ... of its device's outbox. */
  sequence: number
  finding: Finding
}

/**
 * One frame. The items of a batch stay encoded, for `decodeItem` to read one by one: a bad item is
 * rejected alone, and a store can keep the bytes it was given. They are views of one memory: the frame's,
 * or, when they came packed, one that nothing else uses.
 */
export type Envelope =
  | { kind: 'hello'; hello: Hello }
  | { kind: 'welcome'; welcome: Welcome }
  | {
      kind: 'batch'
      items: Uint8Array[]
      /** Out of turn: acknowledged one by one. */
      isAhead?: boolean
      /** Compressed on the wire. */
      isPacked?: boolean
    }
  | { kind: 'ack'; ack: Ack }
  | { kind: 'live'; live: Live }
  | {
      kind: 'goodbye'
      reason: string
      /** Not to come back before. Absent: as its own back-off says. */
      retryAfterMs?: number
    }
  | { kind: 'heartbeat'; sentAt: UnixNs }
  /** PKCS #10, DER. */
  | { kind: 'renew'; request: Uint8Array }
  | { kind: 'renewed'; renewed: Renewed }
  | { kind: 'policyPush'; push: PolicyPush }
  | { kind: 'policyReport'; report: PolicyReport }
  /** `token` is good once, on this connection. */
  | { kind: 'reenrol'; token: string; reason: string }
  | { kind: 'reenrolling'; asked: EnrollRequest }
  | { kind: 'reenrolled'; given: EnrollResponse }
  /** SHA-256 of their certificates, 64 hex digits each, as Authorities has them. */
  | { kind: 'authorities'; fingerprints: string[] }
  /** A body of a later version: to be ignored. */
  | { kind: 'unknown'; field: number }

/**
 * malformed: not protobuf of this schema; missing: a field that must be there is not; out-of-range: a
 * number, an id or a name outside its domain; too-large: more bytes or elements than the bound; inflated:
 * a packed batch that is larger than its bound, or wants more memory to unpack.
 */
export type StreamErrorCode = 'malformed' | 'missing' | 'out-of-range' | 'too-large' | 'inflated'

/** What cannot be encoded or decoded. Its message names the field. */
export class StreamError extends Error {
  readonly code: StreamErrorCode

  constructor(code: StreamErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StreamError'
    this.code = code
  }
}
