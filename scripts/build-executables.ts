// `npm run build:executables [-- --out DIR] [--arch x64|arm64 --native DIR | --mac DIR]`: what ships, as two single executables.
// `freshet` has the engine, the collector and every command; `freshet-sense` the root role alone. docs/build-and-sign.md.
import {
  chmodSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { assemble } from './executables/assemble.ts'
import { ExecutableError } from './executables/error.ts'
import { makeFolder } from './executables/folder.ts'
import {
  executableFaults,
  joinUniversal,
  MAC_TARGETS,
  macModules,
  wantNone,
} from './executables/mac.ts'
import { nativeParts } from './executables/native.ts'
import { pinnedNode, TARGETS, type Target } from './executables/node-pin.ts'
import { programsFor } from './executables/programs.ts'
import { LockedPackageError } from './locked-package.ts'
import { closedClone } from './setup.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Builds all files of a target as the folder `into`, which takes the place of what an earlier build left there and is whole or
 * not changed. `nativeFolder` has the addon and the probe, where they are not this clone's. Throws as its parts do.
 */
export async function buildExecutables(
  target: Target,
  into: string,
  nativeFolder?: string,
): Promise<void> {
  const natives = nativeParts(root, target, nativeFolder)
  const node = pinnedNode(root, target)
  await makeFolder(into, async (to) => {
    for (const [name, from] of Object.entries(natives)) {
      copyFileSync(from, join(to, name))
      chmodSync(join(to, name), name === 'probe' ? 0o755 : 0o644)
    }
    const builder = builderHere()
    for (const parts of await programsFor(root, to)) assemble(builder, node, to, parts)
    addLicences(node, to)
  })
}

/**
 * The same for macOS, for both processors in one file each: nothing here can run them, so they are looked at. `addonFolder` is
 * that of `npm run build:mac`.
 */
export async function buildMacExecutables(addonFolder: string, into: string): Promise<void> {
  const nodes = MAC_TARGETS.map((target) => pinnedNode(root, target))
  const builder = builderHere()
  await makeFolder(into, async (to) => {
    macModules(root, addonFolder, to)
    for (const parts of await programsFor(root, to)) {
      const halves = nodes.map((node, index) => {
        assemble(builder, node, to, parts)
        const half = join(to, `${parts.name}.${MAC_TARGETS[index]}`)
        renameSync(join(to, parts.name), half)
        return half
      })
      const whole = join(to, parts.name)
      joinUniversal(halves, whole)
      chmodSync(whole, 0o755)
      for (const half of halves) rmSync(half)
      wantNone(parts.name, executableFaults(readFileSync(whole)))
    }
    addLicences(nodes[0] as string, to)
  })
}

/** It runs here and writes the blob, whose form is that of its version. */
const builderHere = (): string => pinnedNode(root, targetOf(process.arch))

function addLicences(node: string, to: string): void {
  copyFileSync(join(root, 'LICENSE'), join(to, 'LICENSE'))
  copyFileSync(join(node, '../../LICENSE'), join(to, 'LICENSE.node'))
}

function targetOf(arch: string): Target {
  const target = TARGETS.find((one) => one === `linux-${arch}`)
  if (target === undefined || process.platform !== 'linux')
    throw new ExecutableError(
      `executables are built on Linux, for x64 and arm64 and by --mac for macOS, not for ${arch} on ${process.platform}`,
    )
  return target
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      arch: { type: 'string' },
      native: { type: 'string' },
      mac: { type: 'string' },
    },
  })
  if (values.mac !== undefined && (values.arch !== undefined || values.native !== undefined))
    throw new ExecutableError(
      '--mac makes files for both processors, of what its folder has: leave --arch and --native out',
    )
  const target = targetOf(values.arch ?? process.arch)
  const closed = values.out === undefined ? closedClone(['dist']) : undefined
  if (closed !== undefined) throw new ExecutableError(closed)
  const to =
    values.out === undefined
      ? join(root, 'dist', values.mac === undefined ? target : 'macos')
      : resolve(values.out)
  if (values.mac !== undefined) await buildMacExecutables(resolve(values.mac), to)
  else await buildExecutables(target, to, values.native && resolve(values.native))
  for (const name of readdirSync(to))
    process.stdout.write(
      `${(statSync(join(to, name)).size / 1e6).toFixed(1).padStart(7)} MB  ${join(to, name)}\n`,
    )
}

if (import.meta.main)
  await main().catch((error: unknown) => {
    if (!(error instanceof ExecutableError || error instanceof LockedPackageError)) throw error
    process.stderr.write(`freshet: build:executables: ${error.message}\n`)
    process.exitCode = 1
  })
