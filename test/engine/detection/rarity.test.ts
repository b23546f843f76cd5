import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import {
  AGES,
  ageOf,
  CELLS,
  CLASSES,
  cellOf,
  classOf,
} from '../../../src/engine/detection/classes.ts'
import { isotonic, pooled } from '../../../src/engine/detection/isotonic.ts'
import {
  compileThresholds,
  LEAST_BYTES,
  LOOSEST_DECADES,
  nominalFor,
  RAREST_DECADES,
  RARITY_RATIOS,
  type Reference,
} from '../../../src/engine/detection/rarity.ts'

const DAY_MS = 86_400_000
const MIB = 2 ** 20
const ofClassOf = (of: number): number => Math.floor(of / (AGES * 2))

const tail = fc.record({
  at: fc.double({ min: 0.05, max: 100, noNaN: true }),
  exponent: fc.double({ min: 0.1, max: 1.5, noNaN: true }),
})
const reference: fc.Arbitrary<Reference> = fc.record({
  pairs: tail,
  installs: fc.record({
    at: fc.double({ min: 0.05, max: 1, noNaN: true }),
    exponent: fc.double({ min: 0.05, max: 1, noNaN: true }),
  }),
  spent: fc
    .array(
      fc.tuple(
        fc.double({ min: 1.1, max: 5, noNaN: true }),
        fc.double({ min: 1, max: 5, noNaN: true }),
      ),
      { minLength: 1, maxLength: 5 },
    )
    .map((steps) => {
      let budget = 0.01
      let nominal = 0.02
      return steps.map(([more, moreNominal]) => {
        budget *= more
        nominal *= moreNominal
        return { budget, nominal }
      })
    }),
})
const budget = fc.double({ min: 0.01, max: 2, noNaN: true })
const cell = fc.nat(CELLS - 1)
const ratio = fc.nat(RARITY_RATIOS.length - 1)

describe('thresholds of rarity', () => {
  it('never rise where a program is newer, less vouched for, or its destination new', () => {
    fc.assert(
      fc.property(reference, budget, (of, allowed) => {
        const { told } = compileThresholds(of, allowed)
        for (let at = 0; at < RARITY_RATIOS.length; at++)
          for (let ofClass = 0; ofClass < CLASSES.length; ofClass++)
            for (let age = 0; age < AGES; age++)
              for (const isKnown of [false, true]) {
                const here = told(cellOf(ofClass, age, isKnown), at)
                ok(here >= LEAST_BYTES * (1 - 1e-9))
                if (ofClass > 0) ok(told(cellOf(ofClass - 1, age, isKnown), at) <= here)
                if (age > 0) ok(told(cellOf(ofClass, age - 1, isKnown), at) <= here)
                if (isKnown) ok(told(cellOf(ofClass, age, false), at) <= here)
              }
      }),
      { numRuns: 40 },
    )
  })

  it('make more bytes never less rare, and a larger budget never less of anything', () => {
    fc.assert(
      fc.property(
        ...([reference, budget, cell, ratio] as const),
        fc.double({ min: 1, max: 2 ** 40, noNaN: true }),
        fc.double({ min: 1, max: 100, noNaN: true }),
        (of, allowed, at, by, bytes, times) => {
          const one = compileThresholds(of, allowed)
          ok(one.rarity(at, by, bytes * times) >= one.rarity(at, by, bytes))
          ok(compileThresholds(of, allowed * 1.5).told(at, by) <= one.told(at, by) * (1 + 1e-9))
          ok(
            bytes >= (one.least[ofClassOf(at)] as number) * (1 - 1e-9) ||
              one.rarity(at, by, bytes) === Number.NEGATIVE_INFINITY,
          )
        },
      ),
      { numRuns: 60 },
    )
  })

  it('say exactly from how many bytes on it would be told, and what would have kept it quiet', () => {
    const of: Reference = {
      pairs: { at: 14, exponent: 0.62 },
      installs: { at: 0.78, exponent: 0.25 },
      spent: [{ budget: 0.1, nominal: 0.25 }],
    }
    const thresholds = compileThresholds(of, 0.1)
    for (let at = 0; at < CELLS; at++)
      for (let by = 0; by < RARITY_RATIOS.length; by++) {
        const bytes = thresholds.told(at, by)
        ok(thresholds.rarity(at, by, bytes * (1 + 1e-9)) >= 0)
        ok(thresholds.rarity(at, by, bytes * (1 - 1e-9)) < 0)
        for (const decades of [LOOSEST_DECADES, -0.4, 0.3, 1.1, RAREST_DECADES]) {
          const from = thresholds.bytesAt(at, by, decades)
          ok(thresholds.rarity(at, by, from * (1 + 1e-9)) >= decades - 1e-6)
        }
      }
  })

  it('hold a program of a day that nobody vouches for to little, and one of the system to much', () => {
    const { told } = compileThresholds(
      {
        pairs: { at: 14, exponent: 0.62 },
        installs: { at: 0.78, exponent: 0.25 },
        spent: [{ budget: 0.1, nominal: 0.25 }],
      },
      0.1,
    )
    ok(told(cellOf(0, 0, false), 0) < MIB)
    ok(told(cellOf(CLASSES.indexOf('platform'), AGES - 1, false), 0) > 1_000 * MIB)
  })
})

describe('what a budget spends', () => {
  const spent = [
    { budget: 0.1, nominal: 0.4 },
    { budget: 1, nominal: 2 },
  ]
  const of: Reference = {
    pairs: { at: 1, exponent: 1 },
    installs: { at: 1, exponent: 1 },
    spent,
  }
  it('is as it was measured, in between by their logarithms, and beyond in proportion', () => {
    for (const [allowed, nominal] of [
      [0.1, 0.4],
      [1, 2],
      [Math.sqrt(0.1), Math.sqrt(0.8)],
      [0.05, 0.2],
      [2, 4],
    ] as const)
      ok(Math.abs(nominalFor(of, allowed) - nominal) < 1e-12, `${allowed}`)
  })
})

describe('classes', () => {
  it('are the worse of who sends and whom it acts for', () => {
    equal(classOf('platform', false, 'unsigned'), 'unvouched')
    equal(classOf('unsigned', false, 'platform'), 'unvouched')
    equal(classOf('platform', false, 'platform'), 'identified')
    equal(classOf('platform', true, 'notarized'), 'script')
    equal(classOf('notarized', true, undefined), 'script')
    equal(classOf('app_store', false, undefined), 'notarized')
    equal(classOf('unknown', false, undefined), 'identified')
  })

  it('have ages whose bounds are reached at them, and a clock that was set back makes nothing old', () => {
    deepEqual([-5, 0, DAY_MS - 1, DAY_MS, 7 * DAY_MS, 30 * DAY_MS].map(ageOf), [0, 0, 0, 1, 2, 3])
    equal(ageOf(Number.NaN), 0)
  })
})

describe('isotonic regression', () => {
  it('pools neighbours that fall into their mean', () => {
    deepEqual(pooled([1, 3, 2, 4]), [1, 2.5, 2.5, 4])
    deepEqual(pooled([3, 2, 1]), [2, 2, 2])
  })

  it('leaves what falls nowhere as it is', () => {
    deepEqual([...isotonic(Float64Array.from([1, 2, 2, 5]), [2, 2])], [1, 2, 2, 5])
  })

  it('gives a table that falls along no side, nearer than any other such table that is tried', () => {
    const table = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), {
      minLength: 12,
      maxLength: 12,
    })
    fc.assert(
      fc.property(table, table, (values, other) => {
        const given = Float64Array.from(values)
        const found = isotonic(given, [3, 2, 2])
        const at = (i: number, j: number, k: number): number => found[(i * 2 + j) * 2 + k] as number
        for (let i = 0; i < 3; i++)
          for (let j = 0; j < 2; j++)
            for (let k = 0; k < 2; k++) {
              if (i > 0) ok(at(i, j, k) >= at(i - 1, j, k))
              if (j > 0) ok(at(i, j, k) >= at(i, j - 1, k))
              if (k > 0) ok(at(i, j, k) >= at(i, j, k - 1))
            }
        // Another that falls nowhere: by greatest so far.
        const rival = Float64Array.from(other)
        for (let at = 0; at < 12; at++)
          for (const [stride, length] of [
            [4, 3],
            [2, 2],
            [1, 2],
          ] as const)
            if (Math.floor(at / stride) % length !== 0)
              rival[at] = Math.max(rival[at] as number, rival[at - stride] as number)
        const distance = (table: Float64Array): number =>
          table.reduce((sum, value, at) => sum + (value - (given[at] as number)) ** 2, 0)
        ok(distance(found) <= distance(rival) + 1e-2)
      }),
    )
  })
})
