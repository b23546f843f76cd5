// Findings on their way out: into the outbox, on to the collector, and a line of each that matters into the log.
import type { Alert, Finding, Health, ProcessView } from '../engine/finding.ts'
import { userName } from '../host/users.ts'
import { printable } from '../printable.ts'
import type { Outbox } from '../stream/outbox.ts'
import type { Uplink } from '../stream/uplink.ts'
import { nowUnixNs, type UnixNs } from '../units.ts'
import type { HiddenNames } from './hidden-names.ts'

export type Telling = {
  /** Durable when it returns, or waiting in memory for the disk, or counted as not kept. Tries the disk again. */
  tell(findings: Finding[]): void
  /** Something that this agent found out about itself; `since`: from when on it was so. */
  tellHealth(of: Health['of'], text: string, since?: UnixNs): void
  /** The 5 whose opening was told last at the most, by when they were opened, the latest at the end; each as it stands now. */
  lastAlerts(): readonly Alert[]
}

const LAST_ALERTS = 5

/** `hidden`: where names of users are to leave as pseudonyms now. */
export function createTelling(
  outbox: Outbox,
  uplink: Uplink | undefined,
  log: (text: string) => void,
  hidden: () => HiddenNames | undefined = () => undefined,
): Telling {
  let lastAlerts: Alert[] = []
  /** Their ids as they were first told: a clock that was ahead keeps none that comes after it off. */
  let toldIds: string[] = []

  const noteAlert = (alert: Alert): void => {
    if (alert.state === 'opened') log(printable(`alert ${alert.severity}: ${alert.sentence}`))
    if (!toldIds.includes(alert.id)) {
      // One that goes on for days, and had to make room, is not among the last again.
      if (alert.state !== 'opened' && toldIds.length === LAST_ALERTS) return
      toldIds = [...toldIds, alert.id].slice(-LAST_ALERTS)
    }
    const others = lastAlerts.filter(({ id }) => id !== alert.id && toldIds.includes(id))
    const after = others.findLastIndex(({ openedAt }) => openedAt <= alert.openedAt)
    lastAlerts = others.toSpliced(after + 1, 0, alert)
  }

  const tell = (findings: Finding[]): void => {
    try {
      if (findings.length > 0) outbox.append(findings.map((finding) => outgoing(finding, hidden())))
    } catch (error) {
      log(`findings were not kept (${(error as Error).message}); detection goes on`)
    }
    // Also where each call has some: that the disk takes them again would be said by none.
    outbox.retry()
    if (findings.length === 0) return
    uplink?.poke()
    for (const finding of findings) {
      if (finding.kind === 'alert') noteAlert(finding.alert)
      // That something was so until now was said when it began.
      if (finding.kind === 'health' && !isUntilNow(finding.health))
        log(printable(finding.health.text))
    }
  }

  return {
    tell,
    tellHealth: (of, text, since) => {
      const health = { of, text, count: 1, ...(since !== undefined && { since }) }
      tell([{ at: nowUnixNs(), kind: 'health', health }])
    },
    lastAlerts: () => lastAlerts,
  }
}

const outgoing = (finding: Finding, hidden: HiddenNames | undefined): Finding => {
  const named = withUserNames(finding)
  return hidden ? hidden.hide(named) : named
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

const isUntilNow = ({ of, since }: Health): boolean => of === 'degraded' && since !== undefined
