// The tables of the outbox's file and their statements. Throws what node:sqlite throws.
import { randomBytes } from 'node:crypto'
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import {
  type FileOptions,
  openFile,
  replaceFile,
  type SetAside,
  type SharedFile,
  UnusableFile,
} from '../baseline/sqlite-file.ts'
import type { UnixNs } from '../units.ts'

/** PRAGMA user_version. */
const SCHEMA_VERSION = 2
/** Pages of 4 KiB left free in the file before it is given back to the disk, and how many at a time. */
const FREE_PAGES_KEPT = 1024
const FREE_PAGES_STEP = 512

/**
 * What the file holds, kept in one row and written with every change, so that opening counts nothing.
 * All are counts over the life of the file but `items` and `bytes`.
 */
export type Totals = {
  /**
   * Of the next item when the file is opened: above all numbers that may have been given, far above while it is in use
   * (outbox-numbers.ts).
   */
  nextSequence: number
  /** Waiting. */
  items: number
  bytes: number
  /** Highest acknowledged. */
  acknowledged: number
  /** Dropped because the outbox was full or they were too old. */
  evicted: number
  /** Not taken: the disk was full, or the file was damaged with them in it. */
  notKept: number
  /** Refused by the collector for good. */
  rejected: number
  /** Of evicted and notKept, what a health item has told. */
  told: number
}

export type Row = { sequence: number; id: Uint8Array; content: Uint8Array }

const COLUMNS: readonly [keyof Totals, string][] = [
  ['nextSequence', 'next_sequence'],
  ['items', 'items'],
  ['bytes', 'bytes'],
  ['acknowledged', 'acknowledged'],
  ['evicted', 'evicted'],
  ['notKept', 'not_kept'],
  ['rejected', 'rejected'],
  ['told', 'told'],
]
const ZERO: Totals = {
  nextSequence: 1,
  items: 0,
  bytes: 0,
  acknowledged: 0,
  evicted: 0,
  notKept: 0,
  rejected: 0,
  told: 0,
}

/** An item without what is in it. */
export type Sized = { sequence: number; rank: number; bytes: number }

/** What an item takes: its content, and about as much again of row, index and page as this. */
export const itemBytes = (content: Uint8Array): number => content.length + ITEM_OVERHEAD_BYTES
const ITEM_OVERHEAD_BYTES = 64

export const sizeOf = (rows: readonly Pick<Row, 'content'>[]): number =>
  rows.reduce((sum, { content }) => sum + itemBytes(content), 0)

export class OutboxFile {
  readonly database: DatabaseSync
  readonly setAside: SetAside | undefined
  readonly #shared: SharedFile
  readonly #insert: StatementSync
  readonly #read: StatementSync
  readonly #readRank: StatementSync
  readonly #size: StatementSync
  readonly #find: StatementSync
  readonly #remove: StatementSync
  readonly #expired: StatementSync
  readonly #least: StatementSync
  readonly #sizeOf: StatementSync
  readonly #removeThrough: StatementSync
  readonly #shift: StatementSync
  readonly #write: StatementSync
  readonly #id: StatementSync
  readonly #setId: StatementSync

  constructor(
    path: string,
    options: Pick<FileOptions, 'now' | 'log' | 'mayStandIn'> & { fileBytesMax: number },
  ) {
    const opened = openFile(path, {
      ...MADE,
      upgrade,
      check: (database) => {
        readTotals(database)
        idOf(database.prepare('SELECT id FROM outbox').get())
        database.prepare('SELECT sequence, id, content FROM items LIMIT 1').get()
      },
      pragmas: `PRAGMA synchronous = FULL;
        PRAGMA journal_size_limit = 4194304;
        PRAGMA max_page_count = ${Math.ceil(options.fileBytesMax / 4096)}`,
      now: options.now,
      log: options.log,
      mayStandIn: options.mayStandIn,
    })
    const { database } = opened.file
    this.database = database
    this.#shared = opened.file
    this.setAside = opened.setAside
    const length = `length(content) + ${ITEM_OVERHEAD_BYTES} AS bytes`
    this.#insert = database.prepare('INSERT INTO items VALUES (?, ?, ?, ?, ?)')
    this.#read = database.prepare(
      'SELECT sequence, id, content FROM items WHERE sequence > ? ORDER BY sequence LIMIT ?',
    )
    this.#readRank = database.prepare(
      'SELECT sequence, id, content FROM items WHERE rank = ? AND sequence > ? ORDER BY sequence LIMIT ?',
    )
    this.#size = database.prepare(`SELECT ${length} FROM items WHERE sequence = ?`)
    this.#find = database.prepare('SELECT sequence, id, content FROM items WHERE sequence = ?')
    this.#remove = database.prepare('DELETE FROM items WHERE sequence = ?')
    this.#expired = database.prepare(
      `SELECT sequence, rank, added_ms, ${length} FROM items ORDER BY sequence LIMIT ?`,
    )
    this.#least = database.prepare(
      `SELECT sequence, rank, ${length} FROM items ORDER BY rank, sequence LIMIT ?`,
    )
    this.#sizeOf = database.prepare(
      `SELECT count(*) AS items, ifnull(sum(length(content) + ${ITEM_OVERHEAD_BYTES}), 0) AS bytes
        FROM items WHERE sequence > ? AND sequence <= ?`,
    )
    this.#removeThrough = database.prepare('DELETE FROM items WHERE sequence <= ?')
    this.#shift = database.prepare('UPDATE items SET sequence = sequence + ?')
    this.#id = database.prepare('SELECT id FROM outbox')
    this.#setId = database.prepare('UPDATE outbox SET id = ?')
    this.#write = database.prepare(
      `UPDATE totals SET ${COLUMNS.map(([, column]) => `${column} = ?`).join(', ')}`,
    )
  }

  /** In memory, for one that there was no room for: nothing is to be written to it. */
  get standsIn(): boolean {
    return this.#shared.standsIn
  }

  /** 32 hex digits: whose numbers the sequences are. */
  id(): string {
    return idOf(this.#id.get())
  }

  renewId(): void {
    this.#setId.run(newOutboxId())
  }

  totals(): Totals {
    return readTotals(this.database)
  }

  writeTotals(totals: Totals): void {
    this.#write.run(...COLUMNS.map(([field]) => totals[field]))
  }

  insert(
    sequence: number,
    rank: number,
    addedMs: number,
    id: Uint8Array,
    content: Uint8Array,
  ): void {
    this.#insert.run(sequence, rank, addedMs, id, content)
  }

  /** In the order of sequence; to be read to the end or returned from. */
  *read(afterSequence: number, itemsMax: number): Generator<Row> {
    for (const row of this.#read.iterate(afterSequence, itemsMax)) yield rowOf(row)
  }

  /** Those of `rank` alone, in the order of sequence. */
  readRank(rank: number, afterSequence: number, itemsMax: number): Row[] {
    return this.#readRank.all(rank, afterSequence, itemsMax).map(rowOf)
  }

  /** undefined: it does not wait. */
  find(sequence: number): Row | undefined {
    const row = this.#find.get(sequence)
    return row && rowOf(row)
  }

  /** Bytes of a waiting item; undefined when it does not wait. */
  bytesOf(sequence: number): number | undefined {
    const row = this.#size.get(sequence)
    return row && Number(row['bytes'])
  }

  /** When the last of what waits was added; undefined when nothing waits. */
  lastAddedMs(): number | undefined {
    const row = this.database
      .prepare('SELECT added_ms FROM items ORDER BY sequence DESC LIMIT 1')
      .get()
    return row && Number(row['added_ms'])
  }

  /** The oldest items, those added before `beforeMs` only. */
  oldest(beforeMs: number, itemsMax: number): Sized[] {
    return this.#expired
      .all(itemsMax)
      .filter((row) => Number(row['added_ms']) < beforeMs)
      .map(sizedOf)
  }

  /** The items that matter least: lowest rank, then oldest. */
  least(itemsMax: number): Sized[] {
    return this.#least.all(itemsMax).map(sizedOf)
  }

  remove(sequence: number): void {
    this.#remove.run(sequence)
  }

  /** Of the items above `after` up to `sequence`. */
  sizeOf(after: number, sequence: number): { items: number; bytes: number } {
    const size = this.#sizeOf.get(after, sequence)
    return { items: Number(size?.['items']), bytes: Number(size?.['bytes']) }
  }

  removeThrough(sequence: number): void {
    this.#removeThrough.run(sequence)
  }

  /** Adds `by`, which may be negative, to every sequence. REQUIRES: the ranges before and after do not meet. */
  shift(by: number): void {
    this.#shift.run(by)
  }

  /**
   * `work` without an fsync at its commit: enough for what may be done twice. An acknowledgement lost in a power cut
   * costs sending the items again.
   */
  unsynchronised(work: () => void): void {
    this.database.exec('PRAGMA synchronous = NORMAL')
    try {
      work()
    } finally {
      this.database.exec('PRAGMA synchronous = FULL')
    }
  }

  /** Gives a step of what a past backlog took back to the disk. */
  shrink(): void {
    const free = Number(this.database.prepare('PRAGMA freelist_count').get()?.['freelist_count'])
    if (free > FREE_PAGES_KEPT) this.database.exec(`PRAGMA incremental_vacuum(${FREE_PAGES_STEP})`)
  }

  /** To be called when the disk has taken something: others may read it again, where a full disk was in the way. */
  share(): void {
    this.#shared.share()
  }

  /** The room of its log is the disk's again, as far as it can be. */
  giveRoom(): void {
    if (this.database.isOpen) this.#shared.giveRoom()
  }

  /** How long a statement waits for another process that holds the file. */
  patience(ms: number): void {
    this.#shared.patience(ms)
  }

  get isClosed(): boolean {
    return !this.database.isOpen
  }

  close(): void {
    this.database.close()
  }
}

/** A new one in place of the one at `path`, see `replaceFile`. */
export const replaceOutboxFile = (
  path: string,
  reason: string,
  now: UnixNs,
  before: () => void,
): SetAside => replaceFile(path, reason, { ...MADE, now }, before)

const sizedOf = (row: Record<string, SQLOutputValue>): Sized => ({
  sequence: Number(row['sequence']),
  rank: Number(row['rank']),
  bytes: Number(row['bytes']),
})

function rowOf(row: Record<string, SQLOutputValue>): Row {
  const { id, content } = row
  if (!(id instanceof Uint8Array) || !(content instanceof Uint8Array))
    throw new UnusableFile('items: a column is not bytes')
  return { sequence: Number(row['sequence']), id, content }
}

function create(database: DatabaseSync): void {
  database.exec(`
    CREATE TABLE items (
      sequence INTEGER PRIMARY KEY,
      rank INTEGER NOT NULL,
      added_ms INTEGER NOT NULL,
      id BLOB NOT NULL,
      content BLOB NOT NULL
    ) STRICT;
    CREATE INDEX items_rank ON items (rank, sequence);
    CREATE TABLE outbox (id TEXT NOT NULL) STRICT;
    CREATE TABLE totals (${COLUMNS.map(([, column]) => `${column} INTEGER NOT NULL`).join(', ')}) STRICT`)
  database
    .prepare(`INSERT INTO totals VALUES (${COLUMNS.map(() => '?').join(', ')})`)
    .run(...COLUMNS.map(([field]) => ZERO[field]))
  database.prepare('INSERT INTO outbox VALUES (?)').run(newOutboxId())
}

const MADE = {
  ...{ version: SCHEMA_VERSION, create },
  pragmasFirst: 'PRAGMA auto_vacuum = INCREMENTAL',
}

/** 1 had no id: whose numbers its sequences were, its device alone said. */
function upgrade(database: DatabaseSync): void {
  database.exec('CREATE TABLE outbox (id TEXT NOT NULL) STRICT')
  database.exec('ALTER TABLE totals DROP COLUMN joined')
  database.prepare('INSERT INTO outbox VALUES (?)').run(newOutboxId())
}

/** 32 hex digits that no other outbox has: a copy of a file has its id, and is found out by its numbers. */
export const newOutboxId = (): string => randomBytes(16).toString('hex')

function idOf(row: Record<string, SQLOutputValue> | undefined): string {
  const id = row?.['id']
  if (typeof id !== 'string' || !/^[0-9a-f]{32}$/.test(id))
    throw new UnusableFile('outbox: its id is none')
  return id
}

function readTotals(database: DatabaseSync): Totals {
  const row = database.prepare('SELECT * FROM totals').get()
  const totals = { ...ZERO }
  for (const [field, column] of COLUMNS) {
    const value = row?.[column]
    if (typeof value !== 'number' || value < 0)
      throw new UnusableFile(`totals: ${column} is ${value}`)
    totals[field] = value
  }
  return totals
}
