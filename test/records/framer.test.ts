import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createFramer, type Framer, RecordError } from '../../src/records/framer.ts'
import { EXEC_AT, RECORD_BYTES_MAX, writePolicy } from '../../src/records/record.gen.ts'
import { Script } from '../engine/scenario.ts'

/** One of every shape: strings of all lengths mod 8, and none. */
function corpus(): Uint8Array[] {
  const script = new Script().start('a note')
  for (const path of ['', '/a', '/bin/sh', '/home/ann/é'])
    script.program({ pid: 7, path, script: path })
  script.fork(8, 7).flow({ id: 1, out: 5 }).name(1, 'example.org').exit(8).loss(1, 3).tick()
  return script.policy(1, {}).records
}

function cutAt(bytes: Uint8Array, cuts: number[]): Uint8Array[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  const chunks: Uint8Array[] = []
  let from = 0
  for (const place of [...places, bytes.length]) {
    chunks.push(bytes.subarray(from, place))
    from = place
  }
  return chunks
}

/** All pieces together; each is checked for its alignment. */
function frame(framer: Framer, chunks: Uint8Array[]): Buffer {
  const pieces: Uint8Array[] = []
  for (const chunk of chunks)
    for (const piece of framer.push(chunk)) {
      assert.equal(piece.byteOffset % 8, 0)
      assert.equal(piece.length % 8, 0)
      pieces.push(new Uint8Array(piece))
    }
  return Buffer.concat(pieces)
}

const withSize = (size: number): Uint8Array => {
  const record = new Uint8Array(16)
  new DataView(record.buffer).setUint32(0, size, true)
  new DataView(record.buffer).setUint16(4, 999, true)
  return record
}

describe('framer', () => {
  const records = corpus()
  const stream = new Uint8Array(Buffer.concat(records))

  it('gives back the stream however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.nat(15), (cuts, shift) => {
        // The same bytes at another alignment: pieces must still be aligned.
        const shifted = new Uint8Array(stream.length + shift).subarray(shift)
        shifted.set(stream)
        const framer = createFramer()
        assert.deepEqual(frame(framer, cutAt(shifted, cuts)), Buffer.from(stream))
        assert.equal(framer.pendingBytes(), 0)
      }),
    )
  })

  it('takes a byte at a time', () => {
    const framer = createFramer()
    const chunks = [...stream].map((byte) => Uint8Array.of(byte))
    assert.deepEqual(frame(framer, chunks), Buffer.from(stream))
  })

  it('copies nothing of an aligned chunk of whole records', () => {
    const [piece] = [...createFramer().push(stream)]
    assert.equal(piece?.buffer, stream.buffer)
    assert.equal(piece?.length, stream.length)
  })

  it('says how much of a cut stream is pending', () => {
    const framer = createFramer()
    frame(framer, [stream.subarray(0, stream.length - 3)])
    assert.equal(framer.pendingBytes(), (records.at(-1)?.length ?? 0) - 3)
  })

  it('passes records of types it does not know', () => {
    const unknown = withSize(16)
    assert.deepEqual(frame(createFramer(), [unknown]), Buffer.from(unknown))
  })

  it('takes the longest policy there can be', () => {
    const record = writePolicy({ source: 0, atNs: 0n, version: 1, document: 'x'.repeat(65_535) })
    assert.ok(record.length <= RECORD_BYTES_MAX)
    assert.equal(frame(createFramer(), [record]).length, record.length)
  })

  for (const size of [0, 8, 15, 17, 20, RECORD_BYTES_MAX + 8, 0xfffffff8])
    it(`refuses a size of ${size}, after giving what came before`, () => {
      const bytes = new Uint8Array(Buffer.concat([stream, withSize(size)]))
      const framer = createFramer()
      let given = 0
      assert.throws(
        () => {
          for (const piece of framer.push(bytes)) given += piece.length
        },
        (error: unknown) =>
          error instanceof RecordError && error.code === 'size' && error.offset === stream.length,
      )
      assert.equal(given, stream.length)
    })

  it('refuses a size in the middle of a cut head', () => {
    const framer = createFramer()
    const head = withSize(24_000_001)
    frame(framer, [head.subarray(0, 7)])
    assert.throws(() => frame(framer, [head.subarray(7)]), RecordError)
  })

  it('refuses a known type of another shape', () => {
    const record = new Uint8Array(records.find((one) => one[4] === 1) as Uint8Array)
    new DataView(record.buffer).setUint16(EXEC_AT.pathBytes, 60_000, true)
    assert.throws(
      () => frame(createFramer(), [record]),
      (error: unknown) => error instanceof RecordError && error.code === 'shape',
    )
  })

  it('refuses everything once it has refused', () => {
    const framer = createFramer()
    assert.throws(() => frame(framer, [withSize(3)]), RecordError)
    assert.throws(() => frame(framer, [stream]), RecordError)
  })

  it('gives whole records or RecordError for any mutation of a stream', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(stream.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(stream.length),
        fc.array(fc.nat(), { maxLength: 5 }),
        (edits, length, cuts) => {
          const bytes = stream.slice(0, length)
          for (const [at, value] of edits) if (at < length) bytes[at] = value
          const framer = createFramer()
          let given = 0
          try {
            for (const chunk of cutAt(bytes, cuts))
              for (const piece of framer.push(chunk)) {
                const view = new DataView(piece.buffer, piece.byteOffset, piece.length)
                let at = 0
                while (at < piece.length) at += view.getUint32(at, true)
                assert.equal(at, piece.length)
                given += piece.length
              }
            assert.equal(given + framer.pendingBytes(), length)
          } catch (error) {
            if (!(error instanceof RecordError)) throw error
            assert.ok(error.offset >= given - 8 && error.offset <= length)
          }
        },
      ),
      { seed: 7, numRuns: 2_000 },
    )
  })
})
