// Bytes of wire.proto to typed values and back, for the outbox, the uplink and the gateway. Whatever
// the bytes, decoding returns a value or throws StreamError; its memory is bounded by the frame's, or by
// INFLATED_BYTES_MAX when it comes packed.
import protobuf from 'protobufjs/minimal.js'
import type { Finding } from '../engine/finding.ts'
import {
  ackFromWire,
  ackToWire,
  helloFromWire,
  helloToWire,
  liveFromWire,
  liveToWire,
  welcomeFromWire,
  welcomeToWire,
} from './codec-control.ts'
import {
  authoritiesFromWire,
  enrollRequestToWire,
  reenrolFromWire,
  reenrollingFromWire,
  renewedFromWire,
  requestFromWire,
} from './codec-enrol.ts'
import { findingFromWire, findingToWire } from './codec-finding.ts'
import { pushFromWire, pushToWire, reportFromWire, reportToWire } from './codec-policy.ts'
import { sequenceFromWire, sequenceToWire, u32 } from './fields.ts'
import {
  BATCH_ITEMS_MAX,
  type Envelope,
  FRAME_BYTES_MAX,
  INFLATED_BYTES_MAX,
  ITEM_BYTES_MAX,
  type Item,
  StreamError,
} from './message.ts'
import { pack, unpack } from './pack.ts'
import { decoding, reader } from './reading.ts'
import { timeFromWide, wideFromBigint } from './wide.ts'
import { freshet } from './wire.gen.js'

export { refuseBeyondScales } from './codec-finding.ts'
export * from './message.ts'

const wire = freshet.v1
const LENGTH_DELIMITED = 2
const FIELD = {
  hello: 1,
  welcome: 2,
  batch: 3,
  ack: 4,
  live: 5,
  goodbye: 6,
  packed: 7,
  heartbeat: 8,
  renew: 9,
  renewed: 10,
  policyPush: 11,
  policyReport: 12,
  reenrol: 13,
  reenrolling: 14,
  authorities: 15,
} as const
const BATCH_ITEMS_TAG = (1 << 3) | LENGTH_DELIMITED
const BATCH_AHEAD_TAG = 2 << 3
const UUID_BYTES = 16

type Batch = Extract<Envelope, { kind: 'batch' }>

/** Id and sequence at their longest, with their tags. */
const ITEM_HEAD_BYTES_MAX = 2 + UUID_BYTES + 1 + 8

/** One item's bytes. Throws StreamError: too-large above ITEM_BYTES_MAX, out-of-range for a bad field. */
export function encodeItem(item: Item): Uint8Array {
  return numberItem(item.id, item.sequence, encodeContent(item.finding))
}

/** An item without its id and sequence, as the outbox keeps it. Throws StreamError as `encodeItem`. */
export function encodeContent(finding: Finding): Uint8Array {
  const content = wire.Item.encode(findingToWire(finding)).finish()
  if (content.length > ITEM_BYTES_MAX - ITEM_HEAD_BYTES_MAX)
    throw new StreamError('too-large', `item: ${content.length} bytes, at most ${ITEM_BYTES_MAX}`)
  return content
}

/**
 * The item that `content` becomes under an id and a sequence. Protobuf reads the fields of a message in
 * any order, so they are put in front of it.
 */
export function numberItem(id: Uint8Array, sequence: number, content: Uint8Array): Uint8Array {
  if (id.length !== UUID_BYTES)
    throw new StreamError('out-of-range', `item.id: ${id.length} bytes, not ${UUID_BYTES}`)
  const head = wire.Item.encode({
    id,
    sequence: sequenceToWire(sequence, 'item.sequence'),
  }).finish()
  const item = new Uint8Array(head.length + content.length)
  item.set(head)
  item.set(content, head.length)
  return item
}

/** Throws StreamError. `id` is a view of `encoded`. */
export function decodeItem(encoded: Uint8Array): Item {
  if (encoded.length > ITEM_BYTES_MAX)
    throw new StreamError('too-large', `item: ${encoded.length} bytes, at most ${ITEM_BYTES_MAX}`)
  const message = decoding('item', () => wire.Item.decode(reader(encoded)))
  const id = message.id ?? new Uint8Array()
  if (id.length !== UUID_BYTES)
    throw new StreamError('missing', `item.id: ${id.length} bytes, not ${UUID_BYTES}`)
  return {
    id,
    sequence: sequenceFromWire(message.sequence, 'item.sequence'),
    finding: findingFromWire(message),
  }
}

/**
 * The sequence of an item that `decodeItem` refuses, so that it can be rejected by number; undefined when
 * not even that can be read. What is broken after it does not count: an item whose content was damaged in an
 * agent's outbox would else end every connection it is sent on.
 */
export function itemSequence(encoded: Uint8Array): number | undefined {
  let sequence: number | undefined
  try {
    const fields = reader(encoded)
    while (fields.pos < fields.len) {
      const tag = fields.uint32()
      if (tag === ((2 << 3) | 0)) sequence = sequenceFromWire(fields.uint64(), 'item.sequence')
      else fields.skipType(tag & 7, 0, tag >>> 3)
    }
  } catch {
    // As far as it could be read.
  }
  return sequence
}

/** A frame. Throws StreamError: too-large above FRAME_BYTES_MAX, out-of-range for a bad field. */
export function encodeEnvelope(envelope: Exclude<Envelope, { kind: 'unknown' }>): Uint8Array {
  const encoded = encodeBody(envelope)
  if (encoded.length > FRAME_BYTES_MAX)
    throw new StreamError('too-large', `frame: ${encoded.length} bytes, at most ${FRAME_BYTES_MAX}`)
  return encoded
}

function encodeBody(envelope: Exclude<Envelope, { kind: 'unknown' }>): Uint8Array {
  switch (envelope.kind) {
    case 'hello':
      return wire.Envelope.encode({ hello: helloToWire(envelope.hello) }).finish()
    case 'welcome':
      return wire.Envelope.encode({ welcome: welcomeToWire(envelope.welcome) }).finish()
    case 'batch':
      return encodeBatch(envelope)
    case 'ack':
      return wire.Envelope.encode({ ack: ackToWire(envelope.ack) }).finish()
    case 'live':
      return wire.Envelope.encode({ live: liveToWire(envelope.live) }).finish()
    case 'goodbye':
      return wire.Envelope.encode({
        goodbye: {
          reason: envelope.reason,
          retryAfterMs: u32(envelope.retryAfterMs ?? 0, 'goodbye.retry_after_ms'),
        },
      }).finish()
    case 'heartbeat':
      return wire.Envelope.encode({
        heartbeat: { sentAtNs: wideFromBigint(envelope.sentAt, 'heartbeat.sent_at_ns') },
      }).finish()
    case 'renew':
      return wire.Envelope.encode({ renew: { request: envelope.request } }).finish()
    case 'renewed':
      return wire.Envelope.encode({ renewed: envelope.renewed }).finish()
    case 'policyPush':
      return wire.Envelope.encode({ policyPush: pushToWire(envelope.push) }).finish()
    case 'policyReport':
      return wire.Envelope.encode({ policyReport: reportToWire(envelope.report) }).finish()
    case 'reenrol': {
      const { token, reason } = envelope
      return wire.Envelope.encode({ reenrol: { token, reason } }).finish()
    }
    case 'reenrolling': {
      const asked = enrollRequestToWire(envelope.asked)
      return wire.Envelope.encode({ reenrolling: { asked } }).finish()
    }
    case 'reenrolled':
      return wire.Envelope.encode({ reenrolling: { given: envelope.given } }).finish()
    case 'authorities': {
      const sha256 = envelope.fingerprints.map((one) => Buffer.from(one, 'hex'))
      return wire.Envelope.encode({ authorities: { sha256 } }).finish()
    }
    default:
      return envelope satisfies never
  }
}

/** Whether a frame is larger than any may be, and begins as a policy that is pushed. */
export const isLargePush = (frame: Uint8Array): boolean =>
  frame.length > FRAME_BYTES_MAX && frame[0] === ((FIELD.policyPush << 3) | LENGTH_DELIMITED)

/** What a frame says. Throws StreamError. */
export function decodeEnvelope(frame: Uint8Array): Envelope {
  if (frame.length > FRAME_BYTES_MAX)
    throw new StreamError('too-large', `frame: ${frame.length} bytes, at most ${FRAME_BYTES_MAX}`)
  const { field, body } = decoding('frame', () => onlyField(frame))
  switch (field) {
    case FIELD.hello:
      return {
        kind: 'hello',
        hello: helloFromWire(decoding('hello', () => wire.Hello.decode(reader(body)))),
      }
    case FIELD.welcome:
      return {
        kind: 'welcome',
        welcome: welcomeFromWire(decoding('welcome', () => wire.Welcome.decode(reader(body)))),
      }
    case FIELD.batch:
      return { kind: 'batch', ...decoding('batch', () => batchFrom(body)) }
    case FIELD.packed: {
      const packed = decoding('packed', () => wire.Packed.decode(reader(body)))
      const inflated = unpack(packed.zstd ?? new Uint8Array())
      return { kind: 'batch', ...decoding('batch', () => batchFrom(inflated)), isPacked: true }
    }
    case FIELD.heartbeat: {
      const heartbeat = decoding('heartbeat', () => wire.Heartbeat.decode(reader(body)))
      return {
        kind: 'heartbeat',
        sentAt: timeFromWide(heartbeat.sentAtNs, 'heartbeat.sent_at_ns'),
      }
    }
    case FIELD.ack:
      return { kind: 'ack', ack: ackFromWire(decoding('ack', () => wire.Ack.decode(reader(body)))) }
    case FIELD.live:
      return {
        kind: 'live',
        live: liveFromWire(decoding('live', () => wire.Live.decode(reader(body)))),
      }
    case FIELD.goodbye: {
      const goodbye = decoding('goodbye', () => wire.Goodbye.decode(reader(body)))
      const { reason, retryAfterMs } = goodbye
      return { kind: 'goodbye', reason: reason ?? '', ...(retryAfterMs ? { retryAfterMs } : {}) }
    }
    case FIELD.renew:
      return {
        kind: 'renew',
        request: requestFromWire(decoding('renew', () => wire.Renew.decode(reader(body)))),
      }
    case FIELD.renewed:
      return {
        kind: 'renewed',
        renewed: renewedFromWire(decoding('renewed', () => wire.Renewed.decode(reader(body)))),
      }
    case FIELD.policyPush:
      return {
        kind: 'policyPush',
        push: pushFromWire(decoding('push', () => wire.PolicyPush.decode(reader(body)))),
      }
    case FIELD.policyReport:
      return {
        kind: 'policyReport',
        report: reportFromWire(decoding('report', () => wire.PolicyReport.decode(reader(body)))),
      }
    case FIELD.reenrol:
      return reenrolFromWire(decoding('reenrol', () => wire.Reenrol.decode(reader(body))))
    case FIELD.reenrolling:
      return reenrollingFromWire(
        decoding('reenrolling', () => wire.Reenrolling.decode(reader(body))),
      )
    case FIELD.authorities:
      return authoritiesFromWire(
        decoding('authorities', () => wire.Authorities.decode(reader(body))),
      )
    default:
      return { kind: 'unknown', field }
  }
}

/** The items are bytes already: they are framed, not encoded a second time. */
function encodeBatch({ items, isAhead, isPacked }: Batch): Uint8Array {
  if (items.length > BATCH_ITEMS_MAX)
    throw new StreamError('too-large', `batch: ${items.length} items, at most ${BATCH_ITEMS_MAX}`)
  const writer = protobuf.Writer.create()
  if (!isPacked) writer.uint32((FIELD.batch << 3) | LENGTH_DELIMITED).fork()
  for (const item of items) writer.uint32(BATCH_ITEMS_TAG).bytes(item)
  if (isAhead) writer.uint32(BATCH_AHEAD_TAG).bool(true)
  if (!isPacked) return writer.ldelim().finish()
  const batch = writer.finish()
  if (batch.length > INFLATED_BYTES_MAX)
    throw new StreamError(
      'too-large',
      `batch: ${batch.length} bytes, at most ${INFLATED_BYTES_MAX}`,
    )
  return wire.Envelope.encode({ packed: { zstd: pack(batch) } }).finish()
}

function batchFrom(body: Uint8Array): Pick<Batch, 'items' | 'isAhead'> {
  const items: Uint8Array[] = []
  let isAhead = false
  const fields = reader(body)
  while (fields.pos < fields.len) {
    const tag = fields.uint32()
    if (tag === BATCH_AHEAD_TAG) isAhead = fields.bool()
    else if (tag !== BATCH_ITEMS_TAG) fields.skipType(tag & 7, 0, tag >>> 3)
    else {
      if (items.length === BATCH_ITEMS_MAX)
        throw new StreamError('too-large', `batch: more than ${BATCH_ITEMS_MAX} items`)
      items.push(fields.bytes())
    }
  }
  return isAhead ? { items, isAhead } : { items }
}

/** An envelope has one body. Two would leave it to the receiver which one counts, so they are refused. */
function onlyField(frame: Uint8Array): { field: number; body: Uint8Array } {
  const fields = reader(frame)
  if (fields.len === 0) throw new StreamError('missing', 'frame: it has no body')
  const tag = fields.uint32()
  const field = tag >>> 3
  if (field === 0 || (tag & 7) !== LENGTH_DELIMITED)
    throw new StreamError('malformed', `frame: its first tag is ${tag}, not a message`)
  const body = fields.bytes()
  if (fields.pos !== fields.len)
    throw new StreamError('malformed', `frame: ${fields.len - fields.pos} bytes after its body`)
  return { field, body }
}
