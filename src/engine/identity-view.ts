// An identity as findings have it.
import type { IdentityView } from './finding.ts'
import type { IdentityState } from './process.ts'

/** What findings say of an identity. */
export function identityView({ stored }: IdentityState): IdentityView {
  return {
    key: stored.key,
    signerClass: stored.signerClass,
    name: stored.name,
    path: stored.path,
    sha256: stored.sha256,
    signingId: stored.signingId,
    teamId: stored.teamId,
    cdhash: stored.cdhash,
    firstSeenAt: stored.firstExecAt,
    firstNetworkAt: stored.firstNetworkAt,
  }
}
