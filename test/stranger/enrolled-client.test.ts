// A client of another machine that shares no code with ours, and reads and writes its messages with another library.
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { makeNextAuthority, pinIn, switchAuthority } from '../../src/collector/fleet/authority.ts'
import type { AlertsResponse, DevicesResponse } from '../../src/collector/views/page-api.ts'
import { DEVICE_A, DEVICE_B } from '../collector/agent.ts'
import { type Fleet, runFleet } from '../collector/enrolled.ts'
import { run } from '../e2e/installation.ts'
import { until } from '../waits.ts'

const CLIENT = fileURLToPath(new URL('enrolled-client.ts', import.meta.url))
const ALERTS = 200

describe('a stranger from another machine', function () {
  this.timeout(60_000)
  let fleet: Fleet
  beforeEach(async () => {
    fleet = await runFleet()
  })
  afterEach(() => fleet.stop())
  const client = (token: string, { pin = fleet.door.pin, deviceId = DEVICE_A } = {}) =>
    run([CLIENT, `${fleet.door.port}`, pin, deviceId, `${ALERTS}`], {
      input: `${token}\n`,
      timeout: 50_000,
    })

  it('enrols, sends alerts over mutual TLS and has its certificate renewed', async () => {
    const { status, stdout, stderr } = await client(fleet.token({ group: 'strangers' }))
    assert.equal(
      `${stdout}${stderr}`,
      `${ALERTS} alerts acknowledged, in the group strangers, renewed: true\n`,
    )
    assert.equal(status, 0)
    assert.equal((await fleet.json<AlertsResponse>('/api/alerts?limit=1')).total, ALERTS)
    const { devices } = await fleet.json<DevicesResponse>('/api/devices')
    assert.deepEqual(
      devices.map(({ id, hostname }) => [id, hostname]),
      [[DEVICE_A, 'stranger']],
    )
    const counters = fleet.collector.counters()
    assert.deepEqual([counters.enrolled, counters.renewed], [1, 1])
  })

  it('comes in by either pin while one authority follows another', async () => {
    const earlier = fleet.door.pin
    await makeNextAuthority(fleet.stateDir, Date.now(), (work) => work())
    await until(() => fleet.log.some((line) => line.includes('1 counts beside it')))
    switchAuthority(fleet.stateDir)
    const pin = pinIn(fleet.stateDir) ?? assert.fail()
    assert.notEqual(pin, earlier)
    await until(() => fleet.log.some((line) => line.includes(`has the pin ${pin}`)))
    for (const [by, deviceId] of [
      [earlier, DEVICE_A],
      [pin, DEVICE_B],
    ] as const) {
      const { stdout, stderr } = await client(fleet.token(), { pin: by, deviceId })
      assert.match(`${stdout}${stderr}`, /in the group office, renewed: true\n$/)
    }
  })

  it('is told by its code why it may not enrol', async () => {
    const once = fleet.token({ usesMax: 1 })
    assert.equal((await client(once)).status, 0)
    for (const [token, deviceId, code] of [
      [once, DEVICE_B, 'token-used-up'],
      ['nonsense', DEVICE_B, 'token-unknown'],
      [fleet.token(), DEVICE_A, 'device-known'],
    ] as const) {
      const { status, stdout } = await client(token, { deviceId })
      assert.deepEqual([status, stdout], [1, `refused: 403 ${code}\n`])
    }
  })

  it('says nothing to a server whose authority has another pin', async () => {
    const { status, stdout } = await client(fleet.token(), { pin: 'ab'.repeat(32) })
    assert.deepEqual([status, stdout], [1, 'refused: no authority in its chain has the pin\n'])
    const { enrolled, enrolRefusedToken } = fleet.collector.counters()
    assert.deepEqual([enrolled ?? 0, enrolRefusedToken ?? 0], [0, 0])
  })
})
