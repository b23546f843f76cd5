import assert from 'node:assert/strict'
import fc from 'fast-check'
import { boundedReason, boundedText, closeReason } from '../../src/collector/gateway/bounded.ts'
import { readItems } from '../../src/collector/gateway/intake.ts'
import { StreamError } from '../../src/stream/codec.ts'
import { alertItem } from './agent.ts'

describe('the intake of items', () => {
  it('accounts for every item of any bytes, or refuses the frame with StreamError', () => {
    const mutated = fc
      .tuple(fc.nat({ max: 900 }), fc.nat({ max: 255 }), fc.integer({ min: 1, max: 20 }))
      .map(([at, value, sequence]) => {
        const item = Buffer.from(alertItem(sequence))
        item[at % item.length] = value
        return item
      })
    const truncated = fc
      .tuple(fc.nat({ max: 900 }), fc.integer({ min: 1, max: 20 }))
      .map(([length, sequence]) => Buffer.from(alertItem(sequence)).subarray(0, length))
    const anything = fc.oneof(mutated, truncated, fc.uint8Array({ maxLength: 60 }))
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 6 }), (encoded) => {
        try {
          const { items, findings, rejects, throughSequence } = readItems(encoded)
          assert.equal(items.length + rejects.length, encoded.length)
          assert.equal(findings.length, items.length)
          const sequences = [...items, ...rejects].map(({ sequence }) => sequence)
          assert.equal(throughSequence, Math.max(0, ...sequences))
          for (const { reason } of rejects) assert(reason.length > 0 && reason.length <= 120)
        } catch (error) {
          assert(error instanceof StreamError, String(error))
          assert.equal(error.code, 'malformed')
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('keeps the order of the items it took', () => {
    const { items, throughSequence } = readItems([7, 3, 9].map((sequence) => alertItem(sequence)))
    assert.deepEqual(
      items.map(({ sequence }) => sequence),
      [7, 3, 9],
    )
    assert.equal(throughSequence, 9)
  })

  it('hands on what a later agent adds, which it does not understand itself', () => {
    // Field 30, of bytes, in the item; the item's own bytes are what is kept.
    const item = Buffer.concat([alertItem(4), Buffer.from('f20102cafe', 'hex')])
    const { items, rejects } = readItems([item])
    assert.deepEqual(rejects, [])
    assert.ok(items[0]?.kind === 'alert')
    assert.deepEqual(Buffer.from(items[0].body), item)
  })

  it('cuts texts to their bound, never in the middle of a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const cut = boundedText(text)
        assert(cut.length <= 256 && cut.isWellFormed())
        if (text.length <= 256) assert.equal(cut, text)
      }),
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 20, maxLength: 200 }), (text) => {
        assert(Buffer.byteLength(closeReason(text)) <= 123)
      }),
    )
    assert(boundedReason(`${'x'.repeat(119)}\u{1f300}`).isWellFormed())
  })
})
