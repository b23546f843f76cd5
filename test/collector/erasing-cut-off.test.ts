// What is told of an erasure that was cut off, by a command or a collector that ended: all that there was, not what was left.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createErasures } from '../../src/collector/fleet/erasures.ts'
import { openRegistryFile, REGISTRY_FILE } from '../../src/collector/fleet/registry-file.ts'
import { eraseDevice } from '../../src/collector/store/erase.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { createWriter } from '../../src/collector/store/writer.ts'
import type { HealthResponse } from '../../src/collector/views/page-api.ts'
import { nowUnixNs } from '../../src/units.ts'
import { until } from '../waits.ts'
import { alertItem, DEVICE_A, T0, uidOf } from './agent.ts'
import { runFleet, welcomed } from './enrolled.ts'
import { append, batchOf, enroll } from './store-fixture.ts'

const ALERTS = 300

describe('an erasure', () => {
  it('that was cut off is told by all that there was, not by what was left', () => {
    const directory = mkdtempSync(join(tmpdir(), 'freshet-erasing-'))
    const at = (name: string) => join(directory, name)
    const registry = openRegistryFile(at('fleet.db'), () => {})
    try {
      const erasures = createErasures(registry)
      const filled = () => {
        const db = openForWriting(at('store.db'))
        const writer = createWriter(db, { segmentRevisions: 50 })
        const { device } = enroll(writer, DEVICE_A)
        for (let n = 1; n <= ALERTS; n++) append(writer, batchOf(device, n - 1, [alertItem(n)]))
        return { db, writer }
      }
      const { db, writer } = filled()
      erasures.ask(DEVICE_A, nowUnixNs())
      const first = writer.erase(T0, DEVICE_A)
      assert.deepEqual([first.found?.alerts, first.rows, first.more], [ALERTS, 0, true])
      erasures.tell(DEVICE_A, first)
      const second = writer.erase(T0, DEVICE_A)
      assert(second.rows > 0 && second.rows < ALERTS, `${second.rows}`)
      erasures.tell(DEVICE_A, second)
      db.close()
      // A person who asks again while it goes on asks for the same.
      erasures.ask(DEVICE_A, nowUnixNs())
      const before = erasures.begun(DEVICE_A)
      assert.equal(before?.rows, second.rows)
      const told: unknown[] = []
      const { found } = eraseDevice(at('store.db'), DEVICE_A, {
        ...{ nowNs: nowUnixNs(), before },
        onBegun: (step) => told.push(step),
      })
      assert.equal(found?.alerts, ALERTS)
      assert.deepEqual(told, [{ found: before?.found, rows: second.rows, more: true }])
      const after = openForWriting(at('store.db'))
      const [event] = after.prepare('SELECT text FROM health ORDER BY rowid DESC LIMIT 1').all()
      assert.match(
        `${event?.['text']}`,
        new RegExp(`was deleted, as a person wanted: ${ALERTS} alerts`),
      )
      after.close()
      // Of a store in which nothing was begun it is of another time.
      rmSync(at('store.db'))
      const anew = filled()
      const other = { found: { alerts: 7, programs: 0, hours: 0, events: 0 }, rows: 3 }
      assert.equal(anew.writer.erase(T0, DEVICE_A, other).found?.alerts, ALERTS)
      anew.db.close()
      erasures.end(DEVICE_A, { isClean: true }, nowUnixNs())
      assert.equal(erasures.begun(DEVICE_A), undefined)
      erasures.ask(DEVICE_A, nowUnixNs())
      assert.equal(erasures.read(DEVICE_A)?.found, undefined)
    } finally {
      registry.close()
      rmSync(directory, { recursive: true, force: true })
    }
  })

  it('goes on by the next start where the collector was cut off, and command and event say all that there was', async () => {
    let fleet = await runFleet()
    const agent = await welcomed(fleet)
    for (let n = 1; n <= ALERTS; n += 20)
      await agent.deliver(Array.from({ length: 20 }, (_, i) => alertItem(n + i, {}, uidOf(n + i))))
    const { stateDir } = fleet
    await fleet.collector.close()
    const db = openForWriting(join(stateDir, 'store.db'))
    const writer = createWriter(db, { segmentRevisions: 50 })
    const registry = openRegistryFile(join(stateDir, REGISTRY_FILE), () => {})
    const erasures = createErasures(registry)
    erasures.ask(DEVICE_A, nowUnixNs())
    erasures.tell(DEVICE_A, writer.erase(T0, DEVICE_A))
    const cut = writer.erase(T0, DEVICE_A)
    assert(cut.more && cut.rows > 0)
    erasures.tell(DEVICE_A, cut)
    db.close()
    fleet = await runFleet({}, {}, stateDir)
    try {
      await until(() => erasures.read(DEVICE_A)?.isOver === true)
      const { found, rows = 0 } = erasures.read(DEVICE_A) ?? {}
      assert.deepEqual([found?.alerts, rows >= ALERTS], [ALERTS, true])
      const { events } = await fleet.json<HealthResponse>('/api/health')
      const texts = events.map(({ text }) => text).join('\n')
      assert.match(texts, new RegExp(`as a person wanted: ${ALERTS} alerts`))
    } finally {
      agent.socket.terminate()
      registry.close()
      await fleet.stop()
    }
  })
})
