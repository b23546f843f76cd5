// When each source was last heard of: what it lost was lost since then, and no alert of before has less for it.
import { RecordType } from '../records/record.gen.ts'

export type Heard = {
  /** A record came of `source` (of header), made at `atMs`; it is `nowMs` by all that came. */
  note(source: number, type: number, atMs: number, nowMs: number): void
  /** Since when what `source` says now that it lost may have been lost, ms since boot; it is `nowMs`. */
  lostSinceMs(source: number, nowMs: number): number
  /** Since when it sums up what it says now that it counted. */
  countedSinceMs(source: number, nowMs: number): number
}

const SOURCES = 256
/**
 * A source tells what it read, and then what it could not: what came at once with a loss is not before it. Each reads
 * at least once a second, at its ticks (SourceOptions in native/source.h).
 */
const STEP_MS = 1000

/** By source: the last record of the step before, the last of this one, and when this one began; ms, 0: none. */
export function createHeard(): Heard {
  const beforeMs = new Float64Array(SOURCES)
  const lastMs = new Float64Array(SOURCES)
  const beganMs = new Float64Array(SOURCES).fill(Number.NEGATIVE_INFINITY)
  const tickedMs = new Float64Array(SOURCES)
  const startedMs = new Float64Array(SOURCES)
  const sinceOr = (sinceMs: number, source: number, nowMs: number): number =>
    Math.min(nowMs, sinceMs || startedMs[source] || nowMs)
  return {
    note(source, type, atMs, nowMs) {
      // Ticks and marks come through where a source hears of nothing, and losses are what is asked about.
      if (type === RecordType.tick) tickedMs[source] = atMs
      if (type === RecordType.mark) startedMs[source] ||= atMs
      if (type === RecordType.tick || type === RecordType.mark || type === RecordType.loss) return
      if (nowMs - (beganMs[source] as number) >= STEP_MS) {
        beganMs[source] = nowMs
        beforeMs[source] = lastMs[source] as number
      }
      lastMs[source] = atMs
    },
    lostSinceMs: (source, nowMs) =>
      sinceOr(Math.max(0, (beforeMs[source] as number) - STEP_MS), source, nowMs),
    countedSinceMs: (source, nowMs) => sinceOr(tickedMs[source] as number, source, nowMs),
  }
}
