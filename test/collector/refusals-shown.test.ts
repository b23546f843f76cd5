// Each refusal of a collector for other machines, from the answer with its code to where people read of it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:tls'
import { readRefusals } from '../../src/collector/fleet/refusals.ts'
import type { RefusalInfo, RefusalsResponse } from '../../src/collector/views/page-api.ts'
import { PLACE } from '../../src/place.ts'
import { causesOf } from '../../src/status/causes.ts'
import { codesOf } from '../../src/status/doctor.ts'
import { Capability } from '../../src/stream/codec.ts'
import type { UplinkState } from '../../src/stream/uplink.ts'
import { makeKey, requestOf } from '../../src/trust/certificates.ts'
import { run } from '../e2e/installation.ts'
import { wellStatus } from '../status/states.ts'
import { PACE, UplinkFixture } from '../stream/uplink-fixture.ts'
import { until } from '../waits.ts'
import { Agent, alertItem, DEVICE_A, DEVICE_B, hardwareOf, helloOf } from './agent.ts'
import { type Fleet, type Identity, runFleet } from './enrolled.ts'

describe('what a collector refuses', () => {
  let fleet: Fleet
  beforeEach(async () => {
    fleet = await runFleet()
  })
  afterEach(() => fleet.stop())

  const counted = (name: string) => fleet.collector.counters()[name] ?? Number.NaN
  /** On the API, as the page shows it; and by the command, which reads what was written. */
  const shown = async (code: string): Promise<RefusalInfo> => {
    const { refusals } = await fleet.json<RefusalsResponse>('/api/refusals')
    const [row, ...more] = refusals.filter((one) => one.code === code)
    assert(row && more.length === 0, `${code}: ${JSON.stringify(refusals)}`)
    const isWritten = () =>
      readRefusals(fleet.stateDir).refusals.some(
        (one) => one.code === code && one.count === row.count,
      )
    await until(isWritten)
    const { stdout, stderr } = await run([
      ...[PLACE.cli, 'collector', 'refusals', '--state', fleet.root],
    ])
    assert.equal(stderr, '')
    const line = stdout.split('\n').find((one) => one.includes(` ${code} `))
    assert(line?.includes(row.text.slice(0, 60)), `${code}: ${stdout}`)
    return row
  }
  const welcomed = async (identity: Identity, capabilities = 0n): Promise<Agent> => {
    const agent = await new Agent(fleet.door.url, { identity }).opened()
    agent.send(helloOf(DEVICE_A, 'mac-1', capabilities))
    await agent.expect('welcome')
    return agent
  }
  /** The answer to a request for /v1/enroll, without a certificate or with one. */
  const posted = async (body: Uint8Array, method = 'POST', identity?: Identity) => {
    const socket = connect({
      ...{ host: '127.0.0.1', port: fleet.door.port, rejectUnauthorized: false },
      ...{
        minVersion: 'TLSv1.3' as const,
        ALPNProtocols: [identity ? 'freshet-agent' : 'http/1.1'],
      },
      ...(identity && { key: identity.key, cert: identity.certificate }),
    })
    let text = ''
    let reset: Error | undefined
    socket.on('error', (error) => (reset ??= error))
    socket.setEncoding('utf8').on('data', (part: string) => (text += part))
    socket.write(
      `${method} /v1/enroll HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\n\r\n`,
    )
    socket.write(body)
    await once(socket, 'close')
    assert.equal(reset, undefined)
    const [head = ''] = text.split('\r\n\r\n')
    const { code, error } = JSON.parse(/\{.*\}/s.exec(text)?.[0] ?? '{}') as {
      code?: string
      error?: string
    }
    return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), head, code, error }
  }

  it('a certificate that was replaced: certificate-revoked, which its agent says, too', async () => {
    const stolen = await fleet.enrol(DEVICE_A)
    await fleet.enrol(DEVICE_A, { old: stolen })
    const made = await UplinkFixture.make()
    let state: UplinkState | undefined
    try {
      const uplink = made.start({
        ...{ url: fleet.door.url, pace: { ...PACE, refusedMs: 60_000 } },
        hello: helloOf(DEVICE_A).hello,
        enrolment: {
          ...{ identity: () => stolen, request: async () => undefined, take: () => 0 },
          ...{ reenrol: async () => undefined, takeOwn() {} },
        },
      })
      await made.state('refused', /answered 403: this certificate was revoked/)
      state = uplink.state()
    } finally {
      await made.remove()
    }
    assert(state?.state === 'refused')
    assert.deepEqual([state.code, state.httpStatus], ['certificate-revoked', 403])
    const status = wellStatus({ collector: { url: fleet.door.url, ...state } })
    const [cause] = causesOf(status)
    assert.equal(cause?.code, 'collector-enrolment')
    assert.match(`${cause?.text}`, /the device has enrolled again since/)
    assert.match(`${cause?.remedy}`, /somebody has its key/)
    assert(codesOf('collector').includes('collector-enrolment'), 'doctor')
    assert.equal(counted('doorRefused'), 1)
    const { deviceId, count } = await shown('certificate-revoked')
    assert.deepEqual([deviceId, count], [DEVICE_A, 1])
  })

  it('a renewal that cannot be read, one of another device, and one too soon: renew-refused', async () => {
    const agent = await welcomed(await fleet.enrol(DEVICE_A), Capability.renew)
    agent.send({ kind: 'renew', request: Buffer.from('no request') })
    await until(() => counted('renewRefused') === 1)
    assert.match((await shown('renew-refused')).text, /cannot be read \(PKCS #10, DER\)/)
    agent.send({ kind: 'renew', request: await requestOf(makeKey(), DEVICE_B) })
    await until(() => counted('renewRefused') === 2)
    const other = await shown('renew-refused')
    // Under the device that asked, and none is known by the name that it gave.
    assert.deepEqual([other.deviceId, other.count], [DEVICE_A, 2])
    assert.match(other.text, /names another device/)
    fleet.withRegistry((registry) => assert.equal(registry.device(DEVICE_B), undefined))
    agent.send({ kind: 'renew', request: await requestOf(makeKey(), DEVICE_A) })
    await agent.expect('renewed')
    agent.send({ kind: 'renew', request: await requestOf(makeKey(), DEVICE_A) })
    await until(() => counted('renewRefused') === 3)
    const { deviceId, count, text } = await shown('renew-refused')
    assert.deepEqual([deviceId, count], [DEVICE_A, 3])
    assert.match(text, /renewed within the last hour/)
    // Once a minute; the page and the command have the rest.
    const said = fleet.log.filter((line) => /no new certificate for device/.test(line))
    assert.equal(said.length, 1)
    assert.match(`${said}`, /cannot be read \(PKCS #10, DER\)/)
    // It goes on by the certificate that it has.
    assert.equal((await agent.deliver([alertItem(1)])).throughSequence, 1)
    await agent.close()
  })

  it('renewals again and again: the connection ends, and the log has a line', async () => {
    const agent = await welcomed(await fleet.enrol(DEVICE_A), Capability.renew)
    for (let asked = 1; asked <= 11; asked++) {
      agent.send({ kind: 'renew', request: Buffer.from('no request') })
      await until(() => counted('renewRefused') === asked)
    }
    assert.match((await agent.expect('goodbye')).reason, /asks for certificates again and again/)
    assert.equal((await agent.closed).code, 1008)
    assert.equal(counted('agentsClosedRate'), 1)
    assert.equal(fleet.log.filter((line) => /no new certificate/.test(line)).length, 1)
    assert.equal((await shown('renew-refused')).count, 11)
  })

  it('no renewal whose answer was lost with its connection: it is given another on the next, four in an hour', async () => {
    const identity = await fleet.enrol(DEVICE_A)
    for (let connection = 0; connection < 4; connection++) {
      const agent = await welcomed(identity, Capability.renew)
      agent.send({ kind: 'renew', request: await requestOf(makeKey(), DEVICE_A) })
      await agent.expect('renewed')
      await agent.close()
    }
    const agent = await welcomed(identity, Capability.renew)
    agent.send({ kind: 'renew', request: await requestOf(makeKey(), DEVICE_A) })
    await until(() => counted('renewRefused') === 1)
    assert.match((await shown('renew-refused')).text, /renewed within the last hour/)
    await agent.close()
  })

  it('to become another device without having been told to: reenrol-refused', async () => {
    const agent = await welcomed(await fleet.enrol(DEVICE_A), Capability.reenrol)
    const { host, agentVersion } = helloOf(DEVICE_A).hello
    const request = await requestOf(makeKey(), DEVICE_B)
    const asked = { token: 'guessed', request, hardware: hardwareOf(DEVICE_B), agentVersion, host }
    agent.send({ kind: 'reenrolling', asked })
    await until(() => counted('reenrolRefused') === 1)
    const { deviceId, count, text } = await shown('reenrol-refused')
    assert.deepEqual([deviceId, count], [DEVICE_A, 1])
    assert.match(text, /was not told to become another device/)
    assert(fleet.log.some((line) => /stays so: it was not told/.test(line)))
    fleet.withRegistry((registry) => assert.equal(registry.device(DEVICE_B), undefined))
    assert.equal((await agent.deliver([alertItem(1)])).throughSequence, 1)
    await agent.close()
  })

  it('more enrolments than it has turns for: too-many, with when to come again', async () => {
    await fleet.stop()
    fleet = await runFleet({ enrolmentsPerSecond: 0.001, enrolmentsBurst: 4 })
    // One network has half of them.
    for (const n of [1, 2]) await fleet.enrol(`${n}0000000-89ab-4cde-8f01-23456789abcd`)
    await assert.rejects(fleet.enrol(DEVICE_B), { code: 'too-many' })
    const { status, head, code } = await posted(new Uint8Array(0))
    assert.deepEqual([status, code], [429, 'too-many'])
    assert.match(head, /\r\nRetry-After: 5\r\n/i)
    assert.equal(counted('enrolRefusedRate'), 2)
    const { count, text } = await shown('too-many')
    assert.equal(count, 2)
    assert.match(text, /too many devices enrol at once/)
  })

  it('an enrolment that is none: malformed, and nothing of it is kept', async () => {
    // Far above what it may have, much is still under way when it is answered.
    const large = [20_000, 1_000_000].map((bytes) => Buffer.alloc(bytes))
    for (const body of [Buffer.alloc(0), Buffer.from('ffffffff', 'hex'), ...large]) {
      const { status, code, error } = await posted(body)
      assert.deepEqual([status, code], [400, 'malformed'], `${error}`)
      assert.match(`${error}`, /.{10}/)
    }
    assert.equal(counted('enrolRefusedMalformed'), 4)
    assert.equal((await shown('malformed')).count, 4)
    const { status, code } = await posted(Buffer.alloc(1_000_000), 'GET')
    assert.deepEqual([status, code], [405, 'method'])
    assert.equal(counted('enrolRefusedMalformed'), 5)
    assert.equal((await shown('method')).count, 1)
    fleet.withRegistry((registry) => assert.deepEqual(registry.devices(), []))
  })

  it('a device’s message that is none: malformed, with the device, whose connection ends', async () => {
    const agent = await welcomed(await fleet.enrol(DEVICE_A))
    agent.socket.send(Buffer.from('ffffffffff', 'hex'))
    assert.match((await agent.expect('goodbye')).reason, /a frame cannot be read/)
    assert.equal((await agent.closed).code, 1007)
    assert.equal(counted('agentsClosedMalformed'), 1)
    const { deviceId, count, text } = await shown('malformed')
    assert.deepEqual([deviceId, count], [DEVICE_A, 1])
    assert.match(text, /a frame cannot be read/)
  })

  it('has a code that the documents name', () => {
    const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
    const documents = read('docs/protocol.md') + read('docs/operate.md')
    const union = /export type RefusalCode =\n((?: {2}\| '[a-z-]+'\n)+)/.exec(
      read('src/collector/fleet/refusal.ts'),
    )?.[1]
    const troubles = /type Trouble = ([^\n]+)/.exec(read('src/collector/fleet/enrolment.ts'))?.[1]
    const faults = read('src/policy/fault.ts')
    const codes = [...`${union}${troubles}${faults}`.matchAll(/'([a-z-]+)'/g)].map(
      (one) => `${one[1]}`,
    )
    assert(codes.length > 30, codes.join())
    for (const code of [...codes, 'renew-refused', 'reenrol-refused', 'quarantine-forgotten'])
      assert(documents.includes(`\`${code}\``), `${code} stands in no document`)
  })
})
