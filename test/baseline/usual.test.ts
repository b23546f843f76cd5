import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { emptyHistory, readHistory, writeHistory } from '../../src/baseline/history.ts'
import {
  noUsual,
  readUsual,
  turnUsual,
  usualHard,
  usualSoft,
  writeUsual,
} from '../../src/baseline/usual.ts'

const FORTNIGHT = 14

describe('what an identity usually sends in a day', () => {
  it('is the most of a day that is over, of this fortnight and the one before', () => {
    const days = fc.array(fc.record({ more: fc.nat(20), hard: fc.nat(1e9) }), {
      minLength: 1,
      maxLength: 60,
    })
    fc.assert(
      fc.property(fc.nat(30_000), days, (first, list) => {
        const usual = noUsual()
        const sums = new Map<number, number>()
        let day = first
        for (const { more, hard } of list) {
          day += more
          turnUsual(usual, day)
          usual.hard += hard
          usual.soft += 2 * hard
          sums.set(day, (sums.get(day) ?? 0) + hard)
          const fortnight = Math.floor(day / FORTNIGHT)
          const most = Math.max(
            0,
            ...[...sums]
              .filter(([at]) => at < day && Math.floor(at / FORTNIGHT) >= fortnight - 1)
              .map(([, sum]) => sum),
          )
          equal(usualHard(usual), most)
          equal(usualSoft(usual), 2 * most)
        }
        deepEqual(readUsual(writeUsual(usual)), usual)
      }),
    )
  })

  it('does not end a day where a clock is set back', () => {
    const usual = noUsual()
    turnUsual(usual, 100)
    usual.hard = 5
    turnUsual(usual, 90)
    equal(usual.hard, 5)
    equal(usualHard(usual), 0)
    turnUsual(usual, 101)
    equal(usualHard(usual), 5)
  })

  it('is kept with the hours of an identity, and absent where there is none', () => {
    const history = emptyHistory()
    equal(writeHistory(history), '')
    turnUsual(history.usual, 20_000)
    history.usual.hard = 7
    const text = writeHistory(history)
    ok(text.startsWith('1 ') && text.includes(' u20000:7:0:'))
    deepEqual(readHistory(text), history)
  })

  it('is nothing else', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        const usual = readUsual(text)
        if (usual !== undefined && text !== '')
          equal(writeUsual(usual) === '' || text[0] === 'u', true)
      }),
    )
    for (const text of ['u', 'u1:2', 'u1:2:3:4:5:6:7:-1', 'u1:2:3:4:5:6:7:x', 'x1:2:3:4:5:6:7:8'])
      equal(readUsual(text), undefined, text)
    equal(readHistory('1 -1 -1 0 0 u1:2'), undefined)
  })
})
