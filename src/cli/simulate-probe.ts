// The sending half of `freshet simulate`: a program that this machine has never seen, and somewhere to
// send to.
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { existsSync } from 'node:fs'
import { appendFile, chmod, copyFile, mkdtemp, readFile, realpath, rm } from 'node:fs/promises'
import { createServer, isIP, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from './state.ts'

/** A copy of the probe under a path and with a hash that nothing on this machine has had before. */
export type UniqueProgram = {
  /** Absolute, with symbolic links resolved, as the kernel names it. */
  path: string
  /** 64 hex digits. */
  sha256: string
  /** Deletes the copy and its folder. */
  remove(): Promise<void>
}

/**
 * Copies `probePath` into a new folder of the system's temporary directory and makes the copy unique.
 *
 * An ELF file runs with bytes after its end (elf(5): the loader maps what the program headers name), so
 * random bytes are appended. On macOS they would break the Mach-O's code signature, without which
 * arm64 does not run it, and codesign refuses a file with bytes after __LINKEDIT: there the copy is
 * signed anew, ad hoc, with a random identifier, which changes its hash and its cdhash alike. (The
 * macOS way follows codesign(1); it has not been run on a Mac yet.)
 *
 * Throws when the probe cannot be read, with what to do.
 */
export async function uniqueProgram(probePath: string): Promise<UniqueProgram> {
  if (!existsSync(probePath))
    throw new ConfigError(
      `the program that would send, ${probePath}, is not there: run \`node scripts/setup.mjs\``,
    )
  const made = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((cause: Error) => {
      throw new ConfigError(
        `the program that would send, ${probePath}, cannot be copied to ${tmpdir()}: ${cause.message}`,
        { cause },
      )
    })
  const folder = await made(mkdtemp(join(await made(realpath(tmpdir())), 'freshet-simulate-')))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const name = `upload-${randomBytes(4).toString('hex')}`
    const path = join(folder, name)
    await made(copyFile(probePath, path))
    await made(chmod(path, 0o755))
    if (process.platform === 'darwin')
      await finish('/usr/bin/codesign', ['-f', '-s', '-', '-i', `freshet.${name}`, path])
    else await made(appendFile(path, randomBytes(32)))
    const sha256 = createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
    return { path, sha256, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/** A TCP server on 127.0.0.1 that takes everything. */
export type Sink = {
  address: string
  port: number
  /** Bytes taken so far. */
  received(): number
  close(): Promise<void>
}

const ANSWER_BYTES_MAX = 2048

/** Answers nothing when `silent`; else, at the end of each stream, one hundredth of it, at most 2 KiB. */
export async function startSink(silent: boolean): Promise<Sink> {
  let received = 0
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let here = 0
    open.add(socket)
    socket.on('data', (chunk) => {
      here += chunk.length
      received += chunk.length
    })
    socket.on('end', () => {
      const answerBytes = silent ? 0 : Math.min(ANSWER_BYTES_MAX, Math.floor(here / 100))
      socket.end(Buffer.alloc(answerBytes, 0x66))
    })
    // A reset ends this connection alone: what was sent is judged by what the probe says.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => open.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('the sink has no port')
  return {
    address: '127.0.0.1',
    port: bound.port,
    received: () => received,
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

export type Target = { address: string; port: number; loopback: boolean }

/** The name of the destination leads nowhere. */
export class UnknownTarget extends Error {
  override readonly name = 'UnknownTarget'
}

/** Looks the host up. Throws what the resolver throws when it has no address. */
export async function resolveTarget(to: { host: string; port: number }): Promise<Target> {
  const { address } = await lookup(to.host).catch((cause: unknown) => {
    throw new UnknownTarget(`there is no host ${to.host} to send to`, { cause })
  })
  const loopback = address === '::1' || /^(::ffff:)?127\./.test(address)
  return { address, port: to.port, loopback }
}

/** What the probe says of itself. */
export type ProbeReport = {
  sent: number
  received: number
  flows: number
  pid: number
  connectErrors: number
  ioErrors: number
  timedOut: boolean
}

export type ProbeRun = {
  path: string
  target: Target
  bytes: number
  flows: number
  /** Bytes per second over all flows; 0: as fast as it goes. */
  rateBytesPerS: number
  signal: AbortSignal
}

/** Runs it to its end. Throws when it cannot be started, is aborted or says nothing that can be read. */
export async function runProbe(run: ProbeRun): Promise<ProbeReport> {
  const { address, port } = run.target
  const args = ['--to', isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`]
  args.push('--bytes', String(run.bytes), '--flows', String(run.flows))
  if (run.rateBytesPerS > 0) args.push('--rate', String(Math.ceil(run.rateBytesPerS)))
  const { stdout, stderr } = await finish(run.path, args, run.signal, [0, 1])
  try {
    return JSON.parse(stdout) as ProbeReport
  } catch (cause) {
    throw new Error(`the probe said nothing that can be read: ${stdout}${stderr}`, { cause })
  }
}

const OUTPUT_CHARACTERS_MAX = 65536

/** Output of a program that ends with one of `good`; throws otherwise, with what it said. */
function finish(
  path: string,
  args: readonly string[],
  signal?: AbortSignal,
  good: readonly number[] = [0],
): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal ? { signal } : {}),
    })
    let stdout = ''
    let stderr = ''
    const keep = (text: string, chunk: string) => (text + chunk).slice(0, OUTPUT_CHARACTERS_MAX)
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout = keep(stdout, chunk)
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr = keep(stderr, chunk)
    })
    child.on('error', reject)
    child.on('close', (status, killedBy) => {
      if (status !== null && good.includes(status)) resolve({ stdout, stderr })
      else reject(new Error(`${path} ended with ${killedBy ?? `status ${status}`}: ${stderr}`))
    })
  })
}
