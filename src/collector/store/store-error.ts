/**
 * cannot-open: no file can be opened there, or it is not a store; newer: a later version wrote it;
 * unavailable: the disk refused (full, gone, read-only), nothing of the call is stored and it may be
 * tried again; closed: the store was closed; failed: a query could not be answered.
 */
export type StoreErrorCode = 'cannot-open' | 'newer' | 'unavailable' | 'closed' | 'failed'

export class StoreError extends Error {
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StoreError'
    this.code = code
  }
}
