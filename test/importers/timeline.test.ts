import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createHeap, type Timed } from '../../src/importers/heap.ts'
import type { ConnEntry } from '../../src/importers/zeek-conn.ts'
import { createTimeline, type Moment } from '../../src/importers/zeek-timeline.ts'

const entry = (startUs: number, durationUs: number, bytesOut: number, bytesIn = 0): ConnEntry => ({
  uid: '',
  startUs,
  durationUs,
  originator: '10.0.0.1',
  originatorAddress: new Uint8Array(16),
  responderAddress: new Uint8Array(16),
  originatorPort: 1,
  responderPort: 2,
  protocol: 6,
  bytesOut,
  bytesIn,
  isUnanswered: false,
  isUncounted: false,
  isOpenEnded: false,
})

describe('The timeline of connections', () => {
  it('keeps every byte and the order of time, whatever the order of lines and its bounds', () => {
    const flows = fc.array(
      fc.record({
        start: fc.integer({ min: 0, max: 86_400 }),
        lasts: fc.integer({ min: 0, max: 5_000 }),
        out: fc.integer({ min: 0, max: 1_000_000 }),
        in: fc.integer({ min: 0, max: 10 }),
      }),
      { maxLength: 20 },
    )
    const bounds = fc.record({
      entries: fc.integer({ min: 1, max: 20 }),
      open: fc.integer({ min: 1, max: 8 }),
    })
    fc.assert(
      fc.property(flows, bounds, (specs, limits) => {
        const moments: Moment[] = []
        const timeline = createTimeline((moment) => moments.push(moment), limits)
        for (const [index, spec] of specs.entries()) {
          timeline.add(entry(spec.start * 1e6, spec.lasts * 1e6, spec.out, spec.in), index)
          while (timeline.tellNext(false)) assert.ok(moments.length < 100_000)
        }
        while (timeline.tellNext(true)) assert.ok(moments.length < 100_000)
        const last = new Map<number, Moment>()
        let nowUs = 0
        for (const moment of moments) {
          assert.ok(moment.unixUs >= nowUs)
          nowUs = moment.unixUs
          const before = last.get(moment.number)
          assert.equal(moment.state === 'opened', before === undefined)
          assert.notEqual(before?.state, 'closed')
          assert.ok(moment.bytesOut >= (before?.bytesOut ?? 0))
          assert.ok(moment.bytesIn >= (before?.bytesIn ?? 0))
          // An answer is there from the first report on.
          if (moment.state === 'report' && moment.entry.bytesIn > 0) assert.ok(moment.bytesIn > 0)
          last.set(moment.number, moment)
        }
        assert.equal(last.size, specs.length)
        for (const [number, moment] of last) {
          assert.equal(moment.state, 'closed')
          assert.equal(moment.bytesOut, specs[number]?.out)
          assert.equal(moment.bytesIn, specs[number]?.in)
        }
        const { late } = timeline.counts()
        if (limits.entries >= specs.length) assert.equal(late, 0)
      }),
      { seed: 20260302 },
    )
  })

  it('tells whole what opens while too many are open', () => {
    const moments: Moment[] = []
    const timeline = createTimeline((moment) => moments.push(moment), { entries: 10, open: 1 })
    timeline.add(entry(0, 60e6, 100), 1)
    timeline.add(entry(1e6, 60e6, 200), 2)
    while (timeline.tellNext(true));
    const second = moments.filter(({ number }) => number === 2)
    assert.deepEqual(
      second.map(({ state, unixUs, bytesOut }) => [state, unixUs, bytesOut]),
      [
        ['opened', 1e6, 0],
        ['closed', 1e6, 200],
      ],
    )
    assert.equal(timeline.counts().crowded, 1)
  })
})

describe('The heap', () => {
  it('gives items in the order of time, then of their number', () => {
    const items = fc.array(fc.record({ atUs: fc.integer({ min: 0, max: 9 }) }), { maxLength: 200 })
    fc.assert(
      fc.property(items, (given) => {
        const heap = createHeap<Timed>()
        const timed = given.map(({ atUs }, order) => ({ atUs, order }))
        for (const item of timed) heap.push(item)
        const taken: Timed[] = []
        for (let item = heap.pop(); item !== undefined; item = heap.pop()) taken.push(item)
        assert.deepEqual(
          taken,
          [...timed].sort((a, b) => a.atUs - b.atUs || a.order - b.order),
        )
        assert.equal(heap.size(), 0)
      }),
      { seed: 7 },
    )
  })
})
