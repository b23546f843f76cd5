// What people say of policies is on the disk when their command says so; what devices say comes again.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { Policies } from '../../src/collector/fleet/policies.ts'
import { openPoliciesFile, POLICIES_FILE } from '../../src/collector/fleet/policies-file.ts'
import type { PolicyReport } from '../../src/stream/policy-message.ts'
import { unixNs } from '../../src/units.ts'
import { makeTestKey, NOW, signedBy } from '../policy/documents.ts'
import { DEVICE_A } from './agent.ts'

/** PRAGMA synchronous, as SQLite has it: FULL waits for the disk at each commit. */
const [NORMAL, FULL] = [1, 2]

describe('the file of policies', () => {
  let directory: string
  let database: DatabaseSync
  let policies: Policies
  /** Which rows were written, and how long SQLite was to wait for the disk then. */
  let written: [string, number][]
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-durable-'))
    database = openPoliciesFile(join(directory, POLICIES_FILE), assert.fail)
    policies = new Policies(database)
    written = []
    database.function('is_written', (table, level) => {
      written.push([`${table}`, Number(level)])
      return null
    })
    for (const [table, change] of [
      ['document', 'INSERT'],
      ['document', 'UPDATE'],
      ['root_key', 'INSERT'],
      ['report', 'INSERT'],
      ['report', 'DELETE'],
    ])
      database.exec(
        `CREATE TEMP TRIGGER ${table}_${change} AFTER ${change} ON main.${table} BEGIN
           SELECT is_written('${table} ${change}', (SELECT synchronous FROM pragma_synchronous));
         END`,
      )
  })
  afterEach(() => {
    policies.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const report: PolicyReport = {
    ...{ keyId: '', source: 'built-in', group: 'office', suppressed: 0, suppressions: [] },
    documents: [],
  }
  const say = () => policies.noteSaid({ deviceId: DEVICE_A, at: unixNs(1n, 'at'), report })

  it('waits for the disk where people publish, promote and hold', () => {
    const root = makeTestKey()
    const how = { rootKey: root.public, sharePercent: 5, now: NOW }
    policies.publish(signedBy(root, { version: 1 }), how)
    for (const share of [25, 0]) policies.setShare(1, share)
    assert.deepEqual(written, [
      ['root_key INSERT', FULL],
      ['document INSERT', FULL],
      ['document UPDATE', FULL],
      ['document UPDATE', FULL],
    ])
  })

  it('does not for what devices say, and does again for people then, whatever became of that', () => {
    const root = makeTestKey()
    say()
    assert.equal(policies.writeSaid(), 1)
    assert.deepEqual(written.splice(0), [['report INSERT', NORMAL]])
    say()
    database.exec(
      "CREATE TEMP TRIGGER refusing BEFORE INSERT ON main.report BEGIN SELECT RAISE(FAIL, 'disk'); END",
    )
    assert.throws(() => policies.writeSaid(), /disk/)
    database.exec('DROP TRIGGER refusing')
    const how = { rootKey: root.public, sharePercent: 100, now: NOW }
    policies.publish(signedBy(root, { version: 1 }), how)
    policies.forgetAllBut(() => false)
    assert.deepEqual(written, [
      ['root_key INSERT', FULL],
      ['document INSERT', FULL],
      ['report DELETE', FULL],
    ])
  })
})
