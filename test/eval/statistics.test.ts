import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createRandom } from '../../src/eval/random.ts'
import { auc, aucInterval, quantile, wilson } from '../../src/eval/statistics.ts'

const near = (found: number | undefined, wanted: number, within = 1e-9): void =>
  assert.ok(found !== undefined && Math.abs(found - wanted) <= within, `${found} is not ${wanted}`)

describe('statistics of an evaluation', () => {
  it("gives Wilson's interval as the textbook has it", () => {
    // Newcombe 1998, Statistics in Medicine 17, table I, method 3.
    for (const [found, of, low, high] of [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ] as const) {
      const interval = wilson(found, of)
      near(interval.low, low, 5e-5)
      near(interval.high, high, 5e-5)
    }
    assert.deepEqual(wilson(0, 0), { low: 0, high: 1 })
  })

  it("ends Wilson's interval where a share would be just believed", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.double({ min: 0, max: 1 }),
        (of, share) => {
          const found = Math.round(of * (Number.isNaN(share) ? 0 : share))
          const { low, high } = wilson(found, of)
          assert.ok(low >= 0 && high <= 1 && low <= found / of && found / of <= high)
          // The score test: |share - p| is 1.96 of p's own deviations at either end.
          for (const p of [low, high])
            if (p > 0 && p < 1)
              near(
                Math.abs(found / of - p) / Math.sqrt((p * (1 - p)) / of),
                1.959963984540054,
                1e-6,
              )
        },
      ),
    )
  })

  it('ranks as a comparison of each with each does', () => {
    // Few values, so that ties are many.
    const scores = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(scores, scores, (above, below) => {
        let won = 0
        for (const a of above) for (const b of below) won += a > b ? 1 : a === b ? 0.5 : 0
        near(auc(above, below), won / (above.length * below.length))
        near(auc(below, above), 1 - won / (above.length * below.length))
      }),
    )
    assert.equal(auc([], [1]), undefined)
    assert.equal(auc([1], []), undefined)
  })

  it('ends the interval of an area where an area would be just believed', () => {
    // Hanley and McNeil's own example: 58 normal and 51 abnormal at an area of 0.893 have a deviation of 0.032.
    const deviation = (at: number, m: number, n: number): number => {
      const q1 = at / (2 - at)
      const q2 = (2 * at * at) / (1 + at)
      const [more, less] = [m - 1, n - 1]
      return Math.sqrt((at * (1 - at) + more * (q1 - at * at) + less * (q2 - at * at)) / (m * n))
    }
    near(deviation(0.893, 51, 58), 0.032, 6e-4)
    // Equally many above and below: there Newcombe's mean of both numbers is theirs.
    const scores = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 30, maxLength: 30 })
    fc.assert(
      fc.property(scores, scores, (above, below) => {
        const found = aucInterval(above, below)
        assert.ok(found && found.low <= found.area && found.area <= found.high)
        near(found.area, auc(above, below) as number)
        for (const at of [found.low, found.high])
          if (at > 0 && at < 1)
            near(Math.abs(found.area - at) / deviation(at, 30, 30), 1.959963984540054, 1e-6)
      }),
    )
    assert.equal(aucInterval([], [1]), undefined)
  })

  it('believes no area for certain, and the true one 19 times of 20', () => {
    const most = aucInterval([5, 6, 7], [1, 2, 3])
    assert.ok(most && most.area === 1 && most.high === 1 && most.low < 0.8)
    const least = aucInterval([1, 2, 3], [5, 6, 7])
    assert.ok(least && least.low === 0)
    near(least.high, 1 - most.low)
    // Exponentials with rates 1 and 3: the first is above 3 times of 4.
    const random = createRandom(9)
    const drawn = (rate: number, count: number): number[] =>
      Array.from({ length: count }, () => -Math.log(1 - random.next()) / rate)
    let held = 0
    for (let trial = 0; trial < 400; trial++) {
      const found = aucInterval(drawn(1, 40), drawn(3, 25))
      if (found && found.low <= 0.75 && 0.75 <= found.high) held++
    }
    assert.ok(held >= 370, `${held} of 400`)
  })

  it('takes quantiles between the values beside them', () => {
    assert.equal(quantile([], 0.5), undefined)
    assert.equal(quantile([3], 0.9), 3)
    assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5)
    near(quantile([1, 2, 3, 4, 5], 0.9), 4.6)
    assert.equal(
      quantile([1, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY], 1),
      Number.POSITIVE_INFINITY,
    )
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { minLength: 1, maxLength: 50 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const found = quantile(values, share) as number
          const sorted = values.toSorted((a, b) => a - b)
          const at = (values.length - 1) * share
          assert.ok(found >= (sorted[Math.floor(at)] as number))
          assert.ok(found <= (sorted[Math.ceil(at)] as number))
          assert.ok(found <= (quantile(values, Math.min(1, share + 0.1)) as number))
        },
      ),
    )
  })
})
