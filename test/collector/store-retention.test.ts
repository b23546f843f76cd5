import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { Devices } from '../../src/collector/gateway/devices.ts'
import type { Doubt } from '../../src/collector/keeping/clock-watch.ts'
import { createKeeper, type Keeper } from '../../src/collector/keeping/keeper.ts'
import type { Answers, Keep, Retained } from '../../src/collector/store/protocol.ts'
import { createReader } from '../../src/collector/store/reader.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { createWriter, type Writer } from '../../src/collector/store/writer.ts'
import { Counters } from '../../src/collector/terms/counters.ts'
import type { PageEvent } from '../../src/collector/views/page-api.ts'
import type { Bytes, UnixNs } from '../../src/units.ts'
import { times } from '../long.ts'
import { hello } from '../stream/uplink-fixture.ts'
import { alertItem, alertOf, destinationOf, itemOf, T0 } from './agent.ts'
import { append, batchOf, count, enroll, ofSegments, segmentsOf } from './store-fixture.ts'

const SEGMENT = 10
const DAY_NS = 86_400_000_000_000n
const MS_NS = 1_000_000n
const ALL = { ageNs: 2n ** 63n - 1n, bytes: 1e15 }

describe("the store's retention", () => {
  let db: DatabaseSync
  let writer: Writer
  let device: number
  beforeEach(() => {
    db = openForWriting(':memory:')
    writer = createWriter(db, { segmentRevisions: SEGMENT })
    device = enroll(writer).device
  })
  afterEach(() => db.close())

  /** Items `from` to `to`, each stored in the millisecond that its id (uidOf) is from. */
  const fill = (from: number, to: number) => {
    for (let number = from; number <= to; number++)
      append(writer, batchOf(device, 0, [alertItem(number)]), T0 + BigInt(number) * MS_NS)
  }
  const retain = (nowNs: bigint, keep: Keep): Retained['dropped'][] => {
    const dropped: Retained['dropped'][] = []
    for (let steps = 0; steps < 1000; steps++) {
      const step = writer.retain(nowNs, keep)
      if (step.dropped) dropped.push(step.dropped)
      if (!step.more) return dropped
    }
    throw new Error('retention does not come to an end')
  }
  const read = <T>(query: Parameters<ReturnType<typeof createReader>['answer']>[0]) =>
    createReader(db).answer(query) as T
  const total = () =>
    read<Answers['alerts']>({
      op: 'alerts',
      limit: 500,
      before: undefined,
      deviceId: undefined,
      severity: undefined,
    })

  it('drops whole segments that are too old, with all that leads to them, and says so', () => {
    fill(1, 3 * SEGMENT + 5)
    const now = T0 + BigInt(2 * SEGMENT) * MS_NS + 30n * DAY_NS + 1n
    const dropped = retain(now, { ...ALL, ageNs: 30n * DAY_NS })
    assert.deepEqual(
      dropped.map((health) => health?.count),
      [SEGMENT, SEGMENT],
    )
    assert.deepEqual(segmentsOf(db).slice(0, 1), [3])
    const { alerts, total: listed } = total()
    assert.equal(listed, SEGMENT + 5)
    assert.equal(alerts.length, SEGMENT + 5)
    assert.equal(ofSegments(db, 'revision').length, SEGMENT + 5)
    // The ids of the millisecond of the horizon itself stay.
    assert.equal(count(db, 'item'), SEGMENT + 6)
    const { events } = read<Answers['health']>({ op: 'health', limit: 9 })
    assert.deepEqual(
      events.map(({ deviceId, kind, count: of }) => ({ deviceId, kind, of })),
      [
        { deviceId: '', kind: 'retention', of: SEGMENT },
        { deviceId: '', kind: 'retention', of: SEGMENT },
      ],
    )
    assert.match(
      events[0]?.text ?? '',
      /10 revisions of alerts, stored until 2026-.* dropped: older/,
    )
  })

  it('tells of one revision as of one', () => {
    fill(1, 1)
    const { dropped } = writer.retain(T0 + 3n * DAY_NS, { ...ALL, ageNs: DAY_NS })
    assert.match(dropped?.text ?? '', /^1 revision of alerts, stored until .*, was dropped: older/)
  })

  it('drops nothing that is young, and ends the segment of a store where little happens', () => {
    fill(1, 3)
    const keep = { ...ALL, ageNs: 30n * DAY_NS }
    assert.deepEqual(retain(T0 + 2n * DAY_NS, keep), [])
    assert.deepEqual(segmentsOf(db), [1])
    assert.deepEqual(retain(T0 + 4n * DAY_NS, keep), [])
    assert.deepEqual(segmentsOf(db), [1, 2])
    assert.equal(total().total, 3)
    assert.equal(retain(T0 + 40n * DAY_NS, keep).length, 1)
    assert.equal(total().total, 0)
  })

  it('drops the oldest until no more than was asked is used, but never what is being written', () => {
    fill(1, 6 * SEGMENT + 1)
    const { usedBytes } = writer.retain(T0, ALL)
    const some = retain(T0, { ...ALL, bytes: usedBytes - 4096 })
    assert.equal(some.length, 1)
    assert.match(some[0]?.text ?? '', /the oldest of more than is kept/)
    assert(writer.retain(T0, ALL).usedBytes <= usedBytes - 4096)
    retain(T0, { ...ALL, bytes: 1 })
    assert.equal(segmentsOf(db).length, 1)
    assert.equal(total().total, 1)
  })

  it('keeps history whole that is longer than what is kept, from where it is kept', () => {
    const id = 'a'.repeat(32)
    for (let number = 1; number <= 4 * SEGMENT; number++)
      append(writer, batchOf(device, 0, [alertItem(number, { id, revision: number })]))
    retain(T0, { ...ALL, bytes: 1 })
    const detail = read<Answers['alert']>({ op: 'alert', id })
    assert.equal(detail?.revision, 4 * SEGMENT)
    assert.equal(detail?.revisions[0]?.revision, 3 * SEGMENT + 1)
    assert.equal(total().total, 1)
  })

  it('drops hours of pairs for their age in pieces, however many there are of one hour, and where there are no alerts', () => {
    const summaries = Array.from({ length: 250 }, (_, index) =>
      itemOf(index + 1, {
        at: T0 as UnixNs,
        kind: 'summary',
        summary: {
          identityKey: 'a',
          destination: destinationOf(`203.0.113.${index}:443`),
          hourAt: T0 as UnixNs,
          bytesOut: 1 as Bytes,
          bytesIn: 1 as Bytes,
          flows: 1,
          largestFlowOut: 1 as Bytes,
        },
      }),
    )
    append(writer, batchOf(device, 0, summaries))
    db.exec(`INSERT INTO pair_hour
      WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 26000)
      SELECT ${device}, ${T0}, i, 1, 1, 1, 1, 1 FROM n`)
    db.exec('UPDATE held SET summaries = 96 * (SELECT count(*) FROM pair_hour)')
    writer = createWriter(db, { segmentRevisions: SEGMENT })
    const pieces: number[] = []
    for (let steps = 0; count(db, 'pair_hour') > 0 && steps < 10; steps++) {
      const before = count(db, 'pair_hour')
      writer.retain(T0 + 2n * DAY_NS, { ...ALL, ageNs: DAY_NS })
      pieces.push(before - count(db, 'pair_hour'))
    }
    assert.deepEqual(pieces, [10_000, 10_000, 5251])
    assert.equal(count(db, 'identity_device'), 1)
    assert.equal(count(db, 'destination'), 250)
  })

  it('stores nothing twice that comes again after it was dropped, and takes what is new however old', () => {
    fill(1, 2 * SEGMENT + 1)
    retain(T0, { ...ALL, bytes: 1 })
    // Below the horizon and acknowledged before: nobody can tell any more.
    const again = append(writer, batchOf(device, 0, [alertItem(1), alertItem(2 * SEGMENT + 1)]))
    assert.deepEqual([...again.storedAt], [-1n, 0n])
    assert.match(again.refusals[0]?.reason ?? '', /older than what is kept/)
    // As old by its id, but a number that was never acknowledged: the device was away, or its clock is slow.
    const alert = { at: T0 as UnixNs, kind: 'alert', alert: alertOf(500) } as const
    const old = Buffer.alloc(16, 1)
    const late = () => append(writer, batchOf(device, 0, [itemOf(500, alert, old)]))
    assert((late().storedAt[0] as bigint) > 0n)
    assert.equal(late().storedAt[0], 0n)
    assert.equal(total().total, 2)
    // Its id stays although it is so old: what is sent ahead of its turn may come under its number again.
    retain(T0, ALL)
    assert.equal(late().storedAt[0], 0n)
    writer = createWriter(db, { segmentRevisions: SEGMENT })
    assert.equal(late().storedAt[0], 0n)
    retain(T0, ALL)
    assert.equal(late().storedAt[0], -1n)
    assert.equal(total().total, 2)
  })

  it('counts right and lists each alert once, whatever comes between whatever is dropped', () => {
    const step = fc.oneof(
      fc.record({
        alert: fc.integer({ min: 1, max: 8 }),
        revision: fc.integer({ min: 1, max: 9 }),
        severity: fc.constantFrom('low' as const, 'medium' as const, 'high' as const),
      }),
      fc.constantFrom('drop' as const, 'restart' as const),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const own = openForWriting(':memory:')
        let mine = createWriter(own, { segmentRevisions: 3 })
        const { device: row } = enroll(mine)
        let sequence = 0
        for (const one of steps) {
          if (one === 'drop') mine.retain(T0, { ...ALL, bytes: 1 })
          else if (one === 'restart') mine = createWriter(own, { segmentRevisions: 3 })
          else {
            const id = `${one.alert}`.padStart(32, '0')
            sequence++
            append(mine, batchOf(row, 0, [alertItem(sequence, { ...one, id })]))
          }
        }
        const alerts = ofSegments(own, 'alert')
        const ids = alerts.map(({ id }) => Buffer.from(id as Uint8Array).toString('hex'))
        assert.equal(new Set(ids).size, ids.length)
        const tally = own.prepare('SELECT severity, alerts FROM tally WHERE alerts <> 0').all()
        for (const severity of [1, 2, 3])
          assert.equal(
            tally.find((of) => of.severity === severity)?.alerts ?? 0,
            alerts.filter((of) => of.severity === severity).length,
          )
        own.close()
      }),
      { numRuns: times('FRESHET_STORE_RUNS', { usual: 20, long: 60 }) },
    )
  })
})

describe("the store's keeper", () => {
  const KEEP = { ageNs: 30n * DAY_NS, bytes: 5e9 }
  const HOUR_MS = 3_600_000
  const { host } = hello
  const FACTS = { id: '', outboxId: '', agentVersion: '', host, isEnrolled: true }
  const ENROLLED = { device: 1, outbox: 1, lastSequence: 0, firstSeenAt: T0 }

  /** What an agent said: its time, since T0, and when, as `elapsedMs` of the beats. */
  type Said = { wallMs: number; atMs: number }
  function keeper(
    answers: Partial<Retained>[],
    newestAt = T0,
    said: Said[] = [],
    file: { doubt?: Doubt | undefined; isFull?: boolean } = {},
  ) {
    const asked: Keep[] = []
    const times: bigint[] = []
    const log: string[] = []
    const events: PageEvent[] = []
    const counters = new Counters()
    const made = createKeeper({
      store: {
        async retain(nowNs, keep) {
          asked.push(keep)
          times.push(nowNs)
          const answer = answers.shift()
          if (!answer) throw new Error('the disk is gone')
          return {
            more: false,
            usedBytes: 1e9,
            dropped: undefined,
            told: [],
            counts: { refused: 0, gaveWay: 0, revisions: 0 },
            ...answer,
          }
        },
        newestAt: async () => newestAt,
        noteStandings: async () => {},
      },
      keep: KEEP,
      counters,
      publish: (event) => void events.push(event),
      clockOffsetsMs(nowNs, elapsedMs) {
        const devices = new Devices(10)
        said.forEach(({ wallMs, atMs }, index) => {
          const device = devices.connect({ ...FACTS, id: `${index}` }, ENROLLED, true, T0 as UnixNs)
          const sentAt = (T0 + BigInt(wallMs) * MS_NS) as UnixNs
          // What the clock here was then says nothing.
          devices.heardTime(device, sentAt, 0n as UnixNs, atMs)
        })
        return devices.clockOffsetsMs(nowNs, elapsedMs, () => true)
      },
      doubtFile: {
        read: () => file.doubt,
        write(doubt) {
          if (file.isFull) throw new Error('no space left')
          file.doubt = doubt
        },
      },
      log: (text) => log.push(text),
    })
    return { made, asked, times, log, events, counters }
  }

  it('asks until there is no more to do, counts what went, and tells pages and log', async () => {
    const dropped = { at: T0, kind: 'retention', text: '7 revisions were dropped', count: 7 }
    const { made, asked, times, log, events, counters } = keeper([{ more: true, dropped }, {}])
    await made.beat(T0 as UnixNs, 0)
    assert.deepEqual(asked, [KEEP, KEEP])
    // Not what the clock says by then, which nobody has looked at.
    assert.deepEqual(times, [T0, T0])
    assert.equal(counters.read().revisionsDropped, 7)
    assert.deepEqual(log, ['7 revisions were dropped'])
    assert.deepEqual(
      events.map((event) => event.type === 'health' && event.health.count),
      [7],
    )
  })

  const YEAR_MS = 365 * 24 * HOUR_MS
  const beatOf =
    (made: Keeper) =>
    (wallMs: number, elapsedMs: number): Promise<void> =>
      made.beat((T0 + BigInt(wallMs) * MS_NS) as UnixNs, elapsedMs)

  it('drops nothing for its age once the clock was set, until agents’ clocks agree with it', async () => {
    const said: Said[] = []
    const { made, asked, log } = keeper([{}, {}, {}, {}, {}, {}], T0, said)
    const beat = beatOf(made)
    await beat(0, 0)
    await beat(HOUR_MS, HOUR_MS)
    await beat(YEAR_MS, 2 * HOUR_MS)
    await beat(YEAR_MS + 240 * HOUR_MS, 242 * HOUR_MS)
    const at = { atMs: 243 * HOUR_MS }
    const right = { ...at, wallMs: YEAR_MS + 241 * HOUR_MS - 5 }
    said.push({ ...at, wallMs: 243 * HOUR_MS }, { ...at, wallMs: 243 * HOUR_MS }, right)
    await beat(YEAR_MS + 241 * HOUR_MS, 243 * HOUR_MS)
    said.push({ ...right, wallMs: right.wallMs - 90_000 })
    await beat(YEAR_MS + 242 * HOUR_MS, 244 * HOUR_MS)
    assert.deepEqual(
      asked.map(({ ageNs }) => ageNs === KEEP.ageNs),
      [true, true, false, false, false, true],
    )
    assert.equal(log.length, 2)
    assert.match(log[0] ?? '', /the clock was set by 8758\.0 h/)
    assert.match(log[1] ?? '', /agents agree with this one/)
  })

  it('believes no clock that agents agreed with before it was set', async () => {
    const said: Said[] = [{ wallMs: 59_000, atMs: 59_000 }]
    const { made, asked } = keeper([{}, {}, {}, {}], T0, said)
    const beat = beatOf(made)
    await beat(0, 0)
    await beat(YEAR_MS, 60_000)
    await beat(YEAR_MS + 1000, 61_000)
    said[0] = { wallMs: YEAR_MS + 15_000, atMs: 75_000 }
    await beat(YEAR_MS + 60_000, 120_000)
    assert.deepEqual(
      asked.map(({ ageNs }) => ageNs === KEEP.ageNs),
      [true, false, false, true],
    )
  })

  it('ages what is stored by running time while the clock is doubted, and believes it when all is as old', async () => {
    const { made, asked, log } = keeper([{}, {}, {}, {}, {}])
    const beat = beatOf(made)
    const DAY_MS = 24 * HOUR_MS
    await beat(0, 0)
    await beat(YEAR_MS, 1000)
    // What is kept is as old as if the clock had never been set.
    assert.equal(asked[1]?.ageNs, KEEP.ageNs + BigInt(YEAR_MS - 1000) * MS_NS)
    await beat(YEAR_MS + 20 * DAY_MS, 20 * DAY_MS + 1000)
    assert.equal(asked[2]?.ageNs, asked[1]?.ageNs)
    await beat(YEAR_MS + 30 * DAY_MS - 1, 30 * DAY_MS + 999)
    assert.equal(asked[3]?.ageNs, asked[1]?.ageNs)
    await beat(YEAR_MS + 30 * DAY_MS, 30 * DAY_MS + 1000)
    assert.equal(asked[4]?.ageNs, KEEP.ageNs)
    assert.equal(log.length, 2)
    assert.match(log[1] ?? '', /the clock has gone on for 30 days/)
  })

  it('believes the clock when it is what it was, and counts anew when it is set once more', async () => {
    const file: { doubt?: Doubt | undefined } = {}
    const { made, asked, log } = keeper([{}, {}, {}, {}], T0, [], file)
    const beat = beatOf(made)
    await beat(0, 0)
    await beat(YEAR_MS, HOUR_MS)
    await beat(2 * YEAR_MS, 2 * HOUR_MS)
    assert.deepEqual(file.doubt, { carriedNs: T0 + 7_200_000_000_000n, ranMs: 0 })
    await beat(3 * HOUR_MS + 5, 3 * HOUR_MS)
    assert.deepEqual(
      asked.map(({ ageNs }) => ageNs === KEEP.ageNs),
      [true, false, false, true],
    )
    assert.equal(file.doubt, undefined)
    // The way back is a step too.
    assert.equal(log.length, 4)
    assert.match(log[3] ?? '', /the clock is what it was/)
  })

  it('goes on with a doubt of before it was started, and with the time that ran since', async () => {
    const DAY_MS = 24 * HOUR_MS
    const file: { doubt?: Doubt | undefined; isFull?: boolean } = {
      doubt: { carriedNs: T0, ranMs: 29 * DAY_MS },
    }
    // The newest has the time of the clock that is doubted.
    const newest = T0 + BigInt(YEAR_MS) * MS_NS
    const { made, asked, log } = keeper([{}, {}, {}], newest, [], file)
    const beat = beatOf(made)
    await beat(YEAR_MS, 0)
    assert.equal(asked[0]?.ageNs, KEEP.ageNs + BigInt(YEAR_MS) * MS_NS)
    await beat(YEAR_MS + HOUR_MS, HOUR_MS)
    assert.deepEqual(file.doubt, {
      carriedNs: T0 + 3_600_000_000_000n,
      ranMs: 29 * DAY_MS + HOUR_MS,
    })
    file.isFull = true
    await beat(YEAR_MS + DAY_MS, DAY_MS)
    assert.equal(asked[2]?.ageNs, KEEP.ageNs)
    assert.equal(log.filter((line) => line.includes('no space left')).length, 1)
  })

  it('believes no clock at its start that is far from the newest that was received', async () => {
    const { made, asked, log, events } = keeper([{}, {}])
    const beat = beatOf(made)
    await beat(400 * 24 * HOUR_MS, 0)
    await beat(400 * 24 * HOUR_MS + 60_000, 60_000)
    assert.ok(asked.every(({ ageNs }) => ageNs !== KEEP.ageNs))
    assert.deepEqual(log.length, 1)
    assert.match(log[0] ?? '', /the clock is 9600\.0 h from the newest that was received/)
    assert.equal(events.length, 1)
    const fresh = keeper([{}], 0n)
    await beatOf(fresh.made)(400 * 24 * HOUR_MS, 0)
    assert.equal(fresh.asked[0]?.ageNs, KEEP.ageNs)
  })

  it('says once when the rest is too large, and says why when the store cannot', async () => {
    const { made, log } = keeper([{ usedBytes: 6e9 }, { usedBytes: 6e9 }])
    for (let beats = 0; beats < 3; beats++) await made.beat(T0 as UnixNs, 0)
    assert.equal(log.length, 2)
    assert.match(log[0] ?? '', /6\.0 GB where 5 GB may be kept/)
    assert.match(log[1] ?? '', /cannot be dropped now: the disk is gone/)
  })
})
