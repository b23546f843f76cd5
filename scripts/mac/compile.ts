// Compiles and links one artifact for one architecture. Warnings are errors. An object is made again when its
// command line or any file it was made of has changed.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { Identity, Signing } from '../identity.ts'
import { type Artifact, MINIMUM_SYSTEM } from './artifacts.ts'
import { type Arch, darwinNode } from './darwin-node.ts'
import { MacBuildError } from './error.ts'
import type { Sdk, Toolchain } from './toolchain.ts'

export type Build = {
  root: string
  /** Whom it is built for: the team is compiled in, and which certificates its parts accept of each other. */
  identity: Identity
  signing: Signing
  toolchain: Toolchain
  sdk: Sdk
  /** Products, in a folder an architecture. */
  out: string
}

/** Defined over libSystem in a cross build: Debian's clang has no runtime library for macOS. */
const CROSS_SOURCES = ['mac/cross_availability.cc']

/** What every compilation for this architecture is given. */
export function targetArguments({ sdk }: Build, arch: Arch): string[] {
  const headers = sdk.headers === undefined ? [] : ['-isystem', sdk.headers]
  return ['-target', `${arch}-apple-macos${MINIMUM_SYSTEM}`, '-isysroot', sdk.path, ...headers]
}

/** Language and warnings of a source under native/. */
export function languageArguments(build: Build, source: string): string[] {
  const { root } = build
  return [
    ...['-std=c++20', '-O2', '-fno-exceptions', '-fno-rtti', '-fvisibility=hidden'],
    ...['-Wall', '-Wextra', '-Werror', '-Wunguarded-availability'],
    '-Wno-#pragma-messages',
    source.endsWith('.mm') ? '-fobjc-arc' : '-fblocks',
    ...['-I', join(root, 'native')],
    `-DFRESHET_TEAM="${build.identity.team}"`,
    ...(build.signing === 'development' ? ['-DFRESHET_DEVELOPMENT'] : []),
  ]
}

function nodeArguments({ root }: Build, node: string): string[] {
  return [
    ...['-DNAPI_VERSION=9', '-DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS'],
    '-DNODE_ADDON_API_DISABLE_DEPRECATED',
    ...['-isystem', join(node, 'include/node')],
    ...['-isystem', join(root, 'node_modules/node-addon-api')],
  ]
}

/** Path of the product. Throws MacBuildError with what the compiler or linker said. */
export async function buildArtifact(build: Build, artifact: Artifact, arch: Arch): Promise<string> {
  const { root, toolchain, out } = build
  const node = artifact.kind === 'addon' ? darwinNode(root, arch) : undefined
  const sources = [...artifact.sources, ...(toolchain.isCross ? CROSS_SOURCES : [])]
  const jobs = sources.map((source) => {
    const object = join(out, 'objects', arch, artifact.kind, `${source}.o`)
    const args = [
      ...targetArguments(build, arch),
      ...languageArguments(build, source),
      ...(node === undefined ? [] : nodeArguments(build, node)),
    ]
    return { object, args: [...args, '-MD', '-c', join(root, 'native', source), '-o', object] }
  })
  await inParallel(jobs, ({ object, args }) => compile(toolchain.compiler, args, object))
  const product = join(out, arch, artifact.name)
  mkdirSync(dirname(product), { recursive: true })
  await run(toolchain.compiler, [
    ...targetArguments(build, arch),
    ...toolchain.linkArguments,
    '-Wl,-dead_strip_dylibs',
    ...(node === undefined ? [] : ['-bundle', '-bundle_loader', join(node, 'bin/node')]),
    ...jobs.map(({ object }) => object),
    ...(sources.some((source) => source.endsWith('.mm')) ? ['-lobjc'] : []),
    ...artifact.libraries.map((library) => `-l${library}`),
    ...artifact.frameworks.flatMap((framework) => ['-framework', framework]),
    ...['-o', product],
  ])
  return product
}

/** One file of all architectures. */
export async function joinArchs(build: Build, name: string, products: string[]): Promise<string> {
  const product = join(build.out, 'universal', name)
  mkdirSync(dirname(product), { recursive: true })
  await run(build.toolchain.lipo, ['-create', ...products, '-output', product])
  return product
}

async function compile(compiler: string, args: string[], object: string): Promise<void> {
  const command = `${object}.command`
  const line = [compiler, ...args].join('\n')
  if (isFresh(object, command, line)) return
  mkdirSync(dirname(object), { recursive: true })
  await run(compiler, args)
  writeFileSync(command, line)
}

function isFresh(object: string, command: string, line: string): boolean {
  const dependencies = object.replace(/\.o$/, '.d')
  if (![object, command, dependencies].every(existsSync)) return false
  if (readFileSync(command, 'utf8') !== line) return false
  const madeMs = statSync(object).mtimeMs
  // A make rule: "object: file file \ newline file"; spaces within names are escaped.
  const [, list = ''] = /^.*?\.o:\s*([\s\S]*)$/.exec(readFileSync(dependencies, 'utf8')) ?? []
  const files = list.replaceAll('\\\n', ' ').match(/(?:\\.|\S)+/g) ?? []
  return files.every((file) => {
    const at = statSync(file.replaceAll('\\ ', ' '), { throwIfNoEntry: false })
    return at !== undefined && at.mtimeMs < madeMs
  })
}

/** Resolves when all are done; rejects with the first failure once those under way have ended. */
async function inParallel<T>(jobs: readonly T[], work: (job: T) => Promise<void>): Promise<void> {
  const waiting = [...jobs]
  const failures: unknown[] = []
  const lane = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift())
      await work(job).catch((error: unknown) => failures.push(error))
  }
  await Promise.all(Array.from({ length: availableParallelism() }, lane))
  if (failures.length > 0) throw failures[0]
}

/** What it printed. Throws MacBuildError with that when it fails. */
export function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((done, fail) => {
    execFile(program, args, { maxBuffer: 64 * 2 ** 20 }, (error, stdout, stderr) => {
      if (!error) done(`${stdout}${stderr}`)
      else
        fail(
          new MacBuildError(`${basename(program)} failed:\n${stderr || error.message}`.trimEnd()),
        )
    })
  })
}
