// The tables of the baseline's file. Keys of identities and destinations are long and repeat, so they
// stand once, in `keys`, and everything else refers to them by number.
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { type UnixNs, unixNs } from '../units.ts'
import type { SignerClass, StoredDestination, StoredIdentity } from './baseline.ts'
import { FlowLog } from './flow-log.ts'
import { UnusableFile } from './sqlite-file.ts'

/** PRAGMA user_version. */
export const SCHEMA_VERSION = 9

/** Columns are nanoseconds since 1970 where they end in _ns; 0 where a time may be absent and is. */
export function createSchema(database: DatabaseSync): void {
  database.exec(`
    CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE keys (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE identities (
      key INTEGER PRIMARY KEY REFERENCES keys (id),
      signer_class TEXT NOT NULL,
      name TEXT NOT NULL,
      path TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      signing_id TEXT NOT NULL,
      team_id TEXT NOT NULL,
      cdhash TEXT NOT NULL,
      first_exec_ns INTEGER NOT NULL,
      first_network_ns INTEGER NOT NULL,
      last_seen_ns INTEGER NOT NULL,
      days_active INTEGER NOT NULL,
      last_active_day INTEGER NOT NULL,
      history TEXT NOT NULL DEFAULT ''
    ) STRICT;
    CREATE INDEX identities_last_seen ON identities (last_seen_ns);
    CREATE TABLE destinations (
      identity INTEGER NOT NULL REFERENCES keys (id),
      destination INTEGER NOT NULL REFERENCES keys (id),
      first_ns INTEGER NOT NULL,
      last_ns INTEGER NOT NULL,
      PRIMARY KEY (identity, destination)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX destinations_of_host ON destinations (destination);
    CREATE INDEX destinations_last ON destinations (last_ns);
    CREATE TABLE alerts (
      id TEXT PRIMARY KEY,
      identity TEXT NOT NULL,
      destination TEXT NOT NULL,
      state TEXT NOT NULL,
      bytes_out INTEGER NOT NULL,
      bytes_in INTEGER NOT NULL,
      opened_ns INTEGER NOT NULL,
      updated_ns INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;`)
  createCarried(database)
  createHeld(database)
  createCarriedProcesses(database)
  createSumLog(database)
}

/** CarriedProcesses. */
function createCarriedProcesses(database: DatabaseSync): void {
  database.exec(`
    CREATE TABLE carried_processes (
      pid INTEGER PRIMARY KEY,
      began_ns INTEGER NOT NULL,
      dev INTEGER NOT NULL,
      ino INTEGER NOT NULL,
      path TEXT NOT NULL,
      doubts INTEGER NOT NULL
    ) STRICT`)
  addCarriedScripts(database)
}

function addCarriedScripts(database: DatabaseSync): void {
  database.exec(`
    ALTER TABLE carried_processes ADD COLUMN script TEXT NOT NULL DEFAULT '';
    ALTER TABLE carried_processes ADD COLUMN script_dev INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE carried_processes ADD COLUMN script_ino INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE carried_processes ADD COLUMN script_from INTEGER NOT NULL DEFAULT -1;
    ALTER TABLE carried_processes ADD COLUMN script_claimed INTEGER NOT NULL DEFAULT 0`)
  addMadeFor(database)
}

function addMadeFor(database: DatabaseSync): void {
  database.exec(`ALTER TABLE carried_processes ADD COLUMN made_for TEXT NOT NULL DEFAULT ''`)
}

/** A HeldTable. */
function createHeld(database: DatabaseSync): void {
  database.exec(
    'CREATE TABLE held (pair TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT, WITHOUT ROWID',
  )
}

/** A SumLog; a later row's counts. */
function createSumLog(database: DatabaseSync): void {
  database.exec('CREATE TABLE sum_log (number INTEGER PRIMARY KEY, changes TEXT NOT NULL) STRICT')
}

function createCarried(database: DatabaseSync): void {
  database.exec(`
    CREATE TABLE carried_pairs (
      identity TEXT NOT NULL,
      destination TEXT NOT NULL,
      hour_ns INTEGER NOT NULL,
      place TEXT NOT NULL,
      bytes_out INTEGER NOT NULL,
      bytes_in INTEGER NOT NULL,
      flows INTEGER NOT NULL,
      largest_out INTEGER NOT NULL,
      PRIMARY KEY (identity, destination)
    ) STRICT, WITHOUT ROWID;`)
  createCarriedLog(database)
}

/** `changes` is a FlowLog; a later row's counts. */
function createCarriedLog(database: DatabaseSync): void {
  database.exec(
    'CREATE TABLE carried_log (number INTEGER PRIMARY KEY, changes BLOB NOT NULL) STRICT',
  )
}

/** Brings a file of an earlier version to this one; runs in a transaction. */
export function upgradeSchema(database: DatabaseSync, from: number): void {
  if (from < 2) {
    database.exec(`ALTER TABLE identities ADD COLUMN history TEXT NOT NULL DEFAULT ''`)
    createCarried(database)
  } else if (from < 4) {
    createCarriedLog(database)
    const log = logOfRows(database)
    if (log.length > 0)
      database.prepare('INSERT INTO carried_log (changes) VALUES (?)').run(log.packed())
    database.exec('DROP TABLE carried_flows')
  }
  if (from < 5) createHeld(database)
  if (from < 6) createCarriedProcesses(database)
  else if (from < 7) addCarriedScripts(database)
  else if (from < 8) addMadeFor(database)
  if (from < 9) createSumLog(database)
}

/** Open flows of the second version and the third, which had a row for each; the second had no since_*. */
function logOfRows(database: DatabaseSync): FlowLog {
  const log = new FlowLog()
  const rows = database.prepare('SELECT * FROM carried_flows')
  rows.setReadBigInts(true)
  for (const row of rows.iterate()) {
    const id = BigInt.asUintN(64, integer(row, 'id'))
    log.put({
      idLow: Number(id & 0xffffffffn),
      idHigh: Number(id >> 32n),
      epoch: Number(integer(row, 'epoch')),
      bytesOut: Number(integer(row, 'bytes_out')),
      bytesIn: Number(integer(row, 'bytes_in')),
      sinceOut: 'since_out' in row ? Number(integer(row, 'since_out')) : 0,
      sinceIn: 'since_in' in row ? Number(integer(row, 'since_in')) : 0,
    })
  }
  return log
}

/** What node:sqlite hands out, integers as bigint. */
export type Row = Record<string, SQLOutputValue>

export const IDENTITY_COLUMNS = `text, signer_class, name, path, sha256, signing_id, team_id, cdhash,
  first_exec_ns, first_network_ns, last_seen_ns, days_active, last_active_day, history`

const SIGNERS: readonly SignerClass[] = [
  'platform',
  'app_store',
  'notarized',
  'developer_id',
  'unknown',
  'adhoc',
  'unsigned',
  'invalid',
]

/** A row of IDENTITY_COLUMNS. Throws UnusableFile when it holds what this code never wrote. */
export function identityFromRow(row: Row): StoredIdentity {
  const signerClass = SIGNERS.find((known) => known === row.signer_class)
  if (!signerClass) throw new UnusableFile(`identities: signer class ${row.signer_class}`)
  return {
    key: text(row, 'text'),
    signerClass,
    name: text(row, 'name'),
    path: text(row, 'path'),
    sha256: text(row, 'sha256'),
    signingId: text(row, 'signing_id'),
    teamId: text(row, 'team_id'),
    cdhash: text(row, 'cdhash'),
    firstExecAt: time(row, 'first_exec_ns'),
    firstNetworkAt: time(row, 'first_network_ns') || undefined,
    lastSeenAt: time(row, 'last_seen_ns'),
    daysActive: Number(integer(row, 'days_active')),
    lastActiveDay: Number(integer(row, 'last_active_day')),
    history: text(row, 'history'),
  }
}

/** A row of first_ns and last_ns. Throws UnusableFile. */
export function destinationFromRow(
  identityKey: string,
  destinationKey: string,
  row: Row,
): StoredDestination {
  return {
    identityKey,
    destinationKey,
    firstAt: time(row, 'first_ns'),
    lastAt: time(row, 'last_ns'),
  }
}

export function text(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new UnusableFile(`${column}: ${typeof value}, not text`)
  return value
}

export function integer(row: Row, column: string): bigint {
  const value = row[column]
  if (typeof value !== 'bigint')
    throw new UnusableFile(`${column}: ${typeof value}, not an integer`)
  return value
}

export function time(row: Row, column: string): UnixNs {
  const value = integer(row, column)
  if (value < 0n) throw new UnusableFile(`${column}: ${value} is not a time`)
  return unixNs(value, column)
}
