// What our half of a look at the list of processes costs, four a second: native/bench/process_list.cc, compiled and run
// here over the system's calls as plain values. What the calls cost is a Mac's to say; how many there are is printed.
import { WHY_NOT_COMPILED, withCompiled } from './compiled.ts'
import type { Row } from './row.ts'

const MADE_OF = {
  sources: [
    'bench/process_list.cc',
    'mac/polling/process_watch.cc',
    'mac/running.cc',
    'mac/dyld_rules.cc',
    'script_paths.cc',
    'script_rules.cc',
  ],
  flags: ['-I.'],
}
const PROCESSES = 600
const SECONDS = 200
/** Percent of a core. */
const SHARE_MAX = 1
const NAME = `agent polling, ${PROCESSES} processes four times a second`

type Figures = {
  watchNsPerS: number
  watchAskedPerS: number
  allNsPerS: number
  allAskedPerS: number
}

export async function processList(): Promise<Row[]> {
  if (process.platform !== 'linux') return notMeasured('it is measured on Linux')
  const rows = await withCompiled(MADE_OF, async ({ compiler, run }) => {
    const figures = JSON.parse(await run(`${PROCESSES}`, `${SECONDS}`)) as Figures
    const share = figures.watchNsPerS / 1e7
    const asked = (count: number): string => count.toLocaleString('en-US')
    return [
      {
        name: NAME,
        value: share,
        unit: '% of a core',
        rival: `all named with each look, ${(figures.allNsPerS / 1e7).toFixed(3)} %, and ${asked(figures.allAskedPerS)} calls of the system a second for ${asked(figures.watchAskedPerS)} (${compiler})`,
        ratio: figures.watchNsPerS / figures.allNsPerS,
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
