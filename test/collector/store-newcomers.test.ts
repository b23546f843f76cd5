// Devices that whoever has a token can invent: together they have one share of what is kept, and who is forgotten goes whole.
import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import type { Retained } from '../../src/collector/store/protocol.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { createWriter, type Writer } from '../../src/collector/store/writer.ts'
import { alertItem, DEVICE_A, T0 } from './agent.ts'
import { FOREVER, flood, healthItem, sightingItem, summaryItem } from './mallory.ts'
import { append, batchOf, count, enroll, ofSegments } from './store-fixture.ts'

const id = (n: number) => `33333333-3333-4333-8333-${String(n).padStart(12, '0')}`
const TOKEN = 7
const LOCAL = '44444444-4444-4444-8444-444444444444'
const NOBODY = { admitted: [], waiting: [], forgotten: [] }

describe('devices that one token let in', () => {
  let db: DatabaseSync
  let writer: Writer
  let honest: number
  let seq = 0
  let invented = 0
  let beats = 0
  beforeEach(() => {
    seq = invented = beats = 0
    db = openForWriting(':memory:')
    writer = createWriter(db, { segmentRevisions: 50 })
    honest = enroll(writer, DEVICE_A, { isEnrolled: true }).device
    writer.noteStandings({ ...NOBODY, admitted: [DEVICE_A] })
  })
  afterEach(() => db.close())

  function send(device: number, number: number, make: (n: number) => Uint8Array): number {
    const items = Array.from({ length: number }, () => make(++seq))
    // Each has the outbox that was made with it.
    const outbox = Number(
      db.prepare('SELECT row FROM outbox WHERE device = ?').get(device)?.['row'],
    )
    return append(writer, { ...batchOf(device, 0, items), outbox }).refusals.length
  }
  /** A device that says Hello; a beat later it is known by which token it came. */
  function invent(): number {
    const { device } = enroll(writer, id(++invented), { isEnrolled: true })
    writer.noteStandings({ ...NOBODY, waiting: [{ id: id(invented), token: TOKEN }] })
    return device
  }
  const usedBytes = () => writer.retain(T0, FOREVER).usedBytes
  function beat(bytes = FOREVER.bytes): Retained[] {
    const steps: Retained[] = []
    const nowNs = T0 + BigInt(++beats) * 3_600_000_000_000n
    do steps.push(writer.retain(nowNs, { ...FOREVER, bytes }))
    while (steps.at(-1)?.more)
    return steps
  }
  const alertsOf = (device: number) =>
    ofSegments(db, 'alert').filter((row) => Number(row['device']) === device).length
  const SUM = 'inventory + summaries + health + ids + facts'
  const heldBytes = () => Number(db.prepare(`SELECT sum(${SUM}) AS n FROM held`).get()?.['n'])

  const forget = (...numbers: number[]) =>
    writer.noteStandings({
      ...NOBODY,
      forgotten: numbers.map((n) => ({ id: id(n), token: TOKEN })),
    })
  const known = () => db.prepare('SELECT id FROM device WHERE leaving = 1').all()

  it('and were forgotten go with all that they sent, however many come, but for alerts: no alert of another pays', () => {
    for (let round = 0; round < 6; round++) send(honest, 50, (n) => alertItem(n))
    const before = usedBytes()
    let [texts, rounds]: [string[], number] = [[], 20]
    for (let round = 0; round < rounds; round++) {
      const numbers: number[] = []
      for (let n = 0; n < 50; n++) {
        const device = invent()
        numbers.push(invented)
        if (n % 10 !== 0) continue
        send(device, 2, (m) => healthItem(m, 'lost'))
        send(device, 2, (m) => sightingItem(m, `new-${m}`))
        send(device, 2, (m) => summaryItem(m, 'a', `host-${m}:443`))
      }
      forget(...numbers)
      const told = beat(before * 2).flatMap((step) => step.told)
      texts = told.map(({ text }) => text)
      assert.deepEqual(texts, [
        '50 devices that nobody had admitted were forgotten, for newer ones of the same token or by a person, and had no alerts any more; what else was of them went: 25 names and sightings, 10 hourly summaries, 10 health events',
      ])
    }
    assert.equal(count(db, 'device'), 1)
    assert.equal(count(db, 'outbox'), 1)
    assert.equal(
      count(db, 'held'),
      3,
      'its own, the collector’s, and what is left of all that went',
    )
    assert.equal(alertsOf(honest), 300)
    for (const table of ['identity_device', 'pair_hour', 'pair', 'destination', 'sighting'])
      assert.equal(count(db, table), 0, table)
    const ids = 'SELECT sum(ids) AS ids, (SELECT count(*) FROM item) * 40 AS items FROM held'
    const { ids: charged, items } = db.prepare(ids).get() ?? {}
    assert.equal(charged, items)
    assert.ok(usedBytes() < before * 1.5, `${usedBytes()} of ${before}`)
  })

  it('and were forgotten keep their alerts, by the token’s share, and go once those are too old', () => {
    const one = invent()
    send(one, 3, (n) => alertItem(n))
    send(one, 2, (n) => sightingItem(n, `new-${n}`))
    const held = heldBytes()
    forget(1)
    invent()
    assert.ok(beat().every(({ told, counts }) => told.length === 0 && counts.revisions === 0))
    assert.deepEqual([alertsOf(one), count(db, 'identity_device')], [3, 2])
    assert.ok(heldBytes() > held, 'its row is paid for')
    const payer = db.prepare('SELECT token FROM held WHERE device = ?')
    assert.equal(payer.get(one)?.['token'], TOKEN)
    const years = T0 + 1000n * 86_400_000_000_000n
    while (writer.retain(years, { ageNs: 86_400_000_000_000n, bytes: 1e15 }).more);
    assert.deepEqual(known(), [])
    assert.deepEqual([count(db, 'device'), count(db, 'identity_device')], [2, 0])
  })

  it('and were forgotten before it was known here by which token they came pay with that one', () => {
    const { device } = enroll(writer, id(++invented), { isEnrolled: true })
    send(device, 1, (n) => alertItem(n))
    forget(1)
    const payer = db.prepare('SELECT token FROM held WHERE device = ?').get(device)
    assert.equal(payer?.['token'], TOKEN)
  })

  it('and were forgotten with alerts are so many of one token, the eldest: those of another are no fewer by it', () => {
    writer = createWriter(db, { segmentRevisions: 50, leftMax: 3 })
    const other = enroll(writer, id(90), { isEnrolled: true }).device
    send(other, 2, (n) => alertItem(n))
    writer.noteStandings({ ...NOBODY, forgotten: [{ id: id(90), token: TOKEN + 1 }] })
    const devices = [1, 2, 3, 4, 5].map(() => invent())
    for (const device of devices) send(device, 2, (n) => alertItem(n))
    forget(1, 2, 3, 4, 5)
    enroll(writer, id(91))
    const steps = beat()
    assert.deepEqual(devices.map(alertsOf), [2, 2, 2, 0, 0])
    assert.equal(alertsOf(other), 2)
    assert.equal(count(db, 'device'), 6)
    assert.equal(
      steps.reduce((sum, { counts }) => sum + counts.revisions, 0),
      4,
    )
    assert.deepEqual(
      steps.flatMap(({ told }) => told.map(({ text }) => text)),
      [
        '2 devices that nobody had admitted were forgotten, for newer ones of the same token or by a person, with 4 revisions of alerts: so many have some that only those of the eldest are kept',
      ],
    )
  })

  it('leave nothing but their ids, which are counted together, whoever they were, and go first and for their age', () => {
    send(honest, 4, (n) => summaryItem(n, 'a', 'own:443'))
    for (let n = 0; n < 30; n++) {
      send(invent(), 20, (m) => summaryItem(m, 'a', `host-${m}:443`))
      forget(invented)
    }
    beat()
    const departed = 'SELECT count(*) AS rows, sum(ids) AS ids FROM held WHERE device < 0'
    assert.deepEqual({ ...db.prepare(departed).get() }, { rows: 1, ids: 30 * 20 * 40 })
    assert.equal(count(db, 'item'), 4 + 30 * 20)
    // More than a 64th of what may be kept beside alerts, a half of all, which is far from full.
    const steps = beat(usedBytes() * 1.5)
    assert.equal(count(db, 'item'), 4)
    assert.equal(db.prepare(departed).get()?.['rows'], 0)
    const texts = steps.flatMap(({ told }) => told.map(({ text }) => text))
    assert.deepEqual(texts, [
      'of what is kept of devices that were forgotten the oldest gave way: 600 ids of items',
    ])
    send(invent(), 4, (m) => summaryItem(m, 'a', `host-${m}:443`))
    forget(invented)
    beat()
    assert.equal(db.prepare(departed).get()?.['ids'], 160)
    while (writer.retain(T0 * 2n, { ageNs: 1n, bytes: 1e15 }).more);
    assert.equal(db.prepare(departed).get()?.['rows'], 0)
  })

  it('and that have more alerts than are kept of one token leave many a step, and so do alerts of many that have more than their share', () => {
    writer = createWriter(db, { segmentRevisions: 10_000, leftMax: 5 })
    for (let round = 0; round < 4; round++) send(honest, 50, (n) => alertItem(n))
    for (let n = 0; n < 300; n++) send(invent(), 2, (m) => alertItem(m))
    const all = usedBytes()
    const more = beat(all * 0.8)
    assert.equal(alertsOf(honest), 200)
    assert.ok(ofSegments(db, 'alert').length < 750)
    assert.ok(more.length < 12, `${more.length} steps`)
    const [first] = more.flatMap(({ told }) => told)
    assert.match(
      first?.text ?? '',
      /^\d+ revisions of alerts of “.*” \(3{8}.*\) and \d+ other devices of its token were dropped: devices of its token that nobody has admitted/,
    )
    const left = ofSegments(db, 'alert').length - 200
    forget(...Array.from({ length: invented }, (_, index) => index + 1))
    const steps = beat()
    assert.ok(left > 50 && alertsOf(honest) === 200)
    assert.ok(ofSegments(db, 'alert').length - 200 <= 10)
    assert.ok(steps.length < 12, `${steps.length} steps`)
    assert.equal(
      db.prepare('SELECT sum(bytes) AS n FROM alert_held WHERE bytes < 0').get()?.['n'],
      null,
    )
  })

  it('leave no number behind that another is given', () => {
    const last = invent()
    send(last, 1, (n) => alertItem(n))
    send(last, 1, (n) => summaryItem(n, 'a', 'host:443'))
    forget(1)
    while (writer.retain(T0 * 2n, { ageNs: 1n, bytes: 1e15 }).more);
    assert.deepEqual([known(), count(db, 'device')], [[], 1])
    writer = createWriter(db)
    assert.ok(invent() > last)
  })

  it('and leave do so in steps of bounded length, whatever they have', () => {
    const devices = [1, 2, 3, 4].map(() => invent())
    send(devices[0] as number, 1, (n) => summaryItem(n, 'a', 'host:443'))
    const columns = db
      .prepare('SELECT name FROM pragma_table_info(?)')
      .all('pair_hour')
      .map(({ name }) => name)
    const more = columns.map((name) =>
      name === 'device' ? '?' : name === 'hour_at' ? 'hour_at - value' : name,
    )
    for (const device of devices)
      db.prepare(
        `WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 9000)
         INSERT INTO pair_hour SELECT ${more} FROM n, (SELECT * FROM pair_hour WHERE device = ${devices[0]} LIMIT 1)`,
      ).run(device)
    db.exec('UPDATE held SET summaries = summaries + 864000 WHERE token = 7')
    enroll(writer, id(91))
    forget(1, 2, 3, 4)
    const left: number[] = [count(db, 'pair_hour')]
    const nowNs = T0 + 3_600_000_000_000n
    while (writer.retain(nowNs, FOREVER).more) left.push(count(db, 'pair_hour'))
    const taken = left.slice(1).map((n, at) => (left[at] as number) - n)
    assert.ok(left[0] === 36_001 && left.at(-1) === 0, left.join())
    assert.ok(Math.max(...taken) <= 10_000, taken.join())
  })

  it('have half a share of the alerts together, and who has less than that loses none', () => {
    // As large as those of a store are: what is left of small ones takes pages that hold little.
    writer = createWriter(db, { segmentRevisions: 1000 })
    for (let round = 0; round < 4; round++) send(honest, 50, (n) => alertItem(n))
    const own = usedBytes()
    for (let n = 0; n < 60; n++) {
      const device = invent()
      send(device, 20, (m) => alertItem(m))
    }
    const all = usedBytes()
    assert.ok(all > own * 3, `${all} and ${own}`)
    const told = beat(own * 2.5).flatMap((step) => step.told)
    assert.match(
      told[0]?.text ?? '',
      /dropped: devices of its token that nobody has admitted have more than half/,
    )
    assert.equal(alertsOf(honest), 200)
    const left = ofSegments(db, 'alert').length - 200
    assert.ok(left > 100 && left < 1000, `${left} of 1200 are left`)
  })

  it('have one share of the rest together: who has less than that is refused nothing', () => {
    send(honest, 100, (n) => sightingItem(n, `own-${n}`))
    // Each of them has less than that one.
    for (let n = 0; n < 40; n++) send(invent(), 10, flood)
    const max = Math.floor(heldBytes() * 0.8)
    const before = count(db, 'identity_device')
    beat(max * 2)
    assert.ok(heldBytes() <= max * 0.75)
    assert.ok(count(db, 'identity_device') < before)
    const own = db.prepare('SELECT count(*) AS n FROM identity_device WHERE device = ?')
    assert.equal(own.get(honest)?.['n'], 100)
    for (let n = 0; n < 40; n++) send(invent(), 10, flood)
    assert.equal(send(invent(), 1, flood), 1)
    assert.equal(
      send(honest, 20, (n) => sightingItem(n, `new-${n}`)),
      0,
    )
  })

  it('pay with their rows, too: devices that say nothing but Hello give nobody’s alerts away', () => {
    const before = heldBytes()
    for (let n = 0; n < 10; n++) invent()
    assert.ok(heldBytes() - before >= 10 * 640)
    const host = { hostname: 'h'.repeat(256), os: '', osVersion: '', osBuild: '' }
    const facts = { outboxId: '0f'.repeat(16), agentVersion: '', isEnrolled: true }
    const more = { ...host, hardware: '', arch: '', bootId: '' }
    enroll(writer, id(3), { isEnrolled: true })
    const at = heldBytes()
    writer.commit([{ op: 'enroll', nowNs: T0, facts: { ...facts, id: id(3), host: more } }])
    assert.ok(heldBytes() - at > 100, 'a longer name is paid for')
  })

  it('are each themselves once a person has admitted them, for good', () => {
    const one = invent()
    const other = invent()
    const token = (device: number) =>
      db.prepare('SELECT token FROM held WHERE device = ?').get(device)?.['token']
    assert.deepEqual([token(honest), token(one), token(other)], [0, TOKEN, TOKEN])
    writer.noteStandings({ ...NOBODY, admitted: [id(1)] })
    writer.noteStandings({
      ...NOBODY,
      waiting: [{ id: id(1), token: TOKEN }],
      forgotten: [{ id: id(1), token: TOKEN }],
    })
    enroll(writer, id(1), { isEnrolled: true })
    writer = createWriter(db)
    assert.deepEqual([token(one), token(other)], [0, TOKEN])
    beat()
    assert.equal(count(db, 'device'), 3)
  })

  it('and come again before they have gone stay, and who came over the socket pays for itself', () => {
    invent()
    invent()
    writer.noteStandings({ ...NOBODY, forgotten: [{ id: id(1), token: TOKEN }] })
    enroll(writer, id(1), { isEnrolled: true })
    const local = enroll(writer, LOCAL).device
    writer.noteStandings({ ...NOBODY, forgotten: [{ id: LOCAL, token: TOKEN }] })
    beat()
    assert.equal(count(db, 'device'), 4)
    const payer = db.prepare('SELECT token FROM held WHERE device = ?').get(local)
    assert.equal(payer?.['token'], 0)
  })

  it('and have gone write to no outbox that another has been given', () => {
    const gone = invent()
    const outbox = Number(db.prepare('SELECT max(row) AS n FROM outbox').get()?.['n'])
    db.exec(`DELETE FROM outbox WHERE row = ${outbox}`)
    const next = enroll(writer, id(99), { isEnrolled: true })
    assert.equal(next.outbox, outbox)
    const batch = { ...batchOf(gone, 0, [alertItem(++seq)]), outbox }
    const [done] = writer.commit([{ op: 'append', nowNs: T0, batch }])
    assert.equal(done?.op, 'refused')
  })

  it('none is singled out but who has more than an equal share: two thirds are too much for one of two', () => {
    for (let round = 0; round < 4; round++) send(honest, 50, (n) => alertItem(n))
    const mallory = enroll(writer, id(1)).device
    for (let round = 0; round < 6; round++) send(mallory, 50, (n) => alertItem(n))
    beat(usedBytes() * 0.9)
    assert.equal(alertsOf(honest), 200)
    assert.ok(alertsOf(mallory) < 300 && alertsOf(mallory) >= 150, `${alertsOf(mallory)}`)
  })
})
