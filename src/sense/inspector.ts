// Answers the engine's question what a program file is. The engine is the half that talks to the network,
// so its requests are taken as hostile: bounded in number, and only an absolute path is looked at.
import { constants } from 'node:os'
import {
  type InspectedRecord,
  type InspectRecord,
  Source,
  writeInspected,
} from '../records/record.gen.ts'
import { NO_SIGNATURE_ASKED } from '../records/signature.ts'
import type { Addon, Inspection, InspectRequest } from './addon.ts'

/** This system's: macOS numbers two of them otherwise than Linux. */
const { EAGAIN, EINVAL, ETIMEDOUT } = constants.errno
/** The addon remembers as many. */
const FAMILIAR_MAX = 4096

export type Inspector = {
  /** Takes a request; its answer, an inspected record's bytes, goes to `onAnswers`. Never throws. */
  ask(request: InspectRecord): void
  /** Requests answered with EAGAIN because too many were waiting. */
  refused(): number
}

/**
 * @param runningMax batches under way at once: hashing runs on libuv's pool
 * @param batchMax requests of a batch, whose answers come together: a thread is woken once for all
 * @param waitingMax requests that may wait; beyond it they are answered with error EAGAIN
 * @param bootNs nanoseconds since boot, sleep included
 * @param answerMs a question that takes longer is answered with error ETIMEDOUT: who asked waits for it
 */
export function createInspector(options: {
  inspect: Addon['inspect']
  /** Gets answers that came together. */
  onAnswers: (records: Uint8Array[]) => void
  bootNs: () => bigint
  runningMax?: number
  batchMax?: number
  waitingMax?: number
  answerMs?: number
}): Inspector {
  const { inspect, onAnswers, bootNs } = options
  const { runningMax = 2, batchMax = 64, waitingMax = 4096, answerMs = 5000 } = options
  let waiting: Question[] = []
  let running = 0
  let refused = 0
  let starting = false
  /** Files that were read, so that the addon remembers them: they are quick. */
  const familiar = new Set<string>()

  const answerOf = (request: InspectRecord, found: Inspection): Uint8Array => {
    const record: InspectedRecord = {
      ...found,
      source: Source.inspector,
      atNs: bootNs(),
      pid: request.pid,
      pidversion: request.pidversion,
      subject: request.subject,
      path: request.path,
    }
    return writeInspected(record)
  }
  const refuse = (request: InspectRecord, error: number) =>
    onAnswers([answerOf(request, unreadable(request, error))])

  /** The clock of a question starts when it is asked: a file system that hangs must not hold the others up for ever. */
  const questionOf = (request: InspectRecord): Question => {
    const question: Question = {
      request,
      timer: setTimeout(() => {
        question.timer = undefined
        refuse(request, ETIMEDOUT)
      }, answerMs),
    }
    return question
  }

  /** What is new may be large or slow and goes alone; what is familiar goes with what stands around it. */
  const nextBatch = (): Question[] => {
    const isWanted = ({ timer }: Question) => timer !== undefined
    const isFamiliar = ({ request }: Question) => familiar.has(nameOf(request))
    let first = waiting.shift()
    while (first && !isWanted(first)) first = waiting.shift()
    if (!first) return []
    if (!isFamiliar(first)) return [first]
    const others = waiting.filter((one) => isWanted(one) && isFamiliar(one)).slice(0, batchMax - 1)
    const taken = new Set(others)
    waiting = waiting.filter((one) => !taken.has(one))
    return [first, ...others]
  }

  const settle = (batch: Question[], found: readonly Inspection[]) => {
    const answers: Uint8Array[] = []
    for (const [index, question] of batch.entries()) {
      const inspection = found[index] ?? unreadable(question.request, EINVAL)
      if (familiar.size >= FAMILIAR_MAX) familiar.clear()
      if (inspection.error === 0) familiar.add(nameOf(question.request))
      else familiar.delete(nameOf(question.request))
      if (question.timer === undefined) continue
      clearTimeout(question.timer)
      answers.push(answerOf(question.request, inspection))
    }
    if (answers.length > 0) onAnswers(answers)
  }

  const runBatch = async (batch: Question[]): Promise<void> => {
    running++
    const requests = batch.map(({ request: { path, pid, dev, ino, cdhash } }) => ({
      path,
      pid,
      dev,
      ino,
      cdhash,
    }))
    const found = await inspect(requests).catch((error: unknown) =>
      requests.map((request) => unreadable(request, errnoOf(error))),
    )
    running--
    settle(batch, found)
    startBatches()
  }

  const startBatches = () => {
    starting = false
    while (running < runningMax) {
      const batch = nextBatch()
      if (batch.length === 0) return
      void runBatch(batch)
    }
  }

  return {
    ask(request) {
      if (!request.path.startsWith('/') || request.path.includes('\0'))
        return refuse(request, EINVAL)
      if (waiting.length >= waitingMax) {
        refused++
        return refuse(request, EAGAIN)
      }
      waiting.push(questionOf(request))
      // What is asked for in one go is one batch.
      if (starting) return
      starting = true
      queueMicrotask(startBatches)
    },
    refused: () => refused,
  }
}

type Question = {
  request: InspectRecord
  /** Until it is answered. */
  timer: ReturnType<typeof setTimeout> | undefined
}

const nameOf = ({ dev, ino, path }: InspectRecord): string => `${dev} ${ino} ${path}`

const unreadable = (request: InspectRequest, error: number): Inspection => ({
  dev: request.dev,
  ino: request.ino,
  fileBytes: 0n,
  ownerUid: 0xffffffff,
  mode: 0,
  flags: 0,
  error,
  sha256: new Uint8Array(32),
  ...NO_SIGNATURE_ASKED,
})

const errnoOf = (error: unknown): number => {
  const errno = error instanceof Error ? (error as NodeJS.ErrnoException).errno : undefined
  return typeof errno === 'number' ? Math.abs(errno) : EINVAL
}
