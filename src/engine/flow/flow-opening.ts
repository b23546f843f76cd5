// A flow that is told of and is not in the table: new, back in it, or one of an earlier engine's.
import { FlowFlag, FlowState } from '../../records/record.gen.ts'
import { countFromHere, type EarlierFlows } from './earlier-flows.ts'
import type { FlowClosing } from './flow-closing.ts'
import type { Expected, Parked } from './flow-memory.ts'
import { D, F, FLOW_DOUBLES, FLOW_WORDS, FlowBit, Phase } from './flow-table.ts'
import { stateOf, W } from './flow-words.ts'
import type { LedgerParts } from './ledger-parts.ts'

export type FlowOpening = {
  /** A slot for the flow of the record at word `w`; -1 for an epoch that is over and counted. */
  open(words: Uint32Array, w: number, source: number, atMs: number): number
}

export function createFlowOpening(
  parts: LedgerParts,
  earlier: EarlierFlows,
  closing: FlowClosing,
): FlowOpening {
  const { counters, rows, memory, attribution, counted, traits, top, told } = parts
  const { table } = rows
  const { u32, f64 } = table

  /** A flow in its middle that nobody opened may be one whose counters were forgotten. */
  const mayBeForgotten = (words: Uint32Array, w: number): boolean =>
    counters.evicted.forgottenFlows > 0 &&
    stateOf(words, w) !== FlowState.opened &&
    ((words[w + W.flags] as number) & FlowFlag.enumerated) === 0

  /** Its row as the record has it, but for its counters. */
  const fill = (words: Uint32Array, w: number, slot: number, source: number): void => {
    const row = slot * FLOW_WORDS
    const ports = words[w + W.ports] as number
    const kind = words[w + W.kind] as number
    u32[row + F.epoch] = words[w + W.epoch] as number
    u32[row + F.phase] = Phase.held
    u32[row + F.remote] = ((ports & 0xffff) | ((kind & 0xff) << 16) | (source << 24)) >>> 0
    u32[row + F.localPort] = (ports >>> 16) | (((kind >>> 8) & 0xff) << 16)
    u32[row + F.pid] = words[w + W.pid] as number
    u32[row + F.pidversion] = words[w + W.pidversion] as number
    for (let i = 0; i < 4; i++) u32[row + F.address + i] = words[w + W.address + i] as number
  }

  /** It was pushed out of the full table: it goes on as it was then. */
  const bringBack = (slot: number, parked: Parked): void => {
    const row = slot * FLOW_WORDS
    const base = slot * FLOW_DOUBLES
    u32[row + F.pid] = parked.owner.pid
    u32[row + F.pidversion] = parked.owner.pidversion
    f64[base + D.out] = parked.out
    f64[base + D.in] = parked.in
    f64[base + D.countedOut] = parked.countedOut
    f64[base + D.countedIn] = parked.countedIn
    f64[base + D.toldOut] = parked.toldOut
    f64[base + D.toldIn] = parked.toldIn
    u32[row + F.bits] = parked.bits
    rows.setSince(slot, parked.since)
    top.enter(slot)
  }

  /** Whose it is: as its alert's of an earlier engine, where it is expected, else it is found, or waits. */
  const findOwner = (slot: number, expected: Expected | undefined): void => {
    const since = rows.sinceOf(slot)
    // It may have changed hands since the alert that lists it had it.
    const isExpected =
      expected && (since.out + since.in === 0 || expected.out + expected.in > since.out + since.in)
    if (isExpected && counted.resume(slot, expected))
      rows.processOf[slot] = attribution.ownerOf(slot, true)
    else attribution.settle(slot, false)
  }

  return {
    open(words, w, source, atMs) {
      const idLow = words[w + W.idLow] as number
      const idHigh = words[w + W.idHigh] as number
      const epoch = words[w + W.epoch] as number
      const parked = memory.parked(idLow, idHigh)
      if (parked) {
        if (epoch < parked.epoch) return -1
        memory.unpark(idLow, idHigh)
      }
      if (table.count() === table.capacity) closing.makeRoom()
      const slot = table.add(idLow, idHigh)
      fill(words, w, slot, source)
      f64[slot * FLOW_DOUBLES + D.firstAtMs] = atMs
      f64[slot * FLOW_DOUBLES + D.lastAtMs] = atMs
      const named = memory.takeName(idLow, idHigh, epoch)
      rows.hostnameOf[slot] = named?.hostname
      rows.makerOf[slot] = named?.maker
      const isBack = parked?.epoch === epoch
      if (isBack) bringBack(slot, parked)
      else {
        counters.flows++
        if (mayBeForgotten(words, w)) countFromHere(rows, words, w, slot)
      }
      traits.note(slot, words[w + W.flags] as number)
      told.opened(slot)
      const expected = memory.takeExpected(idLow, idHigh, epoch)
      if (!isBack) {
        const isTold = expected !== undefined || rows.hasBit(slot, FlowBit.told)
        if (!isTold && earlier.isEarlier(words, w, source)) earlier.leave(words, w, slot)
        const { out, in: bytesIn } = rows.sinceOf(slot)
        rows.takeFrom(slot, out, bytesIn)
      }
      findOwner(slot, expected)
      return slot
    },
  }
}
