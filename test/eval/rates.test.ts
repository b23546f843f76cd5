import assert from 'node:assert/strict'
import { createRandom, type Random } from '../../src/eval/random.ts'
import { rateOf } from '../../src/eval/rates.ts'

const near = (found: number, wanted: number, within: number): void =>
  assert.ok(Math.abs(found - wanted) <= within, `${found} is not ${wanted}`)

/** Knuth's: products of chances until they are below e^-mean. */
function poisson(mean: number, random: Random): number {
  let count = -1
  for (let left = 1; left > Math.exp(-mean); left *= random.next()) count++
  return count
}

describe('what came a day', () => {
  it("has Poisson's exact limits as the tables have them", () => {
    // Garwood's table, 95 %: limits of the mean of a count.
    for (const [count, low, high] of [
      [0, 0, 3.689],
      [1, 0.0253, 5.572],
      [5, 1.623, 11.668],
      [10, 4.795, 18.39],
      [100, 81.36, 121.63],
    ] as const) {
      const rate = rateOf([count])
      near(rate.low, low, 5e-3)
      near(rate.high, high, 5e-3)
    }
    const big = rateOf([40_000])
    near(big.low, 40_000 - 1.96 * 200, 5)
    near(big.high, 40_000 + 1.96 * 200, 5)
  })

  it('counts days: the same alerts in four times the days are a quarter as often', () => {
    const days = (count: number): number[] =>
      Array.from({ length: count }, (_, i) => (i < 8 ? 1 : 0))
    const few = rateOf(days(10))
    const many = rateOf(days(40))
    assert.deepEqual([few.found, few.of, few.perDay], [8, 10, 0.8])
    assert.deepEqual([many.found, many.of, many.perDay], [8, 40, 0.2])
    near(many.high, few.high / 4, 1e-9)
  })

  it('is wider where a few days have them all', () => {
    const spread = rateOf(Array(40).fill(2))
    const heaped = rateOf(Array.from({ length: 40 }, (_, i) => (i < 4 ? 20 : 0)))
    assert.equal(heaped.perDay, spread.perDay)
    assert.ok(heaped.high - heaped.low > 3 * (spread.high - spread.low))
  })

  it('holds the truth 19 times of 20, also where machines differ', () => {
    const random = createRandom(4)
    for (const heavy of [0, 0.25]) {
      let held = 0
      for (let trial = 0; trial < 400; trial++) {
        // A machine in four has seven times as many as the rest: the mean stays.
        const days = Array.from({ length: 40 }, () => {
          const isHeavy = random.next() < 0.25
          return poisson(heavy === 0 ? 0.5 : isHeavy ? 1.4 : 0.2, random)
        })
        const { low, high } = rateOf(days)
        if (low <= 0.5 && 0.5 <= high) held++
      }
      assert.ok(held >= 370, `${held} of 400, a quarter heavy: ${heavy > 0}`)
    }
  })
})
