// One line in the log for what goes wrong again and again.

const INTERVAL_MS = 60_000

/** Says the first complaint at once and later ones once a minute, with how many came in between. `nowMs` is monotonic. */
export function createComplaint(
  log: (text: string) => void,
  nowMs: () => number = () => performance.now(),
): (text: string) => void {
  let saidAtMs = Number.NEGATIVE_INFINITY
  let unsaid = 0
  return (text) => {
    if (nowMs() - saidAtMs < INTERVAL_MS) {
      unsaid++
      return
    }
    log(unsaid === 0 ? text : `${text} (and ${unsaid} more like it before)`)
    saidAtMs = nowMs()
    unsaid = 0
  }
}
