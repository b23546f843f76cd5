// Exceptions of a collector's key, which the root key has delegated: what holds of them, and whose count.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { digestOf } from '../../src/policy/signed.ts'
import { daysOn, makeTestKey, NOW, signedBy } from '../policy/documents.ts'
import { sentPolicies } from './policies-fixture.ts'

describe('policies that were sent with a delegation', () => {
  const sent = sentPolicies()
  const { root, online, world, start, inForce, send, of } = sent
  const { policy, delegation, exception, exceptions } = sent

  it('exceptions of the online key are added to the policy, over a restart', () => {
    const policies = start()
    send(policies, policy(3), delegation(), exceptions(1, [exception()]))
    const expected = [
      {
        ...{ host: '203.0.113.0/24', until: '2026-09-25T00:00:00Z', bytesPerDayMax: 1000 },
        owner: 'Ana',
      },
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
      {
        ...{ host: '203.0.113.0/24', until: until.replace('.000Z', 'Z') },
        ...{ bytesPerDayMax: 1_000_000, owner: 'Ana' },
      },
      {
        ...{ parent: '/usr/sbin/cron', program: '/opt/x/bin/*' },
        until: '2026-09-25T00:00:00Z',
        ...{ bytesPerDayMax: 1000, owner: 'Ana' },
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
    world.now = daysOn(0.9)
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
    assert.match(world.told.at(-1) ?? '', /the policy and these exceptions are so many/)
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
    world.now = daysOn(2)
    const policies = start()
    assert.equal(of(policies, 'exceptions')?.state, 'expired')
    assert.deepEqual(inForce()?.exceptions, undefined)
    world.now = NOW
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
    world.now = daysOn(1)
    policies.pass()
    assert.equal(inForce()?.exceptions, undefined)
    assert.equal(of(policies, 'delegation')?.state, 'expired')
    send(policies, exceptions(2, [exception()]))
    assert.equal(of(policies, 'exceptions')?.code, 'delegation-missing')
  })
  it('one to the root key itself is refused, and shuts out nothing that it signs; one that was kept, too', () => {
    const policies = start()
    send(policies, delegation(1, root))
    assert.equal(of(policies, 'delegation')?.code, 'delegation-bounds')
    send(policies, policy(3), delegation(2))
    assert.deepEqual(
      [of(policies)?.state, of(policies, 'delegation')?.state],
      ['applied', 'applied'],
    )
    // As an earlier version of the agent took it.
    const signed = delegation(3, root)
    const kept = JSON.parse(readFileSync(world.path, 'utf8'))
    kept.documents.delegation = {
      ...{ version: 3, digest: digestOf(signed), takenAt: `${NOW}` },
      signed: Buffer.from(signed).toString('base64'),
    }
    writeFileSync(world.path, JSON.stringify(kept))
    const again = start()
    assert.equal(of(again, 'delegation')?.code, 'delegation-bounds')
    send(again, policy(5), delegation(4))
    assert.deepEqual([of(again)?.version, of(again, 'delegation')?.state], [5, 'applied'])
  })
  it('a key that counts again begins where it was: nothing older of it comes back, over restarts', () => {
    const other = makeTestKey()
    const [five, six] = [
      exceptions(5, [exception()]),
      exceptions(6, [exception({ host: '198.51.100.0/24' })]),
    ]
    send(start(), delegation(1), five, six, delegation(2, other))
    send(start(), delegation(3))
    const policies = start()
    send(policies, five)
    assert.deepEqual(
      [of(policies, 'exceptions')?.code, inForce()?.exceptions],
      ['version-old', undefined],
    )
    send(policies, exceptions(6, [exception()]))
    assert.equal(of(policies, 'exceptions')?.code, 'version-reused')
    send(policies, six)
    assert.deepEqual(
      [of(policies, 'exceptions')?.state, inForce()?.exceptions?.[0]?.host],
      ['applied', '198.51.100.0/24'],
    )
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
