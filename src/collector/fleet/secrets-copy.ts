// What a collector is known by and knows its devices by, as one text: the registry, its authority, policies, the page's key.
// Whoever has it can speak for the collector and make devices.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { diskTrouble, setFileAside } from '../../baseline/sqlite-file.ts'
import { makeEmptyFile, readStateFile, StateFileError, writeStateFile } from '../../state-file.ts'
import { nowUnixNs } from '../../units.ts'
import { CollectorError } from '../collector-error.ts'
import { pinIn } from './authority.ts'
import { openPoliciesFile, POLICIES_FILE } from './policies-file.ts'
import { Registry } from './registry.ts'
import { openRegistryFile, REGISTRY_FILE } from './registry-file.ts'

const KIND = 'collector-secrets'
const VERSION = 1
const DATABASES = [REGISTRY_FILE, POLICIES_FILE] as const
const TEXTS = [
  'page.key',
  'policy-online.key',
  'tls/authority.pem',
  'tls/authority-next.pem',
  'tls/authority-earlier.pem',
  'tls/server.pem',
] as const
const NAMES: readonly string[] = [...DATABASES, ...TEXTS]
/** Of versions before, in whose copies it is: nothing wants it any more. */
const UNUSED = 'agent.token'

/** `aside`: where what was there before lies now. */
export type SecretsFacts = {
  devices: number
  pin: string | undefined
  files: readonly string[]
  aside: readonly string[]
}

/** Of the collector's directory, which may run. Throws CollectorError. */
export function packSecrets(directory: string): string {
  const files: Record<string, string> = {}
  for (const name of TEXTS) {
    const text = orError(() => readStateFile(join(directory, name)))?.text
    if (text !== undefined) files[name] = Buffer.from(text).toString('base64')
  }
  for (const name of DATABASES) {
    const bytes = copyOf(directory, name)
    if (bytes) files[name] = bytes.toString('base64')
  }
  return `${JSON.stringify({ kind: KIND, version: VERSION, files }, undefined, 1)}\n`
}

/** As it is at this moment; undefined when there is none. */
function copyOf(directory: string, name: string): Buffer | undefined {
  if (!readdirSync(directory).includes(name)) return undefined
  const to = join(directory, `${name}.copy-${process.pid}`)
  try {
    const database = new DatabaseSync(join(directory, name), { readOnly: true, timeout: 10_000 })
    try {
      makeEmptyFile(to)
      database.prepare('VACUUM INTO ?').run(to)
    } finally {
      database.close()
    }
    return readFileSync(to)
  } catch (cause) {
    throw new CollectorError('state', `${name} cannot be copied: ${(cause as Error).message}`, {
      cause,
    })
  } finally {
    rmSync(to, { force: true })
  }
}

/** Throws CollectorError when it is no such text, or is damaged. */
export function readSecrets(text: string): Map<string, Buffer> {
  const no = (why: string, cause?: unknown) =>
    new CollectorError('state', `it holds no secrets of a collector: ${why}`, { cause })
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch (cause) {
    throw no('it is damaged, or another file', cause)
  }
  const { kind, version, files } = (given ?? {}) as Record<string, unknown>
  if (kind !== KIND || typeof files !== 'object' || files === null) throw no('it is another file')
  if (version !== VERSION) throw no(`a later version wrote it (${JSON.stringify(version)})`)
  const found = new Map<string, Buffer>()
  for (const [name, content] of Object.entries(files as Record<string, unknown>)) {
    if (name === UNUSED) continue
    if (!NAMES.includes(name) || typeof content !== 'string')
      throw no(`it has a file ${JSON.stringify(name)}, which no collector has`)
    found.set(name, Buffer.from(content, 'base64'))
  }
  if (!found.has('page.key')) throw no('it has no key of a page')
  return found
}

/** Beside an authority that is not theirs they would count, and not be told from what was restored. */
const OF_AUTHORITY = [...TEXTS.filter((name) => name.startsWith('tls/')), 'tls/given-pin']
const AUTHORITY = 'tls/authority.pem'

/** Names of those that `directory` has already, and of what there is of another authority than the one in `files`. */
export const secretsThere = (directory: string, files: ReadonlyMap<string, Buffer>): string[] =>
  [...new Set([...files.keys(), ...(files.has(AUTHORITY) ? OF_AUTHORITY : [])])].filter((name) => {
    if ((DATABASES as readonly string[]).includes(name))
      return readdirSync(directory).includes(name)
    return orError(() => readStateFile(join(directory, name)))?.text !== undefined
  })

/**
 * REQUIRES: no collector runs there. All is read as the collector would before anything takes its place; what was there is set
 * aside. Throws CollectorError.
 */
export function placeSecrets(directory: string, files: ReadonlyMap<string, Buffer>): SecretsFacts {
  const coming = join(directory, `secrets.restoring-${process.pid}`)
  rmSync(coming, { recursive: true, force: true })
  try {
    write(coming, files)
    const facts = check(coming, [...files.keys()])
    const aside = secretsThere(directory, files).map(
      (name) => setFileAside(join(directory, name), 'restored from a backup', nowUnixNs()).path,
    )
    // A log that was left there is of another file, and SQLite would put it into this one.
    for (const name of DATABASES.filter((one) => files.has(one)))
      for (const beside of ['-wal', '-shm', '-journal'])
        rmSync(join(directory, `${name}${beside}`), { force: true })
    write(directory, files)
    return { ...facts, aside }
  } catch (cause) {
    if (cause instanceof CollectorError) throw cause
    throw new CollectorError('state', `it cannot be placed: ${(cause as Error).message}`, { cause })
  } finally {
    rmSync(coming, { recursive: true, force: true })
  }
}

function write(directory: string, files: ReadonlyMap<string, Buffer>): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  for (const [name, content] of files) {
    const path = join(directory, name)
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeStateFile(path, content)
  }
}

function check(directory: string, names: readonly string[]): Omit<SecretsFacts, 'aside'> {
  const log = () => {}
  let devices = 0
  try {
    if (names.includes(REGISTRY_FILE)) {
      const registry = new Registry(openRegistryFile(join(directory, REGISTRY_FILE), log))
      devices = registry.devices().length
      registry.close()
    }
    if (names.includes(POLICIES_FILE)) openPoliciesFile(join(directory, POLICIES_FILE), log).close()
  } catch (cause) {
    if (cause instanceof CollectorError || diskTrouble(cause) === undefined) throw cause
    throw new CollectorError('state', `it is damaged: ${(cause as Error).message}`, { cause })
  }
  return { devices, pin: pinIn(directory), files: names }
}

function orError<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof StateFileError) throw new CollectorError('state', cause.message, { cause })
    throw cause
  }
}
