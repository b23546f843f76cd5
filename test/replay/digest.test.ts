import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openBaseline } from '../../src/baseline/sqlite.ts'
import { canonicalJson, createAlertDigest } from '../../src/capture/alert-digest.ts'
import type { Capture } from '../../src/capture/reader.ts'
import { openCapture } from '../../src/capture/reader.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { createRandom } from '../../src/eval/random.ts'
import { createFramer } from '../../src/records/framer.ts'
import { replay } from '../../src/replay/replay.ts'
import { AT, captureBlocks, HEADER, joined, somePieces } from '../capture/captures.ts'
import { run } from '../e2e/installation.ts'
import { BOOT_ID, Script } from '../engine/scenario.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const source = (capture: Capture) => ({ ...capture, notes: () => [] })

/** Two boots, an upload in each, one that is open when the machine stops. */
function twoBoots(): Uint8Array {
  const script = new Script().policy(1, { version: 1 }).start()
  script.program({ pid: 100, path: '/tmp/a', sha: 'aa' }).arguments(100, ['a', '--all'])
  script.upload({ id: 1, total: 4_000_000, keepOpen: true }).ticks(70)
  script.program({ pid: 101, path: '/tmp/b', sha: 'bb' })
  script.upload({ id: 2, pid: 101, total: 9_000_000, to: '198.51.100.4' }).ticks(3)
  const other = BOOT_ID.map((byte) => byte ^ 0xff)
  script.nowMs = 9_000
  script.mark(1, '', other).mark(2, '', other)
  script.program({ pid: 100, path: '/tmp/a', sha: 'aa' })
  script.upload({ id: 1, total: 20_000_000 }).ticks(90)
  return script.bytes()
}

/** Digest of an engine that is given the records in pieces, on a baseline on disk, committed at each. */
function liveDigest(
  directory: string,
  pieces: Iterable<Uint8Array>,
): { alerts: number; digest: string } {
  const { baseline } = openBaseline(join(directory, 'live.db'), { now: AT })
  const engine = createEngine({ deviceId: HEADER.deviceId, baseline })
  const digest = createAlertDigest()
  const framer = createFramer()
  for (const piece of pieces) {
    for (const records of framer.push(piece)) engine.push(records)
    engine.takeRequests()
    digest.add(engine.takeFindings())
    baseline.commit()
  }
  engine.finish()
  digest.add(engine.takeFindings())
  baseline.close()
  return { alerts: digest.count(), digest: digest.hex() }
}

describe('replay: the digest of all alerts', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-digest-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  it('is of canonical JSON: keys in order, nothing that is undefined', () => {
    assert.equal(
      canonicalJson({ b: 1, a: { d: 7n, c: undefined }, e: [{ z: 1, y: 2 }] }),
      '{"a":{"d":"7"},"b":1,"e":[{"y":2,"z":1}]}',
    )
  })

  it('equals that of the live run, whatever the pieces were', async () => {
    const records = twoBoots()
    const random = createRandom(3)
    const pieces: Uint8Array[] = []
    for (let at = 0; at < records.length; ) {
      const next = at + random.between(1, 3_000)
      pieces.push(records.subarray(at, next))
      at = next
    }
    const live = liveDigest(directory, pieces)
    assert.ok(live.alerts >= 5, `${live.alerts} alert findings`)
    const whole = Array.from({ length: 40 }, (_, i) => i)
    for (const sizes of [
      [records.length],
      whole.map(() => 1_000),
      whole.map((i) => 100 * (i + 1)),
    ]) {
      const path = join(directory, `${sizes.length}.${sizes[0]}.fcap`)
      writeFileSync(path, joined(captureBlocks(cutAtRecords(records, sizes), HEADER, [], live)))
      const capture = source(await openCapture(path))
      const { segments } = await replay(capture, {})
      assert.equal(segments.length, 1)
      assert.equal(segments[0]?.digest, live.digest)
      assert.equal(segments[0]?.compared, 'equal')
    }
  })

  it('is another where one byte of a record is another', async () => {
    const records = twoBoots()
    const live = liveDigest(directory, [records])
    const changed = records.slice()
    // The last flow record's bytes out.
    const at = lastFlow(changed) + 24
    changed[at] = (changed[at] as number) ^ 1
    const path = join(directory, 'changed.fcap')
    writeFileSync(path, joined(captureBlocks([changed], HEADER, [], live)))
    const { segments } = await replay(source(await openCapture(path)), {})
    assert.equal(segments[0]?.compared, 'differs')
  })

  it('is not compared when records are missing, or when baseline or policy are others', async () => {
    const pieces = somePieces(8)
    const live = liveDigest(directory, pieces)
    const blocks = captureBlocks(pieces, HEADER, [], live)
    const outcome = async (bytes: Uint8Array, options: Parameters<typeof replay>[1]) => {
      const path = join(directory, 'some.fcap')
      writeFileSync(path, bytes)
      return (await replay(source(await openCapture(path)), options)).segments[0]?.compared
    }
    assert.equal(await outcome(joined(blocks), {}), 'equal')
    assert.equal(await outcome(joined(blocks.slice(0, -1)), {}), 'incomplete')
    assert.equal(await outcome(joined(blocks.toSpliced(3, 1)), {}), 'incomplete')
    assert.equal(await outcome(joined(blocks), { policy: {} }), 'altered')
    assert.equal(await outcome(joined(blocks), { baselineRows: () => [] }), 'altered')
  })

  it('is the same on another day and in another time zone', async () => {
    const records = twoBoots()
    const live = liveDigest(directory, [records])
    const path = join(directory, 'a.fcap')
    writeFileSync(path, joined(captureBlocks([records], HEADER, [], live)))
    const elsewhere =
      'data:text/javascript,process.env.TZ="Pacific/Kiritimati";const now=Date.now;Date.now=()=>now()+86400000*400'
    const { status, stderr } = await run(['--import', elsewhere, CLI, 'replay', '--strict', path])
    assert.match(stderr, new RegExp(`digest ${live.digest}, as recorded`))
    assert.equal(status, 0)
  })
})

/** Whole records in pieces of about these sizes, the rest in the last. */
function cutAtRecords(records: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const view = new DataView(records.buffer, records.byteOffset, records.length)
  const pieces: Uint8Array[] = []
  let from = 0
  let at = 0
  for (const size of sizes) {
    while (at < records.length && at - from < size) at += view.getUint32(at, true)
    if (at > from) pieces.push(records.subarray(from, at))
    from = at
  }
  if (from < records.length) pieces.push(records.subarray(from))
  return pieces
}

function lastFlow(records: Uint8Array): number {
  const view = new DataView(records.buffer, records.byteOffset, records.length)
  let found = -1
  for (let at = 0; at < records.length; at += view.getUint32(at, true))
    if (view.getUint16(at + 4, true) === 4) found = at
  assert.ok(found >= 0)
  return found
}
