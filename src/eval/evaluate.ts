// An evaluation: so many machines, each with its share of the grid, one after the other; what is done is kept, so that it can be
// taken up. By its seed the same everywhere.
import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeStateFile } from '../state-file.ts'
import { allCells, shuffled } from './grid.ts'
import { createHost, DAYS_BEFORE, type Host } from './host.ts'
import { runMachine } from './machine.ts'
import type { MachineResult } from './machine-result.ts'
import { type Population, populationOf } from './population.ts'
import { createRandom } from './random.ts'
import { hostOfLog, withRecorded } from './recorded.ts'
import { type Report, reportOf } from './report.ts'
import { createRivals } from './rivals.ts'
import { engines } from './today.ts'
import type { Workload } from './workload.ts'

export type EvaluationPlan = {
  seed: number
  machines: number
  /** Attacks of the grid, drawn without replacement; more than there are: all. */
  cells: number
  withTerms: boolean
  /** And with how programs came to run, at the rates of came.ts. */
  withContext?: boolean
}

/** The made-up machines summed up, and each log as it is. */
export type Evaluation = { madeUp: Report; logs: { name: string; report: Report }[] }

export type Progress = { done: number; of: number; injectedReports: number; isKept: boolean }

export type EvaluationOptions = {
  /** Where results of machines are kept, and taken from where they are there; undefined: nowhere. */
  directory?: string | undefined
  /** Recordings and logs, with their truth. */
  workloads?: readonly Workload[]
  /** What the code and the recordings are: results of others are none of this evaluation. */
  code: string
  /** Monotonic, ms. */
  nowMs: () => number
  onMachine?: (progress: Progress) => void
  signal?: AbortSignal
}

/** Seeds of machines lie apart, so that another seed of an evaluation shares none. */
const SEEDS_APART = 10_000

/** Rejects with what node:fs rejects with where results cannot be kept. */
export async function evaluate(
  plan: EvaluationPlan,
  options: EvaluationOptions,
): Promise<Evaluation> {
  const { directory, code, nowMs, onMachine, signal, workloads = [] } = options
  const cells = shuffled(
    allCells().map((cell, at) => ({ cell, at })),
    createRandom(plan.seed),
  ).slice(0, plan.cells)
  if (directory !== undefined) await mkdir(directory, { recursive: true })
  const logs = workloads.filter(({ row }) => row.source === 'zeek' && row.label === 'benign')
  const of = plan.machines + logs.length
  const hostAt = (index: number) => withRecorded(createHost(seedAt(plan, index)), workloads)
  // Made where it is needed: of machines that are all kept nobody asks.
  let population: Population | undefined
  const results: MachineResult[] = []
  for (let index = 0; index < of; index++) {
    signal?.throwIfAborted()
    const log = logs[index - plan.machines]
    const file =
      directory === undefined ? undefined : join(directory, `${nameOf(plan, code)}-${index}.json`)
    const kept = file === undefined ? undefined : await readKept(file)
    if (!kept) population ??= populationOf(ordinaryDays(plan, hostAt))
    const result =
      kept ??
      runMachine({
        host: log ? hostOfLog(log, seedAt(plan, index)) : hostAt(index),
        population,
        attacks: log ? [] : cells.filter((_, i) => i % plan.machines === index),
        workloads,
        withTerms: plan.withTerms,
        withContext: plan.withContext ?? false,
        nowMs,
      })
    if (file && !kept) writeStateFile(file, JSON.stringify(result))
    results.push(result)
    const { injectedReports } = result
    onMachine?.({ done: index + 1, of, isKept: kept !== undefined, injectedReports })
    // Whoever waits for a signal is heard between two machines.
    await new Promise((resolve) => setImmediate(resolve))
  }
  const naturals = naturalsOf(plan)
  return {
    madeUp: reportOf(results.slice(0, plan.machines), naturals),
    logs: results
      .slice(plan.machines)
      .map((result) => ({ name: result.name, report: reportOf([result], naturals) })),
  }
}

const seedAt = ({ seed }: EvaluationPlan, index: number): number => seed * SEEDS_APART + index

/** The last two days before, of all machines: of the day that is judged a population knows nothing. */
function* ordinaryDays({ machines }: EvaluationPlan, hostAt: (index: number) => Host) {
  for (let index = 0; index < machines; index++)
    for (const daysBefore of DAYS_BEFORE.slice(-2)) yield hostAt(index).day(daysBefore)
}

/** The detectors' own thresholds, in the order in which a machine's results have them. */
const naturalsOf = (plan: EvaluationPlan): number[] =>
  [...engines(plan), ...createRivals().detectors].map(({ natural }) => natural)

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
    // Not there yet, or something else that was put there.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT')
      return undefined
    throw error
  }
}
