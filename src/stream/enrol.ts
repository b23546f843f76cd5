// How an agent comes to a collector for the first time: it finds the authority that was named to it by its pin, on a
// connection over which nothing is said, and only then shows its token, on one that Node verifies by that authority.
import { X509Certificate } from 'node:crypto'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { isIP } from 'node:net'
import { connect, type DetailedPeerCertificate, type PeerCertificate } from 'node:tls'
import { certificatesOf, pemOf, pinOf } from '../trust/pin.ts'
import { sentenceOf } from './answer.ts'
import {
  decodeEnrollResponse,
  ENROLL_PATH,
  ENROLL_TYPE,
  ENROLLED_BYTES_MAX,
  type EnrollRequest,
  type EnrollResponse,
  encodeEnrollRequest,
} from './codec-enrol.ts'
import { AGENT_ALPN } from './message.ts'
import { said } from './said.ts'

/** What of TLS holds on every connection to a collector of another machine. */
export const TLS_OPTIONS = { minVersion: 'TLSv1.3', rejectUnauthorized: true } as const
const PERSON_ALPN = 'http/1.1'
/** A chain has two or three. */
const CHAIN_MAX = 10

/** Why an enrolment came to nothing; `code` is the collector's, where it gave one. */
export class EnrolError extends Error {
  override readonly name = 'EnrolError'
  readonly code: string | undefined
  constructor(message: string, code?: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export type Peer = { host: string; port: number }

/** A device's key and certificate, PEM. */
export type ClientIdentity = { key: string; certificate: string }

export type EnrolOptions = {
  collector: Peer
  /** 64 hex digits. */
  pin: string
  request: EnrollRequest
  /** What it was before, at this collector: proof that it may come again. */
  old?: ClientIdentity | undefined
  timeoutMs?: number
  /** Gives it up. */
  signal?: AbortSignal | undefined
}

/** What the agent keeps; certificates are PEM. */
export type Enrolled = { certificate: string; authorities: string[]; group: string }

const TIMEOUT_MS = 20_000

/** Rejects with EnrolError. */
export async function enrol(options: EnrolOptions): Promise<Enrolled> {
  const { collector, pin, request, old, timeoutMs = TIMEOUT_MS } = options
  const signal = options.signal ?? new AbortController().signal
  const authority = await findAuthority(collector, pin, timeoutMs, signal)
  const body = encodeEnrollRequest(request)
  const ask = (as: ClientIdentity | undefined) =>
    post(collector, authority, body, as, AbortSignal.any([AbortSignal.timeout(timeoutMs), signal]))
  // A certificate that the collector has forgotten proves nothing; the token may do all the same, as for one that was thrown out
  // and is allowed to enrol again.
  const answer = await ask(old).catch((error: EnrolError) => {
    const isRevoked = error.code === 'device-revoked'
    if (old === undefined || !(isRevoked || error.code?.startsWith('certificate-'))) throw error
    return ask(undefined).catch((later: EnrolError) => {
      throw isRevoked && later.code === 'device-known' && !later.message.includes('--hardware')
        ? error
        : later
    })
  })
  const pem = (der: Uint8Array) => pemOf('CERTIFICATE', der)
  const authorities = answer.authorities.map(pem)
  for (const one of authorities) certificatesOf(one)
  return { certificate: pem(answer.certificate), authorities, group: answer.group }
}

/** PEM of the certificate in the collector's chain whose key has this pin. Not a byte is sent but TLS's own. Rejects with EnrolError. */
export function findAuthority(
  peer: Peer,
  pin: string,
  timeoutMs = TIMEOUT_MS,
  signal?: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    // Whoever it is may finish a handshake; what it showed decides, and nothing is said to it here.
    const socket = connect({
      ...to(peer),
      minVersion: TLS_OPTIONS.minVersion,
      rejectUnauthorized: false,
      ALPNProtocols: [PERSON_ALPN],
    })
    const end = (settle: () => void) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', giveUp)
      socket.destroy()
      settle()
    }
    const fail = (why: string, cause?: unknown) =>
      end(() => reject(new EnrolError(`${nameOf(peer)}: ${why}`, undefined, { cause })))
    const timer = setTimeout(() => fail('it does not answer'), timeoutMs)
    const giveUp = () => fail('it was given up')
    if (signal?.aborted) giveUp()
    else signal?.addEventListener('abort', giveUp, { once: true })
    socket.once('error', (error) => fail(describe(error), error))
    socket.once('end', () => fail('it ended the connection'))
    socket.once('secureConnect', () => {
      const chain = chainOf(socket.getPeerCertificate(true))
      const found = chain.find((one) => one.ca && pinOf(one) === pin)
      if (found) end(() => resolve(found.toString()))
      else fail(notPinned(chain, pin))
    })
  })
}

function notPinned(chain: readonly X509Certificate[], pin: string): string {
  const authority = chain.findLast((one) => one.ca)
  const theirs = authority ? `, but ${pinOf(authority)}` : ''
  return `its authority's key does not have the pin ${pin}${theirs}: another server answers there, or the pin is not this collector's. Nothing was sent`
}

function chainOf(first: DetailedPeerCertificate): X509Certificate[] {
  const chain: X509Certificate[] = []
  for (let one = first; one?.raw && chain.length < CHAIN_MAX; one = one.issuerCertificate) {
    chain.push(new X509Certificate(one.raw))
    // A root names itself.
    if (one.issuerCertificate === one) break
  }
  return chain
}

/** Rejects with EnrolError. */
function post(
  peer: Peer,
  authority: string,
  body: Uint8Array,
  old: ClientIdentity | undefined,
  signal: AbortSignal,
): Promise<EnrollResponse> {
  return new Promise((resolve, reject) => {
    const fail = (why: string, code?: string, cause?: unknown) =>
      reject(new EnrolError(`${nameOf(peer)}: ${why}`, code, { cause }))
    // ALPN is passed on to node:tls, which the types of node:https do not say.
    const options: RequestOptions & { ALPNProtocols: string[] } = {
      ...to(peer),
      ...TLS_OPTIONS,
      ca: authority,
      // While one authority follows another, what has the pin may be signed by the one before.
      allowPartialTrustChain: true,
      ...(old ? { key: old.key, cert: old.certificate } : {}),
      ALPNProtocols: [old ? AGENT_ALPN : PERSON_ALPN],
      // Of its own, so that no session of another connection is taken up.
      agent: false,
      method: 'POST',
      path: ENROLL_PATH,
      headers: { 'Content-Type': ENROLL_TYPE, 'Content-Length': body.length },
      signal,
    }
    const request = httpsRequest(options, (response) => {
      const parts: Buffer[] = []
      let length = 0
      response.on('data', (part: Buffer) => {
        length += part.length
        if (length <= ENROLLED_BYTES_MAX) parts.push(part)
        else response.destroy(new Error('its answer is too long'))
      })
      response.once('error', (error) => fail(describe(error), undefined, error))
      response.once('end', () => {
        const answer = Buffer.concat(parts)
        if (response.statusCode !== 200) {
          const { error, code } = sentenceOf(answer.toString('utf8'))
          fail(`it answered ${response.statusCode}${error && `: ${error}`}`, code)
          return
        }
        try {
          resolve(decodeEnrollResponse(answer))
        } catch (cause) {
          fail(`its answer cannot be read: ${(cause as Error).message}`, undefined, cause)
        }
      })
    })
    request.once('error', (error) => fail(describe(error), undefined, error))
    request.end(body)
  })
}

const to = ({ host, port }: Peer): Peer & { servername?: string } => ({
  host,
  port,
  // RFC 6066, 3: an address is no server name.
  ...(isIP(host) === 0 ? { servername: host } : {}),
})

const nameOf = ({ host, port }: Peer): string =>
  `the collector at ${isIP(host) === 6 ? `[${host}]` : host}:${port}`

function describe(error: Error): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ECONNREFUSED') return 'nothing listens there (ECONNREFUSED)'
  if (code === 'ENOTFOUND') return 'no host has its name (ENOTFOUND)'
  if (code === 'EPROTO' || code?.startsWith('ERR_SSL_'))
    return `what answers there speaks no TLS 1.3 (${code})`
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'it does not answer'
  return said(otherNames(error) ?? (message || code || error.name))
}

/** What a certificate is for that is not for the name or address that was asked; undefined of another error. */
export function otherNames(error: Error): string | undefined {
  const { code, cert } = error as NodeJS.ErrnoException & { cert?: PeerCertificate }
  if (code !== 'ERR_TLS_CERT_ALTNAME_INVALID') return undefined
  const names = cert?.subjectaltname?.replaceAll(/(^|, )(?:DNS|IP Address):/g, '$1')
  return `its certificate is for ${names ? `another name: ${names}` : 'no name'}`
}
