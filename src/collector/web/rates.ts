// Counters of an agent over the last minutes, as rates.
import type { DeviceInfo, LiveInfo } from '../views/page-api.ts'

/** Samples kept a device: four minutes at one a second. */
export const SAMPLES_MAX = 240

/** Devices of which samples are kept: lines of a fleet are those of its first machines. */
export const SAMPLED_MAX = 50

export type Counter =
  | 'records'
  | 'execs'
  | 'flows'
  | 'bytesOut'
  | 'bytesIn'
  | 'alerts'
  | 'lost'
  | 'unattributedFlows'

/** Oldest first, one a report, each later than the one before. */
export type Samples = readonly LiveInfo[]

/** Takes in a report. One that is not later is dropped: after a reconnect the last is told again. */
export function withSample(samples: Samples, live: LiveInfo): Samples {
  const last = samples.at(-1)
  if (last && BigInt(live.at) <= BigInt(last.at)) return samples
  return [...samples, live].slice(-SAMPLES_MAX)
}

/**
 * Rate a second between each two samples, oldest first. A counter that fell began again at 0 (the agent
 * restarted), so what it shows is what came since.
 */
export function rates(samples: Samples, counter: Counter): number[] {
  return samples.slice(1).map((sample, index) => {
    const before = samples[index] as LiveInfo
    const seconds = Number(BigInt(sample.at) - BigInt(before.at)) / 1e9
    const grown = sample[counter] - before[counter]
    return (grown >= 0 ? grown : sample[counter]) / seconds
  })
}

/** Rate over the last few samples, so that a page does not flicker between 0 and 2 a second; undefined before there are two. */
export function recentRate(samples: Samples, counter: Counter, over = 5): number | undefined {
  const last = rates(samples.slice(-over - 1), counter)
  return last.length === 0 ? undefined : last.reduce((sum, rate) => sum + rate, 0) / last.length
}

/** Sum of a counter over devices that reported one. */
export const sumOf = (devices: readonly DeviceInfo[], counter: keyof LiveInfo): number =>
  devices.reduce((sum, { live }) => {
    const value = live?.[counter]
    return typeof value === 'number' ? sum + value : sum
  }, 0)

/** Of the rates that are known; undefined when none is. */
export const sumOfRates = (all: readonly (number | undefined)[]): number | undefined =>
  all.reduce((sum, rate) => (rate === undefined ? sum : (sum ?? 0) + rate), undefined)

/** Adds series from their newest end; the result is as long as the longest. */
export function addSeries(series: readonly number[][]): number[] {
  const length = Math.max(0, ...series.map((one) => one.length))
  return Array.from({ length }, (_, index) =>
    series.reduce((sum, one) => sum + (one[index - length + one.length] ?? 0), 0),
  )
}

/** Values a small line has room for: a minute at one a second. */
export const SPARK_VALUES = 60

/**
 * Points of a line in a box of width by height: the newest at the right, 0 at the bottom, the largest at
 * the top. Fewer values than there is room for leave the left empty: nobody looked then, which is no 0.
 */
export function sparkPoints(
  values: readonly number[],
  width: number,
  height: number,
): [x: number, y: number][] {
  const shown = values.slice(-SPARK_VALUES)
  const most = Math.max(1e-9, ...shown)
  const step = width / (SPARK_VALUES - 1)
  return shown.map((value, index) => [
    Number((width - (shown.length - 1 - index) * step).toFixed(1)),
    Number((height - (value / most) * height).toFixed(1)),
  ])
}
