// Pairs of identity and destination: what each sent and got, in rings of minutes and hours and in a timeline.
// Numbers lie in one row of doubles a pair; the least recently used pair goes first when the table is full.
import type { Destination } from './destination.ts'
import type { IdentityState } from './process.ts'
import type { Standing } from './score.ts'

/** Places in a row of doubles. */
export const P = {
  out: 0,
  in: 1,
  out24: 2,
  in24: 3,
  firstAtMs: 4,
  lastAtMs: 5,
  /** The flow that sent most: its bytes, and when it was last heard of. */
  largestOut: 6,
  largestIn: 7,
  largestAtMs: 8,
  /** Most that one flow sent before its first byte in. */
  outBeforeIn: 9,
  /** Bytes of the largest flow that got nothing in 30 s. */
  silentOut: 10,
  /** Minute and hour since boot that the rings are at. */
  minute: 11,
  hour: 12,
  timelineStartMs: 13,
  timelineWidthMs: 14,
  /** Silent flows in the ring of minutes. */
  silent10: 15,
  /** Not in a summary yet. */
  summaryOut: 16,
  summaryIn: 17,
  summaryLargest: 18,
  minuteOut: 20,
  minuteIn: 30,
  minuteSilent: 40,
  hourOut: 50,
  hourIn: 74,
  timelineOut: 98,
  timelineIn: 158,
} as const
const MINUTES = 10
const HOURS = 24
const BUCKETS = 60
const FIRST_WIDTH_MS = 1_000
/** Doubles a row, a multiple of a cache line's eight. */
export const PAIR_DOUBLES = 224

/** Places in a row of integers. */
export const C = {
  newer: 0,
  older: 1,
  generation: 2,
  flows: 3,
  silentFlows: 4,
  openFlows: 5,
  /** Slot of the flow that sent most, and of the largest silent one; -1 when it is gone. */
  largestFlow: 6,
  silentFlow: 7,
  summaryFlows: 8,
} as const
export const PAIR_INTEGERS = 16

/** What a pair is, beside its numbers. */
export type Pair = {
  key: string
  identity: IdentityState
  standing: Standing
  destination: Destination
  /** Bytes had not gone there before. */
  newToIdentity: boolean
  newToHost: boolean
  /** Handled by the detector; see there. */
  alertId: string | undefined
  suppressed: boolean
  /** Day (since 1970) on which its identity had no alert left for it; -1 when it had. */
  rolledUpDay: number
  /** Must stay while the table is full: it has an open alert. */
  pinned: boolean
}

/** A pair's numbers as JSON, for a restart. */
export type PairSnapshot = { doubles: number[]; flows: number; silentFlows: number }

export type PairTable = {
  readonly f64: Float64Array
  readonly i32: Int32Array
  readonly meta: (Pair | undefined)[]
  readonly capacity: number
  find(key: string): number
  /** A slot for a new pair. When the table is full, `onEvict` is called for the one that goes, whole. */
  add(pair: Pair, atMs: number): number
  remove(slot: number): void
  /** Adds bytes at `atMs`. The hot path. */
  count(slot: number, atMs: number, out: number, bytesIn: number): void
  countSilent(slot: number, atMs: number): void
  /** Turns the rings to `atMs`, so that what is older leaves the sums. */
  turn(slot: number, atMs: number): void
  lastMinutes(slot: number, atMs: number): { out: number; in: number }
  timeline(slot: number): { startMs: number; widthMs: number; out: number[]; in: number[] }
  snapshot(slot: number): PairSnapshot
  /**
   * Takes the numbers of a snapshot. `shiftMs` is added to its times: not 0 when they count from another boot, and
   * then the last 24 hours become the present one. Throws RangeError when it is not a snapshot.
   */
  restore(slot: number, snapshot: PairSnapshot, shiftMs: number, nowMs: number): void
  /** Calls `visit` for each pair in use, in order of slots. */
  each(visit: (slot: number, pair: Pair) => void): void
  size(): number
}

/** Memory: 1,856 bytes a pair. */
export function createPairTable(
  capacity: number,
  onEvict: (slot: number, pair: Pair) => void,
): PairTable {
  const f64 = new Float64Array(capacity * PAIR_DOUBLES)
  const i32 = new Int32Array(capacity * PAIR_INTEGERS)
  const meta: (Pair | undefined)[] = new Array(capacity).fill(undefined)
  const slots = new Map<string, number>()
  const free: number[] = []
  let high = 0
  let newest = -1
  let oldest = -1

  const unlink = (slot: number): void => {
    const row = slot * PAIR_INTEGERS
    const newer = i32[row + C.newer] as number
    const older = i32[row + C.older] as number
    if (newer >= 0) i32[newer * PAIR_INTEGERS + C.older] = older
    else newest = older
    if (older >= 0) i32[older * PAIR_INTEGERS + C.newer] = newer
    else oldest = newer
  }
  const linkNewest = (slot: number): void => {
    const row = slot * PAIR_INTEGERS
    i32[row + C.newer] = -1
    i32[row + C.older] = newest
    if (newest >= 0) i32[newest * PAIR_INTEGERS + C.newer] = slot
    newest = slot
    if (oldest < 0) oldest = slot
  }

  const turnMinutes = (base: number, minute: number): void => {
    const passed = minute - (f64[base + P.minute] as number)
    if (passed <= 0) return
    f64[base + P.minute] = minute
    for (let i = 0; i < Math.min(passed, MINUTES); i++) {
      const place = (minute - i) % MINUTES
      f64[base + P.minuteOut + place] = 0
      f64[base + P.minuteIn + place] = 0
      const silent = base + P.minuteSilent + place
      f64[base + P.silent10] = (f64[base + P.silent10] as number) - (f64[silent] as number)
      f64[silent] = 0
    }
  }
  const turnHours = (base: number, hour: number): void => {
    const passed = hour - (f64[base + P.hour] as number)
    if (passed <= 0) return
    f64[base + P.hour] = hour
    for (let i = 0; i < Math.min(passed, HOURS); i++) {
      const place = (hour - i) % HOURS
      f64[base + P.out24] =
        (f64[base + P.out24] as number) - (f64[base + P.hourOut + place] as number)
      f64[base + P.in24] = (f64[base + P.in24] as number) - (f64[base + P.hourIn + place] as number)
      f64[base + P.hourOut + place] = 0
      f64[base + P.hourIn + place] = 0
    }
  }
  /** Halves the timeline's resolution: buckets 2k and 2k + 1 become k. */
  const widen = (base: number): void => {
    for (const ring of [base + P.timelineOut, base + P.timelineIn])
      for (let i = 0; i < BUCKETS; i++)
        f64[ring + i] =
          i < BUCKETS / 2 ? (f64[ring + 2 * i] as number) + (f64[ring + 2 * i + 1] as number) : 0
    f64[base + P.timelineWidthMs] = (f64[base + P.timelineWidthMs] as number) * 2
  }
  const minuteOf = (atMs: number): number => Math.floor(atMs / 60_000)
  const hourOf = (atMs: number): number => Math.floor(atMs / 3_600_000)

  const rebase = (base: number, shiftMs: number, nowMs: number): void => {
    for (const place of [P.firstAtMs, P.lastAtMs, P.largestAtMs, P.timelineStartMs])
      f64[base + place] = (f64[base + place] as number) + shiftMs
    f64.fill(0, base + P.minuteOut, base + P.timelineOut)
    f64[base + P.silent10] = 0
    f64[base + P.minute] = minuteOf(nowMs)
    const hour = hourOf(nowMs)
    f64[base + P.hour] = hour
    f64[base + P.hourOut + (hour % HOURS)] = f64[base + P.out24] as number
    f64[base + P.hourIn + (hour % HOURS)] = f64[base + P.in24] as number
  }

  const remove = (slot: number): void => {
    const pair = meta[slot] as Pair
    unlink(slot)
    slots.delete(pair.key)
    pair.identity.pairs--
    meta[slot] = undefined
    const row = slot * PAIR_INTEGERS
    i32[row + C.generation] = (i32[row + C.generation] as number) + 1
    free.push(slot)
  }
  const evict = (): void => {
    let slot = oldest
    for (let i = 0; i < slots.size && meta[slot]?.pinned === true; i++) {
      unlink(slot)
      linkNewest(slot)
      slot = oldest
    }
    onEvict(slot, meta[slot] as Pair)
    remove(slot)
  }

  return {
    f64,
    i32,
    meta,
    capacity,
    find: (key) => slots.get(key) ?? -1,
    add(pair, atMs) {
      if (slots.size === capacity) evict()
      const slot = free.pop() ?? high++
      const base = slot * PAIR_DOUBLES
      const row = slot * PAIR_INTEGERS
      const generation = i32[row + C.generation] as number
      f64.fill(0, base, base + PAIR_DOUBLES)
      i32.fill(0, row, row + PAIR_INTEGERS)
      i32[row + C.generation] = generation
      i32[row + C.largestFlow] = -1
      i32[row + C.silentFlow] = -1
      f64[base + P.firstAtMs] = atMs
      f64[base + P.lastAtMs] = atMs
      f64[base + P.minute] = minuteOf(atMs)
      f64[base + P.hour] = hourOf(atMs)
      f64[base + P.timelineStartMs] = atMs
      f64[base + P.timelineWidthMs] = FIRST_WIDTH_MS
      meta[slot] = pair
      pair.identity.pairs++
      slots.set(pair.key, slot)
      linkNewest(slot)
      return slot
    },
    remove,
    count(slot, atMs, out, bytesIn) {
      const base = slot * PAIR_DOUBLES
      if (newest !== slot) {
        unlink(slot)
        linkNewest(slot)
      }
      const minute = minuteOf(atMs)
      if (minute > (f64[base + P.minute] as number)) {
        turnMinutes(base, minute)
        turnHours(base, hourOf(atMs))
      }
      if (atMs > (f64[base + P.lastAtMs] as number)) f64[base + P.lastAtMs] = atMs
      f64[base + P.out] = (f64[base + P.out] as number) + out
      f64[base + P.in] = (f64[base + P.in] as number) + bytesIn
      f64[base + P.out24] = (f64[base + P.out24] as number) + out
      f64[base + P.in24] = (f64[base + P.in24] as number) + bytesIn
      f64[base + P.summaryOut] = (f64[base + P.summaryOut] as number) + out
      f64[base + P.summaryIn] = (f64[base + P.summaryIn] as number) + bytesIn
      const atMinute = (f64[base + P.minute] as number) % MINUTES
      f64[base + P.minuteOut + atMinute] = (f64[base + P.minuteOut + atMinute] as number) + out
      f64[base + P.minuteIn + atMinute] = (f64[base + P.minuteIn + atMinute] as number) + bytesIn
      const atHour = (f64[base + P.hour] as number) % HOURS
      f64[base + P.hourOut + atHour] = (f64[base + P.hourOut + atHour] as number) + out
      f64[base + P.hourIn + atHour] = (f64[base + P.hourIn + atHour] as number) + bytesIn
      const since = atMs - (f64[base + P.timelineStartMs] as number)
      let bucket = Math.floor(since / (f64[base + P.timelineWidthMs] as number))
      while (bucket >= BUCKETS) {
        widen(base)
        bucket = Math.floor(since / (f64[base + P.timelineWidthMs] as number))
      }
      if (bucket < 0) bucket = 0
      f64[base + P.timelineOut + bucket] = (f64[base + P.timelineOut + bucket] as number) + out
      f64[base + P.timelineIn + bucket] = (f64[base + P.timelineIn + bucket] as number) + bytesIn
    },
    countSilent(slot, atMs) {
      const base = slot * PAIR_DOUBLES
      turnMinutes(base, minuteOf(atMs))
      const place = base + P.minuteSilent + ((f64[base + P.minute] as number) % MINUTES)
      f64[place] = (f64[place] as number) + 1
      f64[base + P.silent10] = (f64[base + P.silent10] as number) + 1
      const flows = slot * PAIR_INTEGERS + C.silentFlows
      i32[flows] = (i32[flows] as number) + 1
    },
    turn(slot, atMs) {
      turnMinutes(slot * PAIR_DOUBLES, minuteOf(atMs))
      turnHours(slot * PAIR_DOUBLES, hourOf(atMs))
    },
    lastMinutes(slot, atMs) {
      const base = slot * PAIR_DOUBLES
      turnMinutes(base, minuteOf(atMs))
      let out = 0
      let bytesIn = 0
      for (let i = 0; i < MINUTES; i++) {
        out += f64[base + P.minuteOut + i] as number
        bytesIn += f64[base + P.minuteIn + i] as number
      }
      return { out, in: bytesIn }
    },
    timeline(slot) {
      const base = slot * PAIR_DOUBLES
      const widthMs = f64[base + P.timelineWidthMs] as number
      const startMs = f64[base + P.timelineStartMs] as number
      const last = Math.floor(((f64[base + P.lastAtMs] as number) - startMs) / widthMs)
      const used = Math.min(BUCKETS, Math.max(0, last) + 1)
      return {
        startMs,
        widthMs,
        out: [...f64.subarray(base + P.timelineOut, base + P.timelineOut + used)],
        in: [...f64.subarray(base + P.timelineIn, base + P.timelineIn + used)],
      }
    },
    snapshot(slot) {
      const base = slot * PAIR_DOUBLES
      const row = slot * PAIR_INTEGERS
      return {
        doubles: [...f64.subarray(base, base + PAIR_DOUBLES)],
        flows: i32[row + C.flows] as number,
        silentFlows: i32[row + C.silentFlows] as number,
      }
    },
    restore(slot, snapshot, shiftMs, nowMs) {
      const { doubles, flows, silentFlows } = snapshot
      if (doubles.length !== PAIR_DOUBLES || !doubles.every(Number.isFinite))
        throw new RangeError('pair: not a snapshot')
      const base = slot * PAIR_DOUBLES
      f64.set(doubles, base)
      // What was said or not before is not known: nothing is said twice.
      f64.fill(0, base + P.summaryOut, base + P.minuteOut)
      if (shiftMs !== 0) rebase(base, shiftMs, nowMs)
      i32[slot * PAIR_INTEGERS + C.flows] = flows
      i32[slot * PAIR_INTEGERS + C.silentFlows] = silentFlows
    },
    each(visit) {
      for (let slot = 0; slot < high; slot++) {
        const pair = meta[slot]
        if (pair) visit(slot, pair)
      }
    },
    size: () => slots.size,
  }
}
