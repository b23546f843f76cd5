// From root to an ordinary user, for good.
import { type PasswordEntry, passwordEntryOfName, passwordEntryOfUid } from './libc.ts'

export type User = PasswordEntry

/** The user of this name or, when it is all digits and no name, of this number. undefined when none. */
export function resolveUser(nameOrUid: string): User | undefined {
  const named = passwordEntryOfName(nameOrUid)
  if (named) return named
  const uid = /^\d{1,10}$/.test(nameOrUid) ? Number(nameOrUid) : undefined
  return uid !== undefined && uid < 0xffff_ffff ? passwordEntryOfUid(uid) : undefined
}

/**
 * Gives up root: this process has the user's uid, gid and no other group, and cannot get back. Does nothing
 * when it is that user already. Throws an Error with a sentence when it cannot, or when it could be undone;
 * the process must then end, since it may be half changed.
 */
export function dropTo(user: User): void {
  const { setuid, setgid, setgroups, getuid } = process
  if (!setuid || !setgid || !setgroups || !getuid)
    throw new Error('this system has no users to change to')
  if (user.uid === 0) throw new Error('root is no user to drop to: name an ordinary one')
  if (getuid() === user.uid && process.geteuid?.() === user.uid) return
  if (process.geteuid?.() !== 0)
    throw new Error(`only root can become ${user.name}: this process runs as user ${getuid()}`)
  try {
    // In this order: without root the first two would be refused.
    setgroups([user.gid])
    setgid(user.gid)
    setuid(user.uid)
  } catch (cause) {
    throw new Error(
      `this process could not become ${user.name} (uid ${user.uid}): ${(cause as Error).message}`,
      { cause },
    )
  }
  assertDropped(user)
}

function assertDropped(user: User): void {
  const ids = [process.getuid?.(), process.geteuid?.()]
  // On macOS getgroups(2) may ask the directory service, not the kernel, for the groups of a user.
  const others = process.platform === 'darwin' ? [] : (process.getgroups?.() ?? [])
  const groups = [process.getgid?.(), process.getegid?.(), ...others]
  if (ids.some((uid) => uid !== user.uid) || groups.some((gid) => gid !== user.gid))
    throw new Error(`this process is not wholly ${user.name}: uids ${ids}, gids ${groups}`)
  const ways = {
    setuid: () => process.setuid?.(0),
    seteuid: () => process.seteuid?.(0),
    setgroups: () => process.setgroups?.([0]),
    ...(user.gid === 0 ? {} : { setgid: () => process.setgid?.(0) }),
  }
  for (const [name, way] of Object.entries(ways)) {
    try {
      way()
    } catch {
      continue
    }
    throw new Error(`this process became ${user.name}, but ${name} gives root back: it must end`)
  }
}
