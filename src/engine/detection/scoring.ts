// The score of a pair as it stands now. One set of features and points for all: it runs for each report.
import type { Clock } from '../clock.ts'
import type { IdentityBook } from '../identity/identity-book-parts.ts'
import { P, PAIR_DOUBLES } from '../pair/pair-row.ts'
import type { Pair, PairTable } from '../pair/pair-table.ts'
import { emptyFeatures, loadFeatures } from './features.ts'
import {
  type Features,
  noPoints,
  type Points,
  type Scorer,
  type Standing,
  standingOf,
} from './score.ts'

export type Scoring = {
  /** Of the pair that was scored last. */
  readonly features: Features
  readonly points: Points
  /** The pair in `slot` is of this identity from now on. */
  stand(slot: number, pair: Pair): void
  /** False where scoring it would come to nothing, by numbers alone. */
  isSuspect(slot: number): boolean
  /** REQUIRES: its rings are turned to now. */
  score(slot: number, pair: Pair): void
}

export function createScoring(parts: {
  pairs: PairTable
  clock: Clock
  book: IdentityBook
  scorer: Scorer
}): Scoring {
  const { pairs, clock, book } = parts
  const { mayCross, scoreInto } = parts.scorer
  const d = pairs.f64
  const features = emptyFeatures()
  const points = noPoints()
  /** By slot of the pair. */
  const standings: Standing[] = []
  return {
    features,
    points,
    stand(slot, { identity }) {
      const { stored, responsible } = identity
      standings[slot] = standingOf(stored.signerClass, responsible?.signerClass)
    },
    isSuspect(slot) {
      const base = slot * PAIR_DOUBLES
      return mayCross(
        (d[base + P.out] as number) - (d[base + P.dayOut] as number),
        (d[base + P.in] as number) - (d[base + P.dayIn] as number),
        d[base + P.largestOut] as number,
        d[base + P.largestIn] as number,
        d[base + P.silentOut] as number,
        d[base + P.silent10] as number,
        pairs.unread24(slot),
      )
    },
    score(slot, pair) {
      loadFeatures(features, pairs, slot, pair, clock, book)
      features.standing = standings[slot] as Standing
      scoreInto(features, points)
    },
  }
}
