// The machines of an evaluation by their number: the same wherever they are made.
import { allCells, shuffled } from './grid.ts'
import { createHost, DAYS_BEFORE, type Host } from './host.ts'
import { runMachine } from './machine.ts'
import type { MachineResult } from './machine-result.ts'
import { type Population, populationOf } from './population.ts'
import { createRandom } from './random.ts'
import { hostOfLog, withRecorded } from './recorded.ts'
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

export type Machines = {
  /** Made-up ones, then each log. */
  readonly count: number
  /** What all of them send ordinarily. */
  population(): Population
  run(index: number, population: Population): MachineResult
}

/** Seeds of machines lie apart, so that another seed of an evaluation shares none. */
const SEEDS_APART = 10_000

/** `nowMs`: monotonic. */
export function createMachines(
  plan: EvaluationPlan,
  workloads: readonly Workload[],
  nowMs: () => number,
): Machines {
  const cells = shuffled(
    allCells().map((cell, at) => ({ cell, at })),
    createRandom(plan.seed),
  ).slice(0, plan.cells)
  const logs = workloads.filter(({ row }) => row.source === 'zeek' && row.label === 'benign')
  const seedAt = (index: number): number => plan.seed * SEEDS_APART + index
  const hostAt = (index: number): Host => withRecorded(createHost(seedAt(index)), workloads)
  /** The last two days before, of all machines: of the day that is judged a population knows nothing. */
  function* ordinaryDays() {
    for (let index = 0; index < plan.machines; index++)
      for (const daysBefore of DAYS_BEFORE.slice(-2)) yield hostAt(index).day(daysBefore)
  }
  return {
    count: plan.machines + logs.length,
    population: () => populationOf(ordinaryDays()),
    run(index, population) {
      const log = logs[index - plan.machines]
      return runMachine({
        host: log ? hostOfLog(log, seedAt(index)) : hostAt(index),
        population,
        attacks: log ? [] : cells.filter((_, i) => i % plan.machines === index),
        workloads,
        withTerms: plan.withTerms,
        withContext: plan.withContext ?? false,
        nowMs,
      })
    },
  }
}
