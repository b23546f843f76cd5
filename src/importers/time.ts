// Times as logs write them. Inside the importers a time is whole microseconds since 1970: exact as a double
// until 2255, and no log that is read here knows it better on more than one machine.

/** 2000-01-01 and 2100-01-01. A time outside is a broken line, not a time. */
const FIRST_US = 946_684_800_000_000
const LAST_US = 4_102_444_800_000_000

const inRange = (us: number): number | undefined =>
  us >= FIRST_US && us < LAST_US ? us : undefined

/**
 * What one is worth in microseconds: of seconds, milli-, micro- and nanoseconds since 1970. Within the range above no
 * number is a time in two of them, so its size says which it is (Zeek's JSON::TS_MILLIS, pipelines that count so).
 */
const UNITS_US = [1e6, 1e3, 1, 1e-3]

/** A number, or one in digits; undefined when it is neither. */
const numberOf = (value: unknown): number | undefined => {
  const number =
    typeof value === 'string' && /^[0-9]{1,19}(\.[0-9]{1,12})?$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** A time since 1970 in any of these units, as a number or in digits; undefined when it is no such time. */
export function numberToUs(value: unknown): number | undefined {
  const number = numberOf(value)
  if (number === undefined) return undefined
  for (const unitUs of UNITS_US) {
    const us = inRange(Math.round(number * unitUs))
    if (us !== undefined) return us
  }
  return undefined
}

const ISO =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:[.,]([0-9]{1,9}))?(Z|[+-][0-9]{2}:?[0-9]{2})?$/

/** `2025-08-07T15:13:09.811587464Z` or `2026-10-07 10:19:55.713745+0800`; without a zone it is UTC. */
export function isoToUs(value: unknown): number | undefined {
  const us = isoUs(value)
  return us === undefined ? undefined : inRange(us)
}

/** The same, of any year. */
function isoUs(value: unknown): number | undefined {
  const match = typeof value === 'string' ? ISO.exec(value) : null
  if (!match) return undefined
  const [, date, time, fraction = '', zone = 'Z'] = match
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone
  const ms = Date.parse(`${date}T${time}${offset}`)
  return Number.isNaN(ms) ? undefined : ms * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0'))
}

/** Either of the two. */
export const timeToUs = (value: unknown): number | undefined => numberToUs(value) ?? isoToUs(value)

/** Longest recording whose times count from its own start. */
const RELATIVE_MAX_US = 366 * 86_400 * 1_000_000

/** Time since something began, in seconds or as if that had been in 1970; undefined when it is no such time. */
export function relativeToUs(value: unknown): number | undefined {
  const seconds = numberOf(value)
  const us = seconds === undefined ? isoUs(value) : Math.round(seconds * 1e6)
  return us !== undefined && us >= 0 && us < RELATIVE_MAX_US ? us : undefined
}

/** When a log begins whose times are relative and that names no other: the first time there is. */
export const RELATIVE_BASE_US = FIRST_US
