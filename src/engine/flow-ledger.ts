// Follows each flow from its first report to its close: whose it is, whether it counts, and that every byte
// of it reaches the totals and, where it counts, its pair, exactly once. The hot path is `report`.
import type { Baseline } from '../baseline/baseline.ts'
import { Direction, FlowFlag, FlowState, Source } from '../records/record.gen.ts'
import type { StoredFlow } from './alert.ts'
import { processView } from './alert-view.ts'
import { type Clock, wallNow, wallOfMs } from './clock.ts'
import type { EngineCounters, LeftOutReason } from './counters.ts'
import { type Destination, isScored, makeDestination, scopeOf } from './destination.ts'
import type { Detector } from './detector.ts'
import type { Sighting } from './finding.ts'
import {
  D,
  F,
  FLOW_DOUBLES,
  FLOW_WORDS,
  FlowBit,
  type FlowTable,
  NO_PAIR,
  Phase,
} from './flow-table.ts'
import { type IdentityBook, identityView } from './identity-book.ts'
import type { Limits } from './limits.ts'
import { C, P, PAIR_DOUBLES, PAIR_INTEGERS } from './pair-row.ts'
import type { PairTable } from './pair-table.ts'
import type { Policy } from './policy.ts'
import type { IdentityState, Process } from './process.ts'
import type { ProcessTable } from './process-table.ts'
import { standingOf } from './score.ts'
import { createSilentWatch, SILENT_AFTER_MS } from './silent-watch.ts'
import type { Top } from './top.ts'

const TWO_32 = 4_294_967_296
/** Counters from 2^53 on cannot be: their high word reaches this. */
const HIGH_MAX = 0x200000
const SILENT_FLOW_BYTES = 1_024
const TCP = 6
/** Linux gives connecting sockets ports from here on (ip_local_port_range), macOS from 49152. */
const EPHEMERAL_FROM = 32_768
const DAY_NS = 86_400_000_000_000n

export type LedgerParts = {
  baseline: Baseline
  clock: Clock
  counters: EngineCounters
  limits: Limits
  flows: FlowTable
  pairs: PairTable
  processes: ProcessTable
  book: IdentityBook
  detector: Detector
  top: Top
  /** By slot; shared with the detector. */
  processOf: (Process | undefined)[]
  policy: () => Policy
  emit: (sighting: Sighting) => void
}

export type FlowLedger = {
  /** The flow record at word `w` of `words`; its bytes begin at `w * 4` of `bytes`. */
  report(words: Uint32Array, bytes: Uint8Array, w: number, atMs: number): void
  /** A flow's host name, by its id. */
  name(idLow: number, idHigh: number, epoch: number, hostname: string): void
  /** A process, or what its program is, became known. `pid` undefined: any may be concerned. */
  learnt(pid: number | undefined): void
  /** Time passed: holds end, silence is noticed. */
  pass(): void
  /** The policy changed. */
  judgeAnew(): void
  beginEnumeration(): void
  /** Closes the flows of `source` that the enumeration did not name. */
  endEnumeration(source: number): void
  /** Closes every flow as it was last seen: another boot. */
  closeAll(): void
  /** Flows that an earlier run had open, with what it had counted of them. */
  expect(list: { flow: StoredFlow; key: string; omitted: boolean }[]): void
}

type Expected = { epoch: number; out: number; in: number; key: string }
type Parked = {
  epoch: number
  out: number
  in: number
  countedOut: number
  countedIn: number
  bits: number
}

export function createFlowLedger(parts: LedgerParts): FlowLedger {
  const { baseline, clock, counters, limits, flows, pairs, processes, book, detector, top } = parts
  const { u32, f64, u8 } = flows
  const processOf = parts.processOf
  const identityOf: (IdentityState | undefined)[] = new Array(flows.capacity).fill(undefined)
  const hostnameOf: (string | undefined)[] = new Array(flows.capacity).fill(undefined)
  /** Flows that wait, with the record time at which they stop to. In order of that time. */
  const held = new Map<number, number>()
  const parked = new Map<string, Parked>()
  const names = new Map<string, { epoch: number; hostname: string }>()
  let expected = new Map<string, Expected>()
  let omitted = new Set<string>()
  let enumeration = 0
  const watch = createSilentWatch(flows.capacity)
  const idKey = (idLow: number, idHigh: number): string => `${idHigh}.${idLow}`

  const addressOf = (slot: number): Uint8Array => {
    const at = (slot * FLOW_WORDS + F.address) * 4
    return u8.subarray(at, at + 16)
  }
  const pairOf = (slot: number): number => {
    const row = slot * FLOW_WORDS
    const pair = u32[row + F.pair] as number
    if (pair === NO_PAIR) return -1
    return (pairs.i32[pair * PAIR_INTEGERS + C.generation] as number) ===
      u32[row + F.pairGeneration]
      ? pair
      : -1
  }
  const setBit = (slot: number, bit: number): void => {
    const at = slot * FLOW_WORDS + F.bits
    u32[at] = (u32[at] as number) | bit
  }
  const hasBit = (slot: number, bit: number): boolean =>
    ((u32[slot * FLOW_WORDS + F.bits] as number) & bit) !== 0

  // ---- opening -----------------------------------------------------------------------------------

  const makeRoom = (): void => {
    const slot = flows.victim()
    if (u32[slot * FLOW_WORDS + F.phase] === Phase.held) settle(slot, true)
    // Closed while it was held, it went as it was settled.
    if (flows.count() < flows.capacity) return
    const row = slot * FLOW_WORDS
    const base = slot * FLOW_DOUBLES
    if (parked.size >= limits.parkedFlows) {
      parked.delete(parked.keys().next().value as string)
      counters.evicted.forgottenFlows++
    }
    parked.set(idKey(u32[row + F.idLow] as number, u32[row + F.idHigh] as number), {
      epoch: u32[row + F.epoch] as number,
      out: f64[base + D.out] as number,
      in: f64[base + D.in] as number,
      countedOut: f64[base + D.countedOut] as number,
      countedIn: f64[base + D.countedIn] as number,
      bits: u32[row + F.bits] as number,
    })
    counters.evicted.flows++
    release(slot)
  }

  const open = (words: Uint32Array, w: number, bytes: Uint8Array, atMs: number): number => {
    const idLow = words[w + 4] as number
    const idHigh = words[w + 5] as number
    const epoch = words[w + 10] as number
    const key = idKey(idLow, idHigh)
    const before = parked.get(key)
    if (before) {
      // An epoch that is over: its close came late, and all of it is counted.
      if (epoch < before.epoch) return -1
      parked.delete(key)
    }
    if (flows.count() === flows.capacity) makeRoom()
    const slot = flows.add(idLow, idHigh)
    const row = slot * FLOW_WORDS
    const base = slot * FLOW_DOUBLES
    const byte = w * 4
    u32[row + F.epoch] = epoch
    const meta = words[w + 19] as number
    const ports = words[w + 18] as number
    u32[row + F.remote] =
      ((ports & 0xffff) | ((meta & 0xff) << 16) | ((bytes[byte + 6] as number) << 24)) >>> 0
    u32[row + F.localPort] = (ports >>> 16) | (((meta >>> 8) & 0xff) << 16)
    for (let i = 0; i < 4; i++) u32[row + F.address + i] = words[w + 14 + i] as number
    f64[base + D.firstAtMs] = atMs
    f64[base + D.lastAtMs] = atMs
    processOf[slot] = undefined
    identityOf[slot] = undefined
    const named = names.get(key)
    hostnameOf[slot] = named?.epoch === epoch ? named.hostname : undefined
    names.delete(key)
    if (before?.epoch === epoch) {
      f64[base + D.out] = before.out
      f64[base + D.in] = before.in
      f64[base + D.countedOut] = before.countedOut
      f64[base + D.countedIn] = before.countedIn
      u32[row + F.bits] = before.bits
    } else {
      counters.flows++
      const state = (meta >>> 16) & 0xff
      const isEnumerated = ((words[w + 13] as number) & FlowFlag.enumerated) !== 0
      // A flow in its middle that nobody opened may be one that was forgotten: counted from here on.
      if (state !== FlowState.opened && !isEnumerated && counters.evicted.forgottenFlows > 0) {
        f64[base + D.out] = (words[w + 7] as number) * TWO_32 + (words[w + 6] as number)
        f64[base + D.in] = (words[w + 9] as number) * TWO_32 + (words[w + 8] as number)
        f64[base + D.countedOut] = f64[base + D.out] as number
        f64[base + D.countedIn] = f64[base + D.in] as number
      }
    }
    u32[row + F.pid] = words[w + 11] as number
    u32[row + F.pidversion] = words[w + 12] as number
    u32[row + F.phase] = Phase.held
    const stored = expected.get(key)
    if (stored?.epoch === epoch) {
      expected.delete(key)
      if (resume(slot, stored)) return slot
    }
    settle(slot, false)
    return slot
  }

  /** Goes on with a flow of an earlier run; false when its pair is gone. */
  const resume = (slot: number, stored: Expected): boolean => {
    const pair = pairs.find(stored.key)
    const meta = pairs.meta[pair]
    if (meta === undefined) return false
    const row = slot * FLOW_WORDS
    const base = slot * FLOW_DOUBLES
    f64[base + D.countedOut] = stored.out
    f64[base + D.countedIn] = stored.in
    u32[row + F.phase] = Phase.counted
    identityOf[slot] = meta.identity
    processOf[slot] = processes.find(u32[row + F.pid] as number, u32[row + F.pidversion] as number)
    setBit(slot, FlowBit.inPair)
    join(slot, pair)
    return true
  }

  // ---- whose it is -------------------------------------------------------------------------------

  const leaveOut = (slot: number, reason: LeftOutReason): void => {
    u32[slot * FLOW_WORDS + F.phase] = Phase.leftOut
    counters.leftOut[reason]++
  }

  const isInbound = (slot: number): boolean => {
    const row = slot * FLOW_WORDS
    const direction = (u32[row + F.localPort] as number) >>> 16
    if (direction !== Direction.unknown) return direction === Direction.inbound
    // Nobody saw it being made: the side with the ephemeral port made it.
    const localPort = (u32[row + F.localPort] as number) & 0xffff
    return (
      localPort < EPHEMERAL_FROM && ((u32[row + F.remote] as number) & 0xffff) >= EPHEMERAL_FROM
    )
  }

  const reasonToLeaveOut = (slot: number, process: Process): LeftOutReason | undefined => {
    const policy = parts.policy()
    if (policy.ownPids.includes(process.pid)) return 'own'
    const scope = scopeOf(addressOf(slot), policy)
    if (!isScored(scope, policy) && scope !== 'external' && scope !== 'private') return scope
    return isInbound(slot) ? 'inbound' : undefined
  }

  /** Finds whose flow it is and whether it counts; it waits when that cannot be known yet, unless forced. */
  function settle(slot: number, force: boolean): void {
    const row = slot * FLOW_WORDS
    const pid = u32[row + F.pid] as number
    const process = pid === 0 ? undefined : processes.find(pid, u32[row + F.pidversion] as number)
    if (process === undefined || process.image.path === '') {
      if (!force && hold(slot)) return
      held.delete(slot)
      u32[row + F.phase] = Phase.unattributed
      counters.unattributedFlows++
    } else {
      processOf[slot] = process
      const reason = reasonToLeaveOut(slot, process)
      if (reason) {
        held.delete(slot)
        leaveOut(slot, reason)
      } else {
        const identity = book.resolve(process, force, wallNow(clock))
        if (identity === undefined) {
          if (hold(slot)) return
          settle(slot, true)
          return
        }
        held.delete(slot)
        identityOf[slot] = identity
        u32[row + F.phase] = Phase.counted
        const base = slot * FLOW_DOUBLES
        update(slot, f64[base + D.lastAtMs] as number)
      }
    }
    counters.heldFlows = held.size
    if (hasBit(slot, FlowBit.closed)) close(slot, f64[slot * FLOW_DOUBLES + D.lastAtMs] as number)
  }

  /** False when too many wait already. */
  const hold = (slot: number): boolean => {
    if (held.has(slot)) return true
    if (held.size >= limits.heldFlows) return false
    held.set(slot, clock.nowMs + limits.holdMs)
    counters.heldFlows = held.size
    return true
  }

  // ---- its pair ----------------------------------------------------------------------------------

  const join = (slot: number, pair: number): void => {
    const row = slot * FLOW_WORDS
    const integers = pair * PAIR_INTEGERS
    u32[row + F.pair] = pair
    u32[row + F.pairGeneration] = pairs.i32[integers + C.generation] as number
    pairs.i32[integers + C.openFlows] = (pairs.i32[integers + C.openFlows] as number) + 1
    pairs.i32[integers + C.summaryFlows] = (pairs.i32[integers + C.summaryFlows] as number) + 1
    // The numbers of a pair that came back with its alert have this flow already.
    if (!hasBit(slot, FlowBit.inPair) || pairs.meta[pair]?.alertId === undefined)
      pairs.i32[integers + C.flows] = (pairs.i32[integers + C.flows] as number) + 1
    setBit(slot, FlowBit.inPair)
    if (f64[slot * FLOW_DOUBLES + D.in] === 0)
      watch.add(slot, flows.generation[slot] as number, clock.nowMs + SILENT_AFTER_MS)
    detector.attached(pair, slot)
  }

  const destinationOf = (slot: number): Destination => {
    const remote = u32[slot * FLOW_WORDS + F.remote] as number
    return makeDestination(
      addressOf(slot),
      remote & 0xffff,
      (remote >>> 16) & 0xff,
      hostnameOf[slot] ?? '',
      remote >>> 24 === Source.filter,
      parts.policy(),
    )
  }

  /** Finds or makes the pair of a flow that has moved its first bytes. */
  const attach = (slot: number): number => {
    const identity = identityOf[slot] as IdentityState
    const destination = destinationOf(slot)
    const key = `${identity.stored.key}\n${destination.view.key}`
    let pair = pairs.find(key)
    if (pair < 0) {
      const news = meet(slot, identity, destination)
      pair = pairs.add(
        {
          key,
          identity,
          standing: standingOf(identity.stored.signerClass, identity.responsible?.signerClass),
          destination,
          ...news,
          alertId: undefined,
          suppressed: false,
          rolledUpDay: -1,
          pinned: false,
        },
        f64[slot * FLOW_DOUBLES + D.firstAtMs] as number,
      )
      detector.pairAdded(pair)
    }
    if (omitted.has(key) && !hasBit(slot, FlowBit.inPair)) {
      // The run before had it and could not list it: what it had sent until now is counted already.
      f64[slot * FLOW_DOUBLES + D.countedOut] = f64[slot * FLOW_DOUBLES + D.out] as number
      f64[slot * FLOW_DOUBLES + D.countedIn] = f64[slot * FLOW_DOUBLES + D.in] as number
      setBit(slot, FlowBit.inPair)
    }
    join(slot, pair)
    return pair
  }

  /** Says what is new about an identity at a destination, and notes it. */
  const meet = (
    slot: number,
    identity: IdentityState,
    destination: Destination,
  ): { newToIdentity: boolean; newToHost: boolean } => {
    const at = wallOfMs(clock, f64[slot * FLOW_DOUBLES + D.firstAtMs] as number)
    const process = processOf[slot]
    const sighted = (of: Sighting['of'], where: Destination | undefined): void => {
      if (process)
        parts.emit({
          of,
          identity: identityView(identity),
          process: processView(process, clock),
          destination: where?.view,
        })
    }
    if (book.usedNetwork(identity, at)) sighted('network', destination)
    const identityKey = identity.stored.key
    const destinationKey = destination.view.key
    const known = baseline.destination(identityKey, destinationKey)
    if (known) return { newToIdentity: at - known.firstAt < DAY_NS, newToHost: false }
    const newToHost = !baseline.hostKnowsDestination(destinationKey)
    baseline.putDestination({ identityKey, destinationKey, firstAt: at, lastAt: at })
    sighted('destination', destination)
    return { newToIdentity: true, newToHost }
  }

  const noteSilent = (slot: number, pair: number, atMs: number): void => {
    setBit(slot, FlowBit.silent)
    pairs.countSilent(pair, atMs)
  }

  /** Brings a counted flow's pair up to its counters, and has it judged. */
  function update(slot: number, atMs: number): void {
    const base = slot * FLOW_DOUBLES
    const out = f64[base + D.out] as number
    const bytesIn = f64[base + D.in] as number
    const moreOut = out - (f64[base + D.countedOut] as number)
    const moreIn = bytesIn - (f64[base + D.countedIn] as number)
    if (moreOut === 0 && moreIn === 0) return
    const row = slot * FLOW_WORDS
    let pair = u32[row + F.pair] as number
    if (
      pair === NO_PAIR ||
      (pairs.i32[pair * PAIR_INTEGERS + C.generation] as number) !== u32[row + F.pairGeneration]
    ) {
      pair = attach(slot)
      if (f64[base + D.countedOut] === out && f64[base + D.countedIn] === bytesIn) return
    }
    f64[base + D.countedOut] = out
    f64[base + D.countedIn] = bytesIn
    pairs.count(pair, atMs, moreOut, moreIn)
    const p = pair * PAIR_DOUBLES
    const i = pair * PAIR_INTEGERS
    const d = pairs.f64
    if (bytesIn === 0) {
      f64[base + D.outBeforeIn] = out
      if (out > (d[p + P.outBeforeIn] as number)) d[p + P.outBeforeIn] = out
      if (atMs - (f64[base + D.firstAtMs] as number) >= SILENT_AFTER_MS)
        checkSilence(slot, pair, atMs)
    } else if (hasBit(slot, FlowBit.silent)) heard(slot, pair)
    if (out > (d[p + P.largestOut] as number) || pairs.i32[i + C.largestFlow] === slot) {
      d[p + P.largestOut] = out
      d[p + P.largestIn] = bytesIn
      d[p + P.largestAtMs] = atMs
      pairs.i32[i + C.largestFlow] = slot
    }
    if (out > (d[p + P.summaryLargest] as number)) d[p + P.summaryLargest] = out
    detector.evaluate(pair, slot)
  }

  /** A flow that is 30 s old, or closed, and got nothing. */
  function checkSilence(slot: number, pair: number, atMs: number): void {
    const base = slot * FLOW_DOUBLES
    const out = f64[base + D.out] as number
    if (out >= SILENT_FLOW_BYTES && !hasBit(slot, FlowBit.silent)) noteSilent(slot, pair, atMs)
    const isTcp = (((u32[slot * FLOW_WORDS + F.remote] as number) >>> 16) & 0xff) === TCP
    const place = pair * PAIR_DOUBLES + P.silentOut
    if (
      isTcp &&
      atMs - (f64[base + D.firstAtMs] as number) >= SILENT_AFTER_MS &&
      out > (pairs.f64[place] as number)
    ) {
      pairs.f64[place] = out
      pairs.i32[pair * PAIR_INTEGERS + C.silentFlow] = slot
    }
  }

  /** A flow that had been silent got its first answer. */
  const heard = (slot: number, pair: number): void => {
    const i = pair * PAIR_INTEGERS
    u32[slot * FLOW_WORDS + F.bits] = (u32[slot * FLOW_WORDS + F.bits] as number) & ~FlowBit.silent
    pairs.i32[i + C.silentFlows] = Math.max(0, (pairs.i32[i + C.silentFlows] as number) - 1)
    if (pairs.i32[i + C.silentFlow] !== slot) return
    pairs.i32[i + C.silentFlow] = -1
    pairs.f64[pair * PAIR_DOUBLES + P.silentOut] = 0
  }

  // ---- closing -----------------------------------------------------------------------------------

  const release = (slot: number): void => {
    const pair = pairOf(slot)
    if (pair >= 0) {
      const i = pair * PAIR_INTEGERS
      pairs.i32[i + C.openFlows] = (pairs.i32[i + C.openFlows] as number) - 1
      if (pairs.i32[i + C.largestFlow] === slot) pairs.i32[i + C.largestFlow] = -1
      if (pairs.i32[i + C.silentFlow] === slot) pairs.i32[i + C.silentFlow] = -1
      detector.detached(pair, slot)
    }
    top.leave(slot)
    held.delete(slot)
    processOf[slot] = undefined
    identityOf[slot] = undefined
    hostnameOf[slot] = undefined
    flows.remove(slot)
  }

  function close(slot: number, atMs: number): void {
    const row = slot * FLOW_WORDS
    if (u32[row + F.phase] === Phase.free) return
    if (u32[row + F.phase] === Phase.held) {
      setBit(slot, FlowBit.closed)
      return
    }
    const pair = pairOf(slot)
    if (
      pair >= 0 &&
      f64[slot * FLOW_DOUBLES + D.in] === 0 &&
      (f64[slot * FLOW_DOUBLES + D.out] as number) > 0
    ) {
      checkSilence(slot, pair, atMs)
      detector.evaluate(pair, slot)
    }
    release(slot)
  }

  const closeWhere = (isGone: (row: number) => boolean): void => {
    for (let slot = 0; slot < flows.highWater(); slot++) {
      const row = slot * FLOW_WORDS
      if (u32[row + F.phase] !== Phase.free && isGone(row)) {
        if (u32[row + F.phase] === Phase.held) settle(slot, true)
        close(slot, clock.nowMs)
      }
    }
  }

  return {
    report(words, bytes, w, atMs) {
      const idLow = words[w + 4] as number
      const idHigh = words[w + 5] as number
      const outHigh = words[w + 7] as number
      const inHigh = words[w + 9] as number
      if (outHigh >= HIGH_MAX || inHigh >= HIGH_MAX) {
        counters.staleReports++
        return
      }
      const epoch = words[w + 10] as number
      let slot = flows.find(idLow, idHigh)
      if (slot >= 0 && u32[slot * FLOW_WORDS + F.epoch] !== epoch) {
        if (epoch < (u32[slot * FLOW_WORDS + F.epoch] as number)) {
          counters.staleReports++
          return
        }
        // The flow id was given again: what the former epoch last said is final.
        if (u32[slot * FLOW_WORDS + F.phase] === Phase.held) settle(slot, true)
        close(slot, atMs)
        slot = -1
      }
      if (slot < 0) slot = open(words, w, bytes, atMs)
      if (slot < 0) {
        counters.staleReports++
        return
      }
      const row = slot * FLOW_WORDS
      const base = slot * FLOW_DOUBLES
      const out = outHigh * TWO_32 + (words[w + 6] as number)
      const bytesIn = inHigh * TWO_32 + (words[w + 8] as number)
      const moreOut = out - (f64[base + D.out] as number)
      const moreIn = bytesIn - (f64[base + D.in] as number)
      if (moreOut < 0 || moreIn < 0) counters.staleReports++
      if (moreOut > 0) {
        counters.bytesOut += moreOut
        f64[base + D.out] = out
      }
      if (moreIn > 0) {
        counters.bytesIn += moreIn
        f64[base + D.in] = bytesIn
      }
      if (atMs > (f64[base + D.lastAtMs] as number)) f64[base + D.lastAtMs] = atMs
      u32[row + F.seenIn] = enumeration
      u32[row + F.bits] = (u32[row + F.bits] as number) | FlowBit.touched
      const phase = u32[row + F.phase]
      if (phase === Phase.counted) update(slot, atMs)
      else if (words[w + 11] !== 0 && (u32[row + F.pid] as number) === 0) {
        // The source learnt the process since.
        if (phase === Phase.unattributed) counters.unattributedFlows--
        u32[row + F.pid] = words[w + 11] as number
        u32[row + F.pidversion] = words[w + 12] as number
        if (phase === Phase.held || phase === Phase.unattributed) {
          u32[row + F.phase] = Phase.held
          settle(slot, false)
        }
      }
      if ((((words[w + 19] as number) >>> 16) & 0xff) === FlowState.closed) close(slot, atMs)
    },
    name(idLow, idHigh, epoch, hostname) {
      const name = hostname.toLowerCase().replace(/\.$/, '')
      const slot = flows.find(idLow, idHigh)
      if (slot >= 0 && u32[slot * FLOW_WORDS + F.epoch] === epoch) {
        if (pairOf(slot) < 0) hostnameOf[slot] = name
        return
      }
      if (names.size >= limits.pendingNames) names.delete(names.keys().next().value as string)
      names.set(idKey(idLow, idHigh), { epoch, hostname: name })
    },
    learnt(pid) {
      for (const slot of [...held.keys()])
        if (pid === undefined || u32[slot * FLOW_WORDS + F.pid] === pid) settle(slot, false)
    },
    pass() {
      for (const [slot, dueMs] of held) {
        if (dueMs > clock.nowMs) break
        settle(slot, true)
      }
      watch.due(clock.nowMs, (slot, generation) => {
        if (flows.generation[slot] !== generation || f64[slot * FLOW_DOUBLES + D.in] !== 0) return
        const pair = pairOf(slot)
        if (pair < 0) return
        pairs.turn(pair, clock.nowMs)
        checkSilence(slot, pair, clock.nowMs)
        detector.evaluate(pair, slot)
      })
      counters.heldFlows = held.size
    },
    judgeAnew() {
      for (let slot = 0; slot < flows.highWater(); slot++) {
        const row = slot * FLOW_WORDS
        const phase = u32[row + F.phase]
        const process = processOf[slot]
        if (process === undefined || (phase !== Phase.counted && phase !== Phase.leftOut)) continue
        const reason = reasonToLeaveOut(slot, process)
        if (phase === Phase.counted && reason) {
          const pair = pairOf(slot)
          if (pair >= 0) {
            const i = pair * PAIR_INTEGERS
            pairs.i32[i + C.openFlows] = (pairs.i32[i + C.openFlows] as number) - 1
            detector.detached(pair, slot)
          }
          u32[row + F.pair] = NO_PAIR
          leaveOut(slot, reason)
        } else if (phase === Phase.leftOut && reason === undefined) {
          // In force from here on: what went before stays out.
          f64[slot * FLOW_DOUBLES + D.countedOut] = f64[slot * FLOW_DOUBLES + D.out] as number
          f64[slot * FLOW_DOUBLES + D.countedIn] = f64[slot * FLOW_DOUBLES + D.in] as number
          u32[row + F.phase] = Phase.held
          settle(slot, false)
        }
      }
    },
    beginEnumeration() {
      enumeration++
    },
    endEnumeration(source) {
      closeWhere(
        (row) =>
          (u32[row + F.remote] as number) >>> 24 === source && u32[row + F.seenIn] !== enumeration,
      )
      expected = new Map()
      omitted = new Set()
    },
    closeAll() {
      closeWhere(() => true)
      parked.clear()
      names.clear()
    },
    expect(list) {
      for (const { flow, key, omitted: isOmitted } of list) {
        const [idLow, idHigh, epoch, out, bytesIn] = flow
        expected.set(idKey(idLow, idHigh), { epoch, out, in: bytesIn, key })
        if (isOmitted) omitted.add(key)
      }
    },
  }
}
