// From the outbox to the collector for as long as the agent runs: connects, sends what waits, drops what
// is acknowledged, comes back after every kind of end.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import { nowUnixNs, type UnixNs } from '../units.ts'
import { sentenceOf } from './answer.ts'
import { createBackoff } from './backoff.ts'
import { AGENT_ALPN, type Hello, type Live, READ_BYTES_MAX, SUBPROTOCOL } from './codec.ts'
import { type CollectorPlace, collectorPlace } from './collector-url.ts'
import { type ClientIdentity, otherNames, TLS_OPTIONS } from './enrol.ts'
import { connectLocal, PlaceError } from './local-socket.ts'
import type { PolicyTaker } from './policy-telling.ts'
import { said } from './said.ts'
import { Session } from './session.ts'
import { type Pace, type Queue, REPLACED, type Renewal } from './session-options.ts'
import { aborted, delayUnless } from './waiting.ts'

/** How the agent stands with its collector. */
export type UplinkState =
  | { state: 'connecting' }
  | { state: 'connected' }
  | {
      state: 'waiting'
      reason: string
      retryInMs: number
      /** Something answers at its address, and its certificate will not do. */
      isUntrusted?: true
      /** Of a collector on this machine: its place will not do, as it is or could be another user's. Nothing was said there. */
      isMisplaced?: true
      /** It took us in and can store nothing, its disk is full say: so until it has acknowledged something. */
      takesNothing?: true
      /** Status of its answer, when it gave one: busy, or in trouble itself. */
      httpStatus?: number
    }
  /** It will not have us as we are; it is asked again now and then, since that can change. */
  | {
      state: 'refused'
      reason: string
      /** Status of its answer. Absent: it was not asked, our settings will not do. */
      httpStatus?: number
      /** What it has against the certificate or the device (docs/protocol.md); absent: it is not that. */
      code?: string
    }

export type UplinkOptions = {
  /** As `collectorPlace` takes it. */
  url: string
  /** Its certificate and whom it believes to be its collector, on another machine; undefined: it is enrolled with none. */
  enrolment?: UplinkEnrolment | undefined
  /** Who takes policies that are sent, and says how they stand; undefined: nobody does. */
  policies?: PolicyTaker | undefined
  /** As `connectLocal` takes it. */
  collectorUid?: number
  hello: Omit<Hello, 'sentAt' | 'capabilities' | 'outboxId'>
  outbox: Queue
  /** This machine's clock. */
  now?: () => UnixNs
  /** Ends the uplink: it says goodbye and leaves what is not acknowledged in the outbox. */
  signal: AbortSignal
  onState?: (state: UplinkState) => void
  /** Of each connection that is open, for who cuts it or reads it no more. */
  onSocket?: (socket: Pick<WebSocket, 'terminate' | 'pause'>) => void
  log?: (text: string) => void
  /** In [0, 1). */
  random?: () => number
  pace?: Partial<UplinkPace>
}

export type UplinkIdentity = ClientIdentity & { authorities: readonly string[] }

/** The device's identity as it is kept, and how it is renewed. */
export type UplinkEnrolment = Renewal & {
  identity(): UplinkIdentity
  /** The collector will not have its certificate: a code of docs/protocol.md. */
  refused?(code: string): void
  /** `identity` is another by now: it is not waited any longer to come by it. */
  isAnew?(): boolean
}

export type UplinkPace = Pace & {
  /** Until TCP is connected. */
  connectMs: number
  /** Span of the first wait, and of the longest until the collector names another. */
  backoffFirstMs: number
  backoffMostMs: number
  /** Least wait after a refusal. */
  refusedMs: number
  /** After one that an administrator may take back at any moment: the least, and the span of the first; that grows to refusedMs. */
  revokedMs: number
  /** Between two looks, while it waits, whether a command has enrolled this machine anew. */
  lookMs: number
}

export type Uplink = {
  /** The outbox has grown: sends at once what credit allows. */
  poke(): void
  /** Sends counters of the moment, or drops them when not connected or behind. */
  live(live: Live): void
  /** Says how policies stand, where that has changed. */
  tellPolicies(): void
  state(): UplinkState
  /** The collector's clock less this machine's, as the last Welcome showed it; undefined before the first. */
  clockOffsetMs(): number | undefined
  /** Resolves when the signal has ended it. Never rejects. */
  done: Promise<void>
}

const PACE: UplinkPace = {
  connectMs: 10_000,
  // A collector that all come to at once keeps a connection waiting for its turn at TLS, up to a minute.
  handshakeMs: 75_000,
  welcomeMs: 10_000,
  pingMs: 15_000,
  ackMs: 120_000,
  closeMs: 1000,
  renewMs: 3_660_000,
  backoffFirstMs: 1000,
  backoffMostMs: 60_000,
  refusedMs: 60_000,
  revokedMs: 5_000,
  // Each reads a file and two keys in it, a third of a millisecond.
  lookMs: 2_000,
}
/**
 * Codes of refusals (docs/protocol.md) that another moment may undo: of a device that was thrown out, which an administrator takes
 * back, and of a certificate that was replaced, where a command enrols this machine anew and has not written yet what it got.
 */
const REVOKED: readonly (string | undefined)[] = ['device-revoked', 'certificate-revoked']
/** Close code (docs/protocol.md): it cannot store at the moment. */
const TRY_LATER = 1013
const RETRY_AFTER_MOST_S = 3600
const ANSWER_BYTES_MAX = 4096

type End = {
  reason: string
  isRefusal: boolean
  /** Of an answer in place of a connection. */
  httpStatus?: number
  code?: string
  isUntrusted?: true
  isMisplaced?: true
  takesNothing?: true
  isReplaced: boolean
  retryAfterMs: number
}

const endOf = (reason: string, more: Partial<End> = {}): End => ({
  ...{ reason, isRefusal: false, isReplaced: false, retryAfterMs: 0 },
  ...more,
})

/** Never throws: an address that will not do is the state `refused`, with a sentence. */
export function startUplink(options: UplinkOptions): Uplink {
  const { outbox, signal, enrolment, log = () => {}, onState = () => {} } = options
  const [random, pace] = [options.random ?? Math.random, { ...PACE, ...options.pace }]
  const backoff = createBackoff(pace.backoffFirstMs, pace.backoffMostMs, random)
  const whileRevoked = createBackoff(pace.revokedMs, pace.refusedMs, random)
  let session: Session | undefined
  let state: UplinkState = { state: 'connecting' }
  let retryAtMs = 0
  let lastLogged = ''
  let clockOffsetMs: number | undefined
  const renewal = enrolment && {
    ...enrolment,
    take(...renewed: Parameters<Renewal['take']>) {
      const leftOut = enrolment.take(...renewed)
      // As an authority is retired the connection is cut that brought this; how often it is asked for has a bound.
      backoff.succeeded()
      return leftOut
    },
  }
  /** It took nothing of what it was last sent, and has not shown since that it does. */
  let takesNothing = false

  const enter = (next: UplinkState): void => {
    state = next
    const text = next.state === 'waiting' || next.state === 'refused' ? next.reason : next.state
    if (next.state !== 'connecting' && text !== lastLogged) {
      lastLogged = text
      log(next.state === 'connected' ? 'connected to the collector' : `no collector: ${text}`)
    }
    onState(current())
  }
  const current = (): UplinkState =>
    state.state === 'waiting'
      ? { ...state, retryInMs: Math.max(0, Math.round(retryAtMs - performance.now())) }
      : { ...state }

  const connected = (): void => {
    takesNothing = false
    enter({ state: 'connected' })
  }

  /** Resolves when the connection has ended, whyever. */
  const connect = async (place: CollectorPlace): Promise<End> => {
    let local: Socket | undefined
    try {
      if (place.socketPath !== undefined)
        local = await connectLocal(place.socketPath, pace.connectMs, options.collectorUid)
    } catch (error) {
      const reason = describe(error as Error)
      return endOf(reason, error instanceof PlaceError ? { isMisplaced: true } : {})
    }
    // It was aborted while the socket was asked for: nobody would say so to the session.
    if (signal.aborted) {
      local?.destroy()
      return endOf('the agent stops')
    }
    // handshakeTimeout alone sets the time of connections that ws makes itself; ws ends it with the handshake.
    local?.setTimeout(pace.handshakeMs)
    let tls: ReturnType<typeof tlsOf> | undefined
    try {
      tls = enrolment && tlsOf(enrolment.identity())
    } catch (error) {
      local?.destroy()
      return endOf(said(`its own identity cannot be used: ${(error as Error).message}`))
    }
    return talk(place.url, local, tls)
  }
  const talk = (
    url: URL,
    local: Socket | undefined,
    tls: ReturnType<typeof tlsOf> | undefined,
  ): Promise<End> =>
    new Promise((resolve) => {
      const end = (reason: string, more?: Partial<End>) => resolve(endOf(reason, more))
      const socket = new WebSocket(url, SUBPROTOCOL, {
        ...(local === undefined ? {} : { createConnection: () => local }),
        handshakeTimeout: pace.handshakeMs,
        finishRequest: (request) => {
          request.once('socket', (opened) => connectWithin(opened, pace.connectMs))
          request.end()
        },
        maxPayload: READ_BYTES_MAX,
        perMessageDeflate: false,
        ...tls,
      })
      const abandon = () => (session ? session.goodbye('the agent stops') : socket.terminate())
      signal.addEventListener('abort', abandon, { once: true })
      const failed = (error: Error) => {
        signal.removeEventListener('abort', abandon)
        end(describe(error), isUntrusted(error) ? { isUntrusted: true } : {})
      }
      socket.once('error', failed)
      socket.once('unexpected-response', (request, response) => {
        socket.off('error', failed)
        socket.on('error', () => {})
        signal.removeEventListener('abort', abandon)
        const cut = () => response.destroy()
        signal.addEventListener('abort', cut, { once: true })
        const timer = setTimeout(cut, pace.connectMs)
        void readAnswer(response).then((answer) => {
          clearTimeout(timer)
          signal.removeEventListener('abort', cut)
          request.destroy()
          end(answer.reason, answer)
        })
      })
      socket.once('open', () => {
        socket.off('error', failed)
        options.onSocket?.(socket)
        let welcomedAtMs = Number.POSITIVE_INFINITY
        session = new Session(
          socket,
          {
            hello: options.hello,
            outbox,
            now: options.now ?? nowUnixNs,
            pace,
            log,
            onWelcome: ({ backoffMaxMs }, offsetMs) => {
              clockOffsetMs = offsetMs
              welcomedAtMs = performance.now()
              if (backoffMaxMs > 0) backoff.setMost(backoffMaxMs)
              whileRevoked.succeeded()
              if (!takesNothing || outbox.counters().items === 0) connected()
            },
            onProgress: () => {
              backoff.succeeded()
              if (takesNothing) connected()
            },
            renewal,
            policies: options.policies,
          },
          (reason, code, retryAfterMs) => {
            session = undefined
            if (performance.now() - welcomedAtMs > pace.backoffMostMs) backoff.succeeded()
            signal.removeEventListener('abort', abandon)
            end(reason, {
              isReplaced: code === REPLACED,
              ...(code === TRY_LATER ? { takesNothing: true } : {}),
              retryAfterMs: Math.min(retryAfterMs, RETRY_AFTER_MOST_S * 1000),
            })
          },
        )
      })
    })

  const run = async (): Promise<void> => {
    let place: CollectorPlace
    try {
      place = collectorPlace(options.url)
      if (place.socketPath === undefined && !enrolment)
        throw new Error(`this machine is not enrolled with ${options.url}`)
    } catch (error) {
      enter({ state: 'refused', reason: (error as Error).message })
      await aborted(signal)
      return
    }
    while (!signal.aborted) {
      if (!takesNothing) enter({ state: 'connecting' })
      const { reason, isRefusal, isReplaced, retryAfterMs, ...more } = await connect(place)
      if (signal.aborted) return
      if (more.code !== undefined) enrolment?.refused?.(more.code)
      // Two agents under one device id would throw each other out without end.
      if (isReplaced) backoff.slow()
      const waitMs = REVOKED.includes(more.code)
        ? whileRevoked.next(pace.revokedMs)
        : backoff.next(isRefusal ? pace.refusedMs : retryAfterMs)
      takesNothing = more.takesNothing === true
      retryAtMs = performance.now() + waitMs
      enter(
        isRefusal
          ? { state: 'refused', reason, ...more }
          : { state: 'waiting', reason, retryInMs: waitMs, ...more },
      )
      await delayUnless(waitMs, signal, pace.lookMs, () => enrolment?.isAnew?.() === true)
    }
  }

  return {
    poke: () => session?.pump(),
    live: (live) => session?.live(live),
    tellPolicies: () => session?.tellPolicies(),
    state: current,
    clockOffsetMs: () => clockOffsetMs,
    done: run(),
  }
}

/** A collector that is there but will not have us: its own sentence, bounded. */
async function readAnswer(response: IncomingMessage): Promise<Partial<End> & { reason: string }> {
  const status = response.statusCode ?? 0
  let body = ''
  try {
    for await (const chunk of response.setEncoding('utf8')) {
      body += chunk
      if (body.length > ANSWER_BYTES_MAX) break
    }
  } catch {
    // Cut off: the status says enough.
  }
  const { error, code } = sentenceOf(body)
  const reason = `the collector answered ${status}${error && `: ${error}`}`
  const retryAfterS = Number(response.headers['retry-after'])
  const isBusy = status === 429 || status >= 500
  if (!isBusy) return { reason, isRefusal: true, httpStatus: status, ...(code && { code }) }
  const isSane = retryAfterS > 0 && retryAfterS <= RETRY_AFTER_MOST_S
  return { reason, httpStatus: status, retryAfterMs: isSane ? retryAfterS * 1000 : 0 }
}

/** Codes of OpenSSL's X509_verify_cert_error_string(3) as Node names them, and of its own look at the name. */
const UNTRUSTED =
  /^(CERT_|CRL_|DEPTH_ZERO_|ERR_TLS_CERT_|HOSTNAME_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|SELF_SIGNED_|UNABLE_TO_)/

const codeOf = (error: Error): string => (error as NodeJS.ErrnoException).code ?? ''
const isUntrusted = (error: Error): boolean => UNTRUSTED.test(codeOf(error))

function describe(error: Error): string {
  const code = codeOf(error)
  if (code === 'ECONNREFUSED') return 'nothing listens at its address (ECONNREFUSED)'
  if (code === 'ENOENT') return 'it does not run: its socket is not there (ENOENT)'
  if (code === 'ENOTFOUND') return 'no host has its name (ENOTFOUND)'
  // OpenSSL's own words name lines of its source.
  if (code === 'EPROTO') return 'what answers at its address speaks no TLS that fits (EPROTO)'
  const names = otherNames(error)
  if (names !== undefined) return said(names)
  // Node adds what to start it with, which is not for those who read this.
  const [message = ''] = error.message.split('; if the root CA')
  return said(message || code || error.name)
}

/** Ends one whose peer does not answer TCP; what comes after that has longer. */
function connectWithin(socket: Socket, ms: number): void {
  if (!socket.connecting) return
  const timer = setTimeout(
    () => socket.destroy(new Error(`nothing answers at its address within ${ms / 1000} s`)),
    ms,
  )
  for (const event of ['connect', 'close']) socket.once(event, () => clearTimeout(timer))
}

/** Every connection is verified anew: no session of an earlier one is taken up. */
export const tlsOf = ({ key, certificate, authorities }: UplinkIdentity) => ({
  ...TLS_OPTIONS,
  ...{ key, cert: certificate, ca: [...authorities] },
  ALPNProtocols: [AGENT_ALPN],
})
