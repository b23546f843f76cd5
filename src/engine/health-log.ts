// What weakens the engine's sight, said once and then at most once a minute with what came in between.

import { Loss } from '../records/record.gen.ts'
import type { Health } from './finding.ts'

const SAY_INTERVAL_MS = 60_000

const LOSS_TEXT: Record<number, string> = {
  [Loss.ringFull]: 'records were dropped because the sensor outran the engine',
  [Loss.kernelEvents]: 'events were dropped by the kernel before they were read',
  [Loss.flowCloses]: 'overruns of the socket that reports closed flows: closes may be missing',
  [Loss.tableFull]: 'processes or flows found the sensor’s tables full',
  [Loss.malformed]: 'events could not be understood',
}

export type HealthLog = {
  lost(what: number, count: number, nowMs: number): void
  /** What a source says is missing; empty: nothing is. */
  degraded(source: number, note: string): void
  say(health: Health): void
  /** Time passed: says what waited. */
  pass(nowMs: number): void
  /** All that is missing now, as one text. */
  text(): string
}

export function createHealthLog(emit: (health: Health) => void): HealthLog {
  const waiting = new Map<number, { count: number; saidAtMs: number }>()
  const notes = new Map<number, string>()
  const sayLoss = (
    what: number,
    entry: { count: number; saidAtMs: number },
    nowMs: number,
  ): void => {
    if (entry.count === 0 || nowMs - entry.saidAtMs < SAY_INTERVAL_MS) return
    const text = LOSS_TEXT[what] ?? `something of kind ${what} was dropped`
    emit({ of: 'loss', text: `${entry.count} ${text}`, count: entry.count })
    entry.count = 0
    entry.saidAtMs = nowMs
  }
  return {
    lost(what, count, nowMs) {
      // Kinds that this engine does not know share one entry: the map stays small.
      const kind = what in LOSS_TEXT ? what : 0
      const entry = waiting.get(kind) ?? { count: 0, saidAtMs: Number.NEGATIVE_INFINITY }
      waiting.set(kind, entry)
      entry.count += count
      sayLoss(kind, entry, nowMs)
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
    say: emit,
    pass(nowMs) {
      for (const [what, entry] of waiting) sayLoss(what, entry, nowMs)
    },
    text: () => [...notes.values()].join(' '),
  }
}
