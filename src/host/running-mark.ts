// A file that is there while the engine runs, so that the next one knows when it, or sense, did not end in order, and
// how often, and for how long nobody watched. A line is the time of a death, `sense` before it when it was sense's;
// `unwatched` from when nobody watched, for how long and why; `of` says by whose sense it was written; `ended` stands last
// when the engine itself has ended in order since, `stopped` when both have, `orphaned` when both have since who ran them was killed. The file's own time is when the engine last lived.
import { lutimesSync } from 'node:fs'
import { join } from 'node:path'
import { isDiskFull, readStateFile, writeStateFileAnyhow } from '../state-file.ts'

const FILE = 'running'
/** Over ends in good order too: whoever asks on the next day, at whatever hour, hears of it. */
export const REMEMBERED_MS = 48 * 3600 * 1000
const KEPT_MAX = 100
const UNWATCHED_MAX = 20
const UNWATCHED = 'unwatched '
/** A shorter stop in good order is a restart. */
export const STOP_TOLD_MS = 10_000
const SENSE = 'sense '
const ENDED = 'ended'
const STOPPED = 'stopped'
const ORPHANED = 'orphaned'
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

/** Why nobody watched: who was killed or crashed, `up` that ran both among them, or that it was stopped in good order. */
const WHYS = ['sense', 'both', 'up', 'machine', 'stopped'] as const

export type Unwatched = {
  /** When it was last known to watch, milliseconds since 1970. */
  fromMs: number
  /** While the machine ran, as far as its clock can be believed. */
  lengthMs: number
  why: (typeof WHYS)[number]
}

export type RunningMark = {
  /**
   * Who of the run before was killed or crashed: this process's forerunner, the parent that it read from, or both
   * together. up: what ran them was, and they ended in order. machine: it went down under them.
   */
  lost: 'engine' | 'sense' | 'both' | 'up' | 'machine' | undefined
  /**
   * For how long nobody watched while the machine ran, ms, as far as its clock can be believed: nothing when the same
   * sense has gone on, or never ran before.
   */
  unwatchedMs: number
  /** When that was found out, milliseconds since 1970, within REMEMBERED_MS; oldest first. */
  engineDeathsMs: readonly number[]
  senseDeathsMs: readonly number[]
  /** Each time that nobody watched, this one too, within REMEMBERED_MS; a stop in good order from STOP_TOLD_MS on. Oldest first. */
  unwatched: readonly Unwatched[]
  /** It lives: to be called now and then. What the disk refuses is said once. */
  alive(nowMs: number): void
  /** Ends in good order; once it is written, nothing more is. */
  remove(nowMs: number): void
  /** Ends in good order, since sense has died; likewise. */
  leave(nowMs: number): void
  /** Ends in good order, as sense does, since `up` that ran both has died; likewise. */
  orphaned(nowMs: number): void
}

/**
 * Throws StateFileError when something else stands there, and what the file system does; but a disk that is full is said to
 * `log`, and the mark is made when there is room.
 */
export function markRunning(
  directory: string,
  runner: Runner,
  log: (text: string) => void = () => {},
): RunningMark {
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
  const unwatchedMs = before && lost !== 'engine' ? unwatchedSince(before.changedMs, runner) : 0
  const unwatched = unwatchedIn(lines, nowMs)
  const why = lost ?? 'stopped'
  if (before && why !== 'engine' && unwatchedMs >= (lost ? 1 : STOP_TOLD_MS))
    unwatched.push({ fromMs: Math.round(before.changedMs), lengthMs: Math.round(unwatchedMs), why })
  const write = (senseMs: readonly number[], ...more: string[]) =>
    writeStateFileAnyhow(
      path,
      [
        ...engineDeathsMs.slice(-KEPT_MAX).map((atMs) => `${atMs}\n`),
        ...senseMs.slice(-KEPT_MAX).map((atMs) => `${SENSE}${atMs}\n`),
        ...unwatched
          .slice(-UNWATCHED_MAX)
          .map((one) => `${UNWATCHED}${one.fromMs} ${one.lengthMs} ${one.why}\n`),
        `${own}\n`,
        ...more,
      ].join(''),
    )
  let isMade = false
  const touch = (atMs: number) => lutimesSync(path, atMs / 1000, atMs / 1000)
  /** Writes it where it was not yet, or is no more. */
  const make = (atMs: number): void => {
    try {
      if (!isMade) write(senseDeathsMs)
      isMade = true
      touch(atMs)
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException
      // Who watches already goes on, whatever the file system says.
      if (code === undefined || !(isBegun || code === 'ENOENT' || isDiskFull(cause))) throw cause
      if (isMade) isMade = false
      else if (!isSaid)
        log(`${FILE} cannot be written (${message}): tried again, as long as it runs`)
      isSaid ||= code !== 'ENOENT'
    }
  }
  let isSaid = false
  let isBegun = false
  let hasEnded = false
  let isEndSaid = false
  make(nowMs)
  isBegun = true
  /** How it ended. Where that cannot be written it may read as a death, which a time that nobody watched is not lost for. */
  const end = (endMs: number, senseMs: readonly number[], word: string): void => {
    if (hasEnded) return
    try {
      write(senseMs, `${word}\n`)
      hasEnded = true
      touch(endMs)
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException
      if (code === undefined) throw cause
      touched(path, endMs)
      if (!isEndSaid)
        log(`that it ends cannot be written to ${FILE} (${message}): it may read as a death`)
      isEndSaid = true
    }
  }
  return {
    lost,
    unwatchedMs,
    engineDeathsMs: engineDeathsMs.slice(-KEPT_MAX),
    senseDeathsMs: senseDeathsMs.slice(-KEPT_MAX),
    unwatched: unwatched.slice(-UNWATCHED_MAX),
    alive: make,
    remove: (endMs) => end(endMs, senseDeathsMs, STOPPED),
    leave: (endMs) => end(endMs, [...senseDeathsMs, endMs], ENDED),
    orphaned: (endMs) => end(endMs, senseDeathsMs, ORPHANED),
  }
}

/** When it last lived, where nothing else can be said. */
function touched(path: string, atMs: number): void {
  try {
    lutimesSync(path, atMs / 1000, atMs / 1000)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === undefined) throw cause
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
  if (lines.includes(ORPHANED)) return 'up'
  // A mark of an earlier version does not say whose it was.
  if (lines.includes(own) || !lines.some((line) => line.startsWith(OF))) return 'engine'
  return lines.some((line) => line.startsWith(`${OF}${bootId} `)) ? 'both' : 'machine'
}

/** Since it last lived, but not since before the machine did; nothing when the clock was set back. */
const unwatchedSince = (aliveMs: number, { nowMs, uptimeMs }: Runner): number =>
  Math.max(0, Math.min(nowMs - aliveMs, uptimeMs))

function unwatchedIn(lines: readonly string[], nowMs: number): Unwatched[] {
  return lines.flatMap((line) => {
    const [, from, length, written] = /^unwatched (\d{1,15}) (\d{1,15}) ([a-z]+)$/.exec(line) ?? []
    const why = WHYS.find((one) => one === written)
    const fromMs = Number(from)
    if (why === undefined || !isRemembered(fromMs, nowMs)) return []
    return [{ fromMs, lengthMs: Number(length), why }]
  })
}

/** A clock that was set back makes times of the future: those say nothing. */
export const isRemembered = (atMs: number, nowMs: number): boolean =>
  atMs > nowMs - REMEMBERED_MS && atMs <= nowMs

function timesOf(lines: readonly string[], prefix: string, nowMs: number): number[] {
  return lines
    .filter((line) => line.startsWith(prefix) && /^\d{1,15}$/.test(line.slice(prefix.length)))
    .map((line) => Number(line.slice(prefix.length)))
    .filter((atMs) => isRemembered(atMs, nowMs))
}
