// Somebody with a stolen token and no end of devices, at a collector that runs: what they cost those of other tokens, and those
// that a person knows.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Collector, startCollector } from '../../src/collector/collector.ts'
import { createDeparted } from '../../src/collector/fleet/departed.ts'
import { openRegistryFile, REGISTRY_FILE } from '../../src/collector/fleet/registry-file.ts'
import type { EnrolError } from '../../src/stream/enrol.ts'
import { until } from '../waits.ts'
import { Agent, alertItem, DEVICE_A, DEVICE_B } from './agent.ts'
import { enrolmentWith, type Identity } from './enrolled.ts'
import { ofSegments } from './store-fixture.ts'

const id = (n: number) => `${`${n}`.padStart(8, '0')}-89ab-4cde-8f01-23456789abcd`

describe('somebody with a stolen token and ever new devices', () => {
  let stateDir: string
  let collector: Collector
  let db: DatabaseSync
  let beatMs: number
  const start = async () => {
    collector = await startCollector({
      ...{ stateDir, host: '127.0.0.1', port: 0, beatMs, log: () => {} },
      limits: { quarantinedMax: 8, quarantinedEachMax: 3 },
      machines: { addresses: [{ host: '127.0.0.1', port: 0 }], names: ['127.0.0.1', 'localhost'] },
    })
    db = new DatabaseSync(join(stateDir, 'store.db'), { readOnly: true, timeout: 2000 })
  }
  const stop = async () => {
    db.close()
    await collector.close()
  }
  beforeEach(() => {
    beatMs = 50
    stateDir = join(mkdtempSync(join(tmpdir(), 'freshet-crowd-')), 'collector')
  })
  afterEach(async () => {
    await stop()
    rmSync(join(stateDir, '..'), { recursive: true, force: true })
  })
  const door = () => {
    assert(collector.machines)
    return collector.machines
  }
  const fleet = () => enrolmentWith(stateDir, door())
  const connect = async (identity: Identity, of: string) => {
    const agent = await new Agent(door().url, { identity }).opened()
    await agent.hello(of, `mac-${of.slice(0, 8)}`)
    return agent
  }
  const visit = async (identity: Identity, of: string, sends = false) => {
    const agent = await connect(identity, of)
    if (sends) await agent.deliver([alertItem(1)])
    const { agentsConnected = 0 } = collector.counters()
    await agent.close()
    await until(() => Number(collector.counters()['agentsConnected']) < agentsConnected)
  }
  const known = () =>
    fleet().withRegistry((registry) => registry.devices().map((device) => device.id))
  const storedOf = (of: string) =>
    Number(db.prepare('SELECT count(*) AS n FROM device WHERE id = ?').get(of)?.['n'])

  it('forgets no device of another token, whatever its group, takes none of its alerts, and has its own go from the store', async () => {
    await start()
    const { enrol, token } = fleet()
    const [own, stolen, beside] = [token(), token({ group: 'lab' }), token()]
    const first = await enrol(DEVICE_A, { token: own })
    await visit(first, DEVICE_A, true)
    const there: Agent[] = []
    // All of one network: as many as one token may have are connected, then others come and go.
    for (const [n, by] of [
      [1, stolen],
      [2, stolen],
      [11, beside],
      [12, beside],
    ] as const)
      there.push(await connect(await enrol(id(n), { token: by }), id(n)))
    for (const n of [3, 4, 5, 6]) await visit(await enrol(id(n), { token: stolen }), id(n), n === 5)
    for (const n of [13, 14, 15]) await visit(await enrol(id(n), { token: beside }), id(n))
    assert.deepEqual(known().sort(), [DEVICE_A, ...[1, 2, 6, 11, 12, 15].map(id)].sort())
    // Those that were invented and have no alerts leave nothing; what one has said stays, and its token pays for it.
    await until(() => [3, 4, 13, 14].every((n) => storedOf(id(n)) === 0))
    assert.deepEqual([storedOf(DEVICE_A), storedOf(id(5))], [1, 1])
    assert.equal(ofSegments(db, 'alert').length, 2)
    assert.equal(collector.counters()['revisionsDropped'], 0)
    there.push(await connect(first, DEVICE_A))
    for (const agent of there) await agent.close()
  })

  it('forgets nobody who was named, or admitted once, also by that very token', async () => {
    await start()
    const { enrol, token, withRegistry } = fleet()
    const [own, stolen] = [token(), token()]
    const first = await enrol(DEVICE_A, { token: own })
    const second = await enrol(DEVICE_B, { token: stolen })
    await visit(first, DEVICE_A, true)
    await visit(second, DEVICE_B, true)
    withRegistry((registry) => {
      registry.change(DEVICE_A, { name: "Ana's MacBook", owner: 'Ana', standing: 'active' })
      registry.change(DEVICE_B, { standing: 'active' })
      // As where its key came again from other hardware.
      for (const one of [DEVICE_A, DEVICE_B]) registry.change(one, { standing: 'quarantined' })
    })
    for (const n of [1, 2, 3, 4, 5]) await visit(await enrol(id(n), { token: stolen }), id(n))
    assert.deepEqual(known().sort(), [DEVICE_A, DEVICE_B, id(1), id(5)].sort())
    const device = withRegistry((registry) => registry.device(DEVICE_A))
    assert.deepEqual([device?.name, device?.owner], ["Ana's MacBook", 'Ana'])
    for (const [identity, of] of [
      [first, DEVICE_A],
      [second, DEVICE_B],
    ] as const)
      await visit(identity, of)
    assert.equal(ofSegments(db, 'alert').length, 2)
  })

  it('says no Hello any more once it is forgotten, on a connection that it had opened before', async () => {
    await start()
    const { enrol, token } = fleet()
    const secret = token()
    const waits = await new Agent(door().url, {
      identity: await enrol(id(1), { token: secret }),
    }).opened()
    for (const n of [2, 3, 4]) await enrol(id(n), { token: secret })
    assert.ok(!known().includes(id(1)))
    await assert.rejects(waits.hello(id(1), 'mac-1'))
    assert.equal(storedOf(id(1)), 0)
  })

  it('leaves whom it has forgotten of its own token their alerts, and they come again', async () => {
    await start()
    const { enrol, token } = fleet()
    const stolen = token()
    for (const n of [1, 2]) await visit(await enrol(id(n), { token: stolen }), id(n))
    await visit(await enrol(DEVICE_A, { token: stolen }), DEVICE_A, true)
    await visit(await enrol(id(3), { token: stolen }), id(3))
    assert.ok(!known().includes(DEVICE_A))
    const isLeaving = (of: string) =>
      db.prepare('SELECT leaving FROM device WHERE id = ?').get(of)?.['leaving'] === 1
    await until(() => isLeaving(DEVICE_A))
    await visit(await enrol(DEVICE_A, { token: stolen }), DEVICE_A)
    assert.ok(!isLeaving(DEVICE_A))
    // It has no alerts, so all of it goes.
    await until(() => storedOf(id(3)) === 0)
    assert.deepEqual([storedOf(DEVICE_A), ofSegments(db, 'alert').length], [1, 1])
  })

  it('is refused where there is no room, which is counted, and nobody of another token makes it', async () => {
    await start()
    const { enrol, token } = fleet()
    const own = token()
    const stolen = [token(), token(), token()]
    await visit(await enrol(DEVICE_A, { token: own }), DEVICE_A)
    for (const n of [0, 1, 2, 3, 4, 5, 6])
      await enrol(id(n), { token: stolen[Math.floor(n / 3)] as string })
    const full = ({ code }: EnrolError) => code === 'quarantine-full'
    await assert.rejects(enrol(id(7), { token: stolen[2] as string }), full)
    await assert.rejects(enrol(DEVICE_B, { token: own }), full)
    assert.equal(collector.counters()['enrolRefusedFull'], 2)
    assert.equal(collector.counters()['quarantinedForgotten'], 0)
    assert.ok(known().includes(DEVICE_A))
  })

  it('has what was forgotten go from the store also where the collector ends before its next beat', async () => {
    beatMs = 3_600_000
    await start()
    const { enrol, token } = fleet()
    const stolen = token()
    for (const n of [1, 2, 3, 4]) await visit(await enrol(id(n), { token: stolen }), id(n))
    assert.deepEqual(known().sort(), [1, 2, 4].map(id).sort())
    await stop()
    const registry = openRegistryFile(join(stateDir, REGISTRY_FILE), () => {})
    assert.equal(createDeparted(registry).due().length, 1)
    // When each was last there is noted as the collector ends.
    const seen = registry.prepare('SELECT count(*) AS n FROM seen WHERE seen_ns > 0').get()
    assert.equal(seen?.['n'], 3)
    registry.close()
    beatMs = 50
    await start()
    await until(() => storedOf(id(3)) === 0)
    assert.equal(storedOf(id(4)), 1)
  })
})
