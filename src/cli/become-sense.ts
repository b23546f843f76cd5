// The executable `freshet` that root asks to watch becomes `freshet-sense`, in the same process.
import { accessSync, constants } from 'node:fs'
import { PLACE } from '../place.ts'
import { ConfigError } from './state.ts'

/**
 * Executes it with the words that this program was called with, and an empty environment. `root` is the state directory,
 * which the environment may have named. Throws ConfigError where it is not there.
 */
export function becomeSense(root: string): never {
  const { execve } = process
  try {
    accessSync(PLACE.sense, constants.X_OK)
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
