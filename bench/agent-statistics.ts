// What our half of a query of all flows costs, each second: native/bench/statistics_book.cc, compiled and run here over
// dictionaries as plain values. What the framework and the kernel cost before it is a Mac's to say.
import { WHY_NOT_COMPILED, withCompiled } from './compiled.ts'
import type { Row } from './row.ts'

const SOURCES = ['flow_book', 'flow_heirs', 'flow_owners', 'flow_telling', 'flow_twins']
const MADE_OF = {
  sources: ['bench/statistics_book.cc', ...SOURCES.map((source) => `mac/statistics/${source}.cc`)],
  flags: ['-I.'],
}
const FLOWS = 2_000
const SECONDS = 200
/** Percent of a core. */
const SHARE_MAX = 1
const NAME = `agent statistics, ${FLOWS.toLocaleString('en-US')} flows a second`

type Figures = { bookNsPerS: number; sumsNsPerS: number }

export async function statisticsBook(): Promise<Row[]> {
  if (process.platform !== 'linux') return notMeasured('it is measured on Linux')
  const rows = await withCompiled(MADE_OF, async ({ compiler, run }) => {
    const figures = JSON.parse(await run(`${FLOWS}`, `${SECONDS}`)) as Figures
    const share = figures.bookNsPerS / 1e7
    return [
      {
        name: NAME,
        value: share,
        unit: '% of a core',
        rival: `two maps of sums by process, ${(figures.sumsNsPerS / 1e7).toFixed(3)} % (${compiler})`,
        ratio: figures.bookNsPerS / figures.sumsNsPerS,
        target: `<= ${SHARE_MAX} %`,
        met: share <= SHARE_MAX,
      },
    ]
  })
  return rows ?? notMeasured(WHY_NOT_COMPILED)
}

const notMeasured = (why: string): Row[] => [
  { name: NAME, value: Number.NaN, unit: '% of a core', rival: `not measured: ${why}` },
]
