// How a simulated agent takes policies: judged as an agent judges them, kept nowhere, and applied to nothing.
import { createHash } from 'node:crypto'
import { PolicyFault } from '../policy/fault.ts'
import { type Highest, judge } from '../policy/judge.ts'
import { keyIdOf } from '../policy/keys.ts'
import { verifySigned } from '../policy/signed.ts'
import type { DocumentReport, PolicyPayload, PolicyReport } from '../stream/policy-message.ts'
import type { PolicyTaker } from '../stream/policy-telling.ts'
import type { UnixNs } from '../units.ts'
import { VERSION } from '../version.ts'

export type SwarmPolicyOptions = {
  /** 64 hex digits; undefined: it takes none, and says so. */
  rootKey: string | undefined
  deviceId: string
  now: () => UnixNs
  /** A version that was not in force here before. */
  onApplied: (version: number) => void
}

/** Policies alone: of delegations and exceptions it says nothing. */
export function createSwarmPolicies(options: SwarmPolicyOptions): PolicyTaker {
  const { rootKey, deviceId, now, onApplied } = options
  let group = ''
  let held: Highest | undefined
  let standing: DocumentReport | undefined
  const takeOne = (bytes: Uint8Array): void => {
    const { payload, digest } = verifiedOnce(bytes, rootKey as string)
    if (payload.kind !== 'policy' || digest === held?.digest) return
    const { version } = payload
    const of = { kind: 'policy', receivedVersion: version, clamped: 0, at: now() } as const
    try {
      const judging = {
        kinds: ['policy'],
        highest: held,
        digest,
        own: { deviceId, group },
      } as const
      judge(payload, { ...judging, agentVersion: VERSION, now: now() })
      held = { version, digest }
      standing = { ...of, version, state: 'applied', code: '', text: '' }
      onApplied(version)
    } catch (error) {
      if (!(error instanceof PolicyFault)) throw error
      const { code, message } = error
      standing = { ...of, version: held?.version ?? 0, state: 'failed', code, text: message }
    }
  }
  const keyId = rootKey === undefined ? '' : keyIdOf(rootKey)
  return {
    take(push) {
      group = push.group
      if (rootKey === undefined) return
      for (const bytes of push.documents)
        try {
          takeOne(bytes)
        } catch (error) {
          // Signed by nobody whom this agent knows.
          if (!(error instanceof PolicyFault)) throw error
        }
    },
    refuseLarge() {
      const of = { kind: 'policy', receivedVersion: 0, clamped: 0, at: now() } as const
      const text = 'what came is larger than any message may be'
      standing = { ...of, version: held?.version ?? 0, state: 'failed', code: 'too-large', text }
    },
    report: (): PolicyReport => ({
      ...{ keyId, source: held ? 'pushed' : 'built-in', group, suppressed: 0 },
      ...{ documents: standing ? [standing] : [], suppressions: [] },
    }),
  }
}

type Verified = { payload: PolicyPayload; digest: string }

/** The same document comes to thousands of agents of one process; whether it is signed is asked once. */
const verified = new Map<string, Verified>()
const VERIFIED_MAX = 64

function verifiedOnce(bytes: Uint8Array, rootKey: string): Verified {
  const digest = createHash('sha256').update(bytes).digest('hex')
  const name = `${rootKey} ${digest}`
  const known = verified.get(name)
  if (known) return known
  const found = { payload: verifySigned(bytes, rootKey), digest }
  if (verified.size >= VERIFIED_MAX) verified.clear()
  verified.set(name, found)
  return found
}
