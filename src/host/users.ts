// Names of this machine's users. On macOS they are not in /etc/passwd: only getpwuid_r knows them.
import { passwordEntryOfName, passwordEntryOfUid } from './libc.ts'

const NAMES_MAX = 1024
/** Directory services answer slowly at times, and names hardly ever change. */
const KEPT_MS = 10 * 60_000

const names = new Map<number, { name: string | undefined; untilMs: number }>()

/** undefined when there is no such user, or the database does not answer; asked again after ten minutes. */
export function userName(
  uid: number,
  nowMs = performance.now(),
  entryOf: typeof passwordEntryOfUid = passwordEntryOfUid,
): string | undefined {
  const known = names.get(uid)
  if (known && nowMs < known.untilMs) return known.name
  const name = entryOf(uid)?.name
  names.delete(uid)
  names.set(uid, { name, untilMs: nowMs + KEPT_MS })
  if (names.size > NAMES_MAX)
    for (const oldest of names.keys()) {
      names.delete(oldest)
      break
    }
  return name
}

/** undefined when there is no such user, or the database does not answer. */
export const userNumber = (name: string): number | undefined => passwordEntryOfName(name)?.uid
