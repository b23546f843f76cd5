// What lists find, sort and group alerts by, beside their bodies: columns of alert_<n>, of the revision that is shown.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { Alert } from '../../engine/finding.ts'
import { decodeItem } from '../../stream/codec.ts'
import { identityDigest, likenessOf } from '../likeness.ts'
import { eventText, joinedTexts, programText } from './search.ts'

export type AlertColumns = {
  openedAt: bigint
  score: number
  bytesOut: number
  /** What it can be found by, in two texts (search.ts). */
  programText: string
  eventText: string
  bytesIn: number
  likeness: bigint
  /** Of its identity, for counting them. */
  app: bigint
}

/** `textOf`: as `programText`. */
export const alertColumns = (
  alert: Alert,
  textOf: (alert: Alert) => string = programText,
): AlertColumns => ({
  ...orderColumns(alert),
  programText: textOf(alert),
  eventText: eventText(alert),
})

/** Without the texts, which cost most. */
export const orderColumns = (alert: Alert): Omit<AlertColumns, 'programText' | 'eventText'> => ({
  openedAt: alert.openedAt,
  score: alert.score,
  bytesOut: alert.bytesOut,
  bytesIn: alert.bytesIn,
  likeness: likenessOf(alert),
  app: identityDigest(alert),
})

/**
 * Holds all that groups are made of, so that they are made without a look at the rows, whose texts are twenty times as
 * long. It grows at its end, as times do: wider, it costs the writer little (an index by likeness would change at
 * random places).
 */
export const newestIndexSql = (n: number | bigint, more = ', status'): string =>
  `CREATE INDEX alert_${n}_newest ON alert_${n}
     (newest, likeness, device, severity, opened_at, score, bytes_out, bytes_in, app${more})`

/** A migration: what was stored before is found like what comes. */
export function addAlertColumns(db: DatabaseSync): void {
  for (const n of segmentsOf(db)) {
    db.exec(`
      ALTER TABLE alert_${n} ADD COLUMN opened_at INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE alert_${n} ADD COLUMN score REAL NOT NULL DEFAULT 0;
      ALTER TABLE alert_${n} ADD COLUMN bytes_out INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE alert_${n} ADD COLUMN words TEXT NOT NULL DEFAULT '';`)
    fill(db, n, ['opened_at', 'score', 'bytes_out', 'words'], (alert) => {
      const { openedAt, score, bytesOut, programText, eventText } = alertColumns(alert)
      return [openedAt, score, bytesOut, joinedTexts(programText, eventText)]
    })
  }
}

/** A migration: what was stored before falls into groups with what comes. */
export function addLikeness(db: DatabaseSync): void {
  db.exec('DROP INDEX IF EXISTS alert_newest')
  for (const n of segmentsOf(db)) {
    db.exec(`
      ALTER TABLE alert_${n} ADD COLUMN bytes_in INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE alert_${n} ADD COLUMN likeness INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE alert_${n} ADD COLUMN app INTEGER NOT NULL DEFAULT 0;
      DROP INDEX IF EXISTS alert_${n}_newest;`)
    fill(db, n, ['bytes_in', 'likeness', 'app'], (alert) => {
      const { bytesIn, likeness, app } = alertColumns(alert)
      return [bytesIn, likeness, app]
    })
    db.exec(newestIndexSql(n, ''))
  }
}

const segmentsOf = (db: DatabaseSync): number[] =>
  db
    .prepare('SELECT n FROM segment')
    .all()
    .map(({ n }) => Number(n))

/** Sets columns of all rows from the bodies that they show. */
function fill(
  db: DatabaseSync,
  n: number,
  columns: readonly string[],
  valuesOf: (alert: Alert) => SQLInputValue[],
): void {
  const sets = columns.map((name) => `${name} = ?`).join(', ')
  const set = db.prepare(`UPDATE alert_${n} SET ${sets} WHERE row = ?`)
  const bodies = db.prepare(
    `SELECT a.row, r.body FROM alert_${n} AS a JOIN revision_${n} AS r ON r.stored_at = a.newest
     WHERE a.row > ? ORDER BY a.row LIMIT 1000`,
  )
  // A thousand at a time, so that no statement reads what another one changes.
  let after = -1
  for (;;) {
    const some = bodies.all(after)
    if (some.length === 0) break
    for (const { row, body } of some) {
      after = row as number
      const { finding } = decodeItem(body as Uint8Array)
      if (finding.kind !== 'alert') throw new Error(`a stored revision holds a ${finding.kind}`)
      set.run(...valuesOf(finding.alert), after)
    }
  }
}
