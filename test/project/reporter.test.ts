// That files which run beside each other are told as one run: small runs of two workers, and what goes wrong in one.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { allFiles, LONGEST } from '../../scripts/test.mjs'
import { WAIT_MS } from '../waits.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const LEFT_OUT = JSON.stringify(pathToFileURL(join(root, 'test/left-out.ts')))

describe('a run of several workers', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'freshet-workers-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const write = (name: string, body: string): string => {
    const file = join(folder, `${name}.test.mjs`)
    writeFileSync(
      file,
      `import assert from 'node:assert/strict'\nimport { leaveOut } from ${LEFT_OUT}\n${body}`,
    )
    return file
  }
  const run = (files: Record<string, string>, ...more: string[]) => {
    const paths = Object.entries(files).map(([name, body]) => write(name, body))
    return spawnSync(
      process.execPath,
      [
        join(root, 'node_modules/mocha/bin/mocha.js'),
        ...['--no-config', '--reporter', join(root, 'test/reporter.ts')],
        ...['--parallel', '--jobs', '2', ...more, ...paths],
      ],
      // In a terminal of colours, and where CI says that it has them, as well.
      {
        cwd: root,
        encoding: 'utf8',
        env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
      },
    )
  }
  /** How many `kind` mocha's summaries say, one each. */
  const summaries = (stdout: string, kind: string) =>
    [...stdout.matchAll(new RegExp(`^ +(\\d+) ${kind}\\b`, 'gm'))].map(([, count]) => Number(count))

  it('has one summary, lists all that failed at its end, and prints what tests do in their place', () => {
    const { stdout, status } = run({
      a: `describe('first', () => {
        it('says', () => console.log('      %d of %d', 499, 500))
        it('fails', () => { throw new Error('so', { cause: new Error('because') }) })
      })`,
      b: `describe('second', () => {
        it('passes', () => {})
        it('fails as well', () => assert.deepEqual([1n], [2n]))
      })`,
    })
    assert.equal(status, 2)
    assert.deepEqual(summaries(stdout, 'passing'), [2])
    assert.deepEqual(summaries(stdout, 'failing'), [2])
    assert.match(stdout, /first\n {6}499 of 500\n {4}✔ says( \(\d+ms\))?\n/)
    const [, told = ''] = stdout.split(/ failing\n/)
    assert.match(told, /first\n\s+fails:\n\s+Error: so[\s\S]*Caused by: Error: because/)
    assert.match(told, /second\n\s+fails as well:[\s\S]*-\[ 1n \]\n\s+\+\[ 2n \]/)
  })

  it('tells of an error whose parts JSON has no form for', () => {
    const { stdout, status } = run({
      a: `it('of another type', () => assert.equal(1n, undefined))
        it('of a circle', () => { const e = new Error('round'); e.of = { e, bytes: 5n }; throw e })
        it('passes', () => {})
        before(() => { Object.assign(new Error('unused'), { bytes: 1n }) })`,
      b: `describe('hook', () => {
        before(() => { throw Object.assign(new Error('in a hook'), { bytes: 1n }) })
        it('never runs', () => {})
      })`,
    })
    assert.equal(status, 3)
    assert.deepEqual(summaries(stdout, 'passing'), [1])
    assert.deepEqual(summaries(stdout, 'failing'), [3])
    for (const said of [/1n !== undefined/, /Error: round/, /Error: in a hook/])
      assert.match(stdout, said)
  })

  it('fails by name for a file whose worker dies or that cannot be loaded, and goes on with the others', () => {
    const dies = `it('dies', () => { process.kill(process.pid, 'SIGKILL'); return new Promise(() => {}) })`
    for (const [name, body] of Object.entries({ dies, unloaded: `import './none.mjs'` })) {
      const { stdout, status } = run({ [name]: body, other: `it('passes', () => {})` })
      assert.equal(status, 1, name)
      assert.deepEqual(summaries(stdout, 'passing'), [1], stdout)
      assert.deepEqual(summaries(stdout, 'failing'), [1], stdout)
      assert.match(stdout, new RegExp(`1\\) \\S*${name}\\.test\\.mjs came to no end`))
    }
    const both = run({ dies, unloaded: `import './none.mjs'`, other: `it('passes', () => {})` })
    assert.equal(both.status, 2)
    assert.match(both.stdout, /\bdies\.test\.mjs came to no end/)
    assert.match(both.stdout, /unloaded\.test\.mjs came to no end[\s\S]*none\.mjs/)
  })

  it('says what all of them left out together, and fails for it where that is forbidden', () => {
    const files = {
      a: `it('a', function () { leaveOut(this, 'not root') })`,
      b: `it('b', function () { leaveOut(this, 'not root') })
        it('c', function () { leaveOut(this, 'no clang') })
        it('passes', () => {})`,
    }
    const { stdout, status } = run(files)
    assert.equal(status, 0)
    assert.deepEqual(summaries(stdout, 'pending'), [3])
    assert.deepEqual(stdout.trimEnd().split('\n').slice(-3), [
      '  left out: 3 tests',
      '       2  not root',
      '       1  no clang',
    ])
    const forbidden = run(files, '--forbid-pending')
    assert.equal(forbidden.status, 3)
    assert.deepEqual(summaries(forbidden.stdout, 'failing'), [3])
  })
})

describe('npm test', () => {
  it('runs every file once, those that take longest first, and last those that wait for what is built', () => {
    const all = allFiles()
    assert.deepEqual(all.slice(0, LONGEST.length), [...LONGEST])
    const built = [
      'decisions',
      'es-messages',
      'es-source',
      'filter',
      'menu-bar',
      'native',
      'polling',
      'statistics',
      'two-sources',
    ]
    assert.deepEqual(
      all.slice(-built.length),
      built.map((name) => `test/native/${name}.test.ts`),
    )
    assert.equal(new Set(all).size, all.length)
    assert.ok(all.includes('test/project/reporter.test.ts'))
    for (const file of all) assert.ok(readFileSync(join(root, file), 'utf8').includes('it('), file)
  })

  it('ends on a signal with all that its tests have started', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'freshet-ended-'))
    const file = join(folder, 'sleeps.test.mjs')
    writeFileSync(
      file,
      `import { spawn } from 'node:child_process'
      it('sleeps', () => {
        const child = spawn('sleep', ['600'], { stdio: 'ignore' })
        console.log('pids', process.pid, child.pid)
        return new Promise(() => {})
      })`,
    )
    let tests: ChildProcess | undefined
    let pids: number[] = []
    try {
      tests = spawn(process.execPath, [join(root, 'scripts/test.mjs'), file], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const ended = once(tests, 'exit')
      pids = await pidsIn(tests)
      tests.kill('SIGTERM')
      const [status] = await ended
      assert.notEqual(status, 0)
      for (const pid of pids) assert.ok(await isGone(pid), `${pid} is left`)
    } finally {
      tests?.kill('SIGKILL')
      for (const pid of pids) if (!isOver(pid)) process.kill(pid, 'SIGKILL')
      rmSync(folder, { recursive: true })
    }
  })
})

/** Of the line that the test prints. */
async function pidsIn({ stdout }: ChildProcess): Promise<number[]> {
  for await (const line of createInterface({ input: stdout as NodeJS.ReadableStream })) {
    const [, ...pids] = /^pids (\d+) (\d+)$/.exec(line) ?? []
    if (pids.length > 0) return pids.map(Number)
  }
  throw new Error('it printed no pids')
}

/** Whether it ends within WAIT_MS. */
async function isGone(pid: number): Promise<boolean> {
  const deadlineMs = performance.now() + WAIT_MS
  while (!isOver(pid) && performance.now() < deadlineMs)
    await new Promise((resolve) => setTimeout(resolve, 50))
  return isOver(pid)
}

/** A zombie is over, too. */
function isOver(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform === 'linux' && / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return true
  }
}
