// What the engine asks sense, and is answered: what is this program file?
import { InspectedFlag, type InspectedRecord, Source, writeInspect } from '../records/record.gen.ts'
import { type Clock, recordNs } from './clock.ts'
import type { EngineCounters } from './counters.ts'
import type { Inspection, Process } from './process.ts'

/** Questions that wait to be fetched; what comes beyond is counted. */
const REQUESTS_MAX = 16_384

export type InspectRequests = {
  /** Asks for the image of this process, unless it has no path (a kernel thread has none). */
  ask(process: Process): void
  /** Inspect records, in order. */
  take(): Uint8Array[]
}

/** What an answer says. */
export const inspectionOf = (record: InspectedRecord): Inspection => ({
  sha256: Buffer.from(record.sha256).toString('hex'),
  ownerUid: record.ownerUid,
  writableByOthers: (record.flags & InspectedFlag.writableByOthers) !== 0,
  replaced: (record.flags & InspectedFlag.replaced) !== 0,
  error: record.error,
})

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
