// Whether a pair has an alert of its own, and that alert as it opens.
import { recordNs, today, wallNow } from '../clock.ts'
import type { Severity } from '../finding.ts'
import { F, FLOW_WORDS } from '../flow/flow-table.ts'
import { P, PAIR_DOUBLES } from '../pair/pair-row.ts'
import type { Pair } from '../pair/pair-table.ts'
import type { Process } from '../process/process.ts'
import type { LiveAlert, Rank } from './alert.ts'
import { openFlowsOf } from './alert-flows.ts'
import { alertId } from './alert-id.ts'
import { chainOf, noteElsewhere } from './alert-view.ts'
import type { DetectorParts } from './detector-parts.ts'
import type { LiveAlerts } from './live-alerts.ts'
import { createMakingRoom } from './making-room.ts'
import { type Revisions, VOLUME_STEP } from './revisions.ts'
import type { RollUps } from './roll-ups.ts'
import { severityOf } from './score.ts'
import type { Scoring } from './scoring.ts'
import { sendingOf } from './sending.ts'
import { figuresOf, noSpread } from './spread.ts'

export type AlertOpening = {
  /** Opens one for the pair that was scored last, unless something keeps it back; `flow` is -1 where none brought it about. */
  open(slot: number, flow: number, pair: Pair, process: Process | undefined): void
  /** The pair that was scored last was held back before, and is no rarer by as much as a revision wants. */
  isHeldBackStill(slot: number, pair: Pair): boolean
}

export function createAlertOpening(
  parts: DetectorParts,
  scoring: Scoring,
  live: LiveAlerts,
  revisions: Revisions,
  rollUps: RollUps,
): AlertOpening {
  const { clock, counters, pairs, flows, suppression } = parts
  const { makeRoom } = createMakingRoom(parts, live, revisions)

  const rankOf = (slot: number): Rank => ({
    score: scoring.total(),
    bytesOut: pairs.f64[slot * PAIR_DOUBLES + P.out] as number,
  })

  /** Whether something keeps the pair from having an alert of its own; counted. */
  const isHeldBack = (slot: number, pair: Pair, process: Process | undefined): boolean => {
    const { identity } = pair
    const chain = process ? chainOf(process, parts.processes, clock) : []
    const paths = chain.map(({ path }) => path)
    if (suppression.holdsBack(pair, sendingOf(pair, process, paths))) return true
    const day = today(clock)
    if (identity.alertDay !== day) {
      identity.alertDay = day
      identity.alertsOpened = 0
      identity.alertBest = 0
    }
    const rank = rankOf(slot)
    const latest = live.latestOf(identity.stored.key)
    const isSaid =
      identity.alertsOpened >= scoring.alertsADay ||
      (identity.alertsOpened > 0 && scoring.isOfProgram())
    // Where none lives in which it would be told, it has its own.
    if (latest && isSaid) {
      // What is rarer than all that was told of it that day has its own all the same; what spreads goes on in the one.
      const isSpread = scoring.isOfProgram() && !rollUps.isMost(latest, pair, rank)
      if (isSpread || !(rank.score >= identity.alertBest + scoring.riseSaid)) {
        if (isSpread) identity.alertBest = Math.max(identity.alertBest, rank.score)
        rollUps.rollUp(latest, slot, pair, rank)
        return true
      }
    }
    if (makeRoom(rank)) return false
    if (latest && live.ofId(latest.id)) {
      rollUps.rollUp(latest, slot, pair, rank)
      return true
    }
    const isCounted = pair.rolledUp?.day === day
    pair.rolledUp = { day, ...rank, into: undefined, countedOut: 0 }
    if (isCounted) return true
    counters.unopened++
    parts.onCrowded('unopened')
    return true
  }

  const idOf = (flow: number, { identity, destination }: Pair): string => {
    const row = flow * FLOW_WORDS
    return alertId(parts.deviceId, identity.stored.key, destination.view.key, {
      atNs: recordNs(clock),
      flowIdLow: flows.u32[row + F.idLow] ?? 0,
      flowIdHigh: flows.u32[row + F.idHigh] ?? 0,
      epoch: flows.u32[row + F.epoch] ?? 0,
    })
  }

  const newAlert = (
    slot: number,
    flow: number,
    pair: Pair,
    process: Process | undefined,
    severity: Severity,
    rank: Rank,
  ): LiveAlert => {
    const at = wallNow(clock)
    return {
      id: idOf(flow, pair),
      revision: 0,
      severity,
      saidSeverity: severity,
      saidScore: 0,
      score: Number.NEGATIVE_INFINITY,
      reasons: [],
      openedAt: at,
      updatedAt: at,
      saidOut: 0,
      saidUnread: 0,
      saidSpread: figuresOf(noSpread()),
      spread: noSpread(),
      reasonsOf: '',
      saidAtMs: clock.nowMs,
      finals: 0,
      rank,
      gaveWay: false,
      isOpen: true,
      quietSinceMs: Number.POSITIVE_INFINITY,
      coolsUntilMs: Number.POSITIVE_INFINITY,
      identityKey: pair.identity.stored.key,
      destinationKey: pair.destination.view.key,
      pairKey: pair.key,
      chain: process ? chainOf(process, parts.processes, clock, parts.makerOf(flow)) : [],
      by: process ?? { ran: undefined },
      flows: openFlowsOf(flows, pairs, slot),
      closed: [],
      ended: pair.ended.splice(0),
      aside: undefined,
      saved: undefined,
      isDirty: true,
    }
  }

  return {
    open(slot, flow, pair, process) {
      // Making room scores another pair.
      const rank = rankOf(slot)
      const isOfProgram = scoring.isOfProgram()
      const severity = severityOf(rank.score)
      if (severity === undefined) return
      if (isHeldBack(slot, pair, process)) return
      rollUps.parted(pair)
      const alert = newAlert(slot, flow, pair, process, severity, rank)
      for (const other of alert.flows) noteElsewhere(alert, parts.processOf(other))
      pair.identity.alertsOpened++
      pair.identity.alertBest = Math.max(pair.identity.alertBest, rank.score)
      pair.alertId = alert.id
      pair.pinned = true
      live.keep(alert)
      counters.alerts++
      if (isOfProgram) rollUps.gather(alert, pair)
      revisions.revise(alert, slot, pair, 'opened')
      if (alert.flows.size === 0) alert.quietSinceMs = clock.nowMs
    },
    isHeldBackStill(slot, { rolledUp, identity }) {
      if (rolledUp === undefined || rolledUp.day !== today(clock)) return false
      const { score, bytesOut } = rankOf(slot)
      if (bytesOut >= rolledUp.bytesOut * VOLUME_STEP) return false
      if (rolledUp.into === undefined)
        return score < rolledUp.score + scoring.riseSaid && !live.hasRoom()
      return (
        !(score >= identity.alertBest + scoring.riseSaid) && live.ofId(rolledUp.into) !== undefined
      )
    },
  }
}
