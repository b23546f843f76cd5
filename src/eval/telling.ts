// Writes what actors did on a machine as the records that its sources would have told.
import { type Actor, programsOf } from './actor.ts'
import { type ClockStep, DAY_MS, Mac, type Running } from './mac.ts'

/** 2026-03-02 00:00 UTC: the day that is judged. */
export const DAY_UNIX_MS = Date.UTC(2026, 2, 2)
/** A program has run so long when it first sends: its file is looked at by then. */
const RUNS_BEFORE_MS = 1_000

export type Told = {
  records: Uint8Array
  /** By `whoKey` of the process that sent. */
  actors: ReadonlyMap<string, Actor>
  /** Reports of counters, of all flows. */
  reports: number
}

export const whoKey = (pid: number, pidversion: number): string => `${pid} ${pidversion}`

/** The day that is judged. */
export function tellDay(actors: readonly Actor[], clock: readonly ClockStep[] = []): Told {
  const mac = new Mac(DAY_UNIX_MS)
  const who = new Map<string, Actor>()
  const reports = tellActors(mac, actors, 0, who)
  for (const step of clock) mac.setClock(step)
  return { records: mac.records(), actors: who, reports }
}

/** The days before, the earliest first, each a boot of the machine; empty where there are none. */
export function tellBefore(
  days: readonly { daysBefore: number; actors: readonly Actor[] }[],
): Uint8Array {
  const [first] = days
  if (first === undefined) return new Uint8Array(0)
  const mac = new Mac(DAY_UNIX_MS - first.daysBefore * DAY_MS)
  for (const { daysBefore, actors } of days)
    tellActors(mac, actors, (first.daysBefore - daysBefore) * DAY_MS, new Map())
  return mac.records()
}

function tellActors(
  mac: Mac,
  actors: readonly Actor[],
  dayMs: number,
  who: Map<string, Actor>,
): number {
  let reports = 0
  mac.nowMs = dayMs
  const launchd = mac.boot()
  for (const actor of actors) {
    const [first] = actor.sendings
    if (first === undefined) continue
    mac.nowMs = dayMs + Math.max(0, first.atMs - RUNS_BEFORE_MS)
    let running: Running = launchd
    for (const program of programsOf(actor)) running = mac.run(program, running)
    who.set(whoKey(running.pid, running.pidversion), actor)
    for (const { atMs, ...course } of actor.sendings) {
      mac.nowMs = dayMs + Math.max(atMs, RUNS_BEFORE_MS)
      mac.follow(running, course)
      reports += course.points.length + 1
    }
  }
  mac.nowMs = dayMs
  mac.idle(DAY_MS - 1_000)
  return reports
}
