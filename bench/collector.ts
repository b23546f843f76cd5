// How many alerts a second the collector makes durable before it acknowledges them, and how long an
// acknowledgement takes, beside the same gateway with a store that keeps nothing. The agents run in another
// thread of this process.
//
// The store is fresh and the runs are short. FRESHET_BENCH_STORED=5000000 fills it first (minutes, 6 GB of
// the temporary directory) and makes the runs long enough for checkpoints and new segments to be in them.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Devices } from '../src/collector/gateway/devices.ts'
import { createGateway } from '../src/collector/gateway/gateway.ts'
import type { Query } from '../src/collector/store/protocol.ts'
import { type Ledger, loadStore, type Store } from '../src/collector/store/store.ts'
import { Counters } from '../src/collector/terms/counters.ts'
import { LIMITS } from '../src/collector/terms/limits.ts'
import { agentsSocket } from '../src/stream/local-socket.ts'
import { nowUnixNs } from '../src/units.ts'
import type { Load, Measured } from './collector-agents.ts'
import { fill } from './collector-fill.ts'
import { searchCost } from './collector-search.ts'
import type { Bench, Row } from './row.ts'

const AGENTS = 4
const WARM_UP_FRAMES = 100
const TARGET_PER_SECOND = 20_000
const TARGET_STORED = 5_000_000
/** What a collector of a large fleet has to do on a bad day. */
const STEADY_PER_SECOND = 1000

/** Each list is asked for so often; the median counts. */
const FIRST_PAGES = 9
/** Who opens the page waits for it. */
const FIRST_PAGE_MS_MAX = 500
/** Who searches has asked for it, and waits longer. */
const FOUND_PAGE_MS_MAX = 1000
/** Each text is looked at, so it takes as long as there are alerts. */
const FOUND_OF_MAX = 500_000
/** What is looked for, by how the row says it; "backup-tool" is in each alert's text (collector-agents.ts). */
const SEARCHES = {
  '': undefined,
  ', that a text finds all of': 'backup-tool',
  ', that a text finds none of': 'nowhere',
} as const

const fail = (text: string): never => {
  throw new Error(text)
}

type Asked = Pick<Load, 'framesAnAgent' | 'alertsAFrame' | 'firstNumber' | 'framesPerSecond'>
type Figures = { perSecond: number; p50Ms: number; p99Ms: number }

/** From the first frame to the last acknowledgement. */
async function measure(ledger: Ledger, asked: Asked): Promise<Figures> {
  const gateway = createGateway({
    ledger,
    devices: new Devices(AGENTS),
    counters: new Counters(),
    limits: LIMITS,
    now: nowUnixNs,
    bootId: '',
    log: fail,
    onStored: () => {},
  })
  const directory = mkdtempSync(join(tmpdir(), 'freshet-bench-'))
  const socket = agentsSocket(directory)
  const server = createServer().on('upgrade', gateway.upgradeLocal)
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  const load: Load = { socket, agents: AGENTS, ...asked }
  const { elapsedMs, waitsMs } = await new Promise<Measured>((resolve, reject) => {
    const agents = new Worker(new URL('./collector-agents.ts', import.meta.url), {
      workerData: load,
    })
    agents.on('message', resolve)
    agents.on('error', reject)
  })
  await gateway.close()
  server.close()
  rmSync(directory, { recursive: true })
  waitsMs.sort()
  const percentile = (share: number) => waitsMs[Math.floor((waitsMs.length - 1) * share)] as number
  return {
    perSecond: (AGENTS * asked.framesAnAgent * asked.alertsAFrame) / (elapsedMs / 1000),
    p50Ms: percentile(0.5),
    p99Ms: percentile(0.99),
  }
}

/** A store that keeps nothing and answers at once. */
function forgetful(): Ledger {
  return {
    append: async (batch) => ({
      storedAt: new BigInt64Array(batch.items.length).fill(1n),
      refusals: [],
      triaged: [],
    }),
    enroll: async () => ({ device: 1, outbox: 1, lastSequence: 0, firstSeenAt: 0n }),
    waitingBytes: () => 0,
  }
}

async function withStore<T>(stored: number, use: (store: Store) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-bench-'))
  const path = join(directory, 'store.db')
  const loaded = await loadStore({ now: nowUnixNs, log: fail })
  try {
    if (stored > 0) fill(path, stored, (text) => process.stderr.write(`collector: ${text}\n`))
    return await use(await loaded.open(path))
  } finally {
    await loaded.close()
    rmSync(directory, { recursive: true })
  }
}

/** Each row's load; at a full store the first runs for some 20 s. */
const loadsOf = (isFull: boolean) => [
  { alertsAFrame: 50, framesAnAgent: isFull ? 2500 : 200, framesPerSecond: undefined },
  { alertsAFrame: 1, framesAnAgent: isFull ? 10_000 : 1500, framesPerSecond: undefined },
  {
    alertsAFrame: 1,
    framesAnAgent: isFull ? 5000 : 500,
    framesPerSecond: STEADY_PER_SECOND,
  },
]

async function run(): Promise<Row[]> {
  const stored = Number(process.env['FRESHET_BENCH_STORED'] ?? 0)
  if (!Number.isSafeInteger(stored) || stored < 0)
    throw new Error(
      `FRESHET_BENCH_STORED: a number of alerts, not ${process.env['FRESHET_BENCH_STORED']}`,
    )
  // The compiler of the gateway's and the agents' code is warm for both.
  const warmUp = { framesAnAgent: WARM_UP_FRAMES, alertsAFrame: 50, framesPerSecond: undefined }
  await measure(forgetful(), { ...warmUp, firstNumber: stored })
  return withStore(stored, async (store) => {
    const rows: Row[] = []
    let firstNumber = stored
    for (const load of loadsOf(stored >= TARGET_STORED)) {
      const nothing = await measure(forgetful(), { ...load, firstNumber })
      const durable = await measure(store, { ...load, firstNumber })
      firstNumber += AGENTS * load.framesAnAgent * load.alertsAFrame
      rows.push(...rowsOf(load, stored, durable, nothing))
    }
    return [...rows, ...(await firstPages(store))]
  })
}

/** The page's list of groups, beside that of its alerts: what everybody looks at first, and what a search shows. */
async function firstPages(store: Store): Promise<Row[]> {
  const all = { limit: 100, deviceId: undefined, severity: undefined, status: [0, 1, 3] as const }
  const medianMs = async (query: Query) => {
    const times: number[] = []
    for (let turn = 0; turn < FIRST_PAGES; turn++) {
      const startedMs = performance.now()
      await store.read(query)
      times.push(performance.now() - startedMs)
    }
    return times.sort((a, b) => a - b)[FIRST_PAGES >> 1] as number
  }
  const { total } = await store.read({ op: 'alerts', before: undefined, ...all, limit: 1 })
  const rows: Row[] = []
  for (const [what, text] of Object.entries(SEARCHES)) {
    const alerts = await medianMs({ op: 'alerts', before: undefined, ...all, text })
    const groups = await medianMs({ op: 'groups', ...all, text })
    rows.push({
      name: `collector first page of groups, of ${total} alerts${what}`,
      value: groups,
      unit: 'ms',
      rival: `first page of alerts: ${alerts.toFixed(1)}`,
      ratio: groups / alerts,
      ...(text === undefined
        ? { target: `${FIRST_PAGE_MS_MAX} ms`, met: groups <= FIRST_PAGE_MS_MAX }
        : {
            target: `${FOUND_PAGE_MS_MAX} ms of up to ${FOUND_OF_MAX}`,
            ...(total <= FOUND_OF_MAX && { met: groups <= FOUND_PAGE_MS_MAX }),
          }),
    })
  }
  return rows
}

function rowsOf(
  { alertsAFrame, framesPerSecond }: Pick<Asked, 'alertsAFrame' | 'framesPerSecond'>,
  stored: number,
  durable: Figures,
  nothing: Figures,
): Row[] {
  const how = `${alertsAFrame} a frame, ${stored} stored before`
  const waits = (['p50', 'p99'] as const).map((name): Row => {
    const ours = durable[`${name}Ms`]
    const theirs = nothing[`${name}Ms`]
    const pace = framesPerSecond ? `${framesPerSecond} frames/s` : 'all credit used'
    return {
      name: `collector acknowledgement ${name}, ${pace}, ${how}`,
      value: ours,
      unit: 'ms',
      rival: `the same gateway, nothing kept: ${theirs.toFixed(2)}`,
      ratio: ours / theirs,
    }
  })
  if (framesPerSecond !== undefined) return waits
  const rate: Row = {
    name: `collector alerts durable before acknowledged, ${how}`,
    value: Math.round(durable.perSecond),
    unit: 'alerts/s',
    rival: `the same gateway, nothing kept: ${Math.round(nothing.perSecond)}`,
    ratio: durable.perSecond / nothing.perSecond,
  }
  if (alertsAFrame === 50) {
    rate.target = `${TARGET_PER_SECOND} at ${TARGET_STORED} stored`
    if (stored >= TARGET_STORED) rate.met = durable.perSecond >= TARGET_PER_SECOND
  }
  return [rate, ...waits]
}

export const benches: Bench[] = [
  { name: 'collector', run },
  { name: 'collector search', run: searchCost },
]
