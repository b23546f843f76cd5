// The order of lists: what was opened last stands first, whenever it came, and no clock that is ahead leads.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { cursorOf, groupPlaceOf } from '../../src/collector/api/parameters.ts'
import type { Answers, Query } from '../../src/collector/store/protocol.ts'
import { createReader, type Reader } from '../../src/collector/store/reader.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { createWriter, type Writer } from '../../src/collector/store/writer.ts'
import type { AlertSummary } from '../../src/collector/views/page-api.ts'
import { listedAt, nothingHeld, withAlert } from '../../src/collector/web/lists.ts'
import { unixNs } from '../../src/units.ts'
import { alertItem, alertOf, DEVICE_B, destinationOf, T0 } from './agent.ts'
import { append, batchOf, enroll, segmentsOf } from './store-fixture.ts'

const DAY_NS = 86_400_000_000_000n

describe('the list of alerts, the latest opened first', () => {
  let db: DatabaseSync
  let writer: Writer
  let reader: Reader
  let live: number
  let replayed: number
  beforeEach(() => {
    db = openForWriting(':memory:')
    writer = createWriter(db, { segmentRevisions: 10 })
    reader = createReader(db)
    live = enroll(writer).device
    replayed = enroll(writer, DEVICE_B).device
  })
  afterEach(() => db.close())

  const put = (device: number, number: number, openedAt: bigint, revision = 1) =>
    append(
      writer,
      batchOf(device, 0, [
        alertItem(number * 100 + revision, {
          id: alertOf(number).id,
          revision,
          destination: destinationOf(`h${number % 4}.example.org:443`),
          openedAt: unixNs(openedAt, 'openedAt'),
        }),
      ]),
    )
  const any = { deviceId: undefined, severity: undefined, before: undefined }
  const ask = (query: Partial<Extract<Query, { op: 'alerts' }>> = {}) =>
    reader.answer({ op: 'alerts', limit: 500, ...any, ...query }) as Answers['alerts']
  const groups = (query: Partial<Extract<Query, { op: 'groups' }>> = {}) =>
    reader.answer({ op: 'groups', limit: 500, ...any, ...query }) as Answers['groups']
  const numbers = (alerts: readonly AlertSummary[]) =>
    alerts.map(({ id }) => Number.parseInt(id, 16))
  /** All pages, by what each said in `next`, as the API reads it. */
  const pages = (limit: number, between = () => {}): AlertSummary[] => {
    const all: AlertSummary[] = []
    for (let next: string | undefined = ''; next !== undefined; ) {
      const after = new Map(next === '' ? [] : [['after', next]])
      const page = ask({ limit, ...cursorOf(after, 'newest') })
      all.push(...page.alerts)
      next = page.next
      between()
    }
    return all
  }
  const ids = (of: readonly number[]) => of.map((number) => Number.parseInt(alertOf(number).id, 16))

  /** 30 of a live machine, then 30 of a recording of the day before; over several segments. */
  function fill(): void {
    for (let number = 1; number <= 30; number++) put(live, number, T0 - 1000n + BigInt(number))
    for (let number = 31; number <= 60; number++)
      put(replayed, number, T0 - DAY_NS + BigInt(number))
    assert.ok(segmentsOf(db).length >= 6)
  }
  const ORDER = ids([
    ...Array.from({ length: 30 }, (_, at) => 30 - at),
    ...Array.from({ length: 30 }, (_, at) => 60 - at),
  ])

  it('has what was replayed last below what is live, in one page and in many, with a filter or without', () => {
    fill()
    assert.deepEqual(numbers(ask().alerts), ORDER)
    for (const limit of [1, 7, 10, 59]) assert.deepEqual(numbers(pages(limit)), ORDER, `${limit}`)
    const some = ask({ limit: 5, text: 'example.org' })
    assert.deepEqual(numbers(some.alerts), ORDER.slice(0, 5), 'of a search')
    assert.deepEqual(numbers(ask({ deviceId: DEVICE_B, limit: 3 }).alerts), ORDER.slice(30, 33))
    const before = T0 - 1000n + 3n
    assert.deepEqual(numbers(ask({ before, limit: 3 }).alerts), [...ids([2, 1]), ORDER[30]])
  })

  it('goes on where a page ended while others come and known ones change', () => {
    fill()
    let number = 100
    const seen = pages(7, () => {
      put(live, number++, T0 - 1n)
      put(live, 15, T0 - 1000n + 15n, number)
      put(replayed, 45, T0 - DAY_NS + 45n, number)
    })
    assert.deepEqual(numbers(seen), ORDER, 'each once, none left out')
  })

  it('has what is opened at one instant page by page, each once', () => {
    for (let number = 1; number <= 25; number++) put(live, number, T0 - 5n)
    for (const limit of [1, 4, 24])
      assert.equal(new Set(numbers(pages(limit))).size, 25, `${limit}`)
  })

  it('is led by no clock that is ahead: what comes later stands above', () => {
    put(replayed, 1, T0 + 9000n * DAY_NS)
    for (let number = 2; number <= 25; number++) put(live, number, T0 + BigInt(number) - 1n)
    const { alerts } = ask()
    assert.deepEqual(numbers(alerts), ids([...Array.from({ length: 24 }, (_, at) => 25 - at), 1]))
    assert.equal(groups().groups.at(-1)?.newest.id, alertOf(22).id, 'nor are groups')
    const times = groups().groups.map(({ lastOpenedAt }) => BigInt(lastOpenedAt))
    assert.ok(times.every((at) => at <= T0 + 100n))
    // The page puts what comes live into the same order.
    const held = alerts.toReversed().reduce(withAlert, nothingHeld)
    assert.deepEqual(numbers(held.rows), numbers(alerts))
    assert.deepEqual(
      alerts.map((row) => BigInt(listedAt(row))),
      alerts.map((row) => BigInt(listedAt(row))).toSorted((a, b) => (a < b ? 1 : -1)),
    )
  })

  it('is so of groups: by their latest alert, which is the one shown, page by page', () => {
    fill()
    // One of group 1 comes from a recording: it is the newest there, and not the latest.
    put(replayed, 61, T0 - 2n * DAY_NS)
    const whole = groups().groups
    assert.deepEqual(numbers(whole.map(({ newest }) => newest)), ids([30, 29, 28, 27]))
    assert.deepEqual(
      whole.map(({ lastOpenedAt }) => lastOpenedAt),
      whole.map(({ newest }) => newest.openedAt),
    )
    const seen: string[] = []
    for (let next: string | undefined = ''; next !== undefined; ) {
      const after = new Map(next === '' ? [] : [['after', next]])
      const page = groups({ limit: 1, place: groupPlaceOf(after, 'newest') })
      seen.push(...page.groups.map(({ id }) => id))
      next = page.next
    }
    assert.deepEqual(
      seen,
      whole.map(({ id }) => id),
    )
  })

  it('is brought to a store of before, whose order was that of arrival', () => {
    const directory = mkdtempSync(join(tmpdir(), 'freshet-'))
    try {
      const path = join(directory, 'store.db')
      db.close()
      db = openForWriting(path)
      writer = createWriter(db, { segmentRevisions: 10 })
      live = enroll(writer).device
      replayed = enroll(writer, DEVICE_B).device
      fill()
      const segments = segmentsOf(db)
      for (const n of segments)
        db.exec(`
          DROP INDEX alert_${n}_listed; DROP INDEX alert_${n}_device;
          DROP INDEX alert_${n}_severity; DROP INDEX alert_${n}_triage;
          CREATE INDEX alert_${n}_newest ON alert_${n} (newest, likeness);
          CREATE INDEX alert_${n}_device ON alert_${n} (device, newest);
          CREATE INDEX alert_${n}_severity ON alert_${n} (severity, newest);
          CREATE INDEX alert_${n}_triage ON alert_${n} (status, newest) WHERE triage > 0;`)
      for (const n of segments.slice(0, -1))
        db.exec(`ALTER TABLE group_${n} DROP COLUMN listed_last`)
      for (const column of ['since', 'about', 'apart'])
        db.exec(`ALTER TABLE health DROP COLUMN ${column}`)
      for (const n of segments)
        db.exec(
          `DROP INDEX IF EXISTS alert_${n}_address; ALTER TABLE alert_${n} DROP COLUMN to_address`,
        )
      db.exec(`ALTER TABLE held DROP COLUMN ids; DROP TABLE forgotten; ALTER TABLE held DROP COLUMN facts; ALTER TABLE held DROP COLUMN token;
      DROP INDEX device_leaving; ALTER TABLE device DROP COLUMN leaving; DROP INDEX alert_held_device`)
      db.exec('PRAGMA user_version = 9')
      db.close()
      db = openForWriting(path)
      reader = createReader(db)
      assert.deepEqual(numbers(ask().alerts), ORDER)
      assert.deepEqual(numbers(groups().groups.map(({ newest }) => newest)), ids([30, 29, 28, 27]))
      const plan = db.prepare(`EXPLAIN QUERY PLAN SELECT newest FROM alert_1 AS a
        WHERE a.device = 1 ORDER BY min(a.opened_at, a.newest) DESC`)
      assert.match(String(plan.all()[0]?.detail), /USING COVERING INDEX alert_1_device/)
    } finally {
      // One that could not be opened again is closed.
      if (db.isOpen) db.close()
      db = openForWriting(':memory:')
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
