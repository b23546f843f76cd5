// Names of programs that the system knew to use the network before Freshet came (netusage.ts). Anybody can take a name: it is
// context, and no identity. Kept as rows of identities, so that an export, a capture and a replay have them as well.
import type { Bytes, UnixNs } from '../units.ts'
import { type Baseline, NAMED, type StoredIdentity } from './baseline.ts'
import { emptyHistory, readHistory, writeHistory } from './history.ts'

export type NetworkName = {
  /** Of a process, as far as the kernel keeps it, or of an app its bundle id. */
  name: string
  firstAt: UnixNs
  lastAt: UnixNs
  /** Over all its interfaces. */
  sent: Bytes
}

/** networkd has a process's name as the kernel does (xnu MAXCOMLEN): the longest of 185 in a real file have 16. */
const NAME_CHARACTERS_MAX = 16
/** So long after the baseline began a name says something: what is not seen by then was not in use before. */
const COUNTS_FOR_NS = 30n * 86_400_000_000_000n

const rowOf = ({ name, firstAt, lastAt, sent }: NetworkName): StoredIdentity => ({
  key: `${NAMED}${name}`,
  signerClass: 'unknown',
  ...{ name, path: '', sha256: '', signingId: '', teamId: '', cdhash: '' },
  firstExecAt: firstAt,
  firstNetworkAt: firstAt,
  lastSeenAt: lastAt,
  ...{ daysActive: 0, lastActiveDay: -1 },
  history: writeHistory({ ...emptyHistory(), hourOut: sent }),
})

const nameOf = ({ name, firstExecAt, lastSeenAt, history }: StoredIdentity): NetworkName => ({
  ...{ name, firstAt: firstExecAt, lastAt: lastSeenAt },
  sent: (readHistory(history)?.hourOut ?? 0) as Bytes,
})

/** At a machine's first start; they become durable with the next commit. Nobody who replaced or imported a baseline has them. */
export function putNetworkNames(baseline: Baseline, names: readonly NetworkName[]): void {
  for (const name of names) baseline.putIdentity(rowOf(name))
  baseline.putFact('network_names', BigInt(names.length))
}

/** A script, a copy, or who acts for others or has foreign code in it, is not what its file is called. */
const IS_PLAIN = /^(?!copy:)(?!.* (?:script|via|with) )/s
const keysOf = ({ name, signingId }: StoredIdentity): string[] =>
  [...new Set([name, name.slice(0, NAME_CHARACTERS_MAX), signingId])].filter((text) => text !== '')

/**
 * What was known of a program of this name: by its file's name, whole and as far as the kernel keeps it, or its signing id. Of
 * several that which used the network first. `find`: the identity of a key.
 */
export function findNetworkName(
  identity: StoredIdentity,
  find: (key: string) => StoredIdentity | undefined,
): NetworkName | undefined {
  if (!IS_PLAIN.test(identity.key)) return undefined
  return keysOf(identity)
    .map((name) => find(`${NAMED}${name}`))
    .filter((row) => row !== undefined)
    .map(nameOf)
    .sort((a, b) => (a.firstAt < b.firstAt ? -1 : 1))[0]
}

/** The same of a program that was first seen while names count, and on a machine that has any. */
export function networkNameOf(
  baseline: Baseline,
  identity: StoredIdentity,
): NetworkName | undefined {
  const bornAt = baseline.bornAt()
  if (bornAt === undefined || identity.firstExecAt >= bornAt + COUNTS_FOR_NS) return undefined
  if (!baseline.fact('network_names') || baseline.fact('rebuilt_ns') !== undefined) return undefined
  return findNetworkName(identity, (key) => baseline.identity(key))
}

/** Whose name is Apple's or a team's word: a copy elsewhere has none, whoever signed it. */
const IS_VOUCHED = /^(?:platform|[A-Z0-9]{10}):/
/** Whether a name may count as being new while a machine just began to be watched does: less, and never for unvouched code. */
export const mayCountByName = ({
  key,
  signerClass,
}: Pick<StoredIdentity, 'key' | 'signerClass'>): boolean =>
  IS_VOUCHED.test(key) &&
  (['platform', 'app_store', 'notarized', 'developer_id'] as const).some((of) => of === signerClass)
