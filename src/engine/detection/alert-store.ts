// A live alert as the baseline keeps it, and back: with it a restart neither repeats nor forgets an upload.
import type { Baseline, StoredAlert } from '../../baseline/baseline.ts'
import { bytesSum } from '../../units.ts'
import type { Clock } from '../clock.ts'
import type { StoredFlow } from '../flow/flow-memory.ts'
import { D, F, FLOW_DOUBLES, FLOW_WORDS, type FlowTable } from '../flow/flow-table.ts'
import type { IdentityBook } from '../identity/identity-book-parts.ts'
import { readListing, storedListing } from '../pair/ended-flows.ts'
import { P, PAIR_DOUBLES } from '../pair/pair-row.ts'
import type { PairSnapshot } from '../pair/pair-snapshot.ts'
import type { Pair, PairTable } from '../pair/pair-table.ts'
import { type LiveAlert, readAlertState, writeAlertState } from './alert.ts'
import type { FlowListing } from './alert-flows.ts'
import { figuresOf, readSpread, storedSpread } from './spread.ts'

const DAY_MS = 86_400_000

/** A flow with what its pair has of it. */
export function storedFlow(flows: FlowTable, flow: number): StoredFlow {
  const row = flow * FLOW_WORDS
  const base = flow * FLOW_DOUBLES
  return [
    flows.u32[row + F.idLow] as number,
    flows.u32[row + F.idHigh] as number,
    flows.u32[row + F.epoch] as number,
    flows.f64[base + D.countedOut] as number,
    flows.f64[base + D.countedIn] as number,
  ]
}

/** The open flows of an alert; at most `max`. */
function listFlows(alert: LiveAlert, flows: FlowTable, max: number): StoredFlow[] {
  const list: StoredFlow[] = []
  for (const flow of alert.flows) {
    if (list.length >= max) break
    list.push(storedFlow(flows, flow))
  }
  return list
}

/** Puts the alert of the pair in `slot` into the baseline. */
export function storeAlert(
  baseline: Baseline,
  alert: LiveAlert,
  slot: number,
  pair: Pair,
  pairs: PairTable,
  flows: FlowTable,
  clock: Clock,
  flowsMax: number,
  listing: FlowListing,
): void {
  const list = listFlows(alert, flows, flowsMax)
  const { destination, identity } = pair
  const { responsible } = identity
  const base = slot * PAIR_DOUBLES
  const state = writeAlertState(
    {
      bootId: clock.bootId,
      offsetNs: clock.offsetNs.toString(),
      revision: alert.revision,
      severity: alert.severity,
      score: alert.score,
      reasons: alert.reasons,
      saidOut: alert.saidOut,
      saidUnread: alert.saidUnread,
      finals: alert.finals,
      isOpen: alert.isOpen,
      coolsUntilMs: Number.isFinite(alert.coolsUntilMs) ? alert.coolsUntilMs : 0,
      responsible: responsible
        ? { key: responsible.key ?? null, signerClass: responsible.signerClass }
        : null,
      destination: {
        address: [...destination.address],
        port: destination.view.port,
        hostname: destination.view.hostname,
        protocol: destination.view.protocol,
        text: destination.view.address,
        scope: destination.scope,
        bareAddress: destination.bareAddress,
        newToIdentity: pair.newToIdentity,
        newToHost: pair.newToHost,
      },
      pair: pairs.snapshot(slot),
      flows: list,
      closed: alert.closed,
      spread: storedSpread(alert.spread),
      reasonsOf: alert.reasonsOf,
      listed: storedListing(listing.keep(alert.flows, alert.ended)),
      flowsOmitted: alert.flows.size - list.length,
    },
    alert,
  )
  baseline.putAlert({
    id: alert.id,
    identityKey: alert.identityKey,
    destinationKey: alert.destinationKey,
    openedAt: alert.openedAt,
    updatedAt: alert.updatedAt,
    bytesOut: bytesSum(pairs.f64[base + P.out] as number, 'bytes_out'),
    bytesIn: bytesSum(pairs.f64[base + P.in] as number, 'bytes_in'),
    state,
  })
}

export type Revived = {
  alert: LiveAlert
  pair: Pair
  snapshot: PairSnapshot
  /** To add to times of the snapshot: not 0 when it is of another boot. */
  shiftMs: number
  /** Flows that may be heard of again, open or closed: none after another boot. */
  flows: StoredFlow[]
  flowsOmitted: number
}

/** The alert of a stored one and its pair; undefined when it cannot be read or its identity is not known. */
export function reviveAlert(
  stored: StoredAlert,
  book: IdentityBook,
  clock: Clock,
): Revived | undefined {
  const read = readAlertState(stored)
  const identity = read && book.recall(stored.identityKey)
  if (read === undefined || identity === undefined) return undefined
  const { state, chain, ran, destination } = read
  if (state.responsible)
    identity.responsible ??= {
      key: state.responsible.key ?? undefined,
      signerClass: state.responsible.signerClass,
    }
  const day = Math.floor(Number(stored.openedAt) / 1e6 / DAY_MS)
  if (identity.alertDay === day) {
    identity.alertsOpened++
    identity.alertBest = Math.max(identity.alertBest, state.score)
  } else if (day > identity.alertDay) {
    identity.alertDay = day
    identity.alertsOpened = 1
    identity.alertBest = state.score
  }
  const pairKey = `${stored.identityKey}\n${stored.destinationKey}`
  const spread = readSpread(state.spread)
  const isSameBoot = state.bootId === clock.bootId
  return {
    alert: {
      id: stored.id,
      revision: state.revision,
      severity: state.severity,
      saidSeverity: state.severity,
      saidScore: state.score,
      score: state.score,
      reasons: state.reasons,
      openedAt: stored.openedAt,
      updatedAt: stored.updatedAt,
      saidOut: state.saidOut,
      saidUnread: state.saidUnread,
      saidSpread: figuresOf(spread),
      spread,
      reasonsOf: state.reasonsOf ?? '',
      saidAtMs: Number.NEGATIVE_INFINITY,
      finals: state.finals,
      rank: { score: state.score, bytesOut: state.saidOut },
      gaveWay: false,
      isOpen: state.isOpen,
      quietSinceMs: Number.NEGATIVE_INFINITY,
      coolsUntilMs: state.isOpen ? Number.POSITIVE_INFINITY : state.coolsUntilMs,
      identityKey: stored.identityKey,
      destinationKey: stored.destinationKey,
      pairKey,
      chain,
      by: { ran },
      flows: new Set(),
      closed: isSameBoot ? state.closed : [],
      ended: readListing(state.listed),
      aside: undefined,
      saved: undefined,
      isDirty: false,
    },
    pair: {
      key: pairKey,
      identity,
      destination,
      newToIdentity: state.destination.newToIdentity,
      newToHost: state.destination.newToHost,
      isShared: false,
      alertId: stored.id,
      suppressed: false,
      exception: undefined,
      rolledUp: undefined,
      pinned: state.isOpen,
      ended: [],
    },
    snapshot: state.pair,
    shiftMs: isSameBoot ? 0 : Number(BigInt(state.offsetNs) - clock.offsetNs) / 1e6,
    flows: isSameBoot ? [...state.closed, ...state.flows] : [],
    flowsOmitted: isSameBoot ? state.flowsOmitted : 0,
  }
}
