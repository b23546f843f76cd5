import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import type { ListedFlow } from '../../src/engine/finding.ts'
import {
  BATCH_ITEMS_MAX,
  decodeEnvelope,
  decodeItem,
  type Envelope,
  encodeEnvelope,
  encodeItem,
  FRAME_BYTES_MAX,
  type Hello,
  ITEM_BYTES_MAX,
  itemSequence,
  type Live,
  type LiveSources,
  SEQUENCE_MAX,
  StreamError,
} from '../../src/stream/codec.ts'
import { type Bytes, bytes, type UnixNs, unixNs } from '../../src/units.ts'
import {
  alert,
  alertFinding,
  anyFinding,
  destination,
  healthFinding,
  identity,
  process_,
  sightingFinding,
  summaryFinding,
} from './findings.ts'
import { mutate, mutation } from './mutate.ts'
import { golden, hexLines, vector } from './vectors.ts'

const id = Uint8Array.from({ length: 16 }, (_, index) => index)
const at = 1_790_000_000_000_000_021n as UnixNs
const live: Live = {
  at,
  records: 2 ** 53 - 1,
  execs: 2,
  flows: 3,
  processes: 4,
  openFlows: 5,
  identities: 6,
  bytesOut: 7,
  bytesIn: 8,
  unattributedFlows: 9,
  lost: 10,
  outboxItems: 11,
  outboxEvicted: 12,
  alerts: 13,
  degraded: 'no tracepoints',
  top: [{ name: 'curl', destination: 'example.org:443', bytesOut: 14, bytesIn: 15 }],
}
const sources: LiveSources = {
  ...{ processes: 'polling', flows: 'nettop', isFilterSilent: true },
  forced: ['polling', 'filter', 'nettop'],
  text: ['Programs are seen by the list of processes.', 'Flows are seen by nettop.'],
}
const hello: Hello = {
  deviceId: '01234567-89ab-4cde-8f01-23456789abcd',
  outboxId: 'a0a1a2a3a4a5a6a7a8a9aaabacadaeaf',
  agentVersion: '0.1.0',
  sentAt: at,
  capabilities: (1n << 64n) - 1n,
  host: {
    hostname: 'mira-mac',
    os: 'macos',
    osVersion: '15.1',
    osBuild: '24B83',
    hardware: 'Mac15,7',
    arch: 'arm64',
    bootId: 'b00b00b0-0000-4000-8000-000000000000',
  },
  hardware: 'b0b1b2b3b4b5b6b7b8b9babbbcbdbebf'.repeat(2),
}
/** No request and no certificates: their bytes are not this protocol's. */
const [request, certificate, authority] = ['10', '20', '30'].map(
  (hex) => new Uint8Array(Buffer.from(hex.repeat(8), 'hex')),
) as [Uint8Array, Uint8Array, Uint8Array]
type Batch = Extract<Envelope, { kind: 'batch' }>
const envelopes: Record<string, Exclude<Envelope, { kind: 'unknown' }>> = {
  hello: { kind: 'hello', hello },
  welcome: {
    kind: 'welcome',
    welcome: {
      lastSequence: 5,
      capabilities: 1n << 63n,
      receivedAt: at,
      creditItems: 256,
      backoffMaxMs: 30_000,
    },
  },
  ack: { kind: 'ack', ack: { throughSequence: 9, rejects: [{ sequence: 8, reason: 'too old' }] } },
  live: { kind: 'live', live },
  liveAfterLosses: { kind: 'live', live: { ...live, lostSince: live.at } },
  liveOfAMac: { kind: 'live', live: { ...live, sources } },
  ackAhead: {
    kind: 'ack',
    ack: { throughSequence: 9, rejects: [], aheadSequences: [700, 701] },
  },
  goodbye: { kind: 'goodbye', reason: 'draining' },
  goodbyeLater: { kind: 'goodbye', reason: 'the collector is stopping', retryAfterMs: 2500 },
  heartbeat: { kind: 'heartbeat', sentAt: at },
  alert: { kind: 'batch', items: [encodeItem({ id, sequence: 1, finding: alertFinding() })] },
  sighting: { kind: 'batch', items: [encodeItem({ id, sequence: 2, finding: sightingFinding })] },
  summary: { kind: 'batch', items: [encodeItem({ id, sequence: 3, finding: summaryFinding })] },
  health: { kind: 'batch', items: [encodeItem({ id, sequence: 4, finding: healthFinding })] },
  ahead: {
    kind: 'batch',
    items: [encodeItem({ id, sequence: 4, finding: healthFinding })],
    isAhead: true,
  },
  renew: { kind: 'renew', request },
  renewed: { kind: 'renewed', renewed: { certificate, authorities: [authority], vouched: [] } },
  renewedVouched: {
    kind: 'renewed',
    renewed: { certificate, authorities: [authority], vouched: [request] },
  },
  policyPush: { kind: 'policyPush', push: { group: 'office', documents: [request] } },
  policyReport: {
    kind: 'policyReport',
    report: {
      keyId: 'c0'.repeat(32),
      source: 'pushed',
      group: 'office',
      documents: [
        {
          ...{ kind: 'policy', version: 7, receivedVersion: 8, state: 'failed', clamped: 1, at },
          ...{ code: 'signature', text: 'its signature does not hold' },
        },
      ],
      suppressed: 3,
      suppressions: [{ rule: '198.51.100.0/24', count: 3 }],
    },
  },
  reenrol: { kind: 'reenrol', token: 'a token', reason: 'this is other hardware' },
  reenrolling: {
    kind: 'reenrolling',
    asked: {
      ...{ token: 'a token', request, hardware: hello.hardware ?? '' },
      ...{ agentVersion: hello.agentVersion, host: hello.host },
    },
  },
  reenrolled: {
    kind: 'reenrolled',
    given: { certificate, authorities: [authority], group: 'office' },
  },
  authorities: { kind: 'authorities', fingerprints: ['a1'.repeat(32), 'b2'.repeat(32)] },
}
const packed = { ...(envelopes['health'] as Batch), isPacked: true }

const listedFlow: ListedFlow = {
  firstAt: unixNs(5n, 'firstAt'),
  lastAt: unixNs(6n, 'lastAt'),
  pid: 4242,
  localPort: 50_001,
  address: '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff',
  port: 443,
  isInbound: true,
  bytesOut: bytes(2 ** 53 - 1, 'bytesOut'),
  bytesIn: bytes(7, 'bytesIn'),
  isUnread: true,
  state: 'gone',
}

describe('stream codec: the sources of a Mac', () => {
  it('are bounded on the way out, and refused in greater number on the way in', () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => `${index}`)
    const told = { ...live, sources: { ...sources, forced: many(9), text: many(9) } }
    const decoded = decodeEnvelope(encodeEnvelope({ kind: 'live', live: told }))
    assert(decoded.kind === 'live')
    assert.deepEqual(decoded.live.sources?.forced, many(6))
    assert.deepEqual(decoded.live.sources?.text, many(4))
    for (const field of [0x22, 0x2a]) {
      // LiveSources with that field seven times, in a Live of nothing but a time.
      const inner = Buffer.from(many(7).flatMap((text) => [field, 1, text.charCodeAt(0)]))
      const time = [0x09, ...new Uint8Array(8)]
      const body = Buffer.concat([Buffer.from([...time, 0x8a, 0x01, inner.length]), inner])
      refuses('too-large', () =>
        decodeEnvelope(Buffer.concat([Buffer.from([0x2a, body.length]), body])),
      )
    }
  })
})

describe('stream codec: items', () => {
  it('gives back every finding as it was, over the whole domain of every field', () => {
    fc.assert(
      fc.property(anyFinding, fc.integer({ min: 1, max: SEQUENCE_MAX }), (finding, sequence) => {
        const decoded = decodeItem(encodeItem({ id, sequence, finding }))
        // A clone, since what fast-check makes has no prototype.
        assert.deepEqual(decoded.finding, structuredClone(finding))
        assert.equal(decoded.sequence, sequence)
        assert.deepEqual([...decoded.id], [...id])
      }),
      { numRuns: 400 },
    )
  })

  it('tells a user that is not known from root', () => {
    const unknown = sightingWith({ ...process_, uid: undefined })
    const root = sightingWith({ ...process_, uid: 0 })
    assert.equal(processOf(decodeItem(unknown)).uid, undefined)
    assert.equal(processOf(decodeItem(root)).uid, 0)
  })

  it('tells no flows from none that were sent, and refuses more than any agent lists', () => {
    const itemWith = (listedFlows: ListedFlow[] | undefined) => {
      const finding = {
        ...alertFinding(),
        kind: 'alert' as const,
        alert: { ...alert, listedFlows },
      }
      return encodeItem({ id, sequence: 1, finding })
    }
    const listedOf = (item: Uint8Array) => {
      const { finding } = decodeItem(item)
      assert(finding.kind === 'alert')
      return finding.alert.listedFlows
    }
    assert.equal(listedOf(itemWith(undefined)), undefined)
    assert.deepEqual(listedOf(itemWith([])), [])
    assert.deepEqual(listedOf(itemWith([listedFlow])), [listedFlow])
    refuses('too-large', () => itemWith(new Array(65).fill(listedFlow)))
    refuses('out-of-range', () => itemWith([{ ...listedFlow, firstAt: -1n as UnixNs }]))
  })

  it('takes the largest alert the engine can make, and refuses a larger item', () => {
    const long = 'x'.repeat(4096)
    // Each byte that is no UTF-8 is told as the three of U+FFFD.
    const texts = ['\uFFFD'.repeat(1024)]
    const told = { texts, count: 1, leftOutBytes: 0, atLeast: false, missed: false }
    const chain = Array.from({ length: 8 }, () => ({
      ...process_,
      path: long,
      script: long,
      arguments: told,
    }))
    const [first, ...rest] = chain
    const foreignCode: string[] = new Array(8).fill('x'.repeat(512))
    const alsoAt: string[] = new Array(4).fill('\uFFFD'.repeat(1024))
    const largest = {
      ...alert,
      chain: [{ ...process_, ...first, foreignCode, alsoAt }, ...rest],
      doubt: long,
      sentence: long.repeat(4),
      listedFlows: new Array(20).fill(listedFlow),
    }
    const finding = { ...alertFinding(), kind: 'alert' as const, alert: largest }
    assert.ok(encodeItem({ id, sequence: 1, finding }).length < ITEM_BYTES_MAX)
    const sentence = 'x'.repeat(ITEM_BYTES_MAX)
    refuses('too-large', () =>
      encodeItem({ id, sequence: 1, finding: alertFinding('low', sentence) }),
    )
    refuses('too-large', () => decodeItem(new Uint8Array(ITEM_BYTES_MAX + 1)))
  })

  it('refuses numbers outside their domain, naming the field', () => {
    const bad: [string, Partial<typeof alert>][] = [
      ['alert.bytes_out', { bytesOut: -1 as Bytes }],
      ['alert.bytes_in', { bytesIn: (2 ** 53) as Bytes }],
      ['alert.score', { score: Number.NaN }],
      ['alert.score', { score: 1e21 }],
      ['alert.score', { score: -1001 }],
      ['alert.largest_flow.pcr', { largestFlow: { ...alert.largestFlow, pcr: 1.5 } }],
      ['alert.flows', { flows: 2 ** 32 }],
      ['alert.opened_at_ns', { openedAt: (1n << 64n) as UnixNs }],
      ['destination.port', { destination: { ...destination, port: 65536 } }],
    ]
    for (const [field, change] of bad) {
      const finding = { at, kind: 'alert' as const, alert: { ...alert, ...change } }
      refuses('out-of-range', () => encodeItem({ id, sequence: 1, finding }), field)
    }
    refuses(
      'out-of-range',
      () => encodeItem({ id, sequence: 0, finding: healthFinding }),
      'sequence',
    )
    refuses(
      'out-of-range',
      () => encodeItem({ id, sequence: SEQUENCE_MAX + 1, finding: healthFinding }),
      'sequence',
    )
    refuses('out-of-range', () =>
      encodeItem({ id: id.subarray(1), sequence: 1, finding: healthFinding }),
    )
  })

  it('refuses on reading what no agent may say: no id, no content, no sequence, an unknown name', () => {
    const whole = encodeItem({ id, sequence: 1, finding: healthFinding })
    refuses('missing', () => decodeItem(whole.subarray(18)), 'item.id')
    refuses('missing', () => decodeItem(whole.subarray(0, 20)), 'content')
    refuses('missing', () =>
      decodeItem(Uint8Array.from([...whole.subarray(0, 18), ...whole.subarray(20)])),
    )
    const renamed = Uint8Array.from(whole)
    renamed[Buffer.from(whole).indexOf('loss')] = 0x62
    refuses('out-of-range', () => decodeItem(renamed), 'health.kind')
    assert.equal(itemSequence(renamed), 1)
    assert.equal(itemSequence(whole.subarray(0, 19)), undefined)
    assert.equal(itemSequence(whole.subarray(0, -1)), 1, 'its content is broken, its number is not')
  })

  it('refuses counts of 2^53 and above, and times of 2^63 and above', () => {
    // Health { kind: "loss", count } and Item { id, sequence, at_ns }, by hand.
    const health = (count: number[]) => [0x0a, 4, ...Buffer.from('loss'), 0x18, ...count]
    const item = (time: number[], content: number[]) =>
      Uint8Array.from([0x0a, 16, ...id, 0x10, 1, 0x19, ...time, 0x3a, content.length, ...content])
    const zero = Array.from({ length: 8 }, () => 0)
    const most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]
    const found = decodeItem(item(zero, health(most))).finding
    assert.equal(found.kind === 'health' && found.health.count, 2 ** 53 - 1)
    const over = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]
    refuses('out-of-range', () => decodeItem(item(zero, health(over))), 'health.count')
    const late = [0, 0, 0, 0, 0, 0, 0, 0x80]
    refuses('out-of-range', () => decodeItem(item(late, health([1]))), 'item.at_ns')
  })
})

describe('stream codec: frames', () => {
  for (const [name, envelope] of Object.entries(envelopes)) {
    it(`gives back ${name} as it was, in the bytes that docs/protocol.md says`, () => {
      const encoded = encodeEnvelope(envelope)
      assert.deepEqual(plain(decodeEnvelope(encoded)), plain(envelope))
      assert.equal(golden(`hex ${name}`, hexLines(encoded)), hexLines(encoded))
      assert.deepEqual(plain(decodeEnvelope(vector(name))), plain(envelope))
    })
  }

  it('reads the packed batch of docs/protocol.md', () => {
    golden('hex packed', hexLines(encodeEnvelope(packed)))
    assert.deepEqual(plain(decodeEnvelope(vector('packed'))), plain(packed))
  })

  it('has the messages of docs/protocol.md', () => {
    const proto = readFileSync(new URL('../../src/stream/wire.proto', import.meta.url), 'utf8')
    assert.equal(golden('proto', proto), proto)
  })

  it('packs what is like itself into a tenth, and gives it back in memory of its own', () => {
    const items = Array.from({ length: 200 }, (_, index) =>
      encodeItem({ id, sequence: index + 1, finding: alertFinding() }),
    )
    const plainBytes = encodeEnvelope({ kind: 'batch', items }).length
    const frame = encodeEnvelope({ kind: 'batch', items, isAhead: true, isPacked: true })
    assert.ok(frame.length < plainBytes / 10, `${frame.length} B of ${plainBytes}`)
    const decoded = decodeEnvelope(frame)
    assert.ok(decoded.kind === 'batch' && decoded.isAhead && decoded.isPacked)
    assert.deepEqual(
      decoded.items.map((item) => [...item]),
      items.map((item) => [...item]),
    )
    const memories = new Set(decoded.items.map(({ buffer }) => buffer))
    assert.equal(memories.size, 1)
    assert.ok([...memories][0]!.byteLength < plainBytes + 16)
  })

  it('refuses a bomb, a window beyond the bound, and what is no Zstandard', () => {
    const bomb = zstdCompressSync(Buffer.alloc(1 << 24))
    refuses('inflated', () => decodeEnvelope(packedFrame(bomb)), 'packed')
    // Window_Descriptor 0x88: 2^27 bytes (RFC 8878, 3.1.1.1.2); one empty, last block.
    const wide = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x88, 0x01, 0x00, 0x00)
    refuses('inflated', () => decodeEnvelope(packedFrame(wide)), 'packed')
    refuses('malformed', () => decodeEnvelope(packedFrame(Buffer.from('no'))), 'packed')
    refuses(
      'malformed',
      () => decodeEnvelope(packedFrame(zstdCompressSync(id).subarray(0, 12))),
      'packed',
    )
    refuses('malformed', () => decodeEnvelope(packedFrame(zstdCompressSync(Buffer.from([0x0f])))))
    const large = Array.from({ length: 5 }, () => new Uint8Array(ITEM_BYTES_MAX))
    refuses('too-large', () => encodeEnvelope({ kind: 'batch', items: large, isPacked: true }))
  })

  it('carries 64 bits of capabilities exactly', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (capabilities) => {
        const decoded = decodeEnvelope(
          encodeEnvelope({ kind: 'hello', hello: { ...hello, capabilities } }),
        )
        assert.equal(decoded.kind === 'hello' && decoded.hello.capabilities, capabilities)
      }),
    )
    refuses('out-of-range', () =>
      encodeEnvelope({ kind: 'hello', hello: { ...hello, capabilities: 1n << 64n } }),
    )
  })

  it('reads a body of a later version as unknown, and skips fields it does not know', () => {
    assert.deepEqual(decodeEnvelope(Uint8Array.of(0x82, 1, 2, 1, 2)), {
      kind: 'unknown',
      field: 16,
    })
    const goodbye = Uint8Array.of(0x32, 6, 0x0a, 1, 0x78, 0xa2, 0x06, 0)
    assert.deepEqual(decodeEnvelope(goodbye), { kind: 'goodbye', reason: 'x' })
  })

  it('refuses no body, two bodies, and a device id that is no UUID', () => {
    refuses('missing', () => decodeEnvelope(new Uint8Array()))
    const one = encodeEnvelope({ kind: 'goodbye', reason: 'x' })
    refuses('malformed', () => decodeEnvelope(Uint8Array.from([...one, ...one])))
    const named = encodeEnvelope({ kind: 'hello', hello: { ...hello, deviceId: '../../etc' } })
    refuses('out-of-range', () => decodeEnvelope(named), 'device_id')
  })

  it('bounds frames, batches and rejects, both ways', () => {
    refuses('too-large', () => decodeEnvelope(new Uint8Array(FRAME_BYTES_MAX + 1)))
    const items = Array.from({ length: BATCH_ITEMS_MAX + 1 }, () => new Uint8Array())
    refuses('too-large', () => encodeEnvelope({ kind: 'batch', items }))
    const body = items.flatMap(() => [0x0a, 0])
    const batch = [0x1a, (body.length & 0x7f) | 0x80, body.length >> 7, ...body]
    refuses('too-large', () => decodeEnvelope(Uint8Array.from(batch)))
    const large = Array.from({ length: 5 }, () => new Uint8Array(ITEM_BYTES_MAX))
    refuses('too-large', () => encodeEnvelope({ kind: 'batch', items: large }))
  })

  it('answers any mutation of a valid frame with a value or a StreamError', () => {
    const corpus = [...Object.values(envelopes), packed].map((envelope) => encodeEnvelope(envelope))
    const outcomes = { value: 0, refused: 0 }
    fc.assert(
      fc.property(
        fc.constantFrom(...corpus),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        (frame, mutations) => {
          outcomes[read(mutations.reduce(mutate, frame))]++
        },
      ),
      { numRuns: 20_000, seed: 0x32 },
    )
    assert.ok(outcomes.value > 1000 && outcomes.refused > 1000, JSON.stringify(outcomes))
  })

  it('answers random bytes with a value or a StreamError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (frame) => void read(frame)),
      { numRuns: 5000 },
    )
  })
})

function read(frame: Uint8Array): 'value' | 'refused' {
  try {
    const envelope = decodeEnvelope(frame)
    if (envelope.kind === 'batch') for (const item of envelope.items) encodeItem(decodeItem(item))
    return 'value'
  } catch (error) {
    assert.ok(error instanceof StreamError, `${error}`)
    return 'refused'
  }
}

function refuses(code: StreamError['code'], work: () => unknown, field = ''): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof StreamError, `${error}`)
    assert.equal(error.code, code)
    assert.ok(error.message.includes(field), error.message)
    return true
  })
}

function sightingWith(process: typeof process_): Uint8Array {
  const sighting = { of: 'identity' as const, identity, process, destination: undefined }
  return encodeItem({ id, sequence: 1, finding: { at, kind: 'sighting', sighting } })
}

function processOf({ finding }: ReturnType<typeof decodeItem>) {
  assert.ok(finding.kind === 'sighting')
  return finding.sighting.process
}

/** Buffers as plain arrays, so that what is compared is the bytes. */
function plain(envelope: Envelope): unknown {
  if (envelope.kind !== 'batch') return envelope
  return { ...envelope, items: envelope.items.map((item) => [...item]) }
}

/** An envelope with these bytes in Packed, by hand. */
function packedFrame(zstd: Uint8Array): Uint8Array {
  const varint = (value: number) =>
    value < 0x80 ? [value] : [(value & 0x7f) | 0x80, (value >> 7) & 0x7f]
  const packedBody = [0x0a, ...varint(zstd.length), ...zstd]
  return Uint8Array.from([0x3a, ...varint(packedBody.length), ...packedBody])
}
