// What is kept, by age and by size. Alerts are dropped a whole segment at a time; what lies in time-ordered
// tables beside them follows in small pieces, so that commits wait a few milliseconds, not seconds.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { AlertWriter } from './alerts.ts'
import type { Keep, Retained } from './protocol.ts'
import type { Segments } from './segments.ts'
import { prepare } from './statement.ts'

/** Rows that one step deletes of a table: some 20 ms of work. */
const ROWS_A_STEP_MAX = 10_000
/** A segment that is written is sealed after this share of the age, so that what is kept ages evenly. */
const SEGMENTS_AN_AGE = 10n
/** Kind of the health events here, on the page and in the API. */
const KIND = 'retention'

/** Tables whose key begins with a time, and what the horizon is in it. */
const FOLLOWERS = [
  { table: 'item', key: ['uid', 'device'], horizon: uidAt },
  { table: 'pair_hour', key: ['hour_at', 'pair', 'destination'], horizon: (at: bigint) => at },
  { table: 'health', key: ['stored_at'], horizon: (at: bigint) => at },
] as const

export type Retention = {
  /** Nanoseconds since 1970 UTC: everything stored before has been dropped; 0 when nothing was. */
  horizonAt(): bigint
  /**
   * One step; `more` when another has work. `stamp` gives a time of storage. Throws what node:sqlite
   * throws, and then nothing was dropped.
   */
  step(nowNs: bigint, keep: Keep, stamp: (nowNs: bigint) => bigint): Retained
}

export function createRetention(
  db: DatabaseSync,
  segments: Segments,
  alerts: AlertWriter,
): Retention {
  const readHorizon = prepare(db, 'SELECT horizon_at FROM retention')
  const setHorizon = prepare(db, 'UPDATE retention SET horizon_at = max(horizon_at, ?)')
  const tell = prepare(
    db,
    'INSERT INTO health (stored_at, device, at, kind, text, count) VALUES (?, 0, ?, ?, ?, ?)',
  )
  const followers = FOLLOWERS.map(({ table, key, horizon }) => ({
    horizon,
    key,
    /** The first row that a step leaves. */
    bound: prepare(
      db,
      `SELECT ${key} FROM ${table} WHERE ${key[0]} < ? ORDER BY ${key} LIMIT 1 OFFSET ${ROWS_A_STEP_MAX}`,
    ),
    removeSome: prepare(db, `DELETE FROM ${table} WHERE (${key}) < (${key.map(() => '?')})`),
    removeAll: prepare(db, `DELETE FROM ${table} WHERE ${key[0]} < ?`),
  }))
  /**
   * Only after a drop: ids from before the horizon that came later, of slow clocks, stay as long as they
   * can, since an item ahead of its turn may be sent again under a number that was not acknowledged.
   */
  let behind = true
  let horizonAt = readHorizon.get()?.horizon_at as bigint

  function usedBytes(): number {
    const pragma = (name: string) => Number(db.prepare(`PRAGMA ${name}`).get()?.[name])
    return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size')
  }

  /** Deletes a piece of what lies before the horizon; false when there was none. */
  function follow(): boolean {
    if (horizonAt === 0n || !behind) return false
    let deleted = 0n
    for (const { horizon, key, bound, removeSome, removeAll } of followers) {
      const end = horizon(horizonAt)
      const left = bound.get(end)
      const { changes } = left
        ? removeSome.run(...key.map((column) => left[column] as SQLInputValue))
        : removeAll.run(end)
      deleted += BigInt(changes)
    }
    return deleted > 0n
  }

  function inTransaction<T>(work: () => T): T {
    db.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      db.exec('COMMIT')
      return result
    } catch (cause) {
      if (db.isTransaction) db.exec('ROLLBACK')
      throw cause
    }
  }

  return {
    horizonAt: () => horizonAt,
    step(nowNs, { ageNs, bytes }, stamp) {
      const used = usedBytes()
      const nothing: Retained = { more: false, usedBytes: used, dropped: undefined }
      if (segments.ageNs(nowNs) > ageNs / SEGMENTS_AN_AGE) segments.roll(stamp(nowNs))
      const oldest = segments.oldest()
      const tooOld = oldest !== undefined && nowNs - oldest.lastAt > ageNs
      if (!oldest || !(tooOld || used > bytes)) {
        behind = inTransaction(follow)
        return { ...nothing, more: behind }
      }
      const at = stamp(nowNs)
      const why = tooOld ? 'older than is kept' : 'the oldest of more than is kept'
      const health = {
        at,
        kind: KIND,
        text: `${oldest.revisions} revisions of alerts, stored until ${isoTime(oldest.lastAt)}, were dropped: ${why}`,
        count: oldest.revisions,
      }
      try {
        inTransaction(() => {
          alerts.untally(oldest.n)
          segments.drop(oldest.n)
          setHorizon.run(oldest.lastAt)
          tell.run(at, at, KIND, health.text, health.count)
          alerts.flushTally()
          segments.save(at)
        })
      } catch (cause) {
        alerts.forgetTally()
        throw cause
      }
      segments.forget(oldest.n)
      behind = true
      horizonAt = readHorizon.get()?.horizon_at as bigint
      return { more: true, usedBytes: used, dropped: health }
    },
  }
}

/** The lowest UUIDv7 of a time: its first 48 bits are milliseconds since 1970 (RFC 9562, 5.7). */
export function uidAt(ns: bigint): Uint8Array {
  const uid = Buffer.alloc(16)
  uid.writeUIntBE(Number(ns / 1_000_000n), 0, 6)
  return uid
}

const isoTime = (ns: bigint): string => new Date(Number(ns / 1_000_000n)).toISOString()
