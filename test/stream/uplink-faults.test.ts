import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { UplinkEnrolment, UplinkState } from '../../src/stream/uplink.ts'
import { until } from '../waits.ts'
import { type Certified, issue, makeAuthority, makeCertificate } from './certificate.ts'
import { answer, CollectorDouble, type Peer } from './collector-double.ts'
import { healthFinding } from './findings.ts'
import { alerts, live, PACE, settled, UplinkFixture } from './uplink-fixture.ts'

/** With who shows this certificate, and believes in it. */
const enrolled = ({ cert, key }: Certified): UplinkEnrolment => ({
  identity: () => ({ key, certificate: cert, authorities: [cert] }),
  request: async () => undefined,
  take: () => 0,
  reenrol: async () => undefined,
  takeOwn() {},
})

describe('uplink against trouble', () => {
  let made: UplinkFixture
  beforeEach(async () => {
    made = await UplinkFixture.make()
  })
  afterEach(() => made.remove())

  const nonsense: [string, RegExp, (peer: Peer) => void][] = [
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
      /614400 bytes, at most 524288/,
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
      made.outbox.append(alerts(2))
      made.start()
      const peer = await made.collector.peer()
      peer.welcome()
      await peer.until(() => peer.items.length === 2)
      say(peer)
      await peer.closed()
      await made.state('waiting', reason)
      assert.equal(made.outbox.counters().items, 2)
      const next = await made.collector.peer()
      next.welcome()
      await next.until(() => next.items.length === 2)
    })

  it('does not believe a Welcome without credit, nor one beyond every number, and is there for the next', async () => {
    made.outbox.append(alerts(1))
    made.start()
    ;(await made.collector.peer()).welcome({ creditItems: 0 })
    await made.state('waiting', /makes no sense \(no credit\)/)
    // last_sequence 2^53 - 1 and 2^48 + 1, credit 1.
    for (const hex of ['08ffffffffffffff0f', '0881808080808040']) {
      const welcome = Buffer.from(`${hex}2001`, 'hex')
      ;(await made.collector.peer()).socket.send(Buffer.from([0x12, welcome.length, ...welcome]))
      await made.state('waiting', /cannot be read: welcome\.last_sequence: .* is above 2\^48/)
    }
    assert.equal(made.outbox.counters().items, 1)
    assert.equal(made.outbox.lastSequence(), 1)
    const honest = await made.collector.peer()
    honest.welcome()
    await honest.until(() => honest.items.length === 1)
  })

  it('leaves a collector that hangs: before the upgrade, before Welcome, and in silence', async () => {
    const pace = { ...PACE, handshakeMs: 60, welcomeMs: 60, pingMs: 40 }
    made.collector.refusal = () => {}
    made.start({ pace })
    await made.state('waiting', /handshake has timed out/)
    made.collector.refusal = undefined
    const mute = await made.collector.peer()
    await made.state('waiting', /did not answer Hello/)
    await mute.closed()
    const stopped = await made.collector.peer()
    stopped.welcome()
    await made.state('connected')
    stopped.socket.pause()
    await made.state('waiting', /nothing was heard/)
  })

  it('leaves an address where nothing answers TCP, long before a collector that keeps it waiting', async () => {
    // Stopped, with all the places taken that its kernel has for who waits to be accepted.
    const script = `require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
      process.stdout.write(String(this.address().port))
    })`
    const stopped = spawn(process.execPath, ['-e', script])
    const fillers: Socket[] = []
    try {
      const [port] = await once(stopped.stdout, 'data')
      stopped.kill('SIGSTOP')
      for (let n = 0; n < 8; n++)
        fillers.push(connect(Number(port), '127.0.0.1').on('error', () => {}))
      await until(() => fillers.filter(({ connecting }) => !connecting).length >= 2)
      const pace = { ...PACE, connectMs: 300, handshakeMs: 600_000 }
      made.start({
        url: `https://127.0.0.1:${port}`,
        enrolment: enrolled(makeCertificate(Date.now())),
        pace,
      })
      await made.state('waiting', /nothing answers at its address within 0\.3 s/)
    } finally {
      for (const filler of fillers) filler.destroy()
      stopped.kill('SIGKILL')
    }
  })

  it('leaves a collector that answers pings but acknowledges nothing', async () => {
    made.outbox.append(alerts(1))
    made.start({ pace: { ...PACE, pingMs: 20, ackMs: 60 } })
    const peer = await made.collector.peer()
    peer.welcome()
    await made.state('waiting', /acknowledged nothing/)
    assert.equal(made.outbox.counters().items, 1)
  })

  it('stays with one that has nothing to acknowledge', async () => {
    const uplink = made.start({ pace: { ...PACE, pingMs: 20, ackMs: 60 } })
    const peer = await made.collector.peer()
    peer.welcome()
    let pings = 0
    peer.socket.on('ping', () => pings++)
    await until(() => pings >= 6)
    assert.deepEqual(uplink.state(), { state: 'connected' })
  })

  it('says what a collector that refuses it says, and asks again', async () => {
    made.collector.refusal = answer('410 Gone', '{"error":"agents come here no more"}')
    const uplink = made.start()
    await made.state('refused', /^the collector answered 410: agents come here no more$/)
    assert.equal(uplink.state().state, 'refused')
    made.collector.refusal = undefined
    ;(await made.collector.peer()).welcome()
    await made.state('connected')
  })

  for (const soon of ['device-revoked', 'certificate-revoked'])
    it(`asks again soon where that may be undone at any moment (${soon}), and not where else it is refused`, async () => {
      const pace = { ...PACE, revokedMs: 5, refusedMs: 1e9 }
      const revoked = JSON.stringify({ error: 'this was revoked', code: soon })
      made.collector.refusal = answer('403 Forbidden', revoked)
      const uplink = made.start({ pace })
      await until(() => made.collector.requests === 4)
      const { state, code } = uplink.state() as { state: string; code?: string }
      if (state !== 'connecting') assert.deepEqual([state, code], ['refused', soon])
      made.collector.refusal = undefined
      ;(await made.collector.peer()).welcome()
      await made.state('connected')
      await made.end()
      const unknown = JSON.stringify({ error: 'unknown', code: 'certificate-unknown' })
      made.collector.refusal = answer('403 Forbidden', unknown)
      const { requests } = made.collector
      made.start({ pace })
      await made.state('refused', /unknown/)
      await settled()
      assert.equal(made.collector.requests, requests + 1)
    })

  it('spreads its questions over a span that grows to that of other refusals, where it was thrown out', async () => {
    const revoked = JSON.stringify({ error: 'this device was revoked', code: 'device-revoked' })
    made.collector.refusal = answer('403 Forbidden', revoked)
    const atMs: number[] = []
    const onState = (now: UplinkState) => {
      if (now.state === 'connecting') atMs.push(performance.now())
    }
    made.start({ onState, random: () => 0.999, pace: { ...PACE, revokedMs: 40, refusedMs: 150 } })
    await until(() => atMs.length >= 5)
    for (const [index, leastMs] of [80, 120, 190, 190].entries()) {
      const waitMs = (atMs[index + 1] as number) - (atMs[index] as number)
      assert.ok(waitMs >= leastMs - 2, `${index}: ${waitMs}`)
    }
  })

  it('waits as long as a busy collector asks, and says so', async () => {
    made.collector.refusal = answer(
      '503 Service Unavailable',
      '<html>no</html>',
      'Retry-After: 30\r\n',
    )
    const startedMs = performance.now()
    const uplink = made.start()
    await made.state('waiting', /^the collector answered 503$/)
    const now = uplink.state()
    assert.ok(now.state === 'waiting' && now.retryInMs <= 30_050)
    const sinceMs = performance.now() - startedMs
    assert.ok(
      now.retryInMs + sinceMs >= 30_000,
      `${now.retryInMs} ms, ${sinceMs} ms after it began`,
    )
    assert.equal(now.httpStatus, 503)
  })

  it('spreads its attempts over a span that doubles up to what the collector names', async () => {
    const waits: number[] = []
    const onState = (now: UplinkState) => {
      if (now.state === 'waiting') waits.push(now.retryInMs)
    }
    made.collector.refusal = (socket) => socket.destroy()
    made.start({
      onState,
      random: () => 0.999,
      pace: { ...PACE, backoffFirstMs: 40, backoffMostMs: 300 },
    })
    await until(() => waits.length >= 6)
    // What is left of a wait when it is told: a machine that is busy has used some of it.
    for (const [index, spanMs] of [40, 80, 160, 300, 300, 300].entries()) {
      const waitMs = waits[index] as number
      assert.ok(waitMs <= spanMs && waitMs > spanMs / 2, `${waits}`)
    }
  })

  it('sends nothing in the clear, not on this machine either, nor to whom it is not enrolled with', () => {
    for (const [url, why] of [
      ['ws://collector.example.org/', /named by its state directory: ws:.* is neither/],
      ['http://127.0.0.1:8442', /named by its state directory: http:.* is neither/],
      ['https://collector.example.org', /^this machine is not enrolled with https:/],
    ] as const) {
      const now = made.start({ url }).state()
      assert.ok(now.state === 'refused')
      assert.match(now.reason, why)
    }
    assert.equal(made.collector.requests, 0)
  })

  it('says of a collector that speaks no TLS, and of a name without a host, what is the matter', async () => {
    const plain = createServer((_request, response) => response.end()).listen(0, '127.0.0.1')
    await once(plain, 'listening')
    const { port } = plain.address() as AddressInfo
    const enrolment = enrolled(makeCertificate(Date.now()))
    const spoken = made.start({ url: `https://127.0.0.1:${port}`, enrolment })
    await made.state('waiting', /^what answers at its address speaks no TLS that fits \(EPROTO\)$/)
    const now = spoken.state()
    assert.ok(now.state !== 'waiting' || now.isUntrusted === undefined)
    // Too long a label: no resolver is asked.
    made.start({ url: `https://${'a'.repeat(64)}.invalid`, enrolment })
    await made.state('waiting', /^no host has its name \(ENOTFOUND\)$/)
    plain.close()
  })

  it('writes out what a collector says that would steer a terminal, and bounds it', async () => {
    made.collector.refusal = answer('403 Forbidden', `{"error":"\\u001b[2J${'x'.repeat(300)}"}`)
    made.start()
    await made.state('refused', /^the collector answered 403: \\u\{1b\}\[2Jx{100,200}…$/)
  })

  it('speaks TLS to whom its authorities vouch for, and to nobody else', async () => {
    const certified = makeCertificate(Date.now())
    const secure = await CollectorDouble.startSecure(certified)
    try {
      const { url } = secure
      made.start({ url, enrolment: enrolled(makeCertificate(Date.now())) })
      await made.state('waiting', /^self-signed certificate$/)
      const mistrusted = made.states.find(({ state }) => state === 'waiting')
      assert.ok(mistrusted?.state === 'waiting' && mistrusted.isUntrusted === true)
      await made.end()
      made.start({ url, enrolment: enrolled(certified) })
      ;(await secure.peer()).welcome()
      await made.state('connected')
    } finally {
      await made.end()
      await secure.stop()
    }
  })

  it('says of a collector whose certificate is for another name which that is', async () => {
    const authority = makeAuthority(Date.now())
    const wish = { name: 'c', use: 'serverAuth', altNames: ['127.0.0.2'] } as const
    const secure = await CollectorDouble.startSecure(issue(authority, wish, Date.now()))
    try {
      made.start({ url: secure.url, enrolment: enrolled(authority) })
      await made.state('waiting', /^its certificate is for another name: 127\.0\.0\.2$/)
    } finally {
      await made.end()
      await secure.stop()
    }
  })

  for (const [clock, off, why] of [
    ['ahead', { toMs: Date.now() - 1000 }, /^certificate has expired$/],
    ['behind', { fromMs: Date.now() + 3_600_000 }, /^certificate is not yet valid$/],
  ] as const)
    it(`says nothing to a collector whose certificate is out of its time, as where this clock is ${clock}`, async () => {
      made.outbox.append(alerts(1))
      const authority = makeAuthority(Date.now())
      const wish = { name: 'c', use: 'serverAuth', altNames: ['127.0.0.1'], ...off } as const
      const secure = await CollectorDouble.startSecure(issue(authority, wish, Date.now()))
      try {
        made.start({ url: secure.url, enrolment: enrolled(authority) })
        await made.state('waiting', why)
        const mistrusted = made.states.find(({ state }) => state === 'waiting')
        assert.ok(mistrusted?.state === 'waiting' && mistrusted.isUntrusted === true)
        assert.deepEqual([secure.requests, made.outbox.counters().items], [0, 1])
      } finally {
        await made.end()
        await secure.stop()
      }
    })

  it('waits long after another connection of this device has taken over', async () => {
    const uplink = made.start({ pace: { ...PACE, backoffFirstMs: 1, backoffMostMs: 100_000 } })
    const peer = await made.collector.peer()
    peer.welcome()
    await made.state('connected')
    peer.socket.close(4001, 'a newer connection of this device has taken over')
    await made.state('waiting', /a newer connection/)
    const now = uplink.state()
    assert.ok(now.state === 'waiting' && now.retryInMs > 40_000)
  })

  it('says of a collector that can store nothing that it takes nothing, until it has taken something', async () => {
    made.outbox.append(alerts(2))
    const uplink = made.start()
    const lines = () => made.lines.filter((line) => /connected to|no collector/.test(line))
    for (let times = 0; times < 3; times++) {
      const peer = await made.collector.peer()
      peer.welcome()
      await peer.until(() => peer.items.length === 2)
      peer.say({ kind: 'goodbye', reason: 'the store is not available' })
      peer.socket.close(1013)
      await peer.closed()
      await until(() => uplink.state().state === 'waiting')
      const now = uplink.state()
      assert.ok(now.state === 'waiting' && now.takesNothing)
      assert.match(now.reason, /the store is not available/)
    }
    assert.equal(lines().length, 2, 'its beginning, once, after the first Welcome')
    const states = made.states.slice(made.states.findIndex(({ state }) => state === 'waiting'))
    assert.deepEqual([...new Set(states.map(({ state }) => state))], ['waiting'])
    const peer = await made.collector.peer()
    peer.welcome()
    await peer.until(() => peer.items.length === 2)
    assert.equal(uplink.state().state, 'waiting')
    peer.ack(1)
    await until(() => uplink.state().state === 'connected')
    // With nothing to take no collector can show that it does.
    peer.ack(2)
    peer.socket.close(1013)
    await until(() => uplink.state().state === 'waiting')
    const next = await made.collector.peer()
    next.welcome()
    await until(() => uplink.state().state === 'connected')
  })

  it('goes on while the disk refuses to drop what is acknowledged', async () => {
    made.outbox.append(alerts(1))
    made.outbox.append([healthFinding])
    made.start()
    const peer = await made.collector.peer()
    peer.welcome()
    await peer.until(() => peer.items.length === 2)
    const holder = new DatabaseSync(join(made.directory, 'outbox.db'))
    holder.exec('BEGIN IMMEDIATE')
    peer.ack(1)
    await until(() => made.outbox.acknowledged() === 1)
    peer.ack(2)
    await until(() => made.outbox.counters().items === 0)
    holder.close()
    assert.deepEqual([made.outbox.acknowledged(), made.outbox.read(0, 10, 1 << 20)], [2, []])
  })
})
