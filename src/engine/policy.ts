// What is in force: which networks count as outside, and what is known to be harmless here. docs/policy.md says it for
// those who write one.
import { brief, quoted } from '../printable.ts'
import type { PolicyRecord } from '../records/record.gen.ts'
import { type Cidr, cidrHas, parseCidr } from './address.ts'

/** A host that is known to be talked to: a block of addresses, or a domain with everything under it. */
export type HostRule = { kind: 'network'; cidr: Cidr } | { kind: 'domain'; domain: string }

/** A program that may send when this parent runs it. Absolute paths; a trailing `*` matches any rest. */
export type ParentRule = { parent: string; program: string }

export type Policy = {
  version: number
  /** Score flows to this host itself. */
  includeLoopback: boolean
  /** Private ranges that count as outside. */
  externalNetworks: Cidr[]
  /** AN0032's HostWhitelist: alerts on these are suppressed and counted. */
  hostWhitelist: HostRule[]
  /** AN0032's ParentProcessCheck: alerts on these are suppressed and counted. */
  parentProcessCheck: ParentRule[]
  /** The agent's own processes: never alerted on, counted. */
  ownPids: number[]
}

/** The document as people and policy records write it (JSON); everything may be left out. */
export type PolicyDocument = {
  version?: number
  includeLoopback?: boolean
  externalNetworks?: string[]
  hostWhitelist?: string[]
  parentProcessCheck?: ParentRule[]
  ownPids?: number[]
}

/** syntax: not a JSON object. field: a field has a value that it cannot have. */
export type PolicyErrorCode = 'syntax' | 'field'

/** A policy that is refused whole: half of one would be another policy. */
export class PolicyError extends Error {
  readonly code: PolicyErrorCode
  constructor(code: PolicyErrorCode, text: string, options?: ErrorOptions) {
    super(text, options)
    this.name = 'PolicyError'
    this.code = code
  }
}

/** Entries a list may have; what is beyond is refused, not cut. */
const ENTRIES_MAX = 1_024
const PATH_MAX = 4_096
/** Characters of a refused value or name that are repeated: it goes to a terminal, and to the collector. */
const QUOTED_MAX = 80

const shown = (value: unknown): string =>
  typeof value === 'string'
    ? quoted(value, QUOTED_MAX)
    : brief(JSON.stringify(value) ?? 'nothing', QUOTED_MAX)

/** Nothing left out but what detection itself leaves out. */
export const DEFAULT_POLICY: Policy = {
  version: 0,
  includeLoopback: false,
  externalNetworks: [],
  hostWhitelist: [],
  parentProcessCheck: [],
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
    if (value.length > ENTRIES_MAX)
      throw new PolicyError('field', `policy.${name} has more than ${ENTRIES_MAX} entries`)
    return value.map((entry: unknown, index) => read(entry, `policy.${name}[${index}]`))
  }
  const includeLoopback = given['includeLoopback'] ?? false
  if (typeof includeLoopback !== 'boolean')
    throw new PolicyError('field', 'policy.includeLoopback is neither true nor false')
  return {
    version: whole('version', given['version'] ?? 0, 0xffffffff),
    includeLoopback,
    externalNetworks: list('externalNetworks', readCidr),
    hostWhitelist: list('hostWhitelist', readHostRule),
    parentProcessCheck: list('parentProcessCheck', readParentRule),
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

function readHostRule(value: unknown, where: string): HostRule {
  if (typeof value === 'string') {
    const cidr = parseCidr(value)
    if (cidr) return { kind: 'network', cidr }
    const domain = value.toLowerCase().replace(/\.$/, '')
    if (/^([a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}$/.test(domain) && /[a-z]/.test(domain))
      return { kind: 'domain', domain }
  }
  throw new PolicyError('field', `${where}: ${shown(value)} is neither a network nor a domain`)
}

function readParentRule(value: unknown, where: string): ParentRule {
  const rule: Record<string, unknown> =
    typeof value === 'object' && value !== null ? { ...value } : {}
  const { parent, program, ...more } = rule
  const [other] = Object.keys(more)
  if (other !== undefined)
    throw new PolicyError('field', `${where}: there is no field ${shown(other)}`)
  if (!isPathPattern(parent) || !isPathPattern(program))
    throw new PolicyError(
      'field',
      `${where} wants parent and program, both absolute paths; a * stands at the end alone`,
    )
  return { parent, program }
}

/** A star elsewhere would match nothing, and look as if it did. */
const isPathPattern = (path: unknown): path is string =>
  typeof path === 'string' &&
  path.startsWith('/') &&
  path.length <= PATH_MAX &&
  !path.slice(0, -1).includes('*')

/** Whether the whitelist names this host. */
export function whitelists(policy: Policy, address: Uint8Array, hostname: string): boolean {
  return policy.hostWhitelist.some((rule) =>
    rule.kind === 'network'
      ? cidrHas(rule.cidr, address)
      : hostname === rule.domain || hostname.endsWith(`.${rule.domain}`),
  )
}

const pathMatches = (pattern: string, path: string): boolean =>
  pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern

/** Whether ParentProcessCheck names this program under one of these ancestors' paths. */
export function parentChecks(policy: Policy, program: string, ancestors: string[]): boolean {
  return policy.parentProcessCheck.some(
    (rule) =>
      pathMatches(rule.program, program) &&
      ancestors.some((path) => pathMatches(rule.parent, path)),
  )
}

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
