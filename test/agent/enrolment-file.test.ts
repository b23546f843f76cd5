// The certificate of a device that is enrolled, as its agent renews it.
import assert from 'node:assert/strict'
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
import {
  issueDevice,
  type KeyAndCertificate,
  makeAuthority,
  makeKey,
  readRequest,
  requestOf,
} from '../../src/trust/certificates.ts'
import { derOf, pemOf } from '../../src/trust/pin.ts'

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
    authorities: [derOf(authority.certificate)],
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
    assert.deepEqual({ ...now, key: '', certificate: '' }, { ...kept, key: '', certificate: '' })
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
})
