// The engine of one boot: takes the records of one run of the machine. Times count from its start, process and
// flow ids mean nothing after it.
import { RecordError } from '../records/framer.ts'
import { isReadable } from '../records/layouts.ts'
import {
  ArgumentsFlag,
  ExecFlag,
  HEADER_BYTES,
  INVALIDATED_AT,
  Loss,
  Mark,
  type MarkRecord,
  NAME_AT,
  RecordType,
  readArguments,
  readCode,
  readExec,
  readExit,
  readFork,
  readGone,
  readInspected,
  readLoss,
  readMark,
  readName,
  readPolicy,
  readUnseen,
  Subject,
} from '../records/record.gen.ts'
import type { UnixNs } from '../units.ts'
import { createBootParts } from './boot-parts.ts'
import { createClock, wallNow } from './clock.ts'
import type { PresentCounters } from './counters.ts'
import type { TopFlow } from './flow/top.ts'
import { createChangedFiles } from './identity/changed-files.ts'
import { createInspections } from './identity/inspections.ts'
import { namesScript } from './identity/script.ts'
import type { Lasting } from './lasting.ts'
import { PolicyError, policyFrom } from './policy.ts'
import { noteForeign } from './process/foreign-code.ts'
import type { Process } from './process/process.ts'
import { createLooks, hasNamedAll, hasNamedEveryProcess, tellsFlows } from './sources.ts'

export type BootEngine = {
  /** Takes whole records; returns how many bytes: fewer than given when a mark of another boot stands there. */
  push(records: Uint8Array): number
  takeRequests(): Uint8Array[]
  /** Where in the stream the oldest question without an answer was asked; undefined when all have theirs. */
  askedAt(): number | undefined
  /** Counters that are of the moment. */
  present(): PresentCounters
  top(count: number): TopFlow[]
  /** See `Engine.save`. */
  save(goneBytes: number): void
  /** Says the summaries of the hour that is not over. */
  finish(): void
  /** The boot is over: its flows are closed as they were last seen. */
  end(): void
}

/** How often, in record time, what waits is looked at. */
const PASS_INTERVAL_MS = 250
const bootOf = (mark: MarkRecord): string => Buffer.from(mark.bootId).toString('hex')

export function createBootEngine(lasting: Lasting): BootEngine {
  const { baseline, counters } = lasting
  const clock = createClock()
  let nextPassMs = 0
  let isSeeded = false
  let isForeign = false
  /** This engine began the baseline, and it took the place of none: what its first look finds was here before. */
  let isFirstStart = false
  const looks = createLooks()

  const at = (): UnixNs => wallNow(clock)
  const parts = createBootParts(lasting, clock)
  const { health, heard, processes, flows, book, pairs, top, memory, requests, early } = parts
  const { summarizer, detector, pairing, attribution, ledger, carry, join, unseen, running } = parts
  const changed = createChangedFiles(health.say)
  const inspections = createInspections(clock, changed)

  const programsLearnt = (learnt: Process[]): void => {
    if (learnt.length === 0) return
    for (const process of learnt) book.sight(process, at())
    for (const correction of book.corrections(at())) join(correction)
    attribution.learnt(undefined)
  }

  const pass = (): void => {
    nextPassMs = clock.nowMs + PASS_INTERVAL_MS
    requests.pass()
    programsLearnt(inspections.pass())
    attribution.pass()
    pairing.pass()
    for (const slot of detector.pass()) {
      summarizer.sayOne(slot)
      detector.pairRemoved(slot)
      pairs.remove(slot)
    }
    book.pass(at())
    summarizer.pass()
    health.pass(clock.nowMs)
    unseen.pass(clock.nowMs)
    changed.pass(clock.nowMs)
    processes.expire(clock.nowMs)
  }

  /** The wall clock and the boot of a mark; at the first, what an earlier run left is taken up. */
  const setClock = (mark: MarkRecord): void => {
    if (!isReadable(mark.layout)) return
    clock.bootId = bootOf(mark)
    clock.offsetNs = mark.unixNs - mark.atNs
    if (isSeeded) return
    isSeeded = true
    clock.nowMs = Number(mark.atNs) / 1e6
    // One that knows only what was imported has looked at nothing: when these flows moved what they have nobody knows.
    if (baseline.carried.boot() === undefined) ledger.beginFirstLook()
    if (baseline.bornAt() === undefined) {
      baseline.setBornAt(at())
      isFirstStart = baseline.fact('rebuilt_ns') === undefined
    }
    book.pass(at())
    memory.expect(detector.seed())
    carry.seed()
    // What waited for the mark is older than it.
    clock.nowMs = 0
    const count = detector.unreadable()
    if (count > 0)
      health.say({
        of: 'baseline',
        text: `${count} stored alerts could not be read and were dropped: they may be raised once more`,
        count,
      })
  }

  const onMark = (view: DataView, from: number): void => {
    const mark = readMark(view, from)
    isForeign = !isReadable(mark.layout)
    if (isForeign) {
      health.degraded(
        -1,
        'the sensor and the engine are of different versions and their records do not agree: install both from one release',
        clock.nowMs,
      )
      return
    }
    health.degraded(-1, '', clock.nowMs)
    health.lacks(mark.source, mark.gaps)
    setClock(mark)
    running.tells(mark)
    if (mark.kind === Mark.start) {
      looks.begin(mark.source)
      processes.beginEnumeration(mark.source, mark.atNs)
      ledger.beginEnumeration(mark.source)
      health.degraded(mark.source, mark.note, clock.nowMs)
    } else if (mark.kind === Mark.enumerated && looks.hasBegun(mark.source) && hasNamedAll(mark)) {
      // Without a start it ends an enumeration that another engine was told.
      endEnumeration(mark.source, hasNamedEveryProcess(mark))
    }
    pass()
  }

  const endEnumeration = (source: number, isOfAll: boolean): void => {
    looks.end(source)
    attribution.learnt(undefined)
    if (tellsFlows(source)) ledger.endEnumeration(source)
    processes.endEnumeration(source, isOfAll, clock.nowMs)
    if (!tellsFlows(source)) return
    detector.seeded()
    carry.enumerated()
  }

  const onInspected = (view: DataView, from: number): void => {
    const record = readInspected(view, from)
    if (!requests.answered(record)) return
    const process = processes.find(record.pid, record.pidversion)
    if (process && inspections.take(process, record)) programsLearnt([process])
  }

  const onCode = (view: DataView, from: number): void => {
    const record = readCode(view, from)
    const process = processes.find(record.pid, record.pidversion)
    if (process === undefined) return
    const isFirst = process.foreign === undefined
    process.foreign = noteForeign(process.foreign, record)
    if (!isFirst) return
    process.identity = undefined
    book.sight(process, at())
    ledger.ownerChanged(process)
  }

  const onPolicy = (view: DataView, from: number): void => {
    const record = readPolicy(view, from)
    const next = policyFrom(record, lasting.ownPids)
    if (next instanceof PolicyError) {
      health.say({
        of: 'policy',
        text: `policy ${record.version} was refused (${next.message}); policy ${lasting.policy.version} stays in force`,
        count: 1,
      })
      return
    }
    lasting.policy = next
    ledger.judgeAnew()
    detector.judgeAnew()
  }

  /** All records but flows: rare enough to be read as objects. */
  const onOther = (
    type: number,
    view: DataView,
    from: number,
    words: Uint32Array,
    w: number,
  ): void => {
    switch (type) {
      case RecordType.exec: {
        const record = readExec(view, from)
        const { process, isNew } = processes.exec(record)
        if (!isNew) return
        running.told(record, process)
        const isFound = (record.flags & ExecFlag.enumerated) !== 0
        if (!isFound || looks.isNew(record.source)) counters.execs++
        if (isFound) process.wasHere = isFirstStart && looks.isFirst(record.source)
        requests.ask(process)
        if (namesScript(process.image)) {
          const { script: path, scriptDev: dev, scriptIno: ino } = process.image
          requests.askFor(process, Subject.script, { path, dev, ino })
        }
        book.sight(process, at())
        attribution.learnt(record.pid)
        return
      }
      case RecordType.arguments: {
        const { pid, pidversion, text, count, leftOutBytes, flags } = readArguments(view, from)
        if ((flags & ArgumentsFlag.missed) !== 0) counters.argumentsMissed++
        const process = processes.find(pid, pidversion)
        if (process) process.image.arguments = { text, count, leftOutBytes, flags }
        return
      }
      case RecordType.fork:
        attribution.learnt(processes.fork(readFork(view, from)).pid)
        return
      case RecordType.exit: {
        const { pid, pidversion } = readExit(view, from)
        processes.exit(pid, pidversion, clock.nowMs)
        return
      }
      case RecordType.name: {
        const pid = view.getUint32(from + NAME_AT.makerPid, true)
        if (pid === 0 && view.getUint16(from + NAME_AT.hostnameBytes, true) === 0) return
        const { hostname, makerPidversion: pidversion } = readName(view, from)
        const maker = pid === 0 ? undefined : { pid, pidversion }
        const id = [words[w + 4] as number, words[w + 5] as number] as const
        ledger.name(...id, words[w + 6] as number, { hostname, maker })
        return
      }
      case RecordType.gone:
        ledger.gone(words[w + 4] as number, words[w + 5] as number, readGone(view, from))
        return
      case RecordType.invalidated: {
        const process = processes.find(
          view.getUint32(from + INVALIDATED_AT.pid, true),
          view.getUint32(from + INVALIDATED_AT.pidversion, true),
        )
        if (process === undefined) return
        process.image = { ...process.image, invalidated: true, program: undefined }
        process.identity = undefined
        book.sight(process, at())
        ledger.ownerChanged(process)
        return
      }
      case RecordType.code:
        onCode(view, from)
        return
      case RecordType.inspected:
        onInspected(view, from)
        return
      case RecordType.policy:
        onPolicy(view, from)
        return
      case RecordType.tick:
        lasting.ticks++
        pass()
        return
      case RecordType.loss: {
        const { source, what, count: wide } = readLoss(view, from)
        const count = Number(wide)
        // The flows themselves are told, and counted by their flags.
        if (what !== Loss.flowCounters && what !== Loss.flowOwners) counters.lost += count
        const sinceMs = heard.lostSinceMs(source, clock.nowMs)
        health.lost({ source, what, count, sinceMs }, clock.nowMs)
        return
      }
      case RecordType.unseen: {
        const record = readUnseen(view, from)
        unseen.note(record, heard.countedSinceMs(record.source, clock.nowMs), clock.nowMs)
        return
      }
      case RecordType.mark:
        onMark(view, from)
        return
      default:
        counters.unknownRecords++
    }
  }

  /** Whether the record at `from` is a mark of another boot, in a layout that can be read. */
  const isOtherBoot = (view: DataView, from: number): boolean => {
    const mark = readMark(view, from)
    return isReadable(mark.layout) && clock.bootId !== '' && bootOf(mark) !== clock.bootId
  }

  /** Takes whole records up to a mark of another boot; returns how many bytes. */
  const take = (records: Uint8Array): number => {
    const words = new Uint32Array(records.buffer, records.byteOffset, records.length >>> 2)
    let view: DataView | undefined
    for (let w = 0; w < words.length; ) {
      const size = words[w] as number
      if (size < HEADER_BYTES || size % 8 !== 0 || w * 4 + size > records.length)
        throw new RecordError('size', w * 4, `no whole record of ${size} bytes`)
      const low = words[w + 2] as number
      const high = words[w + 3] as number
      const atMs = (high * 4_294_967_296 + low) / 1e6
      const head = words[w + 1] as number
      const type = head & 0xffff
      if (type === RecordType.mark) {
        view ??= new DataView(records.buffer, records.byteOffset, records.length)
        if (isOtherBoot(view, w * 4)) return w * 4
      }
      counters.records++
      clock.recordLow = low
      clock.recordHigh = high
      if (isForeign && type !== RecordType.mark) counters.unknownRecords++
      else {
        if (atMs > clock.nowMs) {
          clock.nowMs = atMs
          if (atMs >= nextPassMs) pass()
        }
        heard.note((head >>> 16) & 0xff, type, atMs, clock.nowMs)
        if (type === RecordType.flow) ledger.report(words, w, (head >>> 16) & 0xff, atMs)
        else {
          view ??= new DataView(records.buffer, records.byteOffset, records.length)
          onOther(type, view, w * 4, words, w)
        }
      }
      w += size >>> 2
    }
    return records.length
  }

  /** Takes up the clock of the first mark, then what waited for it; returns the records from that mark on. */
  const awaitMark = (records: Uint8Array): Uint8Array | undefined => {
    const rest = early.keep(records)
    if (rest === undefined) return undefined
    setClock(readMark(new DataView(rest.buffer, rest.byteOffset, rest.length), 0))
    if (isSeeded) for (const piece of early.take()) take(piece)
    return rest
  }

  return {
    push(records) {
      const rest = isSeeded ? records : awaitMark(records)
      if (rest === undefined) return records.length
      return records.length - rest.length + take(rest)
    },
    takeRequests: requests.take,
    askedAt: requests.oldestAt,
    present: () => ({
      processes: processes.alive(),
      openFlows: flows.count(),
      degraded: health.text(),
      gaps: health.gaps(),
      unseenTop: unseen.top(),
      isForeign,
    }),
    top: top.take,
    save(goneBytes) {
      detector.store()
      carry.save(goneBytes, lasting.streamBytes)
    },
    finish() {
      programsLearnt(inspections.finish())
      unseen.say()
      health.end(clock.nowMs)
      summarizer.sayAll()
      book.finish()
    },
    end() {
      programsLearnt(inspections.finish())
      ledger.closeAll()
      unseen.say()
      health.end(clock.nowMs)
      summarizer.sayAll()
      book.finish()
      detector.store()
      carry.end()
    },
  }
}
