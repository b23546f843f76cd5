// Room on the disk that is given up when an outbox is closed and its disk is full: its log can only give its own room back
// once what stands in it is in the file, which may have to grow for that.
import { randomBytes } from 'node:crypto'
import { rmSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { isDiskFull, writeStateFile } from '../state-file.ts'

const besides = (path: string): string => `${path.replace(/\.db$/, '')}.reserve`

/** A disk with less than so many times the reserve keeps it for others. */
const OF_FREE = 4

/** Makes it, where there is none, and the disk has plenty. Throws what the file system does beside being full. */
export function makeReserve(path: string, bytes: number): void {
  const reserve = besides(path)
  const { bavail, bsize } = statfsSync(dirname(path))
  const { size } = statSync(reserve, { throwIfNoEntry: false }) ?? {}
  if (size === bytes || bavail * bsize < bytes * OF_FREE) return
  try {
    // Nothing that a file system could make smaller.
    writeStateFile(reserve, randomBytes(bytes))
  } catch (error) {
    if (!isDiskFull(error)) throw error
    rmSync(`${reserve}.new`, { force: true })
  }
}

/** Its room is the disk's. */
export function giveReserve(path: string): void {
  try {
    rmSync(besides(path), { force: true })
  } catch (error) {
    if (!isDiskFull(error)) throw error
  }
}
