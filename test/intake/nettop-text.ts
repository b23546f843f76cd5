// What nettop prints, of our own making, in the shape that others have seen it in.

import { MalformedLine } from '../../src/importers/malformed.ts'
import { createNettopLines } from '../../src/intake/nettop.ts'
import type { FlowRecord, GoneRecord, LossRecord } from '../../src/records/record.gen.ts'
import { RecordType, readFlow, readGone, readLoss } from '../../src/records/record.gen.ts'

export const HEADER = 'time,,interface,state,bytes_in,bytes_out,'
export const SECOND_NS = 1_000_000_000n

export const processRow = (name: string): string => `12:00:00.123456,${name},,,0,0,`
export const flowRow = (
  text: string,
  bytesOut: number | string,
  bytesIn: number | string = 0,
  { on = 'en0', state = text.startsWith('tcp') ? 'Established' : '' } = {},
): string => `12:00:00.123456,${text},${on},${state},${bytesIn},${bytesOut},`

/** Epochs count from when this nettop was started: tenths of a second since boot. */
export const STARTED_NS = 100n * SECOND_NS
export const EPOCH = 1_000

export type NettopTold = {
  flows: FlowRecord[]
  losses: LossRecord[]
  names: GoneRecord[]
  enumeratedAt: bigint[]
  malformed: number
  line(text: string): void
  /** Each a sample, a second after the one before. */
  samples(...samples: readonly string[][]): void
  /** A nettop was started, now unless told. */
  begin(at?: bigint): void
  lost(lines?: number): void
}

/** Reads lines as they would come. */
export function readNettop({
  flowsMax,
  isBegun = true,
}: {
  flowsMax?: number
  isBegun?: boolean
} = {}): NettopTold {
  let atNs = STARTED_NS
  const told: NettopTold = {
    flows: [],
    losses: [],
    names: [],
    enumeratedAt: [],
    malformed: 0,
    line(text) {
      try {
        lines.line(text, atNs)
      } catch (error) {
        if (!(error instanceof MalformedLine)) throw error
        told.malformed++
      }
    },
    samples(...samples) {
      for (const rows of samples) {
        atNs += SECOND_NS
        for (const text of [HEADER, ...rows]) told.line(text)
      }
    },
    begin(at = atNs) {
      lines.begin(at)
    },
    lost(count = 0) {
      lines.lost(count)
    },
  }
  const lines = createNettopLines({
    add(record) {
      const view = new DataView(record.buffer, record.byteOffset, record.length)
      const type = view.getUint16(4, true)
      if (type === RecordType.flow) told.flows.push(readFlow(view, 0))
      else if (type === RecordType.gone) told.names.push(readGone(view, 0))
      else if (type === RecordType.loss) told.losses.push(readLoss(view, 0))
      else throw new Error(`a record of type ${type}`)
    },
    onEnumerated: (at) => told.enumeratedAt.push(at),
    ...(flowsMax === undefined ? {} : { flowsMax }),
  })
  if (isBegun) told.begin()
  return told
}

/** What these reports come to, each flow and epoch by its last; throws where they cannot be of one. */
export function totalsOf(flows: readonly FlowRecord[]): { out: number; in: number } {
  const last = new Map<string, FlowRecord>()
  const epochs = new Map<bigint, number>()
  for (const flow of flows) {
    const key = `${flow.flowId}.${flow.epoch}`
    const before = last.get(key)
    if (flow.epoch < (epochs.get(flow.flowId) ?? 0)) throw new Error('an epoch that is over')
    if (before === undefined && flow.state !== 1) throw new Error('not opened first')
    if (before?.state === 3) throw new Error('told after its close')
    if (before && (flow.bytesOut < before.bytesOut || flow.bytesIn < before.bytesIn))
      throw new Error('counters that go down')
    epochs.set(flow.flowId, flow.epoch)
    last.set(key, flow)
  }
  let [out, bytesIn] = [0, 0]
  for (const flow of last.values()) {
    out += Number(flow.bytesOut)
    bytesIn += Number(flow.bytesIn)
  }
  return { out, in: bytesIn }
}
