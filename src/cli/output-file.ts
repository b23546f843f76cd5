// A file that a command makes: whole under its name, or not at all.
import { existsSync, statSync } from 'node:fs'
import { ConfigError } from './state.ts'

/** Throws ConfigError where `file` may not be made: it is there and not to be replaced, or it is no file that could be. */
export function refuseTaken(file: string, isForced: boolean): void {
  if (!existsSync(file)) return
  // A rename would put the file in the place of a device for everybody.
  if (!statSync(file).isFile())
    throw new ConfigError(
      `${file} is a directory, a device or a pipe, and no file to replace: choose another name`,
    )
  if (!isForced) throw new ConfigError(`${file} is there already: choose another name, or --force`)
}

/** What `work` throws when the disk takes no more, as a ConfigError that says what was not made and where. */
export function diskSays(cause: unknown, what: string, file: string): unknown {
  const { code } = cause as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new ConfigError(
      `no ${what}: the disk with ${file} is full; make room, or choose a name on another`,
    )
  return cause
}
