// Which flows moved most since somebody last looked: for a person's eye, not for detection.
import { bytesSum } from '../../units.ts'
import { formatAddress } from '../address.ts'
import { fileName } from '../process/acting.ts'
import type { FlowRows } from './flow-rows.ts'
import { D, F, FLOW_DOUBLES, FLOW_WORDS, type FlowTable, Phase } from './flow-table.ts'

export type TopFlow = { name: string; destination: string; bytesOut: number; bytesIn: number }

export type Top = {
  /** A flow is back in the table: what it moved before is no news. */
  enter(slot: number): void
  /** A flow is about to go: what it moved since the last look is kept for the next. */
  leave(slot: number): void
  /** The `count` pairs of program and destination with most bytes, both ways, since the last call. */
  take(count: number): TopFlow[]
}

/** Pairs of flows that closed since the last look. */
const DEPARTED_MAX = 1_024

export function createTop(
  flows: FlowTable,
  { processOf, isInbound }: Pick<FlowRows, 'processOf' | 'isInbound'>,
): Top {
  const { u32, f64, u8 } = flows
  const seenOut = new Float64Array(flows.capacity)
  const seenIn = new Float64Array(flows.capacity)
  const seenGeneration = new Uint32Array(flows.capacity)
  let departed = new Map<string, TopFlow>()

  const addTo = (into: Map<string, TopFlow>, slot: number, max: number): void => {
    const base = slot * FLOW_DOUBLES
    const isSame = seenGeneration[slot] === flows.generation[slot]
    const bytesOut = (f64[base + D.out] as number) - (isSame ? (seenOut[slot] as number) : 0)
    const bytesIn = (f64[base + D.in] as number) - (isSame ? (seenIn[slot] as number) : 0)
    if (bytesOut + bytesIn === 0) return
    const row = slot * FLOW_WORDS
    const path = processOf[slot]?.image.path ?? ''
    const name = path === '' ? '(not attributed)' : fileName(path)
    const at = (row + F.address) * 4
    const address = formatAddress(u8.subarray(at, at + 16))
    // Of what is served the port that says something is this machine's: the peer's is another each time.
    const destination = isInbound(slot)
      ? `${address} from port ${(u32[row + F.localPort] as number) & 0xffff} here`
      : `${address.includes(':') ? `[${address}]` : address}:${(u32[row + F.remote] as number) & 0xffff}`
    const key = `${name}\n${destination}`
    const known = into.get(key)
    if (known) {
      known.bytesOut += bytesOut
      known.bytesIn += bytesIn
    } else if (into.size < max) into.set(key, { name, destination, bytesOut, bytesIn })
  }

  const look = (slot: number): void => {
    seenOut[slot] = f64[slot * FLOW_DOUBLES + D.out] as number
    seenIn[slot] = f64[slot * FLOW_DOUBLES + D.in] as number
    seenGeneration[slot] = flows.generation[slot] as number
  }

  return {
    enter: look,
    leave(slot) {
      addTo(departed, slot, DEPARTED_MAX)
    },
    take(count) {
      const sums = departed
      departed = new Map()
      for (let slot = 0; slot < flows.highWater(); slot++) {
        if (u32[slot * FLOW_WORDS + F.phase] === Phase.free) continue
        addTo(sums, slot, Number.POSITIVE_INFINITY)
        look(slot)
      }
      return [...sums.values()]
        .sort((a, b) => b.bytesOut + b.bytesIn - (a.bytesOut + a.bytesIn))
        .slice(0, count)
        .map((flow) => ({
          ...flow,
          bytesOut: bytesSum(flow.bytesOut, 'bytes_out'),
          bytesIn: bytesSum(flow.bytesIn, 'bytes_in'),
        }))
    },
  }
}
