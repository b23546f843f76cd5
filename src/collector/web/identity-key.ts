// What an identity's key says for a person. The engine makes keys (src/engine/identity/identity.ts):
// `unsigned:sha256:HEX`, `platform:/usr/bin/node`, `TEAM:signing.id`, with ` with foreign code` behind it where that is
// so, and for a program that acts for others ` script HEX`, its path or its kind, ` with other code`, and ` via KEY`.
import { fileName } from './format.ts'

/** A key begins so; a path or a script may hold ` via ` itself, but hardly this behind it. */
const VIA = / via (?=(?:unsigned|unknown|gone|platform|copy|adhoc|invalid|[A-Z0-9]{10}):|unknown$)/g

/** The key of whom a program acted for, or undefined when it acted for itself. */
export function actedForKey(key: string): string | undefined {
  const last = [...key.matchAll(VIA)].at(-1)
  return last && key.slice(last.index + last[0].length)
}

/** First digits of a hash: enough to tell two builds of a program apart. */
export const shortHash = (hash: string): string => hash.slice(0, 12)

/** A short name for a key: the last part of its path, the first digits of its hash, or itself. */
export function nameOfKey(key: string): string {
  if (key === 'unknown') return 'a process that was not seen'
  const foreign = / with foreign code$/.exec(key)
  if (foreign) return `${nameOfKey(key.slice(0, foreign.index))}${foreign[0]}`
  const path = /^(?:platform|unsigned:path|unknown:path|copy):(\/.*)$/.exec(key)
  if (path) return fileName(path[1] as string)
  const gone = /^gone:[0-9a-f]*:((?:[^%\s]|%[0-9A-F]{2})*)$/.exec(key)
  if (gone) return decoded(gone[1] as string)
  const hash = /^(?:unsigned:sha256|adhoc|invalid):([0-9a-f]{12})/.exec(key)
  return hash ? `program ${hash[1]}` : key
}

/** The engine writes a name as in an address; a collector may be sent anything. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
