// Writes a capture a block at a time. What the disk refuses is counted and told in the file itself as soon as
// it takes anything again.
import { type BaselineRow, rowToJson } from '../baseline/row.ts'
import { type CaptureEnd, type CaptureGap, type CaptureHeader, documentBytes } from './document.ts'
import { BlockKind, BODY_BYTES_MAX, encodeBlock } from './format.ts'

/** Takes a whole block or nothing of it. Throws when it takes nothing. */
export type AppendBlock = (block: Uint8Array) => void

export type CaptureCounts = {
  /** Record bytes that are in the file. */
  recordBytes: number
  /** Record bytes that the disk refused. */
  gapBytes: number
  fileBytes: number
}

export type CaptureWriter = {
  /** Begins a segment. Rows too large for a block are left out; returns how many. Throws as `append` does. */
  begin(header: CaptureHeader, rows: Iterable<BaselineRow>): number
  /** Whole records, as the engine is given them. Kept until a block is full or `flush`. */
  records(records: Uint8Array): void
  /** Everything given so far is in the file, or counted as refused. */
  flush(): void
  /** Ends the segment. Throws as `append` does. */
  end(end: Pick<CaptureEnd, 'endedAt' | 'alerts' | 'digest'>): void
  counts(): CaptureCounts
}

/** Records are gathered to so much before they are written. */
const GATHERED_BYTES = 64 * 1024
const ROWS_BYTES = 256 * 1024
const REASON_CHARS_MAX = 200

/** `onGap` hears of each refusal that follows a success. */
export function createCaptureWriter(
  append: AppendBlock,
  onGap: (gap: CaptureGap) => void,
): CaptureWriter {
  let gathered: Uint8Array[] = []
  let gatheredBytes = 0
  let sequence = 0
  let gap: CaptureGap | undefined
  const counts: CaptureCounts = { recordBytes: 0, gapBytes: 0, fileBytes: 0 }

  const put = (kind: number, body: Uint8Array): void => {
    const block = encodeBlock(kind, sequence, body)
    append(block)
    sequence++
    counts.fileBytes += block.length
  }
  const refused = (bytes: number, error: unknown): void => {
    counts.gapBytes += bytes
    if (gap) {
      gap.bytes += bytes
      return
    }
    const reason = (error instanceof Error ? error.message : String(error)).slice(
      0,
      REASON_CHARS_MAX,
    )
    gap = { bytes, reason }
    onGap(gap)
  }
  const flush = (): void => {
    if (gatheredBytes === 0) return
    const body = Buffer.concat(gathered, gatheredBytes)
    gathered = []
    gatheredBytes = 0
    try {
      if (gap) put(BlockKind.gap, documentBytes(gap))
      gap = undefined
      put(BlockKind.records, body)
      counts.recordBytes += body.length
    } catch (error) {
      refused(body.length, error)
    }
  }

  return {
    begin(header, rows) {
      sequence = 0
      put(BlockKind.header, documentBytes(header))
      let lines: string[] = []
      let linesBytes = 0
      let leftOut = 0
      const putLines = (): void => {
        if (lines.length > 0) put(BlockKind.baseline, Buffer.from(lines.join('')))
        lines = []
        linesBytes = 0
      }
      for (const row of rows) {
        const line = `${rowToJson(row)}\n`
        const bytes = Buffer.byteLength(line)
        if (bytes > BODY_BYTES_MAX - ROWS_BYTES) {
          leftOut++
          continue
        }
        lines.push(line)
        linesBytes += bytes
        if (linesBytes >= ROWS_BYTES) putLines()
      }
      putLines()
      return leftOut
    },
    records(records) {
      for (const piece of pieces(records)) {
        gathered.push(new Uint8Array(piece))
        gatheredBytes += piece.length
        if (gatheredBytes >= GATHERED_BYTES) flush()
      }
    },
    flush,
    end(end) {
      flush()
      if (gap) put(BlockKind.gap, documentBytes(gap))
      gap = undefined
      const { recordBytes, gapBytes } = counts
      put(BlockKind.end, documentBytes({ ...end, recordBytes, gapBytes }))
    },
    counts: () => ({ ...counts }),
  }
}

/** Whole records in pieces that a block can hold. */
function* pieces(records: Uint8Array): Generator<Uint8Array, void> {
  const most = BODY_BYTES_MAX - GATHERED_BYTES
  if (records.length <= most) {
    yield records
    return
  }
  const view = new DataView(records.buffer, records.byteOffset, records.length)
  let from = 0
  for (let at = 0; at < records.length; ) {
    const size = view.getUint32(at, true)
    if (at + size - from > most) {
      yield records.subarray(from, at)
      from = at
    }
    at += size
  }
  yield records.subarray(from)
}
