// The engine role as sense would run it, fed with records of the bench's making, beside a real collector.
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { PLACE } from '../src/place.ts'
import { createFramer } from '../src/records/framer.ts'
import {
  Capability,
  Direction,
  FlowState,
  LAYOUT,
  Mark,
  RecordType,
  readInspect,
  Source,
  Subject,
  writeExec,
  writeFlow,
  writeInspected,
  writeMark,
  writeTick,
} from '../src/records/record.gen.ts'
import { NO_SCRIPT } from '../src/records/script.ts'
import { NO_SIGNATURE_ASKED } from '../src/records/signature.ts'

const cli = PLACE.cli

export type EngineRole = {
  pid: number
  origin: string
  pageKey: string
  write(...records: Uint8Array[]): void
  stop(): Promise<void>
}

/** A collector and an engine in a scratch directory; inspect requests are answered at once with a hash of the path. */
export async function startEngineRole(): Promise<EngineRole> {
  const state = join(mkdtempSync(join(tmpdir(), 'freshet-bench-')), 'state')
  const shared = ['--state', state, ...(process.getuid?.() === 0 ? ['--user', 'root'] : [])]
  const collector = spawn(
    process.execPath,
    [cli, 'collector', ...shared, '--listen', '127.0.0.1:0'],
    {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  )
  const ready = await new Promise<{ pageUrl: string }>((resolve, reject) => {
    collector.once('message', (message) => resolve(message as { pageUrl: string }))
    collector.once('exit', (status) => reject(new Error(`the collector ended with ${status}`)))
  })
  const engine = spawn(
    process.execPath,
    [cli, 'engine', ...shared, '--collector', state, '--include-loopback'],
    {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    },
  )
  const pipe = engine.stdio[3] as Duplex
  answerInspections(pipe)
  pipe.write(startMark())
  const page = new URL(ready.pageUrl)
  return {
    pid: engine.pid as number,
    origin: page.origin,
    pageKey: page.hash.replace('#key=', ''),
    write: (...records) => void pipe.write(Buffer.concat(records)),
    stop: async () => {
      pipe.end()
      await ended(engine)
      collector.kill('SIGTERM')
      await ended(collector)
      rmSync(join(state, '..'), { recursive: true, force: true })
    },
  }
}

function answerInspections(pipe: Duplex): void {
  const framer = createFramer()
  pipe.on('data', (chunk: Uint8Array) => {
    for (const records of framer.push(chunk)) {
      const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
      for (let at = 0; at < records.length; at += view.getUint32(at, true)) {
        if (view.getUint16(at + 4, true) !== RecordType.inspect) continue
        const { dev, ino, pid, pidversion, path } = readInspect(view, at)
        const sha256 = createHash('sha256').update(path).digest()
        const file = {
          dev,
          ino,
          fileBytes: 1n,
          ownerUid: 0,
          mode: 0o100755,
          flags: 0,
          error: 0,
          sha256,
          ...NO_SIGNATURE_ASKED,
        }
        pipe.write(
          writeInspected({
            source: Source.inspector,
            atNs: bootNs(),
            pid,
            pidversion,
            subject: Subject.program,
            path,
            ...file,
          }),
        )
      }
    }
  })
}

export const bootNs = (): bigint => process.hrtime.bigint()
const wallNs = (): bigint => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6))

export function startMark(): Uint8Array {
  const capabilities = Object.values(Capability).reduce((sum, bit) => sum + bit, 0)
  return writeMark({
    source: Source.linux,
    atNs: bootNs(),
    kind: Mark.start,
    capabilities,
    gaps: 0,
    unixNs: wallNs(),
    bootId: randomBytes(16),
    layout: LAYOUT,
    note: '',
  })
}

export const tick = (): Uint8Array =>
  writeTick({ source: Source.linux, atNs: bootNs(), unixNs: wallNs() })

/** A program that begins to run. */
export function execOf(pid: number, path: string): Uint8Array {
  return writeExec({
    source: Source.linux,
    atNs: bootNs(),
    flags: 0,
    pid,
    pidversion: 1,
    parentPid: 1,
    parentPidversion: 1,
    responsiblePid: 0,
    responsiblePidversion: 0,
    uid: 0,
    codesignFlags: 0,
    cdhash: new Uint8Array(20),
    dev: 1n,
    ino: BigInt(pid),
    path,
    ...NO_SCRIPT,
    signingId: '',
    teamId: '',
  })
}

/** A report of an outbound flow to 203.0.113.x (RFC 5737: documentation only, nothing is sent there). */
export function flowOf(
  pid: number,
  flowId: number,
  bytesOut: number,
  bytesIn: number,
  first = false,
): Uint8Array {
  const remoteAddr = new Uint8Array(16)
  remoteAddr.set([0xff, 0xff, 203, 0, 113, flowId % 250], 10)
  return writeFlow({
    source: Source.linux,
    atNs: bootNs(),
    flowId: BigInt(flowId),
    bytesOut: BigInt(bytesOut),
    bytesIn: BigInt(bytesIn),
    epoch: 0,
    pid,
    pidversion: 1,
    flags: 0,
    remoteAddr,
    remotePort: 443,
    localPort: 40_000,
    protocol: 6,
    direction: Direction.outbound,
    state: first ? FlowState.opened : FlowState.report,
  })
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else child.once('exit', () => resolve())
  })
}
