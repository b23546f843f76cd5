// Lines of the log have their time where nobody else adds one.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isUndated, logLine } from '../../src/cli/log-line.ts'

const LINE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z sense: it is so\n$/
const SAY = `
  const { createLog } = await import(${JSON.stringify(new URL('../../src/cli/log-line.ts', import.meta.url).href)})
  createLog('sense')('it is so')`

describe('a line of the log', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-log-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  it('begins with the time in UTC, to the millisecond, and is safe for a terminal', () => {
    assert.equal(logLine('engine', 'well', 0), '1970-01-01T00:00:00.000Z engine: well\n')
    assert.equal(logLine('engine', 'well', undefined), 'engine: well\n')
    assert.ok(!logLine('engine', 'a\x1b[2J', 0).includes('\x1b'))
  })

  it('has it in a file, and not in a pipe, whose reader notes it', () => {
    const path = join(directory, 'log')
    const say = (stderr: number | 'pipe') =>
      spawnSync(process.execPath, ['--input-type=module', '-e', SAY], {
        stdio: ['ignore', 'ignore', stderr],
        encoding: 'utf8',
      }).stderr
    const fd = openSync(path, 'a')
    try {
      say(fd)
      assert.ok(isUndated(fd))
    } finally {
      closeSync(fd)
    }
    assert.match(readFileSync(path, 'utf8'), LINE)
    assert.equal(say('pipe'), 'sense: it is so\n')
    assert.equal(isUndated(9999), false)
  })
})
