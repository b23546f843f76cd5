// What the network filter's flow ledger carries on one core, and what memory it takes: native/bench/filter_ledger.cc,
// compiled and run here. The ledger is plain C++; what the kernel and NetworkExtension cost before it is a Mac's to say.
import { WHY_NOT_COMPILED, withCompiled } from './compiled.ts'
import type { Bench, Row } from './row.ts'

const SOURCES = ['endpoint_text', 'flow_batch', 'flow_ledger', 'flow_rows', 'queued_report']
const MADE_OF = {
  sources: ['bench/filter_ledger.cc', ...SOURCES.map((source) => `mac/filter/${source}.cc`)],
  flags: ['-I.'],
}
/** The last is three times what the table holds. */
const OPEN_FLOWS = [100, 10_000, 100_000] as const
const EVENTS_PER_S = 1_000_000
/** Of what a million events took, after ten million. */
const GROWTH_MAX = 1.01

type Figures = Record<
  | 'eventsPerS'
  | 'pushNs'
  | 'tellNs'
  | 'plainEventsPerS'
  | 'onceMb'
  | 'tenfoldMb'
  | 'allocations'
  | 'flows',
  number
>

async function ledger(): Promise<Row[]> {
  if (process.platform !== 'linux') return notMeasured('it is measured on Linux')
  const rows = await withCompiled(MADE_OF, async ({ compiler, run }) => {
    const made: Row[] = []
    for (const open of OPEN_FLOWS)
      made.push(...rowsOf(open, compiler, JSON.parse(await run(String(open))) as Figures))
    return made
  })
  return rows ?? notMeasured(WHY_NOT_COMPILED)
}

function rowsOf(open: number, compiler: string, figures: Figures): Row[] {
  if (figures.allocations !== 0)
    throw new Error(`the ledger allocates: ${figures.allocations} times in nine million events`)
  const { eventsPerS, plainEventsPerS, pushNs, tellNs, onceMb, tenfoldMb } = figures
  return [
    {
      name: nameOf(open, 'events'),
      value: eventsPerS,
      unit: 'events/s',
      rival: `strings in a locked unordered_map (${compiler}); pushing ${Math.round(pushNs)} ns, telling ${Math.round(tellNs)} ns`,
      ratio: eventsPerS / plainEventsPerS,
      target: '>= 1,000,000 on one core',
      met: eventsPerS >= EVENTS_PER_S,
    },
    {
      name: nameOf(open, 'memory'),
      value: tenfoldMb,
      unit: 'MB',
      rival: `itself after a tenth of the events, ${onceMb.toFixed(1)} MB; ${thousands(figures.flows)} rows`,
      ratio: tenfoldMb / onceMb,
      target: `<= ${GROWTH_MAX}x`,
      met: tenfoldMb <= onceMb * GROWTH_MAX,
    },
  ]
}

const nameOf = (open: number, what: 'events' | 'memory'): string =>
  `filter ledger ${what}, ${thousands(open)} open`

const thousands = (count: number): string => count.toLocaleString('en-US')

const notMeasured = (why: string): Row[] =>
  OPEN_FLOWS.flatMap((open) => [
    {
      name: nameOf(open, 'events'),
      value: Number.NaN,
      unit: 'events/s',
      rival: `not measured: ${why}`,
    },
    { name: nameOf(open, 'memory'), value: Number.NaN, unit: 'MB', rival: `not measured: ${why}` },
  ])

export const benches: Bench[] = [{ name: 'filter ledger', run: ledger }]
