import assert from 'node:assert/strict'
import { crc32 } from 'node:zlib'
import { BlockKind, encodeBlock, HEAD_BYTES } from '../../src/capture/format.ts'
import { isCapture } from '../../src/capture/reader.ts'
import { EARLIER_LAYOUTS } from '../../src/records/layouts.ts'
import { writeTick } from '../../src/records/record.gen.ts'
import { threadMs } from '../cpu.ts'
import { AT, captureBlocks, HEADER, joined, readBack, somePieces } from './captures.ts'

const lengthOf = (blocks: readonly Uint8Array[]): number => joined(blocks).length
/** Takes 150 here; a reader that read the block of each head would read 250,000 MiB. */
const BUSY_MS = 5_000
const text = (body: string): Uint8Array => new TextEncoder().encode(body)

describe('capture reader', () => {
  const pieces = somePieces(6)
  const blocks = captureBlocks(pieces)
  const whole = joined(pieces)

  it('gives back what was written, however the file is read', async () => {
    for (const chunkBytes of [1, 7, 31, 4_096, 1_000_000]) {
      const { events, records, damage } = await readBack(joined(blocks), chunkBytes)
      assert.deepEqual(Buffer.from(records), Buffer.from(whole))
      assert.deepEqual(events[0], { kind: 'header', header: HEADER })
      assert.equal(events.at(-1)?.kind, 'end')
      assert.deepEqual(damage, { listed: [], places: 0, count: 0, unit: 'bytes' })
    }
  })

  it('gives records at offsets that are multiples of 8', async () => {
    for (const event of (await readBack(joined(blocks))).events)
      if (event.kind === 'records') assert.equal(event.records.byteOffset % 8, 0)
  })

  it('uses what lies before and after a damaged block, and says where and how much', async () => {
    const bytes = joined(blocks)
    const at = lengthOf(blocks.slice(0, 3))
    bytes[at + HEAD_BYTES + 5] = (bytes[at + HEAD_BYTES + 5] as number) ^ 1
    const { records, damage } = await readBack(bytes)
    assert.deepEqual(
      Buffer.from(records),
      Buffer.from(joined([...pieces.slice(0, 2), ...pieces.slice(3)])),
    )
    assert.deepEqual(damage.listed, [
      {
        offset: at,
        line: undefined,
        text: 'a block does not have its checksum',
        count: (blocks[3] as Uint8Array).length,
      },
    ])
  })

  it('finds the next block after bytes that were put in, taken out or written over', async () => {
    const at = lengthOf(blocks.slice(0, 3))
    const bytes = joined(blocks)
    const foreign = Uint8Array.of(...text('foreign'), 0x89, 0x46, 0x52)
    const cases: [string, Uint8Array, number, Uint8Array][] = [
      [
        'no block begins here',
        joined([bytes.subarray(0, at), foreign, bytes.subarray(at)]),
        foreign.length,
        whole,
      ],
      [
        'no block begins here',
        joined([bytes.subarray(0, at), bytes.subarray(at + 3)]),
        (blocks[3] as Uint8Array).length - 3,
        joined([...pieces.slice(0, 2), ...pieces.slice(3)]),
      ],
    ]
    for (const [why, damaged, count, expected] of cases) {
      const { records, damage } = await readBack(damaged, 100)
      assert.deepEqual(Buffer.from(records), Buffer.from(expected))
      assert.deepEqual(damage.listed, [{ offset: at, line: undefined, text: why, count }])
    }
  })

  it('uses all blocks of a file that was cut off anywhere', async () => {
    const bytes = joined(blocks)
    for (let at = lengthOf(blocks.slice(0, 2)); at < bytes.length; at += 37) {
      const { records, damage } = await readBack(bytes.subarray(0, at))
      let wholeBlocks = 0
      while (lengthOf(blocks.slice(0, wholeBlocks + 1)) <= at) wholeBlocks++
      const expected = joined(pieces.slice(0, wholeBlocks - 1))
      assert.deepEqual(Buffer.from(records), Buffer.from(expected), `cut at ${at}`)
      const cut = at - lengthOf(blocks.slice(0, wholeBlocks))
      assert.equal(damage.count, cut)
      assert.match(damage.listed.at(-1)?.text ?? '', /the recording was not closed/)
      if (cut > 0) assert.match(damage.listed[0]?.text ?? '', /the file ends within a block/)
    }
  })

  it('says when blocks are missing', async () => {
    const { damage } = await readBack(joined([...blocks.slice(0, 2), ...blocks.slice(4)]))
    assert.equal(damage.places, 1)
    assert.match(damage.listed[0]?.text ?? '', /number 4 follows number 1/)
    assert.equal(damage.listed[0]?.offset, lengthOf(blocks.slice(0, 2)))
  })

  it('reads records without a header, and says that it is missing', async () => {
    const { events, records, damage } = await readBack(joined(blocks.slice(1)))
    assert.equal(events[0]?.kind, 'records')
    assert.deepEqual(Buffer.from(records), Buffer.from(whole))
    assert.match(damage.listed[0]?.text ?? '', /the header is missing/)
  })

  it('reads two captures that were put together as two segments', async () => {
    const { events, damage } = await readBack(joined([...blocks, ...blocks]))
    assert.equal(events.filter(({ kind }) => kind === 'header').length, 2)
    assert.equal(events.filter(({ kind }) => kind === 'end').length, 2)
    assert.equal(damage.places, 0)
  })

  it('reads records of an earlier layout that lie as those of today do', async () => {
    assert.ok(EARLIER_LAYOUTS.size > 0)
    for (const layout of EARLIER_LAYOUTS.keys()) {
      const { records, damage } = await readBack(
        joined(captureBlocks(pieces, { ...HEADER, layout })),
      )
      assert.deepEqual([records, damage.places], [whole, 0])
    }
  })

  it('leaves out records of another layout, and says which', async () => {
    const { records, damage } = await readBack(
      joined(captureBlocks(pieces, { ...HEADER, layout: 0x1234 })),
    )
    assert.equal(records.length, 0)
    assert.match(damage.listed[0]?.text ?? '', /layout 00001234, this program reads/)
    assert.equal(damage.count, whole.length)
  })

  it('leaves out what is no record, row or document inside a whole block', async () => {
    const tick = writeTick({ source: 0, atNs: 5n, unixNs: AT })
    const bad: [number, Uint8Array, RegExp, number][] = [
      [
        BlockKind.records,
        joined([tick, Uint8Array.of(9, 0, 0, 0, ...new Uint8Array(12))]),
        /no record is 9 bytes/,
        16,
      ],
      [BlockKind.records, joined([tick, tick.subarray(0, 8)]), /a record is cut off/, 8],
      [BlockKind.baseline, text('{"kind":"born"}\n'), /at is no time/, 16],
      [BlockKind.header, text('{}'), /host is no object/, 2],
      [BlockKind.gap, Uint8Array.of(0xff, 0xfe), /it is no JSON/, 2],
      [BlockKind.end, text('[1]'), /the document is no object/, 3],
      [77, text('later'), /a block of kind 77, which this program does not know/, 5],
    ]
    for (const [kind, body, why, count] of bad) {
      const head = captureBlocks([])[0] as Uint8Array
      const after = encodeBlock(BlockKind.records, 2, tick)
      const { records, damage } = await readBack(joined([head, encodeBlock(kind, 1, body), after]))
      assert.match(damage.listed[0]?.text ?? '', why)
      assert.equal(damage.count, count)
      assert.equal(damage.listed[0]?.offset, head.length)
      assert.equal(records.length, tick.length * (kind === BlockKind.records ? 2 : 1))
    }
  })

  it('says when the baseline is not whole, and refuses rows that come after records', async () => {
    const header = { ...HEADER, baseline: { identities: 3, destinations: 0, alerts: 0 } }
    const some = captureBlocks(pieces.slice(0, 1), header)
    assert.match((await readBack(joined(some))).damage.listed[0]?.text ?? '', /0 rows of 3/)
    const late = encodeBlock(BlockKind.baseline, 2, text(`{"kind":"born","at":"7"}\n`))
    const { events, damage } = await readBack(
      joined([...captureBlocks(pieces.slice(0, 1)).slice(0, 2), late]),
    )
    assert.ok(!events.some(({ kind }) => kind === 'baseline'))
    assert.match(damage.listed[0]?.text ?? '', /baseline rows after records/)
  })

  it('is not kept busy by a file that is made for it: a head every 32 bytes, each of a large block', async () => {
    const head = encodeBlock(BlockKind.records, 1, new Uint8Array(0)).subarray(0, HEAD_BYTES)
    const view = new DataView(head.buffer)
    view.setUint32(16, 1_048_576, true)
    view.setUint32(28, crc32(head.subarray(0, 28)), true)
    const bytes = joined(Array.from({ length: 250_000 }, () => head))
    const beganMs = threadMs()
    const { damage, records } = await readBack(bytes)
    const tookMs = threadMs() - beganMs
    console.log(tookMs)
    assert.ok(tookMs < BUSY_MS, `${tookMs} ms`)
    assert.equal(records.length, 0)
    assert.equal(damage.count, bytes.length)
  })

  it('holds nothing for blocks that cannot be unpacked, however large they say they are', async () => {
    const block = encodeBlock(BlockKind.records, 1, new Uint8Array(1_048_576))
    const stored = Uint8Array.of(0xff, 0xff, 0xff)
    const broken = joined([block.subarray(0, HEAD_BYTES), stored])
    const view = new DataView(broken.buffer)
    view.setUint32(16, stored.length, true)
    view.setUint32(24, crc32(stored), true)
    view.setUint32(28, crc32(broken.subarray(0, 28)), true)
    const bytes = joined(Array.from({ length: 2_000 }, () => broken))
    const { damage } = await readBack(bytes)
    // Each would be a MiB until the event loop turns.
    const heldMb = process.memoryUsage().arrayBuffers / 1e6
    assert.equal(damage.count, bytes.length)
    assert.match(damage.listed[0]?.text ?? '', /cannot be unpacked/)
    assert.ok(heldMb < 500, `${heldMb} MB`)
  })

  it('knows a capture by any whole beginning of a block', () => {
    const [head] = blocks
    assert.ok(head)
    assert.equal(isCapture(head), true)
    assert.equal(isCapture(joined([text('damaged'), head])), true)
    assert.equal(isCapture(text('{"ts":1}')), false)
    assert.equal(isCapture(new Uint8Array(0)), false)
  })
})
