import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createHeap, type Timed } from '../../src/importers/heap.ts'
import type { HostFlow } from '../../src/importers/zeek-host.ts'
import { createTimeline, type Moment } from '../../src/importers/zeek-timeline.ts'

const entry = (startUs: number, durationUs: number, bytesOut: number, bytesIn = 0): HostFlow => ({
  uid: '',
  startUs,
  durationUs,
  isInbound: false,
  localAddress: new Uint8Array(16),
  localPort: 1,
  remoteAddress: new Uint8Array(16),
  remotePort: 2,
  protocol: 6,
  bytesOut,
  bytesIn,
  doubts: 0,
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
      uids: fc.integer({ min: 1, max: 8 }),
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
          const before = last.get(moment.id)
          assert.equal(moment.state === 'opened', before === undefined)
          assert.notEqual(before?.state, 'closed')
          assert.ok(moment.bytesOut >= (before?.bytesOut ?? 0))
          assert.ok(moment.bytesIn >= (before?.bytesIn ?? 0))
          // An answer is there from the first report on.
          if (moment.state === 'report' && moment.entry.bytesIn > 0) assert.ok(moment.bytesIn > 0)
          last.set(moment.id, moment)
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

  it('tells a connection of several lines once, whatever was told of it before the next', () => {
    const lines = fc.array(
      fc.record({
        of: fc.integer({ min: 0, max: 3 }),
        later: fc.integer({ min: 0, max: 90_000 }),
        out: fc.integer({ min: 0, max: 1_000_000 }),
        in: fc.integer({ min: 0, max: 10 }),
      }),
      { maxLength: 20 },
    )
    const bounds = fc.record({
      entries: fc.integer({ min: 1, max: 20 }),
      open: fc.integer({ min: 1, max: 8 }),
      uids: fc.constant(4),
    })
    fc.assert(
      fc.property(lines, bounds, (specs, limits) => {
        const told = new Map<string, Map<number, Moment>>()
        let nowUs = 0
        const timeline = createTimeline((moment) => {
          assert.ok(moment.unixUs >= nowUs)
          nowUs = moment.unixUs
          const ids = told.get(moment.entry.uid) ?? new Map<number, Moment>()
          const before = ids.get(moment.id)
          assert.notEqual(before?.state, 'closed')
          assert.ok(moment.bytesOut >= (before?.bytesOut ?? 0))
          assert.ok(moment.bytesIn >= (before?.bytesIn ?? 0))
          told.set(moment.entry.uid, ids.set(moment.id, moment))
        }, limits)
        // Each line has the start of its connection, and its counts so far.
        const sums = new Map<string, { out: number; in: number; endUs: number }>()
        for (const [index, spec] of specs.entries()) {
          const uid = `C${spec.of}`
          const sum = sums.get(uid) ?? { out: 0, in: 0, endUs: 0 }
          sum.out += spec.out
          sum.in += spec.in
          sum.endUs += spec.later * 1e6
          sums.set(uid, sum)
          timeline.add({ ...entry(spec.of, sum.endUs, sum.out, sum.in), uid }, index)
          while (timeline.tellNext(false));
        }
        while (timeline.tellNext(true));
        for (const [uid, sum] of sums) {
          const last = [...(told.get(uid)?.values() ?? [])]
          assert.ok(last.every(({ state }) => state === 'closed'))
          const total = (of: 'bytesOut' | 'bytesIn'): number =>
            last.reduce((bytes, moment) => bytes + moment[of], 0)
          assert.deepEqual([total('bytesOut'), total('bytesIn')], [sum.out, sum.in])
        }
        assert.equal(timeline.counts().repeated, specs.length - sums.size)
      }),
      { seed: 20260304 },
    )
  })

  it('forgets the connection heard of first when it knows too many, and keeps ends apart', () => {
    const moments: Moment[] = []
    const limits = { entries: 10, open: 10, uids: 1 }
    const timeline = createTimeline((moment) => moments.push(moment), limits)
    timeline.add({ ...entry(0, 1e6, 100), uid: 'A' }, 1)
    timeline.add({ ...entry(0, 1e6, 100), uid: 'A', remotePort: 3 }, 2)
    timeline.add({ ...entry(0, 1e6, 100), uid: 'B' }, 3)
    timeline.add({ ...entry(0, 2e6, 150), uid: 'A' }, 4)
    while (timeline.tellNext(true));
    assert.deepEqual(
      moments.filter(({ state }) => state === 'closed').map(({ id, bytesOut }) => [id, bytesOut]),
      [
        [1, 100],
        [2, 100],
        [3, 100],
        [4, 150],
      ],
    )
  })

  it('tells whole what opens while too many are open', () => {
    const moments: Moment[] = []
    const timeline = createTimeline((moment) => moments.push(moment), {
      entries: 10,
      open: 1,
      uids: 10,
    })
    timeline.add(entry(0, 60e6, 100), 1)
    timeline.add(entry(1e6, 60e6, 200), 2)
    while (timeline.tellNext(true));
    const second = moments.filter(({ id }) => id === 2)
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
