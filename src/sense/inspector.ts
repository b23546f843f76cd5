// Answers the engine's question what a program file is. The engine is the half that talks to the network,
// so its requests are taken as hostile: bounded in number, and only an absolute path is looked at.
import {
  type InspectedRecord,
  type InspectRecord,
  Source,
  writeInspected,
} from '../records/record.gen.ts'
import type { Addon, Inspection } from './addon.ts'

const EAGAIN = 11
const EINVAL = 22
const ETIMEDOUT = 110

export type Inspector = {
  /** Takes a request; its answer, an inspected record's bytes, goes to `onAnswer`. Never throws. */
  ask(request: InspectRecord): void
  /** Requests answered with EAGAIN because too many were waiting. */
  refused(): number
}

/**
 * @param runningMax requests under way at once: hashing runs on libuv's pool
 * @param waitingMax requests that may wait; beyond it they are answered with error EAGAIN
 * @param bootNs nanoseconds since boot, sleep included
 * @param answerMs a question that takes longer is answered with error ETIMEDOUT: who asked waits for it
 */
export function createInspector(options: {
  inspect: Addon['inspect']
  onAnswer: (record: Uint8Array) => void
  bootNs: () => bigint
  runningMax?: number
  waitingMax?: number
  answerMs?: number
}): Inspector {
  const { inspect, onAnswer, bootNs, runningMax = 2, waitingMax = 4096, answerMs = 5000 } = options
  const waiting: Question[] = []
  let running = 0
  let refused = 0

  const answer = (request: InspectRecord, found: Inspection) => {
    const record: InspectedRecord = {
      source: Source.inspector,
      atNs: bootNs(),
      dev: found.dev,
      ino: found.ino,
      fileBytes: found.fileBytes,
      pid: request.pid,
      pidversion: request.pidversion,
      ownerUid: found.ownerUid,
      mode: found.mode,
      flags: found.flags,
      error: found.error,
      sha256: found.sha256,
      path: request.path,
    }
    onAnswer(writeInspected(record))
  }

  /** The clock of a question starts when it is asked: a file system that hangs must not hold the others up for ever. */
  const questionOf = (request: InspectRecord): Question => {
    const question: Question = {
      request,
      isAnswered: false,
      answer(found) {
        if (question.isAnswered) return
        question.isAnswered = true
        clearTimeout(timer)
        answer(request, found)
      },
    }
    const timer = setTimeout(() => question.answer(unreadable(request, ETIMEDOUT)), answerMs)
    return question
  }

  const next = () => {
    while (running < runningMax) {
      const question = waiting.shift()
      if (!question) return
      if (question.isAnswered) continue
      running++
      const { path, pid, dev, ino } = question.request
      inspect({ path, pid, dev, ino })
        .then(question.answer)
        .catch((error: unknown) => question.answer(unreadable(question.request, errnoOf(error))))
        .finally(() => {
          running--
          next()
        })
    }
  }

  return {
    ask(request) {
      if (!request.path.startsWith('/') || request.path.includes('\0'))
        return answer(request, unreadable(request, EINVAL))
      if (waiting.length >= waitingMax) {
        refused++
        return answer(request, unreadable(request, EAGAIN))
      }
      waiting.push(questionOf(request))
      next()
    },
    refused: () => refused,
  }
}

type Question = {
  request: InspectRecord
  isAnswered: boolean
  /** The first answer counts. */
  answer: (found: Inspection) => void
}

const unreadable = (request: InspectRecord, error: number): Inspection => ({
  dev: request.dev,
  ino: request.ino,
  fileBytes: 0n,
  ownerUid: 0xffffffff,
  mode: 0,
  flags: 0,
  error,
  sha256: new Uint8Array(32),
})

const errnoOf = (error: unknown): number => {
  const errno = error instanceof Error ? (error as NodeJS.ErrnoException).errno : undefined
  return typeof errno === 'number' ? Math.abs(errno) : EINVAL
}
