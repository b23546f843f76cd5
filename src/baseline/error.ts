/**
 * corrupt: the file was damaged under us (the next open sets it aside); full-disk, busy, io, denied: the disk,
 * another process or the file's owner refused, and what was gathered is kept for the next try; closed: used after close;
 * malformed: a row to be taken in is none.
 */
export type BaselineErrorCode =
  | 'corrupt'
  | 'full-disk'
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
