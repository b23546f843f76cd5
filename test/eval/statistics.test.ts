import assert from 'node:assert/strict'
import fc from 'fast-check'
import { auc, quantile, wilson } from '../../src/eval/statistics.ts'

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
