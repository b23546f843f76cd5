// Which library a product names where an SDK gives one through another: real SDKs and linkers differ in it.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Artifact } from '../../scripts/mac/artifacts.ts'
import { faultsOf } from '../../scripts/mac/check.ts'
import { reexportedBy, sdkReexports } from '../../scripts/mac/reexports.ts'

const framework = (name: string) =>
  `/System/Library/Frameworks/${name}.framework/Versions/A/${name}`

/** As Apple's tools write it: lists go over the line's end, and what lies within follows in documents of its own. */
const stub = (...libraries: string[]) => `--- !tapi-tbd
tbd-version:     4
targets:         [ x86_64-macos, arm64-macos,
                   arm64e-macos ]
install-name:    '/System/Library/Frameworks/X.framework/Versions/A/X'
reexported-libraries:
  - targets:         [ x86_64-macos, arm64-macos,
                       arm64e-macos ]
    libraries:       [ ${libraries.map((one) => `'${one}'`).join(',\n                       ')} ]
exports:
  - targets:         [ x86_64-macos ]
    libraries:       [ '/no/re-export' ]
    symbols:         [ _a, '$ld$hide$os10.10$_b' ]
--- !tapi-tbd
install-name:    '/System/Library/PrivateFrameworks/Y.framework/Versions/A/Y'
reexported-libraries:
  - targets:         [ x86_64-macos ]
    libraries:       [ /usr/lib/libwithin.1.dylib ]
...
`

describe("an SDK's re-exports", () => {
  let sdk: string
  before(() => {
    sdk = mkdtempSync(join(tmpdir(), 'freshet-stubs-'))
    const put = (path: string, text: string) => {
      mkdirSync(dirname(join(sdk, path)), { recursive: true })
      writeFileSync(join(sdk, `${path}.tbd`), text)
    }
    put(
      'System/Library/Frameworks/AppKit.framework/AppKit',
      stub(framework('Foundation'), '/usr/lib/libobjc.A.dylib'),
    )
    put(
      framework('Foundation').slice(1),
      JSON.stringify({
        tapi_tbd_version: 5,
        main_library: { reexported_libraries: [{ names: [framework('CoreFoundation')] }] },
        libraries: [{ reexported_libraries: [{ names: [framework('AppKit')] }] }],
      }),
    )
    put('usr/lib/libnetwork', '--- !tapi-tbd\ninstall-name: /usr/lib/libnetwork.dylib\n...\n')
  })
  after(() => rmSync(sdk, { recursive: true }))

  it('are read of stubs of both kinds, with what lies within them', () => {
    assert.deepEqual(reexportedBy(stub('/usr/lib/liba.dylib', framework('B'))), [
      '/usr/lib/liba.dylib',
      framework('B'),
      '/usr/lib/libwithin.1.dylib',
    ])
    assert.deepEqual(reexportedBy('{"main_library":{}}'), [])
    assert.deepEqual(reexportedBy(''), [])
  })

  it('reach through others, and end where two give each other', () => {
    const reexports = sdkReexports(sdk)
    assert.deepEqual([...reexports('AppKit')].sort(), [
      'AppKit',
      'CoreFoundation',
      'Foundation',
      'libobjc',
      'libwithin',
    ])
    assert.deepEqual([...reexports('libnetwork')], [])
    assert.deepEqual([...reexports('Nowhere')], [])
  })

  it('make a product as good that names the umbrella, or the library in its place', () => {
    const app: Artifact = {
      name: 'app',
      kind: 'program',
      sources: [],
      libraries: [],
      frameworks: ['AppKit', 'CoreFoundation'],
    }
    const faults = (...names: string[]) =>
      faultsOf(
        app,
        [
          {
            arch: 'arm64',
            type: 'executable',
            minimumSystem: '13.5',
            segments: [],
            isSigned: false,
            sdk: '26.0',
            libraries: names.map(framework),
          },
        ],
        ['arm64'],
        sdkReexports(sdk),
      )
    assert.deepEqual(faults('AppKit', 'CoreFoundation'), [])
    assert.deepEqual(faults('AppKit'), [], 'CoreFoundation was taken through it')
    assert.deepEqual(faults('AppKit', 'CoreFoundation', 'Foundation'), [], 'it is in AppKit')
    assert.deepEqual(faults('CoreFoundation'), [
      'arm64: links CoreFoundation; named are AppKit, CoreFoundation',
    ])
    assert.deepEqual(faults('AppKit', 'CoreFoundation', 'Security'), [
      'arm64: links AppKit, CoreFoundation, Security; named are AppKit, CoreFoundation',
    ])
  })
})
