// A program that listens and lets the peer fetch does what one that connects and sends does.
import assert from 'node:assert/strict'
import { Direction, Source } from '../../src/records/record.gen.ts'
import { HOUR_MS, MIB, machine, type Script, tell } from './scenario.ts'

const probe = { pid: 100, path: '/home/ann/probe', parent: 50 }
const served = { direction: Direction.inbound, localPort: 8080, pid: 100 }

/** A peer that fetches `total` in two connections, from ports of its own. */
const fetched = (script: Script, total: number, pid = 100): Script =>
  script
    .upload({ ...served, pid, id: 1, total: total / 2, answer: 300, port: 40_001 })
    .upload({ ...served, pid, id: 2, total: total / 2, answer: 300, port: 51_234 })
    .ticks(70)

/** The same where nobody saw who connected: the ports look so, and a program may listen on the one that it sends from. */
const maybeFetched = (script: Script, total: number, pid = 100): Script => {
  const flow = { ...served, direction: Direction.unknown, pid, answer: 300 }
  return script
    .upload({ ...flow, id: 1, total: total / 2, port: 40_001 })
    .upload({ ...flow, id: 2, total: total / 2, port: 51_234 })
    .ticks(70)
}

describe('what may have been served, or sent', () => {
  for (const source of [Source.networkStatistics, Source.nettop]) {
    const on = (script: Script): Script => script.from(source).start()

    it(`counts as sent, of one peer whatever its ports, where ${source} tells it`, () => {
      const { alerts, engine } = tell(maybeFetched(on(machine().program(probe)), 8 * MIB))
      const last = alerts.at(-1)
      assert.deepEqual([last?.bytesOut, last?.flows], [8 * MIB, 2])
      assert.match(last?.sentence ?? '', /sent 8\.4 MB to 203\.0\.113\.7 in/)
      assert.equal(last?.destination.key, '203.0.113.0/24 either way')
      assert.equal(engine.counters().leftOut.inbound, 0)
    })

    it(`is left out for no age, and of the system alone, where ${source} tells it`, () => {
      const old = machine().program(probe).upload({ id: 9, total: 1_000, answer: 5_000 })
      old.wait(31 * 24 * HOUR_MS).tick()
      const { engine } = tell(maybeFetched(on(old), 30 * MIB))
      assert.equal(engine.counters().leftOut.inbound, 0)
      const system = machine().system(200, '/usr/sbin/apache2')
      const served = tell(maybeFetched(on(system), 900 * MIB, 200))
      assert.deepEqual(served.alerts, [])
      assert.equal(served.engine.counters().leftOut.inbound, 2)
    })
  }

  it('is served where a source tells it that misses only what began before', () => {
    const { alerts } = tell(maybeFetched(machine().program(probe), 8 * MIB))
    assert.deepEqual(alerts, [])
  })
})

describe('what a new program serves', () => {
  it('is told as what it sends, of one peer whatever its ports', () => {
    const { alerts, sightings, engine } = tell(fetched(machine().program(probe), 30 * MIB))
    assert.equal(new Set(alerts.map(({ id }) => id)).size, 1)
    const last = alerts.at(-1)
    assert.deepEqual([last?.bytesOut, last?.flows], [30 * MIB, 2])
    assert.match(last?.sentence ?? '', /served 31\.5 MB to 203\.0\.113\.7 in/)
    assert.equal(last?.destination.key, '203.0.113.0/24 served')
    assert.equal(engine.counters().leftOut.inbound, 0)
    assert.ok(sightings.every(({ of }) => of !== 'destination'))
  })

  it('is shown with the port of this machine that it was fetched from, at this moment and in the alert', () => {
    const { engine, alerts } = tell(fetched(machine().program(probe), 30 * MIB))
    assert.deepEqual(
      engine.top(3).map(({ name, destination }) => [name, destination]),
      [['probe', '203.0.113.7 from port 8080 here']],
    )
    assert.ok(alerts.every(({ sentence }) => !/:0\b|:4000|port 0/.test(sentence)))
  })

  it('raises nothing below what trying out a server comes to', () => {
    assert.deepEqual(tell(fetched(machine().program(probe), 8 * MIB)).alerts, [])
  })

  it('raises nothing where the system vouches for the server', () => {
    const script = machine().system(200, '/usr/sbin/apache2')
    const { alerts, engine } = tell(fetched(script, 900 * MIB, 200))
    assert.deepEqual(alerts, [])
    assert.equal(engine.counters().leftOut.inbound, 2)
  })

  it('raises nothing of a server that has been here for a month', () => {
    const script = machine().program(probe).upload({ id: 9, total: 1_000, answer: 5_000 })
    script.wait(31 * 24 * HOUR_MS).tick()
    const { alerts, engine } = tell(fetched(script, 30 * MIB))
    assert.deepEqual(alerts, [])
    assert.equal(engine.counters().leftOut.inbound, 2)
  })
})
