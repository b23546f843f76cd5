// How many flow reports a second the engine takes into its state, beside the same engine fed with one N-API
// object a report; and what ten times the input costs. Time is the thread's processor time.
import { openMemoryBaseline } from '../src/baseline/memory.ts'
import { createEngine } from '../src/engine/engine.ts'
import { createFramer } from '../src/records/framer.ts'
import { baselineBenches } from './engine-baseline.ts'
import { captureBenches } from './engine-capture.ts'
import type { Feed } from './engine-feeds.ts'
import { type Load, opening, pairsOf, reports } from './engine-load.ts'
import { median, rates } from './engine-rates.ts'
import type { Bench, Row } from './row.ts'

const LOAD: Load = { flows: 20_000, programs: 128, destinations: 32, rounds: 10 }
/** Flows of each size of machine; every run takes as many reports. */
const SIZES = [2_000, 20_000, 100_000]
const REPORTS = 200_000

/** Seconds of processor time of this thread: one core's work, whatever else the machine does. */
function threadSeconds(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1e6
}

async function intoState(): Promise<Row[]> {
  const rows: Row[] = []
  for (const flows of SIZES) {
    const load = { ...LOAD, flows, rounds: REPORTS / flows }
    const isBeside = flows === LOAD.flows
    const feeds: Feed[] = [{ load, kind: 'records' }]
    if (isBeside) feeds.push({ load, kind: 'objects' })
    const [ours, theirs = ''] = await rates(feeds)
    if (typeof ours !== 'number') throw new Error(`the bench does not run: ${ours}`)
    const row: Row = {
      name: `engine records to state, ${flows.toLocaleString('en')} flows, ${pairsOf(load).toLocaleString('en')} pairs`,
      value: Math.round(ours),
      unit: 'records/s',
    }
    rows.push(isBeside ? besideRival(row, ours, theirs) : row)
  }
  return rows
}

/** The row that has a target: beside the same engine fed with objects, or why not. */
function besideRival(own: Row, ours: number, theirs: number | string): Row {
  const row = { ...own, target: '2,000,000/s and 5 times the rival' }
  if (typeof theirs === 'string')
    return { ...row, rival: `one N-API object a record: cannot run, ${theirs}`, met: false }
  return {
    ...row,
    rival: `one N-API object a record: ${Math.round(theirs)}/s`,
    ratio: ours / theirs,
    met: ours >= 2_000_000 && ours / theirs >= 5,
  }
}

/** A replay of rounds of reports through framer and engine: each call runs one, and gives the seconds that it took. */
function startReplay(): () => number {
  const load = { ...LOAD, rounds: 1 }
  const engine = createEngine({ deviceId: 'bench', baseline: openMemoryBaseline() })
  engine.push(opening(load))
  engine.takeFindings()
  const framer = createFramer()
  const some = reports(load)
  return () => {
    const began = threadSeconds()
    for (let at = 0; at < some.records.length; at += 50_001)
      for (const records of framer.push(some.records.subarray(at, at + 50_001)))
        engine.push(records)
    engine.takeFindings()
    const seconds = threadSeconds() - began
    some.again()
    return seconds
  }
}

/** Bytes that memory grew by in the last three quarters of so many rounds. */
function grewBytes(rounds: number): number {
  const round = startReplay()
  let first = 0
  for (let done = 0; done < rounds; done++) {
    round()
    if (done === rounds >> 2) first = process.memoryUsage().rss
  }
  return process.memoryUsage().rss - first
}

/** Rounds of a short replay. */
const ONE = 10
const PASSES = 5

/**
 * How many times a short replay a replay `times` as long costs. Beside it run as many short ones as have the same reports,
 * round by round in turns: what else the machine does weighs on both alike, where it changes from one second to the next.
 */
function costOf(times: number): number {
  const longRound = startReplay()
  let long = 0
  let shorts = 0
  for (let short = 0; short < times; short++) {
    const shortRound = startReplay()
    for (let round = 0; round < ONE; round++) {
      shorts += shortRound()
      long += longRound()
    }
  }
  return (times * long) / shorts
}

/**
 * What ten and a hundred times the input cost. A whole long replay goes first: pairs come to points of the score, and
 * code to be compiled for them, that no short replay reaches.
 */
async function growth(): Promise<Row[]> {
  costOf(10)
  const ten = median(Array.from({ length: PASSES }, () => costOf(10)))
  const hundredTimes = costOf(100)
  const grew = grewBytes(100 * ONE)
  const [reportsPerSecond] = await rates([{ load: LOAD, kind: 'pieces' }])
  if (typeof reportsPerSecond !== 'number') throw new Error('the bench does not run')
  const times = (value: number): number => Math.round(value * 100) / 100
  return [
    {
      name: 'engine replay through framer and detector',
      value: Math.round(reportsPerSecond),
      unit: 'records/s',
      target: '1,000,000/s',
      met: reportsPerSecond >= 1_000_000,
    },
    {
      name: 'engine cost of ten times the input',
      value: times(ten),
      unit: 'times',
      target: 'at most 10.5',
      met: ten <= 10.5,
    },
    {
      name: 'engine cost of a hundred times the input',
      value: times(hundredTimes),
      unit: 'times',
      target: 'at most 105',
      met: hundredTimes <= 105,
    },
    {
      name: `engine memory grown in the last three quarters of ${(100 * ONE * LOAD.flows).toLocaleString('en')} reports`,
      value: Math.round(grew / 1e5) / 10,
      unit: 'MB',
      target: 'at most 16',
      met: grew <= 16e6,
    },
  ]
}

export const benches: Bench[] = [
  { name: 'engine records to state', run: intoState },
  { name: 'engine replay', run: growth },
  ...captureBenches,
  ...baselineBenches,
]
