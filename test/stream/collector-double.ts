// A small real WebSocket server that does what a test tells it to.
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import {
  decodeEnvelope,
  decodeItem,
  type Envelope,
  encodeEnvelope,
  type Item,
  type Reject,
  SUBPROTOCOL,
  type Welcome,
} from '../../src/stream/codec.ts'
import type { UnixNs } from '../../src/units.ts'
import { WAIT_MS } from '../waits.ts'

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
  readonly #webSockets: WebSocketServer
  readonly #peers: Peer[] = []
  readonly #sockets = new Set<Socket>()
  readonly #waiting: ((peer: Peer) => void)[] = []
  /** Set: upgrades get this. */
  refusal: Refusal | undefined
  requests = 0

  private constructor(http: Server | SecureServer) {
    this.#http = http
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

  static async start(http: Server | SecureServer = createServer()): Promise<CollectorDouble> {
    const double = new CollectorDouble(http)
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    return double
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/`
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
