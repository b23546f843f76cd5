// One executable: the pinned Node with a program, and what that needs, within.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { ExecutableError } from './error.ts'

/** Fixed for good: nothing that calls the executable adds to them, neither words nor NODE_OPTIONS. */
export const NODE_FLAGS = {
  freshet: ['--disable-sigusr1', '--openssl-config=/dev/null'],
  // As root and, on a Mac, with Apple's entitlement: no memory that is written to is ever executed.
  'freshet-sense': ['--jitless', '--disable-sigusr1', '--openssl-config=/dev/null'],
} as const

export type Parts = {
  name: keyof typeof NODE_FLAGS
  code: string
  /** What the program reads by name (`embedded` of src/place.ts). */
  assets: Readonly<Record<string, string | Uint8Array>>
}

/**
 * Writes `to`/name. `node` is the target's, `builder` the one that runs here, of the same version: it puts the other together.
 * All names that come into the file are relative, so that the folder it is built in does not. Throws ExecutableError.
 */
export function assemble(
  builder: string,
  node: string,
  to: string,
  { name, code, assets }: Parts,
): void {
  const work = join(to, `.${name}`)
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work, { recursive: true })
  try {
    writeFileSync(join(work, 'program.mjs'), code)
    const files: Record<string, string> = {}
    for (const key of Object.keys(assets).sort()) {
      const path = join('assets', key)
      mkdirSync(dirname(join(work, path)), { recursive: true })
      writeFileSync(join(work, path), assets[key] as string | Uint8Array)
      files[key] = path
    }
    const config = {
      main: 'program.mjs',
      mainFormat: 'module',
      output: 'program',
      executable: relative(work, node),
      disableExperimentalSEAWarning: true,
      // Either would be made by this machine's processor, for its like alone.
      useSnapshot: false,
      useCodeCache: false,
      execArgv: NODE_FLAGS[name],
      execArgvExtension: 'none',
      assets: files,
    }
    writeFileSync(join(work, 'sea.json'), JSON.stringify(config))
    const made = spawnSync(builder, ['--build-sea', 'sea.json'], {
      cwd: work,
      encoding: 'utf8',
      env: {},
    })
    if (made.status !== 0)
      throw new ExecutableError(
        `${builder} --build-sea failed (${made.error?.message ?? made.signal ?? `status ${made.status}`}) for ${name}: ${made.stderr?.trim()}`,
      )
    chmodSync(join(work, 'program'), 0o755)
    renameSync(join(work, 'program'), join(to, name))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
