// A collector whose certificate is an administrator's, of an authority that is not its own.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pinIn } from '../../src/collector/fleet/authority.ts'
import { Capability } from '../../src/stream/message.ts'
import { issueServer, type KeyAndCertificate, makeAuthority } from '../../src/trust/certificates.ts'
import { certificatesOf, derOf, fingerprintOf, pinOf } from '../../src/trust/pin.ts'
import { until } from '../waits.ts'
import { alertItem, DEVICE_A, DEVICE_B, helloOf } from './agent.ts'
import { comeBy, runFleet, welcomed } from './enrolled.ts'

it('a collector whose files hold another authority says so, finds machines by its pin, and tells agents of it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-given-'))
  const files = { certFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem') }
  const put = async (company: KeyAndCertificate, alone = false) => {
    const server = await issueServer(company, ['127.0.0.1', 'localhost'], Date.now())
    writeFileSync(files.keyFile, server.key, { mode: 0o600 })
    writeFileSync(files.certFile, `${server.certificate}${alone ? '' : company.certificate}`)
  }
  const [company, next] = await Promise.all(
    ['company', 'next'].map((name) => makeAuthority(name, Date.now())),
  )
  assert(company && next)
  await put(company)
  const fleet = await runFleet({}, { files, lookMs: 20 }, join(directory, 'state'))
  try {
    const pin = fleet.door.pin
    const agent = await comeBy(fleet, DEVICE_A)
    const { hello } = helloOf(DEVICE_A)
    agent.send({
      kind: 'hello',
      hello: { ...hello, capabilities: hello.capabilities | Capability.authorities },
    })
    await agent.expect('welcome')
    const first = await agent.expect('authorities')
    assert(first.fingerprints.includes(fingerprintOf(derOf(company.certificate))))
    // A certificate without its authority is none that machines find the collector by.
    await put(next, true)
    await until(() => fleet.log.some((line) => line.includes("the server's certificate alone")))
    assert.equal(pinIn(fleet.stateDir), pin)
    await put(next)
    const [nextPin = ''] = certificatesOf(next.certificate).map(pinOf)
    await until(() => fleet.log.some((line) => line.includes(`is another: its pin is ${nextPin}`)))
    assert.equal(pinIn(fleet.stateDir), nextPin)
    const told = await agent.expect('authorities')
    assert(told.fingerprints.includes(fingerprintOf(derOf(next.certificate))))
    assert(!told.fingerprints.includes(fingerprintOf(derOf(company.certificate))))
    const enrolled = await fleet.enrol(DEVICE_B, { pin: nextPin })
    assert(enrolled.authorities.includes(next.certificate))
    await assert.rejects(fleet.enrol('11111111-1111-4111-8111-111111111111', { pin }), /pin/)
    await agent.close()
  } finally {
    await fleet.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})

it('a collector with a certificate from files is enrolled with by the pin that it says', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-given-'))
  try {
    const company = await makeAuthority('company', Date.now())
    const server = await issueServer(company, ['127.0.0.1', 'localhost'], Date.now())
    const files = { certFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem') }
    writeFileSync(files.certFile, `${server.certificate}${company.certificate}`)
    writeFileSync(files.keyFile, server.key, { mode: 0o600 })
    const fleet = await runFleet({}, { files }, join(directory, 'state'))
    const agent = await welcomed(fleet)
    assert.equal((await agent.deliver([alertItem(1)])).throughSequence, 1)
    await agent.close()
    const pin = pinIn(fleet.stateDir)
    assert.equal(pin, fleet.door.pin)
    assert.deepEqual(certificatesOf(company.certificate).map(pinOf), [pin])
    await fleet.collector.close()
    // Without the files it shows its own again.
    const own = await runFleet({}, {}, join(directory, 'state'))
    assert.equal(pinIn(own.stateDir), own.door.pin)
    assert.notEqual(own.door.pin, pin)
    await own.stop()
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

it('a collector whose files hold another authority goes on, and starts, where its disk does not take the pin of that', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-given-'))
  const files = { certFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem') }
  const put = async (name: string) => {
    const company = await makeAuthority(name, Date.now())
    const server = await issueServer(company, ['127.0.0.1', 'localhost'], Date.now())
    writeFileSync(files.keyFile, server.key, { mode: 0o600 })
    writeFileSync(files.certFile, `${server.certificate}${company.certificate}`)
    return certificatesOf(company.certificate).map(pinOf)[0] ?? ''
  }
  const state = join(directory, 'state')
  const first = await put('first')
  const fleet = await runFleet({}, { files, lookMs: 20 }, state)
  try {
    const unwritable = join(fleet.stateDir, 'tls', 'given-pin.new')
    mkdirSync(unwritable)
    const next = await put('next')
    await until(() => fleet.log.some((line) => line.includes('the pin that commands tell is not')))
    await until(() => fleet.log.some((line) => line.includes(`is another: its pin is ${next}`)))
    await fleet.enrol(DEVICE_B, { pin: next })
    assert.equal(pinIn(fleet.stateDir), first)
    await fleet.collector.close()
    const again = await runFleet({}, { files, lookMs: 20 }, state)
    assert.equal(again.door.pin, next)
    rmSync(unwritable, { recursive: true })
    await until(() => pinIn(again.stateDir) === next)
    await again.stop()
  } finally {
    await fleet.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})
