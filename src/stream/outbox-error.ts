// What the outbox could not do, and why.
import type { DiskTrouble } from '../baseline/sqlite-file.ts'
import { commandIn, stateOf } from '../hint.ts'

/**
 * full-disk, busy, io, denied: the file cannot be read or changed at the moment; unencodable: the rest of the batch
 * was kept; closed: used after close.
 */
export type OutboxErrorCode = 'full-disk' | 'busy' | 'io' | 'denied' | 'unencodable' | 'closed'

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
  busy: 'another process holds the file',
  io: 'the disk reports an error',
  denied: 'this user may not use the file',
} as const satisfies Record<Exclude<DiskTrouble, 'corrupt'>, string>

/** The disk's doing, but for a damaged file, which is begun anew. */
export function diskError(
  trouble: Exclude<DiskTrouble, 'corrupt'>,
  path: string,
  what: string,
  cause: unknown,
): OutboxError {
  const whose =
    trouble === 'denied' ? `: ${commandIn('doctor', stateOf(path))} says whose it is` : ''
  return new OutboxError(trouble, `outbox, ${what}: ${SENTENCES[trouble]}${whose}`, { cause })
}
