// Makes a SQLite file, whole or not at all. One process at a time makes one that several may open: who waited finds what the
// first has made.
import { closeSync, existsSync, openSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { inspectDatabaseFile, makeEmptyFile, moveFile } from '../state-file.ts'

/** A file is made within some hundredths of a second; a busy disk took two. */
const PATIENCE_MS = 10_000

/**
 * A new SQLite file at `path` with what `fill` puts in, 0600 and on the disk; or none. `before` it takes the place of another;
 * without, it takes none: what another process makes meanwhile stays.
 */
export function createDatabaseFile(
  path: string,
  fill: (database: DatabaseSync) => void,
  before?: () => void,
): void {
  if (before) replaceWith(path, fill, before)
  else makeAlone(path, () => replaceWith(path, fill, () => {}))
}

function replaceWith(
  path: string,
  fill: (database: DatabaseSync) => void,
  before: () => void,
): void {
  const fresh = `${path}.new`
  for (const end of ['', '-journal', '-wal', '-shm']) rmSync(`${fresh}${end}`, { force: true })
  // SQLite makes -wal and -shm with the mode of the file.
  closeSync(openSync(fresh, 'wx', 0o600))
  const database = new DatabaseSync(fresh)
  try {
    fill(database)
  } finally {
    database.close()
  }
  before()
  // Of a file that is gone; SQLite would take what it says for this one's.
  for (const end of ['-journal', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
  moveFile(fresh, path)
}

/**
 * Does `make` unless `path` is there, alone among all that come here for it. The lock is the kernel's, on a file beside, and goes
 * with its process. Throws what `make` does, and what node:sqlite says where another holds it for too long.
 */
function makeAlone(path: string, make: () => void): void {
  const beside = `${path}.making`
  inspectDatabaseFile(beside)
  makeEmptyFile(beside)
  const lock = new DatabaseSync(beside, { timeout: PATIENCE_MS })
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    if (!existsSync(path)) make()
    // Who waits for it, or makes another, finds the file. Where none was made it stays, so that they wait for each other.
    rmSync(beside, { force: true })
  } finally {
    lock.close()
  }
}
