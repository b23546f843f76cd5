// Findings on their way out: into the outbox, on to the collector, and a line of each that matters into the log.
import type { Alert, Finding, Health, ProcessView } from '../engine/finding.ts'
import { userName } from '../host/users.ts'
import { printable } from '../printable.ts'
import type { Outbox } from '../stream/outbox.ts'
import type { Uplink } from '../stream/uplink.ts'
import { nowUnixNs } from '../units.ts'

export type Telling = {
  /** Durable when it returns, or waiting in memory for the disk, or counted as not kept. With none: tries the disk again. */
  tell(findings: Finding[]): void
  /** Something that this agent found out about itself. */
  tellHealth(of: Health['of'], text: string): void
  /** The newest last, at most 5, each as it stands now. */
  lastAlerts(): readonly Alert[]
}

const LAST_ALERTS = 5

export function createTelling(
  outbox: Outbox,
  uplink: Uplink | undefined,
  log: (text: string) => void,
): Telling {
  const lastAlerts: Alert[] = []

  const noteAlert = (alert: Alert): void => {
    if (alert.state === 'opened') log(printable(`alert ${alert.severity}: ${alert.sentence}`))
    const at = lastAlerts.findIndex((other) => other.id === alert.id)
    if (at >= 0) lastAlerts.splice(at, 1)
    lastAlerts.push(alert)
    if (lastAlerts.length > LAST_ALERTS) lastAlerts.shift()
  }

  const tell = (findings: Finding[]): void => {
    if (findings.length === 0) {
      outbox.retry()
      return
    }
    try {
      outbox.append(findings.map(withUserNames))
    } catch (error) {
      log(`findings were not kept (${(error as Error).message}); detection goes on`)
    }
    uplink?.poke()
    for (const finding of findings) {
      if (finding.kind === 'alert') noteAlert(finding.alert)
      if (finding.kind === 'health') log(printable(finding.health.text))
    }
  }

  return {
    tell,
    tellHealth: (of, text) =>
      tell([{ at: nowUnixNs(), kind: 'health', health: { of, text, count: 1 } }]),
    lastAlerts: () => lastAlerts,
  }
}

/** User names are this machine's own affair: looked up here, at the edge, never by the engine. */
function withUserNames(finding: Finding): Finding {
  const named = (process: ProcessView): ProcessView => ({
    ...process,
    user: process.uid === undefined ? '' : (userName(process.uid) ?? ''),
  })
  if (finding.kind === 'alert')
    return { ...finding, alert: { ...finding.alert, chain: finding.alert.chain.map(named) } }
  if (finding.kind === 'sighting')
    return {
      ...finding,
      sighting: { ...finding.sighting, process: named(finding.sighting.process) },
    }
  return finding
}
