// Pairs of identity and destination. Numbers lie in rows, a pair each; the least recently used pair goes first
// when the table is full.

import type { Destination } from '../destination/destination.ts'
import type { Exception } from '../exception.ts'
import type { IdentityState } from '../process/process.ts'
import type { EndedFlow } from './ended-flows.ts'
import {
  beginRow,
  C,
  foldRow,
  MINUTES,
  nextBucket,
  P,
  PAIR_DOUBLES,
  PAIR_INTEGERS,
  type RowTimeline,
  rebaseRow,
  timelineOf,
  turnRow,
} from './pair-row.ts'
import { type PairSnapshot, restoreTo, snapshotOf } from './pair-snapshot.ts'

/** What a pair is, beside its numbers. */
export type Pair = {
  key: string
  identity: IdentityState
  destination: Destination
  /** Bytes had not gone there before. */
  newToIdentity: boolean
  newToHost: boolean
  /** Other programs of this host had sent there as it did so first; false where that is not known any more. */
  isShared: boolean
  /** Handled by the detector; see there. */
  alertId: string | undefined
  suppressed: boolean
  /** The one that names it, whether it holds it back or not. */
  exception: Exception | undefined
  /** It crossed the line and has no alert of its own; see there. */
  rolledUp: RolledUp | undefined
  /** Must stay while the table is full: it has an open alert. */
  pinned: boolean
  /** Of its flows that have ended, the largest: an alert that opens lists them. */
  ended: EndedFlow[]
}

/** A pair that has no alert of its own, as it stood then: it is judged anew once it is rarer, or there is room. */
export type RolledUp = {
  /** Days since 1970. */
  day: number
  score: number
  bytesOut: number
  /** The alert of its program that it is counted within; undefined: as many were open as there may be, none of them less rare. */
  into: string | undefined
  /** What of its bytes out is counted there. */
  countedOut: number
}

export type PairTable = {
  readonly f64: Float64Array
  readonly i32: Int32Array
  readonly meta: (Pair | undefined)[]
  readonly capacity: number
  find(key: string): number
  /** Rises whenever the slot is freed, so that a flow can tell whether its pair is still the one it meant. */
  generationOf(slot: number): number
  /** A slot for a new pair. When the table is full, `onEvict` is called for the one that goes, whole. */
  add(pair: Pair, atMs: number): number
  remove(slot: number): void
  /** The pair is of another identity than it was taken for. REQUIRES: there is none of that key. */
  rename(slot: number, key: string, identity: IdentityState): void
  /** Adds the numbers of `slot` to those of `into`, as if they had come now. REQUIRES: `slot` has said its summary. */
  fold(slot: number, into: number): void
  /** Adds bytes at `atMs`. The hot path. */
  count(slot: number, atMs: number, out: number, bytesIn: number): void
  countSilent(slot: number, atMs: number): void
  /** One more flow whose last counters could not be read. */
  countUnread(slot: number, atMs: number): void
  /** Of these, those of the last 24 hours. REQUIRES: turned. */
  unread24(slot: number): number
  /** Turns the rings to `atMs`, so that what is older leaves the sums. */
  turn(slot: number, atMs: number): void
  /** Bytes out in the last ten minutes. REQUIRES: turned. */
  recentOut(slot: number): number
  timeline(slot: number): RowTimeline
  snapshot(slot: number): PairSnapshot
  /**
   * Takes the numbers of a snapshot. `shiftMs` is added to its times: not 0 when they count from another boot.
   * Throws RangeError when it is not a snapshot.
   */
  restore(slot: number, snapshot: PairSnapshot, shiftMs: number, nowMs: number): void
  /** Calls `visit` for each pair in use, in order of slots. */
  each(visit: (slot: number, pair: Pair) => void): void
  size(): number
}

/** The oldest pairs are looked for this many at a time, so that a full table costs little for each new pair. */
const CANDIDATES = 64

/** Memory: 2,112 bytes a pair. */
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
  let uses = 0
  /** The least recently used when they were looked for, newest first; stale once they are used again. */
  let candidates: { slot: number; used: number }[] = []

  const usedOf = (slot: number): number => f64[slot * PAIR_DOUBLES + P.used] as number
  const remove = (slot: number): void => {
    const pair = meta[slot] as Pair
    slots.delete(pair.key)
    pair.identity.pairs--
    meta[slot] = undefined
    const row = slot * PAIR_INTEGERS
    i32[row + C.generation] = (i32[row + C.generation] as number) + 1
    free.push(slot)
  }
  const lookForOldest = (): void => {
    for (let slot = 0; slot < high; slot++)
      if (meta[slot]?.pinned === false) candidates.push({ slot, used: usedOf(slot) })
    candidates = candidates.sort((a, b) => a.used - b.used).slice(0, CANDIDATES)
    candidates.reverse()
  }
  /** A candidate not used since it was found is older than all that were not candidates. */
  const oldest = (): number => {
    for (let tries = 0; tries < 2; tries++) {
      for (let next = candidates.pop(); next; next = candidates.pop()) {
        const pair = meta[next.slot]
        if (pair && !pair.pinned && usedOf(next.slot) === next.used) return next.slot
      }
      lookForOldest()
    }
    const last = candidates.pop()
    // All are pinned: the bound holds all the same.
    return last ? last.slot : meta.findIndex((pair) => pair !== undefined)
  }

  return {
    f64,
    i32,
    meta,
    capacity,
    find: (key) => slots.get(key) ?? -1,
    generationOf: (slot) => i32[slot * PAIR_INTEGERS + C.generation] as number,
    add(pair, atMs) {
      if (slots.size === capacity) {
        const slot = oldest()
        onEvict(slot, meta[slot] as Pair)
        remove(slot)
      }
      const slot = free.pop() ?? high++
      const base = slot * PAIR_DOUBLES
      const row = slot * PAIR_INTEGERS
      const generation = i32[row + C.generation] as number
      f64.fill(0, base, base + PAIR_DOUBLES)
      i32.fill(0, row, row + PAIR_INTEGERS)
      i32[row + C.generation] = generation
      i32[row + C.largestFlow] = -1
      i32[row + C.silentFlow] = -1
      i32[row + C.identity] = pair.identity.slot
      beginRow(f64, base, atMs)
      f64[base + P.used] = ++uses
      meta[slot] = pair
      pair.identity.pairs++
      slots.set(pair.key, slot)
      return slot
    },
    remove,
    rename(slot, key, identity) {
      const pair = meta[slot] as Pair
      slots.delete(pair.key)
      slots.set(key, slot)
      pair.key = key
      pair.identity.pairs--
      identity.pairs++
      pair.identity = identity
      i32[slot * PAIR_INTEGERS + C.identity] = identity.slot
    },
    fold(slot, into) {
      foldRow(f64, slot * PAIR_DOUBLES, into * PAIR_DOUBLES)
      f64[into * PAIR_DOUBLES + P.used] = ++uses
      for (const place of [C.flows, C.silentFlows, C.openFlows, C.summaryFlows]) {
        const at = into * PAIR_INTEGERS + place
        i32[at] = (i32[at] as number) + (i32[slot * PAIR_INTEGERS + place] as number)
      }
    },
    count(slot, atMs, out, bytesIn) {
      const base = slot * PAIR_DOUBLES
      if (atMs >= (f64[base + P.turnAtMs] as number)) turnRow(f64, base, atMs)
      if (atMs >= (f64[base + P.bucketEndMs] as number)) nextBucket(f64, base, atMs)
      f64[base + P.out] = (f64[base + P.out] as number) + out
      f64[base + P.in] = (f64[base + P.in] as number) + bytesIn
      if (atMs > (f64[base + P.lastAtMs] as number)) f64[base + P.lastAtMs] = atMs
      f64[base + P.used] = ++uses
    },
    countSilent(slot, atMs) {
      const base = slot * PAIR_DOUBLES
      turnRow(f64, base, atMs)
      const place = base + P.minuteSilent + ((f64[base + P.minute] as number) % MINUTES)
      f64[place] = (f64[place] as number) + 1
      f64[base + P.silent10] = (f64[base + P.silent10] as number) + 1
      const flows = slot * PAIR_INTEGERS + C.silentFlows
      i32[flows] = (i32[flows] as number) + 1
    },
    countUnread(slot, atMs) {
      const base = slot * PAIR_DOUBLES
      turnRow(f64, base, atMs)
      f64[base + P.unread] = (f64[base + P.unread] as number) + 1
      if (atMs > (f64[base + P.lastAtMs] as number)) f64[base + P.lastAtMs] = atMs
      f64[base + P.used] = ++uses
      const flows = slot * PAIR_INTEGERS + C.unreadFlows
      i32[flows] = (i32[flows] as number) + 1
    },
    unread24(slot) {
      // Most pairs have none: their marks are not looked up.
      if (i32[slot * PAIR_INTEGERS + C.unreadFlows] === 0) return 0
      const base = slot * PAIR_DOUBLES
      return (f64[base + P.unread] as number) - (f64[base + P.dayUnread] as number)
    },
    turn(slot, atMs) {
      turnRow(f64, slot * PAIR_DOUBLES, atMs)
    },
    recentOut(slot) {
      const base = slot * PAIR_DOUBLES
      const oldestMinute = ((f64[base + P.minute] as number) + 1) % MINUTES
      return (f64[base + P.out] as number) - (f64[base + P.minuteOut + oldestMinute] as number)
    },
    timeline: (slot) => timelineOf(f64, slot * PAIR_DOUBLES),
    snapshot: (slot) => snapshotOf(f64, i32, slot),
    restore(slot, snapshot, shiftMs, nowMs) {
      restoreTo(f64, i32, slot, snapshot)
      f64[slot * PAIR_DOUBLES + P.used] = ++uses
      if (shiftMs !== 0) rebaseRow(f64, slot * PAIR_DOUBLES, shiftMs, nowMs)
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
