// The alerts that live, open or cooling down, by id and by pair. Bounded: when it is full one gives way, never the newest for being new.
import type { Baseline } from '../../baseline/baseline.ts'
import type { Limits } from '../limits.ts'
import type { PairTable } from '../pair/pair-table.ts'
import type { LiveAlert, Rank } from './alert.ts'

export type LiveAlerts = {
  all(): Iterable<LiveAlert>
  size(): number
  openCount(): number
  /** That of the pair in `slot`; undefined: it has none. */
  ofSlot(slot: number): LiveAlert | undefined
  /** That of the pair of this key, in the table or not. */
  ofKey(pairKey: string): LiveAlert | undefined
  ofId(id: string): LiveAlert | undefined
  /** The one of this program that opened last. */
  latestOf(identityKey: string): LiveAlert | undefined
  /** The slot of its pair; -1 while that is out of the table. */
  slotOf(alert: LiveAlert): number
  keep(alert: LiveAlert): void
  /** Its pair had the key `former`, and is of this program now. */
  rename(alert: LiveAlert, former: string, pairKey: string, identityKey: string): void
  forget(alert: LiveAlert): void
  /** It is open from now on. */
  open(alert: LiveAlert): void
  /** It is over, and cools down until then, ms since 1970. */
  cool(alert: LiveAlert, untilMs: number): void
  /** One more finds a place, for that of one that cools down at most. */
  hasRoom(): boolean
  /** Who is to go so that one more finds a place; undefined: nobody has to, or all rank as high. */
  leastFor(rank: Rank): LiveAlert | undefined
}

const isLess = (a: Rank, b: Rank): boolean =>
  a.score < b.score || (a.score === b.score && a.bytesOut < b.bytesOut)

export function createLiveAlerts(parts: {
  baseline: Baseline
  limits: Limits
  pairs: PairTable
}): LiveAlerts {
  const { baseline, limits, pairs } = parts
  const alerts = new Map<string, LiveAlert>()
  const byPair = new Map<string, LiveAlert>()
  const byIdentity = new Map<string, Set<LiveAlert>>()
  const cooling = new Set<LiveAlert>()
  /** No open one ranks below it while the table is full of them: most of a crowd is turned away without a look at each. */
  let floor = Number.NEGATIVE_INFINITY
  const noFloor = (): void => {
    floor = Number.NEGATIVE_INFINITY
  }

  const join = (alert: LiveAlert): void => {
    const those = byIdentity.get(alert.identityKey) ?? new Set()
    byIdentity.set(alert.identityKey, those.add(alert))
  }
  const part = (alert: LiveAlert): void => {
    const those = byIdentity.get(alert.identityKey)
    those?.delete(alert)
    if (those?.size === 0) byIdentity.delete(alert.identityKey)
  }

  /** Of equals the one that came last. */
  const least = (among: Iterable<LiveAlert>): LiveAlert | undefined => {
    let found: LiveAlert | undefined
    for (const alert of among)
      if (found === undefined || !isLess(found.rank, alert.rank)) found = alert
    return found
  }

  return {
    all: () => alerts.values(),
    size: () => alerts.size,
    openCount: () => alerts.size - cooling.size,
    ofSlot(slot) {
      const id = pairs.meta[slot]?.alertId
      return id === undefined ? undefined : alerts.get(id)
    },
    ofKey: (pairKey) => byPair.get(pairKey),
    ofId: (id) => alerts.get(id),
    latestOf: (identityKey) => [...(byIdentity.get(identityKey) ?? [])].at(-1),
    slotOf: (alert) => pairs.find(alert.pairKey),
    keep(alert) {
      alerts.set(alert.id, alert)
      byPair.set(alert.pairKey, alert)
      join(alert)
      if (!alert.isOpen) cooling.add(alert)
      noFloor()
    },
    rename(alert, former, pairKey, identityKey) {
      byPair.delete(former)
      alert.pairKey = pairKey
      byPair.set(pairKey, alert)
      part(alert)
      alert.identityKey = identityKey
      join(alert)
      noFloor()
    },
    forget(alert) {
      alerts.delete(alert.id)
      byPair.delete(alert.pairKey)
      cooling.delete(alert)
      part(alert)
      baseline.removeAlert(alert.id)
      const pair = pairs.meta[pairs.find(alert.pairKey)]
      if (pair) pair.alertId = undefined
    },
    open(alert) {
      if (alert.isOpen) return
      alert.isOpen = true
      cooling.delete(alert)
      noFloor()
    },
    cool(alert, untilMs) {
      alert.isOpen = false
      alert.coolsUntilMs = untilMs
      cooling.add(alert)
    },
    hasRoom: () => alerts.size < limits.alerts || cooling.size > 0,
    leastFor(rank) {
      if (alerts.size < limits.alerts) return undefined
      if (cooling.size > 0) return least(cooling)
      if (rank.score < floor) return undefined
      const found = least(alerts.values())
      if (found) floor = found.rank.score
      return found && isLess(found.rank, rank) ? found : undefined
    },
  }
}
