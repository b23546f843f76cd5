// What weakens the engine's sight, said once and then at most once a minute with what came in between.

import { Loss, Source } from '../records/record.gen.ts'
import type { Crowded, SourceGaps } from './counters.ts'
import type { Health } from './finding.ts'
import { tellsFlows } from './sources.ts'

const SAY_INTERVAL_MS = 60_000
/** What is missing still is said again, so that what was said earlier than a day ago is known to be over. */
const AGAIN_MS = 86_400_000

/** What a loss is of one, and of several. */
const LOSS_TEXT: Record<number, readonly [one: string, many: string]> = {
  [Loss.ringFull]: of('record', 'dropped because the sensor outran the engine'),
  [Loss.kernelEvents]: of('event', 'dropped by the kernel before it could be read'),
  [Loss.flowCloses]: [
    'time the socket that reports closed flows overran: closes may be missing',
    'times the socket that reports closed flows overran: closes may be missing',
  ],
  [Loss.tableFull]: [
    'process or flow found no room in the sensor’s tables',
    'processes or flows found no room in the sensor’s tables',
  ],
  [Loss.malformed]: ['event could not be understood', 'events could not be understood'],
  [Loss.filterQueue]: [
    'report of flows was dropped by the network filter, which could not reach the agent in time',
    'reports of flows were dropped by the network filter, which could not reach the agent in time',
  ],
  [Loss.flowCounters]: [
    'flow was reset or disconnected before its last counters could be read: more may have passed than is counted',
    'flows were reset or disconnected before their last counters could be read: more may have passed than is counted',
  ],
  [Loss.flowOwners]: [
    'flow came from a process that had gone before it could be looked at: it is known by its name alone',
    'flows came from processes that had gone before they could be looked at: they are known by their names alone',
  ],
  [Loss.filterRefused]: [
    'connection or batch of the network filter was refused: another’s, of another version, or damaged',
    'connections or batches of the network filter were refused: another’s, of another version, or damaged',
  ],
}

function of(noun: string, what: string): readonly [one: string, many: string] {
  return [`${noun} was ${what}`, `${noun}s were ${what.replace('it could', 'they could')}`]
}

/** On a machine with one source it need not be named. */
const SOURCE_TEXT: Record<number, string> = {
  [Source.endpointSecurity]: ' (Endpoint Security)',
  [Source.filter]: ' (content filter)',
  [Source.networkStatistics]: ' (NetworkStatistics)',
  [Source.polling]: ' (list of processes)',
  [Source.eslogger]: ' (eslogger)',
  [Source.nettop]: ' (nettop)',
}

/** Health as the engine finds it; times are ms since boot. */
export type Said = Omit<Health, 'since'> & {
  /** From when on, and the latest that it was so; without them: now. */
  from?: { sinceMs: number; untilMs: number }
}

const CROWDED_TEXT: Record<Crowded, readonly [one: string, many: string]> = {
  gaveWay: [
    'alert gave way to a rarer one, as no more can be open at once: its last revision says what it stood at',
    'alerts gave way to rarer ones, as no more can be open at once: their last revisions say what they stood at',
  ],
  unopened: [
    'destination of a program crossed the line and has no alert: no more can be open at once, and all that are open are rarer',
    'destinations of programs crossed the line and have no alert: no more can be open at once, and all that are open are rarer',
  ],
}

export type HealthLog = {
  /** `sinceMs`: the time since which it may have been lost. */
  lost(loss: { source: number; what: number; count: number; sinceMs: number }, nowMs: number): void
  /** The table of alerts was full; said with those of a minute. */
  crowded(what: Crowded, nowMs: number): void
  /** What a source says is missing; empty: nothing is. */
  degraded(source: number, note: string, nowMs: number): void
  /** The same as CODE gap, as a sum. */
  lacks(source: number, gaps: number): void
  say(health: Said): void
  /** Time passed: says what waited. */
  pass(nowMs: number): void
  /** Nothing is known from here on: says how long what is missing was so. */
  end(nowMs: number): void
  /** All that is missing now, as one text. */
  text(): string
  /** Likewise, by source, of those that lack something or say so; -1: the records themselves. */
  gaps(): SourceGaps[]
}

/** Of a source that tells of flows and programs both. */
const ABOUT: Record<number, Health['about']> = {
  [Loss.flowCloses]: 'flows',
  [Loss.filterQueue]: 'flows',
  [Loss.flowCounters]: 'told',
  [Loss.flowOwners]: 'told',
}

/** What is not known of all that is missing weakens all of it. */
function aboutOf(source: number, what: number): { about?: NonNullable<Health['about']> } {
  const about =
    ABOUT[what] ?? (source === Source.linux ? undefined : tellsFlows(source) ? 'flows' : 'programs')
  return about === undefined ? {} : { about }
}

type Waiting = {
  texts: readonly [one: string, many: string]
  about: { about?: NonNullable<Health['about']> }
  count: number
  sinceMs: number
  untilMs: number
  saidAtMs: number
}

type Noted = { note: string; sinceMs: number; saidAtMs: number }

export function createHealthLog(emit: (health: Said) => void): HealthLog {
  const waiting = new Map<string, Waiting>()
  const notes = new Map<number, Noted>()
  const lacking = new Map<number, number>()
  const sayLoss = (entry: Waiting, nowMs: number): void => {
    if (entry.count === 0 || nowMs - entry.saidAtMs < SAY_INTERVAL_MS) return
    const [one, many] = entry.texts
    const text = `${entry.count} ${entry.count === 1 ? one : many}`
    const { sinceMs, untilMs, about } = entry
    emit({ of: 'loss', text, count: entry.count, from: { sinceMs, untilMs }, ...about })
    entry.count = 0
    entry.sinceMs = Number.POSITIVE_INFINITY
    entry.saidAtMs = nowMs
  }
  const add = (
    texts: Waiting['texts'],
    about: Waiting['about'],
    { count, sinceMs, nowMs }: { count: number; sinceMs: number; nowMs: number },
  ): void => {
    const entry = waiting.get(texts[1]) ?? {
      ...{ texts, about, count: 0, untilMs: nowMs },
      sinceMs: Number.POSITIVE_INFINITY,
      saidAtMs: Number.NEGATIVE_INFINITY,
    }
    waiting.set(texts[1], entry)
    entry.count += count
    entry.sinceMs = Math.min(entry.sinceMs, sinceMs)
    entry.untilMs = nowMs
    sayLoss(entry, nowMs)
  }
  const sayUntil = ({ note, sinceMs }: Noted, untilMs: number): void =>
    emit({ of: 'degraded', text: note, count: 1, from: { sinceMs, untilMs } })
  return {
    lost({ source, what, count, sinceMs }, nowMs) {
      // Kinds and sources that need no name of their own share an entry: the map stays small.
      const from = SOURCE_TEXT[source] ?? ''
      const [one, many] = LOSS_TEXT[what] ?? of('thing', 'dropped')
      add([`${one}${from}`, `${many}${from}`], aboutOf(source, what), { count, sinceMs, nowMs })
    },
    crowded(what, nowMs) {
      // No figure of another alert is less for it.
      add(CROWDED_TEXT[what], { about: 'told' }, { count: 1, sinceMs: nowMs, nowMs })
    },
    degraded(source, note, nowMs) {
      const before = notes.get(source)
      if (note === (before?.note ?? '')) return
      if (note !== '') {
        // Some of it may be so still: that is said anew.
        if (before) sayUntil(before, nowMs)
        notes.set(source, { note, sinceMs: nowMs, saidAtMs: nowMs })
        emit({ of: 'degraded', text: note, count: 1 })
      } else if (before) {
        notes.delete(source)
        const from = { sinceMs: before.sinceMs, untilMs: nowMs }
        emit({ of: 'recovered', text: `no longer so: ${before.note}`, count: 1, from })
      }
    },
    lacks(source, gaps) {
      if (gaps === 0) lacking.delete(source)
      else lacking.set(source, gaps)
    },
    say: emit,
    pass(nowMs) {
      for (const entry of waiting.values()) sayLoss(entry, nowMs)
      for (const noted of notes.values()) {
        if (nowMs - noted.saidAtMs < AGAIN_MS) continue
        noted.saidAtMs = nowMs
        emit({ of: 'degraded', text: noted.note, count: 1 })
      }
    },
    end(nowMs) {
      for (const noted of notes.values()) sayUntil(noted, nowMs)
    },
    text: () => [...notes.values()].map(({ note }) => note).join(' '),
    gaps: () =>
      [...new Set([...lacking.keys(), ...notes.keys()])].map((source) => ({
        source,
        gaps: lacking.get(source) ?? 0,
        note: notes.get(source)?.note ?? '',
      })),
  }
}
