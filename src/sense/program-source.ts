// A program of the system as a source: eslogger, nettop. It runs in a session of its own, its lines go into a queue as
// records, unread, and its beginning and end are told as marks. When it ends it is started again, ever more slowly.
import { type ChildProcess, spawn } from 'node:child_process'
import {
  Capability,
  Gap,
  LAYOUT,
  Loss,
  Mark,
  Source,
  writeLine,
  writeLoss,
  writeMark,
} from '../records/record.gen.ts'
import type { NativeSource, SourceKind } from './addon.ts'
import { createLineFramer } from './line-framer.ts'
import { createPauses } from './pauses.ts'
import { inTerminal, splitWords, withoutReturn } from './terminal.ts'

/** What a program has to be run with, and what it gives. */
export type SystemProgram = SourceKind & {
  args: readonly string[]
  capabilities: number
  /** CODE gap: it tells nothing; and what it lacks while it works. */
  gapAbsent: number
  gapWorking: number
  /** It prints at least once in so many seconds, or it hangs; undefined: silence says nothing. */
  silentMaxS?: number
  /**
   * What its lines mean its first one says, so that who begins to read in the middle is told that one again. Where each line
   * is an event by itself that would be one which happened long ago, told as of now.
   */
  firstLineIsHeader: boolean
}

export const ESLOGGER: SystemProgram = {
  name: 'eslogger',
  code: Source.eslogger,
  args: ['exec', 'fork', 'exit', 'cs_invalidated'],
  capabilities: Capability.processEvents + Capability.allProcesses,
  gapAbsent: Gap.eslogger,
  gapWorking: 0,
  firstLineIsHeader: false,
}
/** It prints those alone that are asked for, `time` too: without it nothing would show where a row begins. */
const COLUMNS = 'time,interface,state,bytes_in,bytes_out'
/** Once a second for as long as it lives: one started anew does not see what old flows had moved before. */
export const NETTOP: SystemProgram = {
  name: 'nettop',
  code: Source.nettop,
  args: ['-L', '0', '-n', '-x', '-s', '1', '-J', COLUMNS],
  capabilities: Capability.allProcesses,
  gapAbsent: Gap.nettop,
  gapWorking: Gap.nettopCounts,
  // It prints once a second; what hangs for so long hangs for good. Its counts begin anew with the next one.
  silentMaxS: 30,
  firstLineIsHeader: true,
}

export type ProgramSourceOptions = {
  program: SystemProgram
  /** Absolute. */
  path: string
  /** Bytes that may wait; what comes beyond is dropped and counted. */
  queueBytesMax: number
  bootNs: () => bigint
  bootId: () => Uint8Array
  onReadable: () => void
  log: (text: string) => void
  /** The absolute path of macOS's script(1); undefined: it prints into a pipe. */
  terminal?: string | undefined
  /** The first of the pauses before it is started again. */
  restartMs?: number
  /** Calls `look`, whether it still prints, each second until it is given up: a test's own seconds, where it has some. */
  everySecond?: (look: () => void) => () => void
}

export type ProgramSource = NativeSource & {
  /** Ends the one that runs, since it tells nothing of what others see, and starts it anew. `reason`: a clause of it. */
  restart(reason: string): void
}

const STDERR_CHARS_MAX = 300
/** Between SIGTERM and SIGKILL: one that hangs, or is stopped, heeds the latter alone. */
const KILL_MS = 2_000
/** So many times it is started without a terminal that ran nothing: a start that fails costs one pause more in so many. */
const WITHOUT_TERMINAL_STARTS = 4
/** Nothing of root's environment is its business. */
const ENVIRONMENT = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' }

export function openProgramSource(options: ProgramSourceOptions): ProgramSource {
  const { program, path, queueBytesMax, log } = options
  let queue: Uint8Array[] = []
  let waitingBytes = 0
  let records = 0
  let bytes = 0
  let dropped = 0
  /** Of the drops, those that no loss record tells yet; and lines that were none. */
  let owed = 0
  let malformed = 0
  let isAsleep = true
  let isClosed = false
  let child: ChildProcess | undefined
  let timer: NodeJS.Timeout | undefined
  const pauses = createPauses(options.restartMs)
  let isWorking = false
  /** Why it does not. */
  let why = `${program.name} has printed nothing yet`
  /** The header of this run, where it has one. */
  let header: Uint8Array | undefined
  /** When it began to print. Who is told of it anew knows by it that it is the same one, whose counts go on. */
  let beganNs = 0n
  /** Seconds since it last printed. They stand still with a machine that sleeps, as it does. */
  let silentS = 0
  /** Why the one that runs was ended from here. */
  let endedFor: string | undefined
  /** undefined from when it was found to run nothing, for some starts: late lines are better than none. */
  let { terminal } = options
  let startsWithout = 0
  /** In a terminal the program is in a group of its own, and not in its script's. */
  let within: number | undefined

  const head = () => ({ source: program.code, atNs: options.bootNs() })

  const put = (record: Uint8Array): void => {
    queue.push(record)
    waitingBytes += record.length
    records++
    bytes += record.length
    if (!isAsleep) return
    isAsleep = false
    setImmediate(options.onReadable)
  }
  const loss = (what: number, count: number): Uint8Array =>
    writeLoss({ ...head(), count: BigInt(count), what })
  /** A full queue has room for what is rare. */
  const payLosses = (): void => {
    if (owed > 0) put(loss(Loss.ringFull, owed))
    if (malformed > 0) put(loss(Loss.malformed, malformed))
    owed = 0
    malformed = 0
  }
  const putLine = (line: Uint8Array): void => {
    const text = Buffer.from(line.buffer, line.byteOffset, line.length).toString('utf8')
    const record = writeLine({ ...head(), text })
    if (waitingBytes + record.length > queueBytesMax) {
      dropped++
      owed++
      return
    }
    payLosses()
    put(record)
  }
  const mark = (kind: number, atNs = options.bootNs()): void => {
    put(
      writeMark({
        source: program.code,
        atNs,
        kind,
        capabilities: isWorking && kind !== Mark.stop ? program.capabilities : 0,
        unixNs: BigInt(Date.now()) * 1_000_000n - (options.bootNs() - atNs),
        bootId: options.bootId(),
        layout: LAYOUT,
        gaps: isWorking ? program.gapWorking : program.gapAbsent,
        note: isWorking ? '' : `${program.name} tells nothing: ${why}.`,
      }),
    )
  }

  const onLine = (whole: Uint8Array): void => {
    const line = terminal === undefined ? whole : withoutReturn(whole)
    if (isClosed || line.length === 0) return
    if (!isWorking) {
      isWorking = true
      beganNs = options.bootNs()
      mark(Mark.start, beganNs)
    }
    if (program.firstLineIsHeader) header ??= new Uint8Array(line)
    putLine(line)
  }

  const start = (): void => {
    if (isClosed) return
    // What ended before it said its pid may have ended for another reason, as where it was killed at once.
    if (terminal === undefined && startsWithout++ === WITHOUT_TERMINAL_STARTS) {
      terminal = options.terminal
      startsWithout = 0
    }
    const began = performance.now()
    header = undefined
    silentS = 0
    endedFor = undefined
    within = undefined
    let said = ''
    const framer = createLineFramer(onLine, () => malformed++)
    // A group of its own: eslogger leaves its own group out, which sense and its engine would be in.
    const run = terminal ? inTerminal(terminal, path, program.args) : { path, args: program.args }
    const started = spawn(run.path, run.args, {
      // Its input is a pipe that nothing comes by: nettop looks there for keys, and with /dev/null, which can always be read,
      // it looks without end (measured by others on macOS 26: 142 % of a core, and 0.4 % so).
      stdio: ['pipe', 'pipe', 'pipe', ...(terminal ? (['pipe'] as const) : [])],
      detached: true,
      env: ENVIRONMENT,
      cwd: '/',
    })
    child = started
    const kill = () => send(started, 'SIGKILL')
    process.once('exit', kill)
    let isOver = false
    const over = (reason: string): void => {
      if (isOver) return
      isOver = true
      process.off('exit', kill)
      framer.end()
      if (terminal !== undefined && within === undefined && endedFor === undefined) {
        log(`${program.name}: ${terminal} does not run it, so its lines may come late`)
        terminal = undefined
        startsWithout = 0
      }
      within = undefined
      if (child === started) child = undefined
      ended(reason, performance.now() - began)
    }
    started.stdout?.on('data', (chunk: Uint8Array) => {
      silentS = 0
      framer.push(chunk)
    })
    // Its end is told by its output.
    started.stdin?.on('error', () => {})
    const hear = (text: string): void => {
      said = `${said}${text}`.slice(-STDERR_CHARS_MAX)
    }
    started.stderr?.setEncoding('utf8').on('data', hear)
    const beside = started.stdio[3]
    beside?.on('error', () => {})
    if (beside && 'setEncoding' in beside)
      beside.setEncoding('utf8').on('data', (text: string) => {
        if (within !== undefined) return hear(text)
        const { pid, words } = splitWords(text)
        within = pid
        hear(words)
      })
    started.on('error', (error) => over(`it cannot be started (${error.message})`))
    // `close`, not `exit`: what it had printed is read first.
    started.on('close', (status, by) => {
      const how = by === null ? `it ended with status ${status}` : `it was ended by ${by}`
      const last = said.trim().split('\n').at(-1) ?? ''
      if (endedFor !== undefined) over(endedFor)
      else over(last === '' ? how : `${how}: ${JSON.stringify(last)}`)
    })
  }

  /** One that is stopped heeds no hanging up, so it is told itself, too. */
  const send = ({ pid }: ChildProcess, name: NodeJS.Signals): void => {
    signal(pid, name)
    signal(within, name)
  }

  const ended = (reason: string, livedMs: number): void => {
    if (isClosed) return
    const worked = isWorking
    isWorking = false
    const isNews = worked || why !== reason
    why = reason
    payLosses()
    const pauseMs = pauses.next(worked ? livedMs : 0)
    if (isNews) {
      mark(Mark.start)
      log(`${program.name}: ${reason}; it is started again, at first after ${pauseMs} ms`)
    }
    timer = setTimeout(start, pauseMs)
  }

  /** The end of one that may heed nothing. */
  const endIt = (one: ChildProcess): void => {
    send(one, 'SIGTERM')
    const kill = setTimeout(() => send(one, 'SIGKILL'), KILL_MS)
    kill.unref()
    one.once('close', () => clearTimeout(kill))
  }
  const restart = (reason: string): void => {
    if (isClosed || child === undefined || endedFor !== undefined) return
    endedFor = reason
    send(child, 'SIGKILL')
  }
  const { silentMaxS } = program
  const endSeconds =
    silentMaxS === undefined
      ? undefined
      : (options.everySecond ?? everySecond)(() => {
          if (++silentS > silentMaxS) restart(`it printed nothing for ${silentMaxS} s`)
        })

  start()
  return {
    drain(into) {
      let copied = 0
      let taken = 0
      for (const record of queue) {
        if (copied + record.length > into.length) break
        into.set(record, copied)
        copied += record.length
        taken++
      }
      queue = queue.slice(taken)
      waitingBytes -= copied
      if (copied === 0) {
        // A pause in its lines is no reason to keep a loss back.
        if (owed + malformed > 0 && !isClosed) {
          payLosses()
          return this.drain(into)
        }
        isAsleep = true
      }
      return copied
    },
    counters: () => ({ records, bytes, dropped, waitingBytes, capacityBytes: queueBytesMax }),
    enumerate() {
      if (isClosed) return
      mark(Mark.start, isWorking ? beganNs : undefined)
      if (!isWorking) return
      if (header !== undefined) putLine(header)
      // And what it printed since is missing to who begins to read here.
      put(loss(Loss.ringFull, 0))
    },
    close() {
      if (isClosed) return
      payLosses()
      mark(Mark.stop)
      isClosed = true
      clearTimeout(timer)
      endSeconds?.()
      if (child) endIt(child)
    },
    restart,
  }
}

/** To the whole group: nothing that it started is left. */
function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, name)
  } catch {
    // It has ended.
  }
}

function everySecond(look: () => void): () => void {
  const timer = setInterval(look, 1_000).unref()
  return () => clearInterval(timer)
}
