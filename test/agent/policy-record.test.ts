// The policy as the engine is told of it, and as a capture keeps it.
import assert from 'node:assert/strict'
import { policyRecord } from '../../src/agent/policy-record.ts'
import { EXPECTED } from '../../src/engine/expected-rows.ts'
import { makePolicy, type PolicyDocument, parsePolicy } from '../../src/engine/policy.ts'
import { POLICY_BYTES_MAX } from '../../src/policy/clamp.ts'
import { readPolicy } from '../../src/records/record.gen.ts'

const recorded = (document: PolicyDocument) => {
  const record = policyRecord(document)
  return readPolicy(new DataView(record.buffer, record.byteOffset, record.length), 0)
}

describe('the record of a policy', () => {
  it('has the rows of expected applications in place of their ids, and comes to the same', () => {
    const document = { version: 3, profile: 'quiet', expectedApplications: ['zoom'] } as const
    const given = { ...document, expectedApplications: ['zoom'] }
    const record = recorded(given)
    const said = JSON.parse(record.document) as PolicyDocument
    assert.equal('expectedApplications' in said, false)
    assert.deepEqual(
      said.expectedRows?.map(({ id, team }) => [id, team]),
      [['zoom', 'BJ4HAAB9B3']],
    )
    assert.deepEqual(parsePolicy(record.version, record.document), makePolicy(given))
  })
  it('is as it was given without any', () => {
    const document = { version: 3, hostWhitelist: ['example.org'] }
    assert.deepEqual(JSON.parse(recorded(document).document), document)
  })
  it('has room for all of them beside the largest policy that is sent', () => {
    const ids = EXPECTED.map(({ id }) => id)
    const parentProcessCheck = [{ parent: '/a', program: `/${'x'.repeat(4_000)}` }]
    const document: PolicyDocument = { expectedApplications: ids, parentProcessCheck }
    for (;;) {
      const parent = `/${parentProcessCheck.length}`
      const more = [...parentProcessCheck, { parent, program: `/${'x'.repeat(4_000)}` }]
      const size = Buffer.byteLength(JSON.stringify({ ...document, parentProcessCheck: more }))
      if (size > POLICY_BYTES_MAX) break
      parentProcessCheck.push({ parent, program: `/${'x'.repeat(4_000)}` })
    }
    assert.equal(
      makePolicy(JSON.parse(recorded(document).document)).expectedApplications.length,
      ids.length,
    )
  })
})
