// The agent as a whole: from the record that crosses the gate to the alert durable in the collector, and
// what the two roles cost.
import { setTimeout as sleep } from 'node:timers/promises'
import type { AlertSummary } from '../src/collector/views/page-api.ts'
import { residentAndCpu } from './agent-cost.ts'
import { esDecode } from './agent-es.ts'
import { processList } from './agent-polling.ts'
import { statisticsBook } from './agent-statistics.ts'
import { execOf, flowOf, startEngineRole, tick } from './engine-role.ts'
import type { Bench, Row } from './row.ts'

const ALERTS = 200
const REPORTS_PER_S = 1000
const BACKGROUND_FLOWS = 500
const MIB = 1024 * 1024

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

export const benches: Bench[] = [
  { name: 'agent threshold to durable', run: thresholdToDurable },
  { name: 'agent resident memory and CPU', run: residentAndCpu },
  { name: 'agent es', run: esDecode },
  { name: 'agent statistics', run: statisticsBook },
  { name: 'agent polling', run: processList },
]
