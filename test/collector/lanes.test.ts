// What Hello and Welcome agree on, as the gateway holds to it.
import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { zstdCompressSync } from 'node:zlib'
import type { AlertsResponse, DevicesResponse } from '../../src/collector/views/page-api.ts'
import { Capability } from '../../src/stream/codec.ts'
import { nowUnixNs, type UnixNs } from '../../src/units.ts'
import { until } from '../waits.ts'
import {
  Agent,
  alertItem,
  connectAgent,
  DEVICE_A,
  helloOf,
  liveOf,
  type Running,
  runCollector,
} from './agent.ts'

describe('the gateway, as agreed', () => {
  let running: Running
  before(async () => {
    running = await runCollector({ creditItems: 100, controlPerSecond: 0.001, controlBurst: 20 })
  })
  after(() => running.stop())

  const counted = (name: string) => running.collector.counters()[name] ?? Number.NaN
  let device = 0
  /** A device of its own, so that tests do not see each other's items. */
  async function connect(capabilities: bigint, sentAt = nowUnixNs()) {
    const agent = await new Agent(running.socket).opened()
    const id = `0f8fad5b-d9cb-469f-a165-${(++device).toString().padStart(12, '0')}`
    agent.send(helloOf(id, `mac-${device}`, capabilities, sentAt))
    return { agent, id, welcome: (await agent.expect('welcome')).welcome }
  }
  const shown = async (id: string) =>
    (await running.json<AlertsResponse>(`/api/alerts?device=${id}`)).total
  const offsetOf = async (id: string) =>
    (await running.json<DevicesResponse>('/api/devices')).devices.find((each) => each.id === id)
      ?.clockOffsetMs

  it('grants of what Hello can do that which it can do itself', async () => {
    for (const [asked, granted] of [
      [0n, 0n],
      [Capability.heartbeat, Capability.heartbeat],
      // Only who came with a certificate can have another, and what is sent to a fleet.
      [(1n << 64n) - 1n, Capability.packed | Capability.heartbeat | Capability.ahead],
    ] as const) {
      const { agent, welcome } = await connect(asked)
      assert.equal(welcome.capabilities, granted)
      await agent.close()
    }
  })

  it('stores what comes packed, and counts it', async () => {
    const { agent, id } = await connect(Capability.packed)
    const items = Array.from({ length: 90 }, (_, index) => alertItem(index + 1))
    agent.send({ kind: 'batch', items, isPacked: true })
    assert.deepEqual((await agent.expect('ack')).ack, { throughSequence: 90, rejects: [] })
    assert.equal(await shown(id), 90)
    assert.equal(counted('batchesPacked'), 1)
    await agent.close()
  })

  it('refuses what was not agreed: a packed batch, and one ahead of its turn', async () => {
    for (const how of [{ isPacked: true }, { isAhead: true }]) {
      const { agent, id } = await connect(Capability.heartbeat)
      agent.send({ kind: 'batch', items: [alertItem(1)], ...how })
      assert.match((await agent.expect('goodbye')).reason, /Welcome does not name/)
      assert.equal((await agent.closed).code, 1002)
      assert.equal(await shown(id), 0)
    }
    assert.equal(counted('agentsClosedUnexpected'), 2)
  })

  it('refuses a bomb with a code and a counter of its own', async () => {
    const { agent } = await connect(Capability.packed)
    const zstd = zstdCompressSync(Buffer.alloc(1 << 24))
    const head = Buffer.from([0x3a, ((zstd.length + 3) & 0x7f) | 0x80, (zstd.length + 3) >> 7])
    const inner = Buffer.from([0x0a, (zstd.length & 0x7f) | 0x80, zstd.length >> 7])
    agent.socket.send(Buffer.concat([head, inner, zstd]))
    assert.match((await agent.expect('goodbye')).reason, /524288 bytes when inflated/)
    assert.equal((await agent.closed).code, 1009)
    assert.equal(counted('agentsClosedInflated'), 1)
  })

  it('stores what comes ahead of its turn at once, and does not take it for its turn', async () => {
    const { agent, id } = await connect(Capability.ahead)
    agent.send({ kind: 'batch', items: [alertItem(50), alertItem(51)], isAhead: true })
    const ahead = (await agent.expect('ack')).ack
    assert.deepEqual(ahead, { throughSequence: 0, rejects: [], aheadSequences: [50, 51] })
    assert.equal(await shown(id), 2)
    assert.deepEqual(await agent.deliver([alertItem(1)]), { throughSequence: 1, rejects: [] })
    await agent.close()
    const again = await new Agent(running.socket).opened()
    assert.equal(await again.hello(id), 1, 'what lies before 50 is still to come')
    assert.equal((await again.deliver([alertItem(2), alertItem(50)])).throughSequence, 50)
    assert.equal(await shown(id), 4, 'and 50 was stored once')
    await again.close()
  })

  it('names a refused item that came ahead, so that it does not come again', async () => {
    const { agent } = await connect(Capability.ahead)
    agent.send({ kind: 'batch', items: [Buffer.from('1009', 'hex')], isAhead: true })
    const { ack } = await agent.expect('ack')
    assert.deepEqual(ack.aheadSequences, [9])
    assert.deepEqual(
      ack.rejects.map(({ sequence }) => sequence),
      [9],
    )
    await agent.close()
  })

  it('answers a heartbeat with its own clock, and knows how far the other is off', async () => {
    const aMinuteBehind = (nowUnixNs() - 60_000_000_000n) as UnixNs
    const { agent, id, welcome } = await connect(Capability.heartbeat, aMinuteBehind)
    assert.ok(nowUnixNs() - welcome.receivedAt < 5_000_000_000n)
    assert.ok(Math.abs(((await offsetOf(id)) ?? 0) - 60_000) < 5000)
    agent.send({ kind: 'heartbeat', sentAt: (nowUnixNs() + 5_000_000_000n) as UnixNs })
    const { sentAt } = await agent.expect('heartbeat')
    assert.ok(nowUnixNs() - sentAt < 5_000_000_000n)
    const offset = (await offsetOf(id)) ?? 0
    assert.ok(offset > -6000 && offset < 0, `${offset}`)
    await agent.close()
  })

  it('ends a connection that says more beside its items than any agent has to', async () => {
    const talk: [string, (agent: Agent) => void][] = [
      ['counters', (agent) => agent.send({ kind: 'live', live: liveOf() })],
      ['empty batches', (agent) => agent.send({ kind: 'batch', items: [] })],
      ['messages of a later version', (agent) => agent.socket.send(Buffer.from('c23e0100', 'hex'))],
      ['pings', (agent) => agent.socket.ping()],
    ]
    for (const [what, say] of talk) {
      const { agent } = await connect(0n)
      for (let said = 0; said < 30; said++) say(agent)
      assert.equal((await agent.closed).code, 1008, what)
    }
    assert.equal(counted('agentsClosedRate'), talk.length)
    const { agent } = await connect(0n)
    for (let sequence = 1; sequence <= 60; sequence++) await agent.deliver([alertItem(sequence)])
    await agent.close()
  })

  it('has room in one frame for as many refusals as credit allows, whatever they say', async () => {
    const { socket, stop } = await runCollector()
    const agent = await new Agent(socket).opened()
    await agent.hello()
    const ack = await agent.deliver(
      Array.from({ length: 1500 }, (_, index) => refusable(index + 128)),
    )
    assert.equal(ack.rejects.length, 1500)
    assert.match(ack.rejects[0]?.reason ?? '', /^health\.kind: "\u{1f300}+/u)
    await agent.close()
    await stop()
  })
})

describe('the gateway and agents that do not read', () => {
  it('closes one whose acknowledgements wait too long', async () => {
    const running = await runCollector({ agentBehindMs: 500, agentBacklogBytesMax: 1 << 30 })
    try {
      const agent = await connectAgent(running)
      agent.socket.pause()
      // Refusals fill what the kernel takes.
      const bad = Array.from({ length: 1900 }, (_, index) => refusable(index + 128))
      const count = (name: string) => running.collector.counters()[name] ?? 0
      for (let sent = 1; count('agentsClosedSlow') === 0 && sent < 400; sent++) {
        agent.send({ kind: 'batch', items: bad })
        await until(
          () => count('itemsRejected') >= sent * bad.length || count('agentsClosedSlow') > 0,
        )
      }
      assert.equal(count('agentsClosedSlow'), 1)
      await until(() => count('agentsConnected') === 0)
      agent.socket.terminate()
    } finally {
      await running.stop()
    }
  })
})

describe('the gateway when many leave', () => {
  it('gives back what they held, once for so many', async () => {
    const running = await runCollector({ trimEnds: 2 })
    const count = (name: string) => running.collector.counters()[name] ?? 0
    const leave = async () => {
      const agent = await connectAgent(running)
      agent.socket.terminate()
      await until(() => count('agentsConnected') === 0)
    }
    try {
      await leave()
      await pause(1500)
      assert.equal(count('heapTrims'), 0)
      for (const trims of [1, 2]) {
        await leave()
        if (trims === 2) await leave()
        await until(() => count('heapTrims') === trims)
      }
    } finally {
      await running.stop()
    }
  })
})

describe('the gateway when it stops', () => {
  it('sends agents away in slices, each told another time to come back', async () => {
    const running = await runCollector({
      drainSliceAgents: 2,
      drainSliceMs: 150,
      connectsPerSecond: 2,
    })
    const agents = await Promise.all(
      Array.from({ length: 5 }, async (_, index) => {
        const agent = await new Agent(running.socket).opened()
        await agent.hello(`0f8fad5b-d9cb-469f-a165-00000000000${index}`)
        return agent
      }),
    )
    const gone: { atMs: number; retryAfterMs: number }[] = []
    const all = agents.map(async (agent) => {
      const { retryAfterMs = 0 } = await agent.expect('goodbye')
      gone.push({ atMs: performance.now(), retryAfterMs })
      assert.equal((await agent.closed).code, 1001)
    })
    const stopped = running.stop()
    await Promise.all([...all, stopped])
    assert.deepEqual(
      gone.map(({ retryAfterMs }) => retryAfterMs).sort((a, b) => a - b),
      [0, 500, 1000, 1500, 2000],
    )
    assert.ok(gone[4]!.atMs - gone[0]!.atMs > 250)
  })

  it('acknowledges what it was given before it says goodbye', async () => {
    const running = await runCollector()
    const agent = await connectAgent(running)
    agent.send({ kind: 'batch', items: [alertItem(1)] })
    await until(() => running.collector.counters().frames === 2)
    await running.collector.close()
    assert.equal((await agent.expect('ack')).ack.throughSequence, 1)
    await agent.expect('goodbye')
    await running.stop()
  })

  it('accounts for every connection it accepted', async () => {
    const running = await runCollector()
    const ends: ((agent: Agent) => void)[] = [
      (agent) => agent.socket.close(1000),
      (agent) => agent.socket.terminate(),
      (agent) => agent.socket.send('text'),
      (agent) => agent.send({ kind: 'goodbye', reason: 'bye' }),
      (agent) => agent.send(helloOf(DEVICE_A)),
    ]
    for (const end of ends) {
      const agent = await connectAgent(running)
      end(agent)
      await agent.closed
    }
    const left = await connectAgent(running)
    await running.collector.close()
    await left.closed
    const counters = running.collector.counters()
    const ended = Object.entries(counters).filter(([name]) =>
      /^agents(Closed|Left|Lost)/.test(name),
    )
    assert.equal(
      ended.reduce((sum, [, count]) => sum + count, 0),
      counters.agentsAccepted,
    )
    assert.deepEqual([counters.agentsLeft, counters.agentsLost], [2, 1])
    await running.stop()
  })
})

/** An item that is refused with as long a reason as there is. `sequence` is in [128, 16384). */
function refusable(sequence: number): Uint8Array {
  // Health { kind: U+1F300, 60 times }: the refusal repeats it.
  const kind = Buffer.from('\u{1f300}'.repeat(60))
  const varint = (value: number) => [(value & 0x7f) | 0x80, value >> 7]
  const health = [0x0a, ...varint(kind.length), ...kind]
  const id = [0x0a, 16, ...Buffer.alloc(16, 7)]
  return Uint8Array.from([
    ...id,
    0x10,
    ...varint(sequence),
    0x3a,
    ...varint(health.length),
    ...health,
  ])
}
