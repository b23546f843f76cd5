import { equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { openMemoryBaseline } from '../../../src/baseline/memory.ts'
import { createNewPrograms } from '../../../src/engine/detection/new-programs.ts'

const DAY_MS = 86_400_000

describe('new programs of a host', () => {
  it('of a developer’s host say less, by no more than four times; and say so after a restart', () => {
    const baseline = openMemoryBaseline()
    const programs = createNewPrograms(baseline)
    for (let day = 0; day < 14; day++) for (let i = 0; i < 12; i++) programs.note(day * DAY_MS + i)
    equal(programs.scale(14 * DAY_MS), 4)
    equal(createNewPrograms(baseline).scale(14 * DAY_MS + 5), 4)
    // A quiet quarter later it is as others are.
    ok(createNewPrograms(baseline).scale(104 * DAY_MS) < 0.6)
  })

  it('are as many as the policy expects where no day has said how many, within the same bounds', () => {
    let expected = 0.2
    const programs = createNewPrograms(openMemoryBaseline(), () => expected)
    equal(programs.scale(0), 0.5)
    expected = 2
    equal(programs.scale(0), 4)
    expected = 0
    equal(programs.scale(0), 0.25)
    programs.note(0)
    for (let day = 0; day < 14; day++) for (let i = 0; i < 12; i++) programs.note(day * DAY_MS + i)
    equal(programs.scale(14 * DAY_MS), 4)
  })

  it('of today count from tomorrow on: a flood says nothing of itself', () => {
    const programs = createNewPrograms(openMemoryBaseline())
    equal(programs.scale(0), 0.5)
    for (let i = 0; i < 1_000; i++) programs.note(i)
    equal(programs.scale(1_000), 0.5)
    equal(programs.scale(DAY_MS), 4)
  })

  it('stay within their bounds whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200 * DAY_MS), { maxLength: 60 }), (times) => {
        const baseline = openMemoryBaseline()
        const programs = createNewPrograms(baseline)
        for (const [index, at] of times.entries()) {
          programs.note(at)
          // Of a day that was asked for before as of one that was not.
          for (const asked of [at, times[index >> 1] as number]) {
            const scale = programs.scale(asked)
            ok(scale >= 0.25 && scale <= 4)
            equal(createNewPrograms(baseline).scale(asked), scale)
          }
        }
      }),
    )
  })
})
