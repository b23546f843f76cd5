// An enrolment whose connection breaks at any point: the next attempt makes it whole, and nobody else comes in by that.
import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ASKED_FILE, enrolHere } from '../../src/agent/enrolling.ts'
import { ENROLMENT_FILE, readEnrolment, writeEnrolment } from '../../src/agent/enrolment-file.ts'
import { openAuthority } from '../../src/collector/fleet/authority.ts'
import { type EnrolError, enrol } from '../../src/stream/enrol.ts'
import { makeKey, readRequest, requestOf } from '../../src/trust/certificates.ts'
import { derOf, fingerprintOf, pemOf, pinOfKey } from '../../src/trust/pin.ts'
import { nowUnixNs, unixNs } from '../../src/units.ts'
import { Agent, DEVICE_A, DEVICE_B, helloOf } from './agent.ts'
import { type Fleet, hardwareOf, runFleet } from './enrolled.ts'

const idOf = (number: number) => `0f8fad5b-d9cb-469f-a165-${`${number}`.padStart(12, '0')}`

describe('an enrolment whose answer is lost', () => {
  let fleet: Fleet
  let relay: Server
  let port: number
  let directory: string
  /** Of the connection that carries the request: what may still come from either side. */
  let left = { up: Number.POSITIVE_INFINITY, down: Number.POSITIVE_INFINITY }
  let connections = 0
  beforeEach(async () => {
    fleet = await runFleet({ enrolmentsPerSecond: 10_000, enrolmentsBurst: 10_000 })
    directory = mkdtempSync(join(tmpdir(), 'freshet-lost-'))
    relay = createServer((near) => {
      // The first is the one that looks for the pin.
      const isBounded = ++connections % 2 === 0
      const far = connect(fleet.door.port, '127.0.0.1')
      const end = () => {
        near.destroy()
        far.destroy()
      }
      for (const [from, to, way] of [
        [near, far, 'up'],
        [far, near, 'down'],
      ] as const) {
        from.on('error', end).on('close', end)
        from.on('data', (bytes: Buffer) => {
          const some = isBounded ? bytes.subarray(0, left[way]) : bytes
          if (isBounded) left[way] -= some.length
          to.write(some, () => {
            if (isBounded && left[way] <= 0) end()
          })
        })
      }
    })
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
    port = (relay.address() as AddressInfo).port
  })
  afterEach(async () => {
    relay.close()
    await fleet.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  const ask = (
    deviceId: string,
    token: string,
    { by = port, at = directory, hardware = hardwareOf(deviceId) } = {},
  ) => {
    connections = 0
    return enrolHere(
      at,
      { collector: `https://127.0.0.1:${by}`, pin: fleet.door.pin, token },
      { deviceId, hardware, agentVersion: '0.1.0', host: helloOf(deviceId).hello.host },
    )
  }
  const cutAt = (up: number, down: number) => {
    left = { up, down }
  }
  const whole = () => cutAt(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
  const usesOf = () => fleet.withRegistry((registry) => registry.tokens()[0]?.uses)
  const isKnown = (deviceId: string) =>
    fleet.withRegistry((registry) => registry.device(deviceId) !== undefined)
  /** Cuts when all has gone up and next to nothing has come down of the answer. */
  const lose = async (deviceId: string, token: string) => {
    for (let down = 1500; !isKnown(deviceId); down += 100) {
      cutAt(Number.POSITIVE_INFINITY, down)
      await assert.rejects(ask(deviceId, token))
    }
    whole()
  }
  const refused = (asking: Promise<unknown>, code: string) =>
    assert.rejects(asking, (error: EnrolError) => {
      assert.equal(error.code, code, error.message)
      return true
    })

  it('is made whole by the next attempt, wherever it was cut, and uses the token once', async () => {
    let lost = 0
    let number = 0
    for (const way of ['up', 'down'] as const)
      for (let bytes = 0; ; bytes += 61) {
        const deviceId = idOf(++number)
        const at = join(directory, deviceId)
        mkdirSync(at)
        const token = fleet.token({ usesMax: 1 })
        cutAt(
          way === 'up' ? bytes : Number.POSITIVE_INFINITY,
          way === 'down' ? bytes : Number.POSITIVE_INFINITY,
        )
        const first = await ask(deviceId, token, { at }).catch(() => undefined)
        whole()
        if (first) break
        if (isKnown(deviceId)) lost++
        assert.equal(existsSync(join(at, ENROLMENT_FILE)), false)
        assert.equal(statSync(join(at, ASKED_FILE)).mode & 0o777, 0o600)
        const enrolled = await ask(deviceId, token, { at })
        assert.deepEqual(readEnrolment(at), enrolled)
        assert.equal(existsSync(join(at, ASKED_FILE)), false)
        assert.equal(usesOf(), 1)
      }
    assert(lost > 5, `the collector knew the device ${lost} times`)
    assert(number > 50, `cut ${number} times`)
  })

  it('leaves a device that comes by what it got then, as it would have by the first', async () => {
    const token = fleet.token({ usesMax: 1 })
    await lose(DEVICE_A, token)
    const { key, certificate, authorities, group } = await ask(DEVICE_A, token)
    const identity = { key, certificate, authorities, group }
    const agent = await new Agent(fleet.door.url, { identity }).opened()
    await agent.hello(DEVICE_A)
    await agent.close()
    assert(fleet.log.some((line) => line.includes(`${DEVICE_A} enrolled again, quarantined`)))
  })

  it('is had though the token was revoked or used up meanwhile: it let the device in', async () => {
    const token = fleet.token({ usesMax: 1 })
    await lose(DEVICE_A, token)
    fleet.withRegistry((registry) => registry.revokeToken(1, nowUnixNs()))
    const at = mkdtempSync(join(tmpdir(), 'freshet-other-'))
    await refused(ask(DEVICE_B, token, { at }), 'token-revoked')
    await refused(ask(DEVICE_A, token, { at }), 'token-revoked')
    rmSync(at, { recursive: true })
    await ask(DEVICE_A, token)
    assert.equal(usesOf(), 1)
  })

  it('is nobody else’s: another key of the same hardware stays outside', async () => {
    const token = fleet.token()
    await lose(DEVICE_A, token)
    const at = mkdtempSync(join(tmpdir(), 'freshet-other-'))
    await refused(ask(DEVICE_A, token, { at }), 'device-known')
    await refused(ask(DEVICE_B, token, { at, hardware: hardwareOf(DEVICE_A) }), 'hardware-known')
    rmSync(at, { recursive: true })
    await ask(DEVICE_A, token)
  })

  it('is not had by a device that was thrown out meanwhile', async () => {
    const token = fleet.token()
    await lose(DEVICE_A, token)
    fleet.withRegistry((registry) => registry.change(DEVICE_A, { standing: 'revoked' }))
    await refused(ask(DEVICE_A, token), 'device-known')
  })

  it('is had again by the key of a certificate that is not valid yet, since a wrong clock made it', async () => {
    const first = await ask(DEVICE_A, fleet.token())
    const authority = await openAuthority(fleet.stateDir, Date.now())
    const key = makeKey()
    const request = await readRequest(await requestOf(key, DEVICE_A))
    const { der, notAfterMs } = await authority.issue(request, Date.now() + 30 * 86_400_000)
    fleet.withRegistry((registry) =>
      registry.noteCertificate(
        fingerprintOf(derOf(first.certificate)),
        {
          ...{ fingerprint: fingerprintOf(der), key: pinOfKey(request.publicKey) },
          notAfter: unixNs(BigInt(notAfterMs) * 1_000_000n, 'notAfter'),
        },
        nowUnixNs(),
      ),
    )
    // Of the collector itself, which no relay stands before: it is asked by three connections.
    const collector = `https://127.0.0.1:${fleet.door.port}`
    writeEnrolment(directory, { ...first, collector, key, certificate: pemOf('CERTIFICATE', der) })
    const { certificate } = await ask(DEVICE_A, fleet.token(), { by: fleet.door.port })
    const identity = { ...first, key, certificate }
    assert.deepEqual(readEnrolment(directory)?.certificate, certificate)
    const agent = await new Agent(fleet.door.url, { identity }).opened()
    await agent.close()
  })

  it('is had by the key that is kept, where the agent was killed with the answer in its hands', async () => {
    const token = fleet.token({ usesMax: 1 })
    await lose(DEVICE_A, token)
    const { key } = JSON.parse(readFileSync(join(directory, ASKED_FILE), 'utf8')) as { key: string }
    await enrol({
      ...{ collector: { host: '127.0.0.1', port: fleet.door.port }, pin: fleet.door.pin },
      request: {
        ...{ token, request: await requestOf(key, DEVICE_A), hardware: hardwareOf(DEVICE_A) },
        ...{ agentVersion: '0.1.0', host: helloOf(DEVICE_A).hello.host },
      },
    })
    assert.equal((await ask(DEVICE_A, token)).key, key)
    // Asked once more it is a new enrolment, by a new key, which the kept one speaks for.
    const next = await ask(DEVICE_A, token)
    assert.notEqual(next.key, key)
    assert.equal(usesOf(), 1)
  })

  it('or that is asked for by another name of the same collector is of the same device, by what is kept of it', async () => {
    const policyKey = 'ab'.repeat(32)
    const by = (host: string, more: { policyKey?: string } = {}) =>
      enrolHere(
        directory,
        {
          ...{ collector: `https://${host}:${fleet.door.port}`, pin: fleet.door.pin },
          ...{ token: fleet.token(), ...more },
        },
        {
          ...{ deviceId: DEVICE_A, hardware: hardwareOf(DEVICE_A), agentVersion: '0.1.0' },
          host: helloOf(DEVICE_A).hello.host,
        },
      )
    const first = await by('127.0.0.1', { policyKey })
    const again = await by('localhost')
    assert.equal(again.collector, `https://localhost:${fleet.door.port}`)
    assert.equal(again.policyKey, policyKey)
    assert.notEqual(again.key, first.key)
    assert.equal(
      fleet.withRegistry((registry) => registry.devices().length),
      1,
    )
    // Its answer was lost, and it is asked for again by the other name.
    const { collector, key } = again
    const asked = { collector, key, deviceId: DEVICE_A, pin: fleet.door.pin }
    writeFileSync(join(directory, ASKED_FILE), JSON.stringify(asked), { mode: 0o600 })
    rmSync(join(directory, ENROLMENT_FILE))
    assert.equal((await by('127.0.0.1')).key, key)
  })
})
