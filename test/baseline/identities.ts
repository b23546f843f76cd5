// Identities and destinations to test with.

import type { StoredAlert, StoredDestination, StoredIdentity } from '../../src/baseline/baseline.ts'
import type { CarriedFlow } from '../../src/baseline/carried.ts'
import type { Bytes, UnixNs } from '../../src/units.ts'

export const START = 1_790_000_000_000_000_001n as UnixNs
export const later = (ns: number): UnixNs => (START + BigInt(ns)) as UnixNs

export function identityOf(number: number): StoredIdentity {
  const sha256 = number.toString(16).padStart(64, '0')
  return {
    key: `unsigned:sha256:${sha256}`,
    signerClass: 'unsigned',
    name: `tool-${number}`,
    path: `/usr/local/bin/tool-${number}`,
    sha256,
    signingId: '',
    teamId: '',
    cdhash: '',
    firstExecAt: later(number),
    firstNetworkAt: number % 2 === 0 ? undefined : later(number + 1),
    lastSeenAt: later(number + 2),
    daysActive: number % 30,
    lastActiveDay: number % 2 === 0 ? -1 : 20_717,
    history: '',
  }
}

export const destinationOf = (identity: number, number: number): StoredDestination => ({
  identityKey: identityOf(identity).key,
  destinationKey: `host-${number}.example.org:443`,
  firstAt: later(number),
  lastAt: later(number + 5),
})

export const alertOf = (number: number): StoredAlert => ({
  id: number.toString(16).padStart(32, '0'),
  identityKey: identityOf(number).key,
  destinationKey: `host-${number}.example.org:443`,
  state: `{"revision":${number}}`,
  bytesOut: (2 ** 53 - 1 - number) as Bytes,
  bytesIn: 0 as Bytes,
  openedAt: later(1),
  updatedAt: later(2),
})

/** Enough that a few hundred commits fill the log of them. */
const FLOWS = 300

/** Open flows as they are after so many commits. */
export const flowsAfter = (commits: number): CarriedFlow[] =>
  Array.from({ length: commits === 0 ? 0 : FLOWS }, (_, idLow) => ({
    idLow,
    idHigh: 0xffffffff,
    epoch: 1,
    bytesOut: commits * 1_000_000_000_000,
    bytesIn: commits,
    sinceOut: 0,
    sinceIn: 0,
  }))
