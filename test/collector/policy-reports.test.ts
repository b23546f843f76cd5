// What devices say of policies, in bounds: whoever has a token can say something, under as many names as it invents.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { openFleetPolicies, responseOf } from '../../src/collector/fleet/fleet-policies.ts'
import { Policies } from '../../src/collector/fleet/policies.ts'
import { openPoliciesFile, POLICIES_FILE } from '../../src/collector/fleet/policies-file.ts'
import { keptOf, REPORT_BYTES_MAX } from '../../src/collector/fleet/policy-reports.ts'
import { type EnrolledDevice, Registry } from '../../src/collector/fleet/registry.ts'
import { openRegistryFile, REGISTRY_FILE } from '../../src/collector/fleet/registry-file.ts'
import { Counters } from '../../src/collector/terms/counters.ts'
import type { PolicyResponse } from '../../src/collector/views/page-policy.ts'
import { Capability } from '../../src/stream/message.ts'
import { DOCUMENT_KINDS, type PolicyReport } from '../../src/stream/policy-message.ts'
import { unixNs } from '../../src/units.ts'
import { until } from '../waits.ts'
import { DEVICE_A, DEVICE_B, helloOf } from './agent.ts'
import { comeBy, type Fleet, runFleet } from './enrolled.ts'

const AT = unixNs(1_800_000_000_000_000_000n, 'AT')

/** With every text this one, cut as the stream cuts it. */
const reportOf = (text: string, rules = 32): PolicyReport => ({
  ...{ keyId: '', source: 'pushed', group: text.slice(0, 100).toWellFormed(), suppressed: 99 },
  documents: DOCUMENT_KINDS.map((kind) => ({
    ...{ kind, version: 4_294_967_295, receivedVersion: 4_294_967_295, state: 'failed', at: AT },
    ...{ code: text.slice(0, 100).toWellFormed(), text, clamped: 4_294_967_295 },
  })),
  suppressions: Array.from({ length: rules }, (_, index) => ({
    ...{ rule: text, count: 2 ** 53 - 1 - index },
  })),
})
const bytesOf = (report: PolicyReport): number =>
  Buffer.byteLength(
    JSON.stringify(report, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
  )

describe('a report of policies', () => {
  it('is kept in 6 KiB, whatever its texts are', () => {
    for (const letter of ['a', '"', '\u0001', 'ä', '漢', '💧'])
      assert.ok(bytesOf(keptOf(reportOf(letter.repeat(1000))).report) <= REPORT_BYTES_MAX, letter)
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 1000 }), (text) => {
        const { report, isCut } = keptOf(reportOf(text))
        assert.ok(bytesOf(report) <= REPORT_BYTES_MAX)
        if (!isCut) assert.deepEqual(report, reportOf(text))
      }),
      { numRuns: 40 },
    )
  })

  it('as agents make them is kept whole', () => {
    const report: PolicyReport = {
      ...{ keyId: 'ab'.repeat(32), source: 'pushed', group: 'office', suppressed: 4000 },
      documents: DOCUMENT_KINDS.map((kind) => ({
        ...{ kind, version: 12, receivedVersion: 13, state: 'failed', code: 'delegation-missing' },
        ...{
          text: 'hostWhitelist[3] is a network of more than 2^16 addresses: left out; '.repeat(4),
        },
        ...{ clamped: 3, at: AT },
      })),
      suppressions: Array.from({ length: 32 }, (_, index) => ({
        ...{
          rule: `parentProcessCheck ${index} /usr/local/bin/backup to 203.0.113.0/24`,
          count: 9,
        },
      })),
    }
    assert.deepEqual(keptOf(report), { report, isCut: false })
  })

  describe('in the file', () => {
    let directory: string
    let path: string
    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'freshet-reports-'))
      path = join(directory, POLICIES_FILE)
    })
    afterEach(() => rmSync(directory, { recursive: true, force: true }))
    const withPolicies = <T>(work: (policies: Policies) => T): T => {
      const policies = new Policies(openPoliciesFile(path, () => {}))
      try {
        return work(policies)
      } finally {
        policies.close()
      }
    }
    const insert = (device: string, report: string) => {
      const database = new DatabaseSync(path)
      database.prepare('INSERT INTO report VALUES (?, 1, ?)').run(device, report)
      database.close()
    }

    it('of other devices is not read for a page: it reads those that it shows', () => {
      withPolicies((policies) => {
        policies.noteSaid({ deviceId: DEVICE_A, at: AT, report: reportOf('text') })
        policies.writeSaid()
      })
      // Whoever reads it finds that it is none.
      insert(DEVICE_B, 'no report')
      const device = { id: DEVICE_A, name: 'mac', group: 'office' } as EnrolledDevice
      const { devices } = withPolicies((policies) => responseOf(policies, [device], () => true))
      assert.deepEqual(
        devices.map(({ id, documents }) => [id, documents.length]),
        [[DEVICE_A, 3]],
      )
      assert.throws(() => withPolicies((policies) => policies.saidBy(DEVICE_B)), SyntaxError)
    })

    it('that an earlier version kept whole is not read, and dropped by the collector, which says so', () => {
      withPolicies(() => {})
      insert(
        DEVICE_A,
        JSON.stringify({ ...reportOf('', 0), group: 'x'.repeat(200_000) }, (_, one) =>
          typeof one === 'bigint' ? `${one}` : one,
        ),
      )
      withPolicies((policies) => {
        assert.equal(policies.saidBy(DEVICE_A), undefined)
        assert.equal(policies.standingOf({ deviceId: DEVICE_A, group: 'office' }), undefined)
      })
      const registry = new Registry(openRegistryFile(join(directory, REGISTRY_FILE), () => {}))
      const log: string[] = []
      for (let starts = 0; starts < 2; starts++)
        openFleetPolicies(directory, {
          ...{ registry, counters: new Counters(), now: () => AT, log: (text) => log.push(text) },
          isHeard: () => true,
        }).close()
      registry.close()
      assert.deepEqual(
        [log.length, log[0]?.slice(0, 36)],
        [1, 'what 1 device said of policies was m'],
      )
    })
  })

  describe('of a device that nobody has admitted', () => {
    let fleet: Fleet
    beforeEach(async () => {
      fleet = await runFleet()
    })
    afterEach(() => fleet.stop())

    it('is kept in 6 KiB, shown as far, and counted', async () => {
      const agent = await comeBy(fleet, DEVICE_A)
      const { hello } = helloOf(DEVICE_A)
      agent.send({ kind: 'hello', hello: { ...hello, capabilities: Capability.policy } })
      await agent.expect('welcome')
      agent.send({ kind: 'policyReport', report: reportOf('\u0001'.repeat(1000)) })
      await until(() => fleet.collector.counters()['policyReportsCut'] === 1)
      const { devices } = await fleet.json<PolicyResponse>('/api/policy')
      assert.equal(devices[0]?.suppressed, 99)
      assert.equal(devices[0]?.documents.length, 3)
      assert.match(`${devices[0]?.documents[0]?.text}`, /^\p{Cc}{100,}…$/u)
      assert.ok(Buffer.byteLength(JSON.stringify(devices)) < 2 * REPORT_BYTES_MAX)
      const database = new DatabaseSync(join(fleet.stateDir, POLICIES_FILE), { readOnly: true })
      try {
        const bytes = () =>
          Number(database.prepare('SELECT max(octet_length(report)) AS b FROM report').get()?.['b'])
        await until(() => bytes() > 0)
        assert.ok(bytes() <= REPORT_BYTES_MAX, `${bytes()} bytes`)
      } finally {
        database.close()
      }
      assert.equal(
        fleet.withRegistry((registry) => registry.device(DEVICE_A)?.standing),
        'quarantined',
      )
    })
  })
})
