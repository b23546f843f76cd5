// A collector whose clock is wrong: what is stored is not lost for it, and agents that have the same clock prove nothing.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Collector, startCollector } from '../../src/collector/collector.ts'
import { keepOf } from '../../src/collector/keeping/keeper.ts'
import type { AlertsResponse } from '../../src/collector/views/page-api.ts'
import { describeMachine } from '../../src/host/machine.ts'
import { nowUnixNs, type UnixNs } from '../../src/units.ts'

import { until } from '../waits.ts'
import { Agent, alertItem, DEVICE_A, DEVICE_B, helloOf, socketOf } from './agent.ts'
import { enrolmentWith, type Identity } from './enrolled.ts'

const DAY_NS = 86_400_000_000_000n
/** Less than a certificate holds for, and more than what is kept. */
const AHEAD_NS = 60n * DAY_NS
const KEEP_DAYS = 30
/** An agent of the collector's machine, which is no enrolled device. */
const DEVICE_HERE = '11111111-1111-4111-8111-111111111111'
const ALERTS = 50
const HOUR_MS = 3_600_000

describe('a collector whose clock is 60 days ahead', () => {
  let stateDir: string
  let collector: Collector
  let log: string[]
  let identity: Identity
  const agents: Agent[] = []
  const clockAhead = (ns: bigint) => () => (nowUnixNs() + ns) as UnixNs
  /** How often the collector asked for the time, which it does with each look at what is kept. */
  let asked = 0

  const run = async (ahead: bigint | (() => bigint), beatMs = 20) => {
    log = []
    const clock = () => clockAhead(typeof ahead === 'bigint' ? ahead : ahead())()
    collector = await startCollector({
      stateDir,
      host: '127.0.0.1',
      port: 0,
      machines: { addresses: [{ host: '127.0.0.1', port: 0 }], names: ['127.0.0.1'] },
      log: (text) => log.push(text),
      now: () => {
        asked++
        return clock()
      },
      keep: keepOf(KEEP_DAYS, 20),
      beatMs,
    })
  }
  /**
   * What is kept was looked at: the reader was asked for what is newest before it answers us, and the writer to drop
   * before it enrols. Thrice, since one look may have been under way.
   */
  const looked = async (aheadNs: bigint) => {
    for (let looks = 0; looks < 3; looks++) {
      const before = asked
      await until(() => asked >= before + 2)
      await alerts()
      const after = await joins('socket', '', aheadNs, DEVICE_B)
      await after.close()
    }
  }
  const admits = (standing: 'active' | 'revoked') => {
    assert(collector.machines)
    const { withRegistry } = enrolmentWith(stateDir, collector.machines)
    withRegistry((registry) => registry.change(DEVICE_A, { standing }))
  }
  const secret = (name: string) => readFileSync(join(stateDir, name), 'utf8').trim()
  const alerts = async () => {
    const response = await fetch(`${collector.url}/api/alerts?limit=1`, {
      headers: { Authorization: `Bearer ${secret('page.key')}` },
    })
    return ((await response.json()) as AlertsResponse).total
  }
  /** An agent that has this clock, over the socket or over TLS, of a machine with this boot. */
  const joins = async (
    way: 'socket' | 'tls',
    bootId: string,
    aheadNs: bigint,
    deviceId = way === 'tls' ? DEVICE_A : DEVICE_HERE,
  ) => {
    const agent = await (way === 'socket'
      ? new Agent(socketOf(stateDir))
      : new Agent(collector.machines?.url ?? '', { identity })
    ).opened()
    agents.push(agent)
    const { hello } = helloOf(deviceId, 'mac-1', 0n, clockAhead(aheadNs)())
    agent.send({ kind: 'hello', hello: { ...hello, host: { ...hello.host, bootId } } })
    await agent.expect('welcome')
    return agent
  }
  const end = async () => {
    for (const agent of agents.splice(0)) agent.socket.terminate()
    await collector.close()
  }

  beforeEach(async () => {
    stateDir = mkdtempSync(join(tmpdir(), 'freshet-clock-'))
    await run(0n)
    assert(collector.machines)
    identity = await enrolmentWith(stateDir, collector.machines).enrol(DEVICE_A)
    const agent = await joins('tls', '', 0n)
    await agent.deliver(Array.from({ length: ALERTS }, (_, index) => alertItem(index + 1)))
    assert.equal(await alerts(), ALERTS)
    await end()
  })
  afterEach(async () => {
    await end()
    rmSync(stateDir, { recursive: true, force: true })
  })

  it('drops nothing for an agent of its own machine, which has its clock', async () => {
    await run(AHEAD_NS)
    await joins('socket', '', AHEAD_NS)
    await looked(AHEAD_NS)
    assert.equal(await alerts(), ALERTS)
    assert.equal(log.filter((line) => /the clock is 1440\.\d h from/.test(line)).length, 1)
    await end()
    await run(AHEAD_NS)
    await joins('tls', describeMachine().bootId, AHEAD_NS)
    await looked(AHEAD_NS)
    assert.equal(await alerts(), ALERTS)
  })

  it('drops nothing for a device that nobody has admitted, which may be invented', async () => {
    await run(AHEAD_NS)
    await joins('tls', 'another', AHEAD_NS)
    await looked(AHEAD_NS)
    assert.equal(await alerts(), ALERTS)
    admits('revoked')
    await looked(AHEAD_NS)
    assert.equal(await alerts(), ALERTS)
    assert.ok(!log.some((line) => line.includes('clocks of admitted agents agree')))
  })

  it('drops what is too old once an agent of another machine that was admitted has its clock', async () => {
    await run(AHEAD_NS)
    await joins('tls', 'another', AHEAD_NS)
    // While it is connected.
    admits('active')
    await until(() => log.some((line) => line.includes('clocks of admitted agents agree')))
    await until(() => collector.counters().revisionsDropped === ALERTS)
    assert.equal(await alerts(), 0)
  })

  it('drops nothing when it is started again, by what it received meanwhile under that clock', async () => {
    await run(AHEAD_NS)
    const agent = await joins('socket', '', AHEAD_NS)
    await agent.deliver([alertItem(ALERTS + 1)])
    await looked(AHEAD_NS)
    await end()
    await run(AHEAD_NS)
    await looked(AHEAD_NS)
    assert.equal(await alerts(), ALERTS + 1)
    await end()
    // The clock is right again, which ends it.
    await run(0n)
    await until(() => log.some((line) => line.includes('the clock is what it was')))
    assert.equal(await alerts(), ALERTS + 1)
  })

  it('is found out before anything bears its time, however soon it is killed', async () => {
    // Set while it runs, long before it looks again at what is kept; killed, so that nothing is told in order.
    let aheadNs = 0n
    await run(() => aheadNs, HOUR_MS)
    const agent = await joins('socket', '', 0n)
    aheadNs = AHEAD_NS
    await agent.deliver([alertItem(ALERTS + 1)])
    const kept = join(stateDir, 'clock.doubted')
    assert.ok(existsSync(kept), 'the doubt is kept before what bears the time is acknowledged')
    await end()
    await run(AHEAD_NS)
    await looked(AHEAD_NS)
    assert.equal(await alerts(), ALERTS + 1)
    await end()
    // Wrong from its start on: what comes before its first look is no witness.
    rmSync(kept)
    await run(2n * AHEAD_NS, HOUR_MS)
    const other = await joins('socket', '', 2n * AHEAD_NS)
    await other.deliver([alertItem(ALERTS + 2)])
    await end()
    await run(2n * AHEAD_NS)
    await looked(2n * AHEAD_NS)
    assert.equal(await alerts(), ALERTS + 2)
  })

  it('is no witness of itself: what it received when it was ahead does not make that time believed', async () => {
    let aheadNs = AHEAD_NS
    await run(() => aheadNs)
    const agent = await joins('socket', '', 0n)
    await agent.deliver([alertItem(ALERTS + 1)])
    aheadNs = 0n
    await until(() => log.some((line) => line.includes('the clock is what it was')))
    await end()
    await run(() => aheadNs)
    await until(() => log.some((line) => line.includes('the clock is what it was')))
    aheadNs = AHEAD_NS
    await looked(AHEAD_NS)
    assert.ok(log.some((line) => /the clock was set by 1440\.\d h/.test(line)))
    assert.equal(log.filter((line) => line.includes('the clock is what it was')).length, 1)
    assert.equal(await alerts(), ALERTS + 1)
  })

  it('does not start where a link stands for what it knows of the clock', async () => {
    symlinkSync(join(stateDir, 'page.key'), join(stateDir, 'clock.doubted'))
    await assert.rejects(run(0n), /clock\.doubted/)
  })
})
