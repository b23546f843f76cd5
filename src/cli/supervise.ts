// Keeps a child process running: started again with back-off when it ends, ended with `signal`.
import type { ChildProcess } from 'node:child_process'
import { EXIT_CONFIG, EXIT_NOT_NOW } from '../sense/exit.ts'

const FIRST_MS = 200
const MAX_MS = 5_000
/** Where its settings are wrong: it says so each time, and only a person can mend that. */
const FIRST_CONFIG_MS = 5_000
const MAX_CONFIG_MS = 60_000
/** Where it wants what is not to be had now, as room on a disk. */
const FIRST_NOT_NOW_MS = 1_000
const MAX_NOT_NOW_MS = 15_000
const STEADY_MS = 2_000
const STOP_MS = 8_000

/**
 * Resolves with 0 when `signal` aborts and the child has ended, or with EXIT_CONFIG when the child ended
 * with that status, unless `endsByConfig` says otherwise: its settings are wrong and it said so.
 */
export async function keepRunning(options: {
  name: string
  /** `refusedBefore`: how often in a row it has ended with EXIT_NOT_NOW. */
  start: (refusedBefore: number) => ChildProcess
  signal: AbortSignal
  log: (text: string) => void
  /** Whether wrong settings end it; asked each time. By default they do. */
  endsByConfig?: () => boolean
  /** How it rests; ends with `signal`. */
  rest?: (ms: number, signal: AbortSignal) => Promise<void>
}): Promise<number> {
  const { name, start, signal, log, endsByConfig = () => true, rest = pause } = options
  let delayMs = FIRST_MS
  /** Of those that say why they are not to be had, the last's. */
  let refusedBy: number | undefined
  let refusedBefore = 0
  while (!signal.aborted) {
    const began = performance.now()
    const child = start(refusedBefore)
    const ended = new Promise<string | number>((resolve) => {
      child.once('exit', (status, by) => resolve(status ?? (by as string)))
      child.once('error', (error) => resolve(error.message))
    })
    const stop = () => stopChild(child, ended)
    // Whatever ends this process, a second Ctrl-C included, it must not leave a child behind that hangs.
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill)
    signal.addEventListener('abort', stop, { once: true })
    const how = await ended
    signal.removeEventListener('abort', stop)
    process.off('exit', kill)
    if (signal.aborted) return 0
    if (how === EXIT_CONFIG && endsByConfig()) return EXIT_CONFIG
    const isNotNow = how === EXIT_NOT_NOW
    const isRefused = how === EXIT_CONFIG || isNotNow
    const isNews = how !== refusedBy
    refusedBefore = isNotNow ? refusedBefore + 1 : 0
    refusedBy = isRefused ? how : undefined
    // Who is refused may take long to say so.
    if (!isRefused && performance.now() - began > STEADY_MS) delayMs = FIRST_MS
    if (isRefused) {
      const firstMs = isNotNow ? FIRST_NOT_NOW_MS : FIRST_CONFIG_MS
      // What it was refused for before has no part in it.
      delayMs = isNews ? firstMs : Math.max(delayMs, firstMs)
      // It has said what is wrong, and says so again (exit.ts); that it is tried on is said once.
      if (isNews)
        log(
          isNotNow
            ? `${name} cannot start now: it is tried again, each ${MAX_NOT_NOW_MS / 1000} s at last`
            : `${name} cannot go on until that is put right: it is tried again, once a minute at last`,
        )
    } else log(`${name} ended (${how}); it is started again in ${delayMs} ms`)
    await rest(delayMs, signal)
    const most = isNotNow ? MAX_NOT_NOW_MS : isRefused ? MAX_CONFIG_MS : MAX_MS
    delayMs = Math.min(delayMs * 2, most)
  }
  return 0
}

function stopChild(child: ChildProcess, ended: Promise<unknown>): void {
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  void ended.then(() => clearTimeout(timer))
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
}

/**
 * A signal that aborts on SIGINT, SIGTERM, SIGHUP, and when a parent that holds an IPC channel is gone
 * (kill -9 of the parent included). A second Ctrl-C ends at once. With `ignoreInterrupt` a Ctrl-C, which a
 * terminal sends to every process of the group, is left to the parent, so that it can end this one in order.
 *
 * It aborts too when nobody reads standard output any more (`| head`), but `goesOnUnread`: what watches a machine goes on
 * watching, whoever listens. With `endsWithInput` a pipe from the parent on standard input does what a channel does.
 */
export function stopSignal(
  options: { ignoreInterrupt?: boolean; goesOnUnread?: boolean; endsWithInput?: boolean } = {},
): AbortSignal {
  const controller = new AbortController()
  const stop = () => {
    if (options.ignoreInterrupt) return
    if (controller.signal.aborted) process.exit(130)
    controller.abort()
  }
  process.on('SIGINT', stop)
  for (const name of ['SIGTERM', 'SIGHUP'] as const) process.on(name, () => controller.abort())
  if (!options.goesOnUnread) process.stdout.on('error', () => controller.abort())
  if (process.connected) {
    process.on('disconnect', () => controller.abort())
    // To listen for the parent's end must not keep this process from its own.
    process.channel?.unref()
  }
  if (options.endsWithInput) {
    const { stdin } = process
    for (const ending of ['end', 'error'] as const) stdin.on(ending, () => controller.abort())
    stdin.resume()
    stdin.unref()
  }
  return controller.signal
}
