// What set-up says of a Mac that lacks something, before it runs anything that opens a window there.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readIdentity } from '../../scripts/identity.ts'
import { layMenuBar } from '../../scripts/mac/bundles.ts'
import { cacheInstead, macLacks } from '../../scripts/setup-mac.mjs'
import { leaveOut, whyNotLinux } from '../left-out.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const TOOLS = '/Library/Developer/CommandLineTools'
type Said = { status: number | null; output: string; complaint: string }
const good = (output: string): Said => ({ status: 0, output, complaint: '' })
const bad = (status: number | null, complaint: string): Said => ({ status, output: '', complaint })

/** Of a Mac that has it all but for `change`, by the program's name. */
function lacks(change: Record<string, Said> = {}, isThere = true) {
  const asked: string[] = []
  const answers: Record<string, Said> = {
    sw_vers: good('13.5'),
    'xcode-select': good(TOOLS),
    xcrun: good(`${TOOLS}/SDKs/MacOSX.sdk`),
    ...change,
  }
  const sentence = macLacks({
    ask: (program) => {
      const name = program.slice(program.lastIndexOf('/') + 1)
      asked.push(name)
      return answers[name] ?? bad(null, '')
    },
    existsSync: () => isThere,
  })
  return { sentence, asked }
}

describe('set-up on a Mac', () => {
  it('goes on where all is there, on the oldest macOS and on newer ones', () => {
    for (const version of ['13.5', '13.5.2', '13.7', '14.0', '26.1'])
      assert.equal(lacks({ sw_vers: good(version) }).sentence, undefined, version)
  })

  it('names the macOS that is too old, and the oldest that is not', () => {
    for (const version of ['12.7.6', '13.4.1', '13.0'])
      assert.equal(
        lacks({ sw_vers: good(version) }).sentence,
        `macOS ${version} is too old: 13.5 or later is needed`,
      )
  })

  it("names Apple's command line tools, and asks no program that would open a window for them", () => {
    const none = bad(2, 'xcode-select: error: unable to get active developer directory, use ...')
    for (const answer of [none, good(''), bad(null, '')]) {
      const { sentence, asked } = lacks({ 'xcode-select': answer })
      assert.match(
        sentence ?? '',
        /^Apple's command line tools are missing: run `xcode-select --install`/,
      )
      assert.deepEqual(asked, ['sw_vers', 'xcode-select'])
    }
    assert.match(
      lacks({}, false).sentence ?? '',
      /CommandLineTools, which is not there: run `sudo xcode-select --reset`/,
    )
  })

  it('tells a licence that was not agreed to from an SDK that is not there', () => {
    const licence = bad(69, 'You have not agreed to the Xcode license agreements. Please run ...')
    assert.match(lacks({ xcrun: licence }).sentence ?? '', /`sudo xcodebuild -license accept`/)
    const missing = bad(1, 'xcrun: error: SDK "macosx" cannot be located')
    assert.match(
      lacks({ xcrun: missing }).sentence ?? '',
      /have no SDK of macOS: run `xcode-select --install`/,
    )
  })

  it('says the same oldest macOS as everything that is built', () => {
    const { minimumSystem } = readIdentity(root)
    assert.equal(lacks({ sw_vers: good(minimumSystem) }).sentence, undefined)
    assert.match(
      lacks({ sw_vers: good('1.0') }).sentence ?? '',
      new RegExp(`: ${minimumSystem} or`),
    )
  })

  it('ends with that sentence before it takes its lock or makes anything', function () {
    leaveOut(this, whyNotLinux())
    // A Mac without a single program of Apple's, which is what Linux is under that name.
    const pretend =
      "data:text/javascript,Object.defineProperty(process,'platform',{value:'darwin'})"
    const made = spawnSync(
      process.execPath,
      ['--import', pretend, join(root, 'scripts/setup.mjs')],
      { encoding: 'utf8' },
    )
    assert.equal(made.status, 1)
    assert.equal(
      made.stderr,
      "freshet: set-up: Apple's command line tools are missing: run `xcode-select --install`, go through the window that opens, then run this again\n",
    )
  })

  it("keeps root's npm out of a user's cache where sudo left HOME as it was", () => {
    const place = '/clone/.cache/npm'
    assert.equal(cacheInstead({ uid: 0, homeUid: 501, place }), place)
    assert.equal(cacheInstead({ uid: 0, homeUid: 0, place }), undefined)
    assert.equal(cacheInstead({ uid: 501, homeUid: 501, place }), undefined)
    assert.equal(cacheInstead({ uid: 0, homeUid: undefined, place }), undefined)
  })

  it('lays out the menu bar alone: no system extension, for which macOS wants a team', () => {
    const folder = mkdtempSync(join(tmpdir(), 'freshet-menu-bar-'))
    try {
      const program = join(folder, 'program')
      writeFileSync(program, 'a program', { mode: 0o755 })
      const identity = readIdentity(root)
      layMenuBar(identity, program, folder)
      const bundle = layMenuBar(identity, program, folder)
      const files = readdirSync(bundle, { recursive: true, encoding: 'utf8' })
      assert.deepEqual(files.filter((path) => statSync(join(bundle, path)).isFile()).sort(), [
        'Contents/Info.plist',
        'Contents/MacOS/Freshet',
        'Contents/PkgInfo',
      ])
      assert.equal(
        readFileSync(join(bundle, 'Contents/Info.plist'), 'utf8'),
        readFileSync(join(root, 'pkg/app/Info.plist'), 'utf8'),
      )
      assert.equal(statSync(join(bundle, 'Contents/MacOS/Freshet')).mode & 0o111, 0o111)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
