// Programs that call themselves what no reader of nettop expects: their flows are theirs all the same, or nobody's and
// counted, and never another's.
import assert from 'node:assert/strict'
import { Loss } from '../../src/records/record.gen.ts'
import { flowRow, HEADER, processRow, readNettop, totalsOf } from './nettop-text.ts'

const A = 'tcp4 10.0.0.2:51234<->203.0.113.9:443'
const B = 'tcp4 10.0.0.2:51235<->203.0.113.9:443'
const UDP = 'udp4 *:55555<->*:*'
const MANY = 30_000_000

describe('a name in nettop', () => {
  for (const name of [
    'c\nd',
    '\n\n',
    'a\n,Safari.123,,,0,0,\ny',
    '\n1,Safari.123,,,0,0,\n',
    'a,,,0,0,\nz',
    'a\n12:00:00.123456,S.1,,,0,0,\n',
    'a\n12:00:00.123456,q',
    'x,udp4 *:1<->*:*\n,en0,,0,9,\n',
    'udp4 a<->b',
    'tcp4 1.1.1.1:1<->2.2.2.2:2',
    // Of which the first line is a whole row: of a flow, of a process, and of a time that has too few digits below it.
    'udp4 *:1<->*:*,,,0,999999999,\nx',
    'udp4 *:55555<->*:*,,,0,999999,\n',
    'Safari.123,,,0,0,\nx',
    'udp4 *:1<->*:*,,,0,9,\n1:1:1.1,x',
    '\n1:1:1.1,udp4 *:1<->*:*,,,0,9,\n',
    'x\nSafari.123,,,0,0,\ny',
  ])
    it(`leaves ${JSON.stringify(name)} its flows, and others theirs`, () => {
      const told = readNettop()
      for (let second = 0; second <= 3; second++)
        told.samples([
          ...[processRow('Safari.123'), flowRow(B, second)],
          ...processRow(`${name}.456`).split('\n'),
          ...[flowRow(A, second * MANY), flowRow(UDP, second * MANY)],
        ])
      const outOf = (pid: number) => totalsOf(told.flows.filter((flow) => flow.pid === pid)).out
      assert.deepEqual([outOf(456), outOf(123)], [2 * 3 * MANY, 3])
      assert.equal(totalsOf(told.flows).out, 2 * 3 * MANY + 3)
      assert.ok(told.names.every(({ pid }) => pid === 456 || pid === 123))
    })

  it('is counted where the row that it ends does not go on, and what is below it is nobody’s', () => {
    const told = readNettop()
    told.samples([processRow('a.1'), flowRow(B, 1), '12:00:00.123456,abc', flowRow(A, 5)])
    assert.equal(told.malformed, 1)
    assert.deepEqual(
      told.flows.map(({ pid }) => pid),
      [1, 0],
    )
    told.line('12:00:00.123456,abc')
    told.line(HEADER)
    assert.deepEqual(
      told.losses.map(({ what, count }) => [what, count]),
      [[Loss.malformed, 1n]],
    )
    // Nor does it go on for ever.
    told.line(processRow('a.1'))
    for (let line = 0; line < 2_000; line++) told.line('x')
    told.line(flowRow(B, 9))
    assert.ok(told.malformed >= 2_000)
    assert.equal(told.flows.at(-1)?.pid, 1)
  })

  it('is nobody’s where it may be a flow or a process: what such a socket without a peer moves is told, once', () => {
    const told = readNettop()
    const rows = (name: string, out: number) => [processRow(name), flowRow(UDP, out)]
    for (let second = 1; second <= 6; second++)
      told.samples(rows('tcp6 ::1.1<->::.123', second * MANY))
    assert.deepEqual(totalsOf(told.flows), { out: 6 * MANY, in: 0 })
    assert.ok(told.flows.every(({ pid }) => pid === 0))
    // Its process is known after all, and then again is not.
    told.samples(rows('a.123', 7 * MANY), rows('a.123', 8 * MANY))
    assert.equal(told.flows.at(-1)?.pid, 123)
    assert.equal(totalsOf(told.flows).out, 8 * MANY)
    for (let second = 9; second <= 12; second++)
      told.samples(rows('tcp6 ::1.1<->::.123', second * MANY))
    told.samples([])
    assert.equal(totalsOf(told.flows).out, 12 * MANY)
  })
})
