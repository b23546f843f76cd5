// The compiler, linker and SDK of a build for macOS: Xcode's on a Mac, LLVM 19 and an SDK that lies anywhere
// on Linux. A cross build is a check; what ships is built on a Mac.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { MacBuildError } from './error.ts'

export type Toolchain = {
  compiler: string
  lipo: string
  /** Of the compiler, as it says itself. */
  version: string
  /** Arguments that every link of a cross build needs. */
  linkArguments: readonly string[]
  isCross: boolean
}

export type Sdk = {
  path: string
  /** Such as 12.0. */
  version: string
  /** A folder with newer headers, laid over the SDK's own. */
  headers: string | undefined
}

const CLANG_MAJOR = 19
const HOW = 'Debian: apt-get install clang-19 lld-19 llvm-19'
/** lld wants to know which of Apple's linkers it stands in for; Xcode 15's. */
const LINKER_VERSION = 955
/** Endpoint Security as it is used here, and libc++ with spans. */
const SDK_MAJOR_MIN = 12

const outputOf = (program: string, args: readonly string[]): string | undefined => {
  const made = spawnSync(program, args, { encoding: 'utf8' })
  return made.status === 0 ? made.stdout.trim() : undefined
}

/** Throws MacBuildError when a tool is missing or of another version. */
export function findToolchain(platform: NodeJS.Platform = process.platform): Toolchain {
  return platform === 'darwin' ? xcodeToolchain() : crossToolchain()
}

function xcodeToolchain(): Toolchain {
  const compiler = outputOf('xcrun', ['--sdk', 'macosx', '--find', 'clang++'])
  const lipo = outputOf('xcrun', ['--sdk', 'macosx', '--find', 'lipo'])
  if (!compiler || !lipo)
    throw new MacBuildError('xcrun finds no clang++ or no lipo: xcode-select --install')
  return {
    compiler,
    lipo,
    version: outputOf(compiler, ['--version'])?.split('\n')[0] ?? '',
    linkArguments: ['-Wl,-fatal_warnings'],
    isCross: false,
  }
}

function crossToolchain(): Toolchain {
  const [compiler, linker, lipo] = ['clang++', 'ld64.lld', 'llvm-lipo'].map(
    (tool) => `${tool}-${CLANG_MAJOR}`,
  ) as [string, string, string]
  const missing = [compiler, linker, lipo].filter((tool) => !outputOf(tool, ['--version']))
  if (missing.length > 0) throw new MacBuildError(`${missing.join(', ')} not found (${HOW})`)
  const version = outputOf(compiler, ['--version'])?.split('\n')[0] ?? ''
  const [, major] = /version (\d+)\./.exec(version) ?? []
  if (major !== String(CLANG_MAJOR))
    throw new MacBuildError(
      `${compiler} says "${version}": wanted is clang ${CLANG_MAJOR} (${HOW})`,
    )
  return {
    compiler,
    lipo,
    version,
    linkArguments: [
      '-fuse-ld=lld',
      `--ld-path=${outputOf('sh', ['-c', `command -v ${linker}`]) ?? linker}`,
      `-mlinker-version=${LINKER_VERSION}`,
      '-Wl,-fatal_warnings',
    ],
    isCross: true,
  }
}

/** `sdk` undefined: the Mac's own. Throws MacBuildError when there is none, or it is none. */
export function findSdk(
  sdk: string | undefined,
  headers: string | undefined,
  platform: NodeJS.Platform = process.platform,
): Sdk {
  const given = sdk ?? (platform === 'darwin' ? outputOf('xcrun', ['--show-sdk-path']) : undefined)
  if (given === undefined)
    throw new MacBuildError(
      platform === 'darwin'
        ? 'xcrun knows no macOS SDK: xcode-select --install, or name one with --sdk DIR'
        : 'a build for macOS wants a macOS SDK: --sdk DIR (a folder with SDKSettings.json, usr and System)',
    )
  const path = resolve(given)
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new MacBuildError(`--sdk ${given}: no such directory`)
  const version = sdkVersion(path, given)
  if (Number(version.split('.')[0]) < SDK_MAJOR_MIN)
    throw new MacBuildError(
      `--sdk ${given} is of macOS ${version}: ${SDK_MAJOR_MIN}.0 or later is wanted`,
    )
  if (headers !== undefined && !existsSync(join(headers, 'EndpointSecurity/ESTypes.h')))
    throw new MacBuildError(
      `--headers ${headers}: no EndpointSecurity/ESTypes.h in it; it is laid over the SDK's usr/include`,
    )
  return { path, version, headers: headers === undefined ? undefined : resolve(headers) }
}

function sdkVersion(path: string, given: string): string {
  let settings: { CanonicalName?: unknown; Version?: unknown }
  try {
    settings = JSON.parse(readFileSync(join(path, 'SDKSettings.json'), 'utf8')) as typeof settings
  } catch (cause) {
    throw new MacBuildError(
      `--sdk ${given} is no SDK: its SDKSettings.json cannot be read (${(cause as Error).message})`,
      { cause },
    )
  }
  const { CanonicalName: name, Version: version } = settings
  if (typeof name !== 'string' || !name.startsWith('macosx') || typeof version !== 'string')
    throw new MacBuildError(`--sdk ${given} is an SDK for ${String(name)}, not for macosx`)
  return version
}
