// Since when a machine knows a program, by the birth of its baseline.
import { type Baseline, type StoredIdentity, wasHereAt } from '../../baseline/baseline.ts'
import { mayCountByName, type NetworkName, networkNameOf } from '../../baseline/network-names.ts'
import type { UnixNs } from '../../units.ts'
import type { Process } from '../process/process.ts'

/** So long after it first used the network a program is no news any more. */
export const NOVELTY_DAYS = 30

/** An identity seen this soon after the baseline was born may well be older than the baseline. */
const COLD_START_NS = 72n * 3_600_000_000_000n

export type IdentityAge = {
  isYoung(stored: StoredIdentity): boolean
  isCold(stored: StoredIdentity): boolean
  /** What the system knew of a program of its name before the baseline was born. */
  namedOf(stored: StoredIdentity): NetworkName | undefined
  wasHere(stored: StoredIdentity): boolean
  /** What a program that is first seen at `at` is stored with. */
  firstExecOf(process: Process, at: UnixNs): UnixNs
}

export function createIdentityAge(baseline: Baseline): IdentityAge {
  const isYoung = (stored: StoredIdentity): boolean => {
    const bornAt = baseline.bornAt()
    return bornAt !== undefined && stored.firstExecAt < bornAt + COLD_START_NS
  }
  return {
    isYoung,
    /** A baseline that took the place of a lost one is no first start: what runs then may have come since. */
    isCold: (stored) =>
      (isYoung(stored) && baseline.fact('rebuilt_ns') === undefined) ||
      (mayCountByName(stored) && networkNameOf(baseline, stored) !== undefined),
    namedOf: (stored) => networkNameOf(baseline, stored),
    /** Exactly then: a log's records, and those that waited for the first mark, may be older than the baseline too. */
    wasHere: (stored) =>
      wasHereAt(stored, baseline.bornAt(), baseline.fact('rebuilt_ns') !== undefined),
    /** What was found running at the first look was there just before the baseline was born. */
    firstExecOf: (process, at) =>
      process.wasHere ? (((baseline.bornAt() ?? at) - 1n) as UnixNs) : at,
  }
}
