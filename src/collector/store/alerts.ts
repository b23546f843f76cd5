// Writing alerts: every revision is kept, the list shows the highest.
import type { DatabaseSync } from 'node:sqlite'
import type { StoreItem } from './protocol.ts'
import { prepare } from './statement.ts'

type AlertItem = Extract<StoreItem, { kind: 'alert' }>

/** Runs inside the caller's transaction; `flushTally` before its commit, `forgetTally` on its rollback. */
export type AlertWriter = {
  put(device: number, storedAt: bigint, item: AlertItem): void
  flushTally(): void
  forgetTally(): void
}

export function alertWriter(db: DatabaseSync): AlertWriter {
  const find = prepare(
    db,
    'SELECT row, revision, severity, newest, last FROM alert WHERE id = ? AND device = ?',
  )
  const insert = prepare(
    db,
    'INSERT INTO alert (id, device, revision, severity, newest, last) VALUES (?, ?, ?, ?, ?, ?)',
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
      const known = find.get(id, device)
      if (!known) {
        keep.run(storedAt, 0n, item.body)
        insert.run(id, device, item.revision, item.severity, storedAt, storedAt)
        tallied(device, item.severity, 1)
        return
      }
      keep.run(storedAt, known.last as bigint, item.body)
      // A lower revision that comes late is history; the list keeps the higher one.
      if (BigInt(item.revision) < (known.revision as bigint)) {
        chain.run(storedAt, known.row as bigint)
        return
      }
      supersede.run(item.revision, item.severity, storedAt, storedAt, known.row as bigint)
      tallied(device, Number(known.severity), -1)
      tallied(device, item.severity, 1)
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
