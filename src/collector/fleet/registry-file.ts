// The file of the registry: which devices may come, by which certificates, and the tokens that let new ones in. Apart from
// the store, whose retention drops what is old, and never set aside by itself: without it every device would be a stranger.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  asidesOf,
  createDatabaseFile,
  diskTrouble,
  transaction,
  userVersion,
} from '../../baseline/sqlite-file.ts'
import { inspectDatabaseFile, StateFileError } from '../../state-file.ts'
import { CollectorError } from '../terms/collector-error.ts'
import { backOf, PLACING_FILE, restoreOf } from '../terms/placing.ts'

/** In the collector's state directory. */
export const REGISTRY_FILE = 'fleet.db'

/** PRAGMA user_version. */
const SCHEMA_VERSION = 10
/** A command of the same machine writes at times, for moments. */
const BUSY_TIMEOUT_MS = 2000

/** Opens or makes it, 0600. Throws CollectorError. */
export function openRegistryFile(path: string, log: (text: string) => void): DatabaseSync {
  try {
    const { bytes, narrowed } = inspectDatabaseFile(path)
    if (narrowed !== undefined) log(narrowed)
    if (bytes === undefined) {
      refuseMaking(path)
      make(path)
    }
    return open(path)
  } catch (cause) {
    if (cause instanceof CollectorError) throw cause
    if (cause instanceof StateFileError) throw new CollectorError('state', cause.message, { cause })
    if (diskTrouble(cause) === 'corrupt')
      throw new CollectorError(
        'state',
        `${path}, the registry of devices, is damaged: bring back a copy of it, or remove it, and every agent has to enrol again`,
        { cause },
      )
    throw new CollectorError('state', `${path} cannot be opened: ${(cause as Error).message}`, {
      cause,
    })
  }
}

/**
 * One that was there is not begun anew, empty, by whatever command comes first: every device would be a stranger. Throws
 * CollectorError.
 */
export function refuseMaking(path: string): void {
  const directory = dirname(path)
  if (existsSync(join(directory, PLACING_FILE)))
    throw new CollectorError(
      'state',
      `${path}, the registry of devices, is not there: a restore was cut off. Run it again, or start the collector, which puts back what was there`,
    )
  const aside = asidesOf(path).at(-1)
  if (aside === undefined || !existsSync(join(directory, 'tls', 'authority.pem'))) return
  throw new CollectorError(
    'state',
    `${path}, the registry of devices, is not there, and tls/authority.pem is: ${aside} was set aside. Run ${backOf(aside, path)}, or bring a backup back with ${restoreOf(path)}; to begin with no device, where every agent has to enrol again, move ${aside} elsewhere`,
  )
}

function make(path: string): void {
  createDatabaseFile(path, (database) =>
    transaction(database, () => {
      database.exec(SCHEMA)
      database.exec(SINCE_2)
      database.exec(SINCE_3)
      database.exec(SINCE_4)
      database.exec(SINCE_5)
      database.exec(SINCE_6)
      database.exec(SINCE_7)
      database.exec(SINCE_8)
      database.exec(SINCE_9)
      database.exec(SINCE_10)
      database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
    }),
  )
}

function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
  try {
    const version = userVersion(database)
    if (version > SCHEMA_VERSION)
      throw new CollectorError(
        'state',
        `${path} was written by a later version (schema ${version}, this one knows ${SCHEMA_VERSION}): start that version`,
      )
    if (version === 0)
      throw new CollectorError(
        'state',
        `${path}, the registry of devices, is empty: bring back a copy of it, or remove it, and every agent has to enrol again`,
      )
    database.exec('PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA journal_mode = WAL')
    if (version < SCHEMA_VERSION) upgrade(database)
    return database
  } catch (cause) {
    database.close()
    throw cause
  }
}

function upgrade(database: DatabaseSync): void {
  transaction(database, () => {
    // Another process may have done it since.
    const from = userVersion(database)
    if (from === SCHEMA_VERSION) return
    if (from < 2) database.exec(SINCE_2)
    if (from < 3) database.exec(SINCE_3)
    if (from < 4) database.exec(SINCE_4)
    if (from < 5) database.exec(SINCE_5)
    if (from < 6) database.exec(SINCE_6)
    if (from < 7) database.exec(SINCE_7)
    if (from < 8) database.exec(SINCE_8)
    if (from < 9) database.exec(SINCE_9)
    database.exec(SINCE_10)
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
  })
}

/**
 * Machines that came by the certificate of a device, and were told to become one of their own: `successor`, once it has a
 * certificate, and until it comes with that (`moved_ns`).
 */
const SINCE_2 = `
  ALTER TABLE device ADD COLUMN shared_ns INTEGER;
  CREATE TABLE clone (
    device TEXT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    hardware TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    successor TEXT,
    ordered_ns INTEGER NOT NULL,
    seen_ns INTEGER NOT NULL,
    moved_ns INTEGER
  ) STRICT;
  CREATE INDEX clone_device ON clone (device);
  CREATE INDEX clone_successor ON clone (successor)`

/** What the collector that runs notes of each device for the commands. */
const SINCE_3 = `
  CREATE TABLE seen (
    device TEXT PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
    seen_ns INTEGER NOT NULL,
    hostname TEXT NOT NULL,
    agent_version TEXT NOT NULL,
    silent_of TEXT NOT NULL,
    silent_ns INTEGER
  ) STRICT`

/** Ids of agents of the collector's own machine, which nobody enrols under: when one last came over the socket. */
const SINCE_4 = `
  CREATE TABLE local (
    device TEXT PRIMARY KEY,
    seen_ns INTEGER NOT NULL
  ) STRICT`

/** Whom devices believe, as they last said: fingerprints with a comma between, the one first that has signed its certificate. */
const SINCE_5 = `
  CREATE TABLE held (
    device TEXT PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
    authorities TEXT NOT NULL
  ) STRICT`

/** SHA-256 of the key that a certificate is of; empty: it was given before this was kept. */
const SINCE_6 = `
  ALTER TABLE certificate ADD COLUMN key_hash TEXT NOT NULL DEFAULT ''`

/** Boots of each device, in the order in which they were first seen: that of rowid. */
const SINCE_7 = `
  CREATE TABLE boot (
    device TEXT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    boot_id TEXT NOT NULL,
    UNIQUE (device, boot_id)
  ) STRICT`

/** The network that a device last enrolled from; empty: it was enrolled before this was kept, or by no request of its own. */
const SINCE_8 = `
  ALTER TABLE device ADD COLUMN source TEXT NOT NULL DEFAULT ''`

/**
 * Whether a person has said something of a device, by which it is not forgotten for newer ones; of those that were there before it is
 * known where it stands in its row: a second certificate any device gets by itself. And who was forgotten and is in the store still.
 */
const SINCE_9 = `
  ALTER TABLE device ADD COLUMN noticed INTEGER NOT NULL DEFAULT 0;
  UPDATE device SET noticed = 1 WHERE standing <> 'quarantined' OR name <> '' OR owner <> '' OR may_enrol_again = 1;
  CREATE TABLE departed (
    device TEXT PRIMARY KEY,
    token INTEGER NOT NULL
  ) STRICT`

/** Devices of which all goes that they sent. Counts are of what there was; NULL: it was not looked, or nothing was there. */
const SINCE_10 = `
  CREATE TABLE erasure (
    device TEXT PRIMARY KEY,
    asked_ns INTEGER NOT NULL,
    begun INTEGER,
    gone_rows INTEGER NOT NULL,
    alerts INTEGER,
    programs INTEGER,
    hours INTEGER,
    events INTEGER,
    over_ns INTEGER,
    is_clean INTEGER NOT NULL
  ) STRICT`

/** Times are nanoseconds since 1970; NULL: never, no bound. Hashes are SHA-256 in hex. */
const SCHEMA = `
  CREATE TABLE token (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hash TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    device_group TEXT NOT NULL,
    uses_max INTEGER,
    uses INTEGER NOT NULL,
    made_ns INTEGER NOT NULL,
    expires_ns INTEGER,
    revoked_ns INTEGER
  ) STRICT;
  CREATE TABLE device (
    id TEXT PRIMARY KEY,
    hardware TEXT NOT NULL,
    device_group TEXT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    standing TEXT NOT NULL,
    enrolled_ns INTEGER NOT NULL,
    token INTEGER REFERENCES token (id),
    may_enrol_again INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX device_hardware ON device (hardware);
  CREATE TABLE certificate (
    fingerprint TEXT PRIMARY KEY,
    device TEXT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    issued_ns INTEGER NOT NULL,
    not_after_ns INTEGER NOT NULL,
    revoked_ns INTEGER
  ) STRICT;
  CREATE INDEX certificate_device ON certificate (device)`
