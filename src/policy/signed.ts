// Signs a document, and says whether one may be believed: by whom it was signed, and what it is. What it says to whom is
// judged elsewhere.
import { createHash, type KeyObject, sign, verify } from 'node:crypto'
import { decodePayload, decodeSigned, encodePayload, encodeSigned } from '../stream/codec-policy.ts'
import { StreamError } from '../stream/message.ts'
import {
  type PolicyPayload,
  SIGNED_BYTES_MAX,
  type SignedPolicy,
} from '../stream/policy-message.ts'
import { PolicyFault } from './fault.ts'
import { keyIdOf, publicHexOf, publicKeyOf } from './keys.ts'

/** Before the payload, so that no signature made for something else is one of ours. */
const DOMAIN = Buffer.from('freshet signed policy v1\n')

/** Throws PolicyFault too-large. */
export function signPolicy(payload: PolicyPayload, key: KeyObject): Uint8Array {
  const encoded = encodePayload(payload)
  const signature = sign(null, Buffer.concat([DOMAIN, encoded]), key)
  const signed = encodeSigned({ payload: encoded, signature, keyId: keyIdOf(publicHexOf(key)) })
  if (signed.length > SIGNED_BYTES_MAX) throw tooLarge(signed.length)
  return signed
}

const tooLarge = (bytes: number): PolicyFault =>
  new PolicyFault('too-large', `it has ${bytes} bytes, and may have ${SIGNED_BYTES_MAX}`)

/** What stands in it, whoever signed it. Throws PolicyFault too-large, malformed. */
export function openSigned(bytes: Uint8Array): { signed: SignedPolicy; payload: PolicyPayload } {
  if (bytes.length > SIGNED_BYTES_MAX) throw tooLarge(bytes.length)
  try {
    const signed = decodeSigned(bytes)
    return { signed, payload: decodePayload(signed.payload) }
  } catch (cause) {
    if (cause instanceof StreamError)
      throw new PolicyFault('malformed', `it cannot be read: ${cause.message}`, { cause })
    throw cause
  }
}

/**
 * The payload of a document that this key has signed. The signature is checked before a byte of the payload is read.
 * Throws PolicyFault too-large, malformed, key-unknown, signature.
 */
export function verifySigned(bytes: Uint8Array, publicHex: string): PolicyPayload {
  if (bytes.length > SIGNED_BYTES_MAX) throw tooLarge(bytes.length)
  let signed: SignedPolicy
  try {
    signed = decodeSigned(bytes)
  } catch (cause) {
    throw new PolicyFault('malformed', `it cannot be read: ${(cause as Error).message}`, { cause })
  }
  const { payload, signature, keyId } = signed
  const own = keyIdOf(publicHex)
  if (keyId !== own)
    throw new PolicyFault(
      'key-unknown',
      `it was signed with the key ${keyId.slice(0, 16)}, and what counts is ${own.slice(0, 16)}`,
    )
  if (!verify(null, Buffer.concat([DOMAIN, payload]), publicKeyOf(publicHex), signature))
    throw new PolicyFault('signature', 'its signature does not hold: it was changed, or cut')
  return openSigned(bytes).payload
}

/** What it says of itself, for its refusal to name; nothing where it cannot be read. */
export function peek(bytes: Uint8Array): Partial<ReturnType<typeof openSigned>> {
  try {
    return openSigned(bytes)
  } catch (error) {
    if (error instanceof PolicyFault) return {}
    throw error
  }
}

/** Of the payload: a signature is another where another library made it. */
export const digestOf = (bytes: Uint8Array): string =>
  createHash('sha256').update(openSigned(bytes).signed.payload).digest('hex')
