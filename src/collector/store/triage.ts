// What people make of alerts: acknowledged, closed, a note. History, bounded, kept as long as its alert.
import type { DatabaseSync } from 'node:sqlite'
import { newestIndexSql } from './alert-columns.ts'
import {
  type SeverityRank,
  Status,
  type TriageEntry,
  type TriageOutcome,
  type TriageSaid,
} from './protocol.ts'
import { prepare } from './statement.ts'
import { ENTRIES, entryOf } from './triage-reader.ts'

/** Of one alert; people who say more about it have a ticket for it elsewhere. */
export const ENTRIES_MAX = 100
/** Of all alerts: 16,000 of the longest notes, half a million without. Beyond, nothing more is taken until alerts are dropped. */
export const TRIAGE_BYTES_MAX = 64 * 1024 * 1024
/** What a row takes beside its texts. */
const ROW_BYTES = 128

const charge = (by: string, note: string): number =>
  ROW_BYTES + Buffer.byteLength(by) + Buffer.byteLength(note)

/** An alert's row, as far as triage asks for it. */
export type TriagedAlert = {
  id: Uint8Array
  device: number
  revision: number
  severity: SeverityRank
  bytesOut: number
  /** Revision of the last entry; 0: none. */
  triage: number
}

/** Runs inside the caller's transaction; `flush` before its commit, `forget` on its rollback. */
export type TriageWriter = {
  /** Adds an entry, unless another one came first or there is no room. */
  say(nowNs: bigint, alert: TriagedAlert, said: TriageSaid): TriageOutcome
  /** The last entry. REQUIRES: triage > 0. */
  present(alert: Pick<TriagedAlert, 'id' | 'device' | 'triage'>): TriageEntry
  /** With its alert. */
  remove(id: Uint8Array, device: number): void
  /** With all alerts of a segment that is about to be dropped. */
  removeSegment(segment: number): void
  flush(): void
  forget(): void
}

export function createTriage(db: DatabaseSync, bytesMax = TRIAGE_BYTES_MAX): TriageWriter {
  const insert = prepare(
    db,
    `INSERT INTO triage
       (id, device, revision, status, at, by_whom, note, alert_revision, severity, bytes_out)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const read = prepare(db, `${ENTRIES} AND t.revision = ?`)
  const forgetOne = prepare(
    db,
    'DELETE FROM triage WHERE id = ? AND device = ? RETURNING by_whom, note',
  )
  /** undefined: a commit failed after `flush`, so that it is to be counted anew. */
  let bytes: number | undefined = heldBytes(db)
  /** What the open transaction adds. */
  let added = 0

  const credit = (gone: Record<string, unknown>[]) => {
    for (const { by_whom, note } of gone) added -= charge(by_whom as string, note as string)
  }

  return {
    say(nowNs, alert, { revision, status, by, note }) {
      if (alert.triage !== revision) return 'conflict'
      const more = charge(by, note)
      // The table has what the open transaction added.
      bytes ??= heldBytes(db) - added
      if (revision >= ENTRIES_MAX || bytes + added + more > bytesMax) return 'full'
      const then = [alert.revision, alert.severity, alert.bytesOut]
      insert.run(alert.id, alert.device, revision + 1, status, nowNs, by, note, ...then)
      added += more
      return 'done'
    },
    present: ({ id, device, triage }) =>
      entryOf(read.get(id, device, triage) as Record<string, unknown>),
    remove(id, device) {
      credit(forgetOne.all(id, device))
    },
    removeSegment(segment) {
      const of = `DELETE FROM triage WHERE (id, device) IN
        (SELECT id, device FROM alert_${segment} WHERE triage > 0) RETURNING by_whom, note`
      credit(prepare(db, of).all())
    },
    flush() {
      if (bytes !== undefined) bytes += added
      added = 0
    },
    forget() {
      bytes = undefined
      added = 0
    },
  }
}

/** Whether an alert that was closed has become more than it was then: what was closed was something smaller. */
export const hasGrown = (
  closed: Pick<TriageEntry, 'bytesOut' | 'severity'>,
  now: { bytesOut: number; severity: number },
): boolean => now.bytesOut > closed.bytesOut || now.severity > closed.severity

/** The status of an alert after another revision of it: people's word stays, but what was closed may have grown. */
export const statusAfter = (
  status: Status,
  entry: TriageEntry | undefined,
  now: { bytesOut: number; severity: number },
): Status => (status === Status.closed && entry && hasGrown(entry, now) ? Status.grown : status)

function heldBytes(db: DatabaseSync): number {
  const of = `SELECT coalesce(sum(${ROW_BYTES} + octet_length(by_whom) + octet_length(note)), 0) AS bytes FROM triage`
  return Number(prepare(db, of).get()?.bytes)
}

/** A migration: the table, and what lists and tallies need of it. */
export function addTriage(db: DatabaseSync): void {
  db.exec(`
    -- What people said of an alert. "revision" numbers that, "alert_revision" and what follows is how the alert was then.
    CREATE TABLE triage (
      id BLOB NOT NULL,
      device INTEGER NOT NULL,
      revision INTEGER NOT NULL,
      status INTEGER NOT NULL,
      at INTEGER NOT NULL,
      by_whom TEXT NOT NULL,
      note TEXT NOT NULL,
      alert_revision INTEGER NOT NULL,
      severity INTEGER NOT NULL,
      bytes_out INTEGER NOT NULL,
      PRIMARY KEY (id, device, revision)
    ) WITHOUT ROWID;

    ALTER TABLE tally RENAME TO tally_before;
    CREATE TABLE tally (
      device INTEGER NOT NULL,
      severity INTEGER NOT NULL,
      status INTEGER NOT NULL,
      alerts INTEGER NOT NULL,
      PRIMARY KEY (device, severity, status)
    ) WITHOUT ROWID;
    INSERT INTO tally SELECT device, severity, 0, alerts FROM tally_before;
    DROP TABLE tally_before;`)
  for (const { n } of db.prepare('SELECT n FROM segment').all())
    db.exec(`
      ALTER TABLE alert_${n} ADD COLUMN status INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE alert_${n} ADD COLUMN triage INTEGER NOT NULL DEFAULT 0;
      DROP INDEX alert_${n}_newest;
      ${newestIndexSql(n as number)};
      CREATE INDEX alert_${n}_triage ON alert_${n} (status, newest) WHERE triage > 0;`)
}
