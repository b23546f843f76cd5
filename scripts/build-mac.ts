// Builds what runs on a Mac: for arm64, x86_64 and both in one file. On a Mac with Xcode's tools; on Linux with
// clang 19, lld 19 and an SDK that is named (--sdk DIR), to check that everything compiles and links.
//
//   npm run build:mac -- [--sdk DIR] [--headers DIR] [--out DIR] [--development]
//                                                                         into dist/mac/{arm64,x86_64,universal}
//   node scripts/build-mac.ts --menu-bar --out DIR                        what set-up builds on a Mac: for this Mac
//                                                                         alone DIR/Freshet.app, the menu bar, ad hoc
//   npm run check:mac -- --sdk DIR [--headers DIR]                        the same aside, looked at and told
//
// FRESHET_TEAM in the environment names the team of the Apple developer account that signs it, in place of the
// placeholder in pkg/identity.json; nothing built with the placeholder can be signed for use.
//
// --development: for the developer's own Macs. Filter and daemon then accept each other with the certificates
// that Xcode signs with, and with no others; signing/ holds the entitlements for both kinds.
// --headers: newer headers of Endpoint Security, laid over those of the SDK.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Identity, readIdentity } from './identity.ts'
import { ARTIFACTS } from './mac/artifacts.ts'
import { layBundles, layMenuBar } from './mac/bundles.ts'
import { check } from './mac/check.ts'
import { type Build, buildArtifact, joinArchs, run } from './mac/compile.ts'
import type { Arch } from './mac/darwin-node.ts'
import { MacBuildError } from './mac/error.ts'
import { findSdk, findToolchain } from './mac/toolchain.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const ARCHS: readonly Arch[] = ['arm64', 'x86_64']

const USAGE = `npm run build:mac -- [--sdk DIR] [--headers DIR] [--out DIR] [--development]
npm run check:mac -- --sdk DIR [--headers DIR]

--sdk DIR      a macOS SDK; wanted on Linux, Xcode's own otherwise
--headers DIR  newer headers of Endpoint Security, laid over those of the SDK
--out DIR      where the files go (dist/mac)
--development  for your own Macs: filter and daemon accept each other with development certificates only
FRESHET_TEAM   in the environment: the team that signs it`

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      sdk: { type: 'string' },
      headers: { type: 'string' },
      out: { type: 'string' },
      check: { type: 'boolean', default: false },
      'menu-bar': { type: 'boolean', default: false },
      development: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(USAGE)
  const isMenuBar = values['menu-bar']
  const isAside = values.check || isMenuBar
  const build: Build = {
    root,
    identity: identityOf(process.env.FRESHET_TEAM),
    signing: values.development ? 'development' : 'developer-id',
    sdk: findSdk(values.sdk, values.headers),
    toolchain: findToolchain(),
    out:
      (isMenuBar ? undefined : values.out) ?? join(root, isAside ? '.cache/mac/check' : 'dist/mac'),
  }
  if (isMenuBar) return buildMenuBar(build, values.out ?? join(root, 'dist/mac'))
  const products: Record<string, string> = {}
  for (const artifact of ARTIFACTS) {
    const made: string[] = []
    for (const arch of ARCHS) made.push(await buildArtifact(build, artifact, arch))
    products[artifact.name] = await joinArchs(build, artifact.name, made)
  }
  layBundles(build.identity, products, join(build.out, 'universal'))
  if (values.check) process.exitCode = await check(build, products, ARCHS)
  else
    for (const [name, path] of Object.entries(products))
      console.log(`${name}: ${path}, ${statSync(path).size} bytes`)
}

/** For the architecture of this process. Signed by nobody: arm64 runs no other code, and notifications want a bundle that is. */
async function buildMenuBar(build: Build, out: string): Promise<void> {
  const artifact = ARTIFACTS.find(({ name }) => name === build.identity.app.executable)
  if (artifact === undefined) throw new MacBuildError('scripts/mac/artifacts.ts names no app')
  const program = await buildArtifact(
    build,
    artifact,
    process.arch === 'arm64' ? 'arm64' : 'x86_64',
  )
  const bundle = layMenuBar(build.identity, program, out)
  if (!build.toolchain.isCross)
    await run('/usr/bin/codesign', ['--force', '--sign', '-', '--timestamp=none', bundle])
}

function identityOf(team: string | undefined): Identity {
  try {
    return readIdentity(root, team || undefined)
  } catch (error) {
    throw new MacBuildError(`FRESHET_TEAM: ${(error as Error).message}`, { cause: error })
  }
}

try {
  await main()
} catch (error) {
  const isUsage =
    error instanceof Error && 'code' in error && `${error.code}`.startsWith('ERR_PARSE')
  if (!(error instanceof MacBuildError) && !isUsage) throw error
  console.error(`freshet: build for macOS: ${(error as Error).message}`)
  if (isUsage) console.error(USAGE)
  process.exitCode = 1
}
