import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBaseline } from '../../src/baseline/sqlite.ts'
import { exportLines } from '../../src/baseline/transfer.ts'
import { runBaselineList, runBaselineShow } from '../../src/cli/baseline.ts'
import { lockDirectory } from '../../src/host/lock.ts'
import { PLACE } from '../../src/place.ts'
import { destinationOf, identityOf, START } from '../baseline/identities.ts'
import { run } from '../e2e/installation.ts'
import { leaveOut, whyNotLinux } from '../left-out.ts'

describe('freshet baseline export and import', () => {
  let directory: string
  const freshet = (...args: string[]) => run([PLACE.cli, 'baseline', ...args])
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-cli-'))
    mkdirSync(join(directory, 'one/agent'), { recursive: true, mode: 0o700 })
    const { baseline } = openBaseline(join(directory, 'one/agent/baseline.db'), { now: START })
    for (let number = 0; number < 3; number++) {
      baseline.putIdentity(identityOf(number))
      baseline.putDestination(destinationOf(number, 1))
    }
    baseline.commit()
    baseline.close()
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  it('bring what one machine knows to another, also while an agent runs on the first', async () => {
    const file = join(directory, 'export.jsonl')
    const unlock = lockDirectory(join(directory, 'one/agent'), 0)
    const out = await freshet('export', file, '--state', join(directory, 'one'))
    unlock?.()
    assert.equal(out.status, 0, out.stderr)
    assert.match(out.stdout, /holds 6 rows/)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const own = ['--state', join(directory, 'two'), '--user', 'root']
    const user = process.getuid?.() === 0 ? own : own.slice(0, 2)
    const done = await freshet('import', file, ...user)
    assert.equal(done.status, 0, done.stderr)
    assert.match(done.stdout, /3 programs added, 0 merged; 3 destinations added, 0 merged/)
    assert.match((await freshet('list', ...own.slice(0, 2))).stdout, /3 of 3/)
  })

  it('are folded where a key has a space on a terminal that has less room, and stay a line for a program', async () => {
    const key = `platform:/usr/bin/python3.11 script ${'7'.repeat(64)} via unsigned:sha256:${'8'.repeat(64)}`
    const { baseline } = openBaseline(join(directory, 'one/agent/baseline.db'), { now: START })
    baseline.putIdentity({ ...identityOf(7), key, path: '' })
    baseline.commit()
    baseline.close()
    const said = async (terminal: object) => {
      const lines: string[] = []
      const out = { ...terminal, write: (text: string) => lines.push(text.trimEnd()) }
      const state = join(directory, 'one')
      assert.equal(await runBaselineShow(key, { state }, out), 0)
      await runBaselineList({ state, limit: 10 }, out)
      return lines
    }
    assert.equal((await said({}))[0], key)
    const lines = await said({ isTTY: true, columns: 90 })
    assert.deepEqual(lines.slice(0, 3), [
      'platform:/usr/bin/python3.11 script',
      `    ${'7'.repeat(64)} via`,
      `    unsigned:sha256:${'8'.repeat(64)}`,
    ])
    for (const line of lines) assert.ok(line.length <= 90, line)
  })

  it('are listed so that versions of one program, and scripts of one interpreter, can be told apart', async () => {
    const state = ['--state', join(directory, 'one')]
    const { baseline } = openBaseline(join(directory, 'one/agent/baseline.db'), { now: START })
    const path = identityOf(1).path
    const other = `unsigned:sha256:${'7'.repeat(64)}`
    baseline.putIdentity({ ...identityOf(7), key: other, path })
    baseline.commit()
    baseline.close()
    const { stdout } = await freshet('list', ...state)
    const rows = stdout.split('\n').map((line) => line.replace(/^.* \d+ {2}/, ''))
    assert.ok(rows.includes(`${path}  unsigned:sha256:000000000000`), stdout)
    assert.ok(rows.includes(`${path}  unsigned:sha256:777777777777`), stdout)
    assert.ok(rows.includes(identityOf(2).path), stdout)
  })

  it('count programs, and not what is known of scripts and contents beside them', async () => {
    const { baseline } = openBaseline(join(directory, 'one/agent/baseline.db'), { now: START })
    baseline.putIdentity({ ...identityOf(1), key: 'script of 501 /a by b via c' })
    baseline.putIdentity({ ...identityOf(1), key: `content of ${'0'.repeat(64)}` })
    baseline.commit()
    baseline.close()
    const file = join(directory, 'export.jsonl')
    const out = await freshet('export', file, '--state', join(directory, 'one'))
    assert.match(out.stdout, /holds 8 rows/)
    const user = process.getuid?.() === 0 ? ['--user', 'root'] : []
    const { stdout } = await freshet('import', file, '--state', join(directory, 'two'), ...user)
    assert.match(
      stdout,
      /: 3 programs added, 0 merged; 3 destinations added, 0 merged; and 2 other rows of what is known beside them$/m,
    )
    assert.match(stdout, /^the baseline knows 3 programs and 3 destinations$/m)
  })

  it('make no state directory for what is refused, and say when there was nothing', async () => {
    const user = process.getuid?.() === 0 ? ['--user', 'root'] : []
    const file = join(directory, 'export.jsonl')
    const take = () => freshet('import', file, '--state', join(directory, 'two'), ...user)
    for (const [text, why] of [
      ['', /nothing was imported from \S+export\.jsonl: the file is empty/],
      ['[1]\n', /it does not begin as an export/],
      ['x'.repeat(100_000), /it does not begin as an export/],
      ['{"freshet":"baseline","version":9}\n', /it is of a later version \(9, /],
    ] as const) {
      writeFileSync(file, text)
      const { status, stderr } = await take()
      assert.equal(status, 78, stderr)
      assert.match(stderr, why)
      assert.equal(existsSync(join(directory, 'two')), false)
    }
    writeFileSync(file, [...exportLines([], START), ''].join('\n'))
    const { status, stdout } = await take()
    assert.equal(status, 0)
    assert.match(stdout, /export\.jsonl: nothing was imported: it holds no program/)
  })

  it('leave nobody with hashes alone where a word fits more than one program', async () => {
    const { status, stderr } = await freshet('show', 'unsigned:', '--state', join(directory, 'one'))
    assert.equal(status, 1)
    const [head, ...lines] = stderr.trimEnd().split('\n')
    assert.match(head ?? '', /fits more than one identity; say which:$/)
    const all = [0, 1, 2].map(identityOf)
    assert.deepEqual(lines.toSorted(), all.map(({ path, key }) => `  ${path}  ${key}`).toSorted())
  })

  it('stream with -, so that one machine can be asked by the other', async () => {
    const user = process.getuid?.() === 0 ? ['--user', 'root'] : []
    const out = await freshet('export', '-', '--state', join(directory, 'one'))
    assert.deepEqual([out.status, out.stderr], [0, 'export: 6 rows\n'])
    const to = ['import', '-', '--state', join(directory, 'two'), ...user]
    const take = (input: string) => run([PLACE.cli, 'baseline', ...to], { input })
    const cut = await take(out.stdout.slice(0, -3))
    assert.equal(cut.status, 1)
    assert.match(
      cut.stderr,
      /standard input: it is cut: after 7 rows it has no end; what is there w/,
    )
    const done = await take(out.stdout)
    assert.deepEqual([done.status, done.stderr], [0, ''])
    assert.match(done.stdout, /import: standard input: 0 programs added, 3 merged/)
    assert.deepEqual(readdirSync(directory).toSorted(), ['one', 'two'])
  })

  it('say that an export is cut when its reader goes away, or its disk is full', async function () {
    const { baseline } = openBaseline(join(directory, 'one/agent/baseline.db'), { now: START })
    // More than a pipe holds.
    for (let number = 0; number < 2000; number++) baseline.putIdentity(identityOf(number))
    baseline.commit()
    baseline.close()
    const state = join(directory, 'one')
    const start = (stdout: 'pipe' | number) =>
      spawn(process.execPath, [PLACE.cli, 'baseline', 'export', '-', '--state', state], {
        stdio: ['ignore', stdout, 'pipe'],
      })
    const ended = async (child: ReturnType<typeof start>) => {
      let said = ''
      child.stderr?.on('data', (text) => (said += text))
      const [status] = (await once(child, 'close')) as [number]
      return { status, said }
    }
    const left = start('pipe')
    left.stdout?.destroy()
    const { status, said } = await ended(left)
    assert.equal(status, 78)
    assert.equal(said, 'freshet: the export is cut: who reads it has gone before its end\n')
    leaveOut(this, whyNotLinux())
    const full = openSync('/dev/full', 'w')
    const { said: spoken } = await ended(start(full))
    closeSync(full)
    assert.match(spoken, /^freshet: the export is cut: standard output takes no more \(ENOSPC/)
  })

  it('count bad lines, and fail on them only with --strict', async () => {
    const file = join(directory, 'export.jsonl')
    await freshet('export', file, '--state', join(directory, 'one'))
    const [head, ...rows] = readFileSync(file, 'utf8').split('\n')
    writeFileSync(file, [head, '\u001b[31mnonsense', ...rows.slice(1)].join('\n'))
    const user = process.getuid?.() === 0 ? ['--user', 'root'] : []
    const args = ['import', file, '--state', join(directory, 'two'), ...user]
    const lenient = await freshet(...args)
    assert.equal(lenient.status, 0)
    assert.match(lenient.stdout, /1 line could not be read:\n {2}line 2: /)
    assert.ok(!lenient.stdout.includes('\u001b'))
    assert.equal((await freshet(...args, '--strict')).status, 1)
  })

  it('refuse to write over a file, or under a running agent', async () => {
    const file = join(directory, 'export.jsonl')
    writeFileSync(file, 'mine')
    const state = ['--state', join(directory, 'one')]
    const refused = await freshet('export', file, ...state)
    assert.match(refused.stderr, /is there already: choose another name, or --force/)
    assert.equal(readFileSync(file, 'utf8'), 'mine')
    assert.equal((await freshet('export', file, '--force', ...state)).status, 0)
    const user = process.getuid?.() === 0 ? ['--user', 'root'] : []
    const unlock = lockDirectory(join(directory, 'one/agent'), 0)
    const held = await freshet('import', file, ...state, ...user)
    unlock?.()
    assert.match(held.stderr, /an agent runs with the state directory .*: stop it first/)
    const missing = await freshet('import', join(directory, 'no'), ...state, ...user)
    assert.match(missing.stderr, /cannot be opened: it is not there\n$/)
  })
})
