// A collector to whom more devices come than may wait to be admitted: who gives way, and what the store keeps of it.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Collector, startCollector } from '../../src/collector/collector.ts'
import { until } from '../waits.ts'
import { Agent, alertItem, DEVICE_A, DEVICE_B } from './agent.ts'
import { enrolmentWith, type Identity } from './enrolled.ts'

const id = (n: number) => `${`${n}`.repeat(8)}-89ab-4cde-8f01-23456789abcd`

describe('a collector with as many devices as may wait to be admitted', () => {
  let stateDir: string
  let collector: Collector
  let db: DatabaseSync
  beforeEach(async () => {
    stateDir = join(mkdtempSync(join(tmpdir(), 'freshet-crowd-')), 'collector')
    collector = await startCollector({
      ...{ stateDir, host: '127.0.0.1', port: 0, beatMs: 50, log: () => {} },
      limits: { quarantinedMax: 3 },
      machines: { addresses: [{ host: '127.0.0.1', port: 0 }], names: ['127.0.0.1', 'localhost'] },
    })
    db = new DatabaseSync(join(stateDir, 'store.db'), { readOnly: true, timeout: 2000 })
  })
  afterEach(async () => {
    db.close()
    await collector.close()
    rmSync(join(stateDir, '..'), { recursive: true, force: true })
  })

  it('forgets who is not there, with what the store has of it where that is no alert, and has one token pay for all who wait', async () => {
    const door = collector.machines
    assert(door)
    const { enrol, token, withRegistry } = enrolmentWith(stateDir, door)
    const secret = token()
    const come = (of: string) => enrol(of, { token: secret })
    const connect = async (identity: Identity, of: string) => {
      const agent = await new Agent(door.url, { identity }).opened()
      await agent.hello(of, `mac-${of[0]}`)
      return agent
    }
    const payer = (of: string) =>
      db.prepare('SELECT token FROM held JOIN device ON row = device WHERE id = ?').get(of)?.[
        'token'
      ]
    const here = await connect(await come(DEVICE_A), DEVICE_A)
    const gone = await connect(await come(DEVICE_B), DEVICE_B)
    await gone.deliver([alertItem(1)])
    const late = await connect(await come(id(3)), id(3))
    await until(() => [DEVICE_A, DEVICE_B, id(3)].every((of) => Number(payer(of)) > 0))
    await gone.close()
    await until(() => collector.counters()['agentsConnected'] === 2)
    await come(id(4))
    const known = () =>
      withRegistry((registry) => registry.devices().map((device) => device.id)).sort()
    assert.deepEqual(known(), [DEVICE_A, id(3), id(4)].sort())
    // Who has no alerts goes from the store with the next beat.
    await late.close()
    await until(() => collector.counters()['agentsConnected'] === 1)
    const last = await connect(await come(id(5)), id(5))
    const next = await connect(await come(id(6)), id(6))
    assert.deepEqual(known(), [DEVICE_A, id(5), id(6)].sort())
    await until(() => payer(id(3)) === undefined)
    // Alerts stay as long as any, and are paid for by the token.
    assert.equal(payer(DEVICE_B), payer(DEVICE_A))
    assert.equal(collector.counters()['revisionsDropped'], 0)
    withRegistry((registry) => registry.change(DEVICE_A, { standing: 'active' }))
    await until(() => payer(DEVICE_A) === 0)
    await until(() => Number(payer(id(5))) > 0)
    await here.deliver([alertItem(2)])
    for (const agent of [here, last, next]) await agent.close()
  })
})
