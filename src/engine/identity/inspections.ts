// What answers say of programs and of scripts. One that nobody had time for may be followed by a better one.
import { type InspectedRecord, Script, Subject } from '../../records/record.gen.ts'
import type { Clock } from '../clock.ts'
import { inspectionOf } from '../process/inspect-requests.ts'
import type { Image, Inspection, Process } from '../process/process.ts'
import type { ChangedFiles } from './changed-files.ts'

/** How long a better answer is waited for: as long as sense goes on looking. */
const FOLLOWED_MS = 60_000
/** Answers that may still be followed; beyond, the oldest stands. */
const FOLLOWED_MAX = 1_024
/** errno(3), the same on Linux and macOS. */
const ENOENT = 2

/** What an argument is told to name is no file. Where its inode was told there was one. */
const isNoFile = ({ scriptFrom, scriptIno }: Image, { error }: Inspection): boolean =>
  error === ENOENT && scriptIno === 0n && scriptFrom !== Script.kernel

export type Inspections = {
  /** False when it is no news: of a file that was looked at already, or one that nothing is keyed by. */
  take(process: Process, record: InspectedRecord): boolean
  /** Time passed: processes of which what was answered stands from now on. */
  pass(): Process[]
  /** The engine ends: what was answered stands. */
  finish(): Process[]
}

export function createInspections(clock: Clock, changed: ChangedFiles): Inspections {
  /** Oldest first. */
  const followed = new Map<Inspection, { process: Process; sinceMs: number }>()
  /** What was answered before this, and those that are too many, stand. */
  const settle = (beforeMs: number): Process[] => {
    const settled: Process[] = []
    for (const [answer, { process, sinceMs }] of followed) {
      if (sinceMs > beforeMs && followed.size <= FOLLOWED_MAX) break
      followed.delete(answer)
      answer.mayFollow = false
      settled.push(process)
    }
    return settled
  }

  return {
    take(process, record) {
      const { image } = process
      const { subject } = record
      const isScript = subject === Subject.script
      if (isScript ? record.path !== image.script : subject !== Subject.program) return false
      const former = isScript ? image.scriptFile : image.inspection
      const found = inspectionOf(record)
      if (former && (!former.mayFollow || found.error !== 0)) return false
      if (former) followed.delete(former)
      if (found.mayFollow) followed.set(found, { process, sinceMs: clock.nowMs })
      if (isScript && isNoFile(image, found)) {
        // Nor is it told again: what was taken for a file's name may be a text, with secrets in it.
        image.script = ''
        image.scriptFrom = Script.claimed
      } else if (isScript) image.scriptFile = found
      else {
        image.inspection = found
        changed.look(process, clock.nowMs)
      }
      return true
    },
    pass: () => settle(clock.nowMs - FOLLOWED_MS),
    finish: () => settle(Number.POSITIVE_INFINITY),
  }
}
