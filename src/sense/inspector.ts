// Answers the engine's question what a program file is. The engine is the half that talks to the network,
// so its requests are taken as hostile: bounded in number, and only an absolute path is looked at.
import { constants } from 'node:os'
import {
  InspectedFlag,
  type InspectedRecord,
  InspectFlag,
  type InspectRecord,
  Source,
  Subject,
  writeInspected,
  writeOrigin,
} from '../records/record.gen.ts'
import { NO_SIGNATURE_ASKED } from '../records/signature.ts'
import type { Addon, Inspection, InspectRequest } from './addon.ts'
import { createLanes, LANE_KINDS, type LaneKind } from './inspect-lanes.ts'

/** This system's: macOS numbers two of them otherwise than Linux. */
const { EAGAIN, EINVAL, ETIMEDOUT } = constants.errno
const OWNER_UNKNOWN = 0xffffffff
/** A file's ctime is of the kernel's coarse clock, which stands still for a tick: 10 ms at 100 Hz. */
const TICK_NS = 10_000_000n
/** Slewed as fast as it may be (adjtimex(2): 500 ppm) the wall clock drifts 30 ms in a minute: what is more was set. */
const DRIFT_NS = 40_000_000n

export type Inspector = {
  /**
   * Takes a request; its answer, an inspected record's bytes, goes to `onAnswers`. What is needed goes before what is
   * not, also when that is said of what waits already; it has one answer, and a second one where the first was that
   * there was no time: once the file is read for it, or for another process, and was not changed since this one had it.
   * Never throws.
   */
  ask(request: InspectRecord): void
  /** Requests answered with EAGAIN because too many were waiting. */
  refused(): number
}

/**
 * All is looked at first, which takes no time and answers what is known already. What has to be read goes through
 * lanes: files that root alone can change, those of each owner, and those where reading may hang. With the look four
 * calls are under way at most: as many as libuv has threads.
 *
 * @param batchMax requests that are looked at together, whose answers come together: a thread is woken once for all
 * @param waitingMax requests that may wait; beyond it they are answered with error EAGAIN, what is not needed first
 * @param bootNs nanoseconds since boot, sleep included
 * @param answerMs a question that takes longer is answered with error ETIMEDOUT and what the look told of the file:
 *   who asked waits for it
 * @param lateMs how long such a question may still have a better answer
 * @param lateMax how many may
 * @param unixNs nanoseconds since 1970, of the wall clock
 */
export function createInspector(options: {
  look: Addon['look']
  inspect: Addon['inspect']
  /** Gets answers that came together. */
  onAnswers: (records: Uint8Array[]) => void
  bootNs: () => bigint
  unixNs?: () => bigint
  batchMax?: number
  waitingMax?: number
  answerMs?: number
  lateMs?: number
  lateMax?: number
}): Inspector {
  const { look, inspect, onAnswers, bootNs } = options
  const { unixNs = () => BigInt(Date.now()) * 1_000_000n } = options
  const { batchMax = 64, waitingMax = 8192, answerMs = 5000 } = options
  const { lateMs = 60_000, lateMax = 1024 } = options
  /** Questions without an answer, in the order they were asked. */
  const open = new Map<string, Question>()
  /** Those of them that were not looked at yet. */
  const needed = new Set<Question>()
  const others = new Set<Question>()
  /** Questions that were answered that there was no time; oldest first. */
  const late = new Set<Question>()
  /** Those of them that are still to be looked at: after all others. */
  const again = new Set<Question>()
  const lanes = createLanes<Question>()
  const busy = new Set<LaneKind>()
  let isLooking = false
  let isStarting = false
  let refused = 0

  const answerOf = (request: InspectRecord, found: Inspection): Uint8Array[] => {
    const { lane: _, changedNs: __, origin, ...told } = found
    if (mayHoldOther(request, found)) told.flags |= InspectedFlag.replaced
    const { pid, pidversion, subject, path } = request
    const asked = { source: Source.inspector, atNs: bootNs(), pid, pidversion, subject, path }
    const record: InspectedRecord = { ...told, ...asked }
    // Of another file than ran it says nothing.
    const isOfIt = origin !== undefined && (told.flags & InspectedFlag.replaced) === 0
    const before = isOfIt ? [writeOrigin({ ...origin, ...asked })] : []
    return [...before, writeInspected(record)]
  }
  /** It has its answer, and is not to be answered again. */
  const close = (question: Question): void => {
    clearTimeout(question.timer)
    open.delete(question.name)
    needed.delete(question)
    others.delete(question)
  }
  const isOpen = (question: Question): boolean => open.get(question.name) === question
  const isWanted = (question: Question): boolean => isOpen(question) || late.has(question)
  const forget = (question: Question): void => {
    clearTimeout(question.timer)
    late.delete(question)
    again.delete(question)
  }
  /** It has had its answer; where it is known since when the process has the file, a better one is given later. */
  const keepLate = (question: Question, isToBeLookedAt: boolean): void => {
    if (question.request.atNs === 0n || question.request.ino === 0n) return
    question.isNeeded = false
    question.timer = setTimeout(() => forget(question), lateMs)
    question.timer.unref()
    late.add(question)
    if (isToBeLookedAt) again.add(question)
    for (const oldest of late) {
      if (late.size <= lateMax) break
      forget(oldest)
    }
    start()
  }
  /** Whether the file is as it was when the process of the question had it. */
  const isUnchanged = ({ request, clockNs }: Question, { changedNs }: Inspection): boolean => {
    const nowNs = clockOffset()
    const driftNs = nowNs - clockNs
    if (changedNs === 0n || driftNs > DRIFT_NS || driftNs < -DRIFT_NS) return false
    return changedNs + TICK_NS + DRIFT_NS <= nowNs + request.atNs
  }
  /**
   * Whether the script may have been another as it was read: its interpreter opened it by name after the exec, and whoever
   * wrote it can write another there since. What root alone can change is no user's doing: an upgrade, most of all.
   */
  const mayHoldOther = (request: InspectRecord, found: Inspection): boolean => {
    const { atNs, subject } = request
    const { changedNs, error, flags } = found
    if (subject !== Subject.script || error !== 0 || atNs === 0n || changedNs === 0n) return false
    if ((flags & InspectedFlag.writableByOthers) === 0) return false
    return changedNs + TICK_NS > clockOffset() + atNs
  }
  const clockOffset = (): bigint => unixNs() - bootNs()
  const refuse = (question: Question, error: number): void => {
    close(question)
    const { request, facts } = question
    onAnswers(answerOf(request, facts ? { ...facts, error } : unreadable(request, error)))
  }
  const turnAway = (question: Question): void => {
    refused++
    refuse(question, EAGAIN)
  }

  /** The clock of a question starts when it is asked: whatever holds it up, who asked goes on. */
  const pose = (request: InspectRecord): Question => {
    const question: Question = {
      name: nameOf(request),
      request,
      isNeeded: isNeededBy(request),
      facts: undefined,
      clockNs: clockOffset(),
      timer: setTimeout(() => {
        const isNotLookedAt = needed.has(question) || others.has(question)
        refuse(question, ETIMEDOUT)
        keepLate(question, isNotLookedAt)
      }, answerMs),
    }
    open.set(question.name, question)
    return question
  }

  /** What was found of this file answers those too that were told there was no time for it. */
  const answersOfLate = (request: InspectRecord, found: Inspection): Uint8Array[] =>
    [...late]
      .filter((one) => isSameFile(one.request, request) && isSameSlice(one.request, request))
      .filter((one) => isUnchanged(one, found))
      .flatMap((one) => {
        forget(one)
        return answerOf(one.request, found)
      })

  const settle = (questions: readonly Question[], found: readonly Inspection[]): void => {
    const answers: Uint8Array[] = []
    for (const [index, question] of questions.entries()) {
      if (!isWanted(question)) continue
      const inspection = found[index] ?? unreadable(question.request, EINVAL)
      if (inspection.lane !== '') {
        question.facts = inspection
        lanes.add(inspection.lane, question)
        continue
      }
      if (isOpen(question)) {
        close(question)
        answers.push(...answerOf(question.request, inspection))
        if (inspection.error === ETIMEDOUT) keepLate(question, true)
      }
      if (inspection.error === 0) answers.push(...answersOfLate(question.request, inspection))
    }
    if (answers.length > 0) onAnswers(answers)
  }
  const run = async (call: Addon['look'], questions: readonly Question[]): Promise<void> => {
    const requests = questions.map(({ request }) => requestOf(request))
    const found = await call(requests).catch((error: unknown) =>
      requests.map((request) => unreadable(request, errnoOf(error))),
    )
    settle(questions, found)
  }

  const startLook = async (): Promise<void> => {
    const batch = [...needed, ...others, ...again].slice(0, batchMax)
    if (isLooking || batch.length === 0) return
    for (const set of [needed, others, again]) for (const question of batch) set.delete(question)
    isLooking = true
    await run(look, batch)
    isLooking = false
    start()
  }
  const nextOf = (kind: LaneKind): Question | undefined => {
    let next = lanes.next(kind)
    while (next && !isWanted(next)) next = lanes.next(kind)
    return next
  }
  const startLane = async (kind: LaneKind): Promise<void> => {
    const first = busy.has(kind) ? undefined : nextOf(kind)
    if (first === undefined) return
    const isSame = (one: Question) => isWanted(one) && isSameFile(one.request, first.request)
    const alike = lanes.takeAlike(first.facts?.lane ?? '', isSame, batchMax - 1)
    busy.add(kind)
    await run(inspect, [first, ...alike])
    busy.delete(kind)
    start()
  }
  function start(): void {
    isStarting = false
    void startLook()
    for (const kind of LANE_KINDS) void startLane(kind)
  }

  return {
    ask(request) {
      const known = open.get(nameOf(request))
      if (known) {
        known.isNeeded ||= isNeededBy(request)
        if (known.isNeeded && others.delete(known)) needed.add(known)
        return
      }
      const question = pose(request)
      if (!request.path.startsWith('/') || request.path.includes('\0'))
        return refuse(question, EINVAL)
      // What nobody needs gives way.
      if (open.size > waitingMax) turnAway((question.isNeeded && [...others].at(-1)) || question)
      if (isOpen(question)) (question.isNeeded ? needed : others).add(question)
      // What is asked for in one go is one batch.
      if (isStarting) return
      isStarting = true
      queueMicrotask(start)
    },
    refused: () => refused,
  }
}

type Question = {
  readonly name: string
  readonly request: InspectRecord
  /** A flow waits for the answer. */
  isNeeded: boolean
  /** What the look told, where more is to come. */
  facts: Inspection | undefined
  /** What the wall clock was ahead of the time since boot when it was asked. */
  readonly clockNs: bigint
  timer: NodeJS.Timeout
}

const nameOf = ({ pid, pidversion, subject, path }: InspectRecord): string =>
  `${pid} ${pidversion} ${subject} ${path}`

const isNeededBy = ({ flags }: InspectRecord): boolean => (flags & InspectFlag.needed) !== 0

const requestOf = ({ path, pid, dev, ino, cdhash, subject }: InspectRecord): InspectRequest => ({
  path,
  pid,
  dev,
  ino,
  cdhash,
  subject,
})

const isSameFile = (one: InspectRecord, other: InspectRecord): boolean =>
  one.dev === other.dev && one.ino === other.ino && one.path === other.path
const isSameSlice = ({ cdhash }: InspectRecord, other: InspectRecord): boolean =>
  Buffer.compare(cdhash, other.cdhash) === 0

/** Nothing is known of it, so anybody may own it and change it. */
const unreadable = (request: InspectRequest, error: number): Inspection => ({
  dev: request.dev,
  ino: request.ino,
  fileBytes: 0n,
  changedNs: 0n,
  ownerUid: OWNER_UNKNOWN,
  mode: 0,
  flags: InspectedFlag.writableByOthers,
  error,
  sha256: new Uint8Array(32),
  lane: '',
  ...NO_SIGNATURE_ASKED,
})

const errnoOf = (error: unknown): number => {
  const errno = error instanceof Error ? (error as NodeJS.ErrnoException).errno : undefined
  return typeof errno === 'number' ? Math.abs(errno) : EINVAL
}
