// The ids of what was stored, or refused for good: what comes again is known by them, with its device. They are paid for like
// all that is no alert (budget.ts): who has more of them than are kept of one device loses its own oldest.
import type { DatabaseSync } from 'node:sqlite'
import { type Budget, ID_CHARGE } from './budget.ts'
import { prepare } from './statement.ts'

/** Ids of all devices that one step looks at for those of one: some 10 ms. */
const LOOKED_AT_MAX = 50_000
const COUNTED_AT_ONCE = 100_000

export type Place = { uid: Uint8Array; device: number | bigint }
const BEGINNING: Place = { uid: new Uint8Array(), device: 0 }
/** Longer than any id, so behind each. */
const END: Place = { uid: new Uint8Array(17).fill(0xff), device: 0 }

/** Runs inside the caller's transaction; `forget` on its rollback. */
export type Ids = {
  /** Charged to the device; false: it was known. */
  remember(device: number, uid: Uint8Array): boolean
  /** Of an item that was refused: an id that costs the collector bytes would be one more thing to fill it with. */
  disremember(device: number, uid: Uint8Array): void
  knows(device: number, uid: Uint8Array): boolean
  /** Whether ids of the device as old as this one gave way to its newer ones. */
  gaveWay(device: number, uid: Uint8Array): boolean
  /** Deletes up to `rowsMax` of before `end`; false when there was none. */
  follow(end: Uint8Array, rowsMax: number): boolean
  /** The device's oldest give way, at most `rowsMax` of them; false: there are none. */
  yield(device: number, bytes: number, rowsMax: number): boolean
  /** Deletes those of the device in the next piece of the table, from `from` on. Returns where the next begins; undefined: that was all. */
  take(device: number, from: Place | undefined): Place | undefined
  forget(): void
}

export function createIds(db: DatabaseSync, budget: Budget): Ids {
  const add = prepare(db, 'INSERT OR IGNORE INTO item (uid, device) VALUES (?, ?)')
  const remove = prepare(db, 'DELETE FROM item WHERE uid = ? AND device = ?')
  const find = prepare(db, 'SELECT 1 FROM item WHERE uid = ? AND device = ?')
  const placeBefore = prepare(
    db,
    'SELECT uid, device FROM item WHERE uid < ? ORDER BY uid, device LIMIT 1 OFFSET ?',
  )
  const countBefore = prepare(
    db,
    'SELECT device, count(*) AS n FROM item WHERE (uid, device) < (?, ?) GROUP BY device',
  )
  const removeBefore = prepare(db, 'DELETE FROM item WHERE (uid, device) < (?, ?)')
  const placeAfter = prepare(
    db,
    `SELECT uid, device FROM item WHERE (uid, device) > (?, ?) ORDER BY uid, device
     LIMIT 1 OFFSET ${LOOKED_AT_MAX - 1}`,
  )
  const oldestOf = prepare(
    db,
    `SELECT uid FROM item WHERE (uid, device) > (?, ?) AND (uid, device) <= (?, ?) AND device = ?
     ORDER BY uid LIMIT ?`,
  )
  const removeOf = prepare(
    db,
    'DELETE FROM item WHERE (uid, device) > (?, ?) AND (uid, device) <= (?, ?) AND device = ?',
  )
  const readGone = prepare(db, 'SELECT device, through FROM forgotten')
  const saveGone = prepare(db, 'INSERT OR REPLACE INTO forgotten (device, through) VALUES (?, ?)')
  /** The highest id of a device that gave way: of those up to it some are not there. */
  const gone = new Map<number, Uint8Array>()
  /** Where the next that gives way is looked for: below there is none of the device but what came late. */
  const reached = new Map<number, Place>()

  function reload(): void {
    gone.clear()
    reached.clear()
    for (const { device, through } of readGone.iterate())
      gone.set(Number(device), through as Uint8Array)
  }
  reload()

  return {
    remember(device, uid) {
      if (add.run(uid, device).changes === 0n) return false
      budget.charge(device, 'ids', ID_CHARGE)
      return true
    },
    disremember(device, uid) {
      remove.run(uid, device)
      budget.charge(device, 'ids', -ID_CHARGE)
    },
    knows: (device, uid) => find.get(uid, device) !== undefined,
    gaveWay(device, uid) {
      const through = gone.get(device)
      return through !== undefined && Buffer.compare(uid, through) <= 0
    },
    follow(end, rowsMax) {
      const left = placeBefore.get(end, rowsMax) as Place | undefined
      const place = [left?.uid ?? end, left?.device ?? 0] as const
      const counts = countBefore.all(...place)
      for (const { device, n } of counts)
        budget.charge(Number(device), 'ids', -Number(n) * ID_CHARGE)
      return counts.length > 0 && removeBefore.run(...place).changes > 0n
    },
    yield(device, bytes, rowsMax) {
      const from = reached.get(device) ?? BEGINNING
      const next = placeAfter.get(from.uid, from.device) as Place | undefined
      const { uid, device: upTo } = next ?? END
      const most = Math.min(rowsMax, Math.ceil(bytes / ID_CHARGE))
      const taken = oldestOf.all(from.uid, from.device, uid, upTo, device, most)
      const last = taken.at(-1)?.uid as Uint8Array | undefined
      if (last) {
        removeOf.run(from.uid, from.device, last, device, device)
        budget.charge(device, 'ids', -taken.length * ID_CHARGE)
        if (!this.gaveWay(device, last)) {
          saveGone.run(device, last)
          gone.set(device, last)
        }
      }
      if (last && taken.length === most) reached.set(device, { uid: last, device })
      else if (next) reached.set(device, next)
      else reached.delete(device)
      // From the middle of the table to its end there was none: the next look begins anew.
      return last !== undefined || next !== undefined || from !== BEGINNING
    },
    take(device, from = BEGINNING) {
      const next = placeAfter.get(from.uid, from.device) as Place | undefined
      const to = next ?? END
      const { changes } = removeOf.run(from.uid, from.device, to.uid, to.device, device)
      budget.charge(device, 'ids', -Number(changes) * ID_CHARGE)
      return next
    },
    forget: reload,
  }
}

/** A migration: ids are counted by device, in pieces so that memory holds it whatever there is. */
export function countIds(db: DatabaseSync): void {
  db.exec(`
    ALTER TABLE held ADD COLUMN ids INTEGER NOT NULL DEFAULT 0;
    -- Ids of a device that gave way to its newer ones: the highest.
    CREATE TABLE forgotten (device INTEGER PRIMARY KEY, through BLOB NOT NULL);`)
  const placeAfter = prepare(
    db,
    `SELECT uid, device FROM item WHERE (uid, device) > (?, ?) ORDER BY uid, device
     LIMIT 1 OFFSET ${COUNTED_AT_ONCE - 1}`,
  )
  const count = prepare(
    db,
    `INSERT INTO held (device, inventory, summaries, health, ids)
       SELECT device, 0, 0, 0, 40 * count(*) FROM item
       WHERE (uid, device) > (?, ?) AND (uid, device) <= (?, ?) GROUP BY device
     ON CONFLICT (device) DO UPDATE SET ids = ids + excluded.ids`,
  )
  for (let from = BEGINNING; from !== END; ) {
    const to = (placeAfter.get(from.uid, from.device) as Place | undefined) ?? END
    count.run(from.uid, from.device, to.uid, to.device)
    from = to
  }
}
