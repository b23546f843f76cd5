// What the engine asks sense: what is this program file?
import { Source, writeInspect } from '../records/record.gen.ts'
import { type Clock, recordNs } from './clock.ts'
import type { EngineCounters } from './counters.ts'
import type { Process } from './process.ts'

/** Questions that wait to be fetched; what comes beyond is counted. */
const REQUESTS_MAX = 16_384

export type InspectRequests = {
  /** Asks for the image of this process, unless it has no path (a kernel thread has none). */
  ask(process: Process): void
  /** Inspect records, in order. */
  take(): Uint8Array[]
}

export function createInspectRequests(clock: Clock, counters: EngineCounters): InspectRequests {
  let requests: Uint8Array[] = []
  return {
    ask({ image, pid, pidversion }) {
      if (image.path === '') return
      if (requests.length >= REQUESTS_MAX) {
        counters.evicted.requests++
        return
      }
      const { dev, ino, path } = image
      requests.push(
        writeInspect({
          source: Source.none,
          atNs: recordNs(clock),
          dev,
          ino,
          pid,
          pidversion,
          path,
        }),
      )
    },
    take() {
      const taken = requests
      requests = []
      return taken
    },
  }
}
