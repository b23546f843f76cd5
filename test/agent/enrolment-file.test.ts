// The certificate of a device that is enrolled, as its agent renews it.
import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createEnrolment,
  ENROLMENT_FILE,
  fits,
  readEnrolment,
  writeEnrolment,
} from '../../src/agent/enrolment-file.ts'
import { createSuccession, forgetNext, takeUpNext } from '../../src/agent/next-enrolment.ts'
import { replaceDeviceId } from '../../src/host/device.ts'
import {
  crossSign,
  type DeviceRequest,
  issueDevice,
  type KeyAndCertificate,
  makeAuthority,
  makeKey,
  readRequest,
  requestOf,
} from '../../src/trust/certificates.ts'
import { derOf, pemOf } from '../../src/trust/pin.ts'
import { helloOf } from '../collector/agent.ts'

const DAY_MS = 86_400_000
const ID = '01234567-89ab-4cde-8f01-23456789abcd'

describe('the certificate of an enrolled device', () => {
  let directory: string
  let authority: KeyAndCertificate
  let nowMs: number
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-enrolment-'))
    nowMs = Date.UTC(2026, 0, 1)
    authority = await makeAuthority('collector', nowMs)
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  const certificateFor = async (request: Uint8Array): Promise<Uint8Array> =>
    (await issueDevice(authority, await readRequest(request), nowMs)).der
  const enrolled = async () => {
    const key = makeKey()
    const certificate = pemOf('CERTIFICATE', await certificateFor(await requestOf(key, ID)))
    const kept = {
      ...{ collector: 'https://collector:1', key, certificate, group: 'office' },
      authorities: [authority.certificate],
    }
    writeEnrolment(directory, kept)
    return { kept, enrolment: createEnrolment(directory, ID, kept, () => nowMs) }
  }
  const renewedBy = async (request: Uint8Array) => ({
    certificate: await certificateFor(request),
    ...{ authorities: [derOf(authority.certificate)], vouched: [] },
  })

  it('is asked for after two thirds of its time, with a key of its own, and kept with that', async () => {
    const { kept, enrolment } = await enrolled()
    nowMs += 59 * DAY_MS
    assert.equal(await enrolment.request(), undefined)
    nowMs += 2 * DAY_MS
    const request = await enrolment.request()
    assert.ok(request)
    assert.deepEqual(readEnrolment(directory), kept)
    enrolment.take(await renewedBy(request))
    const now = readEnrolment(directory)
    assert.ok(now && fits(now))
    assert.notEqual(now.key, kept.key)
    assert.notEqual(now.certificate, kept.certificate)
    const { key, certificate } = kept
    assert.deepEqual({ ...now, key, certificate }, { ...kept, earlier: { key, certificate } })
    assert.deepEqual(enrolment.identity(), now)
    assert.equal(statSync(join(directory, ENROLMENT_FILE)).mode & 0o777, 0o600)
    assert.equal(await enrolment.request(), undefined)
  })

  it('is not taken for another key, or without having been asked for', async () => {
    const { kept, enrolment } = await enrolled()
    const other = await renewedBy(await requestOf(makeKey(), ID))
    assert.throws(() => enrolment.take(other), /none was asked for/)
    nowMs += 61 * DAY_MS
    await enrolment.request()
    assert.throws(() => enrolment.take(other), /not for the key that was asked for/)
    assert.deepEqual(readEnrolment(directory), kept)
  })
  it('is asked for by its collector’s clock, where this machine’s is behind', async () => {
    const { enrolment } = await enrolled()
    const behindMs = 31 * DAY_MS
    nowMs += 29 * DAY_MS
    assert.equal(await enrolment.request(undefined, behindMs - 2 * DAY_MS), undefined)
    assert.equal(await enrolment.request(undefined, -behindMs), undefined)
    const request = await enrolment.request(undefined, behindMs)
    assert.ok(request, 'the collector takes it for two thirds over')
    nowMs += behindMs
    const renewed = await renewedBy(request)
    nowMs -= behindMs
    assert.throws(() => enrolment.take(renewed), /its time comes at/)
    enrolment.take(renewed, behindMs)
    assert.equal(readEnrolment(directory)?.certificate, pemOf('CERTIFICATE', renewed.certificate))
  })
  it('is asked for and taken by its collector’s clock, where this machine’s is far ahead', async () => {
    const { kept, enrolment } = await enrolled()
    const realMs = nowMs
    for (const days of [70, 100, 4000]) {
      nowMs = realMs + days * DAY_MS
      assert.equal(await enrolment.request(undefined, -days * DAY_MS), undefined, `${days}`)
    }
    nowMs = realMs + 61 * DAY_MS
    const aheadMs = 4000 * DAY_MS
    nowMs += aheadMs
    const request = await enrolment.request(undefined, -aheadMs)
    assert.ok(request)
    nowMs -= aheadMs
    const renewed = await renewedBy(request)
    nowMs += aheadMs
    enrolment.take(renewed, -aheadMs)
    const { earlier, certificate } = readEnrolment(directory) ?? assert.fail()
    assert.equal(certificate, pemOf('CERTIFICATE', renewed.certificate))
    assert.equal(earlier?.certificate, kept.certificate, 'which holds for a month')
    // A copy of it of before comes back to the collector.
    enrolment.refused?.('certificate-unknown')
    assert.equal(enrolment.identity().certificate, kept.certificate)
  })
  it('is not asked for, nor kept, once this machine was enrolled anew, with another collector or that one, or no more', async () => {
    const other = { policyKey: 'ab'.repeat(32), authorities: ['theirs'] }
    for (const collector of ['https://other:1', 'https://collector:1', undefined]) {
      const { kept, enrolment } = await enrolled()
      nowMs += 61 * DAY_MS
      const request = await enrolment.request()
      assert.ok(request)
      const key = makeKey()
      const certificate = pemOf('CERTIFICATE', await certificateFor(await requestOf(key, ID)))
      const anew = collector && { ...kept, ...other, collector, key, certificate }
      if (anew) writeEnrolment(directory, anew)
      else rmSync(join(directory, ENROLMENT_FILE))
      const renewed = await renewedBy(request)
      assert.throws(
        () => enrolment.take(renewed),
        /was enrolled anew since, or is enrolled no more/,
      )
      assert.equal(await enrolment.request(), undefined)
      assert.deepEqual(readEnrolment(directory), anew)
    }
  })
  it('is another where a command has enrolled this machine again with that collector, and not where it was renewed', async () => {
    const { kept, enrolment } = await enrolled()
    nowMs += 61 * DAY_MS
    const request = await enrolment.request()
    assert.ok(request)
    enrolment.take(await renewedBy(request))
    assert.equal(enrolment.isAnew?.(), false)
    const key = makeKey()
    const certificate = pemOf('CERTIFICATE', await certificateFor(await requestOf(key, ID)))
    writeEnrolment(directory, { ...kept, collector: 'https://other:1', key, certificate })
    assert.equal(enrolment.isAnew?.(), false, 'its address is another')
    writeEnrolment(directory, { ...kept, key, certificate })
    assert.equal(enrolment.isAnew?.(), true)
    enrolment.identity()
    assert.equal(enrolment.isAnew?.(), false)
    rmSync(join(directory, ENROLMENT_FILE))
    assert.equal(enrolment.isAnew?.(), false)
  })
  it('is renewed beside a root key of policies that was given meanwhile', async () => {
    const { kept, enrolment } = await enrolled()
    nowMs += 61 * DAY_MS
    const request = await enrolment.request()
    assert.ok(request)
    const policyKey = 'ab'.repeat(32)
    writeEnrolment(directory, { ...kept, policyKey })
    enrolment.take(await renewedBy(request))
    assert.equal(readEnrolment(directory)?.policyKey, policyKey)
  })
  it('is not asked for again at once where what came ends soon', async () => {
    const { enrolment } = await enrolled()
    nowMs += 61 * DAY_MS
    const request = await enrolment.request()
    assert.ok(request)
    const asked = await readRequest(request)
    const { der } = await issueDevice(authority, asked, nowMs - 80 * DAY_MS)
    const authorities = [derOf(authority.certificate)]
    enrolment.take({ certificate: der, authorities, vouched: [] })
    assert.equal(await enrolment.request(), undefined)
  })

  it('is the one before where the collector does not know the later one, until that ends', async () => {
    const { kept, enrolment } = await enrolled()
    const renew = async () => {
      const request = await enrolment.request(['ff'.repeat(32)])
      assert.ok(request)
      enrolment.take(await renewedBy(request))
    }
    const comesBy = () => enrolment.identity().certificate
    enrolment.refused?.('certificate-unknown')
    assert.equal(comesBy(), kept.certificate, 'there is no other')
    nowMs += 65 * DAY_MS
    await renew()
    const later = comesBy()
    for (const code of ['device-revoked', 'certificate-revoked', 'certificate-expired']) {
      enrolment.refused?.(code)
      assert.equal(comesBy(), later)
    }
    enrolment.refused?.('certificate-unknown')
    assert.equal(comesBy(), kept.certificate)
    assert(fits(enrolment.identity()))
    enrolment.refused?.('certificate-unknown')
    assert.equal(comesBy(), later)
    // Also by an engine that starts anew, and not once it has ended.
    const found = readEnrolment(directory) ?? assert.fail()
    const again = createEnrolment(directory, ID, found, () => nowMs)
    again.refused?.('certificate-unknown')
    assert.equal(again.identity().certificate, kept.certificate)
    assert.ok(await again.request(), 'its time is over soon: another is asked for')
    again.refused?.('certificate-unknown')
    nowMs += 26 * DAY_MS
    again.refused?.('certificate-unknown')
    assert.equal(again.identity().certificate, later)
  })
  it('is of use beside an earlier one that cannot be read', async () => {
    const { kept } = await enrolled()
    writeEnrolment(directory, { ...kept, earlier: { key: 'x', certificate: 'y' } })
    assert.deepEqual(readEnrolment(directory), kept)
  })

  describe('that somebody sends who has the server’s key and no authority’s', () => {
    const OTHER_ID = '99999999-89ab-4cde-8f01-23456789abcd'
    type Sent = { certificate: Uint8Array; authorities: Uint8Array[]; vouched: Uint8Array[] }
    const ders = (...all: KeyAndCertificate[]) => all.map((one) => derOf(one.certificate))
    /** What is sent in answer to the request, and why it is not taken. */
    const refuses = async (sent: (request: Uint8Array) => Promise<Sent>, why: RegExp) => {
      const { kept, enrolment } = await enrolled()
      const request = await enrolment.request(['ff'.repeat(32)])
      assert.ok(request)
      const answer = await sent(request)
      assert.throws(() => enrolment.take(answer), why)
      assert.deepEqual(readEnrolment(directory), kept)
      assert.deepEqual(enrolment.identity(), kept)
    }
    const stranger = () => makeAuthority('collector', nowMs)
    const issued = async (by: KeyAndCertificate, request: Uint8Array, days?: number) =>
      (await issueDevice(by, await readRequest(request), nowMs, days)).der

    it('is not taken from another authority, neither alone nor beside the one that is believed', async () => {
      const other = await stranger()
      for (const authorities of [ders(other), ders(other, authority), ders(authority, other)])
        await refuses(
          async (request) => ({
            ...{ certificate: await issued(other, request), authorities, vouched: [] },
          }),
          /no authority that is believed here has signed it/,
        )
    })
    it('is not taken by the word of that authority itself, or of a device whose key it is', async () => {
      const other = await stranger()
      // Any device's certificate is signed by the authority: for its key, and for nothing that the key signs.
      const publicKey = createPublicKey(other.key)
      const { der } = await issueDevice(authority, { deviceId: OTHER_ID, publicKey }, nowMs)
      const own = derOf(await crossSign(other, authority))
      for (const vouched of [[der], [own], ders(other)])
        await refuses(
          async (request) => ({
            ...{ certificate: await issued(other, request), vouched },
            authorities: ders(other, authority),
          }),
          /no authority that is believed here has signed it/,
        )
    })
    it('is not taken for another device, or where its time is over or has not come', async () => {
      const sent = (certificate: Uint8Array) => ({
        ...{ certificate, authorities: ders(authority), vouched: [] },
      })
      await refuses(async (request) => {
        const asked = await readRequest(request)
        return sent((await issueDevice(authority, { ...asked, deviceId: OTHER_ID }, nowMs)).der)
      }, /of another device/)
      await refuses(async (request) => sent(await issued(authority, request, 0)), /time is over/)
      await refuses(async (request) => {
        const asked = await readRequest(request)
        return sent((await issueDevice(authority, asked, nowMs + DAY_MS)).der)
      }, /time comes at/)
    })
    it('brings no authority that none vouches for; one that is vouched for it does', async () => {
      const { kept, enrolment } = await enrolled()
      const [next, other] = [await stranger(), await stranger()]
      const request = await enrolment.request(['ff'.repeat(32)])
      assert.ok(request)
      const leftOut = enrolment.take({
        certificate: await certificateFor(request),
        authorities: ders(authority, next, other),
        vouched: [derOf(await crossSign(authority, next))],
      })
      assert.equal(leftOut, 1)
      assert.deepEqual(enrolment.identity().authorities, [authority.certificate, next.certificate])
      assert.notEqual(enrolment.identity().certificate, kept.certificate)
    })
  })

  describe('of a machine that is to become another device', () => {
    const machine = { hardware: '', agentVersion: '0.1.0', host: helloOf(ID).hello.host }
    const asked = async () => {
      const { kept } = await enrolled()
      replaceDeviceId(directory, ID)
      const succession = createSuccession(directory, kept, machine)
      const { request } = (await succession.reenrol('token')) ?? assert.fail()
      return { kept, succession, request: await readRequest(request) }
    }
    const given = async (by: KeyAndCertificate, request: DeviceRequest, atMs: number) => ({
      certificate: (await issueDevice(by, request, atMs)).der,
      ...{ authorities: [derOf(by.certificate)], group: 'office' },
    })

    it('is not taken from an authority that it does not believe, for another id, or out of its time', async () => {
      const { succession, kept, request } = await asked()
      const other = await makeAuthority('collector', nowMs)
      const soon = Date.now()
      const tries: [RegExp, ReturnType<typeof given>][] = [
        [/no authority that is believed/, given(other, request, soon)],
        [/of another device/, given(authority, { ...request, deviceId: ID }, soon)],
        [/time is over/, given(authority, request, soon - 91 * DAY_MS)],
        [/time comes at/, given(authority, request, soon + DAY_MS)],
      ]
      for (const [why, answer] of tries) {
        const one = await answer
        assert.throws(() => succession.takeOwn(one), why)
      }
      assert.equal(takeUpNext(directory, kept, assert.fail), undefined)
      assert.deepEqual(readEnrolment(directory), kept)
      // By the collector's clock, which is a hundred days behind this machine's.
      const behindMs = -100 * DAY_MS
      succession.takeOwn(await given(authority, request, soon + behindMs), behindMs)
      succession.takeOwn(await given(authority, request, soon))
      assert.equal(takeUpNext(directory, kept, assert.fail)?.earlierId, ID)
    })
    it('is asked for again under the same id where its authority counts no more by the next start', async () => {
      const { succession, kept, request } = await asked()
      succession.takeOwn(await given(authority, request, Date.now()))
      const next = await makeAuthority('collector', nowMs)
      const now = { ...kept, authorities: [next.certificate] }
      writeEnrolment(directory, now)
      assert.equal(takeUpNext(directory, now, assert.fail), undefined)
      assert.deepEqual(readEnrolment(directory), now)
      const again = await createSuccession(directory, now, machine).reenrol('another token')
      assert.ok(again)
      assert.equal((await readRequest(again.request)).deviceId, request.deviceId)
    })
    it('is told at each start until it was told, also after a power cut, and stays as it is by then', async () => {
      const { succession, kept, request } = await asked()
      succession.takeOwn(await given(authority, request, Date.now()))
      const own = takeUpNext(directory, kept, assert.fail)?.enrolment ?? assert.fail()
      assert.deepEqual(readEnrolment(directory), own)
      // Renewed meanwhile.
      const renewed = { ...own, group: 'another' }
      writeEnrolment(directory, renewed)
      const again = takeUpNext(directory, renewed, assert.fail)
      assert.deepEqual(again, { earlierId: ID, enrolment: renewed })
      assert.deepEqual(readEnrolment(directory), renewed)
      forgetNext(directory)
      assert.equal(takeUpNext(directory, renewed, assert.fail), undefined)
    })
    it('waits on where a start has to do with no enrolment, and is dropped where it is of another collector', async () => {
      const { succession, kept, request } = await asked()
      succession.takeOwn(await given(authority, request, Date.now()))
      assert.equal(takeUpNext(directory, undefined, assert.fail), undefined)
      assert.equal(takeUpNext(directory, kept, assert.fail)?.earlierId, ID)
      forgetNext(directory)
      const { succession: again, request: another } = await asked()
      again.takeOwn(await given(authority, another, Date.now()))
      const elsewhere = { ...kept, collector: 'https://elsewhere.example:1' }
      assert.equal(takeUpNext(directory, elsewhere, assert.fail), undefined)
      assert.equal(takeUpNext(directory, kept, assert.fail), undefined)
    })
  })
})
