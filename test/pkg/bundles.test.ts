// The bundles as they are laid out for signing, with stand-ins for the programs; each fault of theirs is told.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readIdentity } from '../../scripts/identity.ts'
import { ARTIFACTS, MINIMUM_SYSTEM } from '../../scripts/mac/artifacts.ts'
import { bundleFaults, layBundles } from '../../scripts/mac/bundles.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const identity = readIdentity(root, 'AB12CD34EF')
const { app, filter, daemon } = identity
const EXTENSION =
  'Freshet.app/Contents/Library/SystemExtensions/org.freshet.app.filter.systemextension'

describe('the bundles for a Mac', () => {
  let out: string
  const programs = (appNames: string[], filterNames: string[]): Record<string, string> => {
    const program = (name: string, names: string[]): string => {
      writeFileSync(join(out, `${name}.bin`), `\0${names.join('\0')}\0`)
      return join(out, `${name}.bin`)
    }
    return {
      [app.executable]: program('app', appNames),
      [filter.executable]: program('filter', filterNames),
    }
  }
  const whole = () =>
    programs([app.id, filter.id], [filter.providerClass, `${identity.team}.${daemon.service}`])

  beforeEach(() => {
    out = mkdtempSync(join(tmpdir(), 'freshet-bundles-'))
  })
  afterEach(() => rmSync(out, { recursive: true }))

  it('are as they have to be, for the builder’s team', () => {
    assert.equal(layBundles(identity, whole(), out), join(out, 'Freshet.app'))
    assert.deepEqual(bundleFaults(identity, out), [])
    const info = readFileSync(join(out, EXTENSION, 'Contents/Info.plist'), 'utf8')
    assert.match(info, /<string>AB12CD34EF\.org\.freshet\.filter<\/string>/)
    assert.equal(readFileSync(join(out, 'Freshet.app/Contents/PkgInfo'), 'utf8'), 'APPL????')
    readFileSync(join(out, EXTENSION, 'Contents/MacOS', filter.executable))
  })

  it('are told of when a program is missing, or names another team or class', () => {
    layBundles(identity, whole(), out)
    rmSync(join(out, EXTENSION, 'Contents/MacOS'), { recursive: true })
    assert.deepEqual(bundleFaults(identity, out), [
      `${EXTENSION}/Contents/MacOS/org.freshet.app.filter: is not there`,
    ])
    const other = programs([app.id], ['FilterProvider', `TEAMID0000.${daemon.service}`])
    layBundles(identity, other, out)
    assert.deepEqual(bundleFaults(identity, out), [
      'Freshet.app/Contents/MacOS/Freshet: does not name org.freshet.app.filter',
      `${EXTENSION}/Contents/MacOS/org.freshet.app.filter: does not name FreshetFilterProvider`,
      `${EXTENSION}/Contents/MacOS/org.freshet.app.filter: does not name AB12CD34EF.org.freshet.daemon`,
    ])
  })

  it('are told of when a file in them says otherwise', () => {
    layBundles(identity, whole(), out)
    const info = join(out, 'Freshet.app/Contents/Info.plist')
    writeFileSync(info, readFileSync(info, 'utf8').replace('org.freshet.app', 'org.other.app'))
    rmSync(join(out, 'signing/entitlements.plist'))
    assert.deepEqual(bundleFaults(identity, out), ['entitlements.plist: is not there'])
    layBundles(identity, whole(), out)
    writeFileSync(info, readFileSync(info, 'utf8').replace('org.freshet.app', 'org.other.app'))
    assert.match(bundleFaults(identity, out).join(), /CFBundleIdentifier is "org\.other\.app"/)
  })

  it('hold the programs that are built, for the macOS that they say', () => {
    const names = ARTIFACTS.map(({ name }) => name)
    for (const { executable } of [app, filter]) assert.ok(names.includes(executable), executable)
    assert.equal(identity.minimumSystem, MINIMUM_SYSTEM)
  })
})
