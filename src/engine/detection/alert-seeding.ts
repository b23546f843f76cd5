// Alerts of an earlier engine, brought back; for a while their flows are waited for, and nothing of them is over.
import type { StoredFlow } from '../flow/flow-memory.ts'
import { reviveAlert } from './alert-store.ts'
import type { DetectorParts } from './detector-parts.ts'
import type { LiveAlerts } from './live-alerts.ts'
import type { Revisions } from './revisions.ts'
import type { Scoring } from './scoring.ts'

/** How long flows of an earlier run are waited for; a filter may come late, or not at all. */
const SEEDING_MAX_MS = 60_000

export type AlertSeeding = {
  /** Flows of alerts that were brought back are waited for. */
  isOn(): boolean
  /** See `Detector`, as the two below. */
  seed(): { flow: StoredFlow; key: string; omitted: boolean }[]
  seeded(): void
  unreadable(): number
  /** Time passed. */
  pass(): void
}

export function createAlertSeeding(
  parts: DetectorParts,
  scoring: Scoring,
  live: LiveAlerts,
  { revise }: Revisions,
): AlertSeeding {
  const { baseline, clock, limits, pairs, book, suppression } = parts
  let isOn = false
  let endsMs = Number.POSITIVE_INFINITY
  let unreadable = 0

  const seeded = (): void => {
    endsMs = Number.POSITIVE_INFINITY
    if (!isOn) return
    isOn = false
    for (const alert of live.all()) {
      const slot = live.slotOf(alert)
      const pair = pairs.meta[slot]
      if (pair && alert.isOpen && alert.flows.size > 0) revise(alert, slot, pair, 'updated')
    }
  }

  return {
    isOn: () => isOn,
    seed() {
      const waited: { flow: StoredFlow; key: string; omitted: boolean }[] = []
      for (const stored of baseline.alerts()) {
        const revived = live.size() < limits.alerts ? reviveAlert(stored, book, clock) : undefined
        if (revived === undefined) {
          unreadable++
          baseline.removeAlert(stored.id)
          continue
        }
        const { alert, pair, snapshot, shiftMs } = revived
        live.keep(alert)
        const slot = pairs.add(pair, clock.nowMs)
        scoring.stand(slot, pair)
        pairs.restore(slot, snapshot, shiftMs, clock.nowMs)
        for (const flow of revived.flows)
          waited.push({ flow, key: pair.key, omitted: revived.flowsOmitted > 0 })
      }
      suppression.seed()
      isOn = live.size() > 0
      endsMs = clock.nowMs + SEEDING_MAX_MS
      return waited
    },
    seeded,
    unreadable: () => unreadable,
    pass() {
      if (clock.nowMs >= endsMs) seeded()
    },
  }
}
