// What the outbox could not do, and why.
import { type DiskTrouble, diskTroubleAt, UnusableFile } from '../baseline/sqlite-file.ts'
import { commandIn, stateOf } from '../hint.ts'

/**
 * full-disk, read-only, busy, io, denied: the file cannot be read or changed at the moment; unencodable: the rest of the batch
 * was kept; closed: used after close.
 */
export type OutboxErrorCode = Exclude<DiskTrouble, 'corrupt'> | 'unencodable' | 'closed'

/** What could not be done, and why. What was not kept has been counted. */
export class OutboxError extends Error {
  readonly code: OutboxErrorCode

  constructor(code: OutboxErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'OutboxError'
    this.code = code
  }
}

const SENTENCES = {
  'full-disk': 'the disk is full: free some space, it is tried again each second',
  'read-only':
    'the file system there is mounted so that it can only be read: mount it for writing, it is tried again',
  busy: 'another process holds the file',
  io: 'the disk reports an error',
  denied: 'this user may not use the file',
} as const satisfies Record<Exclude<DiskTrouble, 'corrupt'>, string>

/**
 * What the disk refused, as OutboxError; an error of a damaged file, which is begun anew, as `corrupt` where that is given, else
 * as it is, and any other as it is.
 */
export function orDiskError(
  error: unknown,
  path: string,
  what: string,
  corrupt?: OutboxErrorCode & Exclude<DiskTrouble, 'corrupt'>,
): unknown {
  const found = error instanceof UnusableFile ? 'corrupt' : diskTroubleAt(path, error)
  const trouble = found === 'corrupt' ? corrupt : found
  if (!trouble) return error
  const whose =
    trouble === 'denied' ? `: ${commandIn('doctor', stateOf(path))} says whose it is` : ''
  return new OutboxError(trouble, `outbox, ${what}: ${SENTENCES[trouble]}${whose}`, {
    cause: error,
  })
}
