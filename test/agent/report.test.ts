// What the agent tells of itself, made of its real parts.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Losses } from '../../src/agent/losses.ts'
import { createReport } from '../../src/agent/report.ts'
import { openBaseline } from '../../src/baseline/sqlite.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { describeMachine } from '../../src/host/machine.ts'
import { REMEMBERED_MS } from '../../src/host/running-mark.ts'
import { Gap, Mark, Source } from '../../src/records/record.gen.ts'
import type { Choice, MacSource } from '../../src/sources/choice.ts'
import { createSensorWatch } from '../../src/status/sensor-watch.ts'
import { sourceSentences } from '../../src/status/source-words.ts'
import { openOutbox } from '../../src/stream/outbox.ts'
import { nowUnixNs, type UnixNs } from '../../src/units.ts'
import { identityOf } from '../baseline/identities.ts'
import { Script } from '../engine/scenario.ts'

type OfAMac = {
  choice?: Choice
  allowed?: ReadonlySet<MacSource>
  marks?: { source: number; gaps: number; note?: string }[]
}
const NO_CHOICE: Choice = { processes: 'none', flows: 'none', runs: [], isFilterSilent: false }
const READERS = { served: 0, refused: 0, tooMany: 0, slow: 0, spoke: 0 }

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
    { choice = NO_CHOICE, allowed, marks = [] }: OfAMac = {},
    lost?: Losses,
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
    const script = new Script()
    for (const of of [{ source: Source.linux, note, gaps }, ...marks])
      script.from(of.source).mark(Mark.start, of.note ?? '', undefined, undefined, of.gaps)
    engine.push(script.bytes())
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
      countsLoopback: () => true,
      state: '/var/lib/freshet',
      choice: () => choice,
      allowed,
      losses: { all: () => lost, before: lost },
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
    assert.deepEqual(told.status(READERS).restarts, { engine: 2, sense: 1, unwatched: [span] })
  })

  it('tells what was lost before it started, since when, and for an hour that it was', () => {
    const told = (ageMs: number) => {
      const last = (nowUnixNs() - BigInt(ageMs) * 1_000_000n) as UnixNs
      const since = (last - 5_000_000n) as UnixNs
      const one = report({ note: '', gaps: 0 }, 0, [], {}, {}, { count: 10_000, since, last })
      return { since, last, live: one.live(), status: one.status(READERS) }
    }
    const { since, last, live, status } = told(60_000)
    assert.deepEqual([live.lost, live.lostSince], [10_000, since])
    assert.equal(status.counters.lost, 10_000)
    const msOf = (at: UnixNs) => Number(at / 1_000_000n)
    assert.deepEqual(status.lost, { sinceMs: msOf(since), lastMs: msOf(last) })
    assert.equal(status.lately.lostBefore, true)
    assert.equal(told(2 * 3600_000).status.lately.lostBefore, undefined)
  })

  it('counts the programs that are known, and nothing that is known beside them', () => {
    const known = ['platform:/usr/bin/curl', 'content of 00', 'script of 0 /a by b via c']
    const told = report({ note: '', gaps: 0 }, 0, known)
    assert.equal(told.live().identities, 1)
    assert.equal(told.status(READERS).counters.identities, 1)
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

  it('says which of a Mac’s sources are at work, and of one that stood in and stopped no more what it lacked', () => {
    const marks = [
      { source: Source.endpointSecurity, gaps: 0 },
      { source: Source.eslogger, gaps: Gap.eslogger, note: 'eslogger tells nothing: it ended.' },
      { source: Source.polling, gaps: Gap.shortLived },
      { source: Source.networkStatistics, gaps: 0, note: 'something new' },
    ]
    const linux = { note: '', gaps: 0 }
    const at = (choice: Choice, allowed?: ReadonlySet<MacSource>) =>
      report(linux, 0, [], {}, { choice, marks, ...(allowed ? { allowed } : {}) })
    const flows = 'network_statistics'
    const standing = at(
      {
        ...{ processes: 'polling', flows, isFilterSilent: true },
        runs: ['eslogger', 'polling', 'network_statistics'],
      },
      new Set(['polling', 'eslogger', 'filter', 'network_statistics']),
    )
    const { sources, sensor } = standing.status(READERS)
    assert.deepEqual(sources, {
      ...{ processes: 'polling', flows, isFilterSilent: true },
      forced: ['polling', 'eslogger', 'filter', 'network_statistics'],
    })
    assert.deepEqual(
      sensor.gaps.map(({ source }) => source),
      [Source.eslogger, Source.polling, Source.networkStatistics],
    )
    const live = standing.live()
    assert.deepEqual(live.sources, {
      ...sources,
      text: sourceSentences(sources ?? assert.fail()),
    })
    assert.equal(live.sources?.text.length, 3)
    assert.match(live.degraded, /^Apple’s eslogger tells nothing: it ended\./)

    const better = at({
      ...{ processes: 'endpoint_security', flows, isFilterSilent: false },
      runs: ['network_statistics'],
    })
    assert.deepEqual(better.status(READERS).sensor, {
      ...{ silentMs: 0, isForeign: false, note: 'something new' },
      gaps: [{ source: Source.networkStatistics, gaps: 0, note: 'something new' }],
    })
    assert.equal(better.live().degraded, 'something new')
  })

  it('says of a machine that is no Mac nothing of sources', () => {
    const told = report({ note: '', gaps: 0 })
    assert.equal(told.status(READERS).sources, undefined)
    assert.ok(!('sources' in told.live()))
  })

  it('leads with a sensor that is silent', () => {
    const { degraded } = report({ note: '', gaps: Gap.tracefs }, 43_000).live()
    assert.match(degraded, /^Nothing has come from the sensor for 43 s.* tracefs cannot be mounted/)
  })
})
