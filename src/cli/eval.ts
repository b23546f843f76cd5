// `freshet eval`: how well detectors tell attacks from what is ordinary, on made-up machines, by a seed.
import { existsSync, readFileSync, writeSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { codeDigest, workloadsDigest } from '../eval/dependencies.ts'
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
  context: boolean
  json: boolean
  markdown: boolean
  page?: string
  keep?: string
  threads?: number
  manifest: string[]
}

export async function runEvalCommand(options: EvalCommand): Promise<number> {
  const { seed, machines, cells, terms, context, keep } = options
  const startMs = performance.now()
  let run = 0
  const workloads = await workloadsOf(options.manifest)
  const evaluation = await evaluate(
    { seed, machines, cells, withTerms: terms, withContext: context },
    {
      directory: keep,
      workloads,
      code: `${codeDigest(decidingModule())} ${workloadsDigest(workloads)}`,
      nowMs: () => performance.now(),
      threads: options.threads ?? availableParallelism(),
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

const waysIn = ({ detectors: [first] }: Report): number =>
  Object.keys(first?.spent[0]?.evasions ?? {}).length

const headingOf = (
  report: Report,
  workloads: readonly Workload[],
  { seed, machines, cells, terms, context, manifest }: EvalCommand,
): string[] => [
  `${report.hostDays} made-up host-days of macOS (seed ${seed}), signer classes assigned; ${count(report.reports)} ordinary and ${count(report.injectedReports)} injected flow reports; ${count(report.attacks)} attacks of the grid, ${waysIn(report)} ways around, an install of each kind a machine.`,
  workloads.length === 0
    ? 'Nothing that was recorded is in it.'
    : `Recorded: ${workloads.length}, of which ${workloads.filter(({ row }) => row.label === 'attack').length} attacks and ${workloads.filter(({ row }) => row.source === 'zeek').length} logs; tuned on: ${
        workloads
          .filter(({ row }) => row.tunedOn)
          .map(({ row }) => row.name)
          .join(', ') || 'none'
      }.`,
  `Made by: freshet eval --seed ${seed} --machines ${machines} --cells ${cells}${terms ? ' --terms' : ''}${context ? ' --context' : ''}${manifest.map((file) => ` --manifest ${file}`).join('')}`,
]

/** All rows of the manifests. Throws ConfigError. */
async function workloadsOf(manifests: readonly string[]): Promise<Workload[]> {
  const workloads: Workload[] = []
  for (const manifest of manifests) {
    try {
      const pathOf = (file: string): string => resolve(dirname(manifest), file)
      for (const row of readManifest(readFileSync(manifest, 'utf8')).rows)
        workloads.push(await readWorkload(row, pathOf))
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new ConfigError(`${manifest} cannot be used: ${why}`, { cause })
    }
  }
  return workloads
}

/** In a clone the evaluation's module; in the bundle, which has it in itself, this one. */
function decidingModule(): string {
  const here = import.meta.filename
  const evaluation = join(dirname(here), '../eval/evaluate.ts')
  return existsSync(evaluation) ? evaluation : here
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
