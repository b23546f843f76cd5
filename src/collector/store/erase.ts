// What one device sent goes at once while no collector runs: as in one that runs (erasing.ts), and then the file is written anew.
// What is deleted is overwritten where it stands. That leaves copies in pages that an earlier version split, and in free pages what
// had gone before by its age: nobody can say whose they were.
import type { DatabaseSync } from 'node:sqlite'
import { diskTrouble } from '../../baseline/sqlite-file.ts'
import { emptyLog } from './checkpoint.ts'
import type { Erased, ErasedBefore, ErasureStep } from './protocol.ts'
import { openForWriting } from './schema.ts'
import { createWriter } from './writer.ts'

/**
 * Of the store at `path`. REQUIRES: the lock of its directory is held. `found`: what there was, undefined where the store does not
 * know the device. `before`: as far as it had come when it was cut off; `onBegun` is told before anything is gone. `isWrittenAnew` is false where there was nothing to do, or the disk has no room for it. `isAgain`: the
 * device may be gone already, and only the file is to be written. Throws StoreError.
 */
export function eraseDevice(
  path: string,
  deviceId: string,
  {
    nowNs,
    isAgain = false,
    before,
    onBegun = () => {},
  }: {
    nowNs: bigint
    isAgain?: boolean
    before?: ErasedBefore | undefined
    onBegun?: (step: ErasureStep) => void
  },
): { found: Erased | undefined; isWrittenAnew: boolean } {
  const db = openForWriting(path)
  try {
    const writer = createWriter(db)
    let step = writer.erase(nowNs, deviceId, before)
    if (step.more) onBegun(step)
    while (step.more) step = writer.erase(nowNs, deviceId)
    const found = step.found ?? before?.found
    const isWrittenAnew = (found !== undefined || isAgain) && writesAnew(db)
    emptyLog(db)
    return { found, isWrittenAnew }
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
