// A line of nettop: a header, a process, or a flow of the process above it.
import assert from 'node:assert/strict'
import { formatAddress } from '../../src/engine/address.ts'
import { columnsOf, isHeader, parseRow } from '../../src/intake/nettop-line.ts'
import { flowRow, HEADER, processRow } from './nettop-text.ts'

const A = 'tcp4 10.0.0.2:51234<->203.0.113.9:443'
const B = 'tcp6 fe80::1%en5.50000<->2001:db8::2.8443'

const columns = columnsOf(HEADER)
const rowOf = (text: string) => {
  assert.ok(columns)
  return parseRow(text, columns)
}

describe('a line of nettop', () => {
  it('has its columns by the names of the header, wherever they stand', () => {
    for (const header of [
      'time,,state,interface,bytes_out,bytes_in,',
      'time,,rx_dupe,bytes_in,bytes_out,re-tx,state,interface,arch,',
    ]) {
      assert.ok(isHeader(header))
      const found = columnsOf(header)
      assert.ok(found)
      const named = {
        time: '12:00',
        '': A,
        state: 'Established',
        interface: 'en0',
        bytes_in: '5',
        bytes_out: '7',
      }
      const text = header
        .split(',')
        .map((name, index, all) =>
          index === all.length - 1 ? '' : (named[name as keyof typeof named] ?? ''),
        )
        .join(',')
      const row = parseRow(text, found)
      assert.ok(row.kind === 'flow')
      assert.deepEqual(
        [row.interface, row.state, row.bytesIn, row.bytesOut],
        ['en0', 'Established', 5, 7],
      )
    }
  })

  it('is no header that is known without one of the names, with one twice, or with nothing before the name', () => {
    for (const header of [
      'time,,interface,state,rx_bytes,tx_bytes,',
      'time,,interface,state,bytes_in,bytes_out,bytes_in,',
      'time,process,interface,state,bytes_in,bytes_out,',
      'time,interface,,state,bytes_in,bytes_out,',
      'time,,,interface,state,bytes_in,bytes_out,',
      // As nettop prints it where `time` is not asked for.
      ',interface,state,bytes_in,bytes_out,',
    ]) {
      assert.ok(isHeader(header), header)
      assert.equal(columnsOf(header), undefined, header)
    }
    for (const text of [processRow('a.1'), flowRow(A, 0), '', 'nettop: error', 'a,b'])
      assert.equal(isHeader(text), false, text)
  })

  for (const [name, pid] of [
    ['launchd.1', 1],
    ['io.tailscale.ip.79391', 79_391],
    ['Code Helper (Pl.51458', 51_458],
    ['a, b,c.7', 7],
    ['.9', 9],
    ['x<->y.5', 5],
    // As flows are written, with ends that are none.
    ['udp4 a<->b.456', 456],
    ['tcp4 1.1.1.1:1<->2.2.2.2:4.123', 123],
    ['tcp6 ::1.1<->::.9.123', 123],
  ] as const)
    it(`is of the process ${name}`, () => {
      assert.deepEqual(rowOf(processRow(name)), {
        kind: 'process',
        pid,
        name: name.slice(0, name.lastIndexOf('.')),
      })
    })

  it('is of a process that calls itself as a flow does where it has bytes: such a flow has an interface', () => {
    const row = rowOf('12:00:00.123456,tcp6 ::1.1<->::.123,,,0,7,')
    assert.deepEqual(row, { kind: 'process', pid: 123, name: 'tcp6 ::1.1<->::' })
    assert.equal(rowOf(flowRow('tcp6 ::1.1<->::.123', 7)).kind, 'flow')
  })

  for (const [text, local, remote] of [
    [A, ['10.0.0.2', 51_234], ['203.0.113.9', 443]],
    [B, ['fe80::1', 50_000], ['2001:db8::2', 8_443]],
    ['udp4 *:5353<->*:*', ['::', 5_353], ['::', 0]],
    ['udp4 0.0.0.0:5353<->0.0.0.0:9', ['::', 5_353], ['::', 0]],
    ['udp6 ::.5353<->::ffff:0.0.0.0.0', ['::', 5_353], ['::', 0]],
    ['quic4 10.0.0.2:1<->203.0.113.9:443', ['10.0.0.2', 1], ['203.0.113.9', 443]],
    ['udp6 *.5353<->*.*', ['::', 5_353], ['::', 0]],
    ['tcp6 ::1.1<->::ffff:192.0.2.1.80', ['::1', 1], ['192.0.2.1', 80]],
  ] as const)
    it(`is of the flow ${text}`, () => {
      const row = rowOf(flowRow(text, 1, 2))
      assert.ok(row.kind === 'flow')
      assert.deepEqual([formatAddress(row.local.address), row.local.port], local)
      assert.deepEqual([formatAddress(row.remote.address), row.remote.port], remote)
      assert.equal(row.protocol, text.startsWith('tcp') ? 6 : 17)
      assert.equal(row.isQuic, text.startsWith('quic'))
      assert.equal(row.remote.isAny, remote[1] === 0)
    })

  it('is refused where it cannot be understood', () => {
    for (const text of [
      '12:00,launchd.1,,,0',
      processRow('launchd'),
      processRow('a.99999999999'),
      processRow('a.2147483648'),
      flowRow('tcp4 10.0.0.2<->203.0.113.9:443', 0),
      flowRow('tcp4 10.0.0.2:1<->203.0.113.9:65536', 0),
      flowRow('tcp4 ::1:1<->203.0.113.9:443', 0),
      flowRow('tcp6 10.0.0.2.1<->::1.443', 0),
      flowRow(A, '1 KiB'),
      flowRow(A, '-1'),
      flowRow(A, '9007199254740992'),
      // A process that calls itself as a flow does: whose the flows below it are would be taken for another's.
      processRow('tcp6 ::1.1<->::.123'),
    ])
      assert.throws(() => rowOf(text), { name: 'MalformedLine' }, text)
  })
})
