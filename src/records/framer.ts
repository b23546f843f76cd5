// Cuts a byte stream into whole records. The only place that decides whether bytes are records at all;
// what comes out of it the generated readers may read without checking again.
import {
  ARGUMENTS_AT,
  ARGUMENTS_FIXED_BYTES,
  CODE_AT,
  CODE_FIXED_BYTES,
  EXEC_AT,
  EXEC_FIXED_BYTES,
  EXIT_FIXED_BYTES,
  FLOW_FIXED_BYTES,
  FORK_FIXED_BYTES,
  GONE_AT,
  GONE_FIXED_BYTES,
  HEADER_BYTES,
  INSPECT_AT,
  INSPECT_FIXED_BYTES,
  INSPECTED_AT,
  INSPECTED_FIXED_BYTES,
  INVALIDATED_FIXED_BYTES,
  LINE_AT,
  LINE_FIXED_BYTES,
  LOSS_FIXED_BYTES,
  MARK_AT,
  MARK_FIXED_BYTES,
  NAME_AT,
  NAME_FIXED_BYTES,
  ORIGIN_AT,
  ORIGIN_FIXED_BYTES,
  POLICY_AT,
  POLICY_FIXED_BYTES,
  RECORD_BYTES_MAX,
  RecordType,
  TICK_FIXED_BYTES,
  UNSEEN_FIXED_BYTES,
} from './record.gen.ts'

/**
 * size: not a multiple of 8, below the 16 bytes of the head or above RECORD_BYTES_MAX.
 * shape: a known type whose size is not that of its fixed part and strings.
 */
export type RecordErrorCode = 'size' | 'shape'

/** The stream is not records from `offset` (bytes since its beginning) on; there is no way to find the next one. */
export class RecordError extends Error {
  readonly code: RecordErrorCode
  readonly offset: number
  constructor(code: RecordErrorCode, offset: number, text: string) {
    super(`record at byte ${offset}: ${text}`)
    this.name = 'RecordError'
    this.code = code
    this.offset = offset
  }
}

/** Fixed size of each known type, and where its string lengths (u16) stand. */
const SHAPES: ({ fixedBytes: number; lengthsAt: number[] } | undefined)[] = []
const shape = (type: number, fixedBytes: number, ...lengthsAt: number[]): void => {
  SHAPES[type] = { fixedBytes, lengthsAt }
}
shape(
  RecordType.exec,
  EXEC_FIXED_BYTES,
  EXEC_AT.pathBytes,
  EXEC_AT.scriptBytes,
  EXEC_AT.signingIdBytes,
  EXEC_AT.teamIdBytes,
)
shape(RecordType.fork, FORK_FIXED_BYTES)
shape(RecordType.exit, EXIT_FIXED_BYTES)
shape(RecordType.flow, FLOW_FIXED_BYTES)
shape(RecordType.name, NAME_FIXED_BYTES, NAME_AT.hostnameBytes)
shape(RecordType.invalidated, INVALIDATED_FIXED_BYTES)
shape(
  RecordType.inspected,
  INSPECTED_FIXED_BYTES,
  INSPECTED_AT.pathBytes,
  INSPECTED_AT.signingIdBytes,
  INSPECTED_AT.teamIdBytes,
  INSPECTED_AT.authoritiesBytes,
)
shape(RecordType.policy, POLICY_FIXED_BYTES, POLICY_AT.documentBytes)
shape(RecordType.tick, TICK_FIXED_BYTES)
shape(RecordType.loss, LOSS_FIXED_BYTES)
shape(RecordType.mark, MARK_FIXED_BYTES, MARK_AT.noteBytes)
shape(RecordType.arguments, ARGUMENTS_FIXED_BYTES, ARGUMENTS_AT.textBytes)
shape(RecordType.inspect, INSPECT_FIXED_BYTES, INSPECT_AT.pathBytes)
shape(RecordType.code, CODE_FIXED_BYTES, CODE_AT.pathBytes)
shape(RecordType.unseen, UNSEEN_FIXED_BYTES)
shape(RecordType.line, LINE_FIXED_BYTES, LINE_AT.textBytes)
shape(RecordType.gone, GONE_FIXED_BYTES, GONE_AT.nameBytes)
shape(RecordType.origin, ORIGIN_FIXED_BYTES, ORIGIN_AT.pathBytes, ORIGIN_AT.nameBytes)

const u16 = (bytes: Uint8Array, at: number): number =>
  (bytes[at] as number) | ((bytes[at + 1] as number) << 8)

/** Throws RecordError unless a record may have this size. */
function checkSize(bytes: Uint8Array, at: number, offset: number): number {
  const size = (u16(bytes, at) | (u16(bytes, at + 2) << 16)) >>> 0
  if (size % 8 !== 0 || size < HEADER_BYTES || size > RECORD_BYTES_MAX)
    throw new RecordError('size', offset, `no record is ${size} bytes long`)
  return size
}

/** Throws RecordError unless the whole record at `at` has the shape of its type. An unknown type has any. */
function checkShape(bytes: Uint8Array, at: number, size: number, offset: number): void {
  const type = u16(bytes, at + 4)
  const known = SHAPES[type]
  if (known === undefined) return
  let wants = known.fixedBytes
  if (size >= wants) for (const lengthAt of known.lengthsAt) wants += u16(bytes, at + lengthAt)
  wants = (wants + 7) & ~7
  if (wants !== size)
    throw new RecordError('shape', offset, `type ${type} wants ${wants} bytes and has ${size}`)
}

/** How many of the bytes, from the first, are whole records; `error` says why there are not more, unless it is for want of bytes. */
export function wholeRecords(
  bytes: Uint8Array,
  offset = 0,
): { wholeBytes: number; error: RecordError | undefined } {
  let at = 0
  try {
    while (bytes.length - at >= HEADER_BYTES) {
      const size = checkSize(bytes, at, offset + at)
      if (bytes.length - at < size) break
      checkShape(bytes, at, size, offset + at)
      at += size
    }
  } catch (error) {
    if (!(error instanceof RecordError)) throw error
    return { wholeBytes: at, error }
  }
  return { wholeBytes: at, error: undefined }
}

export type Framer = {
  /**
   * Yields the whole records that `chunk` completes, in order, several to a piece: each piece begins at a
   * byteOffset that is a multiple of 8 and is valid until the next push (it may lie in `chunk` itself). Run it to
   * its end: the rest of the chunk is kept then. Throws RecordError, after yielding what came before, and
   * from then on always.
   */
  push(chunk: Uint8Array): Generator<Uint8Array, void>
  /** Bytes of a record that has begun and is not whole. Not 0 at a stream's end: it was cut. */
  pendingBytes(): number
}

/** Holds at most one unfinished record (RECORD_BYTES_MAX), whatever the chunks. */
export function createFramer(): Framer {
  const pending = new Uint8Array(new ArrayBuffer(RECORD_BYTES_MAX))
  let held = 0
  let wanted = 0
  let offset = 0
  let failed: RecordError | undefined

  /** Moves bytes of the chunk into the unfinished record; returns how many. */
  const fill = (chunk: Uint8Array, from: number, until: number): number => {
    const count = Math.min(until - held, chunk.length - from)
    pending.set(chunk.subarray(from, from + count), held)
    held += count
    return count
  }

  function* cut(chunk: Uint8Array): Generator<Uint8Array, void> {
    let at = 0
    if (held > 0) {
      if (wanted === 0) {
        at += fill(chunk, at, HEADER_BYTES)
        if (held < HEADER_BYTES) return
        wanted = checkSize(pending, 0, offset)
      }
      at += fill(chunk, at, wanted)
      if (held < wanted) return
      checkShape(pending, 0, wanted, offset)
      const whole = pending.slice(0, wanted)
      offset += wanted
      held = 0
      wanted = 0
      yield whole
    }
    const from = at
    const { wholeBytes, error } = wholeRecords(chunk.subarray(from), offset)
    at += wholeBytes
    offset += at - from
    if (at > from)
      yield (chunk.byteOffset + from) % 8 === 0
        ? chunk.subarray(from, at)
        : new Uint8Array(chunk.subarray(from, at))
    if (error) throw error
    if (at < chunk.length) {
      fill(chunk, at, RECORD_BYTES_MAX)
      if (held >= HEADER_BYTES) wanted = checkSize(pending, 0, offset)
    }
  }

  return {
    *push(chunk) {
      if (failed) throw failed
      try {
        yield* cut(chunk)
      } catch (error) {
        if (error instanceof RecordError) failed = error
        throw error
      }
    },
    pendingBytes: () => held,
  }
}
