// One connection to a collector, from Hello to its end. Keeps the credit window, believes no
// acknowledgement of what it did not send, and notices silence.

import type { WebSocket } from 'ws'
import { counted } from '../engine/sentence.ts'
import type { UnixNs } from '../units.ts'
import { tellClock } from './clock-text.ts'
import {
  type Ack,
  CAPABILITIES,
  CAPABILITIES_ENROLLED,
  Capability,
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  isLargePush,
  type Live,
  type PolicyReport,
  READ_BYTES_MAX,
  StreamError,
  type Welcome,
} from './codec.ts'
import type { OutboxItem } from './outbox.ts'
import { createPolicyTaking, createPolicyTelling, type PolicyTaking } from './policy-telling.ts'
import { said } from './said.ts'
import { SessionIdentity } from './session-identity.ts'
import { CLOSE, type SessionEnded, type SessionOptions } from './session-options.ts'
import { Window } from './window.ts'

const BATCH_ITEMS = 512
const BATCH_BYTES = 192 * 1024
/** Of items ahead of their turn. */
const AHEAD_BYTES = 64 * 1024
/** Below this, packing a batch saves less than it costs. */
const PACK_BYTES_MIN = 4096
/**
 * Bytes not yet taken by the kernel, above which nothing more is read from the outbox: what is said between
 * two batches waits for no more than this and one batch.
 */
const UNSENT_BYTES_MAX = 128 * 1024
const REASONS_LOGGED_MAX = 5

/** REQUIRES: `socket` is open. It ends itself; `ended` is called once, with why. */
export class Session {
  readonly #socket: WebSocket
  readonly #options: SessionOptions
  readonly #ended: SessionEnded
  readonly #helloAt: UnixNs
  /** Since Welcome. */
  #window: Window | undefined
  #agreed = 0n
  #heardAtMs = performance.now()
  #progressAtMs = performance.now()
  #reason = ''
  #retryAfterMs = 0
  #isOver = false
  #isLiveWaiting = false
  readonly #policyReport: (() => PolicyReport | undefined) | undefined
  readonly #policyTaking: PolicyTaking | undefined
  readonly #identity: SessionIdentity
  readonly #timers: NodeJS.Timeout[] = []

  constructor(socket: WebSocket, options: SessionOptions, ended: SessionEnded) {
    this.#socket = socket
    this.#options = options
    this.#ended = ended
    this.#policyReport = options.policies && createPolicyTelling(options.policies)
    this.#policyTaking =
      options.policies && createPolicyTaking(options.policies, () => this.tellPolicies())
    this.#identity = new SessionIdentity(options, {
      send: (envelope) => this.#send(envelope),
      isWelcomed: () => this.isWelcomed,
      may: (capability) => (this.#agreed & capability) !== 0n,
    })
    this.#helloAt = options.now()
    const { pace, hello, outbox } = options
    socket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary))
    socket.on('ping', () => this.#hear())
    socket.on('pong', () => this.#hear())
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', (code, why) => this.#close(code, why.toString()))
    this.#timers.push(setInterval(() => this.#beat(), pace.pingMs))
    this.#timers.push(
      setTimeout(() => {
        if (!this.#window) this.#end(CLOSE.policy, 'the collector did not answer Hello')
      }, pace.welcomeMs),
    )
    const sentAt = this.#helloAt
    const capabilities =
      CAPABILITIES &
      ~(options.renewal ? 0n : CAPABILITIES_ENROLLED) &
      ~(options.renewal?.holds ? 0n : Capability.authorities) &
      ~(options.policies ? 0n : Capability.policy)
    this.#send({
      kind: 'hello',
      hello: { ...hello, outboxId: outbox.id, sentAt, capabilities },
    })
  }

  get isWelcomed(): boolean {
    return this.#window !== undefined && !this.#reason && !this.#isOver
  }

  /** Sends what the outbox holds, as far as credit and the socket go. */
  pump(): void {
    const window = this.#window
    if (!window || !this.isWelcomed) return
    this.#pumpAhead(window)
    while (window.room() > 0 && this.#socket.bufferedAmount <= UNSENT_BYTES_MAX) {
      const room = Math.min(BATCH_ITEMS, window.room())
      const items = this.#options.outbox.read(window.cursor, room, BATCH_BYTES)
      if (items.length === 0) break
      this.#sendItems(items, false)
      window.send(items.map(({ sequence }) => sequence))
    }
  }

  /** An alert does not wait for a backlog of sightings to be stored. */
  #pumpAhead(window: Window): void {
    const { outbox } = this.#options
    const isBacklog = outbox.counters().items - window.outstanding() > BATCH_ITEMS
    const room = window.roomAhead()
    if (!isBacklog || room === 0 || this.#socket.bufferedAmount > UNSENT_BYTES_MAX) return
    const items = outbox.readUrgent(window.cursor, window.ahead, room, AHEAD_BYTES)
    if (items.length === 0) return
    this.#sendItems(items, true)
    window.sendAhead(items.map(({ sequence }) => sequence))
  }

  #sendItems(found: readonly OutboxItem[], isAhead: boolean): void {
    if (this.#window?.isEmpty()) this.#progressAtMs = performance.now()
    const items = found.map(({ encoded }) => encoded)
    const bytes = items.reduce((sum, { length }) => sum + length, 0)
    const isPacked = (this.#agreed & Capability.packed) !== 0n && bytes >= PACK_BYTES_MIN
    // Pumped again when the kernel has taken it, should the socket be what holds us up.
    this.#send({ kind: 'batch', items, isAhead, isPacked }, () => this.pump())
  }

  /** Sends them at once or not at all: one set waits at most, since the next one says more. */
  live(live: Live): void {
    if (!this.isWelcomed || this.#isLiveWaiting) return
    this.#isLiveWaiting = true
    this.#send({ kind: 'live', live }, () => {
      this.#isLiveWaiting = false
    })
  }

  /** Says how policies stand, where that has changed. */
  tellPolicies(): void {
    if (!this.isWelcomed || (this.#agreed & Capability.policy) === 0n) return
    const report = this.#policyReport?.()
    if (report) this.#send({ kind: 'policyReport', report })
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
      if (isLargePush(data) && (this.#agreed & Capability.policy) !== 0n)
        this.#policyTaking?.refuseLarge()
      else this.#dispatch(decodeEnvelope(data))
    } catch (error) {
      if (!(error instanceof StreamError)) throw error
      this.#end(CLOSE.malformed, `the collector sent what cannot be read: ${error.message}`)
    }
  }

  #dispatch(envelope: Envelope): void {
    if (envelope.kind === 'welcome' && !this.#window) this.#welcome(envelope.welcome)
    else if (envelope.kind === 'ack' && this.#window) this.#acknowledge(this.#window, envelope.ack)
    else if (envelope.kind === 'goodbye') {
      this.#retryAfterMs = envelope.retryAfterMs ?? 0
      this.#end(CLOSE.normal, `the collector said goodbye: ${said(envelope.reason)}`)
    } else if (this.#identity.take(envelope)) return
    else if (envelope.kind === 'policyPush' && (this.#agreed & Capability.policy) !== 0n)
      this.#policyTaking?.take(envelope.push)
    else if (envelope.kind !== 'unknown' && envelope.kind !== 'heartbeat')
      this.#end(CLOSE.protocol, `the collector sent ${envelope.kind} where it may not`)
  }

  #welcome(welcome: Welcome): void {
    const { outbox, onWelcome } = this.#options
    if (welcome.creditItems === 0) {
      this.#end(CLOSE.policy, "the collector's Welcome makes no sense (no credit)")
      return
    }
    if (welcome.lastSequence > outbox.lastSequence()) {
      this.#becomeAnother(welcome.lastSequence)
      return
    }
    this.#agreed = welcome.capabilities & CAPABILITIES
    const maySendAhead = (this.#agreed & Capability.ahead) !== 0n
    this.#window = new Window(outbox.acknowledged(), welcome.creditItems, maySendAhead)
    const offsetMs = Number(welcome.receivedAt - this.#helloAt) / 1e6
    tellClock(offsetMs, this.#options.log)
    onWelcome(welcome, offsetMs)
    this.pump()
    this.tellPolicies()
    this.#identity.welcome(offsetMs)
  }

  /** Its numbers are another's too: an older copy of this file, or somebody who pretends. They part here. */
  #becomeAnother(lastSequence: number): void {
    const { outbox, log } = this.#options
    const known = `the collector has items up to ${lastSequence} of this outbox, which gave ${outbox.lastSequence()}`
    if (outbox.renew())
      log(`${known}: it is numbered anew under another id, and all that waits is sent`)
    this.#end(CLOSE.normal, known)
  }

  #acknowledge(window: Window, ack: Ack): void {
    const { throughSequence, aheadSequences = [] } = ack
    const { outbox, log, onProgress } = this.#options
    if (throughSequence > window.cursor) {
      this.#end(
        CLOSE.policy,
        `the collector acknowledged item ${throughSequence}, the last one sent is ${window.cursor}`,
      )
      return
    }
    const rejects = window.refusedBy(ack)
    if (!window.acknowledgeAhead(aheadSequences)) {
      this.#end(CLOSE.policy, 'the collector acknowledged what was not sent ahead of its turn')
      return
    }
    const isNew = window.acknowledge(throughSequence)
    if (!isNew && aheadSequences.length === 0) return
    this.#progressAtMs = performance.now()
    for (const { sequence, reason } of rejects.slice(0, REASONS_LOGGED_MAX))
      log(`the collector refused item ${sequence} for good: ${said(reason)}`)
    if (rejects.length > REASONS_LOGGED_MAX)
      log(`and ${counted(rejects.length - REASONS_LOGGED_MAX, 'more item')}`)
    if (aheadSequences.length > 0)
      outbox.acknowledgeEach(aheadSequences, isNew ? 0 : rejects.length)
    if (isNew) outbox.acknowledge(throughSequence, rejects.length)
    onProgress()
    this.pump()
  }

  #beat(): void {
    const nowMs = performance.now()
    const { pingMs, ackMs, renewMs } = this.#options.pace
    if (nowMs - this.#heardAtMs > pingMs * 3) {
      this.#note(
        `nothing was heard from the collector for ${Math.round((nowMs - this.#heardAtMs) / 1000)} s`,
      )
      this.#socket.terminate()
    } else if (this.#window?.isEmpty() === false && nowMs - this.#progressAtMs > ackMs) {
      const waited = Math.round((nowMs - this.#progressAtMs) / 1000)
      this.#end(CLOSE.policy, `the collector acknowledged nothing for ${waited} s`)
    } else {
      // A message, where it is agreed: proxies take no account of pings.
      if (this.isWelcomed && (this.#agreed & Capability.heartbeat) !== 0n)
        this.#send({ kind: 'heartbeat', sentAt: this.#options.now() })
      else this.#socket.ping()
      this.pump()
      this.#identity.beat(nowMs, renewMs)
    }
  }

  #send(envelope: Exclude<Envelope, { kind: 'unknown' }>, sent?: () => void): void {
    this.#socket.send(encodeEnvelope(envelope), () => sent?.())
  }

  #end(code: number, reason: string): void {
    this.#note(reason)
    this.#socket.close(code)
    this.#timers.push(setTimeout(() => this.#socket.terminate(), this.#options.pace.closeMs))
  }

  #close(code: number, why: string): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#policyTaking?.end()
    const last = said(why)
    this.#ended(
      this.#reason ||
        (last ? `the collector closed: ${last}` : `the connection was lost (${code})`),
      code,
      this.#retryAfterMs,
    )
  }

  #hear(): void {
    this.#heardAtMs = performance.now()
  }

  /** ws has closed it, where it is that a message is too large to be read at all: there is no answer but on the next connection. */
  #fail(error: NodeJS.ErrnoException): void {
    if (error.code !== 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
      this.#note(error.message)
      return
    }
    this.#note(`the collector sent a message of more than ${READ_BYTES_MAX} bytes`)
    if ((this.#agreed & Capability.policy) !== 0n) this.#policyTaking?.refuseLarge()
  }

  /** The first reason is the one that counts. */
  #note(reason: string): void {
    this.#reason ||= reason
  }
}
