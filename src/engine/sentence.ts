// What an analyst reads. Claims what was observed, with its numbers, and no more. It is read when it is an hour old, or a
// year: times in it are from one thing that happened to another, never until now.
import type { NetworkName } from '../baseline/network-names.ts'
import { quoted } from '../printable.ts'

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** `0 B`, `812 B`, `8.4 MB`: decimal units. */
export function humanBytes(count: number): string {
  let value = count
  let unit = 0
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1
  return `${value.toFixed(digits)} ${UNITS[unit] as string}`
}

/** `1 flow`, `3 flows`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`

/** `less than 0.1 s`, `0.4 s`, `12 s`, `5 min`, `3.2 h`, `12 days`. Below 0 clocks were set: as 0. */
export function humanDuration(ms: number): string {
  if (!(ms >= 50)) return 'less than 0.1 s'
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 119_500) return `${Math.round(ms / 1000)} s`
  if (ms < 7_170_000) return `${Math.round(ms / 60_000)} min`
  if (ms < 172_800_000) return `${(ms / 3_600_000).toFixed(1)} h`
  return `${Math.round(ms / 86_400_000)} days`
}

/** What a Mac had written of a program's name; `counts`: its being new counts less for that. */
export function nameText(
  { firstAt, sent }: Pick<NetworkName, 'firstAt' | 'sent'>,
  counts: boolean,
): string {
  const since = new Date(Number(firstAt / 1_000_000n)).toISOString().slice(0, 10)
  return `macOS knew a program of this name to use the network before Freshet, since ${since}, with ${humanBytes(sent)} sent: ${
    counts ? 'its being new counts less' : 'a name that anybody can take, which counts for nothing'
  }`
}

/** Share of bytes that went out. Cut, not rounded: 100 % means all of them. */
export function humanShare(out: number, bytesIn: number): string {
  const share = out + bytesIn === 0 ? 0 : out / (out + bytesIn)
  return `${(Math.floor(share * 1000) / 10).toFixed(share === 1 ? 0 : 1)} %`
}

/**
 * What is one-sided, so that the sentence never speaks against its alert: all that passed, the largest flow where
 * others of the pair brought more back, or neither any more, and then what was when the score was highest; or that
 * its flows could not be read, and then no share of them is claimed.
 */
export type Lead =
  | { of: 'pair' }
  | { of: 'flow'; bytesOut: number; bytesIn: number }
  | { of: 'past'; text: string }
  | { of: 'unread' }

/** Since when a program is known. */
export type Since = {
  /** Until it began to send there, ms. */
  ms: number
  /** Found running at the first look there ever was. */
  wasHere: boolean
}

export type SentenceFacts = {
  /** File name; quoted here, as `runBy` is. The rest is words, with names in quotes. */
  name: string
  /** As "unsigned", "a program of this system". */
  signer: string
  since: Since
  /** Whom it acts for; undefined: itself. */
  actsFor: ActsFor | undefined
  /** File name of the process that ran it; empty when not known. */
  runBy: string
  /** What it runs, as a clause; empty: nothing. */
  script: string
  /** Other paths of that, or of the program, as a clause; empty: none. */
  also: string
  doubt: string
  /** host:port as text. */
  destination: string
  bytesOut: number
  bytesIn: number
  durationMs: number
  /** What makes it an alert; see `Lead`. */
  lead: Lead
  flows: number
  silentFlows: number
  /** Flows whose last counters could not be read, and those whose close was not seen. */
  unreadFlows: number
  inexactFlows: number
  /** Flows that were open before anybody looked: what they moved until then is in no figure here. */
  earlierFlows: number
  /** Flows whose bytes out may count more than was sent, that left through a tunnel, whose owner was guessed. */
  atMostFlows: number
  tunnelledFlows: number
  guessedFlows: number
  /** Flows whose bytes in are about so many. */
  inAboutFlows: number
  /** Bytes out in the last ten minutes. */
  recentOut: number
  privateNetwork: boolean
  /** The peer came and fetched it. */
  served: boolean
  /** Further destinations of the same program that are counted within this alert, the largest with their names. */
  others: Others
  /** It is followed no more: as many as may be open at once are, and all of them are rarer. */
  gaveWay: boolean
}

export type Others = {
  count: number
  bytesOut: number
  /** There are more, and more went out. */
  isLeast: boolean
  named: readonly { text: string; bytesOut: number }[]
}

/** The program on whose behalf another sends. */
export type ActsFor = {
  /** Its path in quotes, or words. */
  name: string
  /** Empty, and undefined, where nothing is known of it. */
  signer: string
  since: Since | undefined
}

const clauses = (...texts: string[]): string => texts.filter((text) => text !== '').join(', ')

const sinceText = ({ ms, wasHere }: Since): string =>
  wasHere
    ? `here before Freshet, which first looked ${humanDuration(ms)} before`
    : `first seen ${humanDuration(ms)} before`

/** What it does for another is news of its own: that program may well be known for long. */
const doneBeforeText = ({ ms, wasHere }: Since): string =>
  wasHere || ms < DOING_SO_FROM_MS ? '' : `first seen doing so ${humanDuration(ms)} before`

/** It is known to act for somebody from its first connection on, and of that the sentence tells. */
const DOING_SO_FROM_MS = 1_000

/** Who sent: the program, and whom it was run for, with how each is vouched for and since when it is known. */
function whoText(facts: SentenceFacts): string {
  const { name, signer, since, actsFor, runBy, script, also, doubt } = facts
  if (actsFor === undefined) {
    const by = runBy === '' ? '' : `run by ${quoted(runBy)}`
    return `${quoted(name)} (${clauses(signer, sinceText(since), by, script, also, doubt)})`
  }
  const known = clauses(actsFor.signer, actsFor.since ? sinceText(actsFor.since) : '')
  const whom = `${actsFor.name}${known === '' ? '' : ` (${known})`}`
  return `${quoted(name)} (${clauses(signer, doneBeforeText(since), script, also, doubt)}), run for ${whom},`
}

const GAVE_WAY =
  ' It is followed no further: it gave way to a rarer one, as no more alerts can be open at once. What is sent there from now on is told anew once it is rarer, or there is room.'

/** One or two sentences. */
export function alertSentence(facts: SentenceFacts): string {
  const who = whoText(facts)
  const flows = humanFlows(facts.flows)
  const silent =
    facts.silentFlows === 0 || facts.flows === 1
      ? ''
      : // Those that sent next to nothing are not counted.
        ` (${facts.silentFlows === facts.flows ? 'all' : `at least ${facts.silentFlows}`} without any answer)`
  const place = facts.privateNetwork ? ' on a private network' : ''
  const recent =
    facts.durationMs > 600_000 && facts.recentOut > 0
      ? `; ${humanBytes(facts.recentOut)} of it in its last 10 minutes`
      : ''
  const more = othersText(facts.others)
  const rest = `${more}${facts.gaveWay ? GAVE_WAY : ''}`
  const isLeast = facts.unreadFlows + facts.inexactFlows > 0
  const isMost = facts.atMostFlows > 0
  const least = isLeast ? (isMost ? 'about ' : 'at least ') : isMost ? 'at most ' : ''
  const passed = isLeast ? 'what was read' : 'what passed'
  const about = facts.inAboutFlows > 0 ? 'about ' : ''
  const back = (bytesIn: number): string =>
    bytesIn > 0 ? `${about}${humanBytes(bytesIn)}` : isLeast ? 'nothing that was read' : 'nothing'
  const head = `${who} ${facts.served ? 'served' : 'sent'} ${least}`
  const to = `to ${facts.destination}${place}`
  const span = `in ${humanDuration(facts.durationMs)}`
  const { lead } = facts
  if (lead.of === 'unread')
    return (
      `${who} had ${flows} ${to} ${span}, of which the bytes of ${facts.unreadFlows} could not ` +
      `be read, as they were reset or disconnected${knownPart(facts)}.${rest}`
    )
  if (lead.of === 'flow')
    return (
      `${head}${humanBytes(lead.bytesOut)} ${to} in one flow and got ${back(lead.bytesIn)} back in it: ` +
      `${about}${humanShare(lead.bytesOut, lead.bytesIn)} of ${passed} there went out. In all ` +
      `${humanBytes(facts.bytesOut)} went out and ${about}${humanBytes(facts.bytesIn)} came in, over ${flows}${silent} ${span}${recent}${unreadPart(facts)}.${rest}`
    )
  const unread = unreadPart(facts)
  const since = lead.of === 'past' ? `. When it was most unusual, ${lead.text}` : ''
  return (
    `${head}${humanBytes(facts.bytesOut)} ${to} ${span} over ${flows}${silent} ` +
    `and got ${back(facts.bytesIn)} back: ${about}${humanShare(facts.bytesOut, facts.bytesIn)} of ${passed} ` +
    `went out${recent}${unread}${since}.${rest}`
  )
}

/** Others are named so many. */
const OTHERS_NAMED_MAX = 3

function othersText({ count, bytesOut, isLeast, named }: Others): string {
  if (count === 0) return ''
  const least = isLeast ? 'at least ' : ''
  const shown = named.slice(0, OTHERS_NAMED_MAX)
  const many = capital(`${least}${counted(count, 'more destination')} of the same program`)
  const head = `${many} ${count === 1 ? 'is counted here and has no alert of its' : 'are counted here and have no alert of their'} own`
  const out = `${least}${humanBytes(bytesOut)} went out to`
  const [first] = shown
  if (first === undefined) return ` ${head}.`
  if (count === 1 && !isLeast) return ` ${head}: ${out} ${first.text}.`
  const names = joined(shown.map((one) => `${one.text} (${humanBytes(one.bytesOut)})`))
  const isAll = !isLeast && shown.length === count
  return ` ${head}: ${out} ${isAll ? names : `them, the most to ${names}`}.`
}

const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`

/** `a`, `a and b`, `a, b and c`. */
export function joined(texts: readonly string[]): string {
  const last = texts.at(-1) ?? ''
  return texts.length < 2 ? last : `${texts.slice(0, -1).join(', ')} and ${last}`
}

const knownPart = ({ bytesOut, bytesIn }: SentenceFacts): string =>
  bytesOut + bytesIn === 0
    ? ''
    : `; what was read is ${humanBytes(bytesOut)} out and ${humanBytes(bytesIn)} in`

function unreadPart(facts: SentenceFacts): string {
  const { unreadFlows, inexactFlows, earlierFlows, flows } = facts
  const { atMostFlows, tunnelledFlows, guessedFlows, inAboutFlows } = facts
  const texts = [
    earlierFlows === 0 ? '' : earlierText(earlierFlows, flows),
    unreadFlows === 0 ? '' : `the last bytes of ${humanFlows(unreadFlows)} could not be read`,
    inexactFlows === 0 ? '' : `the figures of ${humanFlows(inexactFlows)} are not exact`,
    atMostFlows === 0 ? '' : `more may be counted of ${humanFlows(atMostFlows)} than was sent`,
    inAboutFlows === 0 ? '' : `what came in over ${humanFlows(inAboutFlows)} is not exact`,
    tunnelledFlows === 0
      ? ''
      : `${humanFlows(tunnelledFlows)} left through a tunnel, whose own flow has these bytes once more`,
    guessedFlows === 0 ? '' : `the program of ${humanFlows(guessedFlows)} is a guess`,
  ].filter((text) => text !== '')
  return texts.length === 0 ? '' : `; ${texts.join(', ')}`
}

const earlierText = (earlier: number, flows: number): string =>
  earlier === 1 && flows === 1
    ? 'it was open before Freshet looked, and what it moved until then is not in these figures'
    : `${earlier === 1 ? 'one of them was' : `${earlier} of them were`} open before Freshet looked, and what passed until then is not in these figures`

const humanFlows = (count: number): string => (count === 1 ? 'one flow' : `${count} flows`)
