import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  clientHelloOf,
  HELLO_BYTES_MAX,
  HELLO_RECORDS_MAX,
} from '../../../src/collector/door/client-hello.ts'
import { seeded } from '../mutation.ts'
import { helloOfNode } from './fixture.ts'

const u16 = (n: number): Buffer => Buffer.from([n >> 8, n & 0xff])
const vector8 = (content: Buffer): Buffer => Buffer.concat([Buffer.from([content.length]), content])
const vector16 = (content: Buffer): Buffer => Buffer.concat([u16(content.length), content])

const alpnExtension = (names: readonly string[]): Buffer =>
  Buffer.concat([
    u16(16),
    vector16(vector16(Buffer.concat(names.map((name) => vector8(Buffer.from(name, 'latin1')))))),
  ])
const serverNameExtension = (name: string): Buffer =>
  Buffer.concat([
    u16(0),
    vector16(vector16(Buffer.concat([Buffer.from([0]), vector16(Buffer.from(name, 'latin1'))]))),
  ])

/** RFC 8446, 4.1.2. */
function message(
  extensions: readonly Buffer[] | undefined,
  sessionId = Buffer.alloc(32, 7),
): Buffer {
  const body = Buffer.concat([
    u16(0x0303),
    Buffer.alloc(32, 9),
    vector8(sessionId),
    vector16(u16(0x1301)),
    vector8(Buffer.from([0])),
    ...(extensions ? [vector16(Buffer.concat(extensions))] : []),
  ])
  return Buffer.concat([Buffer.from([1, 0]), u16(body.length), body])
}

/** Cut after each of `cuts` bytes (RFC 8446, 5.1). */
function records(content: Buffer, cuts: readonly number[] = []): Buffer {
  const ends = [...new Set(cuts.filter((cut) => cut > 0 && cut < content.length)), content.length]
  ends.sort((a, b) => a - b)
  return Buffer.concat(
    ends.map((end, i) =>
      Buffer.concat([
        Buffer.from([22, 3, 1]),
        vector16(content.subarray(i === 0 ? 0 : ends[i - 1], end)),
      ]),
    ),
  )
}

const protocolName = fc.string({ minLength: 1, maxLength: 255, unit: 'binary-ascii' })
const shape = fc.record({
  alpn: fc.array(protocolName, { minLength: 0, maxLength: 6 }),
  serverName: fc.option(fc.domain(), { nil: undefined }),
  others: fc.array(
    fc.tuple(
      fc.integer({ min: 17, max: 0xffff }),
      fc.uint8Array({ maxLength: 1500 }).map((bytes) => Buffer.from(bytes)),
    ),
    { maxLength: 5 },
  ),
  cuts: fc.array(fc.integer({ min: 1, max: 2000 }), { maxLength: HELLO_RECORDS_MAX - 1 }),
  sessionId: fc.uint8Array({ maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
})

type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never

function encoded({ alpn, serverName, others, cuts, sessionId }: Shape): Buffer {
  const [first = [], ...rest] = others.map(([number, data]) => [u16(number), vector16(data)])
  const extensions = [
    ...first,
    ...(alpn.length > 0 ? [alpnExtension(alpn)] : []),
    ...rest.flat(),
    ...(serverName !== undefined ? [serverNameExtension(serverName)] : []),
  ]
  return records(message(extensions, sessionId), cuts)
}

describe('a ClientHello', () => {
  describe("of node's own client", () => {
    it('names what it offers and whom it asks for', async () => {
      const hello = await helloOfNode({
        ALPNProtocols: ['freshet-agent', 'http/1.1'],
        servername: 'collector.example',
      })
      assert.ok(hello.length > 1000, 'it has a share for ML-KEM')
      assert.deepEqual(clientHelloOf(hello), {
        alpn: ['freshet-agent', 'http/1.1'],
        serverName: 'collector.example',
      })
    })
    it('names nothing where it offers nothing', async () => {
      assert.deepEqual(clientHelloOf(await helloOfNode({})), { alpn: [] })
    })
    it('is read of a client of TLS 1.2 as well', async () => {
      const hello = await helloOfNode({ maxVersion: 'TLSv1.2', ALPNProtocols: ['h2'] })
      assert.deepEqual(clientHelloOf(hello), { alpn: ['h2'] })
    })
  })

  it('gives what was put into it, over any records, and asks for more of each beginning', () => {
    fc.assert(
      fc.property(shape, fc.uint8Array({ maxLength: 40 }), fc.nat(), (wish, after, cut) => {
        const bytes = encoded(wish)
        const { alpn, serverName } = wish
        const expected = { alpn, ...(serverName !== undefined && { serverName }) }
        assert.deepEqual(clientHelloOf(bytes), expected)
        assert.deepEqual(clientHelloOf(Buffer.concat([bytes, after])), expected)
        // The rest lies behind it in memory, and is not looked at.
        assert.equal(clientHelloOf(bytes.subarray(0, cut % bytes.length)), 'more')
      }),
    )
  })

  it('is told from what is no TLS by its first byte', () => {
    for (const text of ['GET / HTTP/1.1\r\n', 'SSH-2.0-x', '\x80\x2e\x01\x00\x02', '\x15\x03\x01'])
      assert.equal(clientHelloOf(Buffer.from(text, 'latin1')), 'not-tls', text)
    assert.equal(clientHelloOf(Buffer.from([22, 2])), 'not-tls')
    assert.equal(clientHelloOf(Buffer.from([22])), 'more')
    assert.equal(clientHelloOf(Buffer.alloc(0)), 'more')
  })

  it('may come without extensions, as before TLS 1.3', () => {
    assert.deepEqual(clientHelloOf(records(message(undefined))), { alpn: [] })
  })

  it('is refused where it breaks a rule of its RFC', () => {
    const body = message([alpnExtension(['a'])])
    const broken: Record<string, Buffer> = {
      'another message': records(Buffer.concat([Buffer.from([2]), body.subarray(1)])),
      'an empty record': Buffer.concat([Buffer.from([22, 3, 1, 0, 0]), records(body)]),
      'a record of another type within it': Buffer.concat([
        records(body.subarray(0, 9)),
        Buffer.from([23, 3, 3, 0, 1, 0]),
      ]),
      'a record beyond 16 KiB': Buffer.from([22, 3, 1, 0x40, 1]),
      'two lists of protocols': records(message([alpnExtension(['a']), alpnExtension(['b'])])),
      'an empty list of protocols': records(message([alpnExtension([])])),
      'an empty protocol': records(message([alpnExtension(['a', ''])])),
      'two names': records(message([serverNameExtension('a'), serverNameExtension('b')])),
      'an empty name': records(message([serverNameExtension('')])),
      'a name too long for DNS': records(message([serverNameExtension('a'.repeat(256))])),
      'an extension longer than all of them': records(message([u16(16), u16(9)])),
      'bytes after the extensions': records(
        Buffer.concat([
          Buffer.from([1, 0]),
          u16(body.length - 3),
          body.subarray(4),
          Buffer.alloc(1),
        ]),
      ),
    }
    for (const [what, bytes] of Object.entries(broken))
      assert.equal(clientHelloOf(bytes), 'malformed', what)
  })

  it('is bounded: neither its length nor its records hold anybody up', () => {
    const claims = (length: number) =>
      Buffer.from([22, 3, 1, 0, 4, 1, 0, length >> 8, length & 0xff])
    assert.equal(clientHelloOf(claims(HELLO_BYTES_MAX - 4)), 'more')
    assert.equal(clientHelloOf(claims(HELLO_BYTES_MAX - 3)), 'malformed')
    const inRecords = (count: number) =>
      clientHelloOf(records(message([alpnExtension(['a'])]), [...Array(count).keys()]))
    assert.deepEqual(inRecords(HELLO_RECORDS_MAX), { alpn: ['a'] })
    assert.equal(inRecords(HELLO_RECORDS_MAX + 1), 'malformed')
  })

  it('is, after any damage, still one of the four answers, and nothing is thrown', () => {
    const below = seeded(20261129)
    const seeds = [
      records(message([alpnExtension(['freshet-agent']), serverNameExtension('a.example')])),
      records(
        message([serverNameExtension('a.example'), alpnExtension(['h2', 'http/1.1'])]),
        [3, 50],
      ),
    ]
    const seen = new Map<string, number>()
    for (let i = 0; i < 30_000; i++) {
      const bytes = Buffer.from(seeds[i % seeds.length] as Buffer)
      for (let n = 1 + below(4); n > 0; n--) bytes[below(bytes.length)] = below(256)
      const cut = below(4) === 0 ? below(bytes.length + 1) : bytes.length
      const answer = clientHelloOf(bytes.subarray(0, cut))
      const name = typeof answer === 'string' ? answer : 'hello'
      seen.set(name, (seen.get(name) ?? 0) + 1)
      if (typeof answer === 'object')
        for (const text of [...answer.alpn, answer.serverName ?? 'a'])
          assert.ok(text.length > 0 && text.length <= 255)
    }
    for (const name of ['hello', 'more', 'not-tls', 'malformed'])
      assert.ok((seen.get(name) ?? 0) > 100, `${name}: ${seen.get(name)}`)
  })
})
