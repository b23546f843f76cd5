// A certificate that is good no more: what came by it has nothing more by it, from that very moment.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:tls'
import { encodeEnrollRequest } from '../../src/stream/codec-enrol.ts'
import { AGENT_ALPN, Capability } from '../../src/stream/message.ts'
import { makeKey, requestOf } from '../../src/trust/certificates.ts'
import { until } from '../waits.ts'
import { Agent, alertItem, DEVICE_A, DEVICE_B, helloOf } from './agent.ts'
import { type Fleet, hardwareOf, type Identity, runFleet } from './enrolled.ts'

describe('a certificate that was replaced or revoked', () => {
  let fleet: Fleet
  beforeEach(async () => {
    fleet = await runFleet()
  })
  afterEach(() => fleet.stop())

  const counted = (name: string) => fleet.collector.counters()[name] ?? Number.NaN
  const come = (identity: Identity) => new Agent(fleet.door.url, { identity })
  /** Somebody who asks to enrol by this certificate; what is returned sends the body, and returns the answer. */
  const postHeadOf = async (
    { key, certificate: cert, authorities: ca }: Identity,
    token: string,
  ) => {
    const socket = connect({
      ...{ host: '127.0.0.1', port: fleet.door.port, key, cert, ca },
      ...{ minVersion: 'TLSv1.3' as const, ALPNProtocols: [AGENT_ALPN] },
    })
    let heard = ''
    socket.setEncoding('utf8').on('data', (part: string) => (heard += part))
    socket.on('error', () => {})
    const body = encodeEnrollRequest({
      ...{ token, request: await requestOf(makeKey(), DEVICE_A) },
      ...{ hardware: hardwareOf(DEVICE_A), agentVersion: '0.1.0' },
      host: helloOf(DEVICE_A).hello.host,
    })
    socket.write(
      `POST /v1/enroll HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
    )
    await until(() => heard.includes('100 Continue'))
    heard = ''
    return async (): Promise<string> => {
      socket.write(body)
      await once(socket, 'close')
      return heard
    }
  }

  it('ends what came by a certificate at once where its device enrols again, and gives nothing more for it', async () => {
    // One for all: another would have the collector look at everything anew within a second.
    const token = fleet.token()
    const stolen = await fleet.enrol(DEVICE_A, { token })
    const thief = await come(stolen).opened()
    thief.send(helloOf(DEVICE_A, 'mac-1', Capability.renew))
    await thief.expect('welcome')
    const silent = await come(stolen).opened()
    const asking = await postHeadOf(stolen, token)
    const anew = await fleet.enrol(DEVICE_A, { token, old: stolen })
    assert.equal(counted('agentsClosedRevoked'), 2)
    const mine = await come(anew).opened()
    const request = await requestOf(makeKey(), DEVICE_A)
    thief.send({ kind: 'renew', request })
    assert.match((await thief.expect('goodbye')).reason, /has enrolled again since/)
    assert.equal((await thief.closed).code, 4003)
    assert.equal((await silent.closed).code, 4003)
    assert.match(await asking(), /^HTTP\/1\.1 403 .*"code":"device-known"/s)
    assert.equal(counted('renewed'), 0)
    await mine.hello(DEVICE_A)
    assert.equal((await mine.deliver([alertItem(1)])).throughSequence, 1)
    await mine.close()
  })

  it('is replaced five times at once, then rarely, and one device leaves the others their turns', async () => {
    await fleet.stop()
    fleet = await runFleet({ enrolmentsPerSecond: 0.01, enrolmentsBurst: 40 })
    const token = fleet.token()
    let mine = await fleet.enrol(DEVICE_A, { token })
    const theirs = await fleet.enrol(DEVICE_B, { token })
    for (let n = 0; n < 5; n++) mine = await fleet.enrol(DEVICE_A, { token, old: mine })
    const again = () => fleet.enrol(DEVICE_A, { token, old: mine })
    await assert.rejects(again, /429.*has enrolled 5 times of late/)
    for (let n = 0; n < 30; n++) await assert.rejects(again, /429/)
    assert.equal(counted('enrolRefusedRate'), 31)
    await fleet.enrol(DEVICE_B, { token, old: theirs })
  })

  it('and whose device was thrown out comes again by a token where an administrator allows that', async () => {
    const old = await fleet.enrol(DEVICE_A)
    const hardware = 'f'.repeat(64)
    await fleet.enrol(DEVICE_A, { old, hardware })
    fleet.withRegistry((registry) => registry.change(DEVICE_A, { standing: 'revoked' }))
    await assert.rejects(
      fleet.enrol(DEVICE_A, { old, hardware }),
      /was revoked by an administrator/,
    )
    const on = hardwareOf(DEVICE_A)
    await assert.rejects(fleet.enrol(DEVICE_A, { old }), new RegExp(`--hardware ${on}`))
    fleet.withRegistry((registry) =>
      registry.change(DEVICE_A, { mayEnrolAgain: true, hardware: on }),
    )
    const mine = await come(await fleet.enrol(DEVICE_A, { old })).opened()
    await mine.hello(DEVICE_A)
    await mine.close()
  })

  it('renews nothing for a device that a command has thrown out in this very moment', async () => {
    const agent = await come(await fleet.enrol(DEVICE_A)).opened()
    agent.send(helloOf(DEVICE_A, 'mac-1', Capability.renew))
    await agent.expect('welcome')
    const request = await requestOf(makeKey(), DEVICE_A)
    fleet.withRegistry((registry) => registry.change(DEVICE_A, { standing: 'revoked' }))
    agent.send({ kind: 'renew', request })
    await agent.expect('goodbye')
    assert.equal(counted('renewed'), 0)
    await agent.closed
  })
})
