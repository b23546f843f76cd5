// The root key of policies, as an agent that runs comes to have it, and comes to have another.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Policies } from '../../src/collector/fleet/policies.ts'
import { openPoliciesFile, POLICIES_FILE } from '../../src/collector/fleet/policies-file.ts'
import type { FleetResponse } from '../../src/collector/views/page-api.ts'
import { PLACE } from '../../src/place.ts'
import { nowUnixNs } from '../../src/units.ts'
import { type Fleet, runFleet } from '../collector/enrolled.ts'
import { daysOn, makeTestKey, signedBy } from '../policy/documents.ts'
import { run, tied, until } from './installation.ts'

describe('the root key of an agent that runs', () => {
  let fleet: Fleet
  let directory: string
  let engine: ChildProcess
  let said = ''
  beforeEach(async () => {
    fleet = await runFleet()
    directory = mkdtempSync(join(tmpdir(), 'freshet-root-key-'))
    // The engine is another user where this runs as root.
    chmodSync(directory, 0o755)
  })
  afterEach(async () => {
    if (engine.exitCode === null) {
      engine.kill()
      await once(engine, 'close')
    }
    await fleet.stop()
    rmSync(directory, { recursive: true })
  })

  const publish = (version: number, key: ReturnType<typeof makeTestKey>) => {
    const policies = new Policies(openPoliciesFile(join(fleet.stateDir, POLICIES_FILE), () => {}))
    const now = nowUnixNs()
    const signed = signedBy(key, { version, madeAt: now, notAfter: daysOn(90, now) })
    policies.publish(signed, { rootKey: key.public, sharePercent: 100, now })
    policies.close()
  }
  const standing = async () =>
    (await fleet.json<FleetResponse>('/api/fleet')).devices[0]?.enrolment.policy
  const applied = async (version: number) => {
    let found = await standing()
    await until(
      async () => {
        found = await standing()
        return found?.inForce === version
      },
      `policy ${version}: ${said} ${JSON.stringify(found)}`,
    )
    assert.deepEqual(found?.faults, [])
  }

  it('comes with each enrolment: what that one has signed holds, and it starts anew for none', async () => {
    const [first, second] = [makeTestKey(), makeTestKey()]
    const state = join(directory, 'state')
    const token = join(directory, 'token')
    writeFileSync(token, fleet.token())
    const enroll = async (...more: string[]) => {
      const where = ['--state', state, '--collector', fleet.door.url, '--pin', fleet.door.pin]
      const done = await run([PLACE.cli, 'enroll', ...where, '--token-file', token, ...more])
      assert.match(done.stdout, /^enrolled: /, done.stderr)
      return done.stdout
    }
    await enroll()
    engine = tied(
      spawn(process.execPath, [PLACE.cli, 'engine', '--state', state], {
        stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'ipc'],
      }),
    )
    engine.stderr?.on('data', (text) => (said += text))
    publish(1, first)
    const codeOf = async () => (await standing())?.faults[0]?.code
    await until(async () => (await codeOf()) === 'no-key', 'a policy without a key for it')
    assert.match(
      await enroll('--policy-key', first.public),
      /an agent that runs takes it up by itself, within seconds/,
    )
    await applied(1)
    publish(2, second)
    await until(async () => (await codeOf()) === 'key-unknown', 'a policy of another key')
    await enroll('--policy-key', second.public)
    await applied(2)
    assert.equal(engine.exitCode, null)
  })
})
