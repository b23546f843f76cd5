// What stands in the fields of a policy: hosts, and programs under a parent.
import { brief, quoted } from '../printable.ts'
import { type Cidr, parseCidr } from './address.ts'

/** A host that is known to be talked to: a block of addresses, or a domain with everything under it. */
export type HostRule = { kind: 'network'; cidr: Cidr } | { kind: 'domain'; domain: string }

/** A program that may send when this parent runs it. Absolute paths; a trailing `*` matches any rest. */
export type ParentRule = { parent: string; program: string }

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

const PATH_MAX = 4_096
/** Characters of a refused value or name that are repeated: it goes to a terminal, and to the collector. */
const QUOTED_MAX = 80

export const shown = (value: unknown): string =>
  typeof value === 'string'
    ? quoted(value, QUOTED_MAX)
    : brief(JSON.stringify(value) ?? 'nothing', QUOTED_MAX)

/** Throws PolicyError. */
export function readHostRule(value: unknown, where: string): HostRule {
  if (typeof value === 'string') {
    const cidr = parseCidr(value)
    if (cidr) return { kind: 'network', cidr }
    const domain = value.toLowerCase().replace(/\.$/, '')
    if (/^([a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}$/.test(domain) && /[a-z]/.test(domain))
      return { kind: 'domain', domain }
  }
  throw new PolicyError('field', `${where}: ${shown(value)} is neither a network nor a domain`)
}

/** Throws PolicyError. */
export function readParentRule(value: unknown, where: string): ParentRule {
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
