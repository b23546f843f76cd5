// pkg/identity.json and everything made from it agree; one wrong value in any file is found.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  IDENTITY_FILES as AT,
  type Identity,
  identityFiles,
  readIdentity,
} from '../../scripts/identity.ts'
import { identityFaults } from '../../scripts/identity-check.ts'
import { type PlistValue, readPlist, writePlist } from '../../scripts/plist.ts'
import { platformState } from '../../src/hint.ts'
import { STATUS_SOCKET } from '../../src/status/asking.ts'
import { settingsUrl } from '../../src/status/settings.ts'
import { VERSION } from '../../src/version.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const committed = (path: string): string => readFileSync(`${root}${path}`, 'utf8')
const identity = readIdentity(root)

/** Faults when `text` stands in place of the committed file at `path`. */
const faultsWith = (path: string, text: string | undefined): string[] =>
  identityFaults(identity, VERSION, (asked) => (asked === path ? text : committed(asked)))

describe('who Freshet is to macOS', () => {
  it('is said alike by every committed file', () => {
    assert.deepEqual(identityFaults(identity, VERSION, committed), [])
  })

  it('is said alike for a builder’s own team, and nothing is left of the placeholder', () => {
    const own = readIdentity(root, 'AB12CD34EF')
    const files = identityFiles(own, '1.2.3')
    assert.deepEqual(
      identityFaults(own, '1.2.3', (path) => files.get(path)),
      [],
    )
    for (const [path, text] of files) assert.ok(!text.includes(identity.team), path)
  })

  it('refuses a team that is none', () => {
    for (const team of ['', 'abcdefghij', 'ABCDE1234', 'ABCDE12345"', '../../../..'])
      assert.throws(() => readIdentity(root, team), /is no team: ten capital letters/)
  })

  // Every value that macOS compares: each string and flag of each file is changed in turn. What may
  // be said otherwise is named here, with the reason.
  const free = new Set([
    'CFBundleDevelopmentRegion',
    'CFBundleDisplayName', // for people
    'CFBundleName',
    'CFBundleInfoDictionaryVersion', // Apple's constant
    'CFBundleSupportedPlatforms',
    'NSPrincipalClass',
    'NSSystemExtensionUsageDescription', // for people; that it is not empty is tested below
    'KeepAlive', // how launchd treats its end
    'SuccessfulExit',
    'RunAtLoad',
    'ThrottleInterval',
    'LimitLoadToSessionType',
    'ProcessType',
  ])
  for (const path of Object.values(AT).filter((one) => one !== AT.header))
    it(`is found wrong in ${path} when any value of it is`, () => {
      let changed = 0
      const whole = readPlist(committed(path))
      for (const [key, text] of eachChanged(whole, (value) => writePlist(value as typeof whole))) {
        if (free.has(key)) continue
        changed++
        const faults = faultsWith(path, text)
        assert.notDeepEqual(faults, [], `${key} changed and nobody noticed:\n${text}`)
        assert.ok(
          faults.every((fault) => fault.startsWith(`${path}: `)),
          faults.join('\n'),
        )
      }
      assert.ok(changed >= 4, `${changed} values`)
    })

  it('is found wrong in the native constants', () => {
    const text = committed(AT.header)
    for (const [was, is, told] of [
      ['FRESHET_TEAM ".org.freshet.daemon"', '".org.freshet.daemon"', /kDaemonService is/],
      ['"org.freshet.app.filter"', '"org.freshet.app.filters"', /kFilterId is/],
      [`"${identity.team}"`, '"TEAMID0001"', /kTeamId is "TEAMID0001"/],
      ['kAppGroup', 'kGroup', /kAppGroup is ""/],
    ] as const) {
      assert.ok(text.includes(was), was)
      assert.match(faultsWith(AT.header, text.replace(was, is)).join('\n'), told)
    }
  })

  it('is found wrong when a file is missing, broken, empty of purpose or says too much', () => {
    assert.deepEqual(faultsWith(AT.appInfo, undefined), ['pkg/app/Info.plist: is not there'])
    assert.match(faultsWith(AT.appInfo, '{}').join(), /Info\.plist: line 1: not the head/)
    const filter = committed(AT.filterInfo)
    const silent = filter.replace(/<string>Freshet counts[^<]*/, '<string>')
    assert.match(faultsWith(AT.filterInfo, silent).join(), /has to say what it is for/)
    const daemon = committed(AT.daemonEntitlements)
    const wide = daemon.replace(
      '<dict>\n',
      '<dict>\n\t<key>com.apple.security.cs.disable-library-validation</key>\n\t<true/>\n',
    )
    assert.match(
      faultsWith(AT.daemonEntitlements, wide).join(),
      /disable-library-validation, which/,
    )
    const launch = committed(AT.daemonLaunch).replace(
      '<dict>\n',
      '<dict>\n\t<key>EnvironmentVariables</key>\n\t<dict>\n\t</dict>\n',
    )
    assert.match(faultsWith(AT.daemonLaunch, launch).join(), /would steer Node/)
  })

  it('is found wrong in the identity file itself', () => {
    const told = (change: Partial<Identity>): string => {
      const wrong = { ...identity, ...change }
      const files = identityFiles(wrong, VERSION)
      return identityFaults(wrong, VERSION, (path) => files.get(path)).join('\n')
    }
    assert.match(told({ group: 'org.other' }), /org\.freshet\.filter is not under the group/)
    assert.match(
      told({ filter: { ...identity.filter, service: identity.daemon.service } }),
      /filter and daemon have one service/,
    )
    assert.match(
      told({ filter: { ...identity.filter, id: 'org.freshet.filter' } }),
      /does not begin with its app/,
    )
  })
})

describe('what the menu bar app says over again', () => {
  const app = (name: string) => committed(`native/mac/app/${name}`)

  it('is where TypeScript says the settings are', () => {
    const addresses = app('notifier.mm').match(/x-apple\.systempreferences:com[^"]+/g)
    assert.deepEqual(addresses, [
      settingsUrl('network-extension', '15.0'),
      settingsUrl('network-extension', '14.6'),
    ])
  })

  it('is where the daemon has its state', () => {
    const [, path] = /state = @"(\/[^"]+)"/.exec(app('app_delegate.mm')) ?? []
    assert.equal(path, platformState('darwin', 0))
    assert.ok(app('app_delegate.mm').includes(`@"${STATUS_SOCKET}"`))
  })
})

/** `whole` with one string, number or flag changed or one key left out, each in turn, with its key. */
function* eachChanged(
  whole: PlistValue,
  write: (value: PlistValue) => string,
  key = '',
): Generator<[string, string]> {
  if (Array.isArray(whole)) {
    for (const [index, one] of whole.entries())
      yield* eachChanged(one, (value) => write(whole.with(index, value)), key)
    yield [key, write([...whole, 'another'])]
  } else if (typeof whole === 'object') {
    for (const [name, one] of Object.entries(whole)) {
      const { [name]: _, ...rest } = whole
      yield [name, write(rest)]
      yield* eachChanged(one, (value) => write({ ...whole, [name]: value }), name)
    }
  } else if (typeof whole === 'boolean') yield [key, write(!whole)]
  else if (typeof whole === 'number') yield [key, write(whole + 1)]
  else yield [key, write(`${whole}x`)]
}
