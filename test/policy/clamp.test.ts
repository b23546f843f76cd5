// What an agent takes of a policy that was sent: never what switches detection off without a word.
import assert from 'node:assert/strict'
import { makePolicy, type PolicyDocument } from '../../src/engine/policy.ts'
import { clampPolicy, POLICY_BYTES_MAX, withoutHoldingBack } from '../../src/policy/clamp.ts'
import { boundedExceptions } from '../../src/policy/exceptions.ts'
import { refused } from './documents.ts'

const clamp = (document: object) => clampPolicy(JSON.stringify(document), 3)

describe('of a policy that was sent', () => {
  it('a narrow one is taken whole, under the version that was signed', () => {
    const document = {
      includeLoopback: true,
      externalNetworks: ['0.0.0.0/0'],
      hostWhitelist: [
        '10.0.0.0/8',
        '2a00:2000::/19',
        'fd00::/8',
        'example.org',
        'b.s3.amazonaws.com',
      ],
      parentProcessCheck: [
        { parent: '/usr/sbin/cron', program: '/opt/backup/bin/*' },
        { parent: '/sbin/launchd', program: '/usr/bin/rsync' },
        { parent: '/Applications/Sync.app/*', program: '/usr/bin/*' },
      ],
      exceptions: [{ host: '203.0.113.0/24', until: '2026-12-24T18:00:00Z', bytesPerDayMax: 5 }],
    }
    assert.deepEqual(clamp(document), { document: { ...document, version: 3 }, clamped: [] })
  })
  for (const host of [
    '0.0.0.0/0',
    '0.0.0.0/7',
    '::/0',
    '::/1',
    '2000::/3',
    '2a00::/12',
    '::ffff:0.0.0.0/90',
    '::ffff:0.0.0.0/96',
    '::ffff:0:0/103',
    'fc00::/6',
    // All of IPv4 by another name: NAT64, compatible, 6to4, Teredo.
    '64:ff9b::/96',
    '64:ff9b::/40',
    '64:ff9b::/103',
    '64:ff9b:1::/48',
    '64:ff9b:1:2:3::/96',
    '::/96',
    '::/64',
    '2002::/23',
    '2001::/32',
    '2001:0:1:2::/64',
    'com',
    'co.uk',
    'CO.UK.',
    'internal',
    'github.io',
    'workers.dev',
    'S3.amazonaws.com',
    'blob.core.windows.net.',
    'cloudfront.net',
  ])
    it(`${host} as a host that is known is left out, and said`, () => {
      const { document, clamped } = clamp({ hostWhitelist: [host, '203.0.113.0/24'] })
      assert.deepEqual(document.hostWhitelist, ['203.0.113.0/24'])
      assert.equal(clamped.length, 1)
      assert.match(clamped[0] as string, /is left out/)
      const exceptions = [{ host, until: '2026-12-24T18:00:00Z', bytesPerDayMax: 5 }]
      assert.deepEqual(clamp({ exceptions }).document.exceptions, [])
      const byOnlineKey = exceptions.map((one) => ({ ...one, owner: 'Ana', reason: 'a move' }))
      const bounds = {
        ...{ v4PrefixMin: 1, v6PrefixMin: 1, domains: true, programs: true },
        ...{ bytesPerDayMax: 5, daysMax: 30, exceptionsMax: 5 },
      }
      const content = JSON.stringify({ exceptions: byOnlineKey })
      assert.deepEqual(boundedExceptions(content, bounds, 0).exceptions, [])
    })
  it('a network of IPv4 behind a translator is as wide as what it stands for', () => {
    const hostWhitelist = ['64:ff9b::203.0.113.0/120', '2002:cb00:7100::/40', '2001:db8::/32']
    assert.deepEqual(clamp({ hostWhitelist }).document.hostWhitelist, hostWhitelist)
    const bounds = {
      ...{ v4PrefixMin: 24, v6PrefixMin: 32, domains: false, programs: false },
      ...{ bytesPerDayMax: 5, daysMax: 30, exceptionsMax: 9 },
    }
    const exceptions = ['64:ff9b::203.0.113.0/120', '64:ff9b::203.0.0.0/112', '2002:cb00::/32'].map(
      (host) => ({
        ...{ host, until: '1970-01-02T00:00:00Z', bytesPerDayMax: 5, owner: 'Ana', reason: 'move' },
      }),
    )
    const bounded = boundedExceptions(JSON.stringify({ exceptions }), bounds, 0)
    assert.deepEqual(
      bounded.exceptions.map(({ host }) => host),
      ['64:ff9b::203.0.113.0/120'],
    )
    assert.equal(bounded.clamped.length, 2)
  })
  for (const [parent, program] of [
    ['/*', '/*'],
    ['/usr/sbin/cron', '/*'],
    ['/usr/sbin/cron', '/usr/*'],
    ['/sbin/launchd', '/opt/backup/*'],
    ['/*', '/opt/backup/*'],
    ['/usr/lib/systemd/systemd', '/opt/backup/bin*'],
    // Patterns that an ancestor of everything is among, and programs of half a name.
    ['/sbin/*', '/opt/backup/*'],
    ['/sbin/launchd*', '/opt/backup/*'],
    ['/s*', '/opt/backup/*'],
    ['/usr/lib/systemd/*', '/opt/backup/*'],
    ['/usr/sbin/cron', '/usr/b*'],
    ['/usr/sbin/cron', '/Users/a*'],
  ] as const)
    it(`${program} under ${parent} is left out, and said`, () => {
      const { document, clamped } = clamp({ parentProcessCheck: [{ parent, program }] })
      assert.deepEqual(document.parentProcessCheck, [])
      assert.equal(clamped.length, 1)
    })
  const ends = { until: '2026-12-24T18:00:00Z', bytesPerDayMax: 5 }
  for (const [what, naming] of Object.entries({
    'a team': { team: 'ABCDE12345' },
    'a hash': { hash: 'ab'.repeat(32) },
    'a team, to wherever it sends': { team: 'ABCDE12345', host: '0.0.0.0/0', port: 443 },
    'a narrow host and a port': { host: '203.0.113.0/24', port: 443, user: 'ana' },
    'a program alone': { program: '/opt/backup/bin/sync' },
    'a program, to wherever it sends': { program: '/opt/backup/bin/sync', host: '0.0.0.0/0' },
    'programs of a directory that are under a parent': {
      ...{ program: '/opt/backup/bin/*', parent: '/usr/sbin/cron', user: 'ana' },
    },
    'any program of a directory to a narrow host': { program: '/opt/*', host: '203.0.113.7' },
  }))
    it(`an exception by ${what} is taken`, () => {
      const document = { version: 3, exceptions: [{ ...naming, ...ends }] }
      assert.deepEqual(clamp(document).document.exceptions, document.exceptions)
      assert.deepEqual(clamp(document).clamped, [])
    })
  for (const [what, naming] of Object.entries({
    'a port': { port: 443 },
    'a user': { user: 'ana' },
    'a signer class': { signer: 'unsigned' },
    'a parent': { parent: '/usr/sbin/cron' },
    'a port, a user, a signer class and a parent': {
      ...{ port: 443, user: 0, signer: 'unsigned', parent: '/usr/sbin/cron' },
    },
    'a wide host and a port': { host: '0.0.0.0/0', port: 443 },
    'most programs there are': { program: '/usr/*', user: 'ana' },
    'programs of a directory, whoever runs them': { program: '/opt/backup/bin/*', user: 'ana' },
    'programs of a directory and a wide host': { program: '/opt/backup/bin/*', host: '::/0' },
  }))
    it(`an exception by ${what} alone is left out, and said`, () => {
      const { document, clamped } = clamp({ exceptions: [{ ...naming, ...ends }] })
      assert.deepEqual(document.exceptions, [])
      assert.match(clamped.join(), /is left out: /)
    })
  it('exceptions for a team take no room of the hosts that are left out for everybody', () => {
    const hosts = Array.from({ length: 40 }, (_, at) => `${at}.0.0.0/8`)
    const of = (more: object) => ({
      exceptions: hosts.map((host) => ({ host, ...more, ...ends })),
    })
    assert.deepEqual(clamp(of({ team: 'ABCDE12345' })).clamped, [])
    refused('too-wide', () => clamp(of({})))
    refused('too-wide', () => clamp(of({ port: 443 })))
  })
  it('what an editor is told of it is not carried', () => {
    const { document } = clamp({ $schema: 'https://example.org/policy.schema.json' })
    assert.equal('$schema' in document, false)
  })
  it('an expected application that this version does not know is left out, with what may be meant, and the others hold', () => {
    const { document, clamped } = clamp({ expectedApplications: ['dropbox', 'dropbx', 'of-later'] })
    assert.deepEqual(document.expectedApplications, ['dropbox'])
    assert.equal(clamped.length, 2)
    assert.match(
      clamped[0] ?? '',
      /^expectedApplications: “dropbx” is left out: .* dropbox meant\?/,
    )
    assert.match(
      clamped[1] ?? '',
      /^expectedApplications: “of-later” is left out: .*version has: `/,
    )
    for (const wrong of [[7], 'dropbox', [null]])
      refused('content', () => clamp({ expectedApplications: wrong }))
    const nothing = withoutHoldingBack({ expectedApplications: ['dropbox'] })
    assert.deepEqual(makePolicy(nothing).expectedApplications, [])
  })
  it('rows of expected applications that it has itself are left out, and said', () => {
    const row = { ...{ id: 'x', signingIds: ['x'], team: 'ABCDE12345' }, hosts: ['0.0.0.0/0'] }
    const { document, clamped } = clamp({ expectedRows: [{ ...row, bytesPerDayMax: 2 ** 50 }] })
    assert.equal('expectedRows' in document, false)
    assert.match(
      clamped.join(),
      /^expectedRows is left out: rows are those of the agent’s own list/,
    )
  })
  it('an online key accepts no expected application', () => {
    const bounds = {
      ...{ v4PrefixMin: 8, v6PrefixMin: 32, domains: true, programs: true },
      ...{ bytesPerDayMax: 1e15, daysMax: 30, exceptionsMax: 256 },
    }
    for (const more of [{ expectedApplications: ['dropbox'] }, { expectedRows: [] }])
      refused('content', () =>
        boundedExceptions(JSON.stringify({ exceptions: [], ...more }), bounds, 0),
      )
    assert.deepEqual(boundedExceptions('{"exceptions": []}', bounds, 0).exceptions, [])
  })
  it('a host that is known and an exception count together', () => {
    const some = Array.from({ length: 12 }, (_, first) => `${first}.0.0.0/8`)
    const more = Array.from({ length: 12 }, (_, first) => `${first + 20}.0.0.0/8`)
    const exceptions = more.map((host) => ({
      ...{ host, until: '2026-12-24T18:00:00Z', bytesPerDayMax: 5 },
    }))
    refused('too-wide', () => clamp({ hostWhitelist: some, exceptions }))
    assert.equal(clamp({ hostWhitelist: some }).clamped.length, 0)
  })
  it('exceptions of an online key are not everything together', () => {
    const bounds = {
      ...{ v4PrefixMin: 8, v6PrefixMin: 32, domains: true, programs: false },
      ...{ bytesPerDayMax: 1e9, daysMax: 30, exceptionsMax: 256 },
    }
    const one = { owner: 'Ada', reason: 'a test', until: '2026-12-24T18:00:00Z', bytesPerDayMax: 5 }
    const content = (count: number) =>
      JSON.stringify({
        exceptions: Array.from({ length: count }, (_, at) => ({ ...one, host: `${at}.0.0.0/8` })),
      })
    const madeAtMs = Date.parse('2026-12-01T00:00:00Z')
    refused('too-wide', () => boundedExceptions(content(256), bounds, madeAtMs))
    assert.equal(boundedExceptions(content(16), bounds, madeAtMs).exceptions.length, 16)
  })
  it('an online key names by programs where its delegation allows that, and by what it allows of hosts', () => {
    const bounds = {
      ...{ v4PrefixMin: 24, v6PrefixMin: 48, domains: false, programs: false },
      ...{ bytesPerDayMax: 5, daysMax: 30, exceptionsMax: 9 },
    }
    const takes = (naming: object, programs: boolean) => {
      const exceptions = [
        { ...naming, until: '1970-01-02T00:00:00Z', bytesPerDayMax: 5, owner: 'Ana', reason: 'x' },
      ]
      const content = JSON.stringify({ exceptions })
      return boundedExceptions(content, { ...bounds, programs }, 0).exceptions.length === 1
    }
    const team = { team: 'ABCDE12345' }
    const host = { host: '203.0.113.0/24' }
    for (const [naming, without, withPrograms] of [
      [team, false, true],
      [{ hash: 'ab'.repeat(20) }, false, true],
      [{ program: '/opt/backup/bin/sync' }, false, true],
      [{ ...team, host: 'example.org' }, false, true],
      [{ ...host, ...team, port: 443, user: 501 }, true, true],
      [{ ...host, signer: 'unsigned' }, true, true],
      [{ host: '203.0.0.0/16', port: 443 }, false, false],
      [{ port: 443, user: 501, signer: 'unsigned' }, false, false],
      [{ parent: '/usr/sbin/cron' }, false, false],
    ] as const) {
      assert.equal(takes(naming, false), without, JSON.stringify(naming))
      assert.equal(takes(naming, true), withPrograms, JSON.stringify(naming))
    }
  })
  it('process ids are left out: they mean nothing on another machine', () => {
    const { document, clamped } = clamp({ ownPids: [1, 2] })
    assert.deepEqual(document.ownPids, undefined)
    assert.match(clamped.join(), /ownPids/)
  })
  it('a budget beyond the bounds is the bound, and that is said', () => {
    for (const [asked, held] of [
      [0, 0.01],
      [1e-9, 0.01],
      [-3, 0.01],
      [1.5, 1],
      [1e300, 1],
    ] as const) {
      const { document, clamped } = clamp({ profile: 'quiet', budgetPerHostDay: asked })
      assert.equal(document.budgetPerHostDay, held)
      assert.deepEqual(clamped, [`budgetPerHostDay is ${held}, not ${asked}: it may be 0.01 to 1`])
    }
    const programs = clamp({ newProgramsPerDay: 1e9, budgetPerHostDay: 7 })
    assert.deepEqual([programs.document.newProgramsPerDay, programs.clamped.length], [20, 2])
    assert.match(programs.clamped.join(), /newProgramsPerDay is 20, not 1000000000: it may be 0 to/)
    for (const budgetPerHostDay of [0.01, 0.3, 1])
      assert.deepEqual(clamp({ budgetPerHostDay }).clamped, [])
    refused('content', () => clamp({ budgetPerHostDay: '0.1' }), /budgetPerHostDay: “0.1” is no/)
    refused('content', () => clamp({ profile: 'loud' }), /“loud” is none of balanced, quiet/)
    refused('content', () => clamp({ schema: 2 }), /schema: 2 is not 1/)
  })
  it('one whose time is over has no smaller budget than none, and a larger one still', () => {
    const budgetOf = (document: PolicyDocument) =>
      makePolicy(withoutHoldingBack(document)).budgetPerHostDay
    assert.equal(budgetOf({ profile: 'quiet' }), 0.1)
    assert.equal(budgetOf({ budgetPerHostDay: 0.02 }), 0.1)
    assert.equal(budgetOf({ profile: 'sensitive' }), 0.5)
    assert.equal(budgetOf({ profile: 'quiet', budgetPerHostDay: 0.9 }), 0.9)
    const newOf = (document: PolicyDocument) =>
      makePolicy(withoutHoldingBack(document)).newProgramsPerDay
    assert.equal(newOf({ profile: 'developer-workstation' }), 0.2)
    assert.equal(newOf({ newProgramsPerDay: 20 }), 0.2)
    assert.equal(newOf({ newProgramsPerDay: 0 }), 0)
  })
  it('many networks that are everything together refuse the whole', () => {
    const all = Array.from({ length: 256 }, (_, first) => `${first}.0.0.0/8`)
    refused('too-wide', () => clamp({ hostWhitelist: all }))
    refused('too-wide', () => clamp({ hostWhitelist: all.slice(0, 17) }))
    assert.equal(clamp({ hostWhitelist: all.slice(0, 16) }).clamped.length, 0)
    const wide = Array.from(
      { length: 200 },
      (_, at) => `2a${at.toString(16).padStart(2, '0')}::/19`,
    )
    refused('too-wide', () => clamp({ hostWhitelist: wide }))
  })
  it('a field that is not known, another version, no JSON, or too much of it refuse the whole', () => {
    refused('content', () => clamp({ hostWhiteList: [] }), /no field/)
    refused('content', () => clamp({ version: 2 }), /version 2, and it is signed as version 3/)
    assert.equal(clamp({ version: 3 }).document.version, 3)
    for (const text of ['', '[]', 'null', '{"a"']) refused('content', () => clampPolicy(text, 3))
    refused('too-large', () => clampPolicy(`{}${' '.repeat(POLICY_BYTES_MAX)}`, 3))
  })
})
