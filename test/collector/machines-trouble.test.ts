// A collector for other machines whose files are in trouble, or that ends while it is asked.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { connect } from 'node:tls'
import { makeNextAuthority, switchAuthority } from '../../src/collector/fleet/authority.ts'
import { Policies } from '../../src/collector/fleet/policies.ts'
import { openPoliciesFile, POLICIES_FILE } from '../../src/collector/fleet/policies-file.ts'
import { readRefusals } from '../../src/collector/fleet/refusals.ts'
import { REGISTRY_FILE } from '../../src/collector/fleet/registry-file.ts'
import { LIMITS } from '../../src/collector/terms/limits.ts'
import { lockDirectory } from '../../src/host/lock.ts'
import { Capability } from '../../src/stream/message.ts'
import { makeKey, requestOf } from '../../src/trust/certificates.ts'
import { until } from '../waits.ts'
import { Agent, alertItem, DEVICE_A, DEVICE_B, helloOf } from './agent.ts'
import { type Fleet, runFleet } from './enrolled.ts'

describe('a collector for other machines', () => {
  let fleet: Fleet
  beforeEach(async () => {
    fleet = await runFleet()
  })
  afterEach(() => fleet.stop())

  it('that cannot keep a certificate which it renews gives another as soon as it can', async () => {
    const agent = await new Agent(fleet.door.url, {
      identity: await fleet.enrol(DEVICE_A),
    }).opened()
    agent.send(helloOf(DEVICE_A, 'mac-1', Capability.renew))
    await agent.expect('welcome')
    const change = (sql: string) => {
      const database = new DatabaseSync(join(fleet.stateDir, REGISTRY_FILE))
      database.exec(sql)
      database.close()
    }
    const request = await requestOf(makeKey(), DEVICE_A)
    change('ALTER TABLE certificate RENAME TO elsewhere')
    agent.send({ kind: 'renew', request })
    await until(() => fleet.collector.counters()['renewRefused'] === 1)
    change('ALTER TABLE elsewhere RENAME TO certificate')
    agent.send({ kind: 'renew', request })
    await agent.expect('renewed')
    await agent.close()
  })

  it('that lets nobody in as its registry fails says so once a minute, and not with each that comes', async () => {
    await fleet.enrol(DEVICE_A)
    const database = new DatabaseSync(join(fleet.stateDir, REGISTRY_FILE))
    database.exec(
      "CREATE TRIGGER full BEFORE INSERT ON device BEGIN SELECT raise(ABORT, 'no room'); END",
    )
    database.close()
    for (let tries = 1; tries <= 5; tries++) await assert.rejects(fleet.enrol(DEVICE_B))
    assert.equal(fleet.collector.counters()['enrolFailed'], 5)
    assert.equal(fleet.log.filter((line) => line.includes('an enrolment failed')).length, 1)
  })

  it('that cannot read anew who may come says so once, and serves whom it knows until it can', async () => {
    const identity = await fleet.enrol(DEVICE_A)
    const change = (sql: string) => {
      const database = new DatabaseSync(join(fleet.stateDir, REGISTRY_FILE))
      database.exec(sql)
      database.close()
    }
    change('ALTER TABLE device RENAME TO elsewhere')
    const said = () => fleet.log.filter((line) => line.includes('cannot be read anew'))
    await until(() => said().length > 0)
    const agent = await new Agent(fleet.door.url, { identity }).opened()
    await agent.hello(DEVICE_A)
    assert.equal((await agent.deliver([alertItem(1)])).throughSequence, 1)
    change('ALTER TABLE elsewhere RENAME TO device')
    fleet.withRegistry((registry) => registry.change(DEVICE_A, { standing: 'revoked' }))
    assert.match((await agent.closed).reason, /revoked by an administrator/)
    assert.equal(said().length, 1)
  })

  it('whose registry takes nothing goes on with all else, and ends in good order', async () => {
    const agent = await new Agent(fleet.door.url, {
      identity: await fleet.enrol(DEVICE_A),
    }).opened()
    agent.send(helloOf(DEVICE_A, 'mac-1', Capability.authorities | Capability.policy))
    await agent.expect('welcome')
    const database = new DatabaseSync(join(fleet.stateDir, REGISTRY_FILE))
    for (const table of ['held', 'boot', 'seen'])
      database.exec(
        `CREATE TRIGGER full_${table} BEFORE INSERT ON ${table} BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END`,
      )
    database.close()
    agent.send({ kind: 'authorities', fingerprints: ['ab'.repeat(32)] })
    await until(() => fleet.log.some((line) => line.includes('devices believe is not written')))
    await assert.rejects(fleet.enrol(DEVICE_B, { token: 'freshet-no-token' }))
    await until(() => readRefusals(fleet.stateDir).refusals.length === 1)
    await makeNextAuthority(fleet.stateDir, Date.now(), (work) => work())
    switchAuthority(fleet.stateDir)
    await until(() => fleet.log.some((line) => line.includes('authority has the pin')))
    agent.send({
      kind: 'policyReport',
      report: {
        ...{ keyId: '', source: 'built-in', group: 'office', documents: [] },
        ...{ suppressed: 0, suppressions: [] },
      },
    })
    await until(() => fleet.collector.counters()['policiesSaid'] === 1)
    await fleet.collector.close()
    const policies = new Policies(openPoliciesFile(join(fleet.stateDir, POLICIES_FILE), () => {}))
    assert.equal(policies.saidBy(DEVICE_A)?.report.group, 'office')
    policies.close()
    // It is free for another.
    const unlock = lockDirectory(fleet.stateDir, 0)
    assert(unlock)
    unlock()
    assert(!fleet.log.some((line) => line.includes('cannot be read anew')))
  })

  it('ends while somebody is in the middle of asking to enrol, and does not wait for the rest', async () => {
    const socket = connect({
      ...{ host: '127.0.0.1', port: fleet.door.port, minVersion: 'TLSv1.3' as const },
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
    })
    socket.on('error', () => {})
    await once(socket, 'secureConnect')
    socket.write(
      'POST /v1/enroll HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: 500\r\nExpect: 100-continue\r\n\r\n',
    )
    // It has read the head.
    await once(socket, 'data')
    const beganMs = performance.now()
    const ended = once(socket, 'close')
    await fleet.collector.close()
    await ended
    assert(performance.now() - beganMs < LIMITS.headersTimeoutMs)
  })
})
