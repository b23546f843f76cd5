// Bad networks between agents and collector: slow, held up, forgotten, losing packets. What was committed is stored, once.
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { LOAD, runSwarm } from '../../src/swarm/swarm.ts'
import { generatedOf, quantile, type Tally } from '../../src/swarm/tally.ts'
import { type Fleet, runFleet } from '../collector/enrolled.ts'
import { leaveOut } from '../left-out.ts'
import { until, WAIT_MS } from '../waits.ts'
import { swarmOf } from './enrolled-swarm.ts'
import { type Link, linkTo } from './link.ts'
import { runLossy, whyNotLossy } from './lossy.ts'

const AGENTS = 20
const LOSSY_CHILD = fileURLToPath(new URL('./lossy-child.ts', import.meta.url))

/** Between pings where no silence may be noticed: a machine that is busy makes some of its own. */
const PATIENT_MS = WAIT_MS / 3

describe('a network between agents and collector', function () {
  this.timeout(180_000)
  let fleet: Fleet
  let link: Link
  beforeEach(async () => {
    fleet = await runFleet()
    link = await linkTo(fleet.door.port)
  })
  afterEach(async () => {
    await link.close()
    await fleet.stop()
  })
  const stored = (): number => fleet.collector.counters().itemsStored ?? 0
  /** Plays while `meanwhile` does something to the network, then until all is acknowledged. */
  const played = async (
    pingMs: number,
    meanwhile: (tally: () => Tally) => Promise<void>,
  ): Promise<Tally> => {
    const identities = await swarmOf(fleet, AGENTS, link.port)
    let sofar: Tally | undefined
    const running = runSwarm({
      ...{ identities, firstNumber: 0, signal: new AbortController().signal },
      // A silence of three of these is noticed.
      pace: { pingMs, backoffFirstMs: 200, handshakeMs: 5000 },
      load: { ...LOAD, connectsPerSecond: 1000, perAgentHour: 36_000, forMs: 4000 },
      onTick: (tally) => {
        sofar = tally
      },
    })
    await until(() => sofar?.connected === AGENTS)
    await meanwhile(() => sofar as Tally)
    return running
  }
  const isAll = (tally: Tally): void => {
    const { acknowledged, refused, waiting } = tally
    const made = generatedOf(tally)
    assert.equal(made, AGENTS * 10 * 4)
    assert.deepEqual(
      { acknowledged, refused, waiting },
      { acknowledged: made, refused: 0, waiting: 0 },
    )
    assert.equal(stored(), made)
  }

  it('of 200 ms each way loses nothing and ends no connection', async () => {
    link.delay(200)
    const tally = await played(PATIENT_MS, async () => {})
    isAll(tally)
    assert.ok((quantile(tally.latency, 0.01) ?? 0) >= 400, 'it was as slow as that')
    assert.equal(tally.welcomed, AGENTS)
    assert.deepEqual(tally.ends, {})
  })

  it('that holds everything up for a second is waited for', async () => {
    const tally = await played(PATIENT_MS, async () => {
      link.hold()
      await new Promise((resolve) => setTimeout(resolve, 1000))
      link.release()
    })
    isAll(tally)
    assert.ok((quantile(tally.latency, 1) ?? 0) >= 500, 'something was held up')
    assert.equal(tally.welcomed, AGENTS)
  })

  it('that parts them until both have noticed, and forgets their connections, doubles nothing', async () => {
    const tally = await played(500, async (sofar) => {
      link.hold()
      await until(() => sofar().connected === 0)
      link.cut()
      link.release()
    })
    isAll(tally)
    assert.ok(tally.welcomed >= 2 * AGENTS, `${tally.welcomed}`)
    assert.ok(Object.keys(tally.ends).some((reason) => /nothing was heard/.test(reason)))
  })

  it('that loses packets and is narrow loses no finding', async function () {
    leaveOut(this, whyNotLossy())
    const { said, lost } = await runLossy<Record<string, number>>(LOSSY_CHILD)
    assert.ok(lost > 50, `${lost} packets were lost`)
    const made = 20 * 10 * 4
    assert.equal(said['made'], made)
    assert.equal(said['acknowledged'], made)
    assert.equal(said['stored'], made)
    assert.equal(said['acknowledgedAgain'], said['sentAgain'])
    assert.ok((said['welcomed'] ?? 0) > AGENTS, 'all were cut once')
  })
})
