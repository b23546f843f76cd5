// One process at a time in a directory. The lock is the kernel's (fcntl, through SQLite), so it goes with
// its process, also after kill -9.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Name of the lock file; it stays behind empty and unlocked, which means nothing. */
const LOCK_FILE = 'lock.db'

/**
 * Holds `directory` until the returned function is called or the process ends. Waits up to `waitMs` for a
 * predecessor that is ending. Returns undefined when another process holds it; throws when the directory
 * cannot be written.
 */
export function lockDirectory(directory: string, waitMs: number): (() => void) | undefined {
  const database = new DatabaseSync(join(directory, LOCK_FILE), { timeout: waitMs })
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (error instanceof Error && /locked|busy/i.test(error.message)) return undefined
    throw error
  }
  return () => database.close()
}
