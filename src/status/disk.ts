// The disk that a state directory lies on, or will.
import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { AgentStatus } from './agent-status.ts'
import { size } from './amounts.ts'
import { isFull } from './causes.ts'

/** Of the nearest directory that is there; undefined where the file system does not say. */
export function diskOf(path: string): AgentStatus['disk'] {
  try {
    const { bavail, blocks, bsize } = statfsSync(path)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
  } catch {
    return dirname(path) === path ? undefined : diskOf(dirname(path))
  }
}

/** Where it is full: what that may keep from starting, as the end of a sentence; else empty. */
export function fullDiskText(path: string, whom: string): string {
  const disk = diskOf(path)
  return disk && isFull(disk)
    ? `its disk is full, ${size(disk.freeBytes)} are left: free some space; ${whom} that waits for that starts by itself then, else `
    : ''
}
