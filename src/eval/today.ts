// The product's own detector as it stands, fed with records as an agent is: one of the rivals, and kept as one.
import { openMemoryBaseline } from '../baseline/memory.ts'
import {
  compileThresholds,
  type MakeScoring,
  pointScoring,
  REFERENCE,
  rarityScoring,
  SCORE_A_DECADE,
} from '../engine/detection/judging.ts'
import { createEngine, type Engine } from '../engine/engine.ts'
import type { Limits } from '../engine/limits.ts'
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

export const TODAY = 'points'

/** What rarity may spend here, false alerts a host-day: far more than is judged, so that it is cut as others are. */
const RARITY_BUDGET = 5
/** And in an agent. */
const BUDGET = 0.1

/** The engine by points; by rarity, too, and by points with one term left out each. */
export const engines = ({
  withTerms,
  withRarity,
  withContext = false,
}: {
  withTerms: boolean
  withRarity: boolean
  withContext?: boolean
}): Detector[] => [
  engineDetector(TODAY, 'the engine: points behind a gate and floors'),
  ...(withRarity
    ? [byRarity('rarity', 'the engine: excess bytes by how rare they are', false)]
    : []),
  ...(withContext
    ? [
        byRarity(
          'rarity with context',
          'the engine by rarity, and how its programs came to run',
          true,
        ),
      ]
    : []),
  ...(withTerms ? TERMS : []).map(({ name, scorer }) =>
    engineDetector(
      `${TODAY} without ${name}`,
      `the engine, ${name} left out`,
      pointScoring(scorer),
    ),
  ),
]

/** How programs came to a made-up machine is an assumption (came.ts): what follows from it stands apart. */
const byRarity = (name: string, about: string, withContext: boolean): Detector => ({
  ...engineDetector(
    name,
    about,
    rarityScoring(compileThresholds(REFERENCE, RARITY_BUDGET), withContext),
  ),
  natural: LEAST + SCORE_A_DECADE * Math.log10(RARITY_BUDGET / BUDGET),
})

function engineDetector(name: string, about: string, scoring?: MakeScoring): Detector {
  return {
    ...{ name, about, natural: LEAST },
    start() {
      // A machine that starts anew has an engine that does, on the baseline of the one before.
      const baseline = openMemoryBaseline()
      const engineOf = (limits: Partial<Limits>) =>
        createEngine({ deviceId: DEVICE_ID, baseline, limits, ...(scoring ? { scoring } : {}) })
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
          const alerts = new Map<string, Raised>()
          for (const finding of read(engineOf(DAY_LIMITS), records)) {
            if (finding.kind !== 'alert') continue
            const { id, score, chain, destination } = finding.alert
            const [process] = chain
            if (process === undefined) continue
            const atMs = Number(finding.at) / 1e6
            const { pid, pidversion } = process
            const raised = alerts.get(id)
            if (raised === undefined)
              alerts.set(id, { pid, pidversion, to: destination.address, steps: [{ atMs, score }] })
            else if (score > (raised.steps.at(-1)?.score ?? 0)) raised.steps.push({ atMs, score })
          }
          return [...alerts.values()]
        },
      }
    },
  }
}
