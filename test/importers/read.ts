// Imports a text and reads back what came of it.
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { createEngine, type Engine } from '../../src/engine/engine.ts'
import type { Alert } from '../../src/engine/finding.ts'
import { makePolicy } from '../../src/engine/policy.ts'
import type { ImportedInput, ImportKind } from '../../src/importers/importer.ts'
import { importStream, type StreamOptions } from '../../src/importers/open.ts'
import { createFramer } from '../../src/records/framer.ts'
import {
  type ExecRecord,
  type ExitRecord,
  type FlowRecord,
  type ForkRecord,
  HEADER_BYTES,
  type InspectedRecord,
  type InvalidatedRecord,
  type LossRecord,
  type MarkRecord,
  type NameRecord,
  RecordType,
  readExec,
  readExit,
  readFlow,
  readFork,
  readInspected,
  readInvalidated,
  readLoss,
  readMark,
  readName,
  readTick,
  type TickRecord,
} from '../../src/records/record.gen.ts'

export type Told =
  | ({ type: 'mark' } & MarkRecord)
  | ({ type: 'tick' } & TickRecord)
  | ({ type: 'exec' } & ExecRecord)
  | ({ type: 'inspected' } & InspectedRecord)
  | ({ type: 'fork' } & ForkRecord)
  | ({ type: 'exit' } & ExitRecord)
  | ({ type: 'flow' } & FlowRecord)
  | ({ type: 'name' } & NameRecord)
  | ({ type: 'loss' } & LossRecord)
  | ({ type: 'invalidated' } & InvalidatedRecord)

export type Walked = Omit<ImportedInput, 'progress'>

export type Imported = {
  input: Walked
  all: Told[]
  /** All but marks and ticks. */
  told: Told[]
  of<T extends Told['type']>(type: T): Extract<Told, { type: T }>[]
}

export async function* chunksOf(text: string, bytes = 65_536): AsyncGenerator<Uint8Array, void> {
  const whole = Buffer.from(text)
  for (let at = 0; at < whole.length; at += bytes) yield whole.subarray(at, at + bytes)
}

export const importOf = (
  kind: ImportKind,
  text: string,
  options: Partial<StreamOptions> = {},
): ReturnType<typeof importStream> =>
  importStream(kind, chunksOf(text), { name: 'sample', ssl: undefined, ...options })

export async function importText(
  kind: ImportKind,
  text: string,
  options: Partial<StreamOptions> = {},
): Promise<Imported> {
  const input = await importOf(kind, text, options)
  return { input, ...(await walk(input)) }
}

/** What an engine makes of it: each alert as it was last said. */
export async function judged(
  input: Pick<ImportedInput, 'header' | 'records'>,
  policy = makePolicy({}),
): Promise<{ engine: Engine; alerts: Alert[] }> {
  const { deviceId } = input.header
  const engine = createEngine({ deviceId, baseline: openMemoryBaseline(), policy })
  const alerts = new Map<string, Alert>()
  const framer = createFramer()
  for await (const piece of input.records)
    for (const records of framer.push(piece)) {
      engine.push(records)
      engine.takeRequests()
      for (const finding of engine.takeFindings())
        if (finding.kind === 'alert') alerts.set(finding.alert.id, finding.alert)
    }
  engine.finish()
  return { engine, alerts: [...alerts.values()] }
}

export async function walk(
  input: Pick<ImportedInput, 'records'>,
): Promise<Omit<Imported, 'input'>> {
  const all: Told[] = []
  const framer = createFramer()
  for await (const piece of input.records)
    for (const records of framer.push(piece)) all.push(...read(records))
  if (framer.pendingBytes() > 0) throw new Error('the last record is cut')
  return {
    all,
    told: all.filter(({ type }) => type !== 'mark' && type !== 'tick'),
    of: <T extends Told['type']>(type: T) =>
      all.filter((record): record is Extract<Told, { type: T }> => record.type === type),
  }
}

function* read(records: Uint8Array): Generator<Told, void> {
  const view = new DataView(records.buffer, records.byteOffset, records.length)
  for (let at = 0; at + HEADER_BYTES <= records.length; at += view.getUint32(at, true))
    yield readOne(view, at)
}

function readOne(view: DataView, at: number): Told {
  const type = view.getUint16(at + 4, true)
  switch (type) {
    case RecordType.mark:
      return { type: 'mark', ...readMark(view, at) }
    case RecordType.tick:
      return { type: 'tick', ...readTick(view, at) }
    case RecordType.exec:
      return { type: 'exec', ...readExec(view, at) }
    case RecordType.inspected:
      return { type: 'inspected', ...readInspected(view, at) }
    case RecordType.fork:
      return { type: 'fork', ...readFork(view, at) }
    case RecordType.exit:
      return { type: 'exit', ...readExit(view, at) }
    case RecordType.flow:
      return { type: 'flow', ...readFlow(view, at) }
    case RecordType.name:
      return { type: 'name', ...readName(view, at) }
    case RecordType.loss:
      return { type: 'loss', ...readLoss(view, at) }
    case RecordType.invalidated:
      return { type: 'invalidated', ...readInvalidated(view, at) }
    default:
      throw new Error(`an importer wrote a record of type ${type}`)
  }
}
