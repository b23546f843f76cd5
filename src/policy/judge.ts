// Whether a document that was signed by the right key holds for this agent, now. In the order in which a person would
// want to be told: what is wrong with it for everybody first.

import type { DocumentKind, PolicyPayload } from '../stream/policy-message.ts'
import type { UnixNs } from '../units.ts'
import { PolicyFault } from './fault.ts'
import { isAtLeast, isRelease } from './release.ts'
import { type Addressee, isFor, targetText } from './target.ts'

/** What an agent keeps of the newest document of a kind that it ever took. */
export type Highest = {
  version: number
  /** SHA-256 of its payload, in hex. */
  digest: string
}

export type Judging = {
  kinds: readonly DocumentKind[]
  highest: Highest | undefined
  /** Of the payload at hand. */
  digest: string
  own: Addressee
  agentVersion: string
  now: UnixNs
}

/** What a signer's clock may be ahead of ours. */
const EARLY_NS = 86_400_000_000_000n

/** Throws PolicyFault; the very document that was taken last may come again. */
export function judge(payload: PolicyPayload, judging: Judging): void {
  const { kinds, highest, digest, own, agentVersion, now } = judging
  const { kind, version, madeAt, notAfter, leastAgent, target } = payload
  if (!kinds.includes(kind))
    throw new PolicyFault('kind-not-allowed', `its key may not sign a document of kind ${kind}`)
  if (leastAgent !== '' && !isRelease(leastAgent))
    throw new PolicyFault(
      'malformed',
      'it cannot be read: the least agent it asks for is no version',
    )
  if (highest && version < highest.version)
    throw new PolicyFault(
      'version-old',
      `version ${version} is older than version ${highest.version}, which this agent took before`,
    )
  if (highest && version === highest.version && digest !== highest.digest)
    throw new PolicyFault(
      'version-reused',
      `another version ${version} was taken before: what is changed gets a version of its own`,
    )
  refuseLeap(version, highest?.version ?? 0)
  if (!isFor(target, own))
    throw new PolicyFault(
      'other-target',
      `it is for ${targetText(target)}, and this is device ${own.deviceId} of the group ${own.group}`,
    )
  if (leastAgent !== '' && !isAtLeast(agentVersion, leastAgent))
    throw new PolicyFault(
      'agent-old',
      `it asks for an agent of version ${leastAgent}, and this one has ${agentVersion}`,
    )
  if (madeAt > now + EARLY_NS)
    throw new PolicyFault('early', `it was made at ${dateOf(madeAt)}, which has not come`)
  if (notAfter <= now) throw expired(notAfter)
}

/** Seconds since 1970 until 2038, and the ten digits of a day and a number, are below. */
const FREE_VERSION_MAX = 0x7fff_ffff
const LEAP_MAX = 1_000_000

/** Throws PolicyFault: after the highest that there is no other could ever follow. */
export function refuseLeap(version: number, before: number): void {
  if (isLeap(version, before))
    throw new PolicyFault(
      'version-leap',
      `version ${version} leaves little room for what is to follow: above ${FREE_VERSION_MAX} one is at most ${LEAP_MAX} higher than the one before, which is ${before}`,
    )
}

export const isLeap = (version: number, before: number): boolean =>
  version > FREE_VERSION_MAX && version > before + LEAP_MAX

export const expired = (notAfter: UnixNs): PolicyFault =>
  new PolicyFault('expired', `its time was over at ${dateOf(notAfter)}`)

/** As `2026-12-24T18:00:00Z`. */
export const dateOf = (at: UnixNs): string =>
  new Date(Number(at / 1_000_000n)).toISOString().replace('.000Z', 'Z')
