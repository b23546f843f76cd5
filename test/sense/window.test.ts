import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createWindow } from '../../src/sense/window.ts'

describe('sense window', () => {
  it('gives back what was not acknowledged, whole chunks, oldest first', () => {
    const window = createWindow(1000)
    const [a, b, c] = [new Uint8Array(8), new Uint8Array(16), new Uint8Array(24)]
    for (const chunk of [a, b, c]) window.keep(chunk)
    window.acknowledge(8)
    assert.deepEqual(window.reopen(), [b, c])
    assert.equal(window.bytes(), 40)
  })

  it('keeps a chunk of which only a part was acknowledged', () => {
    const window = createWindow(1000)
    const chunk = new Uint8Array(16)
    window.keep(chunk)
    window.acknowledge(8)
    assert.deepEqual(window.reopen(), [chunk])
  })

  it('forgets what it kept when that is given up, and counts the records', () => {
    const window = createWindow(1000)
    const chunk = new Uint8Array(48)
    new DataView(chunk.buffer).setUint32(0, 24, true)
    new DataView(chunk.buffer).setUint32(24, 24, true)
    window.keep(chunk)
    window.keepAnswers(chunk)
    assert.equal(window.abandon(), 2)
    assert.equal(window.bytes(), 0)
    assert.deepEqual(window.reopen(), [])
  })

  it('puts the preface first and counts it', () => {
    const window = createWindow(1000)
    const chunk = new Uint8Array(16)
    window.keep(chunk)
    const preface = new Uint8Array(64)
    assert.deepEqual(window.reopen(preface), [preface, chunk])
    window.acknowledge(80)
    assert.equal(window.bytes(), 0)
  })

  it('does not gather prefaces over a row of deaths', () => {
    const window = createWindow(1000)
    window.keep(new Uint8Array(16))
    window.reopen(new Uint8Array(64))
    const last = new Uint8Array(72)
    assert.deepEqual(window.reopen(last)[0], last)
    assert.equal(window.bytes(), 88)
  })

  it('counts answers, keeps them from no one, and gives them to no other engine', () => {
    const window = createWindow(16)
    const [records, answers] = [new Uint8Array(8), new Uint8Array(64)]
    window.keepAnswers(answers)
    assert.equal(window.hasRoom(), true)
    window.keep(records)
    window.acknowledge(64)
    assert.equal(window.bytes(), 8)
    window.keepAnswers(answers)
    assert.deepEqual(window.reopen(), [records])
    assert.equal(window.bytes(), 8)
  })

  it('has no room when full, and again after an acknowledgement', () => {
    const window = createWindow(16)
    window.keep(new Uint8Array(16))
    assert.equal(window.hasRoom(), false)
    window.acknowledge(16)
    assert.equal(window.hasRoom(), true)
  })

  it('refuses an acknowledgement of bytes that were never sent', () => {
    const window = createWindow(16)
    window.keep(new Uint8Array(8))
    assert.throws(() => window.acknowledge(9), /acknowledged 9 bytes of 8 sent/)
    assert.throws(() => window.acknowledge(Number.NaN), RangeError)
  })

  it('loses no byte over any run of sends, acknowledgements and deaths', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('send' as const), bytes: fc.integer({ min: 1, max: 64 }) }),
      fc.record({
        kind: fc.constant('take' as const),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      fc.record({ kind: fc.constant('die' as const) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const window = createWindow(Number.POSITIVE_INFINITY)
        const durable = new Set<number>()
        let serial = 0
        let pipe: Uint8Array[] = []
        for (const one of steps) {
          if (one.kind === 'send') {
            const chunk = new Uint8Array(4 + one.bytes)
            new DataView(chunk.buffer).setUint32(0, serial++, true)
            window.keep(chunk)
            pipe.push(chunk)
          } else if (one.kind === 'take') {
            const taken = pipe.slice(0, Math.floor(pipe.length * one.share))
            for (const chunk of taken) durable.add(new DataView(chunk.buffer).getUint32(0, true))
            window.acknowledge(taken.reduce((sum, chunk) => sum + chunk.length, 0))
          } else pipe = window.reopen()
        }
        for (const chunk of window.reopen())
          durable.add(new DataView(chunk.buffer).getUint32(0, true))
        assert.equal(durable.size, serial)
      }),
    )
  })
})
