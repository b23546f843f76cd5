// What becomes of each pair's alert: opened by a report, gone on with, over when its pair is quiet, and forgotten once it
// has cooled down.
import type { Pair } from '../pair/pair-table.ts'
import type { Process } from '../process/process.ts'
import type { LiveAlert } from './alert.ts'
import { createAlertEnding } from './alert-ending.ts'
import { ENDED_MAX, LISTED_MAX } from './alert-flows.ts'
import { createAlertOpening } from './alert-opening.ts'
import { createAlertSeeding } from './alert-seeding.ts'
import { storeAlert, storedFlow } from './alert-store.ts'
import { noteElsewhere } from './alert-view.ts'
import type { Detector, DetectorParts } from './detector-parts.ts'
import { createLiveAlerts } from './live-alerts.ts'
import { createRevisions } from './revisions.ts'
import { createRollUps } from './roll-ups.ts'

/** Closed flows remembered with an alert. */
const CLOSED_MAX = 256

export function createDetector(parts: DetectorParts): Detector {
  const { baseline, clock, limits, pairs, flows, book, listing, suppression } = parts
  const live = createLiveAlerts(parts)
  const scoring = parts.makeScoring(parts)
  const revisions = createRevisions(parts, scoring)
  const seeding = createAlertSeeding(parts, scoring, live, revisions)

  const pairAdded = (slot: number): void => {
    const pair = pairs.meta[slot] as Pair
    scoring.stand(slot, pair)
    const alert = live.ofKey(pair.key)
    suppression.came(pair.key, alert?.saved !== undefined)
    if (alert === undefined) return
    pair.alertId = alert.id
    pair.pinned = alert.isOpen
    if (alert.saved) pairs.restore(slot, alert.saved, 0, clock.nowMs)
    alert.saved = undefined
    alert.aside = undefined
  }
  const rollUps = createRollUps(parts, live, revisions, { pairAdded, isSeeding: seeding.isOn })
  const ending = createAlertEnding(parts, live, revisions, seeding.isOn)
  const opening = createAlertOpening(parts, scoring, live, revisions, rollUps)

  const storeOne = (alert: LiveAlert): void => {
    const slot = live.slotOf(alert)
    const pair = pairs.meta[slot]
    // Out of the table it has not changed since it was stored on leaving it.
    if (pair) {
      book.retain(pair.identity)
      storeAlert(baseline, alert, slot, pair, pairs, flows, clock, limits.storedFlows, listing)
    }
    alert.isDirty = false
  }

  const evaluate = (slot: number, flow: number, of?: Process): void => {
    const pair = pairs.meta[slot] as Pair
    if (flow >= 0) scoring.count(slot, flow)
    if (pair.alertId === undefined) {
      // Most reports end here, by numbers alone.
      if (!scoring.isSuspect(slot)) return
      scoring.score(slot, pair)
      if (!scoring.isTold() || suppression.isHeld(pair)) return
      if (opening.isHeldBackStill(slot, pair)) rollUps.goOn(slot, pair)
      else opening.open(slot, flow, pair, of ?? parts.processOf(flow))
      return
    }
    const alert = live.ofSlot(slot)
    if (alert === undefined) return
    live.open(alert)
    pair.pinned = true
    scoring.score(slot, pair)
    revisions.raise(alert, slot, pair)
    if (!seeding.isOn()) revisions.mayUpdate(alert, slot, pair)
  }

  return {
    evaluate,
    attached(slot, flow) {
      scoring.began(flow)
      const alert = live.ofSlot(slot)
      if (alert === undefined) return
      alert.flows.add(flow)
      noteElsewhere(alert, parts.processOf(flow))
      alert.quietSinceMs = Number.POSITIVE_INFINITY
      alert.isDirty = true
    },
    detached(slot, flow) {
      const alert = live.ofSlot(slot)
      if (alert === undefined) {
        listing.end((pairs.meta[slot] as Pair).ended, flow, ENDED_MAX)
        return
      }
      alert.flows.delete(flow)
      listing.end(alert.ended, flow, LISTED_MAX)
      alert.closed.push(storedFlow(flows, flow))
      if (alert.closed.length > CLOSED_MAX) alert.closed.shift()
      alert.isDirty = true
      if (alert.flows.size === 0) alert.quietSinceMs = clock.nowMs
    },
    pairAdded,
    renamed(former, slot) {
      const pair = pairs.meta[slot] as Pair
      scoring.stand(slot, pair, former)
      const alert = live.ofKey(former)
      suppression.renamed(former, pair.key)
      if (alert === undefined) return false
      const [self] = alert.chain
      if (self && (self.identityKey ?? alert.identityKey) === alert.identityKey)
        self.identityKey = pair.identity.stored.key
      live.rename(alert, former, pair.key, pair.identity.stored.key)
      // What was believed of it may have been wrong: it is scored as what it is.
      alert.score = Number.NEGATIVE_INFINITY
      alert.rank = { score: Number.NEGATIVE_INFINITY, bytesOut: 0 }
      alert.severity = 'low'
      revisions.revise(alert, slot, pair, alert.isOpen ? 'updated' : 'final')
      return true
    },
    folded(former, key) {
      suppression.renamed(former, key)
      const slot = pairs.find(key)
      if (slot >= 0) scoring.folded(former, slot)
    },
    judge(slot, process) {
      evaluate(slot, -1, process)
    },
    pairRemoved(slot) {
      const pair = pairs.meta[slot] as Pair
      const alert = live.ofSlot(slot)
      suppression.left(slot, pair.key, alert !== undefined)
      rollUps.left(slot, pair)
      if (alert === undefined) return
      storeOne(alert)
      alert.aside = pair
      alert.saved = pairs.snapshot(slot)
      // Its flows are of no pair now and will not be detached: their rows may soon be others'.
      alert.ended = listing.keep(alert.flows, alert.ended)
      alert.flows.clear()
    },
    pass() {
      suppression.pass()
      seeding.pass()
      return ending.pass()
    },
    judgeAnew: suppression.judgeAnew,
    seed() {
      scoring.seed()
      return seeding.seed()
    },
    seeded: seeding.seeded,
    store() {
      for (const alert of live.all()) if (alert.isDirty) storeOne(alert)
      suppression.save()
      scoring.store()
    },
    unreadable: seeding.unreadable,
  }
}
