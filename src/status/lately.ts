// How much a total has risen within the last hour: what went wrong last week must not worry anybody today.

const WINDOW_MS = 3600_000
const STEP_MS = 60_000

export type Lately = {
  /** The rise up to `total`, from an hour ago (to a minute) or from the start. `nowMs` is monotonic. */
  note(total: number, nowMs: number): number
}

/** Holds some sixty numbers, however often it is asked. */
export function createLately(total: number, nowMs: number): Lately {
  let first = { atMs: nowMs, total }
  const later: { atMs: number; total: number }[] = []
  return {
    note(total, nowMs) {
      for (let next = later[0]; next && next.atMs <= nowMs - WINDOW_MS; next = later[0]) {
        first = next
        later.shift()
      }
      if (nowMs - (later.at(-1) ?? first).atMs >= STEP_MS) later.push({ atMs: nowMs, total })
      return Math.max(0, total - first.total)
    },
  }
}
