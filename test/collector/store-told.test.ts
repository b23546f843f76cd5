// What the collector says of devices that sent more than is kept of them: all of it is counted, and what it says has a bound.
import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import { boundedReason } from '../../src/collector/gateway/bounded.ts'
import { KINDS, overBudget } from '../../src/collector/store/kinds.ts'
import type { Counts, Retained } from '../../src/collector/store/protocol.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { createWriter, type Writer } from '../../src/collector/store/writer.ts'
import { alertItem, DEVICE_A, T0 } from './agent.ts'
import { FOREVER, healthItem, KiB, MiB, sightingItem, summaryItem } from './mallory.ts'
import { append, batchOf, count, enroll, ofSegments } from './store-fixture.ts'

const HOUR_NS = 3_600_000_000_000n
const NAMES = ['refused', 'gaveWay', 'revisions'] as const
const BUDGETS = { inventory: 8 * KiB, summaries: 2 * KiB, health: 4 * MiB, ids: MiB }

describe('what is said of budgets', () => {
  let db: DatabaseSync
  let writer: Writer
  let a: number
  let seq = 0
  let nowNs = T0
  beforeEach(() => {
    nowNs = T0
    counted = { refused: 0, gaveWay: 0, revisions: 0 }
    db = openForWriting(':memory:')
    writer = createWriter(db, { budgets: BUDGETS, segmentRevisions: 50 })
    a = enroll(writer, DEVICE_A).device
  })
  afterEach(() => db.close())

  const send = (device: number, number: number, make: (n: number) => Uint8Array): number => {
    const items = Array.from({ length: number }, () => make(++seq))
    return append(writer, batchOf(device, 0, items), nowNs).refusals.length
  }
  let counted: Counts
  function beat(bytes = FOREVER.bytes): Retained['told'] {
    const told: Retained['told'] = []
    for (let more = true; more; ) {
      const step = writer.retain(nowNs, { ...FOREVER, bytes })
      ;({ more } = step)
      told.push(...step.told)
      for (const name of NAMES) counted[name] += step.counts[name]
    }
    return told
  }

  const long = (n: number) => healthItem(n, 'x'.repeat(900))
  const healthOf = (device: number) =>
    db
      .prepare(
        'SELECT count(*) AS n, CAST(max(stored_at) AS TEXT) AS newest FROM health WHERE device = ?',
      )
      .get(device)
  const heldOf = (device: number, kind = 'health') =>
    Number(db.prepare(`SELECT ${kind} AS n FROM held WHERE device = ?`).get(device)?.['n'] ?? 0)

  it('what gives way is as much as is too much, the oldest, counted and told', () => {
    for (let round = 0; round < 40; round++) send(a, 100, long)
    const before = healthOf(a)
    assert.ok(heldOf(a) > BUDGETS.health * 0.97)
    const told = beat()
    assert.ok(heldOf(a) <= BUDGETS.health * 0.75)
    assert.ok(heldOf(a) > BUDGETS.health * 0.749, `${heldOf(a)}`)
    const left = healthOf(a)
    assert.equal(left?.['newest'], before?.['newest'])
    const gone = Number(before?.['n']) - Number(left?.['n'])
    assert.equal(counted.gaveWay, gone)
    assert.match(told.at(-1)?.text ?? '', new RegExp(`“mac-1” .* gave way: ${gone} health events$`))
    // Of sightings, hours and ids as well.
    send(a, 40, (n) => summaryItem(n, 'a', 'h:443', T0 + BigInt(n) * HOUR_NS))
    send(a, 40, (n) => sightingItem(n, `s-${n}`))
    nowNs += HOUR_NS
    const [refused, gave] = beat()
    assert.match(refused?.text ?? '', /more hourly summaries .*; more names and sightings/)
    assert.match(gave?.text ?? '', /\d+ names and sightings, \d+ hourly summaries$/)
    assert.equal(counted.refused, refused?.count)
    assert.equal(counted.gaveWay, gone + Number(gave?.count))
  })

  it('is said once an hour, of twenty devices by name and of the others together, and counted at once', () => {
    const many = Array.from({ length: 50 }, (_, index) =>
      enroll(writer, `33333333-3333-4333-8333-${String(index).padStart(12, '0')}`),
    )
    let refused = 0
    const flood = () => {
      for (const { device } of many)
        refused += send(device, 30, (n) => summaryItem(n, 'a', 'h:443', T0 + BigInt(n) * HOUR_NS))
    }
    flood()
    assert.equal(beat().length, 41)
    assert.equal(counted.refused, refused)
    for (let minute = 1; minute < 60; minute++) {
      nowNs = T0 + (BigInt(minute) * HOUR_NS) / 60n
      flood()
      assert.deepEqual(beat(), [])
      assert.equal(counted.refused, refused)
    }
    nowNs = T0 + HOUR_NS
    const told = beat()
    assert.equal(told.length, 41)
    assert.match(told.at(-1)?.text ?? '', /^of 30 other devices \d+ items were refused, and \d+ /)
    assert.equal(count(db, 'health'), 82)
    // All that was refused and gave way, neither more nor less.
    const all = db.prepare('SELECT sum(count) AS n FROM health').get()?.['n']
    assert.equal(all, counted.refused + counted.gaveWay)
  })

  it('has a bound, beyond which the oldest of it goes and no alert does', () => {
    send(a, 100, (n) => alertItem(n))
    const insert = db.prepare('INSERT INTO health VALUES (?, 0, 0, ?, ?, 1, 0, ?, ?)')
    db.exec('BEGIN')
    for (let n = 1; n <= 15_000; n++) insert.run(n, 'budget', 'x'.repeat(300), '', '')
    db.exec('COMMIT')
    db.exec(
      'INSERT OR REPLACE INTO held (device, inventory, summaries, health, token) VALUES (0, 0, 0, 15000 * 434, 0)',
    )
    writer = createWriter(db, { budgets: BUDGETS, segmentRevisions: 50 })
    const told = beat()
    assert.ok(heldOf(0) <= BUDGETS.health * 0.75 && heldOf(0) > BUDGETS.health * 0.7)
    // Of that nothing is said, which would be more of it.
    assert.deepEqual(told, [])
    assert.ok(counted.gaveWay > 5000)
    assert.equal(ofSegments(db, 'alert').length, 100)
    // What it says is counted to the byte.
    send(a, 40, (n) => summaryItem(n, 'a', 'h:443', T0 + BigInt(n) * HOUR_NS))
    beat()
    const bytes =
      'SELECT sum(128 + octet_length(kind) + octet_length(text)) AS n FROM health WHERE device = 0'
    assert.equal(heldOf(0), db.prepare(bytes).get()?.['n'])
  })

  it('is told by the next step where the one that stored it failed later on', () => {
    for (let round = 0; round < 3; round++) send(a, 50, (n) => alertItem(n))
    const bytes = writer.retain(nowNs - HOUR_NS, FOREVER).usedBytes * 0.9
    const refused = send(a, 40, (n) => summaryItem(n, 'a', 'h:443', T0 + BigInt(n) * HOUR_NS))
    const exec = db.exec.bind(db)
    let begun = 0
    db.exec = (sql: string) => {
      if (sql === 'BEGIN IMMEDIATE' && ++begun > 1) throw new Error('the disk is full')
      return exec(sql)
    }
    const told: Retained['told'] = []
    const step = () => {
      begun = 0
      const { told: more, counts } = writer.retain(nowNs, { ...FOREVER, bytes })
      told.push(...more)
      counted.refused += counts.refused
    }
    for (let n = 0; n < 50; n++)
      try {
        step()
      } catch {}
    const stored = count(db, 'health')
    assert.ok(stored > 0)
    db.exec = exec
    step()
    assert.ok(told.length >= stored, `${told.length} of ${stored}`)
    assert.equal(counted.refused, refused)
  })

  it('is told before the store is closed, where it was not yet', () => {
    beat()
    writer.sayRest()
    assert.equal(count(db, 'health'), 0)
    const flood = (n: number) => summaryItem(n, 'a', 'h:443', T0 + BigInt(n) * HOUR_NS)
    send(a, 40, flood)
    beat()
    const said = count(db, 'health')
    nowNs += HOUR_NS / 2n
    const refused = send(a, 40, flood)
    beat()
    assert.equal(count(db, 'health'), said)
    writer.sayRest()
    const [last] = db
      .prepare("SELECT count FROM health WHERE text LIKE '%refused%' ORDER BY stored_at DESC")
      .all()
    assert.equal(last?.['count'], refused)
  })

  it('is nothing where the disk took none of it, and what is left of a segment is counted as it is', () => {
    const b = enroll(writer, '33333333-3333-4333-8333-333333333333').device
    writer = createWriter(db, { budgets: BUDGETS, segmentRevisions: 10_000 })
    send(b, 10, (n) => alertItem(n))
    for (let round = 0; round < 8; round++) send(a, 50, (n) => alertItem(n))
    const bytes = writer.retain(nowNs, FOREVER).usedBytes * 0.9
    const exec = db.exec.bind(db)
    let begun = 0
    db.exec = (sql: string) => {
      if (sql === 'BEGIN IMMEDIATE') begun++
      if (sql === 'COMMIT' && begun === 2) throw new Error('the disk is full')
      return exec(sql)
    }
    for (let n = 0; n < 9 && begun < 2; n++) {
      begun = 0
      try {
        writer.retain(nowNs, { ...FOREVER, bytes })
      } catch {}
    }
    assert.equal(begun, 2)
    db.exec = exec
    assert.equal(ofSegments(db, 'revision').length, 410)
    send(a, 1, (n) => alertItem(n))
    const { revisions } = db.prepare('SELECT revisions FROM segment WHERE sealed = 0').get() ?? {}
    assert.equal(revisions, 411)
  })

  it('has room in an acknowledgement', () => {
    for (const over of [...KINDS, 'total'] as const)
      assert.equal(boundedReason(overBudget(over)), overBudget(over))
  })
})
