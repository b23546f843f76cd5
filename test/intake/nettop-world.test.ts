// What is told of a random machine comes to what a plain count of each socket does; and lines that are lost, damaged or
// made up count no byte twice. A million changed lines: FRESHET_NETTOP_LINES=1000000.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { UnreadableOutput } from '../../src/intake/line-teller.ts'
import { FlowState } from '../../src/records/record.gen.ts'
import { times } from '../long.ts'
import { readNettop, totalsOf } from './nettop-text.ts'
import { mutated, story, World } from './nettop-world.ts'

const STORIES = times('FRESHET_NETTOP_STORIES', { usual: 300, long: 20_000 })
const LINES = times('FRESHET_NETTOP_LINES', { usual: 20_000, long: 1_000_000 })

describe('nettop and a machine of random sockets', function () {
  this.timeout(60_000 + STORIES * 20 + LINES)

  for (const tellsPast of [false, true])
    it(`count the same, whether a nettop that begins ${tellsPast ? 'shows the past or' : 'does not show the past, and'} runs from then on`, () => {
      fc.assert(
        fc.property(story, (steps) => {
          const { told, total } = new World({ tellsPast, isRough: false }).live(steps)
          assert.deepEqual(totalsOf(told.flows), total)
          assert.equal(told.malformed, 0)
        }),
        { numRuns: STORIES },
      )
    })

  it('count no byte twice, whatever is lost, made up, alike or used again', () => {
    let [counted, moved] = [0, 0]
    fc.assert(
      fc.property(story, (steps) => {
        const { told, total } = new World({ tellsPast: false, isRough: true }).live(steps)
        const found = totalsOf(told.flows)
        assert.ok(found.out <= total.out && found.in <= total.in, JSON.stringify([found, total]))
        counted += found.out
        moved += total.out
      }),
      { numRuns: STORIES },
    )
    // Most of it is counted all the same.
    assert.ok(counted > 0.8 * moved, `${counted} of ${moved}`)
  })

  it(`take ${LINES} changed lines without a crash, and tell nothing that cannot be`, () => {
    const told = readNettop()
    let [lines, unreadable, opened] = [0, 0, 0]
    fc.assert(
      fc.property(mutated, fc.nat(9), (texts, one) => {
        // A header counts once for each nettop.
        if (one === 0) told.begin()
        for (const text of texts) {
          lines++
          try {
            told.line(text)
          } catch (error) {
            if (!(error instanceof UnreadableOutput)) throw error
            unreadable++
          }
        }
        for (const { bytesOut, bytesIn, remotePort, localPort, pid } of told.flows) {
          assert.ok(bytesOut >= 0n && bytesIn >= 0n && bytesOut < 1n << 53n)
          assert.ok(remotePort <= 65_535 && localPort <= 65_535 && pid < 2 ** 31)
        }
        opened += told.flows.filter(({ state }) => state === FlowState.opened).length
        told.flows = []
      }),
      { numRuns: LINES / 10 },
    )
    process.stdout.write(
      `      ${lines} lines: ${told.malformed} malformed, ${unreadable} unreadable, ${opened} flows\n`,
    )
    assert.ok(told.malformed > LINES / 20 && opened > LINES / 100)
  })
})
