// A file that a command makes: whole under its name, or not at all; and what it writes where that is a stream.
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { whyUnreadable } from '../given-file.ts'
import { moveFile, syncDirectory } from '../state-file.ts'
import { isThere } from './found.ts'
import { made } from './making.ts'
import { ConfigError } from './state.ts'

/** In place of a file: standard input or output. */
export const STREAM = '-'

/** `what` names it in errors; with `isForced` a file that is there is replaced. */
export type OutputFile = { file: string; what: string; isForced: boolean }

/**
 * Makes `file` of what `write` writes to the descriptor it is given, readable for who made it alone, and on the disk when
 * this returns. Throws ConfigError where the file may not be made or has no room; whatever goes wrong, nothing is left.
 */
export function makeFile<T>({ file, what, isForced }: OutputFile, write: (fd: number) => T): T {
  refuseTaken(file, isForced)
  // Under a name that nobody could have put a link at, and never through one: the directory may be open to others.
  const partial = `${file}.${randomBytes(8).toString('hex')}.partial`
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  const fd = made(file, () => openSync(partial, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600))
  try {
    try {
      const made = write(fd)
      fsyncSync(fd)
      place(partial, file, isForced)
      return made
    } finally {
      closeSync(fd)
    }
  } catch (cause) {
    throw diskSays(cause, what, file)
  } finally {
    rmSync(partial, { force: true })
    syncDirectory(dirname(file))
  }
}

/** What `work` returns that writes to standard output itself. Throws ConfigError when that takes no more. */
export function asStream<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'EPIPE')
      throw new ConfigError(`the ${what} is cut: who reads it has gone before its end`)
    if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EIO')
      throw new ConfigError(`the ${what} is cut: standard output takes no more (${message})`)
    throw cause
  }
}

/** All of it: a disk that becomes full, or a pipe, takes a part and says so by the count alone. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; )
    at += whenReady(() => writeSync(fd, bytes, at, bytes.length - at))
}

const READY_MS = 5

/** What `work` returns, once a descriptor that its parent has made non-blocking has room, or something to be read. */
export function whenReady<T>(work: () => T): T {
  for (;;)
    try {
      return work()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, READY_MS)
    }
}

/** What `open` returns; throws ConfigError where `path` cannot be opened to be read. */
export function opened(path: string, open: () => number): number {
  try {
    return open()
  } catch (error) {
    throw new ConfigError(`${path} cannot be opened: ${whyUnreadable(error)}`)
  }
}

/** Throws ConfigError where `makeFile` would for what is there. */
export function refuseTaken(file: string, isForced: boolean): void {
  let isLink = false
  try {
    const found = lstatSync(file)
    isLink = found.isSymbolicLink()
    // A rename would put the file in the place of a device for everybody, or of the link and not of what it leads to.
    if (!isLink && !found.isFile())
      throw new ConfigError(
        `${file} is a directory, a device or a pipe, and no file to replace: choose another name`,
      )
  } catch (error) {
    if (error instanceof ConfigError) throw error
    // Throws where this user cannot know; else it is not there.
    isThere(file)
    return
  }
  if (isLink)
    throw new ConfigError(`${file} is a link: choose another name, or the one that it leads to`)
  if (!isForced) throw taken(file)
}

const taken = (file: string): ConfigError =>
  new ConfigError(`${file} is there already: choose another name, or --force`)

/** File systems without hard links. */
const LINKLESS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/** A link replaces nothing, whoever made a file of that name meanwhile; a rename does. */
function place(partial: string, file: string, isForced: boolean): void {
  if (!isForced)
    try {
      linkSync(partial, file)
      return
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (code === 'EEXIST') throw taken(file)
      if (!LINKLESS.has(code)) throw error
    }
  refuseTaken(file, isForced)
  moveFile(partial, file)
}

function diskSays(cause: unknown, what: string, file: string): unknown {
  const { code } = cause as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new ConfigError(
      `no ${what}: the disk with ${file} is full; make room, or choose a name on another`,
    )
  return cause
}
