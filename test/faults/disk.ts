// A disk of one's own that can be full: a file system in memory, which wants root.
import { spawnSync } from 'node:child_process'
import { mkdirSync, statfsSync } from 'node:fs'
import { whyNoTool, whyNotLinux, whyNotRoot } from '../left-out.ts'

/** Why there can be none; undefined: there can. */
export const whyNoDisk = (): string | undefined =>
  whyNotLinux() ?? whyNotRoot() ?? whyNoTool('mounts in a namespace')

/** Attempts to leave no room while somebody writes: each leaves so much more, which is soon written. */
const ATTEMPTS = 20
const ROOM_BYTES = 64 * 1024

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

  /** Leaves next to no room, until `free`. Throws when it cannot be had so in twenty attempts. */
  fill(): void {
    for (let attempt = 1; ; attempt++) {
      const { blocks, bfree, bsize } = statfsSync(this.#directory)
      try {
        this.#mount(`remount,size=${(blocks - bfree) * bsize + (attempt - 1) * ROOM_BYTES}`)
        return
      } catch (error) {
        // It has grown meanwhile.
        if (attempt === ATTEMPTS) throw error
      }
    }
  }

  free(): void {
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
