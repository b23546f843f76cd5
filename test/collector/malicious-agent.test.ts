// All that an agent with a token could try against the collector's other agents: be one of them, be many, number their items;
// each once. What it could fill the store with has malicious-agent-store.test.ts; docs/security.md has the table. What it
// sends is well-formed: hostile.test.ts has what is not.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { knownAgentsMax, LIMITS, withinDescriptors } from '../../src/collector/limits.ts'
import type { DevicesResponse } from '../../src/collector/page-api.ts'
import { descriptorLimit } from '../../src/host/descriptors.ts'
import { CAPABILITIES } from '../../src/stream/codec.ts'
import { SEQUENCE_LEAP_MAX, SEQUENCE_MAX } from '../../src/stream/message.ts'
import { healthFinding } from '../stream/findings.ts'
import {
  type Agent,
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
import { overSocket, overTcp, sayHello } from './mallory.ts'
import { count } from './store-fixture.ts'

describe('devices that are invented', () => {
  it('stand behind those that are known, and push none out of the list', async () => {
    const running = await runCollector()
    const idOf = (n: number) => `0f8fad5b-d9cb-469f-a165-${n.toString(16).padStart(12, '0')}`
    const long = 'é'.repeat(256)
    await (await connectAgent(running, DEVICE_A)).close()
    for (let n = 0; n < 12; n++) {
      const agent = await overTcp(running)
      await agent.hello(idOf(n), long)
      await agent.close()
    }
    const first = await running.json<DevicesResponse>('/api/devices?limit=5')
    assert.equal(first.devices[0]?.id, DEVICE_A)
    assert.equal(first.devices.length, 5)
    const rest = await running.json<DevicesResponse>(`/api/devices?limit=500&after=${first.next}`)
    assert.equal(rest.devices.length, 8)
    assert.equal(rest.next, undefined)
    await running.stop()
  })
})

describe('an agent that says it is another', () => {
  let running: Running
  beforeEach(async () => {
    running = await runCollector({ probeMs: 300, newcomersPerHour: 1, newcomersBurst: 2 })
  })
  afterEach(() => running.stop())

  const counted = (name: string) => running.collector.counters()[name]
  const hello = (...as: [outboxId: string, hostname?: string, deviceId?: string]) =>
    sayHello(overTcp(running), ...as)
  const welcomed = async (outboxId: string) => {
    const agent = await hello(outboxId)
    await agent.expect('welcome')
    return agent
  }

  it('does not throw it off while it is there and answers, and changes nothing of what is known of it', async () => {
    const real = await welcomed('aa'.repeat(16))
    for (const outboxId of ['bb'.repeat(16), 'aa'.repeat(16)]) {
      const impostor = await hello(outboxId, 'not-mac-1')
      assert.match((await impostor.expect('goodbye')).reason, /is there and answers/)
      assert.equal((await impostor.closed).code, 4001)
    }
    assert.equal(counted('agentsClosedTaken'), 2)
    assert.equal(counted('agentsClosedReplaced'), 0)
    assert.match(running.log.join('\n'), /somebody else says that it is device 0f8fad5b/)
    await real.deliver([alertItem(1)])
    const { devices } = await running.json<DevicesResponse>('/api/devices')
    assert.deepEqual(
      devices.map((device) => device.hostname),
      ['mac-1'],
    )
    await real.close()
  })

  it('gives its place back to who was known before it, and cannot take it again', async () => {
    const before = await welcomed('aa'.repeat(16))
    await before.close()
    const impostor = await welcomed('bb'.repeat(16))
    const real = await welcomed('aa'.repeat(16))
    assert.equal((await impostor.closed).code, 4001)
    const again = await hello('bb'.repeat(16))
    assert.equal((await again.closed).code, 4001)
    assert.deepEqual([counted('agentsClosedReplaced'), counted('agentsClosedTaken')], [1, 1])
    await real.close()
  })

  it('of the collector’s machine, over TCP: gives its place to the one that the kernel vouches for, though it answers', async () => {
    const impostor = await welcomed('bb'.repeat(16))
    const real = await sayHello(overSocket(running), 'aa'.repeat(16))
    await real.expect('welcome')
    assert.equal((await impostor.closed).code, 4001)
    assert.deepEqual([counted('agentsClosedReplaced'), counted('agentsClosedTaken')], [1, 0])
    await real.close()
  })

  it('of the collector’s machine, over TCP: takes no place from it, though its outbox is the elder', async () => {
    const before = await welcomed('bb'.repeat(16))
    await before.close()
    const real = await sayHello(overSocket(running), 'aa'.repeat(16))
    await real.expect('welcome')
    for (const outboxId of ['bb'.repeat(16), 'aa'.repeat(16)])
      assert.equal((await (await hello(outboxId)).closed).code, 4001)
    assert.deepEqual([counted('agentsClosedReplaced'), counted('agentsClosedTaken')], [0, 2])
    await real.deliver([alertItem(1)])
    await real.close()
  })

  it('under ever new outboxes: so many are known, the youngest gives way, and whose it is comes back as it was', async () => {
    const before = await welcomed('aa'.repeat(16))
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
    const store = new DatabaseSync(join(running.stateDir, 'store.db'), { readOnly: true })
    try {
      assert.equal(count(store, 'outbox'), 16)
    } finally {
      store.close()
    }
  })

  it('that invents devices: so many an hour, and those that are known come in all the same', async () => {
    await (await connectAgent(running, DEVICE_B)).close()
    await (await connectAgent(running, DEVICE_A)).close()
    const invented = await hello('cc'.repeat(16), 'x', 'ffffffff-d9cb-469f-a165-70867728950e')
    const { reason, retryAfterMs } = await invented.expect('goodbye')
    assert.match(reason, /too many devices came for the first time/)
    assert.ok((retryAfterMs ?? 0) > 0)
    assert.equal((await invented.closed).code, 1013)
    assert.equal(counted('agentsClosedNewcomer'), 1)
    await (await connectAgent(running, DEVICE_A)).close()
  })

  it('that sends everything ahead of its turn is closed at the bound', async () => {
    const agent = await overTcp(running)
    agent.send(helloOf(DEVICE_A, 'mac-1', CAPABILITIES))
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

  it('leave room for those that are known, and for pages', async () => {
    const of = await run({ agentsMax: 10 })
    const deviceOf = (n: number) => `0f8fad5b-d9cb-469f-a165-00000000000${n.toString(16)}`
    await (await connectAgent(of, DEVICE_B)).close()
    for (let n = 0; n < 10; n++) await connectAgent(of, deviceOf(n))
    const newcomer = await overTcp(of)
    newcomer.send(helloOf(deviceOf(12)))
    assert.equal((await newcomer.closed).code, 1013)
    await connectAgent(of, DEVICE_B)
    assert.equal((await of.get('/api/devices')).status, 200)
  })

  it('are as many as there are descriptors for, and that is said', async () => {
    const { log } = await run({}, undefined, 256)
    const within = withinDescriptors(LIMITS, 256)
    assert.deepEqual([within.agentsMax, within.otherConnectionsMax], [130, 48])
    assert.ok(knownAgentsMax(within) + within.otherConnectionsMax < 256)
    assert.match(log[0] ?? '', /256 files and connections.*at most 130 agents.*48 pages/)
    assert.equal(withinDescriptors(LIMITS, undefined), LIMITS)
    const own = descriptorLimit()
    assert.ok(own === undefined || own >= 64)
  })

  it('that say nothing: no more connections than there are descriptors for, counted, and the page comes in after them', async () => {
    const { collector, get } = await run({}, undefined, 256)
    const within = withinDescriptors(LIMITS, 256)
    const most = knownAgentsMax(within) + within.otherConnectionsMax
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
