// Writing alerts: every revision is kept, the list shows the highest.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { AlertColumns } from './alert-columns.ts'
import type { AlertShares } from './alert-shares.ts'
import { BoundedMap } from './bounded-map.ts'
import type { StoreItem } from './protocol.ts'
import type { Segments } from './segments.ts'
import { prepare } from './statement.ts'

type AlertItem = Extract<StoreItem, { kind: 'alert' }>
type KnownAlert = Record<'row' | 'revision' | 'severity' | 'last', bigint>

/** Runs inside the caller's transaction; `flushTally` before its commit, `forgetTally` on its rollback. */
export type AlertWriter = {
  put(device: number, storedAt: bigint, item: AlertItem): void
  /** Of a segment that is about to be dropped. */
  untally(segment: number): void
  /** Removes the oldest revisions of a device from a sealed segment, at most `max`; returns how many, and how many of all devices are left. */
  take(segment: number, device: number, max: number): { taken: number; left: number }
  flushTally(): void
  forgetTally(): void
}

/** Statements about a segment's tables; they stay prepared for the segments used last. */
const SEGMENTS_PREPARED_MAX = 64

export function alertWriter(
  db: DatabaseSync,
  segments: Segments,
  shares: AlertShares,
): AlertWriter {
  const prepared = new BoundedMap<number, ReturnType<typeof statementsOf>>(SEGMENTS_PREPARED_MAX)
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

  function on(segment: number) {
    const known = prepared.get(segment)
    if (known) return known
    const made = statementsOf(db, segment)
    prepared.set(segment, made)
    return made
  }

  /** The sealed segment where the alert lies, and its row there. */
  function findSealed(id: Uint8Array, device: number, candidates: number[]) {
    for (const segment of candidates) {
      const known = on(segment).find.get(id, device) as KnownAlert | undefined
      if (known) return { segment, known }
    }
    return undefined
  }

  /**
   * Stores the revision; returns the severity of the alert that left the list and of the one that came
   * into it, 0 for none.
   */
  function store(device: number, storedAt: bigint, id: Uint8Array, item: AlertItem) {
    const { revision, severity, body } = item
    const columns = columnsOf(item)
    const { insert, keep, find, supersede, chain } = on(segments.current)
    const add = () =>
      insert.run(id, device, revision, severity, storedAt, storedAt, ...columns).changes === 1n
    const candidates = segments.candidates(id, device)
    // Most are new: trying that first spares them a look-up.
    if (candidates.length === 0 && add()) {
      keep.run(storedAt, 0n, device, body)
      return { left: 0, came: severity }
    }
    const here = find.get(id, device) as KnownAlert | undefined
    const sealed = here ? undefined : findSealed(id, device, candidates)
    const known = here ?? sealed?.known
    keep.run(storedAt, known?.last ?? 0n, device, body)
    // A lower revision that comes late is history; the list keeps the higher one.
    if (known && BigInt(revision) < known.revision) {
      const where = sealed ? on(sealed.segment).chain : chain
      where.run(storedAt, known.row)
      return { left: 0, came: 0 }
    }
    if (here) {
      supersede.run(revision, severity, storedAt, storedAt, ...columns, here.row)
    } else {
      // It moves to where its newest revision is, so that lists find it there.
      if (sealed) on(sealed.segment).remove.run(sealed.known.row)
      add()
    }
    return { left: Number(known?.severity ?? 0), came: severity }
  }

  return {
    put(device, storedAt, item) {
      const id = Buffer.from(item.alertId, 'hex')
      const { left, came } = store(device, storedAt, id, item)
      // Only now, when nothing can be refused any more.
      segments.counted(storedAt, item.body.length)
      shares.add(segments.current, device, 1, item.body.length)
      if (came !== 0) segments.wrote(id, device)
      if (left !== 0) tallied(device, left, -1)
      if (came !== 0) tallied(device, came, 1)
    },
    untally(segment) {
      const groups = prepare(
        db,
        `SELECT device, severity, count(*) AS alerts FROM alert_${segment} GROUP BY device, severity`,
      )
      for (const { device, severity, alerts } of groups.all())
        tallied(Number(device), Number(severity), -Number(alerts))
      shares.drop(segment)
    },
    take(segment, device, max) {
      const gone = prepare(
        db,
        `DELETE FROM revision_${segment} WHERE stored_at IN
           (SELECT stored_at FROM revision_${segment} WHERE device = ? ORDER BY stored_at LIMIT ?)
         RETURNING stored_at, length(body) AS bytes`,
      ).all(device, max)
      let through = 0n
      let bytes = 0
      for (const row of gone) {
        if ((row.stored_at as bigint) > through) through = row.stored_at as bigint
        bytes += Number(row.bytes)
      }
      const unlisted = prepare(
        db,
        `DELETE FROM alert_${segment} WHERE device = ? AND newest <= ? RETURNING severity`,
      ).all(device, through)
      for (const { severity } of unlisted) tallied(device, Number(severity), -1)
      shares.add(segment, device, -gone.length, -bytes)
      return { taken: gone.length, left: segments.took(segment, gone.length, bytes) }
    },
    flushTally() {
      shares.flush()
      for (const [key, by] of tally) if (by !== 0) count.run(Math.floor(key / 4), key % 4, by)
      tally.clear()
    },
    forgetTally() {
      shares.forget()
      tally.clear()
    },
  }
}

/** In the order of the statements below. */
const columnsOf = (item: AlertColumns) =>
  [
    item.openedAt,
    item.score,
    item.bytesOut,
    item.bytesIn,
    item.likeness,
    item.app,
    item.words,
  ] as const

function statementsOf(
  db: DatabaseSync,
  n: number,
): Record<'find' | 'insert' | 'supersede' | 'chain' | 'remove' | 'keep', StatementSync> {
  return {
    find: prepare(
      db,
      `SELECT row, revision, severity, last FROM alert_${n} WHERE id = ? AND device = ?`,
    ),
    insert: prepare(
      db,
      `INSERT INTO alert_${n} (id, device, revision, severity, newest, last,
         opened_at, score, bytes_out, bytes_in, likeness, app, words)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id, device) DO NOTHING`,
    ),
    supersede: prepare(
      db,
      `UPDATE alert_${n} SET revision = ?, severity = ?, newest = ?, last = ?,
         opened_at = ?, score = ?, bytes_out = ?, bytes_in = ?, likeness = ?, app = ?, words = ? WHERE row = ?`,
    ),
    chain: prepare(db, `UPDATE alert_${n} SET last = ? WHERE row = ?`),
    remove: prepare(db, `DELETE FROM alert_${n} WHERE row = ?`),
    keep: prepare(
      db,
      `INSERT INTO revision_${n} (stored_at, previous, device, body) VALUES (?, ?, ?, ?)`,
    ),
  }
}
