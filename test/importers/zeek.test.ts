import assert from 'node:assert/strict'
import type { ImportSigner } from '../../src/importers/importer.ts'
import { importStream } from '../../src/importers/open.ts'
import { ExecFlag, FlowFlag, FlowState } from '../../src/records/record.gen.ts'
import { chunksOf, type Imported, importText, walk } from './read.ts'
import { type Conn, HOST, sslJson, T0, zeekJson, zeekTsv } from './samples.ts'

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
    assert.match(imported.input.notes().join('\n'), /1 connection came later .* by up to 89996 s/)
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

  it('guesses the host, and leaves out the connections of others', async () => {
    const conns = [
      { ts: T0, from: '203.0.113.9', to: HOST },
      { ts: T0 + 1 },
      { ts: T0 + 2, from: '203.0.113.8', to: HOST },
      { ts: T0 + 3 },
    ]
    const { of, input } = await importText('zeek', zeekTsv(conns))
    assert.equal(input.header.hostname, HOST)
    assert.equal(new Set(of('flow').map(({ flowId }) => flowId)).size, 2)
    assert.match(input.notes().join('\n'), /2 connections of 10\.1\.0\.7, guessed as/)
    assert.match(input.notes().join('\n'), /2 connections left out: begun by other hosts/)
    const named = await importText('zeek', zeekTsv(conns), { host: '203.0.113.8' })
    assert.equal(new Set(named.of('flow').map(({ flowId }) => flowId)).size, 1)
    assert.doesNotMatch(named.input.notes().join(), /guessed/)
  })

  it('gives no bytes to connections that never were, and keeps those that nobody answered in UDP', async () => {
    const { of, input } = await zeek([
      { ts: T0, state: 'S0', out: 99_999, in: undefined },
      { ts: T0 + 1, state: 'REJ', out: 7, in: 7 },
      { ts: T0 + 2, state: 'S0', proto: 'udp', port: 53, out: 70, in: 0 },
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
    assert.match(notes, /2 connections without bytes: nobody answered/)
    assert.match(notes, /1 connection without byte counts/)
    assert.match(notes, /1 connection left out: neither TCP nor UDP/)
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
      row.replace('\t1\t1000', '\tlong\t1000'),
      '{"ts":',
    ]
    const { of, input } = await importText('zeek', `${good}${bad.join('\n')}\n${row}\n`)
    assert.equal(of('flow').length, 4)
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
        'duration is no time',
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
