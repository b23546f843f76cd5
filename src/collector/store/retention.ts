// What is kept, by age and by size. Alerts are dropped a whole segment at a time; what lies in time-ordered
// tables beside them follows in small pieces, so that commits wait a few milliseconds, not seconds.
import type { DatabaseSync } from 'node:sqlite'
import { counted } from '../../engine/sentence.ts'
import { quoted } from '../../printable.ts'
import type { AlertShares } from './alert-shares.ts'
import type { AlertSums } from './alert-sums.ts'
import type { AlertWriter } from './alerts.ts'
import { type Budget, HOUR_CHARGE, healthCharge, overBudget } from './budget.ts'
import type { InventoryWriter } from './inventory.ts'
import type { Keep, Retained } from './protocol.ts'
import type { SealedSegment, Segments } from './segments.ts'
import { prepare } from './statement.ts'

/** Rows that one step deletes of a table: some 20 ms of work. */
const ROWS_A_STEP_MAX = 10_000
/** A segment that is written is sealed after this share of the age, so that what is kept ages evenly. */
const SEGMENTS_AN_AGE = 10n
/** Kind of the health events here, on the page and in the API. */
const KIND = 'retention'

/** Of devices that were refused something, said in one step. */
const TOLD_A_STEP_MAX = 100
/** The horizon follows the age in steps of this share of it, since each is a commit. */
const HORIZONS_AN_AGE = 100n

export type Retention = {
  /** Nanoseconds since 1970 UTC: ids of before may be gone; 0 when none are. */
  horizonAt(): bigint
  /**
   * One step; `more` when another has work. `stamp` gives a time of storage. Throws what node:sqlite
   * throws, and then nothing was dropped.
   */
  step(nowNs: bigint, keep: Keep, stamp: (nowNs: bigint) => bigint): Retained
  /**
   * All of one device, its row in the list of devices too, in several transactions: begun again where it was cut off. Throws
   * what node:sqlite throws.
   */
  erase(device: number, storedAt: bigint): void
}

export function createRetention(
  db: DatabaseSync,
  of: {
    segments: Segments
    alerts: AlertWriter
    shares: AlertShares
    sums: AlertSums
    budget: Budget
    inventory: InventoryWriter
  },
): Retention {
  const { segments, alerts, shares, sums, budget, inventory } = of
  const readHorizon = prepare(db, 'SELECT horizon_at FROM retention')
  const setHorizon = prepare(db, 'UPDATE retention SET horizon_at = max(horizon_at, ?)')
  const tell = prepare(
    db,
    'INSERT INTO health (stored_at, device, at, kind, text, count) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const nameOf = prepare(db, 'SELECT id, hostname FROM device WHERE row = ?')
  const itemBound = prepare(
    db,
    `SELECT uid, device FROM item WHERE uid < ? ORDER BY uid, device LIMIT 1 OFFSET ${ROWS_A_STEP_MAX}`,
  )
  const removeItems = prepare(db, 'DELETE FROM item WHERE (uid, device) < (?, ?)')
  const removeHealth = prepare(
    db,
    `DELETE FROM health WHERE stored_at IN
       (SELECT stored_at FROM health WHERE stored_at < ? ORDER BY stored_at LIMIT ${ROWS_A_STEP_MAX})
     RETURNING device, kind, text`,
  )
  const removeHealthOf = prepare(
    db,
    `DELETE FROM health WHERE stored_at IN
       (SELECT stored_at FROM health WHERE device = ? ORDER BY stored_at LIMIT ?)
     RETURNING device, kind, text`,
  )
  const removeHours = prepare(
    db,
    `DELETE FROM pair_hour WHERE device = ? AND (hour_at, pair, destination) IN
       (SELECT hour_at, pair, destination FROM pair_hour WHERE device = ? AND hour_at < ?
        ORDER BY hour_at LIMIT ?)`,
  )
  /**
   * Only after a drop: ids from before the horizon that came later, of slow clocks, stay as long as they
   * can, since an item ahead of its turn may be sent again under a number that was not acknowledged.
   */
  let behind = true
  let horizonAt = readHorizon.get()?.horizon_at as bigint
  let steppedAt = 0n
  /** A segment that the open transaction dropped because nothing was left in it. */
  let emptied: number | undefined

  function usedBytes(): number {
    const pragma = (name: string) => Number(db.prepare(`PRAGMA ${name}`).get()?.[name])
    return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size')
  }

  function takeHours(device: number, before: bigint, rowsMax: number): number {
    const taken = Number(removeHours.run(device, device, before, rowsMax).changes)
    if (taken > 0) budget.charge(device, 'summaries', -taken * HOUR_CHARGE)
    return taken
  }

  function credit(rows: Record<string, unknown>[]): number {
    for (const { device, kind, text } of rows)
      if (device !== 0n)
        budget.charge(Number(device), 'health', -healthCharge(String(kind), String(text)))
    return rows.length
  }

  /** Deletes a piece of what lies before the horizon; false when there was none. */
  function follow(): boolean {
    if (horizonAt === 0n || !behind) return false
    const end = uidAt(horizonAt)
    const left = itemBound.get(end)
    const items = removeItems.run(
      (left?.uid as Uint8Array | undefined) ?? end,
      (left?.device as bigint | undefined) ?? 0n,
    ).changes
    return Number(items) > 0
  }

  /** The same of what has no ids: hours and health are as old as they are, whatever alerts there are. */
  function followAge(before: bigint): boolean {
    if (before <= 0n) return false
    let rows = credit(removeHealth.all(before))
    for (const device of budget.devicesWith('summaries')) {
      if (rows >= ROWS_A_STEP_MAX) break
      rows += takeHours(device, before, ROWS_A_STEP_MAX - rows)
    }
    return rows > 0
  }

  /** What one device has beyond its budget, or beyond its share of all, gives way: its oldest. */
  function relieve(): boolean {
    const excess = budget.excess()
    if (!excess) return false
    const { device, kind, bytes } = excess
    const before = budget.total()
    if (kind === 'inventory') inventory.yield(device, bytes, ROWS_A_STEP_MAX)
    else if (kind === 'summaries')
      takeHours(device, FOREVER_NS, Math.min(ROWS_A_STEP_MAX, Math.ceil(bytes / HOUR_CHARGE)))
    else credit(removeHealthOf.all(device, Math.min(ROWS_A_STEP_MAX, Math.ceil(bytes / 128))))
    return budget.total() < before
  }

  function inTransaction<T>(work: () => T): T {
    db.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      alerts.flushTally()
      budget.flush()
      db.exec('COMMIT')
      budget.committed()
      return result
    } catch (cause) {
      if (db.isTransaction) db.exec('ROLLBACK')
      emptied = undefined
      alerts.forgetTally()
      budget.forget()
      inventory.forget()
      horizonAt = readHorizon.get()?.horizon_at as bigint
      throw cause
    }
  }

  /** Ids are needed as long as there are alerts as old: the horizon is never above the oldest of them. */
  function advance(before: bigint, ageNs: bigint): void {
    const oldest = segments.firstAt()
    const to = oldest !== undefined && oldest < before ? oldest : before
    if (to <= 0n || to - horizonAt <= ageNs / HORIZONS_AN_AGE) return
    setHorizon.run(to)
    horizonAt = to
    behind = true
  }

  /** Says of each device what was refused of it since the last step. */
  function tellRefused(at: bigint): Retained['told'] {
    return budget.takeRefused(TOLD_A_STEP_MAX).map(({ device, kind, count }) => {
      const { id, hostname } = nameOf.get(device) ?? {}
      const text = `${counted(count, 'item was', 'items were')} refused of ${quoted(String(hostname))} (${id}): ${overBudget(kind)}`
      return { deviceId: String(id ?? ''), at, kind: 'budget', text, count }
    })
  }

  /** Of the device that has far more alerts than others have, the oldest go first; undefined when there is no such. */
  function takeFromGreedy(at: bigint): Retained['told'] | undefined {
    const device = shares.greedy()
    const segment = device === undefined ? undefined : shares.oldestOf(device)
    if (device === undefined || segment === undefined) return undefined
    const { taken: count, left } = alerts.take(segment, device, ROWS_A_STEP_MAX)
    if (left === 0) {
      alerts.untally(segment)
      segments.drop(segment)
      emptied = segment
    }
    const { id, hostname } = nameOf.get(device) ?? {}
    const text = `${counted(count, 'revision')} of alerts of ${quoted(String(hostname))} (${id}) ${count === 1 ? 'was' : 'were'} dropped: it has far more than its share of what is kept`
    return [{ deviceId: String(id ?? ''), at, kind: KIND, text, count }]
  }

  function record(told: Retained['told'], stamp: () => bigint): void {
    for (const { at, kind, text, count } of told) tell.run(stamp(), 0, at, kind, text, count)
  }

  function dropOldest(oldest: SealedSegment, tooOld: boolean, at: bigint): Retained['dropped'] {
    const why = tooOld ? 'older than is kept' : 'the oldest of more than is kept'
    const were = oldest.revisions === 1 ? 'was' : 'were'
    const text = `${counted(oldest.revisions, 'revision')} of alerts, stored until ${isoTime(oldest.lastAt)}, ${were} dropped: ${why}`
    inTransaction(() => {
      alerts.untally(oldest.n)
      segments.drop(oldest.n)
      setHorizon.run(oldest.lastAt)
      tell.run(at, 0, at, KIND, text, oldest.revisions)
      segments.save(at)
    })
    segments.forget(oldest.n)
    behind = true
    horizonAt = readHorizon.get()?.horizon_at as bigint
    return { at, kind: KIND, text, count: oldest.revisions }
  }

  /** One piece; false when nothing is left. */
  function erasePiece(device: number): boolean {
    const segment = shares.oldestOf(device)
    if (segment !== undefined && alerts.take(segment, device, ROWS_A_STEP_MAX).left === 0) {
      alerts.untally(segment)
      segments.drop(segment)
      emptied = segment
    }
    inventory.yield(device, Number.MAX_SAFE_INTEGER, ROWS_A_STEP_MAX)
    const rows =
      takeHours(device, FOREVER_NS, ROWS_A_STEP_MAX) +
      credit(removeHealthOf.all(device, ROWS_A_STEP_MAX))
    const named = prepare(db, 'SELECT 1 FROM identity_device WHERE device = ? LIMIT 1')
    return segment !== undefined || rows > 0 || named.get(device) !== undefined
  }

  return {
    erase(device, storedAt) {
      // Only of those that are sealed something can be taken.
      if (segments.revisions > 0) segments.roll(storedAt)
      for (let isMore = true; isMore; ) {
        isMore = inTransaction(() => erasePiece(device))
        if (emptied !== undefined) segments.forget(emptied)
        emptied = undefined
      }
      inTransaction(() => {
        for (const table of ['item', 'outbox', 'tally', 'held', 'alert_held'])
          prepare(db, `DELETE FROM ${table} WHERE device = ?`).run(device)
        prepare(db, 'DELETE FROM device WHERE row = ?').run(device)
      })
      budget.reload()
    },
    horizonAt: () => horizonAt,
    step(nowNs, { ageNs, bytes }, stamp) {
      const used = usedBytes()
      budget.setKeep(bytes, used > bytes)
      const nothing: Retained = { more: false, usedBytes: used, dropped: undefined, told: [] }
      if (segments.ageNs(nowNs) > ageNs / SEGMENTS_AN_AGE) segments.roll(stamp(nowNs))
      const oldest = segments.oldest()
      const tooOld = oldest !== undefined && nowNs - oldest.lastAt > ageNs
      if (oldest && tooOld)
        return { ...nothing, more: true, dropped: dropOldest(oldest, true, stamp(nowNs)) }
      // Of the rest, what is old or too much of one device goes before any alert that is young.
      let told: Retained['told'] = []
      const freed = inTransaction(() => {
        if (nowNs !== steppedAt) told = tellRefused(nowNs)
        const before = max(horizonAt, nowNs - ageNs)
        const done = [relieve(), followAge(before), follow(), sums.renew(ROWS_A_STEP_MAX)]
        advance(nowNs - ageNs, ageNs)
        record(told, () => stamp(nowNs))
        if (told.length > 0) segments.save(stamp(nowNs))
        return done.includes(true)
      })
      steppedAt = nowNs
      if (freed) return { ...nothing, more: true, told }
      behind = false
      if (used <= bytes) return { ...nothing, told }
      const greed = inTransaction(() => {
        const taken = takeFromGreedy(nowNs)
        if (taken) record(taken, () => stamp(nowNs))
        if (taken) segments.save(stamp(nowNs))
        return taken
      })
      if (emptied !== undefined) segments.forget(emptied)
      emptied = undefined
      if (greed) return { ...nothing, more: true, told: [...told, ...greed] }
      if (!oldest) return { ...nothing, told }
      return { ...nothing, more: true, dropped: dropOldest(oldest, false, stamp(nowNs)), told }
    },
  }
}

const FOREVER_NS = 2n ** 63n - 1n
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)

/** The lowest UUIDv7 of a time: its first 48 bits are milliseconds since 1970 (RFC 9562, 5.7). */
export function uidAt(ns: bigint): Uint8Array {
  const uid = Buffer.alloc(16)
  uid.writeUIntBE(Number(ns / 1_000_000n), 0, 6)
  return uid
}

const isoTime = (ns: bigint): string => new Date(Number(ns / 1_000_000n)).toISOString()
