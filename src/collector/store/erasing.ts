// All that one device sent goes, its alerts too, because a person wants it gone: in steps between the commits of others. Until
// all is gone nothing is taken in of it. What goes is overwritten where it stands; what that leaves, erase.ts says.
import type { DatabaseSync } from 'node:sqlite'
import { counted } from '../../engine/sentence.ts'
import type { Budget } from './budget.ts'
import type { Ids, Place } from './ids.ts'
import { KINDS } from './kinds.ts'
import type { Erased, ErasedBefore, ErasureStep } from './protocol.ts'
import { prepare } from './statement.ts'

/** Rows that one step deletes: each is written anew as zeros, so fewer than where they are only forgotten. */
const ROWS_A_STEP_MAX = 2000
/** device.leaving: 1 is of those that go as their alerts do (leaving.ts). */
const ERASED = 2
/** Of one device, beside its row in the list. */
const TABLES = ['forgotten', 'outbox', 'tally', 'held', 'alert_held']

type Going = { found: Erased; rows: number; next: 'rows' | 'ids' | 'row'; place: Place | undefined }

export type Erasing = {
  /** Nothing of it is taken in. By its row. */
  isUnderWay(device: number): boolean
  /**
   * One step, durable when it returns. The first one deletes nothing, so that what there was can be written down: after a restart
   * it begins anew with what is left, and says that as if it were all but for `before`. `tell` stores a sentence in the last one.
   */
  step(
    deviceId: string,
    before: ErasedBefore | undefined,
    tell: (text: string) => void,
  ): ErasureStep
}

export const UNDER_WAY =
  'what this device sent before is being deleted, as a person wants: when that is done it begins anew'

export function createErasing(
  db: DatabaseSync,
  of: {
    budget: Budget
    ids: Ids
    /** The oldest of its alerts, at most so many; 0: it has none. */
    takeAlerts: (device: number, rowsMax: number) => number
    takeRest: (device: number, rowsMax: number) => { rows: number; isMore: boolean }
    inTransaction: <T>(work: () => T) => T
  },
): Erasing {
  const { budget, ids, takeAlerts, takeRest, inTransaction } = of
  const find = prepare(db, 'SELECT row FROM device WHERE id = ?')
  const mark = prepare(db, `UPDATE device SET leaving = ${ERASED} WHERE row = ?`)
  const removeRow = prepare(db, 'DELETE FROM device WHERE row = ?')
  const underWay = new Set(
    prepare(db, `SELECT row FROM device WHERE leaving = ${ERASED}`)
      .all()
      .map(({ row }) => Number(row)),
  )
  const going = new Map<number, Going>()

  const count = (sql: string, device: number) => Number(prepare(db, sql).get(device)?.n ?? 0)

  function begin(device: number, before: ErasedBefore | undefined): Going {
    // Of a store that was brought back since, in which it has not begun, that is of another time.
    const isHalf = underWay.has(device)
    inTransaction(() => mark.run(device))
    underWay.add(device)
    if (isHalf && before) return { ...before, next: 'rows', place: undefined }
    const found = {
      alerts: count('SELECT sum(alerts) AS n FROM tally WHERE device = ?', device),
      programs: count('SELECT count(*) AS n FROM identity_device WHERE device = ?', device),
      hours: count('SELECT count(*) AS n FROM pair_hour WHERE device = ?', device),
      events: count('SELECT count(*) AS n FROM health WHERE device = ?', device),
    }
    return { found, rows: 0, next: 'rows', place: undefined }
  }

  /** Returns how it goes on; undefined: it is over. */
  function work(device: number, of: Going, end: () => void): Going | undefined {
    switch (of.next) {
      case 'rows': {
        const alerts = takeAlerts(device, ROWS_A_STEP_MAX)
        if (alerts > 0) return { ...of, rows: of.rows + alerts }
        const { rows, isMore } = takeRest(device, ROWS_A_STEP_MAX)
        return { ...of, rows: of.rows + rows, next: isMore ? 'rows' : 'ids' }
      }
      case 'ids': {
        const place = ids.take(device, of.place)
        return { ...of, place, next: place ? 'ids' : 'row' }
      }
      case 'row':
        for (const table of TABLES) prepare(db, `DELETE FROM ${table} WHERE device = ?`).run(device)
        removeRow.run(device)
        for (const kind of [...KINDS, 'facts'] as const)
          budget.charge(device, kind, -Number.MAX_SAFE_INTEGER)
        end()
        return undefined
      default:
        return of.next satisfies never
    }
  }

  return {
    isUnderWay: (device) => underWay.has(device),
    step(deviceId, cutOff, tell) {
      const known = find.get(deviceId)
      if (!known) return { found: undefined, rows: 0, more: false }
      const device = Number(known.row)
      const before = going.get(device)
      if (!before) {
        const begun = begin(device, cutOff)
        going.set(device, begun)
        return { found: begun.found, rows: begun.rows, more: true }
      }
      const { found } = before
      // Pages that are given back are overwritten too, which the other setting leaves out (sqlite.org/pragma.html#pragma_secure_delete).
      db.exec('PRAGMA secure_delete = ON')
      try {
        const after = inTransaction(() =>
          work(device, before, () => tell(sentence(deviceId, found))),
        )
        if (after) going.set(device, after)
        else {
          going.delete(device)
          underWay.delete(device)
          ids.forget()
        }
        return { found, rows: (after ?? before).rows, more: after !== undefined }
      } finally {
        db.exec('PRAGMA secure_delete = FAST')
      }
    },
  }
}

/** Devices of which an erasure was begun and is not over. */
export const halfErased = (db: DatabaseSync): string[] =>
  prepare(db, `SELECT id FROM device WHERE leaving = ${ERASED} ORDER BY row`)
    .all()
    .map(({ id }) => `${id}`)

const sentence = (deviceId: string, { alerts, programs, hours, events }: Erased): string =>
  `what device ${deviceId} had sent was deleted, as a person wanted: ${erasedText({ alerts, programs, hours, events })}`

export const erasedText = ({ alerts, programs, hours, events }: Erased): string =>
  `${counted(alerts, 'alert')}, ${counted(programs, 'program')}, ${counted(hours, 'hour')} of pairs and ${counted(events, 'health event')}`
