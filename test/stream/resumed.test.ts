// A wrong server that could take up a session which the right one began, since it has that one's ticket keys: over such a
// session no certificate is shown, and whoever takes it up tells all to whoever answers.
import assert from 'node:assert/strict'
import { randomBytes, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { enrol } from '../../src/stream/enrol.ts'
import { openOutbox } from '../../src/stream/outbox.ts'
import { startUplink } from '../../src/stream/uplink.ts'
import {
  issueDevice,
  issueServer,
  type KeyAndCertificate,
  makeAuthority,
  makeKey,
  readRequest,
  requestOf,
} from '../../src/trust/certificates.ts'
import { pemOf, pinOf } from '../../src/trust/pin.ts'
import { nowUnixNs } from '../../src/units.ts'
import { DEVICE_A, helloOf } from '../collector/agent.ts'
import { until } from '../waits.ts'
import { alerts, PACE } from './uplink-fixture.ts'

type Met = { isReused: boolean; heard: string; isOver: boolean }

describe('a wrong server that can take up a session of the right one', () => {
  let authority: KeyAndCertificate
  let port: number
  let gate: Server
  /** Who gets the next connection, and all after those that are named. */
  let next: 'right' | 'wrong'
  let first: ('right' | 'wrong')[]
  /** Connections, as the servers have seen them after the handshake. */
  let met: Record<'right' | 'wrong', Met[]>
  /** TCP connections to the wrong one, each of which ends. */
  let ended: Promise<unknown>[]

  beforeEach(async () => {
    authority = await makeAuthority('Freshet collector', Date.now())
    const other = await makeAuthority('Freshet collector', Date.now())
    const ticketKeys = randomBytes(48)
    met = { right: [], wrong: [] }
    ended = []
    next = 'right'
    first = []
    const server = async (who: 'right' | 'wrong', by: KeyAndCertificate) => {
      const { key, certificate } = await issueServer(by, ['127.0.0.1'], Date.now())
      const cert = `${certificate}${by.certificate}`
      const take = (socket: TLSSocket) => {
        const one = { isReused: socket.isSessionReused(), heard: '', isOver: false }
        met[who].push(one)
        socket.on('error', () => {})
        socket.on('close', () => {
          one.isOver = true
        })
        socket.on('data', (bytes) => {
          one.heard += bytes
          // It has its session tickets by now.
          if (who === 'right') socket.end('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n')
        })
      }
      const options = { key, cert, ticketKeys, minVersion: 'TLSv1.3' as const }
      return createTlsServer(options, take).on('tlsClientError', () => {})
    }
    const servers = { right: await server('right', authority), wrong: await server('wrong', other) }
    gate = createServer((socket) => {
      const who = first.shift() ?? next
      if (who === 'wrong') ended.push(once(socket, 'close'))
      servers[who].emit('connection', socket)
    })
    gate.listen(0, '127.0.0.1')
    await once(gate, 'listening')
    port = (gate.address() as AddressInfo).port
  })
  afterEach(() => void gate.close())

  /** What reached the wrong one. REQUIRES: something connects to it. */
  const reached = async (): Promise<string> => {
    await until(() => ended.length > 0)
    await Promise.all(ended)
    assert(met.wrong.every(({ isReused }) => !isReused))
    return met.wrong.map(({ heard }) => heard).join('')
  }

  it('hears all from a client that takes sessions up: so would it from us', async () => {
    const to = { host: '127.0.0.1', port, ca: authority.certificate }
    const one = connect(to)
    const [session] = (await once(one, 'session')) as [Buffer]
    one.destroy()
    next = 'wrong'
    const second = connect({ ...to, session }, () => second.write('the secret'))
    second.on('error', () => {})
    await until(() => met.wrong.some(({ heard }) => heard === 'the secret'))
    assert.equal(met.wrong[0]?.isReused, true)
    second.destroy()
  })

  it('hears not one byte from an agent’s stream', async () => {
    const key = makeKey()
    const { der } = await issueDevice(
      authority,
      await readRequest(await requestOf(key, DEVICE_A)),
      Date.now(),
    )
    const directory = mkdtempSync(join(tmpdir(), 'freshet-resumed-'))
    const outbox = openOutbox(join(directory, 'outbox.db'), {
      ...{ bytesMax: 1 << 24, ageMaxMs: 1e9, now: nowUnixNs },
    })
    outbox.append(alerts(1))
    const ending = new AbortController()
    const identity = {
      ...{ key, certificate: pemOf('CERTIFICATE', der), authorities: [authority.certificate] },
    }
    const uplink = startUplink({
      ...{ url: `https://127.0.0.1:${port}`, outbox, signal: ending.signal, pace: PACE },
      hello: { deviceId: DEVICE_A, agentVersion: '0.1.0', host: helloOf(DEVICE_A).hello.host },
      enrolment: {
        ...{ identity: () => identity, request: async () => undefined, take: () => 0 },
        ...{ reenrol: async () => undefined, takeOwn() {} },
      },
    })
    try {
      await until(() => met.right.length > 2)
      assert(met.right.every(({ isReused }) => !isReused))
      assert(met.right.some(({ heard }) => heard.startsWith('GET /v1/stream')))
      next = 'wrong'
      assert.equal(await reached(), '')
      await until(() => uplink.state().state === 'waiting')
    } finally {
      ending.abort()
      await uplink.done
      outbox.close()
      rmSync(directory, { recursive: true })
    }
  })

  it('hears not one byte from a machine that enrols, nor its token', async () => {
    const asked = async () =>
      enrol({
        ...{ collector: { host: '127.0.0.1', port }, timeoutMs: 5000 },
        pin: pinOf(new X509Certificate(authority.certificate)),
        request: {
          ...{ token: 'freshet_enrol_secret', request: await requestOf(makeKey(), DEVICE_A) },
          ...{ hardware: 'ab'.repeat(32), agentVersion: '0.1.0' },
          host: helloOf(DEVICE_A).hello.host,
        },
      })
    await assert.rejects(asked(), /it answered 503/)
    assert(met.right.some(({ heard }) => heard.includes('freshet_enrol_secret')))
    // The look for the pin meets the right one, what carries the token the wrong one.
    first = ['right']
    next = 'wrong'
    await assert.rejects(asked(), /self-signed|verify|issuer|signature/)
    assert.equal(await reached(), '')
  })
})
