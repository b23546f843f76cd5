// What a kept result of a machine is called by: whatever it depends on makes it anew where that changes, kind by kind.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { codeDigest, filesBehind, workloadsDigest } from '../../src/eval/dependencies.ts'
import { type ManifestRow, readManifest } from '../../src/eval/manifest.ts'
import { readWorkload } from '../../src/eval/workload.ts'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))
const CONN = `#separator \\x09
#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory
#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tbool\tcount\tstring
1700000000.0\tC1\t192.0.2.1\t50000\t203.0.113.5\t443\ttcp\tssl\t10.0\t900000\t4000\tSF\tT\tF\t0\tShADadFf
`
const SSL = `#separator \\x09
#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tserver_name
#types\ttime\tstring\taddr\tport\taddr\tport\tstring
1700000000.1\tC1\t192.0.2.1\t50000\t203.0.113.5\t443\tone.example
`
const GROUP: ManifestRow['flows'][number] = {
  ...{ label: 'benign', program: '', script: '', direction: 'outbound', protocol: 'tcp' },
  ...{ remote: '::/0', ports: [0, 65_535], flowCount: 1, bytesOut: 900_000, bytesIn: 4_000 },
}
const ROW: ManifestRow = {
  ...{ name: 'desk', file: 'conn.log', source: 'zeek', host: '192.0.2.1', ssl: 'ssl.log' },
  ...{ label: 'benign', workload: 'desk', kind: 'desktop', about: 'a desk', novelty: 'new' },
  ...{ tunedOn: false, signers: [], names: {}, flows: [GROUP] },
}

describe('what a kept result depends on', () => {
  let directory = ''
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'freshet-depends-'))))
  afterEach(() => rmSync(directory, { recursive: true }))

  const put = (name: string, text: string): string => {
    const path = join(directory, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    return path
  }

  describe('is what was recorded', () => {
    type Given = { rows: readonly ManifestRow[]; conn: string; ssl: string }
    const digestOf = async (given: Partial<Given>): Promise<string> => {
      const { rows = [ROW], conn = CONN, ssl = SSL } = given
      put('conn.log', conn)
      put('ssl.log', ssl)
      const manifest = put('manifest.json', JSON.stringify({ version: 1, about: '', rows }))
      const read = readManifest(readFileSync(manifest, 'utf8')).rows
      return workloadsDigest(
        await Promise.all(read.map((row) => readWorkload(row, (file) => join(directory, file)))),
      )
    }
    const changes: [string, Partial<Given>][] = [
      ['a row of the manifest', { rows: [{ ...ROW, novelty: 'known' }] }],
      ['a label', { rows: [{ ...ROW, label: 'attack', flows: [{ ...GROUP, label: 'attack' }] }] }],
      ['one row more', { rows: [ROW, { ...ROW, name: 'other' }] }],
      ['the log', { conn: CONN.replace('900000', '900001') }],
      ['the log of names beside it', { ssl: SSL.replace('one.example', 'two.example') }],
    ]
    for (const [what, given] of changes)
      it(`${what}`, async () => {
        assert.notEqual(await digestOf(given), await digestOf({}))
        assert.equal(await digestOf(given), await digestOf(given))
      })
  })

  describe('is the code', () => {
    /** A module that imports in every way that there is. */
    const program = (): string => {
      put('far/deep/last.ts', 'export const last = 1\n')
      put('far/typed.ts', 'export type Typed = 1\n')
      put('far/late.ts', 'export const late = 1\n')
      put('far/all.ts', "export * from './deep/last.ts'\nimport '../first.ts'\n")
      put('alone.ts', 'export const alone = 1\n')
      return put(
        'first.ts',
        "import { last } from './far/all.ts'\nimport type { Typed } from './far/typed.ts'\nimport('./far/late.ts')\n// as from './nowhere.ts'\n",
      )
    }
    for (const name of [
      'first.ts',
      'far/all.ts',
      'far/deep/last.ts',
      'far/typed.ts',
      'far/late.ts',
    ])
      it(`${name} of a module`, () => {
        const first = program()
        const before = codeDigest(first)
        put(name, `${readFileSync(join(directory, name), 'utf8')}// changed\n`)
        assert.notEqual(codeDigest(first), before)
      })

    it('not what it does not import', () => {
      const first = program()
      const before = codeDigest(first)
      put('alone.ts', 'export const alone = 2\n')
      assert.equal(codeDigest(first), before)
    })

    it('of the engine, its records and baseline, of what reads captures and logs, wherever it lies', () => {
      const files = filesBehind(join(SRC, 'eval/evaluate.ts')).map((path) => relative(SRC, path))
      const rooms = new Set(files.map((path) => path.split('/')[0]))
      for (const room of [
        'engine',
        'eval',
        'records',
        'baseline',
        'replay',
        'importers',
        'capture',
      ])
        assert.ok(rooms.has(room), room)
      for (const file of [
        'units.ts',
        'eval/workload.ts',
        'replay/open.ts',
        'importers/zeek-conn.ts',
      ])
        assert.ok(files.includes(file), file)
    })
  })
})
