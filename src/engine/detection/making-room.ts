// Room for one more alert: who ranks least gives way, and says so.
import { today } from '../clock.ts'
import type { LiveAlert, Rank } from './alert.ts'
import type { DetectorParts } from './detector-parts.ts'
import type { LiveAlerts } from './live-alerts.ts'
import type { Revisions } from './revisions.ts'

export type MakingRoom = {
  /** Whether there is room for an alert of this rank, or one that ranks lower gave way. Another pair may be scored. */
  makeRoom(rank: Rank): boolean
}

export function createMakingRoom(
  { clock, counters, pairs, onCrowded }: DetectorParts,
  live: LiveAlerts,
  { revise }: Revisions,
): MakingRoom {
  /** Its last revision says what stands, and that it gave way; its pair is judged anew once it is rarer. */
  const giveWay = (alert: LiveAlert): void => {
    const slot = live.slotOf(alert)
    const pair = pairs.meta[slot]
    if (pair) {
      alert.gaveWay = true
      revise(alert, slot, pair, 'final')
      pair.pinned = false
      pair.rolledUp = { day: today(clock), ...alert.rank, into: undefined, countedOut: 0 }
    }
    onCrowded('gaveWay')
  }

  return {
    makeRoom(rank) {
      const least = live.leastFor(rank)
      if (least === undefined) return live.hasRoom()
      if (least.isOpen) giveWay(least)
      live.forget(least)
      counters.evicted.alerts++
      return true
    },
  }
}
