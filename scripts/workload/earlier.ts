// What a machine knows that has done the same on earlier days: a recording, told again at those days to an engine,
// and the baseline that it leaves. No history is made up but the days.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BaselineRow } from '../../src/baseline/row.ts'
import { openBaseline } from '../../src/baseline/sqlite.ts'
import { createEngine } from '../../src/engine/engine.ts'
import {
  RecordType,
  readCode,
  readExec,
  readExit,
  readFlow,
  readFork,
  readInspected,
  readMark,
  readName,
  readOrigin,
  readTick,
  readUnseen,
  writeCode,
  writeExec,
  writeExit,
  writeFlow,
  writeFork,
  writeInspected,
  writeMark,
  writeName,
  writeOrigin,
  writeTick,
  writeUnseen,
} from '../../src/records/record.gen.ts'
import { unixNs } from '../../src/units.ts'

const DAY_NS = 24n * 3600n * 1_000_000_000n
/** Days before a recording at which its machine was first watched: past the 30 at which nothing is new any more. */
export const WATCHED_DAYS = 40
/** A day's images and flows get numbers of their own: more than a recording has, and within their fields for 40 days. */
const VERSIONS_A_DAY = 1_000_000
const FLOWS_A_DAY = 1n << 40n
/** Another boot than the recording's: what was then is carried over a restart by the baseline alone. */
const EARLIER_BOOT = new Uint8Array(16).fill(0xea)

/** Whole records as of the day `index` of the boot that began `WATCHED_DAYS` before them. */
function onDay(records: Uint8Array, index: number): Uint8Array {
  const view = new DataView(records.buffer, records.byteOffset, records.length)
  const later = BigInt(index) * DAY_NS
  const back = BigInt(WATCHED_DAYS - index) * DAY_NS
  const version = (one: number): number => (one === 0 ? 0 : one + index * VERSIONS_A_DAY)
  const flow = (one: bigint): bigint => one + BigInt(index) * FLOWS_A_DAY
  const moved = <T extends { atNs: bigint }>(record: T): T => ({
    ...record,
    atNs: record.atNs + later,
  })
  const ofProcess = <T extends { atNs: bigint; pidversion: number }>(record: T): T => ({
    ...moved(record),
    pidversion: version(record.pidversion),
  })
  const told: Uint8Array[] = []
  for (let at = 0; at < records.length; at += view.getUint32(at, true)) {
    const type = view.getUint16(at + 4, true)
    if (type === RecordType.mark) {
      const mark = moved(readMark(view, at))
      told.push(writeMark({ ...mark, unixNs: mark.unixNs - back, bootId: EARLIER_BOOT }))
    } else if (type === RecordType.tick) {
      const tick = moved(readTick(view, at))
      told.push(writeTick({ ...tick, unixNs: tick.unixNs - back }))
    } else if (type === RecordType.exec) {
      const exec = ofProcess(readExec(view, at))
      told.push(writeExec({ ...exec, parentPidversion: version(exec.parentPidversion) }))
    } else if (type === RecordType.fork) {
      const fork = ofProcess(readFork(view, at))
      told.push(writeFork({ ...fork, parentPidversion: version(fork.parentPidversion) }))
    } else if (type === RecordType.flow) {
      const record = ofProcess(readFlow(view, at))
      told.push(writeFlow({ ...record, flowId: flow(record.flowId) }))
    } else if (type === RecordType.name) {
      const name = moved(readName(view, at))
      told.push(writeName({ ...name, flowId: flow(name.flowId) }))
    } else if (type === RecordType.exit) told.push(writeExit(ofProcess(readExit(view, at))))
    else if (type === RecordType.code) told.push(writeCode(ofProcess(readCode(view, at))))
    else if (type === RecordType.unseen) told.push(writeUnseen(ofProcess(readUnseen(view, at))))
    else if (type === RecordType.origin) told.push(writeOrigin(ofProcess(readOrigin(view, at))))
    else if (type === RecordType.inspected)
      told.push(writeInspected(ofProcess(readInspected(view, at))))
  }
  return new Uint8Array(Buffer.concat(told))
}

/** The baseline of a machine that was watched for WATCHED_DAYS and did what `records` hold, at these days before. */
export function learntRows(
  records: Uint8Array,
  daysBefore: readonly number[],
  startedAtNs: bigint,
  deviceId: string,
): BaselineRow[] {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-workload-'))
  const born = unixNs(startedAtNs - BigInt(WATCHED_DAYS) * DAY_NS, 'born')
  try {
    const { baseline } = openBaseline(join(directory, 'baseline.db'), { now: born })
    baseline.setBornAt(born)
    const engine = createEngine({ deviceId, baseline })
    engine.save(0)
    for (const days of daysBefore.toSorted((one, other) => other - one)) {
      if (days < 1 || days >= WATCHED_DAYS) throw new RangeError(`${days} days before`)
      engine.push(onDay(records, WATCHED_DAYS - days))
      // What it raised then is long over.
      engine.takeFindings()
      engine.takeRequests()
    }
    engine.finish()
    const rows = [...baseline.rows()].filter(
      ({ kind }) => kind === 'born' || kind === 'identity' || kind === 'destination',
    )
    baseline.close()
    return rows
  } finally {
    rmSync(directory, { recursive: true })
  }
}
