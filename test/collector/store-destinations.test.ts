// Where an identity went, from the hourly summaries of its device.
import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import type { Answers } from '../../src/collector/store/protocol.ts'
import { createReader } from '../../src/collector/store/reader.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { createWriter, type Writer } from '../../src/collector/store/writer.ts'
import { bytes, unixNs } from '../../src/units.ts'
import {
  DEVICE_A,
  DEVICE_B,
  destinationOf,
  identityOf,
  itemOf,
  processOf,
  T0,
  uidOf,
} from './agent.ts'
import { append, batchOf, enroll } from './store-fixture.ts'

const HOUR_NS = 3_600_000_000_000n
const at = unixNs(T0, 'at')

describe("the store's destinations", () => {
  let db: DatabaseSync
  let writer: Writer
  let sequence: number
  beforeEach(() => {
    db = openForWriting(':memory:')
    writer = createWriter(db)
    sequence = 0
  })
  afterEach(() => db.close())

  const put = (device: number, ...findings: Parameters<typeof itemOf>[1][]) =>
    append(
      writer,
      batchOf(
        device,
        0,
        findings.map((finding) => {
          sequence++
          return itemOf(sequence, finding, uidOf(sequence))
        }),
      ),
      T0 + 100n * HOUR_NS,
    )
  const hour = (name: string, to: string, hourNumber: number, out: number, into = 0) => ({
    at,
    kind: 'summary' as const,
    summary: {
      identityKey: identityOf(name).key,
      destination: destinationOf(to),
      hourAt: unixNs(T0 + BigInt(hourNumber) * HOUR_NS, 'hourAt'),
      bytesOut: bytes(out, 'bytesOut'),
      bytesIn: bytes(into, 'bytesIn'),
      flows: 2,
      largestFlowOut: bytes(out, 'largestFlowOut'),
    },
  })
  const seen = (name: string, to: string) => ({
    at,
    kind: 'sighting' as const,
    sighting: {
      of: 'destination' as const,
      identity: identityOf(name, { firstNetworkAt: at }),
      process: processOf(`/opt/${name}`),
      destination: destinationOf(to),
    },
  })
  const ask = (name: string, deviceId = DEVICE_A, limit = 100) =>
    createReader(db).answer({
      op: 'destinations',
      deviceId,
      identityKey: identityOf(name).key,
      limit,
    }) as Answers['destinations']

  it('are those of one identity on one device, with what was told of each and when', () => {
    const a = enroll(writer, DEVICE_A).device
    const b = enroll(writer, DEVICE_B).device
    put(
      a,
      hour('tool', 'x:443', 1, 100, 7),
      hour('tool', 'x:443', 3, 300, 1),
      hour('tool', 'y:22', 2, 900),
    )
    put(a, hour('other', 'x:443', 1, 5), seen('tool', 'z:80'))
    put(b, hour('tool', 'x:443', 1, 11))
    const found = ask('tool')
    assert.deepEqual(
      found?.destinations.map(({ key }) => key),
      ['y:22', 'x:443', 'z:80'],
    )
    assert.deepEqual(found.destinations[1], {
      key: 'x:443',
      firstAt: `${T0 + HOUR_NS}`,
      told: {
        bytesOut: 400,
        bytesIn: 8,
        flows: 4,
        largestFlowOut: 300,
        firstHourAt: `${T0 + HOUR_NS}`,
        lastHourAt: `${T0 + 3n * HOUR_NS}`,
        hours: 2,
      },
    })
    assert.equal(found.destinations[2]?.told, null, 'what is not known is no zero')
    assert.deepEqual([found.total, found.bytesOut, found.bytesIn], [3, 1300, 8])
    assert.equal(ask('tool', DEVICE_B)?.bytesOut, 11)
    assert.equal(ask('nobody'), undefined)
    assert.equal(ask('tool', 'nobody'), undefined)
  })

  it('are bounded, and all of them are counted', () => {
    const a = enroll(writer).device
    for (let from = 0; from < 2000; from += 500)
      put(
        a,
        ...Array.from({ length: 500 }, (_, index) =>
          hour('tool', `h${from + index}:443`, 1, from + index),
        ),
      )
    const found = ask('tool', DEVICE_A, 20)
    assert.equal(found?.destinations.length, 20)
    assert.equal(found.destinations[0]?.key, 'h1999:443')
    assert.equal(found.total, 2000)
    assert.equal(found.bytesOut, (1999 * 2000) / 2)
    // Long names: fewer of them.
    const long = 'x'.repeat(60_000)
    put(a, ...Array.from({ length: 60 }, (_, index) => hour('long', `${long}${index}`, 1, 1)))
    const cut = ask('long', DEVICE_A, 60)
    assert(cut && cut.destinations.length < 40 && cut.total === 60, `${cut?.destinations.length}`)
  })

  it('of a device that claims more than there can be stay numbers', () => {
    const a = enroll(writer).device
    const most = 2 ** 53 - 1
    put(a, ...Array.from({ length: 1500 }, (_, index) => hour('tool', 'x:443', -index, most, most)))
    assert.equal(ask('tool')?.bytesOut, most)
    assert.equal(ask('tool')?.destinations[0]?.told?.bytesIn, most)
  })

  it('sum up as a plain model does', () => {
    const one = fc.record({
      name: fc.constantFrom('a', 'b'),
      to: fc.constantFrom('x:1', 'y:1', 'z:1'),
      hour: fc.integer({ min: 0, max: 3 }),
      out: fc.integer({ min: 0, max: 1000 }),
    })
    fc.assert(
      fc.property(fc.array(one, { maxLength: 30 }), (steps) => {
        db.close()
        db = openForWriting(':memory:')
        writer = createWriter(db)
        const device = enroll(writer).device
        const sums = new Map<string, number>()
        for (const { name, to, hour: number, out } of steps) {
          put(device, hour(name, to, number, out))
          const key = `${name} ${to}`
          sums.set(key, (sums.get(key) ?? 0) + out)
        }
        for (const name of ['a', 'b']) {
          const expected = [...sums].filter(([key]) => key.startsWith(`${name} `))
          const found = ask(name)
          assert.equal(found?.total ?? 0, expected.length)
          assert.deepEqual(
            new Map(found?.destinations.map(({ key, told }) => [`${name} ${key}`, told?.bytesOut])),
            new Map(expected),
          )
        }
      }),
      { numRuns: 50 },
    )
  })
})
