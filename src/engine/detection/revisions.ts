// When an alert is said anew, and how high it is by then.
import { wallNow } from '../clock.ts'
import type { AlertState, Severity } from '../finding.ts'
import { C, P, PAIR_DOUBLES, PAIR_INTEGERS } from '../pair/pair-row.ts'
import type { Pair } from '../pair/pair-table.ts'
import type { LiveAlert } from './alert.ts'
import { alertView, hostPort, type Moment, standingText } from './alert-view.ts'
import type { DetectorParts } from './detector-parts.ts'
import { severityOf } from './score.ts'
import type { Scoring } from './scoring.ts'
import { figuresOf } from './spread.ts'

/** Times the bytes from which on it is worth another look. */
export const VOLUME_STEP = 4
/** Times the destinations that are counted within an alert. */
const SPREAD_STEP = 2
/** Updates of an alert are at least this far apart. */
const REVISION_INTERVAL_MS = 60_000
/**
 * A pair whose flows have all closed may be between two of them. How long it must be quiet to be over doubles with each
 * final: up to a minute where its figures have changed by as much as an update wants, else up to an hour. So a drip ends
 * in 35 finals a day at the most, whatever its pauses (one had 815), and what is over is said within the hour.
 */
const QUIET_MS = 500
const QUIET_NEWS_MAX_MS = 60_000
const QUIET_MAX_MS = 3_600_000
/** From here on the quiet is as long as it gets. */
const FINALS_TOLD_APART = 16
const RANK: Record<Severity, number> = { low: 1, medium: 2, high: 3 }

export type Revisions = {
  /**
   * Takes the present score where its severity is higher than the alert's, or it is rarer by as much as is said. REQUIRES: the
   * pair, the alert's own or one that is counted within it, was scored last.
   */
  raise(alert: LiveAlert, slot: number, pair: Pair): void
  /** Says it as it is now. */
  revise(alert: LiveAlert, slot: number, pair: Pair, state: AlertState): void
  /** Says it if enough is new about it. */
  mayUpdate(alert: LiveAlert, slot: number, pair: Pair): void
  /** Its flows have been closed for long enough for it to be over. */
  isQuiet(alert: LiveAlert, slot: number): boolean
}

export function createRevisions(parts: DetectorParts, scoring: Scoring): Revisions {
  const { baseline, clock, pairs, listing } = parts
  const { reference } = scoring
  const moment = (): Moment => {
    return { clock, baseline, policyVersion: parts.policy().version, reference }
  }

  /** What a full table goes by is the highest that any report had. */
  const rankUp = ({ rank }: LiveAlert, slot: number): void => {
    rank.score = Math.max(rank.score, scoring.total())
    rank.bytesOut = Math.max(rank.bytesOut, pairs.f64[slot * PAIR_DOUBLES + P.out] as number)
  }
  /** Takes the present score if it is the highest so far. */
  const take = (alert: LiveAlert, slot: number, pair: Pair): void => {
    rankUp(alert, slot)
    const total = scoring.total()
    if (total < alert.score) return
    alert.score = total
    alert.reasonsOf =
      pair.alertId === alert.id || scoring.isOfProgram() ? '' : hostPort(pair.destination)
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
    alert.saidSpread = figuresOf(alert.spread)
    alert.saidSeverity = alert.severity
    alert.saidScore = alert.score
    alert.isDirty = true
    const listed = listing.list(alert.flows, alert.ended)
    parts.emit(alertView(alert, state, pairs, slot, pair, moment(), listed))
  }

  /** Its figures are others than those that were said last, by as much as an update wants. */
  const isNews = (alert: LiveAlert, slot: number): boolean => {
    const out = pairs.f64[slot * PAIR_DOUBLES + P.out] as number
    const unread = pairs.i32[slot * PAIR_INTEGERS + C.unreadFlows] as number
    return (
      alert.severity !== alert.saidSeverity ||
      alert.score >= alert.saidScore + scoring.riseSaid ||
      isMore(out, alert.saidOut) ||
      isMore(unread, alert.saidUnread) ||
      hasSpread(alert)
    )
  }
  const hasSpread = ({ spread, saidSpread }: LiveAlert): boolean =>
    (spread.count > 0 && spread.count >= saidSpread.count * SPREAD_STEP) ||
    isMore(spread.bytesOut, saidSpread.bytesOut) ||
    // A crowd beside it does not hide the one.
    isMore(spread.named[0]?.bytesOut ?? 0, saidSpread.largestOut)
  const isMore = (now: number, said: number): boolean => now > 0 && now >= said * VOLUME_STEP
  /** Any figure is another than the one that was said last. */
  const isOther = ({ saidOut, saidUnread, spread, saidSpread }: LiveAlert, slot: number): boolean =>
    pairs.f64[slot * PAIR_DOUBLES + P.out] !== saidOut ||
    pairs.i32[slot * PAIR_INTEGERS + C.unreadFlows] !== saidUnread ||
    spread.bytesOut !== saidSpread.bytesOut

  return {
    raise(alert, slot, pair) {
      rankUp(alert, slot)
      const total = scoring.total()
      const severity = severityOf(total)
      const isHigher = severity && RANK[severity] > RANK[alert.severity]
      if (isHigher || total >= alert.saidScore + scoring.riseSaid) take(alert, slot, pair)
    },
    revise,
    mayUpdate(alert, slot, pair) {
      const sinceMs = clock.nowMs - alert.saidAtMs
      if (sinceMs < REVISION_INTERVAL_MS) return
      // A flow that stays open keeps its alert from being over, and not from being told.
      const isLate = sinceMs >= QUIET_MAX_MS && isOther(alert, slot)
      if (isLate || isNews(alert, slot)) revise(alert, slot, pair, 'updated')
    },
    isQuiet(alert, slot) {
      const quietMs = clock.nowMs - alert.quietSinceMs
      const wantedMs = QUIET_MS * 2 ** Math.min(alert.finals, FINALS_TOLD_APART)
      if (quietMs < Math.min(QUIET_NEWS_MAX_MS, wantedMs)) return false
      return quietMs >= Math.min(QUIET_MAX_MS, wantedMs) || isNews(alert, slot)
    },
  }
}
