// Where an installation keeps its files: one directory whose owner is the user of engine and collector. What lies
// in it is closed to others (0700); itself it lets them through (0711), to the agent's status socket and no further.
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  mkdirSync,
  openSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { shellWord } from '../shell-word.ts'

/** A setting that cannot work; the message says what, where and what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export type StatePaths = { root: string; agent: string; collector: string }

/** --state, else FRESHET_STATE, else the platform's place for the daemon (as root) or for the user. */
export function statePaths(option: string | undefined): StatePaths {
  const root = resolve(
    option || process.env['FRESHET_STATE'] || platformState(process.platform, process.getuid?.()),
  )
  return { root, agent: join(root, 'agent'), collector: join(root, 'collector') }
}

/** Where it is when nobody says. */
export function platformState(platform: string, uid: number | undefined): string {
  const mac = platform === 'darwin'
  if (uid === 0) return mac ? '/Library/Application Support/Freshet' : '/var/lib/freshet'
  if (mac) return join(homedir(), 'Library/Application Support/Freshet')
  return join(process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local/state'), 'freshet')
}

/** Of the state's root: others pass, and see no names. */
export const ROOT_MODE = 0o711
/** Of the directories in it. */
export const DIRECTORY_MODE = 0o700

/**
 * Makes the state's root and `directory` in it, with their modes and owned by `owner` (undefined: by who
 * runs this). Throws ConfigError when one belongs to somebody else or cannot be made.
 */
export function makeStateDirectory(
  paths: StatePaths,
  directory: string,
  owner: { uid: number; gid: number } | undefined,
): void {
  for (const path of [paths.root, directory]) {
    let fd: number | undefined
    try {
      mkdirSync(dirname(path), { recursive: true })
      const isNew = mkdirIfMissing(path)
      // What is looked at is what is changed: by descriptor, and never through a link. The directory
      // above may belong to the user this is about to become.
      fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
      takeOver(fd, path, path === paths.root ? ROOT_MODE : DIRECTORY_MODE, isNew, owner)
    } catch (error) {
      if (error instanceof ConfigError) throw error
      const { code, message } = error as NodeJS.ErrnoException
      const why =
        code === 'ENOTDIR' || code === 'ELOOP'
          ? `${path} is not a directory`
          : `the state directory ${path} cannot be made (${message})`
      throw new ConfigError(`${why}: choose another with --state`)
    } finally {
      if (fd !== undefined) closeSync(fd)
    }
  }
}

function takeOver(
  fd: number,
  path: string,
  mode: number,
  isNew: boolean,
  owner: { uid: number; gid: number } | undefined,
): void {
  const found = fstatSync(fd)
  const runsAs = process.getuid?.()
  const uid = owner?.uid ?? runsAs
  if (isNew && owner && found.uid === runsAs) fchownSync(fd, owner.uid, owner.gid)
  else if (found.uid !== uid)
    throw new ConfigError(
      `the state directory ${path} belongs to uid ${found.uid}, not to uid ${uid}: choose another with --state, or give it over with \`chown -R ${uid} ${shellWord(path)}\``,
    )
  if ((found.mode & 0o777) !== mode) fchmodSync(fd, mode)
}

function mkdirIfMissing(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Called after privileges were dropped: the directory must still be reachable. Throws ConfigError. */
export function enterStateDirectory(directory: string, user: string): void {
  try {
    process.chdir(directory)
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new ConfigError(
      `the user ${user} cannot use the state directory ${directory} (${(error as Error).message}): a directory above it is closed to others; choose another with --state, or --user root`,
    )
  }
}
