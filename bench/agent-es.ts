// What an Endpoint Security message costs the handler that it holds up: native/bench/es_decode.cc, compiled and run
// here, on Linux over the double of macOS.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Row } from './row.ts'

const run = promisify(execFile)
const native = fileURLToPath(new URL('../native/', import.meta.url))
const COMPILERS = ['clang++-19', 'g++'] as const
const FLAGS = '-std=c++20 -O2 -fno-exceptions -fno-rtti'.split(' ')
const SOURCES = ['bench/es_decode.cc', 'mac/es_message.cc', 'test/mac/double.cc']

type Figures = Record<
  | 'messageNs'
  | 'stringsMessageNs'
  | 'copyMessageNs'
  | 'execNs'
  | 'stringsExecNs'
  | 'copyExecNs'
  | 'allocations'
  | 'stringsAllocations',
  number
>

const NAMES = { message: 'agent es message', exec: 'agent es exec' } as const

export async function esDecode(): Promise<Row[]> {
  if (process.platform !== 'linux') return notMeasured('it is measured on Linux')
  const folder = await mkdtemp(join(tmpdir(), 'freshet-bench-'))
  try {
    const program = join(folder, 'es_decode')
    const compiler = await compile(program)
    if (compiler === undefined) return notMeasured(`no ${COMPILERS.join(' and no ')}`)
    const { stdout } = await run(program)
    const figures = JSON.parse(stdout) as Figures
    if (figures.allocations !== 0)
      throw new Error(`the handler allocates: ${figures.allocations} times in two batches`)
    const row = (name: string, ns: number, stringsNs: number, copyNs: number): Row => ({
      name,
      value: ns,
      unit: 'ns',
      rival: `strings in a locked queue, ${Math.round(stringsNs)} ns; a bare copy of its bytes, ${Math.round(copyNs)} ns (${compiler})`,
      ratio: ns / stringsNs,
    })
    return [
      row(NAMES.message, figures.messageNs, figures.stringsMessageNs, figures.copyMessageNs),
      row(NAMES.exec, figures.execNs, figures.stringsExecNs, figures.copyExecNs),
    ]
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** The compiler that made it; undefined when none is installed. Rejects when it does not compile. */
async function compile(program: string): Promise<string | undefined> {
  const places = ['.', 'test/mac'].map((place) => `-I${join(native, place)}`)
  const sources = SOURCES.map((source) => join(native, source))
  for (const compiler of COMPILERS) {
    try {
      const double = join(native, 'test/mac/double')
      await run(compiler, [...FLAGS, ...places, '-isystem', double, ...sources, '-o', program])
      return compiler
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
  }
  return undefined
}

const notMeasured = (why: string): Row[] =>
  Object.values(NAMES).map((name) => ({
    name,
    value: Number.NaN,
    unit: 'ns',
    rival: `not measured: ${why}`,
  }))
