// nettop's samples as flows.
import assert from 'node:assert/strict'
import { formatAddress } from '../../src/engine/address.ts'
import { UnreadableOutput } from '../../src/intake/line-teller.ts'
import { isHeader } from '../../src/intake/nettop-line.ts'
import { Direction, FlowFlag, FlowState, Loss, Source } from '../../src/records/record.gen.ts'
import {
  EPOCH,
  flowRow,
  HEADER,
  processRow,
  readNettop,
  SECOND_NS,
  STARTED_NS,
  totalsOf,
} from './nettop-text.ts'

const { opened, report, closed } = FlowState
const { enumerated, inexact, tunnelled } = FlowFlag
/** Of each TCP flow that nettop shows. */
const always = FlowFlag.ownerGuessed | FlowFlag.atMost
const A = 'tcp4 10.0.0.2:51234<->203.0.113.9:443'
const C = 'tcp4 10.0.0.2:51299<->203.0.113.9:993'
const B = 'tcp6 fe80::1%en5.50000<->2001:db8::2.8443'

describe('nettop', () => {
  it('tells a flow as it opens, as it moves and, no more being seen of it, as it closes', () => {
    const told = readNettop()
    told.samples(
      [processRow('curl.77')],
      [processRow('curl.77'), flowRow(A, 100, 5, { state: 'SynSent' })],
      [processRow('curl.77'), flowRow(A, 100, 5)],
      [processRow('curl.77'), flowRow(A, 900, 6)],
      [processRow('curl.77')],
      [],
    )
    assert.deepEqual(
      told.flows.map(({ state, bytesOut, bytesIn, flags }) => [state, bytesOut, bytesIn, flags]),
      [
        [opened, 100n, 5n, always],
        [report, 900n, 6n, always],
        [closed, 900n, 6n, always | inexact],
      ],
    )
    const [flow] = told.flows
    assert.equal(flow?.source, Source.nettop)
    assert.deepEqual([flow?.pid, flow?.pidversion, flow?.epoch], [77, 0, EPOCH])
    assert.deepEqual([flow?.remotePort, flow?.localPort, flow?.protocol], [443, 51_234, 6])
    assert.equal(flow?.direction, Direction.outbound)
    assert.equal(formatAddress(flow?.remoteAddr ?? new Uint8Array(16)), '203.0.113.9')
    assert.equal(new Set(told.flows.map(({ flowId }) => flowId)).size, 1)
  })

  it('tells with a flow what its process is called, should nobody else know, and of whom it goes to', () => {
    const told = readNettop()
    told.samples([processRow('a, b.1'), flowRow(A, 1)], [processRow('a, b.1'), flowRow(A, 2)])
    told.samples([processRow('c.2'), flowRow(A, 3)])
    const [flow] = told.flows
    assert.deepEqual(
      told.names.map(({ flowId, epoch, pid, name }) => [flowId, epoch, pid, name]),
      [
        [flow?.flowId, EPOCH, 1, 'a, b'],
        [flow?.flowId, EPOCH, 2, 'c'],
      ],
    )
    // Whose it is nobody knows, so nobody's name is told.
    const lost = readNettop()
    lost.samples([processRow('a.1')])
    lost.line('x')
    lost.line(flowRow(A, 1))
    assert.deepEqual([lost.flows.length, lost.names.length], [1, 0])
  })

  it('enumerates by its first whole sample', () => {
    const told = readNettop()
    told.samples([processRow('a.1'), flowRow(A, 1)])
    assert.deepEqual(told.enumeratedAt, [])
    told.samples([processRow('a.1'), flowRow(A, 1), flowRow(B, 2)], [])
    assert.deepEqual(told.enumeratedAt, [STARTED_NS + 2n * SECOND_NS])
    assert.deepEqual(
      told.flows.slice(0, 2).map(({ flags }) => flags),
      [enumerated | always, always],
    )
    const damaged = readNettop()
    damaged.samples([processRow('a.1')])
    damaged.lost()
    damaged.samples([processRow('a.1')])
    assert.deepEqual(damaged.enumeratedAt, [])
    damaged.samples([])
    assert.equal(damaged.enumeratedAt.length, 1)
  })

  it('leaves listeners out, and tells unconnected sockets of each process apart', () => {
    const told = readNettop()
    const [server, mdns] = ['tcp4 *:22<->*:*', 'udp4 *:5353<->*:*']
    told.samples([
      processRow('sshd.5'),
      flowRow(server, '', '', { state: 'Listen' }),
      flowRow('tcp6 *.22<->*.*', 3, 3),
      flowRow(mdns, 10),
      processRow('other.6'),
      flowRow(mdns, 20),
      flowRow(mdns, 30),
    ])
    // Those of one process that look alike are one: one that closes takes nothing back.
    told.samples(
      [processRow('other.6'), flowRow(mdns, 35)],
      [processRow('other.6'), flowRow(mdns, 36)],
    )
    told.line(HEADER)
    assert.deepEqual(
      told.flows.map(({ pid, bytesOut, remotePort, state }) => [pid, bytesOut, remotePort, state]),
      [
        [5, 10n, 0, opened],
        [6, 20n, 0, opened],
        [6, 50n, 0, report],
        [5, 10n, 0, closed],
        [6, 51n, 0, report],
      ],
    )
    assert.equal(new Set(told.flows.map(({ flowId }) => flowId)).size, 2)
    assert.equal(told.malformed, 0)
  })

  it('takes a connection that is shown twice in a sample for one', () => {
    const told = readNettop()
    const sample = [processRow('a.1'), flowRow(A, 10), processRow('b.2'), flowRow(A, 12)]
    told.samples(sample, sample)
    assert.deepEqual(totalsOf(told.flows), { out: 10, in: 0 })
    assert.ok(told.flows.every(({ pid }) => pid === 1))
  })

  it('takes nothing of a sum back by a sample with a row that is not understood', () => {
    const told = readNettop()
    const mdns = 'udp4 *:5353<->*:*'
    const whole = [processRow('a.1'), flowRow(mdns, 10), flowRow(mdns, 20)]
    told.samples(whole, [processRow('a.1'), flowRow(mdns, 10), 'x', flowRow(mdns, 20)], whole, [])
    assert.deepEqual(totalsOf(told.flows), { out: 30, in: 0 })
  })

  it('counts sockets that look alike once, also after a sample in which their process could not be read', () => {
    const told = readNettop()
    const mdns = 'udp4 *:5353<->*:*'
    const whole = [processRow('a.1'), flowRow(mdns, 0), flowRow(mdns, 20)]
    told.samples(whole, [processRow('a.1'), 'x', flowRow(mdns, 0), flowRow(mdns, 20)], whole, [])
    assert.deepEqual(totalsOf(told.flows), { out: 20, in: 0 })
  })

  it('waits for the next sample with a flow whose process may stand in a line that is missing', () => {
    const told = readNettop()
    told.samples([processRow('a.1')])
    told.lost()
    told.line(flowRow(A, 5))
    assert.deepEqual(told.flows, [])
    told.samples([processRow('b.2'), flowRow(A, 5)])
    assert.deepEqual(
      told.flows.map(({ pid }) => pid),
      [2],
    )
  })

  it('goes on with what it has when it is told anew of the nettop that it reads, and tells all of it', () => {
    const told = readNettop()
    told.samples([processRow('a.1'), flowRow(A, 700)])
    told.begin(STARTED_NS)
    told.samples([processRow('a.1'), flowRow(A, 700)], [processRow('a.1'), flowRow(A, 900)], [])
    assert.deepEqual(
      told.flows.map(({ state, epoch, bytesOut, flags }) => [
        state,
        epoch,
        bytesOut,
        (flags & enumerated) !== 0,
      ]),
      [
        [opened, EPOCH, 700n, true],
        [report, EPOCH, 700n, true],
        [report, EPOCH, 900n, false],
      ],
    )
    assert.equal(told.enumeratedAt.length, 1)
  })

  it('tells each flow again in the first sample of a nettop, also what has not moved', () => {
    const told = readNettop()
    told.samples([processRow('a.1'), flowRow(A, 0)])
    told.begin()
    told.samples([processRow('a.1'), flowRow(A, 0)], [], [])
    assert.deepEqual(
      told.flows.map(({ state, flags }) => [state, (flags & enumerated) !== 0]),
      [
        [opened, true],
        [opened, true],
        [closed, false],
      ],
    )
  })

  it('says that a flow leaves through a tunnel, also once it does', () => {
    const told = readNettop()
    for (const on of ['en0', 'utun4', 'ipsec0', 'ppp0', 'utun', 'en1'])
      told.samples([processRow('a.1'), flowRow(A, 1, 0, { on })])
    assert.deepEqual(
      told.flows.map(({ flags }) => (flags & tunnelled) !== 0),
      [false, true, false],
    )
  })

  it('takes a QUIC flow and the UDP flow that carries it for one, whichever is met first, and says that QUIC sends again', () => {
    const ends = '10.0.0.2:5<->203.0.113.9:443'
    for (const [first, second] of [
      ['udp4', 'quic4'],
      ['quic4', 'udp4'],
    ]) {
      const told = readNettop()
      const rows = (out: number) => [
        ...[processRow('a.1'), flowRow(`${first} ${ends}`, out), flowRow(`${second} ${ends}`, out)],
      ]
      told.samples(rows(100), rows(700), [processRow('a.1'), flowRow(`${second} ${ends}`, 900)])
      assert.deepEqual(totalsOf(told.flows), { out: 700, in: 0 })
      // The first is not shown any more: the second goes on from there.
      for (const out of [950, 1_000])
        told.samples([processRow('a.1'), flowRow(`${second} ${ends}`, out)])
      assert.deepEqual(totalsOf(told.flows), { out: 800, in: 0 })
      const isAtMost = ({ flags }: { flags: number }) => (flags & FlowFlag.atMost) !== 0
      assert.equal(told.flows.filter(isAtMost).length, first === 'quic4' ? 3 : 2)
      // Another has these ends.
      told.begin()
      told.samples([processRow('b.2'), ...rows(5).slice(1)], [])
      assert.deepEqual(totalsOf(told.flows), { out: 805, in: 0 })
    }
  })

  it('takes nothing off a row for what its twin told before it was away, or of another nettop', () => {
    const [udp, quic] = ['udp4', 'quic4'].map((kind) => `${kind} 10.0.0.2:5<->203.0.113.9:443`) as [
      string,
      string,
    ]
    const both = [processRow('a.1'), flowRow(udp, 50), flowRow(quic, 60)]
    const away = readNettop()
    away.samples(both, [], [processRow('a.1'), flowRow(quic, 60)], [])
    assert.deepEqual(totalsOf(away.flows), { out: 110, in: 0 })
    const again = readNettop()
    again.samples(both, [processRow('a.1'), flowRow(quic, 60)], [])
    const { length } = again.flows
    again.samples(both, [processRow('a.1'), flowRow(quic, 60)])
    again.line(HEADER)
    again.begin()
    again.samples([processRow('a.1'), flowRow(quic, 90)], [])
    assert.equal(
      totalsOf(again.flows.slice(length).filter(({ flags }) => flags & enumerated)).out,
      90,
    )
  })

  it('begins a new epoch where the counters of a connection go down', () => {
    const told = readNettop()
    told.samples([processRow('a.1'), flowRow(A, 500, 50)], [processRow('a.1'), flowRow(A, 20, 50)])
    assert.deepEqual(
      told.flows.map(({ state, epoch, bytesOut }) => [state, epoch, bytesOut]),
      [
        [opened, EPOCH, 500n],
        [opened, EPOCH + 1, 20n],
      ],
    )
    assert.deepEqual(totalsOf(told.flows), { out: 520, in: 100 })
  })

  it('counts no byte again of a flow that it left out of a sample', () => {
    const told = readNettop()
    told.samples(
      [processRow('a.1'), flowRow(A, 500)],
      [processRow('a.1')],
      [processRow('a.1'), flowRow(A, 700)],
    )
    assert.deepEqual(totalsOf(told.flows), { out: 700, in: 0 })
    // Another's has the same endpoints, a while later: all of it is its own.
    told.samples([], [], [processRow('b.2'), flowRow(A, 900)])
    assert.deepEqual(totalsOf(told.flows), { out: 1_600, in: 0 })
    assert.equal(told.flows.at(-1)?.pid, 2)
  })

  it('closes nothing by a sample of which lines may be missing', () => {
    const told = readNettop()
    told.samples([processRow('a.1'), flowRow(A, 500)], [processRow('b.2')])
    told.lost()
    told.samples([processRow('a.1'), flowRow(A, 600)], [])
    assert.deepEqual(
      told.flows.map(({ state }) => state),
      [opened, report],
    )
  })

  it('gives the flows below a line that is lost or not understood to nobody, unless they are known', () => {
    const told = readNettop()
    told.samples([processRow('a.1'), flowRow(A, 500)])
    for (const spoil of [() => told.lost(), () => told.line(processRow('tcp6 ::1.1<->::.9'))]) {
      told.samples([processRow('a.1')])
      spoil()
      told.line(flowRow(A, 600))
      told.line(flowRow(B, 7))
      told.line(flowRow('udp4 *:53<->*:*', 3))
    }
    const owner = (port: number) =>
      told.flows.filter((flow) => flow.remotePort === port).map(({ pid }) => pid)
    assert.deepEqual([owner(443), owner(8_443), owner(0)], [[1, 1], [0], []])
    // Who it is comes to be known.
    told.samples([processRow('b.2'), flowRow(B, 7)])
    assert.deepEqual(owner(8_443), [0, 2])
  })

  it('counts from its own beginning when it is started again, and no byte twice', () => {
    const told = readNettop()
    told.samples([processRow('a.1'), flowRow(A, 1_000, 10), flowRow(B, 70)], [])
    const before = told.flows.length
    told.samples([processRow('a.1'), flowRow(A, 1_000, 10), flowRow(B, 70)])
    told.begin()
    told.samples([processRow('a.1'), flowRow(A, 0, 0)], [processRow('a.1'), flowRow(A, 300, 4)])
    assert.deepEqual(totalsOf(told.flows), { out: 1_370, in: 14 })
    // One that does show the past adds what is new.
    told.begin()
    told.samples([processRow('a.1'), flowRow(A, 450, 4)], [])
    assert.deepEqual(totalsOf(told.flows), { out: 1_520, in: 14 })
    const after = told.flows.slice(before).filter(({ state }) => state === opened)
    assert.ok(after.every(({ epoch }) => epoch > EPOCH))
    // What the first of its samples lacks has closed.
    assert.ok(told.flows.some(({ state, remotePort }) => state === closed && remotePort === 8_443))
  })

  it('has the same ids and epochs for an engine that is told of the same nettop anew', () => {
    const [first, second] = [readNettop(), readNettop()]
    first.samples([], [processRow('a.1'), flowRow(A, 1), flowRow('udp4 *:1<->*:*', 5)])
    second.line(flowRow(B, 1))
    second.samples([processRow('a.1'), flowRow(A, 9), flowRow('udp4 *:1<->*:*', 6)])
    const named = ({ flows }: typeof first) => flows.map(({ flowId, epoch }) => [flowId, epoch])
    assert.deepEqual(named(second), named(first))
    assert.equal(second.malformed, 0)
  })

  it('finds where a sample begins when the header comes once', () => {
    const told = readNettop()
    told.line(HEADER)
    for (const out of [1, 2]) {
      told.line(processRow('a.1'))
      told.line(flowRow(A, out))
      if (out === 1) told.line(flowRow(B, 1))
    }
    told.line(processRow('a.1'))
    told.line(processRow('b.2'))
    assert.deepEqual(
      told.flows.map(({ state, remotePort }) => [state, remotePort]),
      [
        [opened, 443],
        [opened, 8_443],
        [report, 443],
        [closed, 8_443],
      ],
    )
  })

  it('says that it cannot be read where its header is another, or none comes, and guesses nothing', () => {
    const told = readNettop()
    assert.throws(() => told.line('time,,interface,state,rx,tx,'), UnreadableOutput)
    for (let i = 0; i < 10_000; i++) told.line(flowRow(A, i))
    assert.throws(() => told.line(flowRow(A, 1)), UnreadableOutput)
    assert.deepEqual(told.flows, [])
    told.begin()
    told.samples([processRow('a.1'), flowRow(A, 1)])
    assert.equal(told.flows.length, 1)
  })

  it('has one header: a name with newlines in it is none, however like one it looks', () => {
    const told = readNettop()
    const evil = processRow('\n,a,b,c\nx.6').split('\n')
    const others = processRow('\n,,interface,state\n.7').split('\n')
    for (const out of [1, 2, 3])
      told.samples([
        ...[processRow('a.1'), flowRow(A, out), ...evil, flowRow(B, out), ...others],
        ...[processRow('c.3'), flowRow(C, out)],
      ])
    assert.ok(evil.some(isHeader) && others.some(isHeader))
    const owners = told.flows.map(({ state, remotePort, pid }) => [state, remotePort, pid])
    assert.deepEqual(owners.slice(0, 3), [
      [opened, 443, 1],
      [opened, 8_443, 6],
      [opened, 993, 3],
    ])
    assert.ok(told.flows.every(({ state }) => state !== closed))
    assert.ok(told.malformed > 0)
  })

  it('has a bound, gives closed flows up first, and counts each flow that finds no room once', () => {
    const told = readNettop({ flowsMax: 3 })
    const rows = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) =>
        flowRow(`tcp4 10.0.0.2:${from + i}<->203.0.113.9:443`, 1),
      )
    told.samples(
      [processRow('a.1'), ...rows(1_000, 3)],
      [processRow('a.1')],
      [processRow('a.1'), ...rows(2_000, 5)],
    )
    for (let i = 0; i < 3; i++) told.samples([processRow('a.1'), ...rows(2_000, 5)])
    assert.equal(told.flows.filter(({ state }) => state === opened).length, 6)
    assert.deepEqual(
      told.losses.map(({ count, what, source }) => [count, what, source]),
      [[2n, Loss.tableFull, Source.nettop]],
    )
  })
})
