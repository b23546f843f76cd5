import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Baseline } from '../../src/baseline/baseline.ts'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { pointScoring } from '../../src/engine/detection/judging.ts'
import { createEngine, type Engine } from '../../src/engine/engine.ts'
import type { Finding } from '../../src/engine/finding.ts'
import { Direction, FlowFlag, Mark } from '../../src/records/record.gen.ts'
import { WAIT_MS } from '../waits.ts'
import { copyOf, HOUR_MS, MIB, Script, tellByPoints as tell } from './scenario.ts'

// What any stream moves is said once in summaries, and counted once in totals: through full tables, reused
// ids, reports out of order, hours, and engines that are killed, with alerts open or not. The model is a sum.

const PROGRAMS = 5
const FLOWS = 30

type Step = {
  kind: 'report' | 'stale' | 'close' | 'lost' | 'reuse' | 'pass' | 'hour' | 'kill' | 'commit'
  /** Who takes the flow over. */
  program: number
  flow: number
  out: number
  in: number
  wait: number
}
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 12, arbitrary: fc.constant('report' as const) },
    { weight: 2, arbitrary: fc.constantFrom('stale' as const, 'close' as const, 'reuse' as const) },
    { weight: 1, arbitrary: fc.constant('lost' as const) },
    { weight: 3, arbitrary: fc.constant('pass' as const) },
    { weight: 1, arbitrary: fc.constantFrom('hour' as const, 'kill' as const, 'commit' as const) },
  ),
  flow: fc.nat(FLOWS - 1),
  program: fc.nat(PROGRAMS - 1),
  out: fc.nat(3_000_000),
  in: fc.nat(300_000),
  wait: fc.nat(20_000),
})

type Sums = { out: Map<string, number>; in: Map<string, number> }
const newSums = (): Sums => ({ out: new Map(), in: new Map() })
const addTo = (sums: Sums, key: string, out: number, bytesIn: number): void => {
  sums.out.set(key, (sums.out.get(key) ?? 0) + out)
  sums.in.set(key, (sums.in.get(key) ?? 0) + bytesIn)
}
const nonZero = (sums: Map<string, number>): [string, number][] =>
  [...sums].filter(([, sum]) => sum > 0).sort(([a], [b]) => (a < b ? -1 : 1))

const programs = (script: Script): Script => {
  for (let program = 0; program < PROGRAMS; program++)
    script.program({ pid: 100 + program, path: `/opt/p${program}`, sha: `a${program}` })
  return script
}

type Moved = { epoch: number; out: number; in: number; program: number }

/** Every fourth flow: what its peer fetches counts like what is sent. */
const isAccepted = (id: number): boolean => id % 4 === 3

/** A sensor that keeps what is not acknowledged, and an engine that can be killed. */
class Machine {
  readonly baseline: Baseline = openMemoryBaseline()
  readonly said: Finding[] = []
  readonly model = newSums()
  readonly flows = new Map<number, Moved>()
  readonly script = new Script()
  readonly #limits: { flows: number; pairs: number; alerts: number }
  engine: Engine
  #goneBytes = 0
  /** Index of the first record that is not acknowledged, and of the first not pushed. */
  acknowledged = 0
  pushed = 0

  constructor(flows: number, pairs: number, alerts: number) {
    this.#limits = { flows, pairs, alerts }
    this.engine = this.#create()
    programs(this.script.start())
  }

  #create(): Engine {
    const { baseline } = this
    const engine = createEngine({
      deviceId: 'd',
      baseline,
      limits: this.#limits,
      scoring: pointScoring(),
    })
    engine.save(0)
    return engine
  }

  push(): void {
    const { records } = this.script
    if (this.pushed < records.length)
      this.engine.push(copyOf(Buffer.concat(records.slice(this.pushed))))
    this.pushed = records.length
  }

  /** As the agent does it: findings, then the baseline, then the acknowledgement, which may not arrive. */
  commit(isAcknowledged: boolean): void {
    this.push()
    this.said.push(...this.engine.takeFindings())
    this.engine.save(this.#goneBytes)
    if (!isAcknowledged) return
    this.acknowledged = this.script.records.length
    this.#goneBytes = this.engine.settledBytes()
  }

  /** Killed right after a commit, some of whose records come again, with an enumeration after them. */
  kill(isAcknowledged: boolean): void {
    this.commit(isAcknowledged)
    this.engine = this.#create()
    this.#goneBytes = 0
    const { script } = this
    const again = script.records.slice(this.acknowledged)
    script.records = []
    script.mark(Mark.enumerated)
    script.records.push(...again)
    programs(script.mark(Mark.start))
    for (const [id, flow] of this.flows) this.report(id, flow, FlowFlag.enumerated)
    script.mark(Mark.enumerated)
    this.pushed = 0
    this.acknowledged = 0
  }

  report(id: number, flow: Moved, flags = 0, state: 'report' | 'closed' = 'report'): void {
    const { program, ...counters } = flow
    const to = `198.51.${id % 13}.${id}`
    const direction = isAccepted(id) ? Direction.inbound : Direction.outbound
    this.script.flow({ id: id + 1, pid: 100 + program, to, direction, ...counters, flags, state })
  }

  /** Another program writes to it from here on. */
  pass(id: number, program: number): void {
    const flow = this.flows.get(id)
    if (flow === undefined) return
    this.report(id, flow)
    flow.program = program
    this.report(id, flow)
  }

  move(id: number, out: number, bytesIn: number): Moved {
    const program = id % PROGRAMS
    const flow = this.flows.get(id) ?? { epoch: this.#epochOf(id), out: 0, in: 0, program }
    this.flows.set(id, flow)
    flow.out += out
    flow.in += bytesIn
    const sha = `a${flow.program}`.repeat(32)
    const end = isAccepted(id) ? ' served' : ':443'
    addTo(this.model, `unsigned:sha256:${sha} 198.51.${id % 13}.0/24${end}`, out, bytesIn)
    return flow
  }

  readonly #epochs = new Map<number, number>()
  #epochOf(id: number): number {
    const epoch = (this.#epochs.get(id) ?? 0) + 1
    this.#epochs.set(id, epoch)
    return epoch
  }
}

function play(machine: Machine, story: Step[]): void {
  const { script } = machine
  for (const { kind, flow: id, program, out, in: answer, wait } of story) {
    // Every third flow is one that is answered: the others raise alerts, which outlive their engine.
    const bytesIn = id % 3 === 0 ? answer : answer % 40
    script.tick(wait)
    if (kind === 'hour') script.tick(HOUR_MS)
    else if (kind === 'kill') machine.kill(out % 2 === 0)
    else if (kind === 'commit') machine.commit(out % 2 === 0)
    else if (kind === 'pass') machine.pass(id, program)
    else if (kind === 'lost') {
      // Reset before its counters were read: it moved more, which nobody knows, so what was read before stands.
      const flow = machine.flows.get(id)
      if (flow === undefined) continue
      const flags = FlowFlag.countersLost | FlowFlag.inexact
      machine.report(id, out % 2 === 0 ? flow : { ...flow, out: 0, in: 0 }, flags, 'closed')
      machine.flows.delete(id)
    } else if (kind === 'stale') {
      // An older report that comes late says nothing new.
      const flow = machine.flows.get(id)
      if (flow) machine.report(id, { ...flow, out: flow.out >> 1, in: flow.in >> 1 })
    } else {
      if (kind === 'reuse') machine.flows.delete(id)
      const flow = machine.move(id, out, bytesIn)
      if (kind !== 'close') machine.report(id, flow)
      else {
        machine.report(id, flow, 0, 'closed')
        machine.flows.delete(id)
      }
    }
  }
}

function saidBy(findings: Finding[]): Sums {
  const sums = newSums()
  for (const finding of findings) {
    if (finding.kind !== 'summary') continue
    const { identityKey, destination, bytesOut, bytesIn } = finding.summary
    addTo(sums, `${identityKey} ${destination.key}`, bytesOut, bytesIn)
  }
  return sums
}

describe('totals', () => {
  it('are those of a plain sum, through evictions, epochs, reordering, hours and killed engines', function () {
    const runs = Number(process.env['FRESHET_TOTALS_RUNS'] ?? 200)
    this.timeout(2 * WAIT_MS + runs * 20)
    let alerts = 0
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 250, size: 'max' }),
        fc.constantFrom(2, 4, 16, 64),
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom(0, 3, 16),
        (story, flows, pairs, alertsMax) => {
          const machine = new Machine(flows, Math.max(pairs, alertsMax + 1), alertsMax)
          play(machine, story)
          machine.push()
          machine.engine.finish()
          machine.commit(true)
          alerts += machine.said.filter(({ kind }) => kind === 'alert').length
          const said = saidBy(machine.said)
          assert.deepEqual(nonZero(said.out), nonZero(machine.model.out))
          assert.deepEqual(nonZero(said.in), nonZero(machine.model.in))
          assert.ok(machine.engine.counters().openFlows <= flows)
          assert.equal(machine.engine.counters().leftOut.inbound, 0)
          // What is sent again of a flow that closed before its pair's alert is in that alert twice.
          const isAgain = story.some(({ kind }) => kind === 'kill')
          for (const finding of machine.said) {
            if (finding.kind !== 'alert' || isAgain) continue
            const { identity, destination, bytesOut } = finding.alert
            const sum = machine.model.out.get(`${identity.key} ${destination.key}`) ?? 0
            assert.ok(bytesOut <= sum, `${bytesOut} of ${sum} to ${destination.key}`)
          }
        },
      ),
      { numRuns: runs, seed: Number(process.env['FRESHET_TOTALS_SEED'] ?? 31) },
    )
    assert.ok(alerts > runs / 2, `${alerts} alert findings in ${runs} runs`)
  })

  it('lose nothing when reports come again that a stored alert counts', () => {
    const machine = new Machine(64, 20, 16)
    machine.report(1, machine.move(1, 2 * MIB, 0))
    machine.report(1, machine.move(1, 2 * MIB, 0))
    machine.kill(false)
    machine.report(1, { epoch: 1, out: MIB, in: 0, program: 1 })
    machine.report(1, machine.move(1, 5, 7))
    machine.push()
    machine.engine.finish()
    machine.commit(true)
    const { out } = saidBy(machine.said)
    assert.deepEqual([...out.values()], [4 * MIB + 5])
    const last = machine.said.findLast((finding) => finding.kind === 'alert')
    assert.equal(last?.alert.bytesOut, 4 * MIB)
  })

  it('leave nothing behind for the next engine once all is said and closed', () => {
    const machine = new Machine(64, 20, 16)
    for (let id = 0; id < FLOWS; id++) machine.report(id, machine.move(id, 1_000, 50))
    machine.commit(true)
    assert.equal([...machine.baseline.carried.flows()].length, FLOWS)
    for (const [id, flow] of machine.flows) machine.report(id, flow, 0, 'closed')
    machine.flows.clear()
    machine.commit(true)
    machine.script.tick(HOUR_MS)
    machine.commit(true)
    machine.commit(true)
    assert.deepEqual([...machine.baseline.carried.flows()], [])
    assert.deepEqual([...machine.baseline.carried.pairs()], [])
  })

  it('forget flows of an earlier engine that never came back', () => {
    const machine = new Machine(64, 20, 16)
    machine.report(1, machine.move(1, 1_000, 50))
    machine.commit(true)
    machine.flows.clear()
    machine.kill(true)
    machine.script.ticks(61)
    machine.commit(true)
    assert.deepEqual([...machine.baseline.carried.flows()], [])
  })

  it('take nothing of another boot for what is open now, and say what that left', () => {
    const script = programs(new Script().start())
    script.flow({ id: 1, out: 5_000, in: 70, state: 'opened' })
    const baseline = openMemoryBaseline()
    const first = createEngine({ deviceId: 'd', baseline, scoring: pointScoring() })
    first.save(0)
    first.push(copyOf(script.bytes()))
    first.takeFindings()
    first.save(0)
    const after = new Script().mark(Mark.start, '', new Uint8Array(16).fill(9))
    programs(after).flow({ id: 1, out: 300, in: 1, flags: FlowFlag.enumerated })
    const told = tell(after.mark(Mark.enumerated, '', new Uint8Array(16).fill(9)), { baseline })
    told.engine.finish()
    const { out } = saidBy([...told.findings, ...told.engine.takeFindings()])
    assert.deepEqual([...out.values()], [5_300])
  })

  it('still judge a live flow by all it sent, though it was said before', () => {
    const script = programs(new Script().start())
    script.upload({ id: 1, total: MIB - 1, answer: 90, keepOpen: true })
    const baseline = openMemoryBaseline()
    const first = createEngine({ deviceId: 'd', baseline, scoring: pointScoring() })
    first.save(0)
    first.push(copyOf(script.bytes()))
    assert.ok(first.takeFindings().every(({ kind }) => kind !== 'alert'))
    first.save(0)
    const after = new Script()
    after.nowMs = script.nowMs
    programs(after.mark(Mark.start)).flow({ id: 1, out: MIB, in: 90, flags: FlowFlag.enumerated })
    const { alerts, engine, findings } = tell(after.mark(Mark.enumerated).ticks(2), { baseline })
    assert.equal(alerts[0]?.bytesOut, MIB)
    engine.finish()
    const { out } = saidBy([...findings, ...engine.takeFindings()])
    assert.deepEqual([...out.values()], [MIB])
  })
})
