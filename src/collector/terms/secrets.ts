// The secret of a collector's page, and the directory that it lies in.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { shellWord } from '../../shell-word.ts'
import { isDiskFull, readStateFile, StateFileError, writeStateFile } from '../../state-file.ts'
import { CollectorError } from './collector-error.ts'

const SECRET_BYTES = 32
/** A secret that an administrator wrote may look otherwise, but not be guessable. */
const SECRET_PATTERN = /^[\x21-\x7e]{32,512}$/

/**
 * The state directory, made when missing (0700). Throws CollectorError when others can look into it: it
 * holds the secrets and what every device does.
 */
export function openStateDir(stateDir: string): void {
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 })
    const found = statSync(stateDir)
    if (!found.isDirectory()) throw new Error('it is not a directory')
    refuseOthers(stateDir, found.mode, found.uid, '700')
  } catch (cause) {
    if (cause instanceof CollectorError) throw cause
    throw new CollectorError('state', `the state directory ${stateDir} cannot be used: ${cause}`, {
      cause,
    })
  }
}

/** Reads the key, or makes it where there is none. Throws CollectorError. */
export function readOrMakePageKey(stateDir: string): { pageKey: string; isNew: boolean } {
  const path = join(stateDir, 'page.key')
  try {
    const pageKey = read(path)
    if (pageKey !== undefined) return { pageKey, isNew: false }
  } catch (cause) {
    if (cause instanceof CollectorError) throw cause
    if (cause instanceof StateFileError) throw new CollectorError('state', cause.message, { cause })
    throw new CollectorError('state', `${path} cannot be read: ${cause}`, { cause })
  }
  try {
    const pageKey = randomBytes(SECRET_BYTES).toString('base64url')
    writeStateFile(path, `${pageKey}\n`)
    return { pageKey, isNew: true }
  } catch (cause) {
    if (isDiskFull(cause))
      throw new CollectorError(
        'full-disk',
        `${path} cannot be written, the disk is full: free some space`,
        { cause },
      )
    throw new CollectorError('state', `${path} cannot be written: ${cause}`, { cause })
  }
}

function read(path: string): string | undefined {
  const found = readStateFile(path, { owner: 'any' })
  if (!found) return undefined
  refuseOthers(path, found.mode, found.uid, '600')
  const secret = found.text.trim()
  if (SECRET_PATTERN.test(secret)) return secret
  throw new CollectorError(
    'state',
    `${path} does not hold a secret of 32 or more printable characters: remove it, a new one is made`,
  )
}

function refuseOthers(path: string, mode: number, uid: number, wanted: string): void {
  if ((mode & 0o077) !== 0)
    throw new CollectorError(
      'state',
      `${path} can be used by others (mode ${(mode & 0o777).toString(8)}): run \`chmod ${wanted} ${shellWord(path)}\``,
    )
  const own = process.getuid?.()
  if (own !== undefined && uid !== own)
    throw new CollectorError(
      'state',
      `${path} belongs to uid ${uid}, not to uid ${own} that the collector runs as: run \`chown ${own} ${shellWord(path)}\``,
    )
}

/** Whether they are equal, in a time that tells nothing of where they differ. */
export function sameSecret(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}

/** The token of `Authorization: Bearer <token>` (RFC 6750); undefined when there is none. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
}
