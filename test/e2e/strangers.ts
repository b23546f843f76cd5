// A stream of findings for the tests: programs never seen before, run one after the other.
import { spawn } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PLACE } from '../../src/place.ts'

export type Strangers = {
  /** Where they lie while they run; each is removed as soon as it has ended. */
  directory: string
  /** Ends the stream; resolves with how many ran. */
  stop(): Promise<number>
}

/** One about every 40 ms until stopped. Each only prints its usage: what is streamed is that it ran. */
export function streamStrangers(): Strangers {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-strangers-'))
  chmodSync(directory, 0o755)
  let running = true
  let made = 0
  const work = (async () => {
    while (running) {
      const program = join(directory, `stranger-${made++}`)
      copyFileSync(PLACE.probe, program)
      writeFileSync(program, `\n${made} ${process.pid}`, { flag: 'a' })
      chmodSync(program, 0o755)
      await new Promise<void>((resolve) =>
        spawn(program, ['--help'], { stdio: 'ignore' }).once('exit', () => resolve()),
      )
      rmSync(program)
      await sleep(30)
    }
  })()
  work.catch(() => {})
  return {
    directory,
    stop: async () => {
      running = false
      await work
      rmSync(directory, { recursive: true, force: true })
      return made
    },
  }
}
