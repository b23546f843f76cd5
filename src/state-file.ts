// Files of a state directory, small ones and databases, read and written so that nothing which stands at their place
// holds anybody up or leads elsewhere: no link is followed, and a FIFO, a socket, a device or a directory is refused.
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

/** The largest, what counts deaths, has 5 KB. */
const BYTES_MAX = 64 * 1024

const TAKES_NOTHING: readonly (string | undefined)[] = ['ENOSPC', 'EDQUOT', 'EROFS']

/** Whether what the file system threw says that the disk takes nothing, which may pass. */
export const isDiskFull = (error: unknown): boolean =>
  TAKES_NOTHING.includes((error as NodeJS.ErrnoException).code)

/** What stands there is not such a file; the message says what it is and what to do. */
export class StateFileError extends Error {
  override readonly name = 'StateFileError'
}

export type StateFile = {
  text: string
  /** Of its last change, milliseconds since 1970. */
  changedMs: number
  mode: number
  uid: number
}

export type ReadOptions = {
  /** Who may own it beside root: own: who runs this; any: a person's file or, for root, a user's. Own when not given. */
  owner?: 'own' | 'any'
  /** A path that a person gave may be a link. */
  followsLinks?: boolean
  bytesMax?: number
}

/**
 * The whole file; undefined when there is none. Throws StateFileError, or what the file system does. Whose secret it may
 * be is the caller's to judge.
 */
export function readStateFile(path: string, options: ReadOptions = {}): StateFile | undefined {
  const { owner = 'own', followsLinks = false, bytesMax = BYTES_MAX } = options
  let file: number
  try {
    // NONBLOCK: of a FIFO without a writer an open waits for ever.
    const how = constants.O_RDONLY | constants.O_NONBLOCK
    file = openSync(path, followsLinks ? how : how | constants.O_NOFOLLOW)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    // ELOOP: a link (open(2)); ENXIO: a socket.
    if (code === 'ELOOP' || code === 'ENXIO') refuseKind(path, lstatSync(path), followsLinks)
    throw error
  }
  try {
    const found = fstatSync(file)
    refuseKind(path, found, followsLinks)
    if (owner === 'own') refuseOwner(path, found.uid)
    const { mode, uid, mtimeMs } = found
    return { text: readAtMost(file, path, bytesMax), changedMs: mtimeMs, mode: mode & 0o777, uid }
  } finally {
    closeSync(file)
  }
}

/** Whole or not at all, 0600, in place of whatever stood there but a directory. Throws what the file system does. */
export function writeStateFile(path: string, text: string | Uint8Array): void {
  const fresh = `${path}.new`
  rmSync(fresh, { force: true })
  // EXCL: makes it, and follows nothing that came there in between.
  const file = openSync(fresh, 'wx', 0o600)
  try {
    for (let rest = typeof text === 'string' ? Buffer.from(text) : text; rest.length > 0; )
      rest = rest.subarray(writeSync(file, rest))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(fresh, path)
}

/**
 * An empty file, 0600, where there is none: SQLite would make its own by the umask, which others may read. What stands
 * there already is left alone, unopened. Throws what the file system does.
 */
export function makeEmptyFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

export type DatabaseFile = {
  /** Bytes; undefined when there is no such file. */
  bytes: number | undefined
  /** What was done about a mode that let others in, as a sentence. */
  narrowed: string | undefined
}

/**
 * Looks at an SQLite file before it is opened, and closes it (and its -wal and -shm) to others. Throws StateFileError. By
 * name and not by descriptor: closing one would release the locks that this process holds on the file (fcntl(2)).
 */
export function inspectDatabaseFile(path: string): DatabaseFile {
  const closed: string[] = []
  let bytes: number | undefined
  for (const end of ['', '-wal', '-shm']) {
    const found = lstatSync(`${path}${end}`, { throwIfNoEntry: false })
    if (!found) continue
    refuseKind(`${path}${end}`, found)
    // Who has the directory decides in any case; root may look into another's.
    if (found.uid !== statSync(dirname(path)).uid) refuseOwner(`${path}${end}`, found.uid)
    if (end === '') bytes = found.size
    if ((found.mode & 0o077) === 0) continue
    chmodSync(`${path}${end}`, 0o600)
    closed.push(`${path}${end} (mode ${(found.mode & 0o777).toString(8)})`)
  }
  const narrowed =
    closed.length === 0
      ? undefined
      : `others could use ${closed.join(', ')}: closed to them now (600); whether somebody did is not known`
  return { bytes, narrowed }
}

const KINDS: readonly [(found: Stats) => boolean, string][] = [
  [(found) => found.isSymbolicLink(), 'a symbolic link'],
  [(found) => found.isFIFO(), 'a FIFO'],
  [(found) => found.isSocket(), 'a socket'],
  [(found) => found.isDirectory(), 'a directory'],
  [(found) => found.isCharacterDevice() || found.isBlockDevice(), 'a device'],
]

/** What it is when it is no regular file, with its article. */
export const kindOf = (found: Stats): string | undefined =>
  found.isFile() ? undefined : (KINDS.find(([is]) => is(found))?.[1] ?? 'something else')

/** `isGiven`: a person named it, and may want it where it is. */
function refuseKind(path: string, found: Stats, isGiven = false): void {
  const kind = kindOf(found)
  if (kind !== undefined)
    throw new StateFileError(`${path} is not a file but ${kind}${isGiven ? '' : ': remove it'}`)
}

function refuseOwner(path: string, uid: number): void {
  const own = process.geteuid?.()
  if (own === undefined || uid === 0 || uid === own) return
  throw new StateFileError(
    `${path} belongs to uid ${uid}, neither to root nor to uid ${own} that this runs as: whoever that is decides what it says; give it over or remove it`,
  )
}

/** By its bytes and not by its size, which may change meanwhile. */
function readAtMost(file: number, path: string, bytesMax: number): string {
  const buffer = Buffer.alloc(bytesMax + 1)
  let length = 0
  for (;;) {
    const read = readSync(file, buffer, length, buffer.length - length, null)
    length += read
    if (length > bytesMax)
      throw new StateFileError(`${path} is larger than ${bytesMax} bytes, which no such file is`)
    if (read === 0) return buffer.toString('utf8', 0, length)
  }
}
