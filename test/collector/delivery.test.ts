import assert from 'node:assert/strict'
import type {
  AlertDetail,
  AlertsResponse,
  DevicesResponse,
} from '../../src/collector/views/page-api.ts'
import {
  Agent,
  alertItem,
  connectAgent,
  DEVICE_A,
  DEVICE_B,
  type Running,
  runCollector,
} from './agent.ts'

describe('delivery to the collector', () => {
  let running: Running
  beforeEach(async () => {
    running = await runCollector()
  })
  afterEach(() => running.stop())

  const alerts = () => running.json<AlertsResponse>('/api/alerts?limit=500')

  it('stores a batch, acknowledges its last sequence, and shows it', async () => {
    const agent = await connectAgent(running)
    const ack = await agent.deliver([alertItem(1), alertItem(2)])
    assert.deepEqual(ack, { throughSequence: 2, rejects: [] })
    const { alerts: shown, total } = await alerts()
    assert.equal(total, 2)
    assert.deepEqual(
      shown.map(({ id }) => Number(`0x${id}`)),
      [2, 1],
    )
    await agent.close()
  })

  it('welcomes a device back with the last sequence it has stored', async () => {
    const first = await connectAgent(running)
    await first.deliver([alertItem(1), alertItem(2), alertItem(3)])
    await first.close()
    const again = await new Agent(running.socket).opened()
    assert.equal(await again.hello(), 3)
    await again.close()
  })

  it('stores what is sent again once, and acknowledges it', async () => {
    const agent = await connectAgent(running)
    await agent.deliver([alertItem(1), alertItem(2)])
    const ack = await agent.deliver([alertItem(1), alertItem(2), alertItem(3)])
    assert.equal(ack.throughSequence, 3)
    const { total } = await alerts()
    assert.equal(total, 3)
    const detail = await running.json<AlertDetail>(`/api/alerts/${'1'.padStart(32, '0')}`)
    assert.equal(detail.revisions.length, 1)
    const counters = running.collector.counters()
    assert.equal(counters.itemsStored, 3)
    assert.equal(counters.itemsDuplicate, 2)
    await agent.close()
  })

  it('acknowledges over a gap: what is missing was evicted and never comes', async () => {
    const agent = await connectAgent(running)
    assert.equal((await agent.deliver([alertItem(1)])).throughSequence, 1)
    assert.equal((await agent.deliver([alertItem(7), alertItem(9)])).throughSequence, 9)
    assert.equal((await alerts()).total, 3)
    await agent.close()
  })

  it('stores what comes late and acknowledges no less than before', async () => {
    const agent = await connectAgent(running)
    await agent.deliver([alertItem(5)])
    assert.equal((await agent.deliver([alertItem(3)])).throughSequence, 5)
    assert.equal((await alerts()).total, 2)
    await agent.close()
  })

  it('refuses an item that cannot be read by its number, and stores the others', async () => {
    const agent = await connectAgent(running)
    // Field 2 (sequence) = 2, and nothing else: no id, no content.
    const bad = Buffer.from('1002', 'hex')
    const ack = await agent.deliver([alertItem(1), bad, alertItem(3)])
    assert.equal(ack.throughSequence, 3)
    assert.deepEqual(
      ack.rejects.map(({ sequence }) => sequence),
      [2],
    )
    assert.match(ack.rejects[0]?.reason ?? '', /item\.id/)
    assert.equal((await alerts()).total, 2)
    assert.equal(running.collector.counters().itemsRejected, 1)
    await agent.close()
  })

  it('refuses an item whose content is damaged, and lives: it would come again and again', async () => {
    const agent = await connectAgent(running)
    const damaged = Buffer.from(alertItem(2))
    damaged.fill(0xff, 40)
    const ack = await agent.deliver([alertItem(1), damaged, alertItem(3).subarray(0, -1)])
    assert.equal(ack.throughSequence, 3)
    assert.deepEqual(
      ack.rejects.map(({ sequence }) => sequence),
      [2, 3],
    )
    assert.equal((await alerts()).total, 1)
    await agent.close()
  })

  it('remembers that a refused item is done with', async () => {
    const agent = await connectAgent(running)
    const ack = await agent.deliver([Buffer.from('1001', 'hex')])
    assert.equal(ack.throughSequence, 1)
    assert.equal(ack.rejects.length, 1)
    await agent.close()
    const again = await new Agent(running.socket).opened()
    assert.equal(await again.hello(), 1)
    await again.close()
  })

  it('keeps the same item id of two devices apart', async () => {
    const a = await connectAgent(running, DEVICE_A)
    const b = await connectAgent(running, DEVICE_B)
    await a.deliver([alertItem(1, { id: 'a'.repeat(32) })])
    await b.deliver([alertItem(1, { id: 'b'.repeat(32) })])
    const { alerts: shown } = await alerts()
    assert.deepEqual(shown.map(({ device }) => device.hostname).sort(), ['mac-1', 'mac-2'])
    const { devices } = await running.json<DevicesResponse>('/api/devices')
    assert.deepEqual(
      devices.map(({ lastSequence, connected }) => ({ lastSequence, connected })),
      [
        { lastSequence: 1, connected: true },
        { lastSequence: 1, connected: true },
      ],
    )
    await a.close()
    await b.close()
  })

  it('shows the highest revision, whatever the order they came in, and keeps all', async () => {
    const agent = await connectAgent(running)
    const id = 'c'.repeat(32)
    await agent.deliver([
      alertItem(1, { id, revision: 1, state: 'opened', severity: 'low' }),
      alertItem(2, { id, revision: 3, state: 'final', severity: 'high' }),
      alertItem(3, { id, revision: 2, state: 'updated', severity: 'medium' }),
    ])
    const { alerts: shown, total } = await alerts()
    assert.equal(total, 1)
    assert.deepEqual(
      shown.map(({ revision, state, severity }) => ({ revision, state, severity })),
      [{ revision: 3, state: 'final', severity: 'high' }],
    )
    const detail = await running.json<AlertDetail>(`/api/alerts/${id}`)
    assert.equal(detail.revision, 3)
    assert.deepEqual(
      detail.revisions.map(({ revision }) => revision),
      [1, 2, 3],
    )
    const counted = async (severity: string) =>
      (await running.json<AlertsResponse>(`/api/alerts?severity=${severity}`)).total
    assert.deepEqual(
      [await counted('low'), await counted('medium'), await counted('high')],
      [0, 0, 1],
    )
    await agent.close()
  })
})
