// What the live tests share: a running source whose records are kept, and small programs to be seen.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type ArgumentsRecord,
  type CodeRecord,
  type ExecRecord,
  type ExitRecord,
  type FlowRecord,
  type ForkRecord,
  type LossRecord,
  type MarkRecord,
  type NameRecord,
  RECORD_BYTES_MAX,
  RecordType,
  readArguments,
  readCode,
  readExec,
  readExit,
  readFlow,
  readFork,
  readLoss,
  readMark,
  readName,
  readUnseen,
  type UnseenRecord,
} from '../../src/records/record.gen.ts'
import { type Addon, loadAddon, type NativeSource } from '../../src/sense/addon.ts'
import { WAIT_MS } from '../waits.ts'

/** Why the live source cannot be tried here; undefined when it can. */
export function whyNotLive(): string | undefined {
  if (process.platform !== 'linux') return 'the Linux source runs on Linux'
  if (process.getuid?.() !== 0) return 'the Linux source wants root'
  return undefined
}

export type Watch = {
  source: NativeSource
  execs: ExecRecord[]
  forks: ForkRecord[]
  exits: ExitRecord[]
  flows: FlowRecord[]
  names: NameRecord[]
  losses: LossRecord[]
  unseen: UnseenRecord[]
  arguments: ArgumentsRecord[]
  codes: CodeRecord[]
  marks: MarkRecord[]
  /** Every record's type, in order. */
  types: number[]
  ticks: number
  /** Resolves with the first value that is not undefined; looks again after each burst. */
  until<T>(what: string, look: () => T | undefined, timeoutMs?: number): Promise<T>
  /** Reads what waits. */
  drain(): void
  /** Closes the source and reads what it left. */
  close(): void
}

export function watch(
  options: {
    intervalMs?: number
    ringBytes?: number
    addon?: Addon
    drain?: boolean
    execArguments?: boolean
    kernelPrograms?: boolean
    /** Whole records, as they come; the bytes are not the caller's. */
    onRecords?: (records: Uint8Array) => void
  } = {},
): Watch {
  const addon = options.addon ?? loadAddon()
  const into = new Uint8Array(RECORD_BYTES_MAX)
  const view = new DataView(into.buffer)
  const waiters = new Set<() => void>()
  const seen: Watch = {
    source: addon.open({
      source: 'linux',
      ringBytes: options.ringBytes ?? 4 << 20,
      intervalMs: options.intervalMs ?? 100,
      ...(options.execArguments === undefined ? {} : { execArguments: options.execArguments }),
      ...(options.kernelPrograms === undefined ? {} : { kernelPrograms: options.kernelPrograms }),
      onReadable: () => {
        if (options.drain !== false) drain()
      },
    }),
    execs: [],
    forks: [],
    exits: [],
    flows: [],
    names: [],
    losses: [],
    unseen: [],
    arguments: [],
    codes: [],
    marks: [],
    types: [],
    ticks: 0,
    until: (what, look, timeoutMs = WAIT_MS) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiters.delete(check)
          reject(new Error(`not seen in ${timeoutMs} ms: ${what}`))
        }, timeoutMs)
        const check = () => {
          const found = look()
          if (found === undefined) return
          clearTimeout(timer)
          waiters.delete(check)
          resolve(found)
        }
        waiters.add(check)
        check()
      }),
    drain: () => drain(),
    close: () => {
      seen.source.close()
      drain()
    },
  }
  const drain = () => {
    for (let length = seen.source.drain(into); length > 0; length = seen.source.drain(into)) {
      options.onRecords?.(into.subarray(0, length))
      for (let at = 0; at < length; at += view.getUint32(at, true)) keep(seen, view, at)
    }
    for (const check of [...waiters]) check()
  }
  return seen
}

function keep(seen: Watch, view: DataView, at: number): void {
  const type = view.getUint16(at + 4, true)
  seen.types.push(type)
  if (type === RecordType.exec) seen.execs.push(readExec(view, at))
  else if (type === RecordType.fork) seen.forks.push(readFork(view, at))
  else if (type === RecordType.exit) seen.exits.push(readExit(view, at))
  else if (type === RecordType.flow) seen.flows.push(readFlow(view, at))
  else if (type === RecordType.name) seen.names.push(readName(view, at))
  else if (type === RecordType.loss) seen.losses.push(readLoss(view, at))
  else if (type === RecordType.unseen) seen.unseen.push(readUnseen(view, at))
  else if (type === RecordType.code) seen.codes.push(readCode(view, at))
  else if (type === RecordType.arguments) seen.arguments.push(readArguments(view, at))
  else if (type === RecordType.mark) seen.marks.push(readMark(view, at))
  else if (type === RecordType.tick) seen.ticks++
}

/** A folder that is removed by `remove`. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'freshet-native-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Compiles a file of native/test as `folder`/`name`; its path. */
export function buildNative(
  folder: string,
  source: string,
  name: string,
  options: string[],
): string {
  const file = fileURLToPath(new URL(`../../native/test/${source}`, import.meta.url))
  const path = join(folder, name)
  execFileSync('cc', ['-O1', ...options, '-o', path, file])
  return path
}

/** Compiles native/test/sender.c into `folder`; its path. */
export function buildSender(folder: string): string {
  const source = fileURLToPath(new URL('../../native/test/sender.c', import.meta.url))
  const path = join(folder, 'sender')
  execFileSync('cc', ['-O1', '-o', path, source])
  return path
}

export type Sink = { port: number; received: Map<number, number>; close(): Promise<void> }

/**
 * A server on a free port of `host`. It counts what comes from each remote port; `replyBytes` go back at once,
 * and it closes when the other side has.
 */
export async function openSink(host: string, replyBytes = 0): Promise<Sink> {
  const received = new Map<number, number>()
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    const port = socket.remotePort ?? 0
    sockets.add(socket)
    received.set(port, 0)
    socket.on('data', (data) => received.set(port, (received.get(port) ?? 0) + data.length))
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    if (replyBytes > 0) socket.write(Buffer.alloc(replyBytes))
  })
  await new Promise<void>((resolve) => server.listen(0, host, 512, resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    received,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

/** ::ffff:a.b.c.d and full IPv6 as 32 hex digits. */
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
