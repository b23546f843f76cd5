// A collector whose certificate is an administrator's, of an authority that is not its own.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pinIn } from '../../src/collector/fleet/authority.ts'
import { issueServer, makeAuthority } from '../../src/trust/certificates.ts'
import { certificatesOf, pinOf } from '../../src/trust/pin.ts'
import { alertItem } from './agent.ts'
import { runFleet, welcomed } from './enrolled.ts'

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
