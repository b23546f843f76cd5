// What one engine finds of which attacks and installs, more closely than detectors are held against each other.
import { GRID } from './grid.ts'
import { KINDS } from './kinds.ts'
import type { DetectorReport } from './report.ts'
import { alertsAnInstall, at, percent, plain, sizeOf, type Table } from './report-text.ts'

export const engineTables = (engine: DetectorReport): Table[] => [
  sizeTable(engine),
  sideTable(engine),
  flowsTable(engine),
  kindTable(engine),
]

export function sizeTable(engine: DetectorReport): Table {
  const spent = at(engine, 'natural')
  const sizes = Object.keys(spent?.by['bytes'] ?? {}).sort((a, b) => Number(a) - Number(b))
  return {
    title: `By signer and size: ${engine.name}`,
    about: 'Per cent found at its own threshold, answers not padded.',
    heads: ['signer', ...sizes.map((bytes) => sizeOf(Number(bytes)))],
    rows: Object.entries(spent?.bySignerAndBytes ?? {}).map(([signer, of]) => [
      signer,
      ...sizes.map((bytes) => plain(of[bytes])),
    ]),
  }
}

const sideTable = (engine: DetectorReport): Table => ({
  title: `By shape: ${engine.name}`,
  about: 'Found at its own threshold; answers not padded, except where the answer is the row.',
  heads: ['side', 'value', 'found'],
  rows: Object.entries(at(engine, 'natural')?.by ?? {}).flatMap(([side, values]) =>
    side === 'signer' || side === 'bytes'
      ? []
      : Object.entries(values)
          .sort(([a], [b]) => Number(a) - Number(b) || (a < b ? -1 : 1))
          .map(([value, found]) => [side, value, percent(found)]),
  ),
})

function flowsTable(engine: DetectorReport): Table {
  const of = at(engine, 'natural')?.byFlowsAndResponse ?? {}
  return {
    title: `By flows and answer: ${engine.name}`,
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

/** What comes with the system is no install, and stands there to say so. */
function kindTable(engine: DetectorReport): Table {
  const spent = at(engine, 'natural')
  const signers = Object.keys(spent?.installsBySigner ?? {})
  const byKind = spent?.installsByKind ?? {}
  const never = KINDS.filter(({ isPlatform }) => isPlatform).map(({ name }) => name)
  return {
    title: `Installs by kind: ${engine.name}`,
    about:
      'At its own threshold: one of each kind a machine, with a signer drawn as people’s are, and each benign program that was recorded. By signer: told of so many.',
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
