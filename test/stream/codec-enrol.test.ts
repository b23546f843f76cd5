// Requests to enrol and their answers, in bytes and back, as docs/protocol.md says.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  decodeEnrollRequest,
  decodeEnrollResponse,
  type EnrollRequest,
  type EnrollResponse,
  encodeEnrollRequest,
  encodeEnrollResponse,
} from '../../src/stream/codec-enrol.ts'
import { StreamError } from '../../src/stream/message.ts'
import { mutate, mutation } from './mutate.ts'
import { golden, hexLines, vector } from './vectors.ts'

/** No request and no certificates: their bytes are not this protocol's. */
const [request, certificate, authority] = ['10', '20', '30'].map(
  (hex) => new Uint8Array(Buffer.from(hex.repeat(8), 'hex')),
) as [Uint8Array, Uint8Array, Uint8Array]
const enrollRequest: EnrollRequest = {
  token: 'freshet_enrol_0123456789abcdef',
  request,
  hardware: 'b0b1b2b3b4b5b6b7b8b9babbbcbdbebf'.repeat(2),
  agentVersion: '0.1.0',
  host: {
    hostname: 'mira-mac',
    os: 'macos',
    osVersion: '15.1',
    osBuild: '24B83',
    hardware: 'Mac15,7',
    arch: 'arm64',
    bootId: 'b00b00b0-0000-4000-8000-000000000000',
  },
}
const enrollResponse: EnrollResponse = { certificate, authorities: [authority], group: 'office' }

describe('messages of enrolment', () => {
  const messages = [
    ['enrollRequest', encodeEnrollRequest(enrollRequest), decodeEnrollRequest, enrollRequest],
    ['enrollResponse', encodeEnrollResponse(enrollResponse), decodeEnrollResponse, enrollResponse],
  ] as const
  for (const [name, encoded, decode, message] of messages) {
    it(`give back ${name} as it was, in the bytes that docs/protocol.md says`, () => {
      assert.deepEqual(decode(encoded), message)
      assert.equal(golden(`hex ${name}`, hexLines(encoded)), hexLines(encoded))
      assert.deepEqual(decode(vector(name)), message)
    })
    it(`answer any mutation of ${name} with a value or a StreamError`, () => {
      fc.assert(
        fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
          try {
            decode(mutations.reduce(mutate, encoded))
          } catch (error) {
            assert.ok(error instanceof StreamError, `${error}`)
          }
        }),
        { numRuns: 3000 },
      )
    })
  }
  it('are refused without a token, a request, a certificate, an authority; and when they are large', () => {
    const with_ = (change: Partial<EnrollRequest>) =>
      encodeEnrollRequest({ ...enrollRequest, ...change })
    refuses('missing', () => decodeEnrollRequest(with_({ token: '' })), 'token')
    refuses('missing', () => decodeEnrollRequest(with_({ request: new Uint8Array() })), 'request')
    refuses('out-of-range', () => decodeEnrollRequest(with_({ hardware: 'ab' })), 'hardware')
    refuses('too-large', () => decodeEnrollRequest(with_({ request: new Uint8Array(8193) })))
    refuses('too-large', () => decodeEnrollRequest(with_({ agentVersion: 'x'.repeat(16_385) })))
    const of = (change: Partial<EnrollResponse>) =>
      encodeEnrollResponse({ ...enrollResponse, ...change })
    refuses('missing', () => decodeEnrollResponse(of({ certificate: new Uint8Array() })))
    refuses('out-of-range', () => decodeEnrollResponse(of({ authorities: [] })))
    refuses('out-of-range', () =>
      decodeEnrollResponse(of({ authorities: Array.from({ length: 5 }, () => authority) })),
    )
  })
})

function refuses(code: StreamError['code'], work: () => unknown, field = ''): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof StreamError, `${error}`)
    assert.equal(error.code, code)
    assert.ok(error.message.includes(field), error.message)
    return true
  })
}
