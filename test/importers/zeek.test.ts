import assert from 'node:assert/strict'
import { isWithoutConnections } from '../../src/importers/detect.ts'
import type { ImportSigner } from '../../src/importers/importer.ts'
import { importStream } from '../../src/importers/open.ts'
import { Direction, ExecFlag, FlowState } from '../../src/records/record.gen.ts'
import { chunksOf, type Imported, importText, walk } from './read.ts'
import { HOST, T0 } from './samples.ts'
import { type Conn, sslJson, zeekJson, zeekTsv } from './zeek-logs.ts'

/** [state, seconds since T0, bytes out, bytes in] of every flow record. */
const flowsOf = ({ of, all }: Imported): [string, number, number, number][] => {
  const boot = all[0]?.atNs ?? 0n
  const first = of('mark')[0]
  const base = Number((first?.unixNs ?? 0n) / 1_000_000n) - T0 * 1000
  return of('flow').map((flow) => [
    (['', 'opened', 'report', 'closed'] as const)[flow.state as 1 | 2 | 3],
    (Number((flow.atNs - boot) / 1_000_000n) + base) / 1000,
    Number(flow.bytesOut),
    Number(flow.bytesIn),
  ])
}
const zeek = (conns: Conn[], options: Parameters<typeof importText>[2] = {}): Promise<Imported> =>
  importText('zeek', zeekTsv(conns), { host: HOST, ...options })

describe('Zeek logs', () => {
  const forms: [string, string][] = [
    ['TSV', zeekTsv([{ ts: T0, uid: 'CA' }])],
    ['labelled TSV', zeekTsv([{ ts: T0, uid: 'CA' }], { label: 'Benign', detailedlabel: '-' })],
    [
      'TSV with another separator',
      zeekTsv([{ ts: T0, uid: 'CA' }])
        .replaceAll('\t', '|')
        .replace('\\x09', '\\x7c'),
    ],
    ['JSON with id.orig_h', zeekJson([{ ts: T0, uid: 'CA' }])],
    ['JSON with id_orig_h', zeekJson([{ ts: T0, uid: 'CA' }], 'underscores')],
    ['JSON with an id object', zeekJson([{ ts: T0, uid: 'CA' }], 'object')],
    ['JSON with an ISO time', zeekJson([{ ts: '2026-03-02T10:00:00.000000Z', uid: 'CA' }])],
  ]
  for (const [name, text] of forms)
    it(`reads a connection from ${name}`, async () => {
      const imported = await importText('zeek', text)
      assert.deepEqual(imported.input.damage().listed, [])
      assert.deepEqual(flowsOf(imported), [
        ['opened', 0, 0, 0],
        ['closed', 1, 1_000, 4_000],
      ])
      const flow = imported.of('flow')[1]
      assert.equal(
        Buffer.from(flow?.remoteAddr ?? [])
          .toString('hex')
          .slice(20),
        'ffffc6336407',
      )
      assert.deepEqual([flow?.remotePort, flow?.localPort, flow?.protocol], [443, 50_000, 6])
      assert.equal(imported.input.header.hostname, HOST)
      assert.equal(imported.input.header.startedAt, BigInt(T0) * 1_000_000_000n)
    })

  it('makes the same records of TSV and of JSON', async () => {
    const conns = [
      { ts: T0, out: 5, in: undefined },
      { ts: T0 + 1.25, duration: 12 },
    ]
    const tsv = await zeek(conns)
    const json = await importText('zeek', zeekJson(conns), { host: HOST })
    assert.deepEqual(
      tsv.of('flow').map((flow) => ({ ...flow, flowId: 0n })),
      json.of('flow').map((flow) => ({ ...flow, flowId: 0n })),
    )
    // Lines of the header count, so that a flow's id is its line in the log.
    assert.deepEqual([...new Set(tsv.of('flow').map(({ flowId }) => flowId))], [9n, 10n])
  })

  it('spreads a connection over reports each 5 s', async () => {
    const imported = await zeek([{ ts: T0, duration: 17, out: 1_000, in: 3 }])
    assert.deepEqual(flowsOf(imported), [
      ['opened', 0, 0, 0],
      ['report', 4.25, 250, 1],
      ['report', 8.5, 500, 2],
      ['report', 12.75, 750, 3],
      ['closed', 17, 1_000, 3],
    ])
  })

  it('reports a connection of a day at most 720 times', async () => {
    const { of } = await zeek([{ ts: T0, duration: 86_400, out: 720_000, in: 720 }])
    const flows = of('flow')
    assert.equal(flows.length, 721)
    assert.equal(flows.at(-1)?.bytesOut, 720_000n)
    assert.equal(flows.at(-1)?.state, FlowState.closed)
  })

  it('puts connections into the order in which they began', async () => {
    const imported = await zeek([
      { ts: T0 + 9, duration: 0 },
      { ts: T0 + 1, duration: 2 },
      { ts: T0, duration: 30, out: 60, in: 60 },
    ])
    const times = flowsOf(imported).map(([, at]) => at)
    assert.deepEqual(times, [0, 1, 3, 5, 9, 9, 10, 15, 20, 25, 30])
    assert.doesNotMatch(imported.input.notes().join(), /came later/)
  })

  it('tells late, and counts, what comes later than a day', async () => {
    const imported = await zeek([
      { ts: T0 },
      { ts: T0 + 90_000 },
      { ts: T0 + 200_000 },
      { ts: T0 + 5, duration: 7, out: 10, in: 10 },
    ])
    assert.match(
      imported.input.notes().join('\n'),
      /1 connection came more than .* h late in the log: told late, by up to 89996 s/,
    )
    const late = imported.of('flow').filter(({ flowId }) => flowId === 12n)
    // Clamped to what was told last: whole, in that instant.
    assert.deepEqual(
      late.map(({ state, bytesOut }) => [state, bytesOut]),
      [
        [FlowState.opened, 0n],
        [FlowState.closed, 10n],
      ],
    )
    const times = imported.all.map(({ atNs }) => atNs)
    assert.ok(times.every((at, index) => index === 0 || at >= (times[index - 1] as bigint)))
  })

  it('makes the same records however the bytes come in pieces', async () => {
    const conns = Array.from({ length: 30 }, (_, i) => ({
      ts: T0 + ((i * 37) % 11) * 20_000,
      duration: i,
    }))
    const whole = await zeek(conns)
    for (const bytes of [1, 77, 4_096]) {
      const chunks = chunksOf(zeekTsv(conns), bytes)
      const input = await importStream('zeek', chunks, { name: '', ssl: undefined, host: HOST })
      assert.deepEqual((await walk(input)).all, whole.all)
      assert.deepEqual(input.notes(), whole.input.notes())
    }
  })

  it('guesses the host, tells what it accepted, and leaves out the connections of others', async () => {
    const conns: Conn[] = [
      { ts: T0, from: '203.0.113.9', to: HOST, port: 22, out: 7, in: 90 },
      { ts: T0 + 1 },
      { ts: T0 + 2, from: '203.0.113.8', to: '10.1.0.9' },
      { ts: T0 + 3, fromPort: 50_001 },
    ]
    const { of, input } = await importText('zeek', zeekTsv(conns))
    assert.equal(input.header.hostname, HOST)
    assert.deepEqual(
      of('flow')
        .filter(({ state }) => state === FlowState.closed)
        .map(({ direction, bytesOut, bytesIn, localPort, remotePort, remoteAddr }) => [
          direction,
          bytesOut,
          bytesIn,
          localPort,
          remotePort,
          remoteAddr.at(-1),
        ]),
      [
        // What it served is what it sent.
        [Direction.inbound, 90n, 7n, 22, 50_000, 9],
        [Direction.outbound, 1_000n, 4_000n, 50_000, 443, 7],
        [Direction.outbound, 1_000n, 4_000n, 50_001, 443, 7],
      ],
    )
    const notes = input.notes().join('\n')
    assert.match(notes, /3 connections of 10\.1\.0\.7, guessed as/)
    assert.match(notes, /1 connection of these accepted by it/)
    assert.match(notes, /1 connection left out: of other hosts/)
    const named = await importText('zeek', zeekTsv(conns), { host: '203.0.113.8' })
    assert.equal(new Set(named.of('flow').map(({ flowId }) => flowId)).size, 1)
    assert.doesNotMatch(named.input.notes().join(), /guessed/)
  })

  describe('guess the host', () => {
    const scans = (local: Conn['local']): Conn[] =>
      Array.from({ length: 30 }, (_, i) => ({
        ts: T0 + i / 100,
        from: '198.51.100.77',
        to: `10.1.0.${i + 20}`,
        fromPort: 40_000 + i,
        state: 'S0',
        history: 'S',
        duration: undefined,
        out: undefined,
        in: undefined,
        local: local ?? [undefined, undefined],
      }))
    const cases: [string, Conn[], string, RegExp][] = [
      [
        'by what the log calls local',
        [
          ...scans([false, true]),
          { ts: T0, from: '203.0.113.1', to: '198.51.100.1', local: [false, false] },
          { ts: T0 + 1, from: '203.0.113.1', to: '198.51.100.1', local: [false, false] },
          { ts: T0 + 2, local: [true, false] },
        ],
        HOST,
        /guessed as the local host that began most connections with bytes/,
      ],
      [
        'by connections with bytes where it calls nothing local',
        [...scans(undefined), { ts: T0 + 1, local: [undefined, undefined] }],
        HOST,
        /guessed as the originator of most connections with bytes/,
      ],
      [
        'as what accepts, where local hosts begin nothing',
        [
          ...scans([false, true]),
          { ts: T0, from: '203.0.113.1', to: '10.1.0.9', local: [false, true] },
        ],
        '10.1.0.9',
        /guessed as the local host that accepted most connections with bytes/,
      ],
      [
        'as a local one even where nothing carries bytes',
        [...scans([false, undefined]), { ...(scans([true, false])[0] as Conn), from: HOST }],
        HOST,
        /guessed as the local host of most connections/,
      ],
      [
        'as the originator of most where nothing else tells',
        scans(undefined),
        '198.51.100.77',
        /guessed as the originator of most \(/,
      ],
    ]
    for (const [name, conns, wants, note] of cases)
      it(name, async () => {
        const { input } = await importText('zeek', zeekTsv(conns))
        assert.equal(input.header.hostname, wants)
        assert.match(input.notes().join('\n'), note)
      })
  })

  it('loses of a duration that is none the duration alone', async () => {
    const text = zeekTsv([{ ts: T0 }, { ts: T0 + 1, duration: -0.000123 }])
    const broken = text.split('\n')[8]?.replace('\t1\t1000', '\tlong\t1000') as string
    const { of, input } = await importText('zeek', `${text}${broken.replace('C1772', 'D1772')}\n`)
    assert.equal(input.damage().places, 0)
    const closed = of('flow').filter(({ state }) => state === FlowState.closed)
    assert.deepEqual(closed.map(({ bytesOut, flowId }) => `${flowId}: ${bytesOut}`).toSorted(), [
      '10: 1000',
      '12: 1000',
      '9: 1000',
    ])
    assert.match(
      input.notes().join('\n'),
      /2 connections with a duration that is none: told in an instant \(line 10, 12\)/,
    )
  })

  for (const [name, line] of [
    ['milliseconds', { ts: T0 * 1_000 + 123 }],
    ['microseconds', { ts: T0 * 1e6 + 123_000 }],
    ['milliseconds in digits', { ts: `${T0}123` }],
    ['ISO 8601', { ts: '2026-03-02T10:00:00.123000Z' }],
  ] as const)
    it(`reads a time in ${name}, in either format`, async () => {
      for (const text of [zeekTsv([line]), zeekJson([line])]) {
        const { input } = await importText('zeek', text)
        assert.equal(input.header.startedAt, BigInt(T0) * 1_000_000_000n + 123_000_000n)
        assert.equal(input.damage().places, 0)
      }
    })

  it('reads times that count from the start of a recording on a base, and says it once', async () => {
    const conns = [{ ts: 19.5 }, { ts: '20.25' }]
    const named = await importText('zeek', zeekTsv(conns))
    assert.equal(named.input.damage().places, 0)
    // The header was written at 10:00:00.
    assert.equal(named.input.header.startedAt, BigInt(T0) * 1_000_000_000n + 19_500_000_000n)
    const bases = named.input.notes().filter((note) => note.startsWith('times count from'))
    assert.deepEqual(bases, [
      'times count from the start of the recording: told as from 2026-03-02T10:00:00Z, when the log was opened',
    ])
    const unnamed = await importText('zeek', zeekJson([...conns, { ts: '1970-01-01T00:00:21Z' }]))
    assert.equal(new Set(unnamed.of('flow').map(({ flowId }) => flowId)).size, 3)
    assert.equal(unnamed.input.header.startedAt, 946_684_819_500_000_000n)
    assert.match(unnamed.input.notes().join('\n'), /from 2000-01-01T00:00:00Z, as the log names no/)
  })

  it('reads a TSV header with underscores', async () => {
    const text = zeekTsv([{ ts: T0 }]).replaceAll(/id\.(orig|resp)/g, 'id_$1')
    const { of, input } = await importText('zeek', text)
    assert.equal(input.damage().places, 0)
    assert.equal(of('flow').at(-1)?.bytesOut, 1_000n)
  })

  for (const path of ['conn_long', 'conn_red', 'zeek_conn_v2'])
    it(`reads a log called ${path} by its fields`, async () => {
      const tsv = zeekTsv([{ ts: T0 }], {}, path)
      const json = zeekJson([{ ts: T0 }]).replace('{', `{"_path":"${path}",`)
      for (const text of [tsv, json]) {
        assert.equal(isWithoutConnections(text), false)
        const { of } = await importText('zeek', text)
        assert.equal(of('flow').at(-1)?.bytesOut, 1_000n)
      }
    })

  it('counts once a connection that is told while it lasts and when it is over', async () => {
    const lasting = { ts: T0, uid: 'CL', state: 'S1' }
    const conns = [
      { ...lasting, duration: 600, out: 3_000, in: 30 },
      { ts: T0 + 10, uid: 'CA', fromPort: 50_001 },
      { ...lasting, duration: 1_200, out: 7_000, in: 50 },
      { ...lasting, duration: 1_300, out: 7_100, in: 51, state: 'SF' },
    ]
    const { of, input } = await zeek(conns)
    const closed = of('flow').filter(({ state }) => state === FlowState.closed)
    assert.deepEqual(
      closed.map(({ flowId, bytesOut, bytesIn, flags }) => [flowId, bytesOut, bytesIn, flags]),
      [
        [10n, 1_000n, 4_000n, 0],
        [9n, 7_100n, 51n, 0],
      ],
    )
    assert.match(input.notes().join('\n'), /2 connections of these told again by a later line/)
  })

  it('joins the conn_long log beside it: what had not ended counts, the rest once', async () => {
    const long = zeekTsv(
      [
        { ts: T0 - 50, uid: 'CL', duration: 600, out: 3_000, in: 30, state: 'S1' },
        { ts: T0 - 50, uid: 'CL', duration: 1_200, out: 7_000, in: 50, state: 'S1' },
        { ts: T0 + 5, uid: 'CO', duration: 1_200, out: 900, in: 1, state: 'S1', fromPort: 50_002 },
        { ts: T0 + 90, uid: 'CP', duration: 9, out: 8, in: 0, state: 'S1', fromPort: 50_003 },
      ],
      {},
      'conn_long',
    )
    const { of, input } = await zeek(
      [
        { ts: T0, uid: 'CA' },
        { ts: T0 - 50, uid: 'CL', duration: 1_300, out: 7_100, in: 51 },
        { ts: T0 + 10, uid: 'CB', fromPort: 50_001 },
      ],
      { long: chunksOf(`${long}broken\n`), longPath: 'conn_long.log' },
    )
    const closed = of('flow').filter(({ state }) => state === FlowState.closed)
    assert.deepEqual(
      closed.map(({ bytesOut }) => bytesOut),
      [1_000n, 1_000n, 8n, 900n, 7_100n],
    )
    assert.match(input.damage().listed[0]?.text ?? '', /^conn_long log: /)
    assert.match(input.notes().join('\n'), /connections that had not ended from conn_long\.log/)
  })

  it('tells apart connections without uids, of either log, by their start and ends', async () => {
    const none = { uid: '-', state: 'S1' }
    const long = zeekTsv(
      [
        { ...none, ts: T0 - 50, duration: 600, out: 3_000, in: 30 },
        { ...none, ts: T0 - 50, duration: 1_200, out: 7_000, in: 50 },
        { ...none, ts: T0 - 40, duration: 1_200, out: 900, in: 1 },
        { ...none, ts: T0 - 40, duration: 1_200, out: 800, in: 1, to: '198.51.100.8' },
        { ...none, ts: T0 - 40, duration: 1_200, out: 700, in: 1, port: 444 },
        { ...none, ts: T0 - 40, duration: 1_200, out: 600, in: 1, fromPort: 50_001 },
        { ...none, ts: T0 - 40, duration: 1_200, out: 500, in: 1, proto: 'udp' },
      ],
      {},
      'conn_long',
    )
    const { of, input } = await zeek(
      [
        { ts: T0 - 50, uid: '-', duration: 1_300, out: 7_100, in: 51 },
        { ts: T0 + 10, uid: '-', duration: 1_300, out: 70, in: 51 },
      ],
      { long: chunksOf(long), longPath: 'conn_long.log' },
    )
    const closed = of('flow').filter(({ state }) => state === FlowState.closed)
    assert.deepEqual(
      closed.map(({ bytesOut }) => bytesOut).sort((a, b) => Number(a - b)),
      [70n, 500n, 600n, 700n, 800n, 900n, 7_100n],
    )
    assert.match(input.notes().join('\n'), /1 connection of these told again by a later line/)
  })

  it('joins host names of the ssl log by uid', async () => {
    const ssl = sslJson([
      { uid: 'CA', name: 'up.example.com' },
      { uid: 'CB' },
      { uid: 'CC', name: 'no name' },
    ])
    const { told, of, input } = await zeek(
      [
        { ts: T0, uid: 'CA' },
        { ts: T0 + 1, uid: 'CB' },
        { ts: T0 + 2, uid: 'CC' },
      ],
      { ssl: chunksOf(`${ssl}\nbroken`), sslPath: 'ssl.log' },
    )
    assert.deepEqual(
      of('name').map(({ hostname, flowId }) => [hostname, flowId]),
      [['up.example.com', 9n]],
    )
    assert.deepEqual(
      told.slice(2, 4).map(({ type }) => type),
      ['name', 'flow'],
    )
    assert.match(input.damage().listed[0]?.text ?? '', /^ssl log: /)
  })

  it('reads ssl entries of a log that holds several, and leaves out the others', async () => {
    const dns = JSON.stringify({ _path: 'dns', ts: T0, uid: 'CZ', query: 'x' })
    const text = [
      sslJson([{ uid: 'CA', name: 'a.example' }]),
      dns,
      zeekJson([{ ts: T0, uid: 'CA' }]),
    ]
    const { of, input } = await importText('zeek', text.join('\n'))
    assert.equal(of('name')[0]?.hostname, 'a.example')
    assert.match(input.notes().join('\n'), /1 line left out: of other logs/)
  })

  it('knows entries of other logs by their fields where nothing names the log', async () => {
    const dns = { ts: T0, uid: 'CA', 'id.orig_h': HOST, 'id.orig_p': 5, proto: 'udp' }
    const text = [
      sslJson([{ uid: 'CA', name: 'a.example' }]).replace('"@stream":"ssl",', ''),
      JSON.stringify({ ...dns, 'id.resp_h': '198.51.100.7', 'id.resp_p': 53, query: 'x' }),
      zeekJson([{ ts: T0, uid: 'CA' }]),
    ]
    const { of, input } = await importText('zeek', text.join('\n'))
    assert.equal(of('name')[0]?.hostname, 'a.example')
    assert.equal(of('flow').filter(({ state }) => state === FlowState.opened).length, 1)
    assert.match(input.notes().join('\n'), /^1 connection of .*\n1 line left out: of other logs/s)
    assert.equal(input.damage().places, 0)
  })

  const signers: [ImportSigner, number, number][] = [
    ['unsigned', 0, 0],
    ['adhoc', 3, 0],
    ['developer_id', 1, 0],
    ['platform', 1, ExecFlag.platformBinary],
  ]
  for (const [signer, codesignFlags, flag] of signers)
    it(`takes the host for one ${signer} program`, async () => {
      const { of } = await zeek([{ ts: T0 }, { ts: T0 + 1 }], { signer })
      const execs = of('exec')
      assert.equal(execs.length, 1)
      assert.equal(execs[0]?.path, `/zeek/${HOST}`)
      assert.equal(execs[0]?.codesignFlags, codesignFlags)
      assert.equal(execs[0]?.flags, ExecFlag.enumerated + flag)
      assert.equal(of('inspected').length, 1)
    })

  it('counts malformed lines with their place', async () => {
    const good = zeekTsv([{ ts: T0 }])
    const row = good.split('\n')[8] as string
    const bad = [
      row.replace('\tC', '\tC\tC'),
      row.replace(HOST, '10.1.0'),
      row.replace('\t443\t', '\t99999\t'),
      row.replace(String(T0), '17'),
      row.replace('\t1000\t', '\t-5\t'),
      '{"ts":',
    ]
    const { of, input } = await importText('zeek', `${good}${bad.join('\n')}\n${row}\n`)
    // The one whose duration is none is there, at the time of the first.
    assert.equal(of('flow').length, 2)
    const { listed, count } = input.damage()
    assert.equal(count, bad.length)
    assert.equal(listed[0]?.line, 11)
    assert.equal(listed[0]?.offset, good.length)
    assert.deepEqual(
      listed.map(({ text }) => text),
      [
        '17 fields where the header names 16',
        'id.orig_h is no address',
        'id.resp_p is no port',
        'ts is no time',
        'orig_bytes is no count of bytes',
        'not JSON',
      ],
    )
  })

  it('refuses entries that no header explains', async () => {
    const row = zeekTsv([{ ts: T0 }]).split('\n')[8] as string
    const { told, input } = await importText('zeek', `${row}\n`)
    assert.deepEqual(told, [])
    assert.match(input.damage().listed[0]?.text ?? '', /before any #fields header/)
  })

  it('refuses a host that is no address', async () => {
    await assert.rejects(zeek([], { host: 'my-mac' }), /--host my-mac: .* IP address/)
  })
})
