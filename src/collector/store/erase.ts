// What one device sent goes at once, while no collector runs: for a person who wants it gone before it is too old.
import type { DatabaseSync } from 'node:sqlite'
import { diskTrouble } from '../../baseline/sqlite-file.ts'
import { openForWriting } from './schema.ts'
import { createWriter, type Erased } from './writer.ts'

export type { Erased } from './writer.ts'

/**
 * Of the store at `path`. REQUIRES: the lock of its directory is held. Returns what there was, undefined when the store does not know the
 * device. The file is written anew, since pages that were split once hold copies of what was there; `isWrittenAnew` is false
 * where the disk has no room for that. Throws StoreError.
 */
export function eraseDevice(
  path: string,
  deviceId: string,
): (Erased & { isWrittenAnew: boolean }) | undefined {
  const db = openForWriting(path)
  try {
    db.exec('PRAGMA secure_delete = ON')
    const erased = createWriter(db).erase(deviceId)
    const isWrittenAnew = erased !== undefined && writesAnew(db)
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    return erased && { ...erased, isWrittenAnew }
  } finally {
    db.close()
  }
}

function writesAnew(db: DatabaseSync): boolean {
  try {
    db.exec('VACUUM')
    return true
  } catch (error) {
    if (diskTrouble(error) !== 'full-disk') throw error
    return false
  }
}
