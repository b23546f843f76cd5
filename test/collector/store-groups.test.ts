// Alerts that are like one another, as one row over the whole store.
import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import { sumUp } from '../../src/collector/store/alert-sums.ts'
import type { Answers, GroupsPlace, Query } from '../../src/collector/store/protocol.ts'
import { createReader, type Reader } from '../../src/collector/store/reader.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { createWriter, type Writer } from '../../src/collector/store/writer.ts'
import {
  identityDigest,
  likenessFrom,
  likenessOf,
  likenessText,
} from '../../src/collector/views/likeness.ts'
import type { AlertGroup, AlertGroupsResponse } from '../../src/collector/views/page-api.ts'
import type { Alert } from '../../src/engine/finding.ts'
import { bytes, pid } from '../../src/units.ts'
import {
  alertItem,
  alertOf,
  DEVICE_A,
  DEVICE_B,
  destinationOf,
  identityOf,
  processOf,
  T0,
} from './agent.ts'
import { append, batchOf, enroll, segmentsOf } from './store-fixture.ts'

type GroupsQuery = Extract<Query, { op: 'groups' }>

const to = (name: string) => destinationOf(`${name}.example.org:443`)
const parent = (path: string, script = '', id = 4000) => ({
  ...processOf(path),
  script,
  pid: pid(id, 'pid'),
})
/** A program that a parent starts, each time another. */
const child = (name: string, by = parent('/usr/bin/bash')): Partial<Alert> => ({
  identity: identityOf(name),
  chain: [processOf(`/tmp/${name}`), by],
})

describe('alerts that are like one another', () => {
  const like = (a: Partial<Alert>, b: Partial<Alert>) =>
    likenessOf(alertOf(1, a)) === likenessOf(alertOf(2, b))
  const vouched = (name: string) => identityOf(name, { signerClass: 'platform', key: `p:${name}` })

  it('are those of one program to one destination', () => {
    assert.ok(like({}, {}))
    assert.ok(!like({ destination: to('a') }, { destination: to('b') }))
    assert.ok(!like({ identity: identityOf('a') }, { identity: identityOf('b') }))
  })
  it('are those of whom a program acted for, and not of others it acted for', () => {
    const curl = { identity: vouched('curl') }
    assert.ok(!like({ ...curl, responsibleKey: 'x' }, { ...curl, responsibleKey: 'y' }))
    assert.ok(
      like({ ...curl, responsibleKey: 'x' }, { identity: vouched('nc'), responsibleKey: 'x' }),
    )
  })
  it('are those of who starts programs that nobody vouches for, each another', () => {
    assert.ok(like(child('one'), child('two')))
    assert.ok(!like(child('one'), child('two', parent('/usr/bin/zsh'))))
    const python = (script: string) => child('one', parent('/usr/bin/python3', script))
    assert.ok(!like(python('/a.py'), python('/b.py')), 'a script is a program')
    const apart = [parent('/a', 'b'), parent('/ab', '')] as const
    assert.ok(!like(child('one', apart[0]), child('one', apart[1])))
  })
  it('are not those of two programs that somebody vouches for, or that the first process started', () => {
    const of = (name: string) => ({ ...child(name), identity: vouched(name) })
    assert.ok(!like(of('one'), of('two')))
    const first = parent('/sbin/launchd', '', 1)
    assert.ok(!like(child('one', first), child('two', first)))
    assert.ok(like(child('one', first), child('one', first)))
  })
  it('are those of machines, or those of recordings, which are none: what one tells a machine may have told', () => {
    const alert = alertOf(1)
    const recording = '01234567-89ab-8cde-8f01-23456789abcd'
    assert.equal(likenessOf(alert, DEVICE_A), likenessOf(alert))
    assert.notEqual(likenessOf(alert, recording), likenessOf(alert))
    assert.equal(likenessOf(alert, recording), likenessOf(alert, recording.replace('0', '1')))
  })
  it('are those of what is stored already: the numbers stay what they were', () => {
    const { destination } = alertOf(1)
    assert.equal(likenessText(likenessOf(alertOf(1))), '3494baa89131fdbb')
    assert.equal(likenessText(identityDigest(alertOf(1))), '0f3ee104b0a12780')
    const elsewhere = alertOf(1, { destination: { ...destination, key: 'ünï:443' } })
    assert.equal(likenessText(likenessOf(elsewhere)), '23c813d49d66c44d')
  })

  it('have a name of 16 hex digits, whatever the sign', () => {
    for (const one of [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), likenessOf(alertOf(1))]) {
      assert.match(likenessText(one), /^[0-9a-f]{16}$/)
      assert.equal(likenessFrom(likenessText(one)), one)
    }
  })
})

describe('groups of alerts in the store', () => {
  let db: DatabaseSync
  let writer: Writer
  let reader: Reader
  let device: number
  beforeEach(() => {
    db = openForWriting(':memory:')
    writer = createWriter(db, { segmentRevisions: 10 })
    reader = createReader(db)
    device = enroll(writer).device
  })
  afterEach(() => db.close())

  const put = (number: number, change: Partial<Alert> = {}, of = device) =>
    append(writer, batchOf(of, 0, [alertItem(number, change)]))
  const ask = (query: Partial<GroupsQuery> = {}) =>
    reader.answer({
      op: 'groups',
      limit: 500,
      deviceId: undefined,
      severity: undefined,
      ...query,
    }) as AlertGroupsResponse
  const members = (group: AlertGroup, query: Partial<Extract<Query, { op: 'alerts' }>> = {}) =>
    reader.answer({
      op: 'alerts',
      limit: 500,
      before: undefined,
      deviceId: undefined,
      severity: undefined,
      likeness: likenessFrom(group.id),
      ...query,
    }) as Answers['alerts']
  const placeOf = (next: string, isNumber: boolean): GroupsPlace => {
    const [asOf = '', below = '', before = ''] = next.split('~')
    return {
      asOf: BigInt(asOf),
      below: isNumber ? Number(below) : BigInt(below),
      before: BigInt(before),
    }
  }
  const names = ({ groups }: AlertGroupsResponse) =>
    groups.map(({ newest }) => newest.destination.key.split('.')[0])
  /** All pages of two, with what happens between them. */
  const walk = (query: Partial<GroupsQuery> = {}, between = () => {}) => {
    const isNumber = query.sort === 'score' || query.sort === 'bytes'
    const pages: AlertGroupsResponse[] = []
    for (let next: string | undefined = ''; next !== undefined; ) {
      const place = next === '' ? undefined : placeOf(next, isNumber)
      const page = ask({ limit: 2, ...query, place })
      pages.push(page)
      next = page.next
      between()
    }
    return pages
  }

  it('are one row each over all segments, with sums, the highest, and the newest', () => {
    for (let number = 1; number <= 40; number++)
      put(number, {
        ...child(`drop-${number}`),
        severity: number === 7 ? 'high' : 'low',
        score: number === 7 ? 91.5 : 40,
        bytesOut: bytes(1000 + number, 'out'),
        bytesIn: bytes(number, 'in'),
      })
    put(50, { destination: to('other') })
    assert.ok(segmentsOf(db).length >= 4, 'over several segments')
    const { groups, total, alerts } = ask()
    assert.deepEqual([total, alerts, groups.length], [2, 41, 2])
    const [other, drops] = groups as [AlertGroup, AlertGroup]
    assert.deepEqual([other.alerts, other.machines, other.programs], [1, 1, 1])
    const { newest, id: _, ...sums } = drops
    assert.deepEqual(sums, {
      alerts: 40,
      machines: 1,
      programs: 40,
      bytesOut: 40_000 + (40 * 41) / 2,
      bytesIn: (40 * 41) / 2,
      score: 91.5,
      severity: 'high',
      firstOpenedAt: String(T0 + 1n),
      lastOpenedAt: String(T0 + 39n),
    })
    assert.equal(newest.application.name, 'drop-40')
    assert.deepEqual(newest.actor, { as: 'by', path: '/usr/bin/bash', script: '' })
    assert.equal(newest.group, drops.id)
    assert.equal(members(drops).total, 40)
    assert.equal(members(drops, { severity: 3 }).total, 1)
    assert.equal(members(other).alerts[0]?.group, other.id)
  })

  it('count machines, and of one machine its own alone', () => {
    const second = enroll(writer, DEVICE_B).device
    put(1)
    put(2, {}, second)
    put(3, {}, second)
    assert.deepEqual(
      ask().groups.map(({ alerts, machines, programs }) => [alerts, machines, programs]),
      [[3, 2, 1]],
    )
    assert.equal(ask({ deviceId: DEVICE_B }).groups[0]?.alerts, 2)
    assert.equal(ask({ text: 'host:mac-1' }).groups[0]?.machines, 2, 'they have one name here')
  })

  it('follow an alert: a revision takes the place of the one before, wherever it was', () => {
    put(1, { bytesOut: bytes(100, 'out') })
    for (let number = 2; number <= 12; number++) put(number, { destination: to('else') })
    const later = alertItem(60, { id: alertOf(1).id, revision: 2, bytesOut: bytes(700, 'out') })
    append(writer, batchOf(device, 0, [later]))
    const { groups, alerts } = ask()
    assert.equal(alerts, 12)
    assert.deepEqual([groups[0]?.alerts, groups[0]?.bytesOut], [1, 700], 'and it is the newest now')
  })

  it('are of what matches: severity, text, time', () => {
    put(1, { severity: 'low' })
    put(2, { severity: 'high', sentence: 'a needle' })
    put(3, { severity: 'high', destination: to('else') })
    const counts = (query: Partial<GroupsQuery>) => {
      const { groups, total, alerts } = ask(query)
      return { total, alerts, each: groups.map((group) => group.alerts) }
    }
    assert.deepEqual(counts({ severity: 3 }), { total: 2, alerts: 2, each: [1, 1] })
    assert.deepEqual(counts({ text: 'needle' }), { total: 1, alerts: 1, each: [1] })
    assert.deepEqual(counts({ since: T0 + 2n, until: T0 + 3n }), { total: 1, alerts: 1, each: [1] })
    assert.deepEqual(counts({ text: 'nowhere' }), { total: 0, alerts: 0, each: [] })
  })

  it('are sorted over the whole store, by time, score and bytes, and paged by cursor', () => {
    const figures: [string, number, number][] = [
      ['a', 40, 900],
      ['b', 90, 100],
      ['c', 60, 500],
      ['d', 60, 450],
      ['e', 60, 1],
    ]
    for (const [index, [name, score, out]] of figures.entries())
      for (let number = 0; number < 5; number++)
        put(index * 10 + number + 1, { destination: to(name), score, bytesOut: bytes(out, 'out') })
    const order = (sort: GroupsQuery['sort']) => {
      const pages = walk({ sort })
      assert.ok(pages.every(({ total, alerts }) => total === 5 && alerts === 25))
      return pages.flatMap(names).join('')
    }
    assert.equal(order('newest'), 'edcba')
    assert.equal(order('score'), 'bedca')
    assert.equal(order('bytes'), 'acdbe')
  })

  it('come once each while they change: pages go on in what was stored at the first', () => {
    for (const [index, name] of ['a', 'b', 'c', 'd', 'e', 'f'].entries())
      put(index + 1, { destination: to(name), bytesOut: bytes(100 + index, 'out') })
    let number = 100
    for (const sort of ['newest', 'bytes'] as const) {
      const before = ask({ sort }).total
      // The last of the list grows past all others, and a new one comes, while one goes on.
      const found = walk({ sort }, () => {
        put(number++, { destination: to('a'), bytesOut: bytes(1_000_000, 'out') })
        put(number, { destination: to(`new${number++}`) })
      }).flatMap(names)
      assert.equal(new Set(found).size, found.length, `${sort}: none twice`)
      assert.equal(found.length, before, `${sort}: none left out`)
      assert.equal(names(ask({ sort }))[0], sort === 'newest' ? `new${number - 1}` : 'a')
    }
  })

  it('are of more segments than SQLite takes selects at once', () => {
    put(1)
    // Copies of the first: to seal 510 takes ten seconds.
    db.exec('BEGIN')
    for (let n = 2; n <= 510; n++) {
      db.exec(`CREATE TABLE alert_${n} AS SELECT * FROM alert_1;
        CREATE TABLE revision_${n} AS SELECT * FROM revision_1;
        INSERT INTO segment (n, first_at, last_at, revisions, body_bytes, sealed)
          SELECT ${n}, first_at, last_at, revisions, body_bytes, 1 FROM segment WHERE n = 1`)
      sumUp(db, n)
      // Half of them stale: each is two selects then.
      if (n % 2) db.exec(`INSERT INTO stale_group SELECT ${n}, likeness FROM alert_${n}`)
    }
    db.exec('COMMIT')
    assert.deepEqual(
      ask().groups.map(({ alerts }) => alerts),
      [510],
    )
  })

  it('are bounded: sums past what a number holds, bodies past an answer', () => {
    for (let number = 1; number <= 1100; number++)
      put(number, { bytesOut: bytes(Number.MAX_SAFE_INTEGER, 'out') })
    assert.equal(ask().groups[0]?.bytesOut, Number.MAX_SAFE_INTEGER)
    put(2000, { bytesOut: bytes(Number.MAX_SAFE_INTEGER, 'out'), destination: to('b') })
    const sorted = walk({ sort: 'bytes', limit: 1 })
    assert.deepEqual(sorted.flatMap(names), ['b', '203'], 'equal sums are in order of time')
    const long = 'x'.repeat(100_000)
    for (let number = 3001; number <= 3030; number++)
      put(number, { destination: to(`n${number}`), sentence: long })
    const cut = ask()
    assert.ok(cut.groups.length < 30 && cut.next !== undefined, `${cut.groups.length} groups`)
    assert.equal(cut.total, 32)
  })

  /** Plans of the statements that a query about the alerts of a segment is answered with. */
  function plansOf(query: Query): string[][] {
    const asked: string[] = []
    const spy = new Proxy(db, {
      get(of, name) {
        if (name !== 'prepare') return Reflect.get(of, name).bind(of)
        return (sql: string) => {
          asked.push(sql)
          return of.prepare(sql)
        }
      },
    })
    createReader(spy).answer(query)
    return asked
      .filter((sql) => / alert_\d/.test(sql))
      .map((sql) =>
        db
          .prepare(`EXPLAIN QUERY PLAN ${sql}`)
          .all()
          .map(({ detail }) => `${detail}`),
      )
  }
  const any = { limit: 2, deviceId: undefined, severity: undefined }

  it('do not look at rows where the index says all', () => {
    put(1)
    const [sums = []] = plansOf({ ...any, op: 'groups', severity: 2, since: T0 })
    assert.ok(sums.some((detail) => detail.includes('USING COVERING INDEX alert_1_listed')))
  })

  it('look at each row once for a text, as it lies, and again at those of the page alone', () => {
    for (let number = 1; number <= 35; number++) put(number)
    const other = enroll(writer, DEVICE_B).device
    for (let number = 36; number <= 45; number++) put(number, {}, other)
    const segments = segmentsOf(db)
    assert.ok(segments.length >= 3)
    const [sums = [], ...others] = plansOf({ ...any, op: 'groups', text: 'tool', status: [0, 1] })
    const ofAlerts = (details: string[]) => details.filter((detail) => /^S\w+ a\b/.test(detail))
    assert.deepEqual(
      ofAlerts(sums),
      segments.map(() => 'SCAN a'),
    )
    assert.ok(others.length > 0)
    // By group where that is an index; in the one that is written the index by time holds the group.
    const again = others.flatMap(ofAlerts)
    for (const detail of again)
      assert.match(detail, /^SEARCH a |^SCAN a USING INDEX alert_\d+_listed$/)
    assert.ok(
      again.some((detail) => detail.includes('_likeness (likeness=?)')),
      'machines and programs are counted',
    )
  })

  it('are looked for once where nothing is found, as alerts are', () => {
    for (let number = 1; number <= 35; number++) put(number)
    const segments = segmentsOf(db).length
    for (const op of ['groups', 'alerts'] as const) {
      const plans = plansOf({ ...any, op, text: 'nowhere', before: undefined })
      const looks = plans.flat().filter((detail) => /^S\w+ a\b/.test(detail))
      assert.equal(looks.length, segments, op)
    }
  })
})
