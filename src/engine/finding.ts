// What the engine says: plain data, handed to the outbox in the order it was found.
import type { SignerClass } from '../baseline/baseline.ts'
import type { Bytes, Pid, UnixNs } from '../units.ts'

export type Severity = 'low' | 'medium' | 'high'
export type AlertState = 'opened' | 'updated' | 'final'

/** One term of the score, with the number it came from. */
export type Reason = {
  term:
    | 'novelty'
    | 'signer'
    | 'destination'
    | 'volume'
    | 'asymmetry'
    | 'no_response'
    | 'unread'
    | 'context'
  points: number
  /** What was measured, in `unit`. */
  value: number
  /** What it is held against, in `unit`. */
  threshold: number
  unit: 'B' | 's' | 'ratio' | 'flows' | ''
  /** One clause for a person. */
  text: string
}

/** A program as the baseline knows it. */
export type IdentityView = {
  /**
   * `platform:<path or signing id>`, `<team>:<signing id>`, `adhoc:<cdhash>`, `unsigned:sha256:<hex>` and their like, then
   * ` with foreign code`, ` script <hex, changed hex, path or kind>` and ` via <key>` where that is so.
   */
  key: string
  signerClass: SignerClass
  /** File name of the program. */
  name: string
  path: string
  /** 64 hex digits, or empty when the file could not be read. */
  sha256: string
  signingId: string
  teamId: string
  cdhash: string
  firstSeenAt: UnixNs
  /** undefined: it has not used the network yet. */
  firstNetworkAt: UnixNs | undefined
}

/** What a program was executed with. */
export type ArgumentsView = {
  /** The name it was called by first; the last may be cut. Together at most 1,024 bytes, joined. */
  texts: string[]
  /** Of all there were. */
  count: number
  /** What `texts` lacks of them. */
  leftOutBytes: number
  /** Not all were looked at: `leftOutBytes`, and on Linux `count`, is the least it can be. */
  atLeast: boolean
  /** They could not be read any more. */
  missed: boolean
}

export type ProcessView = {
  pid: Pid
  pidversion: number
  path: string
  script: string
  /** 64 hex digits; empty: it runs none, or its file could not be read. */
  scriptSha256: string
  /** What it runs and who says so, as CODE script: "kernel", "argument", "claimed", "inline", "module", "standard_input"; empty: nothing. */
  scriptFrom: string
  /** Files, at most 8, that it runs code of beside its program and that others than root can change; of an alert's first process only. */
  foreignCode: string[]
  /** There are more of them. */
  foreignCodeMore: boolean
  /** undefined when the source could not tell. */
  uid: number | undefined
  /** Filled in at the edge (host room), never by the engine. */
  user: string
  startedAt: UnixNs | undefined
  /** undefined while the file has not been inspected. */
  identityKey: string | undefined
  /**
   * Who made the socket for it, as a path, else `pid N` (macOS: nsurlsessiond and its like); empty when it did itself.
   * Said of an alert's first process only.
   */
  socketsBy: string
  /**
   * In an alert's chain only. undefined: nobody has asked for them, or the program ran before the agent did.
   */
  arguments: ArgumentsView | undefined
  /** Of the last of an alert's chain: how many more above it are known, and not told. Absent: none. */
  moreAbove?: number
  /** Of an alert's first process: other paths of its script, else of its program, under which it sent there, at most 4. Absent: none. */
  alsoAt?: string[]
}

export type DestinationView = {
  /** What pairs are keyed by: registered domain, else IPv4 /24 or IPv6 /48, and the port. */
  key: string
  /** The address of the flow that opened it, as text. */
  address: string
  port: number
  /** Empty when the system does not say. */
  hostname: string
  /** IANA: 6 TCP, 17 UDP. */
  protocol: number
}

/** Bytes per bucket, oldest first; both arrays have the same length. */
export type Timeline = { startAt: UnixNs; bucketMs: number; bytesOut: Bytes[]; bytesIn: Bytes[] }

/** A flow of an alert, as it was at its last report. */
export type ListedFlow = {
  /** Of its first and last report in this run of the engine: it may have been open before. */
  firstAt: UnixNs
  lastAt: UnixNs
  /** 0: not known. */
  pid: number
  localPort: number
  /** Of the other end. */
  address: string
  port: number
  /** The other end made it. */
  isInbound: boolean
  /** What of it is the alert's. */
  bytesOut: Bytes
  bytesIn: Bytes
  /** Its counters could not be read to the end: at least that. */
  isUnread: boolean
  /** gone: it went to another program, or was lost sight of. */
  state: 'open' | 'closed' | 'gone'
}

/** One revision of an alert; all revisions share `id`, and the highest is the present one. */
export type Alert = {
  /** 32 hex digits: hash of device, identity, destination, opening record. */
  id: string
  revision: number
  state: AlertState
  severity: Severity
  score: number
  sentence: string
  reasons: Reason[]
  openedAt: UnixNs
  updatedAt: UnixNs
  identity: IdentityView
  /** Why the identity is weaker than it should be, in clauses; empty when it is not. */
  doubt: string
  /** Identity key of the process it acted for; undefined when it acted for itself. */
  responsibleKey: string | undefined
  /** The process, its parent, and so on, at most 8. */
  chain: ProcessView[]
  destination: DestinationView
  bytesOut: Bytes
  bytesIn: Bytes
  flows: number
  /** Flows that got nothing back. */
  silentFlows: number
  /**
   * Flows of which more may have passed than could be read, as they were reset or disconnected, or their close was not
   * seen: with one, bytes are the least it was.
   */
  unreadFlows: number
  /** Flows whose bytes out may count more than was sent (what was sent again): with one, they are the most it was. */
  atMostFlows: number
  /** Flows that left through a tunnel (a VPN, a relay), whose own flow has their bytes once more. */
  tunnelledFlows: number
  /** Flows whose process was found by its pid and the time: nothing named its image. */
  guessedFlows: number
  /** Flows of a log whose packets say otherwise than its count of what came in: with one, that is about so much. */
  inAboutFlows: number
  largestFlow: { bytesOut: Bytes; bytesIn: Bytes; pcr: number }
  /** Of its flows those with the most bytes, at most 20; undefined: an earlier agent sent none. */
  listedFlows: ListedFlow[] | undefined
  timeline: Timeline
  policyVersion: number
  /** What this revision was held against: 16 hex digits of the reference, or `points-1`. Empty: an earlier agent did not say. */
  reference: string
  /** ATT&CK ids: AN0032, DET0011, T1001.001. */
  techniques: string[]
}

/** The first of something on this host. */
export type Sighting = {
  of: 'identity' | 'network' | 'destination'
  identity: IdentityView
  process: ProcessView
  destination: DestinationView | undefined
}

/** What one pair did in one hour. */
export type PairSummary = {
  identityKey: string
  destination: DestinationView
  hourAt: UnixNs
  bytesOut: Bytes
  bytesIn: Bytes
  flows: number
  largestFlowOut: Bytes
}

/** A change in how well the agent sees or delivers. */
export type Health = {
  of: 'degraded' | 'recovered' | 'loss' | 'baseline' | 'signature' | 'outbox' | 'restart' | 'policy'
  text: string
  count: number
  /** From when on it may have been so: the finding's `at` is then the latest that it was. undefined: at that moment. */
  since?: UnixNs
  /**
   * What it weakens: figures of flows, or what is known of programs; `told`: only flows that say so themselves, by a flag.
   * undefined: all of it, or it is not known.
   */
  about?: 'flows' | 'programs' | 'told'
  /** Keys of the identities that it is of alone, one empty where more are not named; undefined: of the whole machine. */
  programs?: string[]
}

export type Finding = { at: UnixNs } & (
  | { kind: 'alert'; alert: Alert }
  | { kind: 'sighting'; sighting: Sighting }
  | { kind: 'summary'; summary: PairSummary }
  | { kind: 'health'; health: Health }
)
