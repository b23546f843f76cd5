// Where a sentence says that the bytes went: the hosts that got them, and no other of the same pair.
import { equal } from 'node:assert/strict'
import { largestPlaceText, placesText } from '../../../src/engine/detection/places.ts'
import type { EndedFlow } from '../../../src/engine/pair/ended-flows.ts'
import { bytes, port, type UnixNs } from '../../../src/units.ts'
import { MIB, Script, tell } from '../scenario.ts'

const KIB = 1_024
const A = '203.0.113.7'
const B = '203.0.113.8'
const stranger = (): Script =>
  new Script()
    .start()
    .system(50, '/usr/bin/bash')
    .program({ pid: 100, path: '/home/ann/probe', parent: 50 })
const WHO = '“probe” (unsigned, first seen less than 0.1 s before, run by “bash”)'

/** What each kind of alert says, word for word. */
const GOLDEN: [kind: string, script: () => Script, sentence: string][] = [
  [
    'one host',
    () => stranger().upload({ id: 1, to: A, total: 4 * MIB, answer: 900 }),
    `${WHO} sent 4.2 MB to ${A}:443 in 8.0 s over one flow and got 900 B back: 99.9 % of what passed went out.`,
  ],
  [
    'one flow of a pair whose other host, the first that it spoke to, was read from',
    () =>
      stranger()
        .upload({ id: 1, to: A, total: 40 * KIB, answer: 8 * MIB })
        .upload({ id: 2, to: B, total: 4 * MIB, answer: 90 }),
    `${WHO} sent 4.2 MB to ${B}:443 in one flow and got 90 B back in it: 99.9 % of what passed there went out. In all 4.2 MB went out, to ${B}:443 (4.2 MB) and ${A}:443 (41.0 kB), and 8.4 MB came in, over 2 flows in 16 s.`,
  ],
  [
    'names of one domain',
    () => {
      const script = stranger()
      for (const [id, name, to] of [
        [1, 'up.example.com', A],
        [2, 'cdn.example.com', B],
        [3, 'up.example.com', '198.51.100.4'],
      ] as const)
        script.name(id, name).upload({ id, to, total: id * MIB })
      return script
    },
    `${WHO} sent 6.3 MB to up.example.com:443 (198.51.100.4 and 1 more, 4.2 MB) and cdn.example.com:443 (${B}, 2.1 MB) in 24 s over 3 flows (all without any answer) and got nothing back: 100 % of what passed went out.`,
  ],
  [
    'more hosts than are named',
    () => {
      const script = stranger()
      for (let i = 1; i <= 5; i++) script.upload({ id: i, to: `203.0.113.${i}`, total: i * MIB })
      return script
    },
    `${WHO} sent 15.7 MB to 203.0.113.5:443 (5.2 MB), 203.0.113.4:443 (4.2 MB), 203.0.113.3:443 (3.1 MB) and 2 more in 40 s over 5 flows (all without any answer) and got nothing back: 100 % of what passed went out.`,
  ],
  [
    'a host that got nothing beside one that did',
    () =>
      stranger()
        .upload({ id: 1, to: A, total: 0, answer: 3_000 })
        .upload({ id: 2, to: B, total: 4 * MIB, answer: 900 }),
    `${WHO} sent 4.2 MB to ${B}:443 in 16 s over 2 flows and got 3.9 kB back: 99.9 % of what passed went out.`,
  ],
]

describe('a sentence', () => {
  for (const [kind, script, sentence] of GOLDEN)
    it(`names where it went: ${kind}`, () => {
      equal(tell(script().ticks(61)).alerts.at(-1)?.sentence, sentence)
    })
})

describe('places of flows in words', () => {
  const view = {
    key: '203.0.113.0/24:443',
    address: A,
    port: port(443, 'port'),
    hostname: '',
    protocol: 6,
  }
  const flow = (address: string, bytesOut: number, hostname = ''): EndedFlow => ({
    ...{ key: address, hostname, firstAt: 0n as UnixNs, lastAt: 0n as UnixNs, pid: 1 },
    ...{ localPort: 5, address, port: 443, isInbound: false },
    ...{
      bytesOut: bytes(bytesOut, 'out'),
      bytesIn: bytes(0, 'in'),
      isUnread: false,
      state: 'open',
    },
  })

  it('say what tells of them where they are several and not all flows are listed', () => {
    equal(
      placesText([flow(A, 900), flow(B, 50)], view, 1_000),
      `${A}:443 (900 B) and ${B}:443 (50 B), as its 2 largest flows say,`,
    )
    equal(placesText([flow(A, 900)], view, 1_000), `${A}:443`)
    equal(placesText([flow(A, 900)], view, 900), `${A}:443`)
    const five = [1, 2, 3, 4, 5].map((i) => flow(`203.0.113.${i}`, 100))
    equal(
      placesText(five, view, 900),
      '203.0.113.1:443 (100 B), 203.0.113.2:443 (100 B), 203.0.113.3:443 (100 B) and at least 2 more, as its 5 largest flows say,',
    )
  })

  it('are those of the destination where no flow is listed', () => {
    equal(placesText([], view, 5), `${A}:443`)
    equal(largestPlaceText([], view, 5), `${A}:443`)
  })

  it('have names in quotes that are none, IPv6 in brackets, and of a peer its address alone', () => {
    const named = { ...view, key: 'x:443' }
    equal(placesText([flow(A, 5, 'x” y')], named, 5), `“x\\u{201d} y”:443 (${A})`)
    equal(placesText([flow('2001:db8::7', 5)], view, 5), '[2001:db8::7]:443')
    const peer = { ...view, key: `${A} served` }
    equal(placesText([flow(A, 5), { ...flow(A, 6), port: port(99, 'port') }], peer, 11), A)
  })

  it('know the name of the destination where a flow of an earlier version has none', () => {
    equal(
      placesText([flow(A, 5)], { ...view, hostname: 'up.example.com' }, 5),
      `up.example.com:443 (${A})`,
    )
  })
})
