// What lists find, sort and group alerts by, beside their bodies: columns of alert_<n>, of the revision that is shown.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { parseAddress } from '../../engine/address.ts'
import type { Alert } from '../../engine/finding.ts'
import { decodeItem } from '../../stream/codec.ts'
import { identityDigest, likenessOf } from '../views/likeness.ts'
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
  /** Where it went, 16 bytes (engine/address.ts); null: it has no address that can be read. */
  to: Uint8Array | null
}

/** `textOf`: as `programText`; `deviceId`: of whose alert it is. */
export const alertColumns = (
  alert: Alert,
  textOf: (alert: Alert) => string = programText,
  deviceId = '',
): AlertColumns => ({
  ...orderColumns(alert, deviceId),
  programText: textOf(alert),
  eventText: eventText(alert),
})

/** Without the texts, which cost most. */
export const orderColumns = (
  alert: Alert,
  deviceId = '',
): Omit<AlertColumns, 'programText' | 'eventText'> => ({
  openedAt: alert.openedAt,
  score: alert.score,
  bytesOut: alert.bytesOut,
  bytesIn: alert.bytesIn,
  likeness: likenessOf(alert, deviceId),
  app: identityDigest(alert),
  to: parseAddress(alert.destination.address) ?? null,
})

/**
 * What the list has the latest first by: when an alert was opened, by the word of its device, and no later than it was
 * stored, by ours: a clock that is ahead leads no list. `of`: the name of alert_<n> in a statement, with its dot.
 */
export const listedSql = (of = ''): string => `min(${of}opened_at, ${of}newest)`

/**
 * The orders of the list. The first holds all that groups are made of, so that they are made without a look at the rows,
 * whose texts are twenty times as long. It grows near its end, as times do: wider, it costs the writer little (an index by
 * likeness would change at random places).
 */
export const orderIndexesSql = (n: number): string => `
  CREATE INDEX alert_${n}_listed ON alert_${n}
    (${listedSql()}, newest, likeness, device, severity, opened_at, score, bytes_out, bytes_in, app, status);
  CREATE INDEX alert_${n}_device ON alert_${n} (device, ${listedSql()}, newest);
  CREATE INDEX alert_${n}_severity ON alert_${n} (severity, ${listedSql()}, newest);
  -- Of the few that somebody has said something of: it costs what comes nothing.
  CREATE INDEX alert_${n}_triage ON alert_${n} (status, ${listedSql()}, newest) WHERE triage > 0;`

/** Part of a migration: lists were in the order of arrival. */
export function addOrderOfOpening(db: DatabaseSync): void {
  for (const n of segmentsOf(db)) {
    const before = ['newest', 'device', 'severity', 'triage']
    // The first segment's have the names they were born with.
    const names = before.flatMap((name) => [`alert_${n}_${name}`, `alert_${name}`])
    db.exec(names.map((name) => `DROP INDEX IF EXISTS ${name};`).join(''))
    db.exec(orderIndexesSql(n))
  }
}

/** What two migrations made for the order of arrival. */
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

/**
 * Networks are looked for in it, of sealed segments: addresses come in no order, and in one that is written it would grow at
 * random places.
 */
export const addressIndexSql = (n: number): string =>
  `CREATE INDEX alert_${n}_address ON alert_${n} (to_address) WHERE to_address IS NOT NULL;`

/** A migration: networks were looked for in texts, where names stand beside addresses. */
export function addAddresses(db: DatabaseSync): void {
  const sealed = db.prepare('SELECT n FROM segment WHERE sealed = 1').all()
  for (const n of segmentsOf(db)) {
    db.exec(`ALTER TABLE alert_${n} ADD COLUMN to_address BLOB`)
    fill(db, n, ['to_address'], (alert) => [orderColumns(alert).to])
  }
  for (const { n } of sealed) db.exec(addressIndexSql(Number(n)))
}

/** A migration: recordings were in groups with machines. Sums of sealed segments are made anew with retention's next beat. */
export function partRecordings(db: DatabaseSync): void {
  const recordings = "SELECT row FROM device WHERE substr(id, 15, 1) = '8'"
  if (!db.prepare(recordings).get()) return
  const sealed = db.prepare('SELECT n FROM segment WHERE sealed = 1').all()
  const isSealed = new Set(sealed.map(({ n }) => Number(n)))
  const stale = db.prepare('INSERT OR IGNORE INTO stale_group (segment, likeness) VALUES (?, ?)')
  for (const n of segmentsOf(db)) {
    const set = db.prepare(`UPDATE alert_${n} SET likeness = ? WHERE row = ?`)
    const some = db.prepare(
      `SELECT a.row, a.likeness, r.body, d.id FROM alert_${n} AS a
       JOIN revision_${n} AS r ON r.stored_at = a.newest JOIN device AS d ON d.row = a.device
       WHERE a.row > ? AND a.device IN (${recordings}) ORDER BY a.row LIMIT 1000`,
    )
    some.setReadBigInts(true)
    for (let after = -1n, rows = some.all(after); rows.length > 0; rows = some.all(after))
      for (const { row, likeness, body, id } of rows) {
        after = row as bigint
        const { finding } = decodeItem(body as Uint8Array)
        if (finding.kind !== 'alert') throw new Error(`a stored revision holds a ${finding.kind}`)
        const now = likenessOf(finding.alert, id as string)
        set.run(now, after)
        if (isSealed.has(n)) for (const one of [likeness as bigint, now]) stale.run(n, one)
      }
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
