// `freshet collector refusals` and how the commands say that policies stand.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { found } from '../../src/cli/fleet.ts'
import { newestText, policyCell } from '../../src/cli/fleet-words.ts'
import { createRefusals } from '../../src/collector/fleet/refusals.ts'
import { type EnrolledDevice, Registry } from '../../src/collector/fleet/registry.ts'
import { openRegistryFile, REGISTRY_FILE } from '../../src/collector/fleet/registry-file.ts'
import { createRoster } from '../../src/collector/fleet/roster.ts'
import type { PolicyStandingInfo, RefusalsResponse } from '../../src/collector/views/page-api.ts'
import { PLACE } from '../../src/place.ts'
import { nowUnixNs, unixNs } from '../../src/units.ts'
import { DEVICE_A, DEVICE_B } from '../collector/agent.ts'
import { run } from '../e2e/installation.ts'

describe('freshet collector refusals', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-look-'))
    mkdirSync(join(directory, 'collector'), { mode: 0o700 })
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))
  const refusals = (...more: string[]) =>
    run([PLACE.cli, 'collector', 'refusals', '--state', directory, ...more])

  it('lists who was turned away, and lets no name steer the terminal', async () => {
    assert.equal((await refusals()).stdout, 'nobody was turned away\n')
    const notes = createRefusals(join(directory, 'collector'))
    const at = unixNs(1_790_000_000_000_000_000n, 'at')
    for (let time = 0; time < 3; time++)
      notes.note(
        {
          ...{ code: 'token-unknown', text: 'no such token', address: '192.0.2.7' },
          ...{ deviceId: 'id', hostname: '\u001b[2Jmac' },
        },
        at,
      )
    notes.write()
    const { stdout, stderr } = await refusals()
    assert.equal(stderr, '')
    assert.match(
      stdout,
      /^2026-09-21 14:13 UTC +token-unknown +3 +192\.0\.2\.7 +id \\u\{1b\}\[2Jmac +no such token$/m,
    )
    const { refusals: rows } = JSON.parse((await refusals('--json')).stdout) as RefusalsResponse
    assert.deepEqual([rows[0]?.code, rows[0]?.count], ['token-unknown', 3])
  })
})

describe('how policies stand, in a cell of the commands', () => {
  const standing = (change: Partial<PolicyStandingInfo> = {}): PolicyStandingInfo => ({
    ...{ offered: 2, received: 2, inForce: 2, source: 'pushed', clamped: 0, faults: [] },
    ...{ saidAt: '1', ...change },
  })
  it('says what is in force, what is offered, and what is against it', () => {
    assert.equal(policyCell(undefined), '-')
    assert.equal(policyCell(standing()), '2')
    assert.equal(policyCell(standing({ source: '', inForce: 0 })), '2 is offered')
    assert.equal(policyCell(standing({ inForce: 1, clamped: 3 })), '1, 2 is offered, 3 clamped')
    const faults: PolicyStandingInfo['faults'] = [
      { kind: 'policy', version: 2, state: 'failed', code: 'signature', text: 'x' },
    ]
    assert.equal(
      policyCell(standing({ inForce: 0, faults })),
      'none, 2 is offered, policy 2 failed (signature)',
    )
  })
  it('counts all that are to have the newest', () => {
    const info = { version: 4, offered: 10, applied: 3, failed: 1, unsaid: 6 }
    assert.equal(newestText(info), '3 of 10 devices apply policy 4, 1 failed, 6 not said yet')
    assert.equal(
      newestText({ ...info, unsaid: 0, keyless: 6 }),
      '3 of 10 devices apply policy 4, 1 failed, 6 without the root key, and so take none: start the agent there with --policy-key KEY',
    )
  })
})

describe('a device that a command is of', () => {
  const device = (id: string, name: string) => ({ id, name }) as EnrolledDevice
  const desk = device('aa11', 'front desk')
  const lab = device('bb22', '')
  const seen = new Map([
    ['aa11', { hostname: 'mac-7' }],
    ['bb22', { hostname: 'mac-8' }],
  ]) as unknown as Parameters<typeof found>[1]
  const of = (id: string, devices = [desk, lab]) => found(devices, seen, { id, state: '/tmp' })

  it('is found by its id, by the name it was given, and by what it calls itself after that, too', () => {
    for (const written of ['aa11', 'aa', 'front desk', 'mac-7']) assert.equal(of(written), 'aa11')
    assert.equal(of('mac-8'), 'bb22')
    assert.throws(() => of('mac-9'), /there is no device mac-9/)
  })
  it('is never the only one there is for want of a name: a script has a variable that is not set', () => {
    for (const written of ['', ' ']) assert.throws(() => of(written, [desk]), /no device is named/)
  })
  it('has no name that another was given, whatever it calls itself', () => {
    assert.equal(of('mac-8', [device('aa11', 'mac-8'), lab]), 'aa11')
  })
})

describe('freshet collector devices', () => {
  it('let no name that a device calls itself decide what it may, and answer with the id', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'freshet-admit-'))
    try {
      mkdirSync(join(directory, 'collector'), { mode: 0o700 })
      const registry = new Registry(
        openRegistryFile(join(directory, 'collector', REGISTRY_FILE), () => {}),
      )
      const now = nowUnixNs()
      const { secret } = registry.makeToken(
        { label: 'test', group: 'office', usesMax: undefined, expiresAt: undefined },
        now,
      )
      for (const [deviceId, hardware] of [
        [DEVICE_A, 'aa'],
        [DEVICE_B, 'bb'],
      ] as const)
        registry.enrol(
          secret,
          { deviceId, hardware: hardware.repeat(32), key: '', shown: undefined },
          { fingerprint: hardware, notAfter: now },
          now,
        )
      // The real one was called mac-17 by a person, and then otherwise: an invented one takes the name up.
      registry.change(DEVICE_A, { name: 'desk of Ana' })
      const database = openRegistryFile(join(directory, 'collector', REGISTRY_FILE), () => {})
      createRoster(database).describe({
        ...{ deviceId: DEVICE_B, hostname: 'mac-17' },
        agentVersion: '',
      })
      database.close()
      const devices = (...words: string[]) =>
        run([PLACE.cli, 'collector', 'devices', ...words, '--state', directory])
      const before = registry.devices()
      for (const words of [['admit'], ['remove'], ['group', 'lab']]) {
        const [what = '', ...value] = words
        const { stderr } = await devices(what, 'mac-17', ...value)
        assert.match(
          stderr,
          new RegExp(
            `mac-17 is what a device calls itself, .* It is ${DEVICE_B}, of hardware bbbbbbbb…, enrolled`,
          ),
        )
      }
      registry.refresh()
      assert.deepEqual(registry.devices(), before)
      assert.equal(
        (await devices('admit', DEVICE_B.slice(0, 8))).stdout,
        `device ${DEVICE_B} (mac-17) is admitted\n`,
      )
      assert.match((await devices('owner', 'mac-17', 'Bo')).stdout, /is owned by "Bo"/)
      registry.close()
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})

describe('freshet collector devices allow', () => {
  it('says on which hardware a device may come again, and takes nothing else for one', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'freshet-allow-'))
    try {
      mkdirSync(join(directory, 'collector'), { mode: 0o700 })
      const file = join(directory, 'collector', REGISTRY_FILE)
      const registry = new Registry(openRegistryFile(file, () => {}))
      const now = nowUnixNs()
      const wanted = { label: 'test', group: 'office', usesMax: undefined, expiresAt: undefined }
      registry.enrol(
        registry.makeToken(wanted, now).secret,
        { deviceId: DEVICE_A, hardware: 'bb'.repeat(32), key: '', shown: undefined },
        { fingerprint: 'ff', notAfter: now },
        now,
      )
      const allow = (hardware: string) =>
        run([
          ...[PLACE.cli, 'collector', 'devices', 'allow', DEVICE_A.slice(0, 8)],
          ...['--hardware', hardware, '--state', directory],
        ])
      const known = () => {
        registry.refresh()
        const { hardware, mayEnrolAgain } = registry.device(DEVICE_A) ?? assert.fail()
        return { hardware, mayEnrolAgain }
      }
      assert.match((await allow('bb')).stderr, /--hardware.*wants 64 hex digits/)
      assert.deepEqual(known(), { hardware: 'bb'.repeat(32), mayEnrolAgain: false })
      assert.match(
        (await allow('AB'.repeat(32))).stdout,
        /may enrol again, once, on the hardware abababab…, and is quarantined then/,
      )
      assert.deepEqual(known(), { hardware: 'ab'.repeat(32), mayEnrolAgain: true })
      registry.close()
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
