import assert from 'node:assert/strict'
import type { Hello } from '../../src/stream/codec.ts'
import { startUplink } from '../../src/stream/uplink.ts'
import { nowUnixNs } from '../../src/units.ts'
import { until } from '../waits.ts'
import { answer, type Peer } from './collector-double.ts'
import { alertFinding } from './findings.ts'
import { alerts, hello, live, settled, UplinkFixture } from './uplink-fixture.ts'

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

async function helloOf(peer: Peer): Promise<Hello> {
  const said = await peer.heard('hello')
  assert.ok(said.kind === 'hello')
  return said.hello
}

describe('uplink', () => {
  let made: UplinkFixture
  beforeEach(async () => {
    made = await UplinkFixture.make()
  })
  afterEach(() => made.remove())

  it('says who it is, and asks for the protocol by name', async () => {
    made.start()
    const peer = await made.collector.peer()
    const said = await peer.heard('hello')
    assert.ok(said.kind === 'hello')
    assert.deepEqual(
      { ...said.hello, sentAt: 0 },
      { ...hello, outboxId: made.outbox.id, capabilities: 7n, sentAt: 0 },
    )
    assert.ok(nowUnixNs() - said.hello.sentAt < 10_000_000_000n)
    assert.equal(peer.request.headers.authorization, undefined)
    assert.equal(peer.request.url, '/v1/stream')
    assert.equal(peer.socket.protocol, 'freshet.v2')
  })

  it('sends nothing before Welcome, then all that waits, in order', async () => {
    made.outbox.append(alerts(3))
    const uplink = made.start()
    const peer = await made.collector.peer()
    await peer.heard('hello')
    uplink.poke()
    assert.deepEqual(uplink.state(), { state: 'connecting' })
    peer.welcome()
    await peer.until(() => peer.items.length === 3)
    assert.deepEqual(peer.sequences, [1, 2, 3])
    assert.deepEqual(
      peer.envelopes.map(({ kind }) => kind),
      ['hello', 'batch'],
    )
    assert.deepEqual(uplink.state(), { state: 'connected' })
    assert.equal(made.outbox.counters().items, 3, 'kept until acknowledged')
    peer.ack(2)
    await until(() => made.outbox.counters().items === 1)
    peer.ack(3)
    await until(() => made.outbox.counters().items === 0)
  })

  it('sends at once what comes while connected', async () => {
    const uplink = made.start()
    const peer = await made.collector.peer()
    peer.welcome()
    await made.state('connected')
    made.outbox.append(alerts(1))
    uplink.poke()
    await peer.until(() => peer.items.length === 1)
  })

  it('keeps within the credit, and goes on as it is given back', async () => {
    made.outbox.append(alerts(10))
    made.start()
    const peer = await made.collector.peer()
    peer.welcome({ creditItems: 4 })
    await peer.until(() => peer.items.length === 4)
    await settled()
    assert.equal(peer.items.length, 4)
    peer.ack(1)
    await peer.until(() => peer.items.length === 5)
    await settled()
    assert.equal(peer.items.length, 5)
    peer.ack(5)
    await peer.until(() => peer.items.length === 9)
    peer.ack(9)
    await peer.until(() => peer.items.length === 10)
    assert.deepEqual(peer.sequences, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  it('lets nothing go for a Welcome that knows its numbers: all is sent and waits for an acknowledgement', async () => {
    made.outbox.append(alerts(5))
    made.start()
    const peer = await made.collector.peer()
    peer.welcome({ lastSequence: 3 })
    await peer.until(() => peer.items.length === 5)
    assert.deepEqual(peer.sequences, [1, 2, 3, 4, 5])
    assert.equal(made.outbox.counters().items, 5)
  })

  it('becomes another outbox, with all that waits, when the collector knows numbers that it never gave', async () => {
    made.outbox.append(alerts(3))
    made.outbox.acknowledge(1)
    const ids = made.outbox.read(0, 10, 1 << 20).map(({ id }) => hexOf(id))
    made.start()
    const first = await made.collector.peer()
    const before = await helloOf(first)
    first.welcome({ lastSequence: 2 ** 48 })
    assert.equal(await first.closed(), 1000)
    assert.equal(first.items.length, 0)
    const second = await made.collector.peer()
    const after = await helloOf(second)
    assert.notEqual(after.outboxId, before.outboxId)
    second.welcome()
    await second.until(() => second.items.length === 2)
    assert.deepEqual(second.sequences, [1, 2])
    assert.deepEqual(
      second.items.map(({ id }) => hexOf(id)),
      ids,
    )
    second.ack(2)
    await until(() => made.outbox.counters().items === 0)
  })

  it('sends again, under the same ids, what was not acknowledged when the connection was lost', async () => {
    made.outbox.append(alerts(4))
    made.start()
    const first = await made.collector.peer()
    first.welcome()
    await first.until(() => first.items.length === 4)
    first.ack(1)
    await until(() => made.outbox.counters().items === 3)
    first.socket.terminate()
    const second = await made.collector.peer()
    second.welcome({ lastSequence: 2 })
    await second.until(() => second.items.length === 3)
    assert.deepEqual(second.sequences, [2, 3, 4])
    const ids = (items: typeof first.items) => items.map(({ id }) => hexOf(id))
    assert.deepEqual(ids(second.items), ids(first.items).slice(1))
  })

  it('drops and counts what is rejected, and says why', async () => {
    made.outbox.append(alerts(2))
    made.start()
    const peer = await made.collector.peer()
    peer.welcome()
    await peer.until(() => peer.items.length === 2)
    peer.ack(2, [{ sequence: 1, reason: 'no\u001b[31m such kind' }])
    await until(() => made.outbox.counters().items === 0)
    assert.equal(made.outbox.counters().rejected, 1)
    assert.ok(
      made.lines.includes('the collector refused item 1 for good: no\\u{1b}[31m such kind'),
      made.lines.join('\n'),
    )
  })

  it('sends counters when connected, and drops them when not or behind', async () => {
    const uplink = made.start()
    const peer = await made.collector.peer()
    uplink.live(live())
    peer.welcome()
    await made.state('connected')
    uplink.live({ ...live(), records: 2 })
    const said = await peer.heard('live')
    assert.ok(said.kind === 'live' && said.live.records === 2)
    peer.socket.pause()
    for (let sent = 0; sent < 200_000; sent++) uplink.live({ ...live(), degraded: 'x'.repeat(500) })
    peer.socket.resume()
    uplink.live({ ...live(), records: 3 })
    await settled()
    assert.ok(peer.envelopes.length < 100_000, `${peer.envelopes.length} of 200,000 were queued`)
  })

  it('empties a large backlog through a small window', async () => {
    for (let round = 0; round < 30; round++)
      made.outbox.append(Array.from({ length: 100 }, () => alertFinding('low', 'x'.repeat(1000))))
    made.start()
    const peer = await made.collector.peer()
    let acknowledged = 0
    peer.welcome({ creditItems: 256 })
    while (acknowledged < 3000) {
      await peer.until(() => peer.items.length > acknowledged)
      assert.ok(peer.items.length - acknowledged <= 256)
      acknowledged = peer.items.length
      peer.ack(peer.sequences.at(-1)!)
    }
    assert.equal(new Set(peer.sequences).size, 3000)
    await until(() => made.outbox.counters().items === 0)
  })

  it('says goodbye when it is ended, in every state, and ends', async () => {
    const uplink = made.start()
    const peer = await made.collector.peer()
    peer.welcome()
    await made.state('connected')
    await made.end()
    await uplink.done
    const said = await peer.heard('goodbye')
    assert.deepEqual(said, { kind: 'goodbye', reason: 'the agent stops' })
    assert.equal(await peer.closed(), 1000)

    made.collector.refusal = () => {}
    made.start()
    await until(() => made.collector.requests === 2)
    await made.end()

    made.collector.refusal = answer('503 Service Unavailable', '', 'Retry-After: 3000\r\n')
    made.start()
    await made.state('waiting', /503/)
    await made.end()

    const { outbox } = made
    const signal = AbortSignal.abort()
    await startUplink({ url: made.collector.url, hello, outbox, signal }).done
    assert.equal(made.collector.requests, 3)
  })

  it('goes on without an identity that cannot be read, says why, and takes it once it can', async () => {
    let isBroken = true
    const renewal = {
      ...{ request: async () => undefined, take: () => 0, takeOwn: () => {} },
      reenrol: async () => undefined,
    }
    const uplink = made.start({
      enrolment: {
        ...renewal,
        identity() {
          if (isBroken) throw new Error('EIO: i/o error, open pushed-policy.json')
          return { key: '', certificate: '', authorities: [] }
        },
      },
    })
    await made.state('waiting', /its own identity cannot be used: EIO/)
    assert.equal(uplink.state().state === 'refused', false)
    isBroken = false
    const peer = await made.collector.peer()
    peer.welcome()
    await made.state('connected')
  })
})
