// Devices that were forgotten for newer ones of their token: what is here of them goes once none of their alerts is there, since
// alerts go by age and by size alone. Of those that have some so many are kept of one token, the eldest.
import type { DatabaseSync } from 'node:sqlite'
import { counted } from '../../engine/sentence.ts'
import type { AlertShares } from './alert-shares.ts'
import type { Budget } from './budget.ts'
import type { Retained } from './protocol.ts'
import { prepare } from './statement.ts'

/** Looked at in one step. */
const LOOK_MAX = 2000
/** What one device costs that has nothing, in rows: 0.1 ms. */
const ROWS_A_DEVICE = 50
/** As many as may wait by one token: each is known in memory, in some 300 B. */
export const LEFT_WITH_ALERTS_MAX = 10_000

type Gone = { devices: number; revisions: number }

/** What is left of a device: how many rows were deleted, at most `rowsMax`, and whether that was all. */
type Piece = (device: number, rowsMax: number) => { rows: number; isMore: boolean }

export type Leaving = {
  /** A step of at most some `rowsMax` rows inside the caller's transaction; false when there was nothing to do. Returns revisions of alerts beside. */
  step(rowsMax: number): { isMore: boolean; revisions: number }
  /** What went since the last call. */
  tell(at: bigint): Retained['told']
  /** On the caller's rollback: `were` is from `state`, before. */
  state(): Gone
  restore(were: Gone): void
}

/** `takeAlerts`: the oldest of a device, at most so many; 0: it has none. */
export function createLeaving(
  db: DatabaseSync,
  of: {
    shares: AlertShares
    budget: Budget
    takeRest: Piece
    takeAlerts: (device: number, rowsMax: number) => number
    flush: () => void
  },
  kind: string,
  leftMax = LEFT_WITH_ALERTS_MAX,
): Leaving {
  const { shares, budget, takeRest, takeAlerts, flush } = of
  // The number of the last row would be given again, to another device: it goes when another has come.
  const those = prepare(
    db,
    `SELECT row FROM device WHERE leaving = 1 AND row > ? AND row < (SELECT max(row) FROM device) ORDER BY row LIMIT ${LOOK_MAX}`,
  )
  const remove = prepare(db, 'DELETE FROM device WHERE row = ?')
  /** Where the look goes on, and how many with alerts it has seen of whom. */
  let after = 0
  let withAlerts = new Map<number, number>()
  let gone: Gone = { devices: 0, revisions: 0 }

  const beginAnew = () => {
    after = 0
    withAlerts = new Map()
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
    gone.devices += devices.length
  }

  return {
    step(rowsMax) {
      const looked = those.all(after)
      const removed: number[] = []
      let [rows, revisions] = [0, 0]
      let isCut = looked.length === LOOK_MAX
      let hasTakenAlerts = false
      for (const { row } of looked) {
        const device = Number(row)
        // To find the alerts of one takes a look through all that are held.
        if (rows >= rowsMax || hasTakenAlerts) {
          isCut = true
          break
        }
        if (!isKept(device)) {
          hasTakenAlerts = shares.has(device)
          const taken = hasTakenAlerts ? takeAlerts(device, rowsMax - rows) : 0
          revisions += taken
          rows += taken
          if (taken > 0) flush()
          const rest = rows < rowsMax && !shares.has(device)
          const piece = rest ? takeRest(device, rowsMax - rows) : { rows: 0, isMore: true }
          rows += piece.rows + ROWS_A_DEVICE
          if (piece.isMore) {
            // It is the next that is looked at.
            isCut = true
            break
          }
          removed.push(device)
        }
        after = device
      }
      removeAll(removed)
      flush()
      gone.revisions += revisions
      if (!isCut) beginAnew()
      return { isMore: isCut || rows > 0, revisions }
    },
    tell(at) {
      const { devices, revisions } = gone
      gone = { devices: 0, revisions: 0 }
      if (devices === 0 && revisions === 0) return []
      const were = devices === 1 ? 'was' : 'were'
      const what = `${counted(devices, 'device')} that nobody had admitted ${were} forgotten for newer ones of the same token`
      const text =
        revisions === 0
          ? `${what}, and had no alerts any more`
          : `${what}, with ${counted(revisions, 'revision')} of alerts: so many have some that only those of the eldest are kept`
      return [{ deviceId: '', at, kind, text, count: revisions }]
    },
    state: () => ({ ...gone }),
    restore(were) {
      gone = were
      beginAnew()
    },
  }
}
