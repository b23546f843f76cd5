// What a run on a Mac found, a point of docs/verify-on-a-mac.md at a time, and the table that is made of it.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** seen: a figure or a word to be read by a person; no rule says what it should be. */
export type Outcome = 'as hoped' | 'otherwise' | 'seen'

export type Finding = {
  /** Such as N2; '' for what is about the machine. */
  point: string
  outcome: Outcome
  /** In a line. */
  text: string
}

const FILE = 'findings.jsonl'
const TEXT_CHARACTERS_MAX = 600

const oneLine = (text: string): string =>
  text.replace(/\s+/g, ' ').trim().slice(0, TEXT_CHARACTERS_MAX)

export function keepFinding(folder: string, finding: Finding): void {
  const kept = { ...finding, text: oneLine(finding.text) }
  appendFileSync(join(folder, FILE), `${JSON.stringify(kept)}\n`)
}

/** In the order in which they were made; none before the first. */
export function keptFindings(folder: string): Finding[] {
  const path = join(folder, FILE)
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Finding)
}

/** Of a point that a step looks at: it ended before, or failed. */
const NOTHING_FOUND = 'its step found nothing of it'

export type Point = { id: string; title: string }

/** The headings "### N2. What it is" of docs/verify-on-a-mac.md, in its order. */
export const pointsOf = (document: string): Point[] =>
  [...document.matchAll(/^### ([A-Z]\d+)\. (.+)$/gm)].map(([, id = '', title = '']) => ({
    id,
    title,
  }))

/** Why a run does not look at a point, as the document's table has it ("| N2, N3 | why |"), by point. */
export const reasonsOf = (document: string): Map<string, string> =>
  new Map(
    [...document.matchAll(/^\| ([A-Z]\d+(?:, [A-Z]\d+)*) \| (.+) \|$/gm)].flatMap(
      ([, ids = '', why = '']) => ids.split(', ').map((id) => [id, why] as const),
    ),
  )

/**
 * Markdown: what the machine is, then a row a point, those that this run looked at first. A finding of a point that the
 * document does not have is told, and not left out.
 */
export function findingsTable(
  points: readonly Point[],
  findings: readonly Finding[],
  reasons: ReadonlyMap<string, string>,
): string {
  const of = (id: string) => findings.filter(({ point }) => point === id)
  const cell = (text: string) => oneLine(text).replaceAll('|', '\\|').replaceAll('<', '&lt;')
  const row = ({ id, title }: Point) =>
    `| ${id} | ${cell(title)} | ${of(id)
      .map(({ outcome, text }) => `**${outcome}**: ${cell(text)}`)
      .join('<br>')} |`
  const known = new Set(points.map(({ id }) => id))
  const strangers = [...new Set(findings.map(({ point }) => point))]
    .filter((id) => id !== '' && !known.has(id))
    .map((id) => ({ id, title: 'not in docs/verify-on-a-mac.md' }))
  const tried = [...points.filter(({ id }) => of(id).length > 0), ...strangers]
  const others = points.filter(({ id }) => of(id).length === 0)
  const otherwise = findings.filter(({ outcome }) => outcome === 'otherwise').length
  return [
    `## ${tried.length} points looked at, ${otherwise} of ${findings.length} findings otherwise than hoped`,
    '',
    ...of('').map(
      ({ outcome, text }) => `- ${outcome === 'seen' ? '' : `${outcome}: `}${cell(text)}`,
    ),
    '',
    '| point | what | found |',
    '| --- | --- | --- |',
    ...tried.map(row),
    '',
    'Not looked at here:',
    '',
    ...[...Map.groupBy(others, ({ id }) => reasons.get(id) ?? NOTHING_FOUND)].map(
      ([why, some]) => `- ${some.map(({ id }) => id).join(', ')}: ${cell(why)}`,
    ),
    '',
  ].join('\n')
}
