// A file that is there while the engine runs, so that the next one knows when it, or sense, did not end in order, and
// how often. A line is the time of a death, `sense` before it when it was sense's; `ended` stands last when the engine
// itself has ended in order since.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FILE = 'running'
const KEPT_MS = 24 * 3600 * 1000
const KEPT_MAX = 100
const SENSE = 'sense '
const ENDED = 'ended'

export type RunningMark = {
  /** Who of the run before was killed or crashed: this process's forerunner, or the parent that it read from. */
  lost: 'engine' | 'sense' | undefined
  /** When that was found out, milliseconds since 1970, within a day and since the last end in good order; oldest first. */
  engineDeathsMs: readonly number[]
  senseDeathsMs: readonly number[]
  /** Ends in good order. */
  remove(): void
  /** Ends in good order, since sense has died. */
  leave(nowMs: number): void
}

/** `nowMs` is milliseconds since 1970. Throws what the file system does. */
export function markRunning(directory: string, nowMs: number): RunningMark {
  const path = join(directory, FILE)
  const before = readIfThere(path)
  const lines = (before ?? '').split('\n')
  const lost = before === undefined ? undefined : lines.includes(ENDED) ? 'sense' : 'engine'
  const engineDeathsMs = timesOf(lines, '', nowMs)
  const senseDeathsMs = timesOf(lines, SENSE, nowMs)
  if (lost === 'engine') engineDeathsMs.push(nowMs)
  const write = (senseMs: readonly number[], ...more: string[]) =>
    writeFileSync(
      path,
      [
        ...engineDeathsMs.slice(-KEPT_MAX).map((atMs) => `${atMs}\n`),
        ...senseMs.slice(-KEPT_MAX).map((atMs) => `${SENSE}${atMs}\n`),
        ...more,
      ].join(''),
      { mode: 0o600 },
    )
  write(senseDeathsMs)
  return {
    lost,
    engineDeathsMs: engineDeathsMs.slice(-KEPT_MAX),
    senseDeathsMs: senseDeathsMs.slice(-KEPT_MAX),
    remove: () => rmSync(path, { force: true }),
    leave: (endMs) => write([...senseDeathsMs, endMs], `${ENDED}\n`),
  }
}

function timesOf(lines: readonly string[], prefix: string, nowMs: number): number[] {
  return (
    lines
      .filter((line) => line.startsWith(prefix) && /^\d{1,15}$/.test(line.slice(prefix.length)))
      .map((line) => Number(line.slice(prefix.length)))
      // A clock that was set back makes times of the future: those say nothing.
      .filter((atMs) => atMs > nowMs - KEPT_MS && atMs <= nowMs)
  )
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
