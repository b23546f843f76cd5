import assert from 'node:assert/strict'
import { FlowFlag, Loss } from '../../src/records/record.gen.ts'
import { MIB, Script, tell } from './scenario.ts'

// Flows whose last counters could not be read: never a zero that counts as true.

const stranger = () => new Script().start().program({ pid: 100, path: '/home/ann/probe' })
const lost = FlowFlag.countersLost

/** Connections that are reset before anything of them was read. */
const resets = (script: Script, count: number): Script => {
  for (let id = 1; id <= count; id++) {
    script.flow({ id, state: 'opened' }).wait(10)
    script.flow({ id, state: 'closed', flags: lost })
  }
  return script
}
const terms = (reasons: { term: string }[] = []) => reasons.map(({ term }) => term)

describe('flows whose bytes could not be read', () => {
  it('raise an alert when there are many, which claims no bytes', () => {
    const { alerts, sightings, engine } = tell(resets(stranger(), 100).ticks(3))
    const last = alerts.at(-1)
    assert.equal(last?.bytesOut, 0)
    assert.equal(last.unreadFlows, 100)
    assert.match(
      last.sentence,
      /had 100 flows to 203\.0\.113\.7:443 .* the bytes of 100 could not be read/,
    )
    assert.doesNotMatch(last.sentence, / sent |%/)
    const unread = last.reasons.find(({ term }) => term === 'unread')
    assert.equal(unread?.value, 100)
    assert.equal(unread.threshold, 10)
    assert.ok(!terms(last.reasons).some((term) => term === 'asymmetry' || term === 'no_response'))
    assert.ok(sightings.some(({ of }) => of === 'network'))
    assert.equal(engine.counters().unreadFlows, 100)
  })

  it('raise nothing when they are few, though the program is known to use the network', () => {
    const { alerts, sightings } = tell(resets(stranger(), 9).ticks(3))
    assert.deepEqual(alerts, [])
    assert.ok(sightings.some(({ of }) => of === 'destination'))
  })

  it('are told of a hundred thousand in a few revisions', () => {
    const { alerts, engine } = tell(resets(stranger(), 100_000).ticks(3))
    assert.equal(engine.counters().unreadFlows, 100_000)
    assert.equal(alerts.at(-1)?.unreadFlows, 100_000)
    assert.ok(alerts.length < 12, `${alerts.length} revisions`)
  })

  it('are counted once their program is known', () => {
    const script = new Script().start().exec({ pid: 100, path: '/home/ann/probe' })
    resets(script, 20).inspected({ pid: 100, path: '/home/ann/probe' })
    assert.equal(tell(script.ticks(3)).alerts.at(-1)?.unreadFlows, 20)
  })

  it('say "at least" of what was read of them, and nothing of their silence', () => {
    const script = stranger().flow({ id: 1, state: 'opened' })
    script.tick(1_000).flow({ id: 1, out: 3 * MIB, in: 10 })
    script.flow({ id: 1, out: 3 * MIB, in: 10, state: 'closed', flags: lost })
    const last = tell(script.ticks(3)).alerts.at(-1)
    assert.match(
      last?.sentence ?? '',
      /sent at least 3\.1 MB .*the last bytes of one flow could not be read/,
    )
    const silent = stranger()
    for (let id = 1; id <= 8; id++) silent.flow({ id, out: 2_000, state: 'closed', flags: lost })
    assert.deepEqual(tell(silent.ticks(3)).alerts, [])
  })

  it('have "at least" in common with flows whose figures are not exact', () => {
    const script = stranger().upload({ id: 1, total: 3 * MIB, keepOpen: true })
    script.flow({ id: 1, out: 3 * MIB, state: 'closed', flags: FlowFlag.inexact })
    const { alerts, engine } = tell(script.ticks(3))
    assert.match(
      alerts.at(-1)?.sentence ?? '',
      /sent at least .* the figures of one flow are not exact/,
    )
    assert.equal(engine.counters().inexactFlows, 1)
    assert.equal(engine.counters().unreadFlows, 0)
  })

  it('are no events lost, and said in words', () => {
    const { health, engine } = tell(stranger().loss(Loss.flowCounters, 112).ticks(1))
    assert.match(health[0]?.text ?? '', /^112 flows were reset or disconnected before/)
    assert.equal(engine.counters().lost, 0)
  })
})
