// The writing half of the store: batches in, one transaction, answers out. One thread, no clock.
import type { DatabaseSync } from 'node:sqlite'
import { AlertShares } from './alert-shares.ts'
import { createAlertSums } from './alert-sums.ts'
import { alertWriter } from './alerts.ts'
import { type BUDGETS, Budget, factsCharge, healthCharge, ITS_OWN, NOT_ASKED } from './budget.ts'
import { UNDER_WAY } from './erasing.ts'
import { createIds } from './ids.ts'
import { inventoryWriter } from './inventory.ts'
import { type Over, overBudget } from './kinds.ts'
import {
  type Change,
  type DeviceFacts,
  DUPLICATE,
  type Enrolled,
  type ErasedBefore,
  type ErasureStep,
  type Keep,
  REFUSED,
  type Retained,
  type Standings,
  type StoreBatch,
  type StoredBatch,
  type StoreItem,
  type TriageOutcome,
  type TriageSaid,
} from './protocol.ts'
import { createRetention, uidAt } from './retention.ts'
import { Segments } from './segments.ts'
import { prepare } from './statement.ts'
import { StoreError } from './store-error.ts'
import { createTexts } from './texts.ts'
import { createTriage } from './triage.ts'

type OtherItem = Exclude<StoreItem, { kind: 'alert' }>

/** What a piece of work did. refused: nothing of it is stored, it may be tried again. */
export type Done =
  | { op: 'append'; stored: StoredBatch }
  | { op: 'enroll'; enrolled: Enrolled }
  | { op: 'triage'; outcome: TriageOutcome }
  | { op: 'refused'; reason: string }

export type Writer = {
  /**
   * All of `works` in one transaction; it returns when they are durable, in their order. Throws
   * StoreError unavailable, and then none of them is stored. An item that the tables refuse is REFUSED
   * alone.
   */
  commit(works: readonly Change[]): Done[]
  /** One step of retention, durable when it returns. Throws StoreError unavailable: nothing was dropped. */
  retain(nowNs: bigint, keep: Keep): Retained
  /** Who pays for what, and who goes with the next steps of retention. Throws StoreError unavailable: nothing of it holds. */
  noteStandings(standings: Standings): void
  /** Stores what is not told of yet, before the store is closed. Throws StoreError unavailable. */
  sayRest(): void
  /** One step of deleting all that a device sent. Throws StoreError unavailable: nothing of that step is gone. */
  erase(nowNs: bigint, deviceId: string, before?: ErasedBefore): ErasureStep
}

/**
 * Primary result codes that speak of what was to be stored: TOOBIG, CONSTRAINT, MISMATCH
 * (sqlite.org/rescode.html). Everything else (the disk, memory, a fault of ours) may pass, and no item
 * is refused for good because of it.
 */
const REFUSALS = new Set([18, 19, 20])
/**
 * Of a device: one agent has one, a copy of its directory or an impostor another. Beyond that those that were not heard of
 * for as long as agents keep items (30 days) are forgotten first, then the youngest: who says that it is this device under
 * ever new ones pushes out none that was there before it, and with it the rank of an elder.
 */
const OUTBOXES_MAX = 16
const OUTBOX_UNUSED_NS = 30n * 86_400_000_000_000n
const IN_DOUBT = 'it is older than what is kept here, and its number was acknowledged before'

/** `segmentRevisions`: after how many revisions of alerts a segment is sealed. */
export function createWriter(
  db: DatabaseSync,
  {
    segmentRevisions,
    budgets,
    triageBytes,
    leftMax,
  }: {
    segmentRevisions?: number
    budgets?: typeof BUDGETS
    triageBytes?: number
    leftMax?: number
  } = {},
): Writer {
  const segments = new Segments(db, segmentRevisions)
  const budget = new Budget(db, budgets)
  const shares = new AlertShares(db, (device) => budget.payerOf(device))
  const sums = createAlertSums(db)
  const triages = createTriage(db, triageBytes)
  const alerts = alertWriter(db, segments, shares, sums, triages, createTexts(db))
  const inventory = inventoryWriter(db, budget)
  const ids = createIds(db, budget)
  const parts = { segments, alerts, shares, sums, budget, inventory, ids }
  const retention = createRetention(db, parts, leftMax)
  const addHealth = prepare(
    db,
    'INSERT INTO health (stored_at, device, at, kind, text, count, since, about, apart) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const lastSequence = prepare(db, 'SELECT last_sequence FROM outbox WHERE row = ? AND device = ?')
  const moveOutbox = prepare(
    db,
    'UPDATE outbox SET last_at = ?, last_sequence = max(last_sequence, ?) WHERE row = ?',
  )
  const seen = prepare(db, 'UPDATE device SET last_seen_at = ?, last_sequence = ? WHERE row = ?')
  const enrollOutbox = prepare(
    db,
    `INSERT INTO outbox (device, id, last_sequence, last_at) VALUES (?, ?, 0, ?)
     ON CONFLICT (device, id) DO UPDATE SET last_at = excluded.last_at
     RETURNING row, last_sequence`,
  )
  const forgetOutboxes = prepare(
    db,
    `DELETE FROM outbox WHERE device = :device AND row NOT IN
       (SELECT row FROM outbox WHERE device = :device
        ORDER BY row = :own DESC, last_at > :usedAfter DESC, row LIMIT ${OUTBOXES_MAX})`,
  )
  // Not one statement: a number is spent by each try to insert, and a Hello is often of a device that is known.
  const changeDevice = prepare(
    db,
    `UPDATE device SET
       hostname = :hostname, os = :os, os_version = :osVersion, hardware = :hardware, arch = :arch,
       agent_version = :agentVersion, last_seen_at = :nowNs, by_certificate = :byCertificate, leaving = 0
     WHERE id = :id RETURNING row, first_seen_at`,
  )
  const addDevice = prepare(
    db,
    `INSERT INTO device
       (id, hostname, os, os_version, hardware, arch, agent_version, first_seen_at, last_seen_at, by_certificate)
     VALUES (:id, :hostname, :os, :osVersion, :hardware, :arch, :agentVersion, :nowNs, :nowNs, :byCertificate)
     RETURNING row, first_seen_at`,
  )
  const leave = prepare(db, 'UPDATE device SET leaving = 1 WHERE row = ? AND leaving = 0')
  const findDevice = prepare(db, 'SELECT row FROM device WHERE id = ?')
  let lastStoredAt = newestStoredAt(db)
  let forgottenBefore = uidAt(retention.horizonAt())

  /** Unique and rising even when the clock is set back: it is the row id and the cursor of lists. */
  function nextStoredAt(nowNs: bigint): bigint {
    lastStoredAt = nowNs > lastStoredAt ? nowNs : lastStoredAt + 1n
    return lastStoredAt
  }

  /** Returns what has no room for it, and then nothing was written. */
  function put(device: number, nowNs: bigint, storedAt: bigint, item: OtherItem): Over | undefined {
    // Its id is charged already. Alerts and health are not refused for theirs: there their own bytes are what counts.
    switch (item.kind) {
      case 'sighting':
        return budget.lacks(device, 'ids', 0) ?? inventory.sighting(nowNs, device, item)
      case 'summary':
        return budget.lacks(device, 'ids', 0) ?? inventory.summary(nowNs, device, item)
      case 'health': {
        const { at, of, text, count, since, about, apart } = item
        const bytes = healthCharge(of, text, apart)
        const over = budget.lacks(device, 'health', bytes)
        if (over) return over
        addHealth.run(storedAt, device, at, of, text, count, since, about, apart)
        budget.charge(device, 'health', bytes)
        return undefined
      }
      default:
        return item satisfies never
    }
  }

  /**
   * The ids of what retention has dropped are gone, and of a device those that gave way to newer ones, so an item from
   * before may have been stored or not.
   * Its number tells: one above all that the device was ever acknowledged is new (the device was away for
   * long, or its clock is slow). Any other is refused, since it would be there twice.
   */
  const inDoubt = (device: number, { sequence, uid }: StoreItem, durable: number): boolean =>
    sequence <= durable &&
    (Buffer.compare(uid, forgottenBefore) < 0 || ids.gaveWay(device, uid)) &&
    !ids.knows(device, uid)

  function append(nowNs: bigint, batch: StoreBatch, oneByOne: boolean): Done {
    const { device, outbox, afterSequence } = batch
    if (retention.isErasing(device)) return { op: 'refused', reason: UNDER_WAY }
    // An outbox that was forgotten meanwhile is one that was never known: its agent's next Hello makes it anew.
    const durable = Number(lastSequence.get(outbox, device)?.last_sequence ?? -1)
    if (durable < afterSequence)
      return { op: 'refused', reason: `sequence ${afterSequence} was not stored before` }
    const storedAt = new BigInt64Array(batch.items.length)
    const refusals: StoredBatch['refusals'] = []
    const triaged: StoredBatch['triaged'] = []
    batch.items.forEach((item, index) => {
      if (inDoubt(device, item, durable)) {
        storedAt[index] = REFUSED
        refusals.push({ sequence: item.sequence, reason: IN_DOUBT })
        return
      }
      if (oneByOne) {
        budget.flush()
        db.exec('SAVEPOINT item')
      }
      try {
        if (!ids.remember(device, item.uid)) {
          storedAt[index] = DUPLICATE
        } else {
          const at = nextStoredAt(nowNs)
          const said = item.kind === 'alert' ? alerts.put(device, at, item) : undefined
          if (said) triaged.push({ index, triage: said })
          const over = item.kind === 'alert' ? undefined : put(device, nowNs, at, item)
          storedAt[index] = over ? REFUSED : at
          if (over) {
            ids.disremember(device, item.uid)
            budget.notes.refused(device, over)
            refusals.push({ sequence: item.sequence, reason: overBudget(over) })
          }
        }
        if (oneByOne) db.exec('RELEASE item')
      } catch (cause) {
        if (!oneByOne || !isRefusal(cause)) throw cause
        db.exec('ROLLBACK TO item; RELEASE item')
        budget.reload()
        inventory.forget()
        alerts.forgetTexts()
        storedAt[index] = REFUSED
        refusals.push({ sequence: item.sequence, reason: `it cannot be stored: ${cause}` })
      }
    })
    moveOutbox.run(nowNs, batch.throughSequence, outbox)
    seen.run(nowNs, Math.max(durable, batch.throughSequence), device)
    return { op: 'append', stored: { storedAt, refusals, triaged } }
  }

  function enroll(nowNs: bigint, facts: DeviceFacts): Done {
    const { id, agentVersion, isEnrolled } = facts
    const known = findDevice.get(id)
    if (known && retention.isErasing(Number(known.row))) return { op: 'refused', reason: UNDER_WAY }
    const { hostname, os, osVersion, hardware, arch } = facts.host
    const texts = { hostname, os, osVersion, hardware, arch, agentVersion }
    const values = { id, ...texts, nowNs, byCertificate: Number(isEnrolled) }
    const row = (known ? changeDevice : addDevice).get(values)
    const device = Number(row?.row)
    budget.enter(device, factsCharge(Object.values(texts)), isEnrolled)
    const outbox = enrollOutbox.get(device, Buffer.from(facts.outboxId, 'hex'), nowNs)
    const usedAfter = nowNs - OUTBOX_UNUSED_NS
    forgetOutboxes.run({ device, own: outbox?.row as bigint, usedAfter })
    const enrolled = {
      device,
      outbox: Number(outbox?.row),
      lastSequence: Number(outbox?.last_sequence),
      firstSeenAt: row?.first_seen_at as bigint,
    }
    return { op: 'enroll', enrolled }
  }

  function triage(nowNs: bigint, said: TriageSaid): TriageOutcome {
    const device = findDevice.get(said.deviceId)
    return device ? alerts.triage(nowNs, Number(device.row), said) : 'missing'
  }

  function noteStandings({ admitted, waiting, forgotten }: Standings): void {
    const rowOf = (id: string) => {
      const found = findDevice.get(id)
      return found && Number(found.row)
    }
    for (const id of admitted) {
      const device = rowOf(id)
      if (device !== undefined && budget.tokenOf(device) !== ITS_OWN)
        budget.setToken(device, ITS_OWN)
    }
    // A device may be forgotten before it was said here by which token it came.
    for (const { id, token } of [...waiting, ...forgotten]) {
      const device = rowOf(id)
      // One that was admitted once goes on paying for itself alone, whoever has its key now.
      if (device !== undefined && budget.tokenOf(device) !== ITS_OWN)
        budget.setToken(device, token > 0 ? token : NOT_ASKED)
    }
    for (const { id } of forgotten) {
      const device = rowOf(id)
      if (device !== undefined && budget.tokenOf(device) !== ITS_OWN) leave.run(device)
    }
  }

  function carryOut(work: Change, oneByOne: boolean): Done {
    switch (work.op) {
      case 'append':
        return append(work.nowNs, work.batch, oneByOne)
      case 'enroll':
        return enroll(work.nowNs, work.facts)
      case 'triage':
        return { op: 'triage', outcome: triage(work.nowNs, work.said) }
      default:
        return work satisfies never
    }
  }

  function attempt(works: readonly Change[], oneByOne: boolean): Done[] {
    const before = lastStoredAt
    db.exec('BEGIN IMMEDIATE')
    try {
      const done = works.map((work) => carryOut(work, oneByOne))
      alerts.flushTally()
      budget.flush()
      if (lastStoredAt !== before) segments.save(lastStoredAt)
      db.exec('COMMIT')
      budget.committed()
      return done
    } catch (cause) {
      // SQLite rolls back by itself on some errors (FULL, IOERR); then there is nothing to roll back.
      if (db.isTransaction) db.exec('ROLLBACK')
      alerts.forgetTally()
      budget.forget()
      inventory.forget()
      ids.forget()
      segments.reload()
      lastStoredAt = before
      throw cause
    }
  }

  return {
    commit(works) {
      try {
        if (segments.full()) segments.roll(lastStoredAt)
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
    erase(nowNs, deviceId, before) {
      try {
        return retention.erase(nowNs, deviceId, before, nextStoredAt)
      } catch (cause) {
        throw unavailable(cause)
      }
    },
    sayRest() {
      try {
        retention.sayRest(lastStoredAt, nextStoredAt)
      } catch (cause) {
        throw unavailable(cause)
      }
    },
    noteStandings(standings) {
      db.exec('BEGIN IMMEDIATE')
      try {
        noteStandings(standings)
        budget.flush()
        db.exec('COMMIT')
      } catch (cause) {
        if (db.isTransaction) db.exec('ROLLBACK')
        budget.reload()
        throw unavailable(cause)
      }
    },
    retain(nowNs, keep) {
      try {
        return retention.step(nowNs, keep, nextStoredAt)
      } catch (cause) {
        throw unavailable(cause)
      } finally {
        // A step is two transactions: of one that fails the first may stand.
        forgottenBefore = uidAt(retention.horizonAt())
      }
    },
  }
}

function newestStoredAt(db: DatabaseSync): bigint {
  return prepare(db, 'SELECT max(last_at) AS newest FROM segment').get()?.newest as bigint
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
