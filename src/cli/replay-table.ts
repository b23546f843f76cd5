// The alerts of a replay for a person: one line each as it was last, and its sentence below.
import type { Alert } from '../engine/finding.ts'
import { humanBytes } from '../engine/sentence.ts'
import { printable } from '../printable.ts'

export type AlertTable = {
  /** The newest revision stands for the alert. */
  add(alert: Alert): void
  /** `none` when there are no alerts: what can be said then depends on how much could be read. */
  lines(none: string): string[]
}

/** Alerts shown; the rest is counted. `--json` has no bound. */
const SHOWN_MAX = 1_000

export function createAlertTable(): AlertTable {
  const alerts = new Map<string, Alert>()
  let more = 0
  return {
    add(alert) {
      if (alerts.has(alert.id) || alerts.size < SHOWN_MAX) alerts.set(alert.id, alert)
      else if (alert.state === 'opened') more++
    },
    lines(none) {
      if (alerts.size === 0) return [none]
      const head = ['opened (UTC)', 'severity', 'state', 'out', 'in', 'program', 'destination']
      const rows = [...alerts.values()]
        .sort((a, b) => Number(a.openedAt - b.openedAt))
        .map((alert) => ({ cells: cellsOf(alert), alert }))
      const widths = head.map((title, column) =>
        Math.max(title.length, ...rows.map(({ cells }) => (cells[column] ?? '').length)),
      )
      const line = (cells: readonly string[]): string =>
        cells
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()
      return [
        line(head),
        ...rows.flatMap(({ cells, alert }) => [line(cells), `    ${printable(alert.sentence)}`]),
        ...(more > 0 ? [`and ${more} more: --json has them all`] : []),
      ]
    },
  }
}

function cellsOf(alert: Alert): string[] {
  const { hostname, address, port } = alert.destination
  return [
    new Date(Number(alert.openedAt / 1_000_000n)).toISOString().slice(0, 19).replace('T', ' '),
    alert.severity,
    alert.state,
    humanBytes(alert.bytesOut),
    humanBytes(alert.bytesIn),
    printable(alert.identity.path || alert.identity.key),
    printable(`${hostname || address}:${port}`),
  ]
}
