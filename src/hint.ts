// Commands of this program as they stand in a hint: they work as they are copied, on the installation that is spoken of.
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { PLACE } from './place.ts'
import { shellWord } from './shell-word.ts'

/** Where the daemon's state is. */
export const daemonState = (platform: string): string =>
  platform === 'darwin' ? '/Library/Application Support/Freshet' : '/var/lib/freshet'

/**
 * Where the state is when nobody says: the daemon's place for root, the user's for a user; undefined for who has no home, as
 * a user in a container whom nothing names. A relative XDG_STATE_HOME is to be ignored (XDG Base Directory Specification).
 */
export function platformState(platform: string, uid: number | undefined): string | undefined {
  if (uid === 0) return daemonState(platform)
  const named = platform === 'darwin' ? '' : (process.env['XDG_STATE_HOME'] ?? '')
  if (isAbsolute(named)) return join(named, 'freshet')
  const home = ownHome()
  if (home === undefined) return undefined
  return join(
    home,
    platform === 'darwin' ? 'Library/Application Support/Freshet' : '.local/state/freshet',
  )
}

function ownHome(): string | undefined {
  try {
    const home = homedir()
    return isAbsolute(home) ? home : undefined
  } catch {
    // No HOME, and no entry of this user's: uv_os_homedir says ENOENT.
    return undefined
  }
}

/** The command itself, without a place; `words` as a shell wants them. */
export const commandOf = (words: string): string =>
  `${PLACE.isInstalled ? 'freshet' : 'npx freshet'} ${words}`

/** In backticks, for the installation in `root`, whoever is to run it: others have another place when nobody says. */
export const commandIn = (words: string, root: string): string =>
  `\`${commandOf(words)} --state ${shellWord(root)}\``

/** In backticks, for another machine, of whose place nothing is known here. */
export const commandThere = (words: string): string => `\`${commandOf(words)}\``

/** The same for who runs this process: their own place goes without saying. */
export const commandFor = (words: string, root: string): string =>
  root === platformState(process.platform, process.getuid?.())
    ? `\`${commandOf(words)}\``
    : commandIn(words, root)

/**
 * The same in another terminal of whoever started this process: where that was through sudo, which says for whom, it is none
 * of root's.
 */
export const commandBeside = (
  words: string,
  root: string,
  uid = process.getuid?.(),
  sudoUid = process.env['SUDO_UID'],
): string =>
  uid === 0 && Number(sudoUid ?? 0) > 0
    ? `\`sudo ${commandFor(words, root).slice(1)}`
    : commandFor(words, root)

/** The same as root. */
export const rootCommandIn = (words: string, root: string): string =>
  `\`sudo ${commandIn(words, root).slice(1)}`

/**
 * The state directory that a file such as agent/baseline.db or collector/store.db lies in. Absolute: the engine works in a
 * part of it, and knows its files by their names.
 */
export const stateOf = (file: string): string => dirname(dirname(resolve(file)))
