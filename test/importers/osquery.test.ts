import assert from 'node:assert/strict'
import { Direction, ExecFlag, FlowState, Script } from '../../src/records/record.gen.ts'
import { importText } from './read.ts'
import {
  AUDIT,
  BPF_CONNECT,
  BPF_EXEC,
  CDHASH,
  CONNECT,
  ES,
  LISTED,
  osqueryLine as line,
  T0,
} from './samples.ts'

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

  it('tells the same of numbers written as numbers as of numbers written as text', async () => {
    const numbers = (row: Record<string, string>): Record<string, string | number> =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [
          name,
          /^[0-9]+$/.test(value) ? Number(value) : value,
        ]),
      )
    const rows: Record<string, string>[] = [
      { ...ES, platform_binary: '1' },
      { ...ES, event_type: 'fork', child_pid: '701' },
      { ...ES, pid: '701', event_type: 'exit', exit_code: '3' },
      { ...AUDIT, status: '0' },
      { ...AUDIT, status: '2' },
      CONNECT,
      { ...CONNECT, success: '0' },
      BPF_EXEC,
      BPF_CONNECT,
      LISTED,
    ]
    const text = await importText('osquery', rows.map((row) => line(row)).join('\n'))
    const number = await importText(
      'osquery',
      rows.map((row) => line(numbers(row), { unixTime: String(T0 + 30) })).join('\n'),
    )
    assert.deepEqual(number.all, text.all)
    assert.deepEqual(number.input.notes(), text.input.notes())
    assert.equal(text.of('exec')[0]?.flags, ExecFlag.platformBinary)
    assert.equal(text.of('flow').length, 4)
  })

  it('takes an empty text for an empty list', async () => {
    const empty = { columns: undefined, action: 'snapshot' }
    const { told, input } = await importText(
      'osquery',
      [
        line(AUDIT, { ...empty, snapshot: '' }),
        line(AUDIT, { ...empty, action: undefined, diffResults: { removed: '', added: '' } }),
        line(AUDIT, { ...empty, action: undefined, diffResults: { removed: [AUDIT], added: '' } }),
      ].join('\n'),
    )
    assert.deepEqual(told, [])
    assert.equal(input.damage().places, 0)
  })

  for (const [name, row] of [
    ['by the status of OpenBSM', { ...AUDIT, status: '2' }],
    ['by what the system call returned', { ...BPF_EXEC, exit_code: '-2' }],
  ] as const)
    it(`knows no program that failed to begin, ${name}`, async () => {
      const { of, input } = await importText(
        'osquery',
        [line({ ...row, path: '/usr/bin/nosuch' }), line(AUDIT)].join('\n'),
      )
      assert.deepEqual(
        of('exec').map(({ path }) => path),
        ['/usr/local/bin/tool'],
      )
      assert.match(input.notes().join('\n'), /1 row left out: an exec or a connection that failed/)
    })

  it('tells rows of bpf_process_events by their system call', async () => {
    const { of } = await importText(
      'osquery',
      [
        line(BPF_EXEC),
        line({ ...BPF_EXEC, syscall: 'fork', exit_code: '811' }),
        line({ ...BPF_EXEC, syscall: 'exit', exit_code: '0' }),
      ].join('\n'),
    )
    assert.deepEqual(
      of('exec').map(({ flags, pid }) => [flags, pid]),
      [[0, 810]],
    )
  })

  it('takes a list of processes for what runs, and not for execs, however often it comes', async () => {
    const list = (at: number): string =>
      line(LISTED, {
        columns: undefined,
        action: 'snapshot',
        snapshot: [
          LISTED,
          { ...LISTED, pid: '821', path: '/opt/b' },
          { ...LISTED, pid: '822', path: '', cmdline: '' },
        ],
        unixTime: T0 + at,
      })
    const { of, input } = await importText('osquery', [list(0), list(60), list(120)].join('\n'))
    assert.deepEqual(
      of('exec').map(({ flags, pid, path }) => [flags, pid, path]),
      [
        [ExecFlag.enumerated, 820, '/usr/local/bin/tool'],
        [ExecFlag.enumerated, 821, '/opt/b'],
      ],
    )
    const notes = input.notes().join('\n')
    assert.match(notes, /2 programs that ran when osquery looked/)
    assert.match(notes, /3 rows left out: neither exec/)
    // The same as a difference, and with the columns that a query may be content with.
    const { pid, path, cmdline } = LISTED
    const few = await importText(
      'osquery',
      [
        line(LISTED),
        line(AUDIT, { columns: undefined, action: 'snapshot', snapshot: [{ pid, path, cmdline }] }),
      ].join('\n'),
    )
    assert.deepEqual(
      few.of('exec').map(({ flags }) => flags),
      [ExecFlag.enumerated],
    )
  })

  it('tells connections of bpf_socket_events, accepted ones too, and none that failed', async () => {
    const { of, input } = await importText(
      'osquery',
      [
        line(BPF_CONNECT),
        line({ ...BPF_CONNECT, exit_code: '-115', type: '2' }),
        line({ ...BPF_CONNECT, syscall: 'accept4', exit_code: '5', local_port: '22' }),
        line({ ...BPF_CONNECT, exit_code: '-111' }),
        line({ ...BPF_CONNECT, syscall: 'bind' }),
        line({ ...CONNECT, status: 'failed' }),
        line({ ...CONNECT, action: 'accept', status: 'no_client' }),
        line({ ...CONNECT, action: 'accept', status: 'succeeded' }),
        line({ ...CONNECT, status: 'in_progress', success: '0' }),
      ].join('\n'),
    )
    assert.deepEqual(
      of('flow')
        .filter(({ state }) => state === FlowState.closed)
        .map(({ direction, protocol, localPort, pid }) => [direction, protocol, localPort, pid]),
      [
        [Direction.outbound, 6, 0, 810],
        [Direction.outbound, 17, 0, 810],
        [Direction.inbound, 6, 22, 810],
        [Direction.inbound, 6, 0, 800],
        [Direction.outbound, 6, 0, 800],
      ],
    )
    const notes = input.notes().join('\n')
    assert.match(notes, /3 rows left out: an exec or a connection that failed/)
    assert.match(notes, /1 row left out: neither exec/)
  })

  it('knows the script of an interpreter by the command line, and keeps nothing else of it', async () => {
    const python = { ...AUDIT, path: '/usr/bin/python3', cwd: '/home/ada' }
    const rows = [
      { ...python, cmdline: 'python3 -u send.py a-secret' },
      { ...python, cmdline: 'python3 -c a-secret' },
      { ...python, cwd: '', cmdline: 'python3 send.py' },
      { ...python, cmdline: '' },
      {
        ...BPF_EXEC,
        path: '/usr/bin/python3',
        cmdline: 'python3 my file.py',
        json_cmdline: '["python3","my file.py","a-secret"]',
      },
      { ...BPF_EXEC, path: '/usr/bin/python3', cmdline: 'python3 /x.py', json_cmdline: '[' },
      { ...LISTED, path: '/usr/bin/python3', cmdline: 'python3 /opt/send.py' },
    ]
    const { of, all } = await importText('osquery', rows.map((row) => line(row)).join('\n'))
    assert.deepEqual(
      of('exec').map(({ script, scriptFrom }) => [script, scriptFrom]),
      [
        ['/home/ada/send.py', Script.argument],
        ['', Script.inline],
        ['', Script.claimed],
        ['', Script.none],
        ['/my file.py', Script.argument],
        ['/x.py', Script.argument],
        // A process may have written what it shows.
        ['/opt/send.py', Script.claimed],
      ],
    )
    assert.equal(
      all.some((record) => Object.values(record).includes('a-secret')),
      false,
    )
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
