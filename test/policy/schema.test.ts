// docs/policy.schema.json against the parser: what agents take, editors take; what agents refuse, editors mark.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { makePolicy, policyFaults } from '../../src/engine/policy.ts'
import { EXCEPTION, POLICY } from '../../src/engine/policy-table.ts'
import { PROFILE_NAMES } from '../../src/engine/profiles.ts'
import { REFUSED_DOCUMENTS, REFUSED_EXCEPTIONS } from '../engine/refused-policies.ts'
import { isValid } from './json-schema.ts'

const docs = new URL('../../docs/', import.meta.url)
const read = (name: string): string => readFileSync(new URL(name, docs), 'utf8')
const schema = JSON.parse(read('policy.schema.json'))

/** As a file has it: without what is undefined. */
const written = (document: unknown): unknown => JSON.parse(JSON.stringify(document))
const isMarked = (document: unknown): boolean => !isValid(schema, written(document))
const isTaken = (document: unknown): boolean => policyFaults(written(document)).length === 0

const ENDS = { until: '2027-03-31T00:00:00Z', bytesPerDayMax: 1_000 }
const HOST = { host: '203.0.113.0/24', ...ENDS }
/** No pattern says how many days a month has. */
const AGENTS_ALONE = new Set(['whose end no year has'])

describe('docs/policy.schema.json', () => {
  it('has each field that there is, with a description', () => {
    const { properties } = schema
    assert.deepEqual(Object.keys(properties), Object.keys(POLICY.fields))
    const ofException = properties.exceptions.items.properties
    assert.deepEqual(Object.keys(ofException), Object.keys(EXCEPTION.fields))
    for (const [name, { description }] of [
      ...Object.entries<{ description: string }>(properties),
      ...Object.entries<{ description: string }>(ofException),
    ])
      assert.match(description, /^[A-ZF].{10,}\.$/, name)
  })
  it('has the defaults that agents have', () => {
    const { $schema: _, ...policy } = Object.fromEntries(
      Object.entries(makePolicy({})).filter(([, value]) => !Array.isArray(value)),
    )
    const said = Object.entries<{ default?: unknown }>(schema.properties)
      .filter(([, one]) => one.default !== undefined)
      .map(([name, one]) => [name, one.default])
    assert.deepEqual(Object.fromEntries(said), policy)
  })
  it('takes the examples of docs/policy.md', () => {
    const text = read('policy.md')
    const whole = [...text.matchAll(/```json\n([\s\S]+?)\n```/g)].map(([, json = '']) => json)
    const one = /^ {4}(\{"team"[\s\S]+?\})\n/m.exec(text)?.[1] ?? ''
    const documents = [...whole.map((json) => JSON.parse(json)), { exceptions: [JSON.parse(one)] }]
    assert.ok(documents.length >= 2)
    for (const document of documents)
      assert.deepEqual([isMarked(document), isTaken(document)], [false, true])
  })
  it('takes where an editor finds it', () => {
    const document = { $schema: './policy.schema.json', profile: 'quiet' }
    assert.deepEqual([isMarked(document), isTaken(document)], [false, true])
    assert.equal('$schema' in makePolicy(document as object), false)
    assert.deepEqual([isMarked({ $schema: 1 }), isTaken({ $schema: 1 })], [true, false])
  })
  for (const [what, document] of Object.entries(REFUSED_DOCUMENTS))
    it(`marks what agents refuse: ${what}`, () =>
      assert.deepEqual([isMarked(document), isTaken(document)], [true, false]))
  for (const [what, change] of Object.entries(REFUSED_EXCEPTIONS))
    it(`marks what agents refuse: an exception ${what}`, () => {
      const document = { exceptions: [{ ...HOST, ...change }] }
      assert.deepEqual([isMarked(document), isTaken(document)], [!AGENTS_ALONE.has(what), false])
    })
  for (const list of ['externalNetworks', 'hostWhitelist', 'exceptions'] as const)
    it(`takes the networks and domains that agents take: ${list}`, () => {
      const networks = [
        ...['0.0.0.0/0', '10.0.0.0/8', '255.255.255.255/32', '1.2.3.4', '::/0', '::', '::1/128'],
        ...['fd00::/8', '2001:db8::1', '64:ff9b::203.0.113.7/120', '1:2:3:4:5:6:7:8/100'],
      ]
      const domains = ['example.org', 'Example.ORG.', 'a', '_x.y-z', 'xn--bcher-kva.example', 'a1']
      const none = [
        ...['10.0.0.0/33', '10.0.0.0/', '10.0.0.256', '10.0.0', '::/129', '::/08', '10.0.0.0/08'],
        ...['', '.', '1.2', 'a b', '-é', 'a..b', 'https://example.org', '*.example.org', '/'],
      ]
      const document = (host: string) => ({
        [list]: list === 'exceptions' ? [{ ...HOST, host }] : [host],
      })
      for (const host of [...networks, ...(list === 'externalNetworks' ? [] : domains)])
        assert.deepEqual([isMarked(document(host)), isTaken(document(host))], [false, true], host)
      for (const host of [...none, ...(list === 'externalNetworks' ? domains : [])])
        assert.deepEqual([isMarked(document(host)), isTaken(document(host))], [true, false], host)
    })
  it('takes whatever agents take, and little else', () => {
    const pick = (...values: unknown[]) => fc.constantFrom(...values)
    const some = <T>(fields: Record<string, fc.Arbitrary<T>>) =>
      fc.record(fields, { requiredKeys: [] })
    const path = pick('/a', '/a/*', '/', 'a', '/a*b', '', 3)
    const fields = {
      host: pick('203.0.113.0/24', 'example.org', '::1', 'a b', null),
      port: pick(0, 1, 443, 65_535, 65_536, 1.5, '443'),
      program: path,
      parent: path,
      signingId: pick('org.example', '', 'a\nb'),
      team: pick('ABCDE12345', 'ABCDE1234'),
      signer: pick('platform', 'unsigned', 'Apple'),
      hash: pick('ab'.repeat(32), 'AB'.repeat(20), 'ab'),
      user: pick('ana', 0, 2 ** 32 - 2, 2 ** 32 - 1, '', true),
      until: pick(
        ENDS.until,
        ENDS.until,
        ENDS.until,
        '2027-02-28T23:59:59Z',
        '2027-02-28T24:00:00Z',
        '1969-01-01',
        1,
      ),
      bytesPerDayMax: pick(0, 1, 2 ** 50, 2 ** 50 + 1, -1),
      owner: pick('Ana', 'x'.repeat(200), 'x'.repeat(201), null),
    }
    const few = fc.subarray(Object.keys(fields) as (keyof typeof fields)[], { maxLength: 3 })
    const exception = fc.oneof(
      some(fields),
      // Of those with everything hardly one is as it has to be.
      fc.tuple(fc.record(fields), few).map(([all, names]) => ({
        ...ENDS,
        ...Object.fromEntries(names.map((name) => [name, all[name]])),
      })),
    )
    const document = some<unknown>({
      schema: pick(1, 2, '1'),
      version: pick(0, 7, 2 ** 32 - 1, 2 ** 32, -1),
      profile: pick(...PROFILE_NAMES, 'loud'),
      budgetPerHostDay: pick(0.01, 0.5, 1, 0, 2, '1'),
      includeLoopback: pick(true, false, 'yes', null),
      hashUserNames: pick(true, false, 'no', null),
      ownPids: pick([], [1], [2 ** 31], [-1], 1),
      hostWhitelist: pick([], ['example.org'], ['a b'], {}),
      exceptions: fc.array(exception, { maxLength: 2 }),
    })
    let taken = 0
    fc.assert(
      fc.property(fc.oneof(document, fc.record({ exceptions: fc.tuple(exception) })), (one) => {
        if (isTaken(one)) taken++
        assert.equal(isMarked(one), !isTaken(one))
      }),
      { numRuns: 5_000, seed: 16 },
    )
    assert.ok(taken > 200, `${taken} of them are policies`)
  })
})
