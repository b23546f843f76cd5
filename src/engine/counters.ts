// What the engine counts. Totals are of everything it was told, left out of detection or not.

/** Why flows are no part of detection. */
export type LeftOutReason =
  | 'inbound'
  | 'loopback'
  | 'link_local'
  | 'multicast'
  | 'broadcast'
  | 'unspecified'
  | 'own'

/** What a source lacks, as its last mark has it. */
export type SourceGaps = {
  /** CODE source. */
  source: number
  /** CODE gap, as a sum. */
  gaps: number
  /** Its sentence, which knows more than the codes; or empty. */
  note: string
}

/** What a program sent in a way whose flows no source tells. */
export type UnseenSum = {
  /** File name of the program; empty: whose it is was not known. */
  name: string
  /** The program's identity, or its path while nobody has looked at it. */
  key: string
  /** How it was sent, in words. */
  way: string
  bytes: number
}

/** What a full table of alerts costs: an open one gave way to a rarer one, or a pair has none as all that are open are rarer. */
export type Crowded = 'gaveWay' | 'unopened'

export type EngineCounters = {
  /** Since the engine was made. */
  records: number
  /** Records of a type, or in a layout, that this engine does not know. */
  unknownRecords: number
  /** Flow reports that said less than an earlier one, or what cannot be. */
  staleReports: number
  /** Programs that began to run, also those found running after a first list; those of that list are not among them. */
  execs: number
  /** Of these, programs whose arguments were asked for and could not be read any more. */
  argumentsMissed: number
  flows: number
  /** Alive now. */
  processes: number
  openFlows: number
  bytesOut: number
  bytesIn: number
  /** Flows for which no process, or no program of it, was found in time. */
  unattributedFlows: number
  /** Flows whose last counters could not be read, as they were reset or disconnected: their bytes are the least it was. */
  unreadFlows: number
  /** Flows whose close was not seen: their bytes are what was read last. */
  inexactFlows: number
  /** Flows whose bytes out may count what was sent again. */
  atMostFlows: number
  /** Flows whose process was found by its pid and the time. */
  guessedFlows: number
  /** Flows that left through a tunnel, whose own flow has their bytes once more: they are in no other sum of bytes. */
  tunnelled: { flows: number; bytesOut: number; bytesIn: number }
  /** Flows that were open before the first look, and what they had moved then: in no other figure, and in no alert. */
  earlier: { flows: number; bytesOut: number; bytesIn: number }
  /** What programs sent in ways whose flows no source tells: bytes given to the kernel. They are in no other figure. */
  unseenBytes: number
  /** Who sent most of them since this boot's engine was made. */
  unseenTop: UnseenSum[]
  /** Flows that wait now. */
  heldFlows: number
  /** Flows that detection left out, by reason. */
  leftOut: Record<LeftOutReason, number>
  /** Pairs whose alert the policy suppressed. */
  suppressed: number
  /** Pairs that got no alert of their own, as their program had its share for the day. */
  rolledUp: number
  /** Pairs that got none, as there was no room for more and all that were open were rarer. */
  unopened: number
  /** What sources dropped, as they said. */
  lost: number
  /** What this engine's own bounds cost. */
  evicted: {
    flows: number
    /** Flows whose counters were forgotten: should one come back, it counts from there on. */
    forgottenFlows: number
    pairs: number
    processes: number
    /** Those that cooled down, and open ones that gave way to rarer ones. */
    alerts: number
    /** Questions for sense that nobody fetched in time. */
    requests: number
  }
  /** Alerts opened. */
  alerts: number
  openAlerts: number
  /** Empty, or what is missing and how to get it. */
  degraded: string
  /** Of the sources that lack something. */
  gaps: SourceGaps[]
  /** The records that come are of another layout than this engine's: none is read. */
  isForeign: boolean
}

/** Those that are of the moment. */
export type PresentCounters = Pick<
  EngineCounters,
  'processes' | 'openFlows' | 'degraded' | 'gaps' | 'isForeign' | 'unseenTop'
>

export const zeroCounters = (): EngineCounters => ({
  records: 0,
  unknownRecords: 0,
  staleReports: 0,
  execs: 0,
  argumentsMissed: 0,
  flows: 0,
  processes: 0,
  openFlows: 0,
  bytesOut: 0,
  bytesIn: 0,
  unattributedFlows: 0,
  unreadFlows: 0,
  inexactFlows: 0,
  atMostFlows: 0,
  guessedFlows: 0,
  tunnelled: { flows: 0, bytesOut: 0, bytesIn: 0 },
  earlier: { flows: 0, bytesOut: 0, bytesIn: 0 },
  unseenBytes: 0,
  unseenTop: [],
  heldFlows: 0,
  leftOut: {
    inbound: 0,
    loopback: 0,
    link_local: 0,
    multicast: 0,
    broadcast: 0,
    unspecified: 0,
    own: 0,
  },
  suppressed: 0,
  rolledUp: 0,
  unopened: 0,
  lost: 0,
  evicted: { flows: 0, forgottenFlows: 0, pairs: 0, processes: 0, alerts: 0, requests: 0 },
  alerts: 0,
  openAlerts: 0,
  degraded: '',
  gaps: [],
  isForeign: false,
})
