// When an alert is said anew, and how high it is by then.
import { wallNow } from '../clock.ts'
import type { AlertState, Severity } from '../finding.ts'
import { C, P, PAIR_DOUBLES, PAIR_INTEGERS } from '../pair/pair-row.ts'
import type { Pair } from '../pair/pair-table.ts'
import type { LiveAlert } from './alert.ts'
import { alertView, type Moment, standingText } from './alert-view.ts'
import type { DetectorParts } from './detector-parts.ts'
import { severityOf } from './score.ts'
import type { Scoring } from './scoring.ts'

const VOLUME_STEP = 4
/** Updates of an alert are at least this far apart. */
const REVISION_INTERVAL_MS = 60_000
const RANK: Record<Severity, number> = { low: 1, medium: 2, high: 3 }

export type Revisions = {
  /** Takes the present score where its severity is higher than the alert's. REQUIRES: the pair was scored last. */
  raise(alert: LiveAlert, slot: number, pair: Pair): void
  /** Says it as it is now. */
  revise(alert: LiveAlert, slot: number, pair: Pair, state: AlertState): void
  /** Says it if enough is new about it. */
  mayUpdate(alert: LiveAlert, slot: number, pair: Pair): void
}

export function createRevisions(parts: DetectorParts, scoring: Scoring): Revisions {
  const { baseline, clock, pairs, listing } = parts
  const moment = (): Moment => ({ clock, baseline, policyVersion: parts.policy().version })

  /** Takes the present score if it is the highest so far. */
  const take = (alert: LiveAlert, slot: number, pair: Pair): void => {
    const total = scoring.total()
    if (total < alert.score) return
    alert.score = total
    alert.reasons = scoring.explain(standingText(alert, pairs, slot, pair, moment()))
    const severity = severityOf(total)
    if (severity && RANK[severity] > RANK[alert.severity]) alert.severity = severity
  }

  const revise = (alert: LiveAlert, slot: number, pair: Pair, state: AlertState): void => {
    pairs.turn(slot, clock.nowMs)
    scoring.score(slot, pair)
    take(alert, slot, pair)
    alert.revision++
    alert.updatedAt = wallNow(clock)
    alert.saidAtMs = clock.nowMs
    alert.saidOut = pairs.f64[slot * PAIR_DOUBLES + P.out] as number
    alert.saidUnread = pairs.i32[slot * PAIR_INTEGERS + C.unreadFlows] as number
    alert.saidRolledUp = pair.identity.alertsRolledUp
    alert.saidSeverity = alert.severity
    alert.saidScore = alert.score
    alert.isDirty = true
    const listed = listing.list(alert.flows, alert.ended)
    parts.emit(alertView(alert, state, pairs, slot, pair, moment(), listed))
  }

  return {
    raise(alert, slot, pair) {
      const total = scoring.total()
      const severity = severityOf(total)
      const isHigher = severity && RANK[severity] > RANK[alert.severity]
      if (isHigher || total >= alert.saidScore + scoring.riseSaid) take(alert, slot, pair)
    },
    revise,
    mayUpdate(alert, slot, pair) {
      if (clock.nowMs - alert.saidAtMs < REVISION_INTERVAL_MS) return
      const out = pairs.f64[slot * PAIR_DOUBLES + P.out] as number
      const unread = pairs.i32[slot * PAIR_INTEGERS + C.unreadFlows] as number
      if (
        alert.severity !== alert.saidSeverity ||
        alert.score >= alert.saidScore + scoring.riseSaid ||
        (out > 0 && out >= alert.saidOut * VOLUME_STEP) ||
        (unread > 0 && unread >= alert.saidUnread * VOLUME_STEP) ||
        pair.identity.alertsRolledUp > alert.saidRolledUp
      )
        revise(alert, slot, pair, 'updated')
    },
  }
}
