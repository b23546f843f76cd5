// Where an installation keeps its files: one directory whose owner is the user of engine and collector.
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { shellWord } from '../shell-word.ts'

/** A setting that cannot work; the message says what, where and what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export type StatePaths = { root: string; agent: string; collector: string }

/** --state, else FRESHET_STATE, else the platform's place for the daemon (as root) or for the user. */
export function statePaths(option: string | undefined): StatePaths {
  const root = resolve(
    option || process.env['FRESHET_STATE'] || platformState(process.platform, process.getuid?.()),
  )
  return { root, agent: join(root, 'agent'), collector: join(root, 'collector') }
}

/** Where it is when nobody says. */
export function platformState(platform: string, uid: number | undefined): string {
  const mac = platform === 'darwin'
  if (uid === 0) return mac ? '/Library/Application Support/Freshet' : '/var/lib/freshet'
  if (mac) return join(homedir(), 'Library/Application Support/Freshet')
  return join(process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local/state'), 'freshet')
}

/** A command of this program as it has to be written to work on the installation in `root`. */
export function commandFor(words: string, root: string): string {
  if (root === platformState(process.platform, process.getuid?.()))
    return `\`npx freshet ${words}\``
  return `\`npx freshet ${words} --state ${/^[\w./-]+$/.test(root) ? root : shellWord(root)}\``
}
