// What stands in the fields of a policy: networks, hosts, paths, moments, and how each is read.
import { type Cidr, parseCidr } from './address.ts'
import type { Format } from './policy-shape.ts'

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

/** undefined: it is none. */
export function hostOf(text: string): HostRule | undefined {
  const cidr = parseCidr(text)
  if (cidr) return { kind: 'network', cidr }
  const domain = text.toLowerCase().replace(/\.$/, '')
  return /^([a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}$/.test(domain) && /[a-z]/.test(domain)
    ? { kind: 'domain', domain }
    : undefined
}

/** Milliseconds since 1970 of `2026-12-24T18:00:00Z`; undefined when it is no such moment. */
export function momentOf(text: unknown): number | undefined {
  if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return undefined
  const ms = Date.parse(text)
  // Of the 30th of February Date makes a day of March.
  return ms >= 0 && new Date(ms).toISOString().slice(0, 19) === text.slice(0, 19) ? ms : undefined
}

const V4 = String.raw`((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(/(3[0-2]|[12]?\d))?`
const V6 = String.raw`[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(/(12[0-8]|1[01]\d|[1-9]?\d))?`
const DOMAIN = String.raw`(?=.*[A-Za-z])([A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?`
const MOMENT = String.raw`(19[7-9]\d|[2-9]\d{3})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ`

export const NETWORK: Format = {
  test: (text) => parseCidr(text) !== undefined,
  wrong: 'is not a network like 10.0.0.0/8',
  noun: 'network like 10.0.0.0/8',
  pattern: `^(${V4}|${V6})$`,
}

export const HOST: Format = {
  test: (text) => hostOf(text) !== undefined,
  wrong: 'is neither a network nor a domain',
  noun: 'network or a domain',
  pattern: `^(${V4}|${V6}|${DOMAIN})$`,
}

/** A star elsewhere would match nothing, and look as if it did. */
export const PATH: Format = {
  test: (text) => text.startsWith('/') && !text.slice(0, -1).includes('*'),
  wrong: 'is no absolute path, of which a * stands at the end alone',
  noun: 'absolute path',
  article: 'an',
  pattern: String.raw`^/[^*]*\*?$`,
}

export const MOMENT_UTC: Format = {
  test: (text) => momentOf(text) !== undefined,
  wrong: 'is no moment like 2026-12-24T18:00:00Z',
  noun: 'moment like 2026-12-24T18:00:00Z',
  pattern: `^${MOMENT}$`,
}

export const TEAM: Format = {
  test: (text) => /^[A-Z0-9]{10}$/.test(text),
  wrong: 'is no team of Apple’s: 10 capital letters and digits',
  noun: 'team of 10 capital letters and digits',
  pattern: '^[A-Z0-9]{10}$',
}

export const HASH: Format = {
  test: (text) => /^([0-9a-fA-F]{64}|[0-9a-fA-F]{40})$/.test(text),
  wrong: 'is neither a SHA-256 of 64 hexadecimal digits nor a code directory hash of 40',
  noun: 'hash of 64 or 40 hexadecimal digits',
  pattern: '^([0-9a-fA-F]{64}|[0-9a-fA-F]{40})$',
}

/** Of a signing id, a user: what is drawn, and something. */
export const NAME: Format = {
  test: (text) => /^[^\p{Cc}]+$/u.test(text),
  wrong: 'is no name: it is empty, or has control characters',
  noun: 'name',
  pattern: String.raw`^[^\u0000-\u001f\u007f-\u009f]+$`,
}
