// The ids of what was stored, or refused for good: what comes again is known by them, with its device. They are paid for like
// all that is no alert (budget.ts): who has more of them than are kept of one device loses its own oldest.
import type { DatabaseSync } from 'node:sqlite'
import { type Budget, DEPARTED, ID_CHARGE } from './budget.ts'
import { prepare } from './statement.ts'

/** Ids of all devices that one step looks at for those that have to give way: some 10 ms. */
const LOOKED_AT_MAX = 25_000
/** What one step deletes: some 10 ms, where each device that loses some costs as much as several ids. */
const COST_MAX = 4000
const DEVICE_COST = 3
const COUNTED_AT_ONCE = 100_000

export type Place = { uid: Uint8Array; device: number | bigint }
const BEGINNING: Place = { uid: new Uint8Array(), device: 0 }
/** Longer than any id, so behind each. */
const END: Place = { uid: new Uint8Array(17).fill(0xff), device: 0 }
const order = (one: Place, other: Place): number =>
  Buffer.compare(one.uid, other.uid) || Number(one.device) - Number(other.device)

/** Over the ids of all, from the oldest on: how many are still to go of whom, and whether any has gone. */
type Walk = { owed: Map<number, number>; at: Place; left: number; isWhole: boolean; took: boolean }

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
  /** Deletes those of the device in the next piece of the table, from `from` on. Returns where the next begins; undefined: that was all. */
  take(device: number, from: Place | undefined): Place | undefined
  /**
   * Of each device so many of its oldest are to give way; DEPARTED: of all that are no more. `giveWay` takes them, of all in one
   * walk over the table.
   */
  owe(owed: ReadonlyMap<number, number>): void
  /** A step of that walk: how many went of whom; undefined: none is under way. `isMore`: there may be more to give way, in this walk or another. */
  giveWay(): { gone: ReadonlyMap<number, number>; isMore: boolean } | undefined
  /** These are no more: what is left of them is nobody's. */
  depart(devices: readonly number[]): void
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
  db.exec('CREATE TEMP TABLE IF NOT EXISTS owing (device INTEGER PRIMARY KEY)')
  const clearOwing = prepare(db, 'DELETE FROM owing')
  const addOwing = prepare(db, 'INSERT INTO owing SELECT value FROM json_each(?)')
  const removeOwing = prepare(db, 'DELETE FROM owing WHERE device = ?')
  const owing = prepare(
    db,
    `SELECT uid, device FROM item WHERE (uid, device) > (?, ?) AND (uid, device) <= (?, ?)
       AND (device IN (SELECT device FROM owing)
         OR (? AND NOT EXISTS (SELECT 1 FROM device AS d WHERE d.row = item.device)))
     ORDER BY uid, device LIMIT ${COST_MAX}`,
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
  let walk: Walk | undefined

  function reload(): void {
    gone.clear()
    reached.clear()
    walk = undefined
    for (const { device, through } of readGone.iterate())
      gone.set(Number(device), through as Uint8Array)
  }
  reload()

  function gaveWay(device: number, uid: Uint8Array): boolean {
    const through = gone.get(device)
    return through !== undefined && Buffer.compare(uid, through) <= 0
  }

  /** What went of one in a step, the newest of that last. */
  function settle(device: number, ids: number, newest: Uint8Array): void {
    budget.charge(device, 'ids', -ids * ID_CHARGE)
    if (device === DEPARTED || gaveWay(device, newest)) return
    saveGone.run(device, newest)
    gone.set(device, newest)
  }

  /** Deletes what `walk` finds up to `to`; returns what went of whom, and where it stopped before that. */
  function takeUpTo(to: Place, { owed, ...from }: Walk) {
    const went = new Map<number, number>()
    const newest = new Map<number, Uint8Array>()
    const [at, hasDeparted] = [from.at, Number((owed.get(DEPARTED) ?? 0) > 0)]
    const found = owing.all(at.uid, at.device, to.uid, to.device, hasDeparted)
    let [cost, ids] = [0, 0]
    let stoppedAt: Place | undefined
    for (const [index, row] of found.entries()) {
      const place = row as Place
      const device = owed.has(Number(row.device)) ? Number(row.device) : DEPARTED
      const left = owed.get(device) ?? 0
      if (left > 0) {
        remove.run(place.uid, place.device)
        owed.set(device, left - 1)
        cost += went.has(device) ? 1 : 1 + DEVICE_COST
        went.set(device, (went.get(device) ?? 0) + 1)
        newest.set(device, place.uid)
        ids++
      }
      if (left === 1) {
        reached.set(device, place)
        removeOwing.run(device)
      }
      if (cost >= COST_MAX || index === COST_MAX - 1) {
        stoppedAt = place
        break
      }
    }
    for (const [device, n] of went) settle(device, n, newest.get(device) as Uint8Array)
    return { went, ids, stoppedAt }
  }

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
    gaveWay,
    follow(end, rowsMax) {
      const left = placeBefore.get(end, rowsMax) as Place | undefined
      const place = [left?.uid ?? end, left?.device ?? 0] as const
      const counts = countBefore.all(...place)
      for (const { device, n } of counts)
        budget.charge(budget.ownerOf(Number(device)), 'ids', -Number(n) * ID_CHARGE)
      return counts.length > 0 && removeBefore.run(...place).changes > 0n
    },
    owe(owed) {
      const places = [...owed.keys()].map((device) => reached.get(device) ?? BEGINNING)
      const at = places.reduce((one, other) => (order(other, one) < 0 ? other : one), END)
      const left = [...owed.values()].reduce((sum, ids) => sum + ids, 0)
      clearOwing.run()
      addOwing.run(JSON.stringify([...owed.keys()]))
      walk = { owed: new Map(owed), at, left, isWhole: at === BEGINNING, took: false }
    },
    giveWay() {
      if (!walk) return undefined
      const next = placeAfter.get(walk.at.uid, walk.at.device) as Place | undefined
      const { went, ids, stoppedAt } = takeUpTo(next ?? END, walk)
      walk.left -= ids
      walk.took ||= ids > 0
      walk.at = stoppedAt ?? next ?? END
      const { took, isWhole, owed } = walk
      if (walk.left > 0 && walk.at !== END) return { gone: went, isMore: true }
      walk = undefined
      // Of these there was none up to the end: the next look begins anew, unless this one has been through all.
      for (const [device, left] of owed) if (left > 0) reached.delete(device)
      return { gone: went, isMore: took || !isWhole }
    },
    depart(devices) {
      for (const device of devices) {
        gone.delete(device)
        reached.delete(device)
        const owed = walk?.owed.get(device)
        if (!walk || owed === undefined) continue
        walk.owed.delete(device)
        walk.left -= owed
        removeOwing.run(device)
      }
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
