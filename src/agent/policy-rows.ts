// What an agent says of one kind of document: a row of its report.
import type { PolicyFaultCode } from '../policy/fault.ts'
import { peek } from '../policy/signed.ts'
import { FRAME_BYTES_MAX } from '../stream/message.ts'
import {
  DOCUMENT_KINDS,
  type DocumentKind,
  type DocumentReport,
  type PolicyPayload,
  type PolicyPush,
  type PolicySource,
} from '../stream/policy-message.ts'
import type { UnixNs } from '../units.ts'

export type Standing = Omit<DocumentReport, 'kind'>

/** Refusals that go by the clock, or by a delegation that does: another moment may undo them. */
export const UNTIMELY: readonly PolicyFaultCode[] = ['early', 'expired', 'delegation-missing']
/** Refusals of exceptions that go by the policy they stand beside. */
export const CROWDED: readonly string[] = ['too-large', 'too-wide']

type Why = readonly [code: PolicyFaultCode, text: string]
export const NO_KEY: Why = [
  'no-key',
  'this agent was given no root key: it takes nothing that is sent',
]
export const TOO_LARGE: Why = [
  'too-large',
  `what came has more than ${FRAME_BYTES_MAX} bytes, which no message of policies has: nothing of it was read`,
]

/** Of one that came and was not taken. */
export type Refusal = { received: number; code: PolicyFaultCode; text: string }

/** `end`: why what was taken holds back nothing any more. */
export function takenRow(
  { version }: PolicyPayload,
  clamped: string[],
  end: string | undefined,
  at: UnixNs,
): Standing {
  return {
    ...{ version, receivedVersion: version, clamped: clamped.length, at },
    ...(end === undefined
      ? { state: 'applied', code: '', text: clamped.slice(0, 3).join('; ') }
      : { state: 'expired', code: 'expired', text: end }),
  }
}

/** Beside what is in force: that one's end is not hidden by what was refused since. */
export function refusedRow(
  { received, code, text }: Refusal,
  inForce: PolicyPayload | undefined,
  end: string | undefined,
  more: { clamped: number; at: UnixNs },
): Standing {
  return {
    ...{ version: inForce?.version ?? 0, receivedVersion: received, code, ...more },
    ...(end === undefined
      ? { state: 'failed', text }
      : { state: 'expired', text: `${text}; and of version ${inForce?.version}: ${end}` }),
  }
}

export const rowsOf = (standing: Partial<Record<DocumentKind, Standing>>): DocumentReport[] =>
  DOCUMENT_KINDS.flatMap((kind) => {
    const of = standing[kind]
    return of ? [{ kind, ...of }] : []
  })

/** A document as it says of itself what it is; `version` 0: it could not be read so far. */
export type Came = { kind: DocumentKind; version: number }

export const cameIn = ({ documents }: PolicyPush): Came[] =>
  documents.map((bytes) => {
    const { kind = 'policy', version = 0 } = peek(bytes).payload ?? {}
    return { kind, version }
  })

/** `policy 1, delegation 2 and exceptions 3`. */
const listed = (all: readonly Came[]): string => {
  const names = all.map(({ kind, version }) => (version === 0 ? kind : `${kind} ${version}`))
  const [last = '', ...before] = names.toReversed()
  return before.length === 0 ? last : `${before.toReversed().join(', ')} and ${last}`
}

/** For the log and the collector's page. */
export const refusalText = (all: readonly Came[], code: PolicyFaultCode, text: string): string =>
  `${listed(all)} ${all.length === 1 ? 'was' : 'were'} refused (${code}): ${text}`

/** What does not hold, for who asks on this machine; what is the same of several once. */
function refusedTexts(standing: Partial<Record<DocumentKind, Standing>>): string[] {
  const refused = new Map<string, Came[]>()
  for (const kind of DOCUMENT_KINDS) {
    const { state, receivedVersion = 0, text = '' } = standing[kind] ?? {}
    if (state !== 'failed' && state !== 'expired') continue
    refused.set(text, [...(refused.get(text) ?? []), { kind, version: receivedVersion }])
  }
  return [...refused].map(
    ([text, all]) => `${listed(all)} ${all.length === 1 ? 'does' : 'do'} not hold: ${text}`,
  )
}

/** Version 0: of what the source has there is no policy. */
export type PolicyStatus = { source: PolicySource; version: number; refused: string[] }

/** For who asks on this machine; undefined: the built-in policy, and nothing was refused. */
export function policyStatus(
  source: PolicySource,
  version: number,
  standing: Partial<Record<DocumentKind, Standing>>,
): PolicyStatus | undefined {
  const refused = refusedTexts(standing)
  if (source === 'built-in' && refused.length === 0) return undefined
  return { source, version, refused }
}
