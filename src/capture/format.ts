// The blocks of a capture file. docs/capture-format.md is the same in prose, with an example a test reads.
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'

/** Every block begins with these 8 bytes, so that a reader finds the next one after damage. Not text: a transfer that changes line ends shows. */
export const SYNC = Uint8Array.of(0x89, 0x46, 0x52, 0x53, 0x48, 0x54, 0x0d, 0x0a)
export const FORMAT_VERSION = 1
/** Bytes before a block's body. */
export const HEAD_BYTES = 32
/** Bound of a body, packed or not. */
export const BODY_BYTES_MAX = 1024 * 1024

export const BlockKind = { header: 1, baseline: 2, records: 3, gap: 4, end: 5 } as const
/** deflate: RFC 1951, which every system reads with what it has. zstd would be a quarter smaller. */
export const Encoding = { plain: 0, deflate: 1 } as const
/** Level 6 packs records 2 % smaller at a third of the speed. */
const LEVEL = 1

/** The head of a block, its checksum found right. */
export type BlockHead = {
  version: number
  kind: number
  encoding: number
  /** 0 for the header block of a segment, then one more each block. */
  sequence: number
  /** Bytes in the file; at most BODY_BYTES_MAX. */
  storedBytes: number
  /** Bytes once unpacked; at most BODY_BYTES_MAX. */
  bodyBytes: number
  crc: number
}

/** A whole block. Packed where that makes it smaller. Throws RangeError above BODY_BYTES_MAX. */
export function encodeBlock(kind: number, sequence: number, body: Uint8Array): Uint8Array {
  if (body.length > BODY_BYTES_MAX)
    throw new RangeError(`capture: a block of ${body.length} bytes, at most ${BODY_BYTES_MAX}`)
  const packed = deflateRawSync(body, { level: LEVEL })
  const isPacked = packed.length < body.length
  const stored = isPacked ? packed : body
  const block = new Uint8Array(HEAD_BYTES + stored.length)
  const view = new DataView(block.buffer)
  block.set(SYNC)
  view.setUint16(8, FORMAT_VERSION, true)
  view.setUint8(10, kind)
  view.setUint8(11, isPacked ? Encoding.deflate : Encoding.plain)
  view.setUint32(12, sequence, true)
  view.setUint32(16, stored.length, true)
  view.setUint32(20, body.length, true)
  view.setUint32(24, crc32(stored), true)
  view.setUint32(28, crc32(block.subarray(0, 28)), true)
  block.set(stored, HEAD_BYTES)
  return block
}

/** The head at `at`, of which HEAD_BYTES are there; undefined when no block begins there. */
export function decodeHead(bytes: Uint8Array, at: number): BlockHead | undefined {
  for (let i = 0; i < SYNC.length; i++) if (bytes[at + i] !== SYNC[i]) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, HEAD_BYTES)
  if (crc32(bytes.subarray(at, at + 28)) !== view.getUint32(28, true)) return undefined
  const head: BlockHead = {
    version: view.getUint16(8, true),
    kind: view.getUint8(10),
    encoding: view.getUint8(11),
    sequence: view.getUint32(12, true),
    storedBytes: view.getUint32(16, true),
    bodyBytes: view.getUint32(20, true),
    crc: view.getUint32(24, true),
  }
  if (head.storedBytes > BODY_BYTES_MAX || head.bodyBytes > BODY_BYTES_MAX) return undefined
  return head
}

/** The body of a block whose stored bytes have the right checksum, or why it cannot be had. */
export function decodeBody(head: BlockHead, stored: Uint8Array): Uint8Array | string {
  if (head.encoding === Encoding.plain)
    return stored.length === head.bodyBytes ? stored : 'the block is not as long as it says'
  if (head.encoding !== Encoding.deflate)
    return `the block is packed in an unknown way (${head.encoding})`
  try {
    const body = inflateRawSync(stored, {
      maxOutputLength: Math.max(1, head.bodyBytes),
      // In one piece, with room to spare: zlib asks for another one when a piece is full to the brim.
      chunkSize: head.bodyBytes + 64,
    })
    return body.length === head.bodyBytes ? body : 'the block is not as long as it says'
  } catch {
    return 'the block cannot be unpacked'
  }
}
