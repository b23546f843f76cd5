// A report as tables of text: what the terminal, the document and the page show alike.
import type { Evaluation } from './evaluate.ts'
import { GRID } from './grid.ts'
import { KINDS } from './kinds.ts'
import type { Rate } from './rates.ts'
import {
  BUDGETS,
  type DetectorReport,
  type Installs,
  type Report,
  type Share,
  type Spent,
} from './report.ts'
import type { Area } from './statistics.ts'
import { POINTS } from './today.ts'

export type Table = { title: string; about: string; heads: string[]; rows: string[][] }

const MIB = 1_048_576

/** Per cent with Wilson's interval and what it is of. */
export const percent = ({ found, of, low, high }: Share): string =>
  of === 0
    ? '-'
    : `${Math.round((100 * found) / of)} % (${Math.round(100 * low)}-${Math.round(100 * high)}; ${found}/${of})`

/** So many a host-day with the interval and what it is of. */
export const rateText = ({ perDay, low, high, found, of }: Rate, digits = 2): string =>
  `${perDay.toFixed(digits)} (${low.toFixed(digits)}-${high.toFixed(digits)}; ${found}/${of})`

const areaText = (area: Area | undefined): string =>
  area === undefined
    ? '-'
    : `${area.area.toFixed(2)} (${area.low.toFixed(2)}-${area.high.toFixed(2)}; ${area.above}, ${area.below})`

const plain = (share: Share | undefined): string =>
  share === undefined || share.of === 0 ? '-' : `${Math.round((100 * share.found) / share.of)}`

const sizeOf = (bytes: number | undefined): string =>
  bytes === undefined
    ? 'none'
    : bytes >= 1_024 * MIB
      ? `${bytes / (1_024 * MIB)} GiB`
      : bytes >= MIB
        ? `${Number((bytes / MIB).toPrecision(3))} MiB`
        : `${Number((bytes / 1_024).toPrecision(3))} KiB`

const timeOf = (ms: number | undefined): string =>
  ms === undefined
    ? '-'
    : ms < 120_000
      ? `${(ms / 1_000).toFixed(0)} s`
      : ms < 7_200_000
        ? `${(ms / 60_000).toFixed(0)} min`
        : `${(ms / 3_600_000).toFixed(1)} h`

/** Their mean count: of one program there may be three. */
const alertsAnInstall = ({ alerts, of }: Installs): string =>
  of === 0 ? '-' : (alerts / of).toFixed(2)

const dayText = (rate: Rate | undefined): string => (rate === undefined ? '-' : rateText(rate))
const at = ({ spent }: DetectorReport, budget: Spent['budget']): Spent | undefined =>
  spent.find((one) => one.budget === budget)
const isTerm = ({ name }: DetectorReport): boolean => name.startsWith(`${POINTS} without `)

/** Of the terms, those that keep the engine from spending a budget. */
const isWithinBudget = (one: DetectorReport): boolean =>
  !isTerm(one) || /floors|gate/.test(one.name)

export function tablesOf({ madeUp: report, logs }: Evaluation): Table[] {
  const rivals = report.detectors.filter((one) => !isTerm(one))
  const terms = report.detectors.filter((one) => isTerm(one) || one.name === POINTS)
  const today = report.detectors.find(({ name }) => name === POINTS)
  return [
    budgetTable(report, report.detectors.filter(isWithinBudget)),
    naturalTable(rivals),
    costTable(rivals),
    ...(today ? [sizeTable(today), sideTable(today), flowsTable(today)] : []),
    limitTable(rivals),
    installTable(rivals),
    ...(today ? [kindTable(today)] : []),
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

function sizeTable(today: DetectorReport): Table {
  const spent = at(today, 'natural')
  const sizes = Object.keys(spent?.by['bytes'] ?? {}).sort((a, b) => Number(a) - Number(b))
  return {
    title: 'The engine by signer and size',
    about: 'Per cent found at its own threshold, answers not padded.',
    heads: ['signer', ...sizes.map((bytes) => sizeOf(Number(bytes)))],
    rows: Object.entries(spent?.bySignerAndBytes ?? {}).map(([signer, of]) => [
      signer,
      ...sizes.map((bytes) => plain(of[bytes])),
    ]),
  }
}

const sideTable = (today: DetectorReport): Table => ({
  title: 'The engine by shape',
  about: 'Found at its own threshold; answers not padded, except where the answer is the row.',
  heads: ['side', 'value', 'found'],
  rows: Object.entries(at(today, 'natural')?.by ?? {}).flatMap(([side, values]) =>
    side === 'signer' || side === 'bytes'
      ? []
      : Object.entries(values)
          .sort(([a], [b]) => Number(a) - Number(b) || (a < b ? -1 : 1))
          .map(([value, found]) => [side, value, percent(found)]),
  ),
})

function flowsTable(today: DetectorReport): Table {
  const of = at(today, 'natural')?.byFlowsAndResponse ?? {}
  return {
    title: 'The engine by flows and answer',
    about: 'Found at its own threshold, all sizes and signers.',
    heads: ['flows', ...GRID.response],
    rows: GRID.flows.map((flows) => [
      `${flows}`,
      ...GRID.response.map((response) => {
        const found = of[`${flows}`]?.[response]
        return found === undefined ? '-' : percent(found)
      }),
    ]),
  }
}

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

/** What comes with the system is no install, and stands there to say so. */
function kindTable(today: DetectorReport): Table {
  const spent = at(today, 'natural')
  const signers = Object.keys(spent?.installsBySigner ?? {})
  const byKind = spent?.installsByKind ?? {}
  const never = KINDS.filter(({ isPlatform }) => isPlatform).map(({ name }) => name)
  return {
    title: 'Installs by kind',
    about:
      'The engine at its own threshold: one of each kind a machine, with a signer drawn as people’s are, and each benign program that was recorded. By signer: told of so many.',
    heads: ['kind', 'installs', 'alerts', 'alerts an install', 'told', ...signers],
    rows: [
      ...Object.entries(byKind).map(([kind, installs]) => [
        ...[kind, `${installs.of}`, `${installs.alerts}`, alertsAnInstall(installs)],
        percent(installs),
        ...signers.map((signer) => {
          const own = installs.bySigner[signer]
          return own ? `${own.found}/${own.of}` : '-'
        }),
      ]),
      ...never.map((kind) => [
        ...[kind, '0', '0', '-', 'comes with the system'],
        ...signers.map(() => '-'),
      ]),
    ],
  }
}

const rankTable = (rivals: DetectorReport[]): Table => ({
  title: 'Order: attack against install',
  about:
    'How likely an attack scores above an install among what is told at the own threshold (area under the curve): 0.5 is no order. In brackets the 95 % interval (Hanley and McNeil, solved as Newcombe does), attacks and installs.',
  heads: ['detector', 'all', 'unsigned', 'ad hoc', 'Developer ID', 'notarized'],
  rows: rivals.map(({ name, rank }) => [
    name,
    ...['', 'unsigned', 'adhoc', 'developer_id', 'notarized'].map((signer) =>
      areaText(rank[signer]),
    ),
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
