// UUID version 7 (RFC 9562, section 5.7): its first 48 bits are milliseconds since 1970, so a store that
// sorts by it appends.
import { randomFillSync } from 'node:crypto'

const COUNTER_MAX = 0xfff

/**
 * A maker of UUIDs, 16 bytes each, that ascend also within a millisecond and when the clock steps back: 12
 * bits count (RFC 9562, section 6.2, method 1), beginning below their half at random. `nowMs` in
 * [0, 2^48).
 */
export function createUuidSource(
  nowMs: () => number,
  random: (into: Uint8Array) => void = (into) => randomFillSync(into),
): () => Uint8Array {
  let lastMs = -1
  let counter = 0
  return () => {
    const id = new Uint8Array(16)
    random(id.subarray(6))
    const view = new DataView(id.buffer)
    const ms = Math.floor(nowMs())
    if (ms > lastMs) {
      lastMs = ms
      counter = view.getUint16(6) & (COUNTER_MAX >> 1)
    } else if (counter < COUNTER_MAX) counter++
    else {
      lastMs++
      counter = 0
    }
    view.setUint16(0, Math.floor(lastMs / 2 ** 32))
    view.setUint32(2, lastMs % 2 ** 32)
    view.setUint16(6, 0x7000 | counter)
    view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f))
    return id
  }
}

/** Lower case with hyphens. Throws RangeError unless 16 bytes. */
export function uuidText(id: Uint8Array): string {
  if (id.length !== 16) throw new RangeError(`a UUID has 16 bytes, not ${id.length}`)
  const hex = Buffer.from(id.buffer, id.byteOffset, id.length).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Throws RangeError unless `text` is a UUID with hyphens. */
export function uuidBytes(text: string): Uint8Array {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text))
    throw new RangeError(`not a UUID: ${text.slice(0, 40)}`)
  return new Uint8Array(Buffer.from(text.replaceAll('-', ''), 'hex'))
}
