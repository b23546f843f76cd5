// That what `npm test` does a few times is done many times in CI: what asks test/long.ts is in the long run, and the long
// run in .ci/run, whose last line sums both.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { allFiles, LONG, longFiles } from '../../scripts/test.mjs'
import { times } from '../long.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

describe('the long run', () => {
  it('is of all files that do something more often in it', () => {
    const asking = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
      .map((path) => `test/${path}`)
      .filter((path) => path.endsWith('.test.ts') && path !== 'test/project/long.test.ts')
      .filter((path) => readFileSync(join(root, path), 'utf8').includes("'../long.ts'"))
    assert.deepEqual(asking.sort(), [...LONG])
  })

  it('has what takes minutes to itself, and with `npm test` every file', () => {
    const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
      .map((path) => `test/${path}`)
      .filter((path) => path.endsWith('.test.ts'))
    assert.deepEqual([...new Set([...allFiles(), ...longFiles()])].sort(), files.sort())
    const both = allFiles().filter((path) => longFiles().includes(path))
    assert.deepEqual(both.sort(), [...LONG])
    assert(longFiles().some((path) => path.endsWith('.long.test.ts')))
  })

  it('does what a variable says, else what its kind of run wants', () => {
    const before = process.env['FRESHET_LONG']
    const wanted = { usual: 2, long: 30 }
    try {
      delete process.env['FRESHET_LONG']
      assert.equal(times('FRESHET_NONE', wanted), 2)
      process.env['FRESHET_LONG'] = '1'
      assert.equal(times('FRESHET_NONE', wanted), 30)
      process.env['FRESHET_NONE'] = '400'
      assert.equal(times('FRESHET_NONE', wanted), 400)
    } finally {
      delete process.env['FRESHET_NONE']
      delete process.env['FRESHET_LONG']
      if (before !== undefined) process.env['FRESHET_LONG'] = before
    }
  })
})

describe('.ci/run', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'freshet-ci-'))
    mkdirSync(join(folder, '.ci'))
    mkdirSync(join(folder, 'bin'))
    writeFileSync(join(folder, '.ci/run'), readFileSync(join(root, '.ci/run')))
    program('apt-get', '')
    program('sudo', '')
  })
  afterEach(() => rmSync(folder, { recursive: true }))
  const program = (name: string, does: string) => {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${does}\n`)
    chmodSync(join(folder, 'bin', name), 0o755)
  }
  /** Its lines and status where `npm` says these summaries. */
  const runWith = (test: string, long: string) => {
    program('npm', `case "$*" in test) ${test};; "run test:long") ${long};; esac`)
    const { stdout, status } = spawnSync('bash', [join(folder, '.ci/run')], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` },
    })
    return { lines: stdout.trimEnd().split('\n'), status }
  }
  const endOf = (test: string, long: string) => {
    const { lines, status } = runWith(test, long)
    return [lines.at(-1), status]
  }
  const says = (passing: number, failing = 0) =>
    `printf '  %s passing (1m)\\n' ${passing}; ${failing > 0 ? `printf '  %s failing\\n' ${failing}; exit 1` : 'exit 0'}`

  it('ends with the sum of both runs', () => {
    assert.deepEqual(endOf(says(1_200), says(12)), ['1212 passed, 0 failed', 0])
    assert.deepEqual(endOf(says(1_199, 1), says(12)), ['1211 passed, 1 failed', 1])
    assert.deepEqual(endOf(says(1_200), says(10, 2)), ['1210 passed, 2 failed', 1])
  })

  it('ends by saying again what failed in the first run', () => {
    const failed = `${says(3, 1).replace('; exit 1', '')}; printf '\\n  1) the name:\\n     the reason\\n'; exit 1`
    const { lines } = runWith(failed, `printf 'the long run\\n'; ${says(12)}`)
    const again = lines.slice(lines.indexOf('the long run'))
    assert.deepEqual(
      again
        .filter((line) => /failing|\bname\b|reason|passed/.test(line))
        .map((line) => line.trim()),
      ['1 failing', '1) the name:', 'the reason', '15 passed, 1 failed'],
    )
  })

  it('takes a run without a summary for a failure', () => {
    assert.deepEqual(endOf(says(1_200), 'exit 1'), ['1200 passed, 1 failed', 1])
    assert.deepEqual(endOf('exit 0', says(12)), ['12 passed, 1 failed', 1])
  })
})
