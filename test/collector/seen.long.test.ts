// When devices were heard of, as the collector that runs notes it for the commands: from the first connection on, and of no
// device that a command has removed.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { openRegistryFile, REGISTRY_FILE } from '../../src/collector/fleet/registry-file.ts'
import { createRoster, readSeen } from '../../src/collector/fleet/roster.ts'
import { nowUnixNs, unixNs } from '../../src/units.ts'
import { until } from '../waits.ts'
import { DEVICE_A, DEVICE_B } from './agent.ts'
import { type Fleet, runFleet, welcomed } from './enrolled.ts'

/** As others are noted, once a minute. */
const NOTED_MS = 60_000

describe('when a device was heard of', () => {
  let fleet: Fleet
  let database: DatabaseSync
  beforeEach(async () => {
    fleet = await runFleet()
    database = openRegistryFile(join(fleet.stateDir, REGISTRY_FILE), () => {})
  })
  afterEach(async () => {
    database.close()
    await fleet.stop()
  })
  const now = nowUnixNs()
  const described = (deviceId: string) => ({ deviceId, hostname: 'mac', agentVersion: '0.1.0' })

  it('is noted as it comes for the first time: nobody forgets it as one that never connected', async () => {
    const beganMs = performance.now()
    await welcomed(fleet)
    await until(() => readSeen(database).get(DEVICE_A)?.seenAt !== undefined)
    assert(performance.now() - beganMs < NOTED_MS / 2)
    assert.equal(readSeen(database).get(DEVICE_A)?.hostname, 'mac-1')
  })

  it('is written together for all that came, and again where the file could not take it', async () => {
    for (const id of [DEVICE_A, DEVICE_B]) await fleet.enrol(id)
    const roster = createRoster(database)
    for (const id of [DEVICE_A, DEVICE_B]) roster.arrive(described(id), now)
    assert.equal(roster.seenOf(DEVICE_A)?.seenAt, now, 'also before it is written')
    database.exec('PRAGMA query_only = ON')
    assert.throws(() => roster.write(), /readonly/)
    assert.equal(readSeen(database).get(DEVICE_A)?.seenAt, undefined)
    database.exec('PRAGMA query_only = OFF')
    roster.write()
    assert.deepEqual(
      [DEVICE_A, DEVICE_B].map((id) => readSeen(database).get(id)?.seenAt),
      [now, now],
    )
    roster.arrive(described(DEVICE_A), unixNs(now + 1n, 'now'))
    roster.write()
    assert.equal(readSeen(database).get(DEVICE_A)?.seenAt, now, 'that once alone')
  })

  it('is forgotten of what a command removes, also where it has enrolled anew since', async () => {
    await fleet.enrol(DEVICE_A)
    const roster = createRoster(database)
    roster.arrive(described(DEVICE_A), now)
    roster.write()
    fleet.withRegistry((registry) => registry.remove(DEVICE_A))
    await fleet.enrol(DEVICE_A)
    roster.describe(described(DEVICE_A))
    assert.equal(roster.seenOf(DEVICE_A)?.seenAt, undefined)
    roster.arrive(described(DEVICE_A), now)
    roster.arrive(described(DEVICE_B), now)
    roster.forgetAllBut((id) => id === DEVICE_B)
    assert.equal(roster.seenOf(DEVICE_A), undefined)
    assert.equal(roster.seenOf(DEVICE_B)?.seenAt, now)
  })
})
