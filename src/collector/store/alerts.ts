// Writing alerts: every revision is kept, the list shows the highest.
import type { DatabaseSync } from 'node:sqlite'
import type { StoreItem } from './protocol.ts'
import { prepare } from './statement.ts'

type AlertItem = Extract<StoreItem, { kind: 'alert' }>
type KnownAlert = Record<'row' | 'revision' | 'severity' | 'last', bigint>

/** Runs inside the caller's transaction; `flushTally` before its commit, `forgetTally` on its rollback. */
export type AlertWriter = {
  put(device: number, storedAt: bigint, item: AlertItem): void
  flushTally(): void
  forgetTally(): void
}

export function alertWriter(db: DatabaseSync): AlertWriter {
  const find = prepare(
    db,
    'SELECT row, revision, severity, last FROM alert WHERE id = ? AND device = ?',
  )
  const insert = prepare(
    db,
    `INSERT INTO alert (id, device, revision, severity, newest, last) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (id, device) DO NOTHING`,
  )
  const supersede = prepare(
    db,
    'UPDATE alert SET revision = ?, severity = ?, newest = ?, last = ? WHERE row = ?',
  )
  const chain = prepare(db, 'UPDATE alert SET last = ? WHERE row = ?')
  const keep = prepare(db, 'INSERT INTO revision (stored_at, previous, body) VALUES (?, ?, ?)')
  const count = prepare(
    db,
    `INSERT INTO tally (device, severity, alerts) VALUES (?, ?, ?)
     ON CONFLICT (device, severity) DO UPDATE SET alerts = alerts + excluded.alerts`,
  )
  /** What the open transaction changes in the tally: device * 4 + severity -> difference. */
  const tally = new Map<number, number>()
  const tallied = (device: number, severity: number, by: number) => {
    const key = device * 4 + severity
    tally.set(key, (tally.get(key) ?? 0) + by)
  }

  return {
    put(device, storedAt, item) {
      const id = Buffer.from(item.alertId, 'hex')
      const { revision, severity, body } = item
      // Most are new: trying that first spares them a look-up.
      if (insert.run(id, device, revision, severity, storedAt, storedAt).changes === 1n) {
        keep.run(storedAt, 0n, body)
        tallied(device, severity, 1)
        return
      }
      const known = find.get(id, device) as KnownAlert
      keep.run(storedAt, known.last, body)
      // A lower revision that comes late is history; the list keeps the higher one.
      if (BigInt(revision) < known.revision) {
        chain.run(storedAt, known.row)
        return
      }
      supersede.run(revision, severity, storedAt, storedAt, known.row)
      tallied(device, Number(known.severity), -1)
      tallied(device, severity, 1)
    },
    flushTally() {
      for (const [key, by] of tally) if (by !== 0) count.run(Math.floor(key / 4), key % 4, by)
      tally.clear()
    },
    forgetTally() {
      tally.clear()
    },
  }
}
