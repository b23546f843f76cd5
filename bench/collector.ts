// How many alerts a second the collector makes durable before it acknowledges them, beside the same
// gateway with a store that keeps nothing. The agents run in another thread of this process.
//
// The store is fresh. FRESHET_BENCH_STORED=5000000 fills it first (minutes), as the target wants it.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Counters } from '../src/collector/counters.ts'
import { Devices } from '../src/collector/devices.ts'
import { createGateway } from '../src/collector/gateway.ts'
import { readItems } from '../src/collector/intake.ts'
import { LIMITS } from '../src/collector/limits.ts'
import { type Ledger, loadStore } from '../src/collector/store/store.ts'
import { nowUnixNs } from '../src/units.ts'
import { encodedAlert, type Load } from './collector-agents.ts'
import type { Bench, Row } from './row.ts'

const TOKEN = 'bench-token-of-more-than-32-characters'
const AGENTS = 4
const FILL_ALERTS = 500
const WARM_UP_FRAMES = 100
const TARGET_PER_SECOND = 20_000

const fail = (text: string): never => {
  throw new Error(text)
}

/** Alerts a second from the first frame to the last acknowledgement. */
async function rate(
  ledger: Ledger,
  framesAnAgent: number,
  alertsAFrame: number,
  firstNumber: number,
) {
  const gateway = createGateway({
    ledger,
    agentToken: TOKEN,
    devices: new Devices(AGENTS),
    counters: new Counters(),
    limits: LIMITS,
    now: nowUnixNs,
    log: fail,
    onStored: () => {},
  })
  const server = createServer().on('upgrade', gateway.upgrade)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const load: Load = {
    url: `http://127.0.0.1:${port}`,
    token: TOKEN,
    agents: AGENTS,
    framesAnAgent,
    alertsAFrame,
    firstNumber,
  }
  const elapsedMs = await new Promise<number>((resolve, reject) => {
    const agents = new Worker(new URL('./collector-agents.ts', import.meta.url), {
      workerData: load,
    })
    agents.on('message', resolve)
    agents.on('error', reject)
  })
  await gateway.close()
  server.close()
  return (AGENTS * framesAnAgent * alertsAFrame) / (elapsedMs / 1000)
}

/** A store that keeps nothing and answers at once. */
function forgetful(): Ledger {
  return {
    append: async (batch) => ({
      storedAt: new BigInt64Array(batch.items.length).fill(1n),
      refusals: [],
    }),
    enroll: async () => ({ device: 1, lastSequence: 0, firstSeenAt: 0n }),
    waitingBytes: () => 0,
  }
}

async function withStore<T>(stored: number, use: (ledger: Ledger) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-bench-'))
  const loaded = await loadStore({ now: nowUnixNs, log: fail })
  try {
    const store = await loaded.open(join(directory, 'store.db'))
    await fill(store, stored)
    return await use(store)
  } finally {
    await loaded.close()
    rmSync(directory, { recursive: true })
  }
}

async function fill(ledger: Ledger, stored: number): Promise<void> {
  if (stored === 0) return
  const host = {
    hostname: '',
    os: '',
    osVersion: '',
    osBuild: '',
    hardware: '',
    arch: '',
    bootId: '',
  }
  const { device } = await ledger.enroll({ id: 'filled', agentVersion: '', host })
  let waiting: Promise<unknown>[] = []
  for (let number = 0; number < stored; number += FILL_ALERTS) {
    const encoded = Array.from({ length: FILL_ALERTS }, (_, index) =>
      encodedAlert(number + index, number + index + 1),
    )
    const frame = Buffer.concat(encoded)
    const own = Buffer.from(new Uint8Array(frame).buffer)
    let at = 0
    const views = encoded.map(({ length }) => {
      at += length
      return own.subarray(at - length, at)
    })
    const { items, throughSequence } = readItems(views)
    waiting.push(ledger.append({ device, afterSequence: 0, throughSequence, items }, own.buffer))
    if (waiting.length < 8) continue
    await Promise.all(waiting)
    waiting = []
  }
  await Promise.all(waiting)
}

async function run(): Promise<Row[]> {
  const stored = Number(process.env['FRESHET_BENCH_STORED'] ?? 0)
  if (!Number.isSafeInteger(stored) || stored < 0)
    throw new Error(
      `FRESHET_BENCH_STORED: a number of alerts, not ${process.env['FRESHET_BENCH_STORED']}`,
    )
  // The compiler of the gateway's and the agents' code is warm for both.
  await rate(forgetful(), WARM_UP_FRAMES, 50, stored)
  const rows: Row[] = []
  for (const { alertsAFrame, framesAnAgent } of [
    { alertsAFrame: 50, framesAnAgent: 200 },
    { alertsAFrame: 1, framesAnAgent: 1500 },
  ]) {
    const nothing = await rate(forgetful(), framesAnAgent, alertsAFrame, stored)
    const durable = await withStore(stored, (ledger) =>
      rate(ledger, framesAnAgent, alertsAFrame, stored),
    )
    const row: Row = {
      name: `collector alerts durable before acknowledged, ${alertsAFrame} a frame, ${stored} stored before`,
      value: Math.round(durable),
      unit: 'alerts/s',
      rival: `the same gateway, nothing kept: ${Math.round(nothing)}`,
      ratio: durable / nothing,
    }
    if (alertsAFrame === 50) {
      row.target = `${TARGET_PER_SECOND} at 5,000,000 stored`
      if (stored >= 5_000_000) row.met = durable >= TARGET_PER_SECOND
    }
    rows.push(row)
  }
  return rows
}

export const benches: Bench[] = [{ name: 'collector', run }]
