// An alert's bytes over time, as columns for the chart and rows for the table beside it.
import type { AlertDetail, NsText } from '../views/page-api.ts'

/** Columns a chart has room for. */
export const COLUMNS_MAX = 240

export type Column = {
  startAt: NsText
  /** Length of the column. */
  spanMs: number
  bytesOut: number
  bytesIn: number
}

/**
 * Columns of a timeline, oldest first, at most `columnsMax`: neighbours are added together until they
 * fit, so the sums are those of the timeline. Empty when it has no buckets or no bucket length.
 */
export function columns(timeline: AlertDetail['timeline'], columnsMax = COLUMNS_MAX): Column[] {
  const buckets = Math.max(timeline.bytesOut.length, timeline.bytesIn.length)
  if (buckets === 0 || timeline.bucketMs <= 0) return []
  const each = Math.ceil(buckets / columnsMax)
  const startNs = BigInt(timeline.startAt)
  const bucketNs = BigInt(Math.round(timeline.bucketMs * 1e6))
  const made: Column[] = []
  for (let from = 0; from < buckets; from += each) {
    const to = Math.min(buckets, from + each)
    made.push({
      startAt: (startNs + BigInt(from) * bucketNs).toString(),
      spanMs: (to - from) * timeline.bucketMs,
      bytesOut: sum(timeline.bytesOut, from, to),
      bytesIn: sum(timeline.bytesIn, from, to),
    })
  }
  return made
}

function sum(values: readonly number[], from: number, to: number): number {
  let total = 0
  for (let index = from; index < to; index++) total += values[index] ?? 0
  return total
}

/** A chart of fewer columns than this has room on both sides, so that one column is a bar and not a wall. */
const COLUMNS_ROOM = 12

/**
 * Seconds since 1970, bytes out, bytes in below zero: what uPlot takes, as stepped areas. The first point
 * lies before the first column and the last two behind the last: steps go up from nothing and back to it.
 */
export function chartSeries(
  shown: readonly Column[],
): [x: number[], bytesOut: number[], bytesIn: number[]] {
  const first = shown[0]
  const last = shown.at(-1)
  if (!first || !last) return [[], [], []]
  const seconds = (at: NsText): number => Number(BigInt(at) / 1000n) / 1e6
  const end = seconds(last.startAt) + last.spanMs / 1000
  const room = (Math.max(1, (COLUMNS_ROOM - shown.length) / 2) * first.spanMs) / 1000
  return [
    [
      seconds(first.startAt) - room,
      ...shown.map((column) => seconds(column.startAt)),
      end,
      end + room,
    ],
    [0, ...shown.map((column) => column.bytesOut), 0, 0],
    // 0 - 0 is 0; -0 would be printed with a sign.
    [0, ...shown.map((column) => 0 - column.bytesIn), 0, 0],
  ]
}

/** The column that a point of chartSeries belongs to. */
export const columnAt = (shown: readonly Column[], index: number): Column | undefined =>
  index === 0 ? undefined : shown[index - 1]

/** Columns in which something moved: the rows worth reading. */
export const busyColumns = (shown: readonly Column[]): Column[] =>
  shown.filter((column) => column.bytesOut > 0 || column.bytesIn > 0)
