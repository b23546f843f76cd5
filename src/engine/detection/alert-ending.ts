// When an alert is over, as its pair has been quiet, and when it is forgotten, as it has cooled down.
import { wallNowMs } from '../clock.ts'
import type { Pair } from '../pair/pair-table.ts'
import type { LiveAlert } from './alert.ts'
import type { DetectorParts } from './detector-parts.ts'
import type { LiveAlerts } from './live-alerts.ts'
import type { Revisions } from './revisions.ts'

const COOLDOWN_MS = 4 * 3_600_000

export type AlertEnding = {
  /** Time passed. Returns the slots of pairs whose alert is over and forgotten. */
  pass(): number[]
}

export function createAlertEnding(
  { clock, counters, pairs, isAwaited }: DetectorParts,
  live: LiveAlerts,
  revisions: Revisions,
  isSeeding: () => boolean,
): AlertEnding {
  const end = (alert: LiveAlert, slot: number, pair: Pair): void => {
    live.cool(alert, wallNowMs(clock) + COOLDOWN_MS)
    alert.finals++
    pair.pinned = false
    revisions.revise(alert, slot, pair, 'final')
  }

  return {
    pass() {
      const over: number[] = []
      const nowMs = wallNowMs(clock)
      for (const alert of live.all()) {
        if (!alert.isOpen && nowMs < alert.coolsUntilMs) continue
        const slot = live.slotOf(alert)
        const pair = pairs.meta[slot]
        if (!alert.isOpen) {
          live.forget(alert)
          if (pair) over.push(slot)
          continue
        }
        if (pair === undefined || isSeeding()) continue
        if (alert.flows.size > 0 || isAwaited(pair.key)) revisions.mayUpdate(alert, slot, pair)
        else if (revisions.isQuiet(alert, slot)) end(alert, slot, pair)
      }
      counters.openAlerts = live.openCount()
      return over
    },
  }
}
