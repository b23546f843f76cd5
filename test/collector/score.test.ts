// A list by score goes on to its end, whatever scores devices say.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { cursorOf } from '../../src/collector/api/parameters.ts'
import type { AlertGroupsResponse, AlertsResponse } from '../../src/collector/views/page-api.ts'
import { decodeItem } from '../../src/stream/codec.ts'
import {
  alertItem,
  alertOf,
  connectAgent,
  DEVICE_A,
  DEVICE_B,
  destinationOf,
  runCollector,
} from './agent.ts'

const SCORE_MAX = 1000

describe('a list of alerts by score', () => {
  it('goes on after any number that there is, and at no other text', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (score) => {
        const { below, before } = cursorOf(new Map([['after', `${score}~7`]]), 'score')
        assert.deepEqual([below, before], [score === 0 ? 0 : score, 7n])
      }),
      // The longest: one in some thousand that are drawn is as long.
      { examples: [[-0.0000010003569372150201], [-Number.MAX_VALUE], [-1e21 + 131072]] },
    )
    for (const text of ['Infinity~7', 'NaN~7', '1e9999~7', '~7', '1~', 'e+21~7'])
      assert.throws(() => cursorOf(new Map([['after', text]]), 'score'), /after/, text)
  })

  it('reaches the real one behind a hundred of a device that says all that it may, which refuses more', async () => {
    const running = await runCollector()
    try {
      const honest = await connectAgent(running, DEVICE_A)
      await honest.deliver([
        alertItem(1, {
          score: 91,
          sentence: 'the real one',
          destination: destinationOf('real:443'),
        }),
      ])
      const other = await connectAgent(running, DEVICE_B)
      const loud = (n: number) =>
        alertItem(n, { score: SCORE_MAX - n / 1000, destination: destinationOf(`d${n}:443`) })
      await other.deliver(Array.from({ length: 100 }, (_, n) => loud(n + 1)))
      for (const list of ['alerts', 'alert-groups']) {
        const pages: string[] = []
        for (let after: string | undefined = ''; after !== undefined; ) {
          const page: AlertsResponse & AlertGroupsResponse = await running.json(
            `/api/${list}?sort=score&limit=40&after=${encodeURIComponent(after)}`,
          )
          pages.push(JSON.stringify(page))
          after = page.next
        }
        assert.equal(pages.filter((page) => page.includes('the real one')).length, 1, list)
      }
      // What it may say, made more on the wire.
      const most = alertOf(101).reasons.map((reason) => ({ ...reason, points: SCORE_MAX }))
      for (const [n, field, change] of [
        [101, 'alert.score', { score: SCORE_MAX }],
        [102, 'reason.points', { reasons: most }],
      ] as const) {
        const said = Buffer.from(alertItem(n, change))
        const at = Buffer.alloc(8)
        at.writeDoubleLE(SCORE_MAX)
        said.writeDoubleLE(1e21, said.indexOf(at))
        assert.equal(decodeItem(said).sequence, n, 'as an earlier version stored it, it is read')
        const { rejects } = await other.deliver([said])
        assert.equal(rejects[0]?.reason, `${field}: 1e+21, at most 1000 either way`)
      }
    } finally {
      await running.stop()
    }
  })
})
