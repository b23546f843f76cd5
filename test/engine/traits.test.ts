// What a source says of a flow beside its figures: that bytes sent again are in them, that it left through a tunnel, that
// its process was guessed.
import assert from 'node:assert/strict'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { FlowFlag } from '../../src/records/record.gen.ts'
import { MIB, Script, tell } from './scenario.ts'

const { atMost, tunnelled, ownerGuessed, inexact, countersLost, inAbout } = FlowFlag
const stranger = () => new Script().start().program({ pid: 100, path: '/home/ann/probe' })
const last = (script: Script, options = {}) => {
  const told = tell(script.ticks(3), options)
  const alert = told.alerts.at(-1)
  assert.ok(alert)
  return { ...told, alert, sentence: alert.sentence, counters: told.engine.counters() }
}

describe('a flow that a source qualifies', () => {
  it('without any of it is as it always was', () => {
    const { alert, sentence, counters } = last(stranger().upload({ id: 1, total: 8 * MIB }))
    assert.match(sentence, /sent 8\.4 MB to .* went out\.$/)
    assert.deepEqual([alert.atMostFlows, alert.tunnelledFlows, alert.guessedFlows], [0, 0, 0])
    assert.deepEqual([counters.atMostFlows, counters.guessedFlows], [0, 0])
    assert.deepEqual(counters.tunnelled, { flows: 0, bytesOut: 0, bytesIn: 0 })
  })

  it('may count what was sent again: at most so much was sent', () => {
    const script = stranger().upload({ id: 1, total: 8 * MIB, flags: atMost })
    const { alert, sentence, counters } = last(script.upload({ id: 2, total: MIB }))
    assert.match(
      sentence,
      /sent at most 9\.4 MB to .*; more may be counted of one flow than was sent\.$/,
    )
    assert.deepEqual([alert.atMostFlows, counters.atMostFlows, alert.flows], [1, 1, 2])
  })

  it('may have an answer that is about so much: what went out is exact', () => {
    const script = stranger().upload({ id: 1, total: 8 * MIB, answer: 5_000, flags: inAbout })
    const { alert, sentence, counters } = last(script)
    assert.match(
      sentence,
      /sent 8\.4 MB to .* and got about 5\.0 kB back.*: about 99\.9 % of what passed.*; what came in over one flow is not exact\.$/,
    )
    assert.deepEqual([alert.inAboutFlows, alert.unreadFlows, alert.atMostFlows], [1, 0, 0])
    assert.deepEqual(counters.tunnelled, { flows: 0, bytesOut: 0, bytesIn: 0 })
  })

  it('is about so much where the least and the most are not the same', () => {
    for (const flag of [inexact, countersLost]) {
      const script = stranger().upload({ id: 1, total: 8 * MIB, flags: atMost, keepOpen: true })
      script.flow({ id: 1, out: 8 * MIB, flags: atMost | flag, state: 'closed' })
      assert.match(last(script).sentence, /sent about 8\.4 MB to /)
    }
  })

  it('may leave through a tunnel: its bytes are in its alert, and in no sum of what left', () => {
    const script = stranger().upload({ id: 1, total: 8 * MIB, answer: 500, flags: tunnelled })
    script.program({ pid: 101, path: '/home/ann/vpn', sha: 'ee' })
    const { alerts, counters } = last(
      script.upload({ id: 2, pid: 101, total: 9 * MIB, answer: 600 }),
    )
    const inside = alerts.findLast(({ identity }) => identity.name === 'probe')
    assert.equal(inside?.bytesOut, 8 * MIB)
    assert.match(
      inside.sentence,
      /; one flow left through a tunnel, whose own flow has these bytes once more\.$/,
    )
    assert.equal(alerts.findLast(({ identity }) => identity.name === 'vpn')?.tunnelledFlows, 0)
    assert.deepEqual(counters.tunnelled, { flows: 1, bytesOut: 8 * MIB, bytesIn: 500 })
    assert.deepEqual([counters.bytesOut, counters.bytesIn], [9 * MIB, 600])
  })

  it('is counted by where it leaves at the moment', () => {
    const script = stranger()
      .flow({ id: 1, out: 3 * MIB })
      .flow({ id: 1, out: 5 * MIB, flags: tunnelled })
    const { counters, alert } = last(
      script.tick(1_000).flow({ id: 1, out: 9 * MIB, state: 'closed' }),
    )
    assert.deepEqual(counters.tunnelled, { flows: 1, bytesOut: 2 * MIB, bytesIn: 0 })
    assert.equal(counters.bytesOut, 7 * MIB)
    assert.equal(alert.tunnelledFlows, 1)
  })

  it('may be of a program that was guessed', () => {
    const script = stranger()
    for (const id of [1, 2]) script.upload({ id, total: 4 * MIB, flags: ownerGuessed })
    const { alert, sentence, counters } = last(script)
    assert.match(sentence, /; the program of 2 flows is a guess\.$/)
    assert.deepEqual([alert.guessedFlows, counters.guessedFlows], [2, 2])
  })

  it('is qualified once, and for each program that has it', () => {
    const all = atMost | tunnelled | ownerGuessed | inAbout
    const script = stranger().program({ pid: 101, path: '/home/ann/other', sha: 'ee' })
    script.flow({ id: 1, state: 'opened' }).flow({ id: 1, out: MIB, flags: all })
    for (const out of [2, 4, 8]) script.tick(1_000).flow({ id: 1, out: out * MIB, flags: all })
    script.flow({ id: 1, pid: 101, out: 8 * MIB, flags: all }).tick(1_000)
    script.flow({ id: 1, pid: 101, out: 20 * MIB, flags: all, state: 'closed' })
    const { alerts, counters } = last(script)
    for (const name of ['probe', 'other']) {
      const alert = alerts.findLast(({ identity }) => identity.name === name)
      assert.deepEqual([alert?.atMostFlows, alert?.tunnelledFlows, alert?.guessedFlows], [1, 1, 1])
      assert.equal(alert?.inAboutFlows, 1)
    }
    assert.deepEqual(
      [counters.atMostFlows, counters.guessedFlows, counters.tunnelled.flows],
      [1, 1, 1],
    )
  })

  it('is so for the next engine, which counts it no second time', () => {
    const all = atMost | tunnelled | ownerGuessed | inAbout
    const baseline = openMemoryBaseline()
    tell(
      stranger()
        .upload({ id: 1, total: 8 * MIB, flags: all, keepOpen: true })
        .ticks(3),
      { baseline },
    )
    const again = stranger()
      .wait(20_000)
      .flow({ id: 1, out: 8 * MIB, flags: all | FlowFlag.enumerated })
    again
      .tick(1_000)
      .flow({ id: 1, out: 40 * MIB, flags: all })
      .flow({ id: 1, out: 40 * MIB, flags: all, state: 'closed' })
    const { alert } = last(again, { baseline })
    assert.deepEqual([alert.bytesOut, alert.flows], [40 * MIB, 1])
    assert.deepEqual([alert.atMostFlows, alert.tunnelledFlows, alert.guessedFlows], [1, 1, 1])
    assert.equal(alert.inAboutFlows, 1)
  })

  it('is not so in an alert of an agent that knew nothing of it, which goes on', () => {
    const baseline = openMemoryBaseline()
    tell(
      stranger()
        .upload({ id: 1, total: 8 * MIB, keepOpen: true })
        .ticks(3),
      { baseline },
    )
    for (const stored of baseline.alerts()) {
      const state = JSON.parse(stored.state) as { pair: Record<string, unknown> }
      for (const count of [
        'atMostFlows',
        'tunnelledFlows',
        'guessedFlows',
        'inAboutFlows',
        'earlierFlows',
      ]) {
        assert.equal(state.pair[count], 0)
        delete state.pair[count]
      }
      baseline.putAlert({ ...stored, state: JSON.stringify(state) })
    }
    const again = stranger()
      .wait(20_000)
      .flow({ id: 1, out: 9 * MIB, flags: FlowFlag.enumerated })
      .tick(1_000)
      .upload({ id: 2, total: 40 * MIB, flags: tunnelled })
      .flow({ id: 1, out: 9 * MIB, state: 'closed' })
    const { alert } = last(again, { baseline })
    assert.deepEqual([alert.bytesOut, alert.flows], [49 * MIB, 2])
    assert.deepEqual([alert.atMostFlows, alert.tunnelledFlows, alert.guessedFlows], [0, 1, 0])
  })
})
