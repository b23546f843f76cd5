// Where the collector of an installation on this machine is, and what it wants to be shown.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { pageUrlOf } from '../collector/address.ts'
import { commandFor } from '../hint.ts'
import { lockDirectory } from '../host/lock.ts'
import { readStateFile } from '../state-file.ts'
import { closedSentence, isClosed, isThere } from './found.ts'
import { ADDRESS_FILE } from './names.ts'
import { asOwner } from './owner.ts'
import { ConfigError, type StatePaths } from './state.ts'

/** Its http address, without a slash at its end. Throws ConfigError. */
export const collectorAddress = (paths: StatePaths): string =>
  readOf(paths, ADDRESS_FILE).replace(/\/$/, '')

/** What opens its page. Throws ConfigError. */
export const pageKey = (paths: StatePaths): string => readOf(paths, 'page.key')

/** What opens the page of the collector that runs with this state. Throws ConfigError when none does, or it has no port. */
export function pageAddress(paths: StatePaths): string {
  const address = collectorAddress(paths)
  if (!isRunning(paths))
    throw new ConfigError(
      `no collector runs with the state directory ${paths.root}: start ${commandFor('up', paths.root)}, or ${commandFor('collector', paths.root)}`,
    )
  return pageUrlOf(address, pageKey(paths))
}

/** Whether a collector holds it. One that begins in this very moment waits longer for the lock than this looks at it. */
function isRunning(paths: StatePaths): boolean {
  return asOwner(statSync(paths.collector), () => {
    const unlock = lockDirectory(paths.collector, 0)
    unlock?.()
    return unlock === undefined
  })
}

function readOf(paths: StatePaths, file: string): string {
  const path = join(paths.collector, file)
  try {
    // Root reads what is the collector's user's.
    const found = readStateFile(path, { owner: 'any' })
    if (found) return found.text.trim()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (isClosed(code)) throw new ConfigError(`${path} cannot be read: ${closedSentence(path)}`)
    throw new ConfigError(`${path} cannot be read: ${message}`)
  }
  if (isThere(paths.collector) && isRunning(paths))
    throw new ConfigError(
      `the collector with the state directory ${paths.root} runs, but its page is not served: another program has its port; end that one, or start the collector again with another port`,
    )
  throw new ConfigError(
    `no collector has run with this state directory (${path} is missing): start ${commandFor('up', paths.root)} first, or name its directory with --state`,
  )
}
