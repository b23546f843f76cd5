// Devices that nobody had admitted and that were forgotten, for newer ones of their token or by a person: what is here of them goes once none of their alerts is there, since
// alerts go by age and by size alone. Of those that have some so many are kept of one token, the eldest.
import type { DatabaseSync } from 'node:sqlite'
import { counted } from '../../engine/sentence.ts'
import type { AlertShares } from './alert-shares.ts'
import type { Budget } from './budget.ts'
import type { Ids } from './ids.ts'
import { type Kind, WHAT } from './kinds.ts'
import type { Retained } from './protocol.ts'
import { prepare } from './statement.ts'

/** Looked at in one step. */
const LOOK_MAX = 2000
/** What one device costs that has nothing, in rows: 0.1 ms. */
export const ROWS_A_DEVICE = 50
/** As many as may wait by one token: each is known in memory, in some 300 B. */
export const LEFT_WITH_ALERTS_MAX = 10_000

type Rest = Record<Exclude<Kind, 'ids'>, number>
type Gone = { devices: number; revisions: number; rest: Rest }
const NOTHING: Gone = { devices: 0, revisions: 0, rest: { inventory: 0, summaries: 0, health: 0 } }

/** What is left of a device: rows that were deleted, at most `rowsMax`, and whether there are more. */
export type Piece = (
  device: number,
  rowsMax: number,
) => { rows: number; rest: Rest; isMore: boolean }

export type Leaving = {
  /** A step of at most some `rowsMax` rows inside the caller's transaction; false when there was nothing to do. Returns revisions of alerts beside. */
  step(rowsMax: number): { isMore: boolean; revisions: number }
  /** What went since the last call. */
  tell(at: bigint): Retained['told']
  /** On the caller's rollback: `were` is from `state`, before. */
  state(): Gone
  restore(were: Gone): void
}

/** `takeAlerts`: the oldest of devices, at most some `rowsMax`, in one look through a segment; 0: they have none. */
export function createLeaving(
  db: DatabaseSync,
  of: {
    shares: AlertShares
    budget: Budget
    ids: Ids
    takeRest: Piece
    takeAlerts: (devices: readonly number[], rowsMax: number) => number
    flush: () => void
  },
  kind: string,
  leftMax = LEFT_WITH_ALERTS_MAX,
): Leaving {
  const { shares, budget, ids, takeRest, takeAlerts, flush } = of
  const those = prepare(
    db,
    `SELECT row FROM device WHERE leaving = 1 AND row > ? ORDER BY row LIMIT ${LOOK_MAX}`,
  )
  const stillThose = prepare(
    db,
    'SELECT row FROM device WHERE leaving = 1 AND row IN (SELECT value FROM json_each(?))',
  )
  const remove = prepare(db, 'DELETE FROM device WHERE row = ?')
  /** Where the look goes on, and how many with alerts it has seen of whom. */
  let after = 0
  let withAlerts = new Map<number, number>()
  /** Of those that were looked at, who goes and has not gone. */
  let going: number[] = []
  let gone = NOTHING

  const beginAnew = () => {
    after = 0
    withAlerts = new Map()
    going = []
  }

  /** Whether its alerts may stay. */
  function isKept(device: number): boolean {
    if (!shares.has(device)) return false
    const payer = budget.payerOf(device)
    const seen = withAlerts.get(payer) ?? 0
    if (seen >= leftMax) return false
    withAlerts.set(payer, seen + 1)
    return true
  }

  function removeAll(devices: readonly number[]): void {
    if (devices.length === 0) return
    const rows = JSON.stringify(devices)
    // At once: each is a look through the table where that has no index of devices.
    for (const table of ['outbox', 'forgotten', 'tally', 'alert_held'])
      prepare(db, `DELETE FROM ${table} WHERE device IN (SELECT value FROM json_each(?))`).run(rows)
    for (const device of devices) {
      remove.run(device)
      budget.depart(device)
    }
    ids.depart(devices)
  }

  /** Looks for who goes, as many as a step may take; false: it was at the end. */
  function look(rowsMax: number): boolean {
    const looked = those.all(after)
    for (const { row } of looked) {
      if (going.length * ROWS_A_DEVICE >= rowsMax) return true
      after = Number(row)
      if (!isKept(after)) going.push(after)
    }
    return looked.length === LOOK_MAX
  }

  /** Of those that go, which are left: some may have come again since. */
  function stillGoing(): number[] {
    return stillThose.all(JSON.stringify(going)).map(({ row }) => Number(row))
  }

  return {
    step(rowsMax) {
      if (going.length > 0) going = stillGoing()
      const isLookCut = going.length > 0 || look(rowsMax)
      const withSome = going.filter((device) => shares.has(device))
      const revisions = withSome.length > 0 ? takeAlerts(withSome, rowsMax) : 0
      if (revisions > 0) flush()
      // Of whom no revision is found though it has some, as one that an earlier version counted otherwise, the alerts are kept.
      else if (withSome.length > 0) going = going.filter((device) => !shares.has(device))
      let rows = revisions
      const removed: number[] = []
      const rest = { ...gone.rest }
      for (const device of going) {
        if (shares.has(device)) continue
        if (rows >= rowsMax) break
        const piece = takeRest(device, rowsMax - rows)
        rows += piece.rows + ROWS_A_DEVICE
        for (const of of Object.keys(rest) as (keyof Rest)[]) rest[of] += piece.rest[of]
        if (!piece.isMore) removed.push(device)
      }
      removeAll(removed)
      flush()
      const { devices, revisions: before } = gone
      gone = { devices: devices + removed.length, revisions: before + revisions, rest }
      const left = new Set(removed)
      going = going.filter((device) => !left.has(device))
      const isMore = isLookCut || rows > 0 || going.length > 0
      if (!isLookCut && going.length === 0) beginAnew()
      return { isMore, revisions }
    },
    tell(at) {
      const { devices, revisions, rest } = gone
      // What has begun to go is told with its device.
      if (devices === 0 && revisions === 0) return []
      gone = NOTHING
      const were = devices === 1 ? 'was' : 'were'
      const what = `${counted(devices, 'device')} that nobody had admitted ${were} forgotten, for newer ones of the same token or by a person`
      const alerts =
        revisions === 0
          ? 'and had no alerts any more'
          : `with ${counted(revisions, 'revision')} of alerts: so many have some that only those of the eldest are kept`
      const kinds = (Object.keys(rest) as (keyof Rest)[]).filter((of) => rest[of] > 0)
      const beside = kinds.map((of) => `${rest[of]} ${WHAT[of]}`).join(', ')
      const text = `${what}, ${alerts}${beside === '' ? '' : `; what else was of them went: ${beside}`}`
      const count = kinds.reduce((sum, of) => sum + rest[of], revisions)
      return [{ deviceId: '', at, kind, text, count }]
    },
    state: () => gone,
    restore(were) {
      gone = were
      beginAnew()
    },
  }
}
