import assert from 'node:assert/strict'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { pointScoring } from '../../src/engine/detection/judging.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { Alert, PairSummary } from '../../src/engine/finding.ts'
import { FlowFlag, Mark } from '../../src/records/record.gen.ts'
import {
  copyOf,
  type FlowSpec,
  MIB,
  Script,
  sorted,
  type Told,
  tell,
  tellByPoints,
} from './scenario.ts'

// A flow that changes hands: what moved before stays with the process that had it.

const launcher = { pid: 100, path: '/home/ann/launcher', sha: 'aa' }
const worker = { pid: 100, pidversion: 2, path: '/home/ann/worker', sha: 'bb' }
const keyOf = ({ sha }: { sha: string }): string => `unsigned:sha256:${sha.repeat(32)}`

const flow = (script: Script, spec: Partial<FlowSpec>): Script => script.flow({ id: 1, ...spec })

/** The launcher sends `before` and executes the worker, which sends `after`. */
const handedOver = (before: number, after: number): Script => {
  const script = new Script().start().program(launcher)
  flow(script, { state: 'opened' }).tick(100)
  flow(script, { out: before }).program(worker)
  flow(script, { out: before, pidversion: 2 }).tick(100)
  return flow(script, { out: before + after, pidversion: 2 })
}

const sent = (summaries: PairSummary[]): Record<string, number> =>
  Object.fromEntries(summaries.map(({ identityKey, bytesOut }) => [identityKey, bytesOut]))

const finished = (told: Told): Told => {
  told.engine.finish()
  return sorted(told.engine, told.baseline, [...told.findings, ...told.engine.takeFindings()])
}
const lastOf = (alerts: Alert[], of: { sha: string }): Alert | undefined =>
  alerts.findLast(({ identity }) => identity.key === keyOf(of))

describe('flows that change hands', () => {
  it('are of the program executed with the socket from the exec on', () => {
    const { alerts, summaries } = finished(tell(handedOver(700, 4 * MIB)))
    assert.deepEqual(sent(summaries), { [keyOf(launcher)]: 700, [keyOf(worker)]: 4 * MIB })
    assert.deepEqual(
      alerts.map(({ identity, bytesOut }) => [identity.name, bytesOut]),
      [['worker', 4 * MIB]],
    )
    assert.equal(alerts[0]?.chain[0]?.path, worker.path)
    assert.equal(alerts[0]?.largestFlow.bytesOut, 4 * MIB)
  })

  it('leave with their former what it had sent', () => {
    const script = handedOver(4 * MIB, 500)
    const { alerts, summaries } = finished(tell(script.ticks(3)))
    assert.deepEqual(sent(summaries), { [keyOf(launcher)]: 4 * MIB, [keyOf(worker)]: 500 })
    assert.deepEqual(new Set(alerts.map(({ identity }) => identity.name)), new Set(['launcher']))
    assert.equal(alerts.at(-1)?.bytesOut, 4 * MIB)
  })

  it('count what the first record of a new process says as the former’s', () => {
    const script = new Script()
      .start()
      .program(launcher)
      .program({ ...worker, pid: 101 })
    flow(script, { out: 1_000 })
    flow(script, { out: 5_000, pid: 101, pidversion: 2 })
    flow(script, { out: 5_070, pid: 101, pidversion: 2, state: 'closed' })
    const { summaries } = finished(tell(script))
    assert.deepEqual(sent(summaries), { [keyOf(launcher)]: 5_000, [keyOf(worker)]: 70 })
  })

  it('say of each owner what came back to it alone', () => {
    const script = new Script().start().program(launcher)
    flow(script, { out: 300, in: 9 * MIB }).program(worker)
    flow(script, { out: 300, in: 9 * MIB, pidversion: 2 })
    flow(script, { out: 300 + 2 * MIB, in: 9 * MIB, pidversion: 2 })
    const [alert] = tell(script).alerts
    assert.equal(alert?.identity.name, 'worker')
    assert.equal(alert.bytesIn, 0)
    assert.match(alert.sentence, /got nothing back/)
  })

  it('wait for each owner to be known, in turn', () => {
    const script = new Script().start().exec(launcher)
    flow(script, { out: 600 }).exec(worker)
    flow(script, { out: 600, pidversion: 2 })
    flow(script, { out: 650, pidversion: 2 })
    flow(script, { out: 650, pid: 300 }).tick(100)
    flow(script, { out: 659, pid: 300, state: 'closed' })
    script.inspected(worker).tick(100).inspected(launcher).tick(100)
    script.program({ pid: 300, path: '/home/ann/third', sha: 'cc' })
    const { summaries, engine } = finished(tell(script))
    assert.deepEqual(sent(summaries), {
      [keyOf(launcher)]: 600,
      [keyOf(worker)]: 50,
      [keyOf({ sha: 'cc' })]: 9,
    })
    assert.equal(engine.counters().openFlows, 0)
  })

  it('give up waiting where more than four owners follow each other unknown', () => {
    const script = new Script().start()
    for (let owner = 0; owner < 8; owner++) {
      const pid = 200 + owner
      script.exec({ pid, path: `/opt/p${owner}` })
      flow(script, { out: owner * 10, pid })
      flow(script, { out: (owner + 1) * 10, pid })
    }
    flow(script, { out: 80, pid: 207, state: 'closed' }).ticks(12)
    const { summaries, engine } = finished(tell(script))
    assert.equal(summaries.length, 8)
    assert.ok(summaries.every(({ bytesOut }) => bytesOut === 10))
    assert.equal(engine.counters().openFlows, 0)
  })

  it('stay one flow of one pair where a child of the same program goes on with them', () => {
    const script = new Script().start().program(launcher)
    flow(script, { out: MIB }).fork(101, 100)
    for (let out = 1; out < 5; out++) {
      const owner = { pid: 100 + (out % 2) }
      flow(script, { out: out * MIB, ...owner })
      flow(script, { out: (out + 1) * MIB, ...owner })
    }
    const { alerts, summaries } = finished(tell(script.ticks(70)))
    assert.equal(alerts.at(-1)?.flows, 1)
    assert.deepEqual(sent(summaries), { [keyOf(launcher)]: 5 * MIB })
    assert.equal(summaries[0]?.flows, 1)
  })

  it('are not given back by an older report that comes late', () => {
    const script = handedOver(1_000, 100)
    flow(script, { out: 900, pidversion: 1 })
    flow(script, { out: 1_200, pidversion: 2 })
    const { summaries, engine } = finished(tell(script))
    assert.deepEqual(sent(summaries), { [keyOf(launcher)]: 1_000, [keyOf(worker)]: 200 })
    assert.equal(engine.counters().staleReports, 1)
  })

  it('are each owner’s own in the engine after one that was killed', () => {
    const baseline = openMemoryBaseline()
    const first = createEngine({ deviceId: 'd', baseline, scoring: pointScoring() })
    first.save(0)
    const before = handedOver(4 * MIB, MIB / 2)
    first.push(copyOf(before.bytes()))
    first.takeFindings()
    first.save(0)
    const after = new Script()
    after.nowMs = before.nowMs
    after.mark(Mark.start).program(worker)
    const spec = { out: 4.5 * MIB, pidversion: 2 }
    flow(after, { ...spec, flags: FlowFlag.enumerated })
      .mark(Mark.enumerated)
      .tick(100)
    flow(after, { ...spec, out: 4.75 * MIB })
    const quiet = tellByPoints(after.ticks(2), { baseline })
    assert.equal(lastOf(quiet.alerts, worker), undefined)
    assert.equal(lastOf(quiet.alerts, launcher)?.bytesOut, 4 * MIB)
    const more = new Script()
    more.nowMs = after.nowMs
    flow(more, { ...spec, out: 6 * MIB }).tick(100)
    quiet.engine.push(copyOf(more.bytes()))
    const { alerts } = sorted(quiet.engine, baseline, quiet.engine.takeFindings())
    assert.equal(lastOf(alerts, worker)?.bytesOut, 2 * MIB)
  })
})
