// The flows that are open: one row of 128 bytes a flow, found by open addressing on the flow id. Rows are
// read and written as u32 and f64 at fixed places, so that a report costs two cache lines and no object.

/** u32 words of a row. */
export const FLOW_WORDS = 32
/** f64 of a row. */
export const FLOW_DOUBLES = 16

/** Places of the u32 fields in a row. */
export const F = {
  idLow: 0,
  idHigh: 1,
  epoch: 2,
  /** Phase. */
  phase: 3,
  /** Slot of its pair, and the generation of that slot it belongs to; NO_PAIR when it has none. */
  pair: 4,
  pairGeneration: 5,
  /** Enumeration that named it last. */
  seenIn: 6,
  /** remote port | protocol << 16 | source << 24 */
  remote: 7,
  /** 16 bytes */
  address: 8,
  pid: 12,
  pidversion: 13,
  /** FlowBit */
  bits: 14,
  localPort: 15,
} as const

/** Places of the f64 fields in a row (they share the 128 bytes: the u32 fields take the first half). */
export const D = {
  /** Last counters. */
  out: 8,
  in: 9,
  /** What of them its pair has. */
  countedOut: 10,
  countedIn: 11,
  firstAtMs: 12,
  lastAtMs: 13,
  /** What of them an earlier engine has said, or left to be said, in summaries. */
  toldOut: 14,
  toldIn: 15,
} as const

export const Phase = {
  free: 0,
  /** Waits for its process, or for the inspection of its program. */
  held: 1,
  /** Its identity is known: its bytes go to a pair. */
  counted: 2,
  /** Detection leaves it out. */
  leftOut: 3,
  /** No process was found in time. */
  unattributed: 4,
} as const

export const FlowBit = {
  /** Heard of since the eviction hand passed. */
  touched: 1,
  /** Closed: while it was held, or as it leaves the table. */
  closed: 2,
  /** Counted among its pair's silent flows. */
  silent: 4,
  /** Its `opened` was counted in its pair. */
  inPair: 8,
  /** Heard of since what is carried to the next engine was written. */
  unsaved: 16,
  /** An earlier engine told of it: `toldOut` and `toldIn` are worth the look. */
  told: 32,
  /** What it moved before `FlowRows.sinceOf` is not its present owner's. */
  since: 64,
  /** Its last counters could not be read. */
  unread: 128,
  /** Its close was not seen. */
  inexact: 256,
  /** Its pair knows of the two above. */
  unreadTold: 512,
  /** Open before anybody looked: `FlowRows.sinceOf` is what it had moved then. */
  earlier: 1_024,
  /** Its bytes out may count what was sent again. */
  atMost: 2_048,
  /** It leaves, or left, through a tunnel. */
  tunnelled: 4_096,
  /** Whose it is was found by pid and time. */
  guessed: 8_192,
  /** Its bytes in are about so many. */
  inAbout: 16_384,
} as const

export const NO_PAIR = 0xffffffff

export type FlowTable = {
  readonly u32: Uint32Array
  readonly f64: Float64Array
  readonly u8: Uint8Array
  /** Rises whenever a slot is freed, so that a queue can tell whether a flow is still the one it meant. */
  readonly generation: Uint32Array
  /** Slot of a flow id, or -1. */
  find(idLow: number, idHigh: number): number
  /** A slot for a new flow, all zero but the id; -1 when the table is full. REQUIRES: not there yet. */
  add(idLow: number, idHigh: number): number
  remove(slot: number): void
  /** The next flow to push out of a full table: one not heard of since the last time round. */
  victim(): number
  /** Slots in [0, highWater) may be in use. */
  highWater(): number
  count(): number
  readonly capacity: number
}

const hash = (idLow: number, idHigh: number): number => {
  let h = Math.imul(idLow ^ Math.imul(idHigh, 0x9e3779b1), 0x85ebca6b)
  h ^= h >>> 15
  h = Math.imul(h, 0xc2b2ae35)
  return (h ^ (h >>> 13)) >>> 0
}

/** `capacity` must be a power of two. Memory: 128 bytes a slot and an index of 8. */
export function createFlowTable(capacity: number): FlowTable {
  if (capacity < 2 || (capacity & (capacity - 1)) !== 0)
    throw new RangeError(`flow table: ${capacity} is not a power of two`)
  const buffer = new ArrayBuffer(capacity * FLOW_WORDS * 4)
  const u32 = new Uint32Array(buffer)
  const f64 = new Float64Array(buffer)
  const u8 = new Uint8Array(buffer)
  const generation = new Uint32Array(capacity)
  /** slot + 1 at the place of its hash; 0 is empty. At most half full, so probes are short. */
  const index = new Int32Array(capacity * 2)
  const mask = capacity * 2 - 1
  const free = new Int32Array(capacity)
  let freeCount = 0
  let high = 0
  let live = 0
  let hand = 0

  const placeOf = (idLow: number, idHigh: number): number => {
    let place = hash(idLow, idHigh) & mask
    for (;;) {
      const entry = index[place] as number
      if (entry === 0) return -1 - place
      const row = (entry - 1) * FLOW_WORDS
      if (u32[row] === idLow && u32[row + 1] === idHigh) return place
      place = (place + 1) & mask
    }
  }

  return {
    u32,
    f64,
    u8,
    generation,
    capacity,
    find(idLow, idHigh) {
      let place = hash(idLow, idHigh) & mask
      for (;;) {
        const entry = index[place] as number
        if (entry === 0) return -1
        const row = (entry - 1) * FLOW_WORDS
        if (u32[row] === idLow && u32[row + 1] === idHigh) return entry - 1
        place = (place + 1) & mask
      }
    },
    add(idLow, idHigh) {
      if (live === capacity) return -1
      const slot = freeCount > 0 ? (free[--freeCount] as number) : high++
      const row = slot * FLOW_WORDS
      u32.fill(0, row, row + FLOW_WORDS)
      u32[row + F.idLow] = idLow
      u32[row + F.idHigh] = idHigh
      u32[row + F.pair] = NO_PAIR
      index[-1 - placeOf(idLow, idHigh)] = slot + 1
      live++
      return slot
    },
    remove(slot) {
      const row = slot * FLOW_WORDS
      let gap = placeOf(u32[row] as number, u32[row + 1] as number)
      // Backward shift: no tombstones, so probes stay short however many flows come and go.
      for (let place = (gap + 1) & mask; ; place = (place + 1) & mask) {
        const entry = index[place] as number
        if (entry === 0) break
        const other = (entry - 1) * FLOW_WORDS
        const home = hash(u32[other] as number, u32[other + 1] as number) & mask
        if (((place - home) & mask) >= ((place - gap) & mask)) {
          index[gap] = entry
          gap = place
        }
      }
      index[gap] = 0
      u32[row + F.phase] = Phase.free
      generation[slot] = (generation[slot] as number) + 1
      free[freeCount++] = slot
      live--
    },
    victim() {
      for (;;) {
        hand = (hand + 1) % high
        const bits = hand * FLOW_WORDS + F.bits
        if (u32[hand * FLOW_WORDS + F.phase] === Phase.free) continue
        if (((u32[bits] as number) & FlowBit.touched) === 0) return hand
        u32[bits] = (u32[bits] as number) & ~FlowBit.touched
      }
    },
    highWater: () => high,
    count: () => live,
  }
}
