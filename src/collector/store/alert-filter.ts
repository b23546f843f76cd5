// Which sealed segments may hold an alert. A new alert must be looked for in all of them, and most are
// nowhere: a Bloom filter a segment, laid out so that one read answers for 32 segments at once.

/** Bits a segment: 21 for each of 100,000 alerts, so 1 of 6,000 look-ups goes to a segment in vain. */
const BITS = 2 ** 21
const PROBES = 7
const LANES = 32
const WORDS_OF_BITS = BITS / 32
/** Size of what is kept of a segment's filter. */
export const FILTER_BYTES = BITS / 8

/** Where an alert's bits are: double hashing (Kirsch and Mitzenmacher 2006) over its id and device. */
function positions(id: Uint8Array, device: number, into: Uint32Array): void {
  let first = Math.imul(device, 0x9e3779b1) | 0
  let second = 0x85ebca6b
  for (let at = 0; at < id.length; at++) {
    const byte = id[at] as number
    first = Math.imul(first ^ byte, 0x01000193)
    second = Math.imul(second ^ (byte + at), 0xc2b2ae35)
    second ^= second >>> 13
  }
  first ^= first >>> 15
  second = (second ^ first) | 1
  for (let probe = 0; probe < PROBES; probe++) {
    into[probe] = (first >>> 0) % BITS
    first = (first + second) | 0
  }
}

/** The filter of one segment while it is written; `bits` is what is kept of it. */
export class FilterOfOne {
  readonly bits = new Uint8Array(FILTER_BYTES)
  readonly #at = new Uint32Array(PROBES)

  add(id: Uint8Array, device: number): void {
    positions(id, device, this.#at)
    for (const bit of this.#at)
      this.bits[bit >>> 3] = (this.bits[bit >>> 3] as number) | (1 << (bit & 7))
  }
}

type Group = { lanes: (number | undefined)[]; words: Uint32Array }

/** The filters of all sealed segments: 8 MiB for each 32 of them. */
export class FilterOfAll {
  readonly #groups: Group[] = []
  readonly #at = new Uint32Array(PROBES)

  /** `bits` undefined: the segment may hold anything. Throws RangeError for bits of another size. */
  add(segment: number, bits: Uint8Array | undefined): void {
    if (bits && bits.length !== FILTER_BYTES)
      throw new RangeError(
        `the filter of segment ${segment}: ${bits.length} B, not ${FILTER_BYTES}`,
      )
    let group = this.#groups.find(({ lanes }) => lanes.includes(undefined))
    if (!group) {
      group = {
        lanes: Array.from({ length: LANES }, () => undefined),
        words: new Uint32Array(BITS),
      }
      this.#groups.push(group)
    }
    const lane = group.lanes.indexOf(undefined)
    group.lanes[lane] = segment
    const { words } = group
    const mask = 1 << lane
    for (let word = 0; word < WORDS_OF_BITS; word++)
      for (let byte = word * 4; byte < word * 4 + 4; byte++) {
        const value = bits ? (bits[byte] as number) : 0xff
        if (value === 0) continue
        for (let bit = 0; bit < 8; bit++)
          if ((value >>> bit) & 1) words[byte * 8 + bit] = (words[byte * 8 + bit] as number) | mask
      }
  }

  remove(segment: number): void {
    const index = this.#groups.findIndex(({ lanes }) => lanes.includes(segment))
    const group = this.#groups[index]
    if (!group) return
    const lane = group.lanes.indexOf(segment)
    group.lanes[lane] = undefined
    if (group.lanes.every((each) => each === undefined)) {
      this.#groups.splice(index, 1)
      return
    }
    const mask = ~(1 << lane)
    const { words } = group
    for (let at = 0; at < BITS; at++) words[at] = (words[at] as number) & mask
  }

  /** Segments that may hold the alert, those that certainly do not left out; usually none. */
  candidates(id: Uint8Array, device: number): number[] {
    if (this.#groups.length === 0) return []
    positions(id, device, this.#at)
    const found: number[] = []
    for (const { lanes, words } of this.#groups) {
      let lanesLeft = 0xffffffff
      for (const bit of this.#at) lanesLeft &= words[bit] as number
      for (let lane = 0; lanesLeft !== 0; lane++, lanesLeft >>>= 1) {
        const segment = lanes[lane]
        if ((lanesLeft & 1) === 1 && segment !== undefined) found.push(segment)
      }
    }
    return found
  }
}
