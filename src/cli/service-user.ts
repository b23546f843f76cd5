// Whom engine and collector of an installation run as.
import { resolveUser } from '../host/drop.ts'
import { ConfigError } from './state.ts'

/**
 * Who engine and collector run as: --user, else, as root, the first of _freshet, freshet and nobody that
 * exists; undefined (no change) when not root. Throws ConfigError.
 */
export function defaultUser(
  option: string | undefined,
): { name: string; uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) {
    if (option === undefined) return undefined
    throw new ConfigError('--user wants root: an ordinary user cannot become another')
  }
  if (option !== undefined) {
    const user = resolveUser(option)
    if (!user) throw new ConfigError(`--user: there is no user ${option} on this machine`)
    return user.uid === 0 ? undefined : user
  }
  for (const name of ['_freshet', 'freshet', 'nobody']) {
    const user = resolveUser(name)
    if (user && user.uid !== 0) return user
  }
  throw new ConfigError(
    'no user to run as: none of _freshet, freshet and nobody exists; name one with --user',
  )
}
