// What an identity sends in an hour in which it sends: a quantile sketch, and the sums that tell a slow drip.
//
// The sketch is DDSketch's (Masson, Rim, Lee: "DDSketch", VLDB 2019) with a relative error of 5 %: bytes fall into
// bins whose bounds grow by GAMMA, so a quantile of bytes is right to 5 % and one of log1p(bytes) to 0.05. Bins are
// kept sparse, as text: some 150 bytes an identity, where @datadog/sketches-js holds 5.5 KB and writes 2 KB of
// protobuf in 90 microseconds; and the bins are at hand, from which the median absolute deviation comes. Tests
// compare the two.
import { noUsual, readUsual, type Usual, writeUsual } from './usual.ts'

export const RELATIVE_ERROR = 0.05
const LOG_GAMMA = Math.log((1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR))
/** Hours remembered: at twice as many, counts are halved, so that habits may change. */
const HOURS_KEPT = 360
/** Least deviation, in natural logarithms of bytes: what is steadier than that is no steadier. */
const SIGMA_FLOOR = 0.35
/** From a median absolute deviation to a standard deviation, of a normal distribution. */
const MAD_TO_SIGMA = 1.4826
/** Drift allowed each hour, in deviations: the k of CUSUM. */
const DRIP_SLACK = 0.5
const DRIP_MAX = 1_000
/** One hour counts no more than this toward a drip: a burst is not one. */
const DRIP_STEP_MAX = 3

export type History = {
  /** Hours in the bins. */
  hours: number
  /** Count of hours by bin. */
  bins: Map<number, number>
  /** CUSUM of what each hour was above the ordinary, in deviations; 0 or more. */
  drip: number
  /** The last hour that is in the bins, since 1970; -1 when there is none. */
  lastHour: number
  /** The hour that is not over, since 1970, and what was sent in it so far. */
  hour: number
  hourOut: number
  /** What it sends in a day beyond an answer. */
  usual: Usual
}

/** What an ordinary hour is, in log1p of bytes. */
export type Ordinary = { median: number; sigma: number }

export const emptyHistory = (): History => ({
  hours: 0,
  bins: new Map(),
  drip: 0,
  lastHour: -1,
  hour: -1,
  hourOut: 0,
  usual: noUsual(),
})

/** The bin of a count of bytes above 0. */
export const binOf = (count: number): number => Math.ceil(Math.log(count) / LOG_GAMMA)
/** Bytes in the middle of a bin, right to RELATIVE_ERROR for all in it. */
export const bytesOfBin = (bin: number): number =>
  (2 * Math.exp(bin * LOG_GAMMA)) / (1 + Math.exp(LOG_GAMMA))

const sorted = (history: History): [bin: number, count: number][] =>
  [...history.bins].sort(([a], [b]) => a - b)

/** Bytes at quantile `q` in [0, 1]; undefined while there are none. */
export function quantileOf(history: History, q: number): number | undefined {
  const rank = q * (history.hours - 1)
  let below = 0
  for (const [bin, count] of sorted(history)) {
    below += count
    if (below > rank) return bytesOfBin(bin)
  }
  return undefined
}

/** undefined while there are no hours. */
export function ordinaryOf(history: History): Ordinary | undefined {
  const middle = quantileOf(history, 0.5)
  if (middle === undefined) return undefined
  const median = Math.log1p(middle)
  const off = sorted(history)
    .map(([bin, count]): [number, number] => [
      Math.abs(Math.log1p(bytesOfBin(bin)) - median),
      count,
    ])
    .sort(([a], [b]) => a - b)
  let below = 0
  for (const [distance, count] of off) {
    below += count
    if (below > (history.hours - 1) / 2)
      return { median, sigma: Math.max(SIGMA_FLOOR, distance * MAD_TO_SIGMA) }
  }
  return undefined
}

/** How far `count` bytes in an hour are from the ordinary, in deviations. */
export const distanceOf = (ordinary: Ordinary, count: number): number =>
  (Math.log1p(count) - ordinary.median) / ordinary.sigma

/** Hours after which an ordinary one is known. */
export const HOURS_KNOWN = 24

/** The hour that was not over is: it is held against those before it, once there are HOURS_KNOWN, and joins them. */
export function endHour(history: History): void {
  const count = history.hourOut
  if (count === 0) return
  const idleHours = history.lastHour < 0 ? 0 : Math.max(0, history.hour - history.lastHour - 1)
  history.hourOut = 0
  history.lastHour = history.hour
  const ordinary = history.hours >= HOURS_KNOWN ? ordinaryOf(history) : undefined
  if (ordinary) {
    // An hour in which nothing was sent counts as an ordinary one.
    const rested = Math.max(0, history.drip - DRIP_SLACK * idleHours)
    const step = Math.min(DRIP_STEP_MAX, distanceOf(ordinary, count)) - DRIP_SLACK
    history.drip = Math.min(DRIP_MAX, Math.max(0, rested + step))
  }
  const bin = binOf(count)
  history.bins.set(bin, (history.bins.get(bin) ?? 0) + 1)
  history.hours++
  if (history.hours < 2 * HOURS_KEPT) return
  history.hours = 0
  for (const [key, times] of history.bins) {
    const half = times >> 1
    history.hours += half
    if (half === 0) history.bins.delete(key)
    else history.bins.set(key, half)
  }
}

/** `1 <lastHour> <hour> <hourOut> <drip> <bin>:<count> ... <usual>`, bins in order; empty when there is nothing. */
export function writeHistory(history: History): string {
  const usual = writeUsual(history.usual)
  if (history.hours === 0 && history.hourOut === 0 && usual === '') return ''
  const bins = sorted(history).map(([bin, count]) => `${bin}:${count}`)
  const drip = Math.round(history.drip * 1_000) / 1_000
  return ['1', history.lastHour, history.hour, history.hourOut, drip, ...bins, usual]
    .join(' ')
    .trimEnd()
}

const BINS_MAX = 400

/** Reads what `writeHistory` wrote; undefined when it is not that. */
export function readHistory(text: string): History | undefined {
  const history = emptyHistory()
  if (text === '') return history
  const [version, lastHour, hour, hourOut, drip, ...bins] = text.split(' ')
  const last = bins.at(-1)?.startsWith('u') ? bins.pop() : undefined
  const usual = readUsual(last ?? '')
  history.lastHour = Number(lastHour)
  history.hour = Number(hour)
  history.hourOut = Number(hourOut)
  history.drip = Number(drip)
  const isWhole =
    version === '1' &&
    Number.isSafeInteger(history.lastHour) &&
    Number.isSafeInteger(history.hour) &&
    Number.isSafeInteger(history.hourOut) &&
    history.hourOut >= 0 &&
    history.drip >= 0 &&
    history.drip <= DRIP_MAX
  if (!isWhole || bins.length > BINS_MAX || usual === undefined) return undefined
  history.usual = usual
  for (const entry of bins) {
    const [bin, count] = entry.split(':').map(Number)
    if (bin === undefined || count === undefined) return undefined
    if (!Number.isSafeInteger(bin) || bin < 0 || bin > BINS_MAX) return undefined
    if (!Number.isSafeInteger(count) || count < 1 || count > 2 * HOURS_KEPT) return undefined
    history.bins.set(bin, count)
    history.hours += count
  }
  return history
}
