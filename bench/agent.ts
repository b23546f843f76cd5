// The agent as a whole: from the record that crosses the gate to the alert durable in the collector, and
// what the two roles cost.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AlertSummary } from '../src/collector/page-api.ts'
import { PLACE } from '../src/place.ts'
import { startInstallation } from '../test/e2e/installation.ts'
import { execOf, flowOf, startEngineRole, tick } from './engine-role.ts'
import type { Bench, Row } from './row.ts'

const ALERTS = 200
const REPORTS_PER_S = 1000
const BACKGROUND_FLOWS = 500
const MIB = 1024 * 1024
const TICKS_PER_S = 100 // USER_HZ of /proc/PID/stat, 100 on every Linux (man 5 proc)

/** 200 strangers cross the gate, ten a second, among 1,000 flow reports a second of a known sort. */
async function thresholdToDurable(): Promise<Row[]> {
  const role = await startEngineRole()
  try {
    const writtenAt = new Map<string, number>()
    const latencies: number[] = []
    const watching = watchAlerts(role.origin, role.pageKey, (alert) => {
      const at = writtenAt.get(alert.application.path)
      if (at === undefined) return
      writtenAt.delete(alert.application.path)
      latencies.push(Number(BigInt(alert.storedAt) / 1000n) / 1000 - at)
    })
    role.write(execOf(2, '/opt/background/daemon'))
    await sleep(500)
    const began = performance.now()
    let reports = 0
    for (let alert = 0; alert < ALERTS; alert++) {
      const pid = 1000 + alert
      const path = `/opt/strangers/${alert}`
      role.write(tick(), execOf(pid, path), flowOf(pid, 100_000 + alert, 64 * 1024, 0, true))
      while (performance.now() - began < (alert + 1) * 100) {
        const due = Math.floor(((performance.now() - began) / 1000) * REPORTS_PER_S)
        for (; reports < due; reports++)
          role.write(
            flowOf(
              2,
              1 + (reports % BACKGROUND_FLOWS),
              1000 + reports,
              4000 + 4 * reports,
              reports < BACKGROUND_FLOWS,
            ),
          )
        await sleep(2)
      }
      writtenAt.set(path, performance.timeOrigin + performance.now())
      role.write(flowOf(pid, 100_000 + alert, 2 * MIB, 0))
    }
    await sleep(1000)
    watching.abort()
    if (latencies.length < ALERTS) throw new Error(`${latencies.length} of ${ALERTS} alerts came`)
    latencies.sort((a, b) => a - b)
    const at = (share: number) => latencies[Math.ceil(latencies.length * share) - 1] as number
    const common = { unit: 'ms', rival: `none: ${ALERTS} alerts among ${REPORTS_PER_S} reports/s` }
    return [
      { name: 'agent threshold to durable p50', value: at(0.5), ...common },
      {
        name: 'agent threshold to durable p99',
        value: at(0.99),
        ...common,
        target: '< 50 ms',
        met: at(0.99) < 50,
      },
    ]
  } finally {
    await role.stop()
  }
}

/** Reads /api/events; the browser's own reader is not in Node. */
function watchAlerts(
  origin: string,
  pageKey: string,
  onAlert: (alert: AlertSummary) => void,
): AbortController {
  const controller = new AbortController()
  const read = async () => {
    const headers = { authorization: `Bearer ${pageKey}` }
    const response = await fetch(`${origin}/api/events`, { headers, signal: controller.signal })
    let held = ''
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      held += Buffer.from(chunk).toString('utf8')
      const events = held.split('\n\n')
      held = events.pop() as string
      for (const event of events) {
        if (!/^event: alert$/m.test(event)) continue
        const data = event
          .split('\n')
          .filter((line) => line.startsWith('data: '))
          .map((line) => line.slice(6))
          .join('\n')
        onAlert((JSON.parse(data) as { alert: AlertSummary }).alert)
      }
    }
  }
  read().catch((error: unknown) => {
    if (!controller.signal.aborted) throw error
  })
  return controller
}

/** Both roles on this machine's own events: ten seconds at rest, then ten under execs and uploads. */
async function residentAndCpu(): Promise<Row[]> {
  if (process.getuid?.() !== 0) throw new Error('wants root: it measures the Linux source')
  const installation = await startInstallation()
  try {
    await sleep(5000)
    const sense = installation.pidsOf('agent')[0] as number
    const engine = installation.pidsOf('engine')[0] as number
    const rest = await costOver([sense, engine], 10_000)
    const load = await underLoad(() => costOver([sense, engine], 10_000))
    const [senseRest, engineRest] = rest as [Cost, Cost]
    const [senseLoad, engineLoad] = load.costs as [Cost, Cost]
    const restShare = senseRest.share + engineRest.share
    const loadShare = senseLoad.share + engineLoad.share
    const unbundled = 'none: run from source, not bundled'
    return [
      {
        name: 'agent sense resident at rest',
        value: senseRest.residentMb,
        unit: 'MB',
        rival: unbundled,
        target: '60 MB bundled',
        met: senseRest.residentMb < 60,
      },
      {
        name: 'agent engine resident at rest',
        value: engineRest.residentMb,
        unit: 'MB',
        rival: unbundled,
        target: '100 MB bundled',
        met: engineRest.residentMb < 100,
      },
      {
        name: 'agent CPU of both at rest',
        value: restShare * 100,
        unit: '% of a core',
        rival: 'none',
        target: '< 0.3 %',
        met: restShare < 0.003,
      },
      {
        name: 'agent CPU of both under load',
        value: loadShare * 100,
        unit: '% of a core',
        rival: `${Math.round(load.execsPerS)} execs/s, each with a connection`,
        target: '< 5 %',
        met: loadShare < 0.05,
      },
    ]
  } finally {
    await installation.stop()
  }
}

type Cost = { residentMb: number; share: number }

async function costOver(pids: number[], ms: number): Promise<Cost[]> {
  const before = pids.map(cpuSeconds)
  const began = performance.now()
  await sleep(ms)
  const elapsedS = (performance.now() - began) / 1000
  return pids.map((pid, index) => ({
    residentMb:
      Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024,
    share: (cpuSeconds(pid) - (before[index] as number)) / elapsedS,
  }))
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') as string[]
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S
}

/** As many short programs with one connection each as two at a time give, while `measure` runs. */
async function underLoad(
  measure: () => Promise<Cost[]>,
): Promise<{ costs: Cost[]; execsPerS: number }> {
  const sink = createServer((socket) => socket.on('error', () => {}).resume())
  await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve))
  const { port } = sink.address() as { port: number }
  const probe = PLACE.probe
  let execs = 0
  let running = true
  const began = performance.now()
  const runner = async () => {
    while (running) {
      await new Promise<void>((resolve) =>
        spawn(probe, ['--to', `127.0.0.1:${port}`, '--bytes', '1000'], { stdio: 'ignore' }).once(
          'exit',
          () => resolve(),
        ),
      )
      execs++
      // 200 a second is what the target names; more would measure something else.
      const aheadMs = (execs / 200) * 1000 - (performance.now() - began)
      if (aheadMs > 0) await sleep(aheadMs)
    }
  }
  const runners = [runner(), runner()]
  const costs = await measure()
  const execsPerS = execs / ((performance.now() - began) / 1000)
  running = false
  await Promise.all(runners)
  sink.close()
  return { costs, execsPerS }
}

export const benches: Bench[] = [
  { name: 'agent threshold to durable', run: thresholdToDurable },
  { name: 'agent resident memory and CPU', run: residentAndCpu },
]
