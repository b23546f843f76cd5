// A capture as a replay needs it: what it is of, the baseline it began with, its records, how it ended.
import { type FileHandle, open } from 'node:fs/promises'
import { type BaselineRow, rowFromJson } from '../baseline/row.ts'
import { createDamageLog, type DamageLog } from '../records/damage.ts'
import { wholeRecords } from '../records/framer.ts'
import type { DamageReport } from '../records/input.ts'
import { isReadable } from '../records/layouts.ts'
import { LAYOUT } from '../records/record.gen.ts'
import { UnpackError, unpacked } from '../unpack.ts'
import { type Block, type ReadBytes, readBlocks } from './blocks.ts'
import {
  type CaptureEnd,
  type CaptureHeader,
  DocumentError,
  readEnd,
  readGap,
  readHeader,
} from './document.ts'
import { BlockKind, SYNC } from './format.ts'

export type CaptureEvent =
  /** A segment begins: what follows is of a new run of an engine, on a baseline of its own. */
  | { kind: 'header'; header: CaptureHeader }
  | { kind: 'baseline'; rows: BaselineRow[] }
  /** Whole records; at a byteOffset that is a multiple of 8, valid until the next event is asked for. */
  | { kind: 'records'; records: Uint8Array }
  | { kind: 'end'; end: CaptureEnd }

export type Capture = {
  /** Can be walked once; the file is closed when the walk ends or is broken off. Rejects when the file cannot be read on. */
  events: AsyncIterable<CaptureEvent>
  damage(): DamageReport
  /** Bytes of the file read so far, and in all; 0 for what is no regular file. */
  progress(): { readBytes: number; fileBytes: number }
}

/** What names of captures end with. */
export const CAPTURE_EXTENSION = '.fcap'

/** Whether a file that begins so is a capture. Its first blocks may be damaged: one block somewhere will do. */
export const isCapture = (head: Uint8Array): boolean => Buffer.from(head).includes(SYNC)

/** Packed or not. Rejects with what node:fs gives when the file cannot be opened. */
export async function openCapture(path: string): Promise<Capture> {
  const file = await open(path, 'r')
  const found = await file.stat()
  const progress = { readBytes: 0, fileBytes: found.isFile() ? found.size : 0 }
  const damage = createDamageLog('bytes')
  const chunks = unpacked(chunksOf(file, progress))
  return {
    events: closing(file, chunks, captureEvents(readFrom(chunks, damage), damage)),
    damage: damage.report,
    progress: () => ({ ...progress }),
  }
}

const CHUNK_BYTES = 256 * 1024

async function* chunksOf(
  file: FileHandle,
  progress: { readBytes: number },
): AsyncGenerator<Uint8Array, void> {
  for (;;) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, null)
    if (bytesRead === 0) return
    progress.readBytes += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/** The bytes of chunks as they are asked for. Those that cannot be unpacked end them, and are told as damage. */
function readFrom(chunks: AsyncGenerator<Uint8Array, void>, damage: DamageLog): ReadBytes {
  let rest: Uint8Array = new Uint8Array(0)
  const next = async (): Promise<Uint8Array | undefined> => {
    try {
      const { value, done } = await chunks.next()
      return done ? undefined : value
    } catch (error) {
      if (!(error instanceof UnpackError)) throw error
      const { unpackedBytes: offset, message: text } = error
      damage.add({ offset, line: undefined, text, count: 0 })
      return undefined
    }
  }
  return async (into) => {
    while (rest.length === 0) {
      const chunk = await next()
      if (chunk === undefined) return 0
      rest = chunk
    }
    const bytes = Math.min(rest.length, into.length)
    into.set(rest.subarray(0, bytes))
    rest = rest.subarray(bytes)
    return bytes
  }
}

async function* closing<T>(
  file: FileHandle,
  chunks: AsyncGenerator<Uint8Array, void>,
  events: AsyncIterable<T>,
): AsyncGenerator<T, void> {
  try {
    yield* events
  } finally {
    await chunks.return()
    await file.close()
  }
}

/** The events of a capture's bytes. `damage` is told, in order, of all that cannot be used. */
export async function* captureEvents(
  read: ReadBytes,
  damage: DamageLog,
): AsyncGenerator<CaptureEvent, void> {
  let segment: Segment | undefined
  /** Where the block ends that was read last. */
  let endsAt = 0
  const tell = (offset: number, text: string, count: number): void =>
    damage.add({ offset, line: undefined, text, count })
  const begin = (header?: CaptureHeader): Segment => ({
    header,
    rows: 0,
    isBegun: false,
    isEnded: false,
  })
  /** Before the first records, or at the end where there are none. */
  const settleBaseline = (of: Segment, offset: number): void => {
    if (of.isBegun) return
    of.isBegun = true
    const { identities, destinations, alerts } = of.header?.baseline ?? NO_ROWS
    const wants = identities + destinations + alerts
    if (of.rows < wants) tell(offset, `the baseline has ${of.rows} rows of ${wants}`, 0)
  }
  const close = (of: Segment, offset: number): void => {
    settleBaseline(of, offset)
    if (!of.isEnded)
      tell(offset, 'the recording was not closed: its last moments may be missing', 0)
  }

  for await (const block of readBlocks(read, damage)) {
    const { offset, kind, body } = block
    endsAt = offset + block.bytes
    if (kind === BlockKind.header) {
      const header = document(block, readHeader, tell)
      if (header === undefined) continue
      if (segment) close(segment, offset)
      segment = begin(header)
      if (!isReadable(header.layout))
        tell(
          offset,
          `its records are of layout ${hex(header.layout)}, this program reads ${hex(LAYOUT)}`,
          0,
        )
      yield { kind: 'header', header }
      continue
    }
    if (segment === undefined) {
      segment = begin()
      tell(offset, 'the header is missing: nothing is known of the machine', 0)
    }
    if (kind === BlockKind.baseline) {
      const rows = segment.isBegun ? [] : baselineRows(block, tell)
      if (segment.isBegun) tell(offset, 'baseline rows after records', body.length)
      segment.rows += rows.filter(({ kind }) => isCounted(kind)).length
      if (rows.length > 0) yield { kind: 'baseline', rows }
    } else if (kind === BlockKind.records) {
      settleBaseline(segment, offset)
      if (segment.header && !isReadable(segment.header.layout)) {
        tell(offset, 'records of another layout', body.length)
        continue
      }
      const records = usableRecords(block, tell)
      if (records.length > 0) yield { kind: 'records', records }
    } else if (kind === BlockKind.gap) {
      const gap = document(block, readGap, tell)
      if (gap) tell(offset, `the recorder could not write them: ${gap.reason}`, gap.bytes)
    } else if (kind === BlockKind.end) {
      const end = document(block, readEnd, tell)
      if (end === undefined) continue
      settleBaseline(segment, offset)
      segment.isEnded = true
      yield { kind: 'end', end }
    } else tell(offset, `a block of kind ${kind}, which this program does not know`, body.length)
  }
  if (segment) close(segment, endsAt)
}

/** The header counts these; a baseline may have other rows beside them. */
const isCounted = (kind: BaselineRow['kind']): boolean =>
  kind === 'identity' || kind === 'destination' || kind === 'alert'

type Segment = {
  header: CaptureHeader | undefined
  rows: number
  isBegun: boolean
  isEnded: boolean
}
type Tell = (offset: number, text: string, count: number) => void

const NO_ROWS = { identities: 0, destinations: 0, alerts: 0 }
const hex = (layout: number): string => layout.toString(16).padStart(8, '0')

function document<T>(block: Block, read: (body: Uint8Array) => T, tell: Tell): T | undefined {
  try {
    return read(block.body)
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    tell(
      block.offset,
      `a block of kind ${block.kind} cannot be read: ${error.message}`,
      block.body.length,
    )
    return undefined
  }
}

function baselineRows({ offset, body }: Block, tell: Tell): BaselineRow[] {
  const rows: BaselineRow[] = []
  for (const line of Buffer.from(body.buffer, body.byteOffset, body.length)
    .toString('utf8')
    .split('\n')) {
    if (line === '') continue
    try {
      rows.push(rowFromJson(line))
    } catch (error) {
      tell(offset, (error as Error).message, Buffer.byteLength(line) + 1)
    }
  }
  return rows
}

function usableRecords({ offset, body }: Block, tell: Tell): Uint8Array {
  const { wholeBytes, error } = wholeRecords(body)
  if (wholeBytes < body.length)
    tell(offset, error?.message ?? 'a record is cut off', body.length - wholeBytes)
  const records = body.subarray(0, wholeBytes)
  return records.byteOffset % 8 === 0 ? records : new Uint8Array(records)
}
