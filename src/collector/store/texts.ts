// What alerts say of their programs (search.ts) is the same in nearly all alerts of a program, and half of what they can be
// found by. A segment keeps it once, in text_<n>, and rows of alert_<n> name it by `program`. What was seen once only stands
// in the alert's own row, as in those that an earlier version wrote: a table of what never comes again would cost more
// than it spares. A search looks into both, so it finds the same wherever a text stands.
import type { DatabaseSync } from 'node:sqlite'
import { BoundedMap } from '../terms/bounded-map.ts'
import { joinedTexts } from './search.ts'
import { prepare } from './statement.ts'

/** Letters of the texts that are known: some 10,000 of ordinary length. One that has gone is kept once more. */
const KNOWN_CHARS_MAX = 4 * 1024 * 1024
/** What an entry takes beside its letters. */
const ENTRY_CHARS = 64
/** Seen once in this segment, and in no table. */
const SEEN = 0

/**
 * Where the texts of an alert stand: `program` is the row in text_<n>, 0 when `words` has all. `bytes`: what is written of
 * them with the alert's row, `shared` of that in text_<n>.
 */
export type PlacedTexts = { program: number; words: string; bytes: number; shared: number }

export type Texts = {
  /** Inside the caller's transaction. */
  place(segment: number, device: number, program: string, event: string): PlacedTexts
  /**
   * Of devices that have no more alerts in a segment, inside the caller's transaction: their texts go but for those that
   * others use, which are nobody's from now on. Returns their bytes by device. Looks through all texts of the segment.
   */
  release(segment: number, devices: readonly number[]): Map<number, number>
  /** What the open transaction wrote may be rolled back. */
  forget(): void
}

export function createTexts(db: DatabaseSync, charsMax = KNOWN_CHARS_MAX): Texts {
  const known = new BoundedMap<string, number>(charsMax, (text) => text.length + ENTRY_CHARS)
  let segment = 0
  let insert: ReturnType<typeof prepare> | undefined

  function begin(n: number): ReturnType<typeof prepare> {
    segment = n
    known.clear()
    for (const { row, words } of prepare(db, `SELECT row, words FROM text_${n}`).iterate())
      known.set(words as string, Number(row))
    return prepare(db, `INSERT INTO text_${n} (device, words) VALUES (?, ?)`)
  }

  return {
    place(n, device, program, event) {
      if (!insert || n !== segment) insert = begin(n)
      const bytes = Buffer.byteLength(event)
      const row = known.get(program)
      if (row) return { program: row, words: event, bytes, shared: 0 }
      if (row === undefined) {
        known.set(program, SEEN)
        const words = joinedTexts(program, event)
        return { program: 0, words, bytes: Buffer.byteLength(words), shared: 0 }
      }
      const made = Number(insert.run(device, program).lastInsertRowid)
      known.set(program, made)
      const shared = Buffer.byteLength(program)
      return { program: made, words: event, bytes: bytes + shared, shared }
    },
    release(n, devices) {
      const freed = new Map<number, number>()
      if (devices.length === 0) return freed
      if (n === segment) known.clear()
      const theirs = JSON.stringify(devices)
      const texts = prepare(
        db,
        `SELECT device, sum(octet_length(words)) AS bytes FROM text_${n}
         WHERE device IN (SELECT value FROM json_each(?)) GROUP BY device`,
      )
      for (const { device, bytes } of texts.all(theirs)) freed.set(Number(device), Number(bytes))
      if (freed.size === 0) return freed
      prepare(
        db,
        `UPDATE text_${n} SET device = 0 WHERE device IN (SELECT value FROM json_each(?))`,
      ).run(theirs)
      db.exec(
        `DELETE FROM text_${n} WHERE device = 0 AND row NOT IN (SELECT program FROM alert_${n})`,
      )
      return freed
    },
    forget: () => known.clear(),
  }
}

/** Texts of segment `n`; "device" is whose alert needed it first, 0 when that one has none left. */
export const textsTableSql = (n: number): string =>
  `CREATE TABLE text_${n} (
    row INTEGER PRIMARY KEY,
    device INTEGER NOT NULL,
    words TEXT NOT NULL
  );`

/** Rows of alert_<n>, as `a`, that have a term in either of their texts: it is given twice. */
export const hasTermSql = (n: number | bigint): string =>
  `(a.program IN (SELECT t.row FROM text_${n} AS t WHERE instr(t.words, ?) > 0) OR instr(a.words, ?) > 0)`

/** A migration: texts beside the rows, where they take part in what each device has. Those that stand in rows stay there. */
export function addTexts(db: DatabaseSync): void {
  for (const row of db.prepare('SELECT n FROM segment').all()) {
    const n = Number(row.n)
    db.exec(`
      ALTER TABLE alert_${n} ADD COLUMN program INTEGER NOT NULL DEFAULT 0;
      ${textsTableSql(n)}
      INSERT INTO alert_held (segment, device, revisions, bytes)
        SELECT ${n}, device, 0, sum(octet_length(words)) FROM alert_${n} WHERE true GROUP BY device
        ON CONFLICT (segment, device) DO UPDATE SET bytes = bytes + excluded.bytes;
      UPDATE segment SET body_bytes = body_bytes +
        (SELECT coalesce(sum(octet_length(words)), 0) FROM alert_${n}) WHERE n = ${n}`)
  }
}
