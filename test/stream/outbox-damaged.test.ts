// A damaged file that cannot be set aside, as of a disk that dies: what the outbox answers meanwhile, and what the next one knows.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import type { Outbox } from '../../src/stream/outbox.ts'
import { alertFinding } from './findings.ts'
import { damage, OutboxFile, sequences } from './outbox-fixture.ts'

describe('an outbox whose damaged file cannot be replaced', () => {
  let file: OutboxFile
  beforeEach(() => {
    file = new OutboxFile()
  })
  const { renameSync } = fs
  const refuse = () => {
    const error = Object.assign(new Error('EIO: i/o error, rename'), { code: 'EIO' })
    fs.renameSync = () => {
      throw error
    }
    syncBuiltinESMExports()
  }
  const allow = () => {
    fs.renameSync = renameSync
    syncBuiltinESMExports()
  }
  afterEach(() => {
    allow()
    file.remove()
  })

  function damaged(): Outbox {
    const first = file.start()
    first.append(Array.from({ length: 20 }, () => alertFinding('high', 'x'.repeat(3000))))
    const outbox = file.restart(first)
    damage(file.path)
    refuse()
    outbox.append([alertFinding('high'), alertFinding('high')])
    assert.equal(outbox.unwritten(), 2)
    return outbox
  }

  it('answers and acknowledges from memory, and counts to the next start what it lost', () => {
    const outbox = damaged()
    assert.match(outbox.id, /^[0-9a-f]{32}$/)
    assert.deepEqual(sequences(outbox.read(20, 10, 1 << 20)), [])
    outbox.acknowledgeEach([19])
    outbox.acknowledge(2)
    file.nowMs += 2000
    outbox.retry()
    outbox.foretell()
    outbox.close()
    allow()
    const next = file.start()
    assert.ok(next.setAside)
    assert.equal(next.counters().notKept, 2)
    const again = file.restart(next)
    assert.equal(again.counters().notKept, 2, 'once')
  })

  it('begins anew once it can, with what waited, and counts what was in it', () => {
    const outbox = damaged()
    const { id } = outbox
    allow()
    file.nowMs += 2000
    outbox.retry()
    assert.ok(outbox.setAside)
    assert.notEqual(outbox.id, id)
    assert.equal(outbox.unwritten(), 0)
    assert.equal(outbox.counters().notKept, 20)
    assert.ok(outbox.read(0, 10, 1 << 20).length >= 2)
    assert.equal(file.restart(outbox).counters().notKept, 20)
  })

  it('counts to the next start what it had not written, where its end finds the file damaged', () => {
    const first = file.start({ patienceMs: 1 })
    first.append(Array.from({ length: 20 }, () => alertFinding('high', 'x'.repeat(3000))))
    const outbox = file.restart(first, { patienceMs: 1 })
    const holder = file.hold()
    outbox.append([alertFinding('high'), alertFinding('high')])
    outbox.writeLast()
    assert.equal(outbox.unwritten(), 2)
    // What another process wrote makes SQLite read anew.
    holder.exec('CREATE TABLE another (a); COMMIT; PRAGMA wal_checkpoint(TRUNCATE)')
    holder.close()
    damage(file.path)
    outbox.close()
    const next = file.start()
    assert.ok(next.setAside)
    assert.equal(next.counters().notKept, 2)
    assert.equal(file.restart(next).counters().notKept, 2, 'once')
  })
})
