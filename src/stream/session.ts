// One connection to a collector, from Hello to its end. Keeps the credit window, believes no
// acknowledgement of what it did not send, and notices silence.
import type { WebSocket } from 'ws'
import { nowUnixNs } from '../units.ts'
import {
  type Ack,
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  type Hello,
  type Live,
  StreamError,
  type Welcome,
} from './codec.ts'
import type { Outbox } from './outbox.ts'

/** Times of a connection, all in milliseconds. */
export type Pace = {
  /** From the start of a connection to its upgrade. */
  handshakeMs: number
  /** From Hello to Welcome. */
  welcomeMs: number
  /** Between pings; silence for three of them ends the connection. */
  pingMs: number
  /** Without an acknowledgement while items wait for one. */
  ackMs: number
  /** For the close handshake. */
  closeMs: number
}

export type SessionOptions = {
  hello: Omit<Hello, 'sentAt' | 'capabilities'>
  outbox: Outbox
  pace: Pace
  log: (text: string) => void
  onWelcome: (welcome: Welcome) => void
  /** An acknowledgement moved forward. */
  onProgress: () => void
}

const BATCH_ITEMS = 512
const BATCH_BYTES = 192 * 1024
/** Bytes not yet taken by the kernel, above which nothing more is read from the outbox. */
const UNSENT_BYTES_MAX = 1024 * 1024
/** Above this, counters of the moment are skipped: the next ones say more. */
const UNSENT_BYTES_FOR_LIVE = 64 * 1024
/** What a collector may offer and a sequence may reach; more is taken for garbage or cut. */
const CREDIT_MAX = 65_536
const SEQUENCE_MAX = 2 ** 52
const REASONS_LOGGED_MAX = 5

/** Close codes of RFC 6455, 7.4.1. */
const CLOSE = { normal: 1000, protocol: 1002, text: 1003, malformed: 1007, policy: 1008 } as const
/** Close code of a collector that another connection of this device has taken over. */
export const REPLACED = 4001

/** REQUIRES: `socket` is open. It ends itself; `ended` is called once, with why. */
export class Session {
  readonly #socket: WebSocket
  readonly #options: SessionOptions
  readonly #ended: (reason: string, code: number) => void
  #welcomed = false
  #credit = 0
  /** Sequences sent and not acknowledged, ascending. */
  #inFlight: number[] = []
  #cursor = 0
  /** Highest sequence that an acknowledgement may name. */
  #believable = 0
  #acknowledged = 0
  #heardAtMs = performance.now()
  #progressAtMs = performance.now()
  #reason = ''
  #isOver = false
  #liveSkipped = 0
  #outboxTrouble = ''
  readonly #timers: NodeJS.Timeout[] = []

  constructor(
    socket: WebSocket,
    options: SessionOptions,
    ended: (reason: string, code: number) => void,
  ) {
    this.#socket = socket
    this.#options = options
    this.#ended = ended
    const { pace, hello } = options
    socket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary))
    socket.on('ping', () => this.#hear())
    socket.on('pong', () => this.#hear())
    socket.on('error', (error) => this.#note(error.message))
    socket.on('close', (code, why) => this.#close(code, why.toString()))
    this.#timers.push(setInterval(() => this.#beat(), pace.pingMs))
    this.#timers.push(
      setTimeout(() => {
        if (!this.#welcomed) this.#end(CLOSE.policy, 'the collector did not answer Hello')
      }, pace.welcomeMs),
    )
    this.#send({ kind: 'hello', hello: { ...hello, sentAt: nowUnixNs(), capabilities: 0n } })
  }

  get isWelcomed(): boolean {
    return this.#welcomed && !this.#isOver
  }

  /** Counters of the moment that were not sent, since what came before still waited. */
  get liveSkipped(): number {
    return this.#liveSkipped
  }

  /** Sends what the outbox holds, as far as credit and the socket go. */
  pump(): void {
    if (!this.isWelcomed) return
    const outbox = this.#options.outbox
    try {
      while (this.#inFlight.length < this.#credit) {
        if (this.#socket.bufferedAmount > UNSENT_BYTES_MAX) break
        const room = Math.min(BATCH_ITEMS, this.#credit - this.#inFlight.length)
        const items = outbox.read(this.#cursor, room, BATCH_BYTES)
        const last = items.at(-1)
        if (!last) break
        if (this.#inFlight.length === 0) this.#progressAtMs = performance.now()
        for (const { sequence } of items) this.#inFlight.push(sequence)
        this.#cursor = this.#believable = last.sequence
        // Pumped again when the kernel has taken it, should the socket be what holds us up.
        this.#send({ kind: 'batch', items: items.map(({ encoded }) => encoded) }, () => this.pump())
      }
      this.#outboxTrouble = ''
    } catch (error) {
      this.#noteOutbox(error)
    }
  }

  /** Sends them at once or not at all. */
  live(live: Live): void {
    if (!this.isWelcomed) return
    if (this.#socket.bufferedAmount > UNSENT_BYTES_FOR_LIVE) this.#liveSkipped++
    else this.#send({ kind: 'live', live })
  }

  /** Says goodbye and closes; what is not acknowledged stays in the outbox. */
  goodbye(reason: string): void {
    if (this.#isOver) return
    this.#send({ kind: 'goodbye', reason })
    this.#end(CLOSE.normal, reason)
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#reason) return
    this.#hear()
    if (!isBinary) {
      this.#end(CLOSE.text, 'the collector sent text')
      return
    }
    try {
      this.#dispatch(decodeEnvelope(data))
    } catch (error) {
      if (!(error instanceof StreamError)) throw error
      this.#end(CLOSE.malformed, `the collector sent what cannot be read: ${error.message}`)
    }
  }

  #dispatch(envelope: Envelope): void {
    if (envelope.kind === 'welcome' && !this.#welcomed) this.#welcome(envelope.welcome)
    else if (envelope.kind === 'ack' && this.#welcomed) this.#acknowledge(envelope.ack)
    else if (envelope.kind === 'goodbye')
      this.#end(CLOSE.normal, `the collector said goodbye: ${printable(envelope.reason)}`)
    else if (envelope.kind !== 'unknown')
      this.#end(CLOSE.protocol, `the collector sent ${envelope.kind} where it may not`)
  }

  #welcome(welcome: Welcome): void {
    const { outbox, log, onWelcome } = this.#options
    if (welcome.lastSequence > SEQUENCE_MAX || welcome.creditItems === 0) {
      this.#end(
        CLOSE.policy,
        `the collector's Welcome makes no sense (last sequence ${welcome.lastSequence}, credit ${welcome.creditItems})`,
      )
      return
    }
    try {
      const renumbered = outbox.join(welcome.lastSequence)
      if (renumbered > 0)
        log(
          `the collector knows this device from an outbox that was lost: ${renumbered} items renumbered`,
        )
    } catch (error) {
      // Nothing may be sent under numbers that the collector takes for stored ones.
      this.#noteOutbox(error)
      this.#end(CLOSE.normal, (error as Error).message)
      return
    }
    this.#welcomed = true
    this.#credit = Math.min(welcome.creditItems, CREDIT_MAX)
    this.#cursor = this.#acknowledged = outbox.acknowledged()
    this.#believable = Math.max(this.#cursor, welcome.lastSequence)
    onWelcome(welcome)
    this.pump()
  }

  #acknowledge({ throughSequence, rejects }: Ack): void {
    const { outbox, log, onProgress } = this.#options
    if (throughSequence > this.#believable) {
      this.#end(
        CLOSE.policy,
        `the collector acknowledged item ${throughSequence}, the last one sent is ${this.#believable}`,
      )
      return
    }
    if (throughSequence <= this.#acknowledged) return
    this.#acknowledged = throughSequence
    this.#progressAtMs = performance.now()
    const done = this.#inFlight.findIndex((sequence) => sequence > throughSequence)
    this.#inFlight.splice(0, done === -1 ? this.#inFlight.length : done)
    for (const { sequence, reason } of rejects.slice(0, REASONS_LOGGED_MAX))
      log(`the collector refused item ${sequence} for good: ${printable(reason)}`)
    if (rejects.length > REASONS_LOGGED_MAX)
      log(`and ${rejects.length - REASONS_LOGGED_MAX} more items`)
    try {
      outbox.acknowledge(throughSequence, rejects.length)
    } catch (error) {
      // The next one covers this one, and after a restart the Welcome does.
      this.#noteOutbox(error)
    }
    onProgress()
    this.pump()
  }

  #beat(): void {
    const nowMs = performance.now()
    const { pingMs, ackMs } = this.#options.pace
    if (nowMs - this.#heardAtMs > pingMs * 3) {
      this.#note(
        `nothing was heard from the collector for ${Math.round((nowMs - this.#heardAtMs) / 1000)} s`,
      )
      this.#socket.terminate()
    } else if (this.#inFlight.length > 0 && nowMs - this.#progressAtMs > ackMs) {
      const waited = Math.round((nowMs - this.#progressAtMs) / 1000)
      this.#end(CLOSE.policy, `the collector acknowledged nothing for ${waited} s`)
    } else {
      this.#socket.ping()
      this.pump()
    }
  }

  #send(envelope: Exclude<Envelope, { kind: 'unknown' }>, sent?: () => void): void {
    this.#socket.send(encodeEnvelope(envelope), () => sent?.())
  }

  #end(code: number, reason: string): void {
    this.#note(reason)
    this.#welcomed = false
    this.#socket.close(code)
    this.#timers.push(setTimeout(() => this.#socket.terminate(), this.#options.pace.closeMs))
  }

  #close(code: number, why: string): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const timer of this.#timers) clearTimeout(timer)
    const said = printable(why)
    this.#ended(
      this.#reason ||
        (said ? `the collector closed: ${said}` : `the connection was lost (${code})`),
      code,
    )
  }

  #hear(): void {
    this.#heardAtMs = performance.now()
  }

  /** The first reason is the one that counts. */
  #note(reason: string): void {
    this.#reason ||= reason
  }

  #noteOutbox(error: unknown): void {
    const text = (error as Error).message
    if (text !== this.#outboxTrouble) this.#options.log(text)
    this.#outboxTrouble = text
  }
}

/** What a peer says may end up on a terminal. */
export function printable(text: string): string {
  return text
    .replace(/[\p{C}]+/gu, ' ')
    .trim()
    .slice(0, 200)
}
