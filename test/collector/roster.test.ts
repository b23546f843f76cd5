// Devices that are enrolled, on the page's API: how they stand, what a person says of them, and what the commands list.
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRegistryFile, REGISTRY_FILE } from '../../src/collector/fleet/registry-file.ts'
import { createRoster, readSeen } from '../../src/collector/fleet/roster.ts'
import type { DeviceInfo, DevicesResponse, EnrolmentInfo } from '../../src/collector/page-api.ts'
import { PLACE } from '../../src/place.ts'
import { unixNs } from '../../src/units.ts'
import { run } from '../e2e/installation.ts'
import { Agent, DEVICE_A, DEVICE_B } from './agent.ts'
import { type Fleet, type Identity, runFleet } from './enrolled.ts'

describe('enrolled devices on the page', () => {
  let fleet: Fleet
  let identity: Identity
  let agent: Agent
  beforeEach(async () => {
    fleet = await runFleet()
    identity = await fleet.enrol(DEVICE_A)
    agent = await new Agent(fleet.door.url, { identity }).opened()
    await agent.hello(DEVICE_A)
  })
  afterEach(() => fleet.stop())

  const device = async (): Promise<DeviceInfo> => {
    const { devices } = await fleet.json<DevicesResponse>('/api/devices')
    const found = devices.find(({ id }) => id === DEVICE_A)
    assert(found)
    return found
  }
  const post = async (id: string, body: unknown) => {
    const response = await fetch(`${fleet.collector.url}/api/devices/${id}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${fleet.key}`, 'Content-Type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    const { enrolment, error } = (await response.json()) as {
      enrolment?: EnrolmentInfo
      error?: string
    }
    return { status: response.status, enrolment, error }
  }

  it('have their standing, and one that is not enrolled has none', async () => {
    const { enrolment, connected } = await device()
    assert(enrolment && connected)
    assert.deepEqual(
      { ...enrolment, enrolledAt: '' },
      {
        ...{ standing: 'quarantined', name: '', owner: '', group: 'office', enrolledAt: '' },
        ...{ mayEnrolAgain: false, sharedSince: null },
      },
    )
    fleet.withRegistry((registry) => registry.remove(DEVICE_A))
    await agent.closed
    assert.equal((await device()).enrolment, null)
  })

  it('are named, owned, moved and admitted', async () => {
    const change = { name: 'Ana’s MacBook', owner: ' Ana ', group: 'berlin', standing: 'active' }
    const { status, enrolment } = await post(DEVICE_A, change)
    assert.equal(status, 200)
    assert.equal(enrolment?.owner, 'Ana')
    const now = (await device()).enrolment
    assert.deepEqual(
      [now?.name, now?.owner, now?.group, now?.standing],
      ['Ana’s MacBook', 'Ana', 'berlin', 'active'],
    )
    assert.equal((await post(DEVICE_A, { owner: '' })).enrolment?.owner, '')
    assert.equal((await device()).enrolment?.name, 'Ana’s MacBook', 'what is absent stays')
    const kept = fleet.withRegistry((registry) => registry.device(DEVICE_A))
    assert.equal(kept?.group, 'berlin')
    assert.equal(fleet.collector.counters()['devicesChanged'], 2)
  })

  it('are thrown out at once', async () => {
    assert.equal((await post(DEVICE_A, { standing: 'revoked' })).status, 200)
    assert.equal(fleet.collector.counters()['agentsClosedRevoked'], 1)
    assert.equal((await agent.closed).code, 4003)
  })

  it('are changed by nothing else than what may be said of them', async () => {
    for (const body of [
      'no JSON',
      '[]',
      'null',
      {},
      { standing: 'quarantined' },
      { group: '' },
      { name: 'x'.repeat(101) },
      { name: 'a\u202eb' },
      { name: 1 },
      { hardware: 'aa' },
    ])
      assert.equal((await post(DEVICE_A, body)).status, 400, JSON.stringify(body))
    assert.equal((await post(DEVICE_B, { name: 'none' })).status, 404)
    assert.equal((await post(DEVICE_A, { name: 'x'.repeat(5000) })).status, 413)
    const { enrolment } = await device()
    assert.equal(enrolment?.name, '')
    const without = await fetch(`${fleet.collector.url}/api/devices/${DEVICE_A}`, {
      method: 'POST',
      body: '{"name":"x"}',
    })
    assert.equal(without.status, 401)
    const path = `${fleet.collector.url}/api/devices/${DEVICE_A}`
    const got = await fetch(path, { headers: { Authorization: `Bearer ${fleet.key}` } })
    assert.equal(got.status, 405)
  })

  it('are changed over TLS from its own page, and from no other site', async () => {
    const postAs = (origin: string) =>
      new Promise<number>((resolve, reject) => {
        const request = httpsRequest(
          `${fleet.door.url}/api/devices/${DEVICE_A}`,
          {
            ...{ method: 'POST', ca: identity.authorities, agent: false },
            headers: {
              Authorization: `Bearer ${fleet.key}`,
              'Content-Type': 'application/json',
              Origin: origin,
            },
          },
          (response) => {
            response.resume()
            resolve(response.statusCode ?? 0)
          },
        )
        request.once('error', reject)
        request.end('{"name":"desk"}')
      })
    assert.equal(await postAs(fleet.door.url), 200)
    assert.equal(await postAs(fleet.door.url.replace('https', 'http')), 403)
    assert.equal(await postAs('https://other.example'), 403)
  })

  it('are listed by the command with when they were heard of, and what they are silent of', async () => {
    const at = unixNs(1_790_000_000_000_000_000n, 'at')
    const seen = { deviceId: DEVICE_A, seenAt: at, hostname: 'mac-1', agentVersion: '0.1.0' }
    await agent.close()
    await fleet.collector.close()
    const directory = mkdtempSync(join(tmpdir(), 'freshet-roster-'))
    try {
      chmodSync(directory, 0o755)
      renameSync(fleet.stateDir, join(directory, 'collector'))
      const database = openRegistryFile(join(directory, 'collector', REGISTRY_FILE), () => {})
      const roster = createRoster(database)
      roster.note([{ ...seen, silentOf: 'flows', silentSince: unixNs(at - 60_000_000_000n, 'at') }])
      database.close()
      const list = [PLACE.cli, 'collector', 'devices', 'list', '--state', directory]
      const { stdout, stderr } = await run(list)
      assert.equal(stderr, '')
      assert.match(
        stdout,
        new RegExp(
          `^${DEVICE_A} +mac-1 +office +- +quarantined +0\\.1\\.0 .*2026-09-21 14:13 UTC +of flows since 2026-09-21 14:12 UTC$`,
          'm',
        ),
      )
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })

  it('are noted for the commands: when they were last heard of, and their agent', async () => {
    const other = await fleet.enrol(DEVICE_B)
    assert(other)
    await agent.close()
    await fleet.collector.close()
    const database = openRegistryFile(join(fleet.stateDir, REGISTRY_FILE), () => {})
    const seen = readSeen(database)
    database.close()
    assert.deepEqual([...seen.keys()], [DEVICE_A])
    const one = seen.get(DEVICE_A)
    assert(one && Math.abs(Number(one.seenAt / 1_000_000n) - Date.now()) < 60_000)
    assert.deepEqual([one.agentVersion, one.hostname, one.silentOf], ['0.1.0', 'mac-1', ''])
  })
})
