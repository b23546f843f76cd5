// The writing half of the store: batches in, one transaction, answers out. One thread, no clock.
import type { DatabaseSync } from 'node:sqlite'
import { alertWriter } from './alerts.ts'
import { inventoryWriter } from './inventory.ts'
import {
  type DeviceFacts,
  DUPLICATE,
  type Enrolled,
  REFUSED,
  type StoreBatch,
  type StoredBatch,
  type StoreItem,
  type Work,
} from './protocol.ts'
import { prepare } from './statement.ts'
import { StoreError } from './store-error.ts'

/** What a piece of work did. refused: nothing of it is stored, it may be tried again. */
export type Done =
  | { op: 'append'; stored: StoredBatch }
  | { op: 'enroll'; enrolled: Enrolled }
  | { op: 'refused'; reason: string }

export type Writer = {
  /**
   * All of `works` in one transaction; it returns when they are durable, in their order. Throws
   * StoreError unavailable, and then none of them is stored. An item that the tables refuse is REFUSED
   * alone.
   */
  commit(works: readonly Work[]): Done[]
}

/**
 * Primary result codes that speak of what was to be stored: TOOBIG, CONSTRAINT, MISMATCH
 * (sqlite.org/rescode.html). Everything else (the disk, memory, a fault of ours) may pass, and no item
 * is refused for good because of it.
 */
const REFUSALS = new Set([18, 19, 20])

export function createWriter(db: DatabaseSync): Writer {
  const alerts = alertWriter(db)
  const inventory = inventoryWriter(db)
  const remember = prepare(db, 'INSERT OR IGNORE INTO item (uid, device) VALUES (?, ?)')
  const addHealth = prepare(
    db,
    'INSERT INTO health (stored_at, device, at, kind, text, count) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const lastSequence = prepare(db, 'SELECT last_sequence FROM device WHERE row = ?')
  const seen = prepare(
    db,
    'UPDATE device SET last_seen_at = ?, last_sequence = max(last_sequence, ?) WHERE row = ?',
  )
  const enrollDevice = prepare(
    db,
    `INSERT INTO device
       (id, hostname, os, os_version, hardware, arch, agent_version, first_seen_at, last_seen_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET
       hostname = excluded.hostname, os = excluded.os, os_version = excluded.os_version,
       hardware = excluded.hardware, arch = excluded.arch, agent_version = excluded.agent_version,
       last_seen_at = excluded.last_seen_at
     RETURNING row, last_sequence, first_seen_at`,
  )
  let lastStoredAt = newestStoredAt(db)

  /** Unique and rising even when the clock is set back: it is the row id and the cursor of lists. */
  function nextStoredAt(nowNs: bigint): bigint {
    lastStoredAt = nowNs > lastStoredAt ? nowNs : lastStoredAt + 1n
    return lastStoredAt
  }

  function put(device: number, storedAt: bigint, item: StoreItem): void {
    switch (item.kind) {
      case 'alert':
        alerts.put(device, storedAt, item)
        return
      case 'sighting':
        inventory.sighting(device, item)
        return
      case 'summary':
        inventory.summary(device, item)
        return
      case 'health':
        addHealth.run(storedAt, device, item.at, item.of, item.text, item.count)
        return
      default:
        item satisfies never
    }
  }

  function append(nowNs: bigint, batch: StoreBatch, oneByOne: boolean): Done {
    const { device, afterSequence } = batch
    const durable = Number(lastSequence.get(device)?.last_sequence ?? -1)
    if (durable < afterSequence)
      return { op: 'refused', reason: `sequence ${afterSequence} was not stored before` }
    const storedAt = new BigInt64Array(batch.items.length)
    const refusals: StoredBatch['refusals'] = []
    batch.items.forEach((item, index) => {
      if (oneByOne) db.exec('SAVEPOINT item')
      try {
        if (remember.run(item.uid, batch.device).changes === 0n) {
          storedAt[index] = DUPLICATE
        } else {
          const at = nextStoredAt(nowNs)
          put(batch.device, at, item)
          storedAt[index] = at
        }
        if (oneByOne) db.exec('RELEASE item')
      } catch (cause) {
        if (!oneByOne || !isRefusal(cause)) throw cause
        db.exec('ROLLBACK TO item; RELEASE item')
        inventory.forget()
        storedAt[index] = REFUSED
        refusals.push({ sequence: item.sequence, reason: `it cannot be stored: ${cause}` })
      }
    })
    seen.run(nowNs, batch.throughSequence, batch.device)
    return { op: 'append', stored: { storedAt, refusals } }
  }

  function enroll(nowNs: bigint, facts: DeviceFacts): Enrolled {
    const { hostname, os, osVersion, hardware, arch } = facts.host
    const version = facts.agentVersion
    const row = enrollDevice.get(
      facts.id,
      hostname,
      os,
      osVersion,
      hardware,
      arch,
      version,
      nowNs,
      nowNs,
    )
    return {
      device: Number(row?.row),
      lastSequence: Number(row?.last_sequence),
      firstSeenAt: row?.first_seen_at as bigint,
    }
  }

  function attempt(works: readonly Work[], oneByOne: boolean): Done[] {
    const before = lastStoredAt
    db.exec('BEGIN IMMEDIATE')
    try {
      const done = works.map(
        (work): Done =>
          work.op === 'append'
            ? append(work.nowNs, work.batch, oneByOne)
            : { op: 'enroll', enrolled: enroll(work.nowNs, work.facts) },
      )
      alerts.flushTally()
      db.exec('COMMIT')
      return done
    } catch (cause) {
      alerts.forgetTally()
      inventory.forget()
      lastStoredAt = before
      // SQLite rolls back by itself on some errors (FULL, IOERR); then there is nothing to roll back.
      if (db.isTransaction) db.exec('ROLLBACK')
      throw cause
    }
  }

  return {
    commit(works) {
      try {
        return attempt(works, false)
      } catch (cause) {
        if (!isRefusal(cause)) throw unavailable(cause)
      }
      try {
        // Something in there is refused by the tables: find it, so that it does not block the rest.
        return attempt(works, true)
      } catch (cause) {
        throw unavailable(cause)
      }
    },
  }
}

function newestStoredAt(db: DatabaseSync): bigint {
  const query = prepare(
    db,
    `SELECT max(coalesce((SELECT max(stored_at) FROM revision), 0),
                coalesce((SELECT max(stored_at) FROM health), 0)) AS newest`,
  )
  return query.get()?.newest as bigint
}

function isRefusal(cause: unknown): boolean {
  const code = (cause as { errcode?: unknown })?.errcode
  return typeof code === 'number' && REFUSALS.has(code & 0xff)
}

function unavailable(cause: unknown): StoreError {
  return new StoreError('unavailable', `the store cannot commit: ${(cause as Error).message}`, {
    cause,
  })
}
