// Policies from a collector to its agents: who is sent what, how it is rolled out and held back, and what comes back.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPolicies } from '../../src/agent/policies.ts'
import { POLICY_FILE } from '../../src/agent/policy-file.ts'
import { openFleetPolicies } from '../../src/collector/fleet/fleet-policies.ts'
import { Policies } from '../../src/collector/fleet/policies.ts'
import { openPoliciesFile, POLICIES_FILE } from '../../src/collector/fleet/policies-file.ts'
import { CollectorError } from '../../src/collector/terms/collector-error.ts'
import { Counters } from '../../src/collector/terms/counters.ts'
import type { FleetResponse } from '../../src/collector/views/page-api.ts'
import type { PolicyResponse } from '../../src/collector/views/page-policy.ts'
import type { PolicyDocument } from '../../src/engine/policy.ts'
import { isInShare } from '../../src/policy/target.ts'
import { decodeSigned, encodeSigned } from '../../src/stream/codec-policy.ts'
import { FRAME_BYTES_MAX } from '../../src/stream/message.ts'
import { openOutbox } from '../../src/stream/outbox.ts'
import type { PolicyPayload } from '../../src/stream/policy-message.ts'
import { startUplink, type Uplink } from '../../src/stream/uplink.ts'
import { nowUnixNs } from '../../src/units.ts'
import { daysOn, makeTestKey, refused, signedBy } from '../policy/documents.ts'
import { alertFinding } from '../stream/findings.ts'
import { hello } from '../stream/uplink-fixture.ts'
import { until } from '../waits.ts'
import { type Fleet, type Identity, runFleet } from './enrolled.ts'

const root = makeTestKey()
const online = makeTestKey()
const idOf = (index: number) => `${`${index}`.padStart(8, '0')}-89ab-4cde-8f01-23456789abcd`

const bounds = {
  ...{ v4PrefixMin: 24, v6PrefixMin: 48, domains: false, programs: false },
  ...{ bytesPerDayMax: 1_000_000, daysMax: 30, exceptionsMax: 4 },
}
const delegationTo = (onlineKey: string) => JSON.stringify({ onlineKey, bounds })

type Member = {
  id: string
  identity: Identity
  /** Of the policy in force, the latest last. */
  versions: number[]
  inForce: PolicyDocument | undefined
  /** What comes in place of what the collector sends. */
  insteadOf: ((sent: Uint8Array) => Uint8Array) | undefined
  uplink: Uplink
  alert(): void
  stop(): Promise<void>
}

describe('policies of a fleet', function () {
  this.timeout(120_000)
  let fleet: Fleet
  let directory: string
  let members: Member[]
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-fleet-policies-'))
    members = []
    fleet = await runFleet()
  })
  afterEach(async () => {
    await Promise.all(members.map((member) => member.stop()))
    await fleet.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  /** What agents and collector of this test take for the present. */
  const sign = (change: Partial<PolicyPayload> = {}, key = root) => {
    const madeAt = nowUnixNs()
    return signedBy(key, { madeAt, notAfter: daysOn(90, madeAt), ...change })
  }
  /** As a command of the same machine would, while the collector runs. */
  const withPolicies = <T>(work: (policies: Policies) => T): T => {
    const policies = new Policies(openPoliciesFile(join(fleet.stateDir, POLICIES_FILE), () => {}))
    try {
      return work(policies)
    } finally {
      policies.close()
    }
  }
  const publish = (signed: Uint8Array, sharePercent = 100) =>
    withPolicies((policies) =>
      policies.publish(signed, { rootKey: root.public, sharePercent, now: nowUnixNs() }),
    )
  const share = (version: number, percent: number) =>
    assert.ok(withPolicies((policies) => policies.setShare(version, percent)))
  const start = (id: string, identity: Identity, rootKey: string | undefined): Member => {
    const ending = new AbortController()
    const place = join(directory, id)
    const member: Partial<Member> = { id, identity, versions: [], inForce: undefined }
    const policies = createPolicies({
      ...{ path: `${place}.${POLICY_FILE}`, rootKey, own: { deviceId: id, group: 'office' } },
      ...{ agentVersion: '0.1.0', local: undefined, always: {}, now: nowUnixNs, tell: () => {} },
      uidOf: () => undefined,
      apply: (document) => {
        member.inForce = document
        member.versions?.push(document.version ?? 0)
      },
    })
    const outbox = openOutbox(`${place}.db`, { bytesMax: 1 << 24, ageMaxMs: 1e9, now: nowUnixNs })
    const uplink = startUplink({
      ...{ url: fleet.door.url, hello: { ...hello, deviceId: id }, outbox },
      enrolment: {
        identity: () => identity,
        request: async () => undefined,
        take: () => 0,
        reenrol: async () => undefined,
        takeOwn: () => {},
      },
      policies: {
        take: (push) => {
          const { insteadOf } = member
          policies.take(insteadOf ? { ...push, documents: push.documents.map(insteadOf) } : push)
        },
        refuseLarge: policies.refuseLarge,
        report: () => ({ ...policies.report(), suppressed: 0, suppressions: [] }),
      },
      signal: ending.signal,
    })
    Object.assign(member, {
      uplink,
      alert() {
        outbox.append([alertFinding()])
        uplink.poke()
      },
      async stop() {
        ending.abort()
        await uplink.done
        outbox.close()
      },
    })
    members.push(member as Member)
    return member as Member
  }
  const join_ = async (index: number, group = 'office', rootKey: string | null = root.public) => {
    const id = idOf(index)
    return start(id, await fleet.enrol(id, { token: fleet.token({ group }) }), rootKey ?? undefined)
  }
  const versionOf = ({ versions }: Member) => versions.at(-1)
  const response = () => fleet.json<PolicyResponse>('/api/policy')
  /** Waits until the collector's answer is so. */
  const shown = async (holds: (response: PolicyResponse) => boolean): Promise<PolicyResponse> => {
    for (;;) {
      const found = await response()
      if (holds(found)) return found
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  const ofDevice = ({ devices }: PolicyResponse, { id }: Member) =>
    devices.find((device) => device.id === id)

  it('come to who is connected within seconds, to who comes later at once, and are reported', async () => {
    const [first, away] = [await join_(1), await join_(2)]
    await away.stop()
    publish(sign({ version: 3 }))
    await until(() => versionOf(first) === 3)
    const line = 'policy 3 for all devices is published, by a command on this machine'
    assert.equal(fleet.log.filter((one) => one === line).length, 1, fleet.log.join('\n'))
    assert.equal(versionOf(away), 0)
    const back = start(away.id, away.identity, root.public)
    await until(() => versionOf(back) === 3)
    const said = await shown((one) => ofDevice(one, back)?.documents[0]?.state === 'applied')
    assert.deepEqual(said.documents[0]?.target, 'all devices')
    assert.equal(said.rootKey, root.public)
    const { source, hasKey, documents } = ofDevice(said, first) ?? {}
    assert.deepEqual([source, hasKey, documents?.[0]?.version], ['pushed', true, 3])
    assert.ok((fleet.collector.counters()['policiesSent'] ?? 0) >= 2)
  })
  it('that could not be read as they were to be sent go out with the next look, and that is said', async () => {
    const [member] = [await join_(1)]
    await until(() => member.uplink.state().state === 'connected')
    const { holdFor } = Policies.prototype
    const said = () => fleet.log.filter((line) => /cannot be read to be sent: no disk/.test(line))
    try {
      Policies.prototype.holdFor = () => {
        throw new Error('no disk')
      }
      publish(sign({ version: 3 }))
      await until(() => said().length > 0)
    } finally {
      Policies.prototype.holdFor = holdFor
    }
    await until(() => versionOf(member) === 3)
    assert.equal(said().length, 1)
  })
  it('of a group and of a device go to nobody else, and follow a change of the group', async () => {
    const [office, lab] = [await join_(1, 'office'), await join_(2, 'lab')]
    publish(sign({ version: 1, target: { group: 'lab' } }))
    publish(sign({ version: 2, target: { device: office.id } }))
    await until(() => versionOf(lab) === 1 && versionOf(office) === 2)
    publish(sign({ version: 4, target: { group: 'lab' } }))
    await until(() => versionOf(lab) === 4)
    fleet.withRegistry((registry) => registry.change(office.id, { group: 'lab' }))
    await until(() => versionOf(office) === 4)
    const said = await shown((one) => ofDevice(one, office)?.documents[0]?.version === 4)
    assert.equal(ofDevice(said, office)?.group, 'lab')
  })
  it('that an agent refuses are shown with code and sentence, and counted', async () => {
    const [good, keyless, other] = [
      await join_(1),
      await join_(2, 'office', null),
      await join_(3, 'office', online.public),
    ]
    publish(sign({ version: 3, leastAgent: '9.0.0' }))
    const codeOf = (one: PolicyResponse, member: Member) =>
      ofDevice(one, member)?.documents[0]?.code
    const said = await shown((one) => members.every((member) => codeOf(one, member)))
    assert.deepEqual(
      [good, keyless, other].map((member) => codeOf(said, member)),
      ['agent-old', 'no-key', 'key-unknown'],
    )
    assert.match(ofDevice(said, good)?.documents[0]?.text ?? '', /version 9\.0\.0/)
    assert.ok((fleet.collector.counters()['policiesRefused'] ?? 0) >= 3)
    assert.deepEqual(members.map(versionOf), [0, 0, 0])
    const { devices, policy } = await fleet.json<FleetResponse>('/api/fleet')
    assert.deepEqual(policy, {
      ...{ version: 3, offered: 3, applied: 0, failed: 2, unsaid: 0 },
      keyless: 1,
    })
    const fault = devices.find(({ id }) => id === good.id)?.enrolment.policy?.faults[0]
    assert.deepEqual([fault?.version, fault?.state, fault?.code], [3, 'failed', 'agent-old'])
  })
  for (const [code, insteadOf] of [
    ['signature', (sent) => encodeSigned({ ...decodeSigned(sent), signature: new Uint8Array(64) })],
    ['version-old', () => sign({ version: 2 })],
    ['other-target', () => sign({ version: 4, target: { group: 'lab' } })],
    // More than a frame of the stream may have.
    ['too-large', () => new Uint8Array(FRAME_BYTES_MAX + 1)],
  ] as const satisfies [string, (sent: Uint8Array) => Uint8Array][])
    it(`that come and are refused with ${code} are shown with it, counted, and change nothing`, async () => {
      const member = await join_(1)
      publish(sign({ version: 3 }))
      await shown((one) => ofDevice(one, member)?.documents[0]?.state === 'applied')
      const before = fleet.collector.counters()['policiesRefused'] ?? 0
      member.insteadOf = insteadOf
      publish(sign({ version: 4 }))
      const said = await shown((one) => ofDevice(one, member)?.documents[0]?.state === 'failed')
      const document = ofDevice(said, member)?.documents[0]
      assert.deepEqual([document?.code, document?.version, versionOf(member)], [code, 3, 3])
      assert.match(`${document?.text}`, /.{20}/)
      assert.equal(fleet.collector.counters()['policiesRefused'], before + 1)
      const { devices, policy } = await fleet.json<FleetResponse>('/api/fleet')
      assert.deepEqual(policy, { version: 4, offered: 1, applied: 0, failed: 1, unsaid: 0 })
      assert.equal(devices[0]?.enrolment.policy?.faults[0]?.code, code)
    })
  it('that no agent would take are not published', () => {
    const other = makeTestKey()
    refused('key-unknown', () => publish(sign({}, other)))
    refused('content', () => publish(sign({ content: '{"x":1}' })))
    refused('malformed', () => publish(Buffer.from('x')))
    refused('too-large', () => publish(new Uint8Array(FRAME_BYTES_MAX + 1)))
    const content = JSON.stringify({ onlineKey: root.public, bounds: {} })
    refused('delegation-bounds', () => publish(sign({ kind: 'delegation', content })))
    refused('delegation-missing', () => publish(sign({ kind: 'exceptions' }, online)))
    publish(sign({ version: 5 }))
    for (const version of [4, 5])
      assert.throws(
        () => publish(sign({ version })),
        (error) => {
          assert.ok(error instanceof CollectorError)
          assert.match(error.message, /policy 5 was published before/)
          return true
        },
      )
  })
  it('exceptions of the online key come with the delegation, and go with the next', async () => {
    const member = await join_(1)
    const until_ = `${new Date(Date.now() + 86_400_000).toISOString().slice(0, 19)}Z`
    const exception = {
      ...{ host: '203.0.113.0/24', until: until_, bytesPerDayMax: 5 },
      ...{ owner: 'Ana', reason: 'a move' },
    }
    publish(sign({ kind: 'delegation', content: delegationTo(online.public) }))
    publish(
      sign({ kind: 'exceptions', content: JSON.stringify({ exceptions: [exception] }) }, online),
    )
    await until(() => member.inForce?.exceptions?.length === 1)
    publish(sign({ kind: 'exceptions', version: 2, content: '{}' }, online))
    await until(
      () => member.inForce?.exceptions === undefined || member.inForce.exceptions.length === 0,
    )
  })
  it('are sent to no device that would refuse them: by another key than its delegation names, or of another root key', async () => {
    const [office, lab] = [idOf(1), idOf(2)]
    const sent = (deviceId: string, group = 'office') =>
      withPolicies((policies) =>
        policies
          .holdFor({ deviceId, group })
          .map(({ payload: { kind, version } }) => `${kind} ${version}`),
      )
    const delegate = (version: number, key = online, change: Partial<PolicyPayload> = {}) =>
      publish(sign({ kind: 'delegation', version, content: delegationTo(key.public), ...change }))
    const other = makeTestKey()
    const except = (version: number, key = online, change: Partial<PolicyPayload> = {}) =>
      publish(sign({ kind: 'exceptions', version, content: '{}', ...change }, key))
    delegate(1)
    except(1)
    assert.deepEqual(sent(office), ['delegation 1', 'exceptions 1'])
    delegate(2, other)
    assert.deepEqual(sent(office), ['delegation 2'])
    refused('key-unknown', () => except(2))
    except(3, other)
    delegate(3, online, { target: { group: 'lab' } })
    except(4)
    assert.deepEqual(sent(office), ['delegation 2', 'exceptions 3'])
    assert.deepEqual(sent(lab, 'lab'), ['delegation 3', 'exceptions 4'])
    delegate(4)
    assert.deepEqual(sent(office), ['delegation 4', 'exceptions 4'])
    publish(sign({ version: 7 }))
    assert.deepEqual(sent(office), ['policy 7', 'delegation 4', 'exceptions 4'])
    const signed = sign({ version: 8, target: { group: 'lab' } }, other)
    withPolicies((policies) =>
      policies.publish(signed, { rootKey: other.public, sharePercent: 100, now: nowUnixNs() }),
    )
    assert.deepEqual(sent(office), [])
    assert.deepEqual(sent(lab, 'lab'), ['policy 8'])
  })
  it('exceptions are not published under a delegation that has ended, and nothing but a policy has a share', () => {
    const delegation = { kind: 'delegation', content: delegationTo(online.public) } as const
    assert.throws(() => publish(sign(delegation), 5), /delegation 1 goes to all .* only a policy/)
    publish(sign({ ...delegation, notAfter: daysOn(1, nowUnixNs()) }))
    const exceptions = sign({ kind: 'exceptions', content: '{}' }, online)
    assert.throws(() => publish(exceptions, 5), /only a policy has a share/)
    withPolicies((policies) => {
      const how = { rootKey: root.public, sharePercent: 100, now: daysOn(2, nowUnixNs()) }
      refused(
        'delegation-missing',
        () => policies.publish(exceptions, how),
        /delegation 1 was over/,
      )
    })
    publish(exceptions)
  })
  it('whom a change of the group concerns is looked at, and nobody else', async () => {
    const [one, two] = [await join_(1), await join_(2)]
    fleet.withRegistry((registry) => {
      const said: string[] = []
      const log = (text: string) => void said.push(text)
      const policies = openFleetPolicies(fleet.stateDir, {
        ...{ registry, counters: new Counters(), now: nowUnixNs, log },
        isHeard: () => true,
      })
      try {
        policies.look()
        assert.deepEqual(policies.look(), new Set())
        const before = policies.source.holdFor(two.id)
        registry.change(one.id, { group: 'lab' })
        assert.deepEqual(policies.look(), new Set([one.id]))
        assert.equal(policies.source.holdFor(two.id).mark, before.mark)
        assert.notEqual(policies.source.holdFor(one.id).mark, before.mark)
        assert.deepEqual(said, [])
        publish(sign({ version: 3 }), 10)
        assert.equal(policies.look(), 'all')
        withPolicies((all) => all.setShare(3, 100))
        assert.equal(policies.look(), 'all')
        const by = 'by a command on this machine'
        assert.deepEqual(said, [
          `policy 3 for all devices, 10 % of them is published, ${by}`,
          `policy 3 goes to 100 % in place of 10 %, ${by}`,
        ])
        assert.notEqual(policies.source.holdFor(two.id).mark, before.mark)
      } finally {
        policies.close()
      }
    })
  })
  it('a report that nobody agreed on ends the connection, and one that cannot be read, too', async () => {
    const { Agent, helloOf } = await import('./agent.ts')
    const agent = await new Agent(fleet.socket).opened()
    await agent.hello(idOf(9))
    const report = { keyId: '', source: 'built-in' as const, group: '', documents: [] }
    agent.send({ kind: 'policyReport', report: { ...report, suppressed: 0, suppressions: [] } })
    assert.equal((await agent.closed).code, 1002)
    const identity = await fleet.enrol(idOf(8))
    const odd = await new Agent(fleet.door.url, { identity }).opened()
    const { hello: said } = helloOf(idOf(8))
    odd.send({ kind: 'hello', hello: { ...said, capabilities: 16n } })
    assert.equal((await odd.expect('welcome')).welcome.capabilities, 16n)
    assert.deepEqual((await odd.expect('policyPush')).push, { group: 'office', documents: [] })
    odd.socket.send(Buffer.from([0x62, 0x02, 0x0a, 0x00]))
    assert.equal((await odd.closed).code, 1007)
  })

  it('go to a share of 100 agents first, then to more, and are rolled back, while alerts flow and none is lost', async () => {
    const all: Awaited<ReturnType<typeof join_>>[] = []
    // Ten at a time: each makes a key and two handshakes within the bounds of an enrolment.
    while (all.length < 100)
      all.push(...(await Promise.all(Array.from({ length: 10 }, (_, i) => join_(all.length + i)))))
    const stored = () => fleet.collector.counters()['itemsStored'] ?? 0
    let alerts = 0
    // Each is an fsync of this process, which is all of the fleet.
    const alert = () => all[alerts++ % all.length]?.alert()
    const traffic = setInterval(alert, 50)
    try {
      publish(sign({ version: 1, content: '{"hostWhitelist":["192.0.2.0/24"]}' }))
      await until(() => all.every((member) => versionOf(member) === 1))
      const canary = all.filter(({ id }) => isInShare(id, 5))
      const quarter = all.filter(({ id }) => isInShare(id, 25))
      assert.ok(canary.length > 0 && canary.length < quarter.length && quarter.length < 50)
      publish(sign({ version: 2, content: '{"hostWhitelist":["198.51.100.0/24"]}' }), 5)
      await until(() => canary.every((member) => versionOf(member) === 2))
      const applied = (version: number, count: number) =>
        shown(
          ({ devices }) =>
            devices.filter(({ documents }) => documents[0]?.version === version).length === count,
        )
      await applied(2, canary.length)
      share(2, 25)
      await until(() => quarter.every((member) => versionOf(member) === 2))
      await applied(2, quarter.length)
      // It was wrong: nobody more gets it, and the old content comes back under a higher version.
      share(2, 0)
      publish(sign({ version: 3, content: '{"hostWhitelist":["192.0.2.0/24"]}' }))
      await until(() => all.every((member) => versionOf(member) === 3))
      await applied(3, all.length)
      for (const member of all) {
        assert.deepEqual(member.inForce?.hostWhitelist, ['192.0.2.0/24'])
        assert.deepEqual(member.versions, quarter.includes(member) ? [0, 1, 2, 3] : [0, 1, 3])
      }
    } finally {
      clearInterval(traffic)
    }
    alert()
    await until(() => stored() >= alerts)
    assert.equal(stored(), alerts)
  })
})
