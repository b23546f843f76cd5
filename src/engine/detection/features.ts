// What the score reads of a pair, taken from its rows without making an object.
import { distanceOf } from '../../baseline/history.ts'
import { type Clock, wallNowMs } from '../clock.ts'
import { isServed } from '../destination/destination.ts'
import { HOURS } from '../hours.ts'
import type { IdentityBook } from '../identity/identity-book-parts.ts'
import { P, PAIR_DOUBLES } from '../pair/pair-row.ts'
import type { Pair, PairTable } from '../pair/pair-table.ts'
import { DRIP_FROM_HOURS, type Features, standingOf } from './score.ts'

const DAY_MS = 86_400_000

export const emptyFeatures = (): Features => ({
  standing: standingOf('unsigned', undefined),
  networkAgeMs: 0,
  wasHere: false,
  isEdited: false,
  versionAgeMs: 0,
  coldStart: false,
  named: undefined,
  newToIdentity: false,
  newToHost: false,
  bareAddress: false,
  privateNetwork: false,
  served: false,
  protocol: 6,
  remotePort: 0,
  out24: 0,
  in24: 0,
  largestOut: 0,
  largestIn: 0,
  silentOut: 0,
  silentFlows10: 0,
  unread24: 0,
  outBeforeIn: 0,
  activeHours: 0,
  hasOrdinary: false,
  deviations: 0,
  dripDeviations: 0,
  hourOut: 0,
  ordinaryOut: 0,
  inEpoch: false,
})

/** Fills `f` from the pair in `slot`. REQUIRES: its rings are turned to now. Its standing is the detector's to fill in. */
export function loadFeatures(
  f: Features,
  pairs: PairTable,
  slot: number,
  pair: Pair,
  clock: Clock,
  book: IdentityBook,
): void {
  const base = slot * PAIR_DOUBLES
  const d = pairs.f64
  const { identity, destination } = pair
  f.networkAgeMs = Math.max(0, wallNowMs(clock) - identity.firstNetworkMs)
  f.wasHere = identity.wasHere
  f.isEdited = identity.isEdited
  f.versionAgeMs = Math.max(0, wallNowMs(clock) - Number(identity.stored.firstExecAt) / 1e6)
  f.coldStart = identity.coldStart
  f.named = identity.named
  f.newToIdentity = pair.newToIdentity
  f.newToHost = pair.newToHost
  f.bareAddress = destination.bareAddress
  f.privateNetwork = destination.scope === 'private'
  f.served = isServed(destination.view.key)
  f.protocol = destination.view.protocol
  f.remotePort = destination.view.port
  f.out24 = (d[base + P.out] as number) - (d[base + P.dayOut] as number)
  f.in24 = (d[base + P.in] as number) - (d[base + P.dayIn] as number)
  // A flow that ended a day ago says nothing of today.
  const isPresent = clock.nowMs - (d[base + P.largestAtMs] as number) < DAY_MS
  f.largestOut = isPresent ? (d[base + P.largestOut] as number) : 0
  f.largestIn = isPresent ? (d[base + P.largestIn] as number) : 0
  f.silentOut = isPresent ? (d[base + P.silentOut] as number) : 0
  f.silentFlows10 = d[base + P.silent10] as number
  f.unread24 = pairs.unread24(slot)
  f.outBeforeIn = isPresent ? (d[base + P.outBeforeIn] as number) : 0
  f.activeHours = d[base + P.activeHours] as number
  // The present hour is looked up only where it decides: its mark lies in a cache line of its own.
  if (f.activeHours + 1 >= DRIP_FROM_HOURS) {
    const mark = d[base + P.hourOut + ((d[base + P.hour] as number) % HOURS)] as number
    if ((d[base + P.out] as number) > mark) f.activeHours++
  }
  const { ordinary } = identity
  f.hasOrdinary = ordinary !== undefined
  f.hourOut = book.sentOf[identity.slot] as number
  f.deviations = ordinary ? distanceOf(ordinary, f.hourOut) : 0
  f.ordinaryOut = ordinary ? Math.expm1(ordinary.median) : 0
  f.dripDeviations = identity.history.drip
  f.inEpoch = book.isEpoch && identity.stored.signerClass === 'platform'
}
