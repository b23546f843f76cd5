// Brings the bytes of counted flows to their pairs, each exactly once.
import { D, F, FLOW_DOUBLES, FLOW_WORDS, FlowBit, NO_PAIR, Phase } from '../flow/flow-table.ts'
import { createAttaching } from './attaching.ts'
import { createNews } from './news.ts'
import { C, P, PAIR_DOUBLES, PAIR_INTEGERS } from './pair-row.ts'
import type { FlowPairing, PairingParts } from './pairing-parts.ts'
import { createSilentFlows } from './silent-flows.ts'
import { SILENT_AFTER_MS } from './silent-watch.ts'

export function createFlowPairing(parts: PairingParts): FlowPairing {
  const { rows, pairs, book, judged, idle, traits } = parts
  const { table, hasBit } = rows
  const { u32, f64 } = table
  const { i32, f64: d } = pairs
  const { sentOf } = book
  const news = createNews(parts)
  const silent = createSilentFlows(parts)
  const { noteSilence, noteAnswer } = silent
  const attaching = createAttaching(parts, news, silent)
  const { join, attach } = attaching

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
      const flowOut = isSince ? rows.ownOut(slot) : out
      const flowIn = isSince ? rows.ownIn(slot) : bytesIn
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
    await: attaching.await,
    introduce: news.introduce,
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
      if (pair < 0 || rows.ownIn(slot) !== 0 || rows.ownOut(slot) === 0) return
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
      silent.pass((slot, pair) => judged.evaluate(pair, slot))
    },
  }
}
