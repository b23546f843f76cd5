// What the SDK's own headers say: whether the test double of Endpoint Security has their layout, and what of
// macOS's newer interfaces they lack.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Build, languageArguments, run, targetArguments } from './compile.ts'
import type { Arch } from './darwin-node.ts'

const LAYOUT_ASSERTS = 'test/mac/layout_asserts.h'
const NEWER = 'mac/newer_sdk.h'

/** Number of assertions about the layout of Apple's structures that hold. Throws MacBuildError naming those that do not. */
export async function assertLayout(build: Build, arch: Arch): Promise<number> {
  const header = join(build.root, 'native', LAYOUT_ASSERTS)
  if (!existsSync(header)) return 0
  await run(build.toolchain.compiler, [
    ...['-x', 'c++', '-fsyntax-only', '-ferror-limit=0'],
    ...targetArguments(build, arch),
    ...languageArguments(build, LAYOUT_ASSERTS),
    header,
  ])
  return countOf(/\bstatic_assert\(/g, await preprocessed(build, arch, header))
}

/** What newer_sdk.h declares in the SDK's place. */
export async function newerThanSdk(build: Build, arch: Arch): Promise<string[]> {
  const header = join(build.root, 'native', NEWER)
  const said = await run(build.toolchain.compiler, [
    ...['-x', 'objective-c++', '-fsyntax-only', '-fno-caret-diagnostics'],
    ...targetArguments(build, arch),
    ...languageArguments(build, 'newer_sdk.mm'),
    ...['-W#pragma-messages', '-Wno-error=#pragma-messages'],
    header,
  ])
  return [...said.matchAll(/newer_sdk\.h:\d+:\d+: warning: (.*?) \[/g)].map(
    ([, text]) => text ?? '',
  )
}

/** The header's own text after the preprocessor, without what it includes. */
async function preprocessed(build: Build, arch: Arch, header: string): Promise<string> {
  const all = await run(build.toolchain.compiler, [
    ...['-x', 'c++', '-E'],
    ...targetArguments(build, arch),
    ...languageArguments(build, LAYOUT_ASSERTS),
    header,
  ])
  let isOwn = false
  return all
    .split('\n')
    .filter((line) => {
      const [, file] = /^# \d+ "(.*?)"/.exec(line) ?? []
      if (file !== undefined) isOwn = file === header
      return isOwn
    })
    .join('\n')
}

const countOf = (pattern: RegExp, text: string): number => [...text.matchAll(pattern)].length
