// What the build for macOS says before it compiles anything, and how it reads what it made. None of it wants a
// Mac, an SDK or clang.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { verifyIntegrity } from '../../scripts/locked-package.ts'
import type { Artifact } from '../../scripts/mac/artifacts.ts'
import { ARTIFACTS } from '../../scripts/mac/artifacts.ts'
import { faultsOf } from '../../scripts/mac/check.ts'
import { MacBuildError } from '../../scripts/mac/error.ts'
import { type MachImage, readMachO } from '../../scripts/mac/mach-o.ts'
import { findSdk, findToolchain } from '../../scripts/mac/toolchain.ts'
import { image, universal, X86_64 } from './mach-o-image.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const refuses = (act: () => unknown, text: RegExp) =>
  assert.throws(act, (error: Error) => error instanceof MacBuildError && text.test(error.message))

describe('a Mach-O file', () => {
  const expected: MachImage = {
    arch: 'arm64',
    type: 'bundle',
    minimumSystem: '13.5',
    sdk: '14.2',
    libraries: ['/usr/lib/libbsm.0.dylib', '/opt/odd.dylib'],
    segments: [],
    isSigned: false,
  }

  it('says its architecture, kind, minimum system, SDK and libraries', () => {
    assert.deepEqual(readMachO(image()), [expected])
    const [other] = readMachO(image({ cpu: X86_64, type: 2, minimum: 0x000d0501 }))
    assert.equal(other?.arch, 'x86_64')
    assert.equal(other?.type, 'executable')
    assert.equal(other?.minimumSystem, '13.5.1')
  })

  it('says its segments, and whether it is signed', () => {
    const [one] = readMachO(image({ segments: ['__TEXT', 'SIXTEEN_LETTERS_', '__LINKEDIT'] }))
    assert.deepEqual(one?.segments, ['__TEXT', 'SIXTEEN_LETTERS_', '__LINKEDIT'])
    assert.equal(one?.isSigned, false)
    assert.equal(readMachO(image({ isSigned: true }))[0]?.isSigned, true)
  })

  it('is read for each architecture of a universal one', () => {
    const images = readMachO(universal(image(), image({ cpu: X86_64 })))
    assert.deepEqual(images, [expected, { ...expected, arch: 'x86_64' }])
  })

  it('is refused when it is none, or not whole', () => {
    assert.throws(() => readMachO(Buffer.from('#!/bin/sh\n')), /no 64-bit Mach-O/)
    assert.throws(() => readMachO(image({ cpu: 7 })), /cpu type 0x7/)
    for (const file of [image(), universal(image(), image({ cpu: X86_64 }))])
      for (let length = 0; length < file.length; length++)
        assert.throws(() => readMachO(file.subarray(0, length)), /image|command|load|universal/)
    const endless = image()
    endless.writeUInt32LE(0, 32 + 4)
    assert.throws(() => readMachO(endless), /load command 0/)
    const nameless = image()
    nameless.writeUInt32LE(4096, 32 + 24 + 24 + 8)
    assert.throws(() => readMachO(nameless), /without a name/)
  })
})

describe('the code for macOS', () => {
  it('asks for the SDK at hand in one header alone, so that check:mac tells of every branch', () => {
    const folder = join(root, 'native/mac')
    const guard =
      /__MAC_OS_X_VERSION_MAX_ALLOWED|__MAC_\d|MAC_OS_VERSION_\d|__has_include|\brequires\s*[({]/
    const guarded = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(cc|h|mm)$/.test(name))
      .filter((name) => guard.test(readFileSync(join(folder, name), 'utf8')))
    assert.deepEqual(guarded, ['newer_sdk.h'])
    const text = readFileSync(join(folder, 'newer_sdk.h'), 'utf8')
    const branches = text.split('\n').filter((line) => /^#if .*VERSION_MAX_ALLOWED/.test(line))
    assert.equal(branches.length, [...text.matchAll(/^#pragma message\(/gm)].length)
  })
})

describe('what was built for macOS', () => {
  const addon: Artifact = {
    name: 'x.node',
    kind: 'addon',
    sources: [],
    libraries: ['bsm'],
    frameworks: ['Network'],
  }
  const good = (arch: 'arm64' | 'x86_64'): MachImage => ({
    arch,
    type: 'bundle',
    minimumSystem: '13.5',
    sdk: '12.0',
    libraries: [
      '/usr/lib/libSystem.B.dylib',
      '/usr/lib/libbsm.0.dylib',
      '/System/Library/Frameworks/Network.framework/Versions/A/Network',
    ],
    segments: [],
    isSigned: false,
  })
  const faults = (change: Partial<MachImage>) =>
    faultsOf(addon, [{ ...good('arm64'), ...change }, good('x86_64')], ['arm64', 'x86_64'])

  it('is as it has to be', () => assert.deepEqual(faults({}), []))

  it('is told when it lacks an architecture', () =>
    assert.deepEqual(faultsOf(addon, [good('arm64')], ['arm64', 'x86_64']), ['holds arm64']))

  it('is told when its minimum system, kind or libraries are others', () => {
    assert.deepEqual(faults({ minimumSystem: '12.0' }), ['arm64: minimum system 12.0'])
    assert.deepEqual(faults({ minimumSystem: undefined }), ['arm64: minimum system not said'])
    assert.deepEqual(faults({ type: 'executable' }), ['arm64: executable in place of bundle'])
    assert.deepEqual(faults({ libraries: ['/usr/lib/libbsm.0.dylib'] }), [
      'arm64: links libbsm; named are Network, libbsm',
    ])
    assert.deepEqual(faults({ libraries: [...good('arm64').libraries, '/opt/lib/libx.dylib'] }), [
      'arm64: links Network, libbsm, libx; named are Network, libbsm',
      "arm64: not the system's: /opt/lib/libx.dylib",
    ])
  })

  it('is made of files that are there, each once', () => {
    for (const { name, sources } of ARTIFACTS) {
      assert.equal(new Set(sources).size, sources.length, name)
      for (const source of sources) readFileSync(join(root, 'native', source))
    }
  })

  it('is of the same files as a build on a Mac', () => {
    const gyp = readFileSync(join(root, 'native/binding.gyp'), 'utf8')
    const [, common = ''] = /'target_name': 'freshet',\s*'sources': \[(.*?)\]/s.exec(gyp) ?? []
    const [, mac = ''] = /'OS=="mac"', \{\s*'sources': \[(.*?)\]/s.exec(gyp) ?? []
    const listed = [...`${common} ${mac}`.matchAll(/'([^']+\.cc)'/g)].map(([, file]) => file)
    const addonSources = ARTIFACTS.find(({ name }) => name === 'freshet.node')?.sources ?? []
    assert.deepEqual(new Set(addonSources), new Set(listed))
  })
})

describe('a build for macOS', () => {
  let folder: string
  let path: string | undefined
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'freshet-mac-'))
    path = process.env.PATH
  })
  afterEach(() => {
    process.env.PATH = path
    rmSync(folder, { recursive: true })
  })
  const program = (name: string, says: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\necho "${says}"\n`)
    chmodSync(join(folder, name), 0o755)
  }
  const settings = (content: string) => writeFileSync(join(folder, 'SDKSettings.json'), content)

  it('wants an SDK to be named where there is no Xcode', () =>
    refuses(() => findSdk(undefined, undefined, 'linux'), /--sdk DIR/))

  it('refuses what is no SDK, another system’s, or too old', () => {
    refuses(() => findSdk(join(folder, 'none'), undefined), /none: no such directory/)
    refuses(() => findSdk(folder, undefined), /is no SDK: its SDKSettings.json cannot be read/)
    settings('{')
    refuses(() => findSdk(folder, undefined), /is no SDK/)
    settings('{"CanonicalName":"iphoneos17.0","Version":"17.0"}')
    refuses(() => findSdk(folder, undefined), /is an SDK for iphoneos17.0, not for macosx/)
    settings('{"CanonicalName":"macosx11.3","Version":"11.3"}')
    refuses(() => findSdk(folder, undefined), /is of macOS 11.3: 12.0 or later/)
    settings('{"CanonicalName":"macosx14.2","Version":"14.2"}')
    assert.equal(findSdk(folder, undefined).version, '14.2')
    refuses(() => findSdk(folder, folder), /--headers .*: no EndpointSecurity/)
    mkdirSync(join(folder, 'EndpointSecurity'))
    writeFileSync(join(folder, 'EndpointSecurity/ESTypes.h'), '')
    assert.equal(findSdk(folder, folder).headers, folder)
  })

  it('says which tools are missing, or of another version, and how to get them', () => {
    process.env.PATH = folder
    refuses(
      () => findToolchain('linux'),
      /clang\+\+-19, ld64.lld-19, llvm-lipo-19 not found.*apt-get/,
    )
    refuses(() => findToolchain('darwin'), /xcode-select --install/)
    program('llvm-lipo-19', 'llvm-lipo')
    program('ld64.lld-19', 'LLD 19.1.7')
    program('clang++-19', 'Debian clang version 14.0.6')
    refuses(() => findToolchain('linux'), /says "Debian clang version 14.0.6": wanted is clang 19/)
  })

  it('takes only the Node that the lock file names', () => {
    const bytes = Buffer.from('a package')
    const digest = createHash('sha512').update(bytes).digest('base64')
    verifyIntegrity(bytes, `sha512-${digest}`, 'node@1')
    assert.throws(() => verifyIntegrity(Buffer.from('another'), `sha512-${digest}`, 'node@1'), {
      name: 'LockedPackageError',
      message: /^node@1 is not what package-lock\.json says/,
    })
  })
})
