// A report as tables of text: what the terminal, the document and the page show alike.

import type { Evaluation } from './evaluate.ts'
import { BUDGETS, type DetectorReport, type Report, type Spent } from './report.ts'
import { engineTables, sizeTable } from './report-engine.ts'
import {
  alertsAnInstall,
  areaText,
  at,
  dayText,
  percent,
  plain,
  rateText,
  sizeOf,
  type Table,
  timeOf,
} from './report-text.ts'
import { POINTS, RARITY, RARITY_WITH_CONTEXT } from './today.ts'

export type { Table } from './report-text.ts'

const isTerm = ({ name }: DetectorReport): boolean => name.startsWith(`${POINTS} without `)

/** Of the terms, those that keep the engine from spending a budget. */
const isWithinBudget = (one: DetectorReport): boolean =>
  !isTerm(one) || /floors|gate/.test(one.name)

export function tablesOf({ madeUp: report, logs }: Evaluation): Table[] {
  const rivals = report.detectors.filter((one) => !isTerm(one))
  const terms = report.detectors.filter((one) => isTerm(one) || one.name === POINTS)
  // What agents have, as nearly as this run does; and what they had.
  const named = (name: string) => report.detectors.find((one) => one.name === name)
  const present = named(RARITY_WITH_CONTEXT) ?? named(RARITY)
  const points = named(POINTS)
  return [
    budgetTable(report, report.detectors.filter(isWithinBudget)),
    naturalTable(rivals),
    partTable(rivals),
    costTable(rivals),
    ...(present ? engineTables(present) : []),
    ...(points ? [sizeTable(points)] : []),
    limitTable(rivals),
    installTable(rivals),
    rankTable(rivals),
    wholeTable(rivals),
    ...waysTables(rivals),
    ...(logs.length > 0 ? [logTable(logs)] : []),
    ...(terms.length > 1 ? [termTable(terms)] : []),
  ]
}

const budgetTable = ({ hostDays, attacks }: Report, rivals: DetectorReport[]): Table => ({
  title: 'Attacks found at equal budgets',
  about: `Recall with Wilson's 95 % interval, all attacks of the grid (${attacks}), at 0.1, 0.5 and 1 false alerts a host-day allowed; each half of ${hostDays} host-days by the other half's threshold. In brackets: false alerts a host-day that came, with the 95 % interval of a Poisson widened by how much host-days differ, alerts and host-days. over: more came than was allowed; all: of that much all was told, since the other half had no more than its allowance.`,
  heads: ['detector', ...BUDGETS.map((budget) => `budget ${budget}`)],
  rows: rivals.map((one) => [
    one.name,
    ...BUDGETS.map((budget) => {
      const spent = at(one, budget)
      return spent ? `${percent(spent.recall)} [${spendingText(spent, budget)}]` : '-'
    }),
  ]),
})

function spendingText({ falseAlerts, unboundedParts }: Spent, budget: number): string {
  const isOver = falseAlerts.found > Math.floor(budget * falseAlerts.of + 1e-9)
  return [
    rateText(falseAlerts),
    ...(isOver ? ['over'] : []),
    ...(unboundedParts > 0 ? [unboundedParts === 1 ? 'all of a half' : 'all of both'] : []),
  ].join(', ')
}

const naturalTable = (rivals: DetectorReport[]): Table => ({
  title: 'At their own thresholds',
  about:
    'What each tells as its makers set it; of false alerts the interval, alerts and host-days. Precision depends on how many attacks were injected: it compares, it does not predict.',
  heads: [
    ...['detector', 'false alerts a host-day', 'recall'],
    ...['installs told', 'alerts an install', 'precision'],
  ],
  rows: rivals.flatMap((one) => {
    const spent = at(one, 'natural')
    return spent
      ? [
          [
            one.name,
            rateText(spent.falseAlerts),
            percent(spent.recall),
            percent(spent.installs),
            alertsAnInstall(spent.installs),
            percent(spent.precision),
          ],
        ]
      : []
  }),
})

/** Of the grid: what needs no padded answer, what has one, and code that nobody vouches for with scripts. */
const partTable = (rivals: DetectorReport[]): Table => ({
  title: 'Attacks found by part',
  about:
    'Recall at the own threshold, and at 0.5 a host-day, of attacks whose answers are not padded to what was sent, of those that are, and of the former by code that nobody vouches for (unsigned, ad hoc) or by a script.',
  heads: [
    ...['detector', 'not padded', 'padded', 'unvouched and scripts'],
    ...['not padded at 0.5', 'padded at 0.5', 'unvouched and scripts at 0.5'],
  ],
  rows: rivals.map((one) => [
    one.name,
    ...(['natural', 0.5] as const).flatMap((budget) => {
      const spent = at(one, budget)
      if (spent === undefined) return ['-', '-', '-']
      const { recallUnpadded, recallPadded, recallUnvouched } = spent
      return [recallUnpadded, recallPadded, recallUnvouched].map(percent)
    }),
  ]),
})

const costTable = (rivals: DetectorReport[]): Table => ({
  title: 'How soon, and what had left by then',
  about:
    'Of the attacks found at 0.5 a host-day: median and 90th percentile. Beyond the first report: bytes after the first report by which 64 KiB were out. Bursts go at 10 Mbit/s and are reported each 5 s, which is 6 MB.',
  heads: ['detector', 'time to alert', 'bytes at the alert', 'beyond the first possible report'],
  rows: rivals.flatMap((one) => {
    const spent = at(one, 0.5)
    if (spent === undefined) return []
    const { timeToAlertMs: time, bytesAtAlert: out, bytesBeyondFirstPossible: beyond } = spent
    return [
      [
        one.name,
        `${timeOf(time.median)}, ${timeOf(time.p90)}`,
        `${sizeOf(out.median)}, ${sizeOf(out.p90)}`,
        `${sizeOf(beyond.median)}, ${sizeOf(beyond.p90)}`,
      ],
    ]
  }),
})

function limitTable(rivals: DetectorReport[]): Table {
  const signers = Object.keys(rivals[0] ? (at(rivals[0], 0.5)?.limitBytes ?? {}) : {})
  return {
    title: 'Detection limit',
    about:
      'The least size of the grid from which on at least half of the attacks of a class are found (not padded), at 0.5 a host-day.',
    heads: ['detector', ...signers],
    rows: rivals.map((one) => [
      one.name,
      ...signers.map((signer) => sizeOf(at(one, 0.5)?.limitBytes[signer])),
    ]),
  }
}

function installTable(rivals: DetectorReport[]): Table {
  const signers = Object.keys(rivals[0] ? (at(rivals[0], 0.5)?.installsBySigner ?? {}) : {})
  return {
    title: 'Newly installed legitimate programs',
    about:
      'Per cent of installs that are told on their first day, at 0.5 a host-day, and alerts of all of them by their number: of one there may be three.',
    heads: ['detector', 'told', 'alerts an install', ...signers],
    rows: rivals.flatMap((one) => {
      const spent = at(one, 0.5)
      return spent
        ? [
            [
              one.name,
              percent(spent.installs),
              alertsAnInstall(spent.installs),
              ...signers.map((signer) => plain(spent.installsBySigner[signer])),
            ],
          ]
        : []
    }),
  }
}

const rankTable = (rivals: DetectorReport[]): Table => ({
  title: 'Order: attack against install',
  about:
    'How likely an attack scores above an install among what is told at the own threshold (area under the curve): 0.5 is no order. In brackets the 95 % interval (Hanley and McNeil, solved as Newcombe does), attacks and installs. Weighted: against installs of which 80 % are notarized, 8 % Developer ID and 12 % unvouched, an assumption; of what is told, and of all, where what is not told ties.',
  heads: [
    ...['detector', 'all', 'unsigned', 'ad hoc', 'Developer ID', 'notarized'],
    ...['weighted, of what is told', 'weighted, of all'],
  ],
  rows: rivals.map(({ name, rank, rankWeighted }) => [
    name,
    ...['', 'unsigned', 'adhoc', 'developer_id', 'notarized'].map((signer) =>
      areaText(rank[signer]),
    ),
    ...[rankWeighted.told, rankWeighted.all].map((area) => area?.toFixed(3) ?? '-'),
  ]),
})

const wholeTable = (rivals: DetectorReport[]): Table => ({
  title: 'A whole machine as one program',
  about:
    'Alerts a host-day at the own threshold, at most three of one identity; interval, alerts and host-days. Known for long under a signer: one machine in five. No rival knows of signers.',
  heads: ['detector', 'signer', 'new that day', 'known for long'],
  rows: rivals.flatMap((one) => {
    const whole = at(one, 'natural')?.whole ?? {}
    const signers = Object.keys(whole).flatMap((way) =>
      way.startsWith('new, ') ? [way.slice('new, '.length)] : [],
    )
    return signers.map((signer) => [
      one.name,
      signers.length > 1 ? signer : 'any',
      dayText(whole[`new, ${signer}`]),
      dayText(whole[`known, ${signer}`]),
    ])
  }),
})

const waysTables = (rivals: DetectorReport[]): Table[] =>
  [
    wayTable(rivals, 'evasions', 'Ways around'),
    wayTable(rivals, 'recorded', 'Recorded attacks'),
  ].filter(({ rows }) => rows.length > 0)

function wayTable(rivals: DetectorReport[], of: 'evasions' | 'recorded', title: string): Table {
  const names = Object.keys(rivals[0] ? (at(rivals[0], 'natural')?.[of] ?? {}) : {})
  return {
    title,
    about:
      'Per cent of machines on which each is told, at the own threshold and at 0.5 a host-day.',
    heads: ['way', 'machines', ...rivals.map(({ name }) => name)],
    rows: names.map((way) => [
      ...[way, `${(rivals[0] && at(rivals[0], 'natural')?.[of][way]?.of) ?? 0}`],
      ...rivals.map((one) =>
        (['natural', 0.5] as const).map((budget) => plain(at(one, budget)?.[of][way])).join(', '),
      ),
    ]),
  }
}

function logTable(logs: Evaluation['logs']): Table {
  const detectors = logs[0]?.report.detectors.filter((one) => !isTerm(one)) ?? []
  return {
    title: 'Logs of hosts on which nothing left that should not',
    about:
      'Alerts a host-day at the own threshold: split into 30 old applications with new destinations, and the whole host as one new unsigned program.',
    heads: ['detector', ...logs.flatMap(({ name }) => [`${name}, split`, `${name}, whole`])],
    rows: detectors.map((detector, index) => [
      detector.name,
      ...logs.flatMap(({ report }) => {
        const own = report.detectors.filter((one) => !isTerm(one))[index]
        const spent = own && at(own, 'natural')
        return [dayText(spent?.falseAlerts), dayText(spent?.whole['new, unsigned'])]
      }),
    ]),
  }
}

const termTable = (terms: DetectorReport[]): Table => ({
  title: 'One term left out',
  about: 'The engine without each of its terms, at its own threshold.',
  heads: [
    'left out',
    'false alerts a host-day',
    'installs told',
    'alerts an install',
    'recall, not padded',
    'whole machine, new, unsigned',
  ],
  rows: terms.flatMap((one) => {
    const spent = at(one, 'natural')
    return spent
      ? [
          [
            one.name.replace(`${POINTS} without `, ''),
            rateText(spent.falseAlerts, 3),
            percent(spent.installs),
            alertsAnInstall(spent.installs),
            percent(spent.recallUnpadded),
            dayText(spent.whole['new, unsigned']),
          ],
        ]
      : []
  }),
})
