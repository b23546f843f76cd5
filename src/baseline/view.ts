// What the command line shows of a baseline, also while an agent writes it.
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { UnixNs } from '../units.ts'
import type { StoredDestination, StoredIdentity } from './baseline.ts'
import { IS_PROGRAM_KEY, NAMED, wasHereAt } from './baseline.ts'
import { BaselineError, sentenceOf } from './error.ts'
import { findNetworkName, type NetworkName } from './network-names.ts'
import type { BaselineRow } from './row.ts'
import {
  destinationFromRow,
  IDENTITY_COLUMNS,
  identityFromRow,
  SCHEMA_VERSION,
  text,
} from './schema.ts'
import { diskTroubleAt, userVersion } from './sqlite-file.ts'
import { preparing } from './statements.ts'
import { Tables } from './tables.ts'

export type ListOptions = {
  /** At most this many; 1 or more. */
  limit: number
  /** Only identities whose key, name or path contains it (ASCII letters in either case). */
  matching?: string
}

export type IdentityList = {
  /** Newest first run first. */
  identities: (StoredIdentity & { destinations: number })[]
  /** How many match in all. */
  total: number
}

export type ShownIdentity =
  | { found: 'none' }
  /** Keys that begin so, at most 20. */
  | { found: 'many'; some: Named[] }
  | ({ found: 'one' } & IdentityLife)

export type IdentityLife = {
  identity: StoredIdentity
  /** When the baseline began; undefined where it has not. */
  bornAt: UnixNs | undefined
  /** It was found running at this machine's first look. */
  wasHere: boolean
  /** What the system knew of a program of its name before that. */
  named: NetworkName | undefined
  /** Others that were run from its path, newest first, at most 20; `versionsInAll` counts all of them. */
  versions: Version[]
  versionsInAll: number
  /** Its destinations, latest first, at most 1000. */
  destinations: StoredDestination[]
  destinationsInAll: number
}

export type Version = Pick<StoredIdentity, 'key' | 'firstExecAt' | 'lastSeenAt'>

/** Enough to tell one from the other: a key may be a hash. */
type Named = Pick<StoredIdentity, 'key' | 'name' | 'path'>

const KEYS_SHOWN_MAX = 20
const DESTINATIONS_SHOWN_MAX = 1000
const VERSIONS_SHOWN_MAX = 20

/** Throws BaselineError when the file cannot be read; an Error with a sentence when there is none. */
export function listIdentities(path: string, options: ListOptions): IdentityList {
  return viewing(path, (database) => {
    const matching = options.matching ?? ''
    // The lineage of a script is no program: its versions are listed. Nor is where the system's file of a content lies.
    const where = `${IS_PROGRAM_KEY}
      AND instr(lower(text || char(10) || name || char(10) || path), lower(?)) > 0`
    const rows = database.prepare(
      `SELECT ${IDENTITY_COLUMNS},
          (SELECT count(*) FROM destinations WHERE identity = key) AS destinations
        FROM identities JOIN keys ON keys.id = key WHERE ${where}
        ORDER BY first_exec_ns DESC, key DESC LIMIT ?`,
    )
    rows.setReadBigInts(true)
    const total = database
      .prepare(`SELECT count(*) AS n FROM identities JOIN keys ON keys.id = key WHERE ${where}`)
      .get(matching)
    return {
      identities: rows.all(matching, options.limit).map((row) => ({
        ...identityFromRow(row),
        destinations: Number(row.destinations),
      })),
      total: Number(total?.n ?? 0),
    }
  })
}

/** Writes all of the baseline at `path`, as it is now, to the new file `to`. Throws as `listIdentities`. */
export function copyBaseline(path: string, to: string): void {
  viewing(path, (database) => database.prepare('VACUUM INTO ?').run(to))
}

/** The identity with this key, or the only one whose key begins so. Throws as `listIdentities`. */
export function showIdentity(path: string, keyOrPrefix: string): ShownIdentity {
  return viewing(path, (database) => {
    // A range, not LIKE: % and _ are letters in a path. U+10FFFF sorts after every other character.
    const matches = database.prepare(
      `SELECT key, ${IDENTITY_COLUMNS} FROM identities JOIN keys ON keys.id = key
        WHERE text >= ?1 AND text < ?1 || char(0x10ffff) ORDER BY text LIMIT ?2`,
    )
    matches.setReadBigInts(true)
    const rows = matches.all(keyOrPrefix, KEYS_SHOWN_MAX)
    const row = rows.length === 1 ? rows[0] : rows.find((one) => one.text === keyOrPrefix)
    if (!row) {
      if (rows.length === 0) return { found: 'none' }
      return { found: 'many', some: rows.map(identityFromRow) }
    }
    const identity = identityFromRow(row)
    const destinations = database.prepare(
      `SELECT text, first_ns, last_ns FROM destinations JOIN keys ON keys.id = destination
        WHERE identity = ? ORDER BY last_ns DESC, destination LIMIT ?`,
    )
    destinations.setReadBigInts(true)
    const tables = new Tables(preparing(() => database))
    const bornAt = tables.bornAt()
    return {
      found: 'one',
      identity,
      bornAt,
      wasHere: wasHereAt(identity, bornAt, tables.fact('rebuilt_ns') !== undefined),
      named: findNetworkName(identity, (key) => tables.identity(key)),
      ...versionsOf(database, identity),
      destinationsInAll: Number(
        database
          .prepare('SELECT count(*) AS n FROM destinations WHERE identity = ?')
          .get(row.key ?? null)?.n ?? 0,
      ),
      destinations: destinations
        .all(row.key ?? null, DESTINATIONS_SHOWN_MAX)
        .map((one) => destinationFromRow(identity.key, text(one, 'text'), one)),
    }
  })
}

/** Those that were run from its path under other keys; of one without a path there are none. */
function versionsOf(
  database: DatabaseSync,
  { key, path }: StoredIdentity,
): Pick<IdentityLife, 'versions' | 'versionsInAll'> {
  if (path === '') return { versions: [], versionsInAll: 0 }
  const others = `FROM identities JOIN keys ON keys.id = key
    WHERE path = ? AND text <> ? AND ${IS_PROGRAM_KEY}`
  const rows = database.prepare(
    `SELECT ${IDENTITY_COLUMNS} ${others} ORDER BY first_exec_ns DESC, key DESC LIMIT ?`,
  )
  rows.setReadBigInts(true)
  const count = database.prepare(`SELECT count(*) AS n ${others}`).get(path, key)
  return {
    versions: rows.all(path, key, VERSIONS_SHOWN_MAX).map(identityFromRow),
    versionsInAll: Number(count?.n ?? 0),
  }
}

/** Reads all rows as of one moment, also while an agent writes; see `listIdentities` for what it throws. */
export function readRows(path: string, read: (rows: Iterable<BaselineRow>) => void): void {
  viewing(path, (database) => {
    database.exec('BEGIN')
    read(rowsOf(new Tables(preparing(() => database))))
    database.exec('COMMIT')
  })
}

function* rowsOf(tables: Tables): Generator<BaselineRow, void> {
  const at = tables.bornAt()
  if (at !== undefined) yield { kind: 'born', at }
  // Of this machine alone.
  for (const identity of tables.identities())
    if (!identity.key.startsWith(NAMED)) yield { kind: 'identity', identity }
  for (const destination of tables.destinations()) yield { kind: 'destination', destination }
}

function viewing<T>(path: string, read: (database: DatabaseSync) => T): T {
  if (!existsSync(path))
    throw new Error(`there is no baseline at ${path}: the agent makes it when it first runs`)
  const database = new DatabaseSync(path, { readOnly: true, timeout: 2000 })
  try {
    const version = userVersion(database)
    if (version !== SCHEMA_VERSION)
      throw new Error(
        `${path} has schema ${version}, this version reads ${SCHEMA_VERSION}: use the agent's own freshet`,
      )
    return read(database)
  } catch (cause) {
    // Other errors are of whoever reads: what they write to may be full.
    const trouble =
      cause instanceof Error && 'errcode' in cause ? diskTroubleAt(path, cause) : undefined
    if (!trouble) throw cause
    throw new BaselineError(trouble, `baseline ${path}: ${sentenceOf(trouble, path)}`, { cause })
  } finally {
    database.close()
  }
}
