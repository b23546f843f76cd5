import assert from 'node:assert/strict'
import { createPace } from '../../src/replay/pace.ts'
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
})
