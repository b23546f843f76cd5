/**
 * address: it cannot listen there; state: the state directory or a file in it cannot be used; in-use:
 * another collector holds the state directory; store: the store cannot be opened; certificate: the files of its certificate
 * cannot be used; full-disk: the disk takes nothing, which may pass.
 */
export type CollectorErrorCode =
  | 'address'
  | 'state'
  | 'in-use'
  | 'store'
  | 'certificate'
  | 'full-disk'

/** Why a collector cannot start; the message says what, where and what to do. */
export class CollectorError extends Error {
  readonly code: CollectorErrorCode

  constructor(code: CollectorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CollectorError'
    this.code = code
  }
}
