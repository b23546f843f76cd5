// Runs a program to its end: what the native tests are made of.

import { equal } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

/** Of all builds of native tests, so that two never write one file (scripts/test.mjs begins them early). */
const lock = fileURLToPath(new URL('../../native/test/', import.meta.url))

/** Milliseconds that a hook has for what it builds, behind all that is built before: 20 minutes, where idle processors need two. */
export const BUILD_MS = 1_200_000

/** Builds these targets of the Makefile in `folder`, after whoever builds now. Throws with what make said. */
export async function make(folder: string, ...args: string[]): Promise<void> {
  const jobs = `-j${availableParallelism()}`
  const made = await run('flock', [lock, 'make', '-C', folder, jobs, ...args])
  equal(made.code, 0, made.output)
}

/**
 * What the native tests run under: races are looked for in the long run alone, and fuzzers run there, since each is another
 * build of everything; every decoder's corpus is read by a trial under ASan in both.
 */
export const sanitizersOf = (isWhole: boolean): readonly (readonly [string, string])[] =>
  isWhole ? [ASAN, ['tsan', 'TSan']] : [ASAN]
const ASAN = ['asan', 'ASan and UBSan'] as const

export type Ran = { code: number | null; output: string }

/** Its exit status (null: a signal ended it) and the last 20,000 characters it said. Rejects when there is no such program. */
export function run(command: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const keep = (data: Buffer) => {
      output = (output + data.toString()).slice(-20_000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}
