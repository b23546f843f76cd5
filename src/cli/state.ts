// Where an installation keeps its files: one directory whose owner is the user of engine and collector.
import { join, resolve } from 'node:path'
import { platformState } from '../hint.ts'

/** A setting that cannot work; the message says what, where and what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export type StatePaths = { root: string; agent: string; collector: string }

/** --state, else FRESHET_STATE, else the platform's place for the daemon (as root) or for the user. Throws ConfigError. */
export function statePaths(option: string | undefined): StatePaths {
  const given =
    option || process.env['FRESHET_STATE'] || platformState(process.platform, process.getuid?.())
  if (given === undefined)
    throw new ConfigError(
      `uid ${process.getuid?.()} has no home directory, where a user's state is: name a directory with --state`,
    )
  const root = resolve(given)
  return { root, agent: join(root, 'agent'), collector: join(root, 'collector') }
}
