// What `collector devices list`, `tokens list` and `policy status` print for programs: one document, as the API has it.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Policies } from '../../src/collector/fleet/policies.ts'
import { openPoliciesFile, POLICIES_FILE } from '../../src/collector/fleet/policies-file.ts'
import { Registry } from '../../src/collector/fleet/registry.ts'
import { openRegistryFile, REGISTRY_FILE } from '../../src/collector/fleet/registry-file.ts'
import { createRoster } from '../../src/collector/fleet/roster.ts'
import { PLACE } from '../../src/place.ts'
import { DEVICE_A, DEVICE_B } from '../collector/agent.ts'
import { run } from '../e2e/installation.ts'
import { daysOn, makeTestKey, NOW, signedBy } from '../policy/documents.ts'

describe('the lists of a collector’s commands, with --json', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-fleet-json-'))
    mkdirSync(join(directory, 'collector'), { mode: 0o700 })
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  const file = (name: string) => join(directory, 'collector', name)
  const document = async (...words: string[]): Promise<unknown> => {
    const { status, stdout, stderr } = await run([
      ...[PLACE.cli, 'collector', ...words, '--json', '--state', directory],
    ])
    assert.deepEqual([status, stderr], [0, ''])
    assert.equal(stdout.split('\n').length, 2, 'one line')
    return JSON.parse(stdout)
  }

  it('are documents, empty ones too', async () => {
    assert.deepEqual(await document('devices', 'list'), { devices: [], policy: null })
    assert.deepEqual(await document('tokens', 'list'), { tokens: [] })
    const none = { rootKey: '', newest: null, documents: [], devices: [] }
    assert.deepEqual(await document('policy', 'status'), none)
  })

  it('have what the tables have, times as numbers', async () => {
    const root = makeTestKey()
    const database = openRegistryFile(file(REGISTRY_FILE), assert.fail)
    const registry = new Registry(database)
    const { secret } = registry.makeToken(
      { label: 'desks', group: 'office', usesMax: 3, expiresAt: daysOn(7) },
      NOW,
    )
    for (const [deviceId, hardware] of [
      [DEVICE_A, 'aa'.repeat(32)],
      [DEVICE_B, ''],
    ] as const)
      registry.enrol(
        secret,
        { deviceId, hardware, key: deviceId, shown: undefined },
        { fingerprint: deviceId, notAfter: daysOn(90) },
        NOW,
      )
    registry.change(DEVICE_A, { name: 'front desk', standing: 'active' })
    registry.revokeToken(1, daysOn(1))
    const roster = createRoster(database)
    roster.describe({ deviceId: DEVICE_A, hostname: 'mac-7', agentVersion: '1.2.3' })
    roster.write()
    registry.close()
    const policies = new Policies(openPoliciesFile(file(POLICIES_FILE), assert.fail))
    policies.publish(signedBy(root, { version: 2 }), {
      ...{ rootKey: root.public, sharePercent: 100, now: NOW },
    })
    policies.close()

    const { devices, policy } = (await document('devices', 'list')) as {
      devices: { id: string; enrolment: object }[]
      policy: object
    }
    const [desk] = devices.filter(({ id }) => id === DEVICE_A)
    assert.equal(devices.length, 2)
    assert.deepEqual(desk, {
      ...{ id: DEVICE_A, hardware: 'aa'.repeat(32), hostname: 'mac-7', agentVersion: '1.2.3' },
      lastSeenAt: '',
      enrolment: {
        ...{ standing: 'active', name: 'front desk', owner: '', group: 'office' },
        ...{ enrolledAt: `${NOW}`, mayEnrolAgain: false, sharedSince: null },
        policy: {
          ...{
            offered: 2,
            received: 0,
            inForce: 0,
            source: '',
            clamped: 0,
            faults: [],
            saidAt: '',
          },
        },
      },
    })
    assert.deepEqual(policy, {
      ...{ version: 2, offered: 1, applied: 0, failed: 0, unsaid: 1, unheard: 1 },
    })
    assert.deepEqual(await document('tokens', 'list'), {
      tokens: [
        {
          ...{ id: 1, label: 'desks', group: 'office', uses: 2, usesMax: 3, state: 'revoked' },
          ...{ madeAt: `${NOW}`, expiresAt: `${daysOn(7)}`, revokedAt: `${daysOn(1)}` },
        },
      ],
    })
    const status = (await document('policy', 'status')) as { newest: object; rootKey: string }
    assert.deepEqual([status.newest, status.rootKey], [policy, root.public])
  })
})
