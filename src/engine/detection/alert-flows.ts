// The flows that an alert lists: those with the most bytes, whether they are open or not. Bounded; the rest is in the
// alert's numbers.
import { bytes } from '../../units.ts'
import { formatAddress } from '../address.ts'
import { type Clock, wallOfMs } from '../clock.ts'
import type { ListedFlow } from '../finding.ts'
import type { FlowRows } from '../flow/flow-rows.ts'
import {
  D,
  F,
  FLOW_DOUBLES,
  FLOW_WORDS,
  FlowBit,
  type FlowTable,
  Phase,
} from '../flow/flow-table.ts'
import type { EndedFlow } from '../pair/ended-flows.ts'
import type { PairTable } from '../pair/pair-table.ts'

/** Of an alert. A reader looks at the first few; 20 take 1.5 kB of an item. */
export const LISTED_MAX = 20
/** Of a pair without an alert: its flows may have closed before one opens. 4,096 pairs' take 3 MB at most. */
export const ENDED_MAX = 5

export type FlowListing = {
  /** The flow leaves its pair: it is kept if it is among the `max` with the most bytes. REQUIRES: its row is as it was. */
  end(ended: EndedFlow[], flow: number, max: number): void
  /** The largest of those that are open and those that are not. */
  list(open: Iterable<number>, ended: readonly EndedFlow[]): ListedFlow[]
  /** The same for the baseline: the next engine knows of none of them whether it goes on. */
  keep(open: Iterable<number>, ended: readonly EndedFlow[]): EndedFlow[]
}

type Rows = Pick<FlowRows, 'table' | 'sinceOf' | 'addressOf' | 'isInbound' | 'hasBit'>

export function createFlowListing(rows: Rows, clock: Clock): FlowListing {
  const { u32, f64 } = rows.table

  const outOf = (flow: number): number =>
    (f64[flow * FLOW_DOUBLES + D.countedOut] as number) - rows.sinceOf(flow).out
  const inOf = (flow: number): number =>
    (f64[flow * FLOW_DOUBLES + D.countedIn] as number) - rows.sinceOf(flow).in

  const describe = (flow: number, state: ListedFlow['state']): EndedFlow => {
    const row = flow * FLOW_WORDS
    const base = flow * FLOW_DOUBLES
    const pid = u32[row + F.pid] as number
    return {
      key: [u32[row + F.idHigh], u32[row + F.idLow], u32[row + F.epoch], pid].join(' '),
      firstAt: wallOfMs(clock, f64[base + D.firstAtMs] as number),
      lastAt: wallOfMs(clock, f64[base + D.lastAtMs] as number),
      pid,
      localPort: (u32[row + F.localPort] as number) & 0xffff,
      address: formatAddress(rows.addressOf(flow)),
      port: (u32[row + F.remote] as number) & 0xffff,
      isInbound: rows.isInbound(flow),
      bytesOut: bytes(Math.max(0, outOf(flow)), 'flow.bytes_out'),
      bytesIn: bytes(Math.max(0, inOf(flow)), 'flow.bytes_in'),
      isUnread: rows.hasBit(flow, FlowBit.unread | FlowBit.inexact),
      state,
    }
  }

  const isSmaller = (flow: number, than: ListedFlow): boolean => {
    const out = outOf(flow)
    return out < than.bytesOut || (out === than.bytesOut && inOf(flow) <= than.bytesIn)
  }

  const largest = (open: Iterable<number>, ended: readonly EndedFlow[]): EndedFlow[] => {
    const found: EndedFlow[] = []
    for (const flow of open) {
      const last = found[LISTED_MAX - 1]
      if (last && isSmaller(flow, last)) continue
      insert(found, describe(flow, 'open'), LISTED_MAX)
    }
    const keys = new Set(found.map(({ key }) => key))
    for (const flow of ended) if (!keys.has(flow.key)) insert(found, flow, LISTED_MAX)
    return found
  }

  return {
    end(ended, flow, max) {
      const last = ended[max - 1]
      if (last && isSmaller(flow, last)) return
      const gone = describe(flow, rows.hasBit(flow, FlowBit.closed) ? 'closed' : 'gone')
      const same = ended.findIndex(({ key }) => key === gone.key)
      if (same >= 0) ended.splice(same, 1)
      insert(ended, gone, max)
    },
    list: (open, ended) => largest(open, ended).map(withoutKey),
    keep: (open, ended) =>
      largest(open, ended).map((flow) =>
        flow.state === 'open' ? { ...flow, state: 'gone' } : flow,
      ),
  }
}

const withoutKey = (flow: EndedFlow): ListedFlow => {
  const { key: _key, ...listed } = flow
  return listed
}

/** The most bytes out first, then in; of equals in the order they came. */
function insert(into: EndedFlow[], flow: EndedFlow, max: number): void {
  const at = into.findIndex(
    ({ bytesOut, bytesIn }) =>
      bytesOut < flow.bytesOut || (bytesOut === flow.bytesOut && bytesIn < flow.bytesIn),
  )
  if (at < 0) into.push(flow)
  else into.splice(at, 0, flow)
  if (into.length > max) into.length = max
}

/** The open flows of the pair in `slot`. Looks at every flow: once an alert. */
export function openFlowsOf(
  { u32, highWater }: FlowTable,
  pairs: PairTable,
  slot: number,
): Set<number> {
  const found = new Set<number>()
  const generation = pairs.generationOf(slot)
  for (let flow = 0; flow < highWater(); flow++) {
    const row = flow * FLOW_WORDS
    if (
      u32[row + F.phase] === Phase.counted &&
      u32[row + F.pair] === slot &&
      u32[row + F.pairGeneration] === generation
    )
      found.add(flow)
  }
  return found
}
