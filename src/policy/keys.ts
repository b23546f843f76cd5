// Keys that policies are signed with: Ed25519 (RFC 8032). The private one is a PEM file of PKCS #8; the public one is what
// people copy: its 32 bytes as hexadecimal digits.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'

/** Throws an Error with a sentence. */
export function privateKeyOf(pem: string): KeyObject {
  let key: KeyObject | undefined
  try {
    key = createPrivateKey(pem)
  } catch {
    // Said below: OpenSSL's own words are for nobody.
  }
  if (key?.asymmetricKeyType === 'ed25519') return key
  throw new Error('it holds no private Ed25519 key in PEM')
}

/** PEM. */
export function makePrivateKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519')
  return privateKey.export({ type: 'pkcs8', format: 'pem' })
}

/** The public key's bytes, 64 lower-case hex digits. */
export const publicHexOf = (privateKey: KeyObject): string => hexOf(createPublicKey(privateKey))

const hexOf = (key: KeyObject): string =>
  Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex')

/** What a person gave: 64 hex digits, or PEM of the public or the private key. Throws an Error with a sentence. */
export function parsePublicKey(given: string): string {
  const text = given.trim().toLowerCase()
  if (/^[0-9a-f]{64}$/.test(text)) return text
  try {
    // Of a private key OpenSSL takes the public half.
    const key = createPublicKey(given)
    if (key.asymmetricKeyType === 'ed25519') return hexOf(key)
  } catch {
    // Said below.
  }
  throw new Error('a policy key is an Ed25519 public key: 64 hexadecimal digits, or a PEM file')
}

/** Throws where the digits are no key. */
export const publicKeyOf = (hex: string): KeyObject =>
  createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(hex, 'hex').toString('base64url') },
    format: 'jwk',
  })

/** SHA-256 of the public key (SubjectPublicKeyInfo, DER), in hex. */
export const keyIdOf = (publicHex: string): string =>
  createHash('sha256')
    .update(publicKeyOf(publicHex).export({ type: 'spki', format: 'der' }))
    .digest('hex')
