// What is agreed in Hello and Welcome: packed batches, heartbeats, alerts ahead of their turn.
import assert from 'node:assert/strict'
import type { Finding } from '../../src/engine/finding.ts'
import { CAPABILITIES, Capability, type Envelope } from '../../src/stream/codec.ts'
import { nowUnixNs, type UnixNs } from '../../src/units.ts'
import { until } from '../waits.ts'
import type { Peer } from './collector-double.ts'
import { alertFinding, summaryFinding } from './findings.ts'
import { alerts, live, PACE, settled, UplinkFixture } from './uplink-fixture.ts'

const batches = (peer: Peer) => peer.envelopes.filter((envelope) => envelope.kind === 'batch')
const summaries = (count: number): Finding[] => Array.from({ length: count }, () => summaryFinding)

describe('uplink, as agreed', () => {
  let made: UplinkFixture
  beforeEach(async () => {
    made = await UplinkFixture.make()
  })
  afterEach(() => made.remove())

  const connect = async (capabilities: bigint, creditItems = 100) => {
    // A busy machine may stop us for seconds, which is no silence.
    const uplink = made.start({ pace: { ...PACE, pingMs: 60_000 } })
    const peer = await made.collector.peer()
    peer.welcome({ capabilities, creditItems })
    await made.state('connected')
    return { uplink, peer }
  }

  it('packs a batch where that is agreed, but not a small one', async () => {
    made.outbox.append(alerts(50))
    const { uplink, peer } = await connect(Capability.packed)
    await peer.until(() => peer.items.length === 50)
    made.outbox.append(alerts(1))
    uplink.poke()
    await peer.until(() => peer.items.length === 51)
    assert.deepEqual(
      batches(peer).map(({ isPacked }) => isPacked),
      [true, undefined],
    )
  })

  it('uses nothing that Welcome does not name, nor what it names and Hello did not', async () => {
    made.outbox.append(summaries(1000))
    made.outbox.append(alerts(1))
    const pace = { ...PACE, pingMs: 300 }
    made.start({ pace })
    const peer = await made.collector.peer()
    let pings = 0
    peer.socket.on('ping', () => pings++)
    peer.welcome({ capabilities: ~CAPABILITIES & ((1n << 64n) - 1n) })
    await peer.until(() => peer.items.length === 100)
    await until(() => pings >= 2)
    assert.ok(batches(peer).every(({ isAhead, isPacked }) => !isAhead && !isPacked))
    assert.ok(!peer.envelopes.some(({ kind }) => kind === 'heartbeat'))
  })

  it('beats with messages where that is agreed, and takes the answers for signs of life', async () => {
    made.start({ pace: { ...PACE, pingMs: 300 } })
    const peer = await made.collector.peer()
    peer.welcome({ capabilities: Capability.heartbeat })
    const beats = () => peer.envelopes.filter(({ kind }) => kind === 'heartbeat')
    let answered = 0
    await peer.until(() => {
      for (; answered < beats().length; answered++)
        peer.say({ kind: 'heartbeat', sentAt: 1n as UnixNs })
      return answered >= 4
    })
    const beat = beats()[0] as Extract<Envelope, { kind: 'heartbeat' }>
    assert.ok(nowUnixNs() - beat.sentAt < 10_000_000_000n)
    assert.equal(made.states.filter(({ state }) => state === 'waiting').length, 0)
  })

  it('says that its clock is off when it is, and by how much', async () => {
    made.start()
    const peer = await made.collector.peer()
    peer.welcome({ receivedAt: (nowUnixNs() + 7_200_000_000_000n) as UnixNs })
    await made.state('connected')
    assert.ok(
      made.lines.some((line) => /^this machine's clock is 7(199|200) s behind the coll/.test(line)),
      made.lines.join('\n'),
    )
    await made.end()
    made.lines.length = 0
    await connect(0n)
    await until(() => made.lines.some((line) => /ahead of the collector's/.test(line)))
    await made.end()
    made.lines.length = 0
    made.start()
    ;(await made.collector.peer()).welcome({ receivedAt: nowUnixNs() })
    await until(() => made.lines.length > 0)
    assert.deepEqual(made.lines, ['connected to the collector'])
  })

  it('sends alerts ahead of an older backlog, the highest severity first, and drops them when named', async () => {
    made.outbox.append(summaries(2000))
    made.outbox.append([alertFinding('low'), alertFinding('high')])
    const { uplink, peer } = await connect(Capability.ahead)
    await peer.until(() => batches(peer).length === 2)
    const [ahead, inTurn] = batches(peer)
    assert.equal(ahead?.isAhead, true)
    assert.deepEqual(peer.sequences.slice(0, 2), [2002, 2001])
    assert.equal(inTurn?.isAhead, undefined)
    assert.equal(inTurn?.items.length, 75, 'a quarter of the credit is kept for what is ahead')
    uplink.poke()
    await settled()
    assert.equal(batches(peer).length, 2, 'not again while they wait for an answer')

    peer.ack(0, [{ sequence: 2001, reason: 'no' }], [2001, 2002])
    await until(() => made.outbox.counters().items === 2000)
    assert.equal(made.outbox.counters().rejected, 1)
    assert.equal(made.outbox.acknowledged(), 0)
    let done = 0
    while (done < 2000) {
      await peer.until(() => peer.sequences.at(-1)! > done)
      done = peer.sequences.at(-1)!
      peer.ack(done)
    }
    await until(() => made.outbox.counters().items === 0)
    assert.equal(new Set(peer.sequences).size, peer.sequences.length, 'nothing was sent twice')
  })

  it('sends nothing ahead when there is no backlog to pass', async () => {
    made.outbox.append([...summaries(10), alertFinding()])
    const { peer } = await connect(Capability.ahead)
    await peer.until(() => peer.items.length === 11)
    assert.deepEqual(peer.sequences, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  })

  it('sends what came ahead again in its turn when the connection was lost first', async () => {
    made.outbox.append([...summaries(600), alertFinding()])
    const { peer } = await connect(Capability.ahead)
    await peer.until(() => peer.sequences.includes(601))
    const id = peer.items.find(({ sequence }) => sequence === 601)!.id
    peer.socket.terminate()
    const next = await made.collector.peer()
    next.welcome({ creditItems: 10_000 })
    await next.until(() => next.items.length === 601)
    assert.deepEqual(next.items.at(-1)!.id, id)
  })

  it('ends the connection on an acknowledgement of what it did not send ahead', async () => {
    made.outbox.append(alerts(2))
    const { peer } = await connect(CAPABILITIES)
    await peer.until(() => peer.items.length === 2)
    peer.ack(0, [], [2])
    assert.equal(await peer.closed(), 1008)
    assert.equal(made.outbox.counters().items, 2)
  })

  it('gets its counters through while a backlog waits for a slow collector', async () => {
    for (let round = 0; round < 30; round++)
      made.outbox.append(Array.from({ length: 50 }, () => alertFinding('low', 'x'.repeat(4000))))
    const { uplink, peer } = await connect(0n, 10_000)
    peer.socket.pause()
    // Twice, since the kernel takes the first megabytes.
    for (const records of [1, 2]) {
      await settled()
      uplink.live({ ...live(), records })
    }
    peer.socket.resume()
    await peer.heard('live')
    assert.ok(peer.items.length < 1500, `all ${peer.items.length} items went before`)
    await peer.until(() => peer.items.length === 1500)
  })

  it('comes back no sooner than Goodbye asks', async () => {
    const { uplink, peer } = await connect(0n)
    const saidMs = performance.now()
    peer.say({ kind: 'goodbye', reason: 'the collector is stopping', retryAfterMs: 40_000 })
    await made.state('waiting', /is stopping/)
    const now = uplink.state()
    assert.ok(now.state === 'waiting' && now.retryInMs <= 40_050)
    const sinceMs = performance.now() - saidMs
    assert.ok(
      now.retryInMs + sinceMs >= 40_000,
      `${now.retryInMs} ms, ${sinceMs} ms after it was asked`,
    )
  })
})
