// One agent's connection: Hello, Welcome, batches, acknowledgements, and an end with a reason.
import type { WebSocket } from 'ws'
import type { Finding } from '../../engine/finding.ts'
import {
  CAPABILITIES,
  Capability,
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  type Hello,
  type Reject,
  SEQUENCE_LEAP_MAX,
  StreamError,
} from '../../stream/codec.ts'
import type { UnixNs } from '../../units.ts'
import type { CounterName, Counters } from '../counters.ts'
import type { Limits } from '../limits.ts'
import {
  type Admission,
  type DeviceFacts,
  DUPLICATE,
  type Enrolled,
  REFUSED,
} from '../store/protocol.ts'
import type { Ledger } from '../store/store.ts'
import { StoreError } from '../store/store-error.ts'
import { boundedHost, boundedLive, boundedReason, boundedText, closeReason } from './bounded.ts'
import type { Device, Devices } from './devices.ts'
import { readItems } from './intake.ts'
import { RateLimit } from './rate.ts'

/** Why the collector ends a connection: its close code (RFC 6455, 7.4) and its counter. */
const ENDINGS = {
  text: { code: 1003, counter: 'agentsClosedText' },
  malformed: { code: 1007, counter: 'agentsClosedMalformed' },
  unexpected: { code: 1002, counter: 'agentsClosedUnexpected' },
  noHello: { code: 1008, counter: 'agentsClosedNoHello' },
  silent: { code: 1008, counter: 'agentsClosedSilent' },
  credit: { code: 1008, counter: 'agentsClosedCredit' },
  leap: { code: 1008, counter: 'agentsClosedLeap' },
  slow: { code: 1008, counter: 'agentsClosedSlow' },
  rate: { code: 1008, counter: 'agentsClosedRate' },
  inflated: { code: 1009, counter: 'agentsClosedInflated' },
  store: { code: 1013, counter: 'agentsClosedStore' },
  stopping: { code: 1001, counter: 'agentsClosedStopping' },
  fault: { code: 1011, counter: 'agentsClosedFault' },
  replaced: { code: 4001, counter: 'agentsClosedReplaced' },
  taken: { code: 4001, counter: 'agentsClosedTaken' },
  newcomer: { code: 1013, counter: 'agentsClosedNewcomer' },
} as const satisfies Record<string, { code: number; counter: CounterName }>
export type Ending = keyof typeof ENDINGS

/** In the hour that newcomers are counted over one may come every few seconds. */
const NEWCOMER_RETRY_MS = 60_000

/** RFC 6455, 7.1.5: no close frame came. */
const CLOSE_ABNORMAL = 1006

type Batch = Extract<Envelope, { kind: 'batch' }>

export type ConnectionContext = {
  ledger: Ledger
  devices: Devices
  counters: Counters
  limits: Limits
  now: () => UnixNs
  log: (text: string) => void
  /** For what the store did not take: the disk's trouble is every connection's. */
  complain: (text: string) => void
  /** Who may take the place of who is there, asked before the device is enrolled; undefined: nobody may. */
  onHello(
    connection: Connection,
    deviceId: string,
    outboxId: string,
  ): Promise<Admission | undefined>
  /** Called once it is enrolled: an older connection of the device ends. */
  onEnrolled(connection: Connection, deviceId: string, isNew: boolean): void
  /** Called when items were handed to the ledger, and when its answer came. */
  onHanded(connection: Connection): void
  onSettled(): void
  /** Called once, when the socket is closed. `deviceId` is undefined when no Hello came. */
  onEnd(connection: Connection, deviceId: string | undefined): void
  /** Findings that have just become durable. */
  onStored(device: Device, findings: readonly Finding[], storedAt: BigInt64Array): void
}

export class Connection {
  readonly #socket: WebSocket
  readonly #context: ConnectionContext
  readonly #helloTimer: NodeJS.Timeout
  #state: 'greeting' | 'enrolling' | 'streaming' | 'ended' = 'greeting'
  #deviceId: string | undefined
  #outboxId = ''
  /** It came over the Unix socket: the kernel says that it is of this machine. */
  readonly isLocal: boolean
  #device: Device | undefined
  #outstandingItems = 0
  #outstandingAhead = 0
  /** Called with whether it was heard of, when another asks. */
  #probe: { answer: Promise<boolean>; settle: (alive: boolean) => void } | undefined
  /** Highest sequence of this connection handed to the store, and highest acknowledged. */
  #handed = 0
  #acknowledged = 0
  /** No item of this outbox has a higher number. */
  #plausible = 0
  #receivedAtMs = performance.now()
  #sentAtMs = performance.now()
  /** Since when bytes wait to be sent; undefined: none do. */
  #behindSinceMs: number | undefined
  readonly #controlRate: RateLimit
  #agreed = 0n
  #isPaused = false
  /** What was read late says nothing about a clock. */
  #isLate = false

  constructor(socket: WebSocket, context: ConnectionContext, isLocal: boolean) {
    this.#socket = socket
    this.isLocal = isLocal
    this.#context = context
    this.#helloTimer = setTimeout(
      () => this.end('noHello', 'no Hello came in time'),
      context.limits.helloTimeoutMs,
    )
    const { controlPerSecond, controlBurst } = context.limits
    this.#controlRate = new RateLimit(controlPerSecond, controlBurst, performance.now())
    socket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary))
    socket.on('ping', () => this.#control())
    socket.on('pong', () => this.#control())
    socket.on('error', (error: NodeJS.ErrnoException) => this.#protocolError(error))
    socket.on('close', (code) => this.#closed(code))
  }

  /** Items handed to the store whose commit has not come back. */
  outstandingItems(): number {
    return this.#outstandingItems
  }

  /** The row of its outbox, once it is enrolled. */
  outboxRow(): number | undefined {
    return this.#device?.enrolled.outbox
  }

  outboxId(): string {
    return this.#outboxId
  }

  /** Whether anything is heard of it within probeMs; what is not read because the store is behind is not silent. */
  isAlive(): Promise<boolean> {
    if (this.#state === 'ended') return Promise.resolve(false)
    if (this.#isPaused) return Promise.resolve(true)
    if (this.#probe) return this.#probe.answer
    let settle: (alive: boolean) => void = () => {}
    const answer = new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => settle(this.#isPaused), this.#context.limits.probeMs)
      settle = (alive) => {
        clearTimeout(timer)
        this.#probe = undefined
        resolve(alive)
      }
    })
    this.#probe = { answer, settle }
    this.#socket.ping()
    return answer
  }

  /** Called every second: ends what is silent or reads nothing, tells who waits that we live. */
  watch(nowMs: number): void {
    if (this.#state === 'ended') return
    const { silenceMs, heartbeatMs, agentBehindMs } = this.#context.limits
    if (this.#socket.bufferedAmount === 0) this.#behindSinceMs = undefined
    else this.#behindSinceMs ??= nowMs
    if (this.#behindSinceMs !== undefined && nowMs - this.#behindSinceMs > agentBehindMs)
      this.end('slow', 'acknowledgements are not read')
    else if (!this.#isPaused && nowMs - this.#receivedAtMs > silenceMs)
      this.end('silent', 'nothing was heard for too long')
    else if (this.#state === 'streaming' && nowMs - this.#sentAtMs > heartbeatMs)
      this.#acknowledge([])
  }

  /** Says goodbye and closes; nothing that comes later is read. Idempotent. */
  end(ending: Ending, reason: string, retryAfterMs = 0): void {
    if (this.#state === 'ended') return
    this.#stop()
    const { code, counter } = ENDINGS[ending]
    this.#context.counters.add(counter)
    this.#socket.send(encodeEnvelope({ kind: 'goodbye', reason, retryAfterMs }))
    this.#socket.close(code, closeReason(reason))
  }

  terminate(): void {
    this.#stop()
    this.#socket.terminate()
  }

  /** Nothing is read; what is said to the agent goes on. */
  pause(): void {
    this.#isPaused = this.#isLate = true
    this.#socket.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#socket.resume()
    // What it could not say while it was not read is no silence.
    this.#receivedAtMs = performance.now()
  }

  #stop(): void {
    this.#state = 'ended'
    this.#probe?.settle(false)
    clearTimeout(this.#helloTimer)
    if (this.#device?.connected) this.#context.devices.disconnect(this.#device, this.#context.now())
  }

  #closed(code: number): void {
    if (this.#state !== 'ended')
      this.#context.counters.add(code === CLOSE_ABNORMAL ? 'agentsLost' : 'agentsLeft')
    this.#stop()
    this.#context.onEnd(this, this.#deviceId)
  }

  #heard(): void {
    this.#receivedAtMs = performance.now()
    this.#probe?.settle(true)
  }

  /** What is said beside items has no credit; false: more of it came than any agent says. */
  #control(): boolean {
    this.#heard()
    if (this.#controlRate.take(this.#receivedAtMs)) return true
    const { controlPerSecond } = this.#context.limits
    this.end('rate', `more than ${controlPerSecond} messages a second that are no items`)
    return false
  }

  /** ws has closed it already, with the right code. */
  #protocolError(error: NodeJS.ErrnoException): void {
    if (this.#state === 'ended') return
    const { counters } = this.#context
    if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') counters.add('agentsClosedOversized')
    else if (error.code === 'WS_ERR_TOO_MANY_BUFFERED_PARTS') counters.add('agentsClosedFragments')
    else if (error.code?.startsWith('WS_ERR_')) counters.add('agentsClosedProtocol')
    else counters.add('agentsLost')
    this.#stop()
  }

  #receive(data: Buffer, isBinary: boolean): void {
    const { counters } = this.#context
    if (this.#state === 'ended') {
      counters.add('framesAfterClose')
      return
    }
    this.#heard()
    counters.add('frames')
    counters.add('frameBytes', data.length)
    if (!isBinary) {
      this.end('text', 'frames are binary protobuf messages')
      return
    }
    // Memory of its own: it is given to the store's thread, and ws reads many frames into one chunk.
    const frame = Buffer.from(new Uint8Array(data).buffer)
    try {
      this.#dispatch(decodeEnvelope(frame))
    } catch (error) {
      if (!(error instanceof StreamError)) this.#fault(error as Error)
      else if (error.code === 'inflated') this.end('inflated', boundedReason(error.message))
      else this.end('malformed', `a frame cannot be read: ${boundedReason(error.message)}`)
    }
  }

  #dispatch(envelope: Envelope): void {
    const device = this.#device
    const isItems = envelope.kind === 'batch' && envelope.items.length > 0
    if (!isItems && !this.#control()) return
    if (envelope.kind === 'unknown') this.#context.counters.add('framesUnknown')
    else if (envelope.kind === 'goodbye') this.#socket.close(1000)
    else if (this.#state === 'greeting') {
      if (envelope.kind === 'hello') this.#greet(envelope.hello)
      else this.end('noHello', `the first message must be hello, not ${envelope.kind}`)
    } else if (!device) this.end('unexpected', `${envelope.kind} came before Welcome`)
    else if (envelope.kind === 'batch') this.#take(device, envelope)
    else if (envelope.kind === 'live') {
      device.live = boundedLive(envelope.live)
      this.#context.devices.touch(device, this.#context.now())
    } else if (envelope.kind === 'heartbeat') this.#beat(device, envelope.sentAt)
    else this.end('unexpected', `${envelope.kind} was not expected here`)
  }

  #beat(device: Device, sentAt: UnixNs): void {
    const { counters, devices, now } = this.#context
    const receivedAt = now()
    counters.add('heartbeats')
    if (!this.#isLate) device.clockOffsetMs = offsetMs(sentAt, receivedAt)
    this.#isLate = false
    devices.touch(device, receivedAt)
    this.#send({ kind: 'heartbeat', sentAt: receivedAt })
  }

  #greet(hello: Hello): void {
    const { ledger, now, onHello } = this.#context
    clearTimeout(this.#helloTimer)
    this.#state = 'enrolling'
    const receivedAt = now()
    this.#agreed = hello.capabilities & CAPABILITIES
    this.#deviceId = hello.deviceId
    this.#outboxId = hello.outboxId
    const facts = {
      id: hello.deviceId,
      outboxId: hello.outboxId,
      agentVersion: boundedText(hello.agentVersion),
      host: boundedHost(hello.host),
    }
    onHello(this, hello.deviceId, hello.outboxId)
      .then(async (admission) => {
        if (this.#state === 'ended') return
        const enrolled = admission ? await ledger.enroll(facts, admission) : 'younger'
        if (enrolled === 'younger') this.#refuseTaken(hello.deviceId)
        else if (enrolled === 'newcomer')
          this.end('newcomer', 'too many devices came for the first time', NEWCOMER_RETRY_MS)
        else this.#welcome(facts, enrolled, hello.sentAt, receivedAt)
      })
      .catch((error: Error) => this.#notStored('a device is not enrolled', error))
  }

  #refuseTaken(deviceId: string): void {
    this.#context.complain(
      `somebody else says that it is device ${deviceId}, which is connected and answers: refused`,
    )
    this.end('taken', 'another connection of this device is there and answers')
  }

  #welcome(facts: DeviceFacts, enrolled: Enrolled, sentAt: UnixNs, receivedAt: UnixNs): void {
    const { devices, limits, now, onEnrolled } = this.#context
    if (this.#state === 'ended') return
    onEnrolled(this, facts.id, enrolled.isNew)
    this.#state = 'streaming'
    const device = devices.connect(facts, enrolled, now())
    device.clockOffsetMs = offsetMs(sentAt, receivedAt)
    this.#device = device
    this.#plausible = enrolled.lastSequence + SEQUENCE_LEAP_MAX
    this.#send({
      kind: 'welcome',
      welcome: {
        lastSequence: enrolled.lastSequence,
        capabilities: this.#agreed,
        receivedAt,
        creditItems: limits.creditItems,
        backoffMaxMs: limits.backoffMaxMs,
      },
    })
  }

  #take(device: Device, batch: Batch): void {
    const { ledger, counters, limits, onHanded, onSettled, onStored } = this.#context
    const { items: encoded, isAhead = false, isPacked = false } = batch
    if (encoded.length === 0) return
    if (
      !this.#isAgreed(isAhead, Capability.ahead) ||
      !this.#isAgreed(isPacked, Capability.packed)
    ) {
      this.end('unexpected', 'a batch came in a way that Welcome does not name')
      return
    }
    const outstanding = this.#outstandingItems + encoded.length
    if (outstanding > limits.creditItems) {
      this.end(
        'credit',
        `${outstanding} items unacknowledged, at most ${limits.creditItems} are allowed`,
      )
      return
    }
    if (isAhead && this.#outstandingAhead + encoded.length > limits.aheadItems) {
      this.end('credit', `more than ${limits.aheadItems} items ahead of their turn at once`)
      return
    }
    const intake = readItems(encoded)
    const { items, findings, rejects, sequences } = intake
    const highest = Math.max(...sequences)
    if (highest > this.#plausible) {
      this.end('leap', `item ${highest} is too far above what is stored of this outbox`)
      return
    }
    counters.add('batchesPacked', isPacked ? 1 : 0)
    counters.add('batchesAhead', isAhead ? 1 : 0)
    this.#outstandingItems = outstanding
    if (isAhead) this.#outstandingAhead += encoded.length
    const afterSequence = this.#handed
    // Out of turn: what lies between is still to come.
    const throughSequence = isAhead ? afterSequence : intake.throughSequence
    this.#handed = Math.max(this.#handed, throughSequence)
    // All items are views of one memory, which is given away; none is empty, since each has a sequence.
    const memory = (encoded[0] as Uint8Array).buffer as ArrayBuffer
    const stored = ledger.append(
      {
        device: device.enrolled.device,
        outbox: device.enrolled.outbox,
        afterSequence,
        throughSequence,
        items,
      },
      memory,
    )
    onHanded(this)
    const settle = () => {
      this.#outstandingItems -= encoded.length
      if (isAhead) this.#outstandingAhead -= encoded.length
      onSettled()
    }
    // One handler each, so that of two that are answered together the failure of the first is known before the
    // second is acknowledged.
    stored.then(
      ({ storedAt, refusals }) => {
        settle()
        const duplicates = storedAt.filter((at) => at === DUPLICATE).length
        const refused = storedAt.filter((at) => at === REFUSED).length
        counters.add('itemsStored', storedAt.length - duplicates - refused)
        counters.add('itemsDuplicate', duplicates)
        counters.add('itemsRejected', rejects.length + refused)
        device.lastSequence = Math.max(device.lastSequence, throughSequence)
        onStored(device, findings, storedAt)
        if (this.#state === 'ended') return
        this.#acknowledged = Math.max(this.#acknowledged, throughSequence)
        for (const { sequence, reason } of refusals)
          rejects.push({ sequence, reason: boundedReason(reason) })
        this.#acknowledge(rejects, isAhead ? sequences : [])
      },
      (error: Error) => {
        settle()
        this.#notStored(`${encoded.length} items of ${device.facts.id} were not stored`, error)
      },
    )
  }

  #isAgreed(isUsed: boolean, capability: bigint): boolean {
    return !isUsed || (this.#agreed & capability) !== 0n
  }

  #notStored(what: string, error: Error): void {
    if (this.#state === 'ended') return
    if (!(error instanceof StoreError)) {
      this.#fault(error)
      return
    }
    this.#context.complain(`${what}: ${error.message}`)
    this.end('store', 'the store is not available, try again later')
  }

  /** A fault of ours must not end the other connections. */
  #fault(error: Error): void {
    this.#context.log(`a connection failed: ${error.stack ?? error.message}`)
    this.end('fault', 'the collector failed here; its log says why')
  }

  #acknowledge(rejects: Reject[], aheadSequences: number[] = []): void {
    const throughSequence = this.#acknowledged
    this.#send({ kind: 'ack', ack: { throughSequence, rejects, aheadSequences } })
  }

  #send(envelope: Exclude<Envelope, { kind: 'unknown' }>): void {
    this.#sentAtMs = performance.now()
    this.#socket.send(encodeEnvelope(envelope))
    if (this.#socket.bufferedAmount > this.#context.limits.agentBacklogBytesMax)
      this.end('slow', 'acknowledgements are not read')
  }
}

/** Of the device's clock: above 0 it is behind ours, by this and the time on the way. */
function offsetMs(sentAt: UnixNs, receivedAt: UnixNs): number {
  return Math.round(Number(receivedAt - sentAt) / 1e6)
}
