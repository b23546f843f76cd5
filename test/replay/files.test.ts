import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { filesOf, openSource } from '../../src/replay/open.ts'
import { replay } from '../../src/replay/replay.ts'
import { HOST, sslJson, T0, zeekTsv } from '../importers/samples.ts'

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
