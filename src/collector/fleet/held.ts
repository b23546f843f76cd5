// Which authorities the devices have, as they say themselves: by it an administrator knows when the earlier one may go.
import type { DatabaseSync } from 'node:sqlite'
import { transaction } from '../../baseline/sqlite-file.ts'
import type { UnixNs } from '../../units.ts'

/** Of one device. */
export type Held = {
  /** Fingerprints, the one first that has signed its certificate; empty: it has not said. */
  authorities: readonly string[]
  /** A person has said yes to it. */
  isAdmitted: boolean
  /** It has connected at some time. */
  isHeard: boolean
  /** When it was last noted; 0: never. Of one that is connected some minutes ago at most. */
  seenAt: bigint
}

export type HeldNotes = {
  note(deviceId: string, fingerprints: readonly string[]): void
  /** Writes what is another than it was, in one transaction. Throws what SQLite does, and keeps it for the next time. */
  write(): void
}

/** What devices say is written together: all come at once after a collector's restart. */
export function createHeldNotes(database: DatabaseSync): HeldNotes {
  const waiting = new Map<string, string>()
  const write = database.prepare(
    'INSERT OR REPLACE INTO held SELECT ?, ? WHERE EXISTS (SELECT 1 FROM device WHERE id = ?)',
  )
  const known = database.prepare('SELECT 1 FROM held WHERE device = ? AND authorities = ?')
  return {
    note: (deviceId, fingerprints) => void waiting.set(deviceId, fingerprints.join()),
    write() {
      const due = [...waiting].filter(([id, text]) => known.get(id, text) === undefined)
      if (due.length > 0)
        transaction(database, () => {
          for (const [id, text] of due) write.run(id, text, id)
        })
      waiting.clear()
    },
  }
}

/**
 * By the id of each device that comes with a certificate that is good at `now`. One whose certificate has ended has to enrol
 * again, whoever signs.
 */
export function readHeld(database: DatabaseSync, now: UnixNs): Map<string, Held> {
  const rows = database
    .prepare(
      `SELECT id, authorities, standing = 'active' AS admitted, authorities IS NOT NULL OR seen_ns > 0 AS heard,
          CAST(ifnull(seen_ns, 0) AS TEXT) AS seen_at
        FROM device LEFT JOIN held ON held.device = id LEFT JOIN seen ON seen.device = id
        WHERE standing <> 'revoked' AND EXISTS (SELECT 1 FROM certificate WHERE certificate.device = id AND revoked_ns IS NULL AND not_after_ns > ?)`,
    )
    .all(now)
  return new Map(
    rows.map(({ id, authorities, admitted, heard, seen_at }) => [
      `${id}`,
      {
        authorities: typeof authorities === 'string' ? authorities.split(',') : [],
        isAdmitted: admitted === 1,
        isHeard: heard === 1,
        seenAt: BigInt(`${seen_at}`),
      },
    ]),
  )
}
