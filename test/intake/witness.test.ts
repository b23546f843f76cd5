// Of a UDP socket no more is told than is known to have passed.
import assert from 'node:assert/strict'
import { type Ends, Source, scene } from './flows.ts'

const { filter, networkStatistics: statistics } = Source
const socket: Ends = { protocol: 17, to: '::', port: 0, localPort: 5_353, pid: 7 }
const part: Ends = { ...socket, to: '198.51.100.1', port: 5_353 }

/** Of a socket that was NetworkStatistics' the filter tells more, which may be the same. */
const ahead = () => {
  const story = scene()
  story.begins(statistics)
  story.tells(statistics, { id: 70, out: 1_000, ...socket })
  story.wait(60_000)
  story.begins(filter)
  story.wait(5_000)
  story.tells(statistics, { id: 70, out: 1_000, ...socket, state: 'closed' })
  story.wait(500)
  story.tells(filter, { id: 1, out: 30, ...part, state: 'opened' })
  story.wait(500)
  story.tells(filter, { id: 1, out: 30, ...part, state: 'closed' })
  assert.deepEqual([story.ledger.out, story.ledger.open], [1_000, 1])
  return story
}

describe('a flow of a UDP socket that is over before all of it is known to have passed', () => {
  it('ends with all of it as soon as another source has seen that', () => {
    const { tells, wait, ledger } = ahead()
    tells(statistics, { id: 71, out: 30, ...socket, state: 'opened' })
    wait(1_000)
    const { out, open, inexact, afterClose } = ledger
    assert.deepEqual(
      { out, open, inexact, afterClose },
      { out: 1_030, open: 0, inexact: 0, afterClose: 0 },
    )
  })

  it('ends without it, and says so, where nobody has seen it for three seconds', () => {
    const { tells, wait, ledger } = ahead()
    wait(2_000)
    assert.equal(ledger.open, 1)
    wait(1_000)
    const { out, open, inexact } = ledger
    assert.deepEqual({ out, open, inexact }, { out: 1_000, open: 0, inexact: 1 })
    tells(statistics, { id: 71, out: 30, ...socket, state: 'opened' })
    wait(1_000)
    assert.equal(ledger.afterClose, 0)
  })

  it('goes on where it was in an engine that is started anew', () => {
    const first = ahead()
    const story = scene(
      JSON.parse(JSON.stringify(first.belief.memory(true))),
      undefined,
      first.teller.atMs,
    )
    story.wait(1_000)
    assert.deepEqual(
      [story.ledger.out, story.ledger.open],
      [0, 0],
      'the engine has nothing of it open',
    )
    story.starts(statistics)
    story.tells(statistics, { id: 71, out: 30, ...socket, state: 'opened' })
    story.enumerated(statistics)
    story.wait(1_000)
    assert.ok(story.ledger.out <= 30)
  })
})
