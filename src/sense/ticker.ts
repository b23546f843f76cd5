// Says that time passes, where no source is open that does: the engine lives by it.
import { Source, writeTick } from '../records/record.gen.ts'
import type { NativeSource, OpenOptions } from './addon.ts'

/** No more wait than an engine that is away for a minute leaves: the rest would say nothing more. */
const WAITING_MAX = 60

export function openTicker(
  { intervalMs, onReadable }: Pick<OpenOptions, 'intervalMs' | 'onReadable'>,
  bootNs: () => bigint,
): NativeSource {
  let queue: Uint8Array[] = []
  let records = 0
  let bytes = 0
  let isAsleep = true
  const timer = setInterval(() => {
    if (queue.length >= WAITING_MAX) return
    const unixNs = BigInt(Date.now()) * 1_000_000n
    const tick = writeTick({ source: Source.none, atNs: bootNs(), unixNs })
    queue.push(tick)
    records++
    bytes += tick.length
    if (!isAsleep) return
    isAsleep = false
    onReadable()
  }, intervalMs)
  return {
    drain(into) {
      let copied = 0
      while (queue[0] && copied + queue[0].length <= into.length) {
        into.set(queue[0], copied)
        copied += queue[0].length
        queue = queue.slice(1)
      }
      if (copied === 0) isAsleep = true
      return copied
    },
    counters: () => ({
      ...{ records, bytes, dropped: 0 },
      capacityBytes: 0,
      waitingBytes: queue.reduce((sum, { length }) => sum + length, 0),
    }),
    enumerate() {},
    close: () => clearInterval(timer),
  }
}
