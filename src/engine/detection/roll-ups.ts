// Pairs that have no alert of their own are counted within one of their program, which is said anew as they add to it, also after it
// was over. So neither decoys nor spreading hide what comes next.
import { today } from '../clock.ts'
import { isServed } from '../destination/destination.ts'
import { P, PAIR_DOUBLES } from '../pair/pair-row.ts'
import type { Pair } from '../pair/pair-table.ts'
import type { LiveAlert, Rank } from './alert.ts'
import { hostPort } from './alert-view.ts'
import type { DetectorParts } from './detector-parts.ts'
import type { LiveAlerts } from './live-alerts.ts'
import type { Revisions } from './revisions.ts'
import { add, enter, leave, takeOut } from './spread.ts'

export type RollUps = {
  /** Counts the pair that was scored last within `alert` from now on. */
  rollUp(alert: LiveAlert, slot: number, pair: Pair, rank: Rank): void
  /** The pair that was scored last is counted within an alert: brings what is new of it there. */
  goOn(slot: number, pair: Pair): void
  /** More went out to the pair than to all others that were told of within `alert`. */
  isMost(alert: LiveAlert, pair: Pair, rank: Rank): boolean
  /** An alert opens of what a program sent in all: its other destinations are counted within it. */
  gather(alert: LiveAlert, pair: Pair): void
  /** The pair leaves the table. */
  left(slot: number, pair: Pair): void
  /** The pair has an alert of its own from now on. */
  parted(pair: Pair): void
}

export function createRollUps(
  parts: DetectorParts,
  live: LiveAlerts,
  revisions: Revisions,
  {
    pairAdded,
    isSeeding,
  }: {
    /** A pair came back into the table. */
    pairAdded: (slot: number) => void
    /** Alerts of an earlier engine wait for their flows. */
    isSeeding: () => boolean
  },
): RollUps {
  const { clock, counters, pairs } = parts
  const alertOf = ({ rolledUp }: Pair): LiveAlert | undefined =>
    rolledUp?.into === undefined ? undefined : live.ofId(rolledUp.into)
  const keyOf = ({ destination }: Pair): string => destination.view.key

  /** The bytes of its pair that are not in the alert yet. */
  const count = (alert: LiveAlert, slot: number, pair: Pair): void => {
    const { rolledUp } = pair
    if (rolledUp === undefined) return
    const whole = pairs.f64[slot * PAIR_DOUBLES + P.out] as number
    const more = whole - rolledUp.countedOut
    rolledUp.countedOut = whole
    if (more > 0) add(alert.spread, keyOf(pair), { more, whole }, () => hostPort(pair.destination))
  }

  const join = (alert: LiveAlert, slot: number, pair: Pair, rank: Rank): void => {
    const out = pairs.f64[slot * PAIR_DOUBLES + P.out] as number
    const countedOut = enter(alert.spread, keyOf(pair), out)
    pair.rolledUp = { day: today(clock), ...rank, into: alert.id, countedOut }
    count(alert, slot, pair)
  }

  const parted = (pair: Pair): void => {
    const alert = alertOf(pair)
    if (alert && pair.rolledUp) takeOut(alert.spread, keyOf(pair), pair.rolledUp.countedOut)
    pair.rolledUp = undefined
  }

  /** The alert lives on: its pair's row is in the table, and it is over once nothing comes to it any more. */
  const wake = (alert: LiveAlert, { identity }: Pair): void => {
    live.open(alert)
    alert.isDirty = true
    let own = live.slotOf(alert)
    if (own < 0 && alert.aside) {
      own = pairs.add({ ...alert.aside, identity, ended: [] }, clock.nowMs)
      pairAdded(own)
    }
    const pair = pairs.meta[own]
    if (pair) pair.pinned = true
    if (alert.flows.size === 0) alert.quietSinceMs = clock.nowMs
  }

  const say = (alert: LiveAlert, slot: number, pair: Pair): void => {
    wake(alert, pair)
    revisions.raise(alert, slot, pair)
    const own = live.slotOf(alert)
    const ownPair = pairs.meta[own]
    if (ownPair && !isSeeding()) revisions.mayUpdate(alert, own, ownPair)
  }

  return {
    rollUp(alert, slot, pair, rank) {
      if (alertOf(pair) === alert) {
        const { into, countedOut } = pair.rolledUp as NonNullable<Pair['rolledUp']>
        pair.rolledUp = { day: today(clock), ...rank, into, countedOut }
        count(alert, slot, pair)
      } else {
        parted(pair)
        counters.rolledUp++
        join(alert, slot, pair, rank)
      }
      say(alert, slot, pair)
    },
    goOn(slot, pair) {
      const alert = alertOf(pair)
      if (alert === undefined) return
      count(alert, slot, pair)
      say(alert, slot, pair)
    },
    isMost({ id, saidOut, spread }, { rolledUp }, { bytesOut }) {
      const counted = rolledUp?.into === id ? rolledUp.countedOut : 0
      return bytesOut > saidOut + spread.bytesOut - counted
    },
    gather(alert, { identity }) {
      if (identity.pairs < 2) return
      pairs.each((slot, pair) => {
        const isOther = pair.identity === identity && pair.alertId === undefined
        if (!isOther || pair.suppressed || !pair.newToIdentity || isServed(keyOf(pair))) return
        if ((pairs.f64[slot * PAIR_DOUBLES + P.out] as number) === 0) return
        if (pair.rolledUp) return
        join(alert, slot, pair, { score: Number.NEGATIVE_INFINITY, bytesOut: 0 })
      })
    },
    left(slot, pair) {
      const alert = alertOf(pair)
      if (alert === undefined) return
      count(alert, slot, pair)
      leave(alert.spread, keyOf(pair))
    },
    parted,
  }
}
