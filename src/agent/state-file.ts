// The small files of the state directory, whose trouble is the disk's or their owner's and no bug.

import { dirname } from 'node:path'
import { commandIn } from '../hint.ts'
import { StateFileError } from '../state-file.ts'

/** One of them cannot be used; the message says which, why, and where to look. */
export class StateError extends Error {
  override readonly name = 'StateError'
}

/** What `work` returns. What the file system or SQLite refuses is thrown as StateError. */
export function usingState<T>(directory: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof StateFileError)
      throw new StateError(`in ${directory}: ${cause.message}`, { cause })
    // Node's own, and those of node:sqlite.
    if (!(cause instanceof Error) || !('syscall' in cause || 'errcode' in cause)) throw cause
    const { message } = cause
    throw new StateError(
      `the state directory ${directory} cannot be used (${message}): ${commandIn('doctor', dirname(directory))} says what is the matter`,
      { cause },
    )
  }
}
