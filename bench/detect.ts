// What it costs to judge a report: by points, by rarity, and each part of that. Figures are processor time.

import { CELLS } from '../src/engine/detection/classes.ts'
import { excessOf, RATIO } from '../src/engine/detection/excess.ts'
import { compileThresholds } from '../src/engine/detection/rarity.ts'
import { REFERENCE } from '../src/engine/detection/reference.ts'
import { createSums } from '../src/engine/detection/sums.ts'
import { BUDGET, type Judgement } from './detect-judgements.ts'
import type { Load } from './engine-load.ts'
import { median, rates } from './engine-rates.ts'
import type { Bench, Row } from './row.ts'

/** As `engine records to state` has it. */
const LOAD: Load = { flows: 20_000, programs: 128, destinations: 32, rounds: 10 }
/** Rarity may make an engine so much slower than points did. */
const LEAST_OF_POINTS = 0.8

const JUDGEMENTS = ['none', 'points', 'counted', 'looked', 'rarity'] as const satisfies Judgement[]

async function judging(): Promise<Row[]> {
  const made = await rates(JUDGEMENTS.map((judged) => ({ load: LOAD, kind: 'records', judged })))
  const nsOf = Object.fromEntries(
    JUDGEMENTS.map((judged, i) => {
      const rate = made[i]
      if (typeof rate !== 'number') throw new Error(`the bench does not run: ${rate}`)
      return [judged, 1e9 / rate]
    }),
  ) as Record<(typeof JUDGEMENTS)[number], number>
  const points = nsOf.points - nsOf.none
  const part = (name: string, ns: number): Row => ({
    ...{ name: `detect rarity: ${name}`, value: ns, unit: 'ns/report' },
    ...{ rival: `all of points: ${points.toFixed(1)} ns`, ratio: ns / points },
  })
  const ofPoints = nsOf.points / nsOf.rarity
  return [
    { name: 'detect points: all', value: points, unit: 'ns/report' },
    part('all', nsOf.rarity - nsOf.none),
    part('a report counted to its sums', nsOf.counted - nsOf.none),
    part('its sums looked at', nsOf.looked - nsOf.counted),
    part('what is suspect scored', nsOf.rarity - nsOf.looked),
    {
      ...{ name: 'detect engine by rarity', value: Math.round(1e9 / nsOf.rarity) },
      ...{ unit: 'records/s', rival: `by points: ${Math.round(1e9 / nsOf.points)}/s` },
      ...{ ratio: ofPoints, target: `${LEAST_OF_POINTS} times the rival` },
      met: ofPoints >= LEAST_OF_POINTS,
    },
  ]
}

const CALLS = 1_000_000
const RUNS = 9

/** Nanoseconds of each call, the median of RUNS. `call` gives a number, so that nobody leaves it out. */
function nsOfCall(call: (i: number) => number): number {
  let sum = 0
  const took = Array.from({ length: RUNS }, () => {
    const began = process.threadCpuUsage()
    for (let i = 0; i < CALLS; i++) sum += call(i)
    const { user, system } = process.threadCpuUsage(began)
    return ((user + system) * 1_000) / CALLS
  })
  if (Number.isNaN(sum)) throw new Error('the bench is not what it says: a part gave no number')
  return median(took)
}

/** What a report asks of each part, alone and in a loop: less than it costs between all others. */
async function parts(): Promise<Row[]> {
  const thresholds = compileThresholds(REFERENCE, BUDGET)
  const sums = createSums(4_096)
  for (let slot = 0; slot < 4_096; slot++) sums.begin(slot, 0)
  const row = (name: string, call: (i: number) => number): Row => ({
    ...{ name: `detect part: ${name}`, value: nsOfCall(call), unit: 'ns' },
  })
  return [
    row('excess of a flow, at both ratios', (i) => {
      const out = 2_600 * (i & 1_023)
      return excessOf(out, i & 8_191, 6, RATIO.hard) + excessOf(out, i & 8_191, 6, RATIO.soft)
    }),
    row('added to a sum', (i) => {
      sums.add(i & 4_095, 1, 2_600, 2_590)
      return 0
    }),
    row('a sum read, at both ratios', (i) => {
      sums.turn(i & 4_095, 1)
      return sums.hard(i & 4_095) + sums.soft(i & 4_095)
    }),
    // Most are far below what is told: all rungs are gone down.
    row('how rare an excess is', (i) =>
      Math.max(-9, thresholds.rarity(i % CELLS, i & 1, 200_000 + (i & 0xff_ffff))),
    ),
  ]
}

export const benches: Bench[] = [
  { name: 'detect', run: async () => [...(await judging()), ...(await parts())] },
]
