// What a swarm has come to, for a person.
import { counted } from '../engine/sentence.ts'
import { printable } from '../printable.ts'
import type { Load } from '../swarm/swarm.ts'
import { generatedOf, quantile, type Tally } from '../swarm/tally.ts'
import { grouped } from './replay-progress.ts'

/** In one line, as it goes. */
export const swarmLine = (tally: Tally): string =>
  `${grouped(tally.connected)} of ${grouped(tally.agents)} connected, ${grouped(generatedOf(tally))} made, ${grouped(tally.acknowledged)} acknowledged, longest ${timeText(quantile(tally.latency, 1))}`

export function swarmLines(tally: Tally, load: Load, elapsedMs: number): string[] {
  const made = generatedOf(tally)
  const { alert, sighting, summary } = tally.generated
  const lines: [string, string][] = [
    [
      'agents',
      `${grouped(tally.agents)}, ${tally.connectedMost === tally.agents ? 'all' : `at most ${grouped(tally.connectedMost)}`} connected at once, ${grouped(tally.welcomed)} connections in ${timeText(elapsedMs)}`,
    ],
    [
      'generated',
      `${grouped(made)} items (${counted(alert, 'alert')}, ${counted(sighting, 'sighting')}, ${counted(summary, 'summary', 'summaries')})${tally.heldBack > 0 ? `; ${grouped(tally.heldBack)} not made, as much waited` : ''}`,
    ],
    [
      'acknowledged',
      `${grouped(tally.acknowledged)}; ${grouped(tally.refused)} refused, ${grouped(tally.waiting)} waiting at the end`,
    ],
    ['latency', `${spread(tally.latency)}, from made to acknowledged`],
  ]
  if (load.againShare > 0)
    lines.push([
      'sent again',
      `${grouped(tally.sentAgain)} that were acknowledged, ${grouped(tally.acknowledgedAgain)} acknowledged again`,
    ])
  if (tally.cut > 0)
    lines.push([
      'storms',
      `${grouped(load.storms)}, ${grouped(tally.cut)} connections cut; back: ${spread(tally.returned)}`,
    ])
  for (const [version, { agents, firstMs, lastMs }] of Object.entries(tally.policies))
    lines.push([
      'policy',
      `version ${version} in force on ${grouped(agents)}, the last ${timeText(lastMs - firstMs)} after the first`,
    ])
  for (const [reason, count] of Object.entries(tally.ends).toSorted(([, a], [, b]) => b - a))
    lines.push(['ended', `${grouped(count)}: ${printable(reason)}`])
  return lines.map(([name, text]) => `${name.padEnd(13)} ${text}`)
}

const spread = (histogram: readonly number[]): string =>
  `half within ${timeText(quantile(histogram, 0.5))}, 95 % ${timeText(quantile(histogram, 0.95))}, 99 % ${timeText(quantile(histogram, 0.99))}, all ${timeText(quantile(histogram, 1))}`

function timeText(ms: number | undefined): string {
  if (ms === undefined) return '-'
  return ms < 1000
    ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
    : `${(ms / 1000).toFixed(1)} s`
}
