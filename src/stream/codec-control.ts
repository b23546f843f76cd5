// Everything but items to wire messages and back. Used by codec.ts alone.
import { hardwareFromWire, hostFromWire } from './codec-enrol.ts'
import {
  bounded,
  lastSequenceFromWire,
  lastSequenceToWire,
  sequenceFromWire,
  sequenceToWire,
  u32,
} from './fields.ts'
import {
  type Ack,
  BATCH_ITEMS_MAX,
  type Hello,
  type Live,
  type LiveSources,
  StreamError,
  type Welcome,
} from './message.ts'
import {
  bigintFromWide,
  countFromWide,
  timeFromWide,
  wideFromBigint,
  wideFromCount,
} from './wide.ts'
import type { freshet } from './wire.gen.js'

const TOP_MAX = 8
/** A Mac has six sources, and three sentences to say of them. */
const FORCED_MAX = 6
const SENTENCES_MAX = 4

export function helloToWire(hello: Hello): freshet.v1.Hello.$Properties {
  return {
    deviceId: hello.deviceId,
    outboxId: Buffer.from(hello.outboxId, 'hex'),
    agentVersion: hello.agentVersion,
    sentAtNs: wideFromBigint(hello.sentAt, 'hello.sent_at_ns'),
    capabilities: wideFromBigint(hello.capabilities, 'hello.capabilities'),
    host: { ...hello.host },
    hardware: Buffer.from(hello.hardware ?? '', 'hex'),
  }
}

export function helloFromWire(hello: freshet.v1.Hello.$Properties): Hello {
  const { host } = hello
  const deviceId = hello.deviceId ?? ''
  const hardware = hardwareFromWire(hello.hardware, 'hello.hardware')
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(deviceId))
    throw new StreamError('out-of-range', 'hello.device_id: not a UUID in lower case')
  const outboxId = Buffer.from(hello.outboxId ?? []).toString('hex')
  if (outboxId.length !== 32) throw new StreamError('out-of-range', 'hello.outbox_id: not 16 bytes')
  return {
    deviceId,
    outboxId,
    agentVersion: hello.agentVersion ?? '',
    sentAt: timeFromWide(hello.sentAtNs, 'hello.sent_at_ns'),
    capabilities: bigintFromWide(hello.capabilities),
    host: hostFromWire(host),
    ...(hardware === '' ? {} : { hardware }),
  }
}

export function welcomeToWire(welcome: Welcome): freshet.v1.Welcome.$Properties {
  return {
    lastSequence: lastSequenceToWire(welcome.lastSequence, 'welcome.last_sequence'),
    capabilities: wideFromBigint(welcome.capabilities, 'welcome.capabilities'),
    receivedAtNs: wideFromBigint(welcome.receivedAt, 'welcome.received_at_ns'),
    creditItems: u32(welcome.creditItems, 'welcome.credit_items'),
    backoffMaxMs: u32(welcome.backoffMaxMs, 'welcome.backoff_max_ms'),
  }
}

export function welcomeFromWire(welcome: freshet.v1.Welcome.$Properties): Welcome {
  return {
    lastSequence: lastSequenceFromWire(welcome.lastSequence, 'welcome.last_sequence'),
    capabilities: bigintFromWide(welcome.capabilities),
    receivedAt: timeFromWide(welcome.receivedAtNs, 'welcome.received_at_ns'),
    creditItems: welcome.creditItems ?? 0,
    backoffMaxMs: welcome.backoffMaxMs ?? 0,
  }
}

export function ackToWire(ack: Ack): freshet.v1.Ack.$Properties {
  return {
    throughSequence: lastSequenceToWire(ack.throughSequence, 'ack.through_sequence'),
    rejects: ack.rejects.map(({ sequence, reason }) => ({
      sequence: sequenceToWire(sequence, 'reject.sequence'),
      reason,
    })),
    aheadSequences: (ack.aheadSequences ?? []).map((sequence) =>
      sequenceToWire(sequence, 'ack.ahead_sequences'),
    ),
  }
}

export function ackFromWire(ack: freshet.v1.Ack.$Properties): Ack {
  const rejects = bounded(ack.rejects ?? [], BATCH_ITEMS_MAX, 'ack.rejects')
  const ahead = bounded(ack.aheadSequences ?? [], BATCH_ITEMS_MAX, 'ack.ahead_sequences')
  return {
    throughSequence: lastSequenceFromWire(ack.throughSequence, 'ack.through_sequence'),
    rejects: rejects.map((reject) => ({
      sequence: sequenceFromWire(reject.sequence, 'reject.sequence'),
      reason: reject.reason ?? '',
    })),
    ...(ahead.length === 0
      ? {}
      : {
          aheadSequences: ahead.map((sequence) =>
            sequenceFromWire(sequence, 'ack.ahead_sequences'),
          ),
        }),
  }
}

export function liveToWire(live: Live): freshet.v1.Live.$Properties {
  return {
    atNs: wideFromBigint(live.at, 'live.at_ns'),
    records: wideFromCount(live.records, 'live.records'),
    execs: wideFromCount(live.execs, 'live.execs'),
    flows: wideFromCount(live.flows, 'live.flows'),
    processes: u32(live.processes, 'live.processes'),
    openFlows: u32(live.openFlows, 'live.open_flows'),
    identities: u32(live.identities, 'live.identities'),
    bytesOut: wideFromCount(live.bytesOut, 'live.bytes_out'),
    bytesIn: wideFromCount(live.bytesIn, 'live.bytes_in'),
    unattributedFlows: wideFromCount(live.unattributedFlows, 'live.unattributed_flows'),
    lost: wideFromCount(live.lost, 'live.lost'),
    outboxItems: wideFromCount(live.outboxItems, 'live.outbox_items'),
    outboxEvicted: wideFromCount(live.outboxEvicted, 'live.outbox_evicted'),
    alerts: wideFromCount(live.alerts, 'live.alerts'),
    degraded: live.degraded,
    top: live.top.slice(0, TOP_MAX).map((flow) => ({
      name: flow.name,
      destination: flow.destination,
      bytesOut: wideFromCount(flow.bytesOut, 'live.top.bytes_out'),
      bytesIn: wideFromCount(flow.bytesIn, 'live.top.bytes_in'),
    })),
    ...(live.sources ? { sources: sourcesToWire(live.sources) } : {}),
    ...(live.lostSince === undefined
      ? {}
      : { lostSinceNs: wideFromBigint(live.lostSince, 'live.lost_since_ns') }),
  }
}

function sourcesToWire(sources: LiveSources): freshet.v1.LiveSources.$Properties {
  const { processes, flows, isFilterSilent, forced, text } = sources
  return {
    ...{ processes, flows, filterSilent: isFilterSilent },
    forced: forced.slice(0, FORCED_MAX),
    text: text.slice(0, SENTENCES_MAX),
  }
}

function sourcesFromWire(sources: freshet.v1.LiveSources.$Properties): LiveSources {
  return {
    processes: sources.processes ?? '',
    flows: sources.flows ?? '',
    isFilterSilent: sources.filterSilent ?? false,
    forced: bounded(sources.forced ?? [], FORCED_MAX, 'live.sources.forced'),
    text: bounded(sources.text ?? [], SENTENCES_MAX, 'live.sources.text'),
  }
}

export function liveFromWire(live: freshet.v1.Live.$Properties): Live {
  const top = live.top ?? []
  const lostSince = timeFromWide(live.lostSinceNs, 'live.lost_since_ns')
  if (top.length > TOP_MAX)
    throw new StreamError('too-large', `live.top: ${top.length} flows, at most ${TOP_MAX}`)
  return {
    at: timeFromWide(live.atNs, 'live.at_ns'),
    records: countFromWide(live.records, 'live.records'),
    execs: countFromWide(live.execs, 'live.execs'),
    flows: countFromWide(live.flows, 'live.flows'),
    processes: live.processes ?? 0,
    openFlows: live.openFlows ?? 0,
    identities: live.identities ?? 0,
    bytesOut: countFromWide(live.bytesOut, 'live.bytes_out'),
    bytesIn: countFromWide(live.bytesIn, 'live.bytes_in'),
    unattributedFlows: countFromWide(live.unattributedFlows, 'live.unattributed_flows'),
    lost: countFromWide(live.lost, 'live.lost'),
    outboxItems: countFromWide(live.outboxItems, 'live.outbox_items'),
    outboxEvicted: countFromWide(live.outboxEvicted, 'live.outbox_evicted'),
    alerts: countFromWide(live.alerts, 'live.alerts'),
    degraded: live.degraded ?? '',
    top: top.map((flow) => ({
      name: flow.name ?? '',
      destination: flow.destination ?? '',
      bytesOut: countFromWide(flow.bytesOut, 'live.top.bytes_out'),
      bytesIn: countFromWide(flow.bytesIn, 'live.top.bytes_in'),
    })),
    ...(live.sources ? { sources: sourcesFromWire(live.sources) } : {}),
    ...(lostSince > 0n ? { lostSince } : {}),
  }
}
