// `npm run build:executables [-- --out DIR --arch x64|arm64 --native DIR]`: what ships, as two single executables. `freshet` has
// the engine, the collector and every command; `freshet-sense` the root role alone. docs/build-and-sign.md.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { MODULE_HASHES } from '../src/native-module.ts'
import { PLACE } from '../src/place.ts'
import { assemble } from './executables/assemble.ts'
import { bundle, PROGRAMS, THREADS } from './executables/bundle.ts'
import { ExecutableError } from './executables/error.ts'
import { nativeParts } from './executables/native.ts'
import { pinnedNode, sha256Of, TARGETS, type Target } from './executables/node-pin.ts'
import { LockedPackageError } from './locked-package.ts'
import { closedClone } from './setup.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Builds all files of a target as the folder `into`, which takes the place of what an earlier build left there and is whole or
 * not changed. Throws as its parts do.
 */
export async function buildExecutables(
  target: Target,
  into: string,
  nativeFolder?: string,
): Promise<void> {
  wantOwn(into)
  const natives = nativeParts(root, target, nativeFolder)
  const node = pinnedNode(root, target)
  // It runs here and writes the blob, whose form is that of its version.
  const builder = target === thisTarget() ? node : pinnedNode(root, thisTarget())
  const to = `${into}.new`
  rmSync(to, { recursive: true, force: true })
  mkdirSync(to, { recursive: true })
  for (const [name, from] of Object.entries(natives)) {
    copyFileSync(from, join(to, name))
    chmodSync(join(to, name), name === 'probe' ? 0o755 : 0o644)
  }
  const shared = sharedAssets(to)
  const threads: Record<string, string> = {}
  for (const [name, source] of Object.entries(THREADS))
    threads[`${name}.mjs`] = (await bundle(root, source)).code
  const { freshet, 'freshet-sense': sense } = PROGRAMS
  const put = (parts: Parameters<typeof assemble>[3]) => assemble(builder, node, to, parts)
  const assets = { ...shared, ...threads, ...page() }
  put({ name: 'freshet', code: (await bundle(root, freshet)).code, assets })
  put({ name: 'freshet-sense', code: (await bundle(root, sense)).code, assets: shared })
  copyFileSync(join(root, 'LICENSE'), join(to, 'LICENSE'))
  copyFileSync(join(node, '../../LICENSE'), join(to, 'LICENSE.node'))
  const sums = readdirSync(to)
    .sort()
    .map((name) => `${sha256Of(join(to, name))}  ${name}\n`)
  writeFileSync(join(to, SUMS), sums.join(''))
  rmSync(into, { recursive: true, force: true })
  renameSync(to, into)
}

/** The hashes of the native modules in `folder`, and the version. */
function sharedAssets(folder: string): Record<string, string> {
  const hashes = ['freshet.node', 'koffi.node'].map((name) => [name, sha256Of(join(folder, name))])
  const { version } = JSON.parse(readFileSync(PLACE.packageJson, 'utf8')) as { version: string }
  return {
    [MODULE_HASHES]: JSON.stringify(Object.fromEntries(hashes)),
    'package.json': JSON.stringify({ version }),
  }
}

/** As sha256sum -c reads it; by it a folder is known for one of these. */
const SUMS = 'SHA256SUMS'

const thisTarget = (): Target => targetOf(process.arch)

function targetOf(arch: string): Target {
  const target = TARGETS.find((one) => one === `linux-${arch}`)
  if (target === undefined || process.platform !== 'linux')
    throw new ExecutableError(
      `executables are built on Linux, for x64 and arm64, not for ${arch} on ${process.platform}`,
    )
  return target
}

/** A folder that holds something else is nobody's to replace. Throws ExecutableError. */
function wantOwn(folder: string): void {
  if (!existsSync(folder)) return
  const names = readdirSync(folder)
  if (names.length > 0 && !names.includes(SUMS))
    throw new ExecutableError(
      `${folder} holds other files than a build's: name an empty folder with --out, or none that is there`,
    )
}

/** The built page, as set-up left it. */
function page(): Record<string, Uint8Array> {
  const files = readdirSync(PLACE.page, { recursive: true, withFileTypes: true })
  return Object.fromEntries(
    files
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name)
        return [`web/${path.slice(PLACE.page.length)}`, readFileSync(path)]
      }),
  )
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { out: { type: 'string' }, arch: { type: 'string' }, native: { type: 'string' } },
  })
  const target = targetOf(values.arch ?? process.arch)
  const to = values.out === undefined ? join(root, 'dist', target) : resolve(values.out)
  const closed = values.out === undefined ? closedClone(['dist']) : undefined
  if (closed !== undefined) throw new ExecutableError(closed)
  await buildExecutables(target, to, values.native && resolve(values.native))
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
