// The state directory as it is made and entered. What lies in it is closed to others (0700); itself it lets them
// through (0711), to the agent's status socket and no further.
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  type Stats,
} from 'node:fs'
import { dirname } from 'node:path'
import { shellWord } from '../shell-word.ts'
import { closedSentence, nameOf, reached } from './found.ts'
import { ConfigError, type StatePaths } from './state.ts'

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
      throw new ConfigError(
        `${whyNot(path, error as NodeJS.ErrnoException)}; choose another with --state`,
        { cause: error },
      )
    } finally {
      if (fd !== undefined) closeSync(fd)
    }
  }
}

/** The cause, as far as this user may see it: what is there already has an owner; what is not, a directory above. */
function whyNot(path: string, error: NodeJS.ErrnoException): string {
  const { code, message } = error
  if (code === 'ENOTDIR' || code === 'ELOOP') return `${path} is not a directory`
  if (code !== 'EACCES' && code !== 'EPERM')
    return `the state directory ${path} cannot be made (${message})`
  const { at, uid, isItself } = reached(path)
  if (isItself)
    return `the state directory ${path} belongs to ${nameOf(uid)}, not to ${nameOf(process.getuid?.() ?? 0)}`
  return at === dirname(path) && mayEnter(at)
    ? `the state directory ${path} cannot be made: ${at} belongs to ${nameOf(uid)}, and ${nameOf(process.getuid?.() ?? 0)} may not write in it`
    : `the state directory ${path} cannot be reached: ${closedSentence(path)}`
}

function mayEnter(directory: string): boolean {
  try {
    accessSync(directory, constants.X_OK)
    return true
  } catch {
    return false
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
  const isOwn = owner !== undefined && found.uid === runsAs
  // Root's own, made by hand and still empty, is as good as one that is made here: nothing of root's is given away.
  if (isOwn && (isNew || (runsAs === 0 && isEmpty(path, found))))
    fchownSync(fd, owner.uid, owner.gid)
  else if (found.uid !== uid)
    throw new ConfigError(
      `the state directory ${path} belongs to ${nameOf(found.uid)}, not to ${nameOf(uid ?? 0)}: choose another with --state, or give it over with \`chown -R ${uid} ${shellWord(path)}\``,
    )
  if ((found.mode & 0o777) !== mode) fchmodSync(fd, mode)
}

/** By its name, as a descriptor tells no names; so that has to be the same directory still. */
function isEmpty(path: string, found: Stats): boolean {
  const { length } = readdirSync(path)
  const now = lstatSync(path)
  return length === 0 && now.ino === found.ino && now.dev === found.dev
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
