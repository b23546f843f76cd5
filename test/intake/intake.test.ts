// Lines among the records of the pipe: what the engine is given for them, and what of them goes no further.
import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { startRecording } from '../../src/capture/recording.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { Finding } from '../../src/engine/finding.ts'
import { createIntake } from '../../src/intake/intake.ts'
import { createFramer } from '../../src/records/framer.ts'
import {
  Capability,
  ExecFlag,
  FlowFlag,
  Gap,
  LAYOUT,
  Loss,
  Mark,
  RecordType,
  readExec,
  readFlow,
  readLoss,
  readMark,
  Source,
  writeLine,
} from '../../src/records/record.gen.ts'
import { openSource } from '../../src/replay/open.ts'
import { replay } from '../../src/replay/replay.ts'
import { AT, HEADER as CAPTURE } from '../capture/captures.ts'
import { BOOT_ID, MIB, Script } from '../engine/scenario.ts'
import { esLine, execOf, forkOf, TOOL, ZSH } from '../importers/samples.ts'
import { flowRow, HEADER, processRow } from './nettop-text.ts'

const PROCESSES = Capability.processEvents | Capability.allProcesses
const SECRET = 'correct-horse-battery-staple'
const A = 'tcp4 10.0.0.2:51234<->203.0.113.9:443'

class Pipe extends Script {
  line(source: number, text: string): this {
    return this.add(writeLine({ source, atNs: this.atNs, text }))
  }
  /** A line that eslogger writes now. */
  event(what: 'exec' | 'fork', process: typeof TOOL, args: string[] = [process.path]): this {
    const time = new Date(1_772_445_600_000 + this.nowMs).toISOString()
    const event = what === 'exec' ? execOf(11, process, undefined, args) : forkOf(11, process)
    const exec = event['exec'] as { env: string[] } | undefined
    exec?.env.push(`AWS_SECRET_ACCESS_KEY=${SECRET}`)
    return this.line(Source.eslogger, esLine(11, time, ZSH, event))
  }
  /** A mark of a program that began then. */
  startOf(beganMs: number): this {
    const now = this.nowMs
    this.nowMs = beganMs
    this.mark(Mark.start)
    this.nowMs = now
    return this
  }
  sample(...rows: string[]): this {
    for (const text of [HEADER, ...rows]) this.line(Source.nettop, text)
    return this
  }
}

/** What an intake gives on of these records, one by one. */
function given(records: readonly Uint8Array[], cuts: (at: number) => boolean = () => false) {
  const out: Uint8Array[] = []
  const framer = createFramer()
  const intake = createIntake((piece) => {
    assert.equal(piece.byteOffset % 8, 0)
    for (let at = 0; at < piece.length; ) {
      const size = new DataView(piece.buffer, piece.byteOffset + at).getUint32(0, true)
      out.push(piece.slice(at, at + size))
      at += size
    }
  })
  const bytes = Buffer.concat(records)
  let from = 0
  for (let to = 1; to <= bytes.length; to++)
    if (to === bytes.length || cuts(to)) {
      for (const piece of framer.push(Uint8Array.from(bytes.subarray(from, to)))) intake.push(piece)
      from = to
    }
  const views = out.map((record) => new DataView(record.buffer, record.byteOffset, record.length))
  const of = <T>(type: number, read: (view: DataView, at: number) => T): T[] =>
    views.filter((view) => view.getUint16(4, true) === type).map((view) => read(view, 0))
  return { out, of, intake, views, bytes: bytes.length }
}

/** A Mac that has neither Endpoint Security nor NetworkStatistics: a tool is run, and uploads. */
function story(isOpen = false): Pipe {
  const pipe = new Pipe()
  pipe.from(Source.polling, PROCESSES).start()
  pipe.from(Source.eslogger, PROCESSES).mark(Mark.start)
  pipe.from(Source.nettop, Capability.allProcesses).mark(Mark.start)
  pipe.sample(processRow('launchd.1'))
  pipe.from(Source.polling, PROCESSES).tick(1_000)
  pipe.event('fork', { ...TOOL, version: 1_001 })
  pipe.event('exec', TOOL, [TOOL.path, `--password=${SECRET}`])
  pipe.inspected({ pid: ZSH.pid, pidversion: ZSH.version, path: ZSH.path, owner: 0 })
  pipe.inspected({ pid: TOOL.pid, pidversion: TOOL.version, path: TOOL.path })
  for (let step = 0; step <= 8; step++)
    pipe.sample(processRow(`tool.${TOOL.pid}`), flowRow(A, step * MIB, 700)).tick(1_000)
  if (isOpen) return pipe
  return pipe.sample(processRow('launchd.1')).sample().ticks(5)
}

describe('the intake', () => {
  it('gives on what is no line as it came, in one piece', () => {
    const script = new Script()
      .start()
      .program({ pid: 100, path: '/home/ann/probe' })
      .upload({ id: 1, total: MIB })
      .ticks(2)
    const pieces: Uint8Array[] = []
    const bytes = Uint8Array.from(script.bytes())
    createIntake((piece) => pieces.push(piece)).push(bytes)
    assert.equal(pieces.length, 1)
    assert.equal(pieces[0]?.buffer, bytes.buffer)
    assert.deepEqual(pieces[0], bytes)
  })

  it('makes records of lines where they stood, and gives the engine no line', () => {
    const { of, out } = given(story().records)
    assert.deepEqual(
      of(RecordType.line, () => 0),
      [],
    )
    const execs = of(RecordType.exec, readExec)
    assert.deepEqual(
      execs.map(({ path, source, flags }) => [path, source, (flags & ExecFlag.enumerated) !== 0]),
      [
        [ZSH.path, Source.eslogger, true],
        [TOOL.path, Source.eslogger, false],
      ],
    )
    const flows = of(RecordType.flow, readFlow)
    assert.deepEqual(
      flows.map(({ bytesOut }) => Number(bytesOut) / MIB),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 8],
    )
    assert.ok(
      flows.every(({ pid, flags }) => pid === TOOL.pid && (flags & FlowFlag.ownerGuessed) !== 0),
    )
    // Nothing else was there when nettop looked: told before the first flow, in its name.
    const at = (type: number, source: number) =>
      out.findIndex((record) => record[4] === type && record[6] === source)
    const enumerated = of(RecordType.mark, readMark).filter(
      ({ source }) => source === Source.nettop,
    )
    assert.deepEqual(
      enumerated.map(({ kind, capabilities, layout }) => [kind, capabilities, layout]),
      [
        [Mark.start, Capability.allProcesses, LAYOUT],
        [Mark.enumerated, Capability.allProcesses, LAYOUT],
      ],
    )
    assert.deepEqual(enumerated[1]?.bootId, BOOT_ID)
    assert.ok(at(RecordType.flow, Source.nettop) > 0)
  })

  it('gives the same however the pipe is cut', () => {
    const { records } = story()
    const whole = Buffer.concat(given(records).out)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 997 }), fc.nat(), (stride, shift) => {
        const cut = given(records, (at) => (at + shift) % stride === 0)
        assert.deepEqual(Buffer.concat(cut.out), whole)
        const settled = cut.intake.settled(whole.length)
        assert.equal(settled.pipeBytes, cut.bytes)
      }),
      { numRuns: 30 },
    )
  })

  it('says the pipe settled only as far as the engine has settled what came of it', () => {
    let engineBytes = 0
    const intake = createIntake((piece) => {
      engineBytes += piece.length
    })
    /** Where each record ends, in the pipe and in what the engine was given. */
    const ends: { pipe: number; engine: number }[] = []
    let pipe = 0
    // One line may say that many flows have closed.
    const many = Array.from({ length: 9 }, (_, i) => flowRow(A.replace('51234', `5000${i}`), i))
    const told = new Pipe().from(Source.nettop, Capability.allProcesses)
    told.mark(Mark.start)
    for (let i = 0; i < 9; i++) told.sample(processRow('a.9'), ...many).sample()
    for (const record of [...told.records, ...story().records]) {
      intake.push(record)
      pipe += record.length
      ends.push({ pipe, engine: engineBytes })
      assert.equal(intake.settled(engineBytes).pipeBytes, pipe)
    }
    for (let at = 0; at < engineBytes; at += 8) {
      const settled = intake.settled(at).pipeBytes
      const last = ends.findLast((end) => end.pipe <= settled)
      assert.ok((last?.engine ?? 0) <= at, `${settled} of the pipe at ${at} of the engine`)
    }
  })

  it('raises the alert of a Mac without any entitlement, and a replay of its capture the same', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'freshet-intake-'))
    try {
      const path = join(directory, 'a.fcap')
      const fd = openSync(path, 'a')
      const recording = startRecording({ fd, header: CAPTURE, rows: [], log: assert.fail })
      const engine = createEngine({ deviceId: CAPTURE.deviceId, baseline: openMemoryBaseline() })
      const findings: Finding[] = []
      const take = () => {
        const found = engine.takeFindings()
        recording.note(found)
        findings.push(...found)
      }
      const intake = createIntake((records) => {
        recording.take(records)
        engine.push(records)
      })
      for (const record of story().records) {
        intake.push(record)
        take()
      }
      engine.finish()
      take()
      recording.close(AT)
      closeSync(fd)
      const alerts = findings.flatMap((finding) =>
        finding.kind === 'alert' ? [finding.alert] : [],
      )
      const last = alerts.at(-1)
      assert.equal(last?.identity.path, TOOL.path)
      assert.equal(last?.identity.key, 'ABCDE12345:com.example.tool')
      assert.equal(last?.bytesOut, 8 * MIB)
      assert.equal(last?.destination.address, '203.0.113.9')
      // All of it has its effect in what the engine was given.
      assert.equal(intake.settled(engine.settledBytes()).pipeBytes, story().bytes().length)
      const report = await replay(await openSource(path, {}), {})
      assert.deepEqual(
        report.segments.map(({ compared, alerts: count }) => [compared, count]),
        [['equal', alerts.length]],
      )
      assert.ok(alerts.length > 0)
      // Arguments and environment stand in the lines, and nowhere behind them.
      assert.ok(Buffer.from(story().bytes()).includes(SECRET))
      assert.equal(readFileSync(path).includes(SECRET), false)
      assert.equal(
        JSON.stringify(findings, (_, value) =>
          typeof value === 'bigint' ? `${value}` : value,
        ).includes(SECRET),
        false,
      )
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  it('counts no byte twice over an engine that is killed, of a nettop that goes on', () => {
    const baseline = openMemoryBaseline()
    const run = (pipe: Pipe): Finding[] => {
      const engine = createEngine({ deviceId: CAPTURE.deviceId, baseline })
      engine.save(0)
      createIntake((records) => engine.push(records)).push(Uint8Array.from(pipe.bytes()))
      engine.save(pipe.bytes().length)
      return engine.takeFindings()
    }
    assert.ok(run(story(true)).some(({ kind }) => kind === 'alert'))
    // As sense tells the next one: the nettop that runs by its own beginning, its header, and that lines are missing.
    const next = new Pipe()
    next.nowMs = 30_000
    next.from(Source.polling, PROCESSES).mark(Mark.clock).start()
    next.from(Source.eslogger, PROCESSES).mark(Mark.start).event('exec', TOOL)
    next.inspected({ pid: TOOL.pid, pidversion: TOOL.version, path: TOOL.path })
    next.inspected({ pid: ZSH.pid, pidversion: ZSH.version, path: ZSH.path, owner: 0 })
    next.from(Source.nettop, Capability.allProcesses).startOf(10_000).line(Source.nettop, HEADER)
    next.loss(Loss.ringFull, 0).line(Source.nettop, flowRow(A, 8 * MIB, 700))
    for (const out of [8, 9, 12])
      next.tick(1_000).sample(processRow(`tool.${TOOL.pid}`), flowRow(A, out * MIB, 700))
    next.sample().sample().from(Source.polling, PROCESSES).ticks(5)
    const alerts = run(next).flatMap((finding) => (finding.kind === 'alert' ? [finding.alert] : []))
    assert.equal(alerts.at(-1)?.state, 'final')
    assert.equal(alerts.at(-1)?.identity.key, 'ABCDE12345:com.example.tool')
    assert.deepEqual([alerts.at(-1)?.bytesOut, alerts.at(-1)?.flows], [12 * MIB, 1])
  })

  it('keeps the lines of another layout from the engine, which cannot read them', () => {
    const pipe = new Pipe()
    pipe.from(Source.polling).mark(Mark.start, '', BOOT_ID, LAYOUT + 1)
    const { out } = given(pipe.event('exec', TOOL).sample(processRow('a.1'), flowRow(A, 1)).records)
    assert.equal(out.length, 1)
  })
})

describe('records that are none of the pipe’s', () => {
  it('are given on in their turn, and settle nothing of the pipe', () => {
    const given: Uint8Array[] = []
    const intake = createIntake((records) => void given.push(records.slice()))
    const [before, own, after] = [
      new Script().start().bytes(),
      new Script().policy(3, {}).bytes(),
      new Script().ticks(1).bytes(),
    ]
    for (const part of [before, after]) assert.ok(part.length > 0)
    intake.push(before)
    intake.add(own)
    intake.push(after)
    assert.deepEqual(Buffer.concat(given), Buffer.concat([before, own, after]))
    const pipeAt = (engineBytes: number) => intake.settled(engineBytes).pipeBytes
    assert.equal(pipeAt(before.length), before.length)
    assert.equal(pipeAt(before.length + own.length), before.length)
    assert.equal(pipeAt(before.length + own.length + 8), before.length + 8)
    assert.equal(pipeAt(before.length + own.length + after.length), before.length + after.length)
  })
})

describe('a line that is not understood', () => {
  const losses = (pipe: Pipe) =>
    given(pipe.records)
      .of(RecordType.loss, readLoss)
      .map(({ source, what, count }) => [source, what, count])

  it('is counted, for its source', () => {
    const pipe = story().line(Source.eslogger, 'eslogger: NOT_PERMITTED').line(Source.nettop, 'x')
    assert.deepEqual(losses(pipe), [
      [Source.eslogger, Loss.malformed, 1n],
      [Source.nettop, Loss.malformed, 1n],
    ])
    // Of whom no lines are known there are none.
    assert.deepEqual(losses(story().line(Source.polling, 'x')), [])
  })

  it('is lost once, though its number is missed after that', () => {
    const fork = (seq_num: number) =>
      esLine(11, new Date(1_772_445_600_000).toISOString(), ZSH, forkOf(11, TOOL), { seq_num })
    const pipe = new Pipe().from(Source.eslogger, PROCESSES)
    pipe.mark(Mark.start).line(Source.eslogger, fork(1)).loss(Loss.ringFull, 7)
    pipe.line(Source.eslogger, fork(9)).line(Source.eslogger, '{').line(Source.eslogger, fork(13))
    assert.deepEqual(losses(pipe), [
      [Source.eslogger, Loss.ringFull, 7n],
      [Source.eslogger, Loss.malformed, 1n],
      [Source.eslogger, Loss.kernelEvents, 2n],
    ])
  })

  it('of nettop may be lost as well: what a sample lacks then has not closed', () => {
    const pipe = story().from(Source.nettop, Capability.allProcesses)
    const row = flowRow('tcp4 10.0.0.2:1<->203.0.113.9:443', 5)
    pipe
      .sample(processRow('a.9'), row)
      .sample(processRow('b.8'))
      .loss(Loss.malformed, 1)
      .sample(processRow('a.9'), row)
      .sample()
    const closes = given(pipe.records)
      .of(RecordType.flow, readFlow)
      .filter(({ state, localPort }) => state === 3 && localPort === 1)
    assert.equal(closes.length, 0)
  })

  it('of nettop is told as it ends, where it may have been the first line of a name, and not where it is not whole', () => {
    const row = flowRow('udp4 *:9<->*:*', 5)
    const toldOf = (kind: number, last: string) => {
      const pipe = story().sample(processRow('tool.77'), last)
      const { views } = given(pipe.from(Source.nettop, 0).mark(kind).records)
      const at = views.findIndex((view) => readIf(view)?.localPort === 9)
      const markAt = views.findLastIndex((view) => view.getUint16(4, true) === RecordType.mark)
      return [at >= 0 && at < markAt, markAt]
    }
    const readIf = (view: DataView) =>
      view.getUint16(4, true) === RecordType.flow ? readFlow(view, 0) : undefined
    for (const kind of [Mark.start, Mark.stop]) {
      assert.equal(toldOf(kind, row)[0], true)
      assert.equal(toldOf(kind, row.slice(0, -4))[0], false)
    }
  })

  const marksOf = (pipe: Pipe, source: number) =>
    given(pipe.records)
      .of(RecordType.mark, readMark)
      .filter((mark) => mark.source === source)
      .map(({ kind, gaps, capabilities, note }) => ({ kind, gaps, capabilities, note }))
      .slice(1)

  it('is said of nettop, once, as soon as its header is another, until it is started anew', () => {
    const pipe = new Pipe().from(Source.nettop, Capability.allProcesses)
    pipe.mark(Mark.start)
    for (let i = 0; i < 3; i++)
      pipe.line(Source.nettop, 'time,,interface,state,rx,tx,').line(Source.nettop, flowRow(A, i))
    const [gap, ...more] = marksOf(pipe, Source.nettop)
    assert.deepEqual([gap?.kind, gap?.gaps, gap?.capabilities], [Mark.start, Gap.nettop, 0])
    assert.match(
      gap?.note ?? '',
      /nettop prints is not understood \(the header of its columns is not known\)/,
    )
    assert.deepEqual(more, [])
    pipe.mark(Mark.start).sample(processRow('a.1'), flowRow(A, 1)).sample()
    assert.deepEqual(
      marksOf(pipe, Source.nettop).map(({ kind, gaps }) => [kind, gaps]),
      [
        [Mark.start, Gap.nettop],
        [Mark.start, 0],
        [Mark.enumerated, 0],
      ],
    )
  })

  it('is said of eslogger when a hundred of them come in a row, for ten seconds, and no more when it is well for a while', () => {
    const pipe = new Pipe().from(Source.eslogger, PROCESSES)
    pipe.mark(Mark.start)
    const strange = (count: number) => {
      for (let i = 0; i < count; i++) pipe.line(Source.eslogger, '{"event":{}}')
    }
    strange(99)
    pipe.tick(10_000).event('fork', TOOL)
    strange(500)
    pipe.tick(9_999)
    strange(500)
    pipe.event('fork', TOOL)
    strange(99)
    pipe.tick(10_000)
    assert.deepEqual(marksOf(pipe, Source.eslogger), [])
    strange(1)
    const [gap] = marksOf(pipe, Source.eslogger)
    assert.deepEqual([gap?.gaps, gap?.capabilities], [Gap.eslogger, 0])
    assert.match(gap?.note ?? '', /eslogger prints is not understood/)
    for (let i = 0; i < 999; i++) pipe.event('fork', { ...TOOL, version: i })
    strange(1)
    assert.equal(marksOf(pipe, Source.eslogger).length, 1)
    pipe.event('fork', TOOL)
    assert.deepEqual(
      marksOf(pipe, Source.eslogger).map(({ gaps, capabilities }) => [gaps, capabilities]),
      [
        [Gap.eslogger, 0],
        [0, PROCESSES],
      ],
    )
  })
})
