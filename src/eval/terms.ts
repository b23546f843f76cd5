// The engine's score with one of its terms left out: what that term is worth.
import {
  type Features,
  mayCross,
  type Points,
  type Scorer,
  scoreInto,
} from '../engine/detection/score.ts'

type Term = { name: string; scorer: Scorer }

/** With features changed before the score is taken. A copy: what an alert says of the machine stays true. */
const blindTo = (name: string, blind: (f: Features) => void): Term => {
  const seen = {} as Features
  return {
    name,
    scorer: {
      mayCross,
      scoreInto(f, p) {
        Object.assign(seen, f)
        blind(seen)
        scoreInto(seen, p)
      },
    },
  }
}

/** With points taken off, the gate as it is. */
const withoutPoints = (
  name: string,
  ...terms: (keyof Points & ('novelty' | 'signer' | 'destination' | 'volume'))[]
): Term => ({
  name,
  scorer: {
    mayCross,
    scoreInto(f, p) {
      scoreInto(f, p)
      for (const term of terms) {
        p.total -= p[term]
        p[term] = 0
      }
    },
  },
})

const noLargest = (f: Features): void => {
  f.largestOut = 0
  f.largestIn = 0
}
const noPair = (f: Features): void => {
  f.in24 = f.out24
}

export const TERMS: readonly Term[] = [
  withoutPoints('novelty points', 'novelty'),
  withoutPoints('signer points', 'signer'),
  withoutPoints('destination points', 'destination'),
  withoutPoints('volume', 'volume'),
  blindTo('pair asymmetry', noPair),
  blindTo('largest-flow asymmetry', noLargest),
  blindTo('any asymmetry', (f) => {
    noLargest(f)
    noPair(f)
  }),
  blindTo('no response', (f) => {
    f.silentOut = 0
    f.silentFlows10 = 0
    f.outBeforeIn = 0
  }),
  blindTo('drip', (f) => {
    f.activeHours = 0
    f.dripDeviations = 0
  }),
  blindTo('floors', (f) => {
    f.standing = { ...f.standing, floorBytes: 0, dripFloorBytes: 0 }
  }),
  {
    name: 'gate',
    scorer: {
      mayCross: () => true,
      scoreInto(f, p) {
        scoreInto(f, p)
        p.gate = true
      },
    },
  },
]
