// Processes of a Mac that one source told, as another takes its place: who has ended meanwhile is not taken to run, and
// who runs is not taken to have ended, in whatever order the two are heard.
import assert from 'node:assert/strict'
import {
  Capability,
  CodeFlag,
  ExecFlag,
  FlowFlag,
  Mark,
  Source,
} from '../../src/records/record.gen.ts'
import { MIB, Script, tell } from './scenario.ts'

const { endpointSecurity, eslogger, polling, networkStatistics, nettop } = Source
const ALL = Capability.processEvents | Capability.allProcesses
const probe = { pid: 100, path: '/Users/ann/probe', parent: 50 }
const cat = { pid: 101, path: '/bin/cat' }

const processes = (script: Script): number | undefined =>
  tell(script.ticks(1)).engine.counters().processes

/** Whose an upload of `pidversion` is, a quarter of an hour later. */
function ownerOf(script: Script, pidversion: number, source: number = networkStatistics) {
  script.ticks(900).from(source, Capability.flowCloses).start()
  const flags = pidversion === 0 ? FlowFlag.ownerGuessed : 0
  const { alerts, engine } = tell(
    script.upload({ id: 1, pidversion, flags, total: 5 * MIB }).ticks(3),
  )
  return engine.counters().unattributedFlows > 0 ? undefined : alerts.at(-1)?.chain[0]?.path
}

/** One source has told of two processes, of which the other lists the first. */
function handOver(from: number, to: number, capabilities = ALL): Script {
  const script = new Script().from(from, ALL).start().program(probe).exec(cat).tick(1_000)
  script.from(to, capabilities).mark(Mark.start).tick(20)
  // A list tells it as of when it was made.
  return script.exec({ ...probe, flags: ExecFlag.enumerated, kernel: { atNs: 5_000_000_000n } })
}

describe('processes that are handed over', () => {
  for (const [name, from, to] of [
    ['Endpoint Security to the list of processes', endpointSecurity, polling],
    ['eslogger to the list of processes', eslogger, polling],
    ['the list of processes to Endpoint Security', polling, endpointSecurity],
  ] as const)
    it(`from ${name} have ended where that does not name them`, () => {
      assert.equal(processes(handOver(from, to)), 2)
      assert.equal(processes(handOver(from, to).mark(Mark.enumerated)), 1)
      assert.equal(ownerOf(handOver(from, to).mark(Mark.enumerated), 1), probe.path)
    })

  it('are not judged by one who sees only some, or never lists', () => {
    assert.equal(processes(handOver(endpointSecurity, polling, 0).mark(Mark.enumerated)), 2)
    assert.equal(processes(handOver(endpointSecurity, eslogger).mark(Mark.enumerated)), 2)
  })

  it('are not judged by a list that is older than they are', () => {
    const script = new Script().from(endpointSecurity, ALL).start().program(probe)
    const { nowMs } = script.tick(1_000)
    // It began while the list was read, and is heard of before it: rings are read one after the other.
    script.tick(30).exec(cat)
    script.nowMs = nowMs
    script.from(polling, ALL).mark(Mark.start)
    script.exec({ ...probe, flags: ExecFlag.enumerated }).mark(Mark.enumerated)
    assert.equal(processes(script), 2)
    // By the next one they are.
    script
      .mark(Mark.start)
      .exec({ ...probe, flags: ExecFlag.enumerated })
      .mark(Mark.enumerated)
    assert.equal(processes(script), 1)
  })

  it('are not judged by a list during which somebody else named them', () => {
    const script = handOver(polling, endpointSecurity)
    script.from(eslogger, ALL).exec(cat).from(endpointSecurity, ALL).mark(Mark.enumerated)
    assert.equal(processes(script), 2)
  })

  it('are alive where a list names them that were held to have ended', () => {
    const script = handOver(endpointSecurity, polling)
    script
      .exit(probe.pid)
      .exec({ ...probe, flags: ExecFlag.enumerated })
      .mark(Mark.enumerated)
    assert.equal(processes(script), 1)
    assert.equal(ownerOf(script, 1), probe.path)
    // An exec that is told once more says nothing of the kind.
    const told = handOver(endpointSecurity, polling).exit(probe.pid).exec(probe)
    assert.equal(processes(told.mark(Mark.enumerated)), 0)
  })

  it('have the code that their environment asked for, which eslogger’s reader drops, by the list that runs beside', () => {
    const script = new Script().from(polling, ALL).start().from(eslogger, ALL).start()
    script
      .program(probe)
      .from(polling, ALL)
      .exec({ ...probe, flags: ExecFlag.enumerated })
    script.code(probe.pid, '/Users/ann/evil.dylib', CodeFlag.askedFor)
    script.from(networkStatistics, Capability.flowCloses).start()
    const { alerts } = tell(script.upload({ id: 1, total: 5 * MIB }).ticks(3))
    assert.deepEqual(alerts.at(-1)?.chain[0]?.foreignCode, ['/Users/ann/evil.dylib'])
  })

  for (const [name, first, second] of [
    ['in order', 5, 9],
    ['though the numbers of images began again', 0xffff_fffe, 3],
  ] as const) {
    const other = { ...probe, path: '/Users/ann/other', pidversion: second }

    it(`are others’ where their pid is, ${name}`, () => {
      const script = new Script().from(endpointSecurity, ALL).start()
      script.program({ ...probe, pidversion: first }).tick(1_000)
      script.from(polling, ALL).mark(Mark.start)
      script.program({ ...other, flags: ExecFlag.enumerated }).mark(Mark.enumerated)
      assert.equal(processes(script), 1)
      // What the former one’s source says of it late takes nothing from who has its pid.
      script.from(endpointSecurity, ALL).exit(probe.pid, first)
      assert.equal(processes(script), 1)
      assert.equal(ownerOf(script, 0, nettop), other.path)
    })

    it(`are told late by one source where another has told what came after, ${name}`, () => {
      const late = (more: (script: Script) => Script): Script => {
        const script = new Script().from(polling, ALL).start().from(eslogger, ALL).start()
        script
          .from(polling, ALL)
          .program({ ...other, flags: ExecFlag.enumerated })
          .tick(50)
        return more(script.from(eslogger, ALL))
      }
      const forked = (script: Script) => script.fork(probe.pid, 50, first).exec(other)
      const executed = (script: Script) => script.exec({ ...probe, pidversion: first }).exec(other)
      for (const more of [forked, executed]) {
        assert.equal(processes(late(more)), 1)
        assert.equal(ownerOf(late(more), second), other.path)
        assert.equal(ownerOf(late(more), 0, nettop), other.path)
        // It has ended by then: nobody runs.
        const ended = late((script) => more(script.exit(probe.pid, second)))
        assert.equal(processes(ended), 0)
      }
    })
  }
})
