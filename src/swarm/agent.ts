// One simulated agent: the real uplink over its own certificate, with made-up findings in memory.
import type { Live } from '../stream/codec.ts'
import { startUplink, type Uplink, type UplinkOptions, type UplinkPace } from '../stream/uplink.ts'
import { createUuidSource } from '../stream/uuid.ts'
import { nowUnixNs, type UnixNs } from '../units.ts'
import { VERSION } from '../version.ts'
import { type FindingKind, makeFinding } from './findings.ts'
import { hostOf, type SwarmDevice } from './identities.ts'
import { createSwarmPolicies } from './policies.ts'
import { SwarmQueue } from './queue.ts'
import { note, noteEnd, notePolicy, type Tally } from './tally.ts'

export type SimulatedOptions = {
  collector: string
  authorities: readonly string[]
  device: SwarmDevice
  /** Its number among all, which its name and its programs follow. */
  number: number
  bootId: string
  /** How far its clock is ahead of this machine's, ms. */
  skewMs: number
  /** Reads no more once it is welcomed: a peer that has gone, and whose connection has not. */
  isHalfOpen: boolean
  pace: Partial<UplinkPace>
  /** The root key of policies that it takes, 64 hex digits; undefined: it takes none. */
  policyKey: string | undefined
  /** What it counts goes in here. */
  tally: Tally
  signal: AbortSignal
}

export type Simulated = {
  /** Makes one, or holds it back and counts that. */
  make(kind: FindingKind): void
  live(): void
  /** Ends its connection without a word; it comes back by itself. `again`: it sends the last that were acknowledged once more. */
  cut(again: boolean): void
  isConnected(): boolean
  waiting(): number
  done: Promise<void>
}

export function startSimulated(options: SimulatedOptions): Simulated {
  const { device, number, tally, signal, isHalfOpen } = options
  const skewNs = BigInt(Math.round(options.skewMs)) * 1_000_000n
  const now = () => (nowUnixNs() + skewNs) as UnixNs
  const makeId = createUuidSource(() => Number(now() / 1_000_000n))
  const queue = new SwarmQueue(
    makeId,
    (waitedMs, isAgain) => {
      if (isAgain) tally.acknowledgedAgain++
      else {
        tally.acknowledged++
        note(tally.latency, waitedMs)
      }
    },
    () => performance.now(),
  )
  let socket: Parameters<NonNullable<UplinkOptions['onSocket']>>[0] | undefined
  let isConnected = false
  let cutAtMs: number | undefined
  let made = 0
  const leave = (): void => {
    if (isConnected) tally.connected--
    isConnected = false
    socket = undefined
  }
  const uplink: Uplink = startUplink({
    url: options.collector,
    hello: {
      ...{ deviceId: device.deviceId, agentVersion: VERSION, hardware: device.hardware },
      host: { ...hostOf(number), bootId: options.bootId },
    },
    enrolment: {
      identity: () => ({ ...device, authorities: options.authorities }),
      // One that is kept would be lost with the run.
      request: () => Promise.resolve(undefined),
      take: () => 0,
      // It is no copy of another: the collector that takes it for one is told no more.
      reenrol: () => Promise.resolve(undefined),
      takeOwn: () => {},
    },
    policies: createSwarmPolicies({
      ...{ rootKey: options.policyKey, deviceId: device.deviceId, now },
      onApplied: (version) => notePolicy(tally, version),
    }),
    outbox: queue,
    now,
    signal,
    pace: options.pace,
    onSocket(opened) {
      socket = opened
    },
    onState(state) {
      if (state.state === 'connected') {
        isConnected = true
        tally.connected++
        tally.connectedMost = Math.max(tally.connectedMost, tally.connected)
        tally.welcomed++
        if (cutAtMs !== undefined) note(tally.returned, performance.now() - cutAtMs)
        cutAtMs = undefined
        if (isHalfOpen) socket?.pause()
        return
      }
      leave()
      // What we did ourselves is no end of the collector's.
      if (state.state !== 'waiting' && state.state !== 'refused') return
      if (cutAtMs === undefined || state.httpStatus !== undefined) noteEnd(tally.ends, state.reason)
    },
  })
  tally.agents++
  return {
    make(kind) {
      if (queue.isFull()) {
        tally.heldBack++
        return
      }
      queue.append(makeFinding(kind, number, made++, now()))
      tally.generated[kind]++
      uplink.poke()
    },
    live() {
      if (isConnected) uplink.live(liveOf(now(), made, queue.counters().items))
    },
    cut(again) {
      if (!isConnected || isHalfOpen) return
      cutAtMs = performance.now()
      tally.cut++
      socket?.terminate()
      leave()
      if (again) tally.sentAgain += queue.sendAgain()
    },
    isConnected: () => isConnected,
    waiting: () => queue.waiting(),
    done: uplink.done.then(() => {
      leave()
      tally.waiting += queue.waiting()
      tally.refused += queue.rejected
    }),
  }
}

/** What an agent says of itself each second. */
const liveOf = (at: UnixNs, made: number, outboxItems: number): Live => ({
  ...{ at, records: made * 10, execs: made, flows: made * 3, processes: 400, openFlows: 60 },
  ...{ identities: 320, bytesOut: made * 40_000, bytesIn: made * 90_000, unattributedFlows: 0 },
  ...{ lost: 0, outboxItems, outboxEvicted: 0, alerts: 0, degraded: '', top: [] },
})
