// A collector whose certificate leads to its authority over others: agents are told what they need, and what leads nowhere is
// refused before a machine enrols by it.
import assert from 'node:assert/strict'
import { webcrypto } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import 'reflect-metadata'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import {
  type Authority,
  makeNextAuthority,
  switchAuthority,
} from '../../src/collector/fleet/authority.ts'
import { ownCertificate } from '../../src/collector/machines/own-certificate.ts'
import { CollectorError } from '../../src/collector/terms/collector-error.ts'
import { Capability } from '../../src/stream/message.ts'
import { issueServer, type KeyAndCertificate } from '../../src/trust/certificates.ts'
import { certificatesOf, derOf, fingerprintOf, pemOf, pinOf } from '../../src/trust/pin.ts'
import { until } from '../waits.ts'
import { Agent, alertItem, DEVICE_A, DEVICE_B, helloOf } from './agent.ts'
import { comeBy, type Fleet, type Identity, runFleet } from './enrolled.ts'

const DEVICE_C = '11111111-1111-4111-8111-111111111111'
const DAY_MS = 86_400_000
const SIGNING = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
type Made = KeyAndCertificate & { keys: webcrypto.CryptoKeyPair }

/** One that `by` has signed, or nobody else; `daysLeft` below 0: it has ended. */
async function authority(name: string, by?: Made, daysLeft = 300): Promise<Made> {
  const keys = await webcrypto.subtle.generateKey(SIGNING, true, ['sign', 'verify'])
  const signer = by ?? { keys, certificate: undefined }
  const issuer = by ? new X509Certificate(by.certificate).subject : `CN=${name}`
  const made = await X509CertificateGenerator.create({
    ...{ subject: `CN=${name}`, issuer, publicKey: keys.publicKey },
    ...{ signingKey: signer.keys.privateKey, signingAlgorithm: SIGNING },
    notBefore: new Date(Date.now() - 30 * DAY_MS),
    notAfter: new Date(Date.now() + daysLeft * DAY_MS),
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(signer.keys.publicKey),
    ],
  })
  const key = new Uint8Array(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  return {
    keys,
    key: pemOf('PRIVATE KEY', key),
    certificate: pemOf('CERTIFICATE', new Uint8Array(made.rawData)),
  }
}

describe('a certificate of an administrator’s that leads over others to its authority', () => {
  let directory: string
  let files: { certFile: string; keyFile: string }
  let root: Made
  let policy: Made
  let issuing: Made
  let fleet: Fleet | undefined
  before(async () => {
    root = await authority('root')
    policy = await authority('policy', root)
    issuing = await authority('issuing', policy)
  })
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-chain-'))
    files = { certFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem') }
  })
  afterEach(async () => {
    await fleet?.stop()
    fleet = undefined
    rmSync(directory, { recursive: true, force: true })
  })
  /** A server's that `by` has signed, and behind it these. */
  const put = async (by: Made, ...behind: Made[]) => {
    const server = await issueServer(by, ['127.0.0.1', 'localhost'], Date.now())
    writeFileSync(files.keyFile, server.key, { mode: 0o600 })
    writeFileSync(
      files.certFile,
      [server.certificate, ...behind.map(({ certificate }) => certificate)].join(''),
    )
  }
  const run = async () => {
    fleet = await runFleet({}, { files, lookMs: 20 }, join(directory, 'state'))
    return fleet
  }
  const delivers = async (of: Fleet, deviceId: string, identity: Identity) => {
    const agent = await new Agent(of.door.url, { identity }).opened()
    await agent.hello(deviceId)
    assert.equal((await agent.deliver([alertItem(1)])).throughSequence, 1)
    await agent.close()
  }

  it('is judged by the time that is believed, where the clock is 400 days ahead', async () => {
    await put(root, root)
    const atMs = Date.now()
    const by = (fromMs: number, toMs: number) =>
      ownCertificate({} as Authority, [], files, () => ({ fromMs, toMs }))
    const doubted = await by(atMs, atMs + 400 * DAY_MS)
    assert.deepEqual(doubted.authorities, [root.certificate])
    await by(atMs - 400 * DAY_MS, atMs)
    await assert.rejects(by(atMs + 400 * DAY_MS, atMs + 400 * DAY_MS), /has expired on/)
    await assert.rejects(by(atMs - 400 * DAY_MS, atMs - 400 * DAY_MS), /is not valid before/)
  })

  it('cuts nobody off beside another authority of the collector’s own: agents are told of the last alone', async () => {
    await put(issuing, issuing, policy, root)
    const at = await run()
    assert.equal(at.door.pin, certificatesOf(root.certificate).map(pinOf)[0])
    const agent = await comeBy(at, DEVICE_A)
    const { hello } = helloOf(DEVICE_A)
    const capabilities = hello.capabilities | Capability.authorities
    agent.send({ kind: 'hello', hello: { ...hello, capabilities } })
    await agent.expect('welcome')
    const told = [(await agent.expect('authorities')).fingerprints]
    await makeNextAuthority(at.stateDir, Date.now(), (work) => work())
    told.push((await agent.expect('authorities')).fingerprints)
    await delivers(at, DEVICE_B, await at.enrol(DEVICE_B))
    switchAuthority(at.stateDir)
    await until(() => at.log.some((line) => line.includes('and 1 counts beside it')))
    await delivers(at, DEVICE_C, await at.enrol(DEVICE_C))
    assert.deepEqual(
      told.map(({ length }) => length),
      [2, 3],
    )
    for (const all of told) assert.equal(all.at(-1), fingerprintOf(derOf(root.certificate)))
    await agent.close()
  })

  const refusals: [string, () => Promise<void>, RegExp][] = [
    [
      'its root is missing, as an ACME client writes it',
      () => put(issuing, issuing, policy),
      /does not hold the certificate of “CN=root”, which signed that of “CN=policy”: add it/,
    ],
    [
      'one between is missing',
      () => put(issuing, issuing, root),
      /does not hold the certificate of “CN=policy”, which signed that of “CN=issuing”/,
    ],
    [
      'its root is not the last',
      () => put(issuing, issuing, root, policy),
      /does not end with the authority that its certificate leads to, “CN=root”/,
    ],
    [
      'another root of the same name is there',
      async () => put(issuing, issuing, policy, await authority('root')),
      /does not hold the certificate of “CN=root”/,
    ],
    [
      'one between has ended',
      async () => {
        const ended = await authority('ended', root, -1)
        await put(ended, ended, root)
      },
      /leads over “CN=ended”, which ended on .*: renew that/,
    ],
    [
      'there are more roots than a message to agents has room for',
      async () => put(root, await authority('one'), await authority('two'), root),
      /holds 3 authorities that nobody else has signed: agents are told of 2 at the most/,
    ],
  ]
  for (const [what, give, text] of refusals)
    it(`is refused where ${what}, at the start and when it is changed to that`, async () => {
      await give()
      await assert.rejects(run(), (error) => {
        assert.ok(error instanceof CollectorError)
        assert.match(error.message, text)
        return true
      })
      await put(root, root)
      const at = await run()
      await give()
      await until(() => at.log.some((line) => line.includes('stays as it was') && text.test(line)))
      await delivers(at, DEVICE_A, await at.enrol(DEVICE_A))
    })

  it('may hold two roots, while one takes the place of the other', async () => {
    const next = await authority('next')
    await put(root, next, root)
    const at = await run()
    const identity = await at.enrol(DEVICE_A)
    await put(next, root, next)
    await until(() => at.log.some((line) => line.includes('is used now')))
    await delivers(at, DEVICE_A, identity)
  })
})
