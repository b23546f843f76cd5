import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { FilterOfAll, FilterOfOne } from '../../src/collector/store/alert-filter.ts'
import type { Answers, Query } from '../../src/collector/store/protocol.ts'
import { createReader } from '../../src/collector/store/reader.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { createWriter, type Writer } from '../../src/collector/store/writer.ts'
import { alertItem, DEVICE_A, DEVICE_B } from './agent.ts'
import { append, batchOf, enroll, segmentsOf } from './store-fixture.ts'

const SEGMENT = 10

describe("the store's segments", () => {
  let db: DatabaseSync
  let writer: Writer
  let device: number
  beforeEach(() => {
    db = openForWriting(':memory:')
    writer = createWriter(db, { segmentRevisions: SEGMENT })
    device = enroll(writer).device
  })
  afterEach(() => db.close())

  const ids = (numbers: number[]) => numbers.map((number) => number.toString(16).padStart(32, '0'))
  const list = (query: Partial<Extract<Query, { op: 'alerts' }>> = {}) =>
    createReader(db).answer({
      op: 'alerts',
      limit: 500,
      before: undefined,
      deviceId: undefined,
      severity: undefined,
      ...query,
    }) as Answers['alerts']
  const detail = (number: number) =>
    createReader(db).answer({ op: 'alert', id: ids([number])[0] as string }) as Answers['alert']
  /** Alerts `from` to `to`, each as its own commit, as the items of the same numbers. */
  const fill = (from: number, to: number, of = device) => {
    for (let number = from; number <= to; number++)
      append(writer, batchOf(of, 0, [alertItem(number)]))
  }

  it('begin anew when one is full, and lists go over all of them, the newest first', () => {
    fill(1, 3 * SEGMENT + 5)
    assert.deepEqual(segmentsOf(db), [1, 2, 3, 4])
    const newestFirst = ids(Array.from({ length: 35 }, (_, index) => 35 - index))
    const { alerts, total } = list()
    assert.equal(total, 35)
    assert.deepEqual(
      alerts.map(({ id }) => id),
      newestFirst,
    )
    let paged: string[] = []
    let before: bigint | undefined
    for (let pages = 0; paged.length < 35 && pages < 35; pages++) {
      const page = list({ limit: 4, before }).alerts
      paged = [...paged, ...page.map(({ id }) => id)]
      before = BigInt(page.at(-1)?.storedAt ?? 0)
    }
    assert.deepEqual(paged, newestFirst)
  })

  it('keep the filters of a list apart over all of them', () => {
    const other = enroll(writer, DEVICE_B).device
    for (let number = 1; number <= 40; number++) {
      const severity = (['low', 'medium', 'high'] as const)[number % 3] as 'low'
      append(writer, batchOf(number % 2 ? device : other, 0, [alertItem(number, { severity })]))
    }
    const { alerts, total } = list({ deviceId: DEVICE_A, severity: 3 })
    const expected = Array.from({ length: 40 }, (_, index) => 40 - index).filter(
      (number) => number % 2 === 1 && number % 3 === 2,
    )
    assert.equal(total, expected.length)
    assert.deepEqual(
      alerts.map(({ id }) => id),
      ids(expected),
    )
    assert.equal(list({ deviceId: 'nobody' }).alerts.length, 0)
  })

  it('move an alert to where its newest revision is, and keep its history behind it', () => {
    const [id] = ids([1])
    fill(1, 2 * SEGMENT)
    append(writer, batchOf(device, 0, [alertItem(101, { id: id as string, revision: 2 })]))
    fill(102, 102 + SEGMENT)
    append(writer, batchOf(device, 0, [alertItem(200, { id: id as string, revision: 4 })]))
    // Late, and lower than what is listed: history only.
    fill(201, 201 + SEGMENT)
    append(writer, batchOf(device, 0, [alertItem(300, { id: id as string, revision: 3 })]))
    const listed = list().alerts.filter((alert) => alert.id === id)
    assert.deepEqual(
      listed.map(({ revision }) => revision),
      [4],
    )
    assert.deepEqual(
      detail(1)?.revisions.map(({ revision }) => revision),
      [1, 2, 3, 4],
    )
    assert.equal(list().total, list().alerts.length)
  })

  it('are found again by a writer that is started anew', () => {
    fill(1, 2 * SEGMENT + 3)
    writer = createWriter(db, { segmentRevisions: SEGMENT })
    const [id] = ids([4])
    append(writer, batchOf(device, 0, [alertItem(100, { id: id as string, revision: 2 })]))
    fill(101, 101 + SEGMENT)
    assert.deepEqual(segmentsOf(db), [1, 2, 3, 4])
    assert.equal(list().alerts.filter((alert) => alert.id === id).length, 1)
    const { storedAt } = append(writer, batchOf(device, 0, [alertItem(2), alertItem(500)]))
    assert.equal(storedAt[0], 0n)
    assert((storedAt[1] as bigint) > 0n)
  })

  it('begin anew or not at all when the disk is full', () => {
    fill(1, SEGMENT)
    const pages = db.prepare('PRAGMA page_count').get()?.page_count as number
    db.exec(`PRAGMA max_page_count = ${pages}`)
    assert.throws(() => fill(SEGMENT + 1, SEGMENT + 1), /the store cannot commit: .*full/)
    assert.deepEqual(segmentsOf(db), [1])
    db.exec('PRAGMA max_page_count = 100000')
    fill(SEGMENT + 1, SEGMENT + 1)
    assert.deepEqual(segmentsOf(db), [1, 2])
    assert.equal(list().total, SEGMENT + 1)
  })

  it("answer the page's lists from an index, in its order", () => {
    fill(1, SEGMENT + 1)
    const asked: string[] = []
    const spied = new Proxy(db, {
      get(target, name) {
        const value = Reflect.get(target, name) as unknown
        if (name === 'prepare')
          return (sql: string) => {
            asked.push(sql)
            return target.prepare(sql)
          }
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const reader = createReader(spied)
    const page = { op: 'alerts', limit: 100, before: undefined } as const
    for (const deviceId of [undefined, DEVICE_A])
      for (const severity of [undefined, 3 as const])
        for (const before of [undefined, 10n ** 19n / 2n])
          for (const status of [undefined, [0 as const], [0 as const, 1 as const, 3 as const]])
            reader.answer({ ...page, before, deviceId, severity, status })
    reader.answer({ op: 'alert', id: ids([1])[0] as string })
    reader.answer({ op: 'identities', limit: 10, deviceId: undefined, text: undefined })
    reader.answer({ op: 'identities', limit: 10, deviceId: DEVICE_A, text: undefined })
    reader.answer({ op: 'health', limit: 10 })
    const lists = asked.filter((sql) => /LIMIT/.test(sql) && !/FROM device/.test(sql))
    assert(lists.length >= 8, `${lists.length}`)
    for (const sql of asked) {
      const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()
      const steps = plan.map(({ detail }) => String(detail))
      // Counting, and the few rows of device, tally and segment, may be walked.
      const unordered = steps.filter((step) => /TEMP B-TREE/.test(step))
      assert.deepEqual(unordered, [], `${sql}\n${steps.join('\n')}`)
      const walked = steps.filter((step) => /^SCAN (?!.*USING .*INDEX)/.test(step))
      if (/alert_\d/.test(sql)) assert.deepEqual(walked, [], `${sql}\n${steps.join('\n')}`)
    }
  })
})

describe('the filter of sealed segments', () => {
  const idOf = (number: number) => Buffer.from(number.toString(16).padStart(32, '0'), 'hex')

  it('names every segment that holds an alert, and few others', () => {
    const all = new FilterOfAll()
    const PER_SEGMENT = 2000
    for (let segment = 1; segment <= 40; segment++) {
      const one = new FilterOfOne()
      for (let number = 0; number < PER_SEGMENT; number++)
        one.add(idOf(segment * PER_SEGMENT + number), segment)
      all.add(segment, one.bits)
    }
    all.add(41, undefined)
    let vain = 0
    for (let number = PER_SEGMENT; number < 41 * PER_SEGMENT; number += 7) {
      const segment = Math.floor(number / PER_SEGMENT)
      const found = all.candidates(idOf(number), segment)
      assert(found.includes(segment) && found.includes(41))
      vain += found.length - 2
    }
    // With 2,000 of 100,000 alerts a false answer is far rarer than 1 in 1,000.
    assert(vain < 12, `${vain}`)
  })

  it('forgets a segment, and gives its place to another', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: 60 }), { minLength: 2, maxLength: 40 }), (ns) => {
        const all = new FilterOfAll()
        for (const n of ns) {
          const one = new FilterOfOne()
          one.add(idOf(n), 1)
          all.add(n, one.bits)
        }
        const [gone, ...left] = ns as [number, ...number[]]
        all.remove(gone)
        assert(!all.candidates(idOf(gone), 1).includes(gone))
        all.add(100, new FilterOfOne().bits)
        assert(!all.candidates(idOf(gone), 1).includes(100))
        for (const n of left) assert(all.candidates(idOf(n), 1).includes(n))
      }),
      { numRuns: 5 },
    )
  })

  it('refuses what is no filter', () => {
    assert.throws(() => new FilterOfAll().add(1, new Uint8Array(3)), RangeError)
  })
})
