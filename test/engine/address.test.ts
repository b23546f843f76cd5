import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import fc from 'fast-check'
import { cidrHas, formatAddress, parseAddress, parseCidr } from '../../src/engine/address.ts'
import { destinationKey } from '../../src/engine/destination/destination.ts'
import { DEFAULT_POLICY, makePolicy } from '../../src/engine/policy.ts'
import { scopeOf } from '../../src/engine/scope.ts'

const must = (text: string): Uint8Array => {
  const address = parseAddress(text)
  if (address === undefined) throw new Error(`not an address: ${text}`)
  return address
}

describe('addresses', () => {
  it('come back from their text', () => {
    const some = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.constantFrom('::', '::1', '1::', '::ffff:1.2.3.4'),
    )
    fc.assert(
      fc.property(some, (text) => {
        const address = must(text)
        assert.deepEqual(parseAddress(formatAddress(address)), address)
      }),
    )
  })

  it('are those that Node takes for addresses, and no others', () => {
    const text = fc.oneof(
      fc.stringMatching(/^[0-9a-f:.]{0,24}$/),
      fc.ipV6().map((address) => address.slice(1)),
    )
    fc.assert(
      fc.property(text, (candidate) => {
        assert.equal(parseAddress(candidate) !== undefined, isIP(candidate) !== 0, candidate)
      }),
      { numRuns: 3_000, seed: 5 },
    )
  })

  it('are written as RFC 5952 says', () => {
    for (const [given, written] of [
      ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
      ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
      ['0:0:0:0:0:0:0:0', '::'],
      ['::ffff:192.0.2.1', '192.0.2.1'],
    ] as const)
      assert.equal(formatAddress(must(given)), written)
  })

  it('lie in a block by its first bits', () => {
    const inside = (block: string, address: string) => {
      const cidr = parseCidr(block)
      if (cidr === undefined) throw new Error(block)
      return cidrHas(cidr, must(address))
    }
    assert.ok(inside('10.0.0.0/9', '10.127.255.255'))
    assert.ok(!inside('10.0.0.0/9', '10.128.0.0'))
    assert.ok(inside('0.0.0.0/0', '1.2.3.4'))
    assert.ok(!inside('0.0.0.0/0', '2001:db8::1'))
    assert.ok(inside('fd00::/8', 'fdff::1'))
    assert.ok(!inside('fd00::/8', 'fc00::1'))
  })

  it('refuses blocks that are none', () => {
    for (const text of ['10.0.0.0/33', '::/129', '10.0.0/8', '10.0.0.0/', '10.0.0.0/08', '/8'])
      assert.equal(parseCidr(text), undefined, text)
  })

  it('know where they lie', () => {
    for (const [text, scope] of [
      ['203.0.113.1', 'external'],
      ['172.15.0.1', 'external'],
      ['172.16.0.1', 'private'],
      ['172.32.0.1', 'external'],
      ['100.64.0.1', 'private'],
      ['192.168.3.4', 'private'],
      ['fd12::1', 'private'],
      ['127.9.9.9', 'loopback'],
      ['::1', 'loopback'],
      ['169.254.169.254', 'link_local'],
      ['fe80::1', 'link_local'],
      ['239.255.255.250', 'multicast'],
      ['ff02::1', 'multicast'],
      ['255.255.255.255', 'broadcast'],
      ['0.0.0.0', 'unspecified'],
      ['::', 'unspecified'],
      ['2606:4700::1111', 'external'],
    ] as const)
      assert.equal(scopeOf(must(text), DEFAULT_POLICY), scope, text)
    const policy = makePolicy({ externalNetworks: ['10.0.0.0/8'] })
    assert.equal(scopeOf(must('10.1.1.1'), policy), 'external')
    assert.equal(scopeOf(must('192.168.1.1'), policy), 'private')
  })

  it('are keyed by /24 or /48 and port, loopback whole, names as they are', () => {
    assert.equal(destinationKey(must('203.0.113.77'), 443, '', 'external'), '203.0.113.0/24:443')
    assert.equal(
      destinationKey(must('2001:db8:7:8::9'), 22, '', 'external'),
      '[2001:db8:7::/48]:22',
    )
    assert.equal(destinationKey(must('::1'), 9000, '', 'loopback'), '[::1]:9000')
    // Behind a NAT64 as elsewhere, and only there.
    assert.equal(
      destinationKey(must('64:ff9b::203.0.113.77'), 443, '', 'external'),
      '203.0.113.0/24:443',
    )
    assert.equal(
      destinationKey(must('64:ff9b:0:1::203.0.113.77'), 443, '', 'external'),
      '[64:ff9b::/48]:443',
    )
    assert.equal(
      destinationKey(must('203.0.113.77'), 443, 'a.example', 'external'),
      'a.example:443',
    )
  })
})
