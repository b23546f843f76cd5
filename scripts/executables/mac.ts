// The parts of the executables for macOS, and what is wrong with one that was built: on Linux nothing runs them.
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lockedPackage } from '../locked-package.ts'
import { MINIMUM_SYSTEM } from '../mac/artifacts.ts'
import { type MachImage, readMachO } from '../mac/mach-o.ts'
import { ExecutableError } from './error.ts'
import { MODULES } from './programs.ts'

/** By the name that Node gives the processor: Apple's is another. */
export const MAC_TARGETS = ['darwin-arm64', 'darwin-x64'] as const
const ARCHS = ['arm64', 'x86_64'] as const

/** Where Node's program is, and by which its binary knows that it has one: Node's own names. */
const SEGMENT = 'NODE_SEA'
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'

/**
 * Puts both modules into `to`, for both processors each. `folder` has the addon that `npm run build:mac` makes, and may have
 * koffi's module: what it has is taken byte by byte, since it may be signed already.
 */
export function macModules(root: string, folder: string, to: string): void {
  const addon = join(folder, 'freshet.node')
  if (!existsSync(addon))
    throw new ExecutableError(
      `${addon} is not there: build it with npm run build:mac, and name its folder, as dist/mac/universal, with --mac`,
    )
  copyFileSync(addon, join(to, 'freshet.node'))
  const koffi = join(folder, 'koffi.node')
  if (existsSync(koffi)) copyFileSync(koffi, join(to, 'koffi.node'))
  else joinUniversal(koffiHalves(root), join(to, 'koffi.node'))
  for (const name of MODULES) {
    chmodSync(join(to, name), 0o644)
    wantNone(name, moduleFaults(readMachO(readFileSync(join(to, name)))))
  }
}

const koffiHalves = (root: string): string[] =>
  MAC_TARGETS.map((target) =>
    join(lockedPackage(root, `@koromix/koffi-${target}`), `${target.replace('-', '_')}/koffi.node`),
  )

/** One file of all that these have. Throws ExecutableError. */
export function joinUniversal(parts: readonly string[], to: string): void {
  const made = spawnSync('llvm-lipo-19', ['-create', ...parts, '-output', to], { encoding: 'utf8' })
  if (made.status !== 0)
    throw new ExecutableError(
      `llvm-lipo-19 could not join ${parts.join(' and ')} (${made.error?.message ?? made.stderr.trim()}): Debian, Ubuntu: apt-get install llvm-19`,
    )
}

const bothArchs = (images: readonly MachImage[]): string[] => {
  const found = images.map(({ arch }) => arch).sort()
  return found.join() === ARCHS.join() ? [] : [`holds ${found.join(' and ') || 'nothing'}`]
}

/** What is wrong with a native module, a sentence each. */
export const moduleFaults = (images: readonly MachImage[]): string[] => [
  ...bothArchs(images),
  ...images
    .filter(({ type }) => type !== 'bundle' && type !== 'library')
    .map(({ arch, type }) => `${arch}: is of the type ${type}, which no program loads`),
]

/**
 * What is wrong with an executable. Unsigned is as it has to be: what is shipped is signed after, with entitlements of its own,
 * and the signature that Node comes with carries others.
 */
export function executableFaults(file: Buffer): string[] {
  const images = readMachO(file)
  const fuses = countOf(file, `${FUSE}:1`)
  return [
    ...bothArchs(images),
    ...images.flatMap(({ arch, type, minimumSystem, segments, isSigned }) => [
      ...(type === 'executable' ? [] : [`${arch}: is of the type ${type}`]),
      ...(minimumSystem === MINIMUM_SYSTEM
        ? []
        : [`${arch}: minimum system ${minimumSystem ?? 'not said'} in place of ${MINIMUM_SYSTEM}`]),
      ...(segments.includes(SEGMENT) ? [] : [`${arch}: has no segment ${SEGMENT}`]),
      // Code signatures, dyld's data and symbols are at the end of __LINKEDIT, which has to be the last.
      ...(segments.at(-1) === '__LINKEDIT' ? [] : [`${arch}: ends with ${segments.at(-1)}`]),
      ...(isSigned ? [`${arch}: has a signature, which a build leaves out`] : []),
    ]),
    ...(fuses === images.length
      ? []
      : [`${fuses} of ${images.length} know that there is a program within (${FUSE})`]),
  ]
}

function countOf(file: Buffer, text: string): number {
  let count = 0
  for (let at = file.indexOf(text); at >= 0; at = file.indexOf(text, at + 1)) count++
  return count
}

/** Throws ExecutableError with all faults. */
export function wantNone(name: string, faults: readonly string[]): void {
  if (faults.length > 0)
    throw new ExecutableError(`${name} is not as macOS wants it: ${faults.join('; ')}`)
}
