// The pauses before a program of the system is started again.
import { deepEqual } from 'node:assert/strict'
import { createPauses } from '../../src/sense/pauses.ts'

describe('a program of the system that ends again and again', () => {
  const pausesOf = (count: number, workedMs = 0, pauses = createPauses()): number[] =>
    Array.from({ length: count }, () => pauses.next(workedMs))

  it('is started again ever more slowly, and each five minutes at least', () => {
    const growing = [1, 2, 4, 8, 16, 32, 64, 128, 256].map((s) => s * 1_000)
    deepEqual(pausesOf(11), [...growing, 300_000, 300_000])
    // To have worked for a little is no reason to hurry.
    deepEqual(pausesOf(11, 60_000), pausesOf(11))
  })

  it('is started again at once after one that worked for more than a minute', () => {
    deepEqual(pausesOf(3, 60_001), [1_000, 1_000, 1_000])
    const pauses = createPauses(20)
    pausesOf(30, 0, pauses)
    deepEqual([pauses.next(3_600_000), pauses.next(0)], [20, 40])
  })
})
