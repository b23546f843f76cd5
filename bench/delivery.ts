// How fast findings become durable on the host and bytes on the wire.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Alert, Finding } from '../src/engine/finding.ts'
import { decodeEnvelope, decodeItem, encodeEnvelope, encodeItem } from '../src/stream/codec.ts'
import { openOutbox } from '../src/stream/outbox.ts'
import { type Bytes, nowUnixNs, type Pid, type UnixNs } from '../src/units.ts'
import { encodedAlert } from './collector-agents.ts'
import type { Bench, Row } from './row.ts'

const APPEND_BATCH = 50
const APPENDS = 100
const CODEC_ROUNDS = 20_000
const OPEN_ITEMS = 100_000
const PACK_ITEMS = 200

export const benches: Bench[] = [
  { name: 'delivery outbox append', run: async () => appendRows() },
  { name: 'delivery outbox open', run: async () => [openRow()] },
  { name: 'delivery encode', run: async () => [encodeRow()] },
  { name: 'delivery decode', run: async () => [decodeRow()] },
  { name: 'delivery pack', run: async () => [packRow()] },
]

/** One transaction with an fsync each; the rival pays one for each finding. */
function appendRows(): Row[] {
  return inDirectory((directory) => {
    const perSecond = (name: string, batch: number, appends: number) => {
      const outbox = openOutbox(join(directory, `${name}.db`), OPTIONS)
      const findings = Array.from({ length: batch }, () => FINDING)
      const began = performance.now()
      for (let append = 0; append < appends; append++) outbox.append(findings)
      const rate = (batch * appends) / ((performance.now() - began) / 1000)
      outbox.close()
      return rate
    }
    const batched = perSecond('batched', APPEND_BATCH, APPENDS)
    const single = perSecond('single', 1, APPENDS * 4)
    return [
      {
        name: `delivery outbox append, ${APPEND_BATCH} alerts a transaction`,
        value: batched,
        unit: 'alerts/s',
        rival: 'one alert a transaction',
        ratio: batched / single,
      },
    ]
  })
}

/** Opening counts nothing, so a full outbox must not start the agent later. */
function openRow(): Row {
  return inDirectory((directory) => {
    const openMs = (name: string, items: number) => {
      const path = join(directory, name)
      const outbox = openOutbox(path, OPTIONS)
      const findings = Array.from({ length: 1000 }, () => FINDING)
      for (let done = 0; done < items; done += findings.length) outbox.append(findings)
      outbox.close()
      const times = Array.from({ length: 9 }, () => {
        const began = performance.now()
        openOutbox(path, OPTIONS).close()
        return performance.now() - began
      })
      return times.sort((a, b) => a - b)[4] ?? Number.NaN
    }
    const empty = openMs('empty.db', 0)
    const full = openMs('full.db', OPEN_ITEMS)
    const ratio = full / empty
    return {
      name: `delivery outbox open, ${OPEN_ITEMS} alerts waiting`,
      value: full,
      unit: 'ms',
      rival: 'an empty outbox',
      ratio,
      target: 'at most 3 times an empty one',
      met: ratio <= 3,
    }
  })
}

/** An alert to protobuf, beside JSON.stringify of the same object. */
function encodeRow(): Row {
  const ours = perRound(() => encodeItem({ id: ID, sequence: 7, finding: FINDING }))
  const json = perRound(() => JSON.stringify(JSONABLE))
  const bytes = encodeItem({ id: ID, sequence: 7, finding: FINDING }).length
  return {
    name: `delivery encode an alert (${bytes} B, ${JSON.stringify(JSONABLE).length} B as JSON)`,
    value: ours,
    unit: 'µs',
    rival: 'JSON.stringify',
    ratio: ours / json,
  }
}

/** Bytes to a checked alert, beside JSON.parse, which checks nothing. */
function decodeRow(): Row {
  const encoded = encodeItem({ id: ID, sequence: 7, finding: FINDING })
  const text = JSON.stringify(JSONABLE)
  const ours = perRound(() => decodeItem(encoded))
  const json = perRound(() => JSON.parse(text))
  return {
    name: 'delivery decode an alert',
    value: ours,
    unit: 'µs',
    rival: 'JSON.parse',
    ratio: ours / json,
  }
}

/** What a batch of different alerts takes on the wire, packed; and that packing it keeps up with any link. */
function packRow(): Row {
  const items = Array.from({ length: PACK_ITEMS }, (_, index) => encodedAlert(index, index + 1))
  const plain = encodeEnvelope({ kind: 'batch', items })
  const packed = encodeEnvelope({ kind: 'batch', items, isPacked: true })
  const pack = perRound(() => encodeEnvelope({ kind: 'batch', items, isPacked: true }), 200)
  const unpack = perRound(() => decodeEnvelope(packed), 200)
  const microseconds = (each: number) => (each / PACK_ITEMS).toFixed(1)
  return {
    name:
      `delivery packed batch of ${PACK_ITEMS} alerts (an alert: packed in ${microseconds(pack)} µs, ` +
      `unpacked in ${microseconds(unpack)})`,
    value: packed.length / PACK_ITEMS,
    unit: 'B/alert',
    rival: `not packed: ${Math.round(plain.length / PACK_ITEMS)} B`,
    ratio: packed.length / plain.length,
  }
}

/** Microseconds; the best of three, so that a neighbour on the machine counts less. */
function perRound(work: () => unknown, rounds = CODEC_ROUNDS): number {
  const passes = Array.from({ length: 4 }, () => {
    const began = performance.now()
    for (let round = 0; round < rounds; round++) work()
    return ((performance.now() - began) * 1000) / rounds
  })
  return Math.min(...passes.slice(1))
}

function inDirectory<T>(work: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-bench-'))
  try {
    return work(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const OPTIONS = { bytesMax: 1 << 30, ageMaxMs: 1e10, now: nowUnixNs }
const ID = new Uint8Array(16)
const AT = 1_790_000_000_000_000_000n as UnixNs
const PROCESS = {
  pid: 4711 as Pid,
  pidversion: 9,
  path: '/home/mira/.cache/tools/rclone-1.70',
  script: '',
  scriptSha256: '',
  scriptFrom: '',
  foreignCode: [],
  foreignCodeMore: false,
  uid: 1000,
  user: 'mira',
  startedAt: AT,
  identityKey: `unsigned:sha256:${'ab'.repeat(32)}`,
  socketsBy: '',
  arguments: undefined,
}
const ALERT: Alert = {
  id: '0123456789abcdef0123456789abcdef',
  revision: 2,
  state: 'updated',
  severity: 'high',
  score: 91.5,
  sentence: 'rclone-1.70, first run 40 s ago, sent 8.4 MB to 203.0.113.9:443 and got nothing back',
  reasons: ['novelty', 'signer', 'destination', 'volume', 'asymmetry', 'no_response'].map(
    (term) => ({
      term: term as Alert['reasons'][number]['term'],
      points: 15,
      value: 8_400_000,
      threshold: 1_048_576,
      unit: 'B' as const,
      text: `${term}: 8.4 MB against 1.0 MB`,
    }),
  ),
  openedAt: AT,
  updatedAt: AT,
  identity: {
    key: PROCESS.identityKey,
    signerClass: 'unsigned',
    name: 'rclone-1.70',
    path: PROCESS.path,
    sha256: 'ab'.repeat(32),
    signingId: '',
    teamId: '',
    cdhash: '',
    firstSeenAt: AT,
    firstNetworkAt: AT,
  },
  responsibleKey: undefined,
  doubt: '',
  chain: [PROCESS, { ...PROCESS, path: '/usr/bin/bash' }, { ...PROCESS, path: '/usr/sbin/sshd' }],
  destination: {
    key: '203.0.113.0/24:443',
    address: '203.0.113.9',
    port: 443,
    hostname: '',
    protocol: 6,
  },
  bytesOut: 8_400_000 as Bytes,
  bytesIn: 0 as Bytes,
  flows: 1,
  silentFlows: 1,
  unreadFlows: 0,
  atMostFlows: 0,
  tunnelledFlows: 0,
  guessedFlows: 0,
  inAboutFlows: 0,
  listedFlows: undefined,
  largestFlow: { bytesOut: 8_400_000 as Bytes, bytesIn: 0 as Bytes, pcr: 1 },
  timeline: {
    startAt: AT,
    bucketMs: 1000,
    bytesOut: Array.from({ length: 40 }, () => 210_000 as Bytes),
    bytesIn: Array.from({ length: 40 }, () => 0 as Bytes),
  },
  policyVersion: 1,
  reference: '0123456789abcdef',
  techniques: ['AN0032', 'DET0011', 'T1001.001'],
}
const FINDING: Finding = { at: AT, kind: 'alert', alert: ALERT }
/** JSON has no bigint; what it takes for one here is the cheapest there is. */
const JSONABLE: unknown = JSON.parse(
  JSON.stringify(FINDING, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
)
