// A report as one page of HTML that needs nothing else: the tables, and curves drawn as SVG. What is in it are our own words and
// numbers; they are escaped all the same.
import type { Evaluation } from './evaluate.ts'
import type { Report, Share } from './report.ts'
import { type Table, tablesOf } from './report-tables.ts'

const WIDTH = 640
const HEIGHT = 300
const LEFT = 46
const BOTTOM = 34
const COLOURS = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#777777',
  '#000000',
]

export function pageOf(
  evaluation: Evaluation,
  heading: { title: string; lines: readonly string[] },
): string {
  const body = [
    `<h1>${escaped(heading.title)}</h1>`,
    ...heading.lines.map((line) => `<p>${escaped(line)}</p>`),
    budgetCurve(evaluation.madeUp),
    sizeCurve(evaluation.madeUp),
    ...tablesOf(evaluation).map(tableHtml),
  ]
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(heading.title)}</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1b1b1b; background: #fff }
table { border-collapse: collapse; font-variant-numeric: tabular-nums } th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #ddd; vertical-align: top }
.wide { overflow-x: auto } svg { max-width: 100%; height: auto } h2 { margin-top: 2.2rem }
</style></head><body>
${body.join('\n')}
</body></html>
`
}

type Line = { name: string; points: { x: number; share: Share }[] }

/** Recall by budget, a line a detector. */
function budgetCurve({ detectors }: Report): string {
  const lines = detectors
    .filter(({ name }) => !name.includes(' without '))
    .map(({ name, curve }) => ({
      name,
      points: curve.map(({ allowed, recall }) => ({ x: allowed, share: recall })),
    }))
    // Who finds most in all; eight are told apart.
    .sort((a, b) => sumOf(b) - sumOf(a) || (a.name < b.name ? -1 : 1))
  const first = lines.find(({ name }) => name === detectors[0]?.name)
  const shown = [...(first ? [first] : []), ...lines.filter((line) => line !== first)].slice(0, 8)
  return chart('Found, by false alerts a host-day allowed', shown, (x) => `${x}`)
}

const sumOf = ({ points }: Line): number =>
  points.reduce((sum, { share }) => sum + share.found / Math.max(1, share.of), 0)

/** The first detector's recall by size, a line a signer. */
function sizeCurve({ detectors }: Report): string {
  const spent = detectors[0]?.spent.find(({ budget }) => budget === 0.5)
  const lines = Object.entries(spent?.bySignerAndBytes ?? {}).map(([name, sizes]) => ({
    name,
    points: Object.entries(sizes)
      .map(([bytes, share]) => ({ x: Number(bytes) / 1_048_576, share }))
      .sort((a, b) => a.x - b.x),
  }))
  const title = `${detectors[0]?.name ?? ''}: found by MiB sent (not padded), at 0.5 a host-day`
  return chart(title, lines, (x) => `${x}`)
}

/** x on a logarithm; the bands are Wilson's intervals. */
function chart(title: string, lines: readonly Line[], text: (x: number) => string): string {
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(({ x }) => x)))].sort(
    (a, b) => a - b,
  )
  const [least = 1] = xs
  const most = xs.at(-1) ?? 1
  const width = Math.max(1e-9, Math.log(most / least))
  const atX = (x: number): string =>
    (LEFT + (Math.log(x / least) / width) * (WIDTH - LEFT - 180)).toFixed(1)
  const atY = (share: number): string => (10 + (1 - share) * (HEIGHT - BOTTOM - 10)).toFixed(1)
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<line x1="${LEFT}" x2="${WIDTH - 180}" y1="${atY(share)}" y2="${atY(share)}" stroke="#ddd"/><text x="4" y="${atY(share)}" dy="4">${share * 100} %</text>`,
  )
  const ticks = xs.map(
    (x) => `<text x="${atX(x)}" y="${HEIGHT - 12}" text-anchor="middle">${text(x)}</text>`,
  )
  const drawn = lines.map(({ name, points }, index) => {
    const colour = COLOURS[index % COLOURS.length] as string
    const line = points.map(
      ({ x, share }) => `${atX(x)},${atY(share.found / Math.max(1, share.of))}`,
    )
    const band = [
      ...points.map(({ x, share }) => `${atX(x)},${atY(share.high)}`),
      ...points.toReversed().map(({ x, share }) => `${atX(x)},${atY(share.low)}`),
    ]
    return `<polygon points="${band.join(' ')}" fill="${colour}" opacity="0.1"/><polyline points="${line.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/><text x="${WIDTH - 170}" y="${20 + index * 18}" fill="${colour}">${escaped(name)}</text>`
  })
  return `<h2>${escaped(title)}</h2><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escaped(title)}" font-size="12" font-family="system-ui, sans-serif">${[...grid, ...ticks, ...drawn].join('')}</svg>`
}

const tableHtml = ({ title, about, heads, rows }: Table): string =>
  `<h2>${escaped(title)}</h2><p>${escaped(about)}</p><div class="wide"><table><thead><tr>${heads
    .map((head) => `<th scope="col">${escaped(head)}</th>`)
    .join('')}</tr></thead><tbody>${rows
    .map((row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`)
    .join('')}</tbody></table></div>`

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
