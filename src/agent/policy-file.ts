// The last good documents that a collector sent, and the highest versions ever taken: what an agent goes on with after a
// restart, also without a collector.

import type { Highest } from '../policy/judge.ts'
import { peek } from '../policy/signed.ts'
import { readStateFile, writeStateFile } from '../state-file.ts'
import { DOCUMENT_KINDS, type DocumentKind } from '../stream/policy-message.ts'
import { type UnixNs, unixNs } from '../units.ts'

export const POLICY_FILE = 'pushed-policy.json'
/** Three documents at their largest, in base64. */
const BYTES_MAX = 1024 * 1024

export type KeptDocument = {
  highest: Highest
  /** By this agent's clock; undefined: an earlier version of it took the document. */
  takenAt: UnixNs | undefined
  /** As SignedPolicy in bytes. */
  signed: Uint8Array
}

export type KeptPolicies = {
  /** Of the root key that they were verified with. */
  keyId: string
  /** The device's, as the collector last said; undefined: it has not. */
  group: string | undefined
  documents: Partial<Record<DocumentKind, KeptDocument>>
  /**
   * Of keys that do not count now, by kind and key, the highest ever taken: one that counts again begins there, so that
   * nothing older of it comes back.
   */
  past: Record<string, Highest>
}

/** Keys whose past is kept; only root's own word makes another one. Of more, those that went first are forgotten. */
const PAST_MAX = 1_000

export const pastOf = (kind: DocumentKind, keyId: string): string => `${kind} ${keyId}`

/** `past` with the documents of a key that counts no more. */
export function pastWith(
  past: KeptPolicies['past'],
  documents: Partial<Record<DocumentKind, KeptDocument | undefined>>,
): KeptPolicies['past'] {
  const all = { ...past }
  for (const kind of DOCUMENT_KINDS) {
    const document = documents[kind]
    const keyId = document && peek(document.signed).signed?.keyId
    if (document && keyId !== undefined) all[pastOf(kind, keyId)] = document.highest
  }
  return Object.fromEntries(Object.entries(all).slice(-PAST_MAX))
}

/**
 * undefined when there is none. Throws StateFileError where what stands there is no such file; what cannot be read is told
 * to `damaged`.
 */
export function readKept(path: string, damaged: () => void): KeptPolicies | undefined {
  const found = readStateFile(path, { bytesMax: BYTES_MAX })
  if (!found) return undefined
  try {
    return keptOf(JSON.parse(found.text))
  } catch {
    damaged()
    return undefined
  }
}

function keptOf(value: unknown): KeptPolicies {
  const { keyId, group, documents, past = {} } = value as Record<string, unknown>
  if (typeof keyId !== 'string' || (group !== undefined && typeof group !== 'string'))
    throw new TypeError('no kept policies')
  const kept: KeptPolicies = { keyId, group, documents: {}, past: {} }
  for (const [name, { version, digest }] of Object.entries(past as KeptPolicies['past']))
    if (typeof version === 'number' && typeof digest === 'string')
      kept.past[name] = { version, digest }
    else throw new TypeError(`no past of ${name}`)
  for (const kind of DOCUMENT_KINDS) {
    const one = (documents as Record<string, unknown>)[kind]
    if (one === undefined) continue
    const { version, digest, takenAt, signed } = one as Record<string, unknown>
    if (typeof version !== 'number' || typeof digest !== 'string' || typeof signed !== 'string')
      throw new TypeError(`no kept ${kind}`)
    kept.documents[kind] = {
      highest: { version, digest },
      takenAt: typeof takenAt === 'string' ? unixNs(BigInt(takenAt), 'takenAt') : undefined,
      signed: Uint8Array.from(Buffer.from(signed, 'base64')),
    }
  }
  return kept
}

/** On the disk when it returns. Throws what the file system does. */
export function writeKept(path: string, { keyId, group, documents, past }: KeptPolicies): void {
  const written = Object.fromEntries(
    Object.entries(documents).map(([kind, { highest, takenAt, signed }]) => [
      kind,
      { ...highest, takenAt: takenAt?.toString(), signed: Buffer.from(signed).toString('base64') },
    ]),
  )
  writeStateFile(
    path,
    `${JSON.stringify({ keyId, group, documents: written, past }, undefined, 1)}\n`,
  )
}
