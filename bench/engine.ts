// How many flow reports a second the engine takes into its state, beside the same engine fed with one N-API
// object a report; and what ten times the input costs. Time is this thread's processor time.
import { createRequire } from 'node:module'
import { openMemoryBaseline } from '../src/baseline/memory.ts'
import { createEngine, type Engine } from '../src/engine/engine.ts'
import { DEFAULT_LIMITS } from '../src/engine/limits.ts'
import { createFramer } from '../src/records/framer.ts'
import { FLOW_FIXED_BYTES } from '../src/records/record.gen.ts'
import { captureBenches } from './engine-capture.ts'
import { BEGUN, type Load, opening, reports, roundOut } from './engine-load.ts'
import type { Bench, Row } from './row.ts'

const LOAD: Load = { flows: 20_000, programs: 64, destinations: 64, rounds: 10 }
const BATCH_BYTES = 65_536 - (65_536 % FLOW_FIXED_BYTES)
const RUNS = 9
const WARM_UPS = 3
const ADDON = '../native/build/Release/freshet_bench.node'
const TWO_32 = 4_294_967_296

/** One report as the rival's addon gives it. */
type FlowObject = {
  flowId: number
  bytesOut: number
  bytesIn: number
  pid: number
  pidversion: number
  remotePort: number
  protocol: number
  direction: number
  state: number
  atNs: number
}
type ObjectAddon = { eachFlow(records: Uint8Array, call: (flow: FlowObject) => void): number }

const median = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] as number

function begin(load: Load): Engine {
  const engine = createEngine({
    deviceId: 'bench',
    baseline: openMemoryBaseline(),
    limits: load.flows > DEFAULT_LIMITS.flows ? { flows: DEFAULT_LIMITS.flows * 2 } : {},
  })
  engine.push(opening(load))
  engine.takeFindings()
  return engine
}

function pushInBatches(engine: Engine, records: Uint8Array): void {
  for (let at = 0; at < records.length; at += BATCH_BYTES)
    engine.push(records.subarray(at, at + BATCH_BYTES))
}

/** The rival's addon, or why it cannot be loaded. */
function rivalAddon(): ObjectAddon | string {
  try {
    return createRequire(import.meta.url)(ADDON) as ObjectAddon
  } catch (error) {
    return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? ''
  }
}

/**
 * Feeds the engine from objects: each one's fields go into the words that the engine reads. Generous to the
 * rival: the address, which comes as text, is taken from the record instead of being parsed.
 */
function objectFeeder(addon: ObjectAddon, engine: Engine): (records: Uint8Array) => void {
  const scratch = new Uint8Array(BATCH_BYTES)
  const words = new Uint32Array(scratch.buffer)
  let at = 0
  const onFlow = (flow: FlowObject): void => {
    words[at + 2] = flow.atNs % TWO_32
    words[at + 3] = flow.atNs / TWO_32
    words[at + 4] = flow.flowId % TWO_32
    words[at + 5] = flow.flowId / TWO_32
    words[at + 6] = flow.bytesOut % TWO_32
    words[at + 7] = flow.bytesOut / TWO_32
    words[at + 8] = flow.bytesIn % TWO_32
    words[at + 9] = flow.bytesIn / TWO_32
    words[at + 11] = flow.pid
    words[at + 12] = flow.pidversion
    words[at + 18] = flow.remotePort
    words[at + 19] = flow.protocol | (flow.direction << 8) | (flow.state << 16)
    at += FLOW_FIXED_BYTES / 4
  }
  return (records) => {
    for (let from = 0; from < records.length; from += BATCH_BYTES) {
      const batch = records.subarray(from, from + BATCH_BYTES)
      scratch.set(batch)
      at = 0
      addon.eachFlow(batch, onFlow)
      engine.push(scratch.subarray(0, batch.length))
    }
  }
}

/** Seconds of processor time of this thread: one core's work, whatever else the machine does. */
function threadSeconds(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1e6
}

/**
 * Reports a second of each feed, the median of RUNS, each over every flow of the load. They take turns with the same
 * reports, so that a busy machine weighs on all alike.
 */
function rates(load: Load, feeds: ((records: Uint8Array) => void)[]): number[] {
  const some = reports(load)
  const all: number[][] = feeds.map(() => [])
  for (let run = 0; run < RUNS + WARM_UPS; run++) {
    for (const [index, feed] of feeds.entries()) {
      const began = threadSeconds()
      feed(some.records)
      const seconds = threadSeconds() - began
      if (run >= WARM_UPS) all[index]?.push(some.count / seconds)
    }
    some.again()
  }
  return all.map(median)
}

const pairsOf = (load: Load): number => Math.min(load.flows, load.programs * load.destinations)

/** Throws unless the engine took all of it and everything went to pairs. */
function check(engine: Engine, load: Load): void {
  const counters = engine.counters()
  const wants = roundOut(load) * (BEGUN + load.rounds * (RUNS + WARM_UPS))
  if (counters.openFlows !== load.flows || counters.bytesOut !== wants || counters.alerts !== 0)
    throw new Error(`the bench is not what it says: ${JSON.stringify(counters)}`)
  if (counters.evicted.pairs !== 0 || counters.heldFlows !== 0)
    throw new Error(`the bench does not fit ${pairsOf(load)} pairs: ${JSON.stringify(counters)}`)
}

/** Flows of each size of machine; every run takes as many reports. */
const SIZES = [2_000, 20_000, 100_000]
const REPORTS = 200_000

async function intoState(): Promise<Row[]> {
  const rows: Row[] = []
  for (const flows of SIZES) {
    const load = { ...LOAD, flows, rounds: REPORTS / flows }
    const engine = begin(load)
    const other = begin(load)
    const addon = flows === LOAD.flows ? rivalAddon() : undefined
    const feeds = [(records: Uint8Array) => pushInBatches(engine, records)]
    if (typeof addon === 'object') feeds.push(objectFeeder(addon, other))
    const [ours = 0, theirs = 0] = rates(load, feeds)
    check(engine, load)
    if (theirs > 0) check(other, load)
    const row: Row = {
      name: `engine records to state, ${flows.toLocaleString('en')} flows, ${pairsOf(load).toLocaleString('en')} pairs`,
      value: Math.round(ours),
      unit: 'records/s',
    }
    rows.push(addon === undefined ? row : besideRival(row, ours, theirs, addon))
  }
  return rows
}

/** The row that has a target: beside the same engine fed with objects, or why not. */
function besideRival(own: Row, ours: number, theirs: number, addon: object | string): Row {
  const row = { ...own, target: '2,000,000/s and 5 times the rival' }
  if (typeof addon === 'string')
    return { ...row, rival: `one N-API object a record: cannot run, ${addon}`, met: false }
  return {
    ...row,
    rival: `one N-API object a record: ${Math.round(theirs)}/s`,
    ratio: ours / theirs,
    met: ours >= 2_000_000 && ours / theirs >= 5,
  }
}

/** Seconds to replay `times` rounds of reports through framer and engine, and what memory grew by after a quarter of them. */
function replay(times: number): { seconds: number; grewBytes: number } {
  const load = { ...LOAD, rounds: 1 }
  const engine = begin(load)
  const framer = createFramer()
  const some = reports(load)
  let seconds = 0
  let first = 0
  for (let round = 0; round < times; round++) {
    const began = threadSeconds()
    for (let at = 0; at < some.records.length; at += 50_001)
      for (const records of framer.push(some.records.subarray(at, at + 50_001)))
        engine.push(records)
    engine.takeFindings()
    seconds += threadSeconds() - began
    if (round === times >> 2) first = process.memoryUsage().rss
    some.again()
  }
  return { seconds, grewBytes: process.memoryUsage().rss - first }
}

const ONE = 10
const PASSES = 3

/**
 * What ten and a hundred times the input cost. Each long replay stands beside as many short ones as have the same reports,
 * run right before it, so that a busy machine weighs on both; the least of several short ones beside a long one would
 * not be fair. A whole long one goes first: pairs come to points of the score, and code to be compiled for them, that
 * no short replay reaches.
 */
async function growth(): Promise<Row[]> {
  replay(10 * ONE)
  const ratios: number[] = []
  const long: number[] = []
  let short = 0
  for (let pass = 0; pass < PASSES; pass++) {
    let shorts = 0
    for (let i = 0; i < 10; i++) shorts += replay(ONE).seconds
    const ten = replay(10 * ONE).seconds
    ratios.push((10 * ten) / shorts)
    long.push(ten)
    short += shorts
  }
  const hundred = replay(100 * ONE)
  const reportsPerSecond = (10 * ONE * LOAD.flows) / median(long)
  const times = (value: number): number => Math.round(value * 100) / 100
  const ten = median(ratios)
  const hundredTimes = hundred.seconds / (short / (10 * PASSES))
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
      value: Math.round(hundred.grewBytes / 1e5) / 10,
      unit: 'MB',
      target: 'at most 16',
      met: hundred.grewBytes <= 16e6,
    },
  ]
}

export const benches: Bench[] = [
  { name: 'engine records to state', run: intoState },
  { name: 'engine replay', run: growth },
  ...captureBenches,
]
