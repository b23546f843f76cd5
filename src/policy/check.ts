// Looks a policy's text over before anybody is given it: all that is wrong with it at once, what an agent would leave out of it
// where a collector sent it, and which of its exceptions are over, or soon will be.
import { makeException } from '../engine/exception.ts'
import { makePolicy, type Policy, type PolicyDocument, policyFaults } from '../engine/policy.ts'
import { clampPolicy } from './clamp.ts'
import { PolicyFault } from './fault.ts'
import { jsonFault } from './json-fault.ts'
import { jsonLines } from './json-lines.ts'

const SOON_MS = 7 * 86_400_000

/** A sentence, and the line that it is about. */
export type Remark = { line: number; text: string }

export type Checked = {
  /** Why it is no policy; none: it is one. */
  faults: Remark[]
  /** With what its profile and the defaults say; undefined where it is none. */
  policy: Policy | undefined
  document: PolicyDocument
  /** What an agent would leave out or narrow of it where a collector sent it. */
  clamped: string[]
  /** Why it would take nothing of it then; undefined: it would take the rest. */
  refused: string | undefined
  /** In the order in which they end. */
  ends: (Remark & { isOver: boolean })[]
}

export function checkPolicy(text: string, nowMs: number): Checked {
  const nothing = { policy: undefined, document: {}, clamped: [], refused: undefined, ends: [] }
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    return { ...nothing, faults: [syntaxFault(text)] }
  }
  const lines = jsonLines(text)
  const faults = [
    ...policyFaults(given).map((fault) => ({ line: lines.of(fault.place), text: fault.text })),
    ...lines.again.map(({ place, line }) => ({
      line,
      text: `policy.${place.join('.')} is there a second time: only one of them can be meant`,
    })),
  ].sort((a, b) => a.line - b.line)
  if (faults.length > 0) return { ...nothing, faults, ...sentBy(text) }
  const document = given as PolicyDocument
  return {
    faults,
    policy: makePolicy(document),
    document,
    ...sentBy(text, document.version),
    ends: endsOf(document, nowMs, (index) => lines.of(['exceptions', index])),
  }
}

function syntaxFault(text: string): Remark {
  if (text.startsWith('-----BEGIN '))
    return {
      line: 1,
      text: 'it is a signed document: `policy show FILE --content` prints the policy that is in it',
    }
  const { line, column } = jsonFault(text) ?? { line: 1, column: 1 }
  return { line, text: `it is no JSON from column ${column} on` }
}

/** As `policy sign` has it. */
function sentBy(text: string, version = 1): Pick<Checked, 'clamped' | 'refused'> {
  try {
    return { clamped: clampPolicy(text, version).clamped, refused: undefined }
  } catch (error) {
    if (!(error instanceof PolicyFault)) throw error
    return { clamped: [], refused: error.message }
  }
}

function endsOf(
  { exceptions = [] }: PolicyDocument,
  nowMs: number,
  lineOf: (index: number) => number,
): Checked['ends'] {
  return exceptions
    .map((one, index) => ({ ...makeException(one), until: one.until, line: lineOf(index) }))
    .filter(({ untilMs }) => untilMs <= nowMs + SOON_MS)
    .sort((a, b) => a.untilMs - b.untilMs)
    .map(({ rule, until, untilMs, line }) => {
      const isOver = untilMs <= nowMs
      return { line, isOver, text: `the ${rule} ${isOver ? 'was over at' : 'ends at'} ${until}` }
    })
}
