// The ways to judge a pair that are held against each other, and parts of them: what a part costs is the difference.
import { type MakeScoring, pointScoring, rarityScoring } from '../src/engine/detection/judging.ts'

/**
 * none: nothing is asked. points, rarity: all that is asked of a report. counted: of rarity what a report adds to its sums; looked:
 * and whether these are suspect.
 */
export type Judgement = 'none' | 'points' | 'rarity' | 'counted' | 'looked'

/** False alerts a host-day. */
export const BUDGET = 0.1

/** Whatever is judged nothing is told: what an alert costs is no part of judging. */
export function scoringOf(judged: Judgement): MakeScoring {
  return (parts) => {
    const whole =
      judged === 'points' || judged === 'none'
        ? pointScoring()(parts)
        : rarityScoring(BUDGET)(parts)
    const untold = { ...whole, isTold: () => false }
    if (judged === 'none' || judged === 'counted') return { ...untold, isSuspect: () => false }
    if (judged !== 'looked') return untold
    let suspects = 0
    return {
      ...untold,
      isSuspect(slot) {
        // Its answer is of use, so that nobody leaves it out.
        if (whole.isSuspect(slot)) suspects++
        return suspects < 0
      },
    }
  }
}
