// The store's tables. Each migration is run once, in order; what has been released is never edited.
//
// The layout decides the speed. The unique key of delivery has the time-ordered UUIDv7 first, so that
// its index grows at its end; `stored_at` is unique and rises, so it is the row id, and decides between
// equals in every list; bodies are the bytes the agent sent, in tables that have
// no other index; names are integers.
import { DatabaseSync } from 'node:sqlite'
import {
  createDatabaseFile,
  type DiskTrouble,
  diskTrouble,
  UnusableFile,
  userVersion,
} from '../../baseline/sqlite-file.ts'
import { commandIn, stateOf } from '../../hint.ts'
import { inspectDatabaseFile } from '../../state-file.ts'
import { addAddresses, addAlertColumns, addLikeness, partRecordings } from './alert-columns.ts'
import { addAlertSums, orderByOpening } from './alert-sums.ts'
import { numberDevicesForGood } from './device-rows.ts'
import { countIds } from './ids.ts'
import { StoreError } from './store-error.ts'
import { addTexts } from './texts.ts'
import { addTriage } from './triage.ts'

const MIGRATIONS: readonly (string | ((db: DatabaseSync) => void))[] = [
  `
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

  -- What was stored, or refused for good: what comes again is not stored again.
  CREATE TABLE item (
    uid BLOB NOT NULL,
    device INTEGER NOT NULL,
    PRIMARY KEY (uid, device)
  ) WITHOUT ROWID;

  -- Every revision of every alert. "previous" is the stored_at of the one of the same alert that was
  -- stored before it, 0 for the first: a chain costs no index.
  CREATE TABLE revision (
    stored_at INTEGER PRIMARY KEY,
    previous INTEGER NOT NULL,
    body BLOB NOT NULL
  );

  -- One row an alert: "newest" is the stored_at of its highest revision, "last" of the last one stored.
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

  -- How many alerts there are, so that a list knows its length without walking it.
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

  -- An identity on a device; first_network_at is 0 until it uses the network.
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

  -- The item that says how it was first seen; "row" is identity_device's.
  CREATE TABLE sighting (
    row INTEGER PRIMARY KEY,
    body BLOB NOT NULL
  );

  CREATE TABLE destination (
    row INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE
  );

  -- Which destinations an identity has used on a device; "pair" is identity_device's row.
  CREATE TABLE pair (
    pair INTEGER NOT NULL,
    destination INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    PRIMARY KEY (pair, destination)
  ) WITHOUT ROWID;

  -- What an identity sent to a destination in an hour.
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
  `,
  // Segments (segments.ts): what there is becomes the first one. Health may be the collector's own:
  // device 0.
  `
  ALTER TABLE revision RENAME TO revision_1;
  ALTER TABLE alert RENAME TO alert_1;

  -- Tables revision_<n> and alert_<n>. A row of alert_<n> lies where its newest revision was stored, so
  -- segments follow each other in time: first_at is at most the stored_at of its first revision, last_at
  -- at least that of its last one and of all else stored meanwhile. One is not sealed: it is written.
  -- "filter" is last so that the others are read without it; NULL when sealed: it says nothing.
  CREATE TABLE segment (
    n INTEGER PRIMARY KEY,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    revisions INTEGER NOT NULL,
    body_bytes INTEGER NOT NULL,
    sealed INTEGER NOT NULL DEFAULT 0,
    filter BLOB
  );
  INSERT INTO segment (n, first_at, last_at, revisions, body_bytes)
    SELECT 1, coalesce((SELECT min(stored_at) FROM revision_1), 0),
      max(coalesce((SELECT max(stored_at) FROM revision_1), 0),
          coalesce((SELECT max(stored_at) FROM health), 0)),
      (SELECT count(*) FROM revision_1), (SELECT coalesce(sum(length(body)), 0) FROM revision_1);

  -- One row. What was stored up to horizon_at has been dropped, its delivery ids with it.
  CREATE TABLE retention (horizon_at INTEGER NOT NULL);
  INSERT INTO retention VALUES (0);
  `,
  // Sequences are numbers of an outbox, not of a device: an older copy of one, or somebody who pretends, has others.
  // The numbers of before count for no outbox; the ids of what was stored go on doing so.
  `
  CREATE TABLE outbox (
    row INTEGER PRIMARY KEY,
    device INTEGER NOT NULL,
    id BLOB NOT NULL,
    last_sequence INTEGER NOT NULL,
    last_at INTEGER NOT NULL
  );
  CREATE UNIQUE INDEX outbox_device ON outbox (device, id);
  `,
  accountBytes,
  addAlertColumns,
  addLikeness,
  addTriage,
  addAlertSums,
  addTexts,
  orderByOpening,
  // What an agent says that it did not see is of a time, and may be of some programs alone.
  `
  ALTER TABLE health ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE health ADD COLUMN about TEXT NOT NULL DEFAULT '';
  ALTER TABLE health ADD COLUMN apart TEXT NOT NULL DEFAULT '';
  `,
  addAddresses,
  countIds,
  // What was taken of a segment that went with it was counted twice: once too often, of a segment that is none.
  'DELETE FROM alert_held WHERE segment NOT IN (SELECT n FROM segment)',
  partRecordings,
  // Rows of devices are paid for, too. Who pays for a device that nobody has admitted is the token that it came by; -2: it was
  // there before that was asked.
  `
  ALTER TABLE held ADD COLUMN facts INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE held ADD COLUMN token INTEGER NOT NULL DEFAULT -2;
  -- 1: the collector has forgotten it, and all that is here of it goes.
  ALTER TABLE device ADD COLUMN leaving INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX device_leaving ON device (row) WHERE leaving = 1;
  INSERT INTO held (device, inventory, summaries, health)
    SELECT row, 0, 0, 0 FROM device WHERE true ON CONFLICT DO NOTHING;
  UPDATE held SET facts = 640 + d.n FROM
    (SELECT row, octet_length(hostname) + octet_length(os) + octet_length(os_version) + octet_length(hardware)
       + octet_length(arch) + octet_length(agent_version) AS n FROM device) AS d
    WHERE d.row = held.device;
  `,
  // What the collector says itself is paid for, too.
  `
  INSERT OR REPLACE INTO held (device, inventory, summaries, health, token)
    SELECT 0, 0, 0, sum(128 + octet_length(kind) + octet_length(text) + octet_length(apart)), 0
    FROM health WHERE device = 0 HAVING count(*) > 0;
  `,
  numberDevicesForGood,
]

/**
 * Bytes are counted by device (budget.ts, alert-shares.ts). Hours begin with the device, so that one device's oldest can
 * give way. Names that nobody uses any more can go. What was first seen after its device was last heard was not.
 */
function accountBytes(db: DatabaseSync): void {
  db.exec(`
    CREATE TABLE held (
      device INTEGER PRIMARY KEY,
      inventory INTEGER NOT NULL,
      summaries INTEGER NOT NULL,
      health INTEGER NOT NULL
    );
    CREATE TABLE alert_held (
      segment INTEGER NOT NULL,
      device INTEGER NOT NULL,
      revisions INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      PRIMARY KEY (segment, device)
    ) WITHOUT ROWID;

    ALTER TABLE identity ADD COLUMN uses INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE destination ADD COLUMN uses INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE identity_device ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX identity_device_received ON identity_device (device);
    CREATE INDEX health_device ON health (device);
    UPDATE identity SET uses = c.n FROM
      (SELECT identity, count(*) AS n FROM identity_device GROUP BY identity) AS c
      WHERE c.identity = identity.row;
    UPDATE destination SET uses = c.n FROM
      (SELECT destination, count(*) AS n FROM pair GROUP BY destination) AS c
      WHERE c.destination = destination.row;
    UPDATE identity_device SET
      first_seen_at = min(first_seen_at, (SELECT d.last_seen_at FROM device AS d WHERE d.row = device)),
      bytes = 256
        + (SELECT 2 * octet_length(i.key) + octet_length(i.name) + octet_length(i.path)
           FROM identity AS i WHERE i.row = identity)
        + coalesce((SELECT length(s.body) FROM sighting AS s WHERE s.row = identity_device.row), 0);
    UPDATE identity_device SET bytes = bytes + c.n FROM
      (SELECT p.pair, sum(64 + 2 * octet_length(d.key)) AS n
       FROM pair AS p JOIN destination AS d ON d.row = p.destination GROUP BY p.pair) AS c
      WHERE c.pair = identity_device.row;

    ALTER TABLE pair_hour RENAME TO pair_hour_before;
    CREATE TABLE pair_hour (
      device INTEGER NOT NULL,
      hour_at INTEGER NOT NULL,
      pair INTEGER NOT NULL,
      destination INTEGER NOT NULL,
      bytes_out INTEGER NOT NULL,
      bytes_in INTEGER NOT NULL,
      flows INTEGER NOT NULL,
      largest_flow_out INTEGER NOT NULL,
      PRIMARY KEY (device, hour_at, pair, destination)
    ) WITHOUT ROWID;
    INSERT INTO pair_hour
      SELECT p.device, h.hour_at, h.pair, h.destination, h.bytes_out, h.bytes_in, h.flows, h.largest_flow_out
      FROM pair_hour_before AS h JOIN identity_device AS p ON p.row = h.pair
      ORDER BY p.device, h.hour_at, h.pair, h.destination;
    DROP TABLE pair_hour_before;

    INSERT INTO held (device, inventory, summaries, health)
      SELECT d.row,
        coalesce((SELECT sum(p.bytes) FROM identity_device AS p WHERE p.device = d.row), 0),
        96 * (SELECT count(*) FROM pair_hour AS h WHERE h.device = d.row),
        coalesce((SELECT sum(128 + octet_length(e.kind) + octet_length(e.text))
                  FROM health AS e WHERE e.device = d.row), 0)
      FROM device AS d;
  `)
  // Revisions of before belong to nobody that is known: they go with their segment.
  for (const { n } of db.prepare('SELECT n FROM segment').all())
    db.exec(`ALTER TABLE revision_${n} ADD COLUMN device INTEGER NOT NULL DEFAULT 0`)
}

/** PRAGMA user_version of what this collector writes. */
export const SCHEMA_VERSION = MIGRATIONS.length

/**
 * Opens the store for writing and brings its tables up to date. WAL, synchronous=FULL: a commit that
 * returned survives a loss of power (sqlite.org/pragma.html#pragma_synchronous). Throws StoreError.
 */
export function openForWriting(path: string): DatabaseSync {
  let db: DatabaseSync | undefined
  try {
    const isFile = path !== ':memory:'
    // Beside and renamed, so what is at `path` without its tables is damaged, and was not left so by a kill.
    if (isFile && inspectDatabaseFile(path).bytes === undefined)
      createDatabaseFile(path, (made) => migrate(made, path))
    db = new DatabaseSync(path, { timeout: 2000 })
    if (isFile && userVersion(db) === 0)
      throw new UnusableFile('it is empty, or was written by something else')
    db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      -- What moves within the file, as pages are split, leaves no copy (erase.ts).
      PRAGMA secure_delete = FAST;
      -- checkpoint.ts moves the log at a quarter of that; this is for when it cannot keep up.
      PRAGMA wal_autocheckpoint = 262144;
      PRAGMA journal_size_limit = 335544320;
      PRAGMA cache_size = -131072;
      PRAGMA temp_store = MEMORY;
    `)
    migrate(db, path)
    return db
  } catch (cause) {
    db?.close()
    if (cause instanceof StoreError) throw cause
    const { message } = cause as Error
    const trouble = cause instanceof UnusableFile ? 'corrupt' : (diskTrouble(cause) ?? 'io')
    throw new StoreError(
      trouble === 'full-disk' || trouble === 'read-only' ? 'unavailable' : 'cannot-open',
      `the store ${path} cannot be opened (${message}): ${remedyOf(trouble, path)}`,
      { cause },
    )
  }
}

const REMEDIES = {
  corrupt:
    'it is damaged; bring a backup back with RESTORE, or move it away with its -wal and -shm, and an empty one is begun: agents do not send again what it has acknowledged',
  'full-disk': 'the disk is full; free some space',
  'read-only': 'its file system is mounted so that it can only be read; mount it for writing',
  busy: 'another program holds it; end that one',
  io: 'look after the disk; a backup is brought back with RESTORE',
  denied: 'it, its -wal and its -shm have to be files that the user of the collector may write',
} as const satisfies Record<DiskTrouble, string>

const remedyOf = (trouble: DiskTrouble, path: string): string =>
  REMEDIES[trouble].replace('RESTORE', () =>
    commandIn('collector restore FILE --force', stateOf(path)),
  )

/** Opens the store for reading while another thread writes. Throws StoreError. */
export function openForReading(path: string): DatabaseSync {
  try {
    const db = new DatabaseSync(path, { readOnly: true, timeout: 2000 })
    db.exec('PRAGMA cache_size = -32768; PRAGMA query_only = ON;')
    return db
  } catch (cause) {
    throw new StoreError('cannot-open', `the store ${path} cannot be read: ${cause}`, { cause })
  }
}

/** Opens the store for moving its write-ahead log while another thread writes. Throws StoreError. */
export function openForCheckpoints(path: string): DatabaseSync {
  try {
    const db = new DatabaseSync(path, { timeout: 2000 })
    db.exec('PRAGMA synchronous = FULL; PRAGMA cache_size = -64')
    return db
  } catch (cause) {
    throw new StoreError('cannot-open', `the store ${path} cannot be opened: ${cause}`, { cause })
  }
}

function migrate(db: DatabaseSync, path: string): void {
  const version = userVersion(db)
  if (version > MIGRATIONS.length)
    throw new StoreError(
      'newer',
      `the store ${path} has schema ${version}, this collector knows up to ${MIGRATIONS.length}: ` +
        'it was written by a later version; run that version',
    )
  for (let next = version; next < MIGRATIONS.length; next++) {
    db.exec('BEGIN IMMEDIATE')
    try {
      const migration = MIGRATIONS[next]
      if (typeof migration === 'string') db.exec(migration)
      else migration?.(db)
      db.exec(`PRAGMA user_version = ${next + 1}`)
      db.exec('COMMIT')
    } catch (cause) {
      db.exec('ROLLBACK')
      throw cause
    }
  }
}
