// What is not there as a collector starts, and was: it would be begun anew, empty, without a word.
import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { asidesOf } from '../baseline/sqlite-file.ts'
import { commandIn, stateOf } from '../hint.ts'
import { shellWord } from '../shell-word.ts'
import { CollectorError } from './collector-error.ts'
import { REGISTRY_FILE } from './fleet/fleet.ts'

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
  const aside = asidesOf(path).at(-1)
  const without = `${path}, the registry of devices, is not there, and tls/authority.pem is`
  const restore = `bring a backup back with ${commandIn('collector restore FILE --secrets FILE --force', stateOf(path))}`
  if (aside === undefined) {
    log(
      `${without}: an empty one is made. Where agents had enrolled they have to enrol again: or stop this collector, and ${restore}`,
    )
    return
  }
  throw new CollectorError(
    'state',
    `${without}: ${aside} was set aside. Run ${backOf(aside, path)}, or ${restore}; to begin with no device, where every agent has to enrol again, move ${aside} elsewhere`,
  )
}

/** With its log, which holds what was not moved into it yet. */
const backOf = (aside: string, path: string): string =>
  ['', '-wal']
    .filter((end) => isThere(`${aside}${end}`))
    .map((end) => `\`mv ${shellWord(`${aside}${end}`)} ${shellWord(`${path}${end}`)}\``)
    .join(' and ')

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined
