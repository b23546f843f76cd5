// Published documents that nobody can be sent any more go, and what any device is sent stays as it was.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { responseOf } from '../../src/collector/fleet/fleet-policies.ts'
import { Policies } from '../../src/collector/fleet/policies.ts'
import { openPoliciesFile, POLICIES_FILE } from '../../src/collector/fleet/policies-file.ts'
import {
  DOCUMENTS_MAX,
  REPLACED_POLICIES_KEPT,
  replacedOf,
} from '../../src/collector/fleet/replaced.ts'
import { CollectorError } from '../../src/collector/terms/collector-error.ts'
import { isFor, isInShare } from '../../src/policy/target.ts'
import type { PolicyPayload, PolicyTarget } from '../../src/stream/policy-message.ts'
import { makeTestKey, NOW, signedBy } from '../policy/documents.ts'
import { DEVICE_A, DEVICE_B } from './agent.ts'

const root = makeTestKey()
const online = makeTestKey()
const delegation = JSON.stringify({
  onlineKey: online.public,
  bounds: {
    ...{ v4PrefixMin: 24, v6PrefixMin: 48, domains: false, programs: false },
    ...{ bytesPerDayMax: 1_000_000, daysMax: 30, exceptionsMax: 4 },
  },
})

describe('published documents', () => {
  let directory: string
  let policies: Policies
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-replaced-'))
    policies = new Policies(openPoliciesFile(join(directory, POLICIES_FILE), assert.fail))
  })
  afterEach(() => {
    policies.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const publish = (change: Partial<PolicyPayload>, sharePercent = 100, key = root) =>
    policies.publish(signedBy(key, change), { rootKey: root.public, sharePercent, now: NOW })
  const there = () =>
    policies.documents().map(({ payload: { kind, version } }) => `${kind} ${version}`)
  const sent = (deviceId: string, group: string) =>
    policies
      .holdFor({ deviceId, group })
      .map(({ payload: { kind, version } }) => `${kind} ${version}`)
  const lab = { group: 'lab' }
  const device = (index: number) => `${`${index}`.padStart(8, '0')}-89ab-4cde-8f01-23456789abcd`

  it('of exceptions and delegations go when a later one is for all whom they were for', () => {
    publish({ kind: 'delegation', version: 1, content: delegation })
    const except = (version: number, target: PolicyTarget) =>
      publish({ kind: 'exceptions', version, content: '{}', target }, 100, online).replaced
    assert.equal(except(1, lab), 0)
    assert.equal(except(2, {}), 0 + 1)
    assert.equal(except(3, lab), 0)
    assert.equal(except(4, lab), 1)
    assert.deepEqual(there(), ['exceptions 4', 'exceptions 2', 'delegation 1'])
    assert.deepEqual(sent(DEVICE_A, 'office'), ['delegation 1', 'exceptions 2'])
    assert.deepEqual(sent(DEVICE_A, 'lab'), ['delegation 1', 'exceptions 4'])
    publish({ kind: 'delegation', version: 2, content: delegation, target: lab })
    assert.equal(publish({ kind: 'delegation', version: 3, content: delegation }).replaced, 2)
    for (let version = 5; version < 55; version++) except(version, {})
    assert.deepEqual(there(), ['exceptions 54', 'delegation 3'])
  })

  it('of policies stay while a later one may be held back, the last 20 of them', () => {
    for (let version = 1; version <= 30; version++) publish({ version })
    assert.equal(there().length, 1 + REPLACED_POLICIES_KEPT)
    policies.setShare(30, 0)
    assert.deepEqual(sent(DEVICE_A, 'office'), ['policy 29'])
    // One that goes to a few first replaces none.
    assert.equal(publish({ version: 31 }, 5).replaced, 0)
  })

  it('of policies stay for each target, however many went to others or were held back', () => {
    for (const version of [1, 2]) publish({ version })
    for (let version = 3; version <= 24; version++) publish({ version, target: lab })
    policies.setShare(2, 0)
    assert.deepEqual(sent(DEVICE_A, 'office'), ['policy 1'])
    policies.setShare(2, 100)
    for (let version = 25; version <= 50; version++) {
      publish({ version }, 10)
      policies.setShare(version, 0)
    }
    publish({ version: 51 })
    policies.setShare(51, 0)
    assert.deepEqual(sent(DEVICE_A, 'office'), ['policy 2'])
    assert.ok(policies.setShare(2, 50))
    // Those that were held back are few, too.
    assert.equal(policies.setShare(30, 100), false)
    assert.ok(policies.setShare(31, 100))
  })

  it('of policies stay where they are the next for some devices, however many others went to fewer', () => {
    publish({ version: 1 })
    publish({ version: 2 }, 60)
    for (let version = 3; version <= 30; version++) publish({ version }, 5)
    publish({ version: 31 })
    policies.setShare(31, 0)
    const ids = Array.from({ length: 400 }, (_, index) => device(index))
    const next = new Map(ids.map((id) => [id, sent(id, 'office').join()]))
    for (const id of ids) {
      const version = isInShare(id, 5) ? 30 : isInShare(id, 60) ? 2 : 1
      assert.equal(next.get(id), `policy ${version}`)
    }
    assert.equal(new Set(next.values()).size, 3)
  })

  /** As if they had been published: the newest alone is, which reads all. */
  const insert = (documents: (Partial<PolicyPayload> & { version: number })[], key = root) => {
    const database = openPoliciesFile(join(directory, POLICIES_FILE), assert.fail)
    const row = database.prepare('INSERT INTO document VALUES (?, ?, ?, 1, 100)')
    database.exec('BEGIN')
    for (const one of documents) row.run(one.kind ?? 'policy', one.version, signedBy(key, one))
    database.exec('COMMIT')
    database.close()
    policies.refresh()
  }
  const forEach = (from: number, count: number, more: Partial<PolicyPayload> = {}) =>
    Array.from({ length: count }, (_, index) => {
      return { version: from + index, target: { device: device(index) }, ...more }
    })

  it('that are each for another device are bounded, and one for all makes room', () => {
    insert(forEach(1, DOCUMENTS_MAX))
    const version = DOCUMENTS_MAX + 1
    assert.throws(
      () => publish({ version, target: { device: DEVICE_A } }),
      (error) => {
        assert.ok(error instanceof CollectorError)
        assert.match(
          error.message,
          /1000 documents .* 1001 are policy signed by the key [0-9a-f]{16}.*: publish one of that kind and key for all devices/,
        )
        return true
      },
    )
    assert.equal(there().length, DOCUMENTS_MAX)
    assert.deepEqual(sent(DEVICE_A, 'office'), [])
    const { documents, unlisted } = responseOf(policies, [], () => true)
    assert.deepEqual([documents.length, documents[0]?.version, unlisted], [100, DOCUMENTS_MAX, 900])
    assert.equal(publish({ version }).replaced, 1)
    assert.deepEqual(sent(DEVICE_A, 'office'), [`policy ${version}`])
    // The oldest goes; the others are there for when that for all is held back.
    policies.setShare(version, 0)
    assert.deepEqual([sent(device(0), ''), sent(device(1), '')], [[], ['policy 2']])
  }).timeout(20_000)

  it('by keys that nobody goes by any more make room before all others, and do so for whom they were for', () => {
    const former = makeTestKey()
    publish({ kind: 'delegation', version: 1, content: delegation })
    const exceptions = { kind: 'exceptions', content: '{}' } as const
    insert(forEach(1, 600, exceptions), former)
    insert(forEach(601, 399, exceptions), online)
    assert.equal(there().length, DOCUMENTS_MAX)
    assert.equal(publish({ version: 1 }).replaced, 1)
    assert.equal(publish({ version: 2, target: lab }).replaced, 1)
    assert.deepEqual(sent(device(0), 'lab'), ['policy 2', 'delegation 1', 'exceptions 601'])
    const kept = there()
    assert.ok(!kept.includes('exceptions 2') && kept.includes('exceptions 3'), `${kept.length}`)
    assert.ok(kept.includes('exceptions 601'))
  }).timeout(20_000)

  it('too many of which are each for somebody are refused, and what the refusal says to do makes room', () => {
    publish({ kind: 'delegation', version: 1, content: delegation })
    insert(forEach(1, 999, { kind: 'exceptions', content: '{}' }), online)
    const [, keyId] = [
      0,
      policies.documents().find(({ payload }) => payload.version === 999)?.keyId,
    ]
    assert.throws(
      () => publish({ version: 1 }),
      (error) => {
        assert.ok(error instanceof CollectorError)
        assert.ok(error.message.includes(`999 are exceptions signed by the key ${keyId}`))
        return true
      },
    )
    const next = delegation.replace(online.public, makeTestKey().public)
    assert.equal(publish({ kind: 'delegation', version: 2, content: next }).replaced, 1)
    assert.equal(publish({ version: 1 }).replaced, 1)
    publish({ kind: 'delegation', version: 3, content: delegation })
    const all = { kind: 'exceptions', version: 1000, content: '{}' } as const
    assert.equal(publish(all, 100, online).replaced, 998)
    assert.deepEqual(there(), ['exceptions 1000', 'delegation 3', 'policy 1'])
  }).timeout(20_000)

  it('that go were sent to nobody, whatever else was published for whom', () => {
    const target = fc.constantFrom<PolicyTarget>(
      ...[{}, lab, { device: DEVICE_B }, { sharePercent: 40 }, { sharePercent: 40, group: 'lab' }],
    )
    const document = fc.record({
      ...{ kind: fc.constantFrom('policy', 'delegation', 'exceptions'), target },
      ...{ keyId: fc.constantFrom('one', 'two'), sharePercent: fc.constantFrom(0, 30, 100) },
      isRead: fc.boolean(),
    })
    // So many of one target that not all are kept.
    const share = fc.oneof({ weight: 20, arbitrary: fc.constant(10) }, fc.constantFrom(0, 30, 100))
    const policy = fc
      .tuple(document, share)
      .map(([one, sharePercent]) => ({ ...one, kind: 'policy', keyId: 'one', sharePercent }))
    const published = fc.oneof(
      fc.array(document, { maxLength: 60, size: 'max' }),
      fc.array(policy, { maxLength: 250, size: 'max' }),
    )
    const devices = Array.from({ length: 8 }, (_, index) => `${index}${DEVICE_A.slice(1)}`)
    const addressees = [DEVICE_B, ...devices].flatMap((deviceId) =>
      ['lab', 'office'].map((group) => ({ deviceId, group })),
    )
    fc.assert(
      fc.property(published, (drawn) => {
        const all = drawn.map(({ kind, target, keyId, sharePercent, isRead }, index) => ({
          payload: { kind, target, version: drawn.length - index } as PolicyPayload,
          delegation: kind === 'delegation' && isRead ? ({} as never) : undefined,
          onlineId: undefined,
          ...{ keyId, sharePercent: kind === 'policy' ? sharePercent : 100 },
        }))
        const gone = new Set(replacedOf(all))
        const left = all.filter((one) => !gone.has(one))
        for (const kind of ['policy', 'delegation', 'exceptions'])
          for (const keyId of ['one', 'two'])
            for (const addressee of addressees) {
              const of = (from: typeof all, held?: unknown, share = 0) =>
                from.find(
                  (one) =>
                    one.payload.kind === kind &&
                    one.keyId === keyId &&
                    (kind !== 'delegation' || one.delegation !== undefined) &&
                    isFor(one.payload.target, addressee) &&
                    isInShare(addressee.deviceId, one === held ? share : one.sharePercent),
                )
              const now = of(all)
              assert.equal(of(left), now)
              // Nor is anybody without one where it is held back, or goes to fewer.
              if (kind === 'policy' && now)
                for (const share of [0, 10]) assert.equal(of(left, now, share), of(all, now, share))
            }
      }),
    )
  })
})
