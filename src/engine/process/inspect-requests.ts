// What the engine asks sense, and is answered: what is this program file?

import {
  InspectedFlag,
  type InspectedRecord,
  InspectFlag,
  type OriginRecord,
  Source,
  Subject,
  writeInspect,
} from '../../records/record.gen.ts'
import type { UnixNs } from '../../units.ts'
import type { EngineCounters } from '../counters.ts'
import type { FileOrigin, Inspection, Process } from './process.ts'
import { keyOfImage, type ProcessKey } from './process-key.ts'

/** Questions that wait to be fetched; what comes beyond is counted. */
const REQUESTS_MAX = 16_384
/** Questions without an answer that are remembered: sense answers each, a log that is replayed need not. */
const OPEN_MAX = 65_536
/** How often a question is asked for which sense has no room, a pass (250 ms) apart: as long as a flow waits. */
const ATTEMPTS_MAX = 20
/** EAGAIN of Linux and of macOS, errno(3): sense had no room for the question. */
const REFUSED = new Set([11, 35])
/** Nobody has looked, or not for long enough: it says nothing of the file. EAGAIN and ETIMEDOUT of both systems. */
export const NOT_LOOKED: ReadonlySet<number> = new Set([...REFUSED, 60, 110])
/** How many ancestors may be what a flow waits for: one program runs on behalf of another. */
const ANCESTORS_MAX = 32

/** A file as a record names it; `dev` and `ino` 0: whatever is at the path. */
export type AskedFile = { path: string; dev: bigint; ino: bigint }

export type InspectRequests = {
  /** Asks for the image of this process, unless it has no path (a kernel thread has none). */
  ask(process: Process): void
  /**
   * Asks for a file that this process runs; CODE subject says as what. Nothing while that was asked and is not
   * answered, or for an empty path. The answer is an inspected record with the same pid, pidversion, subject and
   * path.
   */
  askFor(process: Process, subject: number, file: AskedFile): void
  /**
   * Flows of this process wait: what was asked about it, and about those on whose behalf it may run, goes first.
   * What sense was asked already it is asked once more, as needed; what was given up is asked again.
   */
  need(process: Process, parentOf: (process: Process) => Process | undefined): void
  /** Inspect records: those that flows wait for, then the others, each in the order they were asked. */
  take(): Uint8Array[]
  /** Whether this is the answer; false when sense had no room for the question, which is asked again. */
  answered(record: InspectedRecord): boolean
  /** Time passed: what sense had no room for is asked again. */
  pass(): void
  /** Where in the stream the oldest question without an answer was asked, in bytes; undefined when all have theirs. */
  oldestAt(): number | undefined
}

const UID_UNKNOWN = 0xffffffff
/** The kernel gave none. */
const NO_CDHASH = new Uint8Array(20)

type Named = { pid: number; pidversion: number }
type Question = {
  readonly name: string
  readonly process: Named
  readonly subject: number
  readonly file: AskedFile
  /** Since boot: when the process had it. */
  readonly sinceNs: bigint
  /** Of its image; empty when the system gives none. */
  readonly cdhash: string
  /** Bytes of records that came before it. */
  readonly streamAt: number
  isNeeded: boolean
  /** How often sense was asked, to be answered each time. */
  attempts: number
}

const nameOf = ({ pid, pidversion }: Named, subject: number, path: string): string =>
  `${pid} ${pidversion} ${subject} ${path}`

/** What an answer says. */
export const inspectionOf = (record: InspectedRecord): Inspection => ({
  sha256: Buffer.from(record.sha256).toString('hex'),
  mode: record.mode,
  // An answer of a file that nobody could look at has no mode.
  ownerUid:
    record.ownerUid === UID_UNKNOWN || (record.error !== 0 && record.mode === 0)
      ? undefined
      : record.ownerUid,
  writableByOthers: (record.flags & InspectedFlag.writableByOthers) !== 0,
  usersMount: (record.flags & InspectedFlag.usersMount) !== 0,
  replaced: (record.flags & InspectedFlag.replaced) !== 0,
  error: record.error,
  mayFollow: NOT_LOOKED.has(record.error),
  signature: record.signature,
  signatureStatus: record.signatureStatus | 0,
  cdhash: Buffer.from(record.cdhash).toString('hex'),
  signingId: record.signingId,
  teamId: record.teamId,
  authorities: record.authorities === '' ? [] : record.authorities.split('\0'),
  apple: (record.flags & InspectedFlag.apple) !== 0,
  appStore: (record.flags & InspectedFlag.appStore) !== 0,
  developerId: (record.flags & InspectedFlag.developerId) !== 0,
  notarized: (record.flags & InspectedFlag.notarized) !== 0,
  hardenedRuntime: (record.flags & InspectedFlag.hardenedRuntime) !== 0,
})

/** What a record says of how a file came here. */
export const originOf = (record: OriginRecord): FileOrigin => ({
  kind: record.kind,
  name: record.name,
  keeperUid: record.keeperUid === UID_UNKNOWN ? undefined : record.keeperUid,
  installedAt: record.installedUnixNs === 0n ? undefined : (record.installedUnixNs as UnixNs),
})

/** `streamAt` says how many bytes of records came before the ones that are being read. */
export function createInspectRequests(
  counters: EngineCounters,
  streamAt: () => number,
): InspectRequests {
  /** Questions that wait to be fetched: those that flows wait for, and the others; oldest first. */
  const needed = new Set<Question>()
  const others = new Set<Question>()
  /** What sense had no room for, until the next pass. */
  const refused = new Set<Question>()
  /** Questions without an answer, in the order they were asked. */
  const open = new Map<string, Question>()
  const ofProcess = new Map<ProcessKey, Set<Question>>()

  const forget = (question: Question): void => {
    open.delete(question.name)
    const key = keyOfImage(question.process)
    const all = ofProcess.get(key)
    all?.delete(question)
    if (all?.size === 0) ofProcess.delete(key)
  }
  /** When all are full, what nobody waits for gives way, the youngest first. */
  const queue = (question: Question): void => {
    ;(question.isNeeded ? needed : others).add(question)
    if (needed.size + others.size <= REQUESTS_MAX) return
    const least = (question.isNeeded && [...others].at(-1)) || question
    counters.evicted.requests++
    for (const set of [needed, others]) set.delete(least)
    forget(least)
  }
  const remember = (question: Question): void => {
    if (open.size >= OPEN_MAX)
      for (const oldest of open.values()) {
        forget(oldest)
        break
      }
    open.set(question.name, question)
    const key = keyOfImage(question.process)
    ofProcess.set(key, (ofProcess.get(key) ?? new Set()).add(question))
  }
  const ask = (process: Process, subject: number, file: AskedFile, isNeeded: boolean): void => {
    const { pid, pidversion, image } = process
    const { path, dev, ino } = file
    const name = nameOf(process, subject, path)
    if (path === '' || open.has(name)) return
    const question: Question = {
      name,
      process: { pid, pidversion },
      subject,
      file: { path, dev, ino },
      sinceNs: image.sinceNs,
      cdhash: subject === Subject.program ? image.cdhash : '',
      streamAt: streamAt(),
      isNeeded,
      attempts: 1,
    }
    remember(question)
    queue(question)
  }
  /** Whether something is asked about the process. */
  const promote = (process: Process): boolean => {
    const all = ofProcess.get(keyOfImage(process))
    for (const question of all ?? []) {
      if (question.isNeeded) continue
      question.isNeeded = true
      others.delete(question)
      if (!refused.has(question)) queue(question)
    }
    return all !== undefined
  }
  // Field by field: one for each exec, and spreading two objects into a third costs more than writing it.
  const recordOf = ({ process, subject, file, cdhash, isNeeded, sinceNs }: Question): Uint8Array =>
    writeInspect({
      source: Source.none,
      atNs: sinceNs,
      dev: file.dev,
      ino: file.ino,
      path: file.path,
      pid: process.pid,
      pidversion: process.pidversion,
      subject,
      flags: isNeeded ? InspectFlag.needed : 0,
      cdhash: cdhash === '' ? NO_CDHASH : Buffer.from(cdhash, 'hex'),
    })

  return {
    ask: (process) => ask(process, Subject.program, process.image, false),
    askFor: (process, subject, file) => ask(process, subject, file, false),
    need(process, parentOf) {
      let isAsked = process.image.inspection !== undefined
      let at: Process | undefined = process
      for (let i = 0; i < ANCESTORS_MAX && at; i++) {
        // A process that was forked runs an image that was asked about in its parent's name.
        if (promote(at) && at.image === process.image) isAsked = true
        at = parentOf(at)
      }
      if (!isAsked) ask(process, Subject.program, process.image, true)
    },
    take() {
      const taken = [...needed, ...others].map(recordOf)
      needed.clear()
      others.clear()
      return taken
    },
    answered(record) {
      const question = open.get(nameOf(record, record.subject, record.path))
      if (question && REFUSED.has(record.error) && question.attempts < ATTEMPTS_MAX) {
        question.attempts++
        refused.add(question)
        return false
      }
      if (question) forget(question)
      return true
    },
    pass() {
      if (refused.size === 0) return
      const again = [...refused]
      refused.clear()
      for (const question of again) if (open.get(question.name) === question) queue(question)
    },
    oldestAt() {
      for (const question of open.values()) return question.streamAt
      return undefined
    },
  }
}
