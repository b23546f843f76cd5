// Agents' WebSocket: who may come in, and all connections together.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocketServer } from 'ws'
import type { Alert, Finding } from '../../engine/finding.ts'
import { trimHeap } from '../../host/libc.ts'
import { peerUid } from '../../host/peer.ts'
import { isOwnUser } from '../../stream/local-socket.ts'
import { FRAME_BYTES_MAX, STREAM_PATH, SUBPROTOCOL } from '../../stream/message.ts'
import { createTrouble } from '../../trouble.ts'
import type { UnixNs } from '../../units.ts'
import { type Ledger, ProgramTexts, type StoredBatch } from '../store/store.ts'
import { createComplaint, createDeviceComplaints } from '../terms/complaint.ts'
import type { CounterName, Counters } from '../terms/counters.ts'
import { answerEarly } from '../terms/early-answer.ts'
import { knownAgentsMax, type Limits } from '../terms/limits.ts'
import { RateLimit } from '../terms/rate.ts'
import type { CertificateGiver, EnrolledOrigin } from './certificates.ts'
import { Connection, type Origin } from './connection.ts'
import type { Device, Devices } from './devices.ts'
import type { Ending } from './ending.ts'
import type { PolicySource } from './policy-lane.ts'
import { createUnfinished } from './unfinished.ts'

const WATCH_MS = 1000
const CLOSE_HANDSHAKE_MS = 1000
const RETRY_AFTER_S = 5
const RETRY_MOST_MS = 600_000
/** Between two slices others are read and acknowledged. */
const PUSH_SLICE_AGENTS = 200
/** Each of them wants a signature and a write: 10,000 agents have theirs in two minutes. */
const TELL_SLICE_AGENTS = 20
const TELL_SLICE_MS = 250
/** Each is a signature to verify, 0.15 ms of the machine that the tests run on. */
const VOUCH_SLICE_AGENTS = 50
const RETIRED =
  'the authority that signed the certificate of this connection counts no more: a later certificate opens another'

export type { CertificateGiver, EnrolledOrigin } from './certificates.ts'
export type { Ending } from './ending.ts'

export type Gateway = {
  /** For http.Server's 'upgrade', of agents of this machine: on a Unix socket, of which the kernel says who is there. */
  upgradeLocal(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** The same for agents with a certificate, of which the caller knows that it is good. */
  upgradeEnrolled(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    enrolled: EnrolledOrigin,
  ): void
  /** Ends connections whose certificate is not good any more: `judge` says why by its fingerprint. `of`: this device's alone. */
  review(judge: (fingerprint: string) => string | undefined, of?: string): void
  /** Something else may hold for devices: each that has not what holds for it is sent it, in slices. */
  pushPolicies(whom: 'all' | ReadonlySet<string>): Promise<void>
  /** Others may be believed: each is told, in slices. */
  tellAuthorities(): Promise<void>
  /**
   * Ends connections whose certificate no authority that counts has signed, in slices, since all of them come again. Returns
   * how many.
   */
  endUnvouched(): Promise<number>
  /** Agents connected. */
  size(): number
  /**
   * Refuses newcomers, lets what is being stored be acknowledged, says goodbye to all in slices: within twice
   * closeMs, and drainSliceMs for each drainSliceAgents.
   */
  close(): Promise<void>
}

export type GatewayOptions = {
  ledger: Ledger
  devices: Devices
  counters: Counters
  limits: Limits
  now: () => UnixNs
  /** UUID of this machine's boot, as agents say theirs; empty when the system does not say. */
  bootId: string
  log: (text: string) => void
  /** An enrolled device said what it may not. */
  onOffence?: ((ending: Ending, by: EnrolledOrigin, reason: string) => void) | undefined
  /** For devices with a certificate. */
  certificates?: CertificateGiver | undefined
  /** What is sent to enrolled devices. */
  policies?: PolicySource | undefined
  /** Undefined: no device is enrolled. */
  claims?: Claims | undefined
  onStored(device: Device, findings: readonly Finding[], stored: StoredBatch): void
}

/** Whose ids are whose: nobody enrols under the id of an agent of this machine, and that one comes under no device's. */
export type Claims = {
  isEnrolled(deviceId: string): boolean
  /** An agent of this machine has come by this id. */
  noteLocal(deviceId: string): void
}

type Refusal = { status: number; title: string; counter: CounterName; error: string }

export function createGateway(options: GatewayOptions): Gateway {
  const { ledger, counters, limits } = options
  // A variable, since @types/ws does not know some of them yet (ws 8.23 has them).
  const serverOptions = {
    noServer: true,
    clientTracking: false,
    maxPayload: FRAME_BYTES_MAX,
    // Compression of each message fragments memory; a batch is dense already.
    perMessageDeflate: false,
    handleProtocols: () => SUBPROTOCOL,
    closeTimeout: CLOSE_HANDSHAKE_MS,
    // A message in tiny parts costs far more memory than its bytes.
    maxFragments: limits.fragmentsMax,
    maxBufferedChunks: limits.piecesMax,
  }
  const server = new WebSocketServer(serverOptions)
  const programTexts = new ProgramTexts()
  const connections = new Set<Connection>()
  const byDevice = new Map<string, Connection>()
  const paused = new Set<Connection>()
  const rate = new RateLimit(limits.connectsPerSecond, limits.connectsBurst, performance.now())
  let closing = false
  let endsSinceTrim = 0

  const watch = setInterval(() => {
    const nowMs = performance.now()
    relieve()
    unfinished.watch(nowMs)
    for (const connection of connections) connection.watch(nowMs)
    if (endsSinceTrim < limits.trimEnds) return
    endsSinceTrim = 0
    counters.add('heapTrims')
    trimHeap()
  }, WATCH_MS)
  watch.unref()

  /** The store is behind: agents wait in their outboxes, not in our memory. */
  function holdBack(connection: Connection): void {
    if (ledger.waitingBytes() <= limits.storeBacklogBytesMax || paused.has(connection)) return
    counters.add('pauses')
    paused.add(connection)
    connection.pause()
  }

  function relieve(): void {
    if (paused.size === 0 || ledger.waitingBytes() > limits.storeBacklogBytesMax / 2) return
    for (const connection of paused) connection.resume()
    paused.clear()
  }

  function strangerAt(socket: Duplex): Refusal | undefined {
    const uid = peerUid(socket as Socket)
    return isOwnUser(uid)
      ? undefined
      : refused(
          403,
          'Forbidden',
          'agentsRefusedPeer',
          'agents of this machine run as root or as the user of the collector',
        )
  }

  function refusal(request: IncomingMessage, socket: Duplex, origin: Origin): Refusal | undefined {
    const { headers } = request
    if (request.url !== STREAM_PATH)
      return refused(404, 'Not Found', 'agentsRefusedPath', `agents connect to ${STREAM_PATH}`)
    const stranger = origin === 'local' ? strangerAt(socket) : undefined
    if (stranger) return stranger
    const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim())
    if (!offered.includes(SUBPROTOCOL))
      return refused(
        400,
        'Bad Request',
        'agentsRefusedProtocol',
        `this collector speaks the subprotocol ${SUBPROTOCOL}`,
      )
    if (closing)
      return refused(
        503,
        'Service Unavailable',
        'agentsRefusedStopping',
        'the collector is stopping',
      )
    const isUnknown = origin !== 'local' && origin.isQuarantined
    if (connections.size >= (isUnknown ? limits.agentsMax : knownAgentsMax(limits)))
      return refused(
        503,
        'Service Unavailable',
        'agentsRefusedLimit',
        `${connections.size} agents are connected, which is the limit`,
      )
    // The door has let them in at its own rate.
    if (origin === 'local' && !rate.take(performance.now()))
      return refused(
        503,
        'Service Unavailable',
        'agentsRefusedRate',
        `more than ${limits.connectsPerSecond} agents connect a second`,
      )
    return undefined
  }

  /**
   * In slices, each agent told when to come back, so that they neither leave nor return all at once: as
   * many a second as may connect.
   */
  async function drain(): Promise<void> {
    let sent = 0
    for (const connection of [...connections]) {
      if (sent > 0 && sent % limits.drainSliceAgents === 0) await delay(limits.drainSliceMs)
      const retryAfterMs = Math.round((sent / limits.connectsPerSecond) * 1000)
      connection.resume()
      connection.end('stopping', 'the collector is stopping', Math.min(retryAfterMs, RETRY_MOST_MS))
      sent++
    }
  }

  function accept(connection: Connection): void {
    counters.add('agentsAccepted')
    connections.add(connection)
  }

  const storeTrouble = createTrouble(options.log, () => performance.now())
  const unfinished = createUnfinished(limits, createComplaint(options.log))
  const context = {
    ...options,
    complainOf: createDeviceComplaints(options.log),
    complainOfFault: createComplaint(options.log),
    storeTrouble,
    onStored(...stored: Parameters<typeof options.onStored>) {
      storeTrouble.works(() => 'what agents send is stored again')
      options.onStored(...stored)
    },
    /**
     * Nobody else has the key of an enrolled device: an older connection is one that it left behind. Of this machine it is
     * the one that is there and answers.
     */
    async onHello(connection: Connection, deviceId: string) {
      if (connection.isLocal && options.claims?.isEnrolled(deviceId)) return 'enrolled'
      const old = byDevice.get(deviceId)
      return old?.isLocal && (await old.isAlive()) ? 'taken' : undefined
    },
    onEnrolled(connection: Connection, deviceId: string) {
      if (connection.isLocal) options.claims?.noteLocal(deviceId)
      connection.enrolled?.onWelcome?.()
      byDevice.get(deviceId)?.end('replaced', 'a newer connection of this device has taken over')
      byDevice.set(deviceId, connection)
    },
    onHanded: holdBack,
    programTextOf: (alert: Alert) => programTexts.of(alert),
    onSettled: relieve,
    onEnd(connection: Connection, deviceId: string | undefined) {
      endsSinceTrim++
      connections.delete(connection)
      paused.delete(connection)
      if (deviceId !== undefined && byDevice.get(deviceId) === connection) byDevice.delete(deviceId)
    },
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, origin: Origin): void {
    const why = refusal(request, socket, origin)
    if (why) {
      counters.add(why.counter)
      refuse(socket, why)
      return
    }
    server.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new Connection(webSocket, context, origin)
      accept(connection)
      unfinished.follow(webSocket, socket, {
        isQuarantined: origin !== 'local' && origin.isQuarantined,
        isPaused: () => paused.has(connection),
        cut(reason) {
          connection.end('unfinished', reason)
          connection.terminate()
        },
      })
    })
  }

  return {
    upgradeLocal: (request, socket, head) => upgrade(request, socket, head, 'local'),
    upgradeEnrolled: upgrade,
    review(judge, of) {
      for (const connection of connections) {
        const { enrolled } = connection
        if (!enrolled || (of !== undefined && of !== enrolled.deviceId)) continue
        const why = judge(enrolled.fingerprint)
        if (why !== undefined) connection.end('revoked', why)
      }
    },
    async pushPolicies(whom) {
      let looked = 0
      for (const connection of [...connections]) {
        if (whom !== 'all' && !whom.has(connection.enrolled?.deviceId ?? '')) continue
        connection.pushPolicies()
        if (++looked % PUSH_SLICE_AGENTS === 0) await delay(1)
      }
    },
    async tellAuthorities() {
      let told = 0
      for (const connection of [...connections])
        if (connection.tellAuthorities() && ++told % TELL_SLICE_AGENTS === 0)
          await delay(TELL_SLICE_MS)
    },
    async endUnvouched() {
      let [looked, ended] = [0, 0]
      for (const connection of [...connections]) {
        if (++looked % VOUCH_SLICE_AGENTS === 0) await delay(1)
        if (connection.enrolled?.isVouchedFor?.() !== false) continue
        if (connection.end('retired', RETIRED) && ++ended % TELL_SLICE_AGENTS === 0)
          await delay(TELL_SLICE_MS)
      }
      return ended
    },
    size: () => connections.size,
    async close() {
      closing = true
      clearInterval(watch)
      for (const connection of connections) connection.pause()
      const storedByMs = performance.now() + limits.closeMs
      const busy = () => [...connections].some((each) => each.outstandingItems() > 0)
      while (busy() && performance.now() < storedByMs) await delay(5)
      await drain()
      const deadlineMs = performance.now() + limits.closeMs
      while (connections.size > 0 && performance.now() < deadlineMs) await delay(5)
      for (const connection of connections) connection.terminate()
    },
  }
}

function refused(status: number, title: string, counter: CounterName, error: string): Refusal {
  return { status, title, counter, error }
}

/** Answers an upgrade with a plain HTTP response, since there is no WebSocket yet. */
function refuse(socket: Duplex, { status, title, error }: Refusal): void {
  answerEarly(socket, {
    ...{ status, title },
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      ...(status === 503 && { 'Retry-After': `${RETRY_AFTER_S}` }),
    },
    body: JSON.stringify({ error }),
  })
}
