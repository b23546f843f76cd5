// All that one device sent goes, and nothing that another did.
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { eraseDevice } from '../../src/collector/store/erase.ts'
import { Status } from '../../src/collector/store/protocol.ts'
import { createReader } from '../../src/collector/store/reader.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { createWriter, type Writer } from '../../src/collector/store/writer.ts'
import { PLACE } from '../../src/place.ts'
import { bytes, unixNs } from '../../src/units.ts'
import { run } from '../e2e/installation.ts'
import {
  Agent,
  alertItem,
  DEVICE_A,
  DEVICE_B,
  destinationOf,
  identityOf,
  itemOf,
  processOf,
  T0,
  uidOf,
} from './agent.ts'
import { type Fleet, runFleet } from './enrolled.ts'
import { append, batchOf, count, enroll, segmentsOf } from './store-fixture.ts'

const at = unixNs(T0, 'at')
const KEEP = { ageNs: 10n ** 18n, bytes: 1e15 }
const ROUNDS = 12
/** All its steps, and how many there were. */
const erased = (writer: Writer, id: string) => {
  let step = writer.erase(T0, id)
  let steps = 1
  for (; step.more; steps++) step = writer.erase(T0, id)
  return { found: step.found, steps }
}
/** Tables whose rows are not those of one device alone: what is left there is what the others use. */
const SHARED = ['identity', 'destination', 'sighting', 'pair', 'health', 'item', 'outbox', 'device']

describe('what a device sent', () => {
  const fill = (writer: Writer, ids: readonly string[]) => {
    const rows = ids.map((id) => enroll(writer, id).device)
    for (let round = 0; round < ROUNDS; round++)
      for (const [index, device] of rows.entries()) {
        const sequence = round * 4 + 1
        // Both know some programs and destinations, and each has its own.
        const name = round % 2 === 0 ? `shared-${round}` : `${ids[index]}-${round}`
        const number = round * 10 + (ids[index] === DEVICE_A ? 1 : 2)
        append(
          writer,
          batchOf(device, sequence - 1, [
            alertItem(sequence, { id: number.toString(16).padStart(32, '0') }, uidOf(number * 4)),
            itemOf(
              sequence + 1,
              {
                ...{ at, kind: 'sighting' },
                sighting: {
                  ...{ of: 'destination', identity: identityOf(name), process: processOf('/x') },
                  destination: destinationOf(`${name}:443`),
                },
              },
              uidOf(number * 4 + 1),
            ),
            itemOf(
              sequence + 2,
              {
                ...{ at, kind: 'summary' },
                summary: {
                  ...{
                    identityKey: identityOf(name).key,
                    destination: destinationOf(`${name}:443`),
                  },
                  hourAt: at,
                  ...{ bytesOut: bytes(1, 'out'), bytesIn: bytes(1, 'in') },
                  ...{ flows: 1, largestFlowOut: bytes(1, 'largest') },
                },
              },
              uidOf(number * 4 + 2),
            ),
            itemOf(
              sequence + 3,
              { at, kind: 'health', health: { of: 'loss', text: `of ${name}`, count: 1 } },
              uidOf(number * 4 + 3),
            ),
          ]),
        )
      }
    return rows
  }
  const tables = (db: DatabaseSync): string[] =>
    db
      .prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%device INTEGER%'",
      )
      .all()
      .map(({ name }) => `${name}`)

  it('goes, of all segments and tables, and what others sent stays as it was', async () => {
    const [db, alone] = [openForWriting(':memory:'), openForWriting(':memory:')]
    const writer = createWriter(db, { segmentRevisions: 5 })
    const [row] = fill(writer, [DEVICE_A, DEVICE_B])
    fill(createWriter(alone, { segmentRevisions: 5 }), [DEVICE_B])
    const listed = () =>
      createReader(db).answer({
        ...{ op: 'alerts', limit: 100, before: undefined, deviceId: DEVICE_B },
        severity: undefined,
      })
    const before = listed()
    assert(segmentsOf(db).length > 3)
    const { found, steps } = erased(writer, DEVICE_A)
    assert.deepEqual(found, { alerts: ROUNDS, programs: ROUNDS, hours: ROUNDS, events: ROUNDS })
    assert(steps > 3)
    for (const table of tables(db))
      assert.equal(
        db.prepare(`SELECT count(*) AS n FROM "${table}" WHERE device = ?`).get(row as number)?.n,
        0,
        table,
      )
    const told = db.prepare('DELETE FROM health WHERE device = 0 RETURNING text').all()
    assert.equal(
      told[0]?.['text'],
      `what device ${DEVICE_A} had sent was deleted, as a person wanted: 12 alerts, 12 programs, 12 hours of pairs and 12 health events`,
    )
    for (const table of SHARED) assert.equal(count(db, table), count(alone, table), table)
    assert.deepEqual(listed(), before)
    assert.equal(erased(writer, DEVICE_A).found, undefined)
    // It goes on, also for a device of that id that is new.
    const once = enroll(writer, DEVICE_A)
    // By a number of its own, though that of before was the last: what named that one names no other, whoever writes the store.
    assert.ok(erased(writer, DEVICE_A).found)
    const later = createWriter(db, { segmentRevisions: 5 })
    const again = enroll(later, DEVICE_A)
    assert.deepEqual([again.device > once.device, again.lastSequence], [true, 0])
    append(later, { ...batchOf(again.device, 0, [alertItem(1)]), outbox: again.outbox })
    while (later.retain(T0, KEEP).more);
    db.close()
    alone.close()
  })

  it('goes with what people said of its alerts, and nothing of it is left in a byte of the files', () => {
    const directory = mkdtempSync(join(tmpdir(), 'freshet-erase-'))
    const path = join(directory, 'store.db')
    try {
      const db = openForWriting(path)
      const writer = createWriter(db)
      const rows = [DEVICE_A, DEVICE_B].map((id) => enroll(writer, id).device)
      for (const [index, device] of rows.entries()) {
        const [letter, deviceId] = [index === 0 ? 'A' : 'B', index === 0 ? DEVICE_A : DEVICE_B]
        const alertId = `${index + 1}`.padStart(32, '0')
        const sentence = `program-of-${letter} sent`
        // So many that pages are split, which leaves copies of what was on them.
        for (let sequence = 1; sequence <= 300; sequence++) {
          const id = sequence === 1 ? alertId : `${index + 1}${sequence}`.padStart(32, '0')
          const item = alertItem(sequence, { id, sentence }, uidOf(index * 1000 + sequence))
          append(writer, batchOf(device, sequence - 1, [item]))
        }
        const of = { revision: 0, status: Status.closed, by: `analyst-of-${letter}` }
        const said = { ...of, alertId, deviceId, note: `note-of-${letter}` }
        const [done] = writer.commit([{ op: 'triage', nowNs: T0, said }])
        assert(done?.op === 'triage' && done.outcome === 'done')
      }
      db.close()
      const left = () =>
        readdirSync(directory).flatMap((name) =>
          readFileSync(join(directory, name), 'latin1').match(/(?:program|analyst|note)-of-[AB]/g),
        )
      const before = new Set(left())
      for (const what of ['program', 'analyst', 'note'])
        for (const whose of ['A', 'B']) assert(before.has(`${what}-of-${whose}`), what)
      const { found, isWrittenAnew } = eraseDevice(path, DEVICE_A, { nowNs: T0 })
      assert.deepEqual([found?.alerts, isWrittenAnew], [300, true])
      assert.deepEqual(new Set(left()), new Set([...before].filter((one) => one?.endsWith('B'))))
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })

  it('goes by the command, counted, also while no collector runs; and stays without its option', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'freshet-erase-'))
    chmodSync(directory, 0o755)
    mkdirSync(join(directory, 'state'), { recursive: true })
    let fleet: Fleet | undefined
    const remove = (id: string, ...more: string[]) =>
      run([
        ...[PLACE.cli, 'collector', 'devices', 'remove', id, '--state', join(directory, 'state')],
        ...more,
      ])
    try {
      fleet = await runFleet({}, {}, join(directory, 'state/collector'))
      for (const id of [DEVICE_A, DEVICE_B]) {
        const agent = await new Agent(fleet.door.url, { identity: await fleet.enrol(id) }).opened()
        await agent.hello(id)
        await agent.deliver([alertItem(1), alertItem(2)])
        await agent.close()
      }
      await fleet.collector.close()
      const done = await remove(DEVICE_A, '--with-data')
      assert.equal(done.status, 0, done.stderr)
      assert.match(done.stdout, /deleted: 2 alerts, 0 programs, 0 hours.* 0 health events/)
      assert.match(done.stdout, /the store is written anew/)
      assert.match((await remove(DEVICE_B)).stdout, /what it sent stays until it is too old/)
      fleet = await runFleet({}, {}, join(directory, 'state/collector'))
      const { devices } = await fleet.json<{ devices: { id: string }[] }>('/api/devices')
      assert.deepEqual(
        devices.map(({ id }) => id),
        [DEVICE_B],
      )
      const { total } = await fleet.json<{ total: number }>('/api/alerts')
      assert.equal(total, 2)
      assert.deepEqual(
        fleet.withRegistry((registry) => registry.devices()),
        [],
      )
      // Forgotten before, and its data is still there.
      await fleet.collector.close()
      assert.match((await remove(DEVICE_B, '--with-data')).stdout, /deleted: 2 alerts/)
      assert.equal((await remove(DEVICE_B, '--with-data')).status, 78)
    } finally {
      await fleet?.collector.close()
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
