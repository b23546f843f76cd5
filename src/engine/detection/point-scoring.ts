// A pair judged by points behind a gate and floors. One set of features and points for all.
import { P, PAIR_DOUBLES } from '../pair/pair-row.ts'
import { emptyFeatures, loadFeatures } from './features.ts'
import { explain } from './reasons.ts'
import { POINTS_REFERENCE } from './reference-hash.ts'
import { noPoints, SCORER, type Scorer, type Standing, standingOf } from './score.ts'
import type { MakeScoring } from './scoring.ts'

export const pointScoring =
  ({ mayCross, scoreInto }: Scorer = SCORER): MakeScoring =>
  ({ pairs, clock, book }) => {
    const d = pairs.f64
    const features = emptyFeatures()
    const points = noPoints()
    /** By slot of the pair. */
    const standings: Standing[] = []
    return {
      reference: POINTS_REFERENCE,
      riseSaid: Number.POSITIVE_INFINITY,
      alertsADay: 3,
      began() {},
      count() {},
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
      isTold: () => points.gate,
      total: () => points.total,
      isOfProgram: () => false,
      folded() {},
      seed() {},
      store() {},
      explain: (signerText) => explain(features, points, signerText),
    }
  }
