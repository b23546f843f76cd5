import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import {
  BODY_BYTES_MAX,
  decodeBody,
  decodeHead,
  encodeBlock,
  HEAD_BYTES,
  SYNC,
} from '../../src/capture/format.ts'
import { createRandom } from '../../src/eval/random.ts'
import { LAYOUT, readTick } from '../../src/records/record.gen.ts'
import { readBack } from './captures.ts'

// UPDATE_GOLDEN=1 brings the document's example to the layout that records have now.
const DOCUMENT = new URL('../../docs/capture-format.md', import.meta.url)

/** The bytes of the document's ```hex block; its offsets are checked on the way. */
function exampleBytes(): Uint8Array {
  const [, dump] = /```hex\n([^`]+)```/.exec(readFileSync(DOCUMENT, 'utf8')) ?? []
  assert.ok(dump, 'the document has no example')
  const bytes: number[] = []
  for (const line of dump.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [offset = '', ...hex] = line.trim().split(/\s+/)
    assert.equal(Number.parseInt(offset, 16), bytes.length, line)
    bytes.push(...hex.map((digits) => Number.parseInt(digits, 16)))
  }
  return Uint8Array.from(bytes)
}

/** The block with another body, not packed. */
function plainBlock(block: Uint8Array, body: Uint8Array): Uint8Array {
  const other = Buffer.concat([block.subarray(0, HEAD_BYTES), body])
  for (const at of [16, 20]) other.writeUInt32LE(body.length, at)
  other.writeUInt32LE(crc32(body), 24)
  other.writeUInt32LE(crc32(other.subarray(0, 28)), 28)
  return other
}

/** The example anew: its header with the present layout, the other blocks as they are. */
function renewExample(): void {
  const text = readFileSync(DOCUMENT, 'utf8')
  const names = [...text.matchAll(/^# \w+, number \d+.*$/gm)].map(([line]) => line)
  let rest = exampleBytes()
  let at = 0
  const lines: string[] = []
  for (const name of names) {
    const head = decodeHead(rest, 0)
    assert.ok(head, name)
    const size = HEAD_BYTES + head.storedBytes
    const stored = rest.slice(HEAD_BYTES, size)
    const body = Buffer.from(decodeBody(head, stored) as Uint8Array)
      .toString('latin1')
      .replace(/"layout":\d+/, `"layout":${LAYOUT}`)
    const block = name.startsWith('# header')
      ? plainBlock(rest, Buffer.from(body, 'latin1'))
      : rest.slice(0, size)
    lines.push(name)
    for (let from = 0; from < block.length; from += 16) {
      const bytes = [...block.subarray(from, from + 16)]
      const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
      lines.push(`${(at + from).toString(16).padStart(6, '0')}  ${hex}`)
    }
    at += block.length
    rest = rest.slice(size)
  }
  writeFileSync(
    DOCUMENT,
    text.replace(/```hex\n[^`]+```/, `\`\`\`hex\n${lines.join('\n')}\n\`\`\``),
  )
}

describe('capture format', () => {
  before(() => {
    if (process.env['UPDATE_GOLDEN'] === '1') renewExample()
  })

  it('is what the document shows, byte for byte', async () => {
    const { events, damage } = await readBack(exampleBytes())
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['header', 'baseline', 'records', 'end'],
    )
    const [header, baseline, records, end] = events
    assert.ok(header?.kind === 'header' && baseline?.kind === 'baseline')
    assert.ok(records?.kind === 'records' && end?.kind === 'end')
    assert.equal(header.header.deviceId, '5ce4a210-0000-4000-8000-000000000001')
    assert.equal(header.header.host.hostname, 'mac')
    assert.equal(header.header.synthetic, 'an example')
    assert.deepEqual(baseline.rows, [{ kind: 'born', at: 1_772_445_600_000_000_000n }])
    const { buffer, byteOffset, length } = records.records
    assert.equal(length, 24)
    const tick = readTick(new DataView(buffer, byteOffset, length), 0)
    assert.equal(tick.atNs, 10_000_000_000n)
    assert.equal(tick.unixNs, 1_772_445_610_000_000_000n)
    assert.equal(end.end.gapBytes, 96)
    assert.deepEqual(
      damage.listed.map(({ text, count }) => ({ text, count })),
      [{ text: 'the recorder could not write them: ENOSPC', count: 96 }],
    )
  })

  it('packs a block where that makes it smaller, and gives it back', () => {
    for (const body of [
      new Uint8Array(50_000).fill(7),
      Uint8Array.of(1, 2, 3),
      new Uint8Array(0),
    ]) {
      const block = encodeBlock(3, 9, body)
      const head = decodeHead(block, 0)
      assert.ok(head)
      assert.equal(head.kind, 3)
      assert.equal(head.sequence, 9)
      assert.equal(head.encoding, body.length > 100 ? 1 : 0)
      assert.ok(block.length <= HEAD_BYTES + body.length)
      const stored = block.subarray(HEAD_BYTES)
      assert.equal(head.storedBytes, stored.length)
      assert.deepEqual(Buffer.from(decodeBody(head, stored) as Uint8Array), Buffer.from(body))
    }
  })

  it('refuses a body above the bound, and takes one at it', () => {
    assert.throws(() => encodeBlock(3, 0, new Uint8Array(BODY_BYTES_MAX + 1)), RangeError)
    const random = createRandom(5)
    const body = new Uint8Array(BODY_BYTES_MAX).map(() => random.between(0, 255))
    const head = decodeHead(encodeBlock(3, 0, body), 0)
    assert.equal(head?.encoding, 0)
    assert.equal(head?.bodyBytes, BODY_BYTES_MAX)
  })

  it('finds no head where one bit of it is another', () => {
    const block = encodeBlock(3, 1, Uint8Array.of(1, 2, 3, 4))
    for (let bit = 0; bit < HEAD_BYTES * 8; bit++) {
      const other = block.slice()
      other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7))
      assert.equal(decodeHead(other, 0), undefined, `bit ${bit}`)
    }
    assert.ok(SYNC.length === 8 && decodeHead(block, 0))
  })

  it('says why a body cannot be had', () => {
    const block = encodeBlock(3, 1, new Uint8Array(1_000))
    const head = decodeHead(block, 0)
    assert.ok(head)
    const stored = block.subarray(HEAD_BYTES)
    assert.equal(decodeBody({ ...head, bodyBytes: 999 }, stored), 'the block cannot be unpacked')
    assert.equal(
      decodeBody({ ...head, bodyBytes: 1_001 }, stored),
      'the block is not as long as it says',
    )
    assert.equal(
      decodeBody({ ...head, encoding: 0 }, stored),
      'the block is not as long as it says',
    )
    assert.equal(
      decodeBody({ ...head, encoding: 7 }, stored),
      'the block is packed in an unknown way (7)',
    )
    assert.equal(decodeBody(head, stored.subarray(3)), 'the block cannot be unpacked')
  })
})
