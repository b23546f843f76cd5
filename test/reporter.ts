// How a run of tests is told: as mocha's own "spec" does it, files that ran beside each other one after the other, with
// one summary of all; then what was left out, and why. mocha loads this file (.mocharc.json).
import { createRequire } from 'node:module'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { countLeftOut, leftOutLines } from './left-out.ts'

const { reporters } = createRequire(import.meta.url)('mocha') as typeof Mocha

/** What only a run of several workers has; @types/mocha does not know it. */
export type Runner = Mocha.Runner & {
  isParallelMode(): boolean
  /** Which file of a reporter gathers what happens in a worker. */
  workerReporter(path: string): void
}

/** Events of ours that a worker sends beside mocha's (worker-reporter.ts), with what they carry. */
export const SAID = 'freshet said'
export type Said = { line: string }
export const LEFT_OUT = 'freshet left out'
export type LeftOut = { counts: [reason: string, count: number][] }

export default class Reporter extends reporters.Spec {
  readonly #runner: Runner
  readonly #leftOut = new Map<string, number>()

  constructor(runner: Runner, options: Mocha.MochaOptions) {
    // Before mocha's own listener, which keeps the title.
    if (runner.isParallelMode()) runner.on('fail', nameFile)
    super(runner, options)
    this.#runner = runner
    if (!runner.isParallelMode()) return
    runner.workerReporter(fileURLToPath(new URL('./worker-reporter.ts', import.meta.url)))
    const events: NodeJS.EventEmitter = runner
    events.on(SAID, ({ line }: Said) => reporters.Base.consoleLog(line))
    events.on(LEFT_OUT, ({ counts }: LeftOut) => this.#add(counts))
    // mocha ends its run at the first file whose worker has died; what comes after is still to be told.
    events.once('end', () =>
      events.on('fail', (test: Mocha.Runnable, error: Error) =>
        reporters.Base.consoleLog(`  ${test.title}: ${error.stack}`),
      ),
    )
  }

  override epilogue(): void {
    super.epilogue()
    if (!this.#runner.isParallelMode()) this.#add(countLeftOut(this.#runner.suite))
    for (const line of leftOutLines(this.#leftOut)) reporters.Base.consoleLog(`  ${line}`)
  }

  #add(counts: Iterable<[string, number]>): void {
    for (const [reason, count] of counts)
      this.#leftOut.set(reason, (this.#leftOut.get(reason) ?? 0) + count)
  }
}

/** Titles what is no test: a file that could not be loaded, or whose worker died. mocha gives its error that file. */
function nameFile(test: Mocha.Runnable, error: Error & { file?: string }): void {
  if (test.title === 'Uncaught error outside test suite' && error.file !== undefined)
    test.title = `${relative(process.cwd(), error.file)} came to no end`
}
