// The product's own detector as it stands, fed with records as an agent is: one of the rivals, and kept as one.
import { openMemoryBaseline } from '../baseline/memory.ts'
import {
  type MakeScoring,
  pointScoring,
  REFERENCE,
  rarityScoring,
  SCORE_A_DECADE,
} from '../engine/detection/judging.ts'
import { createEngine, type Engine } from '../engine/engine.ts'
import type { Limits } from '../engine/limits.ts'
import { DEFAULT_POLICY } from '../engine/policy.ts'
import type { Detector, Raised } from './detector.ts'
import { TERMS } from './terms.ts'

const DEVICE_ID = '5ce4a210-0000-4000-8000-00000000e7a1'
/** Made-up days have some thousands open at once at the most. */
const DAY_LIMITS = { flows: 16_384 }
/**
 * What is ordinary has some dozens open, and sends to some hundred places a day: each of its boots makes the tables anew. Smaller
 * than an agent's they change nothing as long as nothing is pushed out of them, which is looked at.
 */
const BEFORE_LIMITS = { flows: 1_024, pairs: 1_024 }
/** severityOf tells from 60 points on. */
const LEAST = 60

/** Agents judge by it. */
export const RARITY = 'rarity'
export const RARITY_WITH_CONTEXT = 'rarity with context'
/** And did by this: points behind a gate and floors. */
export const POINTS = 'points'

/** What rarity may spend here, false alerts a host-day: far more than is judged, so that it is cut as others are. */
const RARITY_BUDGET = 5

/** By rarity, with context where that is asked, and by points; by points with one term left out each. */
export const engines = ({
  withTerms,
  withContext = false,
}: {
  withTerms: boolean
  withContext?: boolean
}): Detector[] => [
  byRarity(RARITY, 'the engine: excess bytes by how rare they are', false),
  ...(withContext
    ? [byRarity(RARITY_WITH_CONTEXT, 'the engine, and how its programs came to run', true)]
    : []),
  engineDetector(POINTS, 'the engine as it was: points behind a gate and floors', pointScoring()),
  ...(withTerms ? TERMS : []).map(({ name, scorer }) =>
    engineDetector(
      `${POINTS} without ${name}`,
      `the engine as it was, ${name} left out`,
      pointScoring(scorer),
    ),
  ),
]

/** How programs came to a made-up machine is an assumption (came.ts): what follows from it stands apart. */
const byRarity = (name: string, about: string, withContext: boolean): Detector => ({
  ...engineDetector(name, about, rarityScoring(RARITY_BUDGET, REFERENCE, withContext)),
  natural: LEAST + SCORE_A_DECADE * Math.log10(RARITY_BUDGET / DEFAULT_POLICY.budgetPerHostDay),
})

/** Engines of which all is asked: what a term is worth is asked of the main day alone. */
export const askedAll = ({ withContext }: { withContext?: boolean }): number =>
  2 + Number(withContext ?? false)

export function engineDetector(name: string, about: string, scoring: MakeScoring): Detector {
  return {
    ...{ name, about, natural: LEAST },
    start() {
      // A machine that starts anew has an engine that does, on the baseline of the one before.
      const baseline = openMemoryBaseline()
      const engineOf = (limits: Partial<Limits>) =>
        createEngine({ deviceId: DEVICE_ID, baseline, limits, scoring })
      const read = (engine: Engine, records: Uint8Array) => {
        engine.push(records)
        // What the machine answered is in the records.
        engine.takeRequests()
        return engine.takeFindings()
      }
      return {
        before(records) {
          const engine = engineOf(BEFORE_LIMITS)
          read(engine, records)
          engine.finish()
          engine.save(0)
          const { flows, pairs } = engine.counters().evicted
          if (flows + pairs > 0)
            throw new RangeError(
              `the days before have more than ${BEFORE_LIMITS.flows} flows open at once, or more than ${BEFORE_LIMITS.pairs} pairs: an agent has room for more, so what it learns would be another; raise BEFORE_LIMITS`,
            )
        },
        day(records) {
          const alerts = new Map<string, Raised & { also: Map<string, number> }>()
          for (const finding of read(engineOf(DAY_LIMITS), records)) {
            if (finding.kind !== 'alert') continue
            const { id, score, chain, destination, sentence } = finding.alert
            const [process] = chain
            if (process === undefined) continue
            const atMs = Number(finding.at) / 1e6
            const { pid, pidversion } = process
            const raised: Raised & { also: Map<string, number> } = alerts.get(id) ?? {
              ...{ pid, pidversion, to: destination.address, steps: [], also: new Map() },
            }
            alerts.set(id, raised)
            if (score > (raised.steps.at(-1)?.score ?? 0)) raised.steps.push({ atMs, score })
            for (const address of addressesIn(sentence))
              if (!raised.also.has(address)) raised.also.set(address, atMs)
          }
          return [...alerts.values()]
        },
      }
    },
  }
}

/** What its reader is told: an alert names destinations that have none of their own. */
const addressesIn = (sentence: string): string[] =>
  [...sentence.matchAll(/\[([\da-f:.]+)\]|\(([\da-f]*:[\da-f:.]+)\)|\b(\d+(?:\.\d+){3})\b/gi)].map(
    ([, bracketed, plain, four]) => bracketed ?? plain ?? four ?? '',
  )
