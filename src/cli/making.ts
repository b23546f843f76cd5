// How a file that a command makes comes to be, in words; without a look at who its users are, as root's own program has it too.
import { dirname } from 'node:path'
import { ConfigError } from './state.ts'

/** Of the errors that keep a user from a file. */
export const isClosed = (code: string | undefined): boolean => code === 'EACCES' || code === 'EPERM'

/** What `open` returns; throws ConfigError where it cannot make `path`, in words that name it once. */
export function made(path: string, open: () => number): number {
  try {
    return open()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why =
      code === 'ENOENT'
        ? `the directory ${dirname(path)} is not there`
        : isClosed(code)
          ? `this user may not write in ${dirname(path)}`
          : message
    throw new ConfigError(`${path} cannot be made: ${why}`)
  }
}
