// What running processes were known to run, in the file.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { CarriedProcess } from '../../src/baseline/carried.ts'
import { openBaseline, type SqliteBaseline } from '../../src/baseline/sqlite.ts'
import { identityOf, START } from './identities.ts'

describe('processes that are carried', () => {
  let directory: string
  let baseline: SqliteBaseline
  const path = (): string => join(directory, 'baseline.db')
  const start = () => {
    const opened = openBaseline(path(), { now: START })
    baseline = opened.baseline
    return opened
  }
  const restart = (): CarriedProcess[] => {
    baseline.close()
    start()
    return [...baseline.carried.processes()].sort((a, b) => a.pid - b.pid)
  }
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-processes-'))
    start()
  })
  afterEach(() => {
    baseline.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const script = { path: '/opt/x.py', dev: 2n ** 64n - 1n, ino: 7n, from: 2, isClaimed: true }
  const ran = {
    beganNs: 5n,
    dev: 2n ** 64n - 1n,
    ino: 3n,
    path: '/opt/a',
    doubts: 4,
    script,
    madeFor: '{}',
  }

  it('are what was put last, until they are dropped', () => {
    for (const pid of [1, 2]) baseline.carried.putProcess({ pid, ...ran })
    baseline.carried.putProcess({ ...ran, pid: 1, path: '/opt/b' })
    // One that came and went between two commits was never there.
    baseline.carried.putProcess({ pid: 3, ...ran })
    baseline.carried.dropProcess(3)
    baseline.commit()
    assert.deepEqual(restart(), [
      { ...ran, pid: 1, path: '/opt/b' },
      { ...ran, pid: 2 },
    ])
    baseline.carried.dropProcess(1)
    assert.deepEqual([...baseline.carried.processes()], [{ pid: 2, ...ran }])
    baseline.commit()
    assert.deepEqual(restart(), [{ pid: 2, ...ran }])
    baseline.carried.clear()
    baseline.carried.putProcess({ pid: 9, ...ran })
    baseline.commit()
    assert.deepEqual(restart(), [{ pid: 9, ...ran }])
  })

  it('go on in a file of the sixth version, which kept no scripts', () => {
    baseline.close()
    const old = new DatabaseSync(path())
    old.exec(`DROP TABLE sum_log; DROP TABLE carried_processes;
      CREATE TABLE carried_processes (pid INTEGER PRIMARY KEY, began_ns INTEGER NOT NULL, dev INTEGER NOT NULL,
        ino INTEGER NOT NULL, path TEXT NOT NULL, doubts INTEGER NOT NULL) STRICT;
      INSERT INTO carried_processes VALUES (9, 5, -1, 3, '/opt/a', 4); PRAGMA user_version = 6`)
    old.close()
    assert.equal(start().setAside, undefined)
    const none = { path: '', dev: 0n, ino: 0n, from: -1, isClaimed: false }
    const kept = { ...ran, pid: 9, script: none, madeFor: '' }
    assert.deepEqual([...baseline.carried.processes()], [kept])
    baseline.carried.putProcess({ pid: 9, ...ran })
    baseline.commit()
    assert.deepEqual(restart(), [{ pid: 9, ...ran }])
  })

  it('go on in a file of the seventh version, which kept nothing of whom they act for', () => {
    baseline.carried.putProcess({ pid: 9, ...ran })
    baseline.commit()
    baseline.close()
    const old = new DatabaseSync(path())
    old.exec(`DROP TABLE sum_log; ALTER TABLE carried_processes DROP COLUMN made_for;
      PRAGMA user_version = 7`)
    old.close()
    assert.equal(start().setAside, undefined)
    assert.deepEqual([...baseline.carried.processes()], [{ ...ran, pid: 9, madeFor: '' }])
    baseline.carried.putProcess({ pid: 9, ...ran })
    baseline.commit()
    assert.deepEqual(restart(), [{ pid: 9, ...ran }])
  })

  it('go on in a file of the fifth version', () => {
    baseline.putIdentity(identityOf(1))
    baseline.commit()
    baseline.close()
    const old = new DatabaseSync(path())
    old.exec('DROP TABLE sum_log; DROP TABLE carried_processes; PRAGMA user_version = 5')
    old.close()
    assert.equal(start().setAside, undefined)
    assert.deepEqual(baseline.identity(identityOf(1).key), identityOf(1))
    baseline.carried.putProcess({ pid: 9, ...ran })
    baseline.commit()
    assert.deepEqual(restart(), [{ pid: 9, ...ran }])
  })
})
