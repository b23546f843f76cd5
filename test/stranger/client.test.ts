// A client that shares no code with ours, written from docs/protocol.md.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { AlertDetail, AlertsResponse } from '../../src/collector/views/page-api.ts'
import { agentsSocket } from '../../src/stream/local-socket.ts'
import { DEVICE_A, type Running, runCollector } from '../collector/agent.ts'
import { leaveOut, whyNoTool } from '../left-out.ts'

const CLIENT = fileURLToPath(new URL('client.py', import.meta.url))
const ALERTS = 1000

describe('a stranger', () => {
  let running: Running
  beforeEach(async function () {
    leaveOut(this, whyNoTool('python3'))
    running = await runCollector()
  })
  afterEach(() => running?.stop())

  async function send(count: number, ...how: string[]) {
    const socket = agentsSocket(running.stateDir)
    const child = spawn('python3', [CLIENT, socket, DEVICE_A, `${count}`, ...how])
    let said = ''
    child.stdout.on('data', (text) => (said += text))
    child.stderr.on('data', (text) => (said += text))
    const [status] = await once(child, 'close')
    return { status: status as number, said: said.trim() }
  }
  const stored = () => running.json<AlertsResponse>('/api/alerts?limit=1')
  const counted = (name: string) => running.collector.counters()[name] ?? Number.NaN

  it(`sends ${ALERTS} alerts, which are stored once`, async () => {
    const { status, said } = await send(ALERTS)
    assert.equal(said, `${ALERTS} alerts acknowledged, ${ALERTS} sent, 1 connections`)
    assert.equal(status, 0)
    assert.equal((await stored()).total, ALERTS)
    assert.equal(counted('itemsStored'), ALERTS)
    assert.equal(counted('itemsDuplicate'), 0)
  })

  it('sends each twice and hangs up in between: they are stored once', async () => {
    const { status, said } = await send(ALERTS, '--careless')
    const [, sent, connections] =
      /acknowledged, (\d+) sent, (\d+) conn/.exec(said)?.map(Number) ?? []
    assert.equal(status, 0, said)
    assert.ok(
      sent !== undefined && sent >= 2 * ALERTS && connections !== undefined && connections > 5,
      said,
    )
    const { total, alerts } = await stored()
    assert.equal(total, ALERTS)
    assert.equal(counted('itemsStored'), ALERTS)
    assert.ok(counted('itemsDuplicate') >= ALERTS)
    const detail = await running.json<AlertDetail>(`/api/alerts/${alerts[0]?.id}`)
    assert.equal(detail.revisions.length, 1)
    assert.equal(detail.bytesOut, Number.parseInt(detail.id, 16))
    console.log(
      `      ${said}; stored ${counted('itemsStored')}, known already ${counted('itemsDuplicate')}`,
    )
  })
})
