// What is told of installs: how many of them, how many alerts of them, kind by kind and signer by signer.
import assert from 'node:assert/strict'
import type { MachineResult, Subject } from '../../src/eval/machine-result.ts'
import { type Report, reportOf } from '../../src/eval/report.ts'
import { tablesOf } from '../../src/eval/report-tables.ts'
import { RARITY } from '../../src/eval/today.ts'

const LEAST = 60
const installed = (
  name: string,
  signer: Subject['signer'],
  ...scores: readonly number[]
): Subject => ({
  ...{ label: 'install', name, signer, cell: -1, bytesOut: 9, possibleOut: 9 },
  steps: [scores.slice(0, 1).map((score) => [0, score, 9])],
  scores: [[...scores]],
})
const machine = (seed: number, subjects: Subject[]): MachineResult => ({
  ...{ seed, name: '', reports: 0, injectedReports: 0, tookMs: 0 },
  ...{ detectors: [RARITY], apps: [[]], whole: [], subjects },
})
const reportOn = (...subjects: Subject[][]): Report =>
  reportOf(
    subjects.map((own, seed) => machine(seed, own)),
    [LEAST],
  )
const tableOf = (report: Report, title: string): { heads: string[]; rows: string[][] } => {
  const table = tablesOf({ madeUp: report, logs: [] }).find((one) => one.title === title)
  assert.ok(table, title)
  return table
}
const cells = ({ heads, rows }: { heads: string[]; rows: string[][] }, row: string, head: string) =>
  rows.find(([name]) => name === row)?.[heads.indexOf(head)]

describe('installs', () => {
  const report = reportOn(
    [installed('sync', 'notarized', 90, 70, 59), installed('backup', 'adhoc', 80)],
    [installed('sync', 'unsigned'), installed('sync, recorded', 'notarized', 59)],
  )

  it('are told in so many, and alerts of them are another number', () => {
    const [natural] = report.detectors[0]?.spent ?? []
    assert.deepEqual(
      [natural?.installs.of, natural?.installs.found, natural?.installs.alerts],
      [4, 2, 3],
    )
    const own = tableOf(report, 'At their own thresholds')
    assert.match(cells(own, RARITY, 'installs told') ?? '', /^50 % \(.*; 2\/4\)$/)
    assert.equal(cells(own, RARITY, 'alerts an install'), '0.75')
    const budget = tableOf(report, 'Newly installed legitimate programs')
    // Without a false alert the budget allows whatever has a score.
    assert.equal(cells(budget, RARITY, 'alerts an install'), '1.25')
  })

  it('are of a kind and of a signer, and what was recorded is a kind of its own', () => {
    const kinds = tableOf(report, `Installs by kind: ${RARITY}`)
    const [, ...heads] = kinds.heads
    assert.deepEqual(heads, [
      ...['installs', 'alerts', 'alerts an install', 'told', 'adhoc', 'notarized', 'unsigned'],
    ])
    const rowOf = (kind: string) => kinds.rows.find(([name]) => name === kind)?.slice(1)
    assert.deepEqual(rowOf('sync'), [...['2', '2', '1.00', '50 % (9-91; 1/2)', '-', '1/1', '0/1']])
    assert.deepEqual(rowOf('backup')?.slice(0, 3), ['1', '1', '1.00'])
    assert.deepEqual(rowOf('sync, recorded')?.slice(0, 3), ['1', '0', '0.00'])
    assert.deepEqual(rowOf('system-cloud'), [
      ...['0', '0', '-', 'comes with the system', '-', '-', '-'],
    ])
  })
})
