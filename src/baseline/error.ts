import { commandIn, stateOf } from '../hint.ts'
import { diskTroubleAt, UnusableFile } from './sqlite-file.ts'

/**
 * corrupt: the file was damaged under us (the next open sets it aside); full-disk, read-only, busy, io, denied: the disk,
 * another process or the file's owner refused, and what was gathered is kept for the next try; closed: used after close;
 * malformed: a row to be taken in is none.
 */
export type BaselineErrorCode =
  | 'corrupt'
  | 'full-disk'
  | 'read-only'
  | 'busy'
  | 'io'
  | 'denied'
  | 'closed'
  | 'malformed'

/** What keeps the baseline from being read or written. */
export class BaselineError extends Error {
  readonly code: BaselineErrorCode

  constructor(code: BaselineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'BaselineError'
    this.code = code
  }
}

const SENTENCES = {
  corrupt: 'the file is damaged: start the engine again, which sets it aside and begins a new one',
  'full-disk': 'the disk is full: free some space, it is tried again',
  'read-only':
    'the file system there is mounted so that it can only be read: mount it for writing, it is tried again',
  busy: 'another process holds the file; an agent does so while its disk is full',
  io: 'the disk reports an error',
  denied: 'this user may not use the file',
} as const

/** What is the matter with the file at `path`, and what to do. */
export const sentenceOf = (trouble: keyof typeof SENTENCES, path: string): string =>
  trouble === 'denied'
    ? `${SENTENCES.denied}: ${commandIn('doctor', stateOf(path))} says whose it is`
    : SENTENCES[trouble]

/** Throws BaselineError for what the disk did, and passes on what is a bug. */
export function guarded<T>(path: string, what: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const trouble = cause instanceof UnusableFile ? 'corrupt' : diskTroubleAt(path, cause)
    if (!trouble) throw cause
    throw new BaselineError(trouble, `baseline, ${what}: ${sentenceOf(trouble, path)}`, { cause })
  }
}
