// What a replay reads: a capture, or a log that an importer turned into records. Both look the same to it.
import type { UnixNs } from '../units.ts'

/** What is known of the machine and the time before the first record. */
export type InputHeader = {
  /** 'capture', or the name of the log that was imported: 'eslogger', 'zeek', ... */
  format: string
  /** The agent's device id; an importer makes one from the host. It is part of every alert's id. */
  deviceId: string
  hostname: string
  /** Name and version of the operating system; empty when not known. */
  os: string
  /** The file says of itself that no machine ever did what is in it. */
  isSynthetic: boolean
  /** When the first record was written; undefined when the file does not say. */
  startedAt: UnixNs | undefined
}

/** A part of the input that could not be used. What comes after it was read all the same. */
export type Damage = {
  /** Bytes from the beginning of the file to the first byte not used. */
  offset: number
  /** Line of a text file, from 1; undefined for a binary one. */
  line: number | undefined
  /** What is wrong there, in a few words. */
  text: string
  /** How many bytes (a binary file) or lines (a text file) were left out here. */
  count: number
}

export type DamageReport = {
  /** The first ones in order, at most DAMAGE_LISTED_MAX. */
  listed: Damage[]
  /** All of them, listed or not. */
  places: number
  /** Sum of their counts, listed or not. */
  count: number
  /** What `count` counts. */
  unit: 'bytes' | 'lines'
}

/** A file may be damaged everywhere; the report stays small. */
export const DAMAGE_LISTED_MAX = 100

/** An opened input. `records` can be walked once; the file is closed when the walk ends or is broken off. */
export type RecordInput = {
  header: InputHeader
  /**
   * Whole records, many to a piece, in the order of the engine's input. A piece begins at a byteOffset that
   * is a multiple of 8 and is valid until the next is asked for. Rejects only when the file can no longer
   * be read; what is malformed is skipped and told by `damage`.
   */
  records: AsyncIterable<Uint8Array>
  /** What could not be used so far; complete when `records` has ended. */
  damage(): DamageReport
}
