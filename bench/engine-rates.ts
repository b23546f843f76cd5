// Engines that are fed side by side, each alone in a thread of its own.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Answer, Ask, Feed } from './engine-feeds.ts'

const RUNS = 9
const WARM_UPS = 3

export const median = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] as number

async function ask(worker: Worker, what: Ask): Promise<Answer> {
  const answered = once(worker, 'message')
  worker.postMessage(what)
  const [answer] = (await answered) as [Answer]
  return answer
}

/**
 * Reports a second of each feed, the median of RUNS, or why it cannot run. Each has an engine and a thread of its own,
 * and they take turns, so that a busy machine weighs on all alike.
 */
export async function rates(feeds: Feed[]): Promise<(number | string)[]> {
  const workers = feeds.map(
    (feed) => new Worker(new URL('./engine-feeds.ts', import.meta.url), { workerData: feed }),
  )
  const all: (number[] | string)[] = feeds.map(() => [])
  try {
    for (let run = 0; run < RUNS + WARM_UPS; run++)
      for (const [index, worker] of workers.entries()) {
        const answer = await ask(worker, 'run')
        const list = all[index]
        if ('refusal' in answer) all[index] = answer.refusal
        else if ('rate' in answer && typeof list === 'object' && run >= WARM_UPS)
          list.push(answer.rate)
      }
    for (const worker of workers) await ask(worker, 'check')
  } finally {
    for (const worker of workers) await worker.terminate()
  }
  return all.map((list) => (typeof list === 'string' ? list : median(list)))
}
