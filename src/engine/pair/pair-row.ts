// Where the numbers of a pair lie. What each report reads and writes comes first: two cache lines of doubles.
import { HOUR_MS, HOURS, type Hours, noHours } from '../hours.ts'

/**
 * Places in a row of doubles. Rings and the timeline hold no sums but marks: what `out` and `in` were when a minute,
 * an hour or a bucket began. So a report adds to two numbers, and every sum is a difference, exact below 2^53.
 */
export const P = {
  out: 0,
  in: 1,
  lastAtMs: 2,
  /** Rises with each use of any pair: the least is the least recently used. */
  used: 3,
  /** When the next minute begins, ms since boot. */
  turnAtMs: 4,
  /** When the next bucket of the timeline begins. */
  bucketEndMs: 5,
  /** The flow that sent most: its bytes, and when it was last heard of. */
  largestOut: 6,
  largestIn: 7,
  largestAtMs: 8,
  /** Most that one flow sent before its first byte in. */
  outBeforeIn: 9,
  /** Mark of 24 hours ago. */
  dayOut: 10,
  dayIn: 11,
  /** Bytes of the largest flow that got nothing in 30 s. */
  silentOut: 12,
  /** Silent flows in the last ten minutes. */
  silent10: 13,
  /** Most bytes out of one flow that was heard of since the last summary. */
  summaryLargest: 14,
  /** Hours before the present one, of the 24 that the rings hold, in which bytes went out. */
  activeHours: 15,
  /** Minute and hour since boot that the rings are at. */
  minute: 16,
  hour: 17,
  timelineStartMs: 18,
  timelineWidthMs: 19,
  /** The bucket being filled, and its mark. */
  bucket: 20,
  bucketOut: 21,
  bucketIn: 22,
  /** Mark of the last summary. */
  summaryOut: 23,
  summaryIn: 24,
  firstAtMs: 25,
  minuteOut: 26,
  minuteIn: 36,
  /** Silent flows of each minute: counts, not marks. */
  minuteSilent: 46,
  hourOut: 56,
  hourIn: 80,
  /** Bytes of each bucket that is over. */
  timelineOut: 104,
  timelineIn: 164,
  /** Flows whose last counters could not be read: all, and marks as those of the bytes. */
  unread: 224,
  dayUnread: 225,
  hourUnread: 226,
} as const

export const MINUTES = 10
export const BUCKETS = 60
/** Width of a bucket to begin with. It doubles whenever all are full. */
export const FIRST_WIDTH_MS = 1_000
export const MINUTE_MS = 60_000
/** Doubles a row, a multiple of a cache line's eight. */
export const PAIR_DOUBLES = 256

/** Places in a row of integers. */
export const C = {
  /** Rises when the slot is given to another pair. */
  generation: 0,
  /** Slot of the flow that sent most, and of the largest silent one; -1 when it is gone. */
  largestFlow: 1,
  silentFlow: 2,
  flows: 3,
  silentFlows: 4,
  openFlows: 5,
  summaryFlows: 6,
  /** Slot of its identity in the book. */
  identity: 7,
  /** Flows whose last counters could not be read. */
  unreadFlows: 8,
  /** Flows whose close was not seen: their counters are the last ones read. */
  inexactFlows: 9,
  /** Flows that were open before anybody looked. */
  earlierFlows: 10,
  /** Flows whose bytes out may count more than was sent, that left through a tunnel, and whose owner was guessed. */
  atMostFlows: 11,
  tunnelledFlows: 12,
  guessedFlows: 13,
  /** Flows whose bytes in are about so many. */
  inAboutFlows: 14,
} as const
/** A cache line. */
export const PAIR_INTEGERS = 16

/** Writes a row for a pair that begins at `atMs`. REQUIRES: the row is all zero. */
export function beginRow(d: Float64Array, base: number, atMs: number): void {
  d[base + P.firstAtMs] = atMs
  d[base + P.lastAtMs] = atMs
  d[base + P.timelineStartMs] = atMs
  d[base + P.timelineWidthMs] = FIRST_WIDTH_MS
  d[base + P.bucketEndMs] = atMs + FIRST_WIDTH_MS
  setTime(d, base, atMs)
}

function setTime(d: Float64Array, base: number, atMs: number): void {
  const minute = Math.floor(atMs / MINUTE_MS)
  d[base + P.minute] = minute
  d[base + P.turnAtMs] = (minute + 1) * MINUTE_MS
  d[base + P.hour] = Math.floor(atMs / HOUR_MS)
}

/** Turns the rings to `atMs`: marks the minutes and hours that began since, and forgets the oldest. */
export function turnRow(d: Float64Array, base: number, atMs: number): void {
  if (atMs < (d[base + P.turnAtMs] as number)) return
  const minutes = Math.floor(atMs / MINUTE_MS) - (d[base + P.minute] as number)
  const hours = Math.floor(atMs / HOUR_MS) - (d[base + P.hour] as number)
  setTime(d, base, atMs)
  const out = d[base + P.out] as number
  const bytesIn = d[base + P.in] as number
  const minute = d[base + P.minute] as number
  for (let i = 0; i < Math.min(minutes, MINUTES); i++) {
    const place = base + ((minute - i) % MINUTES)
    d[place + P.minuteOut] = out
    d[place + P.minuteIn] = bytesIn
    d[base + P.silent10] = (d[base + P.silent10] as number) - (d[place + P.minuteSilent] as number)
    d[place + P.minuteSilent] = 0
  }
  if (hours <= 0) return
  const hour = d[base + P.hour] as number
  for (let i = 0; i < Math.min(hours, HOURS); i++) {
    const place = base + ((hour - i) % HOURS)
    d[place + P.hourOut] = out
    d[place + P.hourIn] = bytesIn
    d[place + P.hourUnread] = d[base + P.unread] as number
  }
  const oldest = base + ((hour + 1) % HOURS)
  let active = 0
  for (let i = 1; i < HOURS; i++) {
    const from = d[base + P.hourOut + ((hour + HOURS - i) % HOURS)] as number
    const to = d[base + P.hourOut + ((hour + HOURS - i + 1) % HOURS)] as number
    if (to > from) active++
  }
  d[base + P.activeHours] = active
  d[base + P.dayOut] = d[oldest + P.hourOut] as number
  d[base + P.dayIn] = d[oldest + P.hourIn] as number
  d[base + P.dayUnread] = d[oldest + P.hourUnread] as number
}

/** What went out in each of the last 24 hours. REQUIRES: turned. */
export function hoursOfRow(d: Float64Array, base: number): Hours {
  const hour = d[base + P.hour] as number
  const of: Hours = { ...noHours(), hour }
  let to = d[base + P.out] as number
  for (let i = 0; i < HOURS; i++) {
    const place = (hour + HOURS - i) % HOURS
    const from = d[base + P.hourOut + place] as number
    of.bytes[place] = to - from
    of.sum += to - from
    to = from
  }
  return of
}

/** Ends the present bucket of the timeline and begins the one that `atMs` lies in. */
export function nextBucket(d: Float64Array, base: number, atMs: number): void {
  fillBucket(d, base)
  d[base + P.bucketOut] = d[base + P.out] as number
  d[base + P.bucketIn] = d[base + P.in] as number
  const start = d[base + P.timelineStartMs] as number
  let bucket = Math.floor((atMs - start) / (d[base + P.timelineWidthMs] as number))
  while (bucket >= BUCKETS) {
    widen(d, base)
    bucket = Math.floor((atMs - start) / (d[base + P.timelineWidthMs] as number))
  }
  d[base + P.bucket] = bucket
  d[base + P.bucketEndMs] = start + (bucket + 1) * (d[base + P.timelineWidthMs] as number)
}

/** Brings the present bucket up to the counters. */
export function fillBucket(d: Float64Array, base: number): void {
  const place = base + (d[base + P.bucket] as number)
  const out = (d[base + P.out] as number) - (d[base + P.bucketOut] as number)
  const bytesIn = (d[base + P.in] as number) - (d[base + P.bucketIn] as number)
  d[place + P.timelineOut] = (d[place + P.timelineOut] as number) + out
  d[place + P.timelineIn] = (d[place + P.timelineIn] as number) + bytesIn
  d[base + P.bucketOut] = d[base + P.out] as number
  d[base + P.bucketIn] = d[base + P.in] as number
}

export type RowTimeline = { startMs: number; widthMs: number; out: number[]; in: number[] }

/** The timeline with what its last bucket has so far. */
export function timelineOf(d: Float64Array, base: number): RowTimeline {
  fillBucket(d, base)
  const used = (d[base + P.bucket] as number) + 1
  return {
    startMs: d[base + P.timelineStartMs] as number,
    widthMs: d[base + P.timelineWidthMs] as number,
    out: [...d.subarray(base + P.timelineOut, base + P.timelineOut + used)],
    in: [...d.subarray(base + P.timelineIn, base + P.timelineIn + used)],
  }
}

/** Halves the timeline's resolution: buckets 2k and 2k + 1 become k. */
function widen(d: Float64Array, base: number): void {
  for (const ring of [base + P.timelineOut, base + P.timelineIn])
    for (let i = 0; i < BUCKETS; i++)
      d[ring + i] =
        i < BUCKETS / 2 ? (d[ring + 2 * i] as number) + (d[ring + 2 * i + 1] as number) : 0
  d[base + P.timelineWidthMs] = (d[base + P.timelineWidthMs] as number) * 2
}

/**
 * Adds what the row at `from` counted to the one at `to`: sums as if they had come now, extremes where they are greater.
 * What has been said of it in summaries counts as said.
 */
export function foldRow(d: Float64Array, from: number, to: number): void {
  const add = (place: number, more: number): void => {
    d[to + place] = (d[to + place] as number) + more
  }
  const out = d[from + P.out] as number
  const bytesIn = d[from + P.in] as number
  add(P.out, out)
  add(P.in, bytesIn)
  add(P.summaryOut, d[from + P.summaryOut] as number)
  add(P.summaryIn, d[from + P.summaryIn] as number)
  const silent = d[from + P.silent10] as number
  add(P.silent10, silent)
  add(P.minuteSilent + ((d[to + P.minute] as number) % MINUTES), silent)
  for (const place of [P.outBeforeIn, P.silentOut, P.lastAtMs, P.summaryLargest])
    d[to + place] = Math.max(d[to + place] as number, d[from + place] as number)
  d[to + P.firstAtMs] = Math.min(d[to + P.firstAtMs] as number, d[from + P.firstAtMs] as number)
  if ((d[from + P.largestOut] as number) > (d[to + P.largestOut] as number))
    for (const place of [P.largestOut, P.largestIn, P.largestAtMs])
      d[to + place] = d[from + place] as number
}

/**
 * Moves a row that was written under another boot to this one: its times move by `shiftMs`, the last 24 hours
 * stay counted for 24 more, the last minutes are forgotten.
 */
export function rebaseRow(d: Float64Array, base: number, shiftMs: number, nowMs: number): void {
  for (const place of [P.firstAtMs, P.lastAtMs, P.largestAtMs, P.timelineStartMs, P.bucketEndMs])
    d[base + place] = (d[base + place] as number) + shiftMs
  setTime(d, base, nowMs)
  d.fill(d[base + P.out] as number, base + P.minuteOut, base + P.minuteIn)
  d.fill(d[base + P.in] as number, base + P.minuteIn, base + P.minuteSilent)
  d.fill(0, base + P.minuteSilent, base + P.hourOut)
  d.fill(d[base + P.dayOut] as number, base + P.hourOut, base + P.hourIn)
  d.fill(d[base + P.dayIn] as number, base + P.hourIn, base + P.timelineOut)
  d.fill(d[base + P.dayUnread] as number, base + P.hourUnread, base + P.hourUnread + HOURS)
  d[base + P.silent10] = 0
  d[base + P.activeHours] = 0
}
