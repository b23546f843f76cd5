// What an agent knows of itself: facts and counts, no words. The view makes those.
import type { SourceGaps, UnseenSum } from '../engine/counters.ts'
import type { Unwatched } from '../host/running-mark.ts'
import type { UplinkState } from '../stream/uplink.ts'
import type { SourcesAtWork } from './source-words.ts'

/** How the agent stands with its collector. */
export type CollectorState =
  /** No collector was named: findings wait. */
  { state: 'none' } | UplinkState

/** A file that could not be read and was begun anew. */
export type FileSetAside = {
  of: 'baseline' | 'outbox'
  /** Where the old one lies now. */
  path: string
  reason: string
}

/** Counts of those who read the status, since the start. */
export type StatusReaders = {
  served: number
  /** Their user may not. */
  refused: number
  /** Came when there was no room. */
  tooMany: number
  /** Did not read what they asked for. */
  slow: number
  /** Sent something: nothing is asked of them. */
  spoke: number
}

/** What there is to say of what the sensor sees. */
export type SensorStatus = Pick<
  AgentStatus,
  'osVersion' | 'user' | 'state' | 'sensor' | 'sources' | 'isUnderUp'
> & { collector: { url: string } }

/** What an agent says of itself, each second, on its status socket. Counts are since the start unless said otherwise. */
export type AgentStatus = {
  version: string
  deviceId: string
  hostname: string
  /** "linux" or "macos". */
  os: string
  osVersion: string
  /** Name of the user that the engine runs as. */
  user: string
  /** The state directory, absolute: what is to be done is done there. */
  state: string
  /** Milliseconds since 1970. */
  startedAtMs: number
  sensor: {
    /** For how long nothing has come, when that is longer than a working sensor may be silent; else 0. */
    silentMs: number
    /** Its records are of another layout: none is read. */
    isForeign: boolean
    /** What its sources lack. */
    gaps: SourceGaps[]
    /** What they say of that; or empty. */
    note: string
  }
  /** Which of a Mac's sources are at work; absent on a machine with one. */
  sources?: SourcesAtWork
  counters: {
    records: number
    execs: number
    /** Of these, whose arguments were asked for (`--exec-arguments`) and could not be read any more. */
    argumentsMissed: number
    flows: number
    processes: number
    openFlows: number
    identities: number
    bytesOut: number
    bytesIn: number
    unattributedFlows: number
    /** Whose last counters could not be read. */
    unreadFlows: number
    /** Whose bytes out may count what was sent again, and whose program was found by its pid and the time. */
    atMostFlows: number
    guessedFlows: number
    /** That left through a tunnel, and what they moved, both ways: in no other sum. */
    tunnelledFlows: number
    tunnelledBytes: number
    /** Open before the first look there ever was, and what they had moved by then, both ways: in no other figure. */
    earlierFlows: number
    earlierBytes: number
    /** Sent in ways whose flows no source tells. */
    unseenBytes: number
    /** Over all agents that had this baseline. */
    lost: number
    alerts: number
    /** Raised nothing: the policy names them, or their program had its share of alerts for the day. */
    suppressed: number
    rolledUp: number
    /** Raised none, and gave way to others, as no more can be open at once; absent: of an earlier version. */
    unopened?: number
    gaveWay?: number
  }
  /**
   * Where what is in force beside the built-in policy is from, the version of its policy (0: it has none), and what of the last that
   * came was refused; absent: nothing is, and nothing was.
   */
  policy?: { source: 'built-in' | 'local' | 'pushed'; version: number; refused: string[] }
  /** Who sent most of `unseenBytes`, at most 5. */
  unseen: Pick<UnseenSum, 'name' | 'way' | 'bytes'>[]
  outbox: {
    /** Waiting. */
    items: number
    bytes: number
    bytesMax: number
    /** Over the life of the file, as the next two. */
    evicted: number
    notKept: number
    /** Waiting in memory alone: the disk takes nothing. */
    unwritten: number
    /** The disk refused what it was given last, whether or not anything waits for it now. */
    isRefused?: boolean
    rejected: number
  }
  /** When the first and the last of `counters.lost` were missed, milliseconds since 1970; absent: none was. */
  lost?: { sinceMs: number; lastMs: number }
  /** Of the last hour; lostBefore: also before this agent started. */
  lately: { lost: number; evicted: number; notKept: number; lostBefore?: boolean }
  setAside: FileSetAside[]
  /** Of the file system with the state directory; absent when it does not say. */
  disk?: { freeBytes: number; totalBytes: number }
  /** How often its parts were killed or crashed in the last two days, and when nobody watched then, oldest first. */
  restarts: { engine: number; sense: number; unwatched: Unwatched[] }
  /** The collector's clock less this machine's, as the last Welcome showed it. */
  clockOffsetMs?: number
  collector: { url: string } & CollectorState
  /** `freshet up` runs both, and starts either again. */
  isUnderUp: boolean
  /** The policy in force counts connections within the machine. */
  countsLoopback: boolean
  /** The newest last, at most 5. */
  lastAlerts: { atMs: number; severity: string; sentence: string }[]
  readers: StatusReaders
}
