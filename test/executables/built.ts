// Executables for tests: built once a process, in a folder that is root's alone, and run there with nothing else.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildExecutables } from '../../scripts/build-executables.ts'
import type { Target } from '../../scripts/executables/node-pin.ts'
import type { Ran } from '../e2e/installation.ts'
import { WAIT_MS } from '../waits.ts'

export const target = `linux-${process.arch}` as Target

export type Place = {
  /** The executables' folder. */
  built: string
  /** Empty: where they run. */
  empty: string
  remove(): void
}

export async function buildOnce(): Promise<Place> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'freshet-executables-')))
  const built = join(folder, 'built')
  const empty = join(folder, 'empty')
  mkdirSync(empty)
  // Those who are not root have to reach it.
  chmodSync(folder, 0o755)
  await buildExecutables(target, built)
  return { built, empty, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** The same files in another folder, by links: as much as 300 MB need not be copied. */
export function linked(built: string, to: string): string {
  mkdirSync(to)
  for (const name of readdirSync(built)) linkSync(join(built, name), join(to, name))
  return to
}

type Where = { cwd: string; env?: NodeJS.ProcessEnv; uid?: number; gid?: number }

/** Runs it to its end; with no environment unless one is given. */
export async function runProgram(program: string, args: string[], where: Where): Promise<Ran> {
  const child = startProgram(program, args, where)
  const ended = new Promise<number | null>((resolve) => child.process.once('close', resolve))
  const timer = setTimeout(() => child.process.kill('SIGKILL'), WAIT_MS)
  const status = await ended
  clearTimeout(timer)
  return { status, stdout: child.stdout(), stderr: child.stderr() }
}

export type Started = {
  process: ChildProcess
  stdout(): string
  stderr(): string
}

export function startProgram(program: string, args: string[], where: Where): Started {
  const child = spawn(program, args, { env: {}, ...where, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (text) => (stdout += text))
  child.stderr?.on('data', (text) => (stderr += text))
  return { process: child, stdout: () => stdout, stderr: () => stderr }
}

/** Mappings that may be executed and are of no file: code that was made while the process ran. The kernel's own left out. */
export const madeCode = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .filter((line) => /^\S+ ..x. /.test(line) && !/\s(\/\S.*|\[(vdso|vsyscall)\])$/.test(line))

export const environmentOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean)

/** Fails unless it was built whole. */
export function wantWhole(built: string): void {
  assert.deepEqual(readdirSync(built).sort(), [
    ...['LICENSE', 'LICENSE.node', 'SHA256SUMS', 'freshet', 'freshet-sense', 'freshet.node'],
    ...['koffi.node', 'probe'],
  ])
}

/** A shared object that leaves a mark when it is loaded, and a configuration by which OpenSSL loads it. */
export function loudLibrary(folder: string): { library: string; conf: string; mark: string } {
  const mark = join(folder, 'loaded')
  const library = join(folder, 'loud.so')
  const conf = join(folder, 'openssl.cnf')
  writeFileSync(
    join(folder, 'loud.c'),
    `#include <fcntl.h>\n__attribute__((constructor)) static void f(void) { open("${mark}", O_CREAT | O_WRONLY, 0600); }\n`,
  )
  const made = spawnSync('cc', ['-shared', '-fPIC', '-o', library, join(folder, 'loud.c')])
  assert.equal(made.status, 0, made.stderr?.toString())
  writeFileSync(
    conf,
    `nodejs_conf = init\nopenssl_conf = init\n[init]\nproviders = p\n[p]\nm = m\n[m]\nmodule = ${library}\nactivate = 1\n`,
  )
  return { library, conf, mark }
}
