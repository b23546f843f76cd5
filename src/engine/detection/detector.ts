import { recordNs, wallNow, wallNowMs } from '../clock.ts'
import type { AlertState, Severity } from '../finding.ts'
import type { StoredFlow } from '../flow/flow-memory.ts'
import { F, FLOW_WORDS } from '../flow/flow-table.ts'
import { C, P, PAIR_DOUBLES, PAIR_INTEGERS } from '../pair/pair-row.ts'
import type { Pair } from '../pair/pair-table.ts'
import type { Process } from '../process/process.ts'
import type { LiveAlert } from './alert.ts'
import { ENDED_MAX, LISTED_MAX, openFlowsOf } from './alert-flows.ts'
import { alertId } from './alert-id.ts'
import { reviveAlert, storeAlert, storedFlow } from './alert-store.ts'
import { alertView, chainOf, type Moment, noteElsewhere, standingText } from './alert-view.ts'
import type { Detector, DetectorParts } from './detector-parts.ts'
import { emptyFeatures, loadFeatures } from './features.ts'
import { explain } from './reasons.ts'
import { noPoints, type Standing, severityOf, standingOf } from './score.ts'

const VOLUME_STEP = 4
/** Updates of an alert are at least this far apart. */
const REVISION_INTERVAL_MS = 60_000
/** How long flows of an earlier run are waited for; a filter may come late, or not at all. */
const SEEDING_MAX_MS = 60_000
/**
 * A pair whose flows have all closed may be between two of them. How long it must be quiet to be over doubles with each
 * final, so that a drip of short flows ends in few of them, and none waits for more than quiet.
 */
const SETTLE_MS = 500
const SETTLE_MAX_MS = 60_000
const COOLDOWN_MS = 4 * 3_600_000
const ALERTS_PER_IDENTITY_AND_DAY = 3
/** Closed flows remembered with an alert. */
const CLOSED_MAX = 256
const DAY_MS = 86_400_000
const RANK: Record<Severity, number> = { low: 1, medium: 2, high: 3 }

export function createDetector(parts: DetectorParts): Detector {
  const { baseline, clock, counters, limits, pairs, flows, book, listing, suppression } = parts
  const { mayCross, scoreInto } = parts.scorer
  const alerts = new Map<string, LiveAlert>()
  const byPair = new Map<string, LiveAlert>()
  const features = emptyFeatures()
  const points = noPoints()
  /** By slot of the pair. */
  const standings: Standing[] = []
  let seeding = false
  let seedingEndsMs = Number.POSITIVE_INFINITY
  let unreadable = 0

  const pairKeyOf = (alert: LiveAlert): string => `${alert.identityKey}\n${alert.destinationKey}`
  const settleMs = (alert: LiveAlert): number =>
    Math.min(SETTLE_MAX_MS, SETTLE_MS * 2 ** Math.min(alert.finals, 16))
  const moment = (): Moment => ({ clock, baseline, policyVersion: parts.policy().version })
  const today = (): number => Math.floor(wallNowMs(clock) / DAY_MS)

  /** It is of this identity from now on. */
  const stand = (slot: number, { identity }: Pair): void => {
    const { stored, responsible } = identity
    standings[slot] = standingOf(stored.signerClass, responsible?.signerClass)
  }
  const score = (slot: number, pair: Pair): void => {
    loadFeatures(features, pairs, slot, pair, clock, book)
    features.standing = standings[slot] as Standing
    scoreInto(features, points)
  }

  /** Takes the present score if it is the highest so far. */
  const raise = (alert: LiveAlert, slot: number, pair: Pair): void => {
    if (points.total < alert.score) return
    alert.score = points.total
    alert.reasons = explain(features, points, standingText(alert, pairs, slot, pair, moment()))
    const severity = severityOf(points.total)
    if (severity && RANK[severity] > RANK[alert.severity]) alert.severity = severity
  }

  const revise = (alert: LiveAlert, slot: number, pair: Pair, state: AlertState): void => {
    pairs.turn(slot, clock.nowMs)
    score(slot, pair)
    raise(alert, slot, pair)
    alert.revision++
    alert.updatedAt = wallNow(clock)
    alert.saidAtMs = clock.nowMs
    alert.saidOut = pairs.f64[slot * PAIR_DOUBLES + P.out] as number
    alert.saidUnread = pairs.i32[slot * PAIR_INTEGERS + C.unreadFlows] as number
    alert.saidRolledUp = pair.identity.alertsRolledUp
    alert.saidSeverity = alert.severity
    alert.isDirty = true
    const listed = listing.list(alert.flows, alert.ended)
    parts.emit(alertView(alert, state, pairs, slot, pair, moment(), listed))
  }

  /** Whether something keeps the pair from having an alert of its own; counted. */
  const isHeldBack = (pair: Pair, process: Process | undefined): boolean => {
    const { identity, destination } = pair
    const [self, ...above] = process ? chainOf(process, parts.processes, clock) : []
    const sending = {
      address: destination.address,
      hostname: destination.view.hostname,
      program: self?.path || identity.stored.path,
      ancestors: above.map(({ path }) => path),
    }
    if (suppression.holdsBack(pair, sending)) return true
    const day = today()
    if (identity.alertDay !== day) {
      identity.alertDay = day
      identity.alertsOpened = 0
      identity.alertsRolledUp = 0
    }
    if (identity.alertsOpened >= ALERTS_PER_IDENTITY_AND_DAY || !hasRoom()) {
      identity.alertsRolledUp++
      pair.rolledUpDay = day
      counters.rolledUp++
      return true
    }
    return false
  }

  /** Room for one more alert, made by forgetting the oldest that cools down. */
  const hasRoom = (): boolean => {
    if (alerts.size < limits.alerts) return true
    for (const alert of alerts.values())
      if (!alert.isOpen) {
        forget(alert)
        counters.evicted.alerts++
        return true
      }
    return false
  }

  const forget = (alert: LiveAlert): void => {
    alerts.delete(alert.id)
    byPair.delete(pairKeyOf(alert))
    baseline.removeAlert(alert.id)
    const slot = pairs.find(pairKeyOf(alert))
    const pair = pairs.meta[slot]
    if (pair) pair.alertId = undefined
  }

  /** `flow` is -1 where none brought it about. */
  const open = (
    slot: number,
    flow: number,
    pair: Pair,
    process: Process | undefined = parts.processOf(flow),
  ): void => {
    const severity = severityOf(points.total)
    if (severity === undefined) return
    if (isHeldBack(pair, process)) return
    const row = flow * FLOW_WORDS
    const at = wallNow(clock)
    const alert: LiveAlert = {
      id: alertId(parts.deviceId, pair.identity.stored.key, pair.destination.view.key, {
        atNs: recordNs(clock),
        flowIdLow: flows.u32[row + F.idLow] ?? 0,
        flowIdHigh: flows.u32[row + F.idHigh] ?? 0,
        epoch: flows.u32[row + F.epoch] ?? 0,
      }),
      revision: 0,
      severity,
      saidSeverity: severity,
      score: Number.NEGATIVE_INFINITY,
      reasons: [],
      openedAt: at,
      updatedAt: at,
      saidOut: 0,
      saidUnread: 0,
      saidRolledUp: 0,
      saidAtMs: clock.nowMs,
      finals: 0,
      isOpen: true,
      settledAtMs: Number.POSITIVE_INFINITY,
      coolsUntilMs: Number.POSITIVE_INFINITY,
      identityKey: pair.identity.stored.key,
      destinationKey: pair.destination.view.key,
      chain: process ? chainOf(process, parts.processes, clock, parts.makerOf(flow)) : [],
      by: process ?? { ran: undefined },
      flows: openFlowsOf(flows, pairs, slot),
      closed: [],
      ended: pair.ended.splice(0),
      saved: undefined,
      isDirty: true,
    }
    for (const other of alert.flows) noteElsewhere(alert, parts.processOf(other))
    pair.identity.alertsOpened++
    pair.alertId = alert.id
    pair.pinned = true
    alerts.set(alert.id, alert)
    byPair.set(pair.key, alert)
    counters.alerts++
    revise(alert, slot, pair, 'opened')
    if (alert.flows.size === 0) alert.settledAtMs = clock.nowMs + settleMs(alert)
  }

  const mayUpdate = (alert: LiveAlert, slot: number, pair: Pair): void => {
    if (clock.nowMs - alert.saidAtMs < REVISION_INTERVAL_MS || seeding) return
    const out = pairs.f64[slot * PAIR_DOUBLES + P.out] as number
    const unread = pairs.i32[slot * PAIR_INTEGERS + C.unreadFlows] as number
    if (
      alert.severity !== alert.saidSeverity ||
      (out > 0 && out >= alert.saidOut * VOLUME_STEP) ||
      (unread > 0 && unread >= alert.saidUnread * VOLUME_STEP) ||
      pair.identity.alertsRolledUp > alert.saidRolledUp
    )
      revise(alert, slot, pair, 'updated')
  }

  const storeOne = (alert: LiveAlert): void => {
    const slot = pairs.find(pairKeyOf(alert))
    const pair = pairs.meta[slot]
    // Out of the table it has not changed since it was stored on leaving it.
    if (pair) book.retain(pair.identity)
    if (pair)
      storeAlert(baseline, alert, slot, pair, pairs, flows, clock, limits.storedFlows, listing)
    alert.isDirty = false
  }

  const evaluate = (slot: number, flow: number, of?: Process): void => {
    const base = slot * PAIR_DOUBLES
    const d = pairs.f64
    // Most reports end here, by numbers alone.
    const isSuspect = mayCross(
      (d[base + P.out] as number) - (d[base + P.dayOut] as number),
      (d[base + P.in] as number) - (d[base + P.dayIn] as number),
      d[base + P.largestOut] as number,
      d[base + P.largestIn] as number,
      d[base + P.silentOut] as number,
      d[base + P.silent10] as number,
      pairs.unread24(slot),
    )
    const pair = pairs.meta[slot] as Pair
    if (pair.alertId === undefined) {
      if (!isSuspect) return
      score(slot, pair)
      if (!points.gate || suppression.isHeld(pair)) return
      if (pair.rolledUpDay >= 0 && pair.rolledUpDay === today()) return
      open(slot, flow, pair, of)
      return
    }
    const alert = alerts.get(pair.alertId)
    if (alert === undefined) return
    alert.isOpen = true
    pair.pinned = true
    score(slot, pair)
    const severity = severityOf(points.total)
    if (severity && RANK[severity] > RANK[alert.severity]) raise(alert, slot, pair)
    mayUpdate(alert, slot, pair)
  }

  const detector: Detector = {
    evaluate,
    attached(slot, flow) {
      const alertIdOfPair = pairs.meta[slot]?.alertId
      const alert = alertIdOfPair === undefined ? undefined : alerts.get(alertIdOfPair)
      if (alert === undefined) return
      alert.flows.add(flow)
      noteElsewhere(alert, parts.processOf(flow))
      alert.settledAtMs = Number.POSITIVE_INFINITY
      alert.isDirty = true
    },
    detached(slot, flow) {
      const pair = pairs.meta[slot] as Pair
      const alert = pair.alertId === undefined ? undefined : alerts.get(pair.alertId)
      if (alert === undefined) {
        listing.end(pair.ended, flow, ENDED_MAX)
        return
      }
      alert.flows.delete(flow)
      listing.end(alert.ended, flow, LISTED_MAX)
      alert.closed.push(storedFlow(flows, flow))
      if (alert.closed.length > CLOSED_MAX) alert.closed.shift()
      alert.isDirty = true
      if (alert.flows.size === 0) alert.settledAtMs = clock.nowMs + settleMs(alert)
    },
    pairAdded(slot) {
      const pair = pairs.meta[slot] as Pair
      stand(slot, pair)
      const alert = byPair.get(pair.key)
      suppression.came(pair.key, alert?.saved !== undefined)
      if (alert === undefined) return
      pair.alertId = alert.id
      pair.pinned = alert.isOpen
      if (alert.saved) pairs.restore(slot, alert.saved, 0, clock.nowMs)
      alert.saved = undefined
    },
    renamed(former, slot) {
      const pair = pairs.meta[slot] as Pair
      stand(slot, pair)
      const alert = byPair.get(former)
      suppression.renamed(former, pair.key)
      if (alert === undefined) return false
      byPair.delete(former)
      byPair.set(pair.key, alert)
      const [self] = alert.chain
      if (self && (self.identityKey ?? alert.identityKey) === alert.identityKey)
        self.identityKey = pair.identity.stored.key
      alert.identityKey = pair.identity.stored.key
      // What was believed of it may have been wrong: it is scored as what it is.
      alert.score = Number.NEGATIVE_INFINITY
      alert.severity = 'low'
      revise(alert, slot, pair, alert.isOpen ? 'updated' : 'final')
      return true
    },
    folded: suppression.renamed,
    judge(slot, process) {
      evaluate(slot, -1, process)
    },
    pairRemoved(slot) {
      const pair = pairs.meta[slot] as Pair
      const alert = pair.alertId === undefined ? undefined : alerts.get(pair.alertId)
      suppression.left(slot, pair.key, alert !== undefined)
      if (alert === undefined) return
      storeOne(alert)
      alert.saved = pairs.snapshot(slot)
      // Its flows are of no pair now and will not be detached: their rows may soon be others'.
      alert.ended = listing.keep(alert.flows, alert.ended)
      alert.flows.clear()
    },
    pass() {
      suppression.pass()
      if (clock.nowMs >= seedingEndsMs) detector.seeded()
      const over: number[] = []
      for (const alert of alerts.values()) {
        const slot = pairs.find(pairKeyOf(alert))
        const pair = pairs.meta[slot]
        if (!alert.isOpen) {
          if (wallNowMs(clock) < alert.coolsUntilMs) continue
          forget(alert)
          if (pair) over.push(slot)
          continue
        }
        if (pair === undefined || seeding) continue
        if (alert.flows.size > 0 || parts.isAwaited(pair.key)) {
          mayUpdate(alert, slot, pair)
          continue
        }
        if (clock.nowMs < alert.settledAtMs) continue
        alert.isOpen = false
        alert.finals++
        alert.coolsUntilMs = wallNowMs(clock) + COOLDOWN_MS
        pair.pinned = false
        revise(alert, slot, pair, 'final')
      }
      let openAlerts = 0
      for (const alert of alerts.values()) if (alert.isOpen) openAlerts++
      counters.openAlerts = openAlerts
      return over
    },
    judgeAnew: suppression.judgeAnew,
    seed() {
      const waited: { flow: StoredFlow; key: string; omitted: boolean }[] = []
      for (const stored of baseline.alerts()) {
        const revived = alerts.size < limits.alerts ? reviveAlert(stored, book, clock) : undefined
        if (revived === undefined) {
          unreadable++
          baseline.removeAlert(stored.id)
          continue
        }
        const { alert, pair, snapshot, shiftMs } = revived
        alerts.set(alert.id, alert)
        byPair.set(pair.key, alert)
        const slot = pairs.add(pair, clock.nowMs)
        stand(slot, pair)
        pairs.restore(slot, snapshot, shiftMs, clock.nowMs)
        for (const flow of revived.flows)
          waited.push({ flow, key: pair.key, omitted: revived.flowsOmitted > 0 })
      }
      suppression.seed()
      seeding = alerts.size > 0
      seedingEndsMs = clock.nowMs + SEEDING_MAX_MS
      return waited
    },
    seeded() {
      seedingEndsMs = Number.POSITIVE_INFINITY
      if (!seeding) return
      seeding = false
      for (const alert of alerts.values()) {
        const slot = pairs.find(pairKeyOf(alert))
        const pair = pairs.meta[slot]
        if (pair && alert.isOpen && alert.flows.size > 0) revise(alert, slot, pair, 'updated')
      }
    },
    store() {
      for (const alert of alerts.values()) if (alert.isDirty) storeOne(alert)
      suppression.save()
    },
    unreadable: () => unreadable,
  }
  return detector
}
