// The ids that what comes again is known by: a device's own, counted, and the oldest of them the first to go.
import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { prepare } from '../../src/collector/store/statement.ts'
import { createWriter, type Writer } from '../../src/collector/store/writer.ts'
import { alertItem, DEVICE_A, DEVICE_B, T0 } from './agent.ts'
import { FOREVER, summaryItem } from './mallory.ts'
import { append, batchOf, count, enroll } from './store-fixture.ts'

const MiB = 1024 * 1024
const BUDGETS = { inventory: MiB, summaries: MiB, health: MiB, ids: 400 * 40 }

describe('the ids of a device', () => {
  let db: DatabaseSync
  let writer: Writer
  let device: number
  let other: number
  beforeEach(() => {
    db = openForWriting(':memory:')
    writer = createWriter(db, { budgets: BUDGETS })
    device = enroll(writer, DEVICE_A).device
    other = enroll(writer, DEVICE_B).device
  })
  afterEach(() => db.close())

  const summary = (n: number) => summaryItem(n, 'a', 'now:443')
  const range = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index)
  /** What became of items `from` to `to`: 'stored', 'known' or 'refused', each once. */
  const send = (from: number, to: number, make = summary, of = device): string[] => {
    const { storedAt } = append(
      writer,
      batchOf(
        of,
        0,
        range(from, to).map((n) => make(n)),
      ),
    )
    return [
      ...new Set([...storedAt].map((at) => (at > 0n ? 'stored' : at === 0n ? 'known' : 'refused'))),
    ]
  }
  const retain = (bytes = 1e15) => {
    let steps = 0
    do assert.ok(steps++ < 1000)
    while (writer.retain(T0, { ...FOREVER, bytes }).more)
  }
  const held = (of = device) =>
    Number(db.prepare('SELECT ids FROM held WHERE device = ?').get(of)?.['ids'])
  it('are refused beyond its budget, and give way, the oldest first, to what it says next', () => {
    send(1, 10, summary, other)
    assert.deepEqual(send(1, 500), ['stored', 'refused'])
    assert.equal(held(), BUDGETS.ids)
    assert.deepEqual(send(401, 500), ['refused'])
    retain()
    assert.equal(held(), BUDGETS.ids * 0.75)
    assert.deepEqual(send(501, 600), ['stored'])
    // What is sent again after a connection broke is known, whoever numbers it.
    assert.deepEqual(send(101, 400), ['known'])
    assert.deepEqual(send(501, 600), ['known'])
    // Of those that gave way nobody can tell: their numbers were acknowledged.
    assert.deepEqual(send(1, 100), ['refused'])
    writer = createWriter(db, { budgets: BUDGETS })
    assert.deepEqual(send(1, 100), ['refused'])
    assert.deepEqual(send(1, 10, summary, other), ['known'])
    assert.equal(held(other), 400)
  })

  it('as old as those that gave way are taken under a number that was never acknowledged', () => {
    send(2, 400)
    retain()
    const late = () => append(writer, batchOf(device, 400, [summaryItem(401, 'a', 'b:443')]))
    const uid = Buffer.alloc(16, 1)
    const [item] = batchOf(device, 400, [summary(401)]).items
    assert(item)
    const old = { ...batchOf(device, 400, []), throughSequence: 401, items: [{ ...item, uid }] }
    assert.ok((append(writer, old).storedAt[0] as bigint) > 0n)
    assert.equal(append(writer, old).storedAt[0], 0n)
    assert.ok((late().storedAt[0] as bigint) > 0n)
  })

  it('refuse no alert: what alerts take is counted with them, and their ids give way', () => {
    assert.deepEqual(send(1, 600, alertItem), ['stored'])
    assert.equal(held(), 600 * 40)
    assert.deepEqual(send(601, 601), ['refused'])
    retain()
    assert.equal(held(), BUDGETS.ids * 0.75)
    assert.deepEqual(send(301, 600, alertItem), ['known'])
    assert.deepEqual(send(601, 601), ['stored'])
  })

  it('are found among those of all others, in pieces', () => {
    writer = createWriter(db, { budgets: { ...BUDGETS, ids: MiB } })
    assert.deepEqual(send(1, 399), ['stored'])
    // The other's are in no account here, so that it is not the one whose oldest go.
    db.exec(`INSERT INTO item
      WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 119999)
      SELECT unhex(printf('%012x%020x', 1790000000000 + i / 300, i)), ${other} FROM n`)
    writer = createWriter(db, { budgets: { ...BUDGETS, ids: 300 * 40 } })
    let pieces = 0
    while (writer.retain(T0, FOREVER).more) pieces++
    assert.ok(pieces >= 2, `${pieces}`)
    assert.equal(held(), 300 * 0.75 * 40)
    assert.equal(count(db, 'item'), 120_000 + 225)
    assert.deepEqual(send(175, 399), ['known'])
  })

  it('of very many devices give way in one walk over the table, of each its own oldest', () => {
    writer = createWriter(db, { budgets: { ...BUDGETS, ids: MiB } })
    const many = Array.from(
      { length: 300 },
      (_, n) => enroll(writer, `55555555-5555-4555-8555-${`${n}`.padStart(12, '0')}`).device,
    )
    // Those of all lie among each other, as they come; each has 20 more than are kept, the first ten 40.
    for (const [index, of] of many.entries()) {
      const ids = index < 10 ? 60 : 40
      prepare(
        db,
        `INSERT INTO item
         WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
         SELECT unhex(printf('%012x%020x', 1790000000000 + i, ?)), ? FROM n`,
      ).run(ids - 1, of, of)
      prepare(db, 'UPDATE held SET ids = ? WHERE device = ?').run(ids * 40, of)
    }
    send(1, 30)
    writer = createWriter(db, { budgets: { ...BUDGETS, ids: Math.ceil((20 * 40) / 0.75) } })
    let steps = 0
    let gaveWay = 0
    for (let more = true; more; steps++) {
      const step = writer.retain(T0, FOREVER)
      more = step.more
      gaveWay += step.counts.gaveWay
    }
    assert.ok(steps < 20, `${steps}`)
    assert.equal(gaveWay, 290 * 20 + 10 * 40 + 10)
    for (const [index, of] of many.entries()) {
      assert.equal(held(of), 20 * 40)
      const left = prepare(
        db,
        'SELECT count(*) AS n, min(uid) AS first FROM item WHERE device = ?',
      ).get(of)
      const first = (left?.['first'] as Uint8Array) ?? Buffer.alloc(16)
      assert.equal(left?.['n'], 20n)
      const oldest = 1790000000000 + (index < 10 ? 40 : 20)
      assert.equal(Buffer.from(first).readUIntBE(0, 6), oldest)
      const through = prepare(db, 'SELECT through FROM forgotten WHERE device = ?').get(of)
      assert.equal(
        Buffer.from(through?.['through'] as Uint8Array).readUIntBE(0, 6),
        oldest - 1,
        'those up to it may have been stored',
      )
    }
    assert.equal(held(), 20 * 40)
    assert.deepEqual(send(11, 30), ['known'])
    assert.deepEqual(send(1, 10), ['refused'])
  })

  it('give way below 4,096 only where the store has room for nothing else, and what comes again is not stored twice', () => {
    writer = createWriter(db, { budgets: { ...BUDGETS, ids: 64 * MiB } })
    retain(1e12)
    assert.deepEqual(send(1, 5000), ['stored'])
    retain(1)
    assert.equal(held(), 64 * 40)
    assert.deepEqual(send(4937, 5000), ['known'])
    assert.deepEqual(send(905, 4936), ['refused'])
  })

  it('go with those of all for their age, and count no more', () => {
    send(1, 200)
    send(1, 50, summary, other)
    while (writer.retain(T0 * 2n, { ...FOREVER, ageNs: 1n }).more);
    assert.equal(count(db, 'item'), 0)
    assert.deepEqual([held(), held(other)], [0, 0])
  })
})
