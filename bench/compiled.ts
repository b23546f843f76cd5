// A native program of a bench, compiled and run here with the compiler that there is.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const native = fileURLToPath(new URL('../native/', import.meta.url))
const COMPILERS = ['clang++-19', 'g++'] as const
const FLAGS = '-std=c++20 -O2 -fno-exceptions -fno-rtti'.split(' ')

export const WHY_NOT_COMPILED = `no ${COMPILERS.join(' and no ')}`

export type Program = {
  /** The compiler that made it. */
  compiler: string
  /** What it prints. Rejects when it fails. */
  run(...args: string[]): Promise<string>
}

/**
 * Calls `body` with the program made of these files of native/; undefined when no compiler is installed. Rejects when
 * it does not compile.
 */
export async function withCompiled<T>(
  { sources, flags }: { sources: readonly string[]; flags: readonly string[] },
  body: (program: Program) => Promise<T>,
): Promise<T | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'freshet-bench-'))
  try {
    const file = join(folder, 'program')
    for (const compiler of COMPILERS) {
      try {
        await run(compiler, [...FLAGS, ...flags, ...sources, '-o', file], { cwd: native })
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') continue
        throw error
      }
      return await body({ compiler, run: async (...args) => (await run(file, args)).stdout })
    }
    return undefined
  } finally {
    await rm(folder, { recursive: true })
  }
}
