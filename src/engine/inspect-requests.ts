// What the engine asks sense, and is answered: what is this program file?
import {
  InspectedFlag,
  type InspectedRecord,
  Source,
  Subject,
  writeInspect,
} from '../records/record.gen.ts'
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
  /** The question about this process was answered. */
  answered(pid: number, pidversion: number): void
  /** Where in the stream the oldest question without an answer was asked, in bytes; undefined when all have theirs. */
  oldestAt(): number | undefined
}

/** The kernel gave none. */
const NO_CDHASH = new Uint8Array(20)

const nameOf = (pid: number, pidversion: number): string => `${pid} ${pidversion}`

/** What an answer says. */
export const inspectionOf = (record: InspectedRecord): Inspection => ({
  sha256: Buffer.from(record.sha256).toString('hex'),
  ownerUid: record.ownerUid,
  writableByOthers: (record.flags & InspectedFlag.writableByOthers) !== 0,
  replaced: (record.flags & InspectedFlag.replaced) !== 0,
  error: record.error,
  signature: record.signature,
  signatureStatus: record.signatureStatus | 0,
  cdhash: Buffer.from(record.cdhash).toString('hex'),
  authorities: record.authorities === '' ? [] : record.authorities.split('\0'),
  apple: (record.flags & InspectedFlag.apple) !== 0,
  appStore: (record.flags & InspectedFlag.appStore) !== 0,
  developerId: (record.flags & InspectedFlag.developerId) !== 0,
  notarized: (record.flags & InspectedFlag.notarized) !== 0,
  hardenedRuntime: (record.flags & InspectedFlag.hardenedRuntime) !== 0,
})

/** `streamAt` says how many bytes of records came before the ones that are being read. */
export function createInspectRequests(
  clock: Clock,
  counters: EngineCounters,
  streamAt: () => number,
): InspectRequests {
  let requests: Uint8Array[] = []
  /** Questions without an answer, in the order they were asked, each with its place in the stream. */
  const open = new Map<string, number>()
  return {
    ask({ image, pid, pidversion }) {
      if (image.path === '') return
      if (requests.length >= REQUESTS_MAX) {
        counters.evicted.requests++
        return
      }
      const { dev, ino, path, cdhash } = image
      const name = nameOf(pid, pidversion)
      if (!open.has(name)) open.set(name, streamAt())
      requests.push(
        writeInspect({
          source: Source.none,
          atNs: recordNs(clock),
          dev,
          ino,
          pid,
          pidversion,
          subject: Subject.program,
          cdhash: cdhash === '' ? NO_CDHASH : Uint8Array.from(Buffer.from(cdhash, 'hex')),
          path,
        }),
      )
    },
    take() {
      const taken = requests
      requests = []
      return taken
    },
    answered(pid, pidversion) {
      open.delete(nameOf(pid, pidversion))
    },
    oldestAt() {
      for (const at of open.values()) return at
      return undefined
    },
  }
}
