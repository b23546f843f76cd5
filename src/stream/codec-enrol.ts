// The messages of enrolment to bytes and back: one request and one answer outside the stream, and their like on it.
import {
  type EnrollRequest,
  type EnrollResponse,
  type Envelope,
  type HostFacts,
  type Renewed,
  StreamError,
} from './message.ts'
import { decoding, reader } from './reading.ts'
import { freshet } from './wire.gen.js'

export type { EnrollRequest, EnrollResponse } from './message.ts'

const wire = freshet.v1
/** A certificate request of ours has 250 bytes, a certificate 600. */
const DER_BYTES_MAX = 8192
export const AUTHORITIES_MAX = 4
const TOKEN_CHARS_MAX = 512
/** Of an EnrollRequest. */
export const ENROLL_BYTES_MAX = 16 * 1024
/** Of an EnrollResponse. */
export const ENROLLED_BYTES_MAX = 64 * 1024
/** Where a collector takes them. */
export const ENROLL_PATH = '/v1/enroll'
export const ENROLL_TYPE = 'application/x-protobuf'

export const encodeEnrollRequest = (request: EnrollRequest): Uint8Array =>
  wire.EnrollRequest.encode(enrollRequestToWire(request)).finish()

export const enrollRequestToWire = ({
  hardware,
  ...rest
}: EnrollRequest): freshet.v1.EnrollRequest.$Properties => ({
  ...rest,
  hardware: Buffer.from(hardware, 'hex'),
})

/** Throws StreamError. */
export function decodeEnrollRequest(bytes: Uint8Array): EnrollRequest {
  within(bytes, ENROLL_BYTES_MAX)
  return enrollRequestFromWire(decoding('enroll', () => wire.EnrollRequest.decode(reader(bytes))))
}

function enrollRequestFromWire(asked: freshet.v1.EnrollRequest.$Properties): EnrollRequest {
  const { token, request, hardware, agentVersion, host } = asked
  if (!token || token.length > TOKEN_CHARS_MAX)
    throw new StreamError('missing', 'enroll.token: it holds no token')
  return {
    token,
    request: der(request, 'enroll.request'),
    hardware: hardwareFromWire(hardware, 'enroll.hardware'),
    agentVersion: agentVersion ?? '',
    host: hostFromWire(host),
  }
}

export const encodeEnrollResponse = (response: EnrollResponse): Uint8Array =>
  wire.EnrollResponse.encode(response).finish()

/** Throws StreamError. */
export function decodeEnrollResponse(bytes: Uint8Array): EnrollResponse {
  within(bytes, ENROLLED_BYTES_MAX)
  return enrollResponseFromWire(
    decoding('enrolled', () => wire.EnrollResponse.decode(reader(bytes))),
  )
}

const enrollResponseFromWire = (given: freshet.v1.EnrollResponse.$Properties): EnrollResponse => ({
  ...certificateFromWire(given),
  group: given.group ?? '',
})

type Reenrol = Extract<Envelope, { kind: 'reenrol' }>
type Reenrolling = Extract<Envelope, { kind: 'reenrolling' | 'reenrolled' }>

/** Throws StreamError. */
export function reenrolFromWire({ token, reason }: freshet.v1.Reenrol.$Properties): Reenrol {
  if (!token || token.length > TOKEN_CHARS_MAX)
    throw new StreamError('missing', 'reenrol.token: it holds no token')
  return { kind: 'reenrol', token, reason: reason ?? '' }
}

/** Throws StreamError. */
export function reenrollingFromWire({
  asked,
  given,
}: freshet.v1.Reenrolling.$Properties): Reenrolling {
  if (asked && !given) return { kind: 'reenrolling', asked: enrollRequestFromWire(asked) }
  if (given && !asked) return { kind: 'reenrolled', given: enrollResponseFromWire(given) }
  throw new StreamError('missing', 'reenrolling: it has one of asked and given')
}

/** Throws StreamError. */
export function renewedFromWire({ vouched, ...given }: freshet.v1.Renewed.$Properties): Renewed {
  const all = vouched ?? []
  if (all.length > AUTHORITIES_MAX)
    throw new StreamError('out-of-range', `vouched: ${all.length}, at most ${AUTHORITIES_MAX}`)
  return { ...certificateFromWire(given), vouched: all.map((one) => der(one, 'vouched')) }
}

function certificateFromWire(
  given: Pick<freshet.v1.Renewed.$Properties, 'certificate' | 'authorities'>,
): Omit<Renewed, 'vouched'> {
  const authorities = given.authorities ?? []
  if (authorities.length === 0 || authorities.length > AUTHORITIES_MAX)
    throw new StreamError(
      'out-of-range',
      `authorities: ${authorities.length}, from 1 to ${AUTHORITIES_MAX}`,
    )
  return {
    certificate: der(given.certificate, 'certificate'),
    authorities: authorities.map((one) => der(one, 'authorities')),
  }
}

type Authorities = Extract<Envelope, { kind: 'authorities' }>

/** Throws StreamError. */
export function authoritiesFromWire({
  sha256: found,
}: freshet.v1.Authorities.$Properties): Authorities {
  const sha256 = found ?? []
  if (sha256.length > AUTHORITIES_MAX || sha256.some(({ length }) => length !== 32))
    throw new StreamError('out-of-range', `authorities: not ${AUTHORITIES_MAX} hashes at the most`)
  return {
    kind: 'authorities',
    fingerprints: sha256.map((one) => Buffer.from(one).toString('hex')),
  }
}

/** Throws StreamError. */
export const requestFromWire = (renew: freshet.v1.Renew.$Properties): Uint8Array =>
  der(renew.request, 'renew.request')

/** Absent fields are empty. */
export const hostFromWire = (host: freshet.v1.Host.$Properties | null | undefined): HostFacts => ({
  hostname: host?.hostname ?? '',
  os: host?.os ?? '',
  osVersion: host?.osVersion ?? '',
  osBuild: host?.osBuild ?? '',
  hardware: host?.hardware ?? '',
  arch: host?.arch ?? '',
  bootId: host?.bootId ?? '',
})

/** 64 hex digits, or empty. Throws StreamError. */
export function hardwareFromWire(bytes: Uint8Array | undefined | null, field: string): string {
  const hex = Buffer.from(bytes ?? []).toString('hex')
  if (hex.length !== 0 && hex.length !== 64)
    throw new StreamError('out-of-range', `${field}: not 32 bytes`)
  return hex
}

function der(bytes: Uint8Array | undefined | null, field: string): Uint8Array {
  if (!bytes || bytes.length === 0) throw new StreamError('missing', `${field}: it is empty`)
  if (bytes.length > DER_BYTES_MAX)
    throw new StreamError('too-large', `${field}: ${bytes.length} bytes, at most ${DER_BYTES_MAX}`)
  return Uint8Array.from(bytes)
}

function within(bytes: Uint8Array, most: number): void {
  if (bytes.length > most)
    throw new StreamError('too-large', `enroll: ${bytes.length} bytes, at most ${most}`)
}
