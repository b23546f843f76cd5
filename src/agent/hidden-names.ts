// Names of users on their way out, where the policy wants them hidden: each is a pseudonym, the same for the same user of this machine
// and nobody else's, since its key never leaves it. What stays on the machine (log, status, captures) has them as they are.
import { createHmac, randomBytes } from 'node:crypto'
import type { Finding } from '../engine/finding.ts'
import { readStateFile, writeStateFile } from '../state-file.ts'

/** 32 bytes as hex digits. */
export const NAMES_KEY_FILE = 'names.key'

/** Folders of homes on a Mac and on Linux, and what in them is nobody's. */
const HOMES = '/(?:Users|home)/'
const NOBODYS = new Set(['Shared', 'Guest'])
/** A whole text that is a path: a name may have spaces there. */
const IN_PATH = new RegExp(`(?<=^${HOMES})[^/]+`)
/** Within a sentence or a key it ends where it could not be told from what follows. */
const IN_TEXT = new RegExp(`(?<=${HOMES})[^/\\s,;:"'’”)]+`, 'g')
const DIGITS = 12
const PSEUDONYM = /^user-[0-9a-f]{12}$/

/**
 * The key of this machine's pseudonyms; made where there is none, or none that could be one: they are others from then on.
 * Throws what readStateFile and writeStateFile do.
 */
export function namesKey(path = NAMES_KEY_FILE): Buffer {
  const text = readStateFile(path)?.text.trim() ?? ''
  if (/^[0-9a-f]{64}$/.test(text)) return Buffer.from(text, 'hex')
  const key = randomBytes(32)
  writeStateFile(path, key.toString('hex'))
  return key
}

export type HiddenNames = {
  /** `user-` and 12 hex digits; empty as empty. */
  pseudonym(name: string): string
  /** The finding, with pseudonyms for users and for the names of home folders, wherever in it a path stands. */
  hide(finding: Finding): Finding
}

export function createHiddenNames(key: Buffer): HiddenNames {
  const pseudonym = (name: string): string =>
    name === '' || PSEUDONYM.test(name)
      ? name
      : `user-${createHmac('sha256', key).update(name).digest('hex').slice(0, DIGITS)}`
  const home = (name: string): string => (NOBODYS.has(name) ? name : pseudonym(name))
  const text = (given: string): string => given.replace(IN_PATH, home).replace(IN_TEXT, home)
  const hidden = (value: unknown, field: string): unknown => {
    if (typeof value === 'string') return field === 'user' ? pseudonym(value) : text(value)
    if (Array.isArray(value)) return value.map((one) => hidden(one, field))
    if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, hidden(one, name)]))
  }
  return { pseudonym, hide: (finding) => hidden(finding, '') as Finding }
}

/**
 * What hides names at the moment; undefined: they are not to be hidden. The key is made when first it is wanted; where the disk refuses
 * it, one holds until the end of this agent, which is said.
 */
export function hidingNames(
  isWanted: () => boolean,
  log: (text: string) => void,
  keyOf: () => Buffer = namesKey,
): () => HiddenNames | undefined {
  let names: HiddenNames | undefined
  const made = (): HiddenNames => {
    try {
      return createHiddenNames(keyOf())
    } catch (error) {
      log(
        `the key of pseudonyms for users cannot be kept (${(error as Error).message}): they are others after the next start`,
      )
      return createHiddenNames(randomBytes(32))
    }
  }
  return () => {
    if (!isWanted()) return undefined
    names ??= made()
    return names
  }
}
