// The root key of policies by settings that were mended while the agent ran; and policies by one key, and by another.
import assert from 'node:assert/strict'
import fs, { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Wanted } from '../../src/agent/enrolling.ts'
import { startLink } from '../../src/agent/link.ts'
import { POLICY_FILE } from '../../src/agent/policy-file.ts'
import { createPoliciesByKey } from '../../src/agent/root-key.ts'
import type { PolicyDocument } from '../../src/engine/policy.ts'
import { describeMachine } from '../../src/host/machine.ts'
import { openOutbox } from '../../src/stream/outbox.ts'
import type { Uplink } from '../../src/stream/uplink.ts'
import { nowUnixNs } from '../../src/units.ts'
import { DEVICE_A } from '../collector/agent.ts'
import { hardwareOf, runFleet } from '../collector/enrolled.ts'
import { makeTestKey, NOW, signedBy } from '../policy/documents.ts'
import { until } from '../waits.ts'

const [first, second] = [makeTestKey(), makeTestKey()]

describe('the root key of policies', () => {
  let directory: string
  let applied: PolicyDocument[]
  let told: string[]
  const before = process.cwd()
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-root-key-'))
    applied = []
    told = []
    process.chdir(directory)
  })
  afterEach(() => {
    process.chdir(before)
    rmSync(directory, { recursive: true, force: true })
  })

  const start = (rootKey: string | undefined) =>
    createPoliciesByKey({
      ...{ path: POLICY_FILE, rootKey, own: { deviceId: DEVICE_A, group: 'office' } },
      ...{
        agentVersion: '0.1.0',
        local: undefined,
        always: {},
        uidOf: () => undefined,
        now: () => NOW,
      },
      apply: (document) => applied.push(document),
      tell: (text) => told.push(text),
    })
  const policy = (version: number, key = first) => ({
    group: 'office',
    documents: [signedBy(key, { version })],
  })
  const versions = () => applied.map(({ version }) => version ?? 0)

  it('is another from one moment on: what it has signed is taken, what the one before has holds no more', () => {
    const policies = start(undefined)
    policies.take(policy(1))
    assert.equal(policies.report().documents[0]?.code, 'no-key')
    policies.trust(first.public)
    assert.deepEqual(policies.report().documents, [])
    policies.take(policy(1))
    assert.equal(policies.report().source, 'pushed')
    policies.trust(first.public)
    assert.deepEqual(versions(), [0, 0, 1], 'the same is nothing new')
    policies.trust(second.public)
    assert.equal(policies.report().source, 'built-in')
    policies.take(policy(1))
    assert.equal(policies.report().documents[0]?.code, 'key-unknown')
    policies.take(policy(1, second))
    assert.deepEqual(versions(), [0, 0, 1, 0, 1])
    policies.trust(undefined)
    assert.deepEqual([policies.report().keyId, applied.at(-1)?.version], ['', undefined])
    // As it is kept: nothing older of a key of before.
    policies.trust(second.public)
    assert.equal(applied.at(-1)?.version, 1)
  })

  it('stays as it is where the file of policies cannot be used, and comes with the next time', () => {
    const policies = start(undefined)
    symlinkSync('/dev/null', POLICY_FILE)
    policies.trust(first.public)
    assert.match(told.join('\n'), /the root key that came is not taken up: /)
    assert.equal(policies.report().keyId, '')
    rmSync(POLICY_FILE)
    policies.trust(first.public)
    policies.take(policy(1))
    assert.equal(policies.report().source, 'pushed')
  })

  it('stays as it is, told once, where the disk does not give that file out', () => {
    const policies = start(undefined)
    const { openSync } = fs
    fs.openSync = () => {
      throw Object.assign(new Error('EIO: i/o error, open'), { code: 'EIO' })
    }
    syncBuiltinESMExports()
    try {
      for (let count = 0; count < 5; count++) policies.trust(first.public)
    } finally {
      fs.openSync = openSync
      syncBuiltinESMExports()
    }
    assert.equal(told.filter((text) => /is not taken up: EIO/.test(text)).length, 1)
    policies.trust(first.public)
    policies.take(policy(1))
    assert.equal(policies.report().source, 'pushed')
  })

  it('comes with settings that were mended, before the collector sends what it has signed', async () => {
    const fleet = await runFleet()
    const ending = new AbortController()
    const outbox = openOutbox('outbox.db', { bytesMax: 1 << 24, ageMaxMs: 1e9, now: nowUnixNs })
    let uplink: Uplink | undefined
    try {
      let wanted = (): Wanted => {
        throw new Error('settings: no pin')
      }
      const keys: (string | undefined)[] = []
      const log: string[] = []
      const report = () => ({ ...start(undefined).report(), suppressed: 0, suppressions: [] })
      uplink = startLink({
        collector: { url: fleet.door.url, wanted: () => wanted() },
        ...{ enrolment: undefined, deviceId: DEVICE_A, hardware: hardwareOf(DEVICE_A) },
        ...{ machine: describeMachine(), outbox, signal: ending.signal },
        policies: {
          take: () => {},
          refuseLarge: () => {},
          report,
        },
        log: (text) => log.push(text),
        onEnrolled: ({ policyKey }) => keys.push(policyKey),
        pace: { firstMs: 20, mostMs: 100, refusedMs: 20, lookMs: 20 },
      })
      await until(() => log.some((line) => /no pin/.test(line)))
      const { url: collector, pin } = fleet.door
      const token = fleet.token()
      wanted = () => ({ collector, pin, token, policyKey: first.public })
      await until(() => uplink?.state().state === 'connected')
      assert.equal(keys[0], first.public)
    } finally {
      ending.abort()
      await uplink?.done
      outbox.close()
      await fleet.stop()
    }
  })
})
