// Alerts lie in segments: a new pair of tables every 100,000 revisions. Indexes then stay small enough
// for memory, so that an alert costs the same however many are stored, and history is dropped whole.
import type { DatabaseSync } from 'node:sqlite'
import { addressIndexSql, orderIndexesSql } from './alert-columns.ts'
import { FILTER_BYTES, FilterOfAll, FilterOfOne } from './alert-filter.ts'
import { dropSumsSql, sumUp } from './alert-sums.ts'
import { prepare } from './statement.ts'
import { textsTableSql } from './texts.ts'

/**
 * Revisions, and bytes of their bodies and texts, after which a segment is sealed. A commit of 1,000 alerts changes
 * most pages of the indexes by id and by device: with 250,000 revisions 4.7 kB are written an alert, with
 * 100,000 3.6 kB, with 50,000 3.2 kB; but a list of something rare looks into every segment.
 */
export const SEGMENT_REVISIONS = 100_000
const SEGMENT_BYTES = 256 * 1024 * 1024

export type SealedSegment = { n: number; lastAt: bigint; revisions: number }

/** Tables of segment `n`. The first segment's were made by the migrations. */
function tablesSql(n: number): string {
  return `
    CREATE TABLE revision_${n} (
      stored_at INTEGER PRIMARY KEY,
      previous INTEGER NOT NULL,
      device INTEGER NOT NULL,
      body BLOB NOT NULL
    );
    CREATE TABLE alert_${n} (
      row INTEGER PRIMARY KEY,
      id BLOB NOT NULL,
      device INTEGER NOT NULL,
      revision INTEGER NOT NULL,
      severity INTEGER NOT NULL,
      newest INTEGER NOT NULL,
      last INTEGER NOT NULL,
      opened_at INTEGER NOT NULL,
      score REAL NOT NULL,
      bytes_out INTEGER NOT NULL,
      bytes_in INTEGER NOT NULL,
      likeness INTEGER NOT NULL,
      app INTEGER NOT NULL,
      to_address BLOB,
      program INTEGER NOT NULL,
      words TEXT NOT NULL,
      status INTEGER NOT NULL DEFAULT 0,
      triage INTEGER NOT NULL DEFAULT 0
    );
    CREATE UNIQUE INDEX alert_${n}_id ON alert_${n} (id, device);
    ${orderIndexesSql(n)}
    ${textsTableSql(n)}`
}

/**
 * The writer's view of the segments. What it holds in memory follows the file: `reload` after a
 * transaction that changed them was rolled back. Throws what node:sqlite throws.
 */
export class Segments {
  readonly #db: DatabaseSync
  readonly #revisionsMax: number
  #sealed: FilterOfAll
  #writing: FilterOfOne
  /** Number of the segment that is written. */
  current = 0
  /** Revisions in it. */
  revisions = 0
  #bytes = 0
  #firstAt = 0n

  constructor(db: DatabaseSync, revisionsMax = SEGMENT_REVISIONS) {
    this.#db = db
    this.#revisionsMax = revisionsMax
    this.#sealed = new FilterOfAll()
    this.#writing = new FilterOfOne()
    const sealed = prepare(db, 'SELECT n, filter FROM segment WHERE sealed = 1 ORDER BY n')
    for (const { n, filter } of sealed.iterate()) {
      // One of another size was made by another version: it says nothing here.
      const bits =
        filter instanceof Uint8Array && filter.length === FILTER_BYTES ? filter : undefined
      this.#sealed.add(Number(n), bits)
    }
    this.reload()
    const ids = db.prepare(`SELECT id, device FROM alert_${this.current}`)
    for (const row of ids.iterate()) this.#writing.add(row.id as Uint8Array, row.device as number)
  }

  /** Reads again what a transaction may have changed and not kept. */
  reload(): void {
    const row = prepare(
      this.#db,
      'SELECT n, revisions, body_bytes, first_at FROM segment WHERE sealed = 0',
    ).get()
    this.current = Number(row?.n)
    this.revisions = Number(row?.revisions)
    this.#bytes = Number(row?.body_bytes)
    this.#firstAt = row?.first_at as bigint
  }

  /** Time since the first revision of the segment that is written. */
  ageNs(nowNs: bigint): bigint {
    return this.revisions === 0 ? 0n : nowNs - this.#firstAt
  }

  full(): boolean {
    return this.revisions >= this.#revisionsMax || this.#bytes >= SEGMENT_BYTES
  }

  /** Sealed segments in which the alert may be, the newest first. */
  candidates(id: Uint8Array, device: number): number[] {
    const found = this.#sealed.candidates(id, device)
    return found.length > 1 ? found.sort((a, b) => b - a) : found
  }

  /** An alert has a row in the segment that is written. */
  wrote(id: Uint8Array, device: number): void {
    this.#writing.add(id, device)
  }

  /** A revision was put into the segment that is written; `bytes`: its body, and what was written of texts. */
  counted(storedAt: bigint, bytes: number): void {
    if (this.revisions === 0) this.#firstAt = storedAt
    this.revisions++
    this.#bytes += bytes
  }

  /** Inside the transaction that put them: `lastAt` is the newest time of storage given out. */
  save(lastAt: bigint): void {
    this.#save ??= prepare(
      this.#db,
      'UPDATE segment SET first_at = ?, last_at = ?, revisions = ?, body_bytes = ? WHERE n = ?',
    )
    this.#save.run(this.#firstAt, lastAt, this.revisions, this.#bytes, this.current)
  }
  #save: ReturnType<typeof prepare> | undefined

  /** Seals the segment that is written and begins the next, in a transaction of its own. */
  roll(lastAt: bigint): void {
    const sealed = this.current
    // What was made by an earlier version may be too large for a filter to tell anything.
    const bits = this.revisions <= 2 * SEGMENT_REVISIONS ? this.#writing.bits : null
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      prepare(this.#db, 'UPDATE segment SET sealed = 1, filter = ? WHERE n = ?').run(bits, sealed)
      sumUp(this.#db, sealed)
      this.#db.exec(addressIndexSql(sealed))
      this.#db.exec(tablesSql(sealed + 1))
      prepare(
        this.#db,
        'INSERT INTO segment (n, first_at, last_at, revisions, body_bytes) VALUES (?, ?, ?, 0, 0)',
      ).run(sealed + 1, lastAt + 1n, lastAt)
      this.#db.exec('COMMIT')
    } catch (cause) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw cause
    }
    this.#sealed.add(sealed, bits ?? undefined)
    this.#writing = new FilterOfOne()
    this.reload()
  }

  /** The sealed segment stored longest ago. */
  oldest(): SealedSegment | undefined {
    const row = prepare(
      this.#db,
      'SELECT n, last_at, revisions FROM segment WHERE sealed = 1 ORDER BY n LIMIT 1',
    ).get()
    if (!row) return undefined
    return { n: Number(row.n), lastAt: row.last_at as bigint, revisions: Number(row.revisions) }
  }

  /** When the first of all revisions that are kept was stored; undefined when none is. */
  firstAt(): bigint | undefined {
    const row = prepare(
      this.#db,
      'SELECT min(first_at) AS at FROM segment WHERE revisions > 0',
    ).get()
    return (row?.at as bigint | null) ?? undefined
  }

  /** Revisions of a segment have gone, inside the caller's transaction; returns how many are left. */
  took(n: number, revisions: number, bytes: number): number {
    const left = prepare(
      this.#db,
      `UPDATE segment SET revisions = revisions - ?, body_bytes = body_bytes - ? WHERE n = ?
       RETURNING revisions`,
    ).get(revisions, bytes, n)
    if (n === this.current) {
      this.revisions -= revisions
      this.#bytes -= bytes
    }
    return Number(left?.revisions)
  }

  /** Drops a sealed segment's tables, inside the caller's transaction; `forget` once it has committed. */
  drop(n: number): void {
    this.#db.exec(
      `DROP TABLE alert_${n}; DROP TABLE text_${n}; DROP TABLE revision_${n}; ${dropSumsSql(n)}`,
    )
    prepare(this.#db, 'DELETE FROM segment WHERE n = ?').run(n)
  }

  forget(n: number): void {
    this.#sealed.remove(n)
  }
}
