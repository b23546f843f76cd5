// Opens a log for a replay: finds out which it is, and turns it into records as they are asked for.
import { createHash } from 'node:crypto'
import { closeSync, createReadStream, readSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { openGivenFile, whyUnreadable } from '../given-file.ts'
import { createDamageLog, type DamageLog } from '../records/damage.ts'
import { unixNs } from '../units.ts'
import { PACKED_HEAD_BYTES, UnpackError, unpacked, unpackedHead, unpackedName } from '../unpack.ts'
import { besideConn, NOTHING_BESIDE } from './beside-conn.ts'
import { detectKind, isWithoutConnections } from './detect.ts'
import {
  createEsloggerReader,
  ESLOGGER_CAPABILITIES,
  ESLOGGER_NOTE,
  ESLOGGER_SOURCE,
} from './eslogger.ts'
import {
  IMPORT_KINDS,
  ImportError,
  type ImportedInput,
  type ImportKind,
  type ImportOptions,
  type LineReader,
} from './importer.ts'
import { LINE_BYTES_MAX, type Line, readLines } from './lines.ts'
import { MalformedLine } from './malformed.ts'
import {
  createOsqueryReader,
  OSQUERY_CAPABILITIES,
  OSQUERY_NOTE,
  OSQUERY_SOURCE,
} from './osquery.ts'
import { createRecordLog, type RecordLog } from './record-log.ts'
import {
  createUnifiedLogReader,
  UNIFIED_LOG_CAPABILITIES,
  UNIFIED_LOG_NOTE,
  UNIFIED_LOG_SOURCE,
} from './unified-log.ts'
import {
  checkedHost,
  createZeekReader,
  ZEEK_CAPABILITIES,
  ZEEK_NOTE,
  ZEEK_SOURCE,
  type ZeekReader,
} from './zeek.ts'

/** Beginning of a file that its kind is found by. */
const HEAD_BYTES = 65_536
/** Records are handed on in pieces of at least this size, but the last. */
const PIECE_BYTES = 65_536

/**
 * The log at `path` as records. Reads ahead as far as its header wants. Throws ImportError when it cannot be
 * opened, is no known log, or an option does not fit.
 */
export async function openImporter(
  path: string,
  options: ImportOptions = {},
): Promise<ImportedInput> {
  const head = await headOf(path)
  const kind = options.from ?? detectKind(head)
  if (kind === undefined)
    throw new ImportError(
      'kind',
      `${path} is no log that is known by its beginning; --from names its kind: ${IMPORT_KINDS.join(', ')}`,
    )
  if (kind === 'zeek' && isWithoutConnections(head))
    throw new ImportError(
      'kind',
      `${path} is a Zeek log without connections: give its conn log, which finds the ssl log beside it or by --ssl`,
    )
  const beside = kind === 'zeek' ? besideConn(path) : NOTHING_BESIDE
  const sslPath = options.sslPath ?? beside.ssl
  if (options.sslPath !== undefined) await headOf(options.sslPath)
  const bytesBeside = (name: string | undefined): AsyncIterable<Uint8Array> | undefined =>
    name === undefined ? undefined : bytesOf(name, { readBytes: 0 })
  const progress = { readBytes: 0, fileBytes: (await stat(path)).size }
  const input = await importStream(kind, bytesOf(path, progress), {
    ...options,
    name: unpackedName(basename(path)),
    ssl: kind === 'zeek' ? bytesBeside(sslPath) : undefined,
    sslPath,
    long: bytesBeside(beside.long),
    longPath: beside.long,
  })
  return { ...input, progress: () => ({ ...progress }) }
}

/** Whether `path` is a log to open: not what only lies beside one, as Zeek's ssl and dns logs do. Rejects with ImportError. */
export async function isLog(path: string): Promise<boolean> {
  const head = await headOf(path)
  const kind = detectKind(head)
  return kind !== undefined && !(kind === 'zeek' && isWithoutConnections(head))
}

/** As they are unpacked. Opened as it is first asked, so that a failure finds someone who waits. */
const bytesOf = (path: string, progress: { readBytes: number }): AsyncGenerator<Uint8Array, void> =>
  unpacked(packedBytesOf(path, progress))

async function* packedBytesOf(
  path: string,
  progress: { readBytes: number },
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    progress.readBytes += chunk.length
    yield chunk
  }
}

export type StreamOptions = ImportOptions & {
  /** What the host is called where neither the log nor an option says. */
  name: string
  /** Zeek: the bytes of the ssl log at sslPath. */
  ssl: AsyncIterable<Uint8Array> | undefined
  /** Zeek: the bytes of the conn_long log at longPath. */
  long?: AsyncIterable<Uint8Array> | undefined
  longPath?: string | undefined
}

/** The bytes of a log of this kind as records; the other half of openImporter. Throws ImportError. */
export async function importStream(
  kind: ImportKind,
  chunks: AsyncIterable<Uint8Array>,
  options: StreamOptions,
): Promise<Omit<ImportedInput, 'progress'>> {
  const hostname = (): string => reader.hostname() || (options.host ?? options.name)
  const { out, reader, zeek } = makeParts(kind, options, hostname)
  const damage = createDamageLog('lines')
  if (zeek && options.ssl) await readBeside('ssl', options.ssl, (text) => zeek.name(text), damage)
  if (zeek && options.long)
    await readBeside('conn_long', options.long, (text, number) => zeek.long(text, number), damage)
  const batches = readLines(whole(chunks, damage))
  let ahead: Line[] = []
  let isOver = false
  while (!reader.isReady() && !isOver) {
    const next = await batches.next()
    if (next.done) isOver = true
    else {
      let at = 0
      while (at < next.value.length && !reader.isReady())
        feed(reader, next.value[at++] as Line, damage)
      ahead = next.value.slice(at)
    }
  }
  // What was read may be all there is; the host of a Zeek log is then guessed from that.
  if (isOver) reader.drain(true)
  const startedUs = reader.startedUs()
  return {
    header: {
      format: kind,
      deviceId: deviceIdOf(kind, hostname()),
      hostname: hostname(),
      os: '',
      isSynthetic: false,
      startedAt: startedUs === undefined ? undefined : unixNs(BigInt(startedUs) * 1000n, 'start'),
    },
    records: recordsOf(ahead, batches, out, reader, damage),
    damage: damage.report,
    notes: () =>
      kind === 'zeek'
        ? [...reader.notes(), ...besideNotes(options.sslPath, options.longPath)]
        : reader.notes(),
  }
}

/** As far as they can be unpacked; that they cannot be to their end is damage. */
async function* whole(
  chunks: AsyncIterable<Uint8Array>,
  damage: Pick<DamageLog, 'add'>,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* chunks
  } catch (error) {
    if (!(error instanceof UnpackError)) throw error
    const { unpackedBytes, message } = error
    damage.add({ offset: unpackedBytes, line: undefined, text: message, count: 1 })
  }
}

const besideNotes = (sslPath: string | undefined, longPath: string | undefined): string[] => [
  ...(longPath === undefined ? [] : [`connections that had not ended from ${longPath}`]),
  sslPath === undefined
    ? 'no ssl log beside it: host names only where the log itself has ssl entries (--ssl names one)'
    : `host names from ${sslPath}`,
]

type Parts = { out: RecordLog; reader: LineReader; zeek: ZeekReader | undefined }

function makeParts(kind: ImportKind, options: ImportOptions, hostname: () => string): Parts {
  const recordLog = (source: number, capabilities: number, note: string): RecordLog =>
    createRecordLog({ seed: () => deviceIdOf(kind, hostname()), source, capabilities, note })
  if (kind !== 'zeek' && (options.signer !== undefined || options.sslPath !== undefined))
    throw new ImportError(
      'option',
      `--signer and --ssl are for Zeek logs, not for ${kind}, which says itself what runs`,
    )
  switch (kind) {
    case 'eslogger': {
      const out = recordLog(ESLOGGER_SOURCE, ESLOGGER_CAPABILITIES, ESLOGGER_NOTE)
      return { out, reader: createEsloggerReader(out), zeek: undefined }
    }
    case 'osquery': {
      const out = recordLog(OSQUERY_SOURCE, OSQUERY_CAPABILITIES, OSQUERY_NOTE)
      return { out, reader: createOsqueryReader(out), zeek: undefined }
    }
    case 'unified-log': {
      const out = recordLog(UNIFIED_LOG_SOURCE, UNIFIED_LOG_CAPABILITIES, UNIFIED_LOG_NOTE)
      return { out, reader: createUnifiedLogReader(out), zeek: undefined }
    }
    case 'zeek': {
      const out = recordLog(ZEEK_SOURCE, ZEEK_CAPABILITIES, ZEEK_NOTE)
      const zeek = createZeekReader(out, {
        host: options.host === undefined ? undefined : checkedHost(options.host),
        signer: options.signer ?? 'unsigned',
      })
      return { out, reader: zeek, zeek }
    }
    default:
      return kind satisfies never
  }
}

function feed(reader: Pick<LineReader, 'line'>, line: Line, damage: DamageLog): void {
  const note = (text: string): void =>
    damage.add({ offset: line.offset, line: line.number, text, count: 1 })
  if (line.text === undefined) {
    note(`longer than ${LINE_BYTES_MAX} bytes`)
    return
  }
  if (line.text.trim() === '') return
  try {
    reader.line(line.text, line.number)
  } catch (error) {
    if (!(error instanceof MalformedLine)) throw error
    note(error.message)
  }
}

/** What was read ahead first; the result does not depend on how the bytes came in pieces. */
async function* recordsOf(
  ahead: Line[],
  batches: AsyncIterable<Line[]>,
  out: RecordLog,
  reader: LineReader,
  damage: DamageLog,
): AsyncGenerator<Uint8Array, void> {
  function* take(lines: Line[]): Generator<Uint8Array, void> {
    for (const line of lines) {
      while (reader.drain(false)) yield out.take()
      if (out.pendingBytes() >= PIECE_BYTES) yield out.take()
      feed(reader, line, damage)
    }
  }
  yield* take(ahead)
  for await (const lines of batches) yield* take(lines)
  while (reader.drain(true)) yield out.take()
  out.end()
  if (out.pendingBytes() > 0) yield out.take()
}

/** A log that belongs to the one that is imported, line by line. */
async function readBeside(
  name: string,
  chunks: AsyncIterable<Uint8Array>,
  line: LineReader['line'],
  damage: DamageLog,
): Promise<void> {
  const inIt: DamageLog = {
    add: (place) => damage.add({ ...place, text: `${name} log: ${place.text}` }),
    report: damage.report,
  }
  for await (const lines of readLines(whole(chunks, inIt)))
    for (const one of lines) feed({ line }, one, inIt)
}

async function headOf(path: string): Promise<string> {
  try {
    const file = openGivenFile(path, { orStream: false })
    try {
      const packed = Buffer.alloc(PACKED_HEAD_BYTES)
      const bytesRead = readSync(file, packed, 0, packed.length, 0)
      const head = await unpackedHead(packed.subarray(0, bytesRead), HEAD_BYTES)
      return Buffer.from(head).toString('utf8')
    } finally {
      closeSync(file)
    }
  } catch (cause) {
    throw new ImportError('unreadable', `${path} cannot be read: ${whyUnreadable(cause)}`, {
      cause,
    })
  }
}

/** A UUID of the kind and the host (RFC 9562 section 5.8), so that the same log is always the same device. */
function deviceIdOf(kind: ImportKind, hostname: string): string {
  const hash = createHash('sha256').update(`freshet import\n${kind}\n${hostname}`).digest()
  hash[6] = ((hash[6] as number) & 0x0f) | 0x80
  hash[8] = ((hash[8] as number) & 0x3f) | 0x80
  const hex = hash.toString('hex', 0, 16)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}
