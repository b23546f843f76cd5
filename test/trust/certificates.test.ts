// What the collector's authority signs, read by another library than made it: OpenSSL, as node:crypto has it.
import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync, webcrypto, X509Certificate } from 'node:crypto'
import 'reflect-metadata'
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509'
import fc from 'fast-check'
import {
  issueDevice,
  issueServer,
  makeAuthority,
  makeKey,
  RequestError,
  readRequest,
  requestOf,
} from '../../src/trust/certificates.ts'
import { certificatesOf, parsePin, pemOf, pinOf } from '../../src/trust/pin.ts'

const NOW_MS = Date.UTC(2026, 10, 29)
const ID = '0f8fad5b-d9cb-469f-a165-70867728950e'

describe('certificates', () => {
  let authority: Awaited<ReturnType<typeof makeAuthority>>
  before(async () => {
    authority = await makeAuthority('Freshet collector', NOW_MS)
  })
  const own = () => new X509Certificate(authority.certificate)

  it('of an authority sign others and say so', () => {
    assert.equal(own().ca, true)
    assert.equal(own().subject, 'CN=Freshet collector')
    assert(own().verify(own().publicKey))
    assert(own().checkPrivateKey(createPrivateKey(authority.key)))
    assert.equal(Date.parse(own().validTo), NOW_MS + 20 * 365 * 86_400_000)
  })

  it('of a server hold for its names and addresses, and for no others', async () => {
    const { certificate, key } = await issueServer(
      authority,
      ['collector.example', '192.0.2.7', '2001:db8::7'],
      NOW_MS,
    )
    const server = new X509Certificate(certificate)
    assert(server.checkIssued(own()) && server.verify(own().publicKey))
    assert(server.checkPrivateKey(createPrivateKey(key)))
    assert.equal(server.ca, false)
    assert.equal(server.checkHost('collector.example'), 'collector.example')
    assert.equal(server.checkHost('other.example'), undefined)
    assert.equal(server.checkIP('192.0.2.7'), '192.0.2.7')
    assert.equal(server.checkIP('2001:db8::7'), '2001:db8::7')
    assert.equal(server.checkIP('192.0.2.8'), undefined)
    assert.deepEqual(server.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  })

  it('of a device name it, for 90 days, with the key that its request was signed by', async () => {
    const key = makeKey()
    const request = await readRequest(await requestOf(key, ID))
    assert.equal(request.deviceId, ID)
    const { der, notAfterMs } = await issueDevice(authority, request, NOW_MS)
    const device = new X509Certificate(der)
    assert(device.verify(own().publicKey))
    assert(device.checkPrivateKey(createPrivateKey(key)))
    assert.equal(device.subject, `CN=${ID}`)
    assert.equal(device.subjectAltName, `URI:urn:uuid:${ID}`)
    assert.deepEqual(device.keyUsage, ['1.3.6.1.5.5.7.3.2'])
    assert.equal(Date.parse(device.validFrom), NOW_MS - 3_600_000)
    assert.equal(Date.parse(device.validTo), notAfterMs)
    assert.equal(notAfterMs, NOW_MS + 90 * 86_400_000)
  })

  it('have serial numbers of 128 bits, each its own', async () => {
    const request = await readRequest(await requestOf(makeKey(), ID))
    const issued = await Promise.all([1, 2, 3].map(() => issueDevice(authority, request, NOW_MS)))
    const numbers = issued.map(({ der }) => new X509Certificate(der).serialNumber)
    assert.equal(new Set(numbers).size, 3)
    for (const number of numbers) assert.match(number, /^[4-7][0-9A-F]{31}$/)
  })

  describe('are refused for a request', () => {
    const refused = (der: Uint8Array, why: RegExp) =>
      assert.rejects(readRequest(der), (error: Error) => {
        assert(error instanceof RequestError, `${error}`)
        assert.match(error.message, why)
        return true
      })

    it('whose signature is another key’s', async () => {
      const pair = () =>
        webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
          'sign',
          'verify',
        ])
      const [own, other] = await Promise.all([pair(), pair()])
      const { rawData } = await Pkcs10CertificateRequestGenerator.create({
        name: [{ CN: [ID] }],
        keys: { privateKey: own.privateKey, publicKey: other.publicKey },
        signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      })
      await refused(new Uint8Array(rawData), /not signed by the key it names/)
    })
    it('that names no device', async () => {
      for (const name of ['', 'mac-1', ID.toUpperCase(), `${ID}0`])
        await refused(
          await requestOf(makeKey(), name),
          /common name is the device's id|cannot be read/,
        )
    })
    it('with a key of another kind', async () => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
      const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
      await assert.rejects(requestOf(key, ID))
    })
    it('that is too large', () => refused(new Uint8Array(5000), /at most 4096 bytes/))
    it('whose lengths, or what else no signature covers, were changed', async () => {
      const good = await requestOf(makeKey(), ID)
      assert.equal((await readRequest(good)).deviceId, ID)
      // Its head; and the algorithm and the signature's own head, behind what is signed.
      const signature = Buffer.from(good).indexOf('300a06082a8648ce3d040302', 'hex')
      for (const at of [0, 1, 2, ...Array.from({ length: 20 }, (_, index) => signature + index)])
        for (let by = 1; by < 256; by++)
          await assert.rejects(readRequest(good.with(at, (good[at] as number) ^ by)), RequestError)
      await refused(Uint8Array.of(...good, 0), /cannot be read/)
    })
    it('whatever was changed in it', async () => {
      const good = await requestOf(makeKey(), ID)
      await fc.assert(
        fc.asyncProperty(
          fc.nat(good.length - 1),
          fc.integer({ min: 1, max: 255 }),
          fc.nat(good.length),
          async (at, by, length) => {
            const changed = Uint8Array.from(good.subarray(0, Math.max(1, length)))
            if (at < changed.length) changed[at] = (changed[at] as number) ^ by
            if (Buffer.from(changed).equals(Buffer.from(good))) return
            await assert.rejects(readRequest(changed), RequestError)
          },
        ),
        { numRuns: 500 },
      )
    })
  })
})

describe('pins', () => {
  it('are the SHA-256 of the key, the same for two certificates of one', async () => {
    const { certificate } = await makeAuthority('one', NOW_MS)
    const pin = pinOf(new X509Certificate(certificate))
    assert.match(pin, /^[0-9a-f]{64}$/)
    const other = await makeAuthority('one', NOW_MS)
    assert.notEqual(pinOf(new X509Certificate(other.certificate)), pin)
  })
  it('are read as people write them', () => {
    const pin = 'ab'.repeat(32)
    for (const written of [
      pin,
      pin.toUpperCase(),
      `${'AB:'.repeat(31)}ab`,
      `sha256:${pin}`,
      ` ${pin}\n`,
    ])
      assert.equal(parsePin(written), pin)
    for (const wrong of ['', 'ab', `${pin}0`, 'g'.repeat(64)])
      assert.throws(() => parsePin(wrong), /64 hexadecimal digits/)
  })
  it('belong to certificates in PEM, as many as there are', async () => {
    const [a, b] = await Promise.all([makeAuthority('a', NOW_MS), makeAuthority('b', NOW_MS)])
    assert.deepEqual(
      certificatesOf(`some words\n${a.certificate}\n${b.certificate}`).map(
        ({ subject }) => subject,
      ),
      ['CN=a', 'CN=b'],
    )
    assert.throws(() => certificatesOf('nothing'), /holds no certificate/)
    assert.throws(() => certificatesOf(pemOf('CERTIFICATE', new Uint8Array(5))), /cannot be read/)
  })
})
