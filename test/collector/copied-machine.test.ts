// Two machines with one certificate at a real collector, by the agent's own code: both deliver, one becomes another device.
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createEnrolment, readEnrolment, writeEnrolment } from '../../src/agent/enrolment-file.ts'
import { createSuccession, forgetNext, takeUpNext } from '../../src/agent/next-enrolment.ts'
import { REGISTRY_FILE } from '../../src/collector/fleet/registry-file.ts'
import { readOrMakeDeviceId, replaceDeviceId } from '../../src/host/device.ts'
import { type Outbox, openOutbox } from '../../src/stream/outbox.ts'
import { startUplink, type Uplink } from '../../src/stream/uplink.ts'
import { makeKey, requestOf } from '../../src/trust/certificates.ts'
import { deviceOf } from '../../src/trust/vouching.ts'
import { nowUnixNs, unixNs } from '../../src/units.ts'
import { PACE } from '../stream/uplink-fixture.ts'
import { until } from '../waits.ts'
import { Agent, alertOf, DEVICE_A, helloOf, T0 } from './agent.ts'
import { type Fleet, hardwareOf, runFleet } from './enrolled.ts'

const OTHER_HARDWARE = 'bb'.repeat(32)

describe('two machines with one certificate', () => {
  let fleet: Fleet
  let directory: string
  const machines: Machine[] = []
  beforeEach(async () => {
    fleet = await runFleet({ backoffMaxMs: 1000 })
    directory = mkdtempSync(join(tmpdir(), 'freshet-clones-'))
  })
  afterEach(async () => {
    for (const one of machines.splice(0)) await one.stop()
    await fleet.stop()
    rmSync(directory, { recursive: true })
  })

  type Machine = {
    place: string
    lines: string[]
    outbox: Outbox
    /** As an engine of it does; returns the device that it was until then. */
    start(): string | undefined
    stop(): Promise<void>
  }
  /** An agent of another machine as far as its collector can tell. */
  const machine = (name: string, hardware: string, bootId: string): Machine => {
    const place = join(directory, name)
    mkdirSync(place, { recursive: true })
    const lines: string[] = []
    const outbox = openOutbox(join(place, 'outbox.db'), {
      ...{ bytesMax: 1 << 24, ageMaxMs: 1e9, now: nowUnixNs },
    })
    let uplink: Uplink | undefined
    let ending = new AbortController()
    const made: Machine = {
      ...{ place, lines, outbox },
      start() {
        ending = new AbortController()
        const own = takeUpNext(place, readEnrolment(place), assert.fail)
        if (own) forgetNext(place)
        const enrolment = readEnrolment(place)
        assert(enrolment)
        const host = { ...helloOf(DEVICE_A, name).hello.host, bootId }
        uplink = startUplink({
          ...{ url: fleet.door.url, outbox, signal: ending.signal, pace: PACE },
          hello: { deviceId: deviceOf(enrolment), agentVersion: '0.1.0', host, hardware },
          enrolment: {
            ...createEnrolment(place, deviceOf(enrolment), enrolment, Date.now),
            ...createSuccession(place, enrolment, { hardware, agentVersion: '0.1.0', host }),
          },
          log: (line) => lines.push(line),
          // Of a second, the shortest that a collector may name.
          random: () => 0.02,
        })
        return own?.earlierId
      },
      async stop() {
        ending.abort()
        await uplink?.done
      },
    }
    machines.push(made)
    return made
  }
  const enrolled = async (name: string, hardware: string, bootId: string): Promise<Machine> => {
    const made = machine(name, hardware, bootId)
    const { key, certificate, authorities, group } = await fleet.enrol(DEVICE_A, { hardware })
    replaceDeviceId(made.place, DEVICE_A)
    writeEnrolment(made.place, { collector: fleet.door.url, key, certificate, authorities, group })
    return made
  }
  /** What lay on its disk, on another. */
  const copyOf = (of: Machine, name: string, hardware: string, bootId: string): Machine => {
    mkdirSync(join(directory, name), { recursive: true })
    for (const file of readdirSync(of.place))
      copyFileSync(join(of.place, file), join(directory, name, file))
    return machine(name, hardware, bootId)
  }
  let alerts = 0
  const report = ({ outbox }: Machine) => {
    const alert = alertOf(++alerts)
    outbox.append([{ at: unixNs(T0, 'at'), kind: 'alert', alert }])
  }
  const delivered = (of: Machine) => until(() => of.outbox.counters().items === 0)
  const said = (of: Machine, text: RegExp) => until(() => text.test(of.lines.join('\n')))
  const counted = (name: string) => fleet.collector.counters()[name] ?? Number.NaN
  const shared = () =>
    fleet.withRegistry((registry) => registry.device(DEVICE_A)?.sharedAt !== undefined)
  const idOf = ({ place }: Machine) => readOrMakeDeviceId(place, undefined)

  it('of other hardware: both deliver, and the copy is a device of its own from its next start', async () => {
    const first = await enrolled('mac-1', hardwareOf(DEVICE_A), 'boot-1')
    const second = copyOf(first, 'mac-2', OTHER_HARDWARE, 'boot-2')
    first.start()
    await said(first, /connected to the collector/)
    second.start()
    await said(second, /device of its own from the next start/)
    for (let round = 0; round < 3; round++) {
      for (const one of [first, second]) report(one)
      for (const one of [first, second]) await delivered(one)
    }
    assert(shared())
    assert.equal(counted('clonesFound'), 1)
    const devices = () => fleet.withRegistry((registry) => registry.devices().length)
    assert.equal(
      devices(),
      2,
      'one more, however often it is told, and also when an answer is lost',
    )
    assert.equal(idOf(second), DEVICE_A)
    await second.stop()
    assert.equal(second.start(), DEVICE_A)
    report(second)
    await delivered(second)
    const own = idOf(second)
    assert.notEqual(own, DEVICE_A)
    assert.equal(readFileSync(join(second.place, 'device-id.old'), 'utf8').slice(0, 36), DEVICE_A)
    assert(!shared())
    const made = fleet.withRegistry((registry) => registry.device(own))
    assert.equal(made?.standing, 'quarantined')
    assert.equal(made?.group, 'office')
    // Neither is thrown out by the other any more, and nobody is told again.
    const replaced = counted('agentsClosedReplaced')
    for (const one of [first, second]) {
      await one.stop()
      assert.equal(one.start(), undefined)
      report(one)
      await delivered(one)
    }
    assert.equal(idOf(first), DEVICE_A)
    assert.equal(idOf(second), own)
    assert.equal(counted('agentsClosedReplaced'), replaced)
    assert.equal(counted('clonesFound'), 1)
    const { total } = await fleet.json<{ total: number }>('/api/alerts')
    assert.equal(total, alerts)
  })

  it('and what waited on the disk: it is stored once, and what either adds is not taken for the other’s', async () => {
    const first = await enrolled('mac-1', hardwareOf(DEVICE_A), 'boot-1')
    const before = alerts
    for (let times = 0; times < 3; times++) report(first)
    const second = copyOf(first, 'mac-2', OTHER_HARDWARE, 'boot-2')
    assert.equal(second.outbox.counters().items, 3)
    // The same numbers on both disks, for other items.
    for (const one of [first, second]) for (let times = 0; times < 3; times++) report(one)
    // The copy's numbers are ahead: what the collector has of them says nothing of what waits on the first.
    for (const one of [second, first]) {
      one.start()
      await delivered(one)
    }
    for (const one of [first, second]) report(one)
    for (const one of [first, second]) await delivered(one)
    const { total } = await fleet.json<{ total: number }>('/api/alerts')
    assert.equal(total, alerts - before)
  })

  it('that the system calls the same: they take turns until the one that came later is told apart', async () => {
    const first = await enrolled('vm-1', hardwareOf(DEVICE_A), 'boot-1')
    const second = copyOf(first, 'vm-2', hardwareOf(DEVICE_A), 'boot-2')
    first.start()
    await said(first, /connected to the collector/)
    second.start()
    await said(second, /of its own from/)
    for (const one of [first, second]) report(one)
    for (const one of [first, second]) await delivered(one)
    for (const one of [first, second]) await one.stop()
    const earlier = [first, second].map((one) => one.start())
    assert.deepEqual(earlier, [undefined, DEVICE_A])
    for (const one of [first, second]) report(one)
    for (const one of [first, second]) await delivered(one)
    assert.equal(idOf(first), DEVICE_A)
    assert.notEqual(idOf(second), DEVICE_A)
    assert(!shared())
    assert.equal(counted('clonesFound'), 1)
    // Which of its boots was first is known to a collector that starts anew, too.
    const database = new DatabaseSync(join(fleet.stateDir, REGISTRY_FILE))
    const boots = database.prepare('SELECT boot_id FROM boot WHERE device = ? ORDER BY rowid')
    await until(() => boots.all(DEVICE_A).length === 2)
    assert.deepEqual(
      boots.all(DEVICE_A).map((row) => row['boot_id']),
      ['boot-1', 'boot-2'],
    )
    database.close()
  })

  it('are not a Mac that changed its network: its newer connection takes over, and nothing more', async () => {
    const identity = await fleet.enrol(DEVICE_A)
    const { hello } = helloOf(DEVICE_A, 'mac-1', 32n)
    const come = async () => {
      const agent = await new Agent(fleet.door.url, { identity }).opened()
      const host = { ...hello.host, bootId: 'boot-1' }
      agent.send({ kind: 'hello', hello: { ...hello, hardware: hardwareOf(DEVICE_A), host } })
      await agent.expect('welcome')
      return agent
    }
    let last = await come()
    for (let time = 0; time < 10; time++) {
      const next = await come()
      assert.equal((await last.closed).code, 4001)
      last = next
    }
    assert.equal(counted('clonesFound'), 0)
    await last.close()
  })

  it('get one certificate for one token, over the connection that was told', async () => {
    const identity = await fleet.enrol(DEVICE_A)
    const come = async () => {
      const agent = await new Agent(fleet.door.url, { identity }).opened()
      const { hello } = helloOf(DEVICE_A, 'mac-2', 32n)
      agent.send({ kind: 'hello', hello: { ...hello, hardware: OTHER_HARDWARE } })
      await agent.expect('welcome')
      const { token, reason } = await agent.expect('reenrol')
      assert.match(reason, /other hardware/)
      const ask = async (id: string, by = token) => {
        const request = await requestOf(makeKey(), id)
        const { host, agentVersion } = hello
        const asked = { token: by, request, hardware: OTHER_HARDWARE, agentVersion, host }
        agent.send({ kind: 'reenrolling', asked })
      }
      return { agent, token, ask }
    }
    const first = await come()
    const second = await come()
    assert.equal((await first.agent.closed).code, 4001)
    const ids = ['1', '2'].map((digit) => `${digit.repeat(8)}-1111-4111-8111-111111111111`)
    await second.ask(ids[0] as string, first.token)
    await until(() => counted('reenrolRefused') === 1)
    await second.ask(ids[0] as string)
    await until(() => counted('reenrolRefused') === 2)
    assert.match(fleet.log.join('\n'), /not the one of this connection/)
    const third = await come()
    await third.ask(ids[0] as string)
    await third.agent.expect('reenrolled')
    await third.ask(ids[1] as string)
    await until(() => counted('reenrolRefused') === 3)
    assert.equal(counted('reenrolled'), 1)
    await third.agent.close()
  })
})
