// Policies that were sent: what an agent takes, what it refuses with which code, and what it goes on with.
import assert from 'node:assert/strict'
import { lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StateFileError } from '../../src/state-file.ts'
import { daysOn, NOW, signedBy } from '../policy/documents.ts'
import { DEVICE, sentPolicies } from './policies-fixture.ts'

describe('policies that were sent', () => {
  const sent = sentPolicies()
  const { online, world, start, inForce, send, of } = sent
  const { policy, delegation, exception, exceptions } = sent

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
    assert.equal(lstatSync(world.path).mode & 0o777, 0o600)
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
    assert.equal(world.applied.length, 1)
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
      const before = readFileSync(world.path)
      world.told = []
      send(policies, sent())
      const [report] = policies.report().documents.filter(({ state }) => state === 'failed')
      assert.equal(report?.code, code, JSON.stringify(report?.text))
      assert.ok((report?.text.length ?? 0) > 20)
      assert.equal(world.told.length, 1, world.told.join('\n'))
      assert.match(world.told[0] as string, new RegExp(`was refused \\(${code}\\)`))
      assert.deepEqual(readFileSync(world.path), before)
      assert.equal(inForce()?.version, 2)
      send(policies, sent())
      assert.equal(world.told.length, 1, 'what is refused again is said once')
    })
  it('are refused with too-large where the message they came in could not be read, until another comes', () => {
    const policies = start()
    send(policies, policy(2))
    world.told = []
    for (let times = 0; times < 3; times++) policies.refuseLarge()
    const { state, code, version, receivedVersion, text } = of(policies) ?? {}
    assert.deepEqual([state, code, version, receivedVersion], ['failed', 'too-large', 2, 0])
    assert.match(text ?? '', /more than 524288 bytes/)
    assert.equal(world.told.length, 1)
    assert.match(world.told[0] ?? '', /was refused \(too-large\)/)
    assert.match(policies.status()?.refused.join() ?? '', /policy does not hold: .*524288/)
    assert.equal(inForce()?.version, 2)
    send(policies, policy(2))
    assert.equal(of(policies)?.state, 'applied')
    const keyless = start({ rootKey: undefined })
    keyless.refuseLarge()
    assert.equal(of(keyless)?.code, 'no-key')
  })
  it('are told as refused at most once a minute, however many wrong ones come; the report has the last', () => {
    const policies = start()
    for (let version = 1; version <= 50; version++)
      send(policies, policy(version, undefined, { target: { group: 'lab' } }))
    assert.equal(world.told.length, 1)
    assert.equal(of(policies)?.receivedVersion, 50)
    world.now = daysOn(1)
    send(policies, policy(51, undefined, { target: { group: 'lab' } }))
    assert.equal(world.told.length, 2)
  })
  it('are taken by no agent without a root key, which says so', () => {
    const policies = start({ rootKey: undefined })
    send(policies, policy(3))
    assert.deepEqual([policies.report().keyId, of(policies)?.code], ['', 'no-key'])
    send(policies, policy(3), delegation(1), exceptions(1, [exception()]))
    const why = 'this agent was given no root key: it takes nothing that is sent'
    // What is the same of several is said once.
    assert.deepEqual(world.told, [
      `policy 3 was refused (no-key): ${why}`,
      `delegation 1 and exceptions 1 were refused (no-key): ${why}`,
    ])
    assert.deepEqual(policies.status()?.refused, [
      `policy 3, delegation 1 and exceptions 1 do not hold: ${why}`,
    ])
    // What is in force is none that the collector sent.
    assert.equal(policies.status()?.source, 'built-in')
    assert.deepEqual(inForce(), { ownPids: [7] })
  })
  it('clamped: what would switch detection off is left out, counted and said', () => {
    const policies = start()
    send(policies, policy(3, '0.0.0.0/0'))
    assert.deepEqual(inForce()?.hostWhitelist, [])
    assert.deepEqual([of(policies)?.state, of(policies)?.clamped], ['applied', 1])
    assert.match(of(policies)?.text ?? '', /0\.0\.0\.0\/0/)
    assert.match(world.told.join(), /not all of it/)
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
    world.now = daysOn(1)
    policies.pass()
    assert.deepEqual([inForce()?.hostWhitelist, inForce()?.externalNetworks], [[], ['10.0.0.0/8']])
    assert.deepEqual([of(policies)?.state, of(policies)?.code], ['expired', 'expired'])
    assert.match(world.told.at(-1) as string, /time of policy 3 is over/)
    assert.equal(policies.status()?.version, 3)
    assert.match(policies.status()?.refused.join() ?? '', /^policy 3 does not hold: its time was/)
    const again = start()
    assert.deepEqual([inForce()?.hostWhitelist, of(again)?.state], [[], 'expired'])
  })
  it('hold again, and are told so, where the clock that ended them was wrong', () => {
    const policies = start()
    send(policies, policy(3, undefined, { notAfter: daysOn(1) }))
    world.now = daysOn(2)
    policies.pass()
    assert.equal(of(policies)?.state, 'expired')
    world.now = NOW
    policies.pass()
    assert.deepEqual([of(policies)?.state, of(policies)?.code], ['applied', ''])
    assert.notDeepEqual(inForce()?.hostWhitelist, [])
    assert.match(world.told.at(-1) as string, /policy 3 is not over by the clock as it was set/)
  })
  it('that a wrong clock refuses are tried again by themselves once it is put right', () => {
    for (const [code, wrong, change] of [
      ['early', daysOn(-2), {}],
      ['expired', daysOn(2), { notAfter: daysOn(1) }],
    ] as const) {
      rmSync(world.path, { force: true })
      const policies = start()
      world.now = wrong
      const made = delegation(1, online, change)
      send(policies, policy(3, undefined, change), made, exceptions(1, [exception()], change))
      for (const kind of ['policy', 'delegation'] as const)
        assert.equal(of(policies, kind)?.code, code)
      assert.equal(of(policies, 'exceptions')?.code, 'delegation-missing')
      world.now = NOW
      policies.pass()
      for (const kind of ['policy', 'delegation', 'exceptions'] as const)
        assert.equal(of(policies, kind)?.state, 'applied', `${code} ${kind}`)
      assert.deepEqual([inForce()?.version, inForce()?.exceptions?.length], [3, 1])
    }
  })
  it('that were refused by a clock that was ahead are told of when it was put back', () => {
    const policies = start()
    const refusedNow = (version: number) => {
      world.told = []
      send(policies, policy(version, undefined, { target: { group: 'lab' } }))
      return world.told.length
    }
    world.now = daysOn(400)
    assert.equal(refusedNow(1), 1)
    world.now = NOW
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
    mkdirSync(`${world.path}.new`)
    writeFileSync(join(`${world.path}.new`, 'x'), '')
    send(policies, policy(3))
    assert.deepEqual([of(policies)?.code, of(policies)?.version], ['not-kept', 0])
    assert.deepEqual(inForce(), { ownPids: [7] })
    rmSync(`${world.path}.new`, { recursive: true })
    policies.pass()
    assert.equal(of(policies)?.code, 'not-kept', 'not at once')
    world.now = daysOn(1)
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
    assert.match(world.told.at(-1) as string, /the root key is another/)
    send(policies, signedBy(online, { version: 1 }))
    assert.equal(of(policies)?.state, 'applied')
    const back = start()
    assert.deepEqual(inForce(), { ownPids: [7] })
    send(back, policy(8))
    assert.equal(of(back)?.code, 'version-old')
    send(back, policy(9))
    assert.deepEqual([of(back)?.state, inForce()?.version], ['applied', 9])
  })
  it('kept in a file that is damaged are taken anew; a link in its place is refused', () => {
    writeFileSync(world.path, '{"keyId":3}')
    const policies = start()
    assert.match(world.told.join(), /cannot be read/)
    send(policies, policy(1))
    assert.equal(of(policies)?.state, 'applied')
    rmSync(world.path)
    symlinkSync('/etc/passwd', world.path)
    assert.throws(() => start(), StateFileError)
  })
  it('kept and changed on the disk do not hold: they are verified at each start', () => {
    send(start(), policy(3))
    const kept = JSON.parse(readFileSync(world.path, 'utf8'))
    const signed = Buffer.from(kept.documents.policy.signed, 'base64')
    signed[signed.indexOf('198')] = 0x32
    kept.documents.policy.signed = signed.toString('base64')
    writeFileSync(world.path, JSON.stringify(kept))
    const policies = start()
    assert.equal(of(policies)?.code, 'signature')
    assert.deepEqual(inForce(), { ownPids: [7] })
  })
})
