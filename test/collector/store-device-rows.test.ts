// Numbers of devices in a store of the version before, which gave that of the last again.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { prepare } from '../../src/collector/store/statement.ts'
import { createWriter } from '../../src/collector/store/writer.ts'
import { DEVICE_A, DEVICE_B } from './agent.ts'
import { enroll } from './store-fixture.ts'

describe('numbers of devices', () => {
  let directory: string
  let path: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-store-'))
    path = join(directory, 'store.db')
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  it('are given to no other after a store is brought up to date, which counts what is left of those that are no more together', () => {
    const db = openForWriting(path)
    const writer = createWriter(db)
    const [waiting, own] = [
      enroll(writer, DEVICE_A, { isEnrolled: true }).device,
      enroll(writer, DEVICE_B).device,
    ]
    for (const gone of [7, 8, 9]) {
      prepare(db, 'INSERT INTO held VALUES (?, 0, 0, 0, 80, 0, 5)').run(gone)
      prepare(db, 'INSERT INTO item VALUES (?, ?), (?, ?)').run(
        ...[Buffer.alloc(16, 1), gone, Buffer.alloc(16, 2), gone],
      )
      prepare(db, "INSERT INTO forgotten VALUES (?, x'01')").run(gone)
    }
    // As the version before had it.
    db.exec(`DROP INDEX alert_held_device; DROP INDEX device_leaving;
      CREATE TABLE before AS SELECT * FROM device; DROP TABLE device;
      CREATE TABLE device (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, hostname TEXT NOT NULL, os TEXT NOT NULL,
        os_version TEXT NOT NULL, hardware TEXT NOT NULL, arch TEXT NOT NULL, agent_version TEXT NOT NULL,
        first_seen_at INTEGER NOT NULL, last_seen_at INTEGER NOT NULL, last_sequence INTEGER NOT NULL DEFAULT 0,
        leaving INTEGER NOT NULL DEFAULT 0);
      INSERT INTO device SELECT row, id, hostname, os, os_version, hardware, arch, agent_version, first_seen_at,
        last_seen_at, last_sequence, leaving FROM before;
      DROP TABLE before;
      CREATE INDEX device_leaving ON device (row) WHERE leaving = 1;
      PRAGMA user_version = 17`)
    db.close()
    const after = openForWriting(path)
    const held = after.prepare('SELECT device, ids FROM held ORDER BY device').all()
    assert.deepEqual(
      held.map(({ device, ids }) => [Number(device) < 0 ? 'departed' : device, ids]),
      [
        ['departed', 240],
        [waiting, 0],
        [own, 0],
      ],
    )
    assert.equal(after.prepare('SELECT count(*) AS n FROM forgotten').get()?.n, 0)
    const came = after.prepare('SELECT by_certificate AS by FROM device ORDER BY row').all()
    // Of the collector's own machine, or admitted: the version before did not keep which.
    assert.deepEqual(
      came.map(({ by }) => by),
      [1, null],
    )
    assert.equal(enroll(createWriter(after), '33333333-3333-4333-8333-333333333333').device, 10)
    after.close()
  })
})
