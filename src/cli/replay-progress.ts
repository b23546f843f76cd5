// How far a replay is: one line that changes on a terminal, a line now and then elsewhere.
import type { ReplayTotals } from '../replay/replay.ts'

export type Progress = {
  /** `share` of the file, 0 to 1; undefined where its size is not known. */
  show(totals: ReplayTotals, share: number | undefined): void
  /** Takes the changing line away. */
  clear(): void
}

export type ProgressOptions = {
  isTerminal: boolean
  write: (text: string) => void
  nowMs: () => number
}

const TERMINAL_INTERVAL_MS = 200
const PLAIN_INTERVAL_MS = 5_000
const CLEAR_LINE = '\r\u001b[K'

export function createProgress({ isTerminal, write, nowMs }: ProgressOptions): Progress {
  const intervalMs = isTerminal ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS
  const startedMs = nowMs()
  let shownMs = startedMs
  let isShown = false
  return {
    show(totals, share) {
      const now = nowMs()
      if (now - shownMs < intervalMs) return
      shownMs = now
      const line = describeProgress(totals, share, now - startedMs)
      write(isTerminal ? `${CLEAR_LINE}${line}` : `${line}\n`)
      isShown = isTerminal
    },
    clear() {
      if (isShown) write(CLEAR_LINE)
      isShown = false
    },
  }
}

export function describeProgress(
  { records, findings }: ReplayTotals,
  share: number | undefined,
  elapsedMs: number,
): string {
  const part = share === undefined ? '' : ` ${Math.floor(share * 100)} %,`
  const rate = elapsedMs > 0 ? Math.round((records / elapsedMs) * 1000) : 0
  return `replaying:${part} ${grouped(records)} records, ${grouped(rate)} a second, ${findings.alert} alert findings`
}

export const grouped = (count: number): string => count.toLocaleString('en-US')
