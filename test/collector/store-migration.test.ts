import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Answers } from '../../src/collector/store/protocol.ts'
import { createReader } from '../../src/collector/store/reader.ts'
import { openForReading, openForWriting, SCHEMA_VERSION } from '../../src/collector/store/schema.ts'
import { prepare } from '../../src/collector/store/statement.ts'
import { StoreError } from '../../src/collector/store/store-error.ts'
import { createWriter } from '../../src/collector/store/writer.ts'
import { alertItem, DEVICE_A, identityOf, T0, uidOf } from './agent.ts'
import { append, batchOf, enroll, segmentsOf } from './store-fixture.ts'

/** What version 1 made, as it stood in its source. Never edited: such files are out there. */
const VERSION_1 = `
  CREATE TABLE device (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    hostname TEXT NOT NULL,
    os TEXT NOT NULL,
    os_version TEXT NOT NULL,
    hardware TEXT NOT NULL,
    arch TEXT NOT NULL,
    agent_version TEXT NOT NULL,
    first_seen_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    last_sequence INTEGER NOT NULL DEFAULT 0
  );
  CREATE TABLE item (
    uid BLOB NOT NULL,
    device INTEGER NOT NULL,
    PRIMARY KEY (uid, device)
  ) WITHOUT ROWID;
  CREATE TABLE revision (
    stored_at INTEGER PRIMARY KEY,
    previous INTEGER NOT NULL,
    body BLOB NOT NULL
  );
  CREATE TABLE alert (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    device INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    newest INTEGER NOT NULL,
    last INTEGER NOT NULL
  );
  CREATE UNIQUE INDEX alert_id ON alert (id, device);
  CREATE INDEX alert_newest ON alert (newest);
  CREATE INDEX alert_device ON alert (device, newest);
  CREATE INDEX alert_severity ON alert (severity, newest);
  CREATE TABLE tally (
    device INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    alerts INTEGER NOT NULL,
    PRIMARY KEY (device, severity)
  ) WITHOUT ROWID;
  CREATE TABLE identity (
    row INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    path TEXT NOT NULL
  );
  CREATE TABLE identity_device (
    row INTEGER PRIMARY KEY,
    identity INTEGER NOT NULL,
    device INTEGER NOT NULL,
    first_seen_at INTEGER NOT NULL,
    first_network_at INTEGER NOT NULL,
    destinations INTEGER NOT NULL DEFAULT 0
  );
  CREATE UNIQUE INDEX identity_device_pair ON identity_device (identity, device);
  CREATE INDEX identity_device_first ON identity_device (first_seen_at);
  CREATE INDEX identity_device_device ON identity_device (device, first_seen_at);
  CREATE TABLE sighting (
    row INTEGER PRIMARY KEY,
    body BLOB NOT NULL
  );
  CREATE TABLE destination (
    row INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE
  );
  CREATE TABLE pair (
    pair INTEGER NOT NULL,
    destination INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    PRIMARY KEY (pair, destination)
  ) WITHOUT ROWID;
  CREATE TABLE pair_hour (
    hour_at INTEGER NOT NULL,
    pair INTEGER NOT NULL,
    destination INTEGER NOT NULL,
    bytes_out INTEGER NOT NULL,
    bytes_in INTEGER NOT NULL,
    flows INTEGER NOT NULL,
    largest_flow_out INTEGER NOT NULL,
    PRIMARY KEY (hour_at, pair, destination)
  ) WITHOUT ROWID;
  CREATE TABLE health (
    stored_at INTEGER PRIMARY KEY,
    device INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    count INTEGER NOT NULL
  );
  PRAGMA user_version = 1;
`

describe('the migration of a store', () => {
  let directory: string
  let path: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-store-'))
    path = join(directory, 'store.db')
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  /** A store of version 1: `alerts` alerts of one device, the first of them with two revisions. */
  function version1(alerts: number): void {
    const db = new DatabaseSync(path)
    db.exec(`PRAGMA journal_mode = WAL; ${VERSION_1}`)
    db.exec(`INSERT INTO device (id, hostname, os, os_version, hardware, arch, agent_version,
      first_seen_at, last_seen_at, last_sequence)
      VALUES ('${DEVICE_A}', 'mac-1', 'macos', '', '', '', '', ${T0}, ${T0}, ${alerts + 1})`)
    const item = prepare(db, 'INSERT INTO item VALUES (?, 1)')
    const revision = prepare(db, 'INSERT INTO revision VALUES (?, ?, ?)')
    const alert = prepare(
      db,
      'INSERT INTO alert (id, device, revision, severity, newest, last) VALUES (?, 1, ?, 2, ?, ?)',
    )
    db.exec('BEGIN')
    for (let number = 1; number <= alerts + 1; number++) {
      const second = number === alerts + 1
      const id = (second ? 1 : number).toString(16).padStart(32, '0')
      const body = alertItem(number, { id, revision: second ? 2 : 1 })
      const at = T0 + BigInt(number)
      item.run(uidOf(number))
      revision.run(at, second ? T0 + 1n : 0n, body)
      if (second)
        prepare(db, 'UPDATE alert SET revision = 2, newest = ?, last = ? WHERE row = 1').run(at, at)
      else alert.run(Buffer.from(id, 'hex'), 1, at, at)
    }
    prepare(db, 'INSERT INTO tally VALUES (1, 2, ?)').run(alerts)
    prepare(db, "INSERT INTO health VALUES (?, 1, ?, 'loss', 'something', 3)").run(T0 + 99n, T0)
    db.exec('COMMIT')
    db.close()
  }

  const ask = <T>(query: Parameters<ReturnType<typeof createReader>['answer']>[0]): T => {
    const db = openForReading(path)
    try {
      return createReader(db).answer(query) as T
    } finally {
      db.close()
    }
  }
  const list = (text?: string) =>
    ask<Answers['alerts']>({
      op: 'alerts',
      limit: 100,
      before: undefined,
      deviceId: undefined,
      severity: undefined,
      text,
    })

  it('brings what version 1 kept into the first segment, whole', () => {
    version1(20)
    openForWriting(path).close()
    const { alerts, total } = list()
    assert.equal(total, 20)
    assert.deepEqual(
      alerts.map(({ id }) => Number(`0x${id}`)),
      [1, ...Array.from({ length: 19 }, (_, index) => 20 - index)],
    )
    const grouped = ask<Answers['groups']>({
      op: 'groups',
      limit: 9,
      deviceId: undefined,
      severity: undefined,
    })
    assert.deepEqual([grouped.total, grouped.alerts], [1, 20])
    assert.equal(grouped.groups[0]?.bytesOut, 20 * 8_400_000)
    const one = ask<Answers['alert']>({ op: 'alert', id: alerts[0]?.id as string })
    assert.deepEqual(
      one?.revisions.map(({ revision }) => revision),
      [1, 2],
    )
    assert.equal(ask<Answers['health']>({ op: 'health', limit: 9 }).events[0]?.count, 3)
  })

  it('goes on where version 1 ended: ids, times, and the same alert', () => {
    version1(20)
    const db = openForWriting(path)
    const writer = createWriter(db, { segmentRevisions: 21 })
    const { device, lastSequence } = enroll(writer)
    // Its numbers were a device's; whose outbox they counted nobody knows.
    assert.equal(lastSequence, 0)
    const { storedAt } = append(
      writer,
      batchOf(device, 0, [
        alertItem(5),
        alertItem(30, { id: '2'.padStart(32, '0'), revision: 2 }),
        alertItem(31),
      ]),
      T0,
    )
    // Known already; then later than all there was, health included, though the clock says T0.
    assert.deepEqual([...storedAt], [0n, T0 + 100n, T0 + 101n])
    assert.deepEqual(segmentsOf(db), [1, 2])
    db.close()
    const { alerts, total } = list()
    assert.equal(total, 21)
    assert.deepEqual(
      alerts.slice(0, 3).map(({ id }) => Number(`0x${id}`)),
      [31, 2, 1],
    )
  })

  it('finds what was kept as it finds what comes, and counts the texts of both', () => {
    version1(5)
    const db = openForWriting(path)
    const writer = createWriter(db)
    const { device } = enroll(writer)
    for (const number of [31, 32, 33]) append(writer, batchOf(device, 0, [alertItem(number)]))
    const programs = db.prepare('SELECT program FROM alert_1 ORDER BY row').all()
    assert.deepEqual(
      programs.map(({ program }) => program),
      [0, 0, 0, 0, 0, 0, 1, 1],
      'those of before have all in their rows',
    )
    const texts = `SELECT sum(bytes) AS bytes FROM (
      SELECT sum(octet_length(words)) AS bytes FROM alert_1
      UNION ALL SELECT sum(octet_length(words)) FROM text_1
      UNION ALL SELECT sum(length(body)) FROM revision_1 WHERE device > 0)`
    assert.equal(
      db.prepare('SELECT sum(bytes) AS bytes FROM alert_held').get()?.bytes,
      db.prepare(texts).get()?.bytes,
    )
    db.close()
    for (const [text, found] of [
      ['path:/opt/backup-tool', 8],
      ['backup-tool to:"203.0.113.0/24:443" "8.4 MB"', 8],
      ['203.0.113.3', 4],
      ['203.0.113.33', 1],
      ['path:/opt/backup', 0],
    ] as const)
      assert.equal(list(text).total, found, text)
  })

  it('counts what each device has, brings hours to their device, and dates nothing after it was heard', () => {
    version1(2)
    const before = new DatabaseSync(path)
    before.exec(`
      INSERT INTO identity (key, name, path) VALUES ('é', 'name', '/path'), ('b', '', '');
      INSERT INTO identity_device (identity, device, first_seen_at, first_network_at)
        VALUES (1, 1, ${T0 * 2n}, 0), (2, 1, 5, 5);
      INSERT INTO sighting VALUES (1, x'010203');
      INSERT INTO destination (key) VALUES ('host:443');
      INSERT INTO pair VALUES (1, 1, 5), (2, 1, 5);
      INSERT INTO pair_hour VALUES (5, 1, 1, 1, 1, 1, 1), (5, 99, 1, 1, 1, 1, 1);`)
    before.close()
    const db = openForWriting(path)
    const inventory = 256 + 4 + 4 + 5 + 3 + (256 + 2) + 2 * (64 + 16)
    const health = 128 + 4 + 9
    const facts = 640 + 'mac-1macos'.length
    const held = db.prepare('SELECT * FROM held').all()
    assert.deepEqual(
      held.map((row) => ({ ...row })),
      [{ device: 1, inventory, summaries: 96, health, ids: 3 * 40, facts, token: -2 }],
    )
    assert.deepEqual(
      { ...db.prepare('SELECT device, pair FROM pair_hour').get() },
      { device: 1, pair: 1 },
    )
    assert.equal(db.prepare('SELECT uses FROM destination').get()?.uses, 2)
    const dated = prepare(db, 'SELECT max(first_seen_at) AS at FROM identity_device').get()
    assert.ok((dated?.at as bigint) < T0 * 2n)
    db.close()
  })

  it('parts recordings from machines that their alerts were counted with, in sealed segments too', () => {
    const RECORDING = '01234567-89ab-8cde-8f01-23456789abcd'
    const db = openForWriting(path)
    const writer = createWriter(db, { segmentRevisions: 2 })
    const live = enroll(writer).device
    const replayed = enroll(writer, RECORDING).device
    // As a version before it stored them: under the likeness of a machine's.
    for (const [index, device] of [live, replayed, replayed].entries())
      append(writer, batchOf(device, 0, [alertItem(index + 1)]))
    for (let number = 10; number < 15; number++)
      append(writer, batchOf(live, 0, [alertItem(number, { identity: identityOf('other') })]))
    assert.ok(segmentsOf(db).length > 1)
    db.exec(`ALTER TABLE held DROP COLUMN facts; ALTER TABLE held DROP COLUMN token;
      DROP INDEX device_leaving; ALTER TABLE device DROP COLUMN leaving; DROP INDEX alert_held_device;
      PRAGMA user_version = 13`)
    db.close()
    const after = openForWriting(path)
    const { groups } = createReader(after).answer({
      ...{ op: 'groups', limit: 10, deviceId: undefined, severity: undefined, place: undefined },
    }) as Answers['groups']
    assert.deepEqual(
      groups
        .filter(({ newest }) => newest.application.name !== 'other')
        .map(({ alerts, machines, newest }) => `${newest.device.id} ${alerts} ${machines}`)
        .sort(),
      [`${RECORDING} 2 1`, `${DEVICE_A} 1 1`].sort(),
    )
    after.close()
  })

  it('counts ids by device, however many there are', () => {
    version1(20)
    const before = new DatabaseSync(path)
    before.exec(`INSERT INTO item
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 210000)
      SELECT unhex(printf('%032x', i)), i % 2 FROM n`)
    before.close()
    const db = openForWriting(path)
    const held = db.prepare('SELECT device, ids / 40 AS ids FROM held ORDER BY device').all()
    assert.deepEqual(
      held.map((row) => [row.device, row.ids]),
      [
        [0, 105_000],
        [1, 105_021],
      ],
    )
    db.close()
  })

  it('makes of a new file what it makes of an old empty one', () => {
    version1(0)
    const schemaOf = (file: string) => {
      const db = openForWriting(file)
      const version = db.prepare('PRAGMA user_version').get()?.user_version
      const all = db.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').all()
      db.close()
      return { version, all: all.map((row) => ({ ...row })) }
    }
    const migrated = schemaOf(path)
    assert.equal(migrated.version, SCHEMA_VERSION)
    assert.deepEqual(
      migrated.all.map(({ name }) => name),
      schemaOf(join(directory, 'new.db')).all.map(({ name }) => name),
    )
  })

  it('leaves a file as it was when it cannot be brought up to date', () => {
    version1(3)
    const db = new DatabaseSync(path)
    db.exec('CREATE TABLE retention (mine TEXT)')
    db.close()
    assert.throws(
      () => openForWriting(path),
      (error) => error instanceof StoreError && error.code === 'cannot-open',
    )
    const after = new DatabaseSync(path)
    assert.equal(after.prepare('PRAGMA user_version').get()?.user_version, 1)
    assert.equal(after.prepare('SELECT count(*) AS n FROM alert').get()?.n, 3)
    after.close()
  })
})
