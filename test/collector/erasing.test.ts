// All that one device sent goes while others go on: in steps, kept apart from what it sends meanwhile, and told when it is over.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runRemoveDeviceCommand } from '../../src/cli/removal.ts'
import { beginErasures } from '../../src/collector/keeping/erasures.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { createWriter } from '../../src/collector/store/writer.ts'
import type { PageEvent } from '../../src/collector/views/page-api.ts'
import { eventsOf } from '../../src/collector/web/event-stream.ts'
import { lockDirectory } from '../../src/host/lock.ts'
import { PLACE } from '../../src/place.ts'
import { nowUnixNs } from '../../src/units.ts'
import { run } from '../e2e/installation.ts'
import { until } from '../waits.ts'
import {
  Agent,
  alertItem,
  connectAgent,
  DEVICE_A,
  DEVICE_B,
  helloOf,
  runCollector,
  T0,
  uidOf,
} from './agent.ts'
import { type Fleet, runFleet, welcomed } from './enrolled.ts'
import { append, batchOf, enroll } from './store-fixture.ts'

const ALERTS = 300

const enrolledAs = (id: string) => {
  const { host, agentVersion, outboxId } = helloOf(id).hello
  return { id, outboxId, agentVersion, host, isEnrolled: false }
}

/** What pages are told from now on. */
async function events(fleet: Fleet, stop: AbortSignal): Promise<PageEvent[]> {
  const told: PageEvent[] = []
  const response = await fetch(`${fleet.collector.url}/api/events`, {
    headers: { Authorization: `Bearer ${fleet.key}` },
    signal: stop,
  })
  const read = async () => {
    for await (const { type, data } of eventsOf(response.body as ReadableStream<Uint8Array>))
      told.push({ type, ...JSON.parse(data) })
  }
  read().catch(() => {})
  return told
}

describe('what a device sent, in a store that goes on', () => {
  it('goes in steps between which others are stored, and nothing of it is taken in meanwhile', () => {
    const db = openForWriting(':memory:')
    const writer = createWriter(db, { segmentRevisions: 50 })
    const [one, other] = [DEVICE_A, DEVICE_B].map((id) => enroll(writer, id).device) as [
      number,
      number,
    ]
    for (let n = 1; n <= ALERTS; n++) append(writer, batchOf(one, n - 1, [alertItem(n)]))
    let sent = 0
    const others = () =>
      append(writer, batchOf(other, sent++, [alertItem(sent, {}, uidOf(10_000 + sent))]))
    const facts = enrolledAs(DEVICE_A)
    let steps = 0
    for (let more = true; more; steps++) {
      more = writer.erase(T0, DEVICE_A).more
      others()
      if (!more) break
      const [said, came] = writer.commit([
        { op: 'append', nowNs: T0, batch: batchOf(one, ALERTS, [alertItem(ALERTS + 1)]) },
        { op: 'enroll', nowNs: T0, facts },
      ])
      assert(said?.op === 'refused' && came?.op === 'refused')
      assert.match(said.reason, /is being deleted/)
    }
    assert(steps > 5, `${steps}`)
    assert.equal(db.prepare('SELECT count(*) AS n FROM device').get()?.['n'], 1)
    // A connection that is open still has its numbers, which are nobody else's.
    const next = enroll(writer, '11111111-1111-4111-8111-111111111111')
    assert(next.device > other && next.device !== one)
    const [late] = writer.commit([
      { op: 'append', nowNs: T0, batch: batchOf(one, ALERTS, [alertItem(ALERTS + 1)]) },
    ])
    assert.equal(late?.op, 'refused')
    const again = enroll(writer, DEVICE_A)
    assert.equal(again.lastSequence, 0)
    db.close()
  })

  it('gives its number to no other device, whichever came last', () => {
    const db = openForWriting(':memory:')
    const writer = createWriter(db)
    const { device } = enroll(writer, DEVICE_A)
    while (writer.erase(T0, DEVICE_A).more);
    assert.notEqual(enroll(writer, DEVICE_B).device, device)
    db.close()
  })

  it('goes on where it was cut off, with nothing taken in before', () => {
    const directory = mkdtempSync(join(tmpdir(), 'freshet-erasing-'))
    const path = join(directory, 'store.db')
    try {
      let db = openForWriting(path)
      let writer = createWriter(db, { segmentRevisions: 50 })
      const { device } = enroll(writer, DEVICE_A)
      for (let n = 1; n <= ALERTS; n++) append(writer, batchOf(device, n - 1, [alertItem(n)]))
      assert(writer.erase(T0, DEVICE_A).more)
      db.close()
      db = openForWriting(path)
      writer = createWriter(db)
      const [came] = writer.commit([{ op: 'enroll', nowNs: T0, facts: enrolledAs(DEVICE_A) }])
      assert.equal(came?.op, 'refused')
      while (writer.erase(T0, DEVICE_A).more);
      assert.equal(enroll(writer, DEVICE_A).lastSequence, 0)
      db.close()
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})

describe('what a device sent, by a collector that runs', () => {
  let fleet: Fleet
  const agents: Agent[] = []
  let stop: AbortController
  beforeEach(async () => {
    stop = new AbortController()
    fleet = await runFleet()
  })
  afterEach(async () => {
    stop.abort()
    for (const agent of agents.splice(0)) agent.socket.terminate()
    await fleet.stop()
  })

  const remove = (root: string, id: string, ...more: string[]) =>
    run([PLACE.cli, 'collector', 'devices', 'remove', id, '--state', root, ...more])
  const comes = async (id: string) => {
    const agent = await welcomed(fleet, id)
    agents.push(agent)
    return agent
  }
  const idsOf = async (of: Fleet | Awaited<ReturnType<typeof runCollector>>) =>
    (await of.json<{ devices: { id: string }[] }>('/api/devices')).devices.map(({ id }) => id)
  const alertsOf = async () => (await fleet.json<{ total: number }>('/api/alerts')).total
  /** What stands in any file of the store. */
  const left = (letter: string): string[] =>
    readdirSync(fleet.stateDir)
      .filter((name) => name.startsWith('store.db'))
      .filter((name) =>
        readFileSync(join(fleet.stateDir, name), 'latin1').includes(`program-of-${letter} sent`),
      )
  const send = async (agent: Agent, letter: string, from: number) => {
    for (let n = 1; n <= ALERTS; n += 20)
      await agent.deliver(
        Array.from({ length: 20 }, (_, i) => {
          const sequence = n + i
          const sentence = `program-of-${letter} sent`
          return alertItem(sequence, { sentence }, uidOf(from + sequence))
        }),
      )
  }

  it('goes by the command, which says when: its connection ends, and no byte of it is left in the store’s files', async () => {
    const [a, b] = [await comes(DEVICE_A), await comes(DEVICE_B)]
    // By turns, so that both stand on the same pages.
    await Promise.all([send(a, 'A', 0), send(b, 'B', 10_000)])
    assert.equal(await alertsOf(), 2 * ALERTS)
    assert.notDeepEqual(left('A'), [])
    const { status, stdout, stderr } = await remove(fleet.root, DEVICE_A, '--with-data')
    assert.equal(status, 0, stderr)
    assert.match(stdout, new RegExp(`device ${DEVICE_A} is forgotten`))
    assert.match(stdout, /deleted: 300 alerts, /)
    assert.match(stdout, /overwritten where it stood/)
    assert.equal((await a.closed).code, 4003)
    assert.deepEqual(await idsOf(fleet), [DEVICE_B])
    assert.equal(await alertsOf(), ALERTS)
    assert.deepEqual(left('A'), [])
    assert.notDeepEqual(left('B'), [])
    // Those of the other are delivered all the while.
    assert.equal((await b.deliver([alertItem(ALERTS + 1, {}, uidOf(20_000))])).throughSequence, 301)
    assert.equal((await remove(fleet.root, DEVICE_A, '--with-data')).status, 78)
  })

  it('goes by the page, or stays, as it says; which pages are told, and the log', async () => {
    for (const id of [DEVICE_A, DEVICE_B]) await (await comes(id)).deliver([alertItem(1)])
    const post = (id: string, body: string) =>
      fetch(`${fleet.collector.url}/api/devices/${id}/removal`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${fleet.key}`, 'Content-Type': 'application/json' },
        body,
      })
    for (const wrong of ['{', '{}', '{"data":"gone"}', '{"data":"kept","name":"x"}'])
      assert.equal((await post(DEVICE_A, wrong)).status, 400, wrong)
    const nobody = '11111111-1111-4111-8111-111111111111'
    assert.equal((await post(nobody, '{"data":"kept"}')).status, 404)
    const told = await events(fleet, stop.signal)
    const kept = await post(DEVICE_B, '{"data":"kept"}')
    assert.deepEqual([kept.status, await kept.json()], [200, { isErasing: false }])
    const gone = await post(DEVICE_A, '{"data":"erased"}')
    assert.deepEqual([gone.status, await gone.json()], [200, { isErasing: true }])
    for (const agent of agents) assert.equal((await agent.closed).code, 4003)
    await until(() => told.some((event) => event.type === 'removed'))
    assert.deepEqual(
      told.filter((event) => event.type === 'removed'),
      [{ type: 'removed', deviceId: DEVICE_A }],
    )
    assert.deepEqual(await idsOf(fleet), [DEVICE_B])
    assert.equal(await alertsOf(), 1)
    assert.deepEqual(
      fleet.withRegistry((registry) => registry.devices()),
      [],
    )
    const line = (id: string, end: string) =>
      fleet.log.some((text) => text.includes(`device ${id}: forgotten${end}, over the page from`))
    assert(line(DEVICE_B, '') && line(DEVICE_A, ', and what it sent is to be deleted'))
    assert.equal((await post(DEVICE_A, '{"data":"erased"}')).status, 404)
  })

  it('goes by the next start where the collector ended meanwhile, or does not begin, which the command says', async () => {
    await (await comes(DEVICE_A)).deliver([alertItem(1)])
    const { stateDir, root } = fleet
    await fleet.collector.close()
    const unlock = lockDirectory(stateDir, 0)
    assert(unlock)
    const [stdout, stderr] = [process.stdout.write, process.stderr.write]
    const said: string[] = []
    process.stdout.write = process.stderr.write = (text) => said.push(`${text}`) > 0
    try {
      const command = { state: root, id: DEVICE_A, withData: true }
      assert.equal(await runRemoveDeviceCommand(command, 1), 1)
    } finally {
      Object.assign(process.stdout, { write: stdout })
      Object.assign(process.stderr, { write: stderr })
      unlock()
    }
    assert.match(said.join(''), /is forgotten: .*has not begun to delete .* at its next start/s)
    fleet = await runFleet({}, {}, stateDir)
    for (;;) if ((await idsOf(fleet)).length === 0) break
    assert.equal(await alertsOf(), 0)
  })

  it('goes by the next start where the command was cut off, and the device is forgotten', async () => {
    await (await comes(DEVICE_A)).deliver([alertItem(1)])
    const { stateDir, root } = fleet
    await fleet.collector.close()
    const inStore = (sql: string) => {
      const db = openForWriting(join(stateDir, 'store.db'))
      db.exec(sql)
      db.close()
    }
    inStore("CREATE TRIGGER cut BEFORE DELETE ON device BEGIN SELECT RAISE(ABORT, 'cut off'); END")
    assert.notEqual((await remove(root, DEVICE_A, '--with-data')).status, 0)
    inStore('DROP TRIGGER cut')
    fleet = await runFleet({}, {}, stateDir)
    for (;;) if ((await idsOf(fleet)).length === 0) break
    assert.deepEqual(
      fleet.withRegistry((registry) => registry.devices()),
      [],
    )
  })

  it('goes by the next start where the store alone knows that it was begun, as in a backup; then it is let in', async () => {
    const identity = await fleet.enrol(DEVICE_A)
    const agent = await new Agent(fleet.door.url, { identity }).opened()
    agents.push(agent)
    await agent.hello(DEVICE_A)
    await agent.deliver([alertItem(1)])
    const { stateDir } = fleet
    await fleet.collector.close()
    const db = openForWriting(join(stateDir, 'store.db'))
    assert(createWriter(db).erase(T0, DEVICE_A).more)
    db.close()
    fleet = await runFleet({}, {}, stateDir)
    for (;;) if ((await idsOf(fleet)).length === 0) break
    const again = await new Agent(fleet.door.url, { identity }).opened()
    agents.push(again)
    assert.equal(await again.hello(DEVICE_A), 0)
  })

  it('of one that cannot be deleted keeps nobody else’s, and that is said once', async () => {
    const log: string[] = []
    const erased: string[] = []
    const end = beginErasures({
      store: {
        halfErased: async () => [DEVICE_A, DEVICE_B],
        clean: async () => true,
        erase: async (id) => {
          if (id === DEVICE_A) throw new Error('its page is damaged')
          return { found: undefined, rows: 0, more: false }
        },
      },
      asked: { of: () => undefined, close() {} },
      onErased: (id) => void erased.push(id),
      now: nowUnixNs,
      log: (text) => void log.push(text),
    })
    try {
      await until(() => log.some((text) => text.includes('its page is damaged')))
      assert.deepEqual(erased, [DEVICE_B])
      assert.equal(log.filter((text) => text.includes('damaged')).length, 1)
    } finally {
      end()
    }
  })

  it('of one that enrols again meanwhile is what it had sent before: it begins anew, and nothing is lost', async () => {
    await (await comes(DEVICE_A)).deliver([alertItem(1)])
    assert.equal((await remove(fleet.root, DEVICE_A, '--with-data')).status, 0)
    const identity = await fleet.enrol(DEVICE_A)
    const agent = await new Agent(fleet.door.url, { identity }).opened()
    agents.push(agent)
    assert.equal(await agent.hello(DEVICE_A), 0)
    assert.equal((await agent.deliver([alertItem(1)])).throughSequence, 1)
    assert.equal(await alertsOf(), 1)
  })

  it('of an agent of the collector’s own machine goes where no machine can enrol, and it begins anew', async () => {
    const running = await runCollector()
    try {
      const agent = await connectAgent(running)
      await agent.deliver([alertItem(1), alertItem(2)])
      const { status, stdout, stderr } = await remove(running.root, DEVICE_A, '--with-data')
      assert.equal(status, 0, stderr)
      assert.match(stdout, /deleted: 2 alerts/)
      assert.deepEqual(await idsOf(running), [])
      agent.send({ kind: 'batch', items: [alertItem(3)] })
      await agent.closed
      const again = await connectAgent(running)
      assert.equal((await again.deliver([alertItem(1)])).throughSequence, 1)
      await again.close()
    } finally {
      await running.stop()
    }
  })
})
