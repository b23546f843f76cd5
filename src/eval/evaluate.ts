// An evaluation: so many machines, each with its share of the grid; what is done is kept, so that it can be taken up. By its seed
// the same everywhere, however many threads there are.
import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeStateFile } from '../state-file.ts'
import type { MachineResult } from './machine-result.ts'
import { canThread, eachHere, eachInThreads } from './machine-threads.ts'
import { createMachines, type EvaluationPlan } from './machines.ts'
import { type Report, reportOf } from './report.ts'
import { createRivals } from './rivals.ts'
import { engines } from './today.ts'
import type { Workload } from './workload.ts'

export type { EvaluationPlan } from './machines.ts'

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
  /** Machines at a time, each in a thread; undefined: one, in this one. What comes out is the same. */
  threads?: number
}

/** Rejects with what node:fs rejects with where results cannot be kept. */
export async function evaluate(
  plan: EvaluationPlan,
  options: EvaluationOptions,
): Promise<Evaluation> {
  const { directory, code, nowMs, onMachine, signal, workloads = [] } = options
  if (directory !== undefined) await mkdir(directory, { recursive: true })
  const machines = createMachines(plan, workloads, nowMs)
  const fileOf = (index: number): string | undefined =>
    directory === undefined ? undefined : join(directory, `${nameOf(plan, code)}-${index}.json`)
  const results: MachineResult[] = []
  const wanted: number[] = []
  let done = 0
  const take = (index: number, result: MachineResult, isKept: boolean): void => {
    const file = fileOf(index)
    if (file && !isKept) writeStateFile(file, JSON.stringify(result))
    results[index] = result
    const { injectedReports } = result
    onMachine?.({ done: ++done, of: machines.count, isKept, injectedReports })
  }
  for (let index = 0; index < machines.count; index++) {
    signal?.throwIfAborted()
    const file = fileOf(index)
    const kept = file === undefined ? undefined : await readKept(file)
    if (kept) take(index, kept, true)
    else wanted.push(index)
  }
  if (wanted.length > 0) {
    // Of machines that are all kept nobody asks.
    const population = machines.population()
    const threads = Math.min(options.threads ?? 1, wanted.length)
    const each = threads > 1 && canThread() ? eachInThreads : eachHere
    await each(
      { plan, workloads, machines, population, wanted, threads, signal },
      (index, result) => take(index, result, false),
    )
  }
  const naturals = naturalsOf(plan)
  return {
    madeUp: reportOf(results.slice(0, plan.machines), naturals),
    logs: results
      .slice(plan.machines)
      .map((result) => ({ name: result.name, report: reportOf([result], naturals) })),
  }
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
