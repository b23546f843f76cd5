// The root role: the source's record bytes go to the engine's pipe, its questions come back. It opens no
// socket to the network and reads nothing that came from one.
import { type ChildProcess, spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { createFramer } from '../records/framer.ts'
import {
  ACKNOWLEDGE_AT,
  Loss,
  MARK_AT,
  Mark,
  RECORD_BYTES_MAX,
  RecordType,
  readAcknowledge,
  readInspect,
  Source,
  writeLoss,
} from '../records/record.gen.ts'
import type { MacSource } from '../sources/choice.ts'
import type { Addon } from './addon.ts'
import { EXIT_CONFIG, EXIT_NOT_NOW, EXIT_RECORDS, REFUSED_BEFORE } from './exit.ts'
import { createInspector } from './inspector.ts'
import { openSources } from './sources.ts'
import { createWindow } from './window.ts'

export type SenseOptions = {
  addon: Addon
  /** The engine's command line, run with the pipe as file descriptor 3. */
  engineCommand: [string, ...string[]]
  /** Open descriptors that each engine inherits, as 4, 5, ... */
  engineFds?: readonly number[]
  /** Of each source's ring. */
  ringBytes?: number
  intervalMs?: number
  /** Whether records tell arguments of programs: the administrator's wish, which no engine can have. Default: no. */
  execArguments?: boolean
  /** Of a Mac's sources, those that may be opened; undefined: all of this platform. */
  allowedSources?: ReadonlySet<MacSource>
  /** The folder of eslogger and nettop, where it is not the system's. */
  sourcePrograms?: string
  /** Bytes sent to the engine that it has not made durable; beyond it the rings keep what comes. */
  windowBytes?: number
  /** How long it rests at first after an engine that could not have what it wants. */
  notNowFirstMs?: number
  /** Between attempts at sources that could not be opened. */
  reopenMs?: number
  signal: AbortSignal
  log: (text: string) => void
}

const CHUNK_BYTES = 2 * RECORD_BYTES_MAX
/** Answers that may wait for the pipe; beyond it the engine's questions are not read. */
const ANSWERS_MAX = 4096
/** Windows of bytes, answers included, that an honest engine never leaves unacknowledged. */
const UNACKNOWLEDGED_MAX = 8
const RESTART_FIRST_MS = 100
const RESTART_MAX_MS = 5_000
const STEADY_MS = 2_000
/** Where it cannot have what it wants now, as room on a disk. */
const NOT_NOW_FIRST_MS = 1_000
const NOT_NOW_MAX_MS = 15_000
/** Engines in a row that may fail on the same records; then those are given up, so that one record cannot end detection. */
const FAILED_MAX = 3
/** One that lived longer has failed on something else. */
const FAILED_WITHIN_MS = 30_000
const STOP_MS = 5_000
const RING_BYTES = 8 * 1024 * 1024
/** A thread that cannot be had today may be to be had in a minute; trying costs next to nothing. */
const REOPEN_MS = 30_000

/** Runs until `signal`; resolves with the exit status: 0, or EXIT_CONFIG when the engine refused its settings. */
export async function runSense(options: SenseOptions): Promise<number> {
  const { addon, signal, log } = options
  const windowBytes = options.windowBytes ?? 4 * 1024 * 1024
  const window = createWindow(windowBytes)
  const scratch = new Uint8Array(CHUNK_BYTES)
  const answers: Uint8Array[] = []
  let pipe: Duplex | undefined
  let writing = false
  let clockMark: Uint8Array | undefined
  /** Records given up, of which the next engine is to be told. */
  let abandoned = 0
  /** How many engines in a row, up to the last, could not have what they want. */
  let refused = 0

  const sources = openSources(
    addon,
    {
      ringBytes: options.ringBytes ?? RING_BYTES,
      intervalMs: options.intervalMs ?? 1000,
      execArguments: options.execArguments ?? false,
      allowed: options.allowedSources,
      programs: options.sourcePrograms,
      onReadable: () => pump(),
    },
    log,
  )
  // Rounded up from what was asked for.
  if (options.ringBytes !== undefined && options.ringBytes !== RING_BYTES)
    log(`the ring between kernel and engine has ${sources.ringBytes() / 2 ** 20} MiB`)
  const reopening = setInterval(() => sources.retry(), options.reopenMs ?? REOPEN_MS)
  const inspector = createInspector({
    look: (requests) => addon.look(requests),
    inspect: (requests) => addon.inspect(requests),
    onAnswers: (records) => {
      answers.push(...records)
      pump()
    },
    bootNs: () => addon.bootNs(),
  })

  // One chunk is under way at a time; the rings, not this process, hold what the engine is slow to take.
  function pump(): void {
    if (!pipe || writing) return
    // Answers pass a full window: what fills it may be waiting for just them.
    const said = nextAnswers()
    const chunk = said ?? (window.hasRoom() ? nextRecords() : undefined)
    if (!chunk) return
    if (said) window.keepAnswers(said)
    else window.keep(chunk)
    send(pipe, [chunk])
  }

  function nextAnswers(): Uint8Array | undefined {
    if (answers.length === 0) return undefined
    const chunk = Buffer.concat(answers.splice(0, 256))
    if (pipe?.isPaused() && answers.length < ANSWERS_MAX) pipe.resume()
    return chunk
  }

  function nextRecords(): Uint8Array | undefined {
    const drained = sources.drain(scratch)
    if (drained === 0) return undefined
    const chunk = scratch.slice(0, drained)
    const mark = lastMarkOf(chunk)
    // The next engines are told with the mark they begin with.
    if (mark && !clockMark) answers.push(...sources.absences(mark))
    clockMark = mark ?? clockMark
    return chunk
  }

  function send(to: Duplex, chunks: Uint8Array[]): void {
    const [chunk, ...rest] = chunks
    if (!chunk) {
      pump()
      return
    }
    writing = true
    to.write(chunk, (error) => {
      if (to !== pipe) return
      writing = false
      if (!error) send(to, rest)
    })
  }

  function listen(to: Duplex, engine: ChildProcess): void {
    const framer = createFramer()
    to.on('data', (bytes: Uint8Array) => {
      // What a dead engine still had to say is of counts that are no longer.
      if (to !== pipe) return
      if (refused > 0) log('the engine has started')
      refused = 0
      try {
        for (const records of framer.push(bytes)) answerAll(records)
      } catch (error) {
        log(`the engine sent what it must not (${String(error)}): it is started again`)
        to.destroy()
        engine.kill('SIGKILL')
      }
      if (answers.length >= ANSWERS_MAX) to.pause()
    })
    // A pipe breaks when its engine ends; that is told once, with how it ended.
    to.on('error', () => to.destroy())
  }

  function answerAll(records: Uint8Array): void {
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
    for (let at = 0; at < records.length; at += view.getUint32(at, true)) {
      const type = view.getUint16(at + 4, true)
      if (type === RecordType.inspect) {
        if (window.bytes() > UNACKNOWLEDGED_MAX * windowBytes)
          throw new Error('questions without acknowledging the answers')
        inspector.ask(readInspect(view, at))
      } else if (
        type === RecordType.acknowledge &&
        view.getUint32(at, true) > ACKNOWLEDGE_AT.throughBytes
      )
        window.acknowledge(Number(readAcknowledge(view, at).throughBytes))
      else throw new Error(`record type ${type}`)
    }
    pump()
  }

  async function runEngine(first: boolean): Promise<{ status: number | null; aliveMs: number }> {
    const began = performance.now()
    const engine = startEngine(options.engineCommand, options.engineFds ?? [], refused)
    const to = engine.stdio[3] as Duplex
    const ended = endOf(engine, log)
    writing = false
    pipe = to
    listen(to, engine)
    const again = window.reopen(first || !clockMark ? undefined : prefaceOf(clockMark))
    if (!first) sources.enumerate()
    send(to, again)
    const status = await Promise.race([ended, aborted(signal)])
    if (signal.aborted) {
      sources.close()
      await flush(
        () => !to.destroyed && (writing || sources.waitingBytes() > 0),
        () => pump(),
      )
      to.end()
      return { status: await within(ended, STOP_MS, () => engine.kill('SIGKILL')), aliveMs: 0 }
    }
    pipe = undefined
    to.destroy()
    return { status: status ?? null, aliveMs: performance.now() - began }
  }

  try {
    let delayMs = RESTART_FIRST_MS
    let failed = 0
    for (let first = true; !signal.aborted; first = false) {
      const { status, aliveMs } = await runEngine(first)
      if (signal.aborted) break
      if (status === EXIT_CONFIG) return EXIT_CONFIG
      // One that cannot start may take long to say so, once more.
      if (aliveMs > STEADY_MS && !(refused > 0 && status === EXIT_NOT_NOW))
        delayMs = RESTART_FIRST_MS
      if (status !== EXIT_RECORDS) failed = 0
      else failed = aliveMs > FAILED_WITHIN_MS ? 1 : failed + 1
      if (failed === FAILED_MAX) {
        failed = 0
        abandoned += window.abandon()
        log(`${FAILED_MAX} engines in a row failed on the same records: ${abandoned} are given up`)
      }
      if (status === EXIT_NOT_NOW) {
        delayMs = Math.max(delayMs, options.notNowFirstMs ?? NOT_NOW_FIRST_MS)
        // It has said why, and says so now and then; that it is tried on is said once.
        if (refused === 0)
          log(
            `the engine cannot start now, and this machine is not watched: it is tried again, each ${NOT_NOW_MAX_MS / 1000} s at last`,
          )
        refused++
      } else log(`the engine ended (${status ?? 'killed'}); it is started again in ${delayMs} ms`)
      await pause(delayMs, signal)
      delayMs = Math.min(delayMs * 2, status === EXIT_NOT_NOW ? NOT_NOW_MAX_MS : RESTART_MAX_MS)
    }
    return 0
  } finally {
    clearInterval(reopening)
    sources.close()
  }

  /** What a new engine needs before anything else: the time, and who is missing. */
  function prefaceOf(mark: Uint8Array): Uint8Array {
    const parts = [mark, ...sources.absences(mark)]
    if (abandoned > 0)
      parts.push(
        writeLoss({
          source: Source.none,
          atNs: new DataView(mark.buffer, mark.byteOffset).getBigUint64(8, true),
          count: BigInt(abandoned),
          what: Loss.malformed,
        }),
      )
    abandoned = 0
    return Buffer.concat(parts)
  }
}

/** Root's environment is not the engine's business. io_uring descriptors made before the drop would outlive it. */
function engineEnvironment(): NodeJS.ProcessEnv {
  const passed = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'NODE_V8_COVERAGE']
  const env: NodeJS.ProcessEnv = { UV_USE_IO_URING: '0' }
  for (const name of passed) if (process.env[name] !== undefined) env[name] = process.env[name]
  return env
}

/** The newest mark in a chunk, as a mark of the clock. */
function lastMarkOf(chunk: Uint8Array): Uint8Array | undefined {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  let found = -1
  for (let at = 0; at < chunk.length; at += view.getUint32(at, true))
    if (view.getUint16(at + 4, true) === RecordType.mark) found = at
  if (found < 0) return undefined
  const mark = chunk.slice(found, found + view.getUint32(found, true))
  new DataView(mark.buffer).setUint32(MARK_AT.kind, Mark.clock, true)
  return mark
}

function startEngine(
  [command, ...args]: [string, ...string[]],
  fds: readonly number[],
  refusedBefore: number,
): ChildProcess {
  const engine = spawn(command, args, {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe', ...fds],
    env: { ...engineEnvironment(), [REFUSED_BEFORE]: `${refusedBefore}` },
  })
  // Whatever ends this process, it must not leave an engine behind that hangs.
  const kill = () => engine.kill('SIGKILL')
  process.once('exit', kill)
  engine.once('exit', () => process.off('exit', kill))
  return engine
}

function endOf(engine: ChildProcess, log: (text: string) => void): Promise<number | null> {
  return new Promise((resolve) => {
    engine.on('error', (error) => {
      log(`the engine cannot be started: ${error.message}`)
      resolve(null)
    })
    engine.on('exit', (status) => resolve(status))
  })
}

/** Pumps until nothing is left to write, or two seconds have passed: an engine that hangs must not stop the stop. */
async function flush(isLeft: () => boolean, pump: () => void): Promise<void> {
  const deadline = performance.now() + 2000
  do {
    pump()
    await new Promise((resolve) => setTimeout(resolve, 5))
  } while (isLeft() && performance.now() < deadline)
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    else signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}

async function within<T>(work: Promise<T>, ms: number, otherwise: () => void): Promise<T> {
  const timer = setTimeout(otherwise, ms)
  try {
    return await work
  } finally {
    clearTimeout(timer)
  }
}
