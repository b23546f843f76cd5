// Machines one after the other, or several at a time in threads.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { MachineResult } from './machine-result.ts'
import type { EvaluationPlan, Machines } from './machines.ts'
import type { Population } from './population.ts'
import type { Workload } from './workload.ts'

export type MachineWork = {
  plan: EvaluationPlan
  workloads: readonly Workload[]
  machines: Machines
  population: Population
  /** Numbers of machines. */
  wanted: readonly number[]
  threads: number
  signal: AbortSignal | undefined
}
type OnResult = (index: number, result: MachineResult) => void

/** What a thread begins with, what it is asked and what it answers. */
export type ThreadData = Pick<MachineWork, 'plan' | 'workloads' | 'population'>
export type ThreadAnswer = { index: number; result: MachineResult }

/** Findings and tables live for a day that is read: with V8's 16 MB of its own a ninth of the time goes to moving them. */
const YOUNG_MB = 256
const THREAD = new URL('./machine-thread.ts', import.meta.url)

/** In a bundle all code is in one file, which is no thread's. */
export const canThread = (): boolean =>
  THREAD.protocol === 'file:' && existsSync(fileURLToPath(THREAD))

export async function eachHere(
  { machines, population, wanted, signal }: MachineWork,
  onResult: OnResult,
): Promise<void> {
  for (const index of wanted) {
    signal?.throwIfAborted()
    onResult(index, machines.run(index, population))
    // Whoever waits for a signal is heard between two machines.
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Rejects with what a thread failed of, and where the signal says so; no thread is left then. */
export async function eachInThreads(
  { plan, workloads, population, wanted, threads, signal }: MachineWork,
  onResult: OnResult,
): Promise<void> {
  const left = [...wanted]
  const workerData: ThreadData = { plan, workloads, population }
  const workers = Array.from(
    { length: threads },
    () =>
      new Worker(THREAD, { workerData, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } }),
  )
  const runAll = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      const next = (): void => {
        const index = left.shift()
        if (index === undefined) resolve()
        else worker.postMessage(index)
      }
      worker.on('message', ({ index, result }: ThreadAnswer) => {
        try {
          onResult(index, result)
          next()
        } catch (error) {
          reject(error instanceof Error ? error : new Error(`${error}`))
        }
      })
      worker.once('error', reject)
      worker.once('exit', (code) => reject(new Error(`a thread of the evaluation ended: ${code}`)))
      signal?.addEventListener('abort', () => reject(new Error('told to end')), { once: true })
      next()
    })
  try {
    signal?.throwIfAborted()
    await Promise.all(workers.map(runAll))
  } catch (error) {
    // As one machine after the other does it.
    signal?.throwIfAborted()
    throw error
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}
