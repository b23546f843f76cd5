import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { BeginEvent, PageEvent } from '../../src/collector/views/page-api.ts'
import { eventsOf } from '../../src/collector/web/event-stream.ts'
import { unixNs } from '../../src/units.ts'
import {
  type Agent,
  alertItem,
  connectAgent,
  DEVICE_A,
  DEVICE_B,
  identityOf,
  itemOf,
  liveOf,
  processOf,
  type Running,
  runCollector,
  T0,
  uidOf,
} from './agent.ts'

type Told = (PageEvent | BeginEvent) & { id: string }

/** The events of one page, as they come. */
async function* listen(
  running: Running,
  stop: AbortSignal,
  lastEventId?: string,
): AsyncGenerator<Told> {
  const headers = {
    Authorization: `Bearer ${running.key}`,
    ...(lastEventId !== undefined && { 'Last-Event-ID': lastEventId }),
  }
  const response = await fetch(`${running.collector.url}/api/events`, { headers, signal: stop })
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  for await (const { type, id, data } of eventsOf(response.body as ReadableStream<Uint8Array>))
    yield { type, id, ...JSON.parse(data) }
}

const at = unixNs(T0, 'at')

describe('events for pages', () => {
  let running: Running
  let agent: Agent
  const stop = new AbortController()
  before(async () => {
    running = await runCollector({ pagesMax: 2, pageBacklogBytesMax: 256 * 1024 })
    agent = await connectAgent(running)
  })
  after(async () => {
    stop.abort()
    await agent.close()
    await running.stop()
  })

  async function first<T extends Told['type']>(
    events: AsyncGenerator<Told>,
    type: T,
  ): Promise<Extract<Told, { type: T }>> {
    for (;;) {
      const { value } = await events.next()
      assert(value, 'the stream ended')
      if (value.type === type) return value as Extract<Told, { type: T }>
    }
  }

  it('go on while one device sights more programs than are told one by one: of those pages hear that there are some', async () => {
    const events = listen(running, stop.signal)
    await first(events, 'begin')
    const sightings = Array.from({ length: 600 }, (_, n) =>
      itemOf(5000 + n, {
        ...{ at, kind: 'sighting' },
        sighting: {
          of: 'identity',
          identity: identityOf(`flood-${n}`),
          process: processOf('/opt/flood'),
          destination: undefined,
        },
      }),
    )
    await agent.deliver(sightings)
    await first(events, 'identities')
    await agent.deliver([alertItem(6000)])
    await first(events, 'alert')
    assert.equal(running.collector.counters().pagesBehind, 0)
    await events.return(undefined)
  })

  it('go on while one device raises more alerts than are told one by one, and those of others are told', async () => {
    const events = listen(running, stop.signal)
    await first(events, 'begin')
    const other = await connectAgent(running, DEVICE_B)
    for (let from = 7000; from < 8200; from += 300)
      await agent.deliver(Array.from({ length: 300 }, (_, n) => alertItem(from + n)))
    await other.deliver([alertItem(6900)])
    const told: string[] = []
    for (;;) {
      const { value } = await events.next()
      assert(value, 'the stream ended')
      if (value.type === 'alert') told.push(value.alert.device.id)
      if (value.type === 'alerts') break
    }
    assert.ok(told.length < 800, `${told.length} were told`)
    assert.ok(told.includes(DEVICE_B))
    await agent.deliver([alertItem(8201)])
    await first(events, 'alert')
    assert.equal(running.collector.counters().pagesBehind, 0)
    await other.close()
    await events.return(undefined)
  })

  it('tells every page what a person said of an alert, and a later revision with it', async () => {
    const pages = [listen(running, stop.signal), listen(running, stop.signal)]
    const begun = pages.map((events) => first(events, 'device'))
    const told = setInterval(() => agent.send({ kind: 'live', live: liveOf() }), 20)
    await Promise.all(begun)
    clearInterval(told)
    await agent.deliver([alertItem(101)])
    const id = (101).toString(16).padStart(32, '0')
    const body = { device: DEVICE_A, revision: 0, status: 'closed', by: 'Ada', note: 'a backup' }
    const { status } = await fetch(`${running.collector.url}/api/alerts/${id}/triage`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${running.key}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
    assert.equal(status, 200)
    await agent.deliver([alertItem(101, { revision: 2 }, uidOf(901))])
    for (const events of pages) {
      const seen: string[] = []
      for (let count = 0; count < 3; count++) {
        const { alert } = await first(events, 'alert')
        assert.equal(alert.id, id)
        seen.push(`${alert.revision} ${alert.triage?.status} ${alert.triage?.by}`)
      }
      assert.deepEqual(seen, ['1 undefined undefined', '1 closed Ada', '2 closed Ada'])
      await events.return(undefined)
    }
  })

  it('tells of an alert once it is stored, and not of one it knew', async () => {
    const events = listen(running, stop.signal)
    // The response has begun once this has come: the agent's connection is told to every page.
    agent.send({ kind: 'live', live: liveOf() })
    await first(events, 'device')
    await agent.deliver([alertItem(1)])
    await agent.deliver([alertItem(1), alertItem(2)])
    const seen = [await first(events, 'alert'), await first(events, 'alert')]
    assert.deepEqual(
      seen.map(({ alert }) => Number(`0x${alert.id}`)),
      [1, 2],
    )
    assert.equal(seen[0]?.alert.device.id, DEVICE_A)
    await events.return(undefined)
  })

  it('tells of identities, of health and of the counters of the moment', async () => {
    const events = listen(running, stop.signal)
    agent.send({ kind: 'live', live: liveOf({ records: 99 }) })
    assert.equal((await first(events, 'device')).device.live?.records, 99)
    await agent.deliver([
      itemOf(10, {
        at,
        kind: 'sighting',
        sighting: {
          of: 'identity',
          identity: identityOf('tool'),
          process: processOf('/opt/tool'),
          destination: undefined,
        },
      }),
      itemOf(11, { at, kind: 'health', health: { of: 'loss', text: '3 lost', count: 3 } }),
    ])
    const { health } = await first(events, 'health')
    assert.deepEqual(health, {
      deviceId: DEVICE_A,
      at: T0.toString(),
      kind: 'loss',
      text: '3 lost',
      count: 3,
    })
    assert.equal((await first(events, 'identity')).identity.name, 'tool')
    await events.return(undefined)
  })

  it('goes on after the event that a page had last, and says when it cannot', async () => {
    const page = new AbortController()
    const events = listen(running, page.signal)
    assert.equal((await first(events, 'begin')).resumed, false)
    await agent.deliver([alertItem(30)])
    const { id } = await first(events, 'alert')
    page.abort()
    await assert.rejects(first(events, 'device'))
    await agent.deliver([alertItem(31), alertItem(32)])
    const again = listen(running, stop.signal, id)
    assert.equal((await first(again, 'begin')).resumed, true)
    const missed = [await first(again, 'alert'), await first(again, 'alert')]
    assert.deepEqual(
      missed.map(({ alert }) => Number(`0x${alert.id}`)),
      [31, 32],
    )
    await again.return(undefined)
    for (const other of ['nonsense', id.replace(/-.*/, '-99999')]) {
      const begun = listen(running, stop.signal, other)
      assert.equal((await first(begun, 'begin')).resumed, false, other)
      await begun.return(undefined)
    }
    assert.equal(running.collector.counters().pagesResumed, 1)
  })

  it('refuses more pages than its limit, and drops one that does not read', async () => {
    const pages = await Promise.all(
      [0, 1].map(async () => {
        const socket = connect(running.collector.port, '127.0.0.1')
        socket.write(
          `GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${running.key}\r\n\r\n`,
        )
        await once(socket, 'data')
        socket.pause()
        return socket
      }),
    )
    assert.equal((await running.get('/api/events')).status, 503)
    const closed = Promise.all(pages.map((page) => once(page, 'close')))
    const sentence = 'x'.repeat(60_000)
    for (let sequence = 100; running.collector.counters().pagesBehind !== 2; sequence++) {
      assert(sequence < 2000, 'a page that reads nothing is never dropped')
      await agent.deliver([alertItem(sequence, { sentence })])
    }
    for (const page of pages) page.resume()
    await closed
    const again = await running.get('/api/events')
    assert.equal(again.status, 200)
    await again.body?.cancel()
  })
})
