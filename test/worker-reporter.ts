// Gathers what happens in one of several workers, for reporter.ts to tell when a file of tests has ended: mocha's own
// events, and between them the lines that tests print and what they left out.
import { createRequire } from 'node:module'
import { format, inspect } from 'node:util'
import { countLeftOut } from './left-out.ts'
import { LEFT_OUT, type LeftOut, type Runner, SAID, type Said } from './reporter.ts'

const require = createRequire(import.meta.url)
/** The parts of mocha (a pinned version) that are not in its types. */
type Gathering = {
  events: unknown[]
  done(failures: number, callback: (result: unknown) => void): void
}
const Buffered = require('mocha/lib/nodejs/reporters/parallel-buffered.cjs') as new (
  runner: Runner,
  options: Mocha.MochaOptions,
) => Gathering
const { SerializableEvent } = require('mocha/lib/nodejs/serializer.js') as {
  SerializableEvent: { create(name: string, data: Said | LeftOut): unknown }
}

export default class WorkerReporter extends Buffered {
  readonly #runner: Runner
  readonly #log = console.log

  constructor(runner: Runner, options: Mocha.MochaOptions) {
    // Before mocha's own listener: it keeps the error as it is.
    runner.on('fail', (_test, error) => makeSendable(error))
    super(runner, options)
    this.#runner = runner
    console.log = (...said: unknown[]) => this.#tell(SAID, { line: format(...said) })
  }

  override done(failures: number, callback: (result: unknown) => void): void {
    console.log = this.#log
    this.#tell(LEFT_OUT, { counts: [...countLeftOut(this.#runner.suite)] })
    super.done(failures, callback)
  }

  #tell(name: string, data: Said | LeftOut): void {
    this.events.push(SerializableEvent.create(name, data))
  }
}

/**
 * Only what JSON has a form for can be sent, else the whole result of a file is lost: other properties (a bigint that is
 * not the expected one) become their text, causes a part of the stack.
 */
export function makeSendable(error: Error): void {
  const { cause } = error
  if (cause instanceof Error) {
    makeSendable(cause)
    error.stack = `${error.stack}\nCaused by: ${cause.stack}`
  }
  const properties = error as unknown as Record<string, unknown>
  for (const [name, value] of Object.entries(properties))
    if (!isJson(value)) properties[name] = inspect(value, { depth: 8, sorted: true })
}

function isJson(value: unknown): boolean {
  try {
    return value === undefined || JSON.stringify(value) !== undefined
  } catch {
    return false
  }
}
