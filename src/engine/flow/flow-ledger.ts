// Follows each flow from its first report to its close, through reused ids, full tables and enumerations, so
// that every byte of it reaches the totals once. The hot path is `report`.
import { FlowFlag, FlowState } from '../../records/record.gen.ts'
import { createEnumerations } from '../sources.ts'
import { createEarlierFlows } from './earlier-flows.ts'
import { createFlowClosing } from './flow-closing.ts'
import { createFlowOpening } from './flow-opening.ts'
import { createFlowOwners } from './flow-owners.ts'
import { createFlowSweeps } from './flow-sweeps.ts'
import { D, F, FLOW_DOUBLES, FLOW_WORDS, FlowBit, Phase } from './flow-table.ts'
import { TRAIT_FLAGS } from './flow-traits.ts'
import { inOf, outOf, stateOf, W } from './flow-words.ts'
import type { FlowLedger, LedgerParts } from './ledger-parts.ts'

/** Counters from 2^53 on cannot be: their high word reaches this. */
const HIGH_MAX = 0x200000
const UNREAD_FLAGS = FlowFlag.countersLost | FlowFlag.inexact

export function createFlowLedger(parts: LedgerParts): FlowLedger {
  const { counters, rows, memory, attribution, counted, gone, traits } = parts
  const { table } = rows
  const { u32, f64 } = table
  const enumerations = createEnumerations()
  const owners = createFlowOwners({ ...parts, onSettled: (slot) => settled(slot) })
  const closing = createFlowClosing(parts, owners)
  const earlier = createEarlierFlows(rows, counters, enumerations)
  const opening = createFlowOpening(parts, earlier, closing)
  const sweeps = createFlowSweeps(parts, enumerations, closing)

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
    if (rows.hasBit(slot, FlowBit.closed)) closing.close(slot, atMs)
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
        closing.closeNow(slot, atMs)
        slot = -1
      }
      if (slot < 0) slot = opening.open(words, w, source, atMs)
      if (slot < 0) {
        counters.staleReports++
        return
      }
      const row = slot * FLOW_WORDS
      const base = slot * FLOW_DOUBLES
      const out = outOf(words, w)
      const bytesIn = inOf(words, w)
      if (earlier.isEarlier(words, w, source)) earlier.leaveMore(slot, out, bytesIn)
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
      if (stateOf(words, w) === FlowState.closed) closing.close(slot, atMs)
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
    beginFirstLook: earlier.begin,
    beginEnumeration: enumerations.begin,
    ...sweeps,
  }
}
