// What the store's tests share: a writer on a database in memory, and batches without a gateway.
import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import { readItems } from '../../src/collector/gateway/intake.ts'
import type { StoreBatch, StoredBatch } from '../../src/collector/store/protocol.ts'
import type { Writer } from '../../src/collector/store/writer.ts'
import { DEVICE_A, helloOf, T0 } from './agent.ts'

export function enroll(
  writer: Writer,
  id = DEVICE_A,
  more: { outboxId?: string; nowNs?: bigint; isEnrolled?: boolean } = {},
) {
  const { host, agentVersion, outboxId } = helloOf(id).hello
  const isEnrolled = more.isEnrolled ?? false
  const facts = { id, outboxId: more.outboxId ?? outboxId, agentVersion, host, isEnrolled }
  const nowNs = more.nowNs ?? T0
  const [done] = writer.commit([{ op: 'enroll', nowNs, facts }])
  assert(done?.op === 'enroll' && typeof done.enrolled !== 'string')
  return done.enrolled
}

export function append(writer: Writer, batch: StoreBatch, nowNs = T0): StoredBatch {
  const [done] = writer.commit([{ op: 'append', nowNs, batch }])
  assert(done?.op === 'append', done?.op === 'refused' ? done.reason : '')
  return done.stored
}

export function batchOf(device: number, afterSequence: number, encoded: Uint8Array[]): StoreBatch {
  const { items, throughSequence } = readItems(encoded)
  // Each device of these tests has one outbox, enrolled with it: their rows are the same.
  return { device, outbox: device, afterSequence, throughSequence, items }
}

export const count = (db: DatabaseSync, table: string): number =>
  db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n as number

/** Rows of all segments' tables of a kind. */
export const ofSegments = (db: DatabaseSync, kind: 'alert' | 'revision') =>
  segmentsOf(db).flatMap((n) => {
    const columns = kind === 'alert' ? 'device, id, revision, severity' : 'length(body)'
    return db.prepare(`SELECT ${columns} FROM ${kind}_${n}`).all()
  })

/** Numbers of the segments there are, the oldest first. */
export const segmentsOf = (db: DatabaseSync): number[] =>
  db
    .prepare('SELECT n FROM segment ORDER BY n')
    .all()
    .map(({ n }) => n as number)
