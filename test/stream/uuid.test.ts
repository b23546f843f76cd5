import assert from 'node:assert/strict'
import { createUuidSource, uuidBytes, uuidText } from '../../src/stream/uuid.ts'

const zeros = (into: Uint8Array) => void into.fill(0)

describe('UUIDv7', () => {
  it('has the time, the version and the variant where RFC 9562 puts them', () => {
    // The example of its appendix A.6, whose random bits are these.
    const random = (into: Uint8Array) =>
      into.set([0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f])
    const id = createUuidSource(() => 0x017f22e279b0, random)()
    // The counter keeps 11 of the 12 bits of rand_a: cc3 becomes 4c3.
    assert.equal(uuidText(id), '017f22e2-79b0-74c3-98c4-dc0c0c07398f')
  })

  it('ascends within a millisecond, past the counter, and when the clock steps back', () => {
    let nowMs = 1000
    const make = createUuidSource(() => nowMs, zeros)
    let last = uuidText(make())
    for (let index = 0; index < 10_000; index++) {
      if (index === 9000) nowMs = 5
      const next = uuidText(make())
      assert.ok(next > last, `${next} after ${last}`)
      last = next
    }
  })

  it('gives text and bytes for each other, and refuses what is neither', () => {
    const id = createUuidSource(() => Date.UTC(2026, 0))()
    assert.deepEqual(uuidBytes(uuidText(id)), id)
    assert.throws(() => uuidBytes('not-a-uuid'), RangeError)
    assert.throws(() => uuidText(id.subarray(1)), RangeError)
  })
})
