// All that enrolled as one list, whether it ever connected or not, and how policies stand on each and on all.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFleetList } from '../../src/collector/api/fleet-list.ts'
import type { FleetMember } from '../../src/collector/api/site.ts'
import { openFleetPolicies } from '../../src/collector/fleet/fleet-policies.ts'
import { Policies } from '../../src/collector/fleet/policies.ts'
import { openPoliciesFile, POLICIES_FILE } from '../../src/collector/fleet/policies-file.ts'
import type { Registry } from '../../src/collector/fleet/registry.ts'
import { Devices } from '../../src/collector/gateway/devices.ts'
import { Counters } from '../../src/collector/terms/counters.ts'
import { withinBytes } from '../../src/collector/terms/within-bytes.ts'
import type { EnrolmentInfo, FleetResponse } from '../../src/collector/views/page-api.ts'
import type { PolicyResponse } from '../../src/collector/views/page-policy.ts'
import { keyIdOf } from '../../src/policy/keys.ts'
import type { DocumentReport, PolicyReport } from '../../src/stream/policy-message.ts'
import { nowUnixNs } from '../../src/units.ts'
import { makeTestKey, NOW, signedBy } from '../policy/documents.ts'
import { DEVICE_A, DEVICE_B } from './agent.ts'
import { type Fleet, runFleet, welcomed } from './enrolled.ts'

const enrolment: EnrolmentInfo = {
  ...{ standing: 'active', name: '', owner: '', group: 'office', enrolledAt: '1' },
  ...{ mayEnrolAgain: false, sharedSince: null, policy: null },
}

describe('the list of enrolled machines', () => {
  describe('of a collector', () => {
    let fleet: Fleet
    beforeEach(async () => {
      fleet = await runFleet()
    })
    afterEach(() => fleet.stop())
    const list = (query = '') => fleet.json<FleetResponse>(`/api/fleet${query}`)

    it('has who never connected beside who is connected, and both beside who is away', async () => {
      await fleet.enrol(DEVICE_B)
      const agent = await welcomed(fleet)
      const { devices, unseen, quarantined, total } = await list()
      assert.deepEqual(
        devices.map(({ id, connected, lastSeenAt }) => [id, connected, lastSeenAt !== '']),
        [
          [DEVICE_A, true, true],
          [DEVICE_B, false, false],
        ],
      )
      assert.deepEqual([total, unseen, quarantined], [2, 1, 2])
      await agent.close()
      const away = async () => (await list()).devices.find(({ id }) => id === DEVICE_A)
      for (;;) if ((await away())?.connected === false) break
      assert.notEqual((await away())?.lastSeenAt, '')
    })

    it('knows after a restart who was there before it', async () => {
      await fleet.enrol(DEVICE_B)
      await (await welcomed(fleet)).close()
      await fleet.collector.close()
      const again = await runFleet({}, {}, fleet.stateDir)
      try {
        const { devices, unseen } = await again.json<FleetResponse>('/api/fleet')
        assert.deepEqual(
          devices.map(({ id, hostname, lastSeenAt }) => [id, hostname, lastSeenAt !== '']),
          [
            [DEVICE_A, 'mac-1', true],
            [DEVICE_B, 'mac-1', false],
          ],
        )
        assert.equal(unseen, 1)
      } finally {
        await again.stop()
      }
    })

    it('is empty, and no fault, where nobody enrolled', async () => {
      assert.deepEqual(await list(), {
        ...{ devices: [], total: 0, quarantined: 0, unseen: 0, policy: null },
      })
    })
  })

  const listOf = (members: FleetMember[], info: EnrolmentInfo = enrolment) =>
    createFleetList({
      devices: new Devices(10),
      now: nowUnixNs,
      fleet: {
        enrolmentOf: (id) => (members.some((one) => one.id === id) ? info : undefined),
        isLocal: () => false,
        members: () => members,
        newestPolicy: () => undefined,
        refusals: () => ({ refusals: [], unlisted: 0 }),
        change: () => false,
        remove: () => false,
      },
    })
  const memberOf = (number: number): FleetMember => ({
    ...{ id: `id ${`${number}`.padStart(4, '0')}`, name: `Mac ${number % 7}` },
    ...{ standing: 'active', seen: undefined },
  })
  const all = (list: ReturnType<typeof listOf>, limit: number): string[] => {
    const ids: string[] = []
    for (let after: string | undefined = ''; after !== undefined; ) {
      const part: FleetResponse = list(limit, after)
      ids.push(...part.devices.map(({ id }) => id))
      after = part.next
    }
    return ids
  }

  it('goes on where it stopped, each once, by name', () => {
    const members = Array.from({ length: 1000 }, (_, number) => memberOf(number))
    const ids = all(listOf(members), 93)
    assert.equal(ids.length, 1000)
    assert.equal(new Set(ids).size, 1000)
    assert.deepEqual(ids.slice(0, 2), ['id 0000', 'id 0007'])
  })

  it('is no larger than it may be, and goes on by what is left', () => {
    const members = Array.from({ length: 600 }, (_, number) => memberOf(number))
    const list = listOf(members, { ...enrolment, owner: 'x'.repeat(10_000) })
    const first = list(500, undefined)
    assert(Buffer.byteLength(JSON.stringify(first)) < 1_100_000)
    assert(first.devices.length < 500)
    assert.equal(all(list, 500).length, 600)
    assert.deepEqual(withinBytes(['x'.repeat(100), 'y'], 10), ['x'.repeat(100)])
    assert.deepEqual(withinBytes([], 10), [])
  })
})

describe('how policies stand', () => {
  let directory: string
  let policies: Policies
  const root = makeTestKey()
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-standing-'))
    policies = new Policies(openPoliciesFile(join(directory, POLICIES_FILE), () => {}))
  })
  afterEach(() => {
    policies.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const of = (deviceId: string) => ({ deviceId, group: 'office' })
  const publish = (version: number, sharePercent = 100) =>
    policies.publish(signedBy(root, { version }), { rootKey: root.public, sharePercent, now: NOW })
  const report = (change: Partial<DocumentReport>, key = root.public): PolicyReport => ({
    ...{ keyId: keyIdOf(key), source: 'pushed', group: 'office', suppressed: 0, suppressions: [] },
    documents: [
      {
        ...{ kind: 'policy', version: 1, receivedVersion: 1, state: 'applied', code: '', text: '' },
        ...{ clamped: 0, at: NOW, ...change },
      },
    ],
  })
  const say = (deviceId: string, change: Partial<DocumentReport>, key?: string) =>
    policies.noteSaid({ deviceId, at: NOW, report: report(change, key) })

  it('on a device: what is offered, came, is in force, narrowed, refused and why, and when it said so', () => {
    assert.equal(policies.standingOf(of(DEVICE_A)), undefined)
    publish(1)
    assert.deepEqual(policies.standingOf(of(DEVICE_A)), {
      ...{ offered: 1, received: 0, inForce: 0, source: '', clamped: 0, faults: [], saidAt: '' },
    })
    say(DEVICE_A, { clamped: 3 })
    publish(2)
    const text = 'x'.repeat(1000)
    say(DEVICE_A, { receivedVersion: 2, state: 'failed', code: 'signature', text, clamped: 3 })
    assert.deepEqual(policies.standingOf(of(DEVICE_A)), {
      ...{ offered: 2, received: 2, inForce: 1, source: 'pushed', clamped: 3, saidAt: `${NOW}` },
      faults: [
        {
          ...{ kind: 'policy', version: 2, state: 'failed', code: 'signature' },
          text: 'x'.repeat(200),
        },
      ],
    })
  })

  it('on all that are to have the newest, and on nobody else', () => {
    assert.equal(policies.newest([of(DEVICE_A)]), undefined)
    publish(1)
    const [third, fourth] = ['11111111-1111-4111-8111-111111111111', 'not to have it']
    say(DEVICE_A, {})
    say(DEVICE_B, { version: 0, receivedVersion: 0, state: 'failed', code: 'malformed' })
    assert.deepEqual(policies.newest([DEVICE_A, DEVICE_B, third].map(of)), {
      ...{ version: 1, offered: 3, applied: 1, failed: 1, unsaid: 1 },
    })
    policies.setShare(1, 0)
    // Held back: for nobody, which is said, with how many keep it.
    const held = { version: 1, offered: 0, applied: 0, failed: 0, unsaid: 0 }
    assert.deepEqual(policies.newest([of(fourth)]), { ...held, heldOn: 0 })
    assert.deepEqual(policies.newest([DEVICE_A, DEVICE_B].map(of)), { ...held, heldOn: 1 })
  })

  it('is answered in parts that are no larger than they may be, whatever devices say', () => {
    policies.close()
    const ids = Array.from({ length: 120 }, (_, number) => `device ${`${number}`.padStart(3, '0')}`)
    const registry = {
      devices: () => ids.map((id) => ({ ...enrolment, id })),
      device: () => undefined,
    } as unknown as Registry
    const context = {
      ...{ registry, counters: new Counters(), now: nowUnixNs, log: () => {} },
      isHeard: () => true,
    }
    const fleet = openFleetPolicies(directory, context)
    const rules = Array.from({ length: 32 }, () => ({ rule: 'x'.repeat(1000), count: 1 }))
    for (const id of ids) fleet.source.noteSaid(id, { ...report({}), suppressions: rules })
    const found: string[] = []
    for (let after: string | undefined = ''; after !== undefined; ) {
      const part: PolicyResponse = fleet.response(500, after)
      assert(Buffer.byteLength(JSON.stringify(part)) < 1_100_000)
      found.push(...part.devices.map(({ id }) => id))
      after = part.next
    }
    fleet.close()
    assert.deepEqual(found, ids)
    policies = new Policies(openPoliciesFile(join(directory, POLICIES_FILE), () => {}))
  })

  it('is read again after a restart, and of another root key counts for nothing', () => {
    publish(1)
    say(DEVICE_A, {})
    say(DEVICE_B, {}, makeTestKey().public)
    policies.writeSaid()
    policies.close()
    policies = new Policies(openPoliciesFile(join(directory, POLICIES_FILE), () => {}))
    assert.equal(policies.standingOf(of(DEVICE_A))?.inForce, 1)
    assert.equal(policies.standingOf(of(DEVICE_B))?.inForce, 0)
    assert.equal(policies.newest([DEVICE_A, DEVICE_B].map(of))?.applied, 1)
  })
})
