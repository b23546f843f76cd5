// What one device sent goes at once, while no collector runs: for a person who wants it gone before it is too old.
import { openForWriting } from './schema.ts'
import { createWriter, type Erased } from './writer.ts'

export type { Erased } from './writer.ts'

/**
 * Of the store at `path`. REQUIRES: the lock of its directory is held. Returns what there was, undefined when the store does not know the
 * device. What was deleted is overwritten in the file. Throws StoreError.
 */
export function eraseDevice(path: string, deviceId: string): Erased | undefined {
  const db = openForWriting(path)
  try {
    db.exec('PRAGMA secure_delete = ON')
    const erased = createWriter(db).erase(deviceId)
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    return erased
  } finally {
    db.close()
  }
}
