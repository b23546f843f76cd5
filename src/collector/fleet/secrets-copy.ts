// What a collector is known by and knows its devices by, as one text: the registry, its authority, policies, the page's key.
// Whoever has it can speak for the collector and make devices.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { diskTrouble } from '../../baseline/sqlite-file.ts'
import { makeEmptyFile, readStateFile, StateFileError, writeStateFile } from '../../state-file.ts'
import type { UnixNs } from '../../units.ts'
import { CollectorError } from '../terms/collector-error.ts'
import { COMING_SECRETS as COMING, type Move, movesAside } from '../terms/placing.ts'
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

export type SecretsFacts = { devices: number; pin: string | undefined; files: readonly string[] }

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

/** Checked, and beside the place that they are to take: `moves` are what makes them take it, `end` removes what is left. */
export type ComingSecrets = { facts: SecretsFacts; moves: Move[]; end: () => void }

/**
 * All of it is written, and read as the collector would, before anything is moved: a disk that has no room says so now. REQUIRES:
 * no collector runs there. Throws CollectorError.
 */
export function prepareSecrets(
  directory: string,
  files: ReadonlyMap<string, Buffer>,
  now: UnixNs,
): ComingSecrets {
  const coming = join(directory, COMING)
  const end = () => rmSync(coming, { recursive: true, force: true })
  end()
  try {
    write(coming, files)
    const facts = check(coming, [...files.keys()])
    for (const name of files.keys())
      mkdirSync(dirname(join(directory, name)), { recursive: true, mode: 0o700 })
    // A log that was left there is of another file, and SQLite would put it into this one.
    const leave = new Set([...secretsThere(directory, files), ...files.keys()])
    const moves = [...leave].flatMap((name) => movesAside(directory, name, now))
    for (const name of files.keys()) moves.push({ from: `${COMING}/${name}`, to: name })
    return { facts, moves, end }
  } catch (cause) {
    end()
    if (cause instanceof CollectorError) throw cause
    throw new CollectorError('state', `it cannot be placed: ${(cause as Error).message}`, { cause })
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

function check(directory: string, names: readonly string[]): SecretsFacts {
  const log = () => {}
  let devices = 0
  try {
    if (names.includes(REGISTRY_FILE)) {
      const registry = new Registry(openRegistryFile(join(directory, REGISTRY_FILE), log))
      devices = registry.devices().length
      registry.close()
    }
    if (names.includes(POLICIES_FILE)) openPoliciesFile(join(directory, POLICIES_FILE), log).close()
    // What was brought up to date did not all get into its file.
    for (const name of DATABASES)
      if (readdirSync(directory).includes(`${name}-wal`))
        throw new CollectorError('full-disk', `${name} could not be closed: free some space`)
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
