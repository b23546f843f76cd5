// What the agent tells of itself, made of its real parts.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReport } from '../../src/agent/report.ts'
import { openBaseline } from '../../src/baseline/sqlite.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { describeMachine } from '../../src/host/machine.ts'
import { REMEMBERED_MS } from '../../src/host/running-mark.ts'
import { Gap, Mark } from '../../src/records/record.gen.ts'
import { createSensorWatch } from '../../src/status/sensor-watch.ts'
import { openOutbox } from '../../src/stream/outbox.ts'
import { nowUnixNs } from '../../src/units.ts'
import { identityOf } from '../baseline/identities.ts'
import { Script } from '../engine/scenario.ts'

type Running = Parameters<typeof createReport>[0]['running']

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
  function report(
    mark: { note: string; gaps: number },
    silentMs = 0,
    known: string[] = [],
    running: Partial<Running> = {},
  ) {
    const { baseline } = openBaseline(join(directory, 'baseline.db'), { now: nowUnixNs() })
    for (const key of known) baseline.putIdentity({ ...identityOf(1), key })
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
      ...{
        baselineSetAside: undefined,
        uplink: undefined,
        outboxBytesMax: 1,
        collectorUrl: '',
        isUnderUp: false,
      },
      sensor: createSensorWatch(performance.now() - silentMs),
      lastAlerts: () => [],
      state: '/var/lib/freshet',
      running: { engineDeathsMs: [], senseDeathsMs: [], unwatched: [], ...running },
    })
  }

  it('tells the deaths of two days and when nobody watched, and forgets what was before', () => {
    const nowMs = Date.now()
    const old = nowMs - REMEMBERED_MS - 1
    const span = { fromMs: nowMs - 3000, lengthMs: 2700, why: 'both' } as const
    const told = report({ note: '', gaps: 0 }, 0, [], {
      engineDeathsMs: [old, nowMs - 3000, nowMs - 300],
      senseDeathsMs: [old, nowMs - 300],
      unwatched: [{ ...span, fromMs: old }, span],
    })
    const readers = { served: 0, refused: 0, tooMany: 0, slow: 0, spoke: 0 }
    assert.deepEqual(told.status(readers).restarts, { engine: 2, sense: 1, unwatched: [span] })
  })

  it('counts the programs that are known, and nothing that is known beside them', () => {
    const known = ['platform:/usr/bin/curl', 'content of 00', 'script of 0 /a by b via c']
    const told = report({ note: '', gaps: 0 }, 0, known)
    assert.equal(told.live().identities, 1)
    const readers = { served: 0, refused: 0, tooMany: 0, slow: 0, spoke: 0 }
    assert.equal(told.status(readers).counters.identities, 1)
  })

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
