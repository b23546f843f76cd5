import assert from 'node:assert/strict'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { pointScoring } from '../../src/engine/detection/judging.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { Alert } from '../../src/engine/finding.ts'
import { ExecFlag, FlowFlag, Mark } from '../../src/records/record.gen.ts'
import { asText, copyOf, HOUR_MS, MIB, Script, sorted, tellByPoints as tell } from './scenario.ts'

const probe = { pid: 100, path: '/home/ann/probe', parent: 50 }
const stranger = () => new Script().start().system(50, '/usr/bin/bash').program(probe)
const said = (alerts: Alert[]) => alerts.map(({ revision, state }) => [revision, state])

describe('an alert', () => {
  it('is updated at four times the volume, at most once a minute, and final once', () => {
    const script = stranger().flow({ id: 1, state: 'opened' })
    for (let second = 1; second <= 200; second++)
      script.tick(1_000).flow({ id: 1, out: second * MIB, in: 100 })
    script.flow({ id: 1, out: 200 * MIB, in: 100, state: 'closed' }).ticks(5)
    const { alerts } = tell(script)
    assert.deepEqual(said(alerts), [
      [1, 'opened'],
      [2, 'updated'],
      [3, 'final'],
    ])
    const [opened, updated, final] = alerts
    assert.ok((updated?.updatedAt ?? 0n) - (opened?.updatedAt ?? 0n) >= 60_000_000_000n)
    assert.ok((updated?.bytesOut ?? 0) >= 4 * (opened?.bytesOut ?? 0))
    assert.equal(final?.bytesOut, 200 * MIB)
  })

  it('is updated on a step of its severity, whatever the volume', () => {
    const to = '10.0.0.9'
    const script = stranger()
      .upload({ id: 1, to, total: MIB, answer: 800, keepOpen: true })
      .upload({ id: 2, to, total: 70_000, steps: 1, keepOpen: true })
    const { alerts } = tell(script.ticks(70))
    assert.deepEqual(
      alerts.map(({ state, severity }) => [state, severity]),
      [
        ['opened', 'medium'],
        ['updated', 'high'],
      ],
    )
    assert.equal(alerts[1]?.reasons.at(-1)?.term, 'no_response')
  })

  it('never claims less than it did: severity and score are the highest it had', () => {
    const script = stranger()
      .upload({ id: 1, total: 8 * MIB, keepOpen: true })
      .tick(1_000)
      .flow({ id: 1, out: 8 * MIB, in: 100 * MIB, state: 'closed' })
    const { alerts } = tell(script.ticks(3))
    assert.equal(alerts.at(-1)?.severity, 'high')
    assert.equal(alerts.at(-1)?.score, Math.max(...alerts.map(({ score }) => score)))
    assert.equal(alerts.at(-1)?.bytesIn, 100 * MIB)
  })

  it('comes back under its id while it cools down, and once more is final', () => {
    const script = stranger()
      .upload({ id: 1, total: 2 * MIB })
      .ticks(70)
      .upload({ id: 2, total: 3 * MIB })
      .ticks(70)
    const { alerts, engine } = tell(script)
    assert.equal(new Set(alerts.map(({ id }) => id)).size, 1)
    assert.equal(alerts.filter(({ state }) => state === 'final').length, 2)
    assert.equal(alerts.at(-1)?.bytesOut, 5 * MIB)
    assert.equal(engine.counters().alerts, 1)
  })

  it('says a drip of short flows at most once a minute', () => {
    const script = stranger()
    for (let id = 1; id <= 240; id++) script.upload({ id, total: MIB, steps: 1 })
    const { alerts } = tell(script.ticks(70))
    assert.ok(alerts.length <= 7, `${alerts.length} revisions in 240 s`)
    assert.equal(alerts.at(-1)?.state, 'final')
    assert.equal(alerts.at(-1)?.bytesOut, 240 * MIB)
    assert.equal(alerts.at(-1)?.flows, 240)
  })

  it('is not over while flows of its pair are open that have moved nothing yet', () => {
    const script = stranger()
    for (const id of [1, 2, 3]) script.flow({ id, state: 'opened' })
    script
      .tick(500)
      .flow({ id: 1, out: 2 * MIB })
      .flow({ id: 1, out: 2 * MIB, state: 'closed' })
    const waiting = tell(script.ticks(5))
    assert.deepEqual(said(waiting.alerts), [[1, 'opened']])
    script.flow({ id: 2, out: MIB }).flow({ id: 2, out: MIB, state: 'closed' }).ticks(5)
    assert.equal(tell(script).alerts.length, 1)
    // The third was never used.
    const { alerts } = tell(script.flow({ id: 3, state: 'closed' }).tick(600))
    assert.deepEqual(said(alerts), [
      [1, 'opened'],
      [2, 'final'],
    ])
    assert.equal(alerts[1]?.bytesOut, 3 * MIB)
    assert.equal(alerts[1]?.flows, 2)
  })

  it('does not wait for flows of another program, or to elsewhere, that have moved nothing', () => {
    const script = stranger().program({ pid: 101, path: '/home/ann/other', sha: 'ef' })
    script.flow({ id: 7, pid: 101, state: 'opened' }).flow({ id: 8, port: 8443, state: 'opened' })
    const { alerts } = tell(script.upload({ id: 1, total: 2 * MIB }).tick(600))
    assert.equal(alerts.at(-1)?.state, 'final')
  })

  it('says the exact end of what came after its final, at once', () => {
    const script = stranger()
      .upload({ id: 1, total: 2 * MIB })
      .tick(600)
    assert.equal(tell(script).alerts.at(-1)?.state, 'final')
    const { alerts } = tell(script.upload({ id: 2, total: MIB, steps: 1 }).tick(1_100))
    assert.equal(alerts.at(-1)?.state, 'final')
    assert.equal(alerts.at(-1)?.bytesOut, 3 * MIB)
  })

  it('has few finals however long short flows go on with pauses between them', () => {
    const script = stranger()
    for (let id = 1; id <= 1_200; id++) script.upload({ id, total: MIB, steps: 1 }).ticks(2)
    const { alerts } = tell(script.ticks(61))
    const finals = alerts.filter(({ state }) => state === 'final')
    assert.ok(finals.length <= 5, `${finals.length} finals in an hour`)
    assert.equal(alerts.at(-1)?.state, 'final')
    assert.equal(alerts.at(-1)?.bytesOut, 1_200 * MIB)
  })

  it('is told once an hour while its flow stays open and moves on, and not where it does not', () => {
    const script = stranger().upload({ id: 1, total: 3 * MIB, keepOpen: true })
    for (let hour = 1; hour <= 3; hour++)
      script
        .wait(HOUR_MS)
        .tick()
        .flow({ id: 1, out: 3 * MIB + hour })
    for (let hour = 4; hour <= 9; hour++) script.wait(HOUR_MS).tick()
    const { alerts } = tell(script)
    assert.deepEqual(
      alerts.slice(1).map(({ state, bytesOut }) => [state, bytesOut]),
      [0, 1, 2, 3].map((more) => ['updated', 3 * MIB + more]),
    )
  })

  it('is another alert after four hours', () => {
    const script = stranger()
      .upload({ id: 1, total: 2 * MIB })
      .ticks(2)
      .wait(4 * HOUR_MS - 30_000)
      .tick()
      .upload({ id: 2, total: 2 * MIB })
      .ticks(70)
    assert.equal(tell(script).engine.counters().alerts, 1)
    script
      .wait(4 * HOUR_MS)
      .tick()
      .upload({ id: 3, total: 2 * MIB })
      .ticks(2)
    const { alerts, engine } = tell(script)
    assert.equal(engine.counters().alerts, 2)
    assert.equal(alerts.at(-1)?.bytesOut, 2 * MIB)
    assert.notEqual(alerts.at(-1)?.id, alerts[0]?.id)
  })

  it('is one of three an identity a day; the rest is counted in the last one', () => {
    const script = stranger()
    for (let i = 1; i <= 6; i++)
      script.upload({ id: i, to: `203.0.${i}.1`, total: 2 * MIB, keepOpen: true })
    script.ticks(61)
    for (let i = 1; i <= 6; i++)
      script.flow({ id: i, to: `203.0.${i}.1`, out: 2 * MIB, state: 'closed' })
    const { alerts, engine } = tell(script.ticks(2))
    assert.equal(new Set(alerts.map(({ id }) => id)).size, 3)
    assert.equal(engine.counters().rolledUp, 3)
    assert.match(
      alerts.at(-1)?.sentence ?? '',
      / 3 more destinations of the same program are counted here and have no alert of their own: 6\.3 MB went out to 203\.0\.4\.1:443 \(2\.1 MB\), 203\.0\.5\.1:443 \(2\.1 MB\) and 203\.0\.6\.1:443 \(2\.1 MB\)\.$/,
    )
  })

  it('has the same id wherever the same stream is read, another on another device', () => {
    const script = stranger().upload({ id: 1, total: 2 * MIB })
    const [one, two] = [tell(script), tell(script)]
    assert.equal(asText(one.findings), asText(two.findings))
    const other = tell(script, { deviceId: 'device-2' })
    assert.notEqual(other.alerts[0]?.id, one.alerts[0]?.id)
    assert.match(one.alerts[0]?.id ?? '', /^[0-9a-f]{32}$/)
  })
})

describe('a restart of the engine', () => {
  /** The records of a sensor asked to say everything anew. */
  const enumeration = (script: Script, flow: { out: number; in: number } | undefined): Script => {
    script.mark(Mark.start)
    script.exec({ pid: 50, path: '/usr/bin/bash', flags: ExecFlag.enumerated })
    script.exec({ ...probe, flags: ExecFlag.enumerated })
    if (flow) script.flow({ id: 1, ...flow, flags: FlowFlag.enumerated })
    return script.mark(Mark.enumerated)
  }

  it('goes on with its alert: same id, next revision, exact final bytes', () => {
    const before = tell(stranger().upload({ id: 1, total: 4 * MIB, answer: 90, keepOpen: true }))
    assert.deepEqual(said(before.alerts), [[1, 'opened']])
    const after = new Script()
    after.nowMs = 60_000
    enumeration(after, { out: 6 * MIB, in: 95 })
      .tick(1_000)
      .flow({ id: 1, out: 7 * MIB + 1, in: 99, state: 'closed' })
      .ticks(3)
    const { alerts, engine } = tell(after, { baseline: before.baseline })
    assert.equal(engine.counters().alerts, 0)
    assert.deepEqual(said(alerts), [
      [2, 'updated'],
      [3, 'final'],
    ])
    assert.equal(alerts[1]?.id, before.alerts[0]?.id)
    assert.equal(alerts[1]?.bytesOut, 7 * MIB + 1)
    assert.equal(alerts[1]?.bytesIn, 99)
    assert.equal(alerts[1]?.flows, 1)
    assert.equal(alerts[1]?.openedAt, before.alerts[0]?.openedAt)
    assert.deepEqual(alerts[1]?.chain, before.alerts[0]?.chain)
  })

  it('counts what came before the first mark, when the sensor outlived the engine', () => {
    const before = tell(stranger().upload({ id: 1, total: 4 * MIB, keepOpen: true }))
    const after = new Script()
    after.nowMs = 60_000
    after.flow({ id: 1, out: 5 * MIB }).flow({ id: 1, out: 6 * MIB, state: 'closed' })
    enumeration(after, undefined).ticks(3)
    const { alerts } = tell(after, { baseline: before.baseline })
    assert.deepEqual(said(alerts), [[2, 'final']])
    assert.equal(alerts[0]?.bytesOut, 6 * MIB)
  })

  it('closes as last seen what is not there any more', () => {
    const before = tell(stranger().upload({ id: 1, total: 4 * MIB, keepOpen: true }))
    const after = new Script()
    after.nowMs = 60_000
    const { alerts } = tell(enumeration(after, undefined).ticks(2), { baseline: before.baseline })
    assert.deepEqual(said(alerts), [[2, 'final']])
    assert.ok((alerts[0]?.bytesOut ?? 0) >= MIB)
  })

  it('does not take the flows of another boot for its own', () => {
    const before = tell(stranger().upload({ id: 1, total: 4 * MIB, keepOpen: true }))
    const stored = before.baseline.alerts()[0]?.bytesOut
    const after = new Script()
    after.nowMs = 60_000
    const boot = new Uint8Array(16).fill(9)
    after.mark(Mark.start, '', boot).program(probe)
    after.flow({ id: 1, out: 9 * MIB, flags: FlowFlag.enumerated }).mark(Mark.enumerated, '', boot)
    const { alerts } = tell(after.ticks(70), { baseline: before.baseline })
    assert.equal(new Set(alerts.map(({ id }) => id)).size, 1)
    assert.equal(alerts.at(-1)?.bytesOut, (stored ?? 0) + 9 * MIB)
    assert.equal(alerts.at(-1)?.flows, 2)
  })

  it('counts nothing twice of what is sent again', () => {
    const to = '203.0.113.9'
    const whole = stranger().flow({ id: 1, to, state: 'opened' })
    for (let step = 1; step <= 8; step++) whole.tick(500).flow({ id: 1, to, out: step * 400_000 })
    whole.flow({ id: 2, to, out: 50_000, state: 'opened' })
    whole.flow({ id: 2, to, out: 90_000, in: 5, state: 'closed' }).tick(100)
    whole.flow({ id: 1, to, out: 3_300_000 }).flow({ id: 1, to, out: 3_400_000, state: 'closed' })
    whole.flow({ id: 3, to, out: 60_000, state: 'opened' }).tick(100)
    const records = whole.records
    const preface = new Script().mark(Mark.enumerated).records
    for (let stop = 22; stop <= records.length; stop++)
      for (let from = 8; from <= stop; from += 2) {
        const baseline = openMemoryBaseline()
        const first = createEngine({ deviceId: 'device-1', baseline, scoring: pointScoring() })
        first.push(copyOf(Buffer.concat(records.slice(0, stop))))
        first.save(0)
        assert.equal(first.takeFindings().filter(({ kind }) => kind === 'alert').length, 1)
        const after = new Script()
        after.records = [...preface, ...records.slice(from)]
        after.nowMs = whole.nowMs + 1_000
        enumeration(after, undefined)
        after.records.splice(-1, 0, new Script().flow({ id: 3, to, out: 70_000 }).records[0]!)
        after.inspected(probe).flow({ id: 3, to, out: 80_000, state: 'closed' })
        const { alerts } = tell(after.ticks(70), { baseline, limits: { flows: 64, pairs: 8 } })
        assert.equal(alerts.at(-1)?.state, 'final')
        assert.equal(alerts.at(-1)?.bytesOut, 3_570_000, `stopped at ${stop}, again from ${from}`)
        assert.equal(alerts.at(-1)?.bytesIn, 5)
        assert.equal(alerts.at(-1)?.flows, 3)
      }
  })

  it('is what another boot in the same stream is, too', () => {
    const script = stranger().upload({ id: 1, total: 4 * MIB, keepOpen: true })
    script.nowMs = 5_000
    const boot = new Uint8Array(16).fill(9)
    script.mark(Mark.start, '', boot).program(probe).mark(Mark.enumerated, '', boot).ticks(70)
    script.flow({ id: 1, out: MIB, state: 'opened' }).ticks(61)
    const { alerts, engine } = tell(script)
    assert.equal(new Set(alerts.map(({ id }) => id)).size, 1)
    assert.equal(alerts[1]?.state, 'final')
    assert.equal(alerts[1]?.bytesOut, 4 * MIB)
    assert.equal(engine.counters().bytesOut, 5 * MIB)
    assert.equal(engine.counters().openFlows, 1)
    assert.equal(engine.counters().processes, 1)
  })

  it('opens no second alert in the cooldown of one', () => {
    const before = tell(
      stranger()
        .upload({ id: 1, total: 4 * MIB })
        .ticks(3),
    )
    assert.equal(before.alerts.at(-1)?.state, 'final')
    const after = new Script()
    after.nowMs = 200_000
    enumeration(after, undefined)
      .inspected(probe)
      .upload({ id: 2, total: 2 * MIB })
      .ticks(70)
    const { alerts, engine } = tell(after, { baseline: before.baseline })
    assert.equal(engine.counters().alerts, 0)
    assert.equal(alerts.at(-1)?.id, before.alerts[0]?.id)
    assert.equal(alerts.at(-1)?.bytesOut, 6 * MIB)
  })

  it('drops a stored alert that it cannot read, and says so', () => {
    const before = tell(stranger().upload({ id: 1, total: 4 * MIB, keepOpen: true }))
    for (const alert of before.baseline.alerts())
      before.baseline.putAlert({ ...alert, state: '{"v":9}' })
    const after = tell(new Script().start(), { baseline: before.baseline })
    assert.equal(after.health[0]?.of, 'baseline')
    assert.deepEqual(before.baseline.alerts(), [])
  })

  it('loses nothing at any instant of a stop', () => {
    const whole = stranger()
    for (let i = 1; i <= 3; i++) {
      whole.flow({ id: i, to: '203.0.113.9', state: 'opened' })
      whole.tick(300)
    }
    for (let step = 1; step <= 10; step++)
      for (let i = 1; i <= 3; i++)
        whole.flow({ id: i, to: '203.0.113.9', out: step * 700_000 + i, in: step }).tick(300)
    const end = whole.nowMs
    const records = whole.records
    for (let cut = 4; cut < records.length; cut += 3) {
      const baseline = openMemoryBaseline()
      const first = createEngine({ deviceId: 'device-1', baseline, scoring: pointScoring() })
      first.push(copyOf(Buffer.concat(records.slice(0, cut))))
      first.save(0)
      const before = sorted(first, baseline, first.takeFindings())
      const after = new Script()
      after.nowMs = end + 1_000
      after
        .mark(Mark.start)
        .exec({ ...probe, flags: ExecFlag.enumerated })
        .inspected(probe)
      for (let i = 1; i <= 3; i++)
        after.flow({ id: i, to: '203.0.113.9', out: 8_000_000 + i, in: 20, flags: 1 })
      after.mark(Mark.enumerated).tick(1_000)
      for (let i = 1; i <= 3; i++)
        after.flow({ id: i, to: '203.0.113.9', out: 9_000_000 + i, in: 21, state: 'closed' })
      const { alerts } = tell(after.ticks(70), { baseline })
      const id = before.alerts[0]?.id ?? alerts[0]?.id
      assert.ok(alerts.every((alert) => alert.id === id))
      assert.equal(alerts.at(-1)?.state, 'final')
      assert.equal(alerts.at(-1)?.bytesOut, 27_000_006, `stopped after record ${cut}`)
      assert.equal(alerts.at(-1)?.bytesIn, 63)
      assert.equal(alerts.at(-1)?.flows, 3)
    }
  })
})

describe('a restart of the sensor', () => {
  it('keeps known flows and closes those that are gone as last seen', () => {
    const script = stranger()
      .upload({ id: 1, total: 2 * MIB, keepOpen: true })
      .upload({ id: 2, to: '198.51.100.1', total: 2 * MIB, keepOpen: true })
      .mark(Mark.start)
      .exec({ ...probe, pidversion: 7, flags: ExecFlag.enumerated })
      .inspected({ ...probe, pidversion: 7 })
      .flow({ id: 2, pidversion: 7, to: '198.51.100.1', out: 3 * MIB, flags: FlowFlag.enumerated })
      .mark(Mark.enumerated)
      .ticks(2)
    const { alerts, engine } = tell(script)
    const gone = alerts.filter(({ destination }) => destination.address === '203.0.113.7')
    assert.deepEqual(said(gone), [
      [1, 'opened'],
      [2, 'final'],
    ])
    assert.equal(gone[1]?.bytesOut, 2 * MIB)
    assert.equal(engine.counters().openFlows, 1)
    assert.equal(engine.counters().processes, 1)
    assert.equal(engine.counters().bytesOut, 5 * MIB)
  })

  it('does not count again what an enumeration says again', () => {
    const script = stranger().upload({ id: 1, total: 2 * MIB, keepOpen: true })
    const once = tell(script).engine.counters()
    script.mark(Mark.start).exec({ pid: 50, path: '/usr/bin/bash', flags: ExecFlag.enumerated })
    script.exec({ ...probe, flags: ExecFlag.enumerated })
    script.flow({ id: 1, out: 2 * MIB, flags: FlowFlag.enumerated }).mark(Mark.enumerated)
    const told = tell(script)
    assert.equal(told.engine.counters().bytesOut, once.bytesOut)
    assert.equal(told.engine.counters().flows, once.flows)
    assert.equal(told.engine.counters().execs, once.execs)
    assert.equal(told.engine.counters().processes, once.processes)
    assert.equal(told.engine.takeRequests().length, 2)
  })
})
