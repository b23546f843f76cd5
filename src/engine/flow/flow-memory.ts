// What is remembered of flows that are not in the table: pushed out of it, open in an earlier run, or named
// before their first report. Without it their bytes would be counted twice.
import { createOldest } from '../../oldest.ts'
import type { EngineCounters } from '../counters.ts'
import type { Limits } from '../limits.ts'
import type { ImageName } from '../process/process.ts'
import type { FlowRows, Since } from './flow-rows.ts'
import { D, F, FLOW_DOUBLES, FLOW_WORDS } from './flow-table.ts'

/** An open flow with what of it is in the pair's numbers. */
export type StoredFlow = [
  idLow: number,
  idHigh: number,
  epoch: number,
  out: number,
  bytesIn: number,
]

/** Counters of a flow that the full table pushed out. */
export type Parked = {
  epoch: number
  out: number
  in: number
  countedOut: number
  countedIn: number
  toldOut: number
  toldIn: number
  bits: number
  /** Whose it was, and from where on. */
  owner: ImageName
  since: Since
}
/** What a name record told: an empty hostname is none; no maker: the flow's own process. */
export type Named = { hostname: string; maker: ImageName | undefined }
/** A flow of an earlier run: what of it is in the numbers of its pair. */
export type Expected = { epoch: number; out: number; in: number; pairKey: string }

export type FlowMemory = {
  park(slot: number): void
  parked(idLow: number, idHigh: number): Parked | undefined
  unpark(idLow: number, idHigh: number): void
  expect(list: { flow: StoredFlow; key: string; omitted: boolean }[]): void
  /** Takes what is expected of this flow. */
  takeExpected(idLow: number, idHigh: number, epoch: number): Expected | undefined
  /** Whether the pair had more open flows in an earlier run than could be listed. */
  isOmitted(pairKey: string): boolean
  /** The enumeration is over: what comes now of a pair that was listed in part is new. */
  endExpecting(): void
  name(idLow: number, idHigh: number, epoch: number, named: Named): void
  takeName(idLow: number, idHigh: number, epoch: number): Named | undefined
  /** Another boot: nothing of it is true any more. */
  clear(): void
}

export function createFlowMemory(
  rows: FlowRows,
  limits: Limits,
  counters: EngineCounters,
  onForgotten: (idLow: number, idHigh: number, epoch: number) => void,
): FlowMemory {
  const parked = new Map<string, Parked>()
  const firstParked = createOldest(() => parked.keys())
  const names = new Map<string, { epoch: number; named: Named }>()
  const firstNamed = createOldest(() => names.keys())
  const expected = new Map<string, Expected>()
  const omitted = new Set<string>()
  const keyOf = (idLow: number, idHigh: number): string => `${idHigh}.${idLow}`
  return {
    park(slot) {
      const row = slot * FLOW_WORDS
      const base = slot * FLOW_DOUBLES
      const { u32, f64 } = rows.table
      if (parked.size >= limits.parkedFlows) {
        const key = firstParked.next() as string
        const { epoch } = parked.get(key) as Parked
        const [idHigh, idLow] = key.split('.').map(Number) as [number, number]
        parked.delete(key)
        counters.evicted.forgottenFlows++
        onForgotten(idLow, idHigh, epoch)
      }
      firstParked.added()
      parked.set(keyOf(u32[row + F.idLow] as number, u32[row + F.idHigh] as number), {
        epoch: u32[row + F.epoch] as number,
        out: f64[base + D.out] as number,
        in: f64[base + D.in] as number,
        countedOut: f64[base + D.countedOut] as number,
        countedIn: f64[base + D.countedIn] as number,
        toldOut: f64[base + D.toldOut] as number,
        toldIn: f64[base + D.toldIn] as number,
        bits: u32[row + F.bits] as number,
        owner: { pid: u32[row + F.pid] as number, pidversion: u32[row + F.pidversion] as number },
        since: rows.sinceOf(slot),
      })
      counters.evicted.flows++
    },
    // What is asked for each flow is empty most of the time: no key is made for it then.
    parked: (idLow, idHigh) => (parked.size > 0 ? parked.get(keyOf(idLow, idHigh)) : undefined),
    unpark(idLow, idHigh) {
      parked.delete(keyOf(idLow, idHigh))
    },
    expect(list) {
      for (const { flow, key, omitted: isOmitted } of list) {
        const [idLow, idHigh, epoch, out, bytesIn] = flow
        const flowKey = keyOf(idLow, idHigh)
        const other = expected.get(flowKey)
        // One that changed hands is listed by each owner's alert: the last is the one that has most.
        if (other?.epoch === epoch && other.out + other.in > out + bytesIn) continue
        if (other || expected.size < limits.parkedFlows)
          expected.set(flowKey, { epoch, out, in: bytesIn, pairKey: key })
        else counters.evicted.forgottenFlows++
        if (isOmitted) omitted.add(key)
      }
    },
    takeExpected(idLow, idHigh, epoch) {
      if (expected.size === 0) return undefined
      const found = expected.get(keyOf(idLow, idHigh))
      if (found?.epoch !== epoch) return undefined
      expected.delete(keyOf(idLow, idHigh))
      return found
    },
    isOmitted: (pairKey) => omitted.has(pairKey),
    endExpecting() {
      // Who did not come may still: an enumeration can be an old one, sent again.
      omitted.clear()
    },
    name(idLow, idHigh, epoch, named) {
      if (names.size >= limits.pendingNames) names.delete(firstNamed.next() as string)
      firstNamed.added()
      names.set(keyOf(idLow, idHigh), { epoch, named })
    },
    takeName(idLow, idHigh, epoch) {
      if (names.size === 0) return undefined
      const key = keyOf(idLow, idHigh)
      const found = names.get(key)
      if (found === undefined) return undefined
      names.delete(key)
      return found.epoch === epoch ? found.named : undefined
    },
    clear() {
      parked.clear()
      names.clear()
      expected.clear()
      omitted.clear()
    },
  }
}
