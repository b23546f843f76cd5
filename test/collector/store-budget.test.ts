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
  it('are counted to the byte', () => {
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
      retain: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const db = openForWriting(':memory:')
        const budgets = { inventory: 6000, summaries: 960, health: 800 }
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
        db.close()
      }),
      { numRuns: times('FRESHET_STORE_RUNS', { usual: 25, long: 100 }) },
    )
  })
})

type Step = { kind: string; key: number; destination: number; hour: number; early: boolean }

function itemFor({ kind, key, destination, hour, early }: Step, n: number): Uint8Array {
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
      process: processOf(`/opt/${'p'.repeat(n % 30)}`),
      destination:
        destination === 0 ? undefined : destinationOf(`host-${'é'.repeat(destination)}:443`),
    },
  })
}

/** What the writer counted, and how often names are used by its account. */
const counted = (db: DatabaseSync) => ({
  held: db
    .prepare('SELECT * FROM held WHERE inventory + summaries + health > 0 ORDER BY device')
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
         coalesce((SELECT sum(128 + octet_length(e.kind) + octet_length(e.text))
           FROM health AS e WHERE e.device = d.row), 0) AS health
       FROM device AS d WHERE inventory + summaries + health > 0 ORDER BY row`,
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
