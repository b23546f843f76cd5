// What people say of alerts: kept as long as its alert, never overwritten unseen, never reset by an agent.
import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import {
  type Answers,
  type Query,
  STATUSES,
  Status,
  type TriageEntry,
  type TriageSaid,
} from '../../src/collector/store/protocol.ts'
import { createReader } from '../../src/collector/store/reader.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { ENTRIES_MAX } from '../../src/collector/store/triage.ts'
import { triageInfo } from '../../src/collector/store/triage-reader.ts'
import { createWriter, type Writer } from '../../src/collector/store/writer.ts'
import type { TriageInfo } from '../../src/collector/views/page-api.ts'
import { bytes } from '../../src/units.ts'
import { times } from '../long.ts'
import { alertOf, DEVICE_A, DEVICE_B, itemOf, T0, uidOf } from './agent.ts'
import { append, batchOf, count, enroll, segmentsOf } from './store-fixture.ts'

const ACTIVE = [Status.open, Status.acknowledged, Status.grown]
const DAY_NS = 86_400_000_000_000n
const idOf = (number: number) => number.toString(16).padStart(32, '0')

describe("the store's triage", () => {
  let db: DatabaseSync
  let writer: Writer
  let device: number
  let sequence: number
  beforeEach(() => {
    db = openForWriting(':memory:')
    writer = createWriter(db, { segmentRevisions: 5 })
    device = enroll(writer).device
    sequence = 0
  })
  afterEach(() => db.close())

  const say = (number: number, change: Partial<TriageSaid> = {}, nowNs = T0 + 50n) => {
    const said = {
      alertId: idOf(number),
      deviceId: DEVICE_A,
      revision: 0,
      status: Status.closed,
      by: 'ada',
      note: '',
      ...change,
    }
    const [done] = writer.commit([{ op: 'triage', nowNs, said }])
    assert(done?.op === 'triage')
    return done.outcome
  }
  const list = (query: Partial<Extract<Query, { op: 'alerts' }>> = {}) =>
    createReader(db).answer({
      op: 'alerts',
      limit: 500,
      before: undefined,
      deviceId: undefined,
      severity: undefined,
      ...query,
    }) as Answers['alerts']
  const detail = (number: number, deviceId?: string) =>
    createReader(db).answer({ op: 'alert', id: idOf(number), deviceId }) as Answers['alert']
  /** A revision of an alert. */
  const tell = (number: number, change: Parameters<typeof alertOf>[1] = {}, of = device) => {
    sequence += 1
    const finding = {
      at: alertOf(1).openedAt,
      kind: 'alert' as const,
      alert: alertOf(number, change),
    }
    return append(writer, batchOf(of, 0, [itemOf(sequence, finding, uidOf(sequence))]))
  }
  const listed = (query: Parameters<typeof list>[0] = {}) =>
    list(query).alerts.map(({ id }) => Number.parseInt(id, 16))

  it('is nothing until somebody says something, and then who, when and how the alert was', () => {
    tell(1)
    assert.equal(detail(1)?.triage, null)
    assert.deepEqual(detail(1)?.triageHistory, [])
    assert.equal(
      say(1, { status: Status.acknowledged, note: 'asked the owner\nof the machine' }),
      'done',
    )
    assert.equal(say(1, { status: Status.closed, revision: 1, by: 'bo' }), 'done')
    const { triage, triageHistory } = detail(1) ?? {}
    const then = { alertRevision: 1, severity: 'medium', bytesOut: 8_400_000 }
    const by = (name: string) => ({ by: name, statusBy: name })
    const at = { at: `${T0 + 50n}`, statusAt: `${T0 + 50n}` }
    const first = { revision: 1, status: 'acknowledged', ...by('ada'), ...at, ...then }
    assert.deepEqual(triage, { ...first, revision: 2, status: 'closed', ...by('bo') })
    assert.deepEqual(triageHistory, [
      { ...first, note: ['asked the owner', 'of the machine'] },
      { ...triage, note: [] },
    ])
    assert.deepEqual(list().alerts[0]?.triage, triage)
  })

  it('names who closed it, not who added a note since, in lists, in its history and as it is told', () => {
    tell(1)
    say(1, { status: Status.acknowledged, by: 'ada' })
    say(1, { revision: 1, by: 'bo' }, T0 + 60n)
    say(1, { revision: 2, by: 'cy', note: 'the ticket is 12' }, T0 + 70n)
    const closed = { by: 'cy', at: `${T0 + 70n}`, statusBy: 'bo', statusAt: `${T0 + 60n}` }
    const pick = ({ by, at, statusBy, statusAt }: TriageInfo) => ({ by, at, statusBy, statusAt })
    assert.deepEqual(pick(list().alerts[0]?.triage as TriageInfo), closed)
    assert.deepEqual(pick(detail(1)?.triageHistory.at(-1) as TriageInfo), closed)
    const { triaged } = tell(1, { revision: 2 })
    assert.deepEqual(pick(triageInfo(triaged[0]?.triage as TriageEntry)), closed)
    // Closed again after it was opened again: the first time does not count.
    say(1, { revision: 3, status: Status.open, by: 'di' }, T0 + 80n)
    say(1, { revision: 4, by: 'ed' }, T0 + 90n)
    assert.equal(list().alerts[0]?.triage?.statusBy, 'ed')
    assert.deepEqual(
      detail(1)?.triageHistory.map(({ statusBy }) => statusBy),
      ['ada', 'bo', 'bo', 'di', 'ed'],
    )
  })

  it('is refused to who has not seen what another one said', () => {
    tell(1)
    assert.equal(say(1, { status: Status.closed, by: 'ada' }), 'done')
    assert.equal(say(1, { status: Status.acknowledged, by: 'bo' }), 'conflict')
    assert.equal(say(1, { status: Status.acknowledged, by: 'bo', revision: 2 }), 'conflict')
    assert.equal(detail(1)?.triage?.by, 'ada')
    assert.equal(detail(1)?.triageHistory.length, 1)
    assert.equal(say(2), 'missing')
    assert.equal(say(1, { deviceId: DEVICE_B }), 'missing')
  })

  it("is of one device's alert, whatever id another device gives its own", () => {
    const other = enroll(writer, DEVICE_B).device
    tell(1)
    tell(1, {}, other)
    assert.equal(say(1, { deviceId: DEVICE_A }), 'done')
    assert.equal(detail(1, DEVICE_A)?.triage?.status, 'closed')
    assert.equal(detail(1, DEVICE_B)?.triage, null)
  })

  it('outlives revisions of its alert, over segments; what was closed is shown again when it grows', () => {
    tell(1)
    tell(2)
    say(1)
    say(2, { status: Status.acknowledged })
    for (let number = 10; number < 20; number++) tell(number)
    assert(segmentsOf(db).length > 2)
    // The same figures once more, final: nothing that was not there when it was closed.
    tell(1, { revision: 2, state: 'final' })
    tell(2, { revision: 2, bytesOut: bytes(9_000_000, 'bytesOut') })
    assert.equal(detail(1)?.triage?.status, 'closed')
    assert.equal(detail(2)?.triage?.status, 'acknowledged')
    assert.deepEqual(listed({ status: [Status.closed, Status.grown] }), [1])
    assert(!listed({ status: ACTIVE }).includes(1))
    const stored = tell(1, { revision: 3, bytesOut: bytes(8_400_001, 'bytesOut') })
    assert.deepEqual(
      stored.triaged.map(({ index, triage }) => [index, triage.by]),
      [[0, 'ada']],
    )
    assert(listed({ status: ACTIVE }).includes(1), 'it has grown')
    assert.equal(detail(1)?.triage?.status, 'closed', "the person's word stays")
    assert.deepEqual(list().statuses, { open: 10, acknowledged: 1, closed: 0, grown: 1 })
    // Closed as it is now.
    assert.equal(say(1, { revision: 1 }), 'done')
    assert.deepEqual(list().statuses, { open: 10, acknowledged: 1, closed: 1, grown: 0 })
    tell(1, { revision: 4, bytesOut: bytes(8_400_001, 'bytesOut'), severity: 'high' })
    assert.equal(list().statuses.grown, 1, 'more severe is more')
  })

  it('is kept at a full table no more, and says so', () => {
    db.close()
    db = openForWriting(':memory:')
    writer = createWriter(db, { triageBytes: 1000 })
    device = enroll(writer).device
    tell(1)
    assert.equal(say(1, { note: 'x'.repeat(900) }), 'full')
    assert.equal(detail(1)?.triage, null)
    assert.equal(say(1, { note: 'x'.repeat(500) }), 'done')
    assert.equal(say(1, { note: 'x'.repeat(500), revision: 1 }), 'full')
    // What is held is known to the next writer too.
    writer = createWriter(db, { triageBytes: 1000 })
    assert.equal(say(1, { note: 'x'.repeat(500), revision: 1 }), 'full')
  })

  it('holds so many entries of one alert', () => {
    tell(1)
    for (let revision = 0; revision < ENTRIES_MAX; revision++)
      assert.equal(say(1, { revision, note: 'more' }), 'done')
    assert.equal(say(1, { revision: ENTRIES_MAX, note: 'more' }), 'full')
    assert.equal(detail(1)?.triageHistory.length, ENTRIES_MAX)
  })

  it('goes with its alert, and only then; what it took is free again', () => {
    db.close()
    db = openForWriting(':memory:')
    writer = createWriter(db, { segmentRevisions: 5, triageBytes: 2000 })
    device = enroll(writer).device
    for (let number = 1; number <= 12; number++) tell(number)
    say(1, { note: 'x'.repeat(800) })
    say(12, { note: 'x'.repeat(800) })
    assert.equal(say(11, { note: 'x'.repeat(800) }), 'full')
    // The newest alert's row moves out of the segment that is about to go.
    tell(2, { revision: 2 })
    say(2, { revision: 0, status: Status.acknowledged })
    let more = true
    for (let steps = 0; more && steps < 20; steps++)
      more = writer.retain(T0 + 1n + BigInt(steps), { ageNs: 100n * DAY_NS, bytes: 1 }).more
    assert.equal(detail(1), undefined)
    assert.equal(detail(2)?.triage?.status, 'acknowledged')
    assert.equal(detail(12)?.triage?.status, 'closed')
    assert.equal(count(db, 'triage'), 2)
    assert.deepEqual(list().statuses, { open: 1, acknowledged: 1, closed: 1, grown: 0 })
    assert.equal(say(11, { note: 'x'.repeat(800) }), 'done', 'room was made')
  })

  it('tallies and lists as a plain model does, whatever happens in which order', () => {
    type Model = Map<number, { status: Status; said: number; atClosing: number; bytesOut: number }>
    const step = fc.oneof(
      fc.record({ of: fc.integer({ min: 1, max: 6 }), more: fc.integer({ min: 0, max: 2 }) }),
      fc.record({
        of: fc.integer({ min: 1, max: 6 }),
        say: fc.constantFrom(Status.open, Status.acknowledged, Status.closed),
      }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const own = openForWriting(':memory:')
        const writing = createWriter(own, { segmentRevisions: 3 })
        const of = enroll(writing).device
        const model: Model = new Map()
        let last = 0
        for (const one of steps) {
          const known = model.get(one.of)
          if ('more' in one) {
            last += 1
            const bytesOut = (known?.bytesOut ?? 0) + one.more
            const change = { revision: last, bytesOut: bytes(bytesOut, 'bytesOut') }
            append(writing, batchOf(of, 0, [alertOfItem(one.of, last, change)]))
            const grew = known?.status === Status.closed && bytesOut > known.atClosing
            model.set(one.of, {
              status: grew ? Status.grown : (known?.status ?? Status.open),
              said: known?.said ?? 0,
              atClosing: known?.atClosing ?? 0,
              bytesOut,
            })
          } else {
            const said = {
              ...{ alertId: idOf(one.of), deviceId: DEVICE_A, by: 'ada', note: 'n' },
              ...{ revision: known?.said ?? 0, status: one.say },
            }
            const [done] = writing.commit([{ op: 'triage', nowNs: T0, said }])
            assert.deepEqual(done, { op: 'triage', outcome: known ? 'done' : 'missing' })
            if (known)
              model.set(one.of, {
                ...known,
                ...{ status: one.say, said: known.said + 1, atClosing: known.bytesOut },
              })
          }
        }
        const reader = createReader(own)
        const ask = (status: readonly Status[] | undefined, text?: string) =>
          reader.answer({
            op: 'alerts',
            limit: 100,
            ...{ before: undefined, deviceId: undefined, severity: undefined, status, text },
          }) as Answers['alerts']
        for (const text of [undefined, 'backup-tool'])
          for (const status of [undefined, ...STATUSES.map((one) => [one]), ACTIVE]) {
            const expected = [...model]
              .filter(([, alert]) => status === undefined || status.includes(alert.status))
              .map(([number]) => number)
            const answer = ask(status, text)
            assert.equal(answer.total, expected.length)
            assert.deepEqual(
              answer.alerts.map(({ id }) => Number.parseInt(id, 16)).sort((a, b) => a - b),
              expected.sort((a, b) => a - b),
            )
          }
        own.close()
      }),
      { numRuns: times('FRESHET_STORE_RUNS', { usual: 30, long: 100 }) },
    )
  })
})

const alertOfItem = (
  number: number,
  sequence: number,
  change: Parameters<typeof alertOf>[1],
): Uint8Array =>
  itemOf(sequence, {
    at: alertOf(1).openedAt,
    kind: 'alert',
    alert: alertOf(number, change),
  })
