import { equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { openMemoryBaseline } from '../../../src/baseline/memory.ts'
import { createHostPairs } from '../../../src/engine/detection/host-pairs.ts'

const DAY_MS = 86_400_000
const SLOTS = 64
const ORDINARY = 16
const FIRST_DAY = 20_000

describe('pairs of a host that send more than an answer explains', () => {
  const daysOf = (perDay: number, days: number) => {
    const baseline = openMemoryBaseline()
    const pairs = createHostPairs(baseline, SLOTS, ORDINARY)
    for (let day = 0; day < days; day++)
      for (let slot = 0; slot < perDay; slot++) pairs.note(slot, (FIRST_DAY + day) * DAY_MS + slot)
    return { baseline, pairs, afterMs: (FIRST_DAY + days) * DAY_MS }
  }

  it('are held against the reference, four times either way at the most, also after a restart', () => {
    equal(daysOf(ORDINARY, 10).pairs.scale((FIRST_DAY + 10) * DAY_MS), 1)
    const busy = daysOf(64, 20)
    equal(busy.pairs.scale(busy.afterMs), 4)
    equal(createHostPairs(busy.baseline, SLOTS, ORDINARY).scale(busy.afterMs + 1), 4)
    const quiet = daysOf(1, 20)
    equal(quiet.pairs.scale(quiet.afterMs), 0.25)
  })

  it('decide little on the first days, and nothing on the first', () => {
    equal(createHostPairs(openMemoryBaseline(), SLOTS, ORDINARY).scale(FIRST_DAY * DAY_MS), 1)
    const { pairs, afterMs } = daysOf(ORDINARY * 4, 1)
    const scale = pairs.scale(afterMs)
    ok(scale > 1 && scale < 4, `${scale}`)
  })

  it('of today count from tomorrow on, each once: a flood says nothing of itself', () => {
    const pairs = createHostPairs(openMemoryBaseline(), SLOTS, ORDINARY)
    const nowMs = FIRST_DAY * DAY_MS
    equal(pairs.scale(nowMs), 1)
    for (let i = 0; i < 1_000; i++) pairs.note(i % ORDINARY, nowMs + i)
    equal(pairs.scale(nowMs + 2_000), 1)
    equal(pairs.scale(nowMs + DAY_MS), 1)
    pairs.begin(3)
    pairs.note(3, nowMs + DAY_MS)
  })

  it('are not fewer for days on which the machine was off', () => {
    const { pairs, afterMs } = daysOf(64, 20)
    equal(pairs.scale(afterMs + 30 * DAY_MS), 4)
  })

  it('stay within their bounds whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200 * DAY_MS), { maxLength: 60 }), (times) => {
        const pairs = createHostPairs(openMemoryBaseline(), SLOTS, ORDINARY)
        for (const at of times) {
          pairs.note(at % SLOTS, at)
          const scale = pairs.scale(at)
          ok(scale >= 0.25 && scale <= 4)
        }
      }),
    )
  })
})
