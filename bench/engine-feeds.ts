// One engine that is fed, alone in a thread of its own as in an agent: what V8 compiles for the only engine there is, is
// faster than what it compiles for several.
import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { openMemoryBaseline } from '../src/baseline/memory.ts'
import { createEngine, type Engine } from '../src/engine/engine.ts'
import { DEFAULT_LIMITS } from '../src/engine/limits.ts'
import { createFramer } from '../src/records/framer.ts'
import { FLOW_FIXED_BYTES } from '../src/records/record.gen.ts'
import { type Judgement, scoringOf } from './detect-judgements.ts'
import { type Load, opening, pairsOf, reports, sentAfter } from './engine-load.ts'

/** records: whole batches; objects: one N-API object a record; pieces: through the framer. */
export type Feed = {
  load: Load
  kind: 'records' | 'objects' | 'pieces'
  /** How pairs are judged; as in an agent unless it is given. */
  judged?: Judgement
}
/** `run`: take the next reports of each flow; `check`: throw unless all was taken. */
export type Ask = 'run' | 'check'
/** Reports a second of this thread's processor time; why the rival cannot run; nothing wrong. */
export type Answer = { rate: number } | { refusal: string } | { done: true }

const BATCH_BYTES = 65_536 - (65_536 % FLOW_FIXED_BYTES)
const PIECE_BYTES = 50_001
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

function begin({ load, judged }: Feed): Engine {
  const engine = createEngine({
    deviceId: 'bench',
    baseline: openMemoryBaseline(),
    limits: load.flows > DEFAULT_LIMITS.flows ? { flows: DEFAULT_LIMITS.flows * 2 } : {},
    ...(judged ? { scoring: scoringOf(judged) } : {}),
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

/** Throws unless the engine took all of it and everything went to pairs. */
function check(engine: Engine, load: Load, runs: number): void {
  const counters = engine.counters()
  const wants = sentAfter(load, load.rounds * runs)
  if (counters.openFlows !== load.flows || counters.bytesOut !== wants || counters.alerts !== 0)
    throw new Error(`the bench is not what it says: ${JSON.stringify(counters)}`)
  if (counters.evicted.pairs !== 0 || counters.heldFlows !== 0)
    throw new Error(`the bench does not fit ${pairsOf(load)} pairs: ${JSON.stringify(counters)}`)
}

function pushThroughFramer(engine: Engine): (records: Uint8Array) => void {
  const framer = createFramer()
  return (records) => {
    for (let at = 0; at < records.length; at += PIECE_BYTES)
      for (const whole of framer.push(records.subarray(at, at + PIECE_BYTES))) engine.push(whole)
    engine.takeFindings()
  }
}

function serve(of: Feed, answer: (answer: Answer) => void): (ask: Ask) => void {
  const { load, kind } = of
  const engine = begin(of)
  const some = reports(load)
  const addon = kind === 'objects' ? rivalAddon() : undefined
  let runs = 0
  const feed =
    typeof addon === 'object'
      ? objectFeeder(addon, engine)
      : kind === 'pieces'
        ? pushThroughFramer(engine)
        : (records: Uint8Array) => pushInBatches(engine, records)
  return (ask) => {
    if (typeof addon === 'string') answer({ refusal: addon })
    else if (ask === 'run') {
      const began = threadSeconds()
      feed(some.records)
      const seconds = threadSeconds() - began
      runs++
      some.again()
      answer({ rate: some.count / seconds })
    } else {
      check(engine, load, runs)
      answer({ done: true })
    }
  }
}

const port = parentPort
if (port) {
  const ask = serve(workerData as Feed, (answer) => port.postMessage(answer))
  port.on('message', (text: Ask) => ask(text))
}
