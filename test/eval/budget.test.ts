import assert from 'node:assert/strict'
import fc from 'fast-check'
import { crossed, isTold, thresholdFor } from '../../src/eval/budget.ts'
import { climb, type Step } from '../../src/eval/detector.ts'

describe('a budget of false alerts', () => {
  it('tells as many as it allows, and no more', () => {
    const told = (scores: number[], days: number, budget: number): number => {
      const threshold = thresholdFor(scores, days, budget)
      return scores.filter((score) => isTold(score, threshold)).length
    }
    assert.equal(told([5, 4, 3, 2, 1], 20, 0.1), 2)
    assert.equal(told([5, 4, 3, 2, 1], 2, 0.1), 0)
    // The third is as high as the second, and there is room for two: neither.
    assert.equal(told([5, 4, 4, 1], 20, 0.1), 1)
    // 0.29 x 100 is a little less than 29 as doubles have it.
    assert.equal(told([...Array(50).keys()], 100, 0.29), 29)
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 80 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(0.1, 0.5, 1),
        (scores, days, budget) => {
          const allowed = Math.floor(days * budget + 1e-9)
          const count = told(scores, days, budget)
          assert.ok(count <= allowed)
          // One more told would be one too many: those that are next tie with each other.
          const next = scores.toSorted((a, b) => b - a)[count]
          if (next !== undefined)
            assert.ok(scores.filter((score) => score >= next).length > allowed)
        },
      ),
    )
  })

  it('has all told of a detector that raises less than it may', () => {
    const threshold = thresholdFor([90], 40, 0.1)
    assert.ok(isTold(0.001, threshold))
  })

  it("judges each machine once, by the others' threshold", () => {
    const seen: string[] = []
    crossed(
      [0, 1, 2, 3, 4],
      (part) => ({ least: part.reduce((sum, one) => sum + one, 0), isStrict: false }),
      (part, { least }) => seen.push(`${part} by ${least}`),
    )
    assert.deepEqual(seen, ['1,3 by 6', '0,2,4 by 4'])
  })
})

describe('the climb of a score', () => {
  it('never falls, ends where it was highest, and is late by a twentieth at most', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 100 }),
        (scores) => {
          const steps: Step[] = []
          for (const [atMs, score] of scores.entries()) climb(steps, atMs, score)
          assert.equal(steps.at(-1)?.score, Math.max(...scores))
          assert.equal(steps[0]?.score, scores[0])
          for (const [i, step] of steps.entries()) {
            assert.equal(step.score, scores[step.atMs])
            const next = steps[i + 1]
            assert.ok(next === undefined || (next.score > step.score && next.atMs > step.atMs))
          }
          // A threshold that is crossed now is told of before the score is a twentieth above it.
          for (const [atMs, score] of scores.entries()) {
            const told = steps.find((step) => step.score >= score / 1.05)
            assert.ok(told !== undefined && told.atMs <= atMs)
          }
        },
      ),
    )
  })
})
