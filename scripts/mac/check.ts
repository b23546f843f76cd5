// Looks at what was built for macOS and tells it: each file with its architectures, minimum system and libraries;
// the layout of Apple's structures; what the SDK at hand lacks.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ARTIFACTS, type Artifact, MINIMUM_SYSTEM } from './artifacts.ts'
import { bundleFaults, identityRows } from './bundles.ts'
import type { Build } from './compile.ts'
import type { Arch } from './darwin-node.ts'
import { assertHeaders, newerThanSdk } from './headers.ts'
import { type MachImage, readMachO } from './mach-o.ts'
import { libraryName, type Reexports, sdkReexports } from './reexports.ts'

/** Linked without being named. */
const ALWAYS = /^(libSystem\.B|libc\+\+\.1|libobjc\.A)\.dylib$/

/** What is wrong with a universal file, a sentence each; none when all is well. `reexports`: those of the SDK it was linked with. */
export function faultsOf(
  artifact: Artifact,
  images: readonly MachImage[],
  archs: readonly Arch[],
  reexports: Reexports = () => new Set(),
): string[] {
  const found = images.map(({ arch }) => arch).sort()
  const faults =
    found.join() === [...archs].sort().join() ? [] : [`holds ${found.join(', ') || 'nothing'}`]
  const wanted = [...artifact.libraries.map((name) => `lib${name}`), ...artifact.frameworks].sort()
  for (const image of images) {
    if (image.minimumSystem !== MINIMUM_SYSTEM)
      faults.push(`${image.arch}: minimum system ${image.minimumSystem ?? 'not said'}`)
    const type = artifact.kind === 'addon' ? 'bundle' : 'executable'
    if (image.type !== type) faults.push(`${image.arch}: ${image.type} in place of ${type}`)
    const linked = image.libraries.filter((path) => !ALWAYS.test(fileOf(path)))
    const names = linked.map(libraryName).sort()
    // Named through an umbrella, or the umbrella's in its place: the same library.
    const isGiven = (name: string, by: readonly string[]) =>
      by.some((one) => one === name || reexports(one).has(name))
    if (
      !wanted.every((name) => isGiven(name, names)) ||
      !names.every((name) => isGiven(name, wanted))
    )
      faults.push(
        `${image.arch}: links ${names.join(', ') || 'nothing'}; named are ${wanted.join(', ') || 'none'}`,
      )
    const foreign = linked.filter((path) => !/^\/(usr\/lib|System\/Library)\//.test(path))
    if (foreign.length > 0) faults.push(`${image.arch}: not the system's: ${foreign.join(', ')}`)
  }
  return faults
}

/** Prints the tables; the exit status: 1 when something is not as it has to be. */
export async function check(
  build: Build,
  products: Record<string, string>,
  archs: readonly Arch[],
): Promise<number> {
  const { sdk, toolchain } = build
  const headers = sdk.headers === undefined ? '' : ', newer Endpoint Security headers over it'
  console.log(`SDK of macOS ${sdk.version}${headers}; ${toolchain.version}`)
  console.log()
  const rows = [['artifact', 'arch', 'minimum', 'SDK', 'KiB', 'links, beside libSystem and libc++']]
  const faults: string[] = []
  const reexports = sdkReexports(sdk.path)
  for (const artifact of ARTIFACTS) {
    const file = readFileSync(products[artifact.name] as string)
    const images = readMachO(file)
    for (const { arch, minimumSystem = '-', sdk: by = '-', libraries } of images)
      rows.push([
        artifact.name,
        arch,
        minimumSystem,
        by,
        '',
        libraries
          .filter((path) => !ALWAYS.test(fileOf(path)))
          .map(libraryName)
          .join(' '),
      ])
    ;(rows.at(-images.length) as string[])[4] = `${Math.ceil(file.length / 1024)}`
    faults.push(
      ...faultsOf(artifact, images, archs, reexports).map((text) => `${artifact.name}: ${text}`),
    )
  }
  printTable(rows)
  console.log()
  for (const arch of archs)
    for (const { header, count } of await assertHeaders(build, arch))
      console.log(`${header}, ${arch}: ${count} assertions about Apple's headers hold`)
  const newer = await newerThanSdk(build, archs[0] as Arch)
  console.log(
    newer.length === 0
      ? 'Nothing of the code is newer than this SDK.'
      : `Newer than this SDK, declared by native/mac/newer_sdk.h: ${newer.join('; ')}`,
  )
  console.log()
  printTable(identityRows(build.identity))
  const wrong = bundleFaults(build.identity, join(build.out, 'universal'))
  if (wrong.length === 0)
    console.log(
      'Info.plists, entitlements, launchd plists and programs agree with pkg/identity.json.',
    )
  faults.push(...wrong)
  for (const fault of faults) console.log(`WRONG: ${fault}`)
  console.log(
    faults.length === 0 ? 'All is as it has to be.' : `${faults.length} things are wrong.`,
  )
  return faults.length === 0 ? 0 : 1
}

const fileOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

function printTable(rows: readonly string[][]): void {
  const widths = (rows[0] as string[]).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] as string).length)),
  )
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] as number))
        .join('  ')
        .trimEnd(),
    )
}
