// What is said of policies: signed documents, how they come to an agent, and what it says of them.
import type { UnixNs } from '../units.ts'

/**
 * policy: what docs/policy.md has, signed by the root key. delegation: the root key lets another one sign exceptions.
 * exceptions: what that one has signed.
 */
export type DocumentKind = 'policy' | 'delegation' | 'exceptions'
/** A kind's number on the wire is its place here, from 1. */
export const DOCUMENT_KINDS: readonly DocumentKind[] = ['policy', 'delegation', 'exceptions']

/** Upper bound of a signed document: three of them, and what is said beside, fit into one frame. */
export const SIGNED_BYTES_MAX = 128 * 1024

/** Which devices it is for: what is there has to fit, all of it. */
export type PolicyTarget = {
  group?: string
  /** A device's id. */
  device?: string
  /** Of the devices, 1 to 99 in a hundred, by a hash of their ids. */
  sharePercent?: number
}

export type PolicyPayload = {
  kind: DocumentKind
  /** From 1 to 2^32 - 1; of each kind it only rises. */
  version: number
  madeAt: UnixNs
  notAfter: UnixNs
  /** As `1.2.3`; empty: any agent. */
  leastAgent: string
  target: PolicyTarget
  /** JSON. */
  content: string
}

/** A payload as it was signed: `payload` is the bytes that the signature is of. */
export type SignedPolicy = {
  payload: Uint8Array
  signature: Uint8Array
  /** SHA-256 of the signer's public key, in hex. */
  keyId: string
}

/** All that holds for a device at the moment, `documents` as SignedPolicy in bytes. */
export type PolicyPush = { group: string; documents: Uint8Array[] }

/** Where the policy in force is from: none was given; a file of the agent's command line; the collector. */
export type PolicySource = 'built-in' | 'local' | 'pushed'
export const POLICY_SOURCES: readonly PolicySource[] = ['built-in', 'local', 'pushed']

/** expired: it was applied, and its time is over. */
export type DocumentState = 'applied' | 'failed' | 'expired'
export const DOCUMENT_STATES: readonly DocumentState[] = ['applied', 'failed', 'expired']

export type DocumentReport = {
  kind: DocumentKind
  /** In force; 0: none. */
  version: number
  /** The last that came; 0: it could not be read so far. */
  receivedVersion: number
  /** Of the last that came. */
  state: DocumentState
  /** A `PolicyFault`, or empty. */
  code: string
  text: string
  /** Entries of the one in force that were left out or narrowed. */
  clamped: number
  at: UnixNs
}

export type PolicyReport = {
  /** Of the root key; empty: the agent has none. */
  keyId: string
  source: PolicySource
  group: string
  documents: DocumentReport[]
  /** Alerts that the policy held back since the engine started. */
  suppressed: number
  /** The same by rule, the most first. */
  suppressions: { rule: string; count: number }[]
}
