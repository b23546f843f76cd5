import assert from 'node:assert/strict'
import fc from 'fast-check'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { RecordError } from '../../src/records/framer.ts'
import { EARLIER_LAYOUTS } from '../../src/records/layouts.ts'
import { Gap, LAYOUT, Loss, Mark, Source } from '../../src/records/record.gen.ts'
import { encodeContent } from '../../src/stream/codec.ts'
import { asText, copyOf, HOUR_MS, MIB, Script, sorted, tell } from './scenario.ts'

/** A machine of many programs, flows and destinations, from a seed. */
type Step = { flow: number; out: number; in: number; close: boolean; wait: number }
const steps = fc.array(
  fc.record({
    flow: fc.nat(39),
    out: fc.nat(300_000),
    in: fc.nat(300_000),
    close: fc.boolean(),
    wait: fc.nat(20_000),
  }),
  { minLength: 1, maxLength: 300 },
)
const PROGRAMS = 5

type Model = { out: Map<string, number>; in: Map<string, number>; allOut: number; allIn: number }

/** Writes the steps as records and keeps a naive account of them. */
function write(story: Step[]): { script: Script; model: Model } {
  const script = new Script().start()
  for (let program = 0; program < PROGRAMS; program++)
    script.program({ pid: 100 + program, path: `/opt/p${program}`, sha: `a${program}` })
  const model: Model = { out: new Map(), in: new Map(), allOut: 0, allIn: 0 }
  const open = new Map<number, { id: number; out: number; in: number }>()
  let nextId = 1
  for (const step of story) {
    script.tick(step.wait)
    let flow = open.get(step.flow)
    const isNew = flow === undefined
    flow ??= { id: nextId++, out: 0, in: 0 }
    open.set(step.flow, flow)
    flow.out += step.out
    flow.in += step.in
    const program = step.flow % PROGRAMS
    const block = step.flow % 13
    script.flow({
      id: flow.id,
      pid: 100 + program,
      to: `198.51.${block}.${step.flow}`,
      out: flow.out,
      in: flow.in,
      state: step.close ? 'closed' : isNew ? 'opened' : 'report',
    })
    if (step.close) open.delete(step.flow)
    const key = `unsigned:sha256:${`a${program}`.repeat(32)} 198.51.${block}.0/24:443`
    model.out.set(key, (model.out.get(key) ?? 0) + step.out)
    model.in.set(key, (model.in.get(key) ?? 0) + step.in)
    model.allOut += step.out
    model.allIn += step.in
  }
  return { script, model }
}

const nonZero = (sums: Map<string, number>) =>
  Object.fromEntries([...sums].filter(([, sum]) => sum > 0).sort(([a], [b]) => (a < b ? -1 : 1)))

describe('bounds', () => {
  it('says every byte once in summaries and totals, however small its tables', () => {
    fc.assert(
      fc.property(
        steps,
        fc.constantFrom(2, 4, 16, 64),
        fc.integer({ min: 1, max: 20 }),
        (story, flows, pairs) => {
          const { script, model } = write(story)
          const baseline = openMemoryBaseline()
          const engine = createEngine({
            deviceId: 'd',
            baseline,
            limits: { flows, pairs, alerts: 0, processes: 16 },
          })
          engine.push(copyOf(script.bytes()))
          engine.finish()
          const out = new Map<string, number>()
          const bytesIn = new Map<string, number>()
          for (const finding of engine.takeFindings()) {
            if (finding.kind !== 'summary') continue
            const { identityKey, destination, bytesOut, bytesIn: more } = finding.summary
            const key = `${identityKey} ${destination.key}`
            out.set(key, (out.get(key) ?? 0) + bytesOut)
            bytesIn.set(key, (bytesIn.get(key) ?? 0) + more)
          }
          assert.deepEqual(nonZero(out), nonZero(model.out))
          assert.deepEqual(nonZero(bytesIn), nonZero(model.in))
          assert.equal(engine.counters().bytesOut, model.allOut)
          assert.equal(engine.counters().bytesIn, model.allIn)
          assert.ok(engine.counters().openFlows <= flows)
          assert.equal(engine.counters().staleReports, 0)
        },
      ),
      { numRuns: 150, seed: 11 },
    )
  })

  it('gives the same findings however the stream is cut into batches', () => {
    fc.assert(
      fc.property(steps, fc.array(fc.nat(), { maxLength: 30 }), (story, cuts) => {
        const { script } = write(story)
        const whole = tell(script, { limits: { pairs: 8, flows: 16 } })
        const engine = createEngine({
          deviceId: 'device-1',
          baseline: openMemoryBaseline(),
          limits: { pairs: 8, flows: 16 },
        })
        const findings = []
        const places = cuts.map((cut) => cut % script.records.length).sort((a, b) => a - b)
        let from = 0
        for (const to of [...places, script.records.length]) {
          engine.push(copyOf(Buffer.concat(script.records.slice(from, to))))
          findings.push(...engine.takeFindings())
          engine.top(5)
          from = to
        }
        assert.equal(asText(findings), asText(whole.findings))
        assert.deepEqual(engine.counters(), whole.engine.counters())
      }),
      { numRuns: 60, seed: 12 },
    )
  })

  it('keeps the pair of an open alert while others are pushed out', () => {
    const script = new Script().start().program({ pid: 100, path: '/opt/x' })
    script.upload({ id: 1, total: 2 * MIB, keepOpen: true })
    for (let i = 0; i < 40; i++)
      script.upload({ id: 10 + i, to: `198.51.${i}.1`, total: 500, answer: 900, steps: 1 })
    script.flow({ id: 1, out: 3 * MIB, state: 'closed' }).ticks(2)
    const { alerts, engine } = tell(script, { limits: { pairs: 8 } })
    assert.ok(engine.counters().evicted.pairs >= 30)
    assert.equal(alerts.at(-1)?.state, 'final')
    assert.equal(alerts.at(-1)?.bytesOut, 3 * MIB)
  })

  it('goes on with a flow that the full table pushed out', () => {
    const script = new Script().start().program({ pid: 100, path: '/opt/x' })
    script.upload({ id: 1, total: 2 * MIB, keepOpen: true })
    for (let i = 0; i < 40; i++)
      script.flow({ id: 10 + i, to: `198.51.${i}.1`, out: 500, in: 900, state: 'opened' })
    script
      .ticks(2)
      .flow({ id: 1, out: 3 * MIB, state: 'closed' })
      .ticks(70)
    const { alerts, engine } = tell(script, { limits: { flows: 8 } })
    assert.ok(engine.counters().evicted.flows >= 30)
    assert.equal(alerts.at(-1)?.bytesOut, 3 * MIB)
    assert.equal(alerts.at(-1)?.flows, 1)
  })

  it('counts flows whose counters it forgot, and goes on from there with them', () => {
    const script = new Script().start().program({ pid: 100, path: '/opt/x' })
    for (let i = 0; i < 40; i++)
      script.flow({ id: 10 + i, to: `198.51.${i}.1`, out: 500, in: 900, state: 'opened' })
    const { engine } = tell(script, { limits: { flows: 8, parkedFlows: 4 } })
    assert.equal(engine.counters().evicted.forgottenFlows, 28)
    const back = new Script()
    back.nowMs = script.nowMs
    engine.push(copyOf(back.flow({ id: 10, out: 600, in: 900 }).bytes()))
    assert.equal(engine.counters().bytesOut, 40 * 500)
    engine.push(copyOf(new Script().flow({ id: 10, out: 700, in: 900 }).bytes()))
    assert.equal(engine.counters().bytesOut, 40 * 500 + 100)
  })

  it('keeps at most so many processes, ended ones going first', () => {
    const script = new Script().start().program({ pid: 100, path: '/opt/x' })
    for (let i = 0; i < 100; i++)
      script.exec({ pid: 1000 + i, path: '/usr/bin/true' }).exit(1000 + i)
    script.upload({ id: 1, total: 2 * MIB })
    const { alerts, engine } = tell(script, { limits: { processes: 8 } })
    assert.equal(alerts.length, 1)
    assert.equal(engine.counters().processes, 1)
    assert.ok(engine.counters().evicted.processes > 80)
  })

  it('says an hourly summary a pair', () => {
    const script = new Script().start().program({ pid: 100, path: '/opt/x' })
    script.upload({ id: 1, total: 500, answer: 900, keepOpen: true })
    script.wait(HOUR_MS).tick().flow({ id: 1, out: 800, in: 1_000 }).wait(HOUR_MS).tick()
    const { summaries } = tell(script)
    assert.deepEqual(
      summaries.map(({ bytesOut, bytesIn, flows }) => [bytesOut, bytesIn, flows]),
      [
        [500, 900, 1],
        [300, 100, 1],
      ],
    )
    assert.equal((summaries[1]?.hourAt ?? 0n) - (summaries[0]?.hourAt ?? 0n), 3_600_000_000_000n)
  })
})

describe('what weakens the engine', () => {
  it('says losses at once, then at most once a minute with their sum', () => {
    const script = new Script().start()
    for (let i = 0; i < 10; i++) script.loss(Loss.ringFull, 3).ticks(1)
    const { health, engine } = tell(script.ticks(60))
    assert.deepEqual(
      health.map(({ of, count }) => [of, count]),
      [
        ['loss', 3],
        ['loss', 27],
      ],
    )
    assert.equal(engine.counters().lost, 30)
  })

  it('says what the sensor lacks, once, and when it has it again', () => {
    const script = new Script().start('run as root').start('run as root')
    const told = tell(script)
    assert.equal(told.engine.counters().degraded, 'run as root')
    assert.deepEqual(
      told.health.map(({ of, text }) => [of, text]),
      [['degraded', 'run as root']],
    )
    const better = tell(script.start(''))
    assert.equal(better.health.at(-1)?.of, 'recovered')
    assert.equal(better.engine.counters().degraded, '')
  })

  it('tells what each source lacks as codes, until a mark of that source has it no more', () => {
    const lacking = (source: number, gaps: number, note = '') => {
      script.source = source
      return script.mark(Mark.start, note, undefined, undefined, gaps)
    }
    const script = new Script().start()
    lacking(Source.endpointSecurity, Gap.fullDiskAccess, 'grant it')
    lacking(Source.filter, Gap.filter)
    assert.deepEqual(tell(script).engine.counters().gaps, [
      { source: Source.endpointSecurity, gaps: Gap.fullDiskAccess, note: 'grant it' },
      { source: Source.filter, gaps: Gap.filter, note: '' },
    ])
    lacking(Source.endpointSecurity, 0)
    assert.deepEqual(
      tell(script)
        .engine.counters()
        .gaps.map(({ source }) => source),
      [Source.filter],
    )
  })

  it('reads no records of another layout, and says so', () => {
    const script = new Script().start().mark(Mark.start, '', undefined, LAYOUT ^ 1)
    script.program({ pid: 100, path: '/opt/x' }).upload({ id: 1, total: 9 * MIB })
    const { alerts, engine } = tell(script)
    assert.equal(alerts.length, 0)
    assert.equal(engine.counters().flows, 0)
    assert.ok(engine.counters().unknownRecords > 10)
    assert.match(engine.counters().degraded, /different versions/)
    assert.equal(engine.counters().isForeign, true)
  })

  it('reads records of an earlier layout that lie as those of today do', () => {
    const [layout] = EARLIER_LAYOUTS.keys()
    const script = new Script().start().mark(Mark.start, '', undefined, layout)
    script.program({ pid: 100, path: '/opt/x' }).upload({ id: 1, total: 9 * MIB })
    const { alerts, engine } = tell(script.ticks(3))
    assert.equal(alerts.at(-1)?.bytesOut, 9 * MIB)
    assert.equal(engine.counters().isForeign, false)
  })

  it('counts and skips records of a type it does not know', () => {
    const record = new Uint8Array(24)
    new DataView(record.buffer).setUint32(0, 24, true)
    new DataView(record.buffer).setUint16(4, 4_000, true)
    const { engine } = tell(new Script().start().add(record).program({ pid: 1, path: '/opt/x' }))
    assert.equal(engine.counters().unknownRecords, 1)
    assert.equal(engine.counters().execs, 1)
  })

  it('refuses bytes that are no records', () => {
    const { engine } = tell(new Script().start())
    for (const size of [0, 8, 20, 4_096]) {
      const bytes = new Uint8Array(16)
      new DataView(bytes.buffer).setUint32(0, size, true)
      assert.throws(() => engine.push(bytes), RecordError)
    }
  })

  it('goes on when counters add up to more than a count can be: sums stand at the largest', () => {
    const script = new Script().start().program({ pid: 100, path: '/opt/x' })
    const flow = { out: Number.MAX_SAFE_INTEGER, in: 5 }
    for (let id = 1; id <= 3; id++)
      script
        .flow({ id, state: 'opened' })
        .tick(1_000)
        .flow({ ...flow, id })
    for (let id = 1; id <= 3; id++) script.flow({ ...flow, id, state: 'closed' })
    const { engine, baseline, findings, alerts } = tell(script.ticks(70))
    engine.finish()
    const { summaries } = sorted(engine, baseline, engine.takeFindings())
    const stands = [alerts.at(-1), summaries[0], engine.counters(), engine.top(1)[0]]
    for (const of of stands) assert.equal(of?.bytesOut, Number.MAX_SAFE_INTEGER)
    assert.equal(alerts.at(-1)?.state, 'final')
    for (const finding of findings) assert.ok(encodeContent(finding).length > 0)
    const [next] = [tell(new Script().start().ticks(2), { baseline })]
    assert.ok(next.findings.length >= 0, 'what was saved is read again')
  })

  it('takes any fields that a record of right shape may have', () => {
    const script = new Script().start().program({ pid: 100, path: '/opt/x' })
    script
      .upload({ id: 1, total: 3 * MIB })
      .fork(3, 100)
      .name(1, 'a.example')
      .loss(1, 1)
    script.policy(1, {}).exit(100).start('note').ticks(40)
    const stream = script.bytes()
    const bodies: number[] = []
    const view = new DataView(stream.buffer, stream.byteOffset, stream.length)
    for (let at = 0; at < stream.length; at += view.getUint32(at, true))
      for (let i = 8; i < view.getUint32(at, true); i++) {
        // Lengths of strings are the framer's to check; at_ns may be anything.
        if (view.getUint16(at + 4, true) === 4 || i < 22) bodies.push(at + i)
      }
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bodies.length - 1), fc.nat(255)), { maxLength: 20 }),
        (edits) => {
          const bytes = copyOf(stream)
          for (const [index, value] of edits) bytes[bodies[index] as number] = value
          const engine = createEngine({
            deviceId: 'd',
            baseline: openMemoryBaseline(),
            limits: { flows: 16, pairs: 4 },
          })
          engine.push(bytes)
          engine.takeFindings()
          assert.equal(engine.counters().records, script.records.length)
        },
      ),
      { numRuns: 500, seed: 13 },
    )
  })
})
