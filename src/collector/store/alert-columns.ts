// What lists find and sort alerts by, beside their bodies: columns of alert_<n>, of the revision that is shown.
import type { DatabaseSync } from 'node:sqlite'
import type { Alert } from '../../engine/finding.ts'
import { decodeItem } from '../../stream/codec.ts'
import { searchText } from './search.ts'

export type AlertColumns = { openedAt: bigint; score: number; bytesOut: number; words: string }

export const alertColumns = (alert: Alert): AlertColumns => ({
  openedAt: alert.openedAt,
  score: alert.score,
  bytesOut: alert.bytesOut,
  words: searchText(alert),
})

/** A migration: what was stored before is found like what comes. */
export function addAlertColumns(db: DatabaseSync): void {
  for (const { n } of db.prepare('SELECT n FROM segment').all()) {
    db.exec(`
      ALTER TABLE alert_${n} ADD COLUMN opened_at INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE alert_${n} ADD COLUMN score REAL NOT NULL DEFAULT 0;
      ALTER TABLE alert_${n} ADD COLUMN bytes_out INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE alert_${n} ADD COLUMN words TEXT NOT NULL DEFAULT '';`)
    const set = db.prepare(
      `UPDATE alert_${n} SET opened_at = ?, score = ?, bytes_out = ?, words = ? WHERE row = ?`,
    )
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
        const { openedAt, score, bytesOut, words } = alertColumns(finding.alert)
        set.run(openedAt, score, bytesOut, words, after)
      }
    }
  }
}
