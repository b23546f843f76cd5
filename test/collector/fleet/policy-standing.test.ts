// What an agent says of its policies, as the collector counts and shows it: the agent's own report each time.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { newestText } from '../../../src/cli/fleet-words.ts'
import { openFleetPolicies } from '../../../src/collector/fleet/fleet-policies.ts'
import { Policies } from '../../../src/collector/fleet/policies.ts'
import { openPoliciesFile, POLICIES_FILE } from '../../../src/collector/fleet/policies-file.ts'
import { Registry } from '../../../src/collector/fleet/registry.ts'
import { openRegistryFile, REGISTRY_FILE } from '../../../src/collector/fleet/registry-file.ts'
import { Counters } from '../../../src/collector/terms/counters.ts'
import { newestText as newestOnPage, policyCell } from '../../../src/collector/web/policy-words.ts'
import { DEVICE, sentPolicies } from '../../agent/policies-fixture.ts'
import { daysOn, NOW } from '../../policy/documents.ts'

describe('what a device says of policies', () => {
  const { world, start, send, policy, root } = sentPolicies()
  let registry: Registry
  let counters: Counters
  let fleet: ReturnType<typeof openFleetPolicies>
  const heard = new Set<string>()
  const open = () => {
    registry = new Registry(openRegistryFile(join(world.directory, REGISTRY_FILE), () => {}))
    const wanted = { label: 'test', group: 'office', usesMax: undefined, expiresAt: undefined }
    registry.enrol(
      registry.makeToken(wanted, NOW).secret,
      { deviceId: DEVICE, hardware: '', key: '', shown: undefined },
      { fingerprint: 'ff', notAfter: daysOn(90) },
      NOW,
    )
    counters = new Counters()
    const context = {
      ...{ registry, counters, now: () => world.now, log: () => {} },
      isHeard: (id: string) => heard.has(id),
    }
    fleet = openFleetPolicies(world.directory, context)
  }
  beforeEach(() => heard.clear())
  afterEach(() => {
    fleet.close()
    registry.close()
  })
  const publish = (signed: Uint8Array) => {
    const policies = new Policies(openPoliciesFile(join(world.directory, POLICIES_FILE), () => {}))
    try {
      policies.publish(signed, { rootKey: root.public, sharePercent: 100, now: world.now })
    } finally {
      policies.close()
      fleet.look()
    }
  }
  const says = (agent: ReturnType<typeof start>) =>
    fleet.source.noteSaid(DEVICE, { ...agent.report(), suppressed: 0, suppressions: [] })
  const counted = () => {
    const { policiesRefused, policiesEnded } = counters.read()
    return [policiesRefused, policiesEnded]
  }
  const faults = () => {
    const device = registry.device(DEVICE) ?? assert.fail()
    return fleet
      .standingOf(device)
      ?.faults.map(({ kind, version, state, code }) => [...[kind, version, state, code]])
  }

  it('counts a refusal once, however many connections it is said over, and another anew', () => {
    open()
    const agent = start()
    send(agent, policy(3), policy(2))
    for (let connection = 0; connection < 5; connection++) says(agent)
    assert.deepEqual(counted(), [1, 0])
    send(agent, policy(1))
    says(agent)
    assert.deepEqual(counted(), [2, 0])
    assert.deepEqual(faults(), [['policy', 1, 'failed', 'version-old']])
  })

  it('counts and shows where the time of the policy in force is over, also behind a refusal', () => {
    open()
    const signed = policy(3, undefined, { notAfter: daysOn(1) })
    publish(signed)
    const agent = start()
    send(agent, signed, policy(2))
    says(agent)
    assert.deepEqual(counted(), [1, 0])
    world.now = daysOn(1)
    agent.pass()
    says(agent)
    assert.match(world.told.at(-1) as string, /the time of policy 3 is over/)
    assert.deepEqual(counted(), [1, 1])
    const ended = ['policy', 3, 'expired', 'expired']
    assert.deepEqual(faults(), [ended, ['policy', 2, 'failed', 'version-old']])
    const newest = fleet.newest() ?? assert.fail()
    assert.deepEqual(newest, { version: 3, offered: 1, applied: 0, ended: 1, failed: 0, unsaid: 0 })
    assert.match(newestText(newest), /^0 of 1 device apply policy 3, its time is over on 1: /)
    assert.match(newestOnPage(newest), /its time is over on 1/)
    assert.match(
      agent.status()?.refused.join() ?? '',
      /^policy 2 .* and of version 3: its time was/,
    )
    // The same one refused again hides nothing, and is nothing new.
    send(agent, signed, policy(2))
    says(agent)
    assert.deepEqual(faults(), [ended, ['policy', 2, 'failed', 'version-old']])
    assert.deepEqual(counted(), [1, 1])
  })

  it('is of no policy that had ended before it was published', () => {
    open()
    world.now = daysOn(1)
    assert.throws(
      () => publish(policy(3, undefined, { notAfter: daysOn(1) })),
      /the time of policy 3 is over: no agent would take it/,
    )
    assert.equal(fleet.newest(), undefined)
  })

  it('is of no version after which little could follow: it is neither published nor taken', () => {
    open()
    assert.throws(() => publish(policy(4_294_967_295)), /leaves little room for what is to follow/)
    assert.equal(fleet.newest(), undefined)
    const agent = start()
    send(agent, policy(2_026_113_001), policy(4_294_967_295))
    says(agent)
    assert.deepEqual(faults(), [['policy', 4_294_967_295, 'failed', 'version-leap']])
    send(agent, policy(2_147_483_647), policy(2_148_483_647))
    assert.equal(agent.status()?.version, 2_148_483_647)
    send(agent, policy(2_149_483_648))
    assert.equal(agent.status()?.version, 2_148_483_647)
  })

  it('is missed of no device that nobody has admitted and that never came: those are told apart', () => {
    open()
    publish(policy(3))
    const counts = { version: 3, applied: 0, failed: 0, unsaid: 0 }
    const apart = fleet.newest() ?? assert.fail()
    assert.deepEqual(apart, { ...counts, offered: 0, unheard: 1 })
    for (const text of [newestText(apart), newestOnPage(apart)])
      assert.match(text, /1 (device )?that nobody has admitted and that never connected/)
    assert.deepEqual(fleet.response(10).newest, apart)
    const missed = { ...counts, offered: 1, unsaid: 1 }
    heard.add(DEVICE)
    assert.deepEqual(fleet.newest(), missed)
    assert.doesNotMatch(newestText(missed), /admitted/)
    heard.clear()
    registry.change(DEVICE, { standing: 'active' })
    assert.deepEqual(fleet.newest(), missed)
    registry.change(DEVICE, { standing: 'quarantined' })
    assert.deepEqual(fleet.newest(), apart)
    // Whoever said something was there, noted or not.
    const agent = start()
    send(agent, policy(3))
    says(agent)
    assert.deepEqual(fleet.newest(), { ...counts, offered: 1, applied: 1 })
    registry.change(DEVICE, { standing: 'revoked' })
    assert.deepEqual(fleet.newest(), { ...counts, offered: 0 })
  })

  it('is missed of nobody where the newest is held back, and that is said', () => {
    open()
    publish(policy(3))
    heard.add(DEVICE)
    assert.equal(fleet.newest()?.offered, 1)
    const file = new Policies(openPoliciesFile(join(world.directory, POLICIES_FILE), () => {}))
    file.setShare(3, 0)
    file.close()
    fleet.look()
    const newest = fleet.newest() ?? assert.fail()
    assert.equal(newest.heldOn, 0)
    for (const [info, who] of [
      [newest, /no (device|machine) has it/],
      [{ ...newest, heldOn: 2 }, /2 (devices )?have it and keep it/],
    ] as const)
      for (const text of [newestText(info), newestOnPage(info)]) {
        assert.match(text, /olicy 3 is held back and goes to nobody more/)
        assert.match(text, who)
      }
  })

  it('is offered to a device that never came, on the page as in the list', () => {
    open()
    const of = { offered: 6, inForce: 0, received: 0, clamped: 0, faults: [], source: '' }
    assert.equal(policyCell(of as never), 'None, 6 offered')
    assert.equal(policyCell({ ...of, source: 'built-in' } as never), 'None, 6 sent')
  })

  it('is missed where the newest is for nobody, and that is said', () => {
    open()
    publish(policy(3, undefined, { target: { group: 'offce' } }))
    const newest = fleet.newest() ?? assert.fail()
    assert.equal(newest.offered, 0)
    for (const text of [newestText(newest), newestOnPage(newest)])
      assert.match(text, /olicy 3 is for no device that may come: look at its target/)
  })
})
