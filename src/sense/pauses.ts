// How long a program of the system that ended is left alone before it is started again: twice as long each time, until
// it has worked for a while.

const FIRST_MS = 1_000
const MOST_MS = 5 * 60_000
/** One that worked for so long did not end for how it was started. */
const STEADY_MS = 60_000

export type Pauses = {
  /** The pause now, ms. `workedMs`: how long it lived and printed; 0 where it printed nothing. */
  next(workedMs: number): number
}

export function createPauses(firstMs = FIRST_MS): Pauses {
  let pauseMs = firstMs
  return {
    next(workedMs) {
      if (workedMs > STEADY_MS) pauseMs = firstMs
      const now = pauseMs
      pauseMs = Math.min(pauseMs * 2, MOST_MS)
      return now
    },
  }
}
