// Signed documents to bytes and back, and the messages that carry them. A signed document has one way to be written: what
// holds a field that is not known here, or one twice, is refused whole, since half of a policy would be another one.
import { bounded, oneOf, u32 } from './fields.ts'
import { StreamError } from './message.ts'
import {
  DOCUMENT_KINDS,
  DOCUMENT_STATES,
  type DocumentKind,
  type DocumentReport,
  POLICY_SOURCES,
  type PolicyPayload,
  type PolicyPush,
  type PolicyReport,
  type PolicyTarget,
  SIGNED_BYTES_MAX,
  type SignedPolicy,
} from './policy-message.ts'
import { decoding, reader } from './reading.ts'
import { countFromWide, timeFromWide, wideFromBigint, wideFromCount } from './wide.ts'
import { freshet } from './wire.gen.js'

const wire = freshet.v1
const SIGNATURE_BYTES = 64
const KEY_ID_BYTES = 32
const SUPPRESSIONS_MAX = 32
const TEXT_CHARS_MAX = 1_000
const NAME_CHARS_MAX = 100

export function encodeSigned({ payload, signature, keyId }: SignedPolicy): Uint8Array {
  return wire.SignedPolicy.encode({
    payload,
    signature,
    keyId: Buffer.from(keyId, 'hex'),
  }).finish()
}

/** Throws StreamError. */
export function decodeSigned(bytes: Uint8Array): SignedPolicy {
  if (bytes.length > SIGNED_BYTES_MAX)
    throw new StreamError('too-large', `signed: ${bytes.length} bytes, at most ${SIGNED_BYTES_MAX}`)
  const { payload, signature, keyId } = decoding('signed', () =>
    wire.SignedPolicy.decode(reader(bytes)),
  )
  const signed: SignedPolicy = {
    payload: exactly(payload, 'signed.payload'),
    signature: exactly(signature, 'signed.signature', SIGNATURE_BYTES),
    keyId: Buffer.from(exactly(keyId, 'signed.key_id', KEY_ID_BYTES)).toString('hex'),
  }
  onlyWay('signed', bytes, encodeSigned(signed))
  return signed
}

/** Throws StreamError out-of-range for a bad field. */
export function encodePayload(payload: PolicyPayload): Uint8Array {
  const { kind, version, madeAt, notAfter, leastAgent, target, content } = payload
  return wire.PolicyPayload.encode({
    kind: DOCUMENT_KINDS.indexOf(kind) + 1,
    version: u32(version, 'payload.version'),
    madeAtNs: wideFromBigint(madeAt, 'payload.made_at_ns'),
    notAfterNs: wideFromBigint(notAfter, 'payload.not_after_ns'),
    ...(leastAgent === '' ? {} : { leastAgent }),
    ...(Object.keys(target).length === 0 ? {} : { target: { ...target } }),
    content: Buffer.from(content),
  }).finish()
}

/** Throws StreamError: also for a field that is not known. */
export function decodePayload(bytes: Uint8Array): PolicyPayload {
  const found = decoding('payload', () => wire.PolicyPayload.decode(reader(bytes)))
  const payload: PolicyPayload = {
    kind: kindFromWire(found.kind, 'payload.kind'),
    version: found.version ?? 0,
    madeAt: timeFromWide(found.madeAtNs, 'payload.made_at_ns'),
    notAfter: timeFromWide(found.notAfterNs, 'payload.not_after_ns'),
    leastAgent: found.leastAgent ?? '',
    target: targetFromWire(found.target ?? {}),
    content: decoding('payload.content', () =>
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(found.content ?? undefined),
    ),
  }
  if (payload.version === 0)
    throw new StreamError('out-of-range', 'payload.version: versions begin at 1')
  onlyWay('payload', bytes, encodePayload(payload))
  return payload
}

function targetFromWire(found: freshet.v1.PolicyTarget.$Properties): PolicyTarget {
  const { group, device, sharePercent } = found
  if (sharePercent && sharePercent > 99)
    throw new StreamError(
      'out-of-range',
      `payload.target.share_percent: ${sharePercent}, from 1 to 99`,
    )
  return {
    ...(group ? { group } : {}),
    ...(device ? { device } : {}),
    ...(sharePercent ? { sharePercent } : {}),
  }
}

function kindFromWire(kind: number | null | undefined, field: string): DocumentKind {
  const found = DOCUMENT_KINDS[(kind ?? 0) - 1]
  if (found) return found
  throw new StreamError('out-of-range', `${field}: ${kind ?? 0} is not known`)
}

/** What reads as the same and is not the same bytes says something else to somebody. */
function onlyWay(what: string, given: Uint8Array, again: Uint8Array): void {
  if (Buffer.compare(given, again) !== 0)
    throw new StreamError(
      'malformed',
      `${what}: it holds a field that this version does not know, or is not written in the one way there is`,
    )
}

function exactly(bytes: Uint8Array | null | undefined, field: string, length?: number): Uint8Array {
  if (!bytes || bytes.length === 0) throw new StreamError('missing', `${field}: it is empty`)
  if (length !== undefined && bytes.length !== length)
    throw new StreamError('out-of-range', `${field}: ${bytes.length} bytes, not ${length}`)
  return Uint8Array.from(bytes)
}

export const pushToWire = ({
  group,
  documents,
}: PolicyPush): freshet.v1.PolicyPush.$Properties => ({
  group,
  documents,
})

/** Documents larger than they may be pass: their answer is the report's. Throws StreamError. */
export function pushFromWire(push: freshet.v1.PolicyPush.$Properties): PolicyPush {
  const documents = bounded(push.documents ?? [], DOCUMENT_KINDS.length, 'push.documents')
  return {
    group: text(push.group, NAME_CHARS_MAX),
    documents: documents.map((one) => Uint8Array.from(one)),
  }
}

export function reportToWire(report: PolicyReport): freshet.v1.PolicyReport.$Properties {
  const { keyId, documents, suppressed, suppressions, ...rest } = report
  return {
    ...rest,
    keyId: Buffer.from(keyId, 'hex'),
    documents: documents.map(({ kind, at, ...document }) => ({
      ...document,
      kind: DOCUMENT_KINDS.indexOf(kind) + 1,
      text: document.text.slice(0, TEXT_CHARS_MAX),
      atNs: wideFromBigint(at, 'report.at_ns'),
    })),
    suppressed: wideFromCount(suppressed, 'report.suppressed'),
    suppressions: suppressions.slice(0, SUPPRESSIONS_MAX).map(({ rule, count }) => ({
      rule: rule.slice(0, TEXT_CHARS_MAX),
      count: wideFromCount(count, 'report.suppressions.count'),
    })),
  }
}

/** Throws StreamError. */
export function reportFromWire(report: freshet.v1.PolicyReport.$Properties): PolicyReport {
  const keyId = Buffer.from(report.keyId ?? []).toString('hex')
  if (keyId.length !== 0 && keyId.length !== 2 * KEY_ID_BYTES)
    throw new StreamError('out-of-range', 'report.key_id: not 32 bytes')
  const suppressions = bounded(report.suppressions ?? [], SUPPRESSIONS_MAX, 'report.suppressions')
  return {
    keyId,
    source: oneOf(POLICY_SOURCES, report.source, 'report.source'),
    group: text(report.group, NAME_CHARS_MAX),
    documents: bounded(report.documents ?? [], DOCUMENT_KINDS.length, 'report.documents').map(
      documentFromWire,
    ),
    suppressed: countFromWide(report.suppressed, 'report.suppressed'),
    suppressions: suppressions.map(({ rule, count }) => ({
      rule: text(rule, TEXT_CHARS_MAX),
      count: countFromWide(count, 'report.suppressions.count'),
    })),
  }
}

function documentFromWire(found: freshet.v1.DocumentReport.$Properties): DocumentReport {
  return {
    kind: kindFromWire(found.kind, 'report.kind'),
    version: found.version ?? 0,
    receivedVersion: found.receivedVersion ?? 0,
    state: oneOf(DOCUMENT_STATES, found.state, 'report.state'),
    code: text(found.code, NAME_CHARS_MAX),
    text: text(found.text, TEXT_CHARS_MAX),
    clamped: found.clamped ?? 0,
    at: timeFromWide(found.atNs, 'report.at_ns'),
  }
}

const text = (value: string | null | undefined, charsMax: number): string =>
  (value ?? '').slice(0, charsMax)
