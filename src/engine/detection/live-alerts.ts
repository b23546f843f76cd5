// The alerts that live, open or cooling down, by id and by pair. Bounded: of those that cool down the oldest gives way.
import type { Baseline } from '../../baseline/baseline.ts'
import type { EngineCounters } from '../counters.ts'
import type { Limits } from '../limits.ts'
import type { PairTable } from '../pair/pair-table.ts'
import type { LiveAlert } from './alert.ts'

export type LiveAlerts = {
  all(): Iterable<LiveAlert>
  size(): number
  /** That of the pair in `slot`; undefined: it has none. */
  ofSlot(slot: number): LiveAlert | undefined
  /** That of the pair of this key, in the table or not. */
  ofKey(pairKey: string): LiveAlert | undefined
  /** The slot of its pair; -1 while that is out of the table. */
  slotOf(alert: LiveAlert): number
  keep(alert: LiveAlert): void
  /** Its pair had the key `former`. */
  rename(alert: LiveAlert, former: string, pairKey: string): void
  forget(alert: LiveAlert): void
  /** Room for one more, made by forgetting the oldest that cools down. */
  hasRoom(): boolean
}

export function createLiveAlerts(parts: {
  baseline: Baseline
  counters: EngineCounters
  limits: Limits
  pairs: PairTable
}): LiveAlerts {
  const { baseline, counters, limits, pairs } = parts
  const alerts = new Map<string, LiveAlert>()
  const byPair = new Map<string, LiveAlert>()

  const forget = (alert: LiveAlert): void => {
    alerts.delete(alert.id)
    byPair.delete(alert.pairKey)
    baseline.removeAlert(alert.id)
    const pair = pairs.meta[pairs.find(alert.pairKey)]
    if (pair) pair.alertId = undefined
  }

  return {
    all: () => alerts.values(),
    size: () => alerts.size,
    ofSlot(slot) {
      const id = pairs.meta[slot]?.alertId
      return id === undefined ? undefined : alerts.get(id)
    },
    ofKey: (pairKey) => byPair.get(pairKey),
    slotOf: (alert) => pairs.find(alert.pairKey),
    keep(alert) {
      alerts.set(alert.id, alert)
      byPair.set(alert.pairKey, alert)
    },
    rename(alert, former, pairKey) {
      byPair.delete(former)
      alert.pairKey = pairKey
      byPair.set(pairKey, alert)
    },
    forget,
    hasRoom() {
      if (alerts.size < limits.alerts) return true
      for (const alert of alerts.values())
        if (!alert.isOpen) {
          forget(alert)
          counters.evicted.alerts++
          return true
        }
      return false
    },
  }
}
