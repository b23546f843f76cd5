// A device that was away while the authority of its collector was replaced: what it says, and the ways back that there are.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { enrolHere } from '../../src/agent/enrolling.ts'
import { createEnrolment, type Enrolment, readEnrolment } from '../../src/agent/enrolment-file.ts'
import {
  makeNextAuthority,
  pinIn,
  retireAuthority,
  switchAuthority,
} from '../../src/collector/fleet/authority.ts'
import { REGISTRY_FILE } from '../../src/collector/fleet/registry-file.ts'
import type { RefusalsResponse } from '../../src/collector/views/page-api.ts'
import { causesOf } from '../../src/status/causes.ts'
import { wellStatus } from '../status/states.ts'
import { alerts, UplinkFixture } from '../stream/uplink-fixture.ts'
import { until } from '../waits.ts'
import { DEVICE_A, helloOf } from './agent.ts'
import { type Fleet, hardwareOf, runFleet } from './enrolled.ts'

const machine = {
  ...{ deviceId: DEVICE_A, hardware: hardwareOf(DEVICE_A), agentVersion: '0.1.0' },
  host: helloOf(DEVICE_A).hello.host,
}

describe('a device that was away while its collector’s authority was replaced', () => {
  let fleet: Fleet
  let place: string
  let made: UplinkFixture
  let collector: string
  beforeEach(async () => {
    fleet = await runFleet({ backoffMaxMs: 1000 })
    place = join(mkdtempSync(join(tmpdir(), 'freshet-away-')), 'agent')
    mkdirSync(place)
    made = await UplinkFixture.make()
    collector = `https://127.0.0.1:${fleet.door.port}`
    await enrols(fleet.door.pin)
    fleet.withRegistry((registry) => registry.change(DEVICE_A, { standing: 'active' }))
    await makeNextAuthority(fleet.stateDir, Date.now(), (work) => work())
    switchAuthority(fleet.stateDir)
    retireAuthority(fleet.stateDir)
    await until(() =>
      fleet.log.some((line) => line.includes(`has the pin ${pin()}, and none counts beside it`)),
    )
  })
  afterEach(async () => {
    await made.remove()
    await fleet.stop()
    rmSync(place, { recursive: true })
  })

  const pin = () => pinIn(fleet.stateDir) as string
  const enrols = (by: string) =>
    enrolHere(place, { collector, pin: by, token: fleet.token() }, machine)
  const uplink = () => {
    const kept = readEnrolment(place) as Enrolment
    return made.start({
      ...{ url: collector, hello: helloOf(DEVICE_A).hello },
      enrolment: {
        ...createEnrolment(place, DEVICE_A, kept, Date.now),
        ...{ reenrol: async () => undefined, takeOwn: () => assert.fail('it is no copy') },
      },
    })
  }
  const standing = () => fleet.withRegistry((registry) => registry.device(DEVICE_A)?.standing)
  const delivers = async () => {
    made.outbox.append(alerts(1))
    const of = uplink()
    await until(() => of.state().state === 'connected' && made.outbox.counters().items === 0)
    const { total } = await fleet.json<{ total: number }>('/api/alerts')
    assert.equal(total, 1)
  }

  it('trusts nobody who answers there, says so with the way out, and keeps what it found', async () => {
    made.outbox.append(alerts(1))
    const of = uplink()
    await until(() => of.state().state === 'waiting')
    const state = of.state()
    assert(state.state === 'waiting' && state.isUntrusted, JSON.stringify(state))
    const [cause] = causesOf(wellStatus({ collector: { url: collector, ...state } }))
    assert.equal(cause?.code, 'collector-certificate')
    assert.match(
      `${cause?.remedy}`,
      /enrol this machine again where the collector has another authority/,
    )
    assert.equal(made.outbox.counters().items, 1)
  })

  it('comes back by its key, a token and the pin of now, as what it was, while its certificate’s time lasts', async () => {
    await assert.rejects(enrols(fleet.door.pin), /does not have the pin/)
    await enrols(pin())
    assert.equal(standing(), 'active')
    await delivers()
  })

  it('wants an administrator where that has ended meanwhile, once, and is looked at again', async () => {
    const database = new DatabaseSync(join(fleet.stateDir, REGISTRY_FILE))
    database.exec('UPDATE certificate SET not_after_ns = 1')
    database.close()
    await assert.rejects(enrols(pin()), { code: 'device-known' })
    const { refusals } = await fleet.json<RefusalsResponse>('/api/refusals')
    assert(refusals.some(({ code, deviceId }) => code === 'device-known' && deviceId === DEVICE_A))
    fleet.withRegistry((registry) => registry.change(DEVICE_A, { mayEnrolAgain: true }))
    await enrols(pin())
    assert.equal(standing(), 'quarantined')
    await delivers()
  })
})
