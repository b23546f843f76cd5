// An eslogger that runs: its lines become records as they come.
import assert from 'node:assert/strict'
import { MalformedLine } from '../../src/importers/malformed.ts'
import { createEsloggerLines } from '../../src/intake/eslogger.ts'
import type { LineTeller } from '../../src/intake/line-teller.ts'
import {
  ExecFlag,
  Loss,
  RecordType,
  readLoss,
  Script,
  Source,
} from '../../src/records/record.gen.ts'
import { walk } from '../importers/read.ts'
import { esLine, esStory, execOf, forkOf, T0, TOOL, ZSH } from '../importers/samples.ts'

const SECOND_NS = 1_000_000_000n
/** The machine booted 1,000 s before the story. */
const OFFSET_NS = BigInt(T0 - 1_000) * SECOND_NS
const CAME_NS = 1_003n * SECOND_NS
const AT = '2026-03-02T10:00:01.5Z'

/** What is told of these lines, each of which came 1,003 s after the boot. */
async function told(lines: string, { hasLooked = true, offsetNs = OFFSET_NS } = {}) {
  const records: Uint8Array[] = []
  const teller = createEsloggerLines((record) => records.push(record), {
    offsetNs: () => offsetNs,
    hasLooked: () => hasLooked,
  })
  for (const line of lines.split('\n').filter((text) => text !== '')) teller.line(line, CAME_NS)
  async function* pieces() {
    yield Buffer.concat(records)
  }
  return { records, ...(await walk({ records: pieces() })) }
}

describe('an eslogger that runs', () => {
  for (const version of [9, 10, 11])
    it(`tells what a log of version ${version} tells, under its own name and of files that are here`, async () => {
      const { all, of } = await told(esStory(version))
      assert.deepEqual(
        all.map(({ type }) => type),
        ['exec', 'fork', 'exec', 'invalidated', 'exit'],
      )
      assert.ok(all.every(({ source }) => source === Source.eslogger))
      const [shell, tool] = of('exec')
      assert.deepEqual(
        [shell?.path, shell?.flags],
        ['/bin/zsh', ExecFlag.enumerated + ExecFlag.platformBinary],
      )
      assert.deepEqual([tool?.pid, tool?.pidversion, tool?.teamId], [501, 1_002, 'ABCDE12345'])
      assert.equal(of('invalidated')[0]?.pidversion, 1_002)
      assert.deepEqual([of('exit')[0]?.pid, of('exit')[0]?.status], [501, 256])
    })

  it('stamps what happened with its time since boot', async () => {
    const line = esLine(11, AT, ZSH, execOf(11, TOOL))
    const { of } = await told(line)
    assert.equal(of('exec').at(-1)?.atNs, 1_001_500_000_000n)
    // A clock that was set since then says what cannot be.
    for (const offsetNs of [OFFSET_NS - 5n * SECOND_NS, OFFSET_NS + 90n * SECOND_NS])
      assert.equal((await told(line, { offsetNs })).of('exec').at(-1)?.atNs, CAME_NS)
  })

  it('leaves who ran before it to the list of processes, and tells who was not seen to begin after that', async () => {
    const line = esLine(11, AT, ZSH, execOf(11, TOOL))
    const early = await told(line, { hasLooked: false })
    assert.deepEqual(
      early.of('exec').map(({ path }) => path),
      [TOOL.path],
    )
    const late = await told(line)
    assert.deepEqual(
      late.of('exec').map(({ path }) => path),
      [ZSH.path, TOOL.path],
    )
  })

  it('keeps of arguments and environment which file is run, and nothing else', async () => {
    const target = { ...TOOL, path: '/usr/bin/python3' }
    const args = ['python3', 'send.py', '--password', 'a-secret']
    const exec = execOf(11, target, undefined, args) as { exec: Record<string, unknown> }
    exec.exec['env'] = ['TOKEN=another-secret', 'DYLD_INSERT_LIBRARIES=/a-secret.dylib']
    const { records, of } = await told(esLine(11, AT, ZSH, exec))
    const [, python] = of('exec')
    assert.deepEqual([python?.script, python?.scriptFrom], ['/Users/ada/send.py', Script.argument])
    assert.equal(Buffer.concat(records).includes('secret'), false)
  })

  it('counts by their numbers the events that the kernel dropped', async () => {
    const lines = [3, 4, 9].map((seq_num) =>
      esLine(9, AT, ZSH, forkOf(9, { ...TOOL, version: seq_num }), { seq_num }),
    )
    const { of } = await told(lines.join('\n'))
    assert.deepEqual(
      of('loss').map(({ source, count, what }) => [source, count, what]),
      [[Source.eslogger, 4n, Loss.kernelEvents]],
    )
    assert.equal(of('fork').length, 3)
  })

  /** Forks of these numbers, and what stands between them. */
  const numbered = (lines: readonly (number | ((teller: LineTeller) => void))[]): bigint[] => {
    const records: Uint8Array[] = []
    const teller = createEsloggerLines((record) => records.push(record), {
      offsetNs: () => OFFSET_NS,
      hasLooked: () => true,
    })
    for (const one of lines) {
      if (typeof one === 'function') one(teller)
      else
        teller.line(
          esLine(9, AT, ZSH, forkOf(9, { ...TOOL, version: one }), { seq_num: one }),
          CAME_NS,
        )
    }
    return records
      .map((record) => new DataView(record.buffer, record.byteOffset, record.length))
      .filter((view) => view.getUint16(4, true) === RecordType.loss)
      .map((view) => readLoss(view, 0).count)
  }

  it('does not count again by their numbers the lines whose loss is told already', () => {
    const lost = (lines: number) => (teller: LineTeller) => teller.lost(lines)
    assert.deepEqual(numbered([3, lost(5), 9]), [])
    // What is more than that the kernel dropped; and what is less is still to be missed by another type's numbers.
    assert.deepEqual(numbered([3, lost(2), 9]), [3n])
    assert.deepEqual(numbered([3, lost(5), 6, 10, 12]), [1n])
    const strange = (teller: LineTeller) =>
      assert.throws(() => teller.line('{"event_type":11', CAME_NS), MalformedLine)
    assert.deepEqual(numbered([3, strange, 5, 7]), [1n])
  })

  it('follows the numbers of a run: another begins anew, and the same one that is told again does not', () => {
    const begin = (atNs: bigint) => (teller: LineTeller) => teller.begin(atNs)
    assert.deepEqual(numbered([begin(1n), 0, begin(2n), 5]), [])
    assert.deepEqual(numbered([begin(1n), 0, begin(1n), 5]), [4n])
    const lost = (teller: LineTeller) => teller.lost(4)
    assert.deepEqual(numbered([begin(1n), 0, lost, begin(2n), 0, 5]), [4n])
  })

  it('refuses what it does not understand, having told nothing, and goes on', async () => {
    const good = esLine(9, AT, ZSH, execOf(9, TOOL))
    for (const bad of ['not json', '[1]', '{"event":{}}', good.replace(AT, 'yesterday')]) {
      const records: Uint8Array[] = []
      const teller = createEsloggerLines((record) => records.push(record), {
        offsetNs: () => undefined,
        hasLooked: () => true,
      })
      assert.throws(() => teller.line(bad, CAME_NS), MalformedLine)
      assert.equal(records.length, 0)
      teller.line(good, CAME_NS)
      assert.equal(records.length, 2)
    }
  })
})
