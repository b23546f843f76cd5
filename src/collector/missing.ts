// What is not there as a collector starts, and was: it would be begun anew, empty, without a word.
import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { asidesOf } from '../baseline/sqlite-file.ts'
import { REGISTRY_FILE, refuseMaking } from './fleet/fleet.ts'
import { backOf, restoreOf } from './terms/placing.ts'

/** REQUIRES: what a restore was cut off at is undone. Throws CollectorError where every device would be a stranger. */
export function tellMissing(
  stateDir: string,
  storePath: string,
  hasMachines: boolean,
  log: (text: string) => void,
): void {
  if (hasMachines) refuseWithoutRegistry(stateDir, log)
  if (isThere(storePath)) return
  const aside = asidesOf(storePath).at(-1)
  if (aside !== undefined)
    log(
      `${storePath}, the store, is not there, and an empty one is begun: ${aside} was set aside. To have that one, stop this collector, move store.db away with its -wal and -shm, and run ${backOf(aside, storePath)}`,
    )
}

function refuseWithoutRegistry(stateDir: string, log: (text: string) => void): void {
  const path = join(stateDir, REGISTRY_FILE)
  if (isThere(path) || !isThere(join(stateDir, 'tls', 'authority.pem'))) return
  refuseMaking(path)
  log(
    `${path}, the registry of devices, is not there, and tls/authority.pem is: an empty one is made. Where agents had enrolled they have to enrol again: or stop this collector, and bring a backup back with ${restoreOf(path)}`,
  )
}

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined
