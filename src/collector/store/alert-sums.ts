// What the alerts of a sealed segment sum up to, by group (likeness.ts): made when it is sealed, so that a list of groups
// looks at some thousand sums in place of each alert. Whatever changes in a sealed segment makes the sums of its group
// stale: they are not looked at, but the group's alerts, until retention's next beat makes them anew.
import type { DatabaseSync } from 'node:sqlite'
import { addOrderOfOpening, listedSql } from './alert-columns.ts'
import { prepare } from './statement.ts'

/** Of a group's alerts, all severities and statuses together or apart. */
export const SUMS = `count(*) AS alerts, min(device) AS device_low, max(device) AS device_high,
  min(app) AS app_low, max(app) AS app_high, max(score) AS score,
  total(bytes_out) AS bytes_out, total(bytes_in) AS bytes_in,
  min(opened_at) AS opened_first, max(opened_at) AS opened_last,
  max(${listedSql()}) AS listed_last, max(newest) AS newest`

/** Runs inside the caller's transaction, and holds nothing in memory. */
export type AlertSums = {
  /** An alert of this group has left a sealed segment, or has another status there. */
  stale(segment: number, likeness: bigint): void
  /** Makes stale sums anew, until `alertsMax` alerts were looked at; false: none was stale. */
  renew(alertsMax: number): boolean
}

/** Groups that one step of `renew` looks for. */
const RENEWED_MAX = 100

export function createAlertSums(db: DatabaseSync): AlertSums {
  const add = prepare(db, 'INSERT OR IGNORE INTO stale_group (segment, likeness) VALUES (?, ?)')
  const next = prepare(db, `SELECT segment, likeness FROM stale_group LIMIT ${RENEWED_MAX}`)
  const remove = prepare(db, 'DELETE FROM stale_group WHERE segment = ? AND likeness = ?')
  return {
    stale(segment, likeness) {
      add.run(segment, likeness)
    },
    renew(alertsMax) {
      const stale = next.all()
      let alerts = 0
      for (const { segment, likeness } of stale) {
        const n = Number(segment)
        prepare(db, `DELETE FROM group_${n} WHERE likeness = ?`).run(likeness as bigint)
        const made = prepare(db, `${fillSql(n, 'WHERE likeness = ?')} RETURNING alerts`)
        for (const row of made.all(likeness as bigint)) alerts += Number(row.alerts)
        remove.run(n, likeness as bigint)
        if (alerts >= alertsMax) break
      }
      return stale.length > 0
    },
  }
}

/**
 * Of a segment that is sealed, inside the caller's transaction: 0.2 s for 100,000 alerts. The index is made here, at one
 * go, as in a segment that is written it would grow at random places; it serves what the sums do not say.
 */
export function sumUp(db: DatabaseSync, n: number): void {
  db.exec(`
    CREATE INDEX alert_${n}_likeness ON alert_${n}
      (likeness, severity, status, newest, device, app, opened_at, score, bytes_out, bytes_in);
    CREATE TABLE group_${n} (
      likeness INTEGER NOT NULL,
      severity INTEGER NOT NULL,
      status INTEGER NOT NULL,
      alerts INTEGER NOT NULL,
      device_low INTEGER NOT NULL,
      device_high INTEGER NOT NULL,
      app_low INTEGER NOT NULL,
      app_high INTEGER NOT NULL,
      score REAL NOT NULL,
      bytes_out REAL NOT NULL,
      bytes_in REAL NOT NULL,
      opened_first INTEGER NOT NULL,
      opened_last INTEGER NOT NULL,
      listed_last INTEGER NOT NULL,
      newest INTEGER NOT NULL,
      PRIMARY KEY (likeness, severity, status)
    ) WITHOUT ROWID;
    ${fillSql(n, '')};
    UPDATE segment SET
      opened_first = coalesce((SELECT min(opened_first) FROM group_${n}), 0),
      opened_last = coalesce((SELECT max(opened_last) FROM group_${n}), 0)
    WHERE n = ${n}`)
}

const fillSql = (n: number, where: string): string =>
  `INSERT INTO group_${n} SELECT likeness, severity, status, ${SUMS}
   FROM alert_${n} INDEXED BY alert_${n}_likeness ${where} GROUP BY likeness, severity, status`

/** With a segment's other tables. */
export const dropSumsSql = (n: number): string =>
  `DROP TABLE group_${n}; DELETE FROM stale_group WHERE segment = ${n}`

/** A migration. "opened_first" and "opened_last" are of a sealed segment's alerts: at least that wide. */
export function addAlertSums(db: DatabaseSync): void {
  db.exec(`
    ALTER TABLE segment ADD COLUMN opened_first INTEGER;
    ALTER TABLE segment ADD COLUMN opened_last INTEGER;
    CREATE TABLE stale_group (
      segment INTEGER NOT NULL,
      likeness INTEGER NOT NULL,
      PRIMARY KEY (segment, likeness)
    ) WITHOUT ROWID;`)
  for (const n of sealedIn(db)) sumUp(db, n)
}

const sealedIn = (db: DatabaseSync): number[] =>
  db
    .prepare('SELECT n FROM segment WHERE sealed = 1')
    .all()
    .map(({ n }) => Number(n))

/** A migration: lists, and groups, were in the order of arrival. */
export function orderByOpening(db: DatabaseSync): void {
  addOrderOfOpening(db)
  for (const n of sealedIn(db)) {
    db.exec(
      `DROP TABLE group_${n}; DROP INDEX alert_${n}_likeness; DELETE FROM stale_group WHERE segment = ${n}`,
    )
    sumUp(db, n)
  }
}
