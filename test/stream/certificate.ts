// Certificates made for one test and gone with it: no key lies in the repository.
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { isIP } from 'node:net'

const TAG = {
  boolean: 1,
  integer: 2,
  bits: 3,
  octets: 4,
  oid: 6,
  utf8: 12,
  utc: 23,
  sequence: 0x30,
  set: 0x31,
}
const OID = {
  commonName: [0x55, 0x04, 0x03],
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
  basicConstraints: [0x55, 0x1d, 0x13],
  subjectAltName: [0x55, 0x1d, 0x11],
  subjectKeyIdentifier: [0x55, 0x1d, 0x0e],
  authorityKeyIdentifier: [0x55, 0x1d, 0x23],
  extendedKeyUsage: [0x55, 0x1d, 0x25],
  serverAuth: [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01],
  clientAuth: [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02],
}
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** X.690 DER: tag, length, content. */
function der(tag: number, ...parts: (Buffer | number[])[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)))
  const { length } = content
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

/** PEM texts. */
export type Certified = { cert: string; key: string }
/** Who signs others' certificates. */
export type Authority = Certified & { name: string; keyId: Buffer; privateKey: KeyObject }

type Wish = {
  /** Common name. */
  name: string
  /** Names and IPv4 addresses of a server. */
  altNames?: readonly string[]
  use?: 'serverAuth' | 'clientAuth'
  isAuthority?: boolean
  fromMs: number
  toMs: number
  /** Its own where nobody signs it; P-256 in any case. */
  issuer?: Authority
  keys?: { publicKey: KeyObject; privateKey: KeyObject }
}

const nameOf = (text: string): Buffer =>
  der(
    TAG.sequence,
    der(
      TAG.set,
      der(TAG.sequence, der(TAG.oid, OID.commonName), der(TAG.utf8, [...Buffer.from(text)])),
    ),
  )

const timeOf = (ms: number): Buffer => {
  const text = new Date(ms).toISOString().replace(/[-:T]/g, '').slice(2, 14)
  return der(TAG.utc, [...Buffer.from(`${text}Z`)])
}

const extension = (oid: number[], value: Buffer, critical: boolean): Buffer =>
  der(
    TAG.sequence,
    der(TAG.oid, oid),
    ...(critical ? [der(TAG.boolean, [0xff])] : []),
    der(TAG.octets, value),
  )

/** [7] iPAddress or [2] dNSName. */
const altName = (name: string): Buffer =>
  isIP(name) === 4
    ? der(0x87, name.split('.').map(Number))
    : der(0x82, [...Buffer.from(name, 'latin1')])

/** What an issuer is found by beside its name (RFC 5280, 4.2.1.2): two authorities may have one name. */
const keyIdOf = (spki: Buffer): Buffer => createHash('sha1').update(spki).digest()

let serial = 0

/** A v3 certificate (RFC 5280, section 4.1) over a P-256 key. */
function certify(wish: Wish): Authority {
  const { publicKey, privateKey } = wish.keys ?? generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = der(TAG.sequence, der(TAG.oid, OID.ecdsaWithSha256))
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const keyId = keyIdOf(spki)
  const extensions = [
    extension(OID.subjectKeyIdentifier, der(TAG.octets, keyId), false),
    // [0] keyIdentifier
    extension(
      OID.authorityKeyIdentifier,
      der(TAG.sequence, der(0x80, wish.issuer?.keyId ?? keyId)),
      false,
    ),
    extension(
      OID.basicConstraints,
      der(TAG.sequence, ...(wish.isAuthority ? [der(TAG.boolean, [0xff])] : [])),
      true,
    ),
    ...(wish.use
      ? [extension(OID.extendedKeyUsage, der(TAG.sequence, der(TAG.oid, OID[wish.use])), false)]
      : []),
    ...(wish.altNames
      ? [extension(OID.subjectAltName, der(TAG.sequence, ...wish.altNames.map(altName)), false)]
      : []),
  ]
  serial++
  const body = der(
    TAG.sequence,
    der(0xa0, der(TAG.integer, [2])),
    der(TAG.integer, [1 + (serial >> 16), (serial >> 8) & 0xff, serial & 0xff]),
    algorithm,
    nameOf(wish.issuer?.name ?? wish.name),
    der(TAG.sequence, timeOf(wish.fromMs), timeOf(wish.toMs)),
    nameOf(wish.name),
    spki,
    der(0xa3, der(TAG.sequence, ...extensions)),
  )
  const signature = der(TAG.bits, [0], sign('sha256', body, wish.issuer?.privateKey ?? privateKey))
  const cert = der(TAG.sequence, body, algorithm, signature).toString('base64')
  return {
    name: wish.name,
    keyId,
    privateKey,
    // No empty line at its end, whatever its length: OpenSSL takes none.
    cert: `-----BEGIN CERTIFICATE-----\n${cert.match(/.{1,64}/g)?.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** For 127.0.0.1, self-signed, valid for a day. */
export function makeCertificate(nowMs: number): Certified {
  return certify({
    name: 'freshet test',
    altNames: ['127.0.0.1'],
    isAuthority: true,
    fromMs: nowMs - HOUR_MS,
    toMs: nowMs + DAY_MS,
  })
}

/** An authority, valid for a day; of an `issuer` where it is not the root. */
export function makeAuthority(
  nowMs: number,
  name = 'freshet test CA',
  issuer?: Authority,
): Authority {
  const fromMs = nowMs - HOUR_MS
  return certify({
    name,
    isAuthority: true,
    fromMs,
    toMs: nowMs + DAY_MS,
    ...(issuer && { issuer }),
  })
}

/** A server's or a client's certificate of an authority, valid for a day when nothing else is said. */
export function issue(
  issuer: Authority,
  wish: Pick<Wish, 'name' | 'use' | 'altNames' | 'keys'> & { fromMs?: number; toMs?: number },
  nowMs: number,
): Certified & { privateKey: KeyObject } {
  return certify({ fromMs: nowMs - HOUR_MS, toMs: nowMs + DAY_MS, ...wish, issuer })
}
