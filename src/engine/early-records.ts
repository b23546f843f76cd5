// Records that come before the first mark. There is no wall clock yet and no boot to compare stored flows with,
// so they wait for it: a sensor that outlived its engine has some left for the next one.
import { RecordError } from '../records/framer.ts'
import { HEADER_BYTES, RecordType } from '../records/record.gen.ts'

/** Bytes kept; what comes beyond is counted as lost. */
const EARLY_BYTES_MAX = 4 * 1024 * 1024

export type EarlyRecords = {
  /** Keeps what stands before the first mark; returns the rest, which begins with it, or undefined. */
  keep(records: Uint8Array): Uint8Array | undefined
  /** What was kept, in order, and no more. */
  take(): Uint8Array[]
}

/** `onLost` is told of records that found no room. */
export function createEarlyRecords(onLost: (count: number) => void): EarlyRecords {
  let kept: Uint8Array[] = []
  let keptBytes = 0
  return {
    keep(records) {
      const view = new DataView(records.buffer, records.byteOffset, records.length)
      let at = 0
      let count = 0
      while (at < records.length && typeAt(view, at) !== RecordType.mark) {
        at += sizeAt(view, at)
        count++
      }
      if (at > 0 && keptBytes + at <= EARLY_BYTES_MAX) {
        keptBytes += at
        kept.push(records.slice(0, at))
      } else if (at > 0) onLost(count)
      return at < records.length ? records.subarray(at) : undefined
    },
    take() {
      const taken = kept
      kept = []
      keptBytes = 0
      return taken
    },
  }
}

/** Type of the whole record at `at`. Throws RecordError when there is none. */
function typeAt(view: DataView, at: number): number {
  sizeAt(view, at)
  return view.getUint16(at + 4, true)
}

/** Size of the whole record at `at`. Throws RecordError when there is none. */
function sizeAt(view: DataView, at: number): number {
  const size = view.byteLength - at < HEADER_BYTES ? 0 : view.getUint32(at, true)
  if (size < HEADER_BYTES || size % 8 !== 0 || at + size > view.byteLength)
    throw new RecordError('size', at, `no whole record of ${size} bytes`)
  return size
}
