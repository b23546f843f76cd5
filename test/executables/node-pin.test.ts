// Which Node executables are made of, and which native parts go beside them.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ExecutableError } from '../../scripts/executables/error.ts'
import { nativeParts, wantTarget } from '../../scripts/executables/native.ts'
import { pinnedNode, readPins, sha256Of, type Target } from '../../scripts/executables/node-pin.ts'
import { leaveOut, whyNotLinux } from '../left-out.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const here = `linux-${process.arch}` as Target

describe('the pinned Node', () => {
  before(function () {
    leaveOut(this, whyNotLinux())
  })

  it('is that of package.json, for each platform', () => {
    const { optionalDependencies } = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    ) as { optionalDependencies: Record<string, string> }
    const { version, ...pins } = readPins(root)
    const pinned = Object.values(pins).map((pin) => [pin.package, version])
    assert.deepEqual(Object.fromEntries(pinned), optionalDependencies)
    const hashes = Object.values(pins).map(({ sha256 }) => sha256)
    assert.ok(hashes.every((hash) => /^[0-9a-f]{64}$/.test(hash)))
    assert.equal(new Set(hashes).size, hashes.length)
  })

  it('is the one that is installed', () => {
    assert.equal(sha256Of(pinnedNode(root, here)), readPins(root)[here].sha256)
  })

  it('is refused when it has another hash, or is of another version, with both hashes', () => {
    const pins = readPins(root)
    const changed = `0${pins[here].sha256.slice(1)}`
    for (const other of [
      { ...pins, [here]: { ...pins[here], sha256: changed } },
      { ...pins, version: '26.12.1' },
    ])
      assert.throws(
        () => pinnedNode(root, here, other),
        (error) => {
          assert.ok(error instanceof ExecutableError)
          assert.match(
            error.message,
            /bin\/node \(node-linux-\w+ 26\.\d+\.\d+\) is not the pinned one/,
          )
          assert.ok(error.message.includes(other[here].sha256))
          return true
        },
      )
  })
})

describe('the native parts', () => {
  let folder: string
  before(function () {
    leaveOut(this, whyNotLinux())
    folder = mkdtempSync(join(tmpdir(), 'freshet-parts-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('are those of this machine, each of its kind', () => {
    for (const path of Object.values(nativeParts(root, here, undefined))) wantTarget(path, here)
  })

  it('are refused for another machine, with what to do', () => {
    const [other] = (['linux-x64', 'linux-arm64'] as const).filter((one) => one !== here)
    const { probe } = nativeParts(root, here, undefined)
    assert.throws(
      () => wantTarget(probe, other as Target),
      /probe is of another machine than the linux-\w+ executables want: on a machine of that kind run .*--native/,
    )
  })

  it('are refused when they are no such file, or none', () => {
    const text = join(folder, 'freshet.node')
    writeFileSync(text, 'not an ELF file, though as long as its header')
    assert.throws(() => wantTarget(text, here), /freshet\.node is of another machine/)
    writeFileSync(text, '')
    assert.throws(() => wantTarget(text, here), /freshet\.node is of another machine/)
    assert.throws(() => wantTarget(join(folder, 'probe'), here), /probe is not there/)
  })
})
