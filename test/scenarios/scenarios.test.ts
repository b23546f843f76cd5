// Each day and night of the made-up Mac, as committed: what it raises, and that it is what the generator makes.
// UPDATE_GOLDEN=1 writes the captures and golden.json anew; the expectations are the author's and stand in the
// stories.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { STORIES } from '../../scripts/scenario/stories.ts'
import {
  learntRows,
  SCENARIO_DIRECTORY,
  SYNTHETIC,
  scenarioCapture,
} from '../../scripts/scenarios.ts'
import type { Alert, Severity } from '../../src/engine/finding.ts'
import { openSource } from '../../src/replay/open.ts'
import { replay } from '../../src/replay/replay.ts'
import { readBack } from '../capture/captures.ts'

const GOLDEN = new URL('golden.json', import.meta.url)
const BYTES_MAX = 1_000_000
const RANK: Record<Severity, number> = { low: 1, medium: 2, high: 3 }
const isUpdate = process.env['UPDATE_GOLDEN'] === '1'
const RENEW = "UPDATE_GOLDEN=1 npm test -- 'test/scenarios/*.test.ts' renews it"

const pathOf = (name: string): string => join(SCENARIO_DIRECTORY, `${name}.fcap`)

/** What a golden file keeps of an alert: what would be wrong if it changed unseen. */
const goldenOf = (alert: Alert) => ({
  id: alert.id,
  identity: alert.identity.key,
  responsible: alert.responsibleKey ?? '',
  destination: alert.destination.key,
  revision: alert.revision,
  state: alert.state,
  severity: alert.severity,
  openedAt: new Date(Number(alert.openedAt / 1_000_000n)).toISOString(),
  bytesOut: alert.bytesOut,
  bytesIn: alert.bytesIn,
  flows: alert.flows,
  silentFlows: alert.silentFlows,
  sentence: alert.sentence,
  reasons: alert.reasons.map(({ term, text }) => `${term}: ${text}`),
})

describe('scenarios', () => {
  const alerts = new Map<string, Alert[]>()

  before(() => {
    if (!isUpdate) return
    mkdirSync(SCENARIO_DIRECTORY, { recursive: true })
    const rows = learntRows()
    for (const story of STORIES) writeFileSync(pathOf(story.name), scenarioCapture(story, rows))
  })

  for (const story of STORIES)
    it(`${story.name}: ${story.about}`, async () => {
      const last = new Map<string, Alert>()
      const source = await openSource(pathOf(story.name), {})
      const report = await replay(source, {
        onFindings: (findings) => {
          for (const finding of findings)
            if (finding.kind === 'alert') last.set(finding.alert.id, finding.alert)
        },
      })
      assert.deepEqual(source.damage(), { listed: [], places: 0, count: 0, unit: 'bytes' })
      assert.ok(report.records > 400)
      const found = [...last.values()]
      alerts.set(story.name, found)
      assert.deepEqual(
        found.map(({ identity, destination, bytesOut, flows, state }) => ({
          program: identity.name,
          to: destination.hostname || destination.address,
          bytesOut,
          flows,
          state,
        })),
        story.expects.map(({ program, to, bytesOut, flows }) => ({
          program,
          to,
          bytesOut,
          flows,
          state: 'final',
        })),
      )
      story.expects.forEach(({ key, atLeast }, i) => {
        const alert = found[i] as Alert
        assert.ok(alert.identity.key.startsWith(key), alert.identity.key)
        assert.ok(RANK[alert.severity] >= RANK[atLeast], alert.severity)
      })
    })

  it(`raise what they raised before; ${RENEW}`, () => {
    const made = Object.fromEntries(
      STORIES.map(({ name }) => [name, (alerts.get(name) ?? []).map(goldenOf)]),
    )
    if (isUpdate) writeFileSync(GOLDEN, `${JSON.stringify(made, undefined, 2)}\n`)
    assert.deepEqual(made, JSON.parse(readFileSync(GOLDEN, 'utf8')))
  })

  it(`are what the generator makes, and nothing else lies beside them; ${RENEW}`, async () => {
    const rows = learntRows()
    assert.ok(rows.length > 20)
    for (const story of STORIES) {
      const committed = await readBack(new Uint8Array(readFileSync(pathOf(story.name))))
      const made = await readBack(scenarioCapture(story, rows))
      assert.deepEqual(Buffer.from(committed.records), Buffer.from(made.records), story.name)
      const others = (events: typeof made.events) => events.filter(({ kind }) => kind !== 'records')
      assert.deepEqual(others(committed.events), others(made.events), story.name)
    }
    assert.deepEqual(
      readdirSync(SCENARIO_DIRECTORY).sort(),
      STORIES.map(({ name }) => `${name}.fcap`).sort(),
    )
  })

  it('say that they are made up, and are small', async () => {
    let bytes = 0
    for (const { name } of STORIES) {
      assert.ok(existsSync(pathOf(name)))
      bytes += statSync(pathOf(name)).size
      const [header] = (await readBack(new Uint8Array(readFileSync(pathOf(name))))).events
      assert.ok(header?.kind === 'header')
      assert.equal(header.header.synthetic, SYNTHETIC)
      assert.equal(header.header.host.hostname, `synthetic-${name}`)
    }
    assert.ok(bytes < BYTES_MAX, `${bytes} B`)
  })
})
