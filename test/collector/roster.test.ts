// Devices that are enrolled, on the page's API: how they stand, what a person says of them, and what the commands list.
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRegistryFile, REGISTRY_FILE } from '../../src/collector/fleet/registry-file.ts'
import { createRoster, readSeen } from '../../src/collector/fleet/roster.ts'
import type {
  DeviceInfo,
  DevicesResponse,
  EnrolmentInfo,
} from '../../src/collector/views/page-api.ts'
import { PLACE } from '../../src/place.ts'
import { nowUnixNs, unixNs } from '../../src/units.ts'
import { run } from '../e2e/installation.ts'
import { until } from '../waits.ts'
import { Agent, DEVICE_A, DEVICE_B, helloOf } from './agent.ts'
import { type Fleet, hardwareOf, type Identity, runFleet } from './enrolled.ts'

describe('enrolled devices on the page', () => {
  let fleet: Fleet
  let identity: Identity
  let agent: Agent
  beforeEach(async () => {
    fleet = await runFleet()
    identity = await fleet.enrol(DEVICE_A)
    agent = await new Agent(fleet.door.url, { identity }).opened()
    const said = helloOf(DEVICE_A)
    agent.send({ ...said, hello: { ...said.hello, hardware: hardwareOf(DEVICE_A) } })
    await agent.expect('welcome')
  })
  afterEach(() => fleet.stop())

  const device = async (): Promise<DeviceInfo> => {
    const { devices } = await fleet.json<DevicesResponse>('/api/devices')
    const found = devices.find(({ id }) => id === DEVICE_A)
    assert(found)
    return found
  }
  /** Of one that is enrolled. */
  const standing = async () => (await device()).enrolment as EnrolmentInfo | null
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

  it('have their standing, and one that is enrolled no more is forgotten, which no agent of this machine is', async () => {
    const { enrolment, connected } = await device()
    assert(enrolment && connected)
    assert.deepEqual(
      { ...enrolment, enrolledAt: '' },
      {
        ...{ standing: 'quarantined', name: '', owner: '', group: 'office', enrolledAt: '' },
        ...{ mayEnrolAgain: false, sharedSince: null, policy: null },
      },
    )
    fleet.withRegistry((registry) => registry.remove(DEVICE_A))
    await agent.closed
    assert.deepEqual((await device()).enrolment, { standing: 'forgotten' })
    const local = await new Agent(fleet.socket).opened()
    await local.hello(DEVICE_B, 'mac-2')
    const ofBoth = async (of: Fleet) => {
      const { devices } = await of.json<DevicesResponse>('/api/devices')
      return devices.map((one) => [one.id, one.enrolment])
    }
    const both = [
      [DEVICE_A, { standing: 'forgotten' }],
      [DEVICE_B, null],
    ]
    assert.deepEqual(await ofBoth(fleet), both)
    await local.close()
    await fleet.collector.close()
    // By the store alone.
    const again = await runFleet({}, {}, fleet.stateDir)
    try {
      assert.deepEqual(await ofBoth(again), both)
    } finally {
      await again.collector.close()
    }
  })

  it('are named, owned, moved and admitted', async () => {
    const change = { name: 'Ana’s MacBook', owner: ' Ana ', group: 'berlin', standing: 'active' }
    const { status, enrolment } = await post(DEVICE_A, change)
    assert.equal(status, 200)
    assert.equal(enrolment?.owner, 'Ana')
    const now = await standing()
    assert.deepEqual(
      [now?.name, now?.owner, now?.group, now?.standing],
      ['Ana’s MacBook', 'Ana', 'berlin', 'active'],
    )
    assert.equal((await post(DEVICE_A, { owner: '' })).enrolment?.owner, '')
    assert.equal((await standing())?.name, 'Ana’s MacBook', 'what is absent stays')
    const kept = fleet.withRegistry((registry) => registry.device(DEVICE_A))
    assert.equal(kept?.group, 'berlin')
    assert.equal(fleet.collector.counters()['devicesChanged'], 2)
  })

  it('are noted for the commands as they come and go, not a minute later', async () => {
    const noted = (): bigint => {
      const database = openRegistryFile(join(fleet.stateDir, REGISTRY_FILE), () => {})
      try {
        return readSeen(database).get(DEVICE_A)?.seenAt ?? 0n
      } finally {
        database.close()
      }
    }
    const beganMs = performance.now()
    await until(() => noted() > 0n)
    const came = noted()
    await agent.close()
    await until(() => noted() > came)
    assert.ok(performance.now() - beganMs < 45_000)
  })

  it('are changed with a line each in the log: over the page with whence, by a command as such', async () => {
    const said = (what: RegExp) => until(() => fleet.log.some((line) => what.test(line)))
    await post(DEVICE_A, { name: 'desk', standing: 'active' })
    await said(
      new RegExp(`^device ${DEVICE_A} “desk”: admitted, named “desk”, over the page from 127`),
    )
    fleet.withRegistry((registry) => registry.change(DEVICE_A, { standing: 'revoked' }))
    await said(new RegExp(`^device ${DEVICE_A} “desk”: revoked, by a command on this machine$`))
    const { token } = fleet.withRegistry((registry) =>
      registry.makeToken(
        { label: 'Berlin', group: 'lab', usesMax: undefined, expiresAt: undefined },
        nowUnixNs(),
      ),
    )
    await said(new RegExp(`^token ${token.id} “Berlin” is made, for the group “lab”, by a command`))
    fleet.withRegistry((registry) => registry.revokeToken(token.id, nowUnixNs()))
    await said(/“Berlin” is revoked, by a command/)
    fleet.withRegistry((registry) => registry.remove(DEVICE_A))
    await said(new RegExp(`^device ${DEVICE_A} “desk”: forgotten, by a command`))
    // What a machine does by itself is no person's change.
    await fleet.enrol(DEVICE_B)
    fleet.withRegistry((registry) => registry.change(DEVICE_B, { owner: 'Ana' }))
    await said(new RegExp(`^device ${DEVICE_B}: of “Ana”, by a command`))
    assert.equal(
      fleet.log.filter((line) => line.includes(DEVICE_B) && line.includes('by a command')).length,
      1,
    )
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
    const enrolment = await standing()
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
          `^${DEVICE_A} +mac-1 +office +- +quarantined +0\\.1\\.0 +- .*2026-09-21 14:13 UTC +of flows since 2026-09-21 14:12 UTC$`,
          'm',
        ),
      )
      const show = await run([...list.slice(0, 3), 'show', 'mac-none', '--state', directory])
      assert.match(show.stderr, /there is no device mac-none/)
      const shown = await run([...list.slice(0, 3), 'show', DEVICE_A, '--state', directory])
      assert.match(shown.stdout, /^policy +none was sent$/m)
      assert.match(shown.stdout, /^last seen +2026-09-21 14:13 UTC$/m)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })

  it('are noted for the commands: when they were last heard of, and their agent', async () => {
    await agent.close()
    await fleet.collector.close()
    const database = openRegistryFile(join(fleet.stateDir, REGISTRY_FILE), () => {})
    const seen = readSeen(database)
    database.close()
    assert.deepEqual([...seen.keys()], [DEVICE_A])
    const one = seen.get(DEVICE_A)
    assert(one?.seenAt && Math.abs(Number(one.seenAt / 1_000_000n) - Date.now()) < 60_000)
    assert.deepEqual([one.agentVersion, one.hostname, one.silentOf], ['0.1.0', 'mac-1', ''])
  })

  it('are known to the commands by what they call themselves from their enrolment on', async () => {
    fleet.withRegistry((registry) => registry.change(DEVICE_A, { name: 'desk' }))
    await fleet.enrol(DEVICE_B)
    const directory = mkdtempSync(join(tmpdir(), 'freshet-roster-'))
    try {
      chmodSync(directory, 0o755)
      symlinkSync(fleet.stateDir, join(directory, 'collector'))
      const devices = (...words: string[]) =>
        run([PLACE.cli, 'collector', 'devices', ...words, '--state', directory])
      const line = async () => {
        const { stdout } = await devices('list')
        return stdout.split('\n').find((one) => one.startsWith(DEVICE_B)) ?? ''
      }
      assert.match(await line(), / +mac-1 +office +- +quarantined +0\.1\.0 .* UTC +- +-$/)
      // The first calls itself so, too, whatever a person has named it.
      assert.match(
        (await devices('rename', 'mac-1', 'x')).stderr,
        /2 devices are called mac-1, or their ids begin so/,
      )
      assert.equal((await devices('rename', DEVICE_B, 'laptop')).stderr, '')
      assert.match(await line(), / +laptop +office /)
      // A name that a person gave is nobody's to take.
      fleet.withRegistry((registry) => registry.change(DEVICE_A, { name: 'mac-1' }))
      fleet.withRegistry((registry) => registry.change(DEVICE_B, { name: '' }))
      assert.equal((await devices('revoke', 'mac-1')).stderr, '')
      const standing = (id: string) =>
        fleet.withRegistry((registry) => registry.device(id)?.standing)
      assert.deepEqual([standing(DEVICE_A), standing(DEVICE_B)], ['revoked', 'quarantined'])
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
