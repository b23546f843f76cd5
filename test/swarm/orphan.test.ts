// A process of a swarm whose parent has gone: it ends in order, and says why.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { LOAD } from '../../src/cli/swarm.ts'
import { PLACE } from '../../src/place.ts'
import { type Fleet, runFleet } from '../collector/enrolled.ts'
import { until } from '../waits.ts'
import { swarmOf } from './enrolled-swarm.ts'

describe('a share of a swarm', () => {
  let fleet: Fleet
  beforeEach(async () => {
    fleet = await runFleet()
  })
  afterEach(() => fleet.stop())

  it('ends when who started it has gone, its agents with it, and says so', async () => {
    const identities = await swarmOf(fleet, 2)
    const child = spawn(process.execPath, [PLACE.cli, 'swarm-share'], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    let said = ''
    child.stderr?.on('data', (text) => (said += text))
    const ended = once(child, 'exit')
    const load = { ...LOAD, forMs: 3_600_000 }
    child.send({ firstNumber: 0, identities, load })
    await until(() => fleet.collector.counters()['agentsConnected'] === 2)
    // As the kernel does for a parent that was killed.
    child.disconnect()
    const [status] = await ended
    assert.notEqual(status, 0)
    await until(() => /the swarm that started this process has ended/.test(said))
    assert.doesNotMatch(said, /^ {4}at /m)
    await until(() => fleet.collector.counters()['agentsConnected'] === 0)
  })
})
