// Writes the records of an import in the order of the engine's input: a start, then what happened, and a
// tick whenever time passes. Time is the log's own; this machine's clock is never asked.
import { createHash } from 'node:crypto'
import { LAYOUT, Mark, writeMark, writeTick } from '../records/record.gen.ts'

const SECOND_US = 1_000_000
/** A time this much before the last is no disorder: the machine's clock was stepped. */
const STEP_US = 60 * SECOND_US
/** Ticks of a silence: every second of a minute, then every minute of an hour, every hour of two days, no more. */
const SILENCE = [
  { everyUs: SECOND_US, ticks: 60 },
  { everyUs: 60 * SECOND_US, ticks: 60 },
  { everyUs: 3_600 * SECOND_US, ticks: 48 },
]
/** Ticks after the last event: what waits 30 s for an answer, or a minute to be said again, is then said. */
const CLOSING_SECONDS = 61

export type RecordLogOptions = {
  /** Names the log, so that its boot is the same whenever it is imported. Asked for at the first record. */
  seed: () => string
  /** CODE source of the marks and ticks. */
  source: number
  /** CODE capability, as a sum. */
  capabilities: number
  /** What the log cannot tell, for a person. */
  note: string
}

export type RecordLog = {
  /**
   * Time goes on to `unixUs`. A little back is disorder, and stays at the latest time; more is a step of the
   * clock, which a mark tells.
   */
  moveTo(unixUs: number): void
  /** Of the next record, ns since the import's boot. REQUIRES: moveTo was called. */
  atNs(): bigint
  add(record: Uint8Array): void
  /** The log ended: tells what waits for time to pass, and the stop. */
  end(): void
  /** Bytes that wait to be taken. */
  pendingBytes(): number
  /** Whole records, at a byteOffset that is a multiple of 8; empty when there are none. */
  take(): Uint8Array
  /** The first time told, µs since 1970; undefined before. */
  startedUs(): number | undefined
}

export function createRecordLog(options: RecordLogOptions): RecordLog {
  const { source } = options
  let pieces: Uint8Array[] = []
  let bytes = 0
  let bootUs = 0
  let nowUs = 0
  let startedUs: number | undefined
  let bootId = new Uint8Array(16)

  const atNs = (): bigint => BigInt(nowUs - bootUs) * 1000n
  const add = (record: Uint8Array): void => {
    pieces.push(record)
    bytes += record.length
  }
  const mark = (kind: number): void =>
    add(
      writeMark({
        source,
        atNs: atNs(),
        kind,
        capabilities: options.capabilities,
        gaps: 0,
        unixNs: BigInt(nowUs) * 1000n,
        bootId,
        layout: LAYOUT,
        note: kind === Mark.start ? options.note : '',
      }),
    )
  const tickAt = (unixUs: number): void => {
    nowUs = unixUs
    add(writeTick({ source, atNs: atNs(), unixNs: BigInt(nowUs) * 1000n }))
  }

  const start = (unixUs: number): void => {
    // A boot of its own, a second before: 0 would read as "not known".
    startedUs = unixUs
    nowUs = unixUs
    bootUs = unixUs - SECOND_US
    const seed = `${options.seed()}\n${unixUs}`
    bootId = Uint8Array.from(createHash('sha256').update(seed).digest().subarray(0, 16))
    mark(Mark.start)
    mark(Mark.enumerated)
  }

  /** Ticks between now and then, both left out. */
  const fill = (unixUs: number): void => {
    for (const { everyUs, ticks } of SILENCE)
      for (let i = 0; i < ticks && nowUs + everyUs < unixUs; i++) tickAt(nowUs + everyUs)
  }

  return {
    moveTo(unixUs) {
      if (startedUs === undefined) start(unixUs)
      else if (unixUs >= nowUs) {
        fill(unixUs)
        nowUs = unixUs
      } else if (nowUs - unixUs > STEP_US) {
        // Time since boot goes on; only the wall clock went back.
        bootUs -= nowUs - unixUs
        nowUs = unixUs
        mark(Mark.clock)
      }
    },
    atNs,
    add,
    end() {
      if (startedUs === undefined) return
      for (let i = 0; i < CLOSING_SECONDS; i++) tickAt(nowUs + SECOND_US)
      mark(Mark.stop)
    },
    pendingBytes: () => bytes,
    take() {
      const whole = new Uint8Array(bytes)
      let at = 0
      for (const piece of pieces) {
        whole.set(piece, at)
        at += piece.length
      }
      pieces = []
      bytes = 0
      return whole
    },
    startedUs: () => startedUs,
  }
}
