import assert from 'node:assert/strict'
import { type UnseenRecord, writeUnseen } from '../../src/records/record.gen.ts'
import { HOUR_MS, Script, tell } from './scenario.ts'

// What programs send by UDP, ICMP, raw and packet sockets: in no flow, so it is said whose it was.

const UDP = 17
const sent = (script: Script, pid: number, bytes: number, more: Partial<UnseenRecord> = {}) =>
  script.add(
    writeUnseen({
      ...script.head(),
      ...{ pid, pidversion: pid === 0 ? 0 : 1, bytes: BigInt(bytes), sends: 1, family: 2 },
      ...{ protocol: UDP, ...more },
    }),
  )
const said = (script: Script): string[] =>
  tell(script).health.flatMap(({ of, text }) => (of === 'loss' ? [text] : []))
const probe = () => new Script().start().program({ pid: 100, path: '/home/ann/probe', sha: 'ab' })

describe('what is sent in ways that are not watched', () => {
  it('is said with program, identity, way and bytes, a minute after it began and then once an hour', () => {
    const script = probe().system(50, '/usr/bin/ping')
    sent(script, 100, 5_000)
    sent(script, 100, 700)
    sent(script, 50, 84, { protocol: 1 })
    sent(script.ticks(30), 0, 11)
    const first = `5.8 kB were sent in ways that are not watched, so they are in no flow and no alert: 5.7 kB by “probe” (“unsigned:sha256:${'ab'.repeat(32)}”) over UDP; 84 B by “ping” (“platform:/usr/bin/ping”) over ICMP; 11 B by others`
    assert.deepEqual(said(script.ticks(29)), [])
    assert.deepEqual(said(script.ticks(2)), [first])
    sent(script, 100, 2_000)
    assert.deepEqual(said(script.wait(HOUR_MS / 2).ticks(1)), [first])
    const [, second, ...more] = said(script.wait(HOUR_MS / 2).ticks(1))
    assert.match(second ?? '', /^2\.0 kB were sent .*: 2\.0 kB by “probe” \([^;]*\) over UDP$/)
    assert.deepEqual(more, [])
    assert.deepEqual(said(script.wait(2 * HOUR_MS).ticks(1)).length, 2)
  })

  it('is counted in the item and in the counters to the byte, said or not', () => {
    const script = probe()
    sent(script, 100, 5_000)
    sent(script, 7, 700)
    const { engine } = tell(script)
    assert.equal(engine.counters().unseenBytes, 5_700)
    assert.deepEqual(
      engine.counters().unseenTop.map(({ name, way, bytes }) => [name, way, bytes]),
      [['probe', 'UDP', 5_000]],
    )
    engine.finish()
    const counts = engine
      .takeFindings()
      .flatMap((one) => (one.kind === 'health' ? [one.health.count] : []))
    assert.deepEqual(counts, [5_700])
  })

  it('names the way: a packet socket is no protocol, and an unknown one is told by number', () => {
    const script = probe()
    sent(script, 100, 3, { family: 17, protocol: 0 })
    sent(script, 100, 2, { family: 10, protocol: 58 })
    sent(script, 100, 1, { protocol: 132 })
    const [text] = said(script.ticks(61))
    assert.match(text ?? '', /over packet sockets; .* over ICMPv6; .* over protocol 132$/)
  })

  it('quotes names and identities, so that none goes on as the sentence would', () => {
    const script = new Script().start()
    sent(script.exec({ pid: 100, pidversion: 1, path: '/tmp/x; 9 GB by “curl' }), 100, 5_000)
    const [text] = said(script.ticks(61))
    assert.match(
      text ?? '',
      /: 5\.0 kB by “x; 9 GB by \\u\{201c\}curl” \(“path:\/tmp\/x; 9 GB by \\u\{201c\}curl”\) over UDP$/,
    )
  })

  it('names the five that sent most, and sums up what finds no place among a thousand', () => {
    const script = new Script().start()
    for (let i = 0; i < 1_500; i++) {
      script.program({
        pid: 100 + i,
        path: `/tmp/p${i}`,
        sha: (i % 256).toString(16).padStart(2, '0'),
      })
      script.exec({ pid: 100 + i, pidversion: 2, path: `/tmp/p${i}` })
      sent(script, 100 + i, 1_000 + i, { pidversion: 2 })
    }
    const [text] = said(script.ticks(61))
    const total = 1_500 * 1_000 + (1_499 * 1_500) / 2
    assert.equal(tell(script).engine.counters().unseenBytes, total)
    const named = text?.match(/kB by “p\d+” \(“path:\/tmp\/p\d+”\) over UDP/g) ?? []
    assert.equal(named.length, 5)
    assert.match(text ?? '', /: 2\.0 kB by “p1022” .*; 2\.6 MB by others$/)
  })
})
