// One agent's connection: Hello, Welcome, batches, acknowledgements, and an end with a reason.
import type { WebSocket } from 'ws'
import { commandThere } from '../../hint.ts'
import { sinceBootMs } from '../../host/since-boot.ts'
import {
  CAPABILITIES,
  CAPABILITIES_ENROLLED,
  Capability,
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  type Hello,
  type Reject,
  StreamError,
} from '../../stream/codec.ts'
import type { Trouble } from '../../trouble.ts'
import type { UnixNs } from '../../units.ts'
import { type DeviceFacts, type Enrolled, StoreError } from '../store/store.ts'
import { type Subject, subjectOf } from '../terms/complaint.ts'
import { RateLimit } from '../terms/rate.ts'
import { Batches, type BatchesContext } from './batches.ts'
import { boundedHost, boundedLive, boundedReason, boundedText, closeReason } from './bounded.ts'
import { type CertificateGiver, Certificates, type EnrolledOrigin } from './certificates.ts'
import type { Device, Devices } from './devices.ts'
import { closeCounter, ENDINGS, type Ending, errorCounter, OFFENCES } from './ending.ts'
import { PolicyLane, type PolicySource } from './policy-lane.ts'

/** How somebody came in: over the Unix socket, or as the device that a certificate names. */
export type Origin = 'local' | EnrolledOrigin

export type ConnectionContext = BatchesContext & {
  devices: Devices
  now: () => UnixNs
  /** UUID of this machine's boot, as agents say theirs; empty when the system does not say. */
  bootId: string
  /** For what others do again and again, told apart by who does; and for what fails here, whoever that hits. */
  complainOf: (of: Subject, text: string) => void
  complainOfFault: (text: string) => void
  /** Of all connections: the disk's trouble is each one's. */
  storeTrouble: Pick<Trouble, 'failed'>
  /** An enrolled device said what it may not. */
  onOffence?: ((ending: Ending, by: EnrolledOrigin, reason: string) => void) | undefined
  /** For devices with a certificate. */
  certificates?: CertificateGiver | undefined
  /** What is sent to enrolled devices; undefined: nothing is. */
  policies?: PolicySource | undefined
  /** Whether it may be this device, asked before the store knows of it; undefined: it may. */
  onHello(connection: Connection, deviceId: string): Promise<'taken' | 'enrolled' | undefined>
  /** Called once the store knows it: an older connection of the device ends. */
  onEnrolled(connection: Connection, deviceId: string): void
  /** Called when items were handed to the ledger. */
  onHanded(connection: Connection): void
  /** Called once, when the socket is closed. `deviceId` is undefined when no Hello came. */
  onEnd(connection: Connection, deviceId: string | undefined): void
}

export class Connection {
  readonly #socket: WebSocket
  readonly #context: ConnectionContext
  readonly #helloTimer: NodeJS.Timeout
  #state: 'greeting' | 'enrolling' | 'streaming' | 'ended' = 'greeting'
  #deviceId: string | undefined
  /** It came over the Unix socket: the kernel says that it is of this machine. */
  readonly isLocal: boolean
  /** It came with a certificate; undefined: over the Unix socket. */
  readonly enrolled: EnrolledOrigin | undefined
  /** Once it is enrolled. */
  #batches: Batches | undefined
  /** Where it takes policies. */
  #policies: PolicyLane | undefined
  /** Called with whether it was heard of, when another asks. */
  #probe: { answer: Promise<boolean>; settle: (alive: boolean) => void } | undefined
  #receivedAtMs = performance.now()
  #helloAtMs = 0
  #sentAtMs = performance.now()
  /** Since when bytes wait to be sent; undefined: none do. */
  #behindSinceMs: number | undefined
  readonly #controlRate: RateLimit
  #agreed = 0n
  #isPaused = false
  /** What was read late says nothing about a clock. */
  #isLate = false
  readonly #certificates: Certificates | undefined

  constructor(socket: WebSocket, context: ConnectionContext, origin: Origin) {
    this.#socket = socket
    this.isLocal = origin === 'local'
    this.enrolled = typeof origin === 'object' ? origin : undefined
    this.#context = context
    const { enrolled } = this
    this.#certificates =
      enrolled &&
      context.certificates &&
      new Certificates(context.certificates, enrolled, context, {
        say: (envelope) => this.#state !== 'ended' && this.#send(envelope),
        end: (reason) => this.end('rate', reason),
      })
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
    return this.#batches?.outstandingItems() ?? 0
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
      this.#acknowledge()
  }

  /** Says goodbye and closes; nothing that comes later is read. Returns whether it did now. */
  end(ending: Ending, reason: string, retryAfterMs = 0): boolean {
    if (this.#state === 'ended') return false
    this.#stop()
    const { code, counter } = ENDINGS[ending]
    this.#context.counters.add(counter)
    if (this.enrolled && OFFENCES.has(ending))
      this.#context.onOffence?.(ending, this.enrolled, reason)
    this.#socket.send(encodeEnvelope({ kind: 'goodbye', reason, retryAfterMs }))
    this.#socket.close(code, closeReason(reason))
    return true
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
    const device = this.#batches?.device
    if (device?.connected) this.#context.devices.disconnect(device, this.#context.now())
  }

  #closed(code: number): void {
    if (this.#state !== 'ended') this.#context.counters.add(closeCounter(code))
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
    this.#context.counters.add(errorCounter(error))
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
    const batches = this.#batches
    const isItems = envelope.kind === 'batch' && envelope.items.length > 0
    if (!isItems && !this.#control()) return
    if (envelope.kind === 'unknown') this.#context.counters.add('framesUnknown')
    else if (envelope.kind === 'goodbye') this.#socket.close(1000)
    else if (this.#state === 'greeting') {
      if (envelope.kind === 'hello') this.#greet(envelope.hello)
      else this.end('noHello', `the first message must be hello, not ${envelope.kind}`)
    } else if (!batches) this.end('unexpected', `${envelope.kind} came before Welcome`)
    else if (envelope.kind === 'batch') batches.take(envelope)
    else if (envelope.kind === 'live') {
      const { devices, now } = this.#context
      devices.report(batches.device, boundedLive(envelope.live), now())
    } else if (envelope.kind === 'heartbeat') this.#beat(batches.device, envelope.sentAt)
    else if (envelope.kind === 'policyReport' && this.#policies) {
      this.#policies.take(envelope.report)
      this.#context.devices.touch(batches.device, this.#context.now())
    } else if (!this.#certificates?.take(envelope))
      this.end('unexpected', `${envelope.kind} was not expected here`)
  }

  #beat(device: Device, sentAt: UnixNs): void {
    const { counters, devices, now } = this.#context
    const receivedAt = now()
    counters.add('heartbeats')
    if (!this.#isLate) devices.heardTime(device, sentAt, receivedAt, sinceBootMs())
    this.#isLate = false
    devices.touch(device, receivedAt)
    this.#send({ kind: 'heartbeat', sentAt: receivedAt })
  }

  #greet(hello: Hello): void {
    const { ledger, now, onHello } = this.#context
    clearTimeout(this.#helloTimer)
    const { enrolled } = this
    if (enrolled && hello.deviceId !== enrolled.deviceId) {
      this.#context.complainOf(
        subjectOf(enrolled),
        `device ${enrolled.deviceId}, by its certificate, says that it is device ${hello.deviceId}: refused`,
      )
      this.end('otherDevice', `the certificate is of device ${enrolled.deviceId}`)
      return
    }
    this.#state = 'enrolling'
    const receivedAt = now()
    this.#helloAtMs = sinceBootMs()
    this.#agreed =
      hello.capabilities &
      CAPABILITIES &
      ~(this.#certificates ? 0n : CAPABILITIES_ENROLLED) &
      ~(enrolled && this.#context.policies ? 0n : Capability.policy)
    this.#deviceId = hello.deviceId
    const facts = {
      id: hello.deviceId,
      outboxId: hello.outboxId,
      agentVersion: boundedText(hello.agentVersion),
      host: boundedHost(hello.host),
      isEnrolled: enrolled !== undefined,
    }
    onHello(this, hello.deviceId)
      .then(async (no) => {
        if (this.#state === 'ended') return
        if (no) this.#refuseClaim(hello.deviceId, no)
        else this.#welcome(facts, await ledger.enroll(facts), hello, receivedAt)
      })
      .catch((error: Error) => this.#notStored('a device is not enrolled', error))
  }

  #refuseClaim(deviceId: string, no: 'taken' | 'enrolled'): void {
    const complain = (text: string) => this.#context.complainOf(subjectOf(this.enrolled), text)
    const who = this.isLocal ? 'an agent of this machine' : 'a machine that has enrolled'
    if (no === 'taken') {
      complain(
        `${who} says that it is device ${deviceId}, an agent of this machine that is connected and answers: refused`,
      )
      this.end('taken', 'another agent of the collector’s machine is there and answers')
      return
    }
    complain(
      `${who} says that it is device ${deviceId}, which is enrolled: refused; ${commandThere(`collector devices remove ${deviceId}`)} lets it be that one`,
    )
    this.end('taken', 'this device is enrolled, and comes with its certificate')
  }

  #welcome(facts: DeviceFacts, enrolled: Enrolled, hello: Hello, receivedAt: UnixNs): void {
    const { devices, limits, now, bootId, onEnrolled } = this.#context
    if (this.#state === 'ended') return
    onEnrolled(this, facts.id)
    this.#state = 'streaming'
    const isOfThisMachine = this.isLocal || (bootId !== '' && facts.host.bootId === bootId)
    const device = devices.connect(facts, enrolled, !isOfThisMachine, now())
    devices.heardTime(device, hello.sentAt, receivedAt, this.#helloAtMs)
    this.#batches = new Batches(device, this.#agreed, this.#context, {
      isEnded: () => this.#state === 'ended',
      end: (ending, reason) => this.end(ending, reason),
      handed: () => this.#context.onHanded(this),
      acknowledge: (rejects, aheadSequences) => this.#acknowledge(rejects, aheadSequences),
      notStored: (what, error) => this.#notStored(what, error),
    })
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
    const { agentVersion, host } = facts
    this.#certificates?.begin({ ...hello, agentVersion, host }, this.#agreed)
    if (this.#context.policies && (this.#agreed & Capability.policy) !== 0n)
      this.#policies = new PolicyLane(this.#context.policies, facts.id, (push) =>
        this.#send({ kind: 'policyPush', push }),
      )
    this.pushPolicies()
  }

  /** Sends what holds for it, unless it has it. Returns whether it did. */
  pushPolicies(): boolean {
    const documents = this.#state === 'streaming' ? this.#policies?.push() : undefined
    if (documents === undefined) return false
    // One without any says a group, or that nothing is for it.
    if (documents > 0) this.#context.counters.add('policiesSent')
    return true
  }

  /** Says whom it may be known by. Returns whether it did. */
  tellAuthorities(): boolean {
    return this.#state === 'streaming' && this.#certificates?.tellAuthorities() === true
  }

  #notStored(what: string, error: Error): void {
    if (this.#state === 'ended') return
    if (!(error instanceof StoreError)) {
      this.#fault(error)
      return
    }
    this.#context.storeTrouble.failed(`${what}: ${error.message}`)
    this.end('store', 'the store is not available, try again later')
  }

  /** A fault of ours must not end the other connections. */
  #fault(error: Error): void {
    this.#context.complainOfFault(`a connection failed: ${error.stack ?? error.message}`)
    this.end('fault', 'the collector failed here; its log says why')
  }

  #acknowledge(rejects: Reject[] = [], aheadSequences: number[] = []): void {
    const throughSequence = this.#batches?.acknowledged() ?? 0
    this.#send({ kind: 'ack', ack: { throughSequence, rejects, aheadSequences } })
  }

  #send(envelope: Exclude<Envelope, { kind: 'unknown' }>): void {
    this.#sentAtMs = performance.now()
    this.#socket.send(encodeEnvelope(envelope))
    if (this.#socket.bufferedAmount > this.#context.limits.agentBacklogBytesMax)
      this.end('slow', 'acknowledgements are not read')
  }
}
