import assert from 'node:assert/strict'
import { Direction, ExecFlag, FlowFlag, FlowState, Loss } from '../../src/records/record.gen.ts'
import { importText } from './read.ts'
import { logLine, tcpConnect, tcpSummary } from './samples.ts'

const AT = '2026-03-02 11:00:00.250000+0100'
const LATER = '2026-03-02 11:00:40.500000+0100'
const APP = '/Applications/Sync.app/Contents/MacOS/Sync'
const APP_LINE = logLine(AT, 'hello', { processImagePath: APP, processID: 900, userID: 501 })
const SOCKET = ['192.168.1.5:50100', '198.51.100.7:443', 77, 'Sync:900', 'SYN_SENT'] as const

describe('The unified log', () => {
  it("tells a connection's process, addresses and bytes by the kernel's messages", async () => {
    const { told, of, input } = await importText(
      'unified-log',
      [
        APP_LINE,
        logLine(AT, tcpConnect(...SOCKET)),
        logLine(LATER, tcpSummary(2_000, 9_000_000, ...SOCKET)),
        '{"count":3,"finished":1}',
      ].join('\n'),
    )
    assert.deepEqual(
      told.map(({ type }) => type),
      ['exec', 'inspected', 'flow', 'flow'],
    )
    assert.deepEqual([of('exec')[0]?.path, of('exec')[0]?.uid], [APP, 501])
    const [opened, closed] = of('flow')
    assert.deepEqual(
      [opened?.state, opened?.direction, opened?.bytesOut],
      [FlowState.opened, Direction.outbound, 0n],
    )
    assert.deepEqual(
      [closed?.state, closed?.bytesOut, closed?.bytesIn],
      [FlowState.closed, 9_000_000n, 2_000n],
    )
    assert.deepEqual([closed?.pid, closed?.remotePort, closed?.localPort], [900, 443, 50_100])
    assert.equal(opened?.flowId, closed?.flowId)
    assert.equal((closed?.atNs ?? 0n) - (opened?.atNs ?? 0n), 40_250_000_000n)
    // 11:00 at +0100 is 10:00 UTC.
    assert.equal(input.header.startedAt, 1_772_445_600_250_000_000n)
    assert.deepEqual(input.damage().listed, [])
    assert.deepEqual(input.notes(), ["1 TCP connection by the kernel's messages"])
  })

  it('says that redacted addresses cannot be scored, and how to have them', async () => {
    const socket = [
      '<IPv4-redacted>:50100',
      '<IPv4-redacted>:443',
      78,
      'Sync:900',
      'SYN_SENT',
    ] as const
    const { of, input } = await importText('unified-log', logLine(AT, tcpConnect(...socket)))
    assert.deepEqual(of('flow')[0]?.remoteAddr, new Uint8Array(16))
    assert.match(input.notes().join('\n'), /redacted by macOS.*net\.inet\.ip\.log\.privacy/)
    assert.match(input.notes().join('\n'), /1 connection whose end is not in the log/)
  })

  it("knows a program that logs nothing by the kernel's name for it alone", async () => {
    const socket = ['10.0.0.1:1', '10.0.0.2:2', 5, 'Other:900', 'SYN_SENT'] as const
    const { of } = await importText(
      'unified-log',
      [APP_LINE, logLine(AT, tcpConnect(...socket))].join('\n'),
    )
    const [app, other] = of('exec')
    assert.equal(app?.flags, ExecFlag.enumerated)
    assert.deepEqual([other?.path, other?.pidversion], ['Other', 2])
    assert.equal(other?.flags, ExecFlag.enumerated + ExecFlag.pathGuessed)
    assert.equal(of('flow')[0]?.pidversion, 2)
  })

  it('takes what lies on the sealed system volume for the platform, and nothing else', async () => {
    const paths = [
      '/usr/libexec/trustd',
      '/usr/local/bin/trustd',
      '/System/Volumes/Data/x',
      '/System/../tmp/x',
    ]
    const { of } = await importText(
      'unified-log',
      paths
        .map((processImagePath, i) => logLine(AT, '', { processImagePath, processID: i + 1 }))
        .join('\n'),
    )
    assert.deepEqual(
      of('exec').map(({ flags }) => (flags & ExecFlag.platformBinary) !== 0),
      [true, false, false, false],
    )
  })

  it('reads an end without its beginning, and counts what the rate limit kept back', async () => {
    const { of, input } = await importText(
      'unified-log',
      [
        logLine(AT, tcpSummary(5, 6, ...SOCKET, 10)),
        logLine(AT, tcpConnect('10.0.0.1:1', '10.0.0.2:2', 80, 'Sync:900', 'SYN_SENT', 13)),
      ].join('\n'),
    )
    const flow = of('flow')[0]
    assert.deepEqual(
      [flow?.state, flow?.direction, flow?.flags, flow?.bytesOut],
      [FlowState.closed, Direction.unknown, FlowFlag.enumerated, 6n],
    )
    assert.deepEqual(
      of('loss').map(({ count, what }) => [count, what]),
      [[3n, Loss.kernelEvents]],
    )
    const notes = input.notes().join('\n')
    assert.match(notes, /1 connection whose beginning is not in the log/)
    assert.match(notes, /3 messages kept back by the kernel's rate limit/)
  })

  it("gives no bytes to com.apple.network's lines, and says so", async () => {
    const start = logLine(
      AT,
      '[C9 EA66F890-BE05-450D-BF6E-ADE5ADAC1CB8 Hostname#c6f77afc:443 tcp, tls] start',
      {
        subsystem: 'com.apple.network',
        category: 'connection',
        processImagePath: APP,
        processID: 900,
      },
    )
    const { told, input } = await importText('unified-log', start)
    assert.deepEqual(
      told.map(({ type }) => type),
      ['exec', 'inspected'],
    )
    assert.match(
      input.notes().join('\n'),
      /1 line of com\.apple\.network: neither address nor bytes/,
    )
  })

  it('counts malformed lines, and not the words of log(1) itself', async () => {
    const { input } = await importText(
      'unified-log',
      [
        'Filtering the log data using "x"',
        APP_LINE,
        'Filtering',
        APP_LINE.replace(AT, 'noon'),
      ].join('\n'),
    )
    assert.deepEqual(
      input.damage().listed.map(({ line, text }) => [line, text]),
      [
        [3, 'not JSON'],
        [4, 'timestamp is no time'],
      ],
    )
  })
})
