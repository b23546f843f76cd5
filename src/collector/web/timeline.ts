// An alert's bytes over time, as columns for the chart and rows for the table beside it.
import type { AlertDetail, NsText } from '../page-api.ts'

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

/** Seconds since 1970, bytes out, bytes in below zero: what uPlot takes, as stepped areas. */
export function chartSeries(
  shown: readonly Column[],
): [x: number[], bytesOut: number[], bytesIn: number[]] {
  const last = shown.at(-1)
  if (!last) return [[], [], []]
  const seconds = (at: NsText): number => Number(BigInt(at) / 1000n) / 1e6
  // A step holds until the next point, so the last column needs an end.
  const end = seconds(last.startAt) + last.spanMs / 1000
  return [
    [...shown.map((column) => seconds(column.startAt)), end],
    [...shown.map((column) => column.bytesOut), last.bytesOut],
    // 0 - 0 is 0; -0 would be printed with a sign.
    [...shown.map((column) => 0 - column.bytesIn), 0 - last.bytesIn],
  ]
}

/** Columns in which something moved: the rows worth reading. */
export const busyColumns = (shown: readonly Column[]): Column[] =>
  shown.filter((column) => column.bytesOut > 0 || column.bytesIn > 0)
