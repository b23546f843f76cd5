import { equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { excessOf, RATIO } from '../../../src/engine/detection/excess.ts'
import { createSums } from '../../../src/engine/detection/sums.ts'

const KIB = 1_024
const TCP = 6
const UDP = 17
const amount = fc.oneof(fc.nat(64 * KIB), fc.nat(2 ** 31), fc.constantFrom(0, 6 * KIB, 7 * KIB))
const protocol = fc.constantFrom(TCP, UDP)
const ratio = fc.constantFrom(RATIO.hard, RATIO.soft)

describe('excess of a flow', () => {
  it('is what went out where nothing came back', () => {
    equal(excessOf(100 * KIB, 0, TCP, RATIO.hard), 100 * KIB)
  })

  it('leaves out the opening of an answered handshake, and the answer of that', () => {
    equal(excessOf(100 * KIB, 6 * KIB, TCP, RATIO.hard), 98 * KIB)
    equal(excessOf(100 * KIB, 7 * KIB, UDP, RATIO.hard), 98 * KIB)
    equal(excessOf(100 * KIB, 7 * KIB, TCP, RATIO.hard), 95 * KIB)
    equal(excessOf(1 * KIB, 500, TCP, RATIO.hard), 524)
  })

  it('is half of an upload whose answers are padded to what was sent, by the soft ratio, and nothing by the hard one', () => {
    const out = 1_024 * KIB
    equal(excessOf(out, out, TCP, RATIO.soft), out - 2 * KIB - (out - 6 * KIB) / 2)
    equal(excessOf(out, out, TCP, RATIO.hard), 0)
  })

  it('never falls where more goes out, nor rises where more comes in, and is not above what went out', () => {
    fc.assert(
      fc.property(amount, amount, amount, protocol, ratio, (out, bytesIn, more, by, times) => {
        const excess = excessOf(out, bytesIn, by, times)
        ok(excess >= 0 && excess <= out)
        ok(excessOf(out + more, bytesIn, by, times) >= excess)
        ok(excessOf(out, bytesIn + more, by, times) <= excess)
        ok(excessOf(out, bytesIn, by, RATIO.soft) >= excessOf(out, bytesIn, by, RATIO.hard))
      }),
    )
  })
})

describe('sums of excess', () => {
  it('are of the present hour and the 24 before it', () => {
    const sums = createSums(2)
    sums.begin(1, 100)
    sums.add(1, 100, 10, 20)
    sums.turn(1, 124)
    equal(sums.hard(1), 10)
    equal(sums.soft(1), 20)
    sums.turn(1, 125)
    equal(sums.hard(1), 0)
    equal(sums.soft(1), 0)
  })

  it('are what a plain list of the same has, whatever the order of hours', () => {
    const event = fc.record({
      hours: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(60)),
      back: fc.constantFrom(0, 0, 0, 2),
      hard: fc.nat(1e6),
      soft: fc.nat(1e6),
    })
    fc.assert(
      fc.property(fc.nat(1_000), fc.array(event, { maxLength: 80 }), (first, events) => {
        const sums = createSums(1)
        sums.begin(0, first)
        const all: { hour: number; hard: number; soft: number }[] = []
        let now = first
        let at = first
        for (const { hours, back, hard, soft } of events) {
          now += hours
          // A report of an hour that is over counts for the one that the row is at.
          at = Math.max(at, now - back)
          sums.add(0, now - back, hard, soft)
          all.push({ hour: at, hard, soft })
          at = now
          sums.turn(0, now)
          const inDay = all.filter(({ hour }) => hour > now - 25)
          equal(
            sums.hard(0),
            inDay.reduce((sum, one) => sum + one.hard, 0),
          )
          equal(
            sums.soft(0),
            inDay.reduce((sum, one) => sum + one.soft, 0),
          )
        }
      }),
    )
  })

  it('begin anew in a slot that was another’s', () => {
    const sums = createSums(1)
    sums.begin(0, 5)
    sums.add(0, 5, 7, 9)
    sums.begin(0, 6)
    equal(sums.hard(0), 0)
    sums.add(0, 6, 1, 2)
    sums.turn(0, 30)
    equal(sums.hard(0), 1)
    sums.turn(0, 31)
    equal(sums.soft(0), 0)
  })
})
