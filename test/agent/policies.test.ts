// Policies that were sent: what an agent takes, what it refuses with which code, and what it goes on with.
import assert from 'node:assert/strict'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPolicies, type Policies, type PoliciesOptions } from '../../src/agent/policies.ts'
import { POLICY_FILE } from '../../src/agent/policy-file.ts'
import type { PolicyDocument } from '../../src/engine/policy.ts'
import { makePolicy } from '../../src/engine/policy.ts'
import type { Bounds } from '../../src/policy/delegation.ts'
import { StateFileError } from '../../src/state-file.ts'
import type { DocumentKind, PolicyPayload } from '../../src/stream/policy-message.ts'
import type { UnixNs } from '../../src/units.ts'
import { daysOn, makeTestKey, NOW, signedBy, type TestKey } from '../policy/documents.ts'

const DEVICE = '01234567-89ab-4cde-8f01-23456789abcd'
const BOUNDS: Bounds = {
  ...{ v4PrefixMin: 24, v6PrefixMin: 48, domains: false, programs: true },
  ...{ bytesPerDayMax: 1_000_000, daysMax: 30, exceptionsMax: 2 },
}

describe('policies that were sent', () => {
  const root = makeTestKey()
  const online = makeTestKey()
  let directory: string
  let path: string
  let now: UnixNs
  let applied: PolicyDocument[]
  let told: string[]
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-policies-'))
    path = join(directory, POLICY_FILE)
    now = NOW
    applied = []
    told = []
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  const start = (change: Partial<PoliciesOptions> = {}): Policies => {
    applied = []
    return createPolicies({
      ...{ path, rootKey: root.public, own: { deviceId: DEVICE, group: 'office' } },
      ...{ agentVersion: '0.1.0', local: undefined, always: { ownPids: [7] }, now: () => now },
      apply: (document) => {
        makePolicy(document)
        applied.push(document)
      },
      tell: (text) => told.push(text),
      ...change,
    })
  }
  const inForce = () => applied.at(-1)
  const send = (policies: Policies, ...documents: Uint8Array[]) =>
    policies.take({ group: 'office', documents })
  const of = (policies: Policies, kind: DocumentKind = 'policy') =>
    policies.report().documents.find((one) => one.kind === kind)
  const policy = (version: number, host = '198.51.100.0/24', change: Partial<PolicyPayload> = {}) =>
    signedBy(root, { version, content: JSON.stringify({ hostWhitelist: [host] }), ...change })
  const delegation = (
    version = 1,
    key: TestKey = online,
    change: Partial<PolicyPayload> = {},
    bounds = {},
  ) =>
    signedBy(root, {
      ...{ kind: 'delegation', version, notAfter: daysOn(90) },
      content: JSON.stringify({ onlineKey: key.public, bounds: { ...BOUNDS, ...bounds } }),
      ...change,
    })
  const exception = (change: object = {}) => ({
    ...{ host: '203.0.113.0/24', until: '2026-09-25T00:00:00Z', bytesPerDayMax: 1000 },
    ...{ owner: 'Ana', reason: 'a move' },
    ...change,
  })
  const exceptions = (
    version: number,
    list: object[],
    change: Partial<PolicyPayload> = {},
    key = online,
  ) =>
    signedBy(key, {
      kind: 'exceptions',
      version,
      content: JSON.stringify({ exceptions: list }),
      ...change,
    })

  it('are taken, kept for their owner alone, and hold after a restart without a collector', () => {
    const first = start()
    assert.equal(first.report().source, 'built-in')
    assert.equal(first.status(), undefined)
    send(first, policy(3))
    assert.deepEqual(inForce()?.hostWhitelist, ['198.51.100.0/24'])
    assert.deepEqual([inForce()?.version, inForce()?.ownPids], [3, [7]])
    assert.deepEqual(of(first), {
      ...{ kind: 'policy', version: 3, receivedVersion: 3, state: 'applied', code: '', text: '' },
      ...{ clamped: 0, at: NOW },
    })
    assert.equal(lstatSync(path).mode & 0o777, 0o600)
    const again = start()
    assert.deepEqual(inForce()?.hostWhitelist, ['198.51.100.0/24'])
    assert.equal(again.report().source, 'pushed')
    assert.equal(of(again)?.state, 'applied')
  })
  it('are refused when replayed, also after a restart; the last good one goes on', () => {
    send(start(), policy(3), policy(5, '192.0.2.0/24'))
    const again = start()
    send(again, policy(3))
    assert.equal(of(again)?.code, 'version-old')
    assert.deepEqual([of(again)?.version, of(again)?.receivedVersion], [5, 3])
    send(again, policy(5, '203.0.113.0/24'))
    assert.equal(of(again)?.code, 'version-reused')
    assert.deepEqual(inForce()?.hostWhitelist, ['192.0.2.0/24'])
    send(again, policy(5, '192.0.2.0/24'))
    assert.equal(of(again)?.state, 'applied')
    assert.equal(applied.length, 1)
  })
  for (const [code, sent] of [
    [
      'signature',
      () => {
        const bytes = policy(3).slice()
        const at = Buffer.from(bytes).indexOf('198')
        bytes[at] = 0x32
        return bytes
      },
    ],
    ['key-unknown', () => signedBy(online, { version: 3 })],
    ['other-target', () => policy(3, undefined, { target: { group: 'lab' } })],
    ['other-target', () => policy(3, undefined, { target: { device: DEVICE.replace('0', '1') } })],
    ['expired', () => policy(3, undefined, { notAfter: daysOn(-1) })],
    ['early', () => policy(3, undefined, { madeAt: daysOn(2) })],
    ['agent-old', () => policy(3, undefined, { leastAgent: '0.2.0' })],
    ['too-large', () => new Uint8Array(200_000)],
    ['too-large', () => policy(3, undefined, { content: `{}${' '.repeat(49_152)}` })],
    ['malformed', () => Buffer.from('nonsense')],
    ['content', () => policy(3, undefined, { content: '{"hostWhiteList":[]}' })],
    [
      'too-wide',
      () =>
        policy(3, undefined, {
          content: JSON.stringify({
            hostWhitelist: Array.from({ length: 64 }, (_, at) => `${at}.0.0.0/8`),
          }),
        }),
    ],
    ['delegation-missing', () => exceptions(3, [exception()])],
  ] as const)
    it(`are refused with ${code}, said, and leave what was in force`, () => {
      const policies = start()
      send(policies, policy(2))
      const before = readFileSync(path)
      told = []
      send(policies, sent())
      const [report] = policies.report().documents.filter(({ state }) => state === 'failed')
      assert.equal(report?.code, code, JSON.stringify(report?.text))
      assert.ok((report?.text.length ?? 0) > 20)
      assert.equal(told.length, 1, told.join('\n'))
      assert.match(told[0] as string, new RegExp(`was refused \\(${code}\\)`))
      assert.deepEqual(readFileSync(path), before)
      assert.equal(inForce()?.version, 2)
      send(policies, sent())
      assert.equal(told.length, 1, 'what is refused again is said once')
    })
  it('are told as refused at most once a minute, however many wrong ones come; the report has the last', () => {
    const policies = start()
    for (let version = 1; version <= 50; version++)
      send(policies, policy(version, undefined, { target: { group: 'lab' } }))
    assert.equal(told.length, 1)
    assert.equal(of(policies)?.receivedVersion, 50)
    now = daysOn(1)
    send(policies, policy(51, undefined, { target: { group: 'lab' } }))
    assert.equal(told.length, 2)
  })
  it('are taken by no agent without a root key, which says so', () => {
    const policies = start({ rootKey: undefined })
    send(policies, policy(3))
    assert.deepEqual([policies.report().keyId, of(policies)?.code], ['', 'no-key'])
    assert.deepEqual(inForce(), { ownPids: [7] })
  })
  it('clamped: what would switch detection off is left out, counted and said', () => {
    const policies = start()
    send(policies, policy(3, '0.0.0.0/0'))
    assert.deepEqual(inForce()?.hostWhitelist, [])
    assert.deepEqual([of(policies)?.state, of(policies)?.clamped], ['applied', 1])
    assert.match(of(policies)?.text ?? '', /0\.0\.0\.0\/0/)
    assert.match(told.join(), /not all of it/)
  })
  it('give way to a file of the command line, and are kept for when there is none', () => {
    const policies = start({ local: { hostWhitelist: ['0.0.0.0/0'] } })
    send(policies, policy(3))
    assert.deepEqual(inForce()?.hostWhitelist, ['0.0.0.0/0'])
    assert.deepEqual([policies.report().source, of(policies)?.version], ['local', 3])
    assert.deepEqual(policies.status(), { source: 'local', version: 0, refused: [] })
    start()
    assert.equal(inForce()?.version, 3)
  })
  it('whose time ends hold back nothing any more, and the rest of them goes on', () => {
    const policies = start()
    const content = '{"hostWhitelist":["198.51.100.0/24"],"externalNetworks":["10.0.0.0/8"]}'
    send(policies, policy(3, undefined, { content, notAfter: daysOn(1) }))
    now = daysOn(1)
    policies.pass()
    assert.deepEqual([inForce()?.hostWhitelist, inForce()?.externalNetworks], [[], ['10.0.0.0/8']])
    assert.deepEqual([of(policies)?.state, of(policies)?.code], ['expired', 'expired'])
    assert.match(told.at(-1) as string, /time of policy 3 is over/)
    assert.equal(policies.status()?.version, 3)
    assert.match(policies.status()?.refused.join() ?? '', /^policy 3 does not hold: its time was/)
    const again = start()
    assert.deepEqual([inForce()?.hostWhitelist, of(again)?.state], [[], 'expired'])
  })
  it('hold again, and are told so, where the clock that ended them was wrong', () => {
    const policies = start()
    send(policies, policy(3, undefined, { notAfter: daysOn(1) }))
    now = daysOn(2)
    policies.pass()
    assert.equal(of(policies)?.state, 'expired')
    now = NOW
    policies.pass()
    assert.deepEqual([of(policies)?.state, of(policies)?.code], ['applied', ''])
    assert.notDeepEqual(inForce()?.hostWhitelist, [])
    assert.match(told.at(-1) as string, /policy 3 is not over by the clock as it was set/)
  })
  it('that a wrong clock refuses are tried again by themselves once it is put right', () => {
    for (const [code, wrong, change] of [
      ['early', daysOn(-2), {}],
      ['expired', daysOn(2), { notAfter: daysOn(1) }],
    ] as const) {
      rmSync(path, { force: true })
      const policies = start()
      now = wrong
      const made = delegation(1, online, change)
      send(policies, policy(3, undefined, change), made, exceptions(1, [exception()], change))
      for (const kind of ['policy', 'delegation'] as const)
        assert.equal(of(policies, kind)?.code, code)
      assert.equal(of(policies, 'exceptions')?.code, 'delegation-missing')
      now = NOW
      policies.pass()
      for (const kind of ['policy', 'delegation', 'exceptions'] as const)
        assert.equal(of(policies, kind)?.state, 'applied', `${code} ${kind}`)
      assert.deepEqual([inForce()?.version, inForce()?.exceptions?.length], [3, 1])
    }
  })
  it('that were refused by a clock that was ahead are told of when it was put back', () => {
    const policies = start()
    const refusedNow = (version: number) => {
      told = []
      send(policies, policy(version, undefined, { target: { group: 'lab' } }))
      return told.length
    }
    now = daysOn(400)
    assert.equal(refusedNow(1), 1)
    now = NOW
    assert.equal(refusedNow(2), 1)
    assert.equal(refusedNow(3), 0)
  })
  it('follow the group that the collector says, over a restart', () => {
    const policies = start()
    policies.take({ group: 'lab', documents: [policy(3, undefined, { target: { group: 'lab' } })] })
    assert.deepEqual([of(policies)?.state, policies.report().group], ['applied', 'lab'])
    assert.equal(start().report().group, 'lab')
  })
  it('that the disk does not take are not taken, and tried again by itself', () => {
    const policies = start()
    // A directory is in the place of the file that is written first.
    mkdirSync(`${path}.new`)
    writeFileSync(join(`${path}.new`, 'x'), '')
    send(policies, policy(3))
    assert.deepEqual([of(policies)?.code, of(policies)?.version], ['not-kept', 0])
    assert.deepEqual(inForce(), { ownPids: [7] })
    rmSync(`${path}.new`, { recursive: true })
    policies.pass()
    assert.equal(of(policies)?.code, 'not-kept', 'not at once')
    now = daysOn(1)
    policies.pass()
    assert.deepEqual([of(policies)?.state, inForce()?.version], ['applied', 3])
  })
  it('are on the disk before they hold: a crash between the two loses nothing', () => {
    const crashed = start({
      apply(document) {
        if (document.version !== undefined) throw new Error('killed here')
      },
    })
    assert.throws(() => send(crashed, policy(3)), /killed here/)
    start()
    assert.equal(inForce()?.version, 3)
  })
  it('another root key has signed count no more, nor their versions', () => {
    send(start(), policy(9))
    const policies = start({ rootKey: online.public })
    assert.deepEqual(inForce(), { ownPids: [7] })
    assert.match(told.at(-1) as string, /the root key is another/)
    send(policies, signedBy(online, { version: 1 }))
    assert.equal(of(policies)?.state, 'applied')
  })
  it('kept in a file that is damaged are taken anew; a link in its place is refused', () => {
    writeFileSync(path, '{"keyId":3}')
    const policies = start()
    assert.match(told.join(), /cannot be read/)
    send(policies, policy(1))
    assert.equal(of(policies)?.state, 'applied')
    rmSync(path)
    symlinkSync('/etc/passwd', path)
    assert.throws(() => start(), StateFileError)
  })
  it('kept and changed on the disk do not hold: they are verified at each start', () => {
    send(start(), policy(3))
    const kept = JSON.parse(readFileSync(path, 'utf8'))
    const signed = Buffer.from(kept.documents.policy.signed, 'base64')
    signed[signed.indexOf('198')] = 0x32
    kept.documents.policy.signed = signed.toString('base64')
    writeFileSync(path, JSON.stringify(kept))
    const policies = start()
    assert.equal(of(policies)?.code, 'signature')
    assert.deepEqual(inForce(), { ownPids: [7] })
  })

  describe('with a delegation', () => {
    it('exceptions of the online key are added to the policy, over a restart', () => {
      const policies = start()
      send(policies, policy(3), delegation(), exceptions(1, [exception()]))
      const expected = [
        { host: '203.0.113.0/24', until: '2026-09-25T00:00:00Z', bytesPerDayMax: 1000 },
      ]
      assert.deepEqual([inForce()?.exceptions, inForce()?.version], [expected, 3])
      assert.equal(of(policies, 'exceptions')?.state, 'applied')
      start()
      assert.deepEqual(inForce()?.exceptions, expected)
      send(policies, exceptions(2, []))
      assert.deepEqual(inForce()?.exceptions, [])
    })
    it('what is beyond its bounds is left out or narrowed, and counted', () => {
      const policies = start()
      const program = { host: undefined, parent: '/usr/sbin/cron', program: '/opt/x/bin/*' }
      send(
        policies,
        delegation(),
        exceptions(1, [
          exception({ host: '203.0.0.0/16' }),
          exception({ host: 'example.org' }),
          exception({ host: '2001:db8::/32' }),
          exception({ until: '2027-09-25T00:00:00Z', bytesPerDayMax: 5_000_000 }),
          exception(program),
          exception({ host: '192.0.2.1' }),
        ]),
      )
      const until = new Date(Number(NOW / 1_000_000n) + 30 * 86_400_000).toISOString()
      assert.deepEqual(inForce()?.exceptions, [
        { host: '203.0.113.0/24', until: until.replace('.000Z', 'Z'), bytesPerDayMax: 1_000_000 },
        {
          ...{ parent: '/usr/sbin/cron', program: '/opt/x/bin/*' },
          until: '2026-09-25T00:00:00Z',
          bytesPerDayMax: 1000,
        },
      ])
      assert.equal(of(policies, 'exceptions')?.clamped, 6)
    })
    it('one made by a clock that is ahead lasts no longer for it, over a restart', () => {
      const policies = start()
      const sent = exceptions(1, [exception({ until: '2027-09-25T00:00:00Z' })], {
        madeAt: daysOn(1),
      })
      send(policies, delegation(), sent)
      const until = new Date(Number(daysOn(30) / 1_000_000n)).toISOString().replace('.000Z', 'Z')
      assert.equal(inForce()?.exceptions?.[0]?.until, until)
      now = daysOn(0.9)
      start()
      assert.equal(inForce()?.exceptions?.[0]?.until, until)
    })
    it('what is narrow by itself and too wide beside the policy holds only while there is room', () => {
      const blocks = (from: number, count: number) =>
        Array.from({ length: count }, (_, at) => `${from + at}.0.0.0/8`)
      const wide = (version: number, count: number) =>
        policy(version, '', { content: JSON.stringify({ hostWhitelist: blocks(20, count) }) })
      const policies = start()
      const list = blocks(50, 2).map((host) => exception({ host }))
      send(policies, wide(3, 15), delegation(1, online, {}, { v4PrefixMin: 8 }))
      send(policies, exceptions(1, list))
      assert.deepEqual([inForce()?.hostWhitelist?.length, inForce()?.exceptions], [15, []])
      assert.equal(of(policies, 'exceptions')?.code, 'too-wide')
      assert.match(told.at(-1) ?? '', /the policy and these exceptions are so many/)
      send(policies, wide(4, 14))
      assert.deepEqual([inForce()?.hostWhitelist?.length, inForce()?.exceptions?.length], [14, 2])
      assert.equal(of(policies, 'exceptions')?.state, 'applied')
      assert.equal(of(start(), 'exceptions')?.state, 'applied')
    })
    it('one that is over by a wrong clock at the start holds again once that is put right', () => {
      send(
        start(),
        delegation(1, online, { notAfter: daysOn(1) }),
        exceptions(1, [exception()], { notAfter: daysOn(9) }),
      )
      now = daysOn(2)
      const policies = start()
      assert.equal(of(policies, 'exceptions')?.state, 'expired')
      assert.deepEqual(inForce()?.exceptions, undefined)
      now = NOW
      policies.pass()
      assert.equal(inForce()?.exceptions?.length, 1)
      assert.equal(of(policies, 'exceptions')?.state, 'applied')
    })
    it('the online key signs no policy and no delegation', () => {
      for (const kind of ['policy', 'delegation'] as const) {
        const policies = start()
        send(policies, delegation(), signedBy(online, { kind, version: 9 }))
        assert.equal(of(policies, kind)?.code, 'kind-not-allowed')
      }
    })
    it('one of more than 30 days, or of unbounded volume, is refused', () => {
      for (const bounds of [
        { daysMax: 31 },
        { bytesPerDayMax: 2 ** 53 },
        { exceptionsMax: 0 },
        { domains: 1 },
      ]) {
        const policies = start()
        send(policies, delegation(1, online, {}, bounds))
        assert.equal(of(policies, 'delegation')?.code, 'delegation-bounds')
      }
    })
    it('one that has ended holds its exceptions no more, and takes none', () => {
      const policies = start()
      send(policies, delegation(1, online, { notAfter: daysOn(1) }), exceptions(1, [exception()]))
      now = daysOn(1)
      policies.pass()
      assert.equal(inForce()?.exceptions, undefined)
      assert.equal(of(policies, 'delegation')?.state, 'expired')
      send(policies, exceptions(2, [exception()]))
      assert.equal(of(policies, 'exceptions')?.code, 'delegation-missing')
    })
    it('another one takes the word from the key before it', () => {
      const policies = start()
      const other = makeTestKey()
      send(policies, delegation(), exceptions(8, [exception()]), delegation(2, other))
      assert.equal(inForce()?.exceptions, undefined)
      send(policies, exceptions(9, [exception()]))
      assert.equal(of(policies, 'exceptions')?.code, 'key-unknown')
      send(policies, exceptions(1, [exception()], {}, other))
      assert.equal(inForce()?.exceptions?.length, 1)
    })
    it('exceptions without who stands for them, or with a field that is not known, are refused whole', () => {
      for (const change of [
        { owner: '' },
        { reason: undefined },
        { until: 'soon' },
        { untli: 'x' },
      ]) {
        const policies = start()
        send(policies, delegation(), exceptions(1, [exception(), exception(change)]))
        assert.equal(of(policies, 'exceptions')?.code, 'content')
        assert.equal(inForce()?.exceptions, undefined)
      }
    })
    it('standings are verified, kept and given on', () => {
      const standings = [{ identity: 'unsigned:sha256:aa', standing: 'approved' }]
      const sent = (list: object[]) =>
        exceptions(list === standings ? 1 : 2, [], { content: JSON.stringify({ standings: list }) })
      send(start(), delegation(), sent(standings))
      const policies = start()
      assert.deepEqual(policies.standings(), standings)
      send(policies, sent([{ identity: 'x', standing: 'liked' }]))
      assert.equal(of(policies, 'exceptions')?.code, 'content')
    })
    it('exceptions for which a policy leaves no room are left out, and that is said', () => {
      const policies = start()
      const long = `/opt/${'x'.repeat(700)}/y`
      const rules = Array.from({ length: 60 }, (_, at) => ({
        parent: '/a/b',
        program: `${long}${at}`,
      }))
      const many = Array.from({ length: 256 }, (_, at) =>
        exception({
          host: undefined,
          parent: '/usr/sbin/cron',
          program: `/opt/${at}/${'y'.repeat(60)}`,
        }),
      )
      send(policies, delegation(1, online, {}, { exceptionsMax: 256 }), exceptions(1, many))
      assert.equal(inForce()?.exceptions?.length, 256)
      send(
        policies,
        signedBy(root, { version: 4, content: JSON.stringify({ parentProcessCheck: rules }) }),
      )
      assert.deepEqual(
        [inForce()?.parentProcessCheck?.length, inForce()?.exceptions?.length],
        [60, 0],
      )
      assert.equal(of(policies, 'exceptions')?.code, 'too-large')
    })
  })
})
