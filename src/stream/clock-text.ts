// How the clocks of an agent and its collector differ, told where it matters.

/** Clocks that differ by more make times in the collector hard to compare. */
const TOLD_MS = 60_000

/** `offsetMs`: the collector's clock less this machine's. */
export function tellClock(offsetMs: number, log: (text: string) => void): void {
  if (Math.abs(offsetMs) <= TOLD_MS) return
  const seconds = Math.round(Math.abs(offsetMs) / 1000)
  log(
    `this machine's clock is ${seconds} s ${offsetMs > 0 ? 'behind' : 'ahead of'} the collector's`,
  )
}
