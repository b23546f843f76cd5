// Where the collector of an installation on this machine is, and what it wants to be shown.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { closedSentence, isClosed } from './found.ts'
import { ADDRESS_FILE } from './names.ts'
import { ConfigError, commandFor, type StatePaths } from './state.ts'

/** Its http address, without a slash at its end. Throws ConfigError. */
export const collectorAddress = (paths: StatePaths): string =>
  readOf(paths, ADDRESS_FILE).replace(/\/$/, '')

/** What opens its page. Throws ConfigError. */
export const pageKey = (paths: StatePaths): string => readOf(paths, 'page.key')

function readOf(paths: StatePaths, file: string): string {
  const path = join(paths.collector, file)
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (isClosed(code)) throw new ConfigError(`${path} cannot be read: ${closedSentence(path)}`)
    if (code !== 'ENOENT') throw new ConfigError(`${path} cannot be read: ${message}`)
    throw new ConfigError(
      `no collector has run with this state directory (${path} is missing): start ${commandFor('up', paths.root)} first, or name its directory with --state`,
    )
  }
}
