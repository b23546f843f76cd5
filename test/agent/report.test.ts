// What the agent tells of itself, made of its real parts.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReport } from '../../src/agent/report.ts'
import { openBaseline } from '../../src/baseline/sqlite.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { describeMachine } from '../../src/host/machine.ts'
import { Gap, Mark } from '../../src/records/record.gen.ts'
import { createSensorWatch } from '../../src/status/sensor-watch.ts'
import { openOutbox } from '../../src/stream/outbox.ts'
import { nowUnixNs } from '../../src/units.ts'
import { Script } from '../engine/scenario.ts'

describe('the report of an agent', () => {
  let directory: string
  const ends: (() => void)[] = []
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-report-'))
  })
  afterEach(() => {
    for (const end of ends.splice(0)) end()
    rmSync(directory, { recursive: true })
  })

  /** Of an agent whose sensor has said this, and whose last tick was so long ago. */
  function report(mark: { note: string; gaps: number }, silentMs = 0) {
    const { baseline } = openBaseline(join(directory, 'baseline.db'), { now: nowUnixNs() })
    const limits = { bytesMax: 1_000_000, ageMaxMs: 3_600_000, now: nowUnixNs }
    const outbox = openOutbox(join(directory, 'outbox.db'), limits)
    ends.push(
      () => outbox.close(),
      () => baseline.close(),
    )
    const engine = createEngine({ deviceId: 'd', baseline })
    const { note, gaps } = mark
    engine.push(new Script().mark(Mark.start, note, undefined, undefined, gaps).bytes())
    return createReport({
      ...{ deviceId: 'd', machine: describeMachine(), engine, baseline, outbox },
      ...{ baselineSetAside: undefined, uplink: undefined, outboxBytesMax: 1, collectorUrl: '' },
      sensor: createSensorWatch(performance.now() - silentMs),
      lastAlerts: () => [],
      state: '/var/lib/freshet',
      restarts: { engine: 0, sense: 0 },
    })
  }

  it('tells a collector what the sensor lacks in the words of status and doctor', () => {
    const note = 'run as root'
    assert.match(
      report({ note, gaps: Gap.tracefs }).live().degraded,
      /^Who makes a short connection is not seen: tracefs cannot be mounted\. Mount it/,
    )
  })

  it('tells it in the sensor’s own where there is no code, and nothing where nothing is', () => {
    assert.equal(report({ note: 'something new', gaps: 0 }).live().degraded, 'something new')
    assert.equal(report({ note: '', gaps: 0 }).live().degraded, '')
  })

  it('leads with a sensor that is silent', () => {
    const { degraded } = report({ note: '', gaps: Gap.tracefs }, 43_000).live()
    assert.match(degraded, /^Nothing has come from the sensor for 43 s.* tracefs cannot be mounted/)
  })
})
