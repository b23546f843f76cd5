// Sentences that depend on numbers, apart from the views so that each of their cases is tested. Pure.
import type {
  ActorInfo,
  AlertDetail,
  AlertStateName,
  ChainInfo,
  DestinationsResponse,
  DeviceInfo,
  EnrolmentInfo,
  HealthInfo,
  LiveInfo,
  ReasonView,
} from '../views/page-api.ts'
import { bytesText, countText, outShareText } from './format.ts'
import { nameOfKey } from './identity-key.ts'

/** How many flows of an alert went unanswered, as far as the alert's state lets one say it. */
export function answeredText(
  alert: Pick<AlertDetail, 'state' | 'bytesIn' | 'flows' | 'silentFlows' | 'unreadFlows'>,
): string {
  if (alert.unreadFlows > 0) return `${countText(alert.unreadFlows)} of them not read to the end`
  if (alert.bytesIn === 0)
    return alert.state === 'final' ? 'nothing came back' : 'nothing has come back so far'
  if (alert.silentFlows === 0 && alert.flows === 1) return 'it was answered'
  if (alert.silentFlows === alert.flows) return `${countText(alert.flows)} unanswered`
  const counted = `${countText(ANSWERED_FROM_BYTES)} B or more`
  return `${alert.silentFlows === 0 ? 'none' : countText(alert.silentFlows)} of ${counted} unanswered`
}

type Qualified = Pick<
  AlertDetail,
  | 'state'
  | 'flows'
  | 'unreadFlows'
  | 'atMostFlows'
  | 'tunnelledFlows'
  | 'guessedFlows'
  | 'inAboutFlows'
>

/** How far the bytes out are the figure that they look like. */
export function outName({ state, unreadFlows, atMostFlows }: Qualified): string {
  const isLeast = state !== 'final' || unreadFlows > 0
  if (atMostFlows === 0) return isLeast ? 'Out, at least' : 'Out'
  return isLeast ? 'Out, about' : 'Out, at most'
}

/** How far the bytes in are. */
export function inName({ state, unreadFlows, inAboutFlows }: Qualified): string {
  if (inAboutFlows > 0) return 'In, about'
  return state !== 'final' || unreadFlows > 0 ? 'In, at least' : 'In'
}

/** What is to be known of an alert's flows beside their figures; empty: nothing. */
export function qualifiedText(alert: Qualified): string {
  const { atMostFlows, tunnelledFlows, guessedFlows, inAboutFlows } = alert
  const of = (count: number): string => (count === 1 ? 'one flow' : `${countText(count)} flows`)
  return [
    atMostFlows > 0 ? `More may be counted of ${of(atMostFlows)} than was sent.` : '',
    tunnelledFlows > 0
      ? `${of(tunnelledFlows).replace(/^o/, 'O')} left through a tunnel (a VPN or a relay), whose own flow has these bytes once more.`
      : '',
    guessedFlows > 0
      ? `The program of ${of(guessedFlows)} is a guess: found by process number and time alone, or another had the flow before.`
      : '',
    inAboutFlows > 0 ? `What came in over ${of(inAboutFlows)} is not exact.` : '',
  ]
    .filter((text) => text !== '')
    .join(' ')
}

/** What an alert does not list of its flows. */
export function unlistedText({
  flows,
  bytesOut,
  listedFlows,
}: Pick<AlertDetail, 'flows' | 'bytesOut' | 'listedFlows'>): string {
  const listed = listedFlows ?? []
  const rest = flows - listed.length
  const all = flows === 1 ? 'It has one flow.' : `It has ${countText(flows)} flows.`
  if (rest <= 0) return all
  const out = listed.reduce((sum, flow) => sum + flow.bytesOut, 0)
  const more = bytesText(Math.max(0, bytesOut - out))
  if (listed.length === 0) return `${all} None of them is listed: they had ended before it opened.`
  return `${all} ${countText(rest)} more than are listed, with ${more} out: smaller ones, or ended before it opened.`
}

/** Smaller flows are not counted as unanswered (the engine's SILENT_FLOW_BYTES). */
export const ANSWERED_FROM_BYTES = 1024

/** What `answeredText` counts (the engine's SILENT_AFTER_MS). */
export const ANSWERED_MEANS = `A flow counts as unanswered when it has sent ${countText(ANSWERED_FROM_BYTES)} B or more and nothing has come back in it as it closes, or after 30 s. Smaller ones are not counted.`

/**
 * How much of a list is on the page: what the filter shows, what the page has loaded of all that the
 * collector keeps.
 */
export function listedText(
  shown: number,
  loaded: number,
  total: number,
  what: [one: string, many: string],
): string {
  const all = `${countText(total)} ${total === 1 ? what[0] : what[1]}`
  if (shown === total) return `${all}.`
  if (loaded >= total) return `${countText(shown)} of ${all}.`
  return shown === loaded
    ? `The newest ${countText(loaded)} of ${all}.`
    : `${countText(shown)} of the newest ${countText(loaded)}; the collector keeps ${all}.`
}

/** How much of what was found is on the page; `total` is of the whole store. */
export const foundText = (shown: number, total: number, [one, many]: [string, string]): string =>
  shown >= total
    ? `${countText(total)} ${total === 1 ? one : many} found.`
    : `${countText(shown)} of ${countText(total)} ${many} found.`

/** What a list of machines that report may claim: no more than they see. */
export function watchedText(reporting: readonly Pick<DeviceInfo, 'hostname' | 'live'>[]): string {
  const [first] = reporting
  const short = reporting.filter(({ live }) => live !== undefined && live.degraded !== '').length
  const all = 'every program that starts and every connection it makes'
  if (reporting.length === 1 && first)
    return short === 0
      ? `Every program that starts on ${first.hostname} and every connection it makes is being watched.`
      : `${first.hostname} is being watched in part: what is missing stands above.`
  const machines = `${countText(reporting.length)} machines are being watched`
  if (short === 0) return `${machines}: ${all}.`
  return `${machines}, ${countText(short)} of them in part: what is missing there stands above.`
}

/** Below this, totals say nothing about where bytes went. */
const LIKENESS_FROM_BYTES = 100_000

/**
 * Whether totals out and in are so alike that a reader will wonder why: where loopback is watched, what one
 * program sends another receives, and both are counted.
 */
export const isMirrored = (bytesOut: number, bytesIn: number): boolean =>
  Math.min(bytesOut, bytesIn) >= LIKENESS_FROM_BYTES &&
  Math.min(bytesOut, bytesIn) >= 0.9 * Math.max(bytesOut, bytesIn)

const SCRIPT_NOTES: Record<string, string> = {
  claimed: 'as the process itself says',
  inline: 'a text on its command line',
  module: 'a module that it finds by name',
  standard_input: 'what its standard input brings',
}

/** What a script's path does not say of what a process runs; empty when it says all. */
export const scriptNote = (from: string): string => SCRIPT_NOTES[from] ?? ''

/** The files that a process runs code of beside its program. */
export const foreignText = (paths: readonly string[], hasMore: boolean): string =>
  paths.length === 0
    ? 'from files that were not told'
    : `${paths.join(', ')}${hasMore ? ' and more' : ''}`

/** A policy's version; 0 is the one that is part of the agent. */
export const policyText = (version: number): string =>
  version === 0 ? 'built-in policy' : `version ${version}`

/**
 * Whether the share that a term measured differs from the one its text tells of all bytes: the engine leaves
 * out of an answer what a TLS or QUIC handshake brings.
 */
export const isWithoutHandshake = ({ unit, value, text }: ReasonView): boolean =>
  unit === 'ratio' && text.includes(' %') && !text.includes(outShareText(value))

/** Whether a device is what a recording was replayed into, and so never reports again. Agents' ids are of other versions. */
export const isReplayed = ({ id }: Pick<DeviceInfo, 'id'>): boolean => id[14] === '8'

type Ids = readonly Pick<DeviceInfo, 'id'>[]

/** Over a list of what reports here and of recordings. */
export const machinesTitle = (devices: Ids): string =>
  devices.length === 1 && !devices.some(isReplayed) ? 'Machine' : 'Machines'

/** How many they are: a recording is no machine. */
export function devicesText(devices: Ids): string {
  const recordings = devices.filter(isReplayed).length
  const machines = devices.length - recordings
  const of = (count: number, what: string) =>
    `${countText(count)} ${count === 1 ? what : `${what}s`}`
  if (recordings === 0) return of(machines, 'machine')
  return machines === 0
    ? of(recordings, 'recording')
    : `${of(machines, 'machine')} and ${of(recordings, 'recording')}`
}

/** How a device stands that enrolled, in a word. */
export const STANDING_WORDS: Record<EnrolmentInfo['standing'] | 'forgotten', string> = {
  forgotten: 'Not enrolled here',
  quarantined: 'Quarantined',
  active: 'Admitted',
  revoked: 'Revoked',
}

export const standingText = ({
  standing,
  sharedSince,
  mayEnrolAgain,
}: Pick<EnrolmentInfo, 'standing' | 'sharedSince' | 'mayEnrolAgain'>): string =>
  [
    STANDING_WORDS[standing],
    ...(sharedSince === null ? [] : ['shared']),
    ...(mayEnrolAgain ? ['may enrol again'] : []),
  ].join(', ')

/** What a device that is connected does not tell of; empty: nothing. */
export const silenceText = ({ silence }: Pick<DeviceInfo, 'silence'>): string =>
  silence ? (silence.of === 'flows' ? 'Tells of no network flows' : 'Tells of nothing') : ''

/** Of a table that is folded: what it says was missed; empty: nothing. */
export const missedText = (
  live: Pick<LiveInfo, 'lost' | 'unattributedFlows' | 'outboxEvicted'>,
): string =>
  [
    { count: live.lost, what: 'lost' },
    { count: live.unattributedFlows, what: 'without a program' },
    { count: live.outboxEvicted, what: 'given up' },
  ]
    .filter(({ count }) => count > 0)
    .map(({ count, what }) => `${countText(count)} ${what}`)
    .join(', ')

/** How a device stands with the collector. */
export function connectionText(device: Pick<DeviceInfo, 'id' | 'connected'>): string {
  if (isReplayed(device)) return device.connected ? 'Being replayed' : 'Replayed'
  return device.connected ? 'Connected' : 'Not connected'
}

/** How many of the machines that can report do; a recording that was replayed cannot. */
export function reportingText(
  devices: readonly Pick<DeviceInfo, 'id' | 'connected' | 'hostname'>[],
): { text: string; isWhole: boolean } {
  const machines = devices.filter((device) => !isReplayed(device))
  const reporting = machines.filter(({ connected }) => connected).length
  const [first] = machines
  const isWhole = reporting === machines.length
  if (first === undefined) return { text: 'Live · no machine yet', isWhole }
  if (machines.length === 1 && isWhole) return { text: `Live · ${first.hostname}`, isWhole }
  return { text: `Live · ${reporting} of ${machines.length} machines reporting`, isWhole }
}

/**
 * Why a destination has no name: where the system says which names are asked for, none was (the engine says that with
 * its points); elsewhere nobody knows.
 */
export const namelessText = ({
  reasons,
  destination,
}: {
  reasons: readonly ReasonView[]
  destination: { port: number }
}): string =>
  destination.port === 0
    ? 'none: it came to this machine'
    : reasons.some(({ term, text }) => term === 'destination' && text.includes('not a name'))
      ? 'none was asked for: the program gave an address'
      : 'not known: the system does not say whether one was asked for'

/** Whom a program was run for, by its path where one is known; empty: for itself. */
export const runForText = ({ as, path }: Pick<ActorInfo, 'as' | 'path'>): string =>
  as !== 'for' ? '' : path.startsWith('/') ? path : nameOfKey(path || 'unknown')

/** The state of a revision among all of an alert's. Only the last is final: an earlier one that was so had more to come. */
export const revisionText = (state: AlertStateName, isLast: boolean): string =>
  state === 'final' && !isLast ? 'closed, then went on' : state

/** As many of a chain are told (engine/detection/alert-view.ts). */
const CHAIN_MAX = 8

/** What started the first that a chain names, where it goes on; empty: it names all. */
export function aboveText(chain: readonly Pick<ChainInfo, 'pid' | 'moreAbove'>[]): string {
  const last = chain.at(-1)
  if (!last) return ''
  if (last.moreAbove > 0)
    return last.moreAbove === 1
      ? 'One more is above these, which the alert does not name.'
      : `${countText(last.moreAbove)} more are above these, which the alert does not name.`
  return chain.length >= CHAIN_MAX && last.pid > 1
    ? `An alert names ${CHAIN_MAX} at the most: whether more are above these was not told.`
    : ''
}

const BYTES_FIRST = /^\d[\d.,]* (?:B|[kMGT]B) /

/**
 * How much a health event is of, in its own unit, which its sentence begins with: bytes that were not watched, records that were
 * lost, and so on.
 */
export function amountText({ text, count }: Pick<HealthInfo, 'text' | 'count'>): string {
  if (BYTES_FIRST.test(text)) return bytesText(count)
  const unit = new RegExp(`^${count} ([a-z]+(?: or [a-z]+)?)`).exec(text)?.[1]
  if (unit !== undefined) return `${countText(count)} ${unit}`
  return count === 1 ? 'once' : `${countText(count)} times`
}

const AN_HOUR = 'An hour is told when it is over'

/** How much went to the destinations of an identity, those with the most out first, as far as that was told. */
export function wentText({ destinations, total, bytesOut, bytesIn }: DestinationsResponse): string {
  const to = total === 1 ? 'one destination' : `${countText(total)} destinations`
  if (!destinations.some(({ told }) => told !== null))
    return `How much went to ${to} is not known yet. ${AN_HOUR}.`
  const rest = total - destinations.length
  const listed = destinations.reduce((sum, { told }) => sum + (told?.bytesOut ?? 0), 0)
  const more =
    rest > 0
      ? ` (${countText(rest)} more than are listed, with ${bytesText(Math.max(0, bytesOut - listed))} out)`
      : ''
  return `${bytesText(bytesOut)} out and ${bytesText(bytesIn)} in, to ${to}${more}, in the hours that are kept. ${AN_HOUR}: what moves now is not in it yet.`
}
