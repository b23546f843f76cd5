// An evaluation: so many machines, each with its share of the grid, one after the other; what is done is kept, so that it can be
// taken up. By its seed the same everywhere.
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { allCells, shuffled } from './grid.ts'
import { runMachine } from './machine.ts'
import type { MachineResult } from './machine-result.ts'
import { createRandom } from './random.ts'
import { type Report, reportOf } from './report.ts'
import { createRivals } from './rivals.ts'
import { todaysDetectors } from './today.ts'

export type EvaluationPlan = {
  seed: number
  machines: number
  /** Attacks of the grid, drawn without replacement; more than there are: all. */
  cells: number
  withTerms: boolean
}

export type Progress = { done: number; of: number; injectedReports: number; isKept: boolean }

export type EvaluationOptions = {
  /** Where results of machines are kept, and taken from where they are there; undefined: nowhere. */
  directory?: string | undefined
  /** What the code is that was run: results of other code are none of this evaluation. */
  code: string
  /** Monotonic, ms. */
  nowMs: () => number
  onMachine?: (progress: Progress) => void
  signal?: AbortSignal
}

/** Seeds of machines lie apart, so that another seed of an evaluation shares none. */
const SEEDS_APART = 10_000

/** Rejects with what node:fs rejects with where results cannot be kept. */
export async function evaluate(plan: EvaluationPlan, options: EvaluationOptions): Promise<Report> {
  const { directory, code, nowMs, onMachine, signal } = options
  const cells = shuffled(
    allCells().map((cell, at) => ({ cell, at })),
    createRandom(plan.seed),
  ).slice(0, plan.cells)
  const results: MachineResult[] = []
  if (directory !== undefined) await mkdir(directory, { recursive: true })
  for (let index = 0; index < plan.machines; index++) {
    signal?.throwIfAborted()
    const file =
      directory === undefined ? undefined : join(directory, `${nameOf(plan, code)}-${index}.json`)
    const kept = file === undefined ? undefined : await readKept(file)
    const result =
      kept ??
      runMachine({
        seed: plan.seed * SEEDS_APART + index,
        attacks: cells.filter((_, i) => i % plan.machines === index),
        withTerms: plan.withTerms,
        nowMs,
      })
    if (file && !kept) await keep(file, result)
    results.push(result)
    onMachine?.({
      ...{ done: index + 1, of: plan.machines, isKept: Boolean(kept) },
      injectedReports: result.injectedReports,
    })
    // Whoever waits for a signal is heard between two machines.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return reportOf(results, naturalsOf(plan))
}

/** The detectors' own thresholds, in the order in which a machine's results have them. */
const naturalsOf = ({ withTerms }: EvaluationPlan): number[] =>
  [...todaysDetectors().slice(0, withTerms ? undefined : 1), ...createRivals().detectors].map(
    ({ natural }) => natural,
  )

/** Results of another plan, or of other code, have another name. */
const nameOf = (plan: EvaluationPlan, code: string): string =>
  createHash('sha256')
    .update(`${code} ${JSON.stringify(plan)}`)
    .digest('hex')
    .slice(0, 16)

async function readKept(file: string): Promise<MachineResult | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as MachineResult
  } catch (error) {
    // Not there yet, or cut off before the rename was the way of it.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT')
      return undefined
    throw error
  }
}

async function keep(file: string, result: MachineResult): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify(result))
  await rename(`${file}.new`, file)
}
