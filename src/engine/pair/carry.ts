// What is left to the next engine of the same boot, so that summaries say each byte once though this one may be
// killed at any instant: what open flows have in the numbers of their pairs, and what pairs have not said. Flows
// that closed since the sensor may forget them are kept too, as their records can be sent again.
import type { Baseline } from '../../baseline/baseline.ts'
import type { CarriedFlow } from '../../baseline/carried.ts'
import { bytes, bytesSum, port } from '../../units.ts'
import { bootNumber, type Clock, wallNow } from '../clock.ts'
import type { EngineCounters } from '../counters.ts'
import type { DestinationView, PairSummary } from '../finding.ts'
import type { FlowRows } from '../flow/flow-rows.ts'
import { D, F, FLOW_DOUBLES, FLOW_WORDS, FlowBit, Phase } from '../flow/flow-table.ts'
import type { ToldFlows } from '../flow/handed-flows.ts'
import type { Running } from '../identity/running.ts'
import type { Limits } from '../limits.ts'
import { createClosedFlows } from './closed-flows.ts'
import { C, P, PAIR_DOUBLES, PAIR_INTEGERS } from './pair-row.ts'
import type { Pair, PairTable } from './pair-table.ts'

const HOUR_NS = 3_600_000_000_000n
/** How long a flow of an earlier engine that no enumeration named may still come up in records that are sent again. */
const STALE_MS = 60_000

export type CarryParts = {
  baseline: Baseline
  clock: Clock
  counters: EngineCounters
  limits: Limits
  rows: FlowRows
  pairs: PairTable
  running: Running
  /** Whether anybody saves: a replay does not. */
  isKept: () => boolean
  /** What an earlier engine had not said. */
  say: (summary: PairSummary) => void
}

export type Carry = ToldFlows & {
  /** Takes up what an earlier engine left, and says what it had not. */
  seed(): void
  /** A flow that was pushed out of the table will not be known when it comes back. */
  forgotten(idLow: number, idHigh: number, epoch: number): void
  /** A pair said all it has. */
  said(pair: Pair): void
  /** The sensor named all flows there are. */
  enumerated(): void
  /** Puts what changed into the baseline, to be committed. The first `goneBytes` of the stream do not come again. */
  save(goneBytes: number, streamBytes: number): void
  /** The boot is over: nothing of its flows means anything to the next. */
  end(): void
}

export function createCarry(parts: CarryParts): Carry {
  const { baseline, clock, limits, rows, pairs } = parts
  const { carried } = baseline
  const { table } = rows
  const { u32, f64 } = table
  /** Flows of an earlier engine that were not heard of yet. */
  const told = new Map<string, CarriedFlow>()
  /** `used` of each pair when it was saved. */
  const savedUsed = new Float64Array(pairs.capacity)
  const savedPairs = new Set<string>()
  const closed = createClosedFlows(carried)
  let staleAtMs = Number.POSITIVE_INFINITY

  const keyOf = (idLow: number, idHigh: number, epoch: number): string =>
    `${idHigh}.${idLow}.${epoch}`

  const savePair = (slot: number, pair: Pair): void => {
    const base = slot * PAIR_DOUBLES
    const used = pairs.f64[base + P.used] as number
    if (savedUsed[slot] === used) return
    savedUsed[slot] = used
    const out = (pairs.f64[base + P.out] as number) - (pairs.f64[base + P.summaryOut] as number)
    const bytesIn = (pairs.f64[base + P.in] as number) - (pairs.f64[base + P.summaryIn] as number)
    if (out + bytesIn === 0) return
    savedPairs.add(pair.key)
    carried.putPair({
      ...namesOf(pair),
      hourAt: ((wallNow(clock) / HOUR_NS) * HOUR_NS) as PairSummary['hourAt'],
      bytesOut: bytesSum(out, 'bytes_out'),
      bytesIn: bytesSum(bytesIn, 'bytes_in'),
      flows: pairs.i32[slot * PAIR_INTEGERS + C.summaryFlows] as number,
      largestFlowOut: pairs.f64[base + P.summaryLargest] as number,
    })
  }

  /** False when there is nothing to keep of it. */
  const putFlow = (slot: number): boolean => {
    const row = slot * FLOW_WORDS
    const base = slot * FLOW_DOUBLES
    const bytesOut = Math.max(f64[base + D.countedOut] as number, f64[base + D.toldOut] as number)
    const bytesIn = Math.max(f64[base + D.countedIn] as number, f64[base + D.toldIn] as number)
    if (bytesOut + bytesIn === 0) return false
    const since = rows.sinceOf(slot)
    carried.putFlow({
      idLow: u32[row + F.idLow] as number,
      idHigh: u32[row + F.idHigh] as number,
      epoch: u32[row + F.epoch] as number,
      bytesOut,
      bytesIn,
      sinceOut: since.out,
      sinceIn: since.in,
    })
    return true
  }

  const saveFlows = (): void => {
    for (let slot = 0; slot < table.highWater(); slot++) {
      const row = slot * FLOW_WORDS
      const bits = u32[row + F.bits] as number
      // One that waits may have moved something for the process that had it before.
      if (u32[row + F.phase] === Phase.free || (bits & FlowBit.unsaved) === 0) continue
      u32[row + F.bits] = bits & ~FlowBit.unsaved
      putFlow(slot)
    }
  }

  const dropStale = (): void => {
    if (clock.nowMs < staleAtMs) return
    staleAtMs = Number.POSITIVE_INFINITY
    for (const { idLow, idHigh, epoch } of told.values()) carried.dropFlow(idLow, idHigh, epoch)
    told.clear()
  }

  return {
    seed() {
      for (const pair of carried.pairs())
        parts.say({
          identityKey: pair.identityKey,
          destination: readView(pair.destination, pair.destinationKey),
          hourAt: pair.hourAt,
          bytesOut: bytes(pair.bytesOut, 'bytes_out'),
          bytesIn: bytes(pair.bytesIn, 'bytes_in'),
          flows: pair.flows,
          largestFlowOut: bytes(pair.largestFlowOut, 'largest_flow_out'),
        })
      const isSameBoot = carried.boot() === bootNumber(clock)
      const flows = isSameBoot ? [...carried.flows()] : []
      if (isSameBoot) parts.running.seed()
      carried.clear()
      for (const flow of flows) {
        if (told.size >= limits.parkedFlows) {
          parts.counters.evicted.forgottenFlows++
          continue
        }
        told.set(keyOf(flow.idLow, flow.idHigh, flow.epoch), flow)
        carried.putFlow(flow)
      }
    },
    opened(slot) {
      if (told.size === 0) return
      const row = slot * FLOW_WORDS
      const key = keyOf(
        u32[row + F.idLow] as number,
        u32[row + F.idHigh] as number,
        u32[row + F.epoch] as number,
      )
      const found = told.get(key)
      if (found === undefined) return
      told.delete(key)
      rows.setBit(slot, FlowBit.told)
      f64[slot * FLOW_DOUBLES + D.toldOut] = found.bytesOut
      f64[slot * FLOW_DOUBLES + D.toldIn] = found.bytesIn
      if (found.sinceOut + found.sinceIn > 0)
        rows.setSince(slot, { out: found.sinceOut, in: found.sinceIn })
    },
    released(slot, isParked) {
      if (!parts.isKept() || !putFlow(slot) || isParked) return
      const row = slot * FLOW_WORDS
      closed.add({
        idLow: u32[row + F.idLow] as number,
        idHigh: u32[row + F.idHigh] as number,
        epoch: u32[row + F.epoch] as number,
      })
    },
    forgotten(idLow, idHigh, epoch) {
      if (parts.isKept()) carried.dropFlow(idLow, idHigh, epoch)
    },
    said(pair) {
      if (savedPairs.delete(pair.key))
        carried.dropPair(pair.identity.stored.key, pair.destination.view.key)
    },
    enumerated() {
      parts.running.enumerated()
      if (told.size > 0) staleAtMs = clock.nowMs + STALE_MS
    },
    save(goneBytes, streamBytes) {
      if (clock.bootId === '') return
      carried.setBoot(bootNumber(clock))
      closed.drop(goneBytes, streamBytes)
      dropStale()
      saveFlows()
      pairs.each(savePair)
      parts.running.save()
    },
    end() {
      carried.clear()
    },
  }
}

const namesOf = ({ identity, destination: { view } }: Pair) => ({
  identityKey: identity.stored.key,
  destinationKey: view.key,
  destination: JSON.stringify(view),
})

/** The destination of a carried pair; of one that cannot be read, what its key says. */
function readView(text: string, key: string): DestinationView {
  try {
    const view: DestinationView = JSON.parse(text)
    return {
      key,
      address: `${view.address}`,
      port: port(view.port, 'port'),
      hostname: `${view.hostname}`,
      protocol: view.protocol & 0xff,
    }
  } catch {
    return { key, address: '', port: port(0, 'port'), hostname: '', protocol: 0 }
  }
}
