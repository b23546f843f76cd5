// What is summed up of machines, and how it is said: each figure with what chance does to it and what it is of.
import assert from 'node:assert/strict'
import { allCells } from '../../src/eval/grid.ts'
import type { MachineResult, Subject } from '../../src/eval/machine-result.ts'
import { type Report, reportOf } from '../../src/eval/report.ts'
import { tablesOf } from '../../src/eval/report-tables.ts'

const subject = (label: Subject['label'], scores: number[]): Subject => ({
  ...{ label, name: '', signer: 'unsigned', cell: 0, bytesOut: 10, possibleOut: 5 },
  steps: [scores.map((score) => [0, score, 5])],
  scores: [scores],
})
const machine = (seed: number, apps: number[], subjects: Subject[] = []): MachineResult => ({
  ...{ seed, name: '', reports: 1, injectedReports: 1, tookMs: 0, detectors: ['rarity'] },
  ...{ apps: [apps], whole: [{ name: 'new, unsigned', scores: [[9, 8, 7]] }], subjects },
})
const rowOf = (report: Report, title: string): string[] =>
  tablesOf({ madeUp: report, logs: [] }).find((table) => table.title === title)?.rows[0] ?? []

describe('a report', () => {
  it('says of a budget that it was overspent, and that nothing kept it', () => {
    // The even half has nothing to set a threshold by: of the odd one all is told.
    const report = reportOf([machine(0, []), machine(1, [5, 4, 3])], [60])
    const [, , half] = report.detectors[0]?.spent ?? []
    assert.equal(half?.budget, 0.5)
    assert.deepEqual([half.falseAlerts.found, half.falseAlerts.of], [3, 2])
    assert.equal(half.unboundedParts, 1)
    const [, , cell] = rowOf(report, 'Attacks found at equal budgets')
    assert.match(cell ?? '', /\[1\.50 \(\d\.\d\d-\d+\.\d\d; 3\/2\), over, all of a half\]$/)
    // Each has as many as the other: no more than allowed, and none is without a bound.
    const even = reportOf([machine(0, [5, 4, 3]), machine(1, [5, 4, 3])], [60])
    assert.match(
      rowOf(even, 'Attacks found at equal budgets')[2] ?? '',
      /\[0\.00 \(0\.00-1\.84; 0\/2\)\]$/,
    )
    const quiet = reportOf([machine(0, []), machine(1, [])], [60])
    assert.match(rowOf(quiet, 'Attacks found at equal budgets')[2] ?? '', /0\/2\), all of both\]$/)
  })

  it('says alerts a host-day and the order of alerts with intervals and what they are of', () => {
    const told = [
      subject('attack', [90]),
      subject('attack', [70]),
      subject('install', [80]),
      // Below the own threshold: it takes no part in the order.
      subject('install', [10]),
    ]
    const report = reportOf([machine(0, [70, 61], told), machine(1, [])], [60])
    const [, falseAlerts] = rowOf(report, 'At their own thresholds')
    assert.match(falseAlerts ?? '', /^1\.00 \(0\.\d\d-\d\.\d\d; 2\/2\)$/)
    const [, all] = rowOf(report, 'Order: attack against install')
    assert.match(all ?? '', /^0\.50 \(0\.\d\d-0\.\d\d; 2, 1\)$/)
    const [, signer, whole, known] = rowOf(report, 'A whole machine as one program')
    assert.deepEqual([signer, known], ['any', '-'])
    assert.match(whole ?? '', /^0\.00 \(0\.00-1\.84; 0\/2\)$/)
  })

  it('crosses flows with answers', () => {
    const cells = allCells()
    const of = (flows: number, response: string): number =>
      cells.findIndex((cell) => cell.flows === flows && cell.response === response)
    const told = [
      { ...subject('attack', [90]), cell: of(1_000, 'none') },
      { ...subject('attack', [10]), cell: of(1_000, '6 KiB a flow') },
    ]
    const report = reportOf([machine(0, [], told), machine(1, [])], [60])
    const { rows = [] } =
      tablesOf({ madeUp: report, logs: [] }).find(({ title }) => title.includes('flows and')) ?? {}
    assert.deepEqual(
      rows.map(([flows, none, some]) => [flows, none?.slice(-5), some?.slice(-5)]),
      [
        ['1', '-', '-'],
        ['20', '-', '-'],
        ['1000', ' 1/1)', ' 0/1)'],
      ],
    )
  })

  it('parts attacks by whether their answers are padded, and what nobody vouches for from the rest', () => {
    const cells = allCells()
    const of = (signer: string, response: string): number =>
      cells.findIndex((cell) => cell.signer === signer && cell.response === response)
    const attack = (score: number, signer: string, response: string) => ({
      ...subject('attack', [score]),
      cell: of(signer, response),
    })
    const told = [
      attack(90, 'script', 'none'),
      attack(10, 'adhoc', 'a tenth'),
      attack(90, 'notarized', 'none'),
      attack(90, 'unsigned', 'padded'),
    ]
    const report = reportOf([machine(0, [], told), machine(1, [])], [60])
    const shares = rowOf(report, 'Attacks found by part')
    assert.deepEqual(
      shares.slice(1, 4).map((share) => share.slice(-4)),
      ['2/3)', '1/1)', '1/2)'],
    )
  })

  it('weights the order by what people install, and says none where a part of that is missing', () => {
    const install = (score: number, signer: Subject['signer']): Subject => ({
      ...subject('install', [score]),
      signer,
    })
    const told = [
      subject('attack', [90]),
      subject('attack', [70]),
      ...[install(80, 'notarized'), install(95, 'developer_id'), install(65, 'adhoc')],
      // Not told: among all it is below each attack.
      install(10, 'notarized'),
    ]
    const report = reportOf([machine(0, [], told), machine(1, [])], [60])
    assert.deepEqual(rowOf(report, 'Order: attack against install').slice(-2), ['0.520', '0.720'])
    const none = reportOf([machine(0, [], told.slice(0, 3)), machine(1, [])], [60])
    assert.deepEqual(rowOf(none, 'Order: attack against install').slice(-2), ['-', '-'])
  })
})
