// A file that is there while a process runs, so that the next one knows when it did not end in order.
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FILE = 'running'

export type RunningMark = {
  /** Whether the process before was killed or crashed. */
  wasCutShort: boolean
  /** Ends in good order. */
  remove(): void
}

/** Throws what the file system does. */
export function markRunning(directory: string): RunningMark {
  const path = join(directory, FILE)
  const wasCutShort = existsSync(path)
  writeFileSync(path, '', { mode: 0o600 })
  return { wasCutShort, remove: () => rmSync(path, { force: true }) }
}
