// POST /v1/enroll: a token and a certificate request in, a certificate out; and the renewal of one over the stream.
import type { IncomingMessage, ServerResponse } from 'node:http'
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
import { RequestError, readRequest } from '../../trust/certificates.ts'
import { derOf, fingerprintOf } from '../../trust/pin.ts'
import { type UnixNs, unixNs } from '../../units.ts'
import { BoundedMap } from '../bounded-map.ts'
import { createComplaint } from '../complaint.ts'
import type { CounterName, Counters } from '../counters.ts'
import type { Limits } from '../limits.ts'
import { RateLimit, SourceRate } from '../rate.ts'
import type { Authority } from './authority.ts'
import type { Clones, Order } from './clones.ts'
import { type EnrolledDevice, isRefused, type RefusalCode, type Registry } from './registry.ts'

export type Enrolment = {
  /** Answers a request for ENROLL_PATH. `provenId`: of the device whose certificate the connection showed. */
  answer(request: IncomingMessage, response: ServerResponse, provenId: string | undefined): void
  /** Another certificate for a device that is connected. Rejects with RequestError. */
  renew(deviceId: string, request: Uint8Array): Promise<Renewed>
  /** A certificate as another device, for a machine that was told to become one. Rejects with an Error whose message is a sentence. */
  reenrol(order: Order, asked: EnrollRequest): Promise<EnrollResponse>
}

export type EnrolmentOptions = {
  registry: Registry
  clones: Clones
  authority: Pick<Authority, 'issue' | 'trusted'>
  counters: Counters
  limits: Limits
  now: () => UnixNs
  log: (text: string) => void
}

type Refusal = { status: number; code: RefusalCode | Trouble; error: string }
/** What is wrong with a request whoever asks; part of the protocol as RefusalCode is. */
type Trouble = 'malformed' | 'too-many' | 'method' | 'failed'

const REQUEST_MS = 10_000
/** Of one device: each is a signature, and is kept until it ends. */
const RENEW_EVERY_MS = 3_600_000
const RENEWED_MAX = 20_000

export function createEnrolment(options: EnrolmentOptions): Enrolment {
  const { registry, clones, authority, counters, limits, now, log } = options
  // Signing costs more than asking: whoever floods this waits, others less, and nobody whose certificate is good does.
  const { enrolmentsPerSecond, enrolmentsBurst } = limits
  const rate = new SourceRate(enrolmentsPerSecond, enrolmentsBurst, performance.now())
  const complain = createComplaint(log)
  const knownRate = new RateLimit(enrolmentsPerSecond, enrolmentsBurst, performance.now())

  async function enrol(body: Uint8Array, provenId: string | undefined): Promise<Uint8Array> {
    const asked = decodeEnrollRequest(body)
    const request = await readRequest(asked.request)
    const { deviceId } = request
    const candidate = { deviceId, hardware: asked.hardware, provenId }
    // A token may have been made in this very second.
    registry.refresh()
    const refusedAs = (no: { code: RefusalCode; error: string }): RefusedError => {
      // Whom an administrator may want to let in.
      complain(
        `an enrolment is refused (${no.code}): device ${deviceId}, ${JSON.stringify(asked.host.hostname)}: ${no.error}`,
      )
      return new RefusedError({ status: 403, ...no })
    }
    const no = registry.mayEnrol(asked.token, candidate, now())
    if (no) throw refusedAs(no)
    const issued = await authority.issue(request, nowMs())
    const certificate = {
      fingerprint: fingerprintOf(issued.der),
      notAfter: nsOf(issued.notAfterMs),
    }
    const device = registry.enrol(asked.token, candidate, certificate, now())
    if (isRefused(device)) throw refusedAs(device)
    counters.add('enrolled')
    log(
      `device ${deviceId} enrolled, ${sayStanding(device)}: ${JSON.stringify(asked.host.hostname)}`,
    )
    return encodeEnrollResponse({
      certificate: issued.der,
      authorities: authority.trusted.map(derOf),
      group: device.group,
    })
  }

  const renewals = new BoundedMap<string, { atMs: number; trusted: string }>(RENEWED_MAX)
  const nowMs = (): number => Number(now() / 1_000_000n)

  return {
    answer(request, response, provenId) {
      respond(request, provenId)
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
          if (refusal.code === 'failed') log(`an enrolment failed: ${cause.stack ?? cause.message}`)
          const { status, code, error } = refusal
          response.writeHead(status, {
            'Content-Type': 'application/json; charset=utf-8',
            Connection: 'close',
            ...(status === 429 ? { 'Retry-After': '5' } : {}),
          })
          response.end(JSON.stringify({ error, code }))
          // What it still sends is read by nobody.
          if (!request.complete) response.once('finish', () => request.destroy())
        })
    },
    async renew(deviceId, der) {
      const request = await readRequest(der)
      if (request.deviceId !== deviceId)
        throw new RequestError('the certificate request names another device')
      const last = renewals.get(deviceId)
      const trusted = authority.trusted.join()
      // Of other authorities each device is to have another at once.
      if (last?.trusted === trusted && performance.now() - last.atMs < RENEW_EVERY_MS)
        throw new RequestError('its certificate was renewed within the last hour')
      const issued = await authority.issue(request, nowMs())
      registry.noteCertificate(
        deviceId,
        { fingerprint: fingerprintOf(issued.der), notAfter: nsOf(issued.notAfterMs) },
        now(),
      )
      // Not before: who has got nothing may ask again.
      renewals.set(deviceId, { atMs: performance.now(), trusted })
      counters.add('renewed')
      return { certificate: issued.der, authorities: authority.trusted.map(derOf) }
    },
    async reenrol(order, asked) {
      if (!knownRate.take(performance.now())) throw new Error('too many devices enrol at once')
      const request = await readRequest(asked.request)
      const no = clones.refusalOf(order, asked.token, request.deviceId)
      if (no !== undefined) throw new Error(no)
      const issued = await authority.issue(request, nowMs())
      // It may have been removed in this very second.
      const device = registry.device(order.deviceId)
      if (!device || device.standing === 'revoked')
        throw new Error('the device is forgotten, or was thrown out')
      const { group } = device
      clones.succeed(
        order,
        request.deviceId,
        { fingerprint: fingerprintOf(issued.der), notAfter: nsOf(issued.notAfterMs) },
        now(),
      )
      counters.add('reenrolled')
      log(
        `a machine with the certificate of device ${order.deviceId} becomes device ${request.deviceId} at its agent's next start, quarantined in the group "${group}": ${order.reason}`,
      )
      return { certificate: issued.der, authorities: authority.trusted.map(derOf), group }
    },
  }

  async function respond(
    request: IncomingMessage,
    provenId: string | undefined,
  ): Promise<Uint8Array> {
    if (request.method !== 'POST')
      throw new RefusedError({ status: 405, code: 'method', error: 'enrolment is a POST' })
    const address = request.socket.remoteAddress ?? ''
    const hasTurn =
      provenId === undefined
        ? rate.take(address, performance.now())
        : knownRate.take(performance.now())
    if (!hasTurn)
      throw new RefusedError({
        status: 429,
        code: 'too-many',
        error: 'too many devices enrol at once: try again in a few seconds',
      })
    return enrol(await readBytes(request), provenId)
  }
}

class RefusedError extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.error)
    this.refusal = refusal
  }
}

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
  return code.startsWith('token-') ? 'enrolRefusedToken' : 'enrolRefusedKnown'
}

const sayStanding = ({ standing, group }: EnrolledDevice): string =>
  standing === 'quarantined'
    ? `quarantined in the group "${group}" until it is admitted`
    : `${standing} in the group "${group}"`

const nsOf = (ms: number): UnixNs => unixNs(BigInt(ms) * 1_000_000n, 'notAfter')

/** Rejects with StreamError when there is more than a request may have, or it does not come in time. */
async function readBytes(request: IncomingMessage): Promise<Uint8Array> {
  const parts: Buffer[] = []
  let length = 0
  const timer = setTimeout(() => request.destroy(new Error('it took too long')), REQUEST_MS)
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
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
