// A disk of one's own that can be full: a file system in memory, which wants root.
import { spawnSync } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { whyNoTool, whyNotLinux, whyNotRoot } from '../left-out.ts'

/** Why there can be none; undefined: there can. */
export const whyNoDisk = (): string | undefined =>
  whyNotLinux() ?? whyNotRoot() ?? whyNoTool('mounts in a namespace')

/** Left by what the disk is made smaller to, while somebody writes; a file takes the rest. */
const ROOM_BYTES = 16 * 1024 * 1024
const FILLER = '.filler'
const PIECE = Buffer.alloc(65_536)

export class Disk {
  readonly #directory: string
  readonly #megabytes: number
  #isMounted = false

  constructor(directory: string, megabytes: number) {
    this.#directory = directory
    this.#megabytes = megabytes
  }

  /** Makes the directory, private as a state directory is; on a disk of its own where that can be. */
  make(canMount: boolean): void {
    mkdirSync(this.#directory, { mode: 0o700 })
    if (!canMount) return
    this.#mount(`size=${this.#megabytes}m,mode=700`)
    this.#isMounted = true
  }

  /** Leaves no room but `leftBytes`, until `free`, and what others give back meanwhile. */
  fill(leftBytes = 0): void {
    const { blocks, bfree, bsize } = statfsSync(this.#directory)
    this.#mount(`remount,size=${(blocks - bfree) * bsize + ROOM_BYTES}`)
    const filler = openSync(join(this.#directory, FILLER), 'w', 0o600)
    try {
      for (;;) writeSync(filler, PIECE)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    } finally {
      closeSync(filler)
    }
    if (leftBytes > 0) {
      const path = join(this.#directory, FILLER)
      truncateSync(path, statSync(path).size - leftBytes)
    }
  }

  free(): void {
    rmSync(join(this.#directory, FILLER), { force: true })
    this.#mount(`remount,size=${this.#megabytes}m`)
  }

  end(): void {
    if (this.#isMounted) spawnSync('umount', [this.#directory])
  }

  #mount(options: string): void {
    const { status, stderr } = spawnSync(
      'mount',
      ['-t', 'tmpfs', '-o', options, 'freshet-test', this.#directory],
      { encoding: 'utf8' },
    )
    if (status !== 0) throw new Error(stderr)
  }
}
