// The first contact with a collector: what an impostor gets to see of it, and what the real one does.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls'
import {
  decodeEnrollRequest,
  type EnrollRequest,
  encodeEnrollResponse,
} from '../../src/stream/codec-enrol.ts'
import { type EnrolError, enrol, findAuthority } from '../../src/stream/enrol.ts'
import {
  issueServer,
  type KeyAndCertificate,
  makeAuthority,
  makeKey,
  requestOf,
} from '../../src/trust/certificates.ts'
import { derOf, pinOf } from '../../src/trust/pin.ts'
import { DEVICE_A, helloOf } from '../collector/agent.ts'

type Material = { key: string; cert: string }

describe('enrolling', () => {
  let authority: KeyAndCertificate
  let pin: string
  let request: EnrollRequest
  const servers: (Server | TlsServer | HttpsServer)[] = []
  const material = async (of = authority, names = ['127.0.0.1']): Promise<Material> => {
    const { key, certificate } = await issueServer(of, names, Date.now())
    return { key, cert: `${certificate}${of.certificate}` }
  }
  before(async () => {
    authority = await makeAuthority('Freshet collector', Date.now())
    pin = pinOf(new X509Certificate(authority.certificate))
    request = {
      token: 'freshet_enrol_secret',
      request: await requestOf(makeKey(), DEVICE_A),
      hardware: 'ab'.repeat(32),
      agentVersion: '0.1.0',
      host: helloOf(DEVICE_A).hello.host,
    }
  })
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })
  const listen = async (server: Server | TlsServer | HttpsServer) => {
    servers.push(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
  }

  /** A TLS server that keeps all that it is told. */
  const impostor = async (of: Material) => {
    const heard: Buffer[] = []
    const closed: Promise<unknown>[] = []
    const server = createTlsServer({ ...of, minVersion: 'TLSv1.3' }, (socket) => {
      socket.on('data', (data: Buffer) => heard.push(data))
      socket.on('error', () => {})
    })
    server.on('connection', (socket: Socket) => closed.push(once(socket, 'close')))
    server.on('tlsClientError', () => {})
    return {
      peer: await listen(server),
      /** Of all connections, once they have ended. */
      async heard() {
        assert(closed.length > 0)
        await Promise.all(closed)
        return Buffer.concat(heard).toString()
      },
    }
  }

  const real = async (of: Material, answer: () => [number, Uint8Array | string]) => {
    const asked: Uint8Array[] = []
    const server = createHttpsServer({ ...of, minVersion: 'TLSv1.3' }, (message, response) => {
      const parts: Buffer[] = []
      message.on('data', (part: Buffer) => parts.push(part))
      message.on('end', () => {
        asked.push(Buffer.concat(parts))
        const [status, body] = answer()
        response.writeHead(status).end(body)
      })
    })
    return { peer: await listen(server), asked }
  }
  const good = (): [number, Uint8Array] => [
    200,
    encodeEnrollResponse({
      certificate: derOf(authority.certificate),
      authorities: [derOf(authority.certificate)],
      group: 'office',
    }),
  ]
  const fails = (peer: { host: string; port: number }, why: RegExp, code?: string) =>
    assert.rejects(
      enrol({ collector: peer, pin, request, timeoutMs: 5000 }),
      (error: EnrolError) => {
        assert.equal(error.name, 'EnrolError')
        assert.match(error.message, why)
        assert.equal(error.code, code)
        return true
      },
    )

  it('brings a certificate for a token, from the collector whose authority has the pin', async () => {
    const { peer, asked } = await real(await material(), good)
    const enrolled = await enrol({ collector: peer, pin, request })
    assert.equal(enrolled.group, 'office')
    assert.deepEqual(enrolled.authorities, [authority.certificate])
    assert.equal(asked.length, 1)
    assert.deepEqual(decodeEnrollRequest(asked[0] as Uint8Array), request)
  })

  it('tells a server of another authority nothing: not one byte', async () => {
    const other = await makeAuthority('Freshet collector', Date.now())
    const { peer, heard } = await impostor(await material(other))
    await fails(peer, /does not have the pin .*another server answers there.*Nothing was sent/)
    assert.equal(await heard(), '')
  })

  it('tells nothing to a server that shows the right authority beside a certificate of another', async () => {
    const other = await makeAuthority('Freshet collector', Date.now())
    const { key, certificate } = await issueServer(other, ['127.0.0.1'], Date.now())
    const { peer, heard } = await impostor({ key, cert: `${certificate}${authority.certificate}` })
    await fails(peer, /pin|verify|issuer|signature/)
    assert.equal(await heard(), '')
  })

  it('tells nothing to a server of the right authority that has another name', async () => {
    const { peer, heard } = await impostor(
      await material(authority, ['other.example', '127.0.0.2']),
    )
    await fails(peer, /: its certificate is for another name: other\.example, 127\.0\.0\.2$/)
    assert.equal(await heard(), '')
  })

  it('tells nothing to a server that takes the place after the first look', async () => {
    const other = await makeAuthority('Freshet collector', Date.now())
    const [first, second] = [await material(), await material(other)]
    const heard: Buffer[] = []
    const closed: Promise<unknown>[] = []
    let connections = 0
    const take = (socket: import('node:tls').TLSSocket) => {
      socket.on('data', (data: Buffer) => heard.push(data))
      socket.on('error', () => {})
    }
    const makers = [first, second].map((of) => {
      const server = createTlsServer({ ...of, minVersion: 'TLSv1.3' }, take)
      server.on('tlsClientError', () => {})
      return server
    })
    const peer = await listen(
      createServer((socket) => {
        closed.push(once(socket, 'close'))
        makers[Math.min(connections++, 1)]?.emit('connection', socket)
      }),
    )
    await fails(peer, /self-signed|verify|issuer/)
    assert.equal(connections, 2)
    await Promise.all(closed)
    assert.deepEqual(heard, [])
  })

  it('takes no pin of a certificate that is no authority', async () => {
    const of = await material()
    const { peer, heard } = await impostor(of)
    const leaf = pinOf(new X509Certificate(of.cert))
    await assert.rejects(findAuthority(peer, leaf), /does not have the pin/)
    assert.equal(await findAuthority(peer, pin), authority.certificate)
    assert.equal(await heard(), '')
  })

  it('speaks TLS 1.3 alone', async () => {
    const server = createTlsServer({ ...(await material()), maxVersion: 'TLSv1.2' })
    server.on('tlsClientError', () => {})
    await fails(await listen(server), /speaks no TLS 1\.3/)
    await fails(
      await listen(createServer((socket) => socket.end('HTTP/1.1 400 Bad\r\n\r\n'))),
      /TLS 1\.3/,
    )
  })

  it('says what the collector answered, and its code', async () => {
    const body = JSON.stringify({ error: 'the token "Berlin" has expired', code: 'token-expired' })
    const { peer } = await real(await material(), () => [403, body])
    await fails(peer, /answered 403: the token "Berlin" has expired/, 'token-expired')
  })

  it('bounds what it reads, and how long it waits', async () => {
    const long = await real(await material(), () => [200, Buffer.alloc(1024 * 1024)])
    await fails(long.peer, /answer is too long/)
    const odd = await real(await material(), () => [200, 'hello'])
    await fails(odd.peer, /its answer cannot be read/)
    const silent = await listen(createServer(() => {}))
    await assert.rejects(
      enrol({ collector: silent, pin, request, timeoutMs: 300 }),
      /it does not answer/,
    )
    const closed = { ...silent, port: 1 }
    await fails(closed, /nothing listens there/)
  })
})
