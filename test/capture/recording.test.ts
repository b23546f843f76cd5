import assert from 'node:assert/strict'
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRecording } from '../../src/capture/recording.ts'
import { createCaptureWriter } from '../../src/capture/writer.ts'
import { leaveOut, whyNotLinux } from '../left-out.ts'
import { AT, HEADER, joined, readBack, somePieces } from './captures.ts'

describe('capture recording', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-recording-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  const pieces = somePieces(3)

  it('has everything in the file after a flush, and goes on after what is there', async () => {
    const path = join(directory, 'a.fcap')
    for (let run = 1; run <= 2; run++) {
      const fd = openSync(path, 'a')
      const logged: string[] = []
      const recording = startRecording({
        fd,
        header: HEADER,
        rows: [],
        log: (text) => logged.push(text),
      })
      for (const piece of pieces) recording.take(piece)
      recording.flush()
      const flushed = await readBack(new Uint8Array(readFileSync(path)))
      assert.equal(flushed.records.length, run * joined(pieces).length)
      const counts = recording.close(AT)
      assert.equal(counts.recordBytes, joined(pieces).length)
      assert.equal(counts.gapBytes, 0)
      closeSync(fd)
      assert.equal(statSync(path).size, run * counts.fileBytes)
      assert.deepEqual(logged, [])
    }
    const { events, damage } = await readBack(new Uint8Array(readFileSync(path)))
    assert.equal(events.filter(({ kind }) => kind === 'end').length, 2)
    assert.equal(damage.places, 0)
  })

  it('is found whole again after the half block that a killed recorder left', async () => {
    const path = join(directory, 'a.fcap')
    const record = (): void => {
      const fd = openSync(path, 'a')
      const recording = startRecording({ fd, header: HEADER, rows: [], log: assert.fail })
      recording.take(joined(pieces))
      recording.close(AT)
      closeSync(fd)
    }
    record()
    writeFileSync(path, readFileSync(path).subarray(0, -20))
    record()
    const { records, damage } = await readBack(new Uint8Array(readFileSync(path)))
    assert.equal(records.length, 2 * joined(pieces).length)
    assert.deepEqual(
      damage.listed.map(({ text }) => text),
      [
        'a block does not have its checksum',
        'the recording was not closed: its last moments may be missing',
      ],
    )
  })

  it('refuses to begin where nothing can be written', function () {
    leaveOut(this, whyNotLinux())
    const fd = openSync('/dev/full', 'a')
    try {
      assert.throws(
        () => startRecording({ fd, header: HEADER, rows: [], log: assert.fail }),
        /ENOSPC/,
      )
    } finally {
      closeSync(fd)
    }
  })

  it('counts what the disk refuses, says it once, and tells it in the file when there is room again', async () => {
    const blocks: Uint8Array[] = []
    const gaps: number[] = []
    let isFull = false
    const writer = createCaptureWriter(
      (block) => {
        if (isFull) throw new Error('ENOSPC: no space left on device, write')
        blocks.push(block)
      },
      (gap) => gaps.push(gap.bytes),
    )
    writer.begin(HEADER, [])
    const give = (at: number): number => {
      const piece = pieces[at] as Uint8Array
      writer.records(piece)
      writer.flush()
      return piece.length
    }
    give(0)
    isFull = true
    const lost = give(1) + give(2)
    assert.equal(writer.counts().gapBytes, lost)
    assert.equal(gaps.length, 1)
    isFull = false
    give(3)
    isFull = true
    const more = give(1)
    isFull = false
    writer.end({ endedAt: AT, alerts: 0, digest: '' })
    assert.equal(gaps.length, 2)
    const { events, records, damage } = await readBack(joined(blocks))
    assert.deepEqual(
      Buffer.from(records),
      Buffer.from(joined([pieces[0] as Uint8Array, pieces[3] as Uint8Array])),
    )
    assert.deepEqual(
      damage.listed.map(({ count }) => count),
      [lost, more],
    )
    assert.match(damage.listed[0]?.text ?? '', /could not write them: ENOSPC/)
    const end = events.at(-1)
    assert.ok(end?.kind === 'end')
    assert.equal(end.end.gapBytes, lost + more)
    assert.equal(end.end.recordBytes, records.length)
  })

  it('leaves out a row that no block holds, and cuts more records than one holds', async () => {
    const blocks: Uint8Array[] = []
    const writer = createCaptureWriter(
      (block) => blocks.push(block),
      () => assert.fail(),
    )
    const alert = (state: string, id: string) => ({
      kind: 'alert' as const,
      alert: {
        id,
        identityKey: 'k',
        destinationKey: 'd',
        state,
        bytesOut: 0 as never,
        bytesIn: 0 as never,
        openedAt: AT,
        updatedAt: AT,
      },
    })
    const leftOut = writer.begin(
      { ...HEADER, baseline: { identities: 0, destinations: 0, alerts: 2 } },
      [alert('s', '1'), alert('x'.repeat(1_100_000), '2'), alert('s', '3')],
    )
    assert.equal(leftOut, 1)
    const many = joined(Array.from({ length: 4_000 }, () => joined(pieces)))
    writer.records(many)
    writer.end({ endedAt: AT, alerts: 0, digest: '' })
    const { events, records, damage } = await readBack(joined(blocks))
    assert.equal(damage.places, 0)
    assert.equal(records.length, many.length)
    assert.ok(many.length > 2_000_000)
    assert.equal(events.flatMap((event) => (event.kind === 'baseline' ? event.rows : [])).length, 2)
  })
})
