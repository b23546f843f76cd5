import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import {
  chmodSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readMaterial, watchMaterial } from '../../../src/collector/door/door.ts'
import type { ServerCertificate } from '../../../src/collector/door/material.ts'
import { CollectorError } from '../../../src/collector/terms/collector-error.ts'
import { issue, makeAuthority } from '../../stream/certificate.ts'
import { until } from './fixture.ts'

const HOUR_MS = 3_600_000

const keysOf = ({ cert, privateKey }: ReturnType<typeof issue>) => ({
  publicKey: new X509Certificate(cert).publicKey,
  privateKey,
})

describe('the files of a certificate', () => {
  const nowMs = Date.now()
  const authority = makeAuthority(nowMs)
  const forServer = (name: string, more: object = {}) =>
    issue(authority, { name, use: 'serverAuth', altNames: [name], ...more }, nowMs)
  const one = forServer('one.example')
  const other = forServer('other.example')

  let dir: string
  let files: { certFile: string; keyFile: string }
  const write = (cert: string, key: string) => {
    writeFileSync(files.certFile, cert)
    writeFileSync(files.keyFile, key, { mode: 0o600 })
  }
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'freshet-material-'))
    files = { certFile: join(dir, 'cert.pem'), keyFile: join(dir, 'key.pem') }
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  it('are read as they are, with what leads to the authority', () => {
    const cert = `subject=one\n${one.cert}${authority.cert}`
    write(cert, one.key)
    const { validToDate } = new X509Certificate(one.cert)
    assert.deepEqual(readMaterial(files, nowMs), {
      cert,
      key: one.key,
      notAfterMs: validToDate.getTime(),
    })
  })

  it('may be links, as clients of ACME make them', () => {
    write(one.cert, one.key)
    for (const path of Object.values(files)) {
      renameSync(path, `${path}.1`)
      symlinkSync(`${path}.1`, path)
    }
    assert.equal(readMaterial(files, nowMs).key, one.key)
  })

  describe('are refused, with what to do,', () => {
    const ed25519 = generateKeyPairSync('ed25519').privateKey
    const locked = ed25519
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
      .toString()
    const koblitz = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const withKeys = (keys: { publicKey: KeyObject; privateKey: KeyObject }) => ({
      cert: forServer('odd', { keys }).cert,
      key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    })
    const cases: Record<string, [cert: string, key: string, RegExp]> = {
      'when the key belongs to another certificate': [
        one.cert,
        other.key,
        /the key in \S+key\.pem does not belong to the certificate in \S+cert\.pem: give the two/,
      ],
      'when the chain is the wrong way round': [
        authority.cert + one.cert,
        one.key,
        /belongs to certificate 2 of \S+cert\.pem: the server's own must come first/,
      ],
      'when it has expired': [
        forServer('old', { fromMs: nowMs - 3 * HOUR_MS, toMs: nowMs - HOUR_MS, keys: keysOf(one) })
          .cert,
        one.key,
        /has expired on \d{4}-\d\d-\d\d: renew it/,
      ],
      'when it is not valid yet': [
        forServer('early', { fromMs: nowMs + HOUR_MS, keys: keysOf(one) }).cert,
        one.key,
        /is not valid before \d{4}-\d\d-\d\d: look at the clock/,
      ],
      'when it is for clients': [
        forServer('client', { use: 'clientAuth', keys: keysOf(one) }).cert,
        one.key,
        /is not for a server: ask for one with serverAuth/,
      ],
      'when there is no certificate in it': [
        'hello',
        one.key,
        /cert\.pem holds no certificate as PEM/,
      ],
      'when a certificate in it is cut': [
        one.cert.replace(/\n.{64}\n/, '\n'),
        one.key,
        /certificate 1 in \S+cert\.pem cannot be read/,
      ],
      'when there is no key in it': [one.cert, one.cert, /key\.pem holds no private key as PEM/],
      'when the key is damaged': [
        one.cert,
        one.key.replace(/\n.{64}\n/, '\n'),
        /the key in \S+key\.pem cannot be read/,
      ],
      'when the key has a passphrase': [
        one.cert,
        locked,
        /has a passphrase, .*`openssl pkey -in \S+key\.pem` takes it off/,
      ],
      'when the curve is none of TLS 1.3': [
        withKeys(koblitz).cert,
        withKeys(koblitz).key,
        /TLS 1\.3 knows no key of the curve secp256k1/,
      ],
      'when OpenSSL finds the key too weak': [
        withKeys(weak).cert,
        withKeys(weak).key,
        /OpenSSL refuses \S+cert\.pem and \S+key\.pem: .*key too small/,
      ],
    }
    const refuses = (message: RegExp) =>
      assert.throws(
        () => readMaterial(files, nowMs),
        (error) => {
          assert(error instanceof CollectorError)
          assert.equal(error.code, 'certificate')
          assert.match(error.message, message)
          return true
        },
      )
    for (const [when, [cert, key, message]] of Object.entries(cases))
      it(when, () => {
        write(cert, key)
        refuses(message)
      })

    it('when the certificate is DER', () => {
      write(one.cert, one.key)
      writeFileSync(files.certFile, new X509Certificate(one.cert).raw)
      refuses(/cert\.pem looks like DER: `openssl x509 -inform der/)
    })
    it('when others can read the key', () => {
      write(one.cert, one.key)
      chmodSync(files.keyFile, 0o644)
      refuses(/key\.pem can be used by others \(mode 644\): run `chmod 600 \S+key\.pem`/)
      chmodSync(files.keyFile, 0o400)
      assert.equal(readMaterial(files, nowMs).cert, one.cert)
    })
    it('when one is missing', () => {
      write(one.cert, one.key)
      unlinkSync(files.keyFile)
      refuses(/key\.pem is missing/)
    })
    it('when one is no file, and nothing waits for it', () => {
      write(one.cert, one.key)
      unlinkSync(files.certFile)
      execFileSync('mkfifo', [files.certFile])
      refuses(/cert\.pem is not a file but a FIFO/)
    })
  })

  describe('when they change', () => {
    let taken: ServerCertificate[]
    let log: string[]
    let end: () => void
    let looks: number
    beforeEach(() => {
      taken = []
      log = []
      looks = 0
      write(one.cert, one.key)
      end = watchMaterial({
        files,
        taken: readMaterial(files, nowMs),
        onChange: (material) => taken.push(material),
        log: (text) => log.push(text),
        lookMs: 5,
        now: () => {
          looks++
          return nowMs
        },
      })
    })
    afterEach(() => end())
    const look = async (times = 3) => {
      const after = looks + times
      await until(() => looks >= after, 'they are looked at')
    }

    it('are taken once, and not while they stay the same', async () => {
      await look()
      assert.deepEqual(taken, [])
      write(other.cert, other.key)
      await until(() => taken.length > 0, 'they are taken')
      await look()
      assert.deepEqual(
        taken.map(({ cert, key }) => [cert, key]),
        [[other.cert, other.key]],
      )
      assert.equal(log.length, 1)
      assert.match(log[0] ?? '', /cert\.pem is used now: it is valid until \d{4}-/)
    })

    it('are left alone while they do not fit, which is said once', async () => {
      writeFileSync(files.certFile, other.cert)
      await look(20)
      assert.deepEqual(taken, [])
      assert.equal(log.length, 1)
      assert.match(log[0] ?? '', /^the certificate stays as it was: the key in .* does not belong/)
      writeFileSync(files.keyFile, other.key)
      await until(() => taken.length === 1, 'they are taken')
      assert.equal(log.length, 2)
    })

    it('are left alone while one is half written, or gone', async () => {
      writeFileSync(files.certFile, other.cert.slice(0, 200))
      await look(20)
      unlinkSync(files.certFile)
      await look(20)
      assert.deepEqual(taken, [])
      assert.deepEqual(
        log.map((line) => /holds no certificate|is missing/.exec(line)?.[0]),
        ['holds no certificate', 'is missing'],
      )
      write(other.cert, other.key)
      await until(() => taken.length === 1, 'they are taken')
    })

    it('are taken when a renewal puts others in their place', async () => {
      writeFileSync(`${files.keyFile}.new`, other.key, { mode: 0o600 })
      writeFileSync(`${files.certFile}.new`, other.cert)
      for (const path of Object.values(files)) renameSync(`${path}.new`, path)
      await until(() => taken.length === 1, 'they are taken')
    })

    it('are looked at no more once that is ended', async () => {
      end()
      const before = looks
      write(other.cert, other.key)
      await new Promise((resolve) => setTimeout(resolve, 50))
      assert.equal(looks, before)
    })
  })
})
