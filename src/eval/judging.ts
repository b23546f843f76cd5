// Holds what a detector raised against who acted.
import type { Actor } from './actor.ts'
import type { Raised } from './detector.ts'
import { ALERTS_AN_IDENTITY_A_DAY, type ResultStep } from './machine-result.ts'
import { DAY_UNIX_MS, whoKey } from './telling.ts'

/** An alert is possible from so many bytes on: the least of any of the rules' terms (no response, 64 KiB). */
export const POSSIBLE_FROM_BYTES = 64 * 1_024

/** What an actor had sent by when. */
export type Course = {
  firstMs: number
  bytesOut: number
  possibleOut: number
  outAt(dayMs: number): number
}

export function courseOf(actor: Actor): Course {
  const gains: { atMs: number; more: number }[] = []
  for (const { atMs, points } of actor.sendings) {
    let out = 0
    for (const point of points) {
      gains.push({ atMs: atMs + point.afterMs, more: point.out - out })
      out = point.out
    }
  }
  gains.sort((a, b) => a.atMs - b.atMs)
  const times: number[] = []
  const sums: number[] = []
  let sum = 0
  for (const { atMs, more } of gains) {
    sum += more
    times.push(atMs)
    sums.push(sum)
  }
  const possible = sums.find((out) => out >= POSSIBLE_FROM_BYTES) ?? sum
  return {
    firstMs: actor.sendings[0]?.atMs ?? 0,
    bytesOut: sum,
    possibleOut: possible,
    outAt(dayMs) {
      // The last report that is not after it.
      let low = 0
      let high = times.length
      while (low < high) {
        const middle = (low + high) >> 1
        if ((times[middle] as number) <= dayMs) low = middle + 1
        else high = middle
      }
      return low === 0 ? 0 : (sums[low - 1] as number)
    },
  }
}

/** Alerts by the actor of their process; those of others (there are none by design) are left out. */
export function byActor(
  raised: readonly Raised[],
  actors: ReadonlyMap<string, Actor>,
): Map<Actor, Raised[]> {
  const found = new Map<Actor, Raised[]>()
  for (const alert of raised) {
    const actor = actors.get(whoKey(alert.pid, alert.pidversion))
    if (actor === undefined) continue
    const told = actor.targets ? toldOfAny(alert, actor.targets) : alert
    if (told === undefined) continue
    const own = found.get(actor)
    if (own) own.push(told)
    else found.set(actor, [told])
  }
  return found
}

/** The alert from when on it names one of these; undefined: it does not. */
function toldOfAny(alert: Raised, targets: ReadonlySet<string>): Raised | undefined {
  if (targets.has(alert.to)) return alert
  const named = [...(alert.also ?? [])].filter(([address]) => targets.has(address))
  if (named.length === 0) return undefined
  const fromMs = Math.min(...named.map(([, atMs]) => atMs))
  const at = alert.steps.findLast(({ atMs }) => atMs <= fromMs)
  const later = alert.steps.filter(({ atMs }) => atMs > fromMs)
  return { ...alert, steps: at ? [{ ...at, atMs: fromMs }, ...later] : later }
}

/** The highest scores of an identity's alerts: what is told of it on a day. */
export const scoresOf = (alerts: readonly Raised[]): number[] =>
  alerts
    .map(({ steps }) => steps.at(-1)?.score ?? 0)
    .sort((a, b) => b - a)
    .slice(0, ALERTS_AN_IDENTITY_A_DAY)

/** The highest of all alerts at each time, since the actor's first report. */
export function stepsOf(alerts: readonly Raised[], course: Course): ResultStep[] {
  const all = alerts.flatMap(({ steps }) => steps).sort((a, b) => a.atMs - b.atMs)
  const steps: ResultStep[] = []
  for (const { atMs, score } of all) {
    if (score <= (steps.at(-1)?.[1] ?? Number.NEGATIVE_INFINITY)) continue
    const dayMs = atMs - DAY_UNIX_MS
    steps.push([Math.round(dayMs - course.firstMs), score, course.outAt(dayMs)])
  }
  return steps
}
