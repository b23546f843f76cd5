// How long to wait before the next attempt: full jitter, so that a fleet that lost its collector at one
// instant comes back spread out.

export type Backoff = {
  /**
   * Milliseconds to wait, in [leastMs, leastMs + min(mostMs, firstMs * 2^attempt)), an hour at the most: where that is in the way it is
   * earlier, by half the span at the most. Each call is an attempt.
   */
  next(leastMs?: number): number
  /** After a connection that did its work. A mere connection does not count: it may end at once again. */
  succeeded(): void
  /** Upper end of the jitter, as the collector names it; kept within [1 s, 1 h]. */
  setMost(mostMs: number): void
  /** The next wait is drawn from the whole range. */
  slow(): void
}

const HOUR_MS = 3_600_000

/** `random` is in [0, 1). */
export function createBackoff(firstMs: number, mostMs: number, random: () => number): Backoff {
  let attempt = 0
  let most = mostMs
  const ATTEMPTS_MAX = 30
  return {
    next(leastMs = 0) {
      const span = Math.min(most, firstMs * 2 ** attempt)
      attempt = Math.min(attempt + 1, ATTEMPTS_MAX)
      // Some of the spread is left to who was told to come in an hour.
      const fromMs = Math.min(leastMs, HOUR_MS - span / 2)
      return fromMs + random() * Math.min(span, HOUR_MS - fromMs)
    },
    succeeded() {
      attempt = 0
    },
    setMost(named) {
      most = Math.min(Math.max(named, 1000), HOUR_MS)
    },
    slow() {
      attempt = ATTEMPTS_MAX
    },
  }
}
