import assert from 'node:assert/strict'
import { join } from 'node:path'
import { SCENARIO_DIRECTORY } from '../../scripts/scenarios.ts'
import { openSource } from '../../src/replay/open.ts'
import { createPace } from '../../src/replay/pace.ts'
import { replay } from '../../src/replay/replay.ts'
import { joined } from '../capture/captures.ts'
import { Script } from '../engine/scenario.ts'

/** Runs the records at `speed`; each run's first time and when it was given, in ms from the first. */
async function given(
  records: Uint8Array,
  speed: number,
): Promise<{ count: number; atMs: number }[]> {
  let nowMs = 0
  const pace = createPace({
    speed,
    nowMs: () => nowMs,
    wait: async (ms) => {
      nowMs += ms
    },
  })
  const runs: { count: number; atMs: number }[] = []
  const pieces: Uint8Array[] = []
  for await (const run of pace.runs(records)) {
    pieces.push(run)
    runs.push({ count: run.length / 24, atMs: nowMs })
  }
  assert.deepEqual(Buffer.from(joined(pieces)), Buffer.from(records))
  return runs
}

describe('replay: pace', () => {
  it('gives records at so many times real time, and those that are close together at once', async () => {
    const script = new Script().tick().tick(10).tick(1_000).tick(2_000)
    assert.deepEqual(await given(script.bytes(), 1), [
      { count: 2, atMs: 0 },
      { count: 1, atMs: 1_010 },
      { count: 1, atMs: 3_010 },
    ])
    assert.deepEqual(await given(script.bytes(), 10), [
      { count: 2, atMs: 0 },
      { count: 1, atMs: 101 },
      { count: 1, atMs: 301 },
    ])
  })

  it('does not wait for time that goes back at a restart, nor through a night', async () => {
    const script = new Script().tick()
    script.nowMs = 5_000_000
    script.tick()
    script.nowMs = 1_000
    script.tick().tick(500)
    assert.deepEqual(
      (await given(script.bytes(), 1)).map(({ atMs }) => atMs),
      [0, 0, 0, 500],
    )
  })

  it('shows how far it is as time passes, and takes no record more once it is stopped', async () => {
    const source = await openSource(join(SCENARIO_DIRECTORY, 'night-burst.fcap'), {})
    const stop = new AbortController()
    const shown: number[] = []
    const report = await replay(source, {
      signal: stop.signal,
      pace: createPace({ speed: 1, nowMs: () => 0, wait: async () => {} }),
      onProgress({ records }) {
        shown.push(records)
        if (shown.length === 20) stop.abort()
      },
    })
    assert.equal(shown.length, 20)
    assert.deepEqual(
      shown,
      shown.toSorted((a, b) => a - b),
    )
    assert.equal(report.records, shown.at(-1))
    assert.ok(report.records < 400, `${report.records} of the 415 in its one block`)
  })
})
