// Devices of which a person wants all gone that they sent, in the registry's file: a command of this machine, or the page, asks there,
// and the collector that runs says there how far it has come.
import type { DatabaseSync } from 'node:sqlite'
import { transaction } from '../../baseline/sqlite-file.ts'
import type { UnixNs } from '../../units.ts'

/** Of those that are over so many are kept: a command waits for its own. */
const OVER_MAX = 1000

/** As the store counts what a device had. */
type Found = { alerts: number; programs: number; hours: number; events: number }

export type Erasure = {
  /** What there was; undefined: it has not begun, or nothing was there. */
  found: Found | undefined
  /** Deleted by now. */
  rows: number
  isBegun: boolean
  isOver: boolean
  /** Nothing of it is left in the store's write-ahead log. */
  isClean: boolean
}

export type Erasures = {
  /** In the caller's transaction: with the one that forgets the device. Asked for again it begins anew, unless it is not over. */
  ask(id: string, now: UnixNs): void
  /** Those that are not over, as they were asked for. */
  due(): string[]
  /** As far as it has come. */
  tell(id: string, of: { found: Found | undefined; rows: number }): void
  end(id: string, of: { isClean: boolean }, now: UnixNs): void
  /** undefined: nobody has asked, or long ago. */
  read(id: string): Erasure | undefined
  /** What there was of one that is not over, and what is gone by now; undefined: nobody has looked yet, or nothing was there. */
  begun(id: string): { found: Found; rows: number } | undefined
  /** It was done without the collector. */
  forget(id: string): void
}

/** `database`: as openRegistryFile opens it. */
export function createErasures(database: DatabaseSync): Erasures {
  const row = database.prepare(
    `SELECT gone_rows, alerts, programs, hours, events, begun, over_ns IS NOT NULL AS is_over, is_clean
      FROM erasure WHERE device = ?`,
  )
  function read(id: string): Erasure | undefined {
    const found = row.get(id)
    if (!found) return undefined
    const count = (column: string) => Number(found[column])
    return {
      found:
        found['alerts'] === null
          ? undefined
          : {
              ...{ alerts: count('alerts'), programs: count('programs') },
              ...{ hours: count('hours'), events: count('events') },
            },
      rows: count('gone_rows'),
      isBegun: found['begun'] !== null,
      isOver: found['is_over'] === 1,
      isClean: found['is_clean'] === 1,
    }
  }

  return {
    ask(id, now) {
      database
        .prepare(
          `INSERT INTO erasure VALUES (?, ?, NULL, 0, NULL, NULL, NULL, NULL, NULL, 0)
            ON CONFLICT (device) DO UPDATE SET asked_ns = excluded.asked_ns, begun = NULL, over_ns = NULL, is_clean = 0,
              ${['gone_rows', 'alerts', 'programs', 'hours', 'events']
                .map(
                  (column) =>
                    `${column} = CASE WHEN over_ns IS NULL THEN ${column} ELSE excluded.${column} END`,
                )
                .join(', ')}`,
        )
        .run(id, now)
    },
    due: () =>
      database
        .prepare('SELECT device FROM erasure WHERE over_ns IS NULL ORDER BY asked_ns')
        .all()
        .map(({ device }) => `${device}`),
    tell(id, { found, rows }) {
      const { alerts = null, programs = null, hours = null, events = null } = found ?? {}
      // What there was stays so where it begins anew with what is left.
      database
        .prepare(
          `UPDATE erasure SET begun = 1, gone_rows = ?, alerts = ifnull(alerts, ?), programs = ifnull(programs, ?),
            hours = ifnull(hours, ?), events = ifnull(events, ?) WHERE device = ?`,
        )
        .run(rows, alerts, programs, hours, events, id)
    },
    end(id, { isClean }, now) {
      transaction(database, () => {
        database
          .prepare('UPDATE erasure SET over_ns = ?, is_clean = ? WHERE device = ?')
          .run(now, Number(isClean), id)
        database
          .prepare(
            `DELETE FROM erasure WHERE device IN
              (SELECT device FROM erasure WHERE over_ns IS NOT NULL ORDER BY over_ns DESC LIMIT -1 OFFSET ?)`,
          )
          .run(OVER_MAX)
      })
    },
    read,
    begun(id) {
      const { found, rows = 0, isOver } = read(id) ?? {}
      return found && !isOver ? { found, rows } : undefined
    },
    forget: (id) => void database.prepare('DELETE FROM erasure WHERE device = ?').run(id),
  }
}
