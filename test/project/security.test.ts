// docs/security.md is held against the tests: each one it names is there, and each trick of the files that walk all of
// an attacker's tricks stands in it once.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const WALKED = [
  'test/collector/malicious-agent.test.ts',
  'test/collector/malicious-agent-store.test.ts',
  'test/collector/malicious-agent-crowd.test.ts',
  'test/stream/malicious-collector.test.ts',
  'test/e2e/local-user.test.ts',
]

/** A test that the document names by a part of its full title; `all`: each of the files'. */
type Named = { files: string[]; title: string }

/** The path of a test file by its end, which has to be that of one alone. */
function fileOf(end: string, files: readonly string[]): string {
  const found = files.filter((file) => `/${file}`.endsWith(`/${end}`))
  assert.equal(found.length, 1, `${end} is ${found.join(' and ') || 'no test file'}`)
  return found[0] as string
}

/**
 * What stands in a cell: titles with `; ` between them, the name of their file before the first where it is another than
 * `usual`; `file`, all; or files alone.
 */
function namedIn(cell: string, usual: string[], files: readonly string[]): Named[] {
  let of = usual
  return cell.split('; ').map((part) => {
    const [, end, said = ''] = /^`([^`]+\.test\.ts)`(?:: |, )?(.*)$/.exec(part) ?? []
    if (end !== undefined) of = [fileOf(end, files)]
    return { files: of, title: end === undefined ? part : said || 'all' }
  })
}

/** Of all tables whose header has a column `the test`. */
function namedTests(document: string, files: readonly string[]): Named[] {
  const named: Named[] = []
  let usual: string[] = []
  let column = -1
  for (const line of document.split('\n')) {
    if (line.startsWith('## ')) usual = []
    if (line.includes('unless another is named'))
      usual = [...line.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, end]) =>
        fileOf((end as string).replace(/^test\//, ''), files),
      )
    const cells = line.startsWith('|') ? line.split('|').map((cell) => cell.trim()) : []
    if (cells.length === 0) column = -1
    else if (column === -1) column = cells.indexOf('the test')
    else if (!/^-+$/.test(cells[1] ?? '')) named.push(...namedIn(cells[column] ?? '', usual, files))
  }
  return named
}

/** Full titles by file, as mocha would run them. */
function titlesIn(files: readonly string[]): Map<string, string[]> {
  const mocha = join(root, 'node_modules/mocha/bin/mocha.js')
  const args = [mocha, '--no-config', '--extension', 'ts', '--dry-run', '--reporter', 'json']
  const { stdout, stderr } = spawnSync(process.execPath, [...args, ...files], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  assert.ok(stdout.startsWith('{'), stderr)
  const { tests } = JSON.parse(stdout) as { tests: { file: string; fullTitle: string }[] }
  const titles = new Map<string, string[]>()
  for (const { file, fullTitle } of tests) {
    const at = file.slice(root.length)
    titles.set(at, [...(titles.get(at) ?? []), fullTitle])
  }
  return titles
}

describe('docs/security.md', function () {
  this.timeout(120_000)
  const files = (readdirSync(join(root, 'test'), { recursive: true }) as string[])
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/${name}`)
  const document = readFileSync(join(root, 'docs/security.md'), 'utf8')
  let named: Named[]
  let titles: Map<string, string[]>
  before(() => {
    named = namedTests(document, files)
    titles = titlesIn([...new Set([...named.flatMap((one) => one.files), ...WALKED])])
  })
  const meant = ({ files: of, title }: Named): string[] =>
    of.flatMap((file) =>
      (titles.get(file) ?? []).filter((full) => title === 'all' || full.includes(title)),
    )

  it('begins with who there is, and has a table for each', () => {
    const [first = '', ...rest] = document.split('\n## ')
    assert.match(
      first,
      /^# .*\n\n\| who \| what they try \| what holds them off \| the test \| accepted /,
    )
    // Beside the head of the table.
    const rows = first.split('\n').filter((line) => line.startsWith('| ')).length - 2
    assert.equal(rows, rest.length)
    for (const section of rest) assert.match(section, /\| the test \|/)
  })

  it('names no test that is not there', () => {
    assert.ok(named.length > 80, `${named.length}`)
    assert.deepEqual(
      named.filter((one) => meant(one).length === 0),
      [],
    )
  })

  it('names each trick of a malicious agent, a malicious collector and a local user once', () => {
    const told = named.filter(({ title }) => title !== 'all')
    for (const file of WALKED) {
      const all = titles.get(file) ?? []
      assert.ok(all.length > 4, file)
      const times = all.map((full) => ({
        full,
        times: told.filter((one) => one.files.includes(file) && full.includes(one.title)).length,
      }))
      assert.deepEqual(
        times.filter((one) => one.times !== 1),
        [],
      )
    }
  })

  it('would be told of a test that is gone, of one that is new, and of a file that is not one', () => {
    const of = namedTests(
      '| a | the test |\n| --- | --- |\n| b | `local-user.test.ts`: no such |',
      files,
    )
    assert.deepEqual(of, [{ files: ['test/e2e/local-user.test.ts'], title: 'no such' }])
    assert.deepEqual(of.flatMap(meant), [])
    assert.throws(() => fileOf('nowhere.test.ts', files), /is no test file/)
    assert.throws(() => fileOf('hostile.test.ts', files), /hostile\.test\.ts and /)
  })
})
