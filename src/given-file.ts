// Files that a person names for a command to read: regular ones. Of a FIFO that nobody writes to an open waits for ever,
// and what comes out of a device or a socket need not end.
import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs'
import { kindOf } from './state-file.ts'

/** It is no regular file; the message says what it is in place of one. */
export class GivenFileError extends Error {
  override readonly name = 'GivenFileError'
}

/** Whether what is read there may come through standard input too. */
type Given = { orStream: boolean }

/** Opens it to be read, also behind a link; the caller closes it. Throws GivenFileError, or what the file system does. */
export function openGivenFile(path: string, { orStream }: Given): number {
  let file: number
  try {
    // NONBLOCK changes nothing of a regular file.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    // A socket, or a device that is not there (open(2)).
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') refuse(kindOf(statSync(path)), orStream)
    throw error
  }
  const kind = kindOf(fstatSync(file))
  if (kind === undefined) return file
  closeSync(file)
  return refuse(kind, orStream)
}

/** Whether a regular file is there, or a link to one. */
export function isFileThere(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there',
  ENOTDIR: 'something above it is a file',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  ELOOP: 'it is a link that leads back to itself',
  ENAMETOOLONG: 'its name is too long',
}

/** Why what a person named cannot be read, in words that name it once. */
export function whyUnreadable(cause: unknown): string {
  const { code = '', message } = cause as NodeJS.ErrnoException
  return UNREADABLE[code] ?? message
}

function refuse(kind = 'something else', orStream: boolean): never {
  const remedy =
    orStream && kind !== 'a directory'
      ? ': give what comes out of it as standard input, with - for its name'
      : ''
  throw new GivenFileError(`it is ${kind}, not a file${remedy}`)
}
