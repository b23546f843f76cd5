// The name of a key that two machines can compare: what a person copies from a collector to its agents.
import { createHash, type KeyObject, X509Certificate } from 'node:crypto'

/** 64 lower-case hex digits. */
const PIN = /^[0-9a-f]{64}$/

/** SHA-256 of a certificate's public key as it stands there (SubjectPublicKeyInfo, RFC 5280, 4.1.2.7): a pin as RFC 7469 has it, in hex. */
export const pinOf = (certificate: X509Certificate): string => pinOfKey(certificate.publicKey)

export const pinOfKey = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')

/** SHA-256 of the whole certificate, 64 lower-case hex digits: which one it is, of those that one key may have. */
export const fingerprintOf = (der: Uint8Array): string =>
  createHash('sha256').update(der).digest('hex')

/** What a person wrote: 64 hex digits, in pairs with colons or spaces too. Throws an Error with a sentence. */
export function parsePin(written: string): string {
  const pin = written
    .toLowerCase()
    .replace(/^sha256[:/]/, '')
    .replace(/[:\s]/g, '')
  if (PIN.test(pin)) return pin
  throw new Error(
    "a pin is 64 hexadecimal digits, the SHA-256 of the key of the collector's authority, as the collector prints it",
  )
}

/** The certificates of a PEM text, in their order. Throws an Error with a sentence when it holds none, or one that cannot be read. */
export function certificatesOf(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (blocks.length === 0) throw new Error('it holds no certificate in PEM')
  return blocks.map((block) => {
    try {
      return new X509Certificate(block)
    } catch (cause) {
      throw new Error(`a certificate in it cannot be read: ${(cause as Error).message}`, { cause })
    }
  })
}

/** PEM, 64 characters a line (RFC 7468). */
export function pemOf(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/** DER of the first certificate in a PEM text. */
export const derOf = (pem: string): Uint8Array => new Uint8Array(new X509Certificate(pem).raw)
