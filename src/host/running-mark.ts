// A file that is there while a process runs, so that the next one knows when it did not end in order, and how often.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FILE = 'running'
const KEPT_MS = 24 * 3600 * 1000
const KEPT_MAX = 100

export type RunningMark = {
  /** Whether the process before was killed or crashed. */
  wasCutShort: boolean
  /** When that was found out, milliseconds since 1970, within a day and since the last end in good order; oldest first. */
  cutShortAtMs: readonly number[]
  /** Ends in good order. */
  remove(): void
}

/** `nowMs` is milliseconds since 1970. Throws what the file system does. */
export function markRunning(directory: string, nowMs: number): RunningMark {
  const path = join(directory, FILE)
  const before = readIfThere(path)
  const wasCutShort = before !== undefined
  const times = (before ?? '')
    .split('\n')
    .filter((line) => /^\d{1,15}$/.test(line))
    .map(Number)
    // A clock that was set back makes times of the future: those say nothing.
    .filter((atMs) => atMs > nowMs - KEPT_MS && atMs <= nowMs)
  if (wasCutShort) times.push(nowMs)
  const cutShortAtMs = times.slice(-KEPT_MAX)
  writeFileSync(path, cutShortAtMs.map((atMs) => `${atMs}\n`).join(''), { mode: 0o600 })
  return { wasCutShort, cutShortAtMs, remove: () => rmSync(path, { force: true }) }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
