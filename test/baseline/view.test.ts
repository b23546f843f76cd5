import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openBaseline, type SqliteBaseline } from '../../src/baseline/sqlite.ts'
import { listIdentities, showIdentity } from '../../src/baseline/view.ts'
import { destinationOf, identityOf, START } from './identities.ts'

describe('baseline view', () => {
  let directory: string
  let path: string
  let baseline: SqliteBaseline

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-view-'))
    path = join(directory, 'baseline.db')
    baseline = openBaseline(path, { now: START }).baseline
    for (let number = 0; number < 30; number++) baseline.putIdentity(identityOf(number))
    baseline.putIdentity({
      ...identityOf(40),
      key: 'platform:/usr/bin/100%_ü',
      path: '/usr/bin/100%_ü',
    })
    baseline.putDestination(destinationOf(7, 1))
    baseline.putDestination(destinationOf(7, 2))
    baseline.commit()
  })
  afterEach(() => {
    baseline.close()
    rmSync(directory, { recursive: true })
  })

  it('lists while the agent holds the file, the newest first, with how many there are in all', () => {
    const { identities, total } = listIdentities(path, { limit: 3 })
    assert.equal(total, 31)
    assert.deepEqual(
      identities.map(({ name }) => name),
      ['tool-40', 'tool-29', 'tool-28'],
    )
    baseline.putIdentity(identityOf(50))
    assert.equal(listIdentities(path, { limit: 1 }).total, 31, 'not before the commit')
    baseline.commit()
    assert.equal(listIdentities(path, { limit: 1 }).total, 32)
  })

  it('lists what matches by key, name or path', () => {
    const names = (matching: string) =>
      listIdentities(path, { limit: 10, matching }).identities.map(({ name }) => name)
    assert.deepEqual(names('TOOL-7'), ['tool-7'])
    assert.deepEqual(names('100%_'), ['tool-40'])
    assert.deepEqual(names('no such'), [])
    const { identities } = listIdentities(path, { limit: 10, matching: 'tool-7' })
    assert.equal(identities[0]!.destinations, 2)
  })

  it('leaves out the lineages of scripts, whose versions it lists, and where contents lie', () => {
    baseline.putIdentity({
      ...identityOf(60),
      key: 'script of 1000 /home/ann/x.py by platform:/usr/bin/python3 via unknown',
    })
    baseline.putIdentity({ ...identityOf(61), key: `content of ${'0'.repeat(64)}` })
    baseline.commit()
    assert.equal(listIdentities(path, { limit: 1 }).total, 31)
    assert.equal(listIdentities(path, { limit: 1, matching: 'x.py' }).total, 0)
  })

  it('shows one by its key or by enough of it, with its destinations, the latest first', () => {
    const shown = showIdentity(path, identityOf(7).key)
    assert.ok(shown.found === 'one')
    assert.deepEqual(shown.identity, identityOf(7))
    assert.deepEqual(shown.destinations, [destinationOf(7, 2), destinationOf(7, 1)])
    const short = showIdentity(path, 'platform:/usr/bin/100%')
    assert.ok(short.found === 'one' && short.identity.key === 'platform:/usr/bin/100%_ü')
  })

  it('says what a prefix leaves open, and finds nothing where nothing is', () => {
    const shown = showIdentity(path, `unsigned:sha256:${'0'.repeat(62)}`)
    assert.ok(shown.found === 'many' && shown.some.length === 20)
    // A key may be a hash: the name says which.
    assert.deepEqual(
      shown.some.map(({ key, path }) => [key, path]),
      shown.some.map(({ key }) => [
        key,
        listIdentities(path, { limit: 1, matching: key }).identities[0]?.path,
      ]),
    )
    assert.deepEqual(showIdentity(path, 'platform:/usr/bin/100_'), { found: 'none' })
  })

  it('also shows a baseline that no agent holds', () => {
    baseline.close()
    assert.equal(listIdentities(path, { limit: 1 }).total, 31)
  })

  it('refuses with a sentence where there is no baseline, or a later one', () => {
    assert.throws(
      () => listIdentities(join(directory, 'no.db'), { limit: 1 }),
      /the agent makes it/,
    )
    const later = new DatabaseSync(path)
    later.exec('PRAGMA user_version = 10')
    later.close()
    assert.throws(() => showIdentity(path, 'x'), /schema 10, this version reads 9/)
  })
})
