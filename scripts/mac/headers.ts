// What the SDK's own headers say: whether Apple's structures and functions are as the test doubles and the FFI have
// them, and what of macOS's newer interfaces they lack.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Build, languageArguments, run, targetArguments } from './compile.ts'
import type { Arch } from './darwin-node.ts'

/** Headers here that end so do nothing but assert. */
const FOLDER = 'test/mac'
const ASSERTS = /_asserts\.h$/
const NEWER = 'mac/newer_sdk.h'

/** How many assertions of each header hold. Throws MacBuildError naming those that do not. */
export async function assertHeaders(
  build: Build,
  arch: Arch,
): Promise<{ header: string; count: number }[]> {
  const names = readdirSync(join(build.root, 'native', FOLDER)).filter((name) => ASSERTS.test(name))
  return Promise.all(
    names.sort().map(async (header) => {
      const path = join(build.root, 'native', FOLDER, header)
      const args = [
        ...targetArguments(build, arch),
        ...languageArguments(build, header),
        ...['-x', 'c++', path],
      ]
      await run(build.toolchain.compiler, ['-fsyntax-only', '-ferror-limit=0', ...args])
      const text = ownText(await run(build.toolchain.compiler, ['-E', ...args]), path)
      return { header, count: [...text.matchAll(/\bstatic_assert\s*\(/g)].length }
    }),
  )
}

/** What newer_sdk.h declares in the SDK's place. */
export async function newerThanSdk(build: Build, arch: Arch): Promise<string[]> {
  const said = await run(build.toolchain.compiler, [
    ...['-x', 'objective-c++', '-fsyntax-only', '-fno-caret-diagnostics'],
    ...targetArguments(build, arch),
    ...languageArguments(build, 'newer_sdk.mm'),
    ...['-W#pragma-messages', '-Wno-error=#pragma-messages'],
    join(build.root, 'native', NEWER),
  ])
  return [...said.matchAll(/newer_sdk\.h:\d+:\d+: warning: (.*?) \[/g)].map(
    ([, text]) => text ?? '',
  )
}

/** Of what the preprocessor made, the lines of the file itself. */
function ownText(preprocessed: string, path: string): string {
  let isOwn = false
  return preprocessed
    .split('\n')
    .filter((line) => {
      const [, file] = /^# \d+ "(.*?)"/.exec(line) ?? []
      if (file !== undefined) isOwn = file === path
      return isOwn
    })
    .join('\n')
}
