// Brings the bytes of counted flows to their pairs, each exactly once, and notices flows that get no answer.
import type { Baseline } from '../../baseline/baseline.ts'
import { Source } from '../../records/record.gen.ts'
import { type Clock, wallNow, wallOfMs } from '../clock.ts'
import {
  type Destination,
  isServed,
  makeDestination,
  makePeer,
} from '../destination/destination.ts'
import type { Sighting } from '../finding.ts'
import type { FlowMemory } from '../flow/flow-memory.ts'
import type { FlowRows } from '../flow/flow-rows.ts'
import { D, F, FLOW_DOUBLES, FLOW_WORDS, FlowBit, NO_PAIR, Phase } from '../flow/flow-table.ts'
import type { CountedFlows } from '../flow/handed-flows.ts'
import type { IdentityBook } from '../identity/identity-book-parts.ts'
import { identityView } from '../identity/identity-view.ts'
import { processView } from '../identity/process-view.ts'
import type { Policy } from '../policy.ts'
import type { IdentityState, Process } from '../process/process.ts'
import type { JudgedPairs } from './handed-pairs.ts'
import type { IdleFlows } from './idle-flows.ts'
import { C, P, PAIR_DOUBLES, PAIR_INTEGERS } from './pair-row.ts'
import type { Pair, PairTable } from './pair-table.ts'
import { createSilentWatch, SILENT_AFTER_MS } from './silent-watch.ts'
import type { TraitCounts } from './trait-counts.ts'

/** What a flow has sent at least that counts as without an answer. */
export const SILENT_FLOW_BYTES = 1_024
const DAY_NS = 86_400_000_000_000n

export type PairingParts = {
  baseline: Baseline
  clock: Clock
  rows: FlowRows
  memory: FlowMemory
  pairs: PairTable
  book: IdentityBook
  judged: JudgedPairs
  idle: IdleFlows
  traits: TraitCounts
  /** So many bytes of the pair had been counted by an earlier engine, and are again. */
  onRecounted: (pairKey: string, bytes: number) => void
  policy: () => Policy
  emit: (sighting: Sighting) => void
}

export type FlowPairing = CountedFlows & {
  /** A pair has come to another identity, of this process: says what is new about that. `isFirst`: also its network use. */
  introduce(pair: Pair, process: Process, isFirst: boolean): void
  /** Time passed: notices who has waited long enough for an answer. */
  pass(): void
}

export function createFlowPairing(parts: PairingParts): FlowPairing {
  const { baseline, clock, rows, memory, pairs, book, judged, idle, traits } = parts
  const { table, hasBit } = rows
  const { u32, f64 } = table
  const { i32, f64: d } = pairs
  const { sentOf } = book
  const watch = createSilentWatch(table.capacity)

  /** What it moved for the process that has it now. */
  const ownOut = (slot: number): number =>
    (f64[slot * FLOW_DOUBLES + D.out] as number) - rows.sinceOf(slot).out
  const ownIn = (slot: number): number =>
    (f64[slot * FLOW_DOUBLES + D.in] as number) - rows.sinceOf(slot).in

  const join = (slot: number, pair: number, isResumed: boolean): void => {
    const row = slot * FLOW_WORDS
    const i = pair * PAIR_INTEGERS
    u32[row + F.pair] = pair
    u32[row + F.pairGeneration] = i32[i + C.generation] as number
    i32[i + C.openFlows] = (i32[i + C.openFlows] as number) + 1
    // What an earlier engine told of, it has counted in this hour or the last.
    if (!hasBit(slot, FlowBit.told) || (hasBit(slot, FlowBit.inPair) && !isResumed))
      i32[i + C.summaryFlows] = (i32[i + C.summaryFlows] as number) + 1
    // The numbers of a pair that came back with its alert have this flow already.
    if (!hasBit(slot, FlowBit.inPair) || pairs.meta[pair]?.alertId === undefined)
      i32[i + C.flows] = (i32[i + C.flows] as number) + 1
    if (!hasBit(slot, FlowBit.inPair) && hasBit(slot, FlowBit.earlier))
      i32[i + C.earlierFlows] = (i32[i + C.earlierFlows] as number) + 1
    if (!hasBit(slot, FlowBit.inPair)) traits.join(slot, pair)
    rows.setBit(slot, FlowBit.inPair)
    if (ownIn(slot) === 0)
      watch.add(slot, table.generation[slot] as number, clock.nowMs + SILENT_AFTER_MS)
    judged.attached(pair, slot)
  }

  const destinationOf = (slot: number): Destination => {
    const remote = u32[slot * FLOW_WORDS + F.remote] as number
    if (rows.isInbound(slot))
      return makePeer(
        rows.addressOf(slot),
        (remote >>> 16) & 0xff,
        parts.policy(),
        rows.isAccepted(slot),
      )
    return makeDestination(
      rows.addressOf(slot),
      remote & 0xffff,
      (remote >>> 16) & 0xff,
      rows.hostnameOf[slot] ?? '',
      remote >>> 24 === Source.filter,
      parts.policy(),
    )
  }

  /** Says what is new about an identity at a destination, and notes it. */
  const meet = (
    slot: number,
    identity: IdentityState,
    destination: Destination,
  ): { newToIdentity: boolean; newToHost: boolean } => {
    const at = wallOfMs(clock, f64[slot * FLOW_DOUBLES + D.firstAtMs] as number)
    const process = rows.processOf[slot]
    const sighted = (of: Sighting['of']): void => {
      // What it is may be known soon, and is said then.
      if (process && !identity.isTentative)
        parts.emit({
          of,
          identity: identityView(identity),
          process: processView(process, clock),
          destination: destination.view,
        })
    }
    if (book.usedNetwork(identity, at)) sighted('network')
    // Who comes is the peers' choice: a server's are no news, and thousands of them would push out what is.
    if (isServed(destination.view.key)) return { newToIdentity: false, newToHost: false }
    const identityKey = identity.stored.key
    const destinationKey = destination.view.key
    const known = baseline.destination(identityKey, destinationKey)
    if (known) return { newToIdentity: at - known.firstAt < DAY_NS, newToHost: false }
    const newToHost = !baseline.hostKnowsDestination(destinationKey)
    baseline.putDestination({ identityKey, destinationKey, firstAt: at, lastAt: at })
    sighted('destination')
    return { newToIdentity: true, newToHost }
  }

  const keyOf = (identity: IdentityState, destination: Destination): string =>
    `${identity.stored.key}\n${destination.view.key}`

  /** Finds or makes the pair of a flow that has moved its first bytes. */
  const attach = (slot: number): number => {
    idle.leave(slot)
    const identity = book.using(rows.identityOf[slot] as IdentityState)
    rows.identityOf[slot] = identity
    const destination = destinationOf(slot)
    const key = keyOf(identity, destination)
    const base = slot * FLOW_DOUBLES
    let pair = pairs.find(key)
    if (pair < 0) {
      const news = meet(slot, identity, destination)
      pair = pairs.add(
        {
          key,
          identity,
          destination,
          ...news,
          alertId: undefined,
          suppressed: false,
          exception: undefined,
          rolledUpDay: -1,
          pinned: false,
          ended: [],
        },
        f64[base + D.firstAtMs] as number,
      )
      judged.pairAdded(pair)
    }
    if (memory.isOmitted(key) && !hasBit(slot, FlowBit.inPair)) {
      // The run before had it and could not list it: what it had sent until now is counted already.
      f64[base + D.countedOut] = f64[base + D.out] as number
      f64[base + D.countedIn] = f64[base + D.in] as number
      rows.setBit(slot, FlowBit.inPair)
    }
    join(slot, pair, false)
    return pair
  }

  /** What an earlier engine said of this flow, or left to be said, is no part of this one's summaries and hours. */
  const skipTold = (slot: number, pair: number, fromOut: number, fromIn: number): void => {
    const base = slot * FLOW_DOUBLES
    const p = pair * PAIR_DOUBLES
    const out = Math.min(f64[base + D.toldOut] as number, f64[base + D.out] as number) - fromOut
    const bytesIn = Math.min(f64[base + D.toldIn] as number, f64[base + D.in] as number) - fromIn
    if (out > 0) {
      d[p + P.summaryOut] = (d[p + P.summaryOut] as number) + out
      const own = i32[pair * PAIR_INTEGERS + C.identity] as number
      sentOf[own] = (sentOf[own] as number) - out
      parts.onRecounted(pairs.meta[pair]?.key ?? '', out)
    }
    if (bytesIn > 0) d[p + P.summaryIn] = (d[p + P.summaryIn] as number) + bytesIn
  }

  /** A flow without an answer that is 30 s old, or closes. */
  const noteSilence = (slot: number, pair: number, atMs: number): void => {
    const base = slot * FLOW_DOUBLES
    const out = ownOut(slot)
    if (out >= SILENT_FLOW_BYTES && !hasBit(slot, FlowBit.silent)) {
      rows.setBit(slot, FlowBit.silent)
      pairs.countSilent(pair, atMs)
    }
    const isOld = atMs - (f64[base + D.firstAtMs] as number) >= SILENT_AFTER_MS
    const place = pair * PAIR_DOUBLES + P.silentOut
    if (isOld && rows.isTcp(slot) && out > (d[place] as number)) {
      d[place] = out
      i32[pair * PAIR_INTEGERS + C.silentFlow] = slot
    }
  }

  /** A flow that had been silent got its first answer. */
  const noteAnswer = (slot: number, pair: number): void => {
    const i = pair * PAIR_INTEGERS
    rows.clearBit(slot, FlowBit.silent)
    i32[i + C.silentFlows] = Math.max(0, (i32[i + C.silentFlows] as number) - 1)
    if (i32[i + C.silentFlow] !== slot) return
    i32[i + C.silentFlow] = -1
    d[pair * PAIR_DOUBLES + P.silentOut] = 0
  }

  return {
    update(slot, atMs) {
      const base = slot * FLOW_DOUBLES
      const out = f64[base + D.out] as number
      const bytesIn = f64[base + D.in] as number
      const countedOut = f64[base + D.countedOut] as number
      const countedIn = f64[base + D.countedIn] as number
      const moreOut = out - countedOut
      const moreIn = bytesIn - countedIn
      if (moreOut === 0 && moreIn === 0) return
      const row = slot * FLOW_WORDS
      const isSince = hasBit(slot, FlowBit.since)
      let pair = u32[row + F.pair] as number
      if (
        pair === NO_PAIR ||
        (i32[pair * PAIR_INTEGERS + C.generation] as number) !== u32[row + F.pairGeneration]
      ) {
        pair = attach(slot)
        if (f64[base + D.countedOut] === out && f64[base + D.countedIn] === bytesIn) return
      }
      f64[base + D.countedOut] = out
      f64[base + D.countedIn] = bytesIn
      pairs.count(pair, atMs, moreOut, moreIn)
      if (hasBit(slot, FlowBit.told)) skipTold(slot, pair, countedOut, countedIn)
      const p = pair * PAIR_DOUBLES
      const i = pair * PAIR_INTEGERS
      const own = i32[i + C.identity] as number
      sentOf[own] = (sentOf[own] as number) + moreOut
      const flowOut = isSince ? ownOut(slot) : out
      const flowIn = isSince ? ownIn(slot) : bytesIn
      if (flowIn === 0) {
        if (flowOut > (d[p + P.outBeforeIn] as number)) d[p + P.outBeforeIn] = flowOut
        if (atMs - (f64[base + D.firstAtMs] as number) >= SILENT_AFTER_MS)
          noteSilence(slot, pair, atMs)
      } else if (hasBit(slot, FlowBit.silent)) noteAnswer(slot, pair)
      if (flowOut > (d[p + P.largestOut] as number) || i32[i + C.largestFlow] === slot) {
        d[p + P.largestOut] = flowOut
        d[p + P.largestIn] = flowIn
        d[p + P.largestAtMs] = atMs
        i32[i + C.largestFlow] = slot
      }
      if (flowOut > (d[p + P.summaryLargest] as number)) d[p + P.summaryLargest] = flowOut
      judged.evaluate(pair, slot)
    },
    await(slot) {
      const identity = rows.identityOf[slot]
      if (identity) idle.enter(slot, keyOf(identity, destinationOf(slot)))
    },
    introduce({ identity, destination }, process, isFirst) {
      const at = wallNow(clock)
      const sighted = (of: Sighting['of']): void =>
        parts.emit({
          of,
          identity: identityView(identity),
          process: processView(process, clock),
          destination: destination.view,
        })
      if (isFirst) sighted('network')
      if (isServed(destination.view.key)) return
      const keys = { identityKey: identity.stored.key, destinationKey: destination.view.key }
      if (baseline.destination(keys.identityKey, keys.destinationKey)) return
      baseline.putDestination({ ...keys, firstAt: at, lastAt: at })
      sighted('destination')
    },
    resume(slot, expected) {
      const pair = pairs.find(expected.pairKey)
      const meta = pairs.meta[pair]
      if (meta === undefined) return false
      const base = slot * FLOW_DOUBLES
      // It is this far: reports from before, sent again, take nothing back.
      f64[base + D.out] = f64[base + D.countedOut] = expected.out
      f64[base + D.in] = f64[base + D.countedIn] = expected.in
      u32[slot * FLOW_WORDS + F.phase] = Phase.counted
      rows.identityOf[slot] = meta.identity
      rows.setBit(slot, FlowBit.inPair)
      join(slot, pair, true)
      return true
    },
    noteUnread(slot, atMs) {
      const isUnread = hasBit(slot, FlowBit.unread)
      if (hasBit(slot, FlowBit.unreadTold)) return
      let pair = rows.pairOf(slot)
      // A close that was not seen says nothing of a flow that never moved.
      if (pair < 0 && !isUnread) return
      rows.setBit(slot, FlowBit.unreadTold)
      if (pair < 0) pair = attach(slot)
      if (isUnread) pairs.countUnread(pair, atMs)
      else {
        const place = pair * PAIR_INTEGERS + C.inexactFlows
        i32[place] = (i32[place] as number) + 1
      }
      judged.evaluate(pair, slot)
    },
    noteTrait: traits.note,
    close(slot, atMs) {
      const pair = rows.pairOf(slot)
      // What came back to it is not known.
      if (hasBit(slot, FlowBit.unread)) return
      if (pair < 0 || ownIn(slot) !== 0 || ownOut(slot) === 0) return
      noteSilence(slot, pair, atMs)
      judged.evaluate(pair, slot)
    },
    leave(slot) {
      idle.leave(slot)
      const pair = rows.pairOf(slot)
      if (pair < 0) return
      const i = pair * PAIR_INTEGERS
      i32[i + C.openFlows] = (i32[i + C.openFlows] as number) - 1
      if (i32[i + C.largestFlow] === slot) i32[i + C.largestFlow] = -1
      if (i32[i + C.silentFlow] === slot) i32[i + C.silentFlow] = -1
      u32[slot * FLOW_WORDS + F.pair] = NO_PAIR
      judged.detached(pair, slot)
    },
    pass() {
      watch.due(clock.nowMs, (slot, generation) => {
        if (table.generation[slot] !== generation || ownIn(slot) !== 0) return
        const pair = rows.pairOf(slot)
        if (pair < 0) return
        pairs.turn(pair, clock.nowMs)
        noteSilence(slot, pair, clock.nowMs)
        judged.evaluate(pair, slot)
      })
    },
  }
}
