// The file of what is sent to agents: signed documents, how far each is rolled out, and what devices said of them.
import { DatabaseSync } from 'node:sqlite'
import {
  createDatabaseFile,
  diskTrouble,
  transaction,
  userVersion,
} from '../../baseline/sqlite-file.ts'
import { inspectDatabaseFile, StateFileError } from '../../state-file.ts'
import { CollectorError } from '../terms/collector-error.ts'

/** In the collector's state directory. */
export const POLICIES_FILE = 'policies.db'

/** PRAGMA user_version. */
const SCHEMA_VERSION = 1
/** A command of the same machine writes at times, for moments. */
const BUSY_TIMEOUT_MS = 2000

/** Opens or makes it, 0600. Throws CollectorError. */
export function openPoliciesFile(path: string, log: (text: string) => void): DatabaseSync {
  try {
    const { bytes, narrowed } = inspectDatabaseFile(path)
    if (narrowed !== undefined) log(narrowed)
    if (bytes === undefined) make(path)
    return open(path)
  } catch (cause) {
    if (cause instanceof CollectorError) throw cause
    if (cause instanceof StateFileError) throw new CollectorError('state', cause.message, { cause })
    const why =
      diskTrouble(cause) === 'corrupt'
        ? 'is damaged: bring back a copy of it, or remove it and publish the policies again'
        : `cannot be opened: ${(cause as Error).message}`
    throw new CollectorError('state', `${path}, the policies of the fleet, ${why}`, { cause })
  }
}

function make(path: string): void {
  createDatabaseFile(path, (database) =>
    transaction(database, () => {
      database.exec(SCHEMA)
      database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
    }),
  )
}

function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
  try {
    if (userVersion(database) !== SCHEMA_VERSION)
      throw new CollectorError(
        'state',
        `${path} was written by another version (schema ${userVersion(database)}, this one knows ${SCHEMA_VERSION}): start that version`,
      )
    // What people say outlives a power cut: in WAL mode a commit with less than FULL may be gone after it
    // (sqlite.org/pragma.html#pragma_synchronous).
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    return database
  } catch (cause) {
    database.close()
    throw cause
  }
}

/** Times are nanoseconds since 1970. `report` is JSON of a PolicyReport. */
const SCHEMA = `
  CREATE TABLE root_key (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    public TEXT NOT NULL
  ) STRICT;
  CREATE TABLE document (
    kind TEXT NOT NULL,
    version INTEGER NOT NULL,
    signed BLOB NOT NULL,
    published_ns INTEGER NOT NULL,
    share_percent INTEGER NOT NULL,
    PRIMARY KEY (kind, version)
  ) STRICT;
  CREATE TABLE report (
    device TEXT PRIMARY KEY,
    said_ns INTEGER NOT NULL,
    report TEXT NOT NULL
  ) STRICT`
