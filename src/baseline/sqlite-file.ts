// A SQLite file of ours, opened or, when it cannot be read, set aside and begun anew. For files whose
// loss is bearable but must be told: the baseline and the outbox.
import { accessSync, constants, readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { inspectDatabaseFile, moveFile, writeStateFile } from '../state-file.ts'
import type { UnixNs } from '../units.ts'
import { createDatabaseFile } from './making.ts'

export { createDatabaseFile } from './making.ts'

/** Files set aside that are kept, newest first: a failing disk must not fill itself with them. */
const SET_ASIDE_KEPT = 5
/** Of a file that was whole before, since one is made with its tables. */
const EMPTY = 'it is empty, or was written by something else'
/** How long a statement waits for a reader's checkpoint or a backup. */
const BUSY_TIMEOUT_MS = 2000

/** Where a file that could not be used lies now, and what was wrong with it. */
export type SetAside = { path: string; reason: string }

export type FileOptions = {
  /** PRAGMA user_version this code writes; a file with a higher one is a later version's. */
  version: number
  /** Makes the tables in a new file; runs in a transaction. */
  create: (database: DatabaseSync) => void
  /** Brings a file of an earlier version to this one; runs in a transaction. */
  upgrade?: (database: DatabaseSync, from: number) => void
  /** Reads enough to know that the file is usable; throws when it is not. */
  check: (database: DatabaseSync) => void
  /** PRAGMA statements for this connection. */
  pragmas: string
  /** For a file without its first page, auto_vacuum above all: of another's hold of a file they ask too much. */
  pragmasFirst?: string
  /** Names a file set aside. */
  now: UnixNs
  /** Told when others could use the file. */
  log?: ((text: string) => void) | undefined
  /** Where there is no file yet and no room for one, an empty one in memory stands in: see `SharedFile.onDisk`. */
  mayStandIn?: boolean | undefined
}

/** What SQLite shares with others takes 32 KB of a disk, and its log begins with less. */
const SHARING_BYTES = 128 * 1024

/**
 * A database in WAL mode that others may read meanwhile. Where the disk had no room for what that takes (-shm) it is this
 * connection's alone, and can be read: https://sqlite.org/wal.html#noshm. It is shared once there is room.
 */
export class SharedFile {
  readonly database: DatabaseSync
  readonly #path: string
  #isAlone: boolean
  /** Makes what this stands in for. */
  readonly #make: (() => SharedFile) | undefined

  constructor(path: string, database: DatabaseSync, isAlone: boolean, make?: () => SharedFile) {
    this.#path = path
    this.database = database
    this.#isAlone = isAlone
    this.#make = make
  }

  get standsIn(): boolean {
    return this.#make !== undefined
  }

  /**
   * The file to write to: this one, unless it stands in for one that there was no room for; then that one, and this is closed.
   * Throws what the disk does.
   */
  onDisk(): SharedFile {
    if (!this.#make) return this
    const made = this.#make()
    this.database.close()
    return made
  }

  /** How long a statement waits for another process that holds the file. */
  patience(ms: number): void {
    if (this.database.isOpen) this.database.exec(`PRAGMA busy_timeout = ${ms}`)
  }

  /**
   * Gives the disk back what the log takes, as far as others who read the file allow, and as the disk has room for what the
   * log would make longer.
   */
  giveRoom(): void {
    try {
      this.database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    } catch (error) {
      if (!diskTrouble(error)) throw error
    }
  }

  /** To be called when the disk has taken something, outside a transaction. What it refuses is tried again at the next call. */
  share(): void {
    if (!this.#isAlone || !this.database.isOpen || !hasRoom(this.#path)) return
    try {
      // The way of locking can be changed outside WAL mode alone.
      this.database.exec('PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL')
      userVersion(this.database)
      const mode = this.database.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode']
      userVersion(this.database)
      this.#isAlone = mode !== 'wal'
    } catch (error) {
      if (!diskTrouble(error)) throw error
    }
  }
}

/** Whether the disk has room for what SQLite shares. */
const hasRoom = (path: string): boolean => whyNoRoom(path, SHARING_BYTES) === undefined

/** What keeps a file of so many bytes from being written beside `path`. */
function whyNoRoom(path: string, bytes: number): unknown {
  const beside = `${path}.room`
  try {
    writeStateFile(beside, new Uint8Array(bytes))
    return undefined
  } catch (error) {
    return error
  } finally {
    for (const end of ['', '.new']) rmSync(`${beside}${end}`, { force: true })
  }
}

/** A file that is whole SQLite but not one this code can use; it is set aside like a corrupt one. */
export class UnusableFile extends Error {}

/**
 * Opens or makes `path`, mode 0600, in WAL mode. A corrupt file (an empty one is) or one of a later version is renamed
 * (with its -wal and -shm) and a new one made. Throws StateFileError when it is no file, and what node:sqlite throws when
 * the directory or the disk refuses: that is no reason to give a file up.
 */
export function openFile(
  path: string,
  options: FileOptions,
): { file: SharedFile; setAside?: SetAside } {
  const { bytes, narrowed } = inspectDatabaseFile(path)
  if (narrowed !== undefined) options.log?.(narrowed)
  try {
    if (bytes === undefined) makeFile(path, options)
    return { file: openOnce(path, options) }
  } catch (error) {
    if (options.mayStandIn && bytes === undefined && diskTrouble(seen(path, error)) === 'full-disk')
      return { file: standIn(path, options) }
    if (!isCorrupt(error)) throw error
    const setAside = replaceFile(path, (error as Error).message, options)
    return { file: openOnce(path, options), setAside }
  }
}

/**
 * Sets the file aside that is damaged for the `reason`, and makes a new one: or neither, where the disk refuses. `before` is
 * called when the new one is made: the connection must be closed then.
 */
export function replaceFile(
  path: string,
  reason: string,
  options: MakeOptions & Pick<FileOptions, 'now'>,
  before = () => {},
): SetAside {
  let setAside: SetAside | undefined
  makeFile(path, options, () => {
    before()
    setAside = setFileAside(path, reason, options.now)
  })
  return setAside as unknown as SetAside
}

/** Renames `path` out of the way, its -wal and -shm with it. The connection must be closed. */
export function setFileAside(path: string, reason: string, now: UnixNs): SetAside {
  const aside = asideOf(path, now)
  // The file itself first: SQLite deletes a -wal whose file is new, so a crash in between mixes nothing.
  renameIfThere(path, aside)
  renameIfThere(`${path}-wal`, `${aside}-wal`)
  renameIfThere(`${path}-shm`, `${aside}-shm`)
  forgetOldest(path)
  return { path: aside, reason }
}

/** What `path` is to be called when it is set aside now. */
export function asideOf(path: string, now: UnixNs): string {
  const stamp = new Date(Number(now / 1_000_000n)).toISOString().replace(/[-:]/g, '')
  let aside = `${path}.${stamp}`
  const taken = new Set(readdirSync(dirname(path)))
  for (let copy = 1; taken.has(basename(aside)); copy++) aside = `${path}.${stamp}-${copy}`
  return aside
}

export type DiskTrouble = 'corrupt' | 'full-disk' | 'read-only' | 'busy' | 'io' | 'denied'

/** SQLite's primary result codes (https://sqlite.org/rescode.html) that are the disk's doing. */
const TROUBLES = new Map<number, DiskTrouble>([
  [3, 'denied'], // SQLITE_PERM
  [5, 'busy'], // SQLITE_BUSY
  [8, 'denied'], // SQLITE_READONLY
  [10, 'io'], // SQLITE_IOERR
  [11, 'corrupt'], // SQLITE_CORRUPT
  [13, 'full-disk'], // SQLITE_FULL
  [14, 'denied'], // SQLITE_CANTOPEN
  [26, 'corrupt'], // SQLITE_NOTADB
])
/** An I/O error, but of a -shm that finds no room. */
const IOERR_SHMSIZE = 4874
/** errno(3) of what Node does with a file beside SQLite. */
const ERRNOS = new Map<unknown, DiskTrouble>([
  ['EACCES', 'denied'],
  ['EPERM', 'denied'],
  ['EROFS', 'read-only'],
  ['ENOSPC', 'full-disk'],
  ['EDQUOT', 'full-disk'],
  ['EIO', 'io'],
])

/** What an error of node:sqlite or node:fs means for a file; undefined when it is not the file's doing. */
export function diskTrouble(error: unknown): DiskTrouble | undefined {
  if (!(error instanceof Error)) return undefined
  if (!('errcode' in error)) return 'code' in error ? ERRNOS.get(error.code) : undefined
  if (typeof error.errcode !== 'number') return undefined
  // The low byte is the primary code, the rest says more.
  return error.errcode === IOERR_SHMSIZE ? 'full-disk' : TROUBLES.get(error.errcode & 0xff)
}

/**
 * As diskTrouble, of the file at `path`: SQLite says of a file system that can only be read what it says of somebody else's
 * file, or of a broken disk.
 */
export function diskTroubleAt(path: string, error: unknown): DiskTrouble | undefined {
  const trouble = diskTrouble(error)
  return (trouble === 'denied' || trouble === 'io') && isReadOnly(dirname(path))
    ? 'read-only'
    : trouble
}

/** Also for root: access(2), EROFS. */
function isReadOnly(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS'
  }
}

/** Runs `work` in one transaction: all of it is in the file afterwards, or none. Rethrows what it throws. */
export function transaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    work()
    database.exec('COMMIT')
  } catch (error) {
    // Some errors (a full disk among them) have rolled back already.
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/** What a file is made by. */
type MakeOptions = Pick<FileOptions, 'version' | 'create' | 'pragmasFirst'>

/** Nothing is ever written to it. */
function standIn(path: string, options: FileOptions): SharedFile {
  options.log?.(
    `there is no room on the disk for ${path}, which is not there yet: it is kept in memory until there is, and gone if this ends before`,
  )
  const database = new DatabaseSync(':memory:')
  fill(database, options)
  return new SharedFile(
    path,
    database,
    false,
    () => openFile(path, { ...options, mayStandIn: false }).file,
  )
}

/** Beside and renamed, so what is at `path` without its tables is damaged, and was not left so by a kill. */
function makeFile(path: string, options: MakeOptions, before?: () => void): void {
  createDatabaseFile(path, (database) => fill(database, options), before)
}

function fill(database: DatabaseSync, { pragmasFirst, create, version }: MakeOptions): void {
  database.exec(pragmasFirst ?? '')
  transaction(database, () => {
    create(database)
    database.exec(`PRAGMA user_version = ${version}`)
  })
}

/** On a full disk the file is opened all the same, to be read: see `SharedFile`. */
function openOnce(path: string, options: FileOptions): SharedFile {
  try {
    return new SharedFile(path, openAs(path, options, 'NORMAL'), false)
  } catch (error) {
    const cause = seen(path, error)
    if (diskTrouble(cause) !== 'full-disk') throw cause
    return new SharedFile(path, alone(path, options, cause), true)
  }
}

function alone(path: string, options: FileOptions, cause: unknown): DatabaseSync {
  try {
    return openAs(path, options, 'EXCLUSIVE')
  } catch (error) {
    throw diskTrouble(error) === 'denied' ? cause : error
  }
}

/** SQLite says of a file that it cannot make beside its own that nobody may open it, whatever the reason was. */
function seen(path: string, error: unknown): unknown {
  return (diskTrouble(error) === 'denied' ? whyNoRoom(path, 1) : undefined) ?? error
}

function openAs(path: string, options: FileOptions, mode: 'NORMAL' | 'EXCLUSIVE'): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
  try {
    database.exec(`PRAGMA locking_mode = ${mode}`)
    // Before anything that writes a page: an empty file stays what it is, and is set aside as that.
    const version = userVersion(database)
    if (version === 0) throw new UnusableFile(EMPTY)
    database.exec(`${options.pragmas}; PRAGMA journal_mode = WAL`)
    if (version > options.version)
      throw new UnusableFile(
        `it was written by a later version (schema ${version}, this one knows ${options.version})`,
      )
    if (version < options.version)
      transaction(database, () => {
        options.upgrade?.(database, version)
        database.exec(`PRAGMA user_version = ${options.version}`)
      })
    options.check(database)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function isCorrupt(error: unknown): boolean {
  return error instanceof UnusableFile || diskTrouble(error) === 'corrupt'
}

/** PRAGMA user_version. */
export function userVersion(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0)
}

function renameIfThere(from: string, to: string): void {
  try {
    moveFile(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** Deletes what was set aside and has nothing in it that anybody would look for. */
export function forgetAside({ path }: SetAside): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
}

/** Files that were set aside from `path`, the oldest first. Throws what the file system does. */
export function asidesOf(path: string): string[] {
  const pattern = /^\.\d{8}T\d{6}\.\d{3}Z(-\d+)?$/
  const name = basename(path)
  return readdirSync(dirname(path))
    .filter((entry) => entry.startsWith(name) && pattern.test(entry.slice(name.length)))
    .sort()
    .map((entry) => join(dirname(path), entry))
}

export function forgetOldest(path: string): void {
  for (const old of asidesOf(path).slice(0, -SET_ASIDE_KEPT))
    for (const suffix of ['', '-wal', '-shm']) rmSync(old + suffix, { force: true })
}
