// Numbers, times and foreign text as a person reads them. Pure: the present is an argument.
import type { ArgumentsInfo, NsText } from '../views/page-api.ts'

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** Bytes with three digits in decimal units: `0 B`, `999 B`, `8.39 MB`. */
export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  // 999.5 would be printed as 1000 of its unit.
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? Math.round(value) : threeDigits(value)} ${BYTE_UNITS[unit]}`
}

/** Every byte: `8,388,608 B`. */
export const bytesExact = (bytes: number): string => `${countText(bytes)} B`

/** A whole number with thousands set apart: `12,345`. */
export const countText = (count: number): string => Math.round(count).toLocaleString('en-US')

/** In place of a figure that nobody has told yet: it is not 0. */
export const UNKNOWN = '–'

/** A rate of things: `0/s`, `0.4/s`, `37/s`, `1,204/s`. */
export function rateText(perSecond: number | undefined): string {
  if (perSecond === undefined) return `${UNKNOWN}/s`
  if (perSecond > 0 && perSecond < 9.95) return `${perSecond.toFixed(1)}/s`
  return `${countText(perSecond)}/s`
}

export const byteRateText = (bytesPerSecond: number | undefined): string =>
  `${bytesPerSecond === undefined ? UNKNOWN : bytesText(bytesPerSecond)}/s`

const threeDigits = (value: number): string =>
  value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2)

const DURATION_UNITS: [seconds: number, name: string][] = [
  [86400, 'd'],
  [3600, 'h'],
  [60, 'min'],
]

/** A length of time in its two largest units: `0.4 s`, `12 s`, `3 min 5 s`, `2 d 4 h`. */
export function durationText(seconds: number): string {
  if (seconds > 0 && seconds < 9.95) return `${Number(seconds.toFixed(1))} s`
  const whole = Math.round(seconds)
  for (const [index, [size, name]] of DURATION_UNITS.entries()) {
    if (whole < size) continue
    const [restSize, restName] = DURATION_UNITS[index + 1] ?? [1, 's']
    const rest = Math.floor((whole % size) / restSize)
    const first = `${countText(Math.floor(whole / size))} ${name}`
    return rest === 0 ? first : `${first} ${rest} ${restName}`
  }
  return `${whole} s`
}

/** How long ago, in its largest unit: `now`, `12 s`, `4 min`, `3 h`, `5 d`. A time to come is `now`. */
export function ageText(at: NsText, nowMs: number): string {
  const seconds = Math.floor((nowMs - msOf(at)) / 1000)
  if (seconds < 1) return 'now'
  for (const [size, name] of DURATION_UNITS)
    if (seconds >= size) return `${countText(Math.floor(seconds / size))} ${name}`
  return `${seconds} s`
}

/** The same as words: `just now`, `4 min ago`. */
export function agoText(at: NsText, nowMs: number): string {
  const age = ageText(at, nowMs)
  return age === 'now' ? 'just now' : `${age} ago`
}

/** Milliseconds since 1970 UTC, the fraction cut. */
export const msOf = (at: NsText): number => Number(BigInt(at) / 1_000_000n)

/** Whether a time is told at all: "0" means it is not known. */
export const isKnown = (at: NsText): boolean => at !== '0' && at !== ''

type ClockFormats = { day: Intl.DateTimeFormat; time: Intl.DateTimeFormat }
const clocks = new Map<string | undefined, ClockFormats>()

/** Made once a zone: making one takes longer than formatting a whole list. */
function clockFormats(timeZone: string | undefined): ClockFormats {
  const known = clocks.get(timeZone)
  if (known) return known
  const zone = timeZone === undefined ? {} : { timeZone }
  const made = {
    day: new Intl.DateTimeFormat('en-GB', {
      day: 'numeric',
      month: 'short',
      year: 'numeric',
      ...zone,
    }),
    time: new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', ...zone }),
  }
  clocks.set(timeZone, made)
  return made
}

/** Wall time to the second, with the date unless it is today. `timeZone` is for tests. */
export function clockText(at: NsText, nowMs: number, timeZone?: string): string {
  const { day, time } = clockFormats(timeZone)
  const when = msOf(at)
  const clock = time.format(when)
  return day.format(when) === day.format(nowMs) ? clock : `${day.format(when)}, ${clock}`
}

/**
 * Ticks of a time axis, seconds since 1970, each as wall time. When one of them is of another day than the
 * present, the date stands below the first of each day.
 */
export function tickTexts(ticks: readonly number[], nowMs: number, timeZone?: string): string[] {
  const { day, time } = clockFormats(timeZone)
  const days = ticks.map((seconds) => day.format(seconds * 1000))
  const today = day.format(nowMs)
  const dated = days.some((one) => one !== today)
  return ticks.map((seconds, index) => {
    const clock = time.format(seconds * 1000)
    return dated && days[index] !== days[index - 1] ? `${clock}\n${days[index]}` : clock
  })
}

/** ISO 8601 in UTC with all nine digits of the fraction. */
export function isoText(at: NsText): string {
  const fraction = (BigInt(at) % 1_000_000_000n).toString().padStart(9, '0')
  return `${new Date(msOf(at)).toISOString().slice(0, 19)}.${fraction}Z`
}

/**
 * Share of bytes that went out, `99.9 %`, of the ratio (out - in) / (out + in). Cut, not rounded, as in the
 * alert's sentence: 100 % means all of them.
 */
export function outShareText(ratio: number): string {
  const share = (1 + ratio) / 2
  // 0.8 is not quite 0.8 in binary: a tenth of a per cent must not fall to the one below.
  const tenths = Math.floor(share * 1000 + 1e-6)
  return share === 1 ? '100 %' : `${(tenths / 10).toFixed(1)} %`
}

/** A measured value in the unit of a reason: B, s, ratio, flows or none. */
export function valueText(value: number, unit: string): string {
  if (unit === 'B') return bytesText(value)
  if (unit === 's') return durationText(value)
  if (unit === 'flows') return `${countText(value)} ${value === 1 ? 'flow' : 'flows'}`
  if (unit === 'ratio') return `${outShareText(value)} out`
  return Number.isInteger(value) ? countText(value) : String(Number(value.toFixed(2)))
}

/** Points with their sign: `+25`, `−15`, `+7.5`. */
export function pointsText(points: number): string {
  const size = Number(Math.abs(points).toFixed(1))
  return `${size === 0 ? '' : points < 0 ? '−' : '+'}${size}`
}

/** Cuts the middle out of a long text, keeping a third before and two thirds after: names stand last. */
export function middle(text: string, lengthMax: number): string {
  const letters = Array.from(text)
  if (letters.length <= lengthMax) return text
  const head = Math.floor((lengthMax - 1) / 3)
  const tail = lengthMax - 1 - head
  return `${letters.slice(0, head).join('')}…${letters.slice(letters.length - tail).join('')}`
}

/** Arguments as a POSIX shell would be given them, with a word on what is not there. */
export function argumentsText(told: ArgumentsInfo): string {
  if (told.missed) return 'not read: the program had ended, or ran another'
  const words = told.texts.map((text) =>
    /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`,
  )
  if (told.leftOutBytes > 0 || told.atLeast)
    words.push(
      `(cut: ${countText(told.count)} arguments, ${told.atLeast ? 'more than ' : ''}${bytesExact(told.leftOutBytes)} left out)`,
    )
  return words.join(' ')
}

/** An address with its port, IPv6 in brackets (RFC 3986, section 3.2.2); a peer that was served has no one port (0). */
export const endpointText = (address: string, port: number): string => {
  if (port === 0) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** Of a destination; 0: it came here to fetch, from a port of its own each time. */
export const portText = (port: number): string =>
  port === 0 ? 'any: it fetched from this machine' : `${port}`

/** uid that says "not known" in an answer of the API. */
const UID_UNKNOWN = 0xffff_ffff

/** A user's name, else the number, else that it is not known. */
export const userText = (user: string, uid: number): string =>
  user || (uid === UID_UNKNOWN ? 'unknown user' : `uid ${uid}`)

/** Last part of a path; the path itself when it has none. */
export const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1) || path

/**
 * Foreign text made visible: controls, line ends, invisible and direction-changing characters (Unicode
 * Cc, Cf, Cs, Co, Zl, Zp) become `\u{202E}`. A program's name can otherwise read backwards or be empty.
 */
export const visible = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu,
    (letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`,
  )

/** Where the bars of bytes begin. */
const BAR_FROM_BYTES = 1000

/** Where the bars of a list end: at the most that one of its rows has, and never so low that little looks like much. */
export const mostBytes = (rows: readonly { bytesOut: number; bytesIn: number }[]): number =>
  rows.reduce((most, { bytesOut, bytesIn }) => Math.max(most, bytesOut, bytesIn), 100_000)

/**
 * Width of a bar in [0, 1]. One scale for all bars of a list, logarithmic, so that 20 kB are seen beside 1.2 GB and 1 MB is
 * not as long as either.
 */
export function barShare(bytes: number, most: number): number {
  if (bytes <= BAR_FROM_BYTES) return 0
  return Math.min(1, Math.log(bytes / BAR_FROM_BYTES) / Math.log(most / BAR_FROM_BYTES))
}

/** What the bars of a list mean. */
export const barText = (most: number): string =>
  `Bars: one logarithmic scale for all rows, empty at ${bytesText(BAR_FROM_BYTES)}, full at ${bytesText(most)}.`

const SIGNERS: Record<string, string> = {
  platform: 'Platform',
  app_store: 'App Store',
  notarized: 'Notarized',
  developer_id: 'Developer ID',
  unknown: 'Not looked at',
  adhoc: 'Ad hoc',
  unsigned: 'Unsigned',
  invalid: 'Invalid signature',
}

/** A signer class in words; a class this page does not know stays as it is. */
export const signerText = (signerClass: string): string => SIGNERS[signerClass] ?? signerClass
