// `freshet eval`: how well detectors tell attacks from what is ordinary, on made-up machines, by a seed.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { evaluate } from '../eval/evaluate.ts'
import { readManifest } from '../eval/manifest.ts'
import type { Report } from '../eval/report.ts'
import { pageOf } from '../eval/report-page.ts'
import { type Table, tablesOf } from '../eval/report-tables.ts'
import { readWorkload, type Workload } from '../eval/workload.ts'
import { count } from '../status/amounts.ts'
import { makeFile } from './output-file.ts'
import { ConfigError } from './state.ts'
import { tableLines } from './table.ts'

export type EvalCommand = {
  seed: number
  machines: number
  cells: number
  terms: boolean
  json: boolean
  markdown: boolean
  page?: string
  keep?: string
  manifest: string[]
}

export async function runEvalCommand(options: EvalCommand): Promise<number> {
  const { seed, machines, cells, terms, keep } = options
  const startMs = performance.now()
  let run = 0
  const { workloads, digest } = await workloadsOf(options.manifest)
  const evaluation = await evaluate(
    { seed, machines, cells, withTerms: terms },
    {
      directory: keep,
      workloads,
      code: `${codeDigest()} ${digest}`,
      nowMs: () => performance.now(),
      onMachine({ done, of, injectedReports, isKept }) {
        if (!isKept) run += injectedReports
        if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${of} machines`)
      },
    },
  )
  const tookMs = performance.now() - startMs
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  // How long it took differs from run to run, and is no part of the report.
  console.error(
    `${count(run)} injected flow reports in ${(tookMs / 1_000).toFixed(1)} s: ${count(Math.round((run / tookMs) * 60_000))} a minute`,
  )
  const lines = headingOf(evaluation.madeUp, workloads, options)
  const { page } = options
  if (page !== undefined) {
    const html = Buffer.from(pageOf(evaluation, { title: 'Freshet: evaluation', lines }))
    makeFile({ file: page, what: 'report', isForced: true }, (fd) => {
      for (let at = 0; at < html.length; ) at += writeSync(fd, html, at)
    })
  }
  if (options.json) console.log(JSON.stringify(evaluation))
  else
    console.log(
      [...lines, ...tablesOf(evaluation).flatMap(options.markdown ? markdown : text)].join('\n'),
    )
  return 0
}

const headingOf = (
  report: Report,
  workloads: readonly Workload[],
  { seed, machines, cells, terms, manifest }: EvalCommand,
): string[] => [
  `${report.hostDays} made-up host-days of macOS (seed ${seed}), signer classes assigned; ${count(report.reports)} ordinary and ${count(report.injectedReports)} injected flow reports; ${count(report.attacks)} attacks of the grid, 8 ways around a machine, an install of each kind.`,
  workloads.length === 0
    ? 'Nothing that was recorded is in it.'
    : `Recorded: ${workloads.length}, of which ${workloads.filter(({ row }) => row.label === 'attack').length} attacks and ${workloads.filter(({ row }) => row.source === 'zeek').length} logs; tuned on: ${
        workloads
          .filter(({ row }) => row.tunedOn)
          .map(({ row }) => row.name)
          .join(', ') || 'none'
      }.`,
  `Made by: freshet eval --seed ${seed} --machines ${machines} --cells ${cells}${terms ? ' --terms' : ''}${manifest.map((file) => ` --manifest ${file}`).join('')}`,
]

/** All rows of the manifests, and a digest of them and their files. Throws ConfigError. */
async function workloadsOf(
  manifests: readonly string[],
): Promise<{ workloads: Workload[]; digest: string }> {
  const hash = createHash('sha256')
  const workloads: Workload[] = []
  for (const manifest of manifests) {
    try {
      const text = readFileSync(manifest, 'utf8')
      hash.update(text)
      const pathOf = (file: string): string => resolve(dirname(manifest), file)
      for (const row of readManifest(text).rows) {
        hash.update(readFileSync(pathOf(row.file)))
        workloads.push(await readWorkload(row, pathOf))
      }
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new ConfigError(`${manifest} cannot be used: ${why}`, { cause })
    }
  }
  return { workloads, digest: hash.digest('hex') }
}

const text = ({ title, about, heads, rows }: Table): string[] => [
  '',
  title,
  about,
  ...tableLines(heads, rows, process.stdout.isTTY ? process.stdout.columns : undefined),
]

const markdown = ({ title, about, heads, rows }: Table): string[] => [
  '',
  `### ${title}`,
  '',
  about,
  '',
  `| ${heads.join(' | ')} |`,
  `| ${heads.map(() => '---').join(' | ')} |`,
  ...rows.map((row) => `| ${row.join(' | ')} |`),
]

/** Of all that decides what is found: in a clone the rooms' files, in the bundle the bundle. */
function codeDigest(): string {
  const hash = createHash('sha256')
  const src = join(dirname(import.meta.filename), '..')
  for (const room of ['units.ts', 'records', 'baseline', 'engine', 'eval']) {
    const path = join(src, room)
    if (!existsSync(path)) return hash.update(readFileSync(import.meta.filename)).digest('hex')
    const files = room.endsWith('.ts')
      ? [path]
      : readdirSync(path)
          .sort()
          .map((name) => join(path, name))
    for (const file of files) hash.update(readFileSync(file))
  }
  return hash.digest('hex')
}
