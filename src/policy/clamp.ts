// What an agent takes of a policy that was sent to it: never what would switch detection off without a word. Who stands
// at the machine may (docs/policy.md); who has a key of a fleet may not.
import { type Cidr, parseCidr } from '../engine/address.ts'
import { isPublicSuffix } from '../engine/destination/registered-domain.ts'
import { type ExceptionDocument, namedText } from '../engine/exception.ts'
import { expectedOf, unknownText, withRows } from '../engine/expected.ts'
import {
  DEFAULT_POLICY,
  makePolicy,
  type ParentRule,
  type PolicyDocument,
  PolicyError,
} from '../engine/policy.ts'
import { LIST_ENTRIES_MAX } from '../engine/policy-table.ts'
import { PROFILE_BOUNDS } from '../engine/profiles.ts'
import { brief, quoted } from '../printable.ts'
import { hasAllOfIpv4, ipv4PrefixOf } from './embedded.ts'
import { PolicyFault } from './fault.ts'

/** A document's bytes, of 65,535 that a record of the engine has: exceptions come beside it. */
export const POLICY_BYTES_MAX = 48 * 1024
/** Of a policy record's text (native/record.def); its own processes are added to it. */
const RECORD_BYTES_MAX = 65_000
/** 10.0.0.0/8 is one company's, 17.0.0.0/8 Apple's; nobody has more. */
const V4_PREFIX_MIN = 8
/** The largest block that a registry has given to one network is a /19 (RIPE, 2003:: and 2a00:2000::). */
const V6_PREFIX_MIN = 19
/** Unique local addresses (RFC 4193) are all of one's own. */
const V6_LOCAL = 0xfc
const V6_LOCAL_BITS = 7
/** All private ranges and seven more of the widest: a sixteenth of IPv4 is no list of hosts that are known. */
const V4_SHARE_MAX = 1 / 16
const V6_SHARE_MAX = 1 / 2 ** 12
/** Ancestors of everything: a rule under one of them says nothing of the parent. */
const ANCESTORS: readonly string[] = [
  '/sbin/launchd',
  '/sbin/init',
  '/lib/systemd/systemd',
  '/usr/lib/systemd/systemd',
]

export type Clamped = {
  document: PolicyDocument
  /** What was left out, a sentence each. */
  clamped: string[]
}

/** The document of a policy's content. Throws PolicyFault content, too-wide, too-large. */
export function clampPolicy(content: string, version: number): Clamped {
  if (Buffer.byteLength(content) > POLICY_BYTES_MAX)
    throw new PolicyFault(
      'too-large',
      `its document has ${Buffer.byteLength(content)} bytes, and may have ${POLICY_BYTES_MAX}`,
    )
  const clamped: string[] = []
  const document = readDocument(content, clamped)
  if (document.version !== undefined && document.version !== version)
    throw new PolicyFault(
      'content',
      `its document says version ${brief(JSON.stringify(document.version), 40)}, and it is signed as version ${version}`,
    )
  const kept = <T>(list: T[] | undefined, why: (one: T) => string | undefined): T[] =>
    (list ?? []).filter((one) => {
      const reason = why(one)
      if (reason !== undefined) clamped.push(reason)
      return reason === undefined
    })
  const hostWhitelist = kept(document.hostWhitelist, whyNotHost)
  refuseSum(hostWhitelist)
  const parentProcessCheck = kept(document.parentProcessCheck, whyNotParent)
  const exceptions = kept(document.exceptions, whyNotException)
  refuseSum([...hostWhitelist, ...hostsOf(exceptions)], 'it')
  if ((document.ownPids ?? []).length > 0)
    clamped.push('ownPids is left out: a process id means nothing on another machine')
  if ((document.expectedRows ?? []).length > 0)
    clamped.push(
      'expectedRows is left out: rows are those of the agent’s own list, by expectedApplications',
    )
  const { ownPids: _, expectedRows: _rows, $schema: _schema, ...rest } = document
  return { document: { ...rest, version, hostWhitelist, parentProcessCheck, exceptions }, clamped }
}

/** `clamped` gains what is narrowed in it. Throws PolicyFault content. */
function readDocument(content: string, clamped: string[]): PolicyDocument {
  try {
    const given: unknown = JSON.parse(content)
    if (typeof given !== 'object' || given === null || Array.isArray(given))
      throw new SyntaxError('it is no JSON object')
    const document = withKnown(withinBounds(given, clamped), clamped)
    makePolicy(document)
    return document
  } catch (cause) {
    if (cause instanceof PolicyError || cause instanceof SyntaxError)
      throw new PolicyFault('content', brief(cause.message, 300), { cause })
    throw cause
  }
}

/** A number beyond the bounds is the bound: whoever wants fewer alerts, or more, has the fewest or most there are. */
function withinBounds(document: PolicyDocument, clamped: string[]): PolicyDocument {
  const held = { ...document }
  for (const [name, [min, max]] of Object.entries(PROFILE_BOUNDS)) {
    const field = name as keyof typeof PROFILE_BOUNDS
    const asked = document[field]
    if (typeof asked !== 'number' || (asked >= min && asked <= max)) continue
    held[field] = Math.min(max, Math.max(min, asked))
    clamped.push(`${field} is ${held[field]}, not ${asked}: it may be ${min} to ${max}`)
  }
  return held
}

/** An application that a later version knows is nobody here; what is no text is refused with the rest. */
function withKnown(document: PolicyDocument, clamped: string[]): PolicyDocument {
  const { expectedApplications } = document
  if (!Array.isArray(expectedApplications)) return document
  const known = expectedApplications.filter((id) => {
    const isKnown = typeof id !== 'string' || expectedOf(id) !== undefined
    if (!isKnown)
      clamped.push(`expectedApplications: ${quoted(id, 80)} is left out: it ${unknownText(id)}`)
    return isKnown
  })
  return { ...document, expectedApplications: known }
}

/** Why an exception may not hold; undefined: it may. Each field narrows it, so one that is narrow is enough. */
export function whyNotException(exception: ExceptionDocument): string | undefined {
  const { host, program } = exception
  if (isOfProgram(exception)) return undefined
  if (host !== undefined) return whyNotHost(host)
  if (program !== undefined) return whyNotProgram(exception)
  return `${quoted(namedText(exception), 80)} is left out: it names neither a host nor a program, and most of what there is may be that`
}

/** It names programs that somebody signed, one by its content, or few by their place: no more, whatever stands beside that. */
const isOfProgram = (exception: ExceptionDocument): boolean =>
  exception.team !== undefined ||
  exception.hash !== undefined ||
  exception.signingId !== undefined ||
  (exception.program !== undefined && whyNotProgram(exception) === undefined)

function whyNotProgram({ program = '', parent }: ExceptionDocument): string | undefined {
  if (parent !== undefined) return whyNotParent({ program, parent })
  return program.endsWith('*')
    ? `${quoted(program, 80)} is left out: a * wants a parent, a team or a host beside it`
    : undefined
}

/** Hosts that exceptions leave out for everybody who sends there, or for most. */
export const hostsOf = (exceptions: readonly ExceptionDocument[]): string[] =>
  exceptions.flatMap((one) => (one.host === undefined || isOfProgram(one) ? [] : [one.host]))

/** Why a host may not be left out of detection; undefined: it may. */
export function whyNotHost(host: string): string | undefined {
  const cidr = parseCidr(host)
  const shown = quoted(host, 80)
  if (!cidr)
    return isPublicSuffix(host.toLowerCase().replace(/\.$/, ''))
      ? `${shown} is left out: it is nobody’s own domain`
      : undefined
  return isNarrow(cidr)
    ? undefined
    : `${shown} is left out: it is wider than any network of one owner`
}

const isLocal = ({ address, bits }: Cidr): boolean =>
  ((address[0] ?? 0) & 0xfe) === V6_LOCAL && bits >= V6_LOCAL_BITS

function isNarrow(cidr: Cidr): boolean {
  if (isLocal(cidr)) return true
  const v4 = ipv4PrefixOf(cidr)
  return v4 === undefined ? !hasAllOfIpv4(cidr) && cidr.bits >= V6_PREFIX_MIN : v4 >= V4_PREFIX_MIN
}

/** Throws PolicyFault too-wide: many that are narrow enough each may be everything together. */
export function refuseSum(hosts: readonly string[], of = 'hostWhitelist'): void {
  let [v4, v6] = [0, 0]
  for (const host of new Set(hosts)) {
    const cidr = parseCidr(host)
    if (!cidr) continue
    const prefix = ipv4PrefixOf(cidr)
    if (prefix !== undefined) v4 += 2 ** -prefix
    else if (!isLocal(cidr)) v6 += 2 ** -cidr.bits
  }
  if (v4 > V4_SHARE_MAX || v6 > V6_SHARE_MAX)
    throw new PolicyFault(
      'too-wide',
      `the networks in ${of} are so many and so wide together that little would be left to detect`,
    )
}

/** Folders that a pattern names whole: of `/usr/b*` one. */
const foldersOf = (pattern: string): number => pattern.split('/').length - 2

/** Why a rule may not hold programs out of detection; undefined: it may. */
export function whyNotParent({ parent, program }: ParentRule): string | undefined {
  const shown = `${quoted(program, 80)} under ${quoted(parent, 80)}`
  const isAnyProgram = program.endsWith('*') && foldersOf(program) < 2
  const isAnyParent = parent.endsWith('*')
    ? ANCESTORS.some((one) => one.startsWith(parent.slice(0, -1)))
    : ANCESTORS.includes(parent)
  if (isAnyProgram) return `${shown} is left out: it names most programs there are`
  if (isAnyParent && program.endsWith('*'))
    return `${shown} is left out: every process has that parent`
  return undefined
}

/** Throws PolicyFault too-large, too-wide: what was small and narrow enough by itself may not be so beside a policy. */
export function refuseCrowd(document: PolicyDocument): void {
  const { hostWhitelist = [], exceptions = [] } = document
  if (
    Buffer.byteLength(JSON.stringify(withRows(document))) > RECORD_BYTES_MAX ||
    exceptions.length > LIST_ENTRIES_MAX
  )
    throw new PolicyFault('too-large', 'beside this policy there is no room for these exceptions')
  refuseSum([...hostWhitelist, ...hostsOf(exceptions)], 'the policy and these exceptions')
}

/** What is over suppresses nothing: what it adds to detection goes on, a budget that is larger than the built-in one too. */
export function withoutHoldingBack(document: PolicyDocument): PolicyDocument {
  const { budgetPerHostDay, newProgramsPerDay } = makePolicy(document)
  const { profile: _, ...rest } = document
  return {
    ...rest,
    budgetPerHostDay: Math.max(budgetPerHostDay, DEFAULT_POLICY.budgetPerHostDay),
    newProgramsPerDay: Math.min(newProgramsPerDay, DEFAULT_POLICY.newProgramsPerDay),
    hostWhitelist: [],
    parentProcessCheck: [],
    exceptions: [],
    expectedApplications: [],
  }
}
