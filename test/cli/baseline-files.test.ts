import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBaseline } from '../../src/baseline/sqlite.ts'
import { lockDirectory } from '../../src/host/lock.ts'
import { PLACE } from '../../src/place.ts'
import { destinationOf, identityOf, START } from '../baseline/identities.ts'
import { run } from '../e2e/installation.ts'

describe('freshet baseline export and import', function () {
  this.timeout(60_000)
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

  it('count bad lines, and fail on them only with --strict', async () => {
    const file = join(directory, 'export.jsonl')
    await freshet('export', file, '--state', join(directory, 'one'))
    writeFileSync(file, `${readFileSync(file, 'utf8')}\u001b[31mnonsense\n`)
    const user = process.getuid?.() === 0 ? ['--user', 'root'] : []
    const args = ['import', file, '--state', join(directory, 'two'), ...user]
    const lenient = await freshet(...args)
    assert.equal(lenient.status, 0)
    assert.match(lenient.stdout, /1 line could not be read:\n {2}line 8: /)
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
    assert.match(missing.stderr, /cannot be opened: ENOENT/)
  })
})
