// The time that a list is of, as its address says it: a moment, `2026-11-29T07:00Z`, or so long before now, `-24h`, which goes
// on meaning that in a link. Pure: the present is an argument.
import type { NsText } from '../views/page-api.ts'

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const RELATIVE = /^-([1-9]\d{0,3})([mhd])$/
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?Z$/

export const isRelative = (text: string): boolean => RELATIVE.test(text)

/** 1970 on: the API takes no time before. */
export const isMoment = (text: string): boolean => MOMENT.test(text) && Date.parse(text) >= 0

export const isTime = (text: string): boolean => isRelative(text) || isMoment(text)

/** Milliseconds since 1970 UTC. REQUIRES: isTime(text). */
export function timeMs(text: string, nowMs: number): number {
  const [, count, unit] = RELATIVE.exec(text) ?? []
  if (unit === undefined) return Date.parse(text)
  return Math.max(0, nowMs - Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS])
}

/** A moment to the minute, cut. */
export const momentOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`

export type TimeRange = { from?: string | undefined; to?: string | undefined }

/** What the collector is asked for: [since, until). */
export function asked(
  { from, to }: TimeRange,
  nowMs: number,
): { since: NsText | undefined; until: NsText | undefined } {
  const ns = (text: string | undefined) =>
    text === undefined ? undefined : String(BigInt(timeMs(text, nowMs)) * 1_000_000n)
  return { since: ns(from), until: ns(to) }
}

/** Whether nothing can be in it. */
export const isReversed = ({ from, to }: TimeRange, nowMs: number): boolean =>
  from !== undefined && to !== undefined && timeMs(to, nowMs) <= timeMs(from, nowMs)

/** What is offered; undefined: all time. */
export const PRESETS: readonly [from: string | undefined, name: string][] = [
  [undefined, 'Any time'],
  ['-1h', 'Last hour'],
  ['-24h', 'Last 24 hours'],
  ['-7d', 'Last 7 days'],
]

/** Which preset it is; 'custom': none. A link may have `-3h`, which is shown as the moment that it means. */
export function presetOf({ from, to }: TimeRange): string {
  if (to !== undefined) return 'custom'
  if (from === undefined) return ''
  return PRESETS.some(([preset]) => preset === from) ? from : 'custom'
}

/** For an input of type datetime-local: wall time in this browser's zone, to the minute. */
export function localText(text: string | undefined, nowMs: number): string {
  if (text === undefined) return ''
  const at = new Date(timeMs(text, nowMs))
  const two = (part: number) => String(part).padStart(2, '0')
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`
}

/** The moment of what such an input says; undefined: it says none. */
export function momentOfLocal(text: string): string | undefined {
  const ms = new Date(text).getTime()
  if (text === '' || Number.isNaN(ms) || ms < 0) return undefined
  const moment = momentOf(ms)
  return isMoment(moment) ? moment : undefined
}
