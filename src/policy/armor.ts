// A signed document as a file: text that survives a mail and a terminal (RFC 7468), with the bytes inside.
import { pemOf } from '../trust/pin.ts'
import { PolicyFault } from './fault.ts'

const LABEL = 'FRESHET SIGNED POLICY'
/** Base64 and its lines, of a document that is larger than any may be. */
export const ARMOR_CHARS_MAX = 256 * 1024

export const armored = (signed: Uint8Array): string => pemOf(LABEL, signed)

/** Throws PolicyFault malformed. */
export function unarmored(text: string): Uint8Array {
  const body = new RegExp(
    `^-----BEGIN ${LABEL}-----\\s([A-Za-z0-9+/=\\s]*)-----END ${LABEL}-----\\s*$`,
  ).exec(text)?.[1]
  if (body === undefined)
    throw new PolicyFault(
      'malformed',
      'it is no signed document: it would begin with the line -----BEGIN FRESHET SIGNED POLICY-----',
    )
  return Uint8Array.from(Buffer.from(body, 'base64'))
}
