// All that an enrolled device could fill the store, its lists and its answers with, each once. docs/security.md has the
// table, malicious-agent.test.ts what else it could try.
import assert from 'node:assert/strict'
import type { Retained } from '../../src/collector/store/protocol.ts'
import { createWriter } from '../../src/collector/store/writer.ts'
import type {
  AlertDetail,
  AlertsResponse,
  HealthResponse,
  IdentitiesResponse,
} from '../../src/collector/views/page-api.ts'
import type { UnixNs } from '../../src/units.ts'
import { alertItem, DEVICE_A, DEVICE_B, T0 } from './agent.ts'
import { type Fleet, runFleet, welcomed } from './enrolled.ts'
import {
  BUDGETS,
  droppedIn,
  FloodedStore,
  FOREVER,
  flood,
  healthItem,
  inParts,
  KiB,
  MiB,
  sightingItem,
  summaryItem,
  type Writing,
} from './mallory.ts'
import { count, ofSegments } from './store-fixture.ts'

const DAY_NS = 86_400_000_000_000n

describe('an agent that would fill the store', () => {
  let store: FloodedStore
  let mallory: Writing
  let honest: Writing
  beforeEach(() => {
    store = new FloodedStore()
    ;({ mallory, honest } = store)
  })
  afterEach(() => store.db.close())

  it('with names: is refused beyond its own budget and named, and the others are served', () => {
    const { stored, refusals } = mallory.send(200, flood)
    assert.ok(stored < 40, `${stored} of 200 were stored`)
    assert.equal(refusals.length, 200 - stored)
    assert.match(refusals[0]?.reason ?? '', /more names and sightings than are kept of one device/)
    assert.equal(honest.send(20, (n) => sightingItem(n, `own-${n}`)).stored, 20)
    assert.equal(count(store.db, 'item'), stored + 20)
    const [told] = store.retain().flatMap((step) => step.told)
    assert.equal(told?.count, 200 - stored)
    assert.match(told?.text ?? '', /“mac-1” \(0f8fad5b.*more names and sightings/)
    const { events } = store.read({ op: 'health', limit: 9 })
    assert.deepEqual(
      events.map(({ kind, text }) => [kind, /refused|gave way/.exec(text)?.[0]]),
      [
        ['budget', 'gave way'],
        ['budget', 'refused'],
      ],
    )
    assert.equal(store.identities(DEVICE_B).total, 20)
  })

  it('its oldest names give way to its newest, with all that was kept of them', () => {
    const sent = Array.from({ length: 12 }, () => {
      const { stored } = mallory.send(10, flood)
      store.retain()
      return stored
    })
    assert.deepEqual(sent.slice(2), Array(10).fill(sent[2]))
    assert.ok((sent[2] ?? 0) > 3)
    assert.ok(mallory.held('inventory') <= BUDGETS.inventory * 0.75)
    // What was last stored is there, and there is no name without a device that has it.
    const { identities: kept } = store.identities(DEVICE_A)
    assert.equal(count(store.db, 'identity'), kept.length)
    assert.equal(count(store.db, 'sighting'), kept.length)
  })

  it('with destinations, hours and sentences: each has its budget, and none takes from another', () => {
    const many = mallory.send(1000, (n) => summaryItem(n, 'a', `host-${n}.example:443`))
    assert.equal(many.stored, Math.floor(BUDGETS.summaries / 96))
    assert.match(many.refusals[0]?.reason ?? '', /more hourly summaries/)
    const talk = mallory.send(100, (n) => healthItem(n, `${n}${'x'.repeat(1000)}`))
    assert.ok(talk.stored < 20 && talk.stored > 10)
    assert.equal(mallory.send(5, (n) => sightingItem(n, `s-${n}`)).stored, 5)
    assert.equal(honest.send(50, (n) => summaryItem(n, 'a', `own-${n}:443`)).stored, 50)
    store.retain()
    assert.ok(mallory.held('summaries') <= BUDGETS.summaries * 0.75)
    assert.ok(mallory.held('health') <= BUDGETS.health * 0.75)
    assert.equal(mallory.send(1, (n) => summaryItem(n, 'a', 'new:443')).stored, 1)
    assert.equal(mallory.send(1, (n) => healthItem(n, 'new')).stored, 1)
    assert.equal(honest.held('summaries'), 50 * 96)
  })

  it('with hours of the far future: they go before what it says next, like any other', () => {
    const far = T0 + 400n * DAY_NS
    mallory.send(400, (n) => summaryItem(n, 'a', `h-${n}:443`, far))
    store.retain()
    assert.equal(mallory.send(1, (n) => summaryItem(n, 'a', 'now:443')).stored, 1)
  })

  it('beyond what all may have, it pays and they do not, and alerts are the last to go', () => {
    store.writer = createWriter(store.db, { budgets: { ...BUDGETS, inventory: 64 * MiB } })
    honest.send(100, (n) => alertItem(n))
    honest.send(10, (n) => sightingItem(n, `own-${n}`))
    const keep = { ...FOREVER, bytes: 3 * MiB }
    store.retain(keep)
    const { stored } = mallory.send(400, flood)
    assert.ok(stored > 50 && stored < 200, `${stored} of 400 were stored`)
    assert.ok(mallory.held('inventory') <= keep.bytes / 2)
    assert.equal(mallory.send(1, flood).stored, 0)
    assert.equal(honest.send(10, (n) => sightingItem(n, `own-${n}`)).stored, 10)
    // A smaller bound, as after a restart with another: the largest gives way, and nobody else.
    store.retain({ ...FOREVER, bytes: MiB })
    assert.ok(mallory.held('inventory') <= MiB / 2)
    assert.equal(store.identities(DEVICE_B).total, 20)
    assert.equal(ofSegments(store.db, 'alert').length, 100)
  })

  it('with names, where the store is full: no alert of another is dropped for them', () => {
    for (const number of [60, 59, 1]) honest.send(number, (n) => alertItem(n))
    const { usedBytes } = store.writer.retain(T0, FOREVER)
    const keep = { ...FOREVER, bytes: usedBytes / 0.65 }
    for (let round = 0; round < 10; round++) {
      mallory.send(30, flood)
      assert.deepEqual(droppedIn(store.retain(keep)), [])
    }
    assert.equal(ofSegments(store.db, 'alert').length, 120)
  })

  it('with ids of items that bring nothing new: it is refused and named, and no alert of another is dropped for them', () => {
    for (const number of [60, 59, 1]) honest.send(number, (n) => alertItem(n))
    const { usedBytes } = store.writer.retain(T0, FOREVER)
    const keep = { ...FOREVER, bytes: usedBytes * 2 }
    let steps: Retained[] = []
    const told: string[] = []
    for (let round = 0; round < 25; round++) {
      const { stored } = mallory.send(2000, (n) => summaryItem(n, 'a', 'now:443'))
      assert.ok(stored < BUDGETS.ids / 40 + 1, `${stored} of 2000 were stored`)
      steps = store.retain(keep, T0 + BigInt(round))
      for (const step of steps) told.push(...step.told.map(({ text }) => text))
      assert.deepEqual(droppedIn(steps), [])
    }
    assert.match(told[0] ?? '', /items were refused of “mac-1” .*more ids of items/)
    assert.ok((steps.at(-1)?.usedBytes ?? 0) < usedBytes + 2 * BUDGETS.ids)
    assert.ok(mallory.held('ids') <= BUDGETS.ids * 0.75)
    assert.equal(ofSegments(store.db, 'alert').length, 120)
    assert.equal(honest.send(20, (n) => alertItem(n)).stored, 20)
  })

  const floodedWithAlerts = (segmentRevisions: number) => {
    for (const number of [50, 10]) honest.send(number, (n) => alertItem(n))
    store.writer = createWriter(store.db, { segmentRevisions, budgets: BUDGETS })
    const large = (n: number) => alertItem(n, { sentence: 's'.repeat(3000) })
    for (let round = 0; round < 20; round++) mallory.send(50, large)
    honest.send(10, (n) => alertItem(n))
    const [newest] = store.alerts(DEVICE_A).alerts
    const { usedBytes } = store.writer.retain(T0, FOREVER)
    const steps = store.retain({ ...FOREVER, bytes: usedBytes / 2 })
    assert.deepEqual(droppedIn(steps), [])
    const told = steps.flatMap((step) => step.told)
    assert.match(
      told[0]?.text ?? '',
      /revisions of alerts of “mac-1” .*it has more than an equal share/,
    )
    assert.equal(store.alerts(DEVICE_B).total, 70)
    assert.equal(store.alerts(DEVICE_B).alerts.length, 70)
    const { total, alerts } = store.alerts(DEVICE_A)
    assert.ok(total > 100 && total < 1000, `${total}`)
    assert.equal(alerts.length, Math.min(500, total))
    assert.equal(alerts[0]?.id, newest?.id)
    // What is counted is what is there, and of segments that are there.
    const held = store.db.prepare(
      'SELECT sum(revisions) AS revisions, min(revisions) AS fewest, min(bytes) AS least FROM alert_held',
    )
    const { revisions, fewest, least } = held.get() ?? {}
    assert.equal(revisions, ofSegments(store.db, 'revision').length)
    assert.ok(Number(fewest) >= 0 && Number(least) >= 0, `${fewest} ${least}`)
    // What is left of the segment that is written is counted as it is, and sealed as any other.
    const written = store.db.prepare('SELECT n, revisions FROM segment WHERE sealed = 0').get()
    assert.equal(written?.['revisions'], count(store.db, `revision_${written?.['n']}`))
    store.writer = createWriter(store.db, { segmentRevisions: 1, budgets: BUDGETS })
    honest.send(1, (n) => alertItem(n))
    const all = { deviceId: undefined, severity: undefined }
    assert.equal(store.read({ op: 'groups', limit: 9, ...all }).alerts, 71 + total)
  }
  it('with alerts: its own oldest go, and of the others none', () => floodedWithAlerts(50))
  it('with alerts that lie in the segment that is written: they go, and of the others none', () =>
    floodedWithAlerts(100_000))

  it('without a single alert: what is old goes all the same', () => {
    mallory.send(10, (n) => summaryItem(n, 'a', `h-${n}:443`))
    mallory.send(10, (n) => healthItem(n, 'x'))
    store.retain({ ...FOREVER, ageNs: 30n * DAY_NS }, T0 + 31n * DAY_NS)
    for (const table of ['pair_hour', 'health', 'item'])
      assert.equal(count(store.db, table), 0, table)
    assert.equal(mallory.held('summaries') + mallory.held('health'), 0)
  })

  it('with alerts of the far future and of long ago: makes nobody’s old, and the clock is not held against them', () => {
    honest.send(30, (n) => alertItem(n))
    for (const at of [T0 + 400n * DAY_NS, T0 - 400n * DAY_NS]) {
      const times = { openedAt: at as UnixNs, updatedAt: at as UnixNs }
      mallory.send(30, (n) => alertItem(n, times))
    }
    assert.equal(store.read({ op: 'newest' }) / DAY_NS, T0 / DAY_NS)
    const steps = store.retain({ ...FOREVER, ageNs: 180n * DAY_NS }, T0 + DAY_NS)
    assert.deepEqual(droppedIn(steps), [])
    assert.equal(ofSegments(store.db, 'alert').length, 90)
  })

  it('its first-seen times of the future lead no list', () => {
    mallory.send(3, (n) =>
      sightingItem(n, `f-${n}`, { firstSeenAt: T0 + 9000n * DAY_NS, firstNetworkAt: undefined }),
    )
    honest.send(1, (n) => sightingItem(n, 'own'), T0 + DAY_NS)
    honest.send(1, (n) => sightingItem(n, 'later', { firstSeenAt: T0 + 5n }), T0 + DAY_NS)
    const { identities: list } = store.identities()
    assert.equal(list[0]?.key, 'later')
    assert.ok(list.every(({ firstSeenAt }) => BigInt(firstSeenAt) <= T0 + DAY_NS))
  })
})

describe('an agent whose items are as large as they may be', () => {
  const TEXT = 's'.repeat(100 * KiB)
  let running: Fleet
  beforeEach(async () => {
    running = await runFleet()
  })
  afterEach(() => running.stop())

  it('makes no list long: all come in parts, each alert and each program in one of them', async () => {
    const agent = await welcomed(running)
    const name = (n: number) => String(n).padStart(4, '0')
    for (let n = 1; n <= 72; n += 3)
      await agent.deliver([
        alertItem(n, { sentence: TEXT }),
        sightingItem(n + 1, `key-${name(n)}`, { signingId: TEXT }),
        healthItem(n + 2, TEXT),
      ])
    const all = { rows: 24, isSmall: true }
    assert.deepEqual(
      [
        await inParts(running, '/api/alerts?limit=500&before=', (part: AlertsResponse) =>
          part.alerts.map(({ id }) => id),
        ),
        await inParts(running, '/api/identities?limit=1000&before=', (part: IdentitiesResponse) =>
          part.identities.map(({ key }) => key),
        ),
      ],
      [all, all],
    )
    const health = await running.json<HealthResponse>('/api/health?limit=500')
    assert.ok(health.events.length < 24 && health.next !== undefined)
    const rest = await running.json<HealthResponse>(`/api/health?limit=500&before=${health.next}`)
    assert.equal(rest.events.length + health.events.length, 24)
    await agent.close()
  })

  it('makes no history long: what is shown of it is its end, with the newest', async () => {
    const agent = await welcomed(running)
    const id = 'a1'.repeat(16)
    for (let n = 1; n <= 100; n += 5)
      await agent.deliver(
        [0, 1, 2, 3, 4].map((more) =>
          alertItem(n + more, { id, revision: n + more, sentence: TEXT }),
        ),
      )
    const text = await (await running.get(`/api/alerts/${id}`)).text()
    const { revisions } = JSON.parse(text) as AlertDetail
    const shown = revisions.map(({ revision }) => revision).sort((one, other) => one - other)
    assert.equal(shown.at(-1), 100)
    assert.equal(shown[0], 101 - shown.length)
    assert.ok(shown.length >= 75 && shown.length < 90, `${shown.length} of 100`)
    assert.ok(text.length < 10 * MiB)
  })
})
