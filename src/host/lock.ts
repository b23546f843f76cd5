// One process at a time in a directory. The lock is the kernel's (fcntl, through SQLite), so it goes with
// its process, also after kill -9.
import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { inspectDatabaseFile, makeEmptyFile } from '../state-file.ts'

/** Name of the lock file, 0600; it stays behind empty and unlocked, which means nothing. */
export const LOCK_FILE = 'lock.db'

/**
 * Holds `directory` until the returned function is called or the process ends. Waits up to `waitMs` for a
 * predecessor that is ending. Returns undefined when another process holds it; throws when the directory
 * cannot be written, and StateFileError when something else stands at its place.
 */
export function lockDirectory(directory: string, waitMs: number): (() => void) | undefined {
  const path = join(directory, LOCK_FILE)
  inspectDatabaseFile(path)
  makeEmptyFile(path)
  try {
    return hold(path, waitMs)
  } catch (error) {
    const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined
    if (code === SQLITE_BUSY) return undefined
    if (code !== SQLITE_NOTADB) throw error
    // Nothing belongs into it, so nothing is lost; whoever holds it goes on holding it.
    truncateSync(path)
    return hold(path, waitMs)
  }
}

/** https://sqlite.org/rescode.html */
const SQLITE_BUSY = 5
const SQLITE_NOTADB = 26

function hold(path: string, waitMs: number): () => void {
  const database = new DatabaseSync(path, { timeout: waitMs })
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    throw error
  }
  return () => database.close()
}
