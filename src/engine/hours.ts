// Bytes of the last 24 hours, an hour each: as a pair's row has them, of what has no row (any more).

/** That a row and what is kept beside it go back. */
export const HOURS = 24
export const HOUR_MS = 3_600_000

export type Hours = {
  /** The present hour since boot. */
  hour: number
  /** Bytes of hour h, at h % HOURS. What is counted elsewhere as well is taken off: a number below 0. */
  bytes: number[]
  /** Their sum. */
  sum: number
}

export const noHours = (): Hours => ({ hour: 0, bytes: new Array(HOURS).fill(0), sum: 0 })

/** Forgets what is older than the 24 hours that end with `hour`; an earlier hour is none. */
export function turnHours(of: Hours, hour: number): void {
  for (let i = 0; i < Math.min(hour - of.hour, HOURS); i++) {
    const place = (hour - i) % HOURS
    of.sum -= of.bytes[place] as number
    of.bytes[place] = 0
  }
  of.hour = Math.max(of.hour, hour)
}

export function addNow(of: Hours, bytes: number): void {
  const place = of.hour % HOURS
  of.bytes[place] = (of.bytes[place] as number) + bytes
  of.sum += bytes
}

/** Adds those of `more`, each to its own hour. */
export function addHours(of: Hours, more: Hours): void {
  const hour = Math.max(of.hour, more.hour)
  turnHours(of, hour)
  turnHours(more, hour)
  for (let place = 0; place < HOURS; place++)
    of.bytes[place] = (of.bytes[place] as number) + (more.bytes[place] as number)
  of.sum += more.sum
}

/** Of another boot's: all of it counts for 24 hours more. */
export const hoursFrom = (of: Hours, hour: number): Hours => {
  const now = { ...noHours(), hour }
  addNow(now, of.sum)
  return now
}

/** What a state of the baseline has; undefined: nothing that this could have written. */
export function readHours(value: unknown): Hours | undefined {
  const { hour, bytes } = Object(value) as Partial<Hours>
  if (typeof hour !== 'number' || !Number.isSafeInteger(hour) || hour < 0) return undefined
  if (!Array.isArray(bytes) || bytes.length !== HOURS || !bytes.every(Number.isSafeInteger))
    return undefined
  return { hour, bytes, sum: bytes.reduce((sum: number, one: number) => sum + one, 0) }
}
