// Ids of agents of the collector's own machine, which come over its socket: nobody may enrol under one.
import type { DatabaseSync } from 'node:sqlite'
import { transaction } from '../../baseline/sqlite-file.ts'
import { commandThere } from '../../hint.ts'
import type { UnixNs } from '../../units.ts'

/** Replays are devices, too, and anybody may make as many as he likes: those that came last count. */
const MAX = 1000

/** `database`: as openRegistryFile opens it. */
export function noteLocal(database: DatabaseSync, id: string, now: UnixNs): void {
  transaction(database, () => {
    database.prepare('INSERT OR REPLACE INTO local VALUES (?, ?)').run(id, now)
    database
      .prepare(
        'DELETE FROM local WHERE device IN (SELECT device FROM local ORDER BY seen_ns DESC LIMIT -1 OFFSET ?)',
      )
      .run(MAX)
  })
}

export const isLocal = (database: DatabaseSync, id: string): boolean =>
  database.prepare('SELECT 1 FROM local WHERE device = ?').get(id) !== undefined

/** Why nobody enrols as it. */
export const ofThisMachine = (id: string): string =>
  `this device is an agent of the collector's own machine, which comes over its socket: an administrator says ${commandThere(`collector devices remove ${id}`)} where it is to enrol`

/** Returns whether it was one. */
export const forgetLocal = (database: DatabaseSync, id: string): boolean =>
  database.prepare('DELETE FROM local WHERE device = ?').run(id).changes !== 0
