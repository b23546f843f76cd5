// A whole copy of a store, and a look at one that is to be trusted.
import { existsSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { diskTrouble } from '../../baseline/sqlite-file.ts'
import { makeEmptyFile } from '../../state-file.ts'
import { SCHEMA_VERSION } from './schema.ts'
import { StoreError } from './store-error.ts'

/** What is in a store, for a person who wants to know whether it is the right one. */
export type StoreFacts = {
  schema: number
  devices: number
  alerts: number
  /** Nanoseconds since 1970 UTC; 0 when no device has ever reported. */
  lastSeenAt: bigint
}

/**
 * Writes the store at `path`, as it is at this moment, to `to`, which must not exist or be empty. A
 * collector may go on writing meanwhile; its write-ahead log grows until the copy is done. The copy is one
 * file without free pages, 0600 where it was not there, and is not synced to the disk. Throws StoreError.
 */
export function copyStore(path: string, to: string): void {
  if (!existsSync(path)) throw new StoreError('cannot-open', `there is no store at ${path}`)
  const db = openReadOnly(path)
  try {
    makeEmptyFile(to)
    db.prepare('VACUUM INTO ?').run(to)
  } catch (cause) {
    const why =
      diskTrouble(cause) === 'full-disk'
        ? `the disk with ${dirname(to)}, where the copy is made first, is full: make room there`
        : `the store ${path} cannot be copied to ${to}: ${(cause as Error).message}`
    throw new StoreError('failed', why, { cause })
  } finally {
    db.close()
  }
}

/** Of a file of SQLite (sqlite.org/fileformat2.html, 1.3). */
const HEADER_BYTES = 100
const MAGIC = Buffer.from('SQLite format 3\0')

/**
 * Looks at what a file begins with, before it is read whole. `bytes`: how long it is, where that is known. Throws StoreError
 * as checkStore does.
 */
export function checkHeader(header: Buffer, name: string, bytes?: number): void {
  if (header.length < HEADER_BYTES || !header.subarray(0, MAGIC.length).equals(MAGIC))
    throw new StoreError(
      'cannot-open',
      `${name} is ${header.length === 0 ? 'empty' : 'no store of Freshet'}`,
    )
  const pageBytes = header.readUInt16BE(16)
  // Only who wrote both counts wrote the pages' number, too.
  const pages = header.readUInt32BE(24) === header.readUInt32BE(92) ? header.readUInt32BE(28) : 0
  const whole = pages * (pageBytes === 1 ? 65_536 : pageBytes)
  if (bytes !== undefined && bytes < whole)
    throw new StoreError(
      'cannot-open',
      `${name} is damaged: it is cut after ${bytes} of ${whole} bytes`,
    )
  checkSchema(header.readUInt32BE(60), name)
}

function checkSchema(schema: number, name: string): void {
  if (schema > SCHEMA_VERSION)
    throw new StoreError(
      'newer',
      `${name} has schema ${schema}, this version knows up to ${SCHEMA_VERSION}: use a later one`,
    )
  if (schema === 0) throw new StoreError('cannot-open', `${name} is not a store of Freshet`)
}

/**
 * Reads all of the store at `path`, which a person knows as `name`. Throws StoreError: cannot-open when it is none or
 * damaged, newer when a later version wrote it.
 */
export function checkStore(path: string, name = path): StoreFacts {
  const db = openReadOnly(path, name)
  try {
    const one = (sql: string) => db.prepare(sql).get() ?? {}
    const schema = Number(one('PRAGMA user_version').user_version)
    checkSchema(schema, name)
    const tables = one("SELECT count(*) AS n FROM sqlite_schema WHERE name IN ('device', 'item')").n
    if (tables !== 2) throw new StoreError('cannot-open', `${name} is not a store of Freshet`)
    const found = String(one('PRAGMA quick_check(1)').quick_check)
    if (found !== 'ok') throw new StoreError('cannot-open', `${name} is damaged: ${found}`)
    const devices = db.prepare('SELECT count(*) AS n, max(last_seen_at) AS last FROM device')
    devices.setReadBigInts(true)
    const device = devices.get()
    return {
      schema,
      devices: Number(device?.n),
      alerts: Number(one('SELECT sum(alerts) AS n FROM tally').n ?? 0),
      lastSeenAt: (device?.last as bigint | null) ?? 0n,
    }
  } catch (cause) {
    if (cause instanceof StoreError) throw cause
    throw new StoreError('cannot-open', `${name} is not a store: ${(cause as Error).message}`, {
      cause,
    })
  } finally {
    db.close()
  }
}

/** Removes a store with all that SQLite keeps beside it. */
export function removeStore(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true })
}

function openReadOnly(path: string, name = path): DatabaseSync {
  try {
    return new DatabaseSync(path, { readOnly: true, timeout: 10_000 })
  } catch (cause) {
    throw new StoreError('cannot-open', `${name} cannot be opened: ${(cause as Error).message}`, {
      cause,
    })
  }
}
