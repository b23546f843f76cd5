// All that an agent with a token could try against the collector and the other agents. What it sends is well-formed:
// hostile.test.ts has what is not, numbers.test.ts what it does with numbers that are not its own.
import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import type { Answers, Query, Retained } from '../../src/collector/store/protocol.ts'
import { REFUSED } from '../../src/collector/store/protocol.ts'
import { createReader } from '../../src/collector/store/reader.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { createWriter, type Writer } from '../../src/collector/store/writer.ts'
import type { UnixNs } from '../../src/units.ts'
import {
  alertItem,
  DEVICE_A,
  DEVICE_B,
  destinationOf,
  identityOf,
  itemOf,
  processOf,
  T0,
} from './agent.ts'
import { append, batchOf, count, enroll, ofSegments } from './store-fixture.ts'

const KiB = 1024
const DAY_NS = 86_400_000_000_000n
const FOREVER = { ageNs: 2n ** 63n - 1n, bytes: 1e15 }
const BUDGETS = { inventory: 256 * KiB, summaries: 32 * KiB, health: 16 * KiB }

function sightingItem(sequence: number, key: string, change = {}): Uint8Array {
  return itemOf(sequence, {
    at: T0 as UnixNs,
    kind: 'sighting',
    sighting: {
      of: 'identity',
      identity: identityOf(key.slice(-12), { key, ...change }),
      process: processOf('/opt/x'),
      destination: undefined,
    },
  })
}

function summaryItem(sequence: number, key: string, destination: string, hourAt = T0): Uint8Array {
  return itemOf(sequence, {
    at: T0 as UnixNs,
    kind: 'summary',
    summary: {
      identityKey: key,
      destination: destinationOf(destination),
      hourAt: hourAt as UnixNs,
      bytesOut: 1 as never,
      bytesIn: 1 as never,
      flows: 1,
      largestFlowOut: 1 as never,
    },
  })
}

const healthItem = (sequence: number, text: string): Uint8Array =>
  itemOf(sequence, { at: T0 as UnixNs, kind: 'health', health: { of: 'loss', text, count: 1 } })

describe('an agent that would fill the store', () => {
  let db: DatabaseSync
  let writer: Writer
  let mallory: number
  let honest: number
  let sequence = 0
  beforeEach(() => {
    db = openForWriting(':memory:')
    writer = createWriter(db, { segmentRevisions: 50, budgets: BUDGETS })
    honest = enroll(writer, DEVICE_B).device
    mallory = enroll(writer, DEVICE_A).device
    sequence = 0
  })
  afterEach(() => db.close())

  /** How many of `number` items were stored. */
  const send = (device: number, number: number, make: (n: number) => Uint8Array) => {
    const items = Array.from({ length: number }, () => make(++sequence))
    const { storedAt, refusals } = append(writer, batchOf(device, 0, items))
    return { stored: storedAt.filter((at) => at !== REFUSED).length, refusals }
  }
  const flood = (n: number) => sightingItem(n, `unsigned:sha256:${'k'.repeat(4000)}${n}`)
  const retain = (keep = FOREVER, nowNs = T0) => {
    const all: Retained[] = []
    do all.push(writer.retain(nowNs, keep))
    while (all.at(-1)?.more && all.length < 1000)
    assert.equal(all.at(-1)?.more, false)
    return all
  }
  const read = <Q extends Query>(query: Q) => createReader(db).answer(query) as Answers[Q['op']]
  const identities = (deviceId: string) =>
    read({ op: 'identities', limit: 1000, deviceId, text: undefined })
  const bytesOf = (device: number, kind: string) =>
    Number(db.prepare(`SELECT ${kind} AS n FROM held WHERE device = ?`).get(device)?.n ?? 0)

  it('with names: is refused beyond its own budget and named, and the others are served', () => {
    const { stored, refusals } = send(mallory, 200, flood)
    assert.ok(stored < 40, `${stored} of 200 were stored`)
    assert.equal(refusals.length, 200 - stored)
    assert.match(refusals[0]?.reason ?? '', /more names and sightings than are kept of one device/)
    assert.equal(send(honest, 20, (n) => sightingItem(n, `own-${n}`)).stored, 20)
    assert.equal(count(db, 'item'), stored + 20)
    const [told] = retain().flatMap((step) => step.told)
    assert.equal(told?.count, 200 - stored)
    assert.match(told?.text ?? '', /"mac-1" \(0f8fad5b.*more names and sightings/)
    const { events } = read({ op: 'health', limit: 9 })
    assert.deepEqual(
      events.map((event) => event.kind),
      ['budget'],
    )
    assert.equal(identities(DEVICE_B).total, 20)
  })

  it('its oldest names give way to its newest, with all that was kept of them', () => {
    const sent = Array.from({ length: 12 }, () => {
      const { stored } = send(mallory, 10, flood)
      retain()
      return stored
    })
    assert.deepEqual(sent.slice(2), Array(10).fill(sent[2]))
    assert.ok((sent[2] ?? 0) > 3)
    assert.ok(bytesOf(mallory, 'inventory') <= BUDGETS.inventory * 0.75)
    // What was last stored is there, and there is no name without a device that has it.
    const { identities: kept } = identities(DEVICE_A)
    assert.equal(count(db, 'identity'), kept.length)
    assert.equal(count(db, 'sighting'), kept.length)
  })

  it('with destinations, hours and sentences: each has its budget, and none takes from another', () => {
    const many = send(mallory, 1000, (n) => summaryItem(n, 'a', `host-${n}.example:443`))
    assert.equal(many.stored, Math.floor(BUDGETS.summaries / 96))
    assert.match(many.refusals[0]?.reason ?? '', /more hourly summaries/)
    const talk = send(mallory, 100, (n) => healthItem(n, `${n}${'x'.repeat(1000)}`))
    assert.ok(talk.stored < 20 && talk.stored > 10)
    assert.equal(send(mallory, 5, (n) => sightingItem(n, `s-${n}`)).stored, 5)
    assert.equal(send(honest, 50, (n) => summaryItem(n, 'a', `own-${n}:443`)).stored, 50)
    retain()
    assert.ok(bytesOf(mallory, 'summaries') <= BUDGETS.summaries * 0.75)
    assert.ok(bytesOf(mallory, 'health') <= BUDGETS.health * 0.75)
    assert.equal(send(mallory, 1, (n) => summaryItem(n, 'a', 'new:443')).stored, 1)
    assert.equal(send(mallory, 1, (n) => healthItem(n, 'new')).stored, 1)
    assert.equal(bytesOf(honest, 'summaries'), 50 * 96)
  })

  it('with hours of the far future: they go before what it says next, like any other', () => {
    const far = T0 + 400n * DAY_NS
    send(mallory, 400, (n) => summaryItem(n, 'a', `h-${n}:443`, far))
    retain()
    assert.equal(send(mallory, 1, (n) => summaryItem(n, 'a', 'now:443')).stored, 1)
  })

  it('beyond what all may have, it pays and they do not, and alerts are the last to go', () => {
    writer = createWriter(db, { budgets: { ...BUDGETS, inventory: 64 * KiB * KiB } })
    send(honest, 100, (n) => alertItem(n))
    send(honest, 10, (n) => sightingItem(n, `own-${n}`))
    const keep = { ...FOREVER, bytes: 3 * KiB * KiB }
    retain(keep)
    const { stored } = send(mallory, 400, flood)
    assert.ok(stored > 50 && stored < 200, `${stored} of 400 were stored`)
    assert.ok(bytesOf(mallory, 'inventory') <= keep.bytes / 2)
    assert.equal(send(mallory, 1, flood).stored, 0)
    assert.equal(send(honest, 10, (n) => sightingItem(n, `own-${n}`)).stored, 10)
    // A smaller bound, as after a restart with another: the largest gives way, and nobody else.
    retain({ ...FOREVER, bytes: KiB * KiB })
    assert.ok(bytesOf(mallory, 'inventory') <= (KiB * KiB) / 2)
    assert.equal(identities(DEVICE_B).total, 20)
    assert.equal(ofSegments(db, 'alert').length, 100)
  })

  it('with names, where the store is full: no alert of another is dropped for them', () => {
    for (const number of [60, 59, 1]) send(honest, number, (n) => alertItem(n))
    const { usedBytes } = writer.retain(T0, FOREVER)
    const keep = { ...FOREVER, bytes: usedBytes / 0.65 }
    for (let round = 0; round < 10; round++) {
      send(mallory, 30, flood)
      assert.deepEqual(
        retain(keep).filter((step) => step.dropped),
        [],
      )
    }
    assert.equal(ofSegments(db, 'alert').length, 120)
  })

  it('with alerts: its own oldest go, and of the others none', () => {
    send(honest, 30, (n) => alertItem(n))
    const large = (n: number) => alertItem(n, { sentence: 's'.repeat(3000) })
    for (let round = 0; round < 20; round++) send(mallory, 50, large)
    const alertsOf = (deviceId: string) =>
      read({ op: 'alerts', limit: 500, before: undefined, deviceId, severity: undefined })
    const [newest] = alertsOf(DEVICE_A).alerts
    const { usedBytes } = writer.retain(T0, FOREVER)
    const steps = retain({ ...FOREVER, bytes: usedBytes / 2 })
    assert.deepEqual(
      steps.filter((step) => step.dropped),
      [],
    )
    const told = steps.flatMap((step) => step.told)
    assert.match(told[0]?.text ?? '', /revisions of alerts of "mac-1".*far more than its share/)
    assert.equal(alertsOf(DEVICE_B).total, 30)
    assert.equal(alertsOf(DEVICE_B).alerts.length, 30)
    const { total, alerts } = alertsOf(DEVICE_A)
    assert.ok(total > 100 && total < 1000)
    assert.equal(alerts.length, Math.min(500, total))
    assert.equal(alerts[0]?.id, newest?.id)
  })

  it('without a single alert: what is old goes all the same', () => {
    send(mallory, 10, (n) => summaryItem(n, 'a', `h-${n}:443`))
    send(mallory, 10, (n) => healthItem(n, 'x'))
    retain({ ...FOREVER, ageNs: 30n * DAY_NS }, T0 + 31n * DAY_NS)
    for (const table of ['pair_hour', 'health', 'item']) assert.equal(count(db, table), 0, table)
    assert.equal(bytesOf(mallory, 'summaries') + bytesOf(mallory, 'health'), 0)
  })

  it('its first-seen times of the future lead no list', () => {
    send(mallory, 3, (n) =>
      sightingItem(n, `f-${n}`, { firstSeenAt: T0 + 9000n * DAY_NS, firstNetworkAt: undefined }),
    )
    append(writer, batchOf(honest, 0, [sightingItem(++sequence, 'own')]), T0 + DAY_NS)
    append(
      writer,
      batchOf(honest, 0, [sightingItem(++sequence, 'later', { firstSeenAt: T0 + 5n })]),
      T0 + DAY_NS,
    )
    const { identities: list } = read({
      op: 'identities',
      limit: 9,
      deviceId: undefined,
      text: undefined,
    })
    assert.equal(list[0]?.key, 'later')
    assert.ok(list.every(({ firstSeenAt }) => BigInt(firstSeenAt) <= T0 + DAY_NS))
  })
})
