// Runs the benches and prints a table: `npm run bench`, `npm run bench -- --only engine`, `-- --json`.
// Figures are of this machine at this moment; ratios against a rival of the same run travel better.
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Bench, Row } from './row.ts'

const AREAS = ['engine', 'detect', 'filter', 'delivery', 'collector', 'fleet', 'agent']

/** The benches of one area; none when its file is not there. */
async function benchesOf(area: string): Promise<Bench[]> {
  const file = new URL(`./${area}.ts`, import.meta.url)
  if (!existsSync(file)) return []
  const { benches } = (await import(file.href)) as { benches: Bench[] }
  return benches
}

/** Aligned columns; numbers to the right. */
export function table(rows: readonly Row[]): string {
  const head = ['name', 'value', 'unit', 'ratio', 'rival', 'target', 'met']
  const cells = rows.map((row) => [
    row.name,
    figure(row.value),
    row.unit,
    row.ratio === undefined ? '' : `${figure(row.ratio)}x`,
    row.rival ?? '',
    row.target ?? '',
    row.met === undefined ? '' : row.met ? 'yes' : 'NO',
  ])
  const widths = head.map((title, column) =>
    Math.max(title.length, ...cells.map((cell) => (cell[column] ?? '').length)),
  )
  const right = new Set([1, 3])
  return [head, ...cells]
    .map((cell) =>
      cell
        .map((text, column) =>
          right.has(column) ? text.padStart(widths[column]!) : text.padEnd(widths[column]!),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Three significant figures, whole numbers whole, thousands apart. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const digits =
    Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { json: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
  })
  const all = (await Promise.all(AREAS.map(benchesOf))).flat()
  // `--only` may name an area, a bench, or one row of a bench.
  const chosen = all.filter(
    ({ name }) => name.startsWith(values.only) || values.only.startsWith(name),
  )
  const unknown = () => {
    const names = all.map((bench) => bench.name).join(', ')
    console.error(`bench: nothing is called ${values.only || 'anything'}; there are: ${names}`)
    return 2
  }
  if (chosen.length === 0) return unknown()
  const rows: Row[] = []
  let failed = 0
  for (const bench of chosen) {
    try {
      const made = await bench.run()
      rows.push(
        ...(bench.name.startsWith(values.only)
          ? made
          : made.filter((row) => row.name.startsWith(values.only))),
      )
    } catch (error) {
      failed++
      console.error(`bench ${bench.name} failed:`, error)
    }
  }
  if (rows.length === 0 && failed === 0) return unknown()
  console.log(values.json ? JSON.stringify(rows, undefined, 2) : table(rows))
  return failed === 0 ? 0 : 1
}

if (import.meta.main) process.exitCode = await main()
