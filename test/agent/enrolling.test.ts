// What an agent keeps of an enrolment's answer.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { enrolHere } from '../../src/agent/enrolling.ts'
import { ENROLMENT_FILE, fits } from '../../src/agent/enrolment-file.ts'
import { decodeEnrollRequest, encodeEnrollResponse } from '../../src/stream/codec-enrol.ts'
import {
  type DeviceRequest,
  issueDevice,
  issueServer,
  makeAuthority,
  readRequest,
} from '../../src/trust/certificates.ts'
import { derOf, pinOf } from '../../src/trust/pin.ts'
import { DEVICE_A, DEVICE_B, helloOf } from '../collector/agent.ts'

describe('an enrolment’s answer', () => {
  let directory: string
  let server: Server
  let collector: string
  let pin: string
  let authority: Awaited<ReturnType<typeof makeAuthority>>
  let answer: (request: DeviceRequest) => Promise<{ der: Uint8Array }>
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-answer-'))
    authority = await makeAuthority('Freshet collector', Date.now())
    pin = pinOf(new X509Certificate(authority.certificate))
    const { key, certificate } = await issueServer(authority, ['127.0.0.1'], Date.now())
    const cert = `${certificate}${authority.certificate}`
    const reply = async (message: IncomingMessage, response: ServerResponse) => {
      const parts: Buffer[] = []
      for await (const part of message) parts.push(part as Buffer)
      const { request } = decodeEnrollRequest(Buffer.concat(parts))
      const { der } = await answer(await readRequest(request))
      const authorities = [derOf(authority.certificate)]
      response.end(encodeEnrollResponse({ certificate: der, authorities, group: 'office' }))
    }
    server = createServer({ key, cert, minVersion: 'TLSv1.3' }, (message, response) => {
      void reply(message, response)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    collector = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(() => {
    server.close()
    rmSync(directory, { recursive: true })
  })
  const enrolled = () =>
    enrolHere(
      directory,
      { collector, pin, token: 'a token' },
      {
        deviceId: DEVICE_A,
        hardware: '',
        agentVersion: '0.1.0',
        host: helloOf(DEVICE_A).hello.host,
      },
    )

  it('is kept where its certificate is for this device, by an authority of the answer', async () => {
    answer = (request) => issueDevice(authority, request, Date.now())
    assert(fits(await enrolled()))
    assert(existsSync(join(directory, ENROLMENT_FILE)))
  })
  it('is not kept where it is for another device, or of an authority that is not in it', async () => {
    const other = await makeAuthority('Freshet collector', Date.now())
    answer = (request) => issueDevice(authority, { ...request, deviceId: DEVICE_B }, Date.now())
    await assert.rejects(enrolled(), /none to come by: it is of another device/)
    answer = (request) => issueDevice(other, request, Date.now())
    await assert.rejects(enrolled(), /none to come by: no authority that is believed here/)
    assert(!existsSync(join(directory, ENROLMENT_FILE)))
  })
})
