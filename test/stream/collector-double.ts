// A small real WebSocket server that does what a test tells it to.
import { mkdirSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import {
  AGENT_ALPN,
  decodeEnvelope,
  decodeItem,
  type Envelope,
  encodeEnvelope,
  type Item,
  type Reject,
  SUBPROTOCOL,
  type Welcome,
} from '../../src/stream/codec.ts'
import { agentsSocket } from '../../src/stream/local-socket.ts'
import type { UnixNs } from '../../src/units.ts'
import { WAIT_MS } from '../waits.ts'
import type { Certified } from './certificate.ts'

/** A test that waits for what never comes says for what, and ends. */
async function inTime<T>(coming: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new Error(`nothing came in ${WAIT_MS} ms ${what}`)),
    WAIT_MS,
  )
  try {
    return await Promise.race([coming, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

type Said = Exclude<Envelope, { kind: 'unknown' }>

/** One agent's connection, as the collector sees it. */
export class Peer {
  readonly request: IncomingMessage
  readonly socket: WebSocket
  readonly envelopes: Envelope[] = []
  readonly items: Item[] = []
  closeCode = 0
  #wake: (() => void)[] = []

  constructor(socket: WebSocket, request: IncomingMessage) {
    this.socket = socket
    this.request = request
    socket.on('message', (data) => {
      const envelope = decodeEnvelope(data as Buffer)
      this.envelopes.push(envelope)
      if (envelope.kind === 'batch')
        this.items.push(...envelope.items.map((item) => decodeItem(item)))
      this.#changed()
    })
    socket.on('error', () => {})
    socket.on('close', (code) => {
      this.closeCode = code
      this.#changed()
    })
  }

  say(envelope: Said): void {
    this.socket.send(encodeEnvelope(envelope))
  }

  welcome(more: Partial<Welcome> = {}): void {
    const welcome = {
      lastSequence: 0,
      capabilities: 0n,
      receivedAt: 1n as UnixNs,
      creditItems: 100,
      backoffMaxMs: 0,
    }
    this.say({ kind: 'welcome', welcome: { ...welcome, ...more } })
  }

  ack(throughSequence: number, rejects: Reject[] = [], aheadSequences: number[] = []): void {
    this.say({ kind: 'ack', ack: { throughSequence, rejects, aheadSequences } })
  }

  get sequences(): number[] {
    return this.items.map(({ sequence }) => sequence)
  }

  /** Resolves once `holds`; rejects after WAIT_MS, with what was waited for as it stands in the test. */
  async until(holds: () => boolean): Promise<void> {
    const heard = async () => {
      while (!holds()) await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
    await inTime(heard(), `of an agent: ${holds}`)
  }

  async heard(kind: Envelope['kind']): Promise<Envelope> {
    await this.until(() => this.envelopes.some((envelope) => envelope.kind === kind))
    return this.envelopes.find((envelope) => envelope.kind === kind)!
  }

  async closed(): Promise<number> {
    await this.until(() => this.closeCode !== 0)
    return this.closeCode
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}

/** What an upgrade is answered with in place of a connection. */
export type Refusal = (socket: Duplex) => void

export class CollectorDouble {
  readonly #http: Server | SecureServer
  /** What an uplink is told. */
  readonly url: string
  readonly #webSockets: WebSocketServer
  readonly #peers: Peer[] = []
  readonly #sockets = new Set<Socket>()
  readonly #waiting: ((peer: Peer) => void)[] = []
  /** Set: upgrades get this. */
  refusal: Refusal | undefined
  requests = 0

  private constructor(http: Server | SecureServer, url: string) {
    this.#http = http
    this.url = url
    this.#webSockets = new WebSocketServer({
      noServer: true,
      handleProtocols: (offered) => offered.has(SUBPROTOCOL) && SUBPROTOCOL,
    })
    http.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    http.on('upgrade', (request, socket, head) => {
      this.requests++
      socket.on('error', () => {})
      if (this.refusal) return this.refusal(socket)
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        const peer = new Peer(webSocket, request)
        const waiting = this.#waiting.shift()
        if (waiting) waiting(peer)
        else this.#peers.push(peer)
      })
    })
  }

  /** As the collector of this machine whose state directory `root` is. */
  static async start(root: string): Promise<CollectorDouble> {
    const http = createServer()
    const directory = join(root, 'collector')
    mkdirSync(directory, { mode: 0o700 })
    await new Promise<void>((resolve) => http.listen(agentsSocket(directory), resolve))
    return new CollectorDouble(http, root)
  }

  /** As one of another machine. */
  static async startSecure(certified: Certified): Promise<CollectorDouble> {
    const http = createSecureServer({ ...certified, ALPNProtocols: [AGENT_ALPN] })
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    return new CollectorDouble(http, `https://127.0.0.1:${(http.address() as AddressInfo).port}`)
  }

  /** The next connection, already here or to come. */
  peer(): Promise<Peer> {
    const here = this.#peers.shift()
    if (here) return Promise.resolve(here)
    return inTime(
      new Promise((resolve) => this.#waiting.push(resolve)),
      'of an agent: a connection',
    )
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#http.close(() => resolve()))
  }
}

export const answer =
  (status: string, body: string, headers = ''): Refusal =>
  (socket) =>
    socket.end(
      `HTTP/1.1 ${status}\r\nConnection: close\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
