// The processes of this boot, by (pid, pidversion): who runs what, and who made whom.

import { createOldest } from '../../oldest.ts'
import type { ExecRecord, ForkRecord } from '../../records/record.gen.ts'
import { ExecFlag } from '../../records/record.gen.ts'
import { isOfMac } from '../sources.ts'
import type { Process } from './process.ts'
import { type ProcessKey, processKey } from './process-key.ts'
import { executed, forked } from './told-process.ts'

export type ProcessTable = {
  /** The process of an exec record; `isNew` false when it was known already (an enumeration said it again). */
  exec(record: ExecRecord): { process: Process; isNew: boolean }
  fork(record: ForkRecord): Process
  exit(pid: number, pidversion: number, atMs: number): void
  /** The image (pid, pidversion), or the present one of `pid` when the version is 0. */
  find(pid: number, pidversion: number): Process | undefined
  /**
   * The image that `pid` ran at that time; else the one that it ran last or next, no more than `lateMs` away; undefined
   * where none is known.
   */
  ranAt(pid: number, atMs: number, lateMs: number): Process | undefined
  /** The process that forked it, as far as it is known. */
  parentOf(process: Process): Process | undefined
  beginEnumeration(source: number, atNs: bigint): void
  /**
   * Ends the processes of `source` that nobody has named since its enumeration began; `isOfAll`: those of a Mac's other
   * sources too, which were told as of before that. Their rings are read one after the other, so that what began
   * later may have come sooner.
   */
  endEnumeration(source: number, isOfAll: boolean, atMs: number): void
  /** Forgets what ended long ago. */
  expire(nowMs: number): void
  alive(): number
  /** Ended ones too, as far as they are known. */
  all(): Iterable<Process>
}

/** Holds at most `capacity` images; ended ones go first, then those not heard of for longest. */
export function createProcessTable(
  capacity: number,
  endedProcessMs: number,
  onEvict: () => void,
): ProcessTable {
  const known = new Map<ProcessKey, Process>()
  const firstKnown = createOldest(() => known.values())
  /** The image each pid runs now. */
  const present = new Map<number, Process>()
  /** The image each pid ran last. */
  const latest = new Map<number, Process>()
  /** The images of each pid that are known, with when each was told to have begun; as they were told. */
  const images = new Map<number, Map<Process, number>>()
  /** Ended processes, oldest first. */
  const ended = new Set<Process>()
  const firstEnded = createOldest(() => ended.values())
  const enumerations = new Map<number, { number: number; atNs: bigint }>()
  let lastEnumeration = 0

  const addEnded = (process: Process): void => {
    ended.add(process)
    firstEnded.added()
  }
  const end = (process: Process, atMs: number): void => {
    if (present.get(process.pid) === process) present.delete(process.pid)
    if (process.endedAtMs !== undefined) return
    process.endedAtMs = atMs
    addEnded(process)
  }
  const forget = (process: Process): void => {
    known.delete(processKey(process.pid, process.pidversion))
    ended.delete(process)
    if (latest.get(process.pid) === process) latest.delete(process.pid)
    if (present.get(process.pid) === process) present.delete(process.pid)
    const beside = images.get(process.pid)
    beside?.delete(process)
    if (beside?.size === 0) images.delete(process.pid)
  }
  const nameAgain = (process: Process, atNs: bigint): void => {
    process.seenIn = lastEnumeration
    if (atNs > process.toldAtNs) process.toldAtNs = atNs
  }
  const add = (process: Process, atMs: number): void => {
    if (known.size >= capacity) {
      const first = firstEnded.next() ?? firstKnown.next()
      if (first) forget(first)
      onEvict()
    }
    known.set(processKey(process.pid, process.pidversion), process)
    firstKnown.added()
    const beside = images.get(process.pid) ?? new Map<Process, number>()
    images.set(process.pid, beside.set(process, atMs))
    const former = latest.get(process.pid)
    if (former && isLater(former, process)) {
      // Told late: its pid runs, or ran, another by now.
      process.endedAtMs = atMs
      addEnded(process)
      return
    }
    const running = present.get(process.pid)
    if (running) end(running, atMs)
    present.set(process.pid, process)
    latest.set(process.pid, process)
  }
  /** One that was held to have ended is on a list of those that run. */
  const revive = (process: Process): void => {
    ended.delete(process)
    process.endedAtMs = undefined
    present.set(process.pid, process)
  }
  const find = (pid: number, pidversion: number): Process | undefined =>
    known.get(processKey(pid, pidversion)) ?? (pidversion === 0 ? present.get(pid) : undefined)

  return {
    exec(record) {
      const former = known.get(processKey(record.pid, record.pidversion))
      if (former) {
        nameAgain(former, record.atNs)
        // One forked by a process that was not seen is known by name alone until it is found running.
        const isEnumerated = (record.flags & ExecFlag.enumerated) !== 0
        const isLatest = latest.get(record.pid) === former
        if (isEnumerated && isLatest && former.endedAtMs !== undefined && isOfMac(record.source))
          revive(former)
        if (former.image.path === record.path || (isEnumerated && former.image.path !== ''))
          return { process: former, isNew: false }
        forget(former)
      }
      const process = executed(record, lastEnumeration)
      add(process, Number(record.atNs) / 1e6)
      return { process, isNew: true }
    },
    fork(record) {
      const former = known.get(processKey(record.pid, record.pidversion))
      if (former) {
        nameAgain(former, record.atNs)
        return former
      }
      const parent = find(record.parentPid, record.parentPidversion)
      const process = forked(record, parent, lastEnumeration)
      add(process, Number(record.atNs) / 1e6)
      return process
    },
    exit(pid, pidversion, atMs) {
      const process = find(pid, pidversion)
      if (process) end(process, atMs)
    },
    find,
    ranAt: (pid, atMs, lateMs) => ranAt(images.get(pid) ?? [], atMs, lateMs),
    parentOf(process) {
      if (process.parentPid === 0) return undefined
      const parent =
        known.get(processKey(process.parentPid, process.parentPidversion)) ??
        present.get(process.parentPid)
      return parent === process ? undefined : parent
    },
    beginEnumeration(source, atNs) {
      lastEnumeration++
      enumerations.set(source, { number: lastEnumeration, atNs })
    },
    endEnumeration(source, isOfAll, atMs) {
      const enumeration = enumerations.get(source)
      if (enumeration === undefined) return
      const isItsOwn = (process: Process): boolean =>
        process.source === source ||
        (isOfAll && isOfMac(process.source) && process.toldAtNs < enumeration.atNs)
      for (const process of [...present.values()])
        if (process.seenIn < enumeration.number && isItsOwn(process)) end(process, atMs)
    },
    expire(nowMs) {
      for (const process of ended) {
        if (nowMs - (process.endedAtMs as number) < endedProcessMs) break
        forget(process)
      }
    },
    all: () => known.values(),
    alive: () => present.size,
  }
}

/**
 * Whether `one` is a later image of their pid. A Mac numbers images upwards, whoever has them (xnu nextpidversion, 32
 * bits, which wraps); of its sources one may tell an image before another tells the one that was before it.
 */
const isLater = (one: Process, other: Process): boolean =>
  isOfMac(one.source) &&
  isOfMac(other.source) &&
  one.pidversion !== 0 &&
  other.pidversion !== 0 &&
  ((one.pidversion - other.pidversion) | 0) > 0

/** Of the images of one pid, see `ProcessTable.ranAt`. */
function ranAt(
  images: Iterable<[Process, number]>,
  atMs: number,
  lateMs: number,
): Process | undefined {
  let before: [Process, number] | undefined
  let after: [Process, number] | undefined
  for (const one of images) {
    const [{ endedAtMs = Infinity }, beganMs] = one
    if (endedAtMs < atMs - lateMs || beganMs > atMs + lateMs) continue
    if (beganMs > atMs) {
      if (after === undefined || beganMs < after[1]) after = one
    } else if (before === undefined || beganMs >= before[1]) before = one
  }
  return (before ?? after)?.[0]
}
