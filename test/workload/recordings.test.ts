// The recordings that are committed: whole, as labelled, and what today's detector makes of them. UPDATE_GOLDEN=1 writes
// golden.json anew; the recordings themselves are made by `npm run workloads` alone.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { flowGroups } from '../../scripts/workload/measured.ts'
import { recordsOf, rowName } from '../../scripts/workload/recorder.ts'
import { noveltiesOf, WORKLOADS } from '../../scripts/workload/table.ts'
import { WORKLOAD_DIRECTORY } from '../../scripts/workloads.ts'
import type { Alert } from '../../src/engine/finding.ts'
import { type ManifestRow, readManifest } from '../../src/eval/manifest.ts'
import { openSource } from '../../src/replay/open.ts'
import { replay } from '../../src/replay/replay.ts'

const GOLDEN = new URL('golden.json', import.meta.url)
const BYTES_MAX = 500_000
const isUpdate = process.env['UPDATE_GOLDEN'] === '1'
const RENEW = "UPDATE_GOLDEN=1 npm test -- 'test/workload/*.test.ts' renews it"

const { rows } = readManifest(readFileSync(join(WORKLOAD_DIRECTORY, 'manifest.json'), 'utf8'))
const pathOf = ({ file }: ManifestRow): string => join(WORKLOAD_DIRECTORY, file)

/** What would be wrong if it changed unseen. */
const goldenOf = ({
  identity,
  destination,
  severity,
  bytesOut,
  bytesIn,
  flows,
  reasons,
}: Alert) => ({
  identity: identity.key,
  destination: destination.key,
  ...{ severity, bytesOut, bytesIn, flows },
  reasons: reasons.map(({ term }) => term).join(' '),
})

const DAY_NS = 24n * 3600n * 1_000_000_000n

/** What the baseline of a capture knows of the programs whose flows it holds, by path. */
async function knownIn(row: ManifestRow) {
  const source = await openSource(pathOf(row), {})
  const days = new Map<string, number>()
  let startedAt = 0n
  let bornAt = 0n
  for await (const event of source.events) {
    if (event.kind === 'header') startedAt = event.header.startedAt
    if (event.kind !== 'baseline') continue
    for (const one of event.rows)
      if (one.kind === 'born') bornAt = one.at
      else if (one.kind === 'identity') {
        const { path, daysActive } = one.identity
        days.set(path, Math.max(days.get(path) ?? 0, daysActive))
      }
  }
  const senders = [
    ...new Set(row.flows.filter((one) => one.remote !== '').map((one) => one.program)),
  ]
  return { days, startedAt, bornAt, senders }
}

describe('recorded workloads', () => {
  const alerts = new Map<string, Alert[]>()

  for (const row of rows)
    it(`${row.name} replays as it was recorded: ${row.about}`, async () => {
      const last = new Map<string, Alert>()
      const source = await openSource(pathOf(row), {})
      const report = await replay(source, {
        onFindings: (findings) => {
          for (const finding of findings)
            if (finding.kind === 'alert') last.set(finding.alert.id, finding.alert)
        },
      })
      assert.equal(source.damage().places, 0)
      // Another detector may find something else, and says so by the golden file.
      assert.match(report.segments.map(({ compared }) => compared).join(), /^(equal|differs)$/)
      alerts.set(row.name, [...last.values()])
    })

  it('hold the flows that their labels are of, to the byte', async () => {
    assert.ok(rows.length > 0)
    for (const row of rows) {
      const labelOf = (remote: string) =>
        row.flows.find((group) => group.remote === remote)?.label ?? 'benign'
      const unseen = row.flows.find(({ remote }) => remote === '')?.label ?? 'benign'
      assert.deepEqual(
        flowGroups(await recordsOf(pathOf(row)), { labelOf, unseen }),
        row.flows,
        row.name,
      )
      for (const { program, remote } of row.flows) {
        assert.notEqual(program, '', `${row.name}: nobody is known to have a flow`)
        // One address is one label's.
        const labels = row.flows.filter((group) => group.remote === remote)
        assert.equal(new Set(labels.map(({ label }) => label)).size, 1, `${row.name}: ${remote}`)
      }
    }
  })

  it('begin with a baseline that is 40 days old, and knows the programs of those that are known alone', async () => {
    for (const row of rows) {
      const known = await knownIn(row)
      const { senders, startedAt, bornAt } = known
      assert.equal((startedAt - bornAt) / DAY_NS, 40n, row.name)
      const days = senders.map((path) => known.days.get(path) ?? 0)
      // What is sent by UDP alone is no flow, here as in the baseline.
      assert.equal(senders.length === 0, row.kind === 'datagrams', row.name)
      const wanted = row.workload === 'sleeper' ? 1 : row.novelty === 'known' ? 30 : 0
      assert.deepEqual(
        days,
        senders.map(() => wanted),
        row.name,
      )
    }
  })

  it('are of the table: every workload as each of its kinds', () => {
    const wanted = WORKLOADS.flatMap((workload) =>
      noveltiesOf(workload).map((novelty) => rowName(workload, novelty)),
    )
    assert.deepEqual(
      rows.map(({ name }) => name),
      wanted,
    )
    const sent = (label: string): number =>
      rows.filter((row) => row.label === label).reduce((sum, { flows }) => sum + flows.length, 0)
    assert.ok(
      new Set(rows.filter(({ label }) => label === 'benign').map((r) => r.workload)).size >= 12,
    )
    assert.ok(rows.filter(({ label }) => label === 'attack').length >= 10)
    assert.ok(sent('benign') > 0 && sent('attack') > 0)
  })

  it('are small, and nothing else lies beside them', () => {
    const files = ['README.md', 'manifest.json', ...rows.map(({ file }) => file)].sort()
    assert.deepEqual(readdirSync(WORKLOAD_DIRECTORY).sort(), files)
    const bytes = files.reduce(
      (sum, file) => sum + statSync(join(WORKLOAD_DIRECTORY, file)).size,
      0,
    )
    assert.ok(bytes < BYTES_MAX, `${bytes} B`)
  })

  it(`raise what they raised before; ${RENEW}`, () => {
    const made = Object.fromEntries(
      rows.map(({ name }) => [name, (alerts.get(name) ?? []).map(goldenOf)]),
    )
    if (isUpdate) writeFileSync(GOLDEN, `${JSON.stringify(made, undefined, 2)}\n`)
    assert.deepEqual(made, JSON.parse(readFileSync(GOLDEN, 'utf8')))
  })
})
