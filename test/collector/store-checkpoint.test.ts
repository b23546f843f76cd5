import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { moveLog, moveRest } from '../../src/collector/store/checkpoint.ts'
import {
  openForCheckpoints,
  openForReading,
  openForWriting,
} from '../../src/collector/store/schema.ts'
import { createWriter, type Writer } from '../../src/collector/store/writer.ts'
import { alertItem } from './agent.ts'
import { append, batchOf, count, enroll } from './store-fixture.ts'

const LONG_PAGES = 64

describe("the store's write-ahead log", () => {
  let directory: string
  let path: string
  let db: DatabaseSync
  let mover: DatabaseSync
  let writer: Writer
  let device: number
  let number: number
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-store-'))
    path = join(directory, 'store.db')
    db = openForWriting(path)
    mover = openForCheckpoints(path)
    writer = createWriter(db)
    device = enroll(writer).device
    number = 0
  })
  afterEach(() => {
    mover.close()
    db.close()
    rmSync(directory, { recursive: true, force: true })
  })

  const commit = (times: number) => {
    for (; times > 0; times--) append(writer, batchOf(device, 0, [alertItem(++number)]))
  }
  const logBytes = () => statSync(`${path}-wal`).size
  const move = () => moveLog(mover, LONG_PAGES)

  it('is left alone while it is short', () => {
    const before = statSync(path).size
    assert.equal(move(), false)
    assert.equal(statSync(path).size, before)
  })

  it('is moved beside the writer, begins anew after the rest is moved, and loses nothing', () => {
    commit(100)
    const lengths: number[] = []
    for (let rounds = 0; rounds < 20; rounds++) {
      assert.equal(move(), true)
      // What is committed in between is the rest.
      commit(3)
      moveRest(db)
      commit(100)
      lengths.push(logBytes())
    }
    assert(statSync(path).size > 1024 * 1024)
    // Twenty rounds later it is about as long as the first one left it; it would be ten times that.
    const [first, last] = [lengths[0] as number, lengths.at(-1) as number]
    assert(last < 2 * first, `${lengths}`)
    const reader = openForReading(path)
    assert.equal(count(reader, 'alert_1'), number)
    reader.close()
  })

  it('waits for a reader that still needs it, and is moved when that has ended', () => {
    commit(5)
    const reader = openForReading(path)
    reader.exec('BEGIN')
    assert.equal(count(reader, 'alert_1'), 5)
    commit(100)
    move()
    assert.equal(move(), false)
    assert.equal(count(reader, 'alert_1'), 5)
    reader.exec('COMMIT')
    assert.equal(move(), true)
    assert.equal(count(reader, 'alert_1'), 105)
    reader.close()
  })
})
