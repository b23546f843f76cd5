// Versions of a script: the file that the same user edits at the same path, run by the same program for the same
// others. Each content is an identity of its own; what they share is a row of the baseline under the lineage's key.
import type { Baseline, StoredIdentity } from '../../baseline/baseline.ts'
import type { UnixNs } from '../../units.ts'
import { fileName } from '../process/acting.ts'
import type { Attribution } from './identity.ts'

const HOUR_NS = 3_600_000_000_000n

export type Version = {
  /** When the first version was seen. */
  since: UnixNs
  /** The version that ran before this one; undefined: this one did, or it is not known any more. */
  former: StoredIdentity | undefined
}

/** Notes that this version runs; undefined where the identity has no script whose content is known. */
export function noteVersion(
  baseline: Baseline,
  { lineage, script, signerClass }: Attribution,
  at: UnixNs,
): Version | undefined {
  if (lineage === undefined || script === undefined) return undefined
  const line = baseline.identity(lineage.key)
  if (line === undefined) {
    baseline.putIdentity({
      key: lineage.key,
      signerClass,
      name: fileName(script.path),
      path: script.path,
      sha256: script.sha256,
      signingId: '',
      teamId: '',
      cdhash: '',
      firstExecAt: at,
      firstNetworkAt: undefined,
      lastSeenAt: at,
      daysActive: 0,
      lastActiveDay: -1,
      history: '',
    })
    return { since: at, former: undefined }
  }
  const isOther = line.sha256 !== script.sha256
  const former = isOther ? baseline.identity(lineage.keyOf(line.sha256)) : undefined
  if (isOther || at - line.lastSeenAt >= HOUR_NS)
    baseline.putIdentity({
      ...line,
      sha256: script.sha256,
      lastSeenAt: at > line.lastSeenAt ? at : line.lastSeenAt,
    })
  return { since: line.firstExecAt, former }
}

/**
 * What a version takes over from the one before: since when it has used the network, and how much it ordinarily sends.
 * When it was first seen stays its own, so that an edit is always told.
 */
export const inherited = (
  former: StoredIdentity | undefined,
): Pick<StoredIdentity, 'firstNetworkAt' | 'daysActive' | 'lastActiveDay' | 'history'> => ({
  firstNetworkAt: former?.firstNetworkAt,
  daysActive: former?.daysActive ?? 0,
  lastActiveDay: former?.lastActiveDay ?? -1,
  history: former?.history ?? '',
})
