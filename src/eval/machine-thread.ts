// A thread of an evaluation: runs the machines whose numbers it is told.
import { parentPort, workerData } from 'node:worker_threads'
import type { ThreadAnswer, ThreadData } from './machine-threads.ts'
import { createMachines } from './machines.ts'

const { plan, workloads, population } = workerData as ThreadData
const machines = createMachines(plan, workloads, () => performance.now())

parentPort?.on('message', (index: number) => {
  const answer: ThreadAnswer = { index, result: machines.run(index, population) }
  parentPort?.postMessage(answer)
})
