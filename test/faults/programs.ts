// Programs that are killed: each says lines on its standard output, and is told some on its standard input.
import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

/** As long as a machine may take that does five other things. */
const PATIENCE_MS = 180_000
/** Lines that are said all the time. */
const NUMBERS = /^(given|kept|memory|counted|numbered|acknowledged) /

export class Program {
  readonly lines: string[] = []
  readonly ended: Promise<unknown>
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #waiting = new Set<() => void>()
  #hasEnded = false

  /** `file`: beside this one. `cache`: where compiled code is kept, so that a start takes half the time. */
  constructor(file: string, args: readonly string[], cache: string) {
    this.#child = spawn(process.execPath, [join(import.meta.dirname, file), ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, NODE_COMPILE_CACHE: cache },
    })
    // One that was killed does not read what it was told.
    this.#child.stdin.on('error', () => {})
    let rest = ''
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n')
      rest = parts.pop() as string
      this.lines.push(...parts)
      for (const look of this.#waiting) look()
    })
    this.ended = once(this.#child, 'close').then(() => {
      this.#hasEnded = true
      for (const look of this.#waiting) look()
    })
  }

  tell(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }

  /** Resolves with the first line from index `from` on that fits. Rejects when it ends without, or says none for long. */
  says(what: RegExp, from = 0): Promise<string> {
    return new Promise((resolve, reject) => {
      let read = from
      const done = (settle: () => void) => {
        clearTimeout(timer)
        this.#waiting.delete(look)
        settle()
      }
      const fail = (why: string) =>
        done(() => reject(new assert.AssertionError({ message: `${why} without saying ${what}` })))
      const look = () => {
        for (; read < this.lines.length; read++) {
          const line = this.lines[read] as string
          if (!what.test(line)) continue
          done(() => resolve(line))
          return
        }
        if (this.#hasEnded) fail('it ended')
      }
      const timer = setTimeout(() => fail(`${PATIENCE_MS / 1000} s went by`), PATIENCE_MS)
      this.#waiting.add(look)
      look()
    })
  }

  /** Its last words, for who has to find out why. */
  tail(): string {
    const words = this.lines.filter((line) => !NUMBERS.test(line))
    return [...words.slice(-12), `last: ${this.lines.at(-1)}`].join('\n')
  }

  /** The number behind `word` in the last line that begins with it; 0 when none does. */
  last(word: string): number {
    const line = this.lines.findLast((one) => one.startsWith(`${word} `))
    return Number(line?.slice(word.length + 1) ?? 0)
  }
}
