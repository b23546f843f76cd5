// What alerts can be found by is kept once for all alerts of a program, and found as if it stood in each.
import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import type { Answers } from '../../src/collector/store/protocol.ts'
import { createReader } from '../../src/collector/store/reader.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { folded } from '../../src/collector/store/search.ts'
import { createTexts } from '../../src/collector/store/texts.ts'
import { createWriter, type Writer } from '../../src/collector/store/writer.ts'
import { BoundedMap } from '../../src/collector/terms/bounded-map.ts'
import type { Alert } from '../../src/engine/finding.ts'
import { times } from '../long.ts'
import { alertItem, alertOf, DEVICE_A, DEVICE_B, identityOf, processOf, T0 } from './agent.ts'
import { append, batchOf, count, enroll, segmentsOf } from './store-fixture.ts'

const FOREVER = { ageNs: 1_000n * 86_400_000_000_000n, bytes: 1e15 }

const ask = (db: DatabaseSync, text: string) =>
  createReader(db).answer({
    op: 'alerts',
    limit: 500,
    before: undefined,
    deviceId: undefined,
    severity: undefined,
    text,
  }) as Answers['alerts']
const finds = (db: DatabaseSync, text: string) =>
  ask(db, text)
    .alerts.map(({ id }) => Number(`0x${id}`))
    .sort((a, b) => a - b)

/** Of each device in each segment, where there is something. */
const held = (db: DatabaseSync) =>
  db
    .prepare(
      'SELECT segment, device, revisions, bytes FROM alert_held WHERE revisions <> 0 OR bytes <> 0 ORDER BY segment, device',
    )
    .all()
    .map((row) => ({ ...row }))

/** The same, of the tables themselves. */
const there = (db: DatabaseSync) =>
  segmentsOf(db).flatMap((n) =>
    db
      .prepare(
        `SELECT ${n} AS segment, device, sum(revisions) AS revisions, sum(bytes) AS bytes FROM (
           SELECT device, count(*) AS revisions, sum(length(body)) AS bytes FROM revision_${n} GROUP BY device
           UNION ALL SELECT device, 0, sum(octet_length(words)) FROM alert_${n} GROUP BY device
           UNION ALL SELECT device, 0, sum(octet_length(words)) FROM text_${n} WHERE device > 0 GROUP BY device)
         GROUP BY device ORDER BY device`,
      )
      .all()
      .map((row) => ({ ...row })),
  )

describe('the texts of a program', () => {
  let db: DatabaseSync
  let writer: Writer
  let device: number
  let other: number
  beforeEach(() => {
    db = openForWriting(':memory:')
    writer = createWriter(db, { segmentRevisions: 10 })
    device = enroll(writer, DEVICE_A).device
    other = enroll(writer, DEVICE_B).device
  })
  afterEach(() => db.close())

  const put = (number: number, change: Partial<Alert> = {}, of = device) =>
    append(writer, batchOf(of, 0, [alertItem(number, change)]))

  it('that went with a device are written anew for what it sends next in the same segment', () => {
    writer = createWriter(db, { segmentRevisions: 100_000 })
    const own = identityOf('large', { path: '/opt/large' })
    for (let number = 1; number <= 3; number++) put(number, {}, other)
    const sentence = 's'.repeat(3000)
    for (let number = 4; number <= 300; number++) put(number, { identity: own, sentence })
    const { usedBytes } = writer.retain(T0, FOREVER)
    while (writer.retain(T0, { ...FOREVER, bytes: usedBytes / 20 }).more);
    const before = finds(db, 'path:/opt/large').length
    assert.ok(before < 100, `${before} of 297 were left`)
    for (let number = 301; number <= 305; number++) put(number, { identity: own })
    assert.deepEqual(segmentsOf(db), [1])
    assert.deepEqual(finds(db, 'path:/opt/large').slice(-5), [301, 302, 303, 304, 305])
  })

  it('stand once in a segment, and never where they came once', () => {
    for (let number = 1; number <= 9; number++) put(number)
    put(10, { chain: [processOf('/once')] })
    assert.equal(count(db, 'text_1'), 1)
    const rows = db.prepare('SELECT program, length(words) AS length FROM alert_1 ORDER BY row')
    const [first, second, ...rest] = rows.all()
    assert.equal(first?.program, 0, 'the first has all in its row')
    assert.ok((second?.length as number) < (first?.length as number) / 1.5)
    assert.deepEqual(
      [second?.program, ...rest.map(({ program }) => program)],
      [...Array(8).fill(1), 0],
    )
    for (let number = 11; number <= 13; number++) put(number)
    assert.deepEqual([segmentsOf(db), count(db, 'text_2')], [[1, 2], 1], 'each has its own')
    assert.deepEqual(finds(db, 'path:/opt/backup-tool').length, 13)
    assert.deepEqual(finds(db, 'path:/opt/backup-tool to:"203.0.113.0/24:443"').length, 13)
    assert.deepEqual(finds(db, 'path:/once'), [10])
  })

  it('are known again to a writer that comes after', () => {
    for (let number = 1; number <= 4; number++) put(number)
    writer = createWriter(db, { segmentRevisions: 10 })
    put(5)
    assert.equal(count(db, 'text_1'), 1)
    assert.equal(db.prepare('SELECT program FROM alert_1 ORDER BY row DESC').get()?.program, 1)
  })

  it('are bounded in memory: what was forgotten is kept once more, and found', () => {
    const texts = createTexts(db, 1000)
    const placed = (program: string) => texts.place(1, device, program, '\n\u0006here\n').program
    const [a, b] = ['a', 'b'].map((letter) => `\n${letter.repeat(700)}\n`) as [string, string]
    assert.deepEqual([placed(a), placed(a), placed(a)], [0, 1, 1])
    assert.deepEqual([placed(b), placed(b), placed(a), placed(a)], [0, 2, 0, 3])
  })

  it('are not taken for kept when their transaction is undone', () => {
    put(1)
    const pages = Number(db.prepare('PRAGMA page_count').get()?.page_count)
    db.exec(`PRAGMA max_page_count = ${pages + 1}`)
    const large = Array.from({ length: 40 }, (_, index) =>
      alertItem(index + 2, { sentence: 's'.repeat(4000) }),
    )
    assert.throws(() => append(writer, batchOf(device, 0, large)), /full/)
    db.exec('PRAGMA max_page_count = 1000000')
    assert.equal(count(db, 'text_1'), 0)
    for (const number of [50, 51, 52]) put(number)
    assert.deepEqual(finds(db, 'path:/opt/backup-tool'), [1, 50, 51, 52])
    assert.deepEqual(held(db), there(db))
  })

  it('go with the last alert of whose they are, but for those that others use', () => {
    const mine = { chain: [processOf('/mine')] }
    for (const number of [1, 2, 3]) put(number, mine)
    for (const number of [4, 5, 6, 7]) put(number, { sentence: 's'.repeat(3000) })
    for (const number of [8, 9, 10, 11]) put(number, {}, other)
    assert.deepEqual(segmentsOf(db), [1, 2])
    assert.equal(count(db, 'text_1'), 2)
    const { usedBytes } = writer.retain(T0, FOREVER)
    const { told } = writer.retain(T0, { ...FOREVER, bytes: usedBytes - 1 })
    assert.match(told[0]?.text ?? '', /7 revisions of alerts .* more than an equal share/)
    assert.deepEqual(
      db
        .prepare('SELECT device, instr(words, ?) > 0 AS shared FROM text_1')
        .all('/opt/backup-tool')
        .map((row) => ({ ...row })),
      [{ device: 0, shared: 1 }],
    )
    assert.deepEqual(finds(db, 'path:/opt/backup-tool'), [8, 9, 10, 11])
    assert.deepEqual(held(db), there(db))
  })

  it('count to the byte for whose alert wrote them, whatever comes, comes again and moves', () => {
    const step = fc.record({
      alert: fc.integer({ min: 1, max: 12 }),
      program: fc.constantFrom('é', 'b', 'c'),
      revision: fc.integer({ min: 1, max: 4 }),
      of: fc.constantFrom(0, 1),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const own = openForWriting(':memory:')
        const writes = createWriter(own, { segmentRevisions: 6 })
        const rows = [enroll(writes, DEVICE_A).device, enroll(writes, DEVICE_B).device]
        steps.forEach(({ alert, program, revision, of }, index) => {
          const id = alert.toString(16).padStart(32, '0')
          const chain = [processOf(`/${program}`)]
          const item = alertItem(index + 1, { id, revision, chain })
          append(writes, batchOf(rows[of] as number, 0, [item]))
        })
        assert.deepEqual(held(own), there(own))
        own.close()
      }),
      { numRuns: times('FRESHET_STORE_RUNS', { usual: 20, long: 60 }) },
    )
  })

  it('are found as by looking at each alert: any alerts, any terms', () => {
    const name = fc.constantFrom('ada', 'Adam', 'é“x”', 'a\u0007b\n\u0005ada')
    const alert = fc.record({
      program: name,
      path: name,
      user: name,
      to: name,
      word: name,
      revision: fc.integer({ min: 1, max: 3 }),
      number: fc.integer({ min: 1, max: 20 }),
    })
    const term = fc.record({
      tag: fc.constantFrom('', 'app', 'path', 'user', 'to', 'hash'),
      value: fc.oneof(
        name,
        name.map((of) => `/opt/${of}`),
        fc.constantFrom('a', 'x', 'backup', 'tool 8'),
      ),
    })
    const queries = fc.array(fc.array(term, { minLength: 1, maxLength: 3 }), { minLength: 5 })
    fc.assert(
      fc.property(fc.array(alert, { minLength: 1, maxLength: 40 }), queries, (alerts, asked) => {
        const own = openForWriting(':memory:')
        const writes = createWriter(own, { segmentRevisions: 7 })
        const row = enroll(writes, DEVICE_A).device
        const shown = new Map<number, Alert>()
        alerts.forEach(({ program, path, user, to, word, revision, number }, index) => {
          const of = alertOf(number, {
            revision,
            identity: { ...identityOf(program), path: `/opt/${path}` },
            chain: [{ ...processOf(`/opt/${program}`), user }, processOf('/sbin/launchd')],
            destination: { ...alertOf(number).destination, hostname: to },
            sentence: `${word} tool 8`,
          })
          append(writes, batchOf(row, 0, [alertItem(index + 1, of)]))
          if (revision >= (shown.get(number)?.revision ?? 0)) shown.set(number, of)
        })
        for (const terms of asked) {
          const quoted = (of: string) => `"${of.replaceAll('"', '""')}"`
          const text = terms
            .map(({ tag, value }) => (tag ? `${tag}:` : '') + quoted(value))
            .join(' ')
          const those = [...shown]
            .filter(([, of]) => terms.every(({ tag, value }) => has(of, tag, folded(value))))
            .map(([number]) => number)
            .sort((a, b) => a - b)
          assert.deepEqual(finds(own, text), those, text)
        }
        own.close()
      }),
      { numRuns: times('FRESHET_STORE_RUNS', { usual: 20, long: 60 }) },
    )
  })
})

/** Whether the alert has a value of the kind, or any text with it inside; the machine is called mac-1. */
function has({ identity, chain, destination, sentence }: Alert, tag: string, value: string) {
  const { address, port, hostname, key } = destination
  const values: Record<string, (string | undefined)[]> = {
    app: [identity.key, ...chain.map(({ identityKey }) => identityKey)],
    path: [
      identity.path,
      ...chain.flatMap(({ path, script, socketsBy }) => [path, script, socketsBy]),
    ],
    hash: [identity.sha256, identity.cdhash, ...chain.map(({ scriptSha256 }) => scriptSha256)],
    user: chain.map(({ user, uid }) => user || (uid === undefined ? '' : `uid ${uid}`)),
    to: [hostname, address, `${address}:${port}`, key],
    signing: [identity.signingId, identity.teamId],
    word: [identity.name, identity.signerClass, sentence, 'mac-1'],
  }
  const texts = (of: (string | undefined)[]) => of.flatMap((one) => (one ? [folded(one)] : []))
  if (tag !== '') return texts(values[tag] ?? []).includes(value)
  return texts(Object.values(values).flat()).some((one) => one.includes(value))
}

describe('a bounded map', () => {
  it('lets go of what was set longest ago, by weight', () => {
    const map = new BoundedMap<string, number>(6, (key) => key.length)
    for (const key of ['aa', 'bb', 'cc', 'aa', 'd']) map.set(key, key.length)
    assert.deepEqual(
      ['aa', 'bb', 'cc', 'd'].map((key) => map.get(key)),
      [2, undefined, 2, 1],
    )
    map.set('too long a key', 1)
    assert.deepEqual([...map.values()], [])
    map.set('e', 5)
    assert.equal(map.get('e'), 5)
    map.clear()
    for (let n = 0; n < 100; n++) map.set(`${n % 10}`, n)
    assert.deepEqual([...map.values()], [94, 95, 96, 97, 98, 99])
  })
})
