// What is counted of each device is what there is of it, whatever came, came again, was refused or gave way.
import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { createWriter } from '../../src/collector/store/writer.ts'
import { bytes, unixNs } from '../../src/units.ts'
import { times } from '../long.ts'
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
import { append, batchOf, enroll } from './store-fixture.ts'

const HOUR_NS = 3_600_000_000_000n
const at = unixNs(T0, 'at')
const KEEP = { ageNs: 100n * HOUR_NS, bytes: 1e15 }

describe('the budgets of devices', () => {
  it('are counted to the byte', function () {
    // A hundred runs take 50 s of a core, and other files run beside it.
    this.timeout(600_000)
    const text = fc.integer({ min: 0, max: 5 })
    const step = fc.record({
      kind: fc.constantFrom(
        'sighting' as const,
        'summary' as const,
        'health' as const,
        'alert' as const,
      ),
      device: fc.constantFrom(0, 1),
      key: text,
      destination: text,
      hour: fc.integer({ min: 0, max: 30 }),
      early: fc.boolean(),
      body: fc.constantFrom(0, 30, 4000),
      retain: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
        const db = openForWriting(':memory:')
        const budgets = { inventory: 6000, summaries: 960, health: 800, ids: 1200 }
        let writer = createWriter(db, { segmentRevisions: 5, budgets })
        const rows = [enroll(writer, DEVICE_A).device, enroll(writer, DEVICE_B).device]
        steps.forEach((one, index) => {
          append(writer, batchOf(rows[one.device] as number, 0, [itemFor(one, index + 1)]))
          if (one.retain) {
            while (writer.retain(T0 + BigInt(one.hour + 80) * HOUR_NS, KEEP).more);
            writer = createWriter(db, { segmentRevisions: 5, budgets })
          }
        })
        assert.deepEqual(counted(db), there(db))
        for (const { inventory } of db.prepare('SELECT inventory FROM held').all())
          assert.ok(Number(inventory) <= budgets.inventory, `${inventory} of ${budgets.inventory}`)
        db.close()
      }),
      { numRuns: times('FRESHET_STORE_RUNS', { usual: 25, long: 100 }) },
    )
  })

  it('are none that an earlier date gets past: the sighting that is longer than there is room for is left out', () => {
    const db = openForWriting(':memory:')
    const budgets = { inventory: 8000, summaries: 960, health: 800, ids: 1200 }
    const writer = createWriter(db, { budgets })
    const { device } = enroll(writer, DEVICE_A)
    const sight = (n: number, key: number, body: number): number => {
      const item = itemFor({ kind: 'sighting', key, destination: 0, hour: 0, early: true, body }, n)
      return append(writer, batchOf(device, n - 1, [item])).refusals.length
    }
    for (const key of [1, 2, 3]) assert.equal(sight(key, key, 0), 0)
    for (const key of [1, 2, 3]) assert.equal(sight(3 + key, key, 4000), 0)
    assert.deepEqual(counted(db), there(db))
    const held = Number(db.prepare('SELECT inventory FROM held').get()?.['inventory'])
    assert.ok(held > 4000 && held <= budgets.inventory, `${held} of ${budgets.inventory}`)
    const bodies = db.prepare('SELECT length(body) AS bytes FROM sighting ORDER BY bytes').all()
    assert.deepEqual(
      bodies.map(({ bytes }) => Number(bytes) > 4000),
      [false, false, true],
    )
    // The dates are those that were told.
    assert.deepEqual(
      db
        .prepare(
          'SELECT CAST(? - first_seen_at AS TEXT) AS before FROM identity_device ORDER BY row',
        )
        .all(T0)
        .map(({ before }) => before),
      ['4', '5', '6'],
    )
    db.close()
  })
})

type Step = {
  kind: string
  key: number
  destination: number
  hour: number
  early: boolean
  /** Letters of the program's path, which the body holds. */
  body: number
}

function itemFor({ kind, key, destination, hour, early, body }: Step, n: number): Uint8Array {
  const identity = identityOf(`program-${'x'.repeat(key * 40)}`, {
    firstSeenAt: unixNs(early ? T0 - BigInt(n) : T0, 'firstSeenAt'),
  })
  if (kind === 'alert') return alertItem(n)
  if (kind === 'health')
    return itemOf(n, {
      at,
      kind: 'health',
      health: { of: 'loss', text: 'é'.repeat(key * 20), count: 1 },
    })
  if (kind === 'summary')
    return itemOf(n, {
      at,
      kind: 'summary',
      summary: {
        identityKey: identity.key,
        destination: destinationOf(`host-${'é'.repeat(destination)}:443`),
        hourAt: unixNs(T0 + BigInt(hour) * HOUR_NS, 'hourAt'),
        bytesOut: bytes(1, 'bytesOut'),
        bytesIn: bytes(1, 'bytesIn'),
        flows: 1,
        largestFlowOut: bytes(1, 'largestFlowOut'),
      },
    })
  return itemOf(n, {
    at,
    kind: 'sighting',
    sighting: {
      of: destination === 0 ? 'identity' : 'destination',
      identity,
      process: processOf(`/opt/${'p'.repeat(body)}`),
      destination:
        destination === 0 ? undefined : destinationOf(`host-${'é'.repeat(destination)}:443`),
    },
  })
}

/** What the writer counted, and how often names are used by its account. */
const counted = (db: DatabaseSync) => ({
  held: db
    .prepare(
      'SELECT * FROM held WHERE device > 0 AND inventory + summaries + health + ids > 0 ORDER BY device',
    )
    .all(),
  uses: db.prepare('SELECT sum(uses) AS n, count(*) AS names FROM destination').get(),
  identities: db.prepare('SELECT sum(uses) AS n, count(*) AS names FROM identity').get(),
})

/** The same, of the tables themselves. */
const there = (db: DatabaseSync) => ({
  held: db
    .prepare(
      `SELECT row AS device,
         coalesce((SELECT sum(p.bytes) FROM identity_device AS p WHERE p.device = d.row), 0) AS inventory,
         96 * (SELECT count(*) FROM pair_hour AS h WHERE h.device = d.row) AS summaries,
         coalesce((SELECT sum(128 + octet_length(e.kind) + octet_length(e.text) + octet_length(e.apart))
           FROM health AS e WHERE e.device = d.row), 0) AS health,
         40 * (SELECT count(*) FROM item AS i WHERE i.device = d.row) AS ids,
         640 + octet_length(hostname) + octet_length(os) + octet_length(os_version) + octet_length(hardware)
           + octet_length(arch) + octet_length(agent_version) AS facts,
         0 AS token
       FROM device AS d WHERE inventory + summaries + health + ids > 0 ORDER BY row`,
    )
    .all(),
  uses: db
    .prepare('SELECT nullif(count(*), 0) AS n, count(DISTINCT destination) AS names FROM pair')
    .get(),
  identities: db
    .prepare(
      'SELECT nullif(count(*), 0) AS n, count(DISTINCT identity) AS names FROM identity_device',
    )
    .get(),
})
