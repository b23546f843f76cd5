// How policies stand on one device and on all of them, from what devices said: a few numbers each, in memory.
import type { PolicyReport } from '../../stream/message.ts'
import type { DocumentReport } from '../../stream/policy-message.ts'
import type { UnixNs } from '../../units.ts'
import type { FleetPolicyInfo, PolicyStandingInfo } from '../views/page-policy.ts'

/** The last that a device said, without its lists. */
export type Stood = {
  /** Of the root key; empty: it has none. */
  keyId: string
  source: PolicyStandingInfo['source']
  /** In force, and the last that came; 0: none. */
  inForce: number
  received: number
  clamped: number
  faults: PolicyStandingInfo['faults']
  at: UnixNs
}

/** Sentences of a device are shown, not kept whole. */
const TEXT_CHARS_MAX = 200

export function stoodOf({ keyId, source, documents }: PolicyReport, at: UnixNs): Stood {
  const policy = documents.find(({ kind }) => kind === 'policy')
  return {
    ...{ keyId, source, at },
    inForce: policy?.version ?? 0,
    received: policy?.receivedVersion ?? 0,
    clamped: policy?.clamped ?? 0,
    faults: documents.flatMap(faultsOf),
  }
}

/** Of what came, that it was refused; of what is in force, that it has ended: one row says both. */
function faultsOf(said: DocumentReport): Stood['faults'] {
  const { kind, version, receivedVersion, state, code } = said
  const text = said.text.slice(0, TEXT_CHARS_MAX).toWellFormed()
  const isEnd = state === 'expired' && code === 'expired' && receivedVersion === version
  return [
    ...(state === 'expired' ? [{ kind, version, state, code: 'expired', text }] : []),
    ...(state !== 'applied' && !isEnd
      ? [{ kind, version: receivedVersion, state: 'failed' as const, code, text }]
      : []),
  ]
}

/** Those that it had not said before. */
export function newFaults(stood: Stood, before: Stood | undefined): Stood['faults'] {
  const nameOf = ({ kind, version, state, code }: Stood['faults'][number]) =>
    `${kind} ${version} ${state} ${code}`
  const known = new Set(before?.faults.map(nameOf))
  return stood.faults.filter((one) => !known.has(nameOf(one)))
}

/** `offered`: the newest that is for it; 0: none, or older than what it has. `undefined`: there is nothing to say of it. */
export function standingInfo(
  offered: number,
  stood: Stood | undefined,
): PolicyStandingInfo | undefined {
  if (offered === 0 && !stood) return undefined
  return {
    offered,
    source: stood?.source ?? '',
    inForce: stood?.inForce ?? 0,
    received: stood?.received ?? 0,
    clamped: stood?.clamped ?? 0,
    faults: stood?.faults ?? [],
    saidAt: stood ? `${stood.at}` : '',
    ...(stood?.keyId === '' && { hasNoKey: true as const }),
  }
}

/**
 * Of devices that may come and are to have `version`, the newest that was published. `unheard`: of those that nobody has admitted
 * and that never connected, whom anybody with a token can invent. `isHeld`: it goes to nobody more.
 */
export function fleetPolicyInfo(
  version: number,
  standings: readonly (PolicyStandingInfo | undefined)[],
  unheard: readonly (PolicyStandingInfo | undefined)[],
  isHeld = false,
): FleetPolicyInfo {
  const counts: FleetPolicyInfo = { version, offered: 0, applied: 0, failed: 0, unsaid: 0 }
  const isThere = (one: PolicyStandingInfo | undefined) => one !== undefined && one.saidAt !== ''
  const said = [...standings, ...unheard.filter(isThere)]
  if (isHeld) counts.heldOn = said.filter((one) => one?.inForce === version).length
  const ahead = said.filter((one) => one && one.inForce > version).length
  if (ahead > 0) counts.ahead = ahead
  const away = unheard.filter((one) => one?.offered === version && !isThere(one)).length
  if (away > 0) counts.unheard = away
  for (const one of said) {
    if (one?.offered !== version) continue
    counts.offered++
    const has = (state: string, of: number) =>
      one.faults.some(
        (fault) => fault.kind === 'policy' && fault.state === state && fault.version === of,
      )
    if (one.inForce === version && has('expired', version)) counts.ended = (counts.ended ?? 0) + 1
    else if (one.inForce === version) counts.applied++
    // Whatever came there it refuses for that alone.
    else if (one.hasNoKey) counts.keyless = (counts.keyless ?? 0) + 1
    // Of one that it could not even read it says no version.
    else if (one.faults.some(({ kind }) => kind === 'policy')) counts.failed++
    else counts.unsaid++
  }
  return counts
}
