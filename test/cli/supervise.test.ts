// What `up` does of a role that ends: it starts it again, and says so as often as it is news.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { keepRunning } from '../../src/cli/supervise.ts'

describe('A role that up keeps running', () => {
  /** Ends with each of these in turn, and then by `up`. */
  async function told(statuses: number[], endsByConfig = false) {
    const lines: string[] = []
    const restsMs: number[] = []
    /** What it was told of its refusals before, each time. */
    const refused: number[] = []
    const ending = new AbortController()
    let starts = 0
    const status = await keepRunning({
      name: 'the agent',
      start: (refusedBefore) => {
        refused.push(refusedBefore)
        const how = statuses[starts++]
        if (how === undefined) ending.abort()
        return spawn(process.execPath, ['-e', `process.exit(${how ?? 0})`])
      },
      signal: ending.signal,
      log: (text) => lines.push(text),
      endsByConfig: () => endsByConfig,
      rest: async (ms) => void restsMs.push(ms),
    })
    return { status, starts, lines, restsMs, refused }
  }

  it('is tried on where it is refused, and that is said once', async () => {
    const { starts, lines } = await told([78, 78, 78])
    assert.equal(starts, 4)
    assert.deepEqual(lines, [
      'the agent cannot go on until that is put right: it is tried again, once a minute at last',
    ])
  })

  it('is tried on where it cannot have what it wants now, sooner, and that is said once', async () => {
    const { starts, lines, refused } = await told([75, 75, 75], true)
    assert.equal(starts, 4)
    assert.deepEqual(lines, ['the agent cannot start now: it is tried again, each 15 s at last'])
    // Which has said why, and need not each time.
    assert.deepEqual(refused, [0, 1, 2, 3])
    assert.deepEqual((await told([75, 78, 75, 1, 75])).refused, [0, 1, 0, 1, 0, 1])
  })

  it('rests for no longer than is said of it', async () => {
    const { restsMs } = await told(Array.from({ length: 6 }, () => 75))
    assert.deepEqual(restsMs, [1000, 2000, 4000, 8000, 15_000, 15_000])
    const config = await told(Array.from({ length: 6 }, () => 78))
    assert.deepEqual(config.restsMs, [5000, 10_000, 20_000, 40_000, 60_000, 60_000])
  })

  it('says what it is refused for anew where that changes, and does not rest the longer for what was before', async () => {
    const { lines, restsMs } = await told([75, 78, 78, 75, 75])
    assert.deepEqual(
      lines.map((line) => line.slice(0, 26)),
      ['the agent cannot start now', 'the agent cannot go on unt', 'the agent cannot start now'],
    )
    assert.deepEqual(restsMs, [1000, 5000, 10_000, 1000, 2000])
  })

  it('is said to have ended each time it was not refused, and to be refused anew after it was not', async () => {
    const { lines } = await told([78, 1, 78])
    assert.deepEqual(
      lines.map((line) => line.slice(0, 25)),
      ['the agent cannot go on un', 'the agent ended (1); it i', 'the agent cannot go on un'],
    )
  })

  it('ends what it belongs to where it is refused before it ever worked', async () => {
    const { status, starts, lines } = await told([78, 78], true)
    assert.deepEqual([status, starts, lines], [78, 1, []])
  })
})
