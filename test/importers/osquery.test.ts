import assert from 'node:assert/strict'
import { ExecFlag, FlowState } from '../../src/records/record.gen.ts'
import { importText } from './read.ts'
import { AUDIT, CDHASH, CONNECT, ES, osqueryLine as line, T0 } from './samples.ts'

describe('osquery logs', () => {
  it('tells es_process_events with their signatures', async () => {
    const { told, of, input } = await importText(
      'osquery',
      [
        line(ES),
        line({ ...ES, event_type: 'fork', child_pid: '701', time: String(T0 + 12) }),
        line({ ...ES, pid: '701', event_type: 'exit', exit_code: '3', time: String(T0 + 13) }),
      ].join('\n'),
    )
    assert.deepEqual(
      told.map(({ type }) => type),
      ['exec', 'inspected', 'fork', 'exit'],
    )
    const exec = of('exec')[0]
    assert.deepEqual([exec?.pid, exec?.pidversion, exec?.uid], [700, 1, 501])
    assert.deepEqual([exec?.teamId, exec?.codesignFlags], ['ABCDE12345', 1])
    assert.equal(Buffer.from(exec?.cdhash ?? []).toString('hex'), CDHASH.toLowerCase())
    assert.deepEqual([of('fork')[0]?.pid, of('fork')[0]?.parentPidversion], [701, 1])
    assert.deepEqual([of('exit')[0]?.pidversion, of('exit')[0]?.status], [1, 3])
    assert.equal(input.header.hostname, 'ada-mac')
    assert.equal(input.header.startedAt, BigInt(T0 + 10) * 1_000_000_000n)
    assert.deepEqual(input.notes(), [])
  })

  for (const [flags, wants] of [
    ['NOT_VALID', 0],
    ['ADHOC,NOT_RUNTIME', 3],
  ] as const)
    it(`takes ${flags} for what it is`, async () => {
      const { of } = await importText('osquery', line({ ...ES, codesigning_flags: flags }))
      assert.equal(of('exec')[0]?.codesignFlags, wants)
    })

  it('numbers the images of a pid where the log does not, and takes its numbers where it does', async () => {
    const { of } = await importText(
      'osquery',
      [
        line({ ...ES, platform_binary: '1' }),
        line(ES),
        line({ ...ES, pid: '702', pidversion: '4400', parent: '700' }),
      ].join('\n'),
    )
    assert.deepEqual(
      of('exec').map(({ pidversion, flags }) => [pidversion, flags]),
      [
        [1, ExecFlag.platformBinary],
        [2, 0],
        [4_400, 0],
      ],
    )
    assert.equal(of('exec')[2]?.parentPidversion, 2)
  })

  it('tells process_events by path and says that they have no signatures', async () => {
    const { of, input } = await importText(
      'osquery',
      [line(AUDIT), line({ ...AUDIT, syscall: 'clone' })].join('\n'),
    )
    assert.equal(of('exec').length, 1)
    assert.deepEqual([of('exec')[0]?.uid, of('exec')[0]?.codesignFlags], [0, 0])
    assert.match(input.notes().join('\n'), /1 exec without a signature/)
    assert.match(input.notes().join('\n'), /1 row left out: neither exec/)
  })

  it('reads batches and snapshots, and leaves out rows that went', async () => {
    const batch = line(AUDIT, {
      columns: undefined,
      action: undefined,
      diffResults: { added: [AUDIT, ES], removed: [AUDIT] },
    })
    const snapshot = line(AUDIT, {
      columns: undefined,
      action: 'snapshot',
      snapshot: [AUDIT, { pid: 'x' }],
    })
    const { of, input } = await importText(
      'osquery',
      [batch, snapshot, line(AUDIT, { action: 'removed' })].join('\n'),
    )
    assert.equal(of('exec').length, 3)
    assert.match(input.notes().join('\n'), /1 row left out: without a pid/)
  })

  it('tells socket_events as connections without bytes', async () => {
    const { of, input } = await importText(
      'osquery',
      [line(AUDIT), line(CONNECT), line({ ...CONNECT, action: 'bind' })].join('\n'),
    )
    assert.deepEqual(
      of('flow').map(({ state, pid, pidversion, bytesOut, remotePort }) => [
        state,
        pid,
        pidversion,
        bytesOut,
        remotePort,
      ]),
      [
        [FlowState.opened, 800, 1, 0n, 443],
        [FlowState.closed, 800, 1, 0n, 443],
      ],
    )
    assert.equal(of('exec').length, 1)
    assert.match(input.notes().join('\n'), /1 connection without byte counts/)
    assert.match(input.notes().join('\n'), /1 row left out: neither exec/)
  })

  it('counts lines that are no result', async () => {
    const { told, input } = await importText(
      'osquery',
      ['x', line(AUDIT, { unixTime: 'now' }), line(AUDIT, { columns: 3 })].join('\n'),
    )
    assert.deepEqual(told, [])
    assert.deepEqual(
      input.damage().listed.map(({ text }) => text),
      ['not JSON', 'unixTime is no time', 'neither columns, snapshot nor diffResults'],
    )
  })
})
