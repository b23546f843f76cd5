// What is in force: which networks count as outside, and what is known to be harmless here. docs/policy.md says it for
// those who write one.
import type { PolicyRecord } from '../records/record.gen.ts'
import { type Cidr, parseCidr } from './address.ts'
import {
  type Exception,
  type ExceptionDocument,
  hasHost,
  isNamed,
  makeException,
  pathMatches,
  type Sending,
} from './exception.ts'
import { acceptedRows, expectedException } from './expected.ts'
import type { ExpectedRow } from './expected-rows.ts'
import { type HostRule, hostOf, type ParentRule, PolicyError } from './policy-fields.ts'
import { type Fault, faultsOf } from './policy-shape.ts'
import { POLICY, POLICY_SCHEMA } from './policy-table.ts'
import { DEFAULT_PROFILE, PROFILES, type ProfileName } from './profiles.ts'

export type { Sending } from './exception.ts'
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
  /** Programs that nobody vouches for and that are new here in a day, as far as nothing is known of it yet. */
  newProgramsPerDay: number
  /** Score flows to this host itself. */
  includeLoopback: boolean
  /** User names leave the machine as pseudonyms: the agent's to obey, it decides nothing here. */
  hashUserNames: boolean
  /** Private ranges that count as outside. */
  externalNetworks: Cidr[]
  /** AN0032's HostWhitelist: alerts on these are suppressed and counted. */
  hostWhitelist: HostRule[]
  /** AN0032's ParentProcessCheck: alerts on these are suppressed and counted. */
  parentProcessCheck: ParentRule[]
  /** The same for a while, and up to a volume. */
  exceptions: Exception[]
  /** Rows of the shipped list that were accepted, as exceptions without an end. */
  expectedApplications: Exception[]
  /** The agent's own processes: never alerted on, counted. */
  ownPids: number[]
}

/** The document as people and policy records write it (JSON); everything may be left out. */
export type PolicyDocument = {
  /** For editors. */
  $schema?: string
  schema?: number
  version?: number
  profile?: ProfileName
  budgetPerHostDay?: number
  newProgramsPerDay?: number
  includeLoopback?: boolean
  hashUserNames?: boolean
  externalNetworks?: string[]
  hostWhitelist?: string[]
  parentProcessCheck?: ParentRule[]
  exceptions?: ExceptionDocument[]
  /** Ids of expected-rows.ts. */
  expectedApplications?: string[]
  /** Rows as they were when they were accepted: an agent puts them into its records. */
  expectedRows?: ExpectedRow[]
  ownPids?: number[]
}

/** Nothing left out but what detection itself leaves out. */
export const DEFAULT_POLICY: Policy = {
  schema: POLICY_SCHEMA,
  version: 0,
  profile: DEFAULT_PROFILE,
  ...PROFILES[DEFAULT_PROFILE],
  includeLoopback: false,
  hashUserNames: false,
  externalNetworks: [],
  hostWhitelist: [],
  parentProcessCheck: [],
  exceptions: [],
  expectedApplications: [],
  ownPids: [],
}

/** All that is wrong with a document, and where; none: it is a policy. */
export const policyFaults = (document: unknown): Fault[] => faultsOf(POLICY, document, 'policy')

/**
 * The policy of a document, defaults filled in. Throws PolicyError, naming the field, on a value that a
 * field cannot have and on a field that does not exist: a misspelt switch must not look as if it worked.
 */
export function makePolicy(document: PolicyDocument): Policy {
  const [fault] = policyFaults(document)
  if (fault) throw new PolicyError('field', fault.text)
  const profile = document.profile ?? DEFAULT_PROFILE
  const { budgetPerHostDay, newProgramsPerDay } = PROFILES[profile]
  return {
    schema: document.schema ?? POLICY_SCHEMA,
    version: document.version ?? 0,
    profile,
    budgetPerHostDay: document.budgetPerHostDay ?? budgetPerHostDay,
    newProgramsPerDay: document.newProgramsPerDay ?? newProgramsPerDay,
    includeLoopback: document.includeLoopback ?? false,
    hashUserNames: document.hashUserNames ?? false,
    externalNetworks: (document.externalNetworks ?? []).map((text) => parseCidr(text) as Cidr),
    hostWhitelist: (document.hostWhitelist ?? []).map((text) => hostOf(text) as HostRule),
    parentProcessCheck: document.parentProcessCheck ?? [],
    exceptions: (document.exceptions ?? []).map(makeException),
    expectedApplications: acceptedRows(document).map(expectedException),
    ownPids: document.ownPids ?? [],
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

const hasParent = (rule: ParentRule, program: string, ancestors: readonly string[]): boolean =>
  pathMatches(rule.program, program) && ancestors.some((path) => pathMatches(rule.parent, path))

/** The rule of HostWhitelist or ParentProcessCheck that names it, as text; undefined: none does. */
export function ruleFor(
  policy: Policy,
  {
    address,
    hostname,
    program,
    ancestors,
  }: Pick<Sending, 'address' | 'hostname' | 'program' | 'ancestors'>,
): string | undefined {
  const host = policy.hostWhitelist.find((rule) => hasHost(rule, address, hostname))
  if (host) return host.kind === 'network' ? host.cidr.text : host.domain
  const parent = policy.parentProcessCheck.find((rule) => hasParent(rule, program, ancestors))
  return parent && `${parent.program} under ${parent.parent}`
}

/** Exceptions that name it, whether they hold or not; a team's own first. */
export const exceptionsFor = (
  { exceptions, expectedApplications }: Policy,
  sending: Sending,
): Exception[] => [
  ...exceptions.filter((one) => isNamed(one, sending)),
  ...expectedApplications.filter((one) => isNamed(one, sending)),
]

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
