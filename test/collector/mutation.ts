// Frames that are nearly right: seeded mutation of valid ones.
import { CAPABILITIES, type Envelope, encodeEnvelope } from '../../src/stream/codec.ts'
import { pack } from '../../src/stream/pack.ts'
import { unixNs } from '../../src/units.ts'
import {
  alertItem,
  destinationOf,
  helloOf,
  identityOf,
  itemOf,
  liveOf,
  processOf,
  T0,
} from './agent.ts'

/** Uniform in [0, below). The same seed, the same numbers. */
export type Random = (below: number) => number

/** mulberry32, Tommy Ettinger's, in the public domain. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below) | 0
  }
}

const at = unixNs(T0, 'at')
const items = [
  alertItem(1),
  itemOf(2, {
    at,
    kind: 'sighting',
    sighting: {
      of: 'identity',
      identity: identityOf('tool'),
      process: processOf('/opt/tool'),
      destination: destinationOf('203.0.113.0/24:443'),
    },
  }),
  itemOf(3, { at, kind: 'health', health: { of: 'loss', text: 'lost', count: 3 } }),
]
const said: Exclude<Envelope, { kind: 'unknown' }>[] = [
  helloOf('0f8fad5b-d9cb-469f-a165-000000000001', 'mac', CAPABILITIES),
  { kind: 'batch', items },
  { kind: 'batch', items: items.slice(0, 1), isAhead: true },
  { kind: 'batch', items, isPacked: true },
  {
    kind: 'live',
    live: liveOf({ top: [{ name: 'a', destination: 'b', bytesOut: 1, bytesIn: 2 }] }),
  },
  { kind: 'heartbeat', sentAt: at },
  { kind: 'goodbye', reason: 'bye' },
  { kind: 'ack', ack: { throughSequence: 7, rejects: [{ sequence: 3, reason: 'no' }] } },
]
const CORPUS = said.map((envelope) => Buffer.from(encodeEnvelope(envelope)))
/** The inside of a batch, to be broken before it is packed. */
const INSIDE = CORPUS[1]?.subarray(3) ?? Buffer.alloc(0)

/** Bytes of an item before its content: id and sequence. */
const ITEM_HEAD_BYTES = 20

/**
 * A frame's payload with one to four mutations: anywhere; or in an item's content, in a frame that is whole,
 * which costs the item and not the connection; or in a batch that is packed then.
 */
export function malformed(random: Random): Buffer {
  switch (random(6)) {
    case 0:
    case 1:
      return several(CORPUS[random(CORPUS.length)] as Buffer, random)
    case 2:
      return packedFrame(pack(several(INSIDE, random)))
    default: {
      const mutated = Array.from({ length: 1 + random(3) }, () => {
        const item = Buffer.from(items[random(items.length)] as Uint8Array)
        const head = item.subarray(0, ITEM_HEAD_BYTES)
        return Buffer.concat([head, several(item.subarray(ITEM_HEAD_BYTES), random)])
      })
      return Buffer.from(encodeEnvelope({ kind: 'batch', items: mutated }))
    }
  }
}

function several(bytes: Buffer, random: Random): Buffer {
  let mutated = bytes
  for (let round = random(4); round >= 0; round--) mutated = mutate(mutated, random)
  return mutated
}

function mutate(frame: Buffer, random: Random): Buffer {
  const where = random(frame.length + 1)
  const changed = Buffer.from(frame)
  switch (random(7)) {
    case 0:
      return changed.subarray(0, where)
    case 1:
      return Buffer.concat([
        frame.subarray(0, where),
        Buffer.of(random(256)),
        frame.subarray(where),
      ])
    case 2:
      if (where < frame.length) changed[where] = random(256)
      return changed
    case 3:
      if (where < frame.length) changed[where] = (changed[where] as number) ^ (1 << random(8))
      return changed
    case 4: {
      // A length, or a number, far beyond what follows.
      const large = Buffer.alloc(1 + random(10), 0xff)
      return Buffer.concat([frame.subarray(0, where), large, frame.subarray(where)])
    }
    case 5: {
      const piece = frame.subarray(where, where + random(64))
      return Buffer.concat([
        ...Array.from({ length: 1 + random(20) }, () => piece),
        frame.subarray(where),
      ])
    }
    default: {
      const other = CORPUS[random(CORPUS.length)] as Buffer
      return Buffer.concat([frame.subarray(0, where), other.subarray(random(other.length))])
    }
  }
}

/** Envelope { packed: { zstd } }, by hand. */
export function packedFrame(zstd: Uint8Array): Buffer {
  const inner = Buffer.concat([Buffer.of(0x0a), varint(zstd.length), zstd])
  return Buffer.concat([Buffer.of(0x3a), varint(inner.length), inner])
}

function varint(value: number): Buffer {
  const out: number[] = []
  for (; value > 0x7f; value = Math.floor(value / 128)) out.push((value & 0x7f) | 0x80)
  return Buffer.from([...out, value])
}
