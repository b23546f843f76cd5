// Follows each flow from its first report to its close, through reused ids, full tables and enumerations, so
// that every byte of it reaches the totals once. The hot path is `report`.
import { FlowFlag, FlowState, type GoneRecord } from '../../records/record.gen.ts'
import type { Clock } from '../clock.ts'
import type { EngineCounters } from '../counters.ts'
import type { IdentityBook } from '../identity/identity-book-parts.ts'
import type { GoneProcesses } from '../process/gone-processes.ts'
import type { Process } from '../process/process.ts'
import { createEnumerations } from '../sources.ts'
import type { FlowAttribution } from './flow-attribution.ts'
import type { FlowMemory, Named } from './flow-memory.ts'
import { createFlowOwners } from './flow-owners.ts'
import type { FlowRows } from './flow-rows.ts'
import { D, F, FLOW_DOUBLES, FLOW_WORDS, FlowBit, Phase } from './flow-table.ts'
import { type FlowTraits, TRAIT_FLAGS } from './flow-traits.ts'
import { W } from './flow-words.ts'
import type { CountedFlows, ToldFlows } from './handed-flows.ts'
import type { Top } from './top.ts'

const TWO_32 = 4_294_967_296
/** Counters from 2^53 on cannot be: their high word reaches this. */
const HIGH_MAX = 0x200000
const UNREAD_FLAGS = FlowFlag.countersLost | FlowFlag.inexact
export type LedgerParts = {
  clock: Clock
  counters: EngineCounters
  rows: FlowRows
  memory: FlowMemory
  attribution: FlowAttribution
  counted: CountedFlows
  traits: FlowTraits
  gone: GoneProcesses
  book: IdentityBook
  top: Top
  told: ToldFlows
}

export type FlowLedger = {
  /** The flow record at word `w` of `words`, from this source. */
  report(words: Uint32Array, w: number, source: number, atMs: number): void
  /** A flow's host name and who made its socket, by its id. */
  name(idLow: number, idHigh: number, epoch: number, named: Named): void
  /** What a flow says of its process, which has gone. */
  gone(idLow: number, idHigh: number, record: GoneRecord): void
  /** The phase of a flow was decided: its bytes go to its pair, and it closes if it has been closed. */
  settled(slot: number): void
  /**
   * The process counts for another identity from now on: what its flows moved before stays with the earlier one.
   * REQUIRES: the process has its new identity, or none until it is resolved anew.
   */
  ownerChanged(process: Process): void
  /** The policy changed. */
  judgeAnew(): void
  /** Nothing is known of any flow: what the first look of each source finds open was so before. */
  beginFirstLook(): void
  beginEnumeration(source: number): void
  /** Closes the flows of `source` that the enumeration did not name. */
  endEnumeration(source: number): void
  /** Closes every flow as it was last seen: another boot. */
  closeAll(): void
}

export function createFlowLedger(parts: LedgerParts): FlowLedger {
  const { clock, counters, rows, memory, attribution, counted, gone, top, told, traits } = parts
  const { table } = rows
  const { u32, f64 } = table
  const enumerations = createEnumerations()
  const owners = createFlowOwners({ ...parts, onSettled: (slot) => settled(slot) })

  let isFirstLook = false

  const release = (slot: number, isParked = false): void => {
    told.released(slot, isParked)
    counted.leave(slot)
    top.leave(slot)
    attribution.drop(slot)
    owners.drop(slot)
    const row = slot * FLOW_WORDS
    if (!isParked) gone.drop(u32[row] as number, u32[row + 1] as number)
    rows.remove(slot)
  }

  const close = (slot: number, atMs: number): void => {
    const phase = u32[slot * FLOW_WORDS + F.phase]
    if (phase === Phase.free) return
    if (phase === Phase.held) {
      rows.setBit(slot, FlowBit.closed)
      return
    }
    rows.setBit(slot, FlowBit.closed)
    counted.close(slot, atMs)
    release(slot)
  }

  /** Closes a flow as it was last seen, whether it waits or not. */
  const closeNow = (slot: number, atMs: number): void => {
    owners.settleNow(slot)
    close(slot, atMs)
  }

  const makeRoom = (): void => {
    const slot = table.victim()
    owners.settleNow(slot)
    // Closed while it was held, it went as it was settled.
    if (table.count() < table.capacity) return
    memory.park(slot)
    release(slot, true)
  }

  /** A slot for a flow that is not in the table; -1 for an epoch that is over and counted. */
  const open = (words: Uint32Array, w: number, source: number, atMs: number): number => {
    const idLow = words[w + W.idLow] as number
    const idHigh = words[w + W.idHigh] as number
    const epoch = words[w + W.epoch] as number
    const parked = memory.parked(idLow, idHigh)
    if (parked) {
      if (epoch < parked.epoch) return -1
      memory.unpark(idLow, idHigh)
    }
    if (table.count() === table.capacity) makeRoom()
    const slot = table.add(idLow, idHigh)
    const row = slot * FLOW_WORDS
    const base = slot * FLOW_DOUBLES
    const ports = words[w + W.ports] as number
    const kind = words[w + W.kind] as number
    u32[row + F.epoch] = epoch
    u32[row + F.phase] = Phase.held
    u32[row + F.remote] = ((ports & 0xffff) | ((kind & 0xff) << 16) | (source << 24)) >>> 0
    u32[row + F.localPort] = (ports >>> 16) | (((kind >>> 8) & 0xff) << 16)
    const isBack = parked?.epoch === epoch
    u32[row + F.pid] = isBack ? parked.owner.pid : (words[w + W.pid] as number)
    u32[row + F.pidversion] = isBack ? parked.owner.pidversion : (words[w + W.pidversion] as number)
    for (let i = 0; i < 4; i++) u32[row + F.address + i] = words[w + W.address + i] as number
    f64[base + D.firstAtMs] = atMs
    f64[base + D.lastAtMs] = atMs
    const named = memory.takeName(idLow, idHigh, epoch)
    rows.hostnameOf[slot] = named?.hostname
    rows.makerOf[slot] = named?.maker
    if (isBack) {
      f64[base + D.out] = parked.out
      f64[base + D.in] = parked.in
      f64[base + D.countedOut] = parked.countedOut
      f64[base + D.countedIn] = parked.countedIn
      f64[base + D.toldOut] = parked.toldOut
      f64[base + D.toldIn] = parked.toldIn
      u32[row + F.bits] = parked.bits
      rows.setSince(slot, parked.since)
      top.enter(slot)
    } else {
      counters.flows++
      if (mayBeForgotten(words, w)) countFromHere(words, w, slot)
    }
    traits.note(slot, words[w + W.flags] as number)
    told.opened(slot)
    const expected = memory.takeExpected(idLow, idHigh, epoch)
    if (!isBack && !expected && !rows.hasBit(slot, FlowBit.told) && isEarlier(words, w, source))
      leaveEarlier(words, w, slot)
    const since = rows.sinceOf(slot)
    if (!isBack) takeFrom(slot, since.out, since.in)
    // It may have changed hands since the alert that lists it had it.
    const isExpected =
      expected && (since.out + since.in === 0 || expected.out + expected.in > since.out + since.in)
    if (isExpected && counted.resume(slot, expected))
      rows.processOf[slot] = attribution.ownerOf(slot, true)
    else attribution.settle(slot, false)
    return slot
  }

  /** A flow in its middle that nobody opened may be one whose counters were forgotten. */
  const mayBeForgotten = (words: Uint32Array, w: number): boolean =>
    counters.evicted.forgottenFlows > 0 &&
    (((words[w + W.kind] as number) >>> 16) & 0xff) !== FlowState.opened &&
    ((words[w + W.flags] as number) & FlowFlag.enumerated) === 0

  /**
   * A flow that was open before the first look there ever was. After a restart, what no earlier engine knew has moved
   * its bytes since that engine, and they count.
   */
  const isEarlier = (words: Uint32Array, w: number, source: number): boolean =>
    isFirstLook &&
    enumerations.isFirst(source) &&
    ((words[w + W.flags] as number) & FlowFlag.enumerated) !== 0

  /** When it moved what it has moved nobody knows: counted as such, and in no alert. */
  const leaveEarlier = (words: Uint32Array, w: number, slot: number): void => {
    countFromHere(words, w, slot)
    rows.setBit(slot, FlowBit.earlier)
    const { out, in: bytesIn } = rows.sinceOf(slot)
    counters.earlier.flows++
    counters.earlier.bytesOut += out
    counters.earlier.bytesIn += bytesIn
  }

  /** A source may tell of a flow, as somebody sends, before it has looked at what the flow has moved: still before the look. */
  const leaveMoreEarlier = (slot: number, out: number, bytesIn: number): void => {
    const base = slot * FLOW_DOUBLES
    const moreOut = out - (f64[base + D.out] as number)
    const moreIn = bytesIn - (f64[base + D.in] as number)
    if (!rows.hasBit(slot, FlowBit.earlier) || moreOut < 0 || moreIn < 0) return
    counters.earlier.bytesOut += moreOut
    counters.earlier.bytesIn += moreIn
    rows.setSince(slot, { out, in: bytesIn })
    takeFrom(slot, out, bytesIn)
  }

  const countFromHere = (words: Uint32Array, w: number, slot: number): void => {
    const out = (words[w + W.outHigh] as number) * TWO_32 + (words[w + W.outLow] as number)
    const bytesIn = (words[w + W.inHigh] as number) * TWO_32 + (words[w + W.inLow] as number)
    rows.setSince(slot, { out, in: bytesIn })
  }

  /** What the flow moved up to these counters is counted, or never will be. */
  const takeFrom = (slot: number, out: number, bytesIn: number): void => {
    const base = slot * FLOW_DOUBLES
    f64[base + D.out] = f64[base + D.countedOut] = out
    f64[base + D.in] = f64[base + D.countedIn] = bytesIn
  }

  /** Its process may be known now. */
  const settleAnew = (slot: number): void => {
    const place = slot * FLOW_WORDS + F.phase
    if (u32[place] === Phase.unattributed) {
      counters.unattributedFlows--
      u32[place] = Phase.held
    }
    if (u32[place] === Phase.held) attribution.settle(slot, false)
  }

  /** A report names another process than the flow's. */
  const meetOwner = (slot: number, words: Uint32Array, w: number, atMs: number): void => {
    const row = slot * FLOW_WORDS
    const pid = words[w + W.pid] as number
    const pidversion = words[w + W.pidversion] as number
    if (u32[row + F.pid] !== 0) owners.change(slot, { pid, pidversion }, atMs)
    else if (u32[row + F.phase] !== Phase.counted) {
      // The source has learnt it since its first report.
      u32[row + F.pid] = pid
      u32[row + F.pidversion] = pidversion
      settleAnew(slot)
    }
  }

  /** A flow of which more may have moved than is known. */
  const noteUnread = (slot: number, flags: number, atMs: number): void => {
    const bit = (flags & FlowFlag.countersLost) !== 0 ? FlowBit.unread : FlowBit.inexact
    if (!rows.hasBit(slot, bit)) {
      rows.setBit(slot, bit)
      if (bit === FlowBit.unread) counters.unreadFlows++
      else counters.inexactFlows++
    }
    if (u32[slot * FLOW_WORDS + F.phase] === Phase.counted) counted.noteUnread(slot, atMs)
  }

  const settled = (slot: number): void => {
    if (owners.goOn(slot)) return
    const atMs = f64[slot * FLOW_DOUBLES + D.lastAtMs] as number
    if (u32[slot * FLOW_WORDS + F.phase] === Phase.counted) {
      counted.update(slot, atMs)
      if (rows.hasBit(slot, FlowBit.unread | FlowBit.inexact)) counted.noteUnread(slot, atMs)
      if (rows.pairOf(slot) < 0) counted.await(slot)
    }
    if (rows.hasBit(slot, FlowBit.closed)) close(slot, atMs)
  }

  const eachOpen = (visit: (slot: number, row: number) => void): void => {
    for (let slot = 0; slot < table.highWater(); slot++) {
      const row = slot * FLOW_WORDS
      if (u32[row + F.phase] !== Phase.free) visit(slot, row)
    }
  }

  return {
    report(words, w, source, atMs) {
      const idLow = words[w + W.idLow] as number
      const idHigh = words[w + W.idHigh] as number
      const outHigh = words[w + W.outHigh] as number
      const inHigh = words[w + W.inHigh] as number
      const epoch = words[w + W.epoch] as number
      let slot = table.find(idLow, idHigh)
      const known = slot < 0 ? epoch : (u32[slot * FLOW_WORDS + F.epoch] as number)
      if (outHigh >= HIGH_MAX || inHigh >= HIGH_MAX || epoch < known) {
        counters.staleReports++
        return
      }
      if (epoch > known) {
        // The flow id was given again: what the former epoch last said is final.
        closeNow(slot, atMs)
        slot = -1
      }
      if (slot < 0) slot = open(words, w, source, atMs)
      if (slot < 0) {
        counters.staleReports++
        return
      }
      const row = slot * FLOW_WORDS
      const base = slot * FLOW_DOUBLES
      const out = outHigh * TWO_32 + (words[w + W.outLow] as number)
      const bytesIn = inHigh * TWO_32 + (words[w + W.inLow] as number)
      if (isEarlier(words, w, source)) leaveMoreEarlier(slot, out, bytesIn)
      const moreOut = out - (f64[base + D.out] as number)
      const moreIn = bytesIn - (f64[base + D.in] as number)
      const flags = words[w + W.flags] as number
      if ((flags & TRAIT_FLAGS) !== 0) traits.note(slot, flags)
      const sums = (flags & FlowFlag.tunnelled) === 0 ? counters : counters.tunnelled
      if (moreOut < 0 || moreIn < 0) counters.staleReports++
      if (moreOut > 0) {
        sums.bytesOut += moreOut
        f64[base + D.out] = out
      }
      if (moreIn > 0) {
        sums.bytesIn += moreIn
        f64[base + D.in] = bytesIn
      }
      if (atMs > (f64[base + D.lastAtMs] as number)) f64[base + D.lastAtMs] = atMs
      u32[row + F.seenIn] = enumerations.of(source)
      // Another source may go on with it: that one's enumeration is to name it from now on.
      const remote = u32[row + F.remote] as number
      if (remote >>> 24 !== source)
        u32[row + F.remote] = ((remote & 0xffffff) | (source << 24)) >>> 0
      u32[row + F.bits] = (u32[row + F.bits] as number) | FlowBit.touched | FlowBit.unsaved
      if (u32[row + F.phase] === Phase.counted) counted.update(slot, atMs)
      const pid = words[w + W.pid] as number
      if (
        (pid !== u32[row + F.pid] || words[w + W.pidversion] !== u32[row + F.pidversion]) &&
        pid !== 0 &&
        moreOut >= 0 &&
        moreIn >= 0
      )
        meetOwner(slot, words, w, atMs)
      if ((flags & UNREAD_FLAGS) !== 0) noteUnread(slot, flags, atMs)
      if ((((words[w + W.kind] as number) >>> 16) & 0xff) === FlowState.closed) close(slot, atMs)
    },
    name(idLow, idHigh, epoch, { hostname, maker }) {
      const name = hostname.toLowerCase().replace(/\.$/, '')
      const slot = table.find(idLow, idHigh)
      if (slot < 0 || u32[slot * FLOW_WORDS + F.epoch] !== epoch) {
        memory.name(idLow, idHigh, epoch, { hostname: name, maker })
        return
      }
      rows.makerOf[slot] = maker
      if (rows.pairOf(slot) < 0 && name !== '') {
        rows.hostnameOf[slot] = name
        if (u32[slot * FLOW_WORDS + F.phase] === Phase.counted) counted.await(slot)
      }
    },
    gone(idLow, idHigh, record) {
      gone.note(idLow, idHigh, record)
      const slot = table.find(idLow, idHigh)
      if (slot >= 0) settleAnew(slot)
    },
    settled,
    ownerChanged: owners.identityChanged,
    judgeAnew() {
      for (let slot = 0; slot < table.highWater(); slot++) {
        const row = slot * FLOW_WORDS
        const base = slot * FLOW_DOUBLES
        const phase = u32[row + F.phase]
        const process = rows.processOf[slot]
        if (process === undefined || (phase !== Phase.counted && phase !== Phase.leftOut)) continue
        const reason = attribution.reasonToLeaveOut(slot, process)
        if (phase === Phase.counted && reason) {
          counted.leave(slot)
          attribution.leaveOut(slot, reason)
        } else if (phase === Phase.leftOut && reason === undefined) {
          // In force from here on: what went before stays out.
          const out = f64[base + D.out] as number
          const bytesIn = f64[base + D.in] as number
          takeFrom(slot, out, bytesIn)
          rows.setSince(slot, { out, in: bytesIn })
          u32[row + F.phase] = Phase.held
          attribution.settle(slot, false)
        }
      }
    },
    beginFirstLook() {
      isFirstLook = true
    },
    beginEnumeration: enumerations.begin,
    endEnumeration(source) {
      const enumeration = enumerations.of(source)
      enumerations.end(source)
      // Who waits for its process may wait on: it closes as it is settled.
      eachOpen((slot, row) => {
        const isOfSource = (u32[row + F.remote] as number) >>> 24 === source
        if (isOfSource && u32[row + F.seenIn] !== enumeration) close(slot, clock.nowMs)
      })
      memory.endExpecting()
    },
    closeAll() {
      eachOpen((slot) => closeNow(slot, clock.nowMs))
      memory.clear()
    },
  }
}
