import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { constants, gzipSync, zstdCompressSync } from 'node:zlib'
import { SCENARIO_DIRECTORY } from '../../scripts/scenarios.ts'
import { isCapture } from '../../src/capture/reader.ts'
import { filesOf, openSource, withoutBeside } from '../../src/replay/open.ts'
import { replay } from '../../src/replay/replay.ts'
import { HOST, T0 } from '../importers/samples.ts'
import { sslJson, zeekTsv } from '../importers/zeek-logs.ts'

const BURST = join(SCENARIO_DIRECTORY, 'night-burst.fcap')

describe('What a replay is given', () => {
  let directory = ''
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-files-'))
    mkdirSync(join(directory, 'empty'))
    writeFileSync(join(directory, 'b_conn.log'), zeekTsv([{ ts: T0, out: 3_000_000, in: 10 }]))
    writeFileSync(join(directory, 'b_ssl.log'), sslJson([{ uid: 'C1', name: 'a.example' }]))
    writeFileSync(join(directory, 'README.md'), 'What these are\n')
  })
  after(() => rmSync(directory, { recursive: true }))

  it('is in a directory all that can be replayed, and else the file itself', async () => {
    const log = join(directory, 'b_conn.log')
    assert.deepEqual(await filesOf(directory), [log])
    assert.deepEqual(await filesOf(join(directory, 'README.md')), [join(directory, 'README.md')])
    const captures = join(dirname(fileURLToPath(import.meta.url)), '../scenarios/captures')
    assert.ok((await filesOf(captures)).length > 1)
  })

  it('is refused when nothing in it can be replayed, or it is not there', async () => {
    await assert.rejects(filesOf(join(directory, 'empty')), /holds no capture and no known log/)
    await assert.rejects(filesOf(join(directory, 'none')), /cannot be read/)
    await assert.rejects(openSource(join(directory, 'README.md'), {}), /no log that is known/)
  })

  for (const [packing, pack] of [
    ['gz', gzipSync],
    ['zst', zstdCompressSync],
  ] as const)
    it(`may be packed (${packing}), a log with those beside it or a capture`, async () => {
      const place = join(directory, packing)
      mkdirSync(place)
      const write = (name: string, bytes: string | Uint8Array): string => {
        const path = join(place, name)
        writeFileSync(path, pack(bytes))
        return path
      }
      // As Zeek names what it has rotated.
      const times = '23:00:00-00:00:00.log'
      const conn = write(`conn.${times}.${packing}`, zeekTsv([{ ts: T0, uid: 'CA', out: 3e6 }]))
      write(`ssl.${times}.${packing}`, sslJson([{ uid: 'CA', name: 'a.example' }]))
      write(`dns.${times}.${packing}`, '#path\tdns\n#fields\tts\tuid\tquery\n')
      const long = write(
        `conn_long.${times}.${packing}`,
        zeekTsv([{ ts: T0, uid: 'CL', out: 4_000_000, fromPort: 50_001 }], {}, 'conn_long'),
      )
      const capture = write(`night.fcap.${packing}`, readFileSync(BURST))
      const found = await filesOf(place)
      assert.deepEqual(found, [conn, long, capture].toSorted())
      // conn_long is read with conn, and not once more.
      assert.deepEqual(withoutBeside(found), {
        files: [conn, capture].toSorted(),
        leftOut: [long],
      })
      assert.deepEqual(withoutBeside([long]), { files: [long], leftOut: [] })

      const source = await openSource(conn, {})
      const report = await replay(source, {})
      assert.ok(report.findings.alert > 0)
      assert.match(source.notes().join('\n'), /2 connections of 10\.1\.0\.7.*1 with a host name/)
      const { readBytes, fileBytes } = source.progress()
      assert.equal(readBytes, fileBytes)

      const opened = await openSource(capture, {})
      const recorded = await replay(opened, {})
      // Its blocks are packed already: one that is looked for in packed bytes is found, between damage.
      assert.equal(opened.damage().places, 0)
      const plain = await replay(await openSource(BURST, {}), {})
      assert.deepEqual(recorded, plain)
      assert.ok(plain.records > 0)
    })

  it('may be a packed capture under any name', async () => {
    const place = join(directory, 'renamed')
    mkdirSync(place)
    const path = join(place, 'night.bin')
    // Its own blocks are packed, and would be stored as they are but for what follows: so nothing of it stands there.
    const padded = Buffer.concat([readFileSync(BURST), Buffer.alloc(200_000)])
    const packed = gzipSync(padded, { strategy: constants.Z_FIXED, memLevel: 9 })
    assert.equal(isCapture(packed), false)
    writeFileSync(path, packed)
    assert.deepEqual(await filesOf(place), [path])
    const source = await openSource(path, {})
    assert.ok((await replay(source, {})).findings.alert > 0)
    assert.equal(source.damage().places, 1)
  })

  it('may be packed and cut: what is there is read, and the rest is damage', async () => {
    const text = zeekTsv(
      Array.from({ length: 5_000 }, (_, i) => ({ ts: T0 + i, uid: `C${i * 7919}` })),
    )
    const packed = gzipSync(text)
    const path = join(directory, 'cut.log.gz')
    writeFileSync(path, packed.subarray(0, packed.length - 200))
    const source = await openSource(path, {})
    const report = await replay(source, {})
    assert.ok(report.records > 5_000)
    const said = source.damage().listed.map(({ text: what }) => what)
    assert.ok(
      said.some((what) => what.startsWith('gzip data end too early')),
      said.join(),
    )
    const capture = join(directory, 'cut.fcap.zst')
    const night = zstdCompressSync(readFileSync(BURST))
    writeFileSync(capture, night.subarray(0, night.length - 10))
    const cut = await openSource(capture, {})
    await replay(cut, {})
    assert.ok(
      cut.damage().listed.some(({ text: what }) => what.startsWith('zstd data end too early')),
    )
  })

  it('may be a log of others, which raises alerts as a capture does', async () => {
    const source = await openSource(join(directory, 'b_conn.log'), { host: HOST })
    const report = await replay(source, {})
    assert.equal(report.segments[0]?.header.host.hostname, HOST)
    assert.ok(report.findings.alert > 0)
    assert.match(source.notes().join('\n'), /1 connection of 10\.1\.0\.7/)
    const { readBytes, fileBytes } = source.progress()
    assert.equal(readBytes, fileBytes)
  })
})
