// Ids of agents of the collector's own machine: nobody enrols under one, nor becomes one as the copy of another.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { forgetLocal, isLocal, noteLocal } from '../../../src/collector/fleet/local-ids.ts'
import { openRegistryFile } from '../../../src/collector/fleet/registry-file.ts'
import { type UnixNs, unixNs } from '../../../src/units.ts'
import { DEVICE_A, DEVICE_B } from '../agent.ts'

const at = (ns: number): UnixNs => unixNs(BigInt(ns), 'at')

describe('ids of agents of the collector’s machine', () => {
  let directory: string
  let database: DatabaseSync
  const open = () => {
    database = openRegistryFile(join(directory, 'fleet.db'), () => {})
  }
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-local-ids-'))
    open()
  })
  afterEach(() => {
    database.close()
    rmSync(directory, { recursive: true })
  })

  it('are remembered over a start, until they are forgotten', () => {
    noteLocal(database, DEVICE_A, at(1))
    noteLocal(database, DEVICE_A, at(2))
    database.close()
    open()
    assert.equal(isLocal(database, DEVICE_A), true)
    assert.equal(isLocal(database, DEVICE_B), false)
    assert.deepEqual(
      [forgetLocal(database, DEVICE_A), forgetLocal(database, DEVICE_A)],
      [true, false],
    )
    assert.equal(isLocal(database, DEVICE_A), false)
  })

  it('are a thousand: of more, as replays make them, those that came last', () => {
    noteLocal(database, DEVICE_A, at(1))
    noteLocal(database, DEVICE_B, at(2))
    for (let n = 0; n < 998; n++) noteLocal(database, `replay ${n}`, at(3 + n))
    noteLocal(database, DEVICE_A, at(5000))
    assert.equal(isLocal(database, DEVICE_B), true)
    noteLocal(database, 'replay 998', at(6000))
    assert.deepEqual(
      [DEVICE_A, DEVICE_B].map((id) => isLocal(database, id)),
      [true, false],
    )
  })

  it('have their place in a registry of the version before', () => {
    database.exec(
      'DROP TABLE erasure; DROP TABLE departed; ALTER TABLE device DROP COLUMN noticed; ALTER TABLE device DROP COLUMN source; DROP TABLE boot; ALTER TABLE certificate DROP COLUMN key_hash; DROP TABLE held; DROP TABLE local; PRAGMA user_version = 3',
    )
    database.close()
    open()
    noteLocal(database, DEVICE_A, at(1))
    assert.equal(isLocal(database, DEVICE_A), true)
  })
})
