// POST /v1/enroll: a token and a certificate request in, a certificate out; and the renewal of one over the stream.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { commandIn } from '../../hint.ts'
import { quoted } from '../../printable.ts'
import {
  decodeEnrollRequest,
  ENROLL_BYTES_MAX,
  ENROLL_TYPE,
  encodeEnrollResponse,
} from '../../stream/codec-enrol.ts'
import {
  type EnrollRequest,
  type EnrollResponse,
  type Renewed,
  StreamError,
} from '../../stream/message.ts'
import {
  type DeviceRequest,
  type IssuedDevice,
  RequestError,
  readRequest,
  type Span,
} from '../../trust/certificates.ts'
import { derOf, fingerprintOf, pinOfKey } from '../../trust/pin.ts'
import { type UnixNs, unixNs } from '../../units.ts'
import { BoundedMap } from '../terms/bounded-map.ts'
import { createComplaints, createDeviceComplaints, type Subject } from '../terms/complaint.ts'
import type { CounterName, Counters } from '../terms/counters.ts'
import { endAnswered } from '../terms/early-answer.ts'
import type { Limits } from '../terms/limits.ts'
import { EachRate, SourceRate, sourceOf } from '../terms/rate.ts'
import type { Authority } from './authority.ts'
import type { Clones, Order } from './clones.ts'
import type { Refusal as RefusedOne } from './refusals.ts'
import {
  type EnrolledDevice,
  isRefused,
  type RefusalCode,
  type Refused,
  type Registry,
} from './registry.ts'
import { type GivenCertificate, isOnItsHardware } from './registry-rows.ts'
import type { Roster } from './roster.ts'

export type Enrolment = {
  /** Answers a request for ENROLL_PATH. `shown`: whose certificate the connection showed. */
  answer(request: IncomingMessage, response: ServerResponse, shown: ShownBy | undefined): void
  /** Another certificate for a device that is connected. Rejects with RequestError. */
  renew(by: ShownBy, request: Uint8Array): Promise<Renewed>
  /** A certificate as another device, for a machine that was told to become one. Rejects with an Error whose message is a sentence. */
  reenrol(by: ShownBy, order: Order, asked: EnrollRequest): Promise<EnrollResponse>
}

/** Who came by which certificate. Whether that is good still is judged when something is given for it, not when it came. */
type ShownBy = { deviceId: string; fingerprint: string; address: string }

export type EnrolmentOptions = {
  registry: Registry
  roster: Pick<Roster, 'describe'>
  clones: Clones
  authority: Pick<Authority, 'issue' | 'trusted' | 'vouched'>
  counters: Counters
  limits: Limits
  /** Told of each refusal. */
  onRefused?: (refusal: RefusedOne) => void
  /** A device enrolled, from this address. */
  onEnrolled?: (deviceId: string, address: string) => void
  /** A device enrolled again: certificates of it may be good no more. */
  onEnrolledAgain?: (deviceId: string) => void
  /** One enrolled that was not known: what is left of another by its id is not its own. */
  onEnrolledAnew?: (deviceId: string) => void
  /** The time that is believed, and where it may be beside it. */
  now: () => UnixNs
  span: () => Span
  /** The state directory of the installation. */
  stateRoot: string
  log: (text: string) => void
}

type Refusal = { status: number; code: RefusalCode | Trouble; error: string; retryS?: number }
/** What is wrong with a request whoever asks; part of the protocol as RefusalCode is. */
type Trouble = 'malformed' | 'too-many' | 'method' | 'failed'

const REQUEST_MS = 10_000
const RETRY_S = 5
/** Of one device: whoever mistyped a token asks a few times, and leaves the others of its network their turns. */
const ASKS_PER_SECOND = 0.5
const ASKS_BURST = 10
/**
 * Certificates of one device that is known: an administrator tries, or one answer after the other is lost. Whoever has its key,
 * and makes ever others, has a signature and a write in ten minutes.
 */
const AGAIN_EVERY_S = 600
const AGAIN_BURST = 5
const TOLD_APART_MAX = 20_000
/** Of one device: each is a signature, and is kept until it ends. */
const RENEW_EVERY_MS = 3_600_000
/** Within that time, where each is asked for on another connection: the answer may have been lost with the one before. */
const RENEW_MOST = 4
const RENEWED_MAX = 20_000

export function createEnrolment(options: EnrolmentOptions): Enrolment {
  const { registry, roster, clones, authority, counters, limits, now, span, log } = options
  // Signing costs more than asking: whoever floods this waits, others less, and nobody whose certificate is good does.
  const { enrolmentsPerSecond, enrolmentsBurst } = limits
  const rate = new SourceRate(enrolmentsPerSecond, enrolmentsBurst, performance.now())
  // Each apart, since who has a token has as many lines of some of these as he likes: what fails here, by what it is; who came in;
  // who was refused; and who may be a copy, or have another's key.
  const fault = createComplaints(log)
  const tell = createDeviceComplaints(log)
  const complain = createDeviceComplaints(log)
  const warn = createDeviceComplaints(log)
  const knownRate = new SourceRate(enrolmentsPerSecond, enrolmentsBurst, performance.now())
  const asks = new EachRate(ASKS_PER_SECOND, ASKS_BURST, TOLD_APART_MAX)
  const again = new EachRate(1 / AGAIN_EVERY_S, AGAIN_BURST, TOLD_APART_MAX)

  /** It is let in all the same where its name cannot be noted, which a person may want to call it by before it comes. */
  const describe = (deviceId: string, { host, agentVersion }: EnrollRequest): void => {
    try {
      roster.describe({ deviceId, agentVersion, hostname: host.hostname })
    } catch (cause) {
      fault('names', `what device ${deviceId} is called is not noted: ${(cause as Error).message}`)
    }
  }

  async function enrol(
    body: Uint8Array,
    shown: ShownBy | undefined,
    address: string,
  ): Promise<Uint8Array> {
    const asked = decodeEnrollRequest(body)
    const request = await readRequest(asked.request)
    const { deviceId } = request
    const key = pinOfKey(request.publicKey)
    const candidate = {
      ...{ deviceId, hardware: asked.hardware, key, shown: shown?.fingerprint },
      source: sourceOf(address),
    }
    // A token may have been made in this very second.
    registry.refresh()
    const refusedAs = ({ holder, ...no }: Refused): RefusedError => {
      const { hostname } = asked.host
      const known =
        holder === undefined
          ? undefined
          : `device ${holder} has this hardware: it comes with that one’s key, or once more by a token after ${commandIn(`collector devices allow ${holder.slice(0, 8)}`, options.stateRoot)}`
      // Whom an administrator may want to let in. Who holds the hardware is not the stranger’s to know.
      const about = registry.device(holder ?? deviceId)
      complain(
        about ? subjectOf(about, no.code) : { id: no.code, isKnown: false },
        `an enrolment is refused (${no.code}): device ${deviceId}, ${quoted(hostname)}: ${known ?? no.error}`,
      )
      return new RefusedError(
        { status: 403, ...no },
        { deviceId, hostname, ...(known && { known }) },
      )
    }
    const no = registry.mayEnrol(asked.token, candidate, now())
    if (no) throw refusedAs(no)
    const before = registry.device(deviceId)
    // Nobody but who may come as it spends its turns.
    if (before && !again.take(deviceId, performance.now()))
      throw tooMany(
        `this device has enrolled ${AGAIN_BURST} times of late: again in ten minutes`,
        AGAIN_EVERY_S,
        { deviceId, hostname: asked.host.hostname },
      )
    const issued = await authority.issue(request, span())
    const given = givenOf(issued, request)
    const device = registry.enrol(asked.token, candidate, given, now())
    if (isRefused(device)) throw refusedAs(device)
    // Whoever came by the certificate of before is not to ask for one more thing by it.
    if (before) options.onEnrolledAgain?.(deviceId)
    else options.onEnrolledAnew?.(deviceId)
    options.onEnrolled?.(deviceId, address)
    describe(deviceId, asked)
    counters.add('enrolled')
    tell(
      subjectOf({ id: given.fingerprint, isNoticed: before?.isNoticed === true }),
      `device ${deviceId} enrolled${before ? ' again' : ''}, ${sayStanding(device)}: ${quoted(asked.host.hostname)}`,
    )
    if (before && !isOnItsHardware(before, asked.hardware))
      warn(
        subjectOf({ id: given.fingerprint, isNoticed: before.isNoticed }),
        `device ${deviceId} came again by its key, ${asked.hardware === '' ? 'and names no hardware, as it did' : 'on other hardware than'} when it was enrolled: it may be a copy, or whoever has its key, and the certificate of the one before is good no more`,
      )
    return encodeEnrollResponse({
      certificate: issued.der,
      authorities: authority.trusted.map(derOf),
      group: device.group,
    })
  }

  const renewals = new BoundedMap<string, Given>(RENEWED_MAX)

  return {
    answer(request, response, shown) {
      respond(request, shown)
        .then((body) => {
          response.writeHead(200, {
            'Content-Type': ENROLL_TYPE,
            'Content-Length': body.length,
            'Cache-Control': 'no-store',
          })
          response.end(body)
        })
        .catch((cause: Error) => {
          const refusal = refusalOf(cause)
          counters.add(counterOf(refusal.code))
          const {
            deviceId = '',
            hostname = '',
            known,
          } = cause instanceof RefusedError ? cause.by : {}
          const address = request.socket.remoteAddress ?? ''
          const { code: told, error: said } = refusal
          options.onRefused?.({ code: told, text: known ?? said, deviceId, hostname, address })
          if (refusal.code === 'failed')
            fault('failed', `an enrolment failed: ${cause.stack ?? cause.message}`)
          const { status, code, error, retryS } = refusal
          const body = JSON.stringify({ error, code })
          response.writeHead(status, {
            'Content-Type': 'application/json; charset=utf-8',
            'Content-Length': Buffer.byteLength(body),
            Connection: 'close',
            ...(retryS === undefined ? {} : { 'Retry-After': `${retryS}` }),
          })
          endAnswered(request, response, body)
        })
    },
    async renew(by, der) {
      const { deviceId, fingerprint } = by
      const request = await readRequest(der)
      if (request.deviceId !== deviceId)
        throw new RequestError('the certificate request names another device')
      const trusted = authority.trusted.join()
      const kept = renewals.get(deviceId)
      // Of other authorities each device is to have another at once.
      const isRecent = kept?.trusted === trusted && performance.now() - kept.atMs < RENEW_EVERY_MS
      const last = isRecent ? kept : undefined
      if (last && (last.by.deref() === by || last.count >= RENEW_MOST))
        throw new RequestError('its certificate was renewed within the last hour')
      const issued = await authority.issue(request, span())
      const no = registry.noteCertificate(fingerprint, givenOf(issued, request), now())
      if (no) throw new RequestError(no.error)
      // Not before: who has got nothing may ask again.
      const { atMs, count } = last ?? { atMs: performance.now(), count: 0 }
      renewals.set(deviceId, { atMs, count: count + 1, trusted, by: new WeakRef(by) })
      counters.add('renewed')
      const { trusted: all, vouched } = authority
      return {
        certificate: issued.der,
        ...{ authorities: all.map(derOf), vouched: vouched.map(derOf) },
      }
    },
    async reenrol({ fingerprint, address }, order, asked) {
      if (!knownRate.take(address, performance.now()))
        throw new Error('too many devices enrol at once')
      const request = await readRequest(asked.request)
      const no = clones.refusalOf(order, asked.token, request.deviceId, now())
      if (no !== undefined) throw new Error(no)
      const issued = await authority.issue(request, span())
      // It may have been removed in this very second.
      const device = registry.device(order.deviceId)
      if (!device || device.standing === 'revoked')
        throw new Error('the device is forgotten, or was thrown out')
      const { group } = device
      const isKnown = registry.device(request.deviceId) !== undefined
      clones.succeed(order, request.deviceId, givenOf(issued, request), fingerprint, now())
      if (!isKnown) options.onEnrolledAnew?.(request.deviceId)
      describe(request.deviceId, asked)
      counters.add('reenrolled')
      warn(
        { id: request.deviceId, isKnown: device.isNoticed },
        `a machine with the certificate of device ${order.deviceId} becomes device ${request.deviceId} at its agent's next start, quarantined in the group "${group}": ${order.reason}`,
      )
      return { certificate: issued.der, authorities: authority.trusted.map(derOf), group }
    },
  }

  async function respond(
    request: IncomingMessage,
    shown: ShownBy | undefined,
  ): Promise<Uint8Array> {
    if (request.method !== 'POST')
      throw new RefusedError({ status: 405, code: 'method', error: 'enrolment is a POST' })
    const nowMs = performance.now()
    const address = request.socket.remoteAddress ?? ''
    const by = shown && { deviceId: shown.deviceId }
    if (shown && !asks.take(shown.deviceId, nowMs))
      throw tooMany('this device asks again and again: try again in a few seconds', RETRY_S, by)
    if (!(shown ? knownRate : rate).take(address, nowMs))
      throw tooMany('too many devices enrol at once: try again in a few seconds', RETRY_S, by)
    return enrol(await readBytes(request), shown, address)
  }
}

/** What a device was given: the first when, how many since, by which authorities, on which connection the last. */
type Given = { atMs: number; count: number; trusted: string; by: WeakRef<object> }

class RefusedError extends Error {
  readonly refusal: Refusal
  /** Empty: it has not come as far as to say. */
  readonly by: { deviceId?: string; hostname?: string; known?: string }
  constructor(refusal: Refusal, by: RefusedError['by'] = {}) {
    super(refusal.error)
    this.refusal = refusal
    this.by = by
  }
}

const tooMany = (error: string, retryS: number, by?: RefusedError['by']): RefusedError =>
  new RefusedError({ status: 429, code: 'too-many', error, retryS }, by)

function refusalOf(cause: Error): Refusal {
  if (cause instanceof RefusedError) return cause.refusal
  if (cause instanceof RequestError || cause instanceof StreamError)
    return { status: 400, code: 'malformed', error: cause.message }
  return { status: 500, code: 'failed', error: "this failed; the collector's log says why" }
}

const counterOf = (code: Refusal['code']): CounterName => {
  if (code === 'malformed' || code === 'method') return 'enrolRefusedMalformed'
  if (code === 'too-many') return 'enrolRefusedRate'
  if (code === 'failed') return 'enrolFailed'
  if (code === 'quarantine-full') return 'enrolRefusedFull'
  return code.startsWith('token-') ? 'enrolRefusedToken' : 'enrolRefusedKnown'
}

/** `what`: of one device several things are said, each by itself. */
const subjectOf = (
  { id, isNoticed }: Pick<EnrolledDevice, 'id' | 'isNoticed'>,
  what = '',
): Subject => ({
  id: `${id} ${what}`,
  isKnown: isNoticed,
})

const sayStanding = ({ standing, group }: EnrolledDevice): string =>
  standing === 'quarantined'
    ? `quarantined in the group "${group}" until it is admitted`
    : `${standing} in the group "${group}"`

/** What the registry keeps of a certificate. */
const givenOf = (
  { der, notAfterMs }: IssuedDevice,
  { publicKey }: DeviceRequest,
): GivenCertificate => ({
  fingerprint: fingerprintOf(der),
  notAfter: nsOf(notAfterMs),
  key: pinOfKey(publicKey),
})

const nsOf = (ms: number): UnixNs => unixNs(BigInt(ms) * 1_000_000n, 'notAfter')

/** Rejects with StreamError when there is more than a request may have, or it does not come in time. */
async function readBytes(request: IncomingMessage): Promise<Uint8Array> {
  const parts: Buffer[] = []
  let length = 0
  const timer = setTimeout(() => request.destroy(new Error('it took too long')), REQUEST_MS)
  try {
    // An iterator that is left destroys what it reads, and with it the connection that is to be answered.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      const part = chunk as Buffer
      length += part.length
      if (length > ENROLL_BYTES_MAX)
        throw new StreamError('too-large', `an enrolment has at most ${ENROLL_BYTES_MAX} bytes`)
      parts.push(part)
    }
  } catch (cause) {
    if (cause instanceof StreamError) throw cause
    throw new StreamError('malformed', `the request broke off: ${(cause as Error).message}`)
  } finally {
    clearTimeout(timer)
  }
  return Buffer.concat(parts)
}
