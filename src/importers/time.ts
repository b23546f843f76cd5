// Times as logs write them. Inside the importers a time is whole microseconds since 1970: exact as a double
// until 2255, and no log that is read here knows it better on more than one machine.

/** 2000-01-01 and 2100-01-01. A time outside is a broken line, not a time. */
const FIRST_US = 946_684_800_000_000
const LAST_US = 4_102_444_800_000_000

const inRange = (us: number): number | undefined =>
  us >= FIRST_US && us < LAST_US ? us : undefined

/** Seconds since 1970, as a number or in digits; undefined when it is no such time. */
export function secondsToUs(value: unknown): number | undefined {
  const seconds =
    typeof value === 'string' && /^[0-9]{1,12}(\.[0-9]{1,12})?$/.test(value) ? Number(value) : value
  return typeof seconds === 'number' && Number.isFinite(seconds)
    ? inRange(Math.round(seconds * 1e6))
    : undefined
}

const ISO =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:[.,]([0-9]{1,9}))?(Z|[+-][0-9]{2}:?[0-9]{2})?$/

/** `2025-08-07T15:13:09.811587464Z` or `2026-10-07 10:19:55.713745+0800`; without a zone it is UTC. */
export function isoToUs(value: unknown): number | undefined {
  const match = typeof value === 'string' ? ISO.exec(value) : null
  if (!match) return undefined
  const [, date, time, fraction = '', zone = 'Z'] = match
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone
  const ms = Date.parse(`${date}T${time}${offset}`)
  return Number.isNaN(ms)
    ? undefined
    : inRange(ms * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0')))
}

/** Either of the two. */
export const timeToUs = (value: unknown): number | undefined => secondsToUs(value) ?? isoToUs(value)
