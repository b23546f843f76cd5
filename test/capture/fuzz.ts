// Reads `count` mutated captures one after another and says what became of them, as JSON. Run by fuzz.test.ts in a
// process of its own.
import assert from 'node:assert/strict'
import { crc32 } from 'node:zlib'
import { BlockKind, decodeHead, encodeBlock, HEAD_BYTES, SYNC } from '../../src/capture/format.ts'
import { captureEvents } from '../../src/capture/reader.ts'
import { createRandom } from '../../src/eval/random.ts'
import { createDamageLog } from '../../src/records/damage.ts'
import { wholeRecords } from '../../src/records/framer.ts'
import { threadMs } from '../cpu.ts'
import { captureBlocks, HEADER, joined, somePieces } from './captures.ts'

const count = Number(process.argv[2])
const random = createRandom(Number(process.argv[3]))
/** One input may take so much of this thread's time at most: the machine may be busy with other things. */
const HANG_MS = 1_000

const text = (body: string): Uint8Array => new TextEncoder().encode(body)
const pieces = somePieces(3)
const identity = `{"kind":"identity","identity":{"key":"k","signerClass":"unsigned","name":"n","path":"/p","sha256":"","signingId":"","teamId":"","cdhash":"","firstExecAt":"1","lastSeenAt":"2","daysActive":0,"lastActiveDay":-1,"history":""}}\n`
const CORPUS: Uint8Array[] = [
  joined(captureBlocks(pieces)),
  joined(captureBlocks(pieces.slice(0, 1), { ...HEADER, layout: 7 })),
  joined([
    encodeBlock(BlockKind.header, 0, text(JSON.stringify({ ...HEADER, startedAt: '7' }))),
    encodeBlock(BlockKind.baseline, 1, text(`{"kind":"born","at":"7"}\n${identity}`)),
    encodeBlock(BlockKind.records, 2, pieces[0] as Uint8Array),
    encodeBlock(BlockKind.gap, 3, text('{"bytes":9,"reason":"full"}')),
    encodeBlock(BlockKind.baseline, 4, text('{"kind":"born","at":"7"}\n')),
    encodeBlock(9, 5, text('later')),
    encodeBlock(
      BlockKind.end,
      6,
      text('{"endedAt":"8","recordBytes":1,"gapBytes":0,"alerts":0,"digest":""}'),
    ),
  ]),
]

const byte = (): number => random.between(0, 255)

/** Some changes of what a disk or a transfer does to a file. */
function mutate(from: Uint8Array): Uint8Array {
  let bytes: Uint8Array = from.slice()
  for (let changes = random.between(1, 4); changes > 0 && bytes.length > 0; changes--) {
    const at = random.between(0, bytes.length - 1)
    const much = random.between(1, 64)
    switch (random.between(0, 7)) {
      case 0:
        bytes[at] = (bytes[at] as number) ^ (1 << random.between(0, 7))
        break
      case 1:
        for (let i = at; i < at + much && i < bytes.length; i++) bytes[i] = byte()
        break
      case 2:
        bytes = joined([bytes.subarray(0, at), bytes.subarray(at + much)])
        break
      case 3:
        bytes = joined([
          bytes.subarray(0, at),
          Uint8Array.from({ length: much }, byte),
          bytes.subarray(at),
        ])
        break
      case 4:
        bytes = bytes.slice(0, at)
        break
      case 5:
        bytes = joined([bytes, bytes.subarray(at)])
        break
      case 6:
        bytes.set(SYNC.subarray(0, Math.min(8, bytes.length - at)), at)
        break
      default:
        repair(bytes)
    }
  }
  return random.between(0, 2) === 0 ? repair(bytes) : bytes
}

/** Gives blocks the checksums of what they now hold, and sometimes other fields of the head: what no accident does. */
function repair(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (
    let at = Buffer.from(bytes.buffer).indexOf(SYNC);
    at >= 0 && at + HEAD_BYTES <= bytes.length;
  ) {
    if (random.between(0, 3) === 0)
      view.setUint32(
        at + 4 * random.between(2, 5),
        random.pick([0, 1, 2, 24, 65_536, 1_048_577, 0xffffffff]),
        true,
      )
    if (random.between(0, 9) === 0) view.setUint16(at + 10, random.between(0, 0x106), true)
    const stored = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + view.getUint32(at + 16, true))
    view.setUint32(at + 24, crc32(stored), true)
    view.setUint32(at + 28, crc32(bytes.subarray(at, at + 28)), true)
    at = Buffer.from(bytes.buffer).indexOf(SYNC, at + 8)
  }
  return bytes
}

/** A body that is not what its kind says, in a block that is whole. */
function mutateBody(from: Uint8Array): Uint8Array {
  const blocks: Uint8Array[] = []
  for (let at = 0, sequence = 0; at < from.length; sequence++) {
    const head = decodeHead(from, at)
    if (!head) break
    const next = at + HEAD_BYTES + head.storedBytes
    const body = head.encoding === 0 ? from.slice(at + HEAD_BYTES, next) : undefined
    if (body && body.length > 0 && random.between(0, 1) === 0) {
      body[random.between(0, body.length - 1)] = byte()
      blocks.push(encodeBlock(head.kind, sequence, body))
    } else blocks.push(from.subarray(at, next))
    at = next
  }
  return joined(blocks)
}

const totals = {
  inputs: 0,
  whole: 0,
  damaged: 0,
  recordBytes: 0,
  rows: 0,
  slowestMs: 0,
  rssMaxMb: 0,
  seconds: 0,
}
const began = performance.now()
for (let i = 0; i < count; i++) {
  const from = random.pick(CORPUS)
  const bytes = random.between(0, 4) === 0 ? mutateBody(from) : mutate(from)
  const startedMs = threadMs()
  const log = createDamageLog('bytes')
  const chunkBytes = random.pick([3_000, 65_536, 500])
  let at = 0
  const read = async (into: Uint8Array): Promise<number> => {
    const piece = bytes.subarray(at, at + Math.min(into.length, chunkBytes))
    into.set(piece)
    at += piece.length
    return piece.length
  }
  for await (const event of captureEvents(read, log)) {
    if (event.kind === 'records') {
      totals.recordBytes += event.records.length
      assert.equal(wholeRecords(event.records).wholeBytes, event.records.length)
      assert.equal(event.records.byteOffset % 8, 0)
    } else if (event.kind === 'baseline') totals.rows += event.rows.length
  }
  const damage = log.report()
  for (const { offset, count: left } of damage.listed)
    assert.ok(offset >= 0 && offset <= bytes.length && left >= 0)
  if (damage.places > 0) totals.damaged++
  else totals.whole++
  const tookMs = threadMs() - startedMs
  totals.slowestMs = Math.max(totals.slowestMs, tookMs)
  assert.ok(tookMs < HANG_MS, `input ${i} took ${tookMs} ms`)
  totals.inputs++
  if (i % 1_000 === 0)
    totals.rssMaxMb = Math.max(totals.rssMaxMb, process.memoryUsage.rss() / 2 ** 20)
}
totals.seconds = (performance.now() - began) / 1_000
process.stdout.write(`${JSON.stringify(totals)}\n`)
