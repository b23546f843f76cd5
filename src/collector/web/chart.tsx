// Bytes out above the line and in below it, over time; the same numbers as a table beside the canvas.
import 'uplot/dist/uPlot.min.css'
import { useEffect, useRef, useState } from 'preact/hooks'
import type uPlot from 'uplot'
import type { AlertDetail, NsText } from '../views/page-api.ts'
import { bytesExact, bytesText, countText, durationText, tickTexts } from './format.ts'
import { Clock } from './parts.tsx'
import { busyColumns, type Column, chartSeries, columnAt, columns } from './timeline.ts'

const HEIGHT_PX = 230

type Mark = { at: NsText; name: string }

export function Timeline({ alert }: { alert: AlertDetail }) {
  const shown = columns(alert.timeline)
  const marks = alert.revisions
    .filter((revision) => revision.state === 'opened')
    .map(({ updatedAt }) => ({ at: updatedAt, name: 'alert opened' }))
  if (shown.length === 0) return <p class="quiet">This alert came without a timeline.</p>
  const each = durationText((shown[0] as Column).spanMs / 1000)
  return (
    <>
      <Chart shown={shown} marks={marks} each={each} />
      <details>
        <summary>As a table</summary>
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col" class="right">
                Out in {each}
              </th>
              <th scope="col" class="right">
                In in {each}
              </th>
            </tr>
          </thead>
          <tbody>
            {busyColumns(shown).map((column) => (
              <tr key={column.startAt}>
                <td>
                  <Clock at={column.startAt} />
                </td>
                <td class="right number">{bytesExact(column.bytesOut)}</td>
                <td class="right number">{bytesExact(column.bytesIn)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <p class="quiet">
          {countText(shown.length - busyColumns(shown).length)} spans in which nothing moved are
          left out.
        </p>
      </details>
    </>
  )
}

function Chart(props: { shown: readonly Column[]; marks: readonly Mark[]; each: string }) {
  const box = useRef<HTMLDivElement>(null)
  const [at, setAt] = useState<number | undefined>(undefined)
  const column = at === undefined ? undefined : columnAt(props.shown, at)
  const fingerprint = JSON.stringify([props.shown, props.marks])
  const [failed, setFailed] = useState(false)
  useEffect(() => {
    const element = box.current
    if (!element) return
    const gone = new AbortController()
    // Loaded when a chart is first wanted. uPlot throws while it loads where the browser's language is
    // not a BCP 47 tag (LANG=C makes it "en-US@posix"): the table beside the chart still has the numbers.
    import('uplot').then(
      ({ default: Plot }) => {
        if (!gone.signal.aborted)
          keepDrawn(
            element,
            () => draw(Plot, element, props.shown, props.marks, setAt),
            gone.signal,
          )
      },
      () => setFailed(true),
    )
    return () => gone.abort()
  }, [fingerprint])
  return (
    <figure class="chart">
      <figcaption>
        <span class="key out">out</span>
        <span class="key in">in</span>
        <span class="reading">
          {column ? (
            <>
              <Clock at={column.startAt} /> · out {bytesText(column.bytesOut)} · in{' '}
              {bytesText(column.bytesIn)}
            </>
          ) : (
            `bytes in each ${props.each}`
          )}
        </span>
      </figcaption>
      {failed ? (
        <p class="quiet">The chart cannot be drawn in this browser; the table has its numbers.</p>
      ) : (
        <div ref={box} class="plot" aria-hidden="true" />
      )}
    </figure>
  )
}

/** Draws, and again when the colours change; follows the width of its element until `gone`. */
function keepDrawn(element: HTMLElement, make: () => uPlot, gone: AbortSignal): void {
  let plot = make()
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const redraw = (): void => {
    plot.destroy()
    plot = make()
  }
  dark.addEventListener('change', redraw, { signal: gone })
  const resized = new ResizeObserver(() => {
    const width = element.clientWidth
    if (width !== plot.width) plot.setSize({ width, height: HEIGHT_PX })
  })
  resized.observe(element)
  gone.addEventListener('abort', () => {
    resized.disconnect()
    plot.destroy()
  })
}

function draw(
  Plot: typeof uPlot,
  element: HTMLElement,
  shown: readonly Column[],
  marks: readonly Mark[],
  onIndex: (index: number | undefined) => void,
): uPlot {
  const style = getComputedStyle(document.documentElement)
  const color = (name: string): string => style.getPropertyValue(name).trim()
  const axis = {
    stroke: color('--muted'),
    grid: { stroke: color('--line'), width: 1 },
    ticks: { stroke: color('--line'), width: 1 },
    font: `11px ${style.fontFamily}`,
  }
  const paths = Plot.paths.stepped?.({ align: 1 })
  const series = (name: string): uPlot.Series => ({
    stroke: color(`--${name}`),
    fill: color(`--${name}-soft`),
    width: 1.5,
    points: { show: false },
    ...(paths ? { paths } : {}),
  })
  return new Plot(
    {
      width: element.clientWidth,
      height: HEIGHT_PX,
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      // In is below the line, and the line is always in the picture.
      scales: { y: { range: (_, least, most) => bounds(least, most) } },
      axes: [
        { ...axis, space: 90, incrs: TICKS_S, values: (_, ticks) => tickTexts(ticks, Date.now()) },
        { ...axis, size: 66, values: (_, ticks) => ticks.map((tick) => bytesText(Math.abs(tick))) },
      ],
      series: [{}, series('out'), series('in')],
      hooks: {
        setCursor: [(plot) => onIndex(plot.cursor.idx ?? undefined)],
        draw: [(plot) => drawMarks(plot, marks, color('--muted'))],
      },
    },
    chartSeries(shown),
    element,
  )
}

/** Whole seconds at least: a tick is printed to the second. */
const TICKS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400]

function bounds(least: number, most: number): [number, number] {
  const above = Math.max(most, 0)
  const below = Math.min(least, 0)
  const height = Math.max(above - below, 1)
  // Room above for the names of the marks.
  return [below - height * 0.06, above + height * 0.18]
}

function drawMarks(plot: uPlot, marks: readonly Mark[], color: string): void {
  const { ctx, bbox } = plot
  ctx.save()
  ctx.strokeStyle = color
  ctx.fillStyle = color
  ctx.font = `${Math.round(11 * devicePixelRatio)}px system-ui, sans-serif`
  ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio])
  for (const mark of marks) {
    const x = plot.valToPos(Number(BigInt(mark.at) / 1000n) / 1e6, 'x', true)
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    const right = x > bbox.left + bbox.width * 0.75
    ctx.textAlign = right ? 'right' : 'left'
    const gap = (right ? -5 : 5) * devicePixelRatio
    ctx.fillText(mark.name, x + gap, bbox.top + 12 * devicePixelRatio)
  }
  ctx.restore()
}
