// That a run says what it left out: a small run of mocha, with tests that are left out in each way there is.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { leftOutLines } from '../left-out.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const plugin = join(root, 'test/left-out.ts')
const reporter = join(root, 'test/reporter.ts')

describe('a run of tests', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'freshet-left-out-'))
  })
  after(() => rmSync(folder, { recursive: true }))

  const run = (body: string) => {
    const file = join(folder, 'some.test.mjs')
    writeFileSync(file, `import { leaveOut } from ${JSON.stringify(plugin)}\n${body}`)
    const mocha = join(root, 'node_modules/mocha/bin/mocha.js')
    return spawnSync(process.execPath, [mocha, '--no-config', '--reporter', reporter, file], {
      cwd: root,
      encoding: 'utf8',
    })
  }

  it('ends with how many were left out, and why, most first', () => {
    const { stdout, status } = run(`
      describe('one', () => {
        before(function () { leaveOut(this, 'no clang: apt-get install clang') })
        it('a', () => {})
        describe('inner', () => { it('b', () => {}) })
      })
      describe('two', () => {
        beforeEach(function () {
          leaveOut(this, this.currentTest.title === 'c' ? 'not root' : undefined)
        })
        it('c', () => {})
        it('runs', () => {})
      })
      it('d', function () { leaveOut(this, 'no clang: apt-get install clang') })
      it('e', function () { this.skip() })`)
    assert.equal(status, 0)
    assert.match(stdout, /1 passing/)
    assert.deepEqual(stdout.trimEnd().split('\n').slice(-4), [
      '  left out: 5 tests',
      '       3  no clang: apt-get install clang',
      '       1  no reason given: e',
      '       1  not root',
    ])
  })

  it('says nothing of it when all ran', () => {
    const { stdout } = run(`it('runs', function () { leaveOut(this, undefined) })`)
    assert.match(stdout, /1 passing/)
    assert.doesNotMatch(stdout, /left out/)
  })

  it('says it after what failed, too', () => {
    const { stdout, status } = run(`
      it('fails', () => { throw new Error('so') })
      it('a', function () { leaveOut(this, 'not root') })`)
    assert.equal(status, 1)
    assert.deepEqual(stdout.trimEnd().split('\n').slice(-2), [
      '  left out: 1 test',
      '       1  not root',
    ])
  })
})

describe('nothing left out', () => {
  it('has no lines', () => assert.deepEqual(leftOutLines(new Map()), []))
})
