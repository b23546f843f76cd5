// Captures for tests, made as the recorder makes them, and read back.
import type { BaselineRow } from '../../src/baseline/row.ts'
import type { CaptureHeader } from '../../src/capture/document.ts'
import { type CaptureEvent, captureEvents } from '../../src/capture/reader.ts'
import { createCaptureWriter } from '../../src/capture/writer.ts'
import { createDamageLog } from '../../src/records/damage.ts'
import type { DamageReport } from '../../src/records/input.ts'
import { LAYOUT } from '../../src/records/record.gen.ts'
import { type UnixNs, unixNs } from '../../src/units.ts'
import { Script } from '../engine/scenario.ts'

export const AT = 1_772_445_600_000_000_000n as UnixNs

export const HEADER: CaptureHeader = {
  version: '0.1.0',
  layout: LAYOUT,
  deviceId: '5ce4a210-0000-4000-8000-000000000002',
  host: {
    hostname: 'test',
    os: 'linux',
    osVersion: '',
    osBuild: '',
    hardware: '',
    arch: 'x64',
    bootId: '',
  },
  startedAt: AT,
  synthetic: 'a test',
  baseline: { identities: 0, destinations: 0, alerts: 0 },
}

/** Blocks of a capture of these records, a block each piece. */
export function captureBlocks(
  pieces: readonly Uint8Array[],
  header: CaptureHeader = HEADER,
  rows: readonly BaselineRow[] = [],
  end: { alerts: number; digest: string } = { alerts: 0, digest: '' },
): Uint8Array[] {
  const blocks: Uint8Array[] = []
  const writer = createCaptureWriter(
    (block) => blocks.push(block),
    () => {},
  )
  writer.begin(header, rows)
  for (const piece of pieces) {
    writer.records(piece)
    writer.flush()
  }
  writer.end({ endedAt: unixNs(AT + 1n, 'end'), ...end })
  return blocks
}

export const joined = (blocks: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(Buffer.concat(blocks))

export type ReadBack = {
  events: CaptureEvent[]
  /** Of all records events. */
  records: Uint8Array
  damage: DamageReport
}

/** Everything in the bytes, given to the reader `chunkBytes` at a time. */
export async function readBack(bytes: Uint8Array, chunkBytes = 65_536): Promise<ReadBack> {
  const log = createDamageLog('bytes')
  const events: CaptureEvent[] = []
  const records: Uint8Array[] = []
  let at = 0
  const read = async (into: Uint8Array): Promise<number> => {
    const piece = bytes.subarray(at, at + Math.min(into.length, chunkBytes))
    into.set(piece)
    at += piece.length
    return piece.length
  }
  for await (const event of captureEvents(read, log)) {
    if (event.kind === 'records') records.push(new Uint8Array(event.records))
    events.push(
      event.kind === 'records' ? { kind: 'records', records: event.records.slice() } : event,
    )
  }
  return { events, records: joined(records), damage: log.report() }
}

/** Pieces of records: a start, then `count` seconds of a program's upload and other programs coming and going. */
export function somePieces(count: number): Uint8Array[] {
  const pieces: Uint8Array[] = []
  let script = new Script()
  script.policy(1, { version: 1 }).start()
  script.program({ pid: 100, path: '/tmp/strange', sha: 'ee' }).flow({ id: 1, state: 'opened' })
  for (let i = 1; i <= count; i++) {
    script
      .tick(1_000)
      .flow({ id: 1, out: i * 300_000, in: i * 10 })
      .program({ pid: 200 + i, path: `/usr/bin/tool${i}`, owner: 0 })
    pieces.push(script.bytes())
    const next = new Script()
    next.nowMs = script.nowMs
    script = next
  }
  pieces.push(
    script
      .flow({ id: 1, out: count * 300_000, in: count * 10, state: 'closed' })
      .ticks(5)
      .bytes(),
  )
  return pieces
}
