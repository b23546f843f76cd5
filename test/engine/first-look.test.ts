// What was there before Freshet first looked: its earlier bytes are in no alert, and who sends is named as who was here.
import assert from 'node:assert/strict'
import { noteNoFirstStart, noteRebuilt } from '../../src/baseline/baseline.ts'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { ExecFlag, FlowFlag, Mark, Source } from '../../src/records/record.gen.ts'
import { unixNs } from '../../src/units.ts'
import { BOOT_UNIX_NS, MIB, type ProgramSpec, Script, tell, tellByPoints } from './scenario.ts'

const probe = { pid: 100, path: '/home/ann/probe', parent: 50, flags: ExecFlag.enumerated }
const curl = { pid: 200, path: '/usr/bin/tool', owner: 0, flags: ExecFlag.enumerated }
const before = { id: 1, out: 60 * MIB, in: 0, flags: FlowFlag.enumerated }

/** A machine whose first look finds `program` with a connection of 60 MB. */
const found = (program: ProgramSpec = probe, pid = program.pid): Script =>
  new Script()
    .mark(Mark.start)
    .exec({ pid: 50, path: '/usr/bin/bash', flags: ExecFlag.enumerated })
    .exec(program)
    // As every source tells a flow at first, whatever it had moved by then.
    .flow({ ...before, pid, state: 'opened' })
    .mark(Mark.enumerated)
    .inspected({ pid: 50, path: '/usr/bin/bash', owner: 0, sha: 'cd' })
    .wait(900)
    .inspected(program)

const noveltyOf = (script: Script, baseline = openMemoryBaseline()) => {
  const { alerts } = tellByPoints(script, { baseline })
  return alerts.at(-1)?.reasons.find(({ term }) => term === 'novelty')
}

describe('the first look', () => {
  it('has no alert of what was sent before it, and counts that apart', () => {
    const { alerts, engine, summaries } = tell(found().flow(before).ticks(120))
    assert.deepEqual([alerts, summaries], [[], []])
    assert.deepEqual(engine.counters().earlier, { flows: 1, bytesOut: 60 * MIB, bytesIn: 0 })
    assert.equal(engine.counters().bytesOut, 0)
  })

  it('is not over while it goes on: what a flow is found to have moved after it was named is from before', () => {
    const script = new Script()
      .mark(Mark.start)
      .exec({ pid: 50, path: '/usr/bin/bash', flags: ExecFlag.enumerated })
      .exec(probe)
    // Linux, of one that sends just then: first that it is there, then what it has moved, then whose it is.
    script.flow({ ...before, pid: 0, pidversion: 0, out: 0, state: 'opened' })
    script.flow({ ...before, pid: 0, pidversion: 0 }).flow({ ...before, pid: probe.pid })
    script.flow({ ...before, pid: probe.pid, out: 61 * MIB }).mark(Mark.enumerated)
    script.inspected(probe).tick(2_000)
    const { alerts, engine } = tell(
      script.flow({ ...before, pid: probe.pid, out: 65 * MIB }).ticks(3),
    )
    assert.deepEqual(engine.counters().earlier, { flows: 1, bytesOut: 61 * MIB, bytesIn: 0 })
    assert.equal(engine.counters().bytesOut, 4 * MIB)
    assert.equal(alerts.at(-1)?.bytesOut, 4 * MIB)
    assert.match(alerts.at(-1)?.sentence ?? '', /it was open before Freshet looked/)
  })

  it('judges what goes on from then on, and says that it does', () => {
    const { alerts, engine } = tell(
      found()
        .flow(before)
        .tick(2_000)
        .flow({ ...before, out: 64 * MIB })
        .ticks(3),
    )
    assert.equal(alerts.at(-1)?.bytesOut, 4 * MIB)
    assert.equal(alerts.at(-1)?.largestFlow.bytesOut, 4 * MIB)
    assert.match(alerts.at(-1)?.sentence ?? '', /it was open before Freshet looked/)
    assert.equal(engine.counters().bytesOut, 4 * MIB)
  })

  it('says so of some flows among others', () => {
    const script = found()
      .flow(before)
      .tick(2_000)
      .flow({ ...before, out: 64 * MIB })
      .upload({ id: 2, total: 30 * MIB })
      .flow({ ...before, out: 64 * MIB, state: 'closed' })
    assert.match(
      tell(script.ticks(3)).alerts.at(-1)?.sentence ?? '',
      /one of them was open before Freshet looked/,
    )
  })

  it('names who was here before, and takes it for no reason to believe unsigned code', () => {
    const { alerts } = tellByPoints(
      found()
        .tick(2_000)
        .upload({ id: 2, total: 3 * MIB }),
    )
    assert.match(alerts[0]?.sentence ?? '', /here before Freshet, which first looked/)
    const novelty = alerts[0]?.reasons.find(({ term }) => term === 'novelty')
    assert.equal(novelty?.points, 30)
    assert.match(novelty?.text ?? '', /was here before Freshet/)
    assert.ok(alerts[0]?.reasons.some(({ text }) => /new to this program/.test(text)))
  })

  it('is lenient with what somebody vouches for', () => {
    const upload = { id: 2, pid: 200, total: 600 * MIB, steps: 2 }
    const novelty = noveltyOf(found(curl).tick(2_000).upload(upload))
    if (novelty) assert.equal(novelty.points, 10)
    const { baseline } = tell(found(curl).tick(2_000).upload(upload))
    assert.ok(
      (baseline.identity('platform:/usr/bin/tool')?.firstExecAt ?? 0n) < (baseline.bornAt() ?? 0n),
    )
  })

  it('calls nobody here before who began after it', () => {
    const script = new Script()
      .start()
      .program({ ...probe, flags: 0 })
      .upload({ id: 2, total: 3 * MIB })
    assert.match(tell(script).alerts[0]?.sentence ?? '', /\(unsigned, first seen (less than )?\d/)
    const waited = new Script()
    waited
      .program({ ...probe, flags: 0 })
      .wait(5)
      .start()
      .upload({ id: 2, total: 3 * MIB })
    assert.match(tell(waited).alerts[0]?.sentence ?? '', /\(unsigned, first seen (less than )?\d/)
    // The host of an imported log, which no source ever looked for.
    const imported = new Script().from(Source.none).mark(Mark.start).mark(Mark.enumerated)
    imported
      .from(Source.linux)
      .program(probe)
      .upload({ id: 2, total: 3 * MIB })
    assert.match(tell(imported).alerts[0]?.sentence ?? '', /\(unsigned, first seen (less than )?\d/)
    const late = new Script()
      .start()
      .program(probe)
      .upload({ id: 2, total: 3 * MIB })
    assert.match(tell(late).alerts[0]?.sentence ?? '', /\(unsigned, first seen (less than )?\d/)
  })

  it('is none where a baseline was lost: nobody was here before, and nothing is lenient', () => {
    const lost = () => {
      const baseline = openMemoryBaseline()
      noteRebuilt(baseline, unixNs(BOOT_UNIX_NS, 'at'))
      return baseline
    }
    const { alerts, baseline } = tellByPoints(
      found()
        .tick(2_000)
        .upload({ id: 2, total: 3 * MIB }),
      {
        baseline: lost(),
      },
    )
    assert.match(alerts[0]?.sentence ?? '', /\(unsigned, first seen (less than )?\d/)
    assert.ok(
      (baseline.identity(`unsigned:sha256:${'ab'.repeat(32)}`)?.firstExecAt ?? 0n) >=
        (baseline.bornAt() ?? 1n),
    )
    const upload = { id: 2, pid: 200, total: 6_000 * MIB, steps: 2 }
    assert.equal(noveltyOf(found(curl).tick(2_000).upload(upload), lost())?.points, 30)
  })

  it('is told of flows, and of no program, where the baseline was imported: it knows another machine', () => {
    const imported = openMemoryBaseline()
    const bornAt = unixNs(BOOT_UNIX_NS - 9_000_000_000n, 'bornAt')
    // As it was read from an export, in which somebody was there before Freshet.
    imported.setBornAt(bornAt)
    noteNoFirstStart(imported, bornAt)
    const key = `unsigned:sha256:${'ab'.repeat(32)}`
    const { baseline: other } = tell(found())
    const known = other.identity(key)
    assert.ok(known)
    imported.putIdentity({ ...known, firstExecAt: unixNs(bornAt - 1n, 'first') })
    const story = found()
      .flow(before)
      .tick(2_000)
      .flow({ ...before, out: 64 * MIB })
    const { alerts, engine } = tell(story.ticks(3), { baseline: imported })
    assert.equal(engine.counters().earlier.flows, 1)
    assert.equal(alerts.at(-1)?.bytesOut, 4 * MIB)
    assert.doesNotMatch(alerts.at(-1)?.sentence ?? '', /here before Freshet/)
  })

  it('is not what an agent that was down finds: what began meanwhile counts, and was not here before', () => {
    const baseline = openMemoryBaseline()
    tell(found().flow(before).ticks(70), { baseline })
    const late = { ...probe, pid: 300, path: '/home/ann/late', sha: '77' }
    const again = found()
    again.nowMs += 100_000
    again.records = []
    again
      .mark(Mark.start)
      .exec(probe)
      .exec(late)
      .flow({ ...before, id: 1 })
      .flow({ ...before, id: 9, pid: 300, out: 7 * MIB, to: '198.51.100.9' })
      .mark(Mark.enumerated)
      .inspected(probe)
      .inspected(late)
    const { alerts, engine } = tell(again.ticks(70), { baseline })
    assert.deepEqual(
      [...new Set(alerts.map(({ destination }) => destination.address))],
      ['198.51.100.9'],
    )
    assert.equal(alerts.at(-1)?.bytesOut, 7 * MIB)
    assert.match(alerts.at(-1)?.sentence ?? '', /first seen (less than )?\d/)
    assert.doesNotMatch(alerts.at(-1)?.sentence ?? '', /before Freshet/)
    assert.deepEqual(engine.counters().earlier, { flows: 0, bytesOut: 0, bytesIn: 0 })
  })

  it('is over once the enumeration is: what a later one finds new was missed, and counts', () => {
    const script = new Script()
      .start()
      .program({ ...probe, flags: 0 })
      .tick(1_000)
      .mark(Mark.start)
      .exec(probe)
      .flow(before)
      .mark(Mark.enumerated)
    const { alerts, engine } = tell(script.ticks(40))
    assert.equal(alerts.at(-1)?.bytesOut, 60 * MIB)
    assert.equal(engine.counters().earlier.flows, 0)
  })

  it('is none after a restart: what it left goes on, what came since counts', () => {
    const baseline = openMemoryBaseline()
    tell(
      found()
        .flow(before)
        .tick(2_000)
        .flow({ ...before, out: 64 * MIB })
        .ticks(70),
      { baseline },
    )
    const again = found()
    again.nowMs += 100_000
    again.records = []
    again
      .mark(Mark.start)
      .exec(probe)
      .flow({ ...before, out: 65 * MIB })
      .flow({ ...before, id: 9, out: 7 * MIB })
      .mark(Mark.enumerated)
      .inspected(probe)
      .ticks(3)
      .flow({ ...before, out: 66 * MIB, state: 'closed' })
      .flow({ ...before, id: 9, out: 7 * MIB, state: 'closed' })
    const { alerts, engine } = tell(again.ticks(70), { baseline })
    assert.equal(alerts.at(-1)?.bytesOut, (6 + 7) * MIB)
    assert.match(alerts.at(-1)?.sentence ?? '', /open before Freshet looked/)
    assert.deepEqual(engine.counters().earlier, { flows: 0, bytesOut: 0, bytesIn: 0 })
  })
})
