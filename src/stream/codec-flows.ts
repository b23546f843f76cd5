// Flows that an alert lists to wire messages and back. Used by codec-finding.ts alone.
import type { ListedFlow } from '../engine/finding.ts'
import { port } from '../units.ts'
import { bounded, oneOf, ranged, time, u32 } from './fields.ts'
import { countFromWide, timeFromWide, wideFromCount } from './wide.ts'
import type { freshet } from './wire.gen.js'

type Absent<T> = T | null | undefined

/** More than any agent sends. */
const LISTED_MAX = 64
const STATES: readonly ListedFlow['state'][] = ['open', 'closed', 'gone']

export function listedToWire(
  listed: ListedFlow[] | undefined,
): freshet.v1.ListedFlows.$Properties | null {
  if (!listed) return null
  return {
    flows: bounded(listed, LISTED_MAX, 'alert.listed_flows').map((flow) => ({
      firstAtNs: time(flow.firstAt, 'flow.first_at_ns'),
      lastAtNs: time(flow.lastAt, 'flow.last_at_ns'),
      pid: u32(flow.pid, 'flow.pid'),
      localPort: flow.localPort,
      address: flow.address,
      port: flow.port,
      inbound: flow.isInbound,
      bytesOut: wideFromCount(flow.bytesOut, 'flow.bytes_out'),
      bytesIn: wideFromCount(flow.bytesIn, 'flow.bytes_in'),
      unread: flow.isUnread,
      state: flow.state,
    })),
  }
}

/** undefined: an earlier agent sent none. Throws StreamError. */
export function listedFromWire(
  listed: Absent<freshet.v1.ListedFlows.$Properties>,
): ListedFlow[] | undefined {
  if (!listed) return undefined
  return bounded(listed.flows ?? [], LISTED_MAX, 'alert.listed_flows').map((flow) => ({
    firstAt: timeFromWide(flow.firstAtNs, 'flow.first_at_ns'),
    lastAt: timeFromWide(flow.lastAtNs, 'flow.last_at_ns'),
    pid: flow.pid ?? 0,
    localPort: ranged(port, flow.localPort ?? 0, 'flow.local_port'),
    address: flow.address ?? '',
    port: ranged(port, flow.port ?? 0, 'flow.port'),
    isInbound: flow.inbound ?? false,
    bytesOut: countFromWide(flow.bytesOut, 'flow.bytes_out'),
    bytesIn: countFromWide(flow.bytesIn, 'flow.bytes_in'),
    isUnread: flow.unread ?? false,
    state: oneOf(STATES, flow.state, 'flow.state'),
  }))
}
