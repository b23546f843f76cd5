// What an online key has signed: exceptions within the bounds of its delegation, and standings of identities.

import { parseCidr } from '../engine/address.ts'
import { type ExceptionDocument, momentOf, readException } from '../engine/exception.ts'
import { PolicyError } from '../engine/policy.ts'
import { brief } from '../printable.ts'
import { refuseSum, whyNotException } from './clamp.ts'
import { type Bounds, objectOf, refuseMore } from './delegation.ts'
import { ipv4PrefixOf } from './embedded.ts'
import { PolicyFault } from './fault.ts'

/** What a team has decided about a program. Agents carry it; it decides nothing there yet. */
export type ProgramStanding = 'approved' | 'in-review' | 'unwanted'
const STANDINGS: readonly unknown[] = ['approved', 'in-review', 'unwanted']
const STANDINGS_MAX = 1_000
const IDENTITY_CHARS_MAX = 300
const DAY_MS = 86_400_000

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
  refuseSum(
    bounded.flatMap(({ host }) => host ?? []),
    'its exceptions',
  )
  return { exceptions: bounded, standings: standings.map(standingOf), clamped }
}

/** Of an online key's, somebody always says who asked for it, and why. Throws PolicyFault content. */
function exceptionOf(value: unknown, where: string): ExceptionDocument {
  try {
    readException(value, where)
  } catch (cause) {
    if (!(cause instanceof PolicyError)) throw cause
    throw new PolicyFault('content', brief(cause.message, 300), { cause })
  }
  const exception = value as ExceptionDocument
  for (const field of ['owner', 'reason'] as const)
    if (!exception[field]?.trim())
      throw new PolicyFault('content', `${where} has no ${field}: somebody stands for an exception`)
  return exception
}

function whyBeyond(
  { host, program, parent }: ExceptionDocument,
  bounds: Bounds,
): string | undefined {
  const beyond = (what: string) => `${what} is left out: the delegation does not allow it`
  if (host === undefined) return bounds.programs ? undefined : beyond(`${program} under ${parent}`)
  const cidr = parseCidr(host)
  if (!cidr) return bounds.domains ? undefined : beyond(host)
  const v4 = ipv4PrefixOf(cidr)
  const least = v4 === undefined ? bounds.v6PrefixMin : bounds.v4PrefixMin
  const prefix = v4 ?? cidr.bits
  return least > 0 && prefix >= least ? undefined : beyond(host)
}

function narrowed(
  exception: ExceptionDocument,
  { bytesPerDayMax, daysMax }: Bounds,
  madeAtMs: number,
  note: (text: string) => void,
): ExceptionDocument {
  const { host, parent, program } = exception
  const what = host ?? `${program} under ${parent}`
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
