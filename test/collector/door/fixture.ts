// What the door's tests share: a door with two HTTP servers behind it that say what they see, and certificates to come with.
import { once } from 'node:events'
import { createServer, type Server as HttpServer } from 'node:http'
import {
  type AddressInfo,
  connect as connectTcp,
  createServer as createTcp,
  type Server,
  type Socket,
} from 'node:net'
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { clientHelloOf } from '../../../src/collector/door/client-hello.ts'
import {
  type Door,
  type DoorOptions,
  type Material,
  openDoor,
} from '../../../src/collector/door/door.ts'
import { Counters } from '../../../src/collector/terms/counters.ts'
import { LIMITS, type Limits } from '../../../src/collector/terms/limits.ts'
import { AGENT_ALPN } from '../../../src/stream/message.ts'
import { type Authority, issue, makeAuthority } from '../../stream/certificate.ts'
import { WAIT_MS } from '../../waits.ts'

export const addressOf = (server: Server): { host: string; port: number } => {
  const { address, port } = server.address() as AddressInfo
  return { host: address, port }
}

/** The authority of the collector and of its agents, and what it signed. */
export function makeMaterial(nowMs: number): { authority: Authority; material: Material } {
  const authority = makeAuthority(nowMs)
  const { cert, key } = issue(
    authority,
    { name: 'collector', use: 'serverAuth', altNames: ['127.0.0.1', 'localhost'] },
    nowMs,
  )
  return { authority, material: { cert, key, clientAuthorities: [authority.cert] } }
}

export type Seen = { by: 'agents' | 'people'; path: string; certificateOf: string | null }

export type Running = {
  door: Door
  port: number
  authority: Authority
  counters: Counters
  log: string[]
  agents: HttpServer
  people: HttpServer
  /** Connects; the server is believed by its authority. Rejects when TLS comes to nothing. */
  connect(options?: ConnectionOptions): Promise<TLSSocket>
  /** The same with a certificate of this name, as an agent. */
  connectAgent(name?: string, options?: ConnectionOptions): Promise<TLSSocket>
  stop(): void
}

/** Lets in who has a certificate that an authority vouches for. */
export const judgeByAuthority: DoorOptions['judge'] = (socket) =>
  socket.authorized
    ? undefined
    : { code: 'not-vouched', error: `no authority vouches for it: ${socket.authorizationError}` }

const serverThatTells = (by: Seen['by']): HttpServer => {
  const server = createServer(
    { connectionsCheckingInterval: 50 },
    ({ url = '', socket }, response) => {
      const certificateOf = (socket as TLSSocket).getPeerX509Certificate()?.subject ?? null
      const seen: Seen = { by, path: url, certificateOf: certificateOf?.replace('CN=', '') ?? null }
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify(seen))
    },
  )
  // Tests hold connections without a word.
  server.headersTimeout = 2 * WAIT_MS
  server.keepAliveTimeout = 2 * WAIT_MS
  return server
}

export async function runDoor(
  limits: Partial<Limits> = {},
  judge: DoorOptions['judge'] = judgeByAuthority,
): Promise<Running> {
  const { authority, material } = makeMaterial(Date.now())
  const counters = new Counters()
  const log: string[] = []
  const [agents, people] = [serverThatTells('agents'), serverThatTells('people')]
  const door = await openDoor({
    addresses: [{ host: '127.0.0.1', port: 0 }],
    material,
    limits: { ...LIMITS, ...limits },
    counters,
    log: (text) => log.push(text),
    judge,
    agents,
    people,
  })
  const { port } = door.addresses[0] as { port: number }
  const connectTls = async (options: ConnectionOptions = {}): Promise<TLSSocket> => {
    const socket = connect({ host: '127.0.0.1', port, ca: authority.cert, ...options })
    await once(socket, 'secureConnect')
    return socket
  }
  return {
    door,
    port,
    authority,
    counters,
    log,
    agents,
    people,
    connect: connectTls,
    connectAgent(name = 'agent', options) {
      const { cert, key } = issue(authority, { name, use: 'clientAuth' }, Date.now())
      return connectTls({ ALPNProtocols: [AGENT_ALPN], cert, key, ...options })
    },
    stop() {
      door.close()
      for (const server of [agents, people]) {
        server.close()
        server.closeAllConnections()
      }
    },
  }
}

/** What node's own client sends first. */
export async function helloOfNode(options: ConnectionOptions): Promise<Buffer> {
  const server = createTcp().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect({ ...addressOf(server), ...options })
  client.on('error', () => {})
  const [socket] = (await once(server, 'connection')) as [Socket]
  const parts: Buffer[] = []
  for await (const chunk of socket) {
    parts.push(chunk)
    if (clientHelloOf(Buffer.concat(parts)) !== 'more') break
  }
  client.destroy()
  server.close()
  return Buffer.concat(parts)
}

/** All that comes until the end. */
export async function readAll(socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket) text += chunk
  return text
}

/** Asks on a connection, and gives the answer's body; the connection stays. */
export async function ask(socket: Socket, path = '/'): Promise<Seen> {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: collector\r\n\r\n`)
  let text = ''
  while (!text.includes('}')) text += (await once(socket, 'data'))[0]
  return JSON.parse(text.slice(text.indexOf('{'))) as Seen
}

/** Passes TCP on, `bytes` at a time with a pause in between; what comes back is passed as it comes. */
export async function slowRelay(
  port: number,
  bytes: number,
  pauseMs: number,
): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>()
  const relay = createTcp((near) => {
    const far = connectTcp({ port, host: '127.0.0.1', noDelay: true })
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        near.destroy()
        far.destroy()
      })
    }
    far.pipe(near)
    void (async () => {
      for await (const chunk of near)
        for (let at = 0; at < chunk.length; at += bytes) {
          far.write(chunk.subarray(at, at + bytes))
          await (pauseMs > 0 ? delay(pauseMs) : turn())
        }
    })().catch(() => {})
  })
  relay.listen(0, '127.0.0.1')
  await once(relay, 'listening')
  return {
    port: addressOf(relay).port,
    close() {
      relay.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Looks again until it is so, for WAIT_MS at most. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + WAIT_MS
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`it did not come to be that ${what}`)
    await delay(5)
  }
}
