// All that a collector could try that is none, or is not ours: whatever it says, what it was not sent is not let go of,
// nothing shuts the agent out of the next collector, and an honest one gets everything afterwards.
import assert from 'node:assert/strict'
import { Capability } from '../../src/stream/codec.ts'
import { until } from '../waits.ts'
import type { Peer } from './collector-double.ts'
import { alerts, UplinkFixture } from './uplink-fixture.ts'

const ITEMS = 15
/** The longest that the protocol can say: 49 days. */
const MOST_MS = 2 ** 32 - 1

/** Fields of Welcome and Ack by hand: what no codec of ours would write. */
const raw = (field: number, hex: string): Buffer => {
  const body = Buffer.from(hex, 'hex')
  return Buffer.from([(field << 3) | 2, body.length, ...body])
}
const WELCOME = 2
const ACK = 4

type Trick = { name: string; play: (peer: Peer) => void | Promise<void> }

/** Each ends, or is left, without an item having been acknowledged that came. */
const TRICKS: Trick[] = [
  {
    name: 'a Welcome that knows 2^52 items of it',
    play: (peer) => peer.socket.send(raw(WELCOME, '0880808080808080082001')),
  },
  {
    name: 'a Welcome that knows the highest number there is',
    play: (peer) => peer.welcome({ lastSequence: 2 ** 48 }),
  },
  {
    name: 'a Welcome that knows just one item more than it gave',
    play: (peer) => peer.welcome({ lastSequence: ITEMS + 1 }),
  },
  {
    name: 'an acknowledgement in place of Welcome',
    play: (peer) => peer.ack(ITEMS),
  },
  {
    name: 'an acknowledgement of all before anything was sent',
    play: (peer) => {
      peer.welcome({ creditItems: 1 })
      peer.ack(ITEMS)
    },
  },
  {
    name: 'an acknowledgement of one more than was sent',
    play: async (peer) => {
      peer.welcome({ creditItems: 5 })
      await peer.until(() => peer.items.length === 5)
      peer.ack(6)
    },
  },
  {
    name: 'an acknowledgement of 2^52',
    play: async (peer) => {
      peer.welcome({ creditItems: 5 })
      await peer.until(() => peer.items.length === 5)
      peer.socket.send(raw(ACK, '088080808080808008'))
    },
  },
  {
    name: 'an acknowledgement of what was not sent ahead of its turn',
    play: async (peer) => {
      peer.welcome({ creditItems: 5 })
      await peer.until(() => peer.items.length === 5)
      peer.ack(0, [], [ITEMS])
    },
  },
  {
    name: 'a refusal of what was not sent',
    play: async (peer) => {
      peer.welcome({ creditItems: 5 })
      await peer.until(() => peer.items.length === 5)
      peer.ack(ITEMS, [{ sequence: ITEMS, reason: 'no' }])
    },
  },
  {
    name: 'a goodbye with no way back',
    play: (peer) => {
      peer.say({ kind: 'goodbye', reason: 'never again', retryAfterMs: 0 })
    },
  },
  {
    name: 'garbage',
    play: (peer) => peer.socket.send(Buffer.from('ffffffffffff', 'hex')),
  },
]

describe('a collector that is none of ours', () => {
  let made: UplinkFixture
  beforeEach(async () => {
    made = await UplinkFixture.make()
  })
  afterEach(() => made.remove())

  for (const { name, play } of TRICKS)
    it(`gains nothing by ${name}`, async () => {
      made.outbox.append(alerts(ITEMS))
      made.start()
      const peer = await made.collector.peer()
      await peer.heard('hello')
      await play(peer)
      await peer.closed()
      assert.equal(made.outbox.counters().items, ITEMS)
      assert.equal(made.outbox.counters().rejected, 0)
      const honest = await made.collector.peer()
      honest.welcome()
      await honest.until(() => honest.items.length === ITEMS)
      honest.ack(honest.sequences.at(-1) ?? 0)
      await until(() => made.outbox.counters().items === 0)
    })

  it('has one key made on a connection, however often it tells the agent to become another device', async () => {
    let keys = 0
    const renewal = {
      ...{ request: async () => undefined, take: () => 0, takeOwn: () => {} },
      reenrol: async () => {
        keys++
        return undefined
      },
    }
    made.start({
      enrolment: { ...renewal, identity: () => ({ key: '', certificate: '', authorities: [] }) },
    })
    const peer = await made.collector.peer()
    await peer.heard('hello')
    peer.welcome({ capabilities: Capability.reenrol })
    for (let n = 0; n < 50; n++) peer.say({ kind: 'reenrol', token: `${n}`, reason: 'again' })
    await peer.closed()
    await made.state('waiting', /sent reenrol where it may not/)
    assert.equal(keys, 1)
  })

  for (const kind of ['renewed', 'reenrolled'] as const)
    it(`cannot fill the log with ${kind} that was not asked for: the first ends the connection`, async () => {
      let taken = 0
      const take = (): never => {
        taken++
        throw new Error('none was asked for')
      }
      const renewal = {
        ...{ request: async () => undefined, take, takeOwn: take },
        reenrol: async () => undefined,
      }
      made.start({
        enrolment: { ...renewal, identity: () => ({ key: '', certificate: '', authorities: [] }) },
      })
      const peer = await made.collector.peer()
      await peer.heard('hello')
      peer.welcome({ capabilities: Capability.renew | Capability.reenrol })
      await made.state('connected')
      const given = { certificate: Buffer.from('x'), authorities: [Buffer.from('y')] }
      for (let count = 0; count < 50; count++)
        if (kind === 'renewed') peer.say({ kind, renewed: { ...given, vouched: [] } })
        else peer.say({ kind, given: { ...given, group: '' } })
      await peer.closed()
      await made.state('waiting', new RegExp(`sent ${kind} where it may not`))
      assert.equal(taken, 0)
      assert.equal(made.lines.filter((line) => /not taken|does not become/.test(line)).length, 0)
    })

  it('can claim a number again and again, and the outbox is another each time, with all that waits', async () => {
    made.outbox.append(alerts(ITEMS))
    made.start()
    const ids = new Set<string>()
    for (let turn = 0; turn < 5; turn++) {
      const peer = await made.collector.peer()
      const said = await peer.heard('hello')
      if (said.kind === 'hello') ids.add(said.hello.outboxId)
      peer.welcome({ lastSequence: 2 ** 48 })
      await peer.closed()
    }
    assert.equal(ids.size, 5)
    assert.equal(made.outbox.counters().items, ITEMS)
  })

  it('cannot acknowledge on this connection what went over another', async () => {
    made.outbox.append(alerts(ITEMS))
    made.start()
    const first = await made.collector.peer()
    first.welcome()
    await first.until(() => first.items.length === ITEMS)
    first.socket.terminate()
    const second = await made.collector.peer()
    second.welcome({ creditItems: 3 })
    await second.until(() => second.items.length === 3)
    second.ack(ITEMS)
    await second.closed()
    assert.equal(made.outbox.counters().items, ITEMS)
  })

  const sendAway = (peer: Peer) =>
    peer.say({ kind: 'goodbye', reason: 'no', retryAfterMs: MOST_MS })
  const AWAY: [string, (peer: Peer) => void][] = [
    ['a goodbye', sendAway],
    ['its Welcome, and that another took over', (peer) => peer.socket.close(4001)],
    [
      'all of them together',
      (peer) => {
        sendAway(peer)
        peer.socket.close(4001)
      },
    ],
  ]
  for (const [what, play] of AWAY)
    it(`sends it away for an hour at most, by ${what}`, async () => {
      const uplink = made.start({ random: () => 0.999 })
      const peer = await made.collector.peer()
      peer.welcome({ backoffMaxMs: MOST_MS })
      await made.state('connected')
      play(peer)
      await made.state('waiting')
      const now = uplink.state()
      assert.ok(now.state === 'waiting' && now.retryInMs > 3_500_000, JSON.stringify(now))
      assert.ok(now.retryInMs <= 3_600_000, `${now.retryInMs} ms`)
    })

  it('takes what it acknowledges and is sent, and no more: who has the place is a collector', async () => {
    made.outbox.append(alerts(ITEMS))
    made.start()
    const peer = await made.collector.peer()
    peer.welcome({ creditItems: 4 })
    await peer.until(() => peer.items.length === 4)
    peer.ack(4)
    await until(() => made.outbox.counters().items === ITEMS - 4)
  })

  it('refuses no more than it was sent and acknowledges, however many it names', async () => {
    made.outbox.append(alerts(ITEMS))
    made.start()
    const peer = await made.collector.peer()
    peer.welcome({ creditItems: 4 })
    await peer.until(() => peer.items.length === 4)
    const rejects = Array.from({ length: 2000 }, (_, at) => ({ sequence: at + 1, reason: 'no' }))
    peer.ack(1, [...rejects, ...rejects])
    await until(() => made.outbox.counters().items === ITEMS - 1)
    assert.equal(made.outbox.counters().rejected, 1)
    assert.equal(made.lines.filter((line) => line.includes('refused item')).length, 1)
    assert.doesNotMatch(made.lines.join(), /more item/)
  })
})
