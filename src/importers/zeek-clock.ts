// The times of a Zeek log. Those of a recording that was made to count from its own start (some data sets are) have
// a base: when the log says it was opened, else the first time that an importer knows.
import { RELATIVE_BASE_US, relativeToUs, timeToUs } from './time.ts'

export type ZeekClock = {
  /** µs since 1970; undefined when it is no time. */
  read(value: unknown): number | undefined
  /** The base that was needed, and whether the log itself named it; undefined while none was. */
  base(): { us: number; isNamed: boolean } | undefined
}

/** A log whose first time is a whole one has whole ones only: a small number in it is a broken line. */
export function createZeekClock(openedUs: () => number | undefined): ZeekClock {
  let base: { us: number; isNamed: boolean } | undefined
  let isAbsolute = false
  return {
    read(value) {
      const us = timeToUs(value)
      if (us !== undefined) {
        isAbsolute = true
        return us
      }
      const relativeUs = isAbsolute ? undefined : relativeToUs(value)
      if (relativeUs === undefined) return undefined
      const named = openedUs()
      base ??= { us: named ?? RELATIVE_BASE_US, isNamed: named !== undefined }
      return base.us + relativeUs
    },
    base: () => base,
  }
}
