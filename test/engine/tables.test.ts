import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createFlowTable, F, FLOW_WORDS, Phase } from '../../src/engine/flow/flow-table.ts'
import { beginRow, nextBucket, P, PAIR_DOUBLES, turnRow } from '../../src/engine/pair/pair-row.ts'
import { createSilentWatch } from '../../src/engine/pair/silent-watch.ts'

describe('the flow table', () => {
  it('finds what a map finds, through any adding and removing', () => {
    // Few ids and a small table: chains of collisions, and removals in their middle.
    const act = fc.record({ low: fc.nat(20), high: fc.nat(2), remove: fc.boolean() })
    fc.assert(
      fc.property(fc.array(act, { maxLength: 400 }), (acts) => {
        const table = createFlowTable(32)
        const model = new Map<string, number>()
        for (const { low, high, remove } of acts) {
          const key = `${low}.${high}`
          const slot = table.find(low, high)
          assert.equal(slot, model.get(key) ?? -1)
          if (remove && slot >= 0) {
            table.remove(slot)
            model.delete(key)
          } else if (slot < 0) {
            const added = table.add(low, high)
            if (model.size === table.capacity) assert.equal(added, -1)
            else {
              table.u32[added * FLOW_WORDS + F.phase] = Phase.counted
              model.set(key, added)
            }
          }
          assert.equal(table.count(), model.size)
        }
        for (const [key, slot] of model) {
          const [low, high] = key.split('.').map(Number) as [number, number]
          assert.equal(table.find(low, high), slot)
        }
        assert.equal(new Set(model.values()).size, model.size)
      }),
      { numRuns: 300 },
    )
  })

  it('refuses a capacity that is no power of two', () => {
    for (const capacity of [0, 1, 3, 1_000])
      assert.throws(() => createFlowTable(capacity), RangeError)
  })
})

describe('the rings of a pair', () => {
  const report = fc.record({ wait: fc.nat(4 * 3_600_000), out: fc.nat(1e9), in: fc.nat(1e9) })

  it('sum the present hour and the 23 before it, and ten minutes, like a list of reports', () => {
    fc.assert(
      fc.property(fc.array(report, { minLength: 1, maxLength: 60 }), (reports) => {
        const d = new Float64Array(PAIR_DOUBLES)
        let now = 5_000
        beginRow(d, 0, now)
        const list: { at: number; out: number }[] = []
        for (const { wait, out } of reports) {
          now += wait
          turnRow(d, 0, now)
          d[P.out] = (d[P.out] as number) + out
          list.push({ at: now, out })
          const since = (unitMs: number, count: number) =>
            list
              .filter(({ at }) => Math.floor(at / unitMs) > Math.floor(now / unitMs) - count)
              .reduce((sum, one) => sum + one.out, 0)
          assert.equal((d[P.out] as number) - (d[P.dayOut] as number), since(3_600_000, 24))
          const oldest = P.minuteOut + (((d[P.minute] as number) + 1) % 10)
          assert.equal((d[P.out] as number) - (d[oldest] as number), since(60_000, 10))
        }
      }),
    )
  })

  it('lose no byte in the timeline, which never has more than 60 buckets', () => {
    fc.assert(
      fc.property(fc.array(report, { minLength: 1, maxLength: 60 }), (reports) => {
        const d = new Float64Array(PAIR_DOUBLES)
        let now = 5_000
        beginRow(d, 0, now)
        for (const { wait, out, in: bytesIn } of reports) {
          now += wait
          if (now >= (d[P.bucketEndMs] as number)) nextBucket(d, 0, now)
          d[P.out] = (d[P.out] as number) + out
          d[P.in] = (d[P.in] as number) + bytesIn
        }
        nextBucket(d, 0, now)
        const sum = (from: number) => d.subarray(from, from + 60).reduce((a, b) => a + b, 0)
        assert.equal(sum(P.timelineOut), d[P.out])
        assert.equal(sum(P.timelineIn), d[P.in])
        assert.ok((d[P.bucket] as number) < 60)
        assert.ok((d[P.timelineWidthMs] as number) * 60 > now - 5_000)
      }),
    )
  })
})

describe('the watch of silent flows', () => {
  it('gives back in order what is due, and no more than it can hold', () => {
    const watch = createSilentWatch(4)
    for (let i = 0; i < 6; i++) watch.add(i, 10 + i, 100 * i)
    const seen: number[][] = []
    watch.due(200, (slot, generation) => seen.push([slot, generation]))
    assert.deepEqual(seen, [
      [0, 10],
      [1, 11],
      [2, 12],
    ])
    watch.add(7, 17, 350)
    watch.due(10_000, (slot) => seen.push([slot]))
    assert.deepEqual(seen.slice(3), [[3], [7]])
  })
})
