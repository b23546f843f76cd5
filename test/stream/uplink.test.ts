import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Live } from '../../src/stream/codec.ts'
import { type Outbox, openOutbox } from '../../src/stream/outbox.ts'
import {
  startUplink,
  type Uplink,
  type UplinkOptions,
  type UplinkState,
} from '../../src/stream/uplink.ts'
import { nowUnixNs } from '../../src/units.ts'
import { makeCertificate } from './certificate.ts'
import { answer, CollectorDouble } from './collector-double.ts'
import { alertFinding, healthFinding } from './findings.ts'

const hello = {
  deviceId: '01234567-89ab-4cde-8f01-23456789abcd',
  agentVersion: '0.1.0',
  host: {
    hostname: 'mira',
    os: 'linux',
    osVersion: '',
    osBuild: '',
    hardware: '',
    arch: 'x64',
    bootId: '',
  },
}
const PACE = {
  handshakeMs: 1000,
  welcomeMs: 1000,
  pingMs: 1000,
  ackMs: 10_000,
  closeMs: 200,
  backoffFirstMs: 10,
  backoffMostMs: 50,
  refusedMs: 10,
}

describe('uplink', () => {
  let directory: string
  let outbox: Outbox
  let collector: CollectorDouble
  let ending: AbortController
  let uplinks: Uplink[]
  let states: UplinkState[]
  let lines: string[]

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-uplink-'))
    outbox = openOutbox(join(directory, 'outbox.db'), {
      bytesMax: 1 << 24,
      ageMaxMs: 1e9,
      now: nowUnixNs,
    })
    collector = await CollectorDouble.start()
    ending = new AbortController()
    uplinks = []
    states = []
    lines = []
  })
  afterEach(async () => {
    ending.abort()
    await Promise.all(uplinks.map(({ done }) => done))
    await collector.stop()
    outbox.close()
    rmSync(directory, { recursive: true })
  })

  const start = (more: Partial<UplinkOptions> = {}): Uplink => {
    const uplink = startUplink({
      url: collector.url,
      token: 'secret-token',
      hello,
      outbox,
      signal: ending.signal,
      onState: (state) => states.push(state),
      log: (line) => lines.push(line),
      random: () => 0.5,
      pace: PACE,
      ...more,
    })
    uplinks.push(uplink)
    return uplink
  }
  const alerts = (count: number) => Array.from({ length: count }, () => alertFinding())
  const state = async (name: UplinkState['state'], reason = /^/) => {
    const found = () =>
      states.find((one) => one.state === name && ('reason' in one ? reason.test(one.reason) : true))
    while (!found()) await new Promise((resolve) => setTimeout(resolve, 2))
    return found()!
  }

  it('says who it is, proves it, and asks for the protocol by name', async () => {
    start()
    const peer = await collector.peer()
    const said = await peer.heard('hello')
    assert.ok(said.kind === 'hello')
    assert.deepEqual({ ...said.hello, sentAt: 0 }, { ...hello, capabilities: 0n, sentAt: 0 })
    assert.ok(nowUnixNs() - said.hello.sentAt < 10_000_000_000n)
    assert.equal(peer.request.headers.authorization, 'Bearer secret-token')
    assert.equal(peer.request.url, '/v1/stream')
    assert.equal(peer.socket.protocol, 'freshet.v1')
  })

  it('sends nothing before Welcome, then all that waits, in order', async () => {
    outbox.append(alerts(3))
    const uplink = start()
    const peer = await collector.peer()
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
    assert.equal(outbox.counters().items, 3, 'kept until acknowledged')
    peer.ack(2)
    await until(() => outbox.counters().items === 1)
    peer.ack(3)
    await until(() => outbox.counters().items === 0)
  })

  it('sends at once what comes while connected', async () => {
    const uplink = start()
    const peer = await collector.peer()
    peer.welcome()
    await state('connected')
    outbox.append(alerts(1))
    uplink.poke()
    await peer.until(() => peer.items.length === 1)
  })

  it('keeps within the credit, and goes on as it is given back', async () => {
    outbox.append(alerts(10))
    start()
    const peer = await collector.peer()
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

  it('takes the last durable sequence in Welcome for an acknowledgement', async () => {
    outbox.append(alerts(5))
    outbox.join(0)
    start()
    const peer = await collector.peer()
    peer.welcome({ lastSequence: 3 })
    await peer.until(() => peer.items.length === 2)
    assert.deepEqual(peer.sequences, [4, 5])
    assert.equal(outbox.counters().items, 2)
  })

  it('sends under new numbers what a collector with an older memory would take for stored', async () => {
    outbox.append(alerts(2))
    start()
    const peer = await collector.peer()
    peer.welcome({ lastSequence: 40 })
    await peer.until(() => peer.items.length === 2)
    assert.ok(
      peer.sequences.every((sequence) => sequence > 40),
      `${peer.sequences}`,
    )
    peer.ack(peer.sequences[1]!)
    await until(() => outbox.counters().items === 0)
  })

  it('sends again, under the same ids, what was not acknowledged when the connection was lost', async () => {
    outbox.append(alerts(4))
    start()
    const first = await collector.peer()
    first.welcome()
    await first.until(() => first.items.length === 4)
    first.ack(1)
    await until(() => outbox.counters().items === 3)
    first.socket.terminate()
    const second = await collector.peer()
    second.welcome({ lastSequence: 2 })
    await second.until(() => second.items.length === 2)
    assert.deepEqual(second.sequences, [3, 4])
    const ids = (items: typeof first.items) =>
      items.map(({ id }) => Buffer.from(id).toString('hex'))
    assert.deepEqual(ids(second.items), ids(first.items).slice(2))
  })

  it('drops and counts what is rejected, and says why', async () => {
    outbox.append(alerts(2))
    start()
    const peer = await collector.peer()
    peer.welcome()
    await peer.until(() => peer.items.length === 2)
    peer.ack(2, [{ sequence: 1, reason: 'no\u001b[31m such kind' }])
    await until(() => outbox.counters().items === 0)
    assert.equal(outbox.counters().rejected, 1)
    assert.ok(
      lines.includes('the collector refused item 1 for good: no [31m such kind'),
      lines.join('\n'),
    )
  })

  const nonsense: [string, RegExp, (peer: Awaited<ReturnType<CollectorDouble['peer']>>) => void][] =
    [
      [
        'an acknowledgement of what was never sent',
        /acknowledged item 99, the last one sent is 2/,
        (peer) => peer.ack(99),
      ],
      ['garbage', /cannot be read/, (peer) => peer.socket.send(Buffer.from('garbage'))],
      ['text', /sent text/, (peer) => peer.socket.send('hello')],
      ['a second Welcome', /sent welcome where it may not/, (peer) => peer.welcome()],
      [
        'what only agents say',
        /sent live where it may not/,
        (peer) => peer.say({ kind: 'live', live: live() }),
      ],
      [
        'a frame above the bound',
        /Max payload size exceeded/,
        (peer) => peer.socket.send(Buffer.alloc(600 * 1024)),
      ],
      [
        'goodbye',
        /said goodbye: draining/,
        (peer) => peer.say({ kind: 'goodbye', reason: 'draining' }),
      ],
    ]
  for (const [what, reason, say] of nonsense)
    it(`ends the connection on ${what}, loses nothing, and comes back`, async () => {
      outbox.append(alerts(2))
      start()
      const peer = await collector.peer()
      peer.welcome()
      await peer.until(() => peer.items.length === 2)
      say(peer)
      await peer.closed()
      await state('waiting', reason)
      assert.equal(outbox.counters().items, 2)
      const next = await collector.peer()
      next.welcome()
      await next.until(() => next.items.length === 2)
    })

  it('does not believe a Welcome without credit or beyond every number', async () => {
    outbox.append(alerts(1))
    start()
    ;(await collector.peer()).welcome({ creditItems: 0 })
    await state('waiting', /makes no sense \(last sequence 0, credit 0\)/)
    ;(await collector.peer()).welcome({ lastSequence: 2 ** 53 - 1 })
    await state('waiting', /makes no sense \(last sequence 9007199254740991/)
    assert.equal(outbox.counters().items, 1)
    assert.equal(outbox.lastSequence(), 1)
  })

  it('leaves a collector that hangs: before the upgrade, before Welcome, and in silence', async () => {
    const pace = { ...PACE, handshakeMs: 60, welcomeMs: 60, pingMs: 40 }
    collector.refusal = () => {}
    start({ pace })
    await state('waiting', /handshake has timed out/)
    collector.refusal = undefined
    const mute = await collector.peer()
    await state('waiting', /did not answer Hello/)
    await mute.closed()
    const stopped = await collector.peer()
    stopped.welcome()
    await state('connected')
    stopped.socket.pause()
    await state('waiting', /nothing was heard/)
  })

  it('leaves a collector that answers pings but acknowledges nothing', async () => {
    outbox.append(alerts(1))
    start({ pace: { ...PACE, pingMs: 20, ackMs: 60 } })
    const peer = await collector.peer()
    peer.welcome()
    await state('waiting', /acknowledged nothing/)
    assert.equal(outbox.counters().items, 1)
  })

  it('stays with one that has nothing to acknowledge', async () => {
    const uplink = start({ pace: { ...PACE, pingMs: 20, ackMs: 60 } })
    const peer = await collector.peer()
    peer.welcome()
    let pings = 0
    peer.socket.on('ping', () => pings++)
    await until(() => pings >= 6)
    assert.deepEqual(uplink.state(), { state: 'connected' })
  })

  it('says what a collector that refuses it says, and asks again', async () => {
    collector.refusal = answer('401 Unauthorized', '{"error":"the agent\'s token is wrong"}')
    const uplink = start()
    await state('refused', /^the collector answered 401: the agent's token is wrong$/)
    assert.equal(uplink.state().state, 'refused')
    collector.refusal = undefined
    ;(await collector.peer()).welcome()
    await state('connected')
  })

  it('waits as long as a busy collector asks, and says so', async () => {
    collector.refusal = answer('503 Service Unavailable', '<html>no</html>', 'Retry-After: 30\r\n')
    const uplink = start()
    await state('waiting', /^the collector answered 503$/)
    const now = uplink.state()
    assert.ok(now.state === 'waiting' && now.retryInMs > 29_000 && now.retryInMs <= 30_050)
  })

  it('spreads its attempts over a span that doubles up to what the collector names', async () => {
    const waits: number[] = []
    const onState = (now: UplinkState) => {
      if (now.state === 'waiting') waits.push(now.retryInMs)
    }
    collector.refusal = (socket) => socket.destroy()
    start({ onState, random: () => 0.999, pace: { ...PACE, backoffFirstMs: 4, backoffMostMs: 30 } })
    await until(() => waits.length >= 6)
    assert.deepEqual(waits.slice(0, 6), [4, 8, 16, 30, 30, 30])
  })

  it('sends counters when connected, and drops them when not or behind', async () => {
    const uplink = start()
    const peer = await collector.peer()
    uplink.live(live())
    peer.welcome()
    await state('connected')
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

  it('empties a large backlog through a small window', async function () {
    this.timeout(30_000)
    for (let round = 0; round < 30; round++)
      outbox.append(Array.from({ length: 100 }, () => alertFinding('low', 'x'.repeat(1000))))
    start()
    const peer = await collector.peer()
    let acknowledged = 0
    peer.welcome({ creditItems: 256 })
    while (acknowledged < 3000) {
      await peer.until(() => peer.items.length > acknowledged)
      assert.ok(peer.items.length - acknowledged <= 256)
      acknowledged = peer.items.length
      peer.ack(peer.sequences.at(-1)!)
    }
    assert.equal(new Set(peer.sequences).size, 3000)
    await until(() => outbox.counters().items === 0)
  })

  it('says goodbye when it is ended, in every state, and ends', async () => {
    const uplink = start()
    const peer = await collector.peer()
    peer.welcome()
    await state('connected')
    ending.abort()
    const said = await peer.heard('goodbye')
    assert.deepEqual(said, { kind: 'goodbye', reason: 'the agent stops' })
    await uplink.done
    assert.equal(await peer.closed(), 1000)

    ending = new AbortController()
    collector.refusal = () => {}
    const hanging = start()
    await until(() => collector.requests === 2)
    ending.abort()
    await hanging.done

    ending = new AbortController()
    collector.refusal = answer('503 Service Unavailable', '', 'Retry-After: 3000\r\n')
    const waiting = start()
    await state('waiting', /503/)
    ending.abort()
    await waiting.done
    const over = startUplink({
      url: collector.url,
      token: 't',
      hello,
      outbox,
      signal: ending.signal,
    })
    await over.done
  })

  it('refuses to send in the clear to another machine, and says what to do', async () => {
    const uplink = start({ url: 'ws://collector.example.org/' })
    assert.deepEqual(uplink.state(), {
      state: 'refused',
      reason:
        'ws:// to collector.example.org would send the token and the findings in the clear: use wss://',
    })
    const token = start({ token: 'two\nlines' })
    await state('refused', /the connection cannot be made/)
    assert.equal(token.state().state, 'refused')
  })

  it('speaks TLS to whom its authorities vouch for, and to nobody else', async () => {
    const { cert, key } = makeCertificate(Date.now())
    const secure = await CollectorDouble.start(createServer({ cert, key }))
    try {
      const url = `https://127.0.0.1:${secure.port}`
      start({ url })
      await state('waiting', /self-signed certificate/)
      ending.abort()
      ending = new AbortController()
      const caPath = join(directory, 'ca.pem')
      writeFileSync(caPath, cert)
      start({ url, caPath })
      ;(await secure.peer()).welcome()
      await state('connected')
      start({ url, caPath: join(directory, 'none.pem') })
      await state('refused', /ENOENT.*none\.pem/)
    } finally {
      ending.abort()
      await secure.stop()
    }
  })

  it('waits long after another connection of this device has taken over', async () => {
    const uplink = start({ pace: { ...PACE, backoffFirstMs: 1, backoffMostMs: 100_000 } })
    const peer = await collector.peer()
    peer.welcome()
    await state('connected')
    peer.socket.close(4001, 'a newer connection of this device has taken over')
    await state('waiting', /a newer connection/)
    const now = uplink.state()
    assert.ok(now.state === 'waiting' && now.retryInMs > 40_000)
  })

  it('goes on while the disk refuses to drop what is acknowledged', async () => {
    outbox.append(alerts(1))
    outbox.append([healthFinding])
    start()
    const peer = await collector.peer()
    peer.welcome()
    await peer.until(() => peer.items.length === 2)
    const acknowledge = outbox.acknowledge.bind(outbox)
    outbox.acknowledge = () => {
      throw new Error('outbox, acknowledge: the disk is full')
    }
    peer.ack(1)
    await until(() => lines.includes('outbox, acknowledge: the disk is full'))
    outbox.acknowledge = acknowledge
    peer.ack(2)
    await until(() => outbox.counters().items === 0)
  })
})

function live(): Live {
  return {
    at: nowUnixNs(),
    records: 1,
    execs: 0,
    flows: 0,
    processes: 0,
    openFlows: 0,
    identities: 0,
    bytesOut: 0,
    bytesIn: 0,
    unattributedFlows: 0,
    lost: 0,
    outboxItems: 0,
    outboxEvicted: 0,
    alerts: 0,
    degraded: '',
    top: [],
  }
}

/** Two turns of everything that is under way: what would come has come. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 30))

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2))
}
