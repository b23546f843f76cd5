// A made-up Mac: writes the records that Endpoint Security, the content filter and the inspector would.
import { createHash } from 'node:crypto'
import { parseAddress } from '../engine/address.ts'
import {
  Direction,
  ExecFlag,
  FlowState,
  LAYOUT,
  Mark,
  Source,
  Subject,
  writeExec,
  writeExit,
  writeFlow,
  writeInspected,
  writeMark,
  writeName,
  writeOrigin,
  writePolicy,
  writeTick,
} from '../records/record.gen.ts'
import { kernelScript } from '../records/script.ts'
import { createEvents } from './events.ts'
import {
  cdhashOf,
  codesignFlagsOf,
  hashOf,
  inspectedFlagsOf,
  LAUNCHD,
  type Program,
  signatureOf,
} from './programs.ts'

const SECOND_MS = 1_000
export const MINUTE_MS = 60 * SECOND_MS
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS
const TICK_MS = 30 * SECOND_MS
/** The filter reports a flow's counters so often while they rise. */
export const REPORT_MS = 5 * SECOND_MS
const CAPABILITIES = 15
const ME_UID = 501

export type Running = {
  program: Program
  pid: number
  pidversion: number
  parent: Running | undefined
}

export type Transfer = {
  /** Address, as text. */
  to: string
  hostname?: string
  port?: number
  protocol?: 6 | 17
  out: number
  in: number
  /** From open to close. */
  overMs: number
  /** The peer's answer comes in a share of the way; 0: from the beginning. */
  answersFrom?: number
}

/** A flow as it is told: cumulative counters at times since it opened; the last ends it. */
export type Course = {
  to: string
  hostname?: string
  port?: number
  protocol?: number
  direction?: number
  /** REQUIRES: at least one; each not before the one in front of it, in time and counts. */
  points: readonly Point[]
}

export type Point = { afterMs: number; out: number; in: number }

/** From then on, in the story's time, the wall clock is wrong by so much; 0: it is set right. */
export type ClockStep = { atMs: number; byMs: number }

/**
 * Time is milliseconds since the story's beginning and moved by the story; what happens side by side is put
 * in order at the end. A boot begins with `boot`.
 */
export class Mac {
  readonly #startUnixMs: number
  #bootMs = 0
  #boots = 0
  #nextPid = 100
  #nextFlow = 1
  readonly #events = createEvents()
  readonly #addresses = new Map<string, Uint8Array>()
  #clock: ClockStep[] = []
  nowMs = 0

  constructor(startUnixMs: number) {
    this.#startUnixMs = startUnixMs
  }

  /** The machine starts: a new boot id, launchd, and the sources' marks. */
  boot(): Running {
    this.#bootMs = this.nowMs - 20 * SECOND_MS
    this.#boots++
    this.#nextPid = 100
    if (this.#boots === 1) this.#add(policyRecord)
    this.mark(Mark.start, Source.endpointSecurity)
    const launchd = this.#exec(LAUNCHD, undefined, 1, true)
    this.mark(Mark.enumerated, Source.endpointSecurity)
    return launchd
  }

  wait(ms: number): this {
    this.nowMs += ms
    return this
  }

  /** Goes to this time, if it is not past. */
  until(ms: number): this {
    this.nowMs = Math.max(this.nowMs, ms)
    return this
  }

  run(program: Program, parent: Running): Running {
    return this.#exec(program, parent, this.#nextPid++, false)
  }

  exit({ pid, pidversion }: Running, afterMs = 0): void {
    this.#add(
      (atNs) => writeExit({ source: Source.endpointSecurity, atNs, pid, pidversion, status: 0 }),
      afterMs,
    )
  }

  /** A flow from open to close, its counters reported as the filter does. Takes none of the story's time. */
  transfer(by: Running, { overMs, answersFrom = 0, ...transfer }: Transfer): void {
    const points: Point[] = []
    const reach = (afterMs: number, share: number): void => {
      const answered = share < answersFrom ? 0 : (share - answersFrom) / (1 - answersFrom)
      points.push({
        afterMs,
        out: Math.round(transfer.out * share),
        in: Math.round(transfer.in * answered),
      })
    }
    const steps = Math.floor(overMs / REPORT_MS)
    for (let step = 1; step <= steps; step++)
      if (step * REPORT_MS < overMs) reach(step * REPORT_MS, (step * REPORT_MS) / overMs)
    reach(overMs, 1)
    this.follow(by, { ...transfer, points })
  }

  /** A flow, its counters reported at the times given. Takes none of the story's time. */
  follow(by: Running, course: Course): void {
    const { to, hostname = '', port = 443, protocol = 6, points } = course
    const { direction = Direction.outbound } = course
    const flowId = BigInt(this.#nextFlow++)
    const localPort = 49_152 + (Number(flowId) % 16_000)
    const opened = writeFlow({
      source: Source.filter,
      atNs: 0n,
      flowId,
      bytesOut: 0n,
      bytesIn: 0n,
      epoch: 0,
      pid: by.pid,
      pidversion: by.pidversion,
      flags: 0,
      remoteAddr: this.#addressOf(to),
      remotePort: port,
      localPort,
      protocol,
      direction,
      state: FlowState.opened,
    })
    const report = ({ afterMs, out, in: bytesIn }: Point, state: number): void =>
      this.#events.report(this.nowMs + afterMs, this.#bootMs, opened, { out, in: bytesIn, state })
    this.#add((atNs) =>
      writeName({
        source: Source.filter,
        atNs,
        flowId,
        epoch: 0,
        localPort,
        localAddr: this.#addressOf('192.168.1.20'),
        makerPid: 0,
        makerPidversion: 0,
        hostname,
      }),
    )
    report({ afterMs: 0, out: 0, in: 0 }, FlowState.opened)
    for (const [index, point] of points.entries())
      report(point, index < points.length - 1 ? FlowState.report : FlowState.closed)
  }

  mark(kind: number, source: number, note = ''): void {
    const bootId = new Uint8Array(
      createHash('sha256')
        .update(`boot ${this.#startUnixMs} ${this.#boots}`)
        .digest()
        .subarray(0, 16),
    )
    const bootMs = this.#bootMs
    this.#add((atNs) =>
      writeMark({
        source,
        atNs,
        kind,
        capabilities: CAPABILITIES,
        gaps: 0,
        unixNs: this.#unixNs(bootMs, atNs),
        bootId,
        layout: LAYOUT,
        note,
      }),
    )
  }

  /** The lid is closed and opened: nothing runs in between. */
  sleep(ms: number): void {
    this.mark(Mark.sleep, Source.endpointSecurity)
    this.nowMs += ms
    this.mark(Mark.wake, Source.endpointSecurity)
  }

  /** All records in order of time. */
  records(): Uint8Array {
    return this.#events.records()
  }

  /** Time passes with ticks, as it does while nothing happens. */
  idle(ms: number): void {
    const until = this.nowMs + ms
    const bootMs = this.#bootMs
    while (this.nowMs < until) {
      this.nowMs = Math.min(until, this.nowMs + TICK_MS)
      this.#add((atNs) =>
        writeTick({ source: Source.endpointSecurity, atNs, unixNs: this.#unixNs(bootMs, atNs) }),
      )
    }
  }

  /** Somebody sets the wall clock. REQUIRES: none was set later. Takes none of the story's time. */
  setClock(step: ClockStep): void {
    const { nowMs } = this
    this.#clock.push(step)
    this.nowMs = step.atMs
    this.mark(Mark.clock, Source.endpointSecurity)
    this.nowMs = nowMs
  }

  /** What the wall clock says so long after the boot. */
  #unixNs(bootMs: number, atNs: bigint): bigint {
    const atMs = bootMs + Number(atNs) / 1e6
    const byMs = this.#clock.findLast((step) => step.atMs <= atMs)?.byMs ?? 0
    return BigInt(this.#startUnixMs + bootMs + byMs) * 1_000_000n + atNs
  }

  #exec(program: Program, parent: Running | undefined, pid: number, enumerated: boolean): Running {
    const running: Running = {
      program,
      pid,
      pidversion: 1_000 + pid + this.#boots * 10_000,
      parent,
    }
    const responsible = parent && responsibleOf(running)
    this.#add((atNs) =>
      writeExec({
        source: Source.endpointSecurity,
        atNs,
        flags:
          (enumerated ? ExecFlag.enumerated : 0) |
          (program.signer === 'platform' ? ExecFlag.platformBinary : 0),
        pid,
        pidversion: running.pidversion,
        parentPid: parent?.pid ?? 0,
        parentPidversion: parent?.pidversion ?? 0,
        responsiblePid: responsible?.pid ?? pid,
        responsiblePidversion: responsible?.pidversion ?? running.pidversion,
        uid: program.signer === 'platform' && parent?.pid === 1 ? 0 : ME_UID,
        codesignFlags: codesignFlagsOf(program),
        cdhash: cdhashOf(program),
        dev: 16_777_220n,
        ino: inodeOf(program),
        path: program.path,
        ...kernelScript(program.script),
        ...(program.script === ''
          ? {}
          : { scriptDev: 16_777_220n, scriptIno: inodeOf({ ...program, path: program.script }) }),
        signingId: program.signingId,
        teamId: program.teamId,
      }),
    )
    const found = {
      source: Source.inspector,
      dev: 16_777_220n,
      fileBytes: 4_194_304n,
      pid,
      pidversion: running.pidversion,
      mode: 0o100755,
      error: 0,
    }
    const { origin } = program
    if (origin)
      this.#add((atNs) =>
        writeOrigin({
          ...{ source: Source.inspector, atNs, pid, pidversion: running.pidversion },
          ...{ subject: Subject.program, path: program.path, ...origin },
          ...{ installedUnixNs: 0n, keeperUid: ME_UID },
        }),
      )
    this.#add(
      (atNs) =>
        writeInspected({
          ...found,
          atNs,
          ino: inodeOf(program),
          ownerUid: program.signer === 'platform' ? 0 : ME_UID,
          flags: inspectedFlagsOf(program),
          sha256: hashOf(program),
          subject: Subject.program,
          ...signatureOf(program),
          path: program.path,
        }),
      20,
    )
    if (program.script !== '') {
      const script = { ...program, path: program.script, signer: 'unsigned' as const }
      this.#add(
        (atNs) =>
          writeInspected({
            ...found,
            atNs,
            ino: inodeOf(script),
            ownerUid: ME_UID,
            flags: 0,
            sha256: hashOf(script),
            subject: Subject.script,
            ...signatureOf({ ...script, signingId: '', teamId: '' }),
            path: script.path,
          }),
        20,
      )
    }
    return running
  }

  /** Some thousand flows go to a few hosts. */
  #addressOf(text: string): Uint8Array {
    const known = this.#addresses.get(text)
    if (known) return known
    const address = parseAddress(text)
    if (address === undefined) throw new RangeError(`not an address: ${text}`)
    this.#addresses.set(text, address)
    return address
  }

  #add(write: (atNs: bigint) => Uint8Array, afterMs = 0): void {
    this.#events.add(this.nowMs + afterMs, this.#bootMs, write)
  }
}

/** An application answers for what runs below it: the nearest ancestor that launchd started. */
function responsibleOf(running: Running): Running {
  let found = running
  while (found.parent && found.parent.pid !== 1) found = found.parent
  return found
}

const inodeOf = ({ path, build }: Program): bigint =>
  BigInt(`0x${createHash('sha256').update(`inode ${path} ${build}`).digest('hex').slice(0, 8)}`)

function policyRecord(): Uint8Array {
  return writePolicy({
    source: Source.none,
    atNs: 0n,
    version: 1,
    document: JSON.stringify({ version: 1 }),
  })
}
