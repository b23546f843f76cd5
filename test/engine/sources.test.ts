// A machine with two sources, as a Mac has: one tells of processes, the other of flows.
import assert from 'node:assert/strict'
import type { Finding } from '../../src/engine/finding.ts'
import { Capability, ExecFlag, FlowFlag, Loss, Mark, Source } from '../../src/records/record.gen.ts'
import { MIB, Script, tell } from './scenario.ts'

const { endpointSecurity, filter } = Source
const PROCESSES = Capability.processEvents | Capability.allProcesses
const FLOWS = Capability.flowCloses
const probe = { pid: 100, path: '/Users/ann/probe', parent: 50 }

/** Both have started; a stranger runs and has a flow open. */
function mac(): Script {
  return new Script()
    .from(endpointSecurity, PROCESSES)
    .start()
    .program(probe)
    .from(filter, FLOWS)
    .start()
    .flow({ id: 1, state: 'opened' })
    .flow({ id: 1, out: 4 * MIB })
}

describe('an engine with two sources', () => {
  it('joins the flows of one to the processes of the other', () => {
    const { alerts, engine } = tell(
      mac()
        .flow({ id: 1, out: 5 * MIB, state: 'closed' })
        .ticks(2),
    )
    assert.equal(alerts.at(-1)?.state, 'final')
    assert.equal(alerts.at(-1)?.bytesOut, 5 * MIB)
    assert.equal(alerts.at(-1)?.chain[0]?.path, probe.path)
    assert.equal(engine.counters().unattributedFlows, 0)
  })

  it('learns by an enumeration what a process runs that was forked by one it had not seen', () => {
    const script = new Script().from(endpointSecurity, PROCESSES).mark(Mark.start)
    script.fork(probe.pid, probe.parent)
    script.program({ ...probe, flags: ExecFlag.enumerated }).mark(Mark.enumerated)
    // What is known by its fork is not taken back by an enumeration that has it as something else.
    script.fork(101, probe.pid)
    script.program({ pid: 101, path: '/bin/other', flags: ExecFlag.enumerated })
    script.from(filter, FLOWS).start()
    script
      .upload({ id: 1, total: 5 * MIB })
      .upload({ id: 2, pid: 101, total: 5 * MIB })
      .ticks(2)
    const { alerts, engine } = tell(script)
    assert.deepEqual([...new Set(alerts.map(({ chain }) => chain[0]?.path))], [probe.path])
    assert.equal(engine.counters().unattributedFlows, 0)
  })

  it('says who made the socket, where another did', () => {
    const agent = '/usr/libexec/nsurlsessiond'
    const told = (maker: number, isEarly: boolean): string | undefined => {
      const script = new Script().from(endpointSecurity, PROCESSES).start().program(probe)
      script.system(60, agent).from(filter, FLOWS).start()
      if (isEarly) script.name(1, '', maker)
      script.flow({ id: 1, state: 'opened' })
      if (!isEarly) script.name(1, 'files.example.org', maker)
      const { alerts } = tell(script.upload({ id: 1, total: 5 * MIB }).ticks(2))
      assert.equal(alerts.at(-1)?.chain[1]?.socketsBy ?? '', '')
      return alerts.at(-1)?.chain[0]?.socketsBy
    }
    for (const isEarly of [true, false]) {
      assert.equal(told(60, isEarly), agent)
      assert.equal(told(61, isEarly), 'pid 61')
      assert.equal(told(0, isEarly), '')
    }
  })

  it('does not take what was told of a flow for another under its id', () => {
    const script = new Script().from(endpointSecurity, PROCESSES).start().program(probe)
    script.from(filter, FLOWS).start().name(1, 'files.example.org', 60)
    const { alerts } = tell(script.upload({ id: 1, epoch: 1, total: 5 * MIB }).ticks(2))
    assert.equal(alerts.at(-1)?.chain[0]?.socketsBy, '')
    assert.equal(alerts.at(-1)?.destination.hostname, '')
  })

  it('keeps the flows of one when the other enumerates anew', () => {
    const script = mac().tick(1_000).from(endpointSecurity, PROCESSES).mark(Mark.start)
    script
      .exec({ ...probe, flags: ExecFlag.enumerated })
      .mark(Mark.enumerated)
      .ticks(3)
    const { engine } = tell(script)
    assert.equal(engine.counters().openFlows, 1)
    assert.equal(engine.counters().processes, 1)
  })

  it('keeps the processes of one when the other enumerates anew, and ends its own flows', () => {
    const { engine } = tell(mac().tick(1_000).start().ticks(1))
    assert.equal(engine.counters().processes, 1)
    assert.equal(engine.counters().openFlows, 0)
  })

  it('leaves a flow to the source that goes on with it', () => {
    const script = mac().tick(1_000).from(Source.networkStatistics, FLOWS).start()
    script.flow({ id: 1, out: 5 * MIB })
    // The filter comes back and does not know it.
    script.from(filter, FLOWS).start().ticks(1)
    assert.equal(tell(script).engine.counters().openFlows, 1)
    script.from(Source.networkStatistics, FLOWS).start().ticks(1)
    const { engine } = tell(script)
    assert.equal(engine.counters().openFlows, 0)
    assert.equal(engine.counters().bytesOut, 5 * MIB)
    assert.equal(engine.counters().flows, 1)
  })

  it('takes enumerations that overlap each for its own', () => {
    const script = mac().tick(1_000)
    script.from(endpointSecurity, PROCESSES).mark(Mark.start)
    script.exec({ ...probe, flags: ExecFlag.enumerated })
    script.from(filter, FLOWS).mark(Mark.start)
    script.flow({ id: 1, out: 4 * MIB, flags: FlowFlag.enumerated })
    script.from(endpointSecurity, PROCESSES).mark(Mark.enumerated)
    script.from(filter, FLOWS).mark(Mark.enumerated).ticks(1)
    const { engine } = tell(script)
    assert.equal(engine.counters().processes, 1)
    assert.equal(engine.counters().openFlows, 1)
  })

  it('ends what an enumeration of its own source left out', () => {
    const script = mac().from(endpointSecurity, PROCESSES)
    script.exec({ pid: 101, path: '/bin/cat' }).tick(1_000).mark(Mark.start)
    script.exec({ pid: 101, path: '/bin/cat', flags: ExecFlag.enumerated }).mark(Mark.enumerated)
    assert.equal(tell(script).engine.counters().processes, 1)
  })

  it('lets flows stand when the filter says that it sees nothing any more', () => {
    const script = mac().tick(1_000).from(filter, 0).start('The filter is not connected.').ticks(1)
    assert.equal(tell(script).engine.counters().openFlows, 1)
    // It comes back and goes on with the same counters.
    script.from(filter, FLOWS).mark(Mark.start)
    script.flow({ id: 1, out: 6 * MIB, flags: FlowFlag.enumerated }).mark(Mark.enumerated)
    const { engine } = tell(script.flow({ id: 1, out: 6 * MIB, state: 'closed' }).ticks(3))
    assert.equal(engine.counters().bytesOut, 6 * MIB)
    assert.equal(engine.counters().flows, 1)
  })

  it('says what each is missing, and of each when it is there again', () => {
    const script = mac().from(filter, 0).mark(Mark.start, 'The filter is not connected.')
    script.from(endpointSecurity, 0).mark(Mark.start, 'Full Disk Access is missing.')
    const both = tell(script).engine.counters().degraded
    assert.equal(both, 'The filter is not connected. Full Disk Access is missing.')
    script.from(filter, FLOWS).mark(Mark.start)
    const { engine, health } = tell(script)
    assert.equal(engine.counters().degraded, 'Full Disk Access is missing.')
    assert.deepEqual(
      health.map(({ of, text }) => `${of}: ${text}`),
      [
        'degraded: The filter is not connected.',
        'degraded: Full Disk Access is missing.',
        'recovered: no longer so: The filter is not connected.',
      ],
    )
  })

  it('says until when something was missing where it says something else, and at the end', () => {
    const script = mac().from(filter, 0).mark(Mark.start, 'Two things are missing.').ticks(3)
    script.from(filter, 0).mark(Mark.start, 'One thing is missing.').ticks(2)
    const { engine } = tell(script)
    const said = (findings: Finding[]) =>
      findings.flatMap((one) =>
        one.kind === 'health' ? [[one.health.text, one.health.since !== undefined]] : [],
      )
    engine.finish()
    assert.deepEqual(said(engine.takeFindings()), [['One thing is missing.', true]])
    assert.equal(engine.counters().degraded, 'One thing is missing.')
    assert.deepEqual(said(tell(script).findings), [
      ['Two things are missing.', false],
      ['Two things are missing.', true],
      ['One thing is missing.', false],
    ])
  })

  it('says again each day what is missing still', () => {
    const script = mac().from(filter, 0).mark(Mark.start, 'A thing is missing.').ticks(3)
    script.tick(86_400_000).ticks(3)
    const said = tell(script).findings.filter(
      (one) => one.kind === 'health' && one.health.since === undefined,
    )
    assert.deepEqual(
      said.map((one) => one.kind === 'health' && one.health.text),
      ['A thing is missing.', 'A thing is missing.'],
    )
  })

  it('takes the ticks of one, and not what the other tells, for a sign of life', () => {
    const script = mac().from(endpointSecurity, PROCESSES).ticks(2)
    assert.equal(tell(script).engine.ticks(), 2)
    script.from(filter, FLOWS).flow({ id: 1, out: 5 * MIB })
    assert.equal(tell(script).engine.ticks(), 2)
  })

  it('tells the losses of one from those of the other', () => {
    const script = mac().loss(Loss.ringFull, 3).from(endpointSecurity, PROCESSES)
    const { engine, health } = tell(script.loss(Loss.ringFull, 4).loss(Loss.ringFull, 5).ticks(61))
    assert.equal(engine.counters().lost, 12)
    const text = 'records were dropped because the sensor outran the engine'
    assert.deepEqual(
      health.map((one) => one.text),
      [
        `3 ${text} (content filter)`,
        `4 ${text} (Endpoint Security)`,
        `5 ${text} (Endpoint Security)`,
      ],
    )
  })

  it('tells one loss as one', () => {
    const said = (count: number) =>
      Object.values(Loss).map(
        (kind) => tell(mac().loss(kind, count)).health.find((one) => one.of === 'loss')?.text ?? '',
      )
    assert.equal(said(1).length, said(2).length)
    for (const text of said(1))
      assert.doesNotMatch(text, /\b(were|they|their)\b|^1 (?!process)\w+s /, text)
    for (const text of said(2)) assert.doesNotMatch(text, /\b(was|its)\b/, text)
  })

  describe('on a restart', () => {
    const again = (): Script => {
      const script = new Script().from(endpointSecurity, PROCESSES)
      script.nowMs = 60_000
      return script.mark(Mark.start).exec({ ...probe, flags: ExecFlag.enumerated })
    }

    it('waits for the flows, not for the processes, before it goes on with an alert', () => {
      const { baseline, alerts } = tell(mac())
      assert.equal(alerts.length, 1)
      const script = again().mark(Mark.enumerated).ticks(5)
      assert.deepEqual(tell(script, { baseline }).alerts, [])
      script.from(filter, FLOWS).mark(Mark.start)
      script.flow({ id: 1, out: 4 * MIB, flags: FlowFlag.enumerated }).mark(Mark.enumerated)
      const after = tell(script, { baseline }).alerts
      assert.deepEqual(
        after.map(({ id, state }) => [id, state]),
        [[alerts[0]?.id, 'updated']],
      )
    })

    it('waits for a minute at most: a filter may never come', () => {
      const { baseline, alerts } = tell(mac())
      const script = again().mark(Mark.enumerated).ticks(63)
      const after = tell(script, { baseline }).alerts
      assert.deepEqual(
        after.map(({ id, state }) => [id, state]),
        [[alerts[0]?.id, 'final']],
      )
    })
  })

  it('ends no process by what eslogger begins with, which names none', () => {
    const script = new Script().from(Source.polling, PROCESSES).start()
    script.from(Source.eslogger, PROCESSES).start().program(probe)
    script.from(Source.networkStatistics, FLOWS).start()
    // It ended and runs again.
    script.from(Source.eslogger, PROCESSES).start()
    script
      .from(Source.networkStatistics, FLOWS)
      .upload({ id: 1, total: 5 * MIB })
      .ticks(2)
    const { alerts, engine } = tell(script)
    assert.equal(alerts[0]?.chain[0]?.path, probe.path)
    assert.equal(engine.counters().processes, 1)
  })

  it('believes that a program was here before only while the list of processes is told for the first time', () => {
    const wasHere = (isLooking: boolean): boolean => {
      const script = new Script().from(Source.polling, PROCESSES).mark(Mark.start)
      if (!isLooking) script.mark(Mark.enumerated)
      script.from(Source.eslogger, PROCESSES).mark(Mark.start)
      script.program({ ...probe, flags: ExecFlag.enumerated })
      if (isLooking) script.from(Source.polling, PROCESSES).mark(Mark.enumerated)
      script.from(Source.networkStatistics, FLOWS).start()
      const { alerts } = tell(script.upload({ id: 1, total: 5 * MIB }).ticks(2))
      return /here before Freshet/.test(alerts[0]?.sentence ?? '')
    }
    assert.deepEqual([wasHere(true), wasHere(false)], [true, false])
  })

  it('counts as begun what the list of processes finds after it was told, and not what was there', () => {
    const found = (pid: number) => ({ ...probe, pid, flags: ExecFlag.enumerated })
    const script = new Script().from(Source.polling, PROCESSES).mark(Mark.start)
    script.program(found(100)).program(found(101)).mark(Mark.enumerated)
    assert.equal(tell(script).engine.counters().execs, 0)
    script.program(found(102)).exit(102).program(found(103))
    // And once of what two sources tell.
    script.from(Source.eslogger, PROCESSES).program({ ...probe, pid: 103 })
    assert.equal(tell(script).engine.counters().execs, 2)
    // It is told anew.
    script.from(Source.polling, PROCESSES).mark(Mark.start).program(found(103))
    assert.equal(tell(script.program(found(104))).engine.counters().execs, 2)
  })
})
