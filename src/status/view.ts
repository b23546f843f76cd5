// The state of an agent in plain words: one model for the terminal and, on the Mac, the menu bar.
import { printable } from '../printable.ts'

/** How the agent stands with its collector. */
export type CollectorState =
  /** No collector was named: findings wait. */
  | { state: 'none' }
  | { state: 'connecting' }
  | { state: 'connected' }
  | { state: 'waiting'; reason: string; retryInMs: number }
  | { state: 'refused'; reason: string }

/** What an agent says of itself, each second, on its status socket: one JSON object a line. */
export type AgentStatus = {
  version: string
  deviceId: string
  hostname: string
  /** Milliseconds since 1970. */
  startedAtMs: number
  /** Empty, or the sentence that says what is missing and how to get it. */
  degraded: string
  counters: {
    records: number
    execs: number
    flows: number
    processes: number
    openFlows: number
    identities: number
    bytesOut: number
    bytesIn: number
    unattributedFlows: number
    lost: number
    alerts: number
  }
  outbox: { items: number; bytes: number; evicted: number; notKept: number }
  collector: { url: string } & CollectorState
  /** The newest last, at most 5. */
  lastAlerts: { atMs: number; severity: string; sentence: string }[]
}

/** The one line that the menu bar shows. */
export function headline(status: AgentStatus): string {
  if (status.degraded) return `Watching, with gaps: ${status.degraded}`
  if (status.counters.lost > 0)
    return `Watching; ${count(status.counters.lost)} events were lost since the start`
  return 'Watching'
}

/** The whole of it for a terminal, a line each, without colour. */
export function statusLines(status: AgentStatus, nowMs: number): string[] {
  const { counters, outbox } = status
  const lines = [
    `${headline(status)} (${status.hostname}, Freshet ${status.version}, up ${span(nowMs - status.startedAtMs)})`,
    `  programs   ${count(counters.processes)} running, ${count(counters.execs)} started, ${count(counters.identities)} identities known`,
    `  network    ${count(counters.openFlows)} flows open, ${count(counters.flows)} seen, ${size(counters.bytesOut)} out, ${size(counters.bytesIn)} in, ${count(counters.unattributedFlows)} without a program`,
    `  alerts     ${count(counters.alerts)} since the start`,
    `  lost       ${count(counters.lost)} events, ${count(outbox.evicted)} evicted from the outbox, ${count(outbox.notKept)} not kept`,
    `  collector  ${collectorLine(status)}`,
  ]
  for (const alert of status.lastAlerts)
    lines.push(
      `  ${new Date(alert.atMs).toISOString()} ${alert.severity.padEnd(6)} ${printable(alert.sentence)}`,
    )
  return lines
}

function collectorLine({ collector, outbox }: AgentStatus): string {
  const waiting = `${count(outbox.items)} waiting (${size(outbox.bytes)})`
  switch (collector.state) {
    case 'none':
      return `none is named (--collector): findings are kept here, ${waiting}`
    case 'connected':
      return `connected to ${collector.url}, ${waiting}`
    case 'connecting':
      return `connecting to ${collector.url}, ${waiting}`
    case 'waiting':
      return `away: ${collector.reason}; next try in ${span(collector.retryInMs)}, ${waiting}`
    case 'refused':
      return `refused by ${collector.url}: ${collector.reason}; ${waiting}`
    default:
      return collector satisfies never
  }
}

const count = (value: number): string => value.toLocaleString('en-US')

function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  let step = 0
  let value = bytes
  while (value >= 1024 && step < units.length - 1) {
    value /= 1024
    step++
  }
  return `${step === 0 ? value : value.toFixed(1)} ${units[step]}`
}

function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}
