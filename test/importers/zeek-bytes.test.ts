// What Zeek's log is believed of the bytes of a connection: it counts by sequence numbers, which nobody may have sent.
import assert from 'node:assert/strict'
import { FlowFlag, FlowState } from '../../src/records/record.gen.ts'
import { type Imported, importOf, importText, judged } from './read.ts'
import { HOST, T0 } from './samples.ts'
import { type Conn, zeekTsv } from './zeek-logs.ts'

const zeek = (conns: Conn[]): Promise<Imported> =>
  importText('zeek', zeekTsv(conns), { host: HOST })

describe('the bytes of Zeek logs', () => {
  it('gives no bytes to connections that never were, and keeps those that nobody answered in UDP', async () => {
    const { of, input } = await zeek([
      { ts: T0, state: 'S0', history: 'S', out: 99_999, in: undefined },
      { ts: T0 + 1, state: 'REJ', history: 'Sr', out: 7, in: 7 },
      { ts: T0 + 2, state: 'S0', history: 'D', proto: 'udp', port: 53, out: 70, in: 0 },
      { ts: T0 + 3, out: undefined, in: undefined, duration: undefined },
      { ts: T0 + 4, proto: 'icmp' },
      { ts: T0 + 5, state: 'S1' },
    ])
    const closed = of('flow').filter(({ state }) => state === FlowState.closed)
    assert.deepEqual(
      closed.map(({ protocol, bytesOut, flags }) => [protocol, bytesOut, flags]),
      [
        [6, 0n, 0],
        [6, 0n, 0],
        [17, 70n, 0],
        [6, 0n, 0],
        [6, 1_000n, FlowFlag.inexact],
      ],
    )
    const notes = input.notes().join('\n')
    assert.match(notes, /2 connections without bytes: unanswered or refused/)
    assert.match(notes, /1 connection without byte counts/)
    assert.match(notes, /1 connection left out: neither TCP nor UDP/)
    assert.match(notes, /1 connection whose beginning or end was not seen: .* at least/)
    assert.doesNotMatch(notes, /counted lower/)
  })

  for (const none of ['18446744073709551000', '9007199254740992', '5000.5', '-1', 'many'])
    it(`keeps a connection whose count of bytes is ${none}: its packets tell`, async () => {
      const text = zeekTsv([
        { ts: T0, out: 424_242, in: 4_000, packets: [5_800, 8_690_208, 40, 7_000] },
        { ts: T0 + 1, out: 8_388_608, in: 424_242, packets: [5_800, 8_690_208, 40, 7_000] },
      ])
      const { of, input } = await importText('zeek', text.replaceAll('424242', none), {
        host: HOST,
      })
      assert.equal(input.damage().places, 0)
      const closed = of('flow').filter(({ state }) => state === FlowState.closed)
      assert.deepEqual(
        closed.map(({ bytesOut, bytesIn, flags }) => [bytesOut, bytesIn, flags]),
        [
          [8_690_208n - 5_800n * 80n, 4_000n, FlowFlag.inexact],
          [8_388_608n, 7_000n - 40n * 80n, FlowFlag.inAbout],
        ],
      )
      assert.match(
        input.notes().join('\n'),
        /2 connections with a count of bytes that is none: told with what their packets bore, at least \(line 9, 10\)/,
      )
    })

  const UPLOAD = { ts: T0, out: 8_388_608, in: 0 }
  for (const [name, conn, out, into] of [
    [
      'sent one way (S0)',
      { state: 'S0', history: 'SAD', packets: [5_800, 8_690_208, 0, 0] },
      8_388_608,
      0,
    ],
    ['sent one way (SH)', { state: 'SH', history: 'SADF' }, 8_388_608, 0],
    [
      'answered, with its SYN-ACK lost (SH)',
      { state: 'SH', history: 'SadDCAF', in: 540_000, packets: [5_800, 8_690_208, 400, 560_000] },
      8_388_608,
      540_000,
    ],
    [
      'answered, and reset (RSTOS0)',
      { state: 'RSTOS0', history: 'DdaACFR', in: 540_000 },
      8_388_608,
      540_000,
    ],
    [
      'answered before it was refused (REJ)',
      { state: 'REJ', history: 'SADdacCr', in: 540_000 },
      8_388_608,
      540_000,
    ],
    [
      'of which packets alone tell, without a history',
      { state: 'S0', history: '-', packets: [5_800, 8_690_208, 0, 0] },
      8_388_608,
      0,
    ],
    [
      'without byte counts, as far as its packets say',
      { out: undefined, in: undefined, packets: [5_800, 8_690_208, 2, 80] },
      8_690_208 - 5_800 * 80,
      0,
    ],
    [
      'of UDP without byte counts, as its packets say',
      {
        proto: 'udp',
        state: 'S0',
        history: 'D',
        out: undefined,
        in: undefined,
        packets: [1, 229, 0, 0],
      },
      201,
      0,
    ],
    [
      'refused, whatever its counts',
      { state: 'REJ', history: 'Sr', packets: [1, 60, 1, 40] },
      0,
      0,
    ],
  ] as [string, Partial<Conn>, number, number][])
    it(`counts the bytes of a connection ${name}`, async () => {
      const { of } = await zeek([{ ...UPLOAD, ...conn }])
      const last = of('flow').at(-1)
      assert.deepEqual([last?.bytesOut, last?.bytesIn], [BigInt(out), BigInt(into)])
    })

  for (const [name, conn, out, into] of [
    [
      'an answer by sequence numbers that nobody saw',
      {
        history: 'ShADgad',
        in: 1_607_364_734,
        missed: 1_607_310_063,
        packets: [4_500, 6_471_456, 56, 56_983],
      },
      6_291_456,
      2 * (56_983 - 56 * 40),
    ],
    [
      'the same where the log says of no gap, by its packets',
      { history: 'ShADad', in: 1_607_364_734, packets: [4_500, 6_471_456, 4, 200] },
      6_291_456,
      2 * 4 * 65_495,
    ],
    [
      'the same without a handshake, by what they bore',
      { history: 'ADad', in: 1_607_364_734, packets: [4_500, 6_471_456, 56, 56_983] },
      6_291_456,
      2 * (56_983 - 56 * 40),
    ],
    [
      'the same without counts of packets, by what was not missed',
      { history: 'ShADad', in: 1_607_364_734, missed: 1_607_310_063 },
      6_291_456,
      2 * 54_671,
    ],
    [
      'bytes out that no packet bore',
      { history: 'ShADad', out: 4_294_967_290, packets: [3, 180, 3, 180] },
      3 * 65_495,
      0,
    ],
  ] as [string, Partial<Conn>, number, number][])
    it(`bounds ${name}, and says so`, async () => {
      const { of, input } = await zeek([{ ...UPLOAD, out: 6_291_456, ...conn }])
      const last = of('flow').at(-1)
      assert.deepEqual([last?.bytesOut, last?.bytesIn], [BigInt(out), BigInt(into)])
      assert.equal(last?.flags, conn.out === undefined ? FlowFlag.inAbout : FlowFlag.atMost)
      assert.match(input.notes().join('\n'), /1 connection counted lower .* \(line 9\)/)
      assert.doesNotMatch(input.notes().join('\n'), /end was not seen/)
    })

  for (const [name, conn, out, into, flags] of [
    [
      'an upload that its count denies',
      { out: 0, packets: [6_000, 9_000_000, 3_000, 120_000] },
      8_520_000,
      0,
      FlowFlag.inexact,
    ],
    [
      'the same over IPv6',
      { from: 'fd00::5', to: '2001:db8::7', out: 9, packets: [6_000, 9_000_000, 9, 540] },
      8_400_000,
      0,
      FlowFlag.inexact,
    ],
    [
      'the same in UDP',
      { proto: 'udp', out: 0, packets: [6_000, 9_000_000, 0, 0] },
      8_832_000,
      0,
      FlowFlag.inexact,
    ],
    [
      'an answer that its count denies',
      { in: 7, packets: [6_000, 8_628_608, 600, 800_000] },
      8_388_608,
      752_000,
      FlowFlag.inAbout,
    ],
  ] as [string, Partial<Conn>, number, number, number][])
    it(`raises ${name} to what its packets bore at least, and says so`, async () => {
      const text = zeekTsv([{ ...UPLOAD, ...conn }])
      const { of, input } = await importText('zeek', text, { host: conn.from ?? HOST })
      const last = of('flow').at(-1)
      assert.deepEqual(
        [last?.bytesOut, last?.bytesIn, last?.flags],
        [BigInt(out), BigInt(into), flags],
      )
      assert.match(input.notes().join('\n'), /1 connection counted higher .* \(line 9\)/)
      assert.doesNotMatch(input.notes().join('\n'), /end was not seen|counted lower/)
    })

  for (const [name, packets, out, into, flags] of [
    ['out', [2, 256, 2, 256], 2 * 65_507, 200, FlowFlag.atMost],
    ['in', [6_000, 9_000_000, 2, 256], 8_388_608, 2 * 65_507, FlowFlag.inAbout],
  ] as [string, [number, number, number, number], number, number, number][])
    it(`bounds UDP ${name} by its packets`, async () => {
      const [said, answer] = name === 'out' ? [16e9, 200] : [UPLOAD.out, 16e9]
      const { of, input } = await zeek([
        { ...UPLOAD, proto: 'udp', out: said, in: answer, packets },
      ])
      const last = of('flow').at(-1)
      assert.deepEqual(
        [last?.bytesOut, last?.bytesIn, last?.flags],
        [BigInt(out), BigInt(into), flags],
      )
      assert.match(input.notes().join('\n'), /1 connection counted lower .* \(line 9\)/)
    })

  it('has an alert that says of the side that was lowered how far it is off, and nothing of the other', async () => {
    const sentenceOf = async (conn: Partial<Conn>): Promise<string> => {
      const text = zeekTsv([{ ...UPLOAD, history: 'ShADad', ...conn }])
      const { alerts } = await judged(await importOf('zeek', text, { host: HOST }))
      return alerts.at(-1)?.sentence ?? ''
    }
    assert.match(
      await sentenceOf({ in: 1_607_364_734, packets: [6_000, 8_700_000, 4, 200] }),
      / sent 8\.4 MB to .* got about 524 kB back/,
    )
    assert.match(
      await sentenceOf({ out: 4_294_967_290, packets: [300, 18_000, 3, 180] }),
      / sent at most 19\.6 MB to .* got nothing back/,
    )
    assert.match(
      await sentenceOf({ out: 0, packets: [6_000, 9_000_000, 3_000, 120_000] }),
      / sent at least 8\.5 MB to .* got nothing that was read back/,
    )
  })

  for (const [name, conn] of [
    [
      'a count of what was sent twice',
      { out: 5_000_000, in: 9, packets: [6_000, 9_000_000, 3_000, 120_000] },
    ],
    // Segments of a sending card have no IP length: the packets seem to bear less than they did.
    [
      'segments that were seen before they were cut',
      { packets: [582, 22_269, 428, 44_370], in: 27_238, out: 2_181_167 },
    ],
    [
      'gaps no larger than what was seen',
      {
        history: 'ShADadggFf',
        out: 3_594,
        in: 5_314_513,
        missed: 2_567_998,
        packets: [101, 7_646, 261, 2_756_967],
      },
    ],
    [
      "an answer where the gaps are the other side's",
      {
        history: 'ShADdaGR',
        in: 600_000,
        missed: 590_000,
        packets: [5_000, 8_000_000, 20, 900],
      },
    ],
    [
      'bytes out that a monitor missed',
      {
        history: 'ShADdaGR',
        out: 90_000_000,
        in: 9,
        missed: 89_000_000,
        packets: [20, 20_000, 20, 900],
      },
    ],
  ] as [string, Partial<Conn>][])
    it(`believes ${name}`, async () => {
      const { of, input } = await zeek([{ ...UPLOAD, ...conn }])
      const last = of('flow').at(-1)
      assert.deepEqual(
        [last?.bytesOut, last?.bytesIn],
        [BigInt(conn.out ?? UPLOAD.out), BigInt(conn.in ?? 0)],
      )
      assert.doesNotMatch(input.notes().join('\n'), /counted lower/)
    })
})
