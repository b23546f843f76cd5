// The sums of sealed segments: what they say is what the alerts say, whatever happens to those.
import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { addAlertSums } from '../../src/collector/store/alert-sums.ts'
import {
  type Answers,
  type Query,
  Status,
  severityRank,
} from '../../src/collector/store/protocol.ts'
import { createReader, type Reader } from '../../src/collector/store/reader.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { createWriter, type Writer } from '../../src/collector/store/writer.ts'
import type { AlertGroup, AlertSummary } from '../../src/collector/views/page-api.ts'
import { listedAt } from '../../src/collector/web/lists.ts'
import type { Alert } from '../../src/engine/finding.ts'
import { bytes, unixNs } from '../../src/units.ts'
import { times } from '../long.ts'
import { alertItem, alertOf, DEVICE_A, DEVICE_B, destinationOf, identityOf, T0 } from './agent.ts'
import { append, batchOf, count, enroll, segmentsOf } from './store-fixture.ts'

type Wanted = Partial<Extract<Query, { op: 'groups' }>>

const FOREVER = { ageNs: 2n ** 62n, bytes: 2 ** 50 }

describe('the sums of sealed segments', () => {
  let db: DatabaseSync
  let writer: Writer
  let reader: Reader
  let devices: Record<string, number>
  let sequence: number
  beforeEach(() => {
    db = openForWriting(':memory:')
    writer = createWriter(db, { segmentRevisions: 10 })
    reader = createReader(db)
    devices = {}
    for (const id of [DEVICE_A, DEVICE_B]) devices[id] = enroll(writer, id).device
    sequence = 0
  })
  afterEach(() => db.close())

  const any = { deviceId: undefined, severity: undefined }
  const groupsOf = (query: Wanted = {}) =>
    reader.answer({ op: 'groups', limit: 500, ...any, ...query }) as Answers['groups']
  const alertsOf = (query: Wanted = {}) =>
    reader.answer({
      op: 'alerts',
      limit: 500,
      before: undefined,
      ...any,
      ...query,
    }) as Answers['alerts']
  /** Alert `number`: its group, machine and figures follow from it, and what `change` says. */
  const put = (number: number, change: Partial<Alert> = {}) => {
    const device = devices[number % 3 === 0 ? DEVICE_B : DEVICE_A] as number
    const alert: Partial<Alert> = {
      id: alertOf(number).id,
      severity: (['low', 'medium', 'high'] as const)[number % 3] as Alert['severity'],
      destination: destinationOf(`h${number % 5}.example.org:443`),
      identity: identityOf(`tool-${number % 2}`, { signerClass: 'unsigned' }),
      openedAt: unixNs(T0 + BigInt(number * 10), 'at'),
      score: 30 + (number % 60),
      bytesOut: bytes(1000 * number, 'out'),
      ...change,
    }
    sequence++
    append(writer, batchOf(device, 0, [alertItem(1000 + sequence, alert)]))
  }
  const say = (number: number, status: 0 | 1 | 2) => {
    const id = alertOf(number).id
    const alert = alertsOf().alerts.find((one) => one.id === id)
    if (!alert) return
    const said = { alertId: id, deviceId: alert.device.id, revision: alert.triage?.revision ?? 0 }
    const [done] = writer.commit([
      { op: 'triage', nowNs: T0, said: { ...said, status, by: 'Ada', note: 'x' } },
    ])
    assert.deepEqual(done, { op: 'triage', outcome: 'done' })
  }
  const retain = () => {
    while (writer.retain(T0, FOREVER).more);
  }
  const staleGroups = () => count(db, 'stale_group')

  const least = (a: bigint, b: bigint) => (a < b ? a : b)

  /** What a list of all alerts, the latest first, sums up to, alert by alert. */
  function summed(alerts: readonly AlertSummary[]): AlertGroup[] {
    const byGroup = Map.groupBy(alerts, ({ group }) => group)
    const groups = [...byGroup].map(([id, of]): [AlertGroup, bigint] => {
      const opened = of.map(({ openedAt }) => BigInt(openedAt)).sort((a, b) => (a < b ? -1 : 1))
      const listed = BigInt(listedAt(of[0] as AlertSummary))
      const sum = (pick: (alert: AlertSummary) => number) =>
        of.reduce((all, alert) => all + pick(alert), 0)
      const group = {
        id,
        alerts: of.length,
        machines: new Set(of.map(({ device }) => device.id)).size,
        programs: new Set(of.map(({ application }) => application.key)).size,
        bytesOut: sum(({ bytesOut }) => bytesOut),
        bytesIn: sum(({ bytesIn }) => bytesIn),
        score: Math.max(...of.map(({ score }) => score)),
        severity: of
          .map(({ severity }) => severity)
          .reduce((a, b) => (severityRank(a) > severityRank(b) ? a : b)),
        firstOpenedAt: String(least(opened[0] as bigint, listed)),
        lastOpenedAt: String(listed),
        newest: of[0] as AlertSummary,
      }
      return [group, of.map(({ storedAt }) => BigInt(storedAt)).reduce((a, b) => (a > b ? a : b))]
    })
    // Of those whose latest alerts were opened in one nanosecond the one that heard of any last.
    const later = (a: bigint, b: bigint) => (a > b ? -1 : a < b ? 1 : 0)
    return groups
      .sort(
        ([a, heardA], [b, heardB]) =>
          later(BigInt(a.lastOpenedAt), BigInt(b.lastOpenedAt)) || later(heardA, heardB),
      )
      .map(([group]) => group)
  }

  const QUERIES: Wanted[] = [
    {},
    { status: [Status.open, Status.acknowledged, Status.grown] },
    { status: [Status.closed, Status.grown] },
    { severity: 3 },
    { severity: 1, status: [Status.open] },
    { deviceId: DEVICE_B },
    { since: unixNs(T0 + 100n, 'at'), until: unixNs(T0 + 250n, 'at') },
    { since: unixNs(T0 + 1n, 'at') },
    { text: 'h2.example.org' },
    { text: 'app:tool-1', status: [Status.open, Status.grown] },
    { text: 'example.org tool-0', status: [Status.closed] },
    { text: 'example.org', deviceId: DEVICE_A, severity: 2 },
    { text: 'tool', since: unixNs(T0 + 100n, 'at'), until: unixNs(T0 + 250n, 'at') },
    { text: 'nowhere' },
  ]
  /** Groups come in the order of their latest alert. */
  function agree(): void {
    for (const query of QUERIES) {
      const { alerts, total } = alertsOf(query)
      const answer = groupsOf(query)
      const what = JSON.stringify(query, (_, value) => `${value}`)
      assert.deepEqual(answer.groups, summed(alerts), what)
      assert.deepEqual([answer.alerts, answer.total], [total, answer.groups.length], what)
      assert.deepEqual(answer.statuses, alertsOf(query).statuses, what)
    }
  }

  it('say what the alerts say, whatever comes, moves, is said of them or is made anew', function () {
    this.timeout(60_000)
    const steps = fc.array(
      fc.oneof(
        {
          weight: 6,
          arbitrary: fc.record({ put: fc.nat({ max: 40 }), out: fc.nat({ max: 9e6 }) }),
        },
        {
          weight: 3,
          arbitrary: fc.record({ say: fc.nat({ max: 40 }), as: fc.constantFrom(0, 1, 2) }),
        },
        { weight: 1, arbitrary: fc.constant({ retain: true }) },
      ),
      { minLength: 30, maxLength: 70 },
    )
    let sawStale = 0
    fc.assert(
      fc
        .property(steps, (all) => {
          const revisions = new Map<number, number>()
          for (const step of all) {
            if ('put' in step) {
              const revision = (revisions.get(step.put) ?? 0) + 1
              revisions.set(step.put, revision)
              // By a clock that is ahead, or of a recording: not in the order in which they are stored.
              const openedAt = unixNs(T0 + BigInt(step.put * 10 - (step.put % 3) * 100), 'at')
              put(step.put, { revision, openedAt, bytesOut: bytes(step.out, 'out') })
            } else if ('say' in step) say(step.say, step.as)
            else retain()
          }
          sawStale += staleGroups()
          agree()
          retain()
          assert.equal(staleGroups(), 0, 'retention makes them anew')
          agree()
        })
        .beforeEach(() => {
          db.close()
          db = openForWriting(':memory:')
          writer = createWriter(db, { segmentRevisions: 10 })
          reader = createReader(db)
          for (const id of [DEVICE_A, DEVICE_B]) devices[id] = enroll(writer, id).device
          sequence = 0
        }),
      { numRuns: times('FRESHET_STORE_RUNS', { usual: 8, long: 25 }) },
    )
    assert.ok(sawStale > 0, 'some were stale')
  })

  it('answer for sealed segments: the alerts in them are not looked at', () => {
    for (let number = 1; number <= 35; number++) put(number)
    const sealed = segmentsOf(db).slice(0, -1)
    assert.ok(sealed.length >= 3)
    const before = groupsOf({ severity: 2, status: [Status.open] })
    // What nobody looks at can be anything.
    for (const n of sealed) db.exec(`UPDATE alert_${n} SET bytes_out = 1, score = 1`)
    assert.deepEqual(groupsOf({ severity: 2, status: [Status.open] }), before)
    assert.deepEqual(
      groupsOf({ since: unixNs(T0, 'at') }).alerts,
      35,
      'nor where all of a segment is in the range',
    )
  })

  it('leave out segments that have nothing of a range of time', () => {
    for (let number = 1; number <= 35; number++) put(number)
    const [first] = segmentsOf(db)
    // Without these tables each look at the segment fails.
    db.exec(`DROP TABLE alert_${first}; DROP TABLE group_${first}`)
    const since = unixNs(T0 + 150n, 'at')
    assert.equal(groupsOf({ since }).alerts, 21)
    assert.equal(alertsOf({ since }).total, 21)
    assert.equal(alertsOf({ since, sort: 'score' }).alerts.length, 21)
    assert.throws(() => groupsOf())
  })

  it('are made of what an earlier version sealed', () => {
    for (let number = 1; number <= 35; number++) put(number)
    const before = groupsOf()
    for (const n of segmentsOf(db).slice(0, -1))
      db.exec(`DROP TABLE group_${n}; DROP INDEX alert_${n}_likeness`)
    db.exec(`DROP TABLE stale_group; ALTER TABLE segment DROP COLUMN opened_first;
      ALTER TABLE segment DROP COLUMN opened_last`)
    addAlertSums(db)
    reader = createReader(db)
    assert.deepEqual(groupsOf(), before)
    // By the sums, and not by the alerts.
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE name LIKE 'group_%'").all()
    assert.equal(tables.length, segmentsOf(db).length - 1)
  })

  it('go with their segment', () => {
    for (let number = 1; number <= 35; number++) put(number)
    const [first] = segmentsOf(db)
    say(1, 1)
    assert.equal(staleGroups(), 1)
    while (writer.retain(T0 + 1000n, { ageNs: 1n, bytes: 2 ** 50 }).more);
    assert.ok(!segmentsOf(db).includes(first as number))
    assert.equal(staleGroups(), 0)
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE name LIKE 'group_%'").all()
    assert.equal(tables.length, segmentsOf(db).length - 1)
    agree()
  })
})
