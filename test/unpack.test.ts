import assert from 'node:assert/strict'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import {
  PACKED_HEAD_BYTES,
  packingOf,
  UnpackError,
  unpacked,
  unpackedHead,
  unpackedName,
} from '../src/unpack.ts'

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

type Taken = { text: string; error: UnpackError | undefined }

async function take(chunks: AsyncIterable<Uint8Array>, ...limits: [] | [Limits]): Promise<Taken> {
  const pieces: Uint8Array[] = []
  try {
    for await (const piece of unpacked(chunks, ...limits)) pieces.push(Buffer.from(piece))
  } catch (error) {
    if (!(error instanceof UnpackError)) throw error
    return { text: Buffer.concat(pieces).toString(), error }
  }
  return { text: Buffer.concat(pieces).toString(), error: undefined }
}
type Limits = { freeBytes: number; timesMax: number }

const PACKED = { gzip: gzipSync, zstd: zstdCompressSync }
/** Some ten blocks of Zstandard. */
const TEXT = Array.from({ length: 100_000 }, (_, i) => `line ${i * 7919}\n`).join('')

describe('Packed files', () => {
  for (const [packing, pack] of Object.entries(PACKED)) {
    it(`of ${packing} are known by their first bytes and unpacked, whatever the pieces`, async () => {
      const packed = pack(TEXT)
      assert.equal(packingOf(packed), packing)
      for (const size of [1_000, 65_536, 1_000_000])
        assert.deepEqual(await take(chunksOf(packed, size)), { text: TEXT, error: undefined })
      assert.equal((await take(chunksOf(pack('a few bytes'), 1))).text, 'a few bytes')
    })

    it(`of ${packing} may be several, one after the other`, async () => {
      const packed = Buffer.concat([pack('one\n'), pack('two\n'), pack('three\n')])
      for (const size of [1, 7, 1_000])
        assert.deepEqual(await take(chunksOf(packed, size)), {
          text: 'one\ntwo\nthree\n',
          error: undefined,
        })
    })

    it(`of ${packing} that are cut give what they had, and say where it ends`, async () => {
      const packed = pack(TEXT)
      const { text, error } = await take(chunksOf(packed.subarray(0, packed.length - 500), 4_096))
      assert.ok(TEXT.startsWith(text))
      assert.ok(text.length > TEXT.length / 2, `${text.length} of ${TEXT.length}`)
      assert.equal(error?.unpackedBytes, text.length)
      assert.match(error?.message ?? '', new RegExp(`^${packing} data end too early`))
    })

    it(`of ${packing} that are damaged give what came before`, async () => {
      const packed = Buffer.from(pack(TEXT))
      const middle = Math.floor(packed.length / 2)
      packed.fill(0xff, middle, middle + 64)
      const { text, error } = await take(chunksOf(packed, 1_024))
      // Deflate may make something of damage before it finds that it is none.
      const before = TEXT.slice(0, TEXT.length / 4)
      assert.ok(text.startsWith(before), String(text.length))
      assert.match(error?.message ?? '', /are damaged/)
    })

    it(`of ${packing} that would become far more than they are, are not read on`, async () => {
      const packed = pack(Buffer.alloc(50_000_000))
      const { text, error } = await take(chunksOf(packed, 4_096), {
        freeBytes: 1_000_000,
        timesMax: 10,
      })
      assert.ok(text.length <= 1_000_000 + packed.length * 10)
      assert.match(error?.message ?? '', /become more than \d+: not read on/)
    })

    it(`of ${packing} have a beginning that can be looked at`, async () => {
      const head = await unpackedHead(pack(TEXT).subarray(0, PACKED_HEAD_BYTES), 100)
      assert.equal(Buffer.from(head).toString(), TEXT.slice(0, 100))
    })
  }

  it('are not taken for such by their names, and others pass as they are', async () => {
    for (const text of ['', 'abc', 'no packed bytes at all'])
      assert.deepEqual(await take(chunksOf(Buffer.from(text), 2)), { text, error: undefined })
    assert.equal(packingOf(Buffer.from('502a4d18', 'hex')), 'zstd')
    assert.equal(unpackedName('conn.23:00:00-00:00:00.log.gz'), 'conn.23:00:00-00:00:00.log')
    assert.equal(unpackedName('a.fcap.zst'), 'a.fcap')
    assert.equal(unpackedName('a.log'), 'a.log')
  })

  it('leave an error of reading to their reader, and end the reading when they are left', async () => {
    async function* broken(): AsyncGenerator<Uint8Array, void> {
      yield gzipSync(TEXT).subarray(0, 100)
      throw new Error('the disk is gone')
    }
    await assert.rejects(take(broken()), /the disk is gone/)
    let isEnded = false
    async function* watched(): AsyncGenerator<Uint8Array, void> {
      try {
        yield* chunksOf(gzipSync(TEXT), 64)
      } finally {
        isEnded = true
      }
    }
    for await (const _ of unpacked(watched())) break
    assert.equal(isEnded, true)
  })
})
