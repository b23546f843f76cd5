// A device that has no longer the policy that it said it has, and one that enrols anew by the id of one that was removed.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Policies } from '../../src/collector/fleet/policies.ts'
import { openPoliciesFile, POLICIES_FILE } from '../../src/collector/fleet/policies-file.ts'
import type { FleetResponse } from '../../src/collector/views/page-api.ts'
import type { PolicyResponse } from '../../src/collector/views/page-policy.ts'
import { keyIdOf } from '../../src/policy/keys.ts'
import { openSigned } from '../../src/policy/signed.ts'
import { Capability } from '../../src/stream/message.ts'
import { nowUnixNs } from '../../src/units.ts'
import { daysOn, makeTestKey, signedBy } from '../policy/documents.ts'
import { until } from '../waits.ts'
import { Agent, DEVICE_A, helloOf } from './agent.ts'
import { type Fleet, type Identity, runFleet } from './enrolled.ts'

const root = makeTestKey()

describe('what a device said of its policy', () => {
  let fleet: Fleet
  let policies: Policies
  let identity: Identity
  beforeEach(async () => {
    fleet = await runFleet()
    policies = new Policies(openPoliciesFile(join(fleet.stateDir, POLICIES_FILE), () => {}))
    identity = await fleet.enrol(DEVICE_A)
  })
  afterEach(async () => {
    policies.close()
    await fleet.stop()
  })

  const publish = (version: number) => {
    const now = nowUnixNs()
    const signed = signedBy(root, { version, madeAt: now, notAfter: daysOn(90, now) })
    policies.publish(signed, { rootKey: root.public, sharePercent: 100, now })
  }
  /** The collector has read what a command has written. */
  const read = async (version: number, sharePercent: number) => {
    for (;;) {
      const { documents } = await fleet.json<PolicyResponse>('/api/policy')
      const found = documents.find((one) => one.version === version)
      if (found?.sharePercent === sharePercent) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const come = async () => {
    const agent = await new Agent(fleet.door.url, { identity }).opened()
    const { hello } = helloOf(DEVICE_A)
    agent.send({ kind: 'hello', hello: { ...hello, capabilities: Capability.policy } })
    await agent.expect('welcome')
    return agent
  }
  /** Versions of the next push. */
  const pushed = async (agent: Agent) =>
    (await agent.expect('policyPush')).push.documents.map(
      (signed) => openSigned(signed).payload.version,
    )
  /** 0: that it has none. */
  const say = async (agent: Agent, version: number) => {
    const before = fleet.collector.counters()['policiesSaid'] ?? 0
    const document = {
      kind: 'policy',
      version,
      receivedVersion: version,
      state: 'applied',
    } as const
    agent.send({
      kind: 'policyReport',
      report: {
        ...{
          keyId: keyIdOf(root.public),
          source: version ? 'pushed' : 'built-in',
          group: 'office',
        },
        documents: version
          ? [{ ...document, code: '', text: '', clamped: 0, at: nowUnixNs() }]
          : [],
        ...{ suppressed: 0, suppressions: [] },
      },
    })
    await until(() => fleet.collector.counters()['policiesSaid'] === before + 1)
  }
  const standing = async () =>
    (await fleet.json<FleetResponse>('/api/fleet')).devices[0]?.enrolment.policy

  it('counts no longer once it says less: what was left out as older is sent on this very connection', async () => {
    publish(4)
    publish(5)
    await read(5, 100)
    const before = await come()
    assert.deepEqual(await pushed(before), [5])
    const sent = () => fleet.collector.counters()['policiesSent']
    assert.equal(sent(), 1)
    await say(before, 5)
    await before.close()
    // Held back: who has it keeps it, and would refuse the one before.
    assert.ok(policies.setShare(5, 0))
    await read(5, 0)
    const back = await come()
    assert.deepEqual(await pushed(back), [])
    assert.equal(sent(), 1, 'a push without a document sends none')
    await say(back, 5)
    await say(back, 0)
    assert.deepEqual(await pushed(back), [4])
    assert.equal(sent(), 2)
    assert.equal((await standing())?.inForce, 0)
  })

  it('is forgotten with the device: one that enrols anew by its id is sent what holds, and shown as it is', async () => {
    publish(4)
    publish(5)
    await read(5, 100)
    const before = await come()
    await pushed(before)
    await say(before, 5)
    assert.ok(policies.setShare(5, 0))
    await read(5, 0)
    await until(() => policies.saidBy(DEVICE_A) !== undefined)
    fleet.withRegistry((registry) => registry.remove(DEVICE_A))
    // At once: no look of the collector has seen that it was gone.
    identity = await fleet.enrol(DEVICE_A)
    assert.equal(policies.saidBy(DEVICE_A), undefined)
    assert.equal((await standing())?.inForce, 0)
    const anew = await come()
    assert.deepEqual(await pushed(anew), [4])
  })

  it('is forgotten of all that are not known, in memory and before it is written', () => {
    const deviceId = DEVICE_A
    const report = { keyId: keyIdOf(root.public), source: 'pushed', group: 'office' } as const
    policies.noteSaid({
      ...{ deviceId, at: nowUnixNs() },
      report: { ...report, documents: [], suppressed: 0, suppressions: [] },
    })
    policies.forgetAllBut((id) => id === deviceId)
    assert.equal(policies.standingOf({ deviceId, group: 'office' })?.source, 'pushed')
    policies.forgetAllBut(() => false)
    assert.equal(policies.writeSaid(), 0)
    assert.equal(policies.standingOf({ deviceId, group: 'office' }), undefined)
  })
})
