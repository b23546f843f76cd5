// All that an agent with a token could try against the collector and the other agents, each once; docs/security.md has the
// table. What it sends is well-formed: hostile.test.ts has what is not.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { knownAgentsMax, LIMITS, withinDescriptors } from '../../src/collector/limits.ts'
import type {
  AlertDetail,
  AlertsResponse,
  DevicesResponse,
  HealthResponse,
  IdentitiesResponse,
} from '../../src/collector/page-api.ts'
import { createWriter } from '../../src/collector/store/writer.ts'
import { descriptorLimit } from '../../src/host/descriptors.ts'
import { CAPABILITIES } from '../../src/stream/codec.ts'
import { SEQUENCE_LEAP_MAX, SEQUENCE_MAX } from '../../src/stream/message.ts'
import type { UnixNs } from '../../src/units.ts'
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
  T0,
  uidOf,
} from './agent.ts'
import { Deliveries, storedBy } from './deliveries.ts'
import {
  BUDGETS,
  droppedIn,
  FloodedStore,
  FOREVER,
  flood,
  healthItem,
  inParts,
  KiB,
  MiB,
  overSocket,
  overTcp,
  sayHello,
  sightingItem,
  summaryItem,
  type Writing,
} from './mallory.ts'
import { count, ofSegments } from './store-fixture.ts'

const DAY_NS = 86_400_000_000_000n

describe('an agent that would fill the store', () => {
  let store: FloodedStore
  let mallory: Writing
  let honest: Writing
  beforeEach(() => {
    store = new FloodedStore()
    ;({ mallory, honest } = store)
  })
  afterEach(() => store.db.close())

  it('with names: is refused beyond its own budget and named, and the others are served', () => {
    const { stored, refusals } = mallory.send(200, flood)
    assert.ok(stored < 40, `${stored} of 200 were stored`)
    assert.equal(refusals.length, 200 - stored)
    assert.match(refusals[0]?.reason ?? '', /more names and sightings than are kept of one device/)
    assert.equal(honest.send(20, (n) => sightingItem(n, `own-${n}`)).stored, 20)
    assert.equal(count(store.db, 'item'), stored + 20)
    const [told] = store.retain().flatMap((step) => step.told)
    assert.equal(told?.count, 200 - stored)
    assert.match(told?.text ?? '', /“mac-1” \(0f8fad5b.*more names and sightings/)
    const { events } = store.read({ op: 'health', limit: 9 })
    assert.deepEqual(
      events.map((event) => event.kind),
      ['budget'],
    )
    assert.equal(store.identities(DEVICE_B).total, 20)
  })

  it('its oldest names give way to its newest, with all that was kept of them', () => {
    const sent = Array.from({ length: 12 }, () => {
      const { stored } = mallory.send(10, flood)
      store.retain()
      return stored
    })
    assert.deepEqual(sent.slice(2), Array(10).fill(sent[2]))
    assert.ok((sent[2] ?? 0) > 3)
    assert.ok(mallory.held('inventory') <= BUDGETS.inventory * 0.75)
    // What was last stored is there, and there is no name without a device that has it.
    const { identities: kept } = store.identities(DEVICE_A)
    assert.equal(count(store.db, 'identity'), kept.length)
    assert.equal(count(store.db, 'sighting'), kept.length)
  })

  it('with destinations, hours and sentences: each has its budget, and none takes from another', () => {
    const many = mallory.send(1000, (n) => summaryItem(n, 'a', `host-${n}.example:443`))
    assert.equal(many.stored, Math.floor(BUDGETS.summaries / 96))
    assert.match(many.refusals[0]?.reason ?? '', /more hourly summaries/)
    const talk = mallory.send(100, (n) => healthItem(n, `${n}${'x'.repeat(1000)}`))
    assert.ok(talk.stored < 20 && talk.stored > 10)
    assert.equal(mallory.send(5, (n) => sightingItem(n, `s-${n}`)).stored, 5)
    assert.equal(honest.send(50, (n) => summaryItem(n, 'a', `own-${n}:443`)).stored, 50)
    store.retain()
    assert.ok(mallory.held('summaries') <= BUDGETS.summaries * 0.75)
    assert.ok(mallory.held('health') <= BUDGETS.health * 0.75)
    assert.equal(mallory.send(1, (n) => summaryItem(n, 'a', 'new:443')).stored, 1)
    assert.equal(mallory.send(1, (n) => healthItem(n, 'new')).stored, 1)
    assert.equal(honest.held('summaries'), 50 * 96)
  })

  it('with hours of the far future: they go before what it says next, like any other', () => {
    const far = T0 + 400n * DAY_NS
    mallory.send(400, (n) => summaryItem(n, 'a', `h-${n}:443`, far))
    store.retain()
    assert.equal(mallory.send(1, (n) => summaryItem(n, 'a', 'now:443')).stored, 1)
  })

  it('beyond what all may have, it pays and they do not, and alerts are the last to go', () => {
    store.writer = createWriter(store.db, { budgets: { ...BUDGETS, inventory: 64 * MiB } })
    honest.send(100, (n) => alertItem(n))
    honest.send(10, (n) => sightingItem(n, `own-${n}`))
    const keep = { ...FOREVER, bytes: 3 * MiB }
    store.retain(keep)
    const { stored } = mallory.send(400, flood)
    assert.ok(stored > 50 && stored < 200, `${stored} of 400 were stored`)
    assert.ok(mallory.held('inventory') <= keep.bytes / 2)
    assert.equal(mallory.send(1, flood).stored, 0)
    assert.equal(honest.send(10, (n) => sightingItem(n, `own-${n}`)).stored, 10)
    // A smaller bound, as after a restart with another: the largest gives way, and nobody else.
    store.retain({ ...FOREVER, bytes: MiB })
    assert.ok(mallory.held('inventory') <= MiB / 2)
    assert.equal(store.identities(DEVICE_B).total, 20)
    assert.equal(ofSegments(store.db, 'alert').length, 100)
  })

  it('with names, where the store is full: no alert of another is dropped for them', () => {
    for (const number of [60, 59, 1]) honest.send(number, (n) => alertItem(n))
    const { usedBytes } = store.writer.retain(T0, FOREVER)
    const keep = { ...FOREVER, bytes: usedBytes / 0.65 }
    for (let round = 0; round < 10; round++) {
      mallory.send(30, flood)
      assert.deepEqual(droppedIn(store.retain(keep)), [])
    }
    assert.equal(ofSegments(store.db, 'alert').length, 120)
  })

  it('with alerts: its own oldest go, and of the others none', () => {
    honest.send(30, (n) => alertItem(n))
    const large = (n: number) => alertItem(n, { sentence: 's'.repeat(3000) })
    for (let round = 0; round < 20; round++) mallory.send(50, large)
    const [newest] = store.alerts(DEVICE_A).alerts
    const { usedBytes } = store.writer.retain(T0, FOREVER)
    const steps = store.retain({ ...FOREVER, bytes: usedBytes / 2 })
    assert.deepEqual(droppedIn(steps), [])
    const told = steps.flatMap((step) => step.told)
    assert.match(told[0]?.text ?? '', /revisions of alerts of “mac-1” .*far more than its share/)
    assert.equal(store.alerts(DEVICE_B).total, 30)
    assert.equal(store.alerts(DEVICE_B).alerts.length, 30)
    const { total, alerts } = store.alerts(DEVICE_A)
    assert.ok(total > 100 && total < 1000)
    assert.equal(alerts.length, Math.min(500, total))
    assert.equal(alerts[0]?.id, newest?.id)
  })

  it('without a single alert: what is old goes all the same', () => {
    mallory.send(10, (n) => summaryItem(n, 'a', `h-${n}:443`))
    mallory.send(10, (n) => healthItem(n, 'x'))
    store.retain({ ...FOREVER, ageNs: 30n * DAY_NS }, T0 + 31n * DAY_NS)
    for (const table of ['pair_hour', 'health', 'item'])
      assert.equal(count(store.db, table), 0, table)
    assert.equal(mallory.held('summaries') + mallory.held('health'), 0)
  })

  it('with alerts of the far future and of long ago: makes nobody’s old, and the clock is not held against them', () => {
    honest.send(30, (n) => alertItem(n))
    for (const at of [T0 + 400n * DAY_NS, T0 - 400n * DAY_NS]) {
      const times = { openedAt: at as UnixNs, updatedAt: at as UnixNs }
      mallory.send(30, (n) => alertItem(n, times))
    }
    assert.equal(store.read({ op: 'newest' }) / DAY_NS, T0 / DAY_NS)
    const steps = store.retain({ ...FOREVER, ageNs: 180n * DAY_NS }, T0 + DAY_NS)
    assert.deepEqual(droppedIn(steps), [])
    assert.equal(ofSegments(store.db, 'alert').length, 90)
  })

  it('its first-seen times of the future lead no list', () => {
    mallory.send(3, (n) =>
      sightingItem(n, `f-${n}`, { firstSeenAt: T0 + 9000n * DAY_NS, firstNetworkAt: undefined }),
    )
    honest.send(1, (n) => sightingItem(n, 'own'), T0 + DAY_NS)
    honest.send(1, (n) => sightingItem(n, 'later', { firstSeenAt: T0 + 5n }), T0 + DAY_NS)
    const { identities: list } = store.identities()
    assert.equal(list[0]?.key, 'later')
    assert.ok(list.every(({ firstSeenAt }) => BigInt(firstSeenAt) <= T0 + DAY_NS))
  })
})

describe('an agent whose items are as large as they may be', () => {
  const TEXT = 's'.repeat(100 * KiB)
  let running: Running
  beforeEach(async () => {
    running = await runCollector()
  })
  afterEach(() => running.stop())

  it('makes no list long: all come in parts, each alert and each program in one of them', async () => {
    const agent = await connectAgent(running)
    const name = (n: number) => String(n).padStart(4, '0')
    for (let n = 1; n <= 72; n += 3)
      await agent.deliver([
        alertItem(n, { sentence: TEXT }),
        sightingItem(n + 1, `key-${name(n)}`, { signingId: TEXT }),
        healthItem(n + 2, TEXT),
      ])
    const all = { rows: 24, isSmall: true }
    assert.deepEqual(
      [
        await inParts(running, '/api/alerts?limit=500&before=', (part: AlertsResponse) =>
          part.alerts.map(({ id }) => id),
        ),
        await inParts(running, '/api/identities?limit=1000&before=', (part: IdentitiesResponse) =>
          part.identities.map(({ key }) => key),
        ),
      ],
      [all, all],
    )
    const health = await running.json<HealthResponse>('/api/health?limit=500')
    assert.ok(health.events.length < 24 && health.next !== undefined)
    const rest = await running.json<HealthResponse>(`/api/health?limit=500&before=${health.next}`)
    assert.equal(rest.events.length + health.events.length, 24)
    await agent.close()
  })

  it('makes no history long: what is shown of it is its end, with the newest', async () => {
    const agent = await connectAgent(running)
    const id = 'a1'.repeat(16)
    for (let n = 1; n <= 100; n += 5)
      await agent.deliver(
        [0, 1, 2, 3, 4].map((more) =>
          alertItem(n + more, { id, revision: n + more, sentence: TEXT }),
        ),
      )
    const text = await (await running.get(`/api/alerts/${id}`)).text()
    const { revisions } = JSON.parse(text) as AlertDetail
    const shown = revisions.map(({ revision }) => revision).sort((one, other) => one - other)
    assert.equal(shown.at(-1), 100)
    assert.equal(shown[0], 101 - shown.length)
    assert.ok(shown.length >= 75 && shown.length < 90, `${shown.length} of 100`)
    assert.ok(text.length < 10 * MiB)
  })
})

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
