// An exception of a policy: what is known to be harmless here for a while, up to a volume. Unlike a host that is known it
// ends by itself, and somebody stands for it. What it names has all that it says: each field narrows it.
import type { SignerClass } from '../baseline/baseline.ts'
import { behindNat64, cidrHas } from './address.ts'
import { type HostRule, hostOf, momentOf } from './policy-fields.ts'

/** As people write it: at least one of those that name, an end and a volume. policy-table.ts has what each may be. */
export type ExceptionDocument = {
  host?: string
  port?: number
  program?: string
  parent?: string
  signingId?: string
  team?: string
  signer?: SignerClass
  hash?: string
  /** Name, or number. */
  user?: string | number
  /** As `2026-12-24T18:00:00Z`: it holds back nothing from then on. */
  until: string
  /** What it holds back in a day at most, of all that it names together; beyond, alerts come after all. */
  bytesPerDayMax: number
  owner?: string
  reason?: string
}

export type Exception = Pick<
  ExceptionDocument,
  'port' | 'program' | 'parent' | 'team' | 'signer' | 'hash' | 'user' | 'bytesPerDayMax'
> & {
  /** Any of them; none: wherever to, whoever it is signed as. */
  hosts: readonly HostRule[]
  signingIds: readonly string[]
  /** Milliseconds since 1970. */
  untilMs: number
  /** What it is counted by. */
  rule: string
}

/** What sends where: `program` and `ancestors` are paths, the nearest ancestor first. */
export type Sending = {
  address: Uint8Array
  hostname: string
  /** 0: of no port, as of a peer that was served. */
  port: number
  program: string
  ancestors: readonly string[]
  signer: SignerClass
  /** Of a program that sends for itself, as far as its signature holds; empty otherwise. */
  signingId: string
  team: string
  /** By which of its contents it may be named, in lower case: of the program, or of the script that it runs. */
  hashes: readonly string[]
  /** undefined: not known. */
  uid: number | undefined
}

/** REQUIRES: it is as policy-table.ts has it. */
export function makeException(document: ExceptionDocument): Exception {
  const { host, signingId, until, hash, owner: _owner, reason: _reason, ...rest } = document
  return {
    ...rest,
    hosts: host === undefined ? [] : [hostOf(host) as HostRule],
    signingIds: signingId === undefined ? [] : [signingId],
    ...(hash === undefined ? {} : { hash: hash.toLowerCase() }),
    untilMs: momentOf(until) as number,
    rule: ruleText(document),
  }
}

const HASH_DIGITS_SAID = 12

/** What it names, in words: `/opt/backup/* under /usr/sbin/cron to 203.0.113.0/24`. */
export function namedText(exception: ExceptionDocument): string {
  const { host, port, program, parent, signingId, team, signer, hash, user } = exception
  const said = (before: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [`${before}${value}`]
  const who = [
    ...said('', program ?? signingId),
    ...(program === undefined ? [] : said('signed as ', signingId)),
    ...said('of team ', team),
    ...said('of signer class ', signer),
    ...said('with hash ', hash?.slice(0, HASH_DIGITS_SAID).toLowerCase()),
    ...said('under ', parent),
    ...said('of user ', user),
  ]
  const where = [...said('', host), ...said('port ', port)].join(' ')
  if (who.length === 0) return where
  const subject = program === undefined && signingId === undefined ? 'programs ' : ''
  return `${subject}${who.join(' ')}${where === '' ? '' : ` to ${where}`}`
}

const ruleText = (document: ExceptionDocument): string =>
  `exception for ${namedText(document)}${document.owner ? ` (${document.owner})` : ''}`

/** Whether it names it, whether it holds or not. */
export function isNamed(exception: Exception, sending: Sending): boolean {
  const { hosts, port, program, parent, signingIds, team, signer, hash, user } = exception
  return (
    (hosts.length === 0 ||
      hosts.some((host) => hasHost(host, sending.address, sending.hostname))) &&
    (port === undefined || port === sending.port) &&
    (program === undefined || pathMatches(program, sending.program)) &&
    (parent === undefined || sending.ancestors.some((path) => pathMatches(parent, path))) &&
    (signingIds.length === 0 || signingIds.includes(sending.signingId)) &&
    (team === undefined || team === sending.team) &&
    (signer === undefined || signer === sending.signer) &&
    (hash === undefined || sending.hashes.includes(hash)) &&
    // A name is this machine's affair: the agent puts the number in its place.
    (user === undefined || user === sending.uid)
  )
}

export function hasHost(rule: HostRule, address: Uint8Array, hostname: string): boolean {
  if (rule.kind !== 'network')
    return hostname === rule.domain || hostname.endsWith(`.${rule.domain}`)
  const v4 = behindNat64(address)
  return cidrHas(rule.cidr, address) || (v4 !== undefined && cidrHas(rule.cidr, v4))
}

export const pathMatches = (pattern: string, path: string): boolean =>
  pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern
