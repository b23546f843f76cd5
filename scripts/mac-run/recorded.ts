// What a recording told, for a step to compare with what it did meanwhile.
import { openCapture } from '../../src/capture/reader.ts'
import {
  type ExecRecord,
  type ExitRecord,
  type FlowRecord,
  type GoneRecord,
  type LossRecord,
  type MarkRecord,
  RecordType,
  readExec,
  readExit,
  readFlow,
  readGone,
  readLoss,
  readMark,
} from '../../src/records/record.gen.ts'

export type Recorded = {
  execs: ExecRecord[]
  exits: ExitRecord[]
  /** In all reports, as they came. */
  flows: FlowRecord[]
  gone: GoneRecord[]
  losses: LossRecord[]
  marks: MarkRecord[]
}

/** `batches`: whole records each. */
export async function recordedOf(
  batches: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<Recorded> {
  const told: Recorded = { execs: [], exits: [], flows: [], gone: [], losses: [], marks: [] }
  for await (const records of batches) {
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
    for (let at = 0; at < view.byteLength; at += view.getUint32(at, true)) {
      const type = view.getUint16(at + 4, true)
      if (type === RecordType.exec) told.execs.push(readExec(view, at))
      else if (type === RecordType.exit) told.exits.push(readExit(view, at))
      else if (type === RecordType.flow) told.flows.push(readFlow(view, at))
      else if (type === RecordType.gone) told.gone.push(readGone(view, at))
      else if (type === RecordType.loss) told.losses.push(readLoss(view, at))
      else if (type === RecordType.mark) told.marks.push(readMark(view, at))
    }
  }
  return told
}

async function* batchesOf(path: string): AsyncIterable<Uint8Array> {
  const capture = await openCapture(path)
  for await (const event of capture.events) if (event.kind === 'records') yield event.records
}

export const recordedIn = (path: string): Promise<Recorded> => recordedOf(batchesOf(path))

const keyOf = ({ flowId, epoch }: { flowId: bigint; epoch: number }) => `${flowId}.${epoch}`

/** Each flow and epoch of a source as it was told last. */
export function lastOf(flows: readonly FlowRecord[], source: number): FlowRecord[] {
  const last = new Map<string, FlowRecord>()
  for (const flow of flows) if (flow.source === source) last.set(keyOf(flow), flow)
  return [...last.values()]
}

const imageOf = ({ pid, pidversion }: { pid: number; pidversion: number }) => `${pid}.${pidversion}`

/** Of flows, how many have a process that was told, how many have one that had gone, and which have another. */
export function ownersOf(
  flows: readonly FlowRecord[],
  { execs }: Pick<Recorded, 'execs'>,
): { known: number; gone: number; unknown: FlowRecord[] } {
  const images = new Set(execs.map(imageOf))
  const unknown = flows.filter((flow) => flow.pidversion !== 0 && !images.has(imageOf(flow)))
  const gone = flows.filter(({ pidversion }) => pidversion === 0).length
  return { known: flows.length - gone - unknown.length, gone, unknown }
}

/** By what runs in it; undefined where nobody said so. */
export function programOf(
  flow: FlowRecord,
  { execs, gone }: Pick<Recorded, 'execs' | 'gone'>,
): string | undefined {
  const exec = execs.findLast((one) => imageOf(one) === imageOf(flow))
  return exec?.path.split('/').at(-1) ?? gone.find((one) => keyOf(one) === keyOf(flow))?.name
}

/** Losses by source and kind, such as "6 malformed 3"; '' where nothing was lost. */
export function lossText({ losses }: Pick<Recorded, 'losses'>, words: ReadonlyMap<number, string>) {
  const sums = new Map<string, number>()
  for (const { source, what, count } of losses) {
    const key = `source ${source} ${words.get(what) ?? what}`
    sums.set(key, (sums.get(key) ?? 0) + Number(count))
  }
  return [...sums].map(([key, sum]) => `${key} ${sum}`).join(', ')
}
