// What an agent says of one kind of document: a row of its report.
import type { PolicyFaultCode } from '../policy/fault.ts'
import { FRAME_BYTES_MAX } from '../stream/message.ts'
import {
  DOCUMENT_KINDS,
  type DocumentKind,
  type DocumentReport,
  type PolicyPayload,
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

/** What does not hold, for who asks on this machine. */
export const refusedTexts = (standing: Partial<Record<DocumentKind, Standing>>): string[] =>
  DOCUMENT_KINDS.flatMap((kind) => {
    const { state, receivedVersion, text } = standing[kind] ?? {}
    return state === 'failed' || state === 'expired'
      ? [`${kind} ${receivedVersion || ''} does not hold: ${text}`.replace('  ', ' ')]
      : []
  })
