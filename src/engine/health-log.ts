// What weakens the engine's sight, said once and then at most once a minute with what came in between.

import { Loss, Source } from '../records/record.gen.ts'
import type { SourceGaps } from './counters.ts'
import type { Health } from './finding.ts'

const SAY_INTERVAL_MS = 60_000

const LOSS_TEXT: Record<number, string> = {
  [Loss.ringFull]: 'records were dropped because the sensor outran the engine',
  [Loss.kernelEvents]: 'events were dropped by the kernel before they were read',
  [Loss.flowCloses]: 'overruns of the socket that reports closed flows: closes may be missing',
  [Loss.tableFull]: 'processes or flows found the sensor’s tables full',
  [Loss.malformed]: 'events could not be understood',
  [Loss.filterQueue]:
    'reports of flows were dropped by the network filter, which could not reach the agent in time',
  [Loss.flowCounters]:
    'flows were reset or disconnected before their last counters could be read: more may have passed than is counted',
  [Loss.filterRefused]:
    'connections or batches of the network filter were refused: another’s, of another version, or damaged',
}

/** On a machine with one source it need not be named. */
const SOURCE_TEXT: Record<number, string> = {
  [Source.endpointSecurity]: ' (Endpoint Security)',
  [Source.filter]: ' (content filter)',
}

export type HealthLog = {
  lost(source: number, what: number, count: number, nowMs: number): void
  /** What a source says is missing; empty: nothing is. */
  degraded(source: number, note: string): void
  /** The same as CODE gap, as a sum. */
  lacks(source: number, gaps: number): void
  say(health: Health): void
  /** Time passed: says what waited. */
  pass(nowMs: number): void
  /** All that is missing now, as one text. */
  text(): string
  /** Likewise, by source, of those that lack something. */
  gaps(): SourceGaps[]
}

type Waiting = { text: string; count: number; saidAtMs: number }

export function createHealthLog(emit: (health: Health) => void): HealthLog {
  const waiting = new Map<string, Waiting>()
  const notes = new Map<number, string>()
  const lacking = new Map<number, number>()
  const sayLoss = (entry: Waiting, nowMs: number): void => {
    if (entry.count === 0 || nowMs - entry.saidAtMs < SAY_INTERVAL_MS) return
    emit({ of: 'loss', text: `${entry.count} ${entry.text}`, count: entry.count })
    entry.count = 0
    entry.saidAtMs = nowMs
  }
  return {
    lost(source, what, count, nowMs) {
      // Kinds and sources that need no name of their own share an entry: the map stays small.
      const text = `${LOSS_TEXT[what] ?? 'things were dropped'}${SOURCE_TEXT[source] ?? ''}`
      const entry = waiting.get(text) ?? { text, count: 0, saidAtMs: Number.NEGATIVE_INFINITY }
      waiting.set(text, entry)
      entry.count += count
      sayLoss(entry, nowMs)
    },
    degraded(source, note) {
      const before = notes.get(source) ?? ''
      if (note === before) return
      if (note === '') notes.delete(source)
      else notes.set(source, note)
      emit(
        note === ''
          ? { of: 'recovered', text: `no longer so: ${before}`, count: 1 }
          : { of: 'degraded', text: note, count: 1 },
      )
    },
    lacks(source, gaps) {
      if (gaps === 0) lacking.delete(source)
      else lacking.set(source, gaps)
    },
    say: emit,
    pass(nowMs) {
      for (const entry of waiting.values()) sayLoss(entry, nowMs)
    },
    text: () => [...notes.values()].join(' '),
    gaps: () =>
      [...lacking].map(([source, gaps]) => ({ source, gaps, note: notes.get(source) ?? '' })),
  }
}
