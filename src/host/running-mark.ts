// A file that is there while the engine runs, so that the next one knows when it, or sense, did not end in order, and
// how often, and for how long nobody watched. A line is the time of a death, `sense` before it when it was sense's; `of`
// says by whose sense it was written; `ended` stands last when the engine itself has ended in order since, `stopped` when
// both have. The file's own time is when the engine last lived.
import { lutimesSync } from 'node:fs'
import { join } from 'node:path'
import { readStateFile, writeStateFile } from '../state-file.ts'

const FILE = 'running'
const KEPT_MS = 24 * 3600 * 1000
const KEPT_MAX = 100
const SENSE = 'sense '
const ENDED = 'ended'
const STOPPED = 'stopped'
const OF = 'of '

/** Who runs now. */
export type Runner = {
  /** Milliseconds since 1970. */
  nowMs: number
  /** Since the machine started. */
  uptimeMs: number
  /** Of the machine. */
  bootId: string
  /** The process that gives the records. */
  sensePid: number
}

export type RunningMark = {
  /**
   * Who of the run before was killed or crashed: this process's forerunner, the parent that it read from, or both
   * together. machine: it went down under them.
   */
  lost: 'engine' | 'sense' | 'both' | 'machine' | undefined
  /**
   * For how long nobody watched while the machine ran, ms, as far as its clock can be believed: nothing when the same
   * sense has gone on, or never ran before.
   */
  unwatchedMs: number
  /** When that was found out, milliseconds since 1970, within a day and since the last end in good order; oldest first. */
  engineDeathsMs: readonly number[]
  senseDeathsMs: readonly number[]
  /** It lives: to be called now and then. */
  alive(nowMs: number): void
  /** Ends in good order. */
  remove(nowMs: number): void
  /** Ends in good order, since sense has died. */
  leave(nowMs: number): void
}

/** Throws StateFileError when something else stands there, and what the file system does. */
export function markRunning(directory: string, runner: Runner): RunningMark {
  const { nowMs, bootId, sensePid } = runner
  const path = join(directory, FILE)
  const before = readStateFile(path)
  const lines = (before?.text ?? '').split('\n')
  const own = `${OF}${bootId} ${sensePid}`
  const lost = lostOf(lines, before !== undefined, own, bootId)
  const engineDeathsMs = timesOf(lines, '', nowMs)
  const senseDeathsMs = timesOf(lines, SENSE, nowMs)
  if (lost === 'engine' || lost === 'both') engineDeathsMs.push(nowMs)
  if (lost === 'both') senseDeathsMs.push(nowMs)
  const write = (senseMs: readonly number[], ...more: string[]) =>
    writeStateFile(
      path,
      [
        ...engineDeathsMs.slice(-KEPT_MAX).map((atMs) => `${atMs}\n`),
        ...senseMs.slice(-KEPT_MAX).map((atMs) => `${SENSE}${atMs}\n`),
        `${own}\n`,
        ...more,
      ].join(''),
    )
  write(senseDeathsMs)
  const touch = (atMs: number) => lutimesSync(path, atMs / 1000, atMs / 1000)
  touch(nowMs)
  return {
    lost,
    unwatchedMs: before && lost !== 'engine' ? unwatched(before.changedMs, runner) : 0,
    engineDeathsMs: engineDeathsMs.slice(-KEPT_MAX),
    senseDeathsMs: senseDeathsMs.slice(-KEPT_MAX),
    alive: touch,
    remove(endMs) {
      // What was counted ends with an end in good order.
      writeStateFile(path, `${own}\n${STOPPED}\n`)
      touch(endMs)
    },
    leave(endMs) {
      write([...senseDeathsMs, endMs], `${ENDED}\n`)
      touch(endMs)
    },
  }
}

function lostOf(
  lines: readonly string[],
  isThere: boolean,
  own: string,
  bootId: string,
): RunningMark['lost'] {
  if (!isThere || lines.includes(STOPPED)) return undefined
  if (lines.includes(ENDED)) return 'sense'
  // A mark of an earlier version does not say whose it was.
  if (lines.includes(own) || !lines.some((line) => line.startsWith(OF))) return 'engine'
  return lines.some((line) => line.startsWith(`${OF}${bootId} `)) ? 'both' : 'machine'
}

/** Since it last lived, but not since before the machine did; nothing when the clock was set back. */
const unwatched = (aliveMs: number, { nowMs, uptimeMs }: Runner): number =>
  Math.max(0, Math.min(nowMs - aliveMs, uptimeMs))

function timesOf(lines: readonly string[], prefix: string, nowMs: number): number[] {
  return (
    lines
      .filter((line) => line.startsWith(prefix) && /^\d{1,15}$/.test(line.slice(prefix.length)))
      .map((line) => Number(line.slice(prefix.length)))
      // A clock that was set back makes times of the future: those say nothing.
      .filter((atMs) => atMs > nowMs - KEPT_MS && atMs <= nowMs)
  )
}
