// An identity as findings have it.
import type { StoredIdentity } from '../../baseline/baseline.ts'
import type { UnixNs } from '../../units.ts'
import type { IdentityView } from '../finding.ts'
import type { IdentityState } from '../process/process.ts'

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
    firstNetworkAt: firstNetworkOf(stored),
  }
}

/** Never before it was first seen: what a version of a script took over from the one before is that one's. */
const firstNetworkOf = ({ firstExecAt, firstNetworkAt: at }: StoredIdentity): UnixNs | undefined =>
  at !== undefined && at < firstExecAt ? firstExecAt : at
