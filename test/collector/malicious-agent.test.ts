// All that an enrolled device, or an agent of the collector's machine, could try against other agents: be one of them, be many,
// number their items; each once. What it could fill the store with has malicious-agent-store.test.ts; docs/security.md has the table. What it
// sends is well-formed: hostile.test.ts has what is not.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  connectionsMax,
  LIMITS,
  pagePortMax,
  withinDescriptors,
} from '../../src/collector/terms/limits.ts'
import type { DevicesResponse } from '../../src/collector/views/page-api.ts'
import { descriptorLimit } from '../../src/host/descriptors.ts'
import { Capability } from '../../src/stream/codec.ts'
import type { EnrolError } from '../../src/stream/enrol.ts'
import { SEQUENCE_LEAP_MAX, SEQUENCE_MAX } from '../../src/stream/message.ts'
import { until } from '../e2e/installation.ts'
import { healthFinding } from '../stream/findings.ts'
import {
  Agent,
  alertItem,
  connectAgent,
  DEVICE_A,
  DEVICE_B,
  helloOf,
  itemOf,
  type Running,
  runCollector,
  uidOf,
} from './agent.ts'
import { Deliveries, storedBy } from './deliveries.ts'
import { comeBy, type Fleet, runFleet, welcomed } from './enrolled.ts'
import { sayHello } from './mallory.ts'
import { count } from './store-fixture.ts'

/** Of a device that a token lets in. */
const idOf = (n: number) => `0f8fad5b-d9cb-469f-a165-${n.toString(16).padStart(12, '0')}`

describe('devices that are invented', () => {
  it('stand behind those that are known, and push none out of the list', async () => {
    const fleet = await runFleet()
    await (await welcomed(fleet)).close()
    for (let n = 0; n < 12; n++) {
      const agent = await comeBy(fleet, idOf(n))
      await agent.hello(idOf(n), 'é'.repeat(256))
      await agent.close()
    }
    const first = await fleet.json<DevicesResponse>('/api/devices?limit=5')
    assert.equal(first.devices[0]?.id, DEVICE_A)
    assert.equal(first.devices.length, 5)
    const rest = await fleet.json<DevicesResponse>(`/api/devices?limit=500&after=${first.next}`)
    assert.equal(rest.devices.length, 8)
    assert.equal(rest.next, undefined)
    await fleet.stop()
  })
})

describe('a device that says it is another', () => {
  let fleet: Fleet
  beforeEach(async () => {
    fleet = await runFleet({ probeMs: 300 })
  })
  afterEach(() => fleet.stop())

  const counted = (name: string) => fleet.collector.counters()[name]
  const fromHere = (outboxId: string, deviceId = DEVICE_A) =>
    sayHello(new Agent(fleet.socket).opened(), outboxId, 'not-mac-1', deviceId)
  const enrolsAsA = () =>
    assert.rejects(fleet.enrol(DEVICE_A), (error: EnrolError) => {
      assert.equal(error.code, 'device-known')
      assert.match(error.message, /an agent of the collector's own machine.*devices remove 0f8f/)
      return true
    })

  it('that is enrolled is thrown out, and the other notices nothing', async () => {
    const real = await welcomed(fleet, DEVICE_B)
    const impostor = await comeBy(fleet, DEVICE_A)
    impostor.send(helloOf(DEVICE_B))
    assert.match((await impostor.expect('goodbye')).reason, new RegExp(DEVICE_A))
    assert.equal((await impostor.closed).code, 1008)
    assert.equal(counted('agentsClosedOtherDevice'), 1)
    await real.deliver([alertItem(1)])
    await real.close()
  })

  it('that is an agent of the collector’s machine cannot enrol under its id, whether that is there or away', async () => {
    const real = await connectAgent(fleet)
    await enrolsAsA()
    await real.deliver([alertItem(1)])
    await real.close()
    await enrolsAsA()
    assert.equal(counted('enrolRefusedKnown'), 2)
    const listed = () => fleet.withRegistry((registry) => registry.devices().map(({ id }) => id))
    assert.deepEqual(listed(), [])
    // An administrator who wants it to enrol says so.
    fleet.withRegistry((registry) => assert.equal(registry.remove(DEVICE_A), true))
    await fleet.enrol(DEVICE_A)
    assert.deepEqual(listed(), [DEVICE_A])
  })

  it('that is enrolled gets no agent of the collector’s machine under its id, whether it is there or away', async () => {
    const real = await welcomed(fleet)
    const whileThere = await fromHere('aa'.repeat(16))
    assert.match((await whileThere.expect('goodbye')).reason, /comes with its certificate/)
    assert.equal((await whileThere.closed).code, 4001)
    await real.deliver([alertItem(1)])
    await real.close()
    assert.equal((await (await fromHere('aa'.repeat(16))).closed).code, 4001)
    assert.deepEqual([counted('agentsClosedTaken'), counted('agentsClosedReplaced')], [2, 0])
    assert.match(
      fleet.log.join('\n'),
      /an agent of this machine says that it is device 0f8fad5b.*enrolled: refused; `npx freshet collector devices remove 0f8f/,
    )
    const { devices } = await fleet.json<DevicesResponse>('/api/devices')
    assert.deepEqual(
      devices.map((device) => device.hostname),
      ['mac-1'],
    )
  })

  it('and was thrown out and taken back meanwhile waits for the agent of the collector’s machine to go', async () => {
    await (await welcomed(fleet)).close()
    fleet.withRegistry((registry) => registry.change(DEVICE_A, { standing: 'revoked' }))
    await until(() =>
      fleet
        .json<DevicesResponse>('/api/devices')
        .then(({ devices }) => devices[0]?.enrolment?.standing === 'revoked'),
    )
    const local = await connectAgent(fleet)
    fleet.withRegistry((registry) => registry.change(DEVICE_A, { standing: 'active' }))
    const back = await comeBy(fleet, DEVICE_A)
    back.send(helloOf(DEVICE_A))
    assert.equal((await back.closed).code, 4001)
    assert.match(
      fleet.log.join('\n'),
      /a machine that has enrolled says that it is device 0f8fad5b/,
    )
    await local.deliver([alertItem(1)])
    await local.close()
    await (await welcomed(fleet)).close()
  })

  it('of the collector’s machine does not throw it off while it is there and answers', async () => {
    const real = await fromHere('aa'.repeat(16))
    await real.expect('welcome')
    for (const outboxId of ['bb'.repeat(16), 'aa'.repeat(16)]) {
      const impostor = await fromHere(outboxId)
      assert.match((await impostor.expect('goodbye')).reason, /is there and answers/)
      assert.equal((await impostor.closed).code, 4001)
    }
    assert.deepEqual([counted('agentsClosedTaken'), counted('agentsClosedReplaced')], [2, 0])
    assert.match(fleet.log.join('\n'), /an agent of this machine says that it is device 0f8fad5b/)
    await real.deliver([alertItem(1)])
    await real.close()
  })

  it('under ever new outboxes: so many are known, the youngest gives way, and its own comes back as it was', async () => {
    const hello = (outboxId: string) => sayHello(comeBy(fleet, DEVICE_A), outboxId)
    const before = await hello('aa'.repeat(16))
    await before.expect('welcome')
    await before.deliver([alertItem(1)])
    await before.close()
    let last: Agent | undefined
    for (let n = 1; n <= 40; n++) {
      await last?.close()
      last = await hello(n.toString(16).padStart(32, '0'))
      assert.equal((await last.expect('welcome')).welcome.lastSequence, 0)
      await last.deliver([alertItem(100 + n)])
    }
    const real = await hello('aa'.repeat(16))
    assert.equal((await real.expect('welcome')).welcome.lastSequence, 1)
    assert.equal((await last?.closed)?.code, 4001)
    await real.close()
    const store = new DatabaseSync(join(fleet.stateDir, 'store.db'), { readOnly: true })
    try {
      assert.equal(count(store, 'outbox'), 16)
    } finally {
      store.close()
    }
  })

  it('that sends everything ahead of its turn is closed at the bound', async () => {
    const agent = await comeBy(fleet, DEVICE_A)
    agent.send(helloOf(DEVICE_A, 'mac-1', Capability.ahead))
    await agent.expect('welcome')
    const items = Array.from({ length: 65 }, (_, index) => alertItem(index + 1))
    agent.send({ kind: 'batch', items: items.slice(0, 64), isAhead: true })
    assert.equal((await agent.expect('ack')).ack.aheadSequences?.length, 64)
    agent.send({ kind: 'batch', items, isAhead: true })
    assert.match((await agent.expect('goodbye')).reason, /more than 64 items ahead/)
    assert.equal((await agent.closed).code, 1008)
  })
})

describe('many agents', () => {
  let running: Running | undefined
  afterEach(async () => {
    await running?.stop()
    running = undefined
  })
  const run = async (...of: Parameters<typeof runCollector>) => {
    running = await runCollector(...of)
    return running
  }

  it('that nobody has admitted leave room for those that were, for this machine’s, and for pages', async () => {
    const fleet = await runFleet({ agentsMax: 20 })
    running = fleet
    await (await welcomed(fleet, DEVICE_B)).close()
    fleet.withRegistry((registry) => registry.change(DEVICE_B, { standing: 'active' }))
    for (let n = 0; n < 20; n++) await welcomed(fleet, idOf(n))
    const one = await fleet.enrol(idOf(20))
    const { socket } = new Agent(fleet.door.url, { identity: one })
    const [, response] = await once(socket, 'unexpected-response')
    assert.equal(response.statusCode, 503)
    response.destroy()
    assert.equal(fleet.collector.counters()['agentsRefusedLimit'], 1)
    await welcomed(fleet, DEVICE_B)
    await connectAgent(fleet)
    assert.equal((await fleet.get('/api/devices')).status, 200)
  })

  it('of one device that say no Hello are four, the oldest gives way, and its stream is none of them', async () => {
    const fleet = await runFleet({ agentsMax: 20 })
    running = fleet
    await (await welcomed(fleet, DEVICE_B)).close()
    const streaming = await welcomed(fleet, DEVICE_A)
    const silent: Agent[] = []
    for (let n = 0; n < 40; n++) silent.push(await comeBy(fleet, DEVICE_A))
    await Promise.all(silent.slice(0, 36).map((one) => one.closed))
    assert.equal(fleet.collector.counters()['agentsUnwelcomedMany'], 36)
    await welcomed(fleet, DEVICE_B)
    streaming.send({ kind: 'batch', items: [alertItem(1)] })
    assert.equal((await streaming.expect('ack')).ack.throughSequence, 1)
    // Each that is left may still say Hello, and takes its device's place as ever.
    const last = silent.at(-1) as Agent
    await last.hello(DEVICE_A, 'mac-1')
    assert.equal((await streaming.closed).code, 4001)
    assert.equal(fleet.collector.counters()['agentsRefusedLimit'], 0)
  })

  it('are as many as there are descriptors for, and that is said', async () => {
    const { log } = await run({}, undefined, 256)
    const within = withinDescriptors(LIMITS, 256)
    assert.deepEqual([within.agentsMax, within.otherConnectionsMax], [109, 48])
    assert.ok(connectionsMax(within) + pagePortMax(within) < 256 - 50)
    assert.match(log[0] ?? '', /256 files and connections.*at most 109 agents.*48 pages/)
    assert.equal(withinDescriptors(LIMITS, undefined), LIMITS)
    const own = descriptorLimit()
    assert.ok(own === undefined || own >= 64)
  })

  it('that say nothing: no more connections than are the page’s, counted, and the page comes in after them', async () => {
    const { collector, get } = await run({}, undefined, 256)
    const most = pagePortMax(withinDescriptors(LIMITS, 256))
    const silent = Array.from({ length: most + 5 }, () =>
      connect(collector.port, '127.0.0.1').on('error', () => {}),
    )
    // Five at once, the others when their headers have not come in time.
    await Promise.all(silent.map((socket) => once(socket.resume(), 'close')))
    assert.equal(collector.counters()['connectionsDropped'], 5)
    assert.equal((await get('/api/devices')).status, 200)
  })
})

describe('an agent that numbers items for another', () => {
  const OTHER_OUTBOX = 'ee'.repeat(16)
  let running: Running
  let made: Deliveries
  beforeEach(async () => {
    running = await runCollector()
    made = new Deliveries()
  })
  afterEach(async () => {
    made.remove()
    await running.stop()
  })

  it('takes nothing from it, under a number as high as it goes', async () => {
    const outbox = made.outboxAt('outbox.db')
    made.append(outbox, 1, 1, 15)
    const other = await made.impostor(running, OTHER_OUTBOX)
    await other.deliver([alertItem(SEQUENCE_LEAP_MAX)])
    await other.close()
    await made.drain(running, outbox)
    assert.equal(await storedBy(running), 16)
  })

  it('and knows the id of its outbox, makes it another outbox, and nothing is lost', async () => {
    const outbox = made.outboxAt('outbox.db')
    made.append(outbox, 1, 1, 15)
    const { id } = outbox
    const other = await made.impostor(running, id)
    await other.deliver([alertItem(SEQUENCE_LEAP_MAX)])
    await other.close()
    const lines: string[] = []
    await made.drain(running, outbox, lines)
    assert.notEqual(outbox.id, id)
    assert.match(lines.join('\n'), /has items up to 4294967296 of this outbox, which gave 15/)
    assert.equal(await storedBy(running), 16)
  })

  it('is refused a leap, and a number that no outbox reaches, where they enter', async () => {
    const leaps = await made.impostor(running, OTHER_OUTBOX)
    leaps.send({ kind: 'batch', items: [alertItem(SEQUENCE_LEAP_MAX + 1)] })
    assert.equal((await leaps.closed).code, 1008)
    assert.equal(running.collector.counters().agentsClosedLeap, 1)
    const far = await made.impostor(running, OTHER_OUTBOX)
    // The sequence of a whole item made one more than the highest: its field is 2, a varint of seven bytes.
    const item = Buffer.from(itemOf(SEQUENCE_MAX, healthFinding, uidOf(1)))
    const at = item.indexOf(Buffer.from('1080808080808040', 'hex'))
    assert.ok(at > 0)
    item[at + 1] = 0x81
    far.send({ kind: 'batch', items: [item] })
    assert.equal((await far.closed).code, 1007)
    assert.equal(await storedBy(running), 0)
  })
})
