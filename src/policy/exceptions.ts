// What an online key has signed: exceptions within the bounds of its delegation, and standings of identities.

import { parseCidr } from '../engine/address.ts'
import { type ExceptionDocument, namedText } from '../engine/exception.ts'
import { momentOf } from '../engine/policy-fields.ts'
import { faultsOf } from '../engine/policy-shape.ts'
import { EXCEPTION } from '../engine/policy-table.ts'
import { brief } from '../printable.ts'
import { hostsOf, refuseSum, whyNotException } from './clamp.ts'
import { type Bounds, objectOf, refuseMore } from './delegation.ts'
import { ipv4PrefixOf } from './embedded.ts'
import { PolicyFault } from './fault.ts'

/** What a team has decided about a program. Agents carry it; it decides nothing there yet. */
export type ProgramStanding = 'approved' | 'in-review' | 'unwanted'
const STANDINGS: readonly unknown[] = ['approved', 'in-review', 'unwanted']
const STANDINGS_MAX = 1_000
const IDENTITY_CHARS_MAX = 300
const DAY_MS = 86_400_000
/** Of who stands for an exception, in the policy that is in force. */
const OWNER_CHARS_MAX = 40

export type Exceptions = {
  exceptions: ExceptionDocument[]
  standings: { identity: string; standing: ProgramStanding }[]
  /** What was left out or narrowed, a sentence each. */
  clamped: string[]
}

/** Of a document made at `madeAtMs`. Throws PolicyFault content. */
export function boundedExceptions(content: string, bounds: Bounds, madeAtMs: number): Exceptions {
  let found: unknown
  try {
    found = JSON.parse(content)
  } catch (cause) {
    throw new PolicyFault('content', 'its exceptions are no JSON', { cause })
  }
  const { exceptions = [], standings = [], ...more } = objectOf(found, 'exceptions')
  refuseMore(more, 'exceptions')
  if (!Array.isArray(exceptions) || !Array.isArray(standings) || standings.length > STANDINGS_MAX)
    throw new PolicyFault(
      'content',
      `exceptions and standings are lists, of standings at most ${STANDINGS_MAX}`,
    )
  const clamped: string[] = []
  const bounded: ExceptionDocument[] = []
  for (const [index, one] of exceptions.entries()) {
    const exception = exceptionOf(one, `exceptions[${index}]`)
    const why = whyBeyond(exception, bounds) ?? whyNotException(exception)
    if (why !== undefined) clamped.push(why)
    else if (bounded.length >= bounds.exceptionsMax)
      clamped.push(`exceptions[${index}] is left out: there may be ${bounds.exceptionsMax}`)
    else bounded.push(narrowed(exception, bounds, madeAtMs, (text) => clamped.push(text)))
  }
  refuseSum(hostsOf(bounded), 'its exceptions')
  return { exceptions: bounded, standings: standings.map(standingOf), clamped }
}

/** As they are put in force: why they are there is for people, and takes room; who stands for them is told with what they hold back. */
export const carried = (exceptions: readonly ExceptionDocument[]): ExceptionDocument[] =>
  exceptions.map(({ owner, reason: _reason, ...rest }) => ({
    ...rest,
    ...(owner === undefined ? {} : { owner: brief(owner, OWNER_CHARS_MAX) }),
  }))

/** Of an online key's, somebody always says who asked for it, and why. Throws PolicyFault content. */
function exceptionOf(value: unknown, where: string): ExceptionDocument {
  const [fault] = faultsOf(EXCEPTION, value, where)
  if (fault) throw new PolicyFault('content', brief(fault.text, 300))
  const exception = value as ExceptionDocument
  for (const field of ['owner', 'reason'] as const)
    if (!exception[field]?.trim())
      throw new PolicyFault('content', `${where} has no ${field}: somebody stands for an exception`)
  return exception
}

function whyBeyond(exception: ExceptionDocument, bounds: Bounds): string | undefined {
  const { host } = exception
  const isByProgram = PROGRAM_FIELDS.some((name) => exception[name] !== undefined)
  if ((isByProgram && bounds.programs) || (host !== undefined && isWithin(host, bounds)))
    return undefined
  return `${namedText(exception)} is left out: the delegation does not allow it`
}

/** Who may name programs may do it by any of these; a port, a user or a signer class alone name most of what there is. */
const PROGRAM_FIELDS = ['program', 'parent', 'signingId', 'team', 'hash'] as const

function isWithin(host: string, bounds: Bounds): boolean {
  const cidr = parseCidr(host)
  if (!cidr) return bounds.domains
  const v4 = ipv4PrefixOf(cidr)
  const least = v4 === undefined ? bounds.v6PrefixMin : bounds.v4PrefixMin
  return least > 0 && (v4 ?? cidr.bits) >= least
}

function narrowed(
  exception: ExceptionDocument,
  { bytesPerDayMax, daysMax }: Bounds,
  madeAtMs: number,
  note: (text: string) => void,
): ExceptionDocument {
  const what = namedText(exception)
  const lastMs = madeAtMs + daysMax * DAY_MS
  const last = new Date(lastMs).toISOString().replace(/\.\d+Z$/, 'Z')
  const isLong = (momentOf(exception.until) as number) > lastMs
  if (isLong) note(`the exception for ${what} ends at ${last}: it may last ${daysMax} days`)
  const isMuch = exception.bytesPerDayMax > bytesPerDayMax
  if (isMuch) note(`the exception for ${what} holds back ${bytesPerDayMax} bytes a day and no more`)
  return {
    ...exception,
    until: isLong ? last : exception.until,
    bytesPerDayMax: Math.min(exception.bytesPerDayMax, bytesPerDayMax),
  }
}

/** Throws PolicyFault content. */
function standingOf(value: unknown, index: number): Exceptions['standings'][number] {
  const { identity, standing, ...more } = objectOf(value, `standings[${index}]`)
  refuseMore(more, `standings[${index}]`)
  if (typeof identity !== 'string' || identity === '' || identity.length > IDENTITY_CHARS_MAX)
    throw new PolicyFault('content', `standings[${index}].identity is no identity's key`)
  if (!STANDINGS.includes(standing))
    throw new PolicyFault(
      'content',
      `standings[${index}].standing is neither approved nor in-review nor unwanted`,
    )
  return { identity, standing: standing as ProgramStanding }
}
