// What is in force: which networks count as outside, and what is known to be harmless here. docs/policy.md says it for
// those who write one.
import type { PolicyRecord } from '../records/record.gen.ts'
import { behindNat64, type Cidr, cidrHas, parseCidr } from './address.ts'
import { type Exception, type ExceptionDocument, readException } from './exception.ts'
import {
  type HostRule,
  type ParentRule,
  PolicyError,
  readHostRule,
  readParentRule,
  shown,
} from './policy-fields.ts'
import {
  BUDGET_MAX,
  BUDGET_MIN,
  DEFAULT_PROFILE,
  isProfileName,
  PROFILE_NAMES,
  PROFILES,
  type ProfileName,
} from './profiles.ts'

export type { HostRule, ParentRule } from './policy-fields.ts'
export { PolicyError } from './policy-fields.ts'

export type Policy = {
  /** Of the document's form: 1 is all there is. */
  schema: number
  version: number
  /** What decides where a document says nothing. */
  profile: ProfileName
  /** False alerts that a host may have in a day, on average: the detector's thresholds follow from it. */
  budgetPerHostDay: number
  /** Score flows to this host itself. */
  includeLoopback: boolean
  /** Private ranges that count as outside. */
  externalNetworks: Cidr[]
  /** AN0032's HostWhitelist: alerts on these are suppressed and counted. */
  hostWhitelist: HostRule[]
  /** AN0032's ParentProcessCheck: alerts on these are suppressed and counted. */
  parentProcessCheck: ParentRule[]
  /** The same for a while, and up to a volume. */
  exceptions: Exception[]
  /** The agent's own processes: never alerted on, counted. */
  ownPids: number[]
}

/** The document as people and policy records write it (JSON); everything may be left out. */
export type PolicyDocument = {
  schema?: number
  version?: number
  profile?: ProfileName
  budgetPerHostDay?: number
  includeLoopback?: boolean
  externalNetworks?: string[]
  hostWhitelist?: string[]
  parentProcessCheck?: ParentRule[]
  exceptions?: ExceptionDocument[]
  ownPids?: number[]
}

/** The form of documents that this version reads. */
export const POLICY_SCHEMA = 1
/** Entries a list may have; what is beyond is refused, not cut. */
export const LIST_ENTRIES_MAX = 1_024
/** Nothing left out but what detection itself leaves out. */
export const DEFAULT_POLICY: Policy = {
  schema: POLICY_SCHEMA,
  version: 0,
  profile: DEFAULT_PROFILE,
  ...PROFILES[DEFAULT_PROFILE],
  includeLoopback: false,
  externalNetworks: [],
  hostWhitelist: [],
  parentProcessCheck: [],
  exceptions: [],
  ownPids: [],
}

const FIELDS = new Set(Object.keys(DEFAULT_POLICY))

/**
 * The policy of a document, defaults filled in. Throws PolicyError, naming the field, on a value that a
 * field cannot have and on a field that does not exist: a misspelt switch must not look as if it worked.
 */
export function makePolicy(document: PolicyDocument): Policy {
  const given: Record<string, unknown> = { ...document }
  for (const name of Object.keys(given))
    if (!FIELDS.has(name))
      throw new PolicyError('field', `policy: there is no field ${shown(name)}`)
  const whole = (name: string, value: unknown, max: number): number => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max)
      throw new PolicyError(
        'field',
        `policy.${name}: ${shown(value)} is no whole number in 0..${max}`,
      )
    return value
  }
  const list = <T>(name: string, read: (value: unknown, where: string) => T): T[] => {
    const value = given[name] ?? []
    if (!Array.isArray(value)) throw new PolicyError('field', `policy.${name} is not a list`)
    if (value.length > LIST_ENTRIES_MAX)
      throw new PolicyError('field', `policy.${name} has more than ${LIST_ENTRIES_MAX} entries`)
    return value.map((entry: unknown, index) => read(entry, `policy.${name}[${index}]`))
  }
  const includeLoopback = given['includeLoopback'] ?? false
  if (typeof includeLoopback !== 'boolean')
    throw new PolicyError('field', 'policy.includeLoopback is neither true nor false')
  const schema = given['schema'] ?? POLICY_SCHEMA
  if (schema !== POLICY_SCHEMA)
    throw new PolicyError(
      'field',
      `policy.schema: ${shown(schema)} is not ${POLICY_SCHEMA}, the one form that this version reads`,
    )
  const profile = given['profile'] ?? DEFAULT_PROFILE
  if (!isProfileName(profile))
    throw new PolicyError(
      'field',
      `policy.profile: ${shown(profile)} is none of ${PROFILE_NAMES.join(', ')}`,
    )
  const budgetPerHostDay = given['budgetPerHostDay'] ?? PROFILES[profile].budgetPerHostDay
  // NaN, too, is none.
  if (
    typeof budgetPerHostDay !== 'number' ||
    !(budgetPerHostDay >= BUDGET_MIN && budgetPerHostDay <= BUDGET_MAX)
  )
    throw new PolicyError(
      'field',
      `policy.budgetPerHostDay: ${shown(budgetPerHostDay)} is no number in ${BUDGET_MIN}..${BUDGET_MAX}`,
    )
  return {
    schema,
    version: whole('version', given['version'] ?? 0, 0xffffffff),
    profile,
    budgetPerHostDay,
    includeLoopback,
    externalNetworks: list('externalNetworks', readCidr),
    hostWhitelist: list('hostWhitelist', readHostRule),
    parentProcessCheck: list('parentProcessCheck', readParentRule),
    exceptions: list('exceptions', readException),
    ownPids: list('ownPids', (value, where) => whole(where.slice(7), value, 2 ** 31 - 1)),
  }
}

/** Reads a policy record's JSON. Throws PolicyError. */
export function parsePolicy(version: number, json: string): Policy {
  let document: unknown
  try {
    document = JSON.parse(json)
  } catch (cause) {
    throw new PolicyError('syntax', 'policy: not JSON', { cause })
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw new PolicyError('syntax', 'policy: not a JSON object')
  return makePolicy({ ...document, version })
}

function readCidr(value: unknown, where: string): Cidr {
  const cidr = typeof value === 'string' ? parseCidr(value) : undefined
  if (cidr === undefined)
    throw new PolicyError('field', `${where}: ${shown(value)} is not a network like 10.0.0.0/8`)
  return cidr
}

function hasHost(rule: HostRule, address: Uint8Array, hostname: string): boolean {
  if (rule.kind !== 'network')
    return hostname === rule.domain || hostname.endsWith(`.${rule.domain}`)
  const v4 = behindNat64(address)
  return cidrHas(rule.cidr, address) || (v4 !== undefined && cidrHas(rule.cidr, v4))
}

const pathMatches = (pattern: string, path: string): boolean =>
  pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern

const hasParent = (rule: ParentRule, program: string, ancestors: readonly string[]): boolean =>
  pathMatches(rule.program, program) && ancestors.some((path) => pathMatches(rule.parent, path))

/** What sends where: `program` and `ancestors` are paths, the nearest ancestor first. */
export type Sending = {
  address: Uint8Array
  hostname: string
  program: string
  ancestors: readonly string[]
}

/** The rule of HostWhitelist or ParentProcessCheck that names it, as text; undefined: none does. */
export function ruleFor(policy: Policy, sending: Sending): string | undefined {
  const { address, hostname, program, ancestors } = sending
  const host = policy.hostWhitelist.find((rule) => hasHost(rule, address, hostname))
  if (host) return host.kind === 'network' ? host.cidr.text : host.domain
  const parent = policy.parentProcessCheck.find((rule) => hasParent(rule, program, ancestors))
  return parent && `${parent.program} under ${parent.parent}`
}

/** Exceptions that name it, whether they hold or not. */
export const exceptionsFor = (
  policy: Policy,
  { address, hostname, program, ancestors }: Sending,
): Exception[] =>
  policy.exceptions.filter(({ host, parent }) =>
    host ? hasHost(host, address, hostname) : parent && hasParent(parent, program, ancestors),
  )

/** The policy of a record, with the agent's own processes in it; or why it is refused. */
export function policyFrom(
  { version, document }: Pick<PolicyRecord, 'version' | 'document'>,
  ownPids: readonly number[],
): Policy | PolicyError {
  try {
    const next = parsePolicy(version, document)
    return { ...next, ownPids: [...new Set([...ownPids, ...next.ownPids])] }
  } catch (error) {
    if (error instanceof PolicyError) return error
    throw error
  }
}
