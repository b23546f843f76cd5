import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { SeverityRank } from '../../src/collector/store/protocol.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { StoreError } from '../../src/collector/store/store-error.ts'
import { createWriter } from '../../src/collector/store/writer.ts'
import { times } from '../long.ts'
import { alertItem, DEVICE_A, DEVICE_B, T0, uidOf } from './agent.ts'
import { append, batchOf, count, enroll, ofSegments } from './store-fixture.ts'

/** Revision `revision` of alert `alert`; its id is made of both and of the device, and nothing else. */
type Sent = { device: 0 | 1; alert: number; revision: number; severity: SeverityRank }
const sent: fc.Arbitrary<Sent> = fc.record({
  device: fc.constantFrom(0 as const, 1 as const),
  alert: fc.integer({ min: 1, max: 6 }),
  revision: fc.integer({ min: 1, max: 4 }),
  severity: fc.constantFrom<SeverityRank>(1, 2, 3),
})

describe("the store's writer", () => {
  it('stores each item once and lists the highest revision, whatever is resent in whatever order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(sent, { minLength: 1, maxLength: 8 }), { maxLength: 12 }),
        fc.constantFrom(1, 5, 100_000),
        (frames, segmentRevisions) => {
          const db = openForWriting(':memory:')
          const writer = createWriter(db, { segmentRevisions })
          const devices = ['a', 'b'].map(
            (end) => enroll(writer, DEVICE_A.slice(0, -1) + end).device,
          )
          /** What a naive reader of the same frames would keep. */
          const kept = new Map<string, Sent>()
          let lastStoredAt = 0n
          for (const frame of frames)
            for (const device of [0, 1] as const) {
              const items = frame.filter((item) => item.device === device)
              const encoded = items.map((item) => {
                const number = item.alert * 10 + item.revision
                return alertItem(number, {
                  id: `${item.alert}`.padStart(32, '0'),
                  revision: item.revision,
                  severity: (['low', 'medium', 'high'] as const)[item.severity - 1] as 'low',
                })
              })
              if (encoded.length === 0) continue
              const { storedAt } = append(writer, batchOf(devices[device] as number, 0, encoded))
              items.forEach((item, index) => {
                const key = `${device} ${item.alert} ${item.revision}`
                assert.equal(storedAt[index] === 0n, kept.has(key))
                if (kept.has(key)) return
                kept.set(key, item)
                assert((storedAt[index] as bigint) > lastStoredAt)
                lastStoredAt = storedAt[index] as bigint
              })
            }
          assert.equal(count(db, 'item'), kept.size)
          assert.equal(ofSegments(db, 'revision').length, kept.size)
          const newest = new Map<string, Sent>()
          for (const item of kept.values()) {
            const key = `${item.device} ${item.alert}`
            if ((newest.get(key)?.revision ?? 0) <= item.revision) newest.set(key, item)
          }
          const listed = ofSegments(db, 'alert')
          assert.equal(listed.length, newest.size)
          for (const row of listed) {
            const alert = Number(`0x${Buffer.from(row.id as Uint8Array).toString('hex')}`)
            const expected = newest.get(`${devices.indexOf(row.device as number)} ${alert}`)
            assert.equal(row.revision, expected?.revision)
            assert.equal(row.severity, expected?.severity)
          }
          for (const { device, severity, alerts } of db.prepare('SELECT * FROM tally').all())
            assert.equal(
              alerts,
              listed.filter((row) => row.device === device && row.severity === severity).length,
            )
          db.close()
        },
      ),
      { numRuns: times('FRESHET_STORE_RUNS', { usual: 20, long: 60 }) },
    )
  })

  it('stores nothing on a full disk, says so, and stores the same batch when there is room', () => {
    const db = openForWriting(':memory:')
    const writer = createWriter(db)
    const { device } = enroll(writer)
    const encoded = Array.from({ length: 300 }, (_, index) => alertItem(index + 1))
    const pages = db.prepare('PRAGMA page_count').get()?.page_count as number
    db.exec(`PRAGMA max_page_count = ${pages + 4}`)
    assert.throws(
      () => append(writer, batchOf(device, 0, encoded)),
      (error) =>
        error instanceof StoreError && error.code === 'unavailable' && /full/.test(error.message),
    )
    assert.equal(count(db, 'item'), 0)
    assert.equal(count(db, 'tally'), 0)
    assert.equal(enroll(writer).lastSequence, 0)
    db.exec('PRAGMA max_page_count = 100000')
    append(writer, batchOf(device, 0, encoded))
    assert.equal(count(db, 'alert_1'), 300)
    assert.equal(enroll(writer).lastSequence, 300)
    db.close()
  })

  it('stores nothing behind a batch that failed: a later acknowledgement would cover it', () => {
    const db = openForWriting(':memory:')
    const writer = createWriter(db)
    const { device } = enroll(writer)
    append(writer, batchOf(device, 0, [alertItem(1)]))
    const [done] = writer.commit([
      { op: 'append', nowNs: T0, batch: batchOf(device, 2, [alertItem(3)]) },
    ])
    assert.equal(done?.op, 'refused')
    assert.equal(count(db, 'item'), 1)
    assert.equal(enroll(writer).lastSequence, 1)
    db.close()
  })

  it('refuses alone what the tables cannot hold, and stores the rest of its group', () => {
    const db = openForWriting(':memory:')
    const writer = createWriter(db)
    const { device } = enroll(writer)
    db.exec(`CREATE TRIGGER no_high BEFORE INSERT ON alert_1 WHEN new.severity = 3
             BEGIN SELECT RAISE(ABORT, 'no'); END`)
    const { storedAt, refusals } = append(
      writer,
      batchOf(device, 0, [alertItem(1), alertItem(2, { severity: 'high' }), alertItem(3)]),
    )
    assert.deepEqual(
      refusals.map(({ sequence }) => sequence),
      [2],
    )
    assert.equal(storedAt[1], -1n)
    assert.equal(count(db, 'alert_1'), 2)
    assert.equal(count(db, 'item'), 2)
    assert.equal(count(db, 'revision_1'), 2)
    db.close()
  })

  it('gives rising times of storage when the clock is set back, and after it is opened again', () => {
    const db = openForWriting(':memory:')
    const { device } = enroll(createWriter(db))
    const first = append(createWriter(db), batchOf(device, 0, [alertItem(1), alertItem(2)]), T0)
    assert.deepEqual([...first.storedAt], [T0, T0 + 1n])
    const second = append(createWriter(db), batchOf(device, 0, [alertItem(3)]), T0 - 1000n)
    assert.deepEqual([...second.storedAt], [T0 + 2n])
    db.close()
  })

  it('knows sixteen outboxes of a device: what none used for 30 days is forgotten first, then the youngest', () => {
    const db = openForWriting(':memory:')
    const writer = createWriter(db)
    const day = 86_400_000_000_000n
    const known = () =>
      db
        .prepare('SELECT id FROM outbox ORDER BY row')
        .all()
        .map(({ id }) => (id as Uint8Array)[15])
    const say = (number: number, nowNs = T0) =>
      enroll(writer, DEVICE_A, { outboxId: number.toString(16).padStart(32, '0'), nowNs })
    const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)
    for (const number of upTo(20)) say(number)
    assert.deepEqual(known(), [...upTo(15), 20])
    enroll(writer, DEVICE_B, { nowNs: T0 })
    for (const number of [1, 3, 20]) say(number, T0 + 20n * day)
    say(30, T0 + 31n * day)
    assert.deepEqual(known(), [...upTo(14), 20, 15, 30], '15: the other device has its own')
    db.close()
  })

  it('has the time first in the key of delivery', () => {
    assert(Buffer.compare(uidOf(1), uidOf(2)) < 0)
    const db = openForWriting(':memory:')
    const [first] = db.prepare('PRAGMA table_info(item)').all()
    assert.equal(first?.name, 'uid')
    db.close()
  })
})
