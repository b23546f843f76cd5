// What every importer is: a reader of lines that writes records.
import type { RecordInput } from '../records/input.ts'

/** Logs that can be read. */
export const IMPORT_KINDS = ['eslogger', 'zeek', 'osquery', 'unified-log'] as const
export type ImportKind = (typeof IMPORT_KINDS)[number]

/** How code may be vouched for where the log does not say: what the one program of a Zeek log is taken for. */
export const IMPORT_SIGNERS = ['unsigned', 'adhoc', 'developer_id', 'platform'] as const
export type ImportSigner = (typeof IMPORT_SIGNERS)[number]

export type ImportOptions = {
  /** undefined: found out from the content. */
  from?: ImportKind | undefined
  /** Zeek: address of the monitored host; the others: the host's name. undefined: from the log, or guessed. */
  host?: string | undefined
  /** Zeek alone; unsigned unless given. */
  signer?: ImportSigner | undefined
  /** Zeek alone: its ssl log; undefined: the one beside it, when there is one. */
  sslPath?: string | undefined
}

/** A log as a replay reads it. */
export type ImportedInput = RecordInput & {
  /** Sentences for a person on what the log could not tell, what was guessed and what was left out, with counts. */
  notes(): string[]
  /** How much of the file was read; fileBytes is 0 where that is not known. */
  progress(): { readBytes: number; fileBytes: number }
}

/**
 * unreadable: the file cannot be opened. kind: it is no log that is known, or not the one to give. option: an
 * option has a value it cannot have.
 */
export type ImportErrorCode = 'unreadable' | 'kind' | 'option'

export class ImportError extends Error {
  override readonly name = 'ImportError'
  readonly code: ImportErrorCode
  constructor(code: ImportErrorCode, text: string, options?: ErrorOptions) {
    super(text, options)
    this.code = code
  }
}

/** One log being read. Its records go to the record log it was made with. */
export type LineReader = {
  /** Takes a line. Throws MalformedLine, having written nothing, on one that is not as its format says. */
  line(text: string, number: number): void
  /**
   * Writes some of what is certain by now, or, with `isOver`, of what is left; true while there is more. So much
   * may come of one line that it has to be taken in pieces.
   */
  drain(isOver: boolean): boolean
  /** Whether enough was read for hostname and startedUs. */
  isReady(): boolean
  /** The machine the log is of; empty when the log does not say. */
  hostname(): string
  /** The first time in the log, µs since 1970; undefined when it has none. */
  startedUs(): number | undefined
  notes(): string[]
}

/** `3 lines`, `1 line`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`
