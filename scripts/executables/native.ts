// The native parts of a target: its addon, koffi's module, the probe.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PLACE } from '../../src/place.ts'
import { lockedPackage } from '../locked-package.ts'
import { ExecutableError } from './error.ts'
import type { Target } from './node-pin.ts'

/** e_machine of <elf.h>. */
const MACHINES: Record<Target, number> = { 'linux-x64': 62, 'linux-arm64': 183 }
const ELF_MAGIC = 0x7f454c46
const MACHINE_AT = 18

/**
 * Files by the name they have beside the executables. `folder` has the addon and the probe of another machine's set-up.
 * Throws ExecutableError where one is not there, or is another target's.
 */
export function nativeParts(
  root: string,
  target: Target,
  folder: string | undefined,
): Record<'freshet.node' | 'koffi.node' | 'probe', string> {
  const own = {
    'freshet.node': folder === undefined ? PLACE.addon : join(folder, 'freshet.node'),
    probe: folder === undefined ? PLACE.probe : join(folder, 'probe'),
  }
  // Before anything is fetched for them.
  for (const path of Object.values(own)) wantTarget(path, target)
  // The module for musl is left out: the pinned Node is linked against glibc.
  const koffi = join(
    lockedPackage(root, `@koromix/koffi-${target}`),
    `${target.replace('-', '_')}/koffi.node`,
  )
  wantTarget(koffi, target)
  return { ...own, 'koffi.node': koffi }
}

/** Throws ExecutableError where the file is no ELF file of the target. */
export function wantTarget(path: string, target: Target): void {
  const wanted = `the ${target} executables want`
  const how = `on a machine of that kind run node scripts/setup.mjs, bring native/build/Release/freshet.node and native/build/probe here in a folder, and name that with --native`
  if (!existsSync(path)) throw new ExecutableError(`${path} is not there, which ${wanted}: ${how}`)
  const file = readFileSync(path)
  const isElf = file.length > MACHINE_AT + 2 && file.readUInt32BE(0) === ELF_MAGIC
  if (!isElf || file.readUInt16LE(MACHINE_AT) !== MACHINES[target])
    throw new ExecutableError(`${path} is of another machine than ${wanted}: ${how}`)
}
