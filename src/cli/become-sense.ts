// The executable `freshet` that root asks to watch becomes `freshet-sense`, in the same process.
import { NativeModuleError, wantOwnProgram } from '../native-module.ts'
import { PLACE } from '../place.ts'
import { ConfigError } from './state.ts'

/**
 * Executes it with the words that this program was called with, and an empty environment. `root` is the state directory,
 * which the environment may have named. Throws ConfigError where it is not there.
 */
export function becomeSense(root: string): never {
  const { execve } = process
  wantProgram(PLACE.sense)
  try {
    if (!execve) throw new Error('this system has no execve')
    const [command = '', ...words] = process.argv.slice(2)
    return execve(PLACE.sense, [PLACE.sense, command, '--state', root, ...words], {})
  } catch (cause) {
    throw new ConfigError(
      `${PLACE.sense}, which watches as root, cannot be run (${(cause as Error).message}): install Freshet again, with all of its files`,
      { cause },
    )
  }
}

/** Throws ConfigError where a program beside this one is not there, or may be somebody else's. */
export function wantProgram(path: string): void {
  try {
    wantOwnProgram(path)
  } catch (error) {
    if (error instanceof NativeModuleError) throw new ConfigError(error.message, { cause: error })
    throw error
  }
}
