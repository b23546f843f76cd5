// From a file's bytes to its blocks. Whatever lies between two whole blocks is skipped and told with its
// offset; memory is one window, whatever the file says of itself.
import { setImmediate as turn } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import type { DamageLog } from '../records/damage.ts'
import {
  type BlockHead,
  BODY_BYTES_MAX,
  decodeBody,
  decodeHead,
  FORMAT_VERSION,
  HEAD_BYTES,
  SYNC,
} from './format.ts'

/** Reads on from where it stands; resolves with 0 at the end. */
export type ReadBytes = (into: Uint8Array) => Promise<number>

export type Block = {
  /** Of its first byte, from the beginning of the file. */
  offset: number
  /** In the file, its head included. */
  bytes: number
  kind: number
  sequence: number
  /** Valid until the next block is asked for. */
  body: Uint8Array
}

/** The window begins small and grows to what the largest block wants. */
const WINDOW_FIRST_BYTES = 256 * 1024
const WINDOW_BYTES_MAX = 2 * (HEAD_BYTES + BODY_BYTES_MAX)
/**
 * Bodies that fail their checksum cost time, and a file made for it could hold a head every few bytes:
 * so much checking is allowed for each byte of the file, and beyond it a failed block is skipped whole.
 */
const CHECKED_PER_BYTE = 64
const CHECKED_AT_LEAST = 16 * BODY_BYTES_MAX

/** All blocks that are whole, in order. `damage` is told of what lies between them. Rejects as `read` does. */
export async function* readBlocks(read: ReadBytes, damage: DamageLog): AsyncGenerator<Block, void> {
  let window = Buffer.allocUnsafeSlow(WINDOW_FIRST_BYTES)
  let start = 0
  let end = 0
  /** File offset of window[0]. */
  let base = 0
  let isEnded = false
  let failedBytes = 0
  let bad: { from: number; text: string } | undefined

  /** Has at least `count` bytes in the window, unless the file ends before. */
  const ensure = async (count: number): Promise<void> => {
    if (end - start >= count || isEnded) return
    if (start + count > window.length) {
      const next = count <= window.length >> 1 ? window : Buffer.allocUnsafeSlow(WINDOW_BYTES_MAX)
      window.copy(next, 0, start, end)
      window = next
      base += start
      end -= start
      start = 0
    }
    while (end - start < count && !isEnded) {
      const got = await read(window.subarray(end))
      if (got === 0) isEnded = true
      end += got
    }
  }
  /** Goes on at the next SYNC after `start`, as far as the window shows. */
  const skip = (text: string, by = 1): void => {
    bad ??= { from: base + start, text }
    const from = Math.min(start + by, end)
    const next = window.subarray(0, end).indexOf(SYNC, from)
    if (next >= 0) start = next
    else start = isEnded ? end : Math.max(from, end - SYNC.length + 1)
  }
  const tellBad = (): void => {
    if (bad)
      damage.add({
        offset: bad.from,
        line: undefined,
        text: bad.text,
        count: base + start - bad.from,
      })
    bad = undefined
  }
  /** The body of the block at `start`, all of it in the window, or why it has none. */
  const take = (head: BlockHead): Uint8Array | string => {
    const stored = window.subarray(start + HEAD_BYTES, start + HEAD_BYTES + head.storedBytes)
    if (crc32(stored) !== head.crc) {
      failedBytes += head.storedBytes
      return 'a block does not have its checksum'
    }
    if (head.version !== FORMAT_VERSION)
      return `a block of format version ${head.version}; this program reads ${FORMAT_VERSION}`
    return decodeBody(head, stored)
  }

  let expected: number | undefined
  for (;;) {
    await ensure(HEAD_BYTES)
    if (start === end) break
    const head = end - start >= HEAD_BYTES ? decodeHead(window, start) : undefined
    if (head === undefined) {
      skip(end - start < HEAD_BYTES ? 'the file ends within a block' : 'no block begins here')
      continue
    }
    const wholeBytes = HEAD_BYTES + head.storedBytes
    await ensure(wholeBytes)
    if (end - start < wholeBytes) {
      skip('the file ends within a block')
      continue
    }
    const body = take(head)
    if (typeof body === 'string') {
      const isDear = failedBytes > CHECKED_AT_LEAST + CHECKED_PER_BYTE * (base + start)
      skip(body, isDear ? wholeBytes : 1)
      // What zlib holds for a body it refused is released when the event loop turns, and not before.
      await turn()
      continue
    }
    const offset = base + start
    if (bad) tellBad()
    else if (expected !== undefined && head.sequence !== 0 && head.sequence !== expected)
      damage.add({
        offset,
        line: undefined,
        text: `blocks are missing here: number ${head.sequence} follows number ${expected - 1}`,
        count: 0,
      })
    expected = head.sequence + 1
    start += wholeBytes
    yield { offset, bytes: wholeBytes, kind: head.kind, sequence: head.sequence, body }
  }
  tellBad()
}
