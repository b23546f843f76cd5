// Certificates that a collector makes: its authority's, its own, and its devices'. ECDSA over P-256, X.509 v3 (RFC 5280).
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  type X509Certificate as NodeCertificate,
  randomBytes,
  webcrypto,
} from 'node:crypto'
import { isIP } from 'node:net'
// What @peculiar/x509 is built on wants it first.
import 'reflect-metadata'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { pemOf } from './pin.ts'

cryptoProvider.set(webcrypto)

const DAY_MS = 86_400_000
const AUTHORITY_DAYS = 20 * 365
/** What browsers take at most. */
export const SERVER_DAYS = 397
export const DEVICE_DAYS = 90
/** Clocks differ: a certificate holds from so long before it was made. */
const BACKDATED_MS = 3_600_000
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const
/** A request of ours has some 300 bytes. */
const REQUEST_BYTES_MAX = 4096

/** Milliseconds since 1970 between which the present lies, where it is not known more exactly. */
export type Span = { fromMs: number; toMs: number }
/** The present, in milliseconds since 1970, or where it lies. */
export type When = number | Span

export const spanOf = (when: When): Span =>
  typeof when === 'number' ? { fromMs: when, toMs: when } : when

/** Both in PEM. */
export type KeyAndCertificate = { certificate: string; key: string }

/** A request that is none, or not signed by the key it names; the message is a sentence. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
}

/** PKCS #8 PEM of a new P-256 key. */
export function makeKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: CURVE.namedCurve })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** An authority of its own, for 20 years: it signs certificates and nothing else. */
export const makeAuthority = (name: string, now: When): Promise<KeyAndCertificate> =>
  signItself(makeKey(), name, now)

/** The same authority, of the same key and name, for 20 years from `now`: who knows it by its pin knows it still. */
export const makeAuthorityAnew = (
  { key, certificate }: KeyAndCertificate,
  now: When,
): Promise<KeyAndCertificate> => {
  const [name = ''] = new X509Certificate(certificate).subjectName.getField('CN')
  return signItself(key, name, now)
}

/** Whether an authority's certificate is good whenever in `now` it is, and whenever what it signs then is. */
export function holdsFor(authority: NodeCertificate, now: When): boolean {
  const { fromMs, toMs } = spanOf(now)
  const [validFromMs, validToMs] = [authority.validFromDate, authority.validToDate].map(Number)
  return Number(validFromMs) <= fromMs && Number(validToMs) >= toMs + SERVER_DAYS * DAY_MS
}

async function signItself(key: string, name: string, now: When): Promise<KeyAndCertificate> {
  const keys = await pairOf(key)
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: [{ CN: [name] }],
    ...lasting(now, AUTHORITY_DAYS),
    keys,
    signingAlgorithm: SIGNING,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { certificate: pem(certificate), key }
}

/**
 * PEM: `next` as `earlier` vouches for it, so that who believes the earlier one alone believes what the next one signs. Both have
 * one name: a certificate of one's own name does not count where an authority allows none below it (RFC 5280, 4.2.1.9).
 */
export async function crossSign(
  earlier: KeyAndCertificate,
  next: KeyAndCertificate,
): Promise<string> {
  const [by, of] = [new X509Certificate(earlier.certificate), new X509Certificate(next.certificate)]
  const { privateKey } = await pairOf(earlier.key)
  const { publicKey } = await pairOf(next.key)
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial(),
    ...{ subject: of.subjectName, issuer: by.subjectName, publicKey },
    ...{ notBefore: of.notBefore, notAfter: by.notAfter },
    ...{ signingKey: privateKey, signingAlgorithm: SIGNING },
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(publicKey),
      await AuthorityKeyIdentifierExtension.create(by.publicKey),
    ],
  })
  return pem(certificate)
}

/** For a server that is called by these names and addresses, 397 days from the end of `now`. */
export async function issueServer(
  authority: KeyAndCertificate,
  names: readonly string[],
  now: When,
): Promise<KeyAndCertificate> {
  const key = makeKey()
  const { publicKey } = await pairOf(key)
  const certificate = await issue(authority, {
    subject: names[0] ?? 'freshet',
    publicKey,
    ...lasting(now, SERVER_DAYS),
    usage: ExtendedKeyUsage.serverAuth,
    names: names.map((name) => ({ type: isIP(name) === 0 ? 'dns' : 'ip', value: name })),
  })
  return { certificate: pem(certificate), key }
}

/** What of a device stands in its certificate. */
const deviceName = (deviceId: string): string => `urn:uuid:${deviceId}`

/** PKCS #10 (RFC 2986), DER: that whoever holds `key` wants to be this device. */
export async function requestOf(key: string, deviceId: string): Promise<Uint8Array> {
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [deviceId] }],
    keys: await pairOf(key),
    signingAlgorithm: SIGNING,
  })
  return new Uint8Array(request.rawData)
}

export type DeviceRequest = { deviceId: string; publicKey: KeyObject }

/** Reads a request that came from somebody. Rejects with RequestError. */
export async function readRequest(der: Uint8Array): Promise<DeviceRequest> {
  if (der.length > REQUEST_BYTES_MAX)
    throw new RequestError(`a certificate request has at most ${REQUEST_BYTES_MAX} bytes`)
  let request: Pkcs10CertificateRequest
  let publicKey: KeyObject
  let isSigned = false
  try {
    if (!isExact(der)) throw new Error('a length in it is not what it says')
    request = new Pkcs10CertificateRequest(exactly(der))
    publicKey = createPublicKey({
      key: Buffer.from(request.publicKey.rawData),
      type: 'spki',
      format: 'der',
    })
    isSigned = await request.verify()
  } catch (cause) {
    throw new RequestError('the certificate request cannot be read (PKCS #10, DER)', { cause })
  }
  if (
    publicKey.asymmetricKeyType !== 'ec' ||
    publicKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1'
  )
    throw new RequestError('the key of a certificate request is an ECDSA key over P-256')
  if (!isSigned) throw new RequestError('the certificate request is not signed by the key it names')
  const [deviceId = '', ...more] = request.subjectName.getField('CN')
  if (more.length > 0 || !DEVICE_ID.test(deviceId))
    throw new RequestError(
      "the certificate request's common name is the device's id: a UUID in lower case",
    )
  return { deviceId, publicKey }
}

const DEVICE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export type IssuedDevice = { der: Uint8Array; notAfterMs: number }

/** For a device that showed a request: a client certificate, `days` from the end of `now`. */
export async function issueDevice(
  authority: KeyAndCertificate,
  { deviceId, publicKey }: DeviceRequest,
  now: When,
  days = DEVICE_DAYS,
): Promise<IssuedDevice> {
  const { notBefore, notAfter } = lasting(now, days)
  const certificate = await issue(authority, {
    subject: deviceId,
    publicKey: await webKey(publicKey),
    notBefore,
    notAfter,
    usage: ExtendedKeyUsage.clientAuth,
    names: [{ type: 'url', value: deviceName(deviceId) }],
  })
  return { der: new Uint8Array(certificate.rawData), notAfterMs: notAfter.getTime() }
}

type Wanted = {
  subject: string
  publicKey: CryptoKey
  notBefore: Date
  notAfter: Date
  usage: ExtendedKeyUsage
  names: { type: 'dns' | 'ip' | 'url'; value: string }[]
}

async function issue(authority: KeyAndCertificate, wanted: Wanted): Promise<X509Certificate> {
  const issuer = new X509Certificate(authority.certificate)
  const { privateKey } = await pairOf(authority.key)
  return X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: [{ CN: [wanted.subject] }],
    issuer: issuer.subject,
    notBefore: wanted.notBefore,
    notAfter: wanted.notAfter,
    publicKey: wanted.publicKey,
    signingKey: privateKey,
    signingAlgorithm: SIGNING,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([wanted.usage]),
      new SubjectAlternativeNameExtension(wanted.names),
      await SubjectKeyIdentifierExtension.create(wanted.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  })
}

function lasting(now: When, days: number): { notBefore: Date; notAfter: Date } {
  const { fromMs, toMs } = spanOf(now)
  return {
    notBefore: new Date(fromMs - BACKDATED_MS),
    notAfter: new Date(toMs + days * DAY_MS),
  }
}

/** 128 random bits, positive and without a zero byte in front (RFC 5280, 4.1.2.2). */
function serial(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40
  return bytes.toString('hex')
}

const pem = (certificate: X509Certificate): string =>
  pemOf('CERTIFICATE', new Uint8Array(certificate.rawData))

async function pairOf(key: string): Promise<webcrypto.CryptoKeyPair> {
  const privateKey = createPrivateKey(key)
  const der = privateKey.export({ type: 'pkcs8', format: 'der' })
  return {
    privateKey: await webcrypto.subtle.importKey('pkcs8', der, CURVE, true, ['sign']),
    publicKey: await webKey(createPublicKey(privateKey)),
  }
}

async function webKey(key: KeyObject): Promise<CryptoKey> {
  const der = key.export({ type: 'spki', format: 'der' })
  return webcrypto.subtle.importKey('spki', der, CURVE, true, ['verify'])
}

/** The AlgorithmIdentifier of ecdsa-with-SHA256 (RFC 5758, 3.2). */
const ECDSA_SHA256 = Buffer.from('300a06082a8648ce3d040302', 'hex')

/**
 * Whether these bytes are a signed request from the first to the last, each length as DER writes it: the library takes more,
 * of what no signature covers.
 */
function isExact(der: Uint8Array): boolean {
  const whole = contentAt(der, 0, 0x30)
  const info = whole && contentAt(der, whole.from, 0x30)
  if (!info) return false
  const signature = info.to + ECDSA_SHA256.length
  const bits = contentAt(der, signature, 0x03)
  const pair = bits && der[bits.from] === 0 ? contentAt(der, bits.from + 1, 0x30) : undefined
  const r = pair && contentAt(der, pair.from, 0x02)
  const s = r && contentAt(der, r.to, 0x02)
  return (
    ECDSA_SHA256.equals(der.subarray(info.to, signature)) &&
    [whole, bits, pair, s].every((one) => one?.to === der.length)
  )
}

/** Where the content of the value lies that begins at `at` (X.690, 10.1); undefined: none of this tag does. */
function contentAt(
  der: Uint8Array,
  at: number,
  tag: number,
): { from: number; to: number } | undefined {
  const first = der[at + 1] ?? 0x80
  const bytes = first < 0x80 ? 0 : first & 0x7f
  if (der[at] !== tag || bytes > 2 || first === 0x80) return undefined
  const from = at + 2 + bytes
  const written = Buffer.from(der.subarray(at + 2, from)).toString('hex')
  const length = bytes === 0 ? first : Number(`0x${written}`)
  const isShort = bytes > 0 && length < (bytes === 1 ? 0x80 : 0x100)
  return isShort || !(from + length <= der.length) ? undefined : { from, to: from + length }
}

/** In a buffer of its own: the library reads all of the memory behind a view. */
const exactly = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer
