import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { connect, getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls'
import { WebSocket, WebSocketServer } from 'ws'
import { openDoor } from '../../../src/collector/door/door.ts'
import { failureOf } from '../../../src/collector/door/tls-failure.ts'
import { CollectorError } from '../../../src/collector/terms/collector-error.ts'
import { Counters } from '../../../src/collector/terms/counters.ts'
import { LIMITS } from '../../../src/collector/terms/limits.ts'
import { AGENT_ALPN } from '../../../src/stream/message.ts'
import { issue, makeAuthority } from '../../stream/certificate.ts'
import {
  addressOf,
  ask,
  judgeByAuthority,
  makeMaterial,
  type Running,
  readAll,
  runDoor,
  until,
} from './fixture.ts'

/** The answer of an agents' connection that is not let in. */
const refusalIn = (text: string): { status: number; error: string; code: string } => ({
  status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]),
  ...JSON.parse(text.slice(text.indexOf('{'))),
})

describe("the collector's door", () => {
  let running: Running
  beforeEach(async () => {
    running = await runDoor()
  })
  afterEach(() => running.stop())

  describe('asks nobody for a certificate', () => {
    // Who is asked shows the one it has: an agent's connection below does.
    const offers: Record<string, string[] | undefined> = {
      'who offers no protocol': undefined,
      'who offers http/1.1': ['http/1.1'],
      'a browser, which offers h2 first': ['h2', 'http/1.1'],
      'who offers another protocol of agents beside': ['freshet-agent-2', 'http/1.1'],
    }
    for (const [who, protocols] of Object.entries(offers))
      it(who, async () => {
        const { cert, key } = issue(running.authority, { name: 'a person' }, Date.now())
        const socket = await running.connect({
          cert,
          key,
          ...(protocols && { ALPNProtocols: protocols }),
        })
        assert.deepEqual(await ask(socket, '/page'), {
          by: 'people',
          path: '/page',
          certificateOf: null,
        })
        assert.equal(socket.getProtocol(), 'TLSv1.3')
        assert.equal(socket.alpnProtocol, protocols ? 'http/1.1' : false)
        socket.destroy()
        assert.equal(running.counters.read().doorPeople, 1)
      })
  })

  describe('knows an agent before a byte of HTTP', () => {
    it('by its certificate, and hands it on', async () => {
      const socket = await running.connectAgent('device 7')
      assert.deepEqual(await ask(socket, '/v1/stream'), {
        by: 'agents',
        path: '/v1/stream',
        certificateOf: 'device 7',
      })
      assert.equal(socket.alpnProtocol, AGENT_ALPN)
      socket.destroy()
      assert.equal(running.counters.read().doorAgents, 1)
    })

    it('also where it offers more than that', async () => {
      const socket = await running.connectAgent('device 8', {
        ALPNProtocols: ['http/1.1', AGENT_ALPN],
      })
      assert.equal((await ask(socket)).certificateOf, 'device 8')
      socket.destroy()
    })

    const strangers: Record<string, (nowMs: number) => object> = {
      'that has none': () => ({ cert: undefined, key: undefined }),
      "that has another authority's": (nowMs) =>
        issue(makeAuthority(nowMs), { name: 'agent', use: 'clientAuth' }, nowMs),
      'whose own has expired': (nowMs) =>
        issue(running.authority, { name: 'agent', use: 'clientAuth', toMs: nowMs - 5000 }, nowMs),
      'whose own is not valid yet': (nowMs) =>
        issue(
          running.authority,
          { name: 'agent', use: 'clientAuth', fromMs: nowMs + 60_000 },
          nowMs,
        ),
      'whose own is for servers': (nowMs) =>
        issue(running.authority, { name: 'agent', use: 'serverAuth' }, nowMs),
    }
    for (const [which, certified] of Object.entries(strangers))
      it(`and refuses one ${which}, with a code, whatever it sends`, async () => {
        let requests = 0
        running.agents.on('request', () => requests++)
        const socket = await running.connectAgent('agent', certified(Date.now()))
        socket.on('error', () => {})
        socket.write(`GET /v1/stream HTTP/1.1\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`)
        const { status, code, error } = refusalIn(await readAll(socket))
        assert.deepEqual([status, code], [403, 'not-vouched'])
        assert.match(error, /^no authority vouches for it: [A-Z_]+$/)
        assert.equal(requests, 0)
        assert.equal(running.counters.read().doorRefused, 1)
      })

    it('and cuts one whose own another key has signed in the name of its authority', async () => {
      let requests = 0
      running.agents.on('request', () => requests++)
      const { name, keyId } = running.authority
      const forger = { ...makeAuthority(Date.now()), name, keyId }
      const forged = issue(forger, { name: 'agent', use: 'clientAuth' }, Date.now())
      const socket = await running.connectAgent('agent', forged)
      socket.on('error', () => {})
      socket.write('GET / HTTP/1.1\r\nHost: collector\r\n\r\n')
      await new Promise((resolve) => socket.once('close', resolve))
      assert.equal(running.counters.read().doorRefused, 1)
      assert.equal(requests, 0)
    })

    it('and ends who waits after a refusal within seconds', async () => {
      const socket = await running.connectAgent('agent', { cert: undefined, key: undefined })
      socket.allowHalfOpen = true
      socket.resume()
      await until(() => running.door.sizes().agents === 0, 'it is gone')
    })

    it('so that its WebSocket client reads the refusal as an answer to its upgrade', async () => {
      const client = new WebSocket(`wss://127.0.0.1:${running.port}/v1/stream`, {
        ca: running.authority.cert,
        ALPNProtocols: [AGENT_ALPN],
      } as object)
      client.on('error', () => {})
      const [, response] = await once(client, 'unexpected-response')
      assert.equal(response.statusCode, 403)
      assert.equal(JSON.parse(await readAll(response)).code, 'not-vouched')
    })

    it('and gives the upgrade of one that is let in to who listens for it', async () => {
      const sockets = new WebSocketServer({ noServer: true })
      running.agents.on('upgrade', (request, socket, head) =>
        sockets.handleUpgrade(request, socket, head, (each) => {
          each.on('message', (data: Buffer) =>
            each.send(
              `${data.toString()} of ${(socket as TLSSocket).getPeerX509Certificate()?.subject}`,
            ),
          )
        }),
      )
      const { cert, key } = issue(running.authority, { name: 'ws', use: 'clientAuth' }, Date.now())
      const client = new WebSocket(`wss://127.0.0.1:${running.port}/v1/stream`, {
        ca: running.authority.cert,
        ALPNProtocols: [AGENT_ALPN],
        cert,
        key,
      } as object)
      await once(client, 'open')
      client.send('hello')
      const [answer] = await once(client, 'message')
      assert.equal(String(answer), 'hello of CN=ws')
      client.terminate()
    })

    it('and refuses one that its judge fails on, which goes on judging', async () => {
      let isFailing = true
      const frail = await runDoor({}, (socket) => {
        if (isFailing) throw new Error('no such serial')
        return judgeByAuthority(socket)
      })
      const first = await frail.connectAgent()
      const { status, code } = refusalIn(await readAll(first))
      assert.deepEqual([status, code], [403, 'fault'])
      assert.match(frail.log.join(), /could not be judged: Error: no such serial/)
      isFailing = false
      const second = await frail.connectAgent()
      assert.equal((await ask(second)).by, 'agents')
      frail.stop()
    })
  })

  it('believes no authority of the system where it has none for agents', async () => {
    const { material } = makeMaterial(Date.now())
    const before = getCACertificates('default')
    setDefaultCACertificates([running.authority.cert])
    try {
      running.door.renew({ ...material, clientAuthorities: [] })
      const socket = await running.connectAgent('agent', { rejectUnauthorized: false })
      assert.equal(refusalIn(await readAll(socket)).code, 'not-vouched')
    } finally {
      setDefaultCACertificates(before)
    }
  })

  describe('resumes no session', () => {
    for (const who of ['an agent', 'a person'] as const)
      it(`of ${who}`, async () => {
        const certified = issue(running.authority, { name: 'agent', use: 'clientAuth' }, Date.now())
        const options = {
          host: '127.0.0.1',
          port: running.port,
          ca: running.authority.cert,
          ...(who === 'an agent' && { ...certified, ALPNProtocols: [AGENT_ALPN] }),
        }
        const first = connect(options)
        // What it calls a session after the handshake is a name that nobody knows any more.
        const sessions: Buffer[] = []
        first.on('session', (session) => sessions.push(session))
        await once(first, 'secureConnect')
        await ask(first)
        first.destroy()
        const [session] = sessions
        assert(session, 'it has a name for it')
        const second = connect({ ...options, session })
        await once(second, 'secureConnect')
        assert.equal(second.isSessionReused(), false)
        const { certificateOf } = await ask(second)
        assert.equal(certificateOf, who === 'an agent' ? 'agent' : null)
        second.destroy()
      })
  })

  describe('speaks TLS 1.3 alone', () => {
    for (const protocols of [undefined, [AGENT_ALPN]])
      it(`and says so to TLS 1.2 of ${protocols ? 'an agent' : 'a person'}`, async () => {
        await assert.rejects(
          running.connect({
            maxVersion: 'TLSv1.2',
            ...(protocols && { ALPNProtocols: protocols }),
          }),
          { code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' },
        )
        await until(() => running.counters.read().doorTlsOld === 1, 'it is counted')
      })

    it('and answers plain HTTP with a sentence', async () => {
      const response = await fetch(`http://127.0.0.1:${running.port}/`)
      assert.equal(response.status, 400)
      assert.equal(await response.text(), 'this port speaks TLS: use https://\n')
      assert.equal(running.counters.read().doorNotTls, 1)
    })

    it('and says as well to who reads nothing before he has said all', async () => {
      const socket = connectTcp({ port: running.port, host: '127.0.0.1' })
      await new Promise((resolve) => socket.write(Buffer.alloc(8_000_000, 'POST /'), resolve))
      assert.match(await readAll(socket), /^HTTP\/1\.1 400 Bad Request\r\n/)
    })
  })

  describe('counts a handshake that comes to nothing:', () => {
    it('of who does not trust its certificate', () => {
      // Node's own client hangs up without a word; OpenSSL's and browsers send an alert.
      const counted = (code: string) => failureOf(Object.assign(new Error(), { code }))
      for (const alert of ['TLSV1_ALERT_UNKNOWN_CA', 'SSLV3_ALERT_CERTIFICATE_EXPIRED'])
        assert.equal(counted(`ERR_SSL_${alert}`), 'doorTlsUntrusted', alert)
      assert.equal(counted('ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE'), 'doorTlsFailed')
      assert.equal(counted('ECONNRESET'), 'doorTlsLost')
    })

    it('of who goes away in it', async () => {
      const socket = connect({ host: '127.0.0.1', port: running.port, ca: running.authority.cert })
      socket.on('error', () => {})
      socket.once('connect', () => setImmediate(() => socket.destroy()))
      await once(socket, 'close')
      const left = () => {
        const { doorLeft, doorTlsLost, doorPeople } = running.counters.read()
        return doorLeft + doorTlsLost + doorPeople
      }
      await until(() => left() === 1, 'it is counted')
    })

    it('of who offers no protocol that is spoken here', async () => {
      await assert.rejects(running.connect({ ALPNProtocols: ['h2'] }), {
        code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
      })
      await until(() => running.counters.read().doorTlsFailed === 1, 'it is counted')
    })
  })

  describe('with another certificate', () => {
    it('gives it to who comes next, while who is there stays', async () => {
      const before = await running.connectAgent('early')
      const { authority, material } = makeMaterial(Date.now())
      const both = [...material.clientAuthorities, running.authority.cert]
      running.door.renew({ ...material, clientAuthorities: both })
      await assert.rejects(running.connect(), /certificate/)
      const page = await running.connect({ ca: authority.cert })
      assert.equal((await ask(page)).by, 'people')
      for (const [issuer, name] of [
        [authority, 'new'],
        [running.authority, 'old'],
      ] as const) {
        const { cert, key } = issue(issuer, { name, use: 'clientAuth' }, Date.now())
        const agent = await running.connectAgent(name, { cert, key, ca: authority.cert })
        assert.equal((await ask(agent)).certificateOf, name)
        agent.destroy()
      }
      assert.equal((await ask(before)).certificateOf, 'early')
      for (const socket of [before, page]) socket.destroy()
    })

    it('that does not fit its key stays as it was', async () => {
      const { material } = makeMaterial(Date.now())
      const { key } = makeMaterial(Date.now()).material
      assert.throws(() => running.door.renew({ ...material, key }))
      const socket = await running.connect()
      assert.equal((await ask(socket)).by, 'people')
      socket.destroy()
    })
  })

  it('cuts a request that is begun and not ended, as a server that listens itself does', async () => {
    running.people.headersTimeout = 300
    const socket = await running.connect()
    socket.write('GET / HTTP/1.1\r\nHost:')
    assert.match(await readAll(socket), /^HTTP\/1\.1 408 /)
  })

  it('opens at several addresses, or at none', async () => {
    const { material } = makeMaterial(Date.now())
    const taken = createServer().listen(0, '127.0.0.2')
    await once(taken, 'listening')
    const options = (...addresses: { host: string; port: number }[]) => ({
      addresses,
      material,
      limits: LIMITS,
      counters: new Counters(),
      log: () => {},
      judge: judgeByAuthority,
      agents: createServer(),
      people: createServer(),
    })
    const free = { host: '127.0.0.1', port: 0 }
    const two = await openDoor(options(free, { host: '127.0.0.3', port: 0 }))
    for (const { host, port } of two.addresses)
      assert.equal((await fetch(`http://${host}:${port}`)).status, 400, host)
    const [first] = two.addresses as [{ host: string; port: number }]
    two.close()
    await assert.rejects(
      openDoor(options(first, { host: '127.0.0.2', port: addressOf(taken).port })),
      (error) =>
        error instanceof CollectorError &&
        error.code === 'address' &&
        /another program listens on 127\.0\.0\.2:\d+: choose another port/.test(error.message),
    )
    const again = await openDoor(options(first))
    again.close()
    taken.close()
  })

  it('closes to who comes and who is not through yet, and leaves who is in', async () => {
    const agent = await running.connectAgent('inside')
    const waiting = connectTcp({ port: running.port, host: '127.0.0.1' })
    waiting.on('error', () => {})
    await until(() => running.door.sizes().waiting === 1, 'one waits')
    running.door.close()
    running.door.close()
    await once(waiting, 'close')
    const late = connectTcp({ port: running.port, host: '127.0.0.1' })
    const [error] = await once(late, 'error')
    assert.equal(error.code, 'ECONNREFUSED')
    assert.equal((await ask(agent)).certificateOf, 'inside')
    agent.destroy()
  })
})
