// What records say of processes, and of the files that they run.
import {
  ArgumentsFlag,
  ExecFlag,
  INVALIDATED_AT,
  RecordType,
  readArguments,
  readCode,
  readExec,
  readExit,
  readFork,
  readInspected,
  readOrigin,
  Subject,
} from '../records/record.gen.ts'
import type { UnixNs } from '../units.ts'
import type { BootParts } from './boot-parts.ts'
import { type Clock, wallNow } from './clock.ts'
import type { EngineCounters } from './counters.ts'
import { createChangedFiles } from './identity/changed-files.ts'
import { createInspections } from './identity/inspections.ts'
import { namesScript } from './identity/script.ts'
import { noteForeign } from './process/foreign-code.ts'
import { originOf } from './process/inspect-requests.ts'
import type { Process } from './process/process.ts'
import type { Looks } from './sources.ts'

export type ProcessRecords = {
  /** Takes the record at `from`; false: it is of something else. */
  take(type: number, view: DataView, from: number): boolean
  /** Time passed: what was answered of programs stands. */
  passAnswers(): void
  /** Time passed. */
  passChanged(): void
  /** The engine ends: what was answered stands. */
  finish(): void
}

export function createProcessRecords(parts: {
  boot: BootParts
  clock: Clock
  counters: EngineCounters
  looks: Looks
  /** What the first look finds was here before. */
  isFirstStart: () => boolean
}): ProcessRecords {
  const { clock, counters, looks } = parts
  const { health, processes, running, requests, book, attribution, ledger, join } = parts.boot
  const changed = createChangedFiles(health.say)
  const inspections = createInspections(clock, changed)
  const at = (): UnixNs => wallNow(clock)

  const learnt = (of: Process[]): void => {
    if (of.length === 0) return
    for (const process of of) book.sight(process, at())
    for (const correction of book.corrections(at())) join(correction)
    attribution.learnt(undefined)
  }

  /** What was known of the process does not hold for what it sends from now on. */
  const becameOther = (process: Process): void => {
    process.identity = undefined
    book.sight(process, at())
    ledger.ownerChanged(process)
  }

  const onExec = (view: DataView, from: number): void => {
    const record = readExec(view, from)
    const { process, isNew } = processes.exec(record)
    if (!isNew) return
    running.told(record, process)
    const isFound = (record.flags & ExecFlag.enumerated) !== 0
    if (!isFound || looks.isNew(record.source)) counters.execs++
    if (isFound) process.wasHere = parts.isFirstStart() && looks.isFirst(record.source)
    requests.ask(process)
    if (namesScript(process.image)) {
      const { script: path, scriptDev: dev, scriptIno: ino } = process.image
      requests.askFor(process, Subject.script, { path, dev, ino })
    }
    book.sight(process, at())
    attribution.learnt(record.pid)
  }

  const onArguments = (view: DataView, from: number): void => {
    const { pid, pidversion, text, count, leftOutBytes, flags } = readArguments(view, from)
    if ((flags & ArgumentsFlag.missed) !== 0) counters.argumentsMissed++
    const process = processes.find(pid, pidversion)
    if (process) process.image.arguments = { text, count, leftOutBytes, flags }
  }

  const onInspected = (view: DataView, from: number): void => {
    const record = readInspected(view, from)
    if (!requests.answered(record)) return
    const process = processes.find(record.pid, record.pidversion)
    if (process && inspections.take(process, record)) learnt([process])
  }

  /** It comes before the answer that says what the file is. */
  const onOrigin = (view: DataView, from: number): void => {
    const record = readOrigin(view, from)
    const image = processes.find(record.pid, record.pidversion)?.image
    if (image === undefined) return
    const origin = originOf(record)
    if (record.subject === Subject.program) image.origin = origin
    else if (record.subject === Subject.script && record.path === image.script)
      image.scriptOrigin = origin
  }

  const onCode = (view: DataView, from: number): void => {
    const record = readCode(view, from)
    const process = processes.find(record.pid, record.pidversion)
    if (process === undefined) return
    const isFirst = process.foreign === undefined
    process.foreign = noteForeign(process.foreign, record)
    if (isFirst) becameOther(process)
  }

  const onInvalidated = (view: DataView, from: number): void => {
    const process = processes.find(
      view.getUint32(from + INVALIDATED_AT.pid, true),
      view.getUint32(from + INVALIDATED_AT.pidversion, true),
    )
    if (process === undefined) return
    process.image = { ...process.image, invalidated: true, program: undefined }
    becameOther(process)
  }

  return {
    take(type, view, from) {
      switch (type) {
        case RecordType.exec:
          onExec(view, from)
          return true
        case RecordType.arguments:
          onArguments(view, from)
          return true
        case RecordType.fork:
          attribution.learnt(processes.fork(readFork(view, from)).pid)
          return true
        case RecordType.exit: {
          const { pid, pidversion } = readExit(view, from)
          processes.exit(pid, pidversion, clock.nowMs)
          return true
        }
        case RecordType.invalidated:
          onInvalidated(view, from)
          return true
        case RecordType.code:
          onCode(view, from)
          return true
        case RecordType.inspected:
          onInspected(view, from)
          return true
        case RecordType.origin:
          onOrigin(view, from)
          return true
        default:
          return false
      }
    },
    passAnswers() {
      learnt(inspections.pass())
    },
    passChanged() {
      changed.pass(clock.nowMs)
    },
    finish() {
      learnt(inspections.finish())
    },
  }
}
