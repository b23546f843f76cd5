import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { detectKind } from '../../src/importers/detect.ts'
import { LINE_BYTES_MAX, readLines } from '../../src/importers/lines.ts'
import { isLog, openImporter } from '../../src/importers/open.ts'
import { isoToUs, numberToUs } from '../../src/importers/time.ts'
import { chunksOf, walk } from './read.ts'
import { esStory, HOST, logLine, T0 } from './samples.ts'
import { sslJson, zeekJson, zeekTsv } from './zeek-logs.ts'

describe('Opening a log', () => {
  let directory = ''
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-importers-'))
  })
  after(() => rmSync(directory, { recursive: true }))
  const file = (name: string, text: string): string => {
    const path = join(directory, name)
    writeFileSync(path, text)
    return path
  }

  it('finds out the kind by the content', () => {
    assert.equal(detectKind(esStory(10)), 'eslogger')
    assert.equal(detectKind(zeekTsv([])), 'zeek')
    assert.equal(detectKind(zeekJson([{ ts: T0 }], 'object')), 'zeek')
    assert.equal(
      detectKind(`Filtering the log data\n${logLine('2026-03-02 10:00:00', '')}`),
      'unified-log',
    )
    assert.equal(detectKind('{"unixTime":1,"columns":{}}'), 'osquery')
    assert.equal(detectKind('{"some":"json"}\nand a line'), undefined)
    assert.equal(detectKind(''), undefined)
  })

  it('tells the log and its host in the header, the same each time', async () => {
    const path = file('conn.log', zeekTsv([{ ts: T0 }, { ts: T0 - 2 }]))
    const first = await openImporter(path)
    const second = await openImporter(path)
    assert.deepEqual(first.header, second.header)
    assert.deepEqual(first.header, {
      format: 'zeek',
      deviceId: first.header.deviceId,
      hostname: HOST,
      os: '',
      isSynthetic: false,
      startedAt: BigInt(T0 - 2) * 1_000_000_000n,
    })
    assert.match(
      first.header.deviceId,
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    )
    assert.deepEqual((await walk(first)).all, (await walk(second)).all)
    const other = await openImporter(file('other.log', zeekTsv([{ ts: T0, from: '10.1.0.8' }])))
    assert.notEqual(other.header.deviceId, first.header.deviceId)
    await walk(other)
  })

  it('takes host names from the ssl log beside it, or from the one named', async () => {
    const path = file('x_conn.log', zeekTsv([{ ts: T0, uid: 'CA' }]))
    const without = await openImporter(path)
    assert.equal((await walk(without)).of('name').length, 0)
    assert.match(without.notes().join(), /no ssl log beside it/)
    const named = await openImporter(path, {
      sslPath: file('names', sslJson([{ uid: 'CA', name: 'b.example' }])),
    })
    assert.equal((await walk(named)).of('name')[0]?.hostname, 'b.example')
    file('x_ssl.log', sslJson([{ uid: 'CA', name: 'a.example' }]))
    const beside = await openImporter(path)
    assert.equal((await walk(beside)).of('name')[0]?.hostname, 'a.example')
    assert.match(beside.notes().join(), /host names from .*x_ssl\.log/)
  })

  it('refuses what is not there, no log, and options of another log', async () => {
    await assert.rejects(openImporter(join(directory, 'none')), { code: 'unreadable' })
    await assert.rejects(openImporter(directory), { code: 'unreadable' })
    await assert.rejects(
      openImporter(file('c', 'hello\n')),
      /--from names its kind: eslogger, zeek/,
    )
    const es = file('d', esStory(9))
    await assert.rejects(openImporter(es, { signer: 'platform' }), { code: 'option' })
    await assert.rejects(openImporter(es, { sslPath: es }), { code: 'option' })
    const conn = file('e', zeekTsv([]))
    await assert.rejects(openImporter(conn, { sslPath: join(directory, 'none') }), {
      code: 'unreadable',
    })
  })

  it('reads as what it is forced to, and counts what that does not understand', async () => {
    const input = await openImporter(file('f', esStory(9)), { from: 'osquery' })
    assert.equal((await walk(input)).all.length, 0)
    assert.equal(input.damage().count, 4)
    assert.equal(input.header.startedAt, undefined)
  })

  it('refuses a log of TLS handshakes in place of the connections', async () => {
    const tsv = file('ssl.log', '#path\tssl\n#fields\tts\tuid\tserver_name\n')
    await assert.rejects(openImporter(tsv), /give its conn log/)
    const json = file('s', sslJson([{ uid: 'CA', name: 'a.example' }]))
    await assert.rejects(openImporter(json), { code: 'kind' })
  })

  it('knows logs from what only lies beside them', async () => {
    assert.equal(await isLog(file('i_conn.log', zeekTsv([{ ts: T0 }]))), true)
    assert.equal(await isLog(file('i.jsonl', esStory(9))), true)
    assert.equal(await isLog(file('i_ssl.log', sslJson([{ uid: 'CA', name: 'a.example' }]))), false)
    assert.equal(await isLog(file('i.md', 'What these are\n')), false)
    const http = '#path\thttp\n#fields\tts\tuid\tid.orig_h\n1\tC1\t10.1.0.7\n'
    assert.equal(await isLog(file('http.log', http)), false)
    const dns = { ts: T0, uid: 'C1', 'id.orig_h': HOST, proto: 'udp', query: 'a.example' }
    assert.equal(await isLog(file('dns.log', JSON.stringify(dns))), false)
    assert.equal(await isLog(file('j.log', zeekJson([{ ts: T0 }]))), true)
    await assert.rejects(openImporter(join(directory, 'dns.log')), /without connections: give its/)
  })

  it('says how much of the file was read', async () => {
    const input = await openImporter(file('h', esStory(9)))
    await walk(input)
    assert.deepEqual(input.progress(), {
      readBytes: esStory(9).length,
      fileBytes: esStory(9).length,
    })
  })

  it('makes nothing of an empty log', async () => {
    const input = await openImporter(file('g', ''), { from: 'zeek' })
    assert.equal((await walk(input)).all.length, 0)
    assert.equal(input.damage().places, 0)
    assert.match(input.notes().join(), /no connection in it/)
  })
})

describe('Lines', () => {
  const linesOf = async (text: string, bytes: number) => {
    const lines: [number, number, string | undefined][] = []
    for await (const batch of readLines(chunksOf(text, bytes)))
      for (const { offset, number, text: line } of batch) lines.push([offset, number, line])
    return lines
  }
  it('have their place, whatever the pieces they come in and however they end', async () => {
    for (const bytes of [1, 2, 3, 100])
      assert.deepEqual(await linesOf('ab\r\n\nä\nlast', bytes), [
        [0, 1, 'ab'],
        [4, 2, ''],
        [5, 3, 'ä'],
        [8, 4, 'last'],
      ])
    assert.deepEqual(await linesOf('', 10), [])
  })
  it('are not read beyond their limit, and the next one is', async () => {
    const lines = await linesOf(`${'x'.repeat(LINE_BYTES_MAX + 1)}\nnext`, 100_000)
    assert.deepEqual(lines, [
      [0, 1, undefined],
      [LINE_BYTES_MAX + 2, 2, 'next'],
    ])
  })
})

describe('Times', () => {
  it('are read to the microsecond, in any zone', () => {
    assert.equal(isoToUs('2026-03-02T10:00:00.123456789Z'), T0 * 1e6 + 123_456)
    assert.equal(isoToUs('2026-03-02 11:00:00.5+0100'), T0 * 1e6 + 500_000)
    assert.equal(isoToUs('2026-03-02T05:00:00-05:00'), T0 * 1e6)
    assert.equal(isoToUs('2026-03-02T10:00:00'), T0 * 1e6)
    assert.equal(numberToUs('1772445600.000001'), T0 * 1e6 + 1)
    assert.equal(numberToUs(1_772_445_600.25), T0 * 1e6 + 250_000)
  })
  it('are refused when they cannot be', () => {
    for (const text of ['2026-13-02T10:00:00Z', '2026-03-02', '', '10', '-1', 'NaN', '1e9'])
      assert.equal(isoToUs(text) ?? numberToUs(text), undefined, text)
    for (const value of [Number.NaN, Infinity, -1, 5e12, null, {}])
      assert.equal(numberToUs(value), undefined)
  })
})
