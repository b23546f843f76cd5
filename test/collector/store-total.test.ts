// Where all devices together have more than is kept beside alerts: those that have most give way, in time, and the others
// notice nothing of it.
import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { createWriter, type Writer } from '../../src/collector/store/writer.ts'
import { alertItem, DEVICE_A, DEVICE_B, T0 } from './agent.ts'
import { FOREVER, flood, healthItem, sightingItem, summaryItem } from './mallory.ts'
import { append, batchOf, enroll } from './store-fixture.ts'

const HOUR_NS = 3_600_000_000_000n
const DEVICE_M = '33333333-3333-4333-8333-333333333333'

describe('what all devices may have together', () => {
  let db: DatabaseSync
  let writer: Writer
  let a: number
  let b: number
  let seq = 0
  beforeEach(() => {
    db = openForWriting(':memory:')
    writer = createWriter(db)
    a = enroll(writer, DEVICE_A).device
    b = enroll(writer, DEVICE_B).device
  })
  afterEach(() => db.close())

  /** How many of `number` items had no room, and what was said of them. */
  function send(of: number, number: number, make: (n: number) => Uint8Array) {
    const items = Array.from({ length: number }, () => make(++seq))
    const { refusals } = append(writer, batchOf(of, 0, items))
    return { refused: refusals.length, why: [...new Set(refusals.map(({ reason }) => reason))] }
  }
  const ALL_IN = { refused: 0, why: [] }
  const hour = (n: number) => summaryItem(n, 'a', 'h:443', T0 + BigInt(n) * HOUR_NS)
  const SUM = 'inventory + summaries + health + ids'
  const held = (of: number) =>
    Number(db.prepare(`SELECT ${SUM} AS n FROM held WHERE device = ?`).get(of)?.['n'] ?? 0)
  const total = () => Number(db.prepare(`SELECT sum(${SUM}) AS n FROM held`).get()?.['n'])
  let minutes = 0
  /** A beat, where this much is kept beside alerts. */
  function beat(max: number) {
    const told: string[] = []
    // What is said is said once an hour.
    const nowNs = T0 + BigInt(++minutes) * HOUR_NS
    for (let more = true; more; ) {
      const step = writer.retain(nowNs, { ...FOREVER, bytes: max * 2 })
      ;({ more } = step)
      told.push(...step.told.map(({ text }) => text))
    }
    return told
  }
  /** Of each kind what an ordinary device says in a minute. */
  function sayALittle(of: number) {
    return [
      send(of, 20, (n) => sightingItem(n, 'known')),
      send(of, 3, (n) => healthItem(n, 'lost')),
      send(of, 2, (n) => sightingItem(n, `new-${n}`)),
      send(of, 20, (n) => summaryItem(n, 'a', 'h:443')),
    ]
  }
  it('has room each minute, for one that has more than others too', () => {
    send(a, 7000, hour)
    send(b, 6000, hour)
    send(a, 1, (n) => sightingItem(n, 'known'))
    const max = Math.floor(total() * 0.98)
    for (let minute = 0; minute < 3; minute++) {
      beat(max)
      assert.ok(total() <= max * 0.875, `${total()} of ${max}`)
      for (const said of [...sayALittle(a), ...sayALittle(b)]) assert.deepEqual(said, ALL_IN)
    }
  })

  it('is given way by those that have most, down to what the next have and no further', () => {
    send(a, 3000, hour)
    send(b, 2800, hour)
    const m = enroll(writer, DEVICE_M).device
    send(m, 300, hour)
    const least = held(m)
    const max = Math.floor(total() * 0.9)
    beat(max)
    assert.equal(held(m), least)
    assert.ok(Math.abs(held(a) - held(b)) < 1000, `${held(a)} and ${held(b)}`)
    assert.ok(total() <= max * 0.75 && total() > max * 0.74, `${total()} of ${max}`)
  })

  it('is filled in a minute by one: that one is refused and told why, its health last, and others never', () => {
    send(a, 1600, hour)
    send(b, 200, hour)
    for (const first of [4, 5, 6, 7])
      send(enroll(writer, DEVICE_M.replace(/^./, String(first))).device, 10, hour)
    const m = enroll(writer, DEVICE_M).device
    const max = total() * 3
    beat(max)
    for (let minute = 0; minute < 3; minute++) {
      const { refused, why } = send(m, 400, flood)
      assert.ok(refused > 200, `${refused} of 400 were refused`)
      assert.deepEqual(
        why.map((reason) => reason.startsWith('all devices together have more')),
        [true],
      )
      assert.ok(held(a) > (2 * max) / 7 && held(m) > held(a), `${held(a)} of ${max}`)
      assert.deepEqual(
        send(m, 3, (n) => healthItem(n, 'lost')),
        ALL_IN,
      )
      for (const said of [...sayALittle(a), ...sayALittle(b)]) assert.deepEqual(said, ALL_IN)
      const before = [held(a), held(b)]
      const told = beat(max)
      assert.match(told[0] ?? '', /items were refused of .*33333333.*: all devices together have/)
      assert.deepEqual(
        told.filter((text) => !text.includes('33333333')),
        [],
      )
      assert.deepEqual([held(a), held(b)], before)
    }
  })

  it('is given way by the next where those that have most have just the ids that they keep', () => {
    for (let first = 1; first <= 5; first++) {
      const { device } = enroll(writer, DEVICE_M.replace(/^./, String(first)))
      for (let round = 0; round < 5; round++)
        send(device, 1000, (n) => summaryItem(n, 'a', 'h:443'))
    }
    send(a, 300, (n) => sightingItem(n, `own-${n}`))
    const most = held(b + 1)
    const max = Math.floor(total() * 0.7)
    for (let minute = 0; minute < 3; minute++) {
      beat(max)
      assert.ok(total() <= max * 0.875, `${total()} of ${max}`)
      for (const said of [...sayALittle(a), ...sayALittle(b)]) assert.deepEqual(said, ALL_IN)
    }
    assert.ok(held(b + 1) < most)
    // As many as will do: what is sent again is known by them.
    const ids = db.prepare('SELECT min(ids) AS n FROM held WHERE device > 2').get()?.['n']
    assert.ok(Number(ids) > (max * 0.75 * 0.4) / 7, `${ids} of ${max}`)
  })

  it('has room for the health of each, whatever there is of others between two beats', () => {
    send(a, 1000, hour)
    const max = Math.floor(total() * 1.02)
    beat(total() * 9)
    writer.retain(T0 + BigInt(++minutes), { ...FOREVER, bytes: max * 2 })
    const m = enroll(writer, DEVICE_M).device
    // Alerts are never refused for their ids, so these may go far beyond.
    for (let round = 0; round < 4; round++) send(m, 500, (n) => alertItem(n))
    assert.ok(total() > max * 1.125, `${total()} of ${max}`)
    for (const each of [a, b, m])
      assert.deepEqual(
        send(each, 3, (n) => healthItem(n, 'lost')),
        ALL_IN,
      )
  })

  it('is given way before it is full, so that there is room till the next beat', () => {
    send(a, 3000, hour)
    const max = Math.floor(total() / 0.9)
    beat(max)
    assert.ok(total() <= max * 0.75, `${total()} of ${max}`)
    send(a, 300, hour)
    assert.ok(total() < max * 0.86)
    const before = total()
    beat(max)
    assert.equal(total(), before, 'below seven eighths nothing goes')
  })

  it('has an eighth more for health, beyond the part of each', () => {
    send(b, 2500, hour)
    const max = total() * 2
    beat(max)
    // Those that have most fill it, and the largest goes on to tell what was lost.
    send(a, 6000, hour)
    while (send(a, 1, hour).refused === 0);
    const own = max / 8 / 2
    const { refused } = send(a, Math.ceil((own * 1.5) / 200), (n) => healthItem(n, 'x'.repeat(68)))
    assert.equal(refused, 0)
  })

  it('is shared anew as it fills: who has little is not given what the largest has', () => {
    const m = enroll(writer, DEVICE_M).device
    send(m, 500, hour)
    const max = total() * 6
    beat(max)
    for (let round = 0; round < 40; round++) for (const each of [a, b, m]) send(each, 200, hour)
    // Those that came later have a third of it each, and no more, though the first has more than that.
    const parts = [a, b].map((each) => held(each) / max)
    for (const part of parts) assert.ok(part > 0.3 && part < 0.36, `${parts}`)
    assert.ok(total() < max * 1.15, `${total()} of ${max}`)
  })

  it('has a bound for health as well', () => {
    const text = 'x'.repeat(1000)
    send(a, 100, hour)
    const max = total() * 3
    beat(max)
    const { refused, why } = send(a, 200, (n) => healthItem(n, text))
    assert.ok(refused > 100, `${refused} of 200 were refused`)
    assert.match(why[0] ?? '', /^all devices together/)
    assert.ok(total() <= max * 1.13 + 1000, `${total()} of ${max}`)
  })
})
