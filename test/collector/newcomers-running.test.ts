// Devices that nobody has admitted, at a collector that runs: who gives way, who is refused, and where all that is shown.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Policies } from '../../src/collector/fleet/policies.ts'
import { openPoliciesFile, POLICIES_FILE } from '../../src/collector/fleet/policies-file.ts'
import type { FleetResponse, RefusalsResponse } from '../../src/collector/views/page-api.ts'
import type { EnrolError } from '../../src/stream/enrol.ts'
import { nowUnixNs } from '../../src/units.ts'
import { daysOn, makeTestKey, signedBy } from '../policy/documents.ts'
import { until } from '../waits.ts'
import { Agent, alertItem } from './agent.ts'
import { type Fleet, type Identity, runFleet } from './enrolled.ts'

const id = (n: number) => `${`${n}`.padStart(8, '0')}-89ab-4cde-8f01-23456789abcd`

describe('a collector with as many quarantined devices as it keeps', () => {
  let fleet: Fleet
  let token: string
  const agents: Agent[] = []
  const start = async (quarantinedMax: number, quarantinedEachMax: number) => {
    fleet = await runFleet({ quarantinedMax, quarantinedEachMax })
    token = fleet.token()
  }
  afterEach(async () => {
    for (const agent of agents.splice(0)) agent.socket.terminate()
    await fleet.stop()
  })

  const counted = (name: string) => fleet.collector.counters()[name] ?? Number.NaN
  const comes = async (n: number, identity?: Identity): Promise<Agent> => {
    const of = identity ?? (await fleet.enrol(id(n), { token }))
    const agent = await new Agent(fleet.door.url, { identity: of }).opened()
    agents.push(agent)
    await agent.hello(id(n))
    return agent
  }
  const known = () =>
    fleet.withRegistry((registry) =>
      registry
        .devices()
        .map((one) => Number(one.id.slice(0, 8)))
        .sort((a, b) => a - b),
    )
  const shown = async (code: string) => {
    const { refusals } = await fleet.json<RefusalsResponse>('/api/refusals')
    return refusals.filter((row) => row.code === code)
  }
  const gone = (agent: Agent) => {
    const { agentsConnected = 0 } = fleet.collector.counters()
    agent.socket.close()
    return until(() => counted('agentsConnected') < agentsConnected)
  }

  it('forgets who never came before who came and left in this very minute, and shows that', async () => {
    await start(3, 100)
    await gone(await comes(1))
    await fleet.enrol(id(2), { token })
    await comes(3)
    await fleet.enrol(id(4), { token })
    assert.deepEqual(known(), [1, 3, 4])
    assert.equal(counted('quarantinedForgotten'), 1)
    assert.equal(counted('enrolRefusedFull'), 0)
    const [row, ...more] = await shown('quarantine-forgotten')
    assert.deepEqual([row?.count, more], [1, []])
    assert.match(
      row?.text ?? '',
      new RegExp(
        `^1 quarantined device of the token “[^”]+” not there is forgotten, ${id(2)} first: .*--token test`,
      ),
    )
    assert(fleet.log.some((line) => line === row?.text))
    // What it was called is forgotten, too: it is a device like any other when it comes again.
    const back = await fleet.enrol(id(2), { token })
    assert.deepEqual(known(), [1, 2, 3])
    await comes(2, back)
  })

  it('refuses the next where all are connected, with a code, before a certificate is made, and shows that', async () => {
    await start(2, 100)
    const first = await comes(1)
    await comes(2)
    const full = (error: EnrolError) => {
      assert.equal(error.code, 'quarantine-full')
      assert.match(error.message, /it answered 403: too many devices wait to be admitted/)
      return true
    }
    await assert.rejects(fleet.enrol(id(3), { token }), full)
    assert.equal(counted('enrolRefusedFull'), 1)
    assert.equal(counted('enrolRefusedKnown'), 0)
    const [row] = await shown('quarantine-full')
    assert.deepEqual([row?.deviceId, row?.count], [id(3), 1])
    assert(fleet.log.some((line) => /an enrolment is refused \(quarantine-full\)/.test(line)))
    // Whom a person admits waits no more.
    fleet.withRegistry((registry) => registry.change(id(1), { standing: 'active' }))
    await comes(3)
    assert.deepEqual(known(), [1, 2, 3])
    assert.equal((await first.deliver([alertItem(1)])).throughSequence, 1)
  })

  it('names the token by which so many come', async () => {
    await start(100, 2)
    const other = fleet.token({ group: 'lab' })
    for (const n of [1, 2, 3]) await fleet.enrol(id(n), { token: n === 1 ? token : other })
    await fleet.enrol(id(4), { token: other })
    assert.deepEqual(known(), [1, 3, 4])
    const [row] = await shown('quarantine-forgotten')
    assert.match(row?.text ?? '', /^1 quarantined device of the token “test” not there/)
  })

  it('counts nobody who was invented among those that are to have a policy', async () => {
    await start(100, 100)
    await comes(1)
    for (const n of [2, 3]) await fleet.enrol(id(n), { token })
    fleet.withRegistry((registry) => registry.change(id(2), { standing: 'active' }))
    const root = makeTestKey()
    const madeAt = nowUnixNs()
    const signed = signedBy(root, { version: 3, madeAt, notAfter: daysOn(90, madeAt) })
    const policies = new Policies(openPoliciesFile(join(fleet.stateDir, POLICIES_FILE), () => {}))
    policies.publish(signed, { rootKey: root.public, sharePercent: 100, now: madeAt })
    policies.close()
    const counts = { version: 3, offered: 2, applied: 0, failed: 0, unsaid: 2, unheard: 1 }
    for (;;) {
      const { policy } = await fleet.json<FleetResponse>('/api/fleet')
      if (policy?.version !== 3) continue
      assert.deepEqual(policy, counts)
      return
    }
  })
})
