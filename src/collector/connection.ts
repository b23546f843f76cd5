// One agent's connection: Hello, Welcome, batches, acknowledgements, and an end with a reason.
import type { WebSocket } from 'ws'
import type { Finding } from '../engine/finding.ts'
import {
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  type Hello,
  StreamError,
} from '../stream/codec.ts'
import type { UnixNs } from '../units.ts'
import { boundedHost, boundedLive, boundedReason, boundedText, closeReason } from './bounded.ts'
import type { CounterName, Counters } from './counters.ts'
import type { Device, Devices } from './devices.ts'
import { readItems } from './intake.ts'
import type { Limits } from './limits.ts'
import { DUPLICATE, REFUSED } from './store/protocol.ts'
import type { Ledger } from './store/store.ts'
import { StoreError } from './store/store-error.ts'

/** Why the collector ends a connection: its close code (RFC 6455, 7.4) and its counter. */
const ENDINGS = {
  text: { code: 1003, counter: 'agentsClosedText' },
  malformed: { code: 1007, counter: 'agentsClosedMalformed' },
  unexpected: { code: 1002, counter: 'agentsClosedUnexpected' },
  noHello: { code: 1008, counter: 'agentsClosedNoHello' },
  silent: { code: 1008, counter: 'agentsClosedSilent' },
  credit: { code: 1008, counter: 'agentsClosedCredit' },
  slow: { code: 1008, counter: 'agentsClosedSlow' },
  store: { code: 1013, counter: 'agentsClosedStore' },
  stopping: { code: 1001, counter: 'agentsClosedStopping' },
  fault: { code: 1011, counter: 'agentsClosedFault' },
  replaced: { code: 4001, counter: 'agentsClosedReplaced' },
} as const satisfies Record<string, { code: number; counter: CounterName }>
export type Ending = keyof typeof ENDINGS

export type ConnectionContext = {
  ledger: Ledger
  devices: Devices
  counters: Counters
  limits: Limits
  now: () => UnixNs
  log: (text: string) => void
  /** Called before the device is enrolled: an older connection of it must end first. */
  onHello(connection: Connection, deviceId: string): void
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
  #device: Device | undefined
  #outstandingItems = 0
  /** Highest sequence handed to the store, and highest acknowledged. */
  #handed = 0
  #acknowledged = 0
  #receivedAtMs = performance.now()
  #sentAtMs = performance.now()

  constructor(socket: WebSocket, context: ConnectionContext) {
    this.#socket = socket
    this.#context = context
    this.#helloTimer = setTimeout(
      () => this.end('noHello', 'no Hello came in time'),
      context.limits.helloTimeoutMs,
    )
    socket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary))
    socket.on('ping', () => this.#heard())
    socket.on('pong', () => this.#heard())
    socket.on('error', (error: NodeJS.ErrnoException) => this.#protocolError(error))
    socket.on('close', () => this.#closed())
  }

  /** Items handed to the store whose commit has not come back. */
  outstandingItems(): number {
    return this.#outstandingItems
  }

  /** Called every few seconds: ends what is silent, tells who waits that we live. */
  watch(nowMs: number): void {
    if (this.#state === 'ended') return
    if (nowMs - this.#receivedAtMs > this.#context.limits.silenceMs)
      this.end('silent', 'nothing was heard for too long')
    else if (
      this.#state === 'streaming' &&
      nowMs - this.#sentAtMs > this.#context.limits.heartbeatMs
    )
      this.#acknowledge([])
  }

  /** Says goodbye and closes; nothing that comes later is read. Idempotent. */
  end(ending: Ending, reason: string): void {
    if (this.#state === 'ended') return
    this.#stop()
    const { code, counter } = ENDINGS[ending]
    this.#context.counters.add(counter)
    this.#socket.send(encodeEnvelope({ kind: 'goodbye', reason }))
    this.#socket.close(code, closeReason(reason))
  }

  terminate(): void {
    this.#stop()
    this.#socket.terminate()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
    // What it could not say while it was not read is no silence.
    this.#receivedAtMs = performance.now()
  }

  #stop(): void {
    this.#state = 'ended'
    clearTimeout(this.#helloTimer)
    if (this.#device?.connected) this.#context.devices.disconnect(this.#device, this.#context.now())
  }

  #closed(): void {
    this.#stop()
    this.#context.onEnd(this, this.#deviceId)
  }

  #heard(): void {
    this.#receivedAtMs = performance.now()
  }

  /** ws has closed it already, with the right code. */
  #protocolError(error: NodeJS.ErrnoException): void {
    if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')
      this.#context.counters.add('agentsClosedOversized')
    else if (error.code?.startsWith('WS_ERR_')) this.#context.counters.add('agentsClosedProtocol')
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
      this.#dispatch(decodeEnvelope(frame), frame)
    } catch (error) {
      if (error instanceof StreamError)
        this.end('malformed', `a frame cannot be read: ${boundedReason(error.message)}`)
      else this.#fault(error as Error)
    }
  }

  #dispatch(envelope: Envelope, frame: Buffer<ArrayBuffer>): void {
    const device = this.#device
    if (envelope.kind === 'unknown') this.#context.counters.add('framesUnknown')
    else if (envelope.kind === 'goodbye') this.#socket.close(1000)
    else if (this.#state === 'greeting') {
      if (envelope.kind === 'hello') this.#greet(envelope.hello)
      else this.end('noHello', `the first message must be hello, not ${envelope.kind}`)
    } else if (device && envelope.kind === 'batch') this.#take(device, envelope.items, frame.buffer)
    else if (device && envelope.kind === 'live') {
      device.live = boundedLive(envelope.live)
      this.#context.devices.touch(device, this.#context.now())
    } else this.end('unexpected', `${envelope.kind} was not expected here`)
  }

  #greet(hello: Hello): void {
    const { ledger, devices, limits, now, onHello } = this.#context
    clearTimeout(this.#helloTimer)
    this.#state = 'enrolling'
    this.#deviceId = hello.deviceId
    onHello(this, hello.deviceId)
    const facts = {
      id: hello.deviceId,
      agentVersion: boundedText(hello.agentVersion),
      host: boundedHost(hello.host),
    }
    ledger
      .enroll(facts)
      .then((enrolled) => {
        if (this.#state === 'ended') return
        this.#state = 'streaming'
        this.#device = devices.connect(facts, enrolled, now())
        this.#handed = this.#acknowledged = enrolled.lastSequence
        this.#send({
          kind: 'welcome',
          welcome: {
            lastSequence: enrolled.lastSequence,
            capabilities: 0n,
            receivedAt: now(),
            creditItems: limits.creditItems,
            backoffMaxMs: limits.backoffMaxMs,
          },
        })
      })
      .catch((error: Error) => this.#notStored('a device is not enrolled', error))
  }

  #take(device: Device, encoded: readonly Uint8Array[], frame: ArrayBuffer): void {
    const { ledger, counters, limits, onHanded, onSettled, onStored } = this.#context
    if (encoded.length === 0) return
    const outstanding = this.#outstandingItems + encoded.length
    if (outstanding > limits.creditItems) {
      this.end(
        'credit',
        `${outstanding} items unacknowledged, at most ${limits.creditItems} are allowed`,
      )
      return
    }
    const { items, findings, rejects, throughSequence } = readItems(encoded)
    this.#outstandingItems = outstanding
    const batch = {
      device: device.enrolled.device,
      afterSequence: this.#handed,
      throughSequence,
      items,
    }
    this.#handed = Math.max(this.#handed, throughSequence)
    const stored = ledger.append(batch, frame)
    onHanded(this)
    stored
      .finally(() => {
        this.#outstandingItems -= encoded.length
        onSettled()
      })
      .then(({ storedAt, refusals }) => {
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
        this.#acknowledge(rejects)
      })
      .catch((error: Error) =>
        this.#notStored(`${encoded.length} items of ${device.facts.id} were not stored`, error),
      )
  }

  #notStored(what: string, error: Error): void {
    if (this.#state === 'ended') return
    if (!(error instanceof StoreError)) {
      this.#fault(error)
      return
    }
    this.#context.log(`${what}: ${error.message}`)
    this.end('store', 'the store is not available, try again later')
  }

  /** A fault of ours must not end the other connections. */
  #fault(error: Error): void {
    this.#context.log(`a connection failed: ${error.stack ?? error.message}`)
    this.end('fault', 'the collector failed here; its log says why')
  }

  #acknowledge(rejects: { sequence: number; reason: string }[]): void {
    this.#send({ kind: 'ack', ack: { throughSequence: this.#acknowledged, rejects } })
  }

  #send(envelope: Exclude<Envelope, { kind: 'unknown' }>): void {
    this.#sentAtMs = performance.now()
    this.#socket.send(encodeEnvelope(envelope))
    if (this.#socket.bufferedAmount > this.#context.limits.agentBacklogBytesMax)
      this.end('slow', 'acknowledgements are not read')
  }
}
