// A collector for other machines: who enrols, who comes with what certificate, and what becomes of the others.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from 'node:tls'
import { openAuthority } from '../../src/collector/fleet/authority.ts'
import type { RefusalsResponse } from '../../src/collector/views/page-api.ts'
import type { EnrolError } from '../../src/stream/enrol.ts'
import { AGENT_ALPN, STREAM_PATH, SUBPROTOCOL } from '../../src/stream/message.ts'
import {
  issueDevice,
  makeAuthority,
  makeKey,
  readRequest,
  requestOf,
} from '../../src/trust/certificates.ts'
import { derOf, fingerprintOf, pemOf } from '../../src/trust/pin.ts'
import { nowUnixNs, unixNs } from '../../src/units.ts'
import { WAIT_MS } from '../waits.ts'
import { Agent, alertItem, DEVICE_A, DEVICE_B, helloOf } from './agent.ts'
import { type Fleet, type How, hardwareOf, type Identity, runFleet } from './enrolled.ts'

const DEVICE_C = '11111111-1111-4111-8111-111111111111'

describe('a collector for other machines', () => {
  let fleet: Fleet
  beforeEach(async () => {
    fleet = await runFleet()
  })
  afterEach(() => fleet.stop())

  const counted = (name: string) => fleet.collector.counters()[name] ?? Number.NaN
  const come = (identity?: Identity) => new Agent(fleet.door.url, { identity })
  const welcomed = async (identity: Identity, deviceId = DEVICE_A): Promise<Agent> => {
    const agent = await come(identity).opened()
    await agent.hello(deviceId)
    return agent
  }
  const refusedToEnrol = (deviceId: string, how: How, code: string) =>
    assert.rejects(fleet.enrol(deviceId, how), (error: EnrolError) => {
      assert.equal(error.code, code, error.message)
      assert.ok(deviceId === DEVICE_A || !error.message.includes(DEVICE_A), error.message)
      return true
    })
  /** What somebody is answered who asks for the stream over TLS. */
  const answered = async (
    identity?: Partial<Identity>,
  ): Promise<{ status: number; code: string }> => {
    const socket = connect({
      ...{ host: '127.0.0.1', port: fleet.door.port, minVersion: 'TLSv1.3' as const },
      rejectUnauthorized: false,
      ALPNProtocols: [AGENT_ALPN],
      ...(identity && { key: identity.key, cert: identity.certificate }),
    })
    socket.on('error', () => {})
    let text = ''
    socket.setEncoding('utf8').on('data', (part: string) => (text += part))
    await once(socket, 'close')
    const [, status] = /^HTTP\/1\.1 (\d+)/.exec(text) ?? []
    const { code } = JSON.parse(text.split('\r\n\r\n')[1] ?? '{}') as { code: string }
    return { status: Number(status), code }
  }
  /** What its API shows of those whom it turned away, without those before. */
  const shown = async (...before: string[]): Promise<string[]> => {
    const { refusals } = await fleet.json<RefusalsResponse>('/api/refusals')
    return refusals
      .map(({ code }) => code)
      .filter((code) => !before.includes(code))
      .sort()
  }
  const until = async (what: () => boolean) => {
    const endMs = performance.now() + WAIT_MS
    while (!what()) {
      assert(performance.now() < endMs, 'it did not come about')
      await delay(20)
    }
  }

  it('takes what a device sends that has enrolled', async () => {
    const agent = await welcomed(await fleet.enrol(DEVICE_A))
    const ack = await agent.deliver([alertItem(1)])
    assert.equal(ack.throughSequence, 1)
    const { total } = await fleet.json<{ total: number }>('/api/alerts')
    assert.equal(total, 1)
    assert.equal(counted('enrolled'), 1)
    await agent.close()
  })

  it('answers each token that lets nobody in with its code', async () => {
    await refusedToEnrol(DEVICE_A, { token: 'freshet_enrol_nothing' }, 'token-unknown')
    const past = unixNs(nowUnixNs() - 1n, 'past')
    await refusedToEnrol(DEVICE_A, { token: fleet.token({ expiresAt: past }) }, 'token-expired')
    const once_ = fleet.token({ usesMax: 1 })
    await fleet.enrol(DEVICE_A, { token: once_ })
    await refusedToEnrol(DEVICE_B, { token: once_ }, 'token-used-up')
    const gone = fleet.token()
    fleet.withRegistry((registry) => {
      const { id = 0 } = registry.tokens()[0] ?? {}
      assert(registry.revokeToken(id, nowUnixNs()))
    })
    await refusedToEnrol(DEVICE_B, { token: gone }, 'token-revoked')
    assert.equal(counted('enrolRefusedToken'), 4)
    fleet.withRegistry((registry) => assert.equal(registry.device(DEVICE_B), undefined))
    const codes = ['token-expired', 'token-revoked', 'token-unknown', 'token-used-up']
    assert.deepEqual(await shown(), codes)
  })

  it('lets nobody be a device or hardware that is known by a token alone', async () => {
    const identity = await fleet.enrol(DEVICE_A)
    await refusedToEnrol(DEVICE_A, {}, 'device-known')
    await refusedToEnrol(DEVICE_B, { hardware: hardwareOf(DEVICE_A) }, 'hardware-known')
    assert.equal(counted('enrolRefusedKnown'), 2)
    assert.deepEqual(await shown(), ['device-known', 'hardware-known'])
    // Administrators read whose the hardware is; whoever asked does not.
    const { refusals } = await fleet.json<RefusalsResponse>('/api/refusals')
    const [row] = refusals.filter(({ code }) => code === 'hardware-known')
    assert.match(
      row?.text ?? '',
      new RegExp(
        `^device ${DEVICE_A} has this hardware: .* after \`npx freshet collector devices allow ${DEVICE_A.slice(0, 8)} --state \\S+\`$`,
      ),
    )
    const said = fleet.log.filter((line) => line.startsWith('an enrolment is refused'))
    assert.equal(said.length, 2)
    assert.match(said[1] ?? '', new RegExp(`\\(hardware-known\\): .*device ${DEVICE_A} has this`))
    assert.match(
      said[0] ?? '',
      /\(device-known\): device [0-9a-f-]{36}, “.+”: this device is enrolled/,
    )
    const anew = await fleet.enrol(DEVICE_A, { old: identity })
    assert.deepEqual(await answered(identity), { status: 403, code: 'certificate-revoked' })
    await (await welcomed(anew)).close()
    fleet.withRegistry((registry) => registry.change(DEVICE_A, { mayEnrolAgain: true }))
    await fleet.enrol(DEVICE_A)
  })

  it('names whoever comes again by its key on other hardware, or on none, and quarantines it', async () => {
    let identity = await fleet.enrol(DEVICE_A)
    for (const [hardware, why] of [
      ['', /names no hardware, as it did when/],
      [hardwareOf(DEVICE_B), /on other hardware than when/],
    ] as const) {
      fleet.withRegistry((registry) => registry.change(DEVICE_A, { standing: 'active' }))
      identity = await fleet.enrol(DEVICE_A, { old: identity, hardware })
      assert.match(fleet.log.at(-1) ?? '', why)
      assert.match(fleet.log.at(-2) ?? '', /enrolled again, quarantined/)
    }
  })

  it('writes into its log what a machine calls itself without what would steer a terminal, or end the name', async () => {
    const hostname = 'x\u009b2J\u202eevil\u001b[2J”\n: admitted'
    const shown = /“x\\u\{9b\}2J\\u\{202e\}evil\\u\{1b\}\[2J\\u\{201d\}\\u\{a\}: admitted”/
    await fleet.enrol(DEVICE_A, { hostname })
    assert.match(fleet.log.at(-1) ?? '', shown)
    await assert.rejects(fleet.enrol(DEVICE_A, { hostname }))
    assert.match(fleet.log.at(-1) ?? '', shown)
  })

  it('takes a device that it has forgotten back by a token, whatever certificate that shows', async () => {
    const identity = await fleet.enrol(DEVICE_A)
    fleet.withRegistry((registry) => registry.remove(DEVICE_A))
    const anew = await fleet.enrol(DEVICE_A, { old: identity })
    await (await welcomed(anew)).close()
    await refusedToEnrol(DEVICE_A, { old: identity }, 'device-known')
  })

  it('opens to no certificate but its own, and says why', async () => {
    assert.deepEqual(await answered(), { status: 403, code: 'certificate-missing' })
    const key = makeKey()
    const request = await readRequest(await requestOf(key, DEVICE_A))
    const other = await makeAuthority('Freshet collector', Date.now())
    const issued = await issueDevice(other, request, Date.now())
    const certificate = pemOf('CERTIFICATE', issued.der)
    assert.deepEqual(await answered({ key, certificate }), {
      status: 403,
      code: 'certificate-unknown',
    })
    assert.equal(counted('doorRefused'), 2)
    assert.equal(counted('agentsAccepted'), 0)
    assert.deepEqual(await shown(), ['certificate-missing', 'certificate-unknown'])
  })

  it('opens to none whose time is over or has not come, also where its authority signed it', async () => {
    const authority = await openAuthority(fleet.stateDir, Date.now())
    const by = fingerprintOf(derOf((await fleet.enrol(DEVICE_A)).certificate))
    const day = 86_400_000
    for (const [days, code] of [
      [-120, 'certificate-expired'],
      [30, 'certificate-early'],
    ] as const) {
      const key = makeKey()
      const request = await readRequest(await requestOf(key, DEVICE_A))
      const { der, notAfterMs } = await authority.issue(request, Date.now() + days * day)
      // As if this collector had given it under another clock.
      const notAfter = unixNs(BigInt(notAfterMs) * 1_000_000n, 'notAfter')
      fleet.withRegistry((registry) =>
        registry.noteCertificate(
          by,
          { fingerprint: fingerprintOf(der), notAfter, key: '' },
          nowUnixNs(),
        ),
      )
      const certificate = pemOf('CERTIFICATE', der)
      assert.deepEqual(await answered({ key, certificate }), { status: 403, code })
    }
    assert.equal(counted('doorRefused'), 2)
    assert.deepEqual(await shown(), ['certificate-early', 'certificate-expired'])
  })

  it('throws a revoked device out, connected or not', async () => {
    const identity = await fleet.enrol(DEVICE_A)
    const other = await welcomed(await fleet.enrol(DEVICE_B), DEVICE_B)
    const agent = await welcomed(identity)
    fleet.withRegistry((registry) => registry.change(DEVICE_A, { standing: 'revoked' }))
    const { code, reason } = await agent.closed
    assert.equal(code, 4003)
    assert.match(reason, /revoked by an administrator/)
    assert.equal(counted('agentsClosedRevoked'), 1)
    assert.deepEqual(await answered(identity), { status: 403, code: 'device-revoked' })
    assert.deepEqual(await shown(), ['device-revoked'])
    assert.equal((await other.deliver([alertItem(1)])).throughSequence, 1)
    fleet.withRegistry((registry) => registry.change(DEVICE_A, { standing: 'active' }))
    await (await welcomed(identity)).close()
    await other.close()
  })

  it('answers nothing more on a connection that a revoked device has kept, enrolment neither', async () => {
    const { key, certificate, authorities } = await fleet.enrol(DEVICE_A)
    const socket = connect({
      ...{ host: '127.0.0.1', port: fleet.door.port, key, cert: certificate, ca: authorities },
      ...{ minVersion: 'TLSv1.3', ALPNProtocols: ['freshet-agent'] },
    })
    let heard = ''
    socket.on('data', (bytes) => (heard += bytes)).on('error', () => {})
    const ask = () => socket.write('GET /other HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
    ask()
    await until(() => heard.includes('404'))
    heard = ''
    fleet.withRegistry((registry) => registry.change(DEVICE_A, { standing: 'revoked' }))
    // Until the collector has looked: it may be asked meanwhile, and is.
    const closed = once(socket, 'close')
    const asking = setInterval(ask, 100)
    await closed
    clearInterval(asking)
    heard = ''
    assert.deepEqual(await answered({ key, certificate, authorities, group: '' }), {
      status: 403,
      code: 'device-revoked',
    })
  })

  it('lets a device speak for itself alone, whatever it says', async () => {
    const agent = await come(await fleet.enrol(DEVICE_A)).opened()
    agent.send(helloOf(DEVICE_B))
    const { code, reason } = await agent.closed
    assert.equal(code, 1008)
    assert.match(reason, new RegExp(DEVICE_A))
    assert.equal(counted('agentsClosedOtherDevice'), 1)
    assert.deepEqual(await shown(), ['other-device'])
  })

  it('gives a device’s place to its own newer connection', async () => {
    const identity = await fleet.enrol(DEVICE_A)
    const first = await welcomed(identity)
    const second = await welcomed(identity)
    assert.equal((await first.closed).code, 4001)
    assert.equal((await second.deliver([alertItem(1)])).throughSequence, 1)
    await second.close()
  })

  it('renews a certificate over the stream, for the same device alone', async () => {
    const identity = await fleet.enrol(DEVICE_A)
    const agent = await come(identity).opened()
    agent.send(helloOf(DEVICE_A, 'mac-1', 8n))
    const { welcome } = await agent.expect('welcome')
    assert.equal(welcome.capabilities, 8n)
    const key = makeKey()
    agent.send({ kind: 'renew', request: await requestOf(key, DEVICE_A) })
    const { renewed } = await agent.expect('renewed')
    const next = { ...identity, key, certificate: pemOf('CERTIFICATE', renewed.certificate) }
    assert.deepEqual(
      renewed.authorities.map((der) => pemOf('CERTIFICATE', der)),
      identity.authorities,
    )
    await (await welcomed(next)).close()
    await (await welcomed(identity)).close()
    const again = await come(next).opened()
    again.send(helloOf(DEVICE_A, 'mac-1', 8n))
    await again.expect('welcome')
    again.send({ kind: 'renew', request: await requestOf(makeKey(), DEVICE_B) })
    await until(() => counted('renewRefused') === 1)
    assert.match(fleet.log.join('\n'), /no new certificate for device .*names another device/)
    assert.equal(counted('renewed'), 1)
    await again.close()
  })

  it('agrees to renew with nobody who came without a certificate', async () => {
    const agent = await new Agent(fleet.socket).opened()
    agent.send(helloOf(DEVICE_C, 'mac-1', 8n))
    assert.equal((await agent.expect('welcome')).welcome.capabilities, 0n)
    agent.send({ kind: 'renew', request: await requestOf(makeKey(), DEVICE_C) })
    assert.equal((await agent.closed).code, 1002)
  })

  it('serves the page and its API by its names over TLS', async () => {
    const { authorities } = await fleet.enrol(DEVICE_A)
    const get = (path: string, headers: Record<string, string> = {}) =>
      new Promise<{ status: number; body: string }>((resolve, reject) => {
        const request = httpsRequest(
          `${fleet.door.url}${path}`,
          { ca: authorities, agent: false, headers, servername: 'localhost' },
          (response) => {
            let body = ''
            response.setEncoding('utf8').on('data', (part: string) => (body += part))
            response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
          },
        )
        request.once('error', reject)
        request.end()
      })
    assert.match((await get('/')).body, /<!doctype html>/i)
    assert.equal((await get('/api/devices')).status, 401)
    assert.equal((await get('/api/devices', { Authorization: `Bearer ${fleet.key}` })).status, 200)
    assert.equal((await get('/', { Host: 'evil.example' })).status, 421)
    const stream = await get(STREAM_PATH, { 'Sec-WebSocket-Protocol': SUBPROTOCOL })
    assert.equal(stream.status, 404)
  })

  it('opens by a token neither its API, nor its stream, nor a renewal: it enrols, and does no more', async () => {
    await fleet.enrol(DEVICE_A)
    const token = fleet.token()
    const headers = { Authorization: `Bearer ${token}` }
    const { status } = await fetch(`${fleet.collector.url}/api/devices`, { headers })
    assert.equal(status, 401)
    const upgrade = {
      ...{ Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
      ...{ 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'Sec-WebSocket-Protocol': SUBPROTOCOL },
    }
    // Nobody renews but over the stream, to which a certificate belongs.
    for (const [method, path, expected, more = {}, protocol = 'http/1.1'] of [
      ['GET', '/api/devices', 401],
      ['GET', '/api/alerts', 401],
      ['POST', `/api/devices/${DEVICE_A}`, 401],
      ['POST', '/v1/renew', 405],
      ['GET', STREAM_PATH, 404, upgrade],
      ['GET', STREAM_PATH, 403, upgrade, AGENT_ALPN],
    ] as const) {
      const request = httpsRequest(`${fleet.door.url}${path}`, {
        ...{ method, headers: { ...headers, ...more }, agent: false, rejectUnauthorized: false },
        ...{ ALPNProtocols: [protocol], minVersion: 'TLSv1.3' as const },
      })
      request.end()
      const answer = await Promise.race([once(request, 'response'), once(request, 'upgrade')])
      answer[0].resume()
      assert.equal(answer[0].statusCode, expected, `${method} ${path} by ${protocol}`)
    }
    assert.equal(fleet.collector.counters()['agentsAccepted'], 0)
    // It was good all the while.
    await fleet.enrol(DEVICE_B, { token })
  })

  it('keeps its authority, its devices and their certificates over a restart', async () => {
    const identity = await fleet.enrol(DEVICE_A)
    await fleet.collector.close()
    const again = await runFleet({}, {}, fleet.stateDir)
    assert.equal(again.door.pin, fleet.door.pin)
    const agent = await new Agent(again.door.url, { identity }).opened()
    await agent.hello(DEVICE_A)
    await agent.close()
    fleet = again
  })

  it('is another collector to agents when its authority is lost', async () => {
    const identity = await fleet.enrol(DEVICE_A)
    await fleet.stop()
    fleet = await runFleet(
      {},
      {},
      join(mkdtempSync(join(tmpdir(), 'freshet-collector-')), 'collector'),
    )
    const agent = new Agent(fleet.door.url, { identity })
    await agent.closed
    assert.equal(counted('doorAgents'), 0)
    assert.notEqual(fingerprintOf(derOf(identity.authorities[0] as string)), fleet.door.pin)
  })
})
