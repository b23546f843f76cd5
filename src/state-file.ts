// Files of a state directory, small ones and databases, read and written so that nothing which stands at their place
// holds anybody up or leads elsewhere: no link is followed, and a FIFO, a socket, a device or a directory is refused.
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
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

/**
 * Whole or not at all, 0600, in place of whatever stood there but a directory, and on the disk when it returns. Throws what the
 * file system does; `moveFile` says when it may stand there all the same.
 */
export function writeStateFile(path: string, text: string | Uint8Array): void {
  const fresh = `${path}.new`
  rmSync(fresh, { force: true })
  // EXCL: makes it, and follows nothing that came there in between.
  const file = openSync(fresh, 'wx', 0o600)
  try {
    try {
      for (let rest = typeof text === 'string' ? Buffer.from(text) : text; rest.length > 0; )
        rest = rest.subarray(writeSync(file, rest))
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    moveFile(fresh, path)
  } catch (cause) {
    rmSync(fresh, { force: true })
    throw cause
  }
}

/**
 * Renames, and is back when the rename outlives a power cut; so all of the project renames. Throws what the file system does:
 * where that is of the directory, the file has its new name, and whether it keeps that is not known.
 */
export function moveFile(from: string, to: string): void {
  renameSync(from, to)
  syncDirectory(dirname(to))
  if (dirname(from) !== dirname(to)) syncDirectory(dirname(from))
}

/** Removes a file whose return would undo something, if it is there. As `moveFile`. */
export function removeFile(path: string): void {
  rmSync(path, { force: true })
  syncDirectory(dirname(path))
}

/** Of fsync(2) on a directory: the file system does not do it, and has its own way or none. */
const SYNCS_NONE: readonly (string | undefined)[] = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']
const CLOSED: readonly (string | undefined)[] = ['EACCES', 'EPERM']

/**
 * A name made, changed or removed there is on the disk once its directory is; a directory that may be written and not read is
 * left to the system. Node's fsync is F_FULLFSYNC on a Mac, where fsync(2) leaves it in the drive's cache (libuv,
 * src/unix/fs.c). Throws what the file system does.
 */
export function syncDirectory(path: string): void {
  let directory: number
  try {
    directory = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  } catch (error) {
    if (CLOSED.includes((error as NodeJS.ErrnoException).code)) return
    throw error
  }
  try {
    fsyncSync(directory)
  } catch (error) {
    if (!SYNCS_NONE.includes((error as NodeJS.ErrnoException).code)) throw error
  } finally {
    closeSync(directory)
  }
}

/**
 * As `writeStateFile`; where the disk takes no other file the text is written over the one that is there, if it has the
 * room: a small file has a block of its own. A crash meanwhile may leave a mixture of both. Throws what the file system does.
 */
export function writeStateFileAnyhow(path: string, text: string): void {
  try {
    writeStateFile(path, text)
  } catch (cause) {
    if (!isDiskFull(cause) || !wroteOver(path, Buffer.from(text))) throw cause
  }
}

function wroteOver(path: string, bytes: Uint8Array): boolean {
  let file: number
  try {
    file = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  } catch {
    return false
  }
  try {
    const found = fstatSync(file)
    if (!found.isFile() || found.blocks * BLOCK_BYTES < bytes.length) return false
    let written = 0
    while (written < bytes.length)
      written += writeSync(file, bytes, written, bytes.length - written, written)
    ftruncateSync(file, bytes.length)
    fsyncSync(file)
    return true
  } catch (cause) {
    if (isDiskFull(cause)) return false
    throw cause
  } finally {
    closeSync(file)
  }
}

/** Of `blocks` in stat(2), wherever a file lies. */
const BLOCK_BYTES = 512

/** One sector: it is written whole or not at all. */
const PREPARED_BYTES = 512

/**
 * What a prepared file says, which is nothing until `writePrepared`; it is made where there is none and the disk has room. It
 * is there beforehand so that a full disk can be told something: what it says is written over in place. Throws StateFileError,
 * or what the file system does beside being full.
 */
export function readPrepared(path: string): string {
  const file = readStateFile(path, { owner: 'any' })
  if (file !== undefined) {
    refuseOwnerBeside(path, file.uid)
    return file.text.trim()
  }
  try {
    writeStateFile(path, prepared(''))
  } catch (error) {
    if (!isDiskFull(error)) throw error
  }
  return ''
}

/** `text` has at most 512 bytes. Throws what the file system does. */
export function writePrepared(path: string, text: string): void {
  let file: number
  try {
    file = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    writeStateFile(path, prepared(text))
    return
  }
  try {
    refuseKind(path, fstatSync(file))
    writeSync(file, prepared(text), 0, PREPARED_BYTES, 0)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function prepared(text: string): Uint8Array {
  const bytes = Buffer.alloc(PREPARED_BYTES, ' ')
  if (bytes.write(text) < Buffer.byteLength(text))
    throw new RangeError(`a prepared file has no room for ${text}`)
  return bytes
}

/**
 * Adds to a file that `writeStateFile` made and that has so many bytes; false where another stands there, or none. Throws
 * what the file system does; a part may be written then.
 */
export function appendStateFile(path: string, text: Uint8Array, bytes: number): boolean {
  let file: number
  try {
    file = openSync(
      path,
      constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK | constants.O_NOFOLLOW,
    )
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENXIO') return false
    throw error
  }
  try {
    const found = fstatSync(file)
    if (!found.isFile() || found.size !== bytes) return false
    for (let rest = text; rest.length > 0; ) rest = rest.subarray(writeSync(file, rest))
    fsyncSync(file)
    return true
  } finally {
    closeSync(file)
  }
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
    refuseOwnerBeside(`${path}${end}`, found.uid)
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

/** Who has the directory decides in any case; root may look into another's. */
function refuseOwnerBeside(path: string, uid: number): void {
  if (uid !== statSync(dirname(path)).uid) refuseOwner(path, uid)
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
