// The state of an agent in plain words: one model for the menu bar, which draws it as it comes, and for the
// terminal, which prints the same texts.
import { brief, quoted } from '../printable.ts'
import type { AgentStatus } from './agent-status.ts'
import { count, countOf, size, span } from './amounts.ts'
import { type Cause, type CauseCode, causesOf, sinceText } from './causes.ts'
import { sourceSentences } from './source-words.ts'

/** Something that the person at this machine has to do. Its text holds no figures: a notification shows it once. */
export type Need = {
  code: CauseCode
  text: string
  /** What a button beside it does. */
  action: 'open-settings' | 'none'
  /** x-apple.systempreferences:..., or empty. */
  url: string
}

/** Strings are safe for a terminal, and none is longer than TEXT_CHARS_MAX. */
export type Menu = {
  state: 'ok' | 'attention' | 'error'
  /** The state in one or two sentences, the worst first. */
  line: string
  needs: Need[]
  rows: string[]
  /** The newest last, at most 5. */
  alerts: { text: string }[]
}

export const TEXT_CHARS_MAX = 500

const HEADLINES = {
  blind: 'Not watching.',
  gap: 'Watching, with gaps.',
  unsent: 'Watching, but not reporting.',
  other: 'Watching.',
} as const satisfies Record<Cause['concern'], string>

/** `nowMs` is milliseconds since 1970. */
export function menuOf(status: AgentStatus, nowMs: number): Menu {
  const causes = causesOf(status)
  const [worst] = causes
  return {
    state: worst === undefined ? 'ok' : worst.level === 'failure' ? 'error' : 'attention',
    line: shown(headline(causes)),
    needs: causes
      .filter(({ who }) => who === 'person')
      .map(({ code, remedy, url }) => ({
        code,
        text: shown(remedy),
        action: url === '' ? 'none' : 'open-settings',
        url,
      })),
    rows: [
      // What the line says already is not said again.
      ...causes
        .filter(({ who }) => who === 'administrator')
        .map((cause) => (cause === worst ? cause.remedy : `${cause.text} ${cause.remedy}`)),
      ...figures(status, nowMs),
    ].map(shown),
    alerts: status.lastAlerts.map(({ atMs, severity, sentence }) => ({
      text: shown(`${new Date(atMs).toISOString()} ${severity}: ${sentence}`),
    })),
  }
}

function headline(causes: readonly Cause[]): string {
  const [worst, ...others] = causes
  if (worst === undefined) return 'Watching.'
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  // A full disk comes before a collector that is away, and says nothing of that.
  const { concern } = causes.find((cause) => cause.concern !== 'other') ?? worst
  return `${HEADLINES[concern]} ${worst.text}${more}`
}

function figures(status: AgentStatus, nowMs: number): string[] {
  const { counters, outbox, readers, restarts } = status
  const lost = [
    `${countOf(counters.lost, 'event', 'events')}${status.lost ? ` (${sinceText(status.lost)})` : ''}`,
    countOf(outbox.evicted, 'finding evicted', 'findings evicted'),
    `${count(outbox.notKept)} not kept`,
    `${count(outbox.rejected)} refused by the collector`,
  ]
  const missed =
    counters.argumentsMissed > 0
      ? `, ${count(counters.argumentsMissed)} gone before their arguments were read`
      : ''
  const unread =
    counters.unreadFlows > 0
      ? `, ${count(counters.unreadFlows)} whose last bytes could not be read`
      : ''
  const earlier =
    counters.earlierFlows > 0
      ? `; ${count(counters.earlierFlows)} open before the first look, with ${size(counters.earlierBytes)} that no alert counts`
      : ''
  const atMost =
    counters.atMostFlows > 0
      ? `, ${count(counters.atMostFlows)} with what was sent again counted too`
      : ''
  const guessed =
    counters.guessedFlows > 0 ? `, ${count(counters.guessedFlows)} whose program is a guess` : ''
  const tunnelled =
    counters.tunnelledFlows > 0
      ? `; ${count(counters.tunnelledFlows)} through a tunnel, with ${size(counters.tunnelledBytes)} that is not in these sums`
      : ''
  const turnedAway = readers.refused + readers.tooMany + readers.slow + readers.spoke
  return [
    ...(status.sources ? sourceSentences(status.sources) : []),
    `Programs: ${count(counters.processes)} running, ${count(counters.execs)} started, ${count(counters.identities)} known${missed}`,
    `Network: ${countOf(counters.openFlows, 'flow')} open, ${count(counters.flows)} seen, ${size(counters.bytesOut)} out, ${size(counters.bytesIn)} in, ${count(counters.unattributedFlows)} without a program${unread}${atMost}${guessed}${tunnelled}${earlier}`,
    ...(counters.unseenBytes > 0 ? [`Not watched: ${unseenLine(status)}`] : []),
    `Alerts: ${count(counters.alerts)} since the start${heldBack(status)}`,
    ...(status.policy ? [policyLine(status.policy)] : []),
    `Lost: ${lost.join(', ')}`,
    `Collector: ${collectorLine(status)}`,
    ...(restarts.engine + restarts.sense > 0
      ? [
          `Restarts within two days: ${count(restarts.engine)} after a death of the engine, ${count(restarts.sense)} of sense`,
        ]
      : []),
    ...(turnedAway > 0 ? [`Readers of this status turned away: ${count(turnedAway)}`] : []),
    `${status.hostname}, Freshet ${status.version}, up ${span(nowMs - status.startedAtMs)}`,
  ]
}

const policyLine = (policy: NonNullable<AgentStatus['policy']>): string =>
  `Policy: ${policyText(policy)}`

/** What is in force, and what does not hold. */
export function policyText({
  source,
  version,
  refused,
}: NonNullable<AgentStatus['policy']>): string {
  const own = 'the built-in one'
  const from = {
    'built-in': own,
    local: `version ${version}, a file of the command line`,
    pushed:
      version === 0
        ? `${own}, with exceptions sent by the collector`
        : `version ${version}, sent by the collector`,
  }[source]
  return [from, ...refused].join('; ')
}

/** What crossed the gate and has no alert of its own. */
function heldBack({
  counters: { suppressed, rolledUp, unopened = 0, gaveWay = 0 },
}: AgentStatus): string {
  const texts = [
    suppressed === 0 ? '' : `${count(suppressed)} held back by the policy`,
    rolledUp === 0 ? '' : `${count(rolledUp)} more counted within alerts of the same programs`,
    gaveWay === 0 ? '' : `${count(gaveWay)} gave way to rarer ones`,
    unopened === 0
      ? ''
      : `${countOf(unopened, 'destination', 'destinations')} without one, as all that are open are rarer`,
  ].filter((text) => text !== '')
  return texts.map((text) => `, ${text}`).join('')
}

/** What is in no flow, and whose it was. */
function unseenLine({ counters, unseen }: AgentStatus): string {
  const named = unseen.map(
    ({ name, way, bytes }) => `${size(bytes)} by ${quoted(name)} over ${way}`,
  )
  const rest = counters.unseenBytes - unseen.reduce((sum, { bytes }) => sum + bytes, 0)
  if (rest > 0) named.push(`${size(rest)} by others`)
  return `${size(counters.unseenBytes)} were sent in ways that are in no flow and no alert: ${named.join(', ')}`
}

function collectorLine({ collector, outbox }: AgentStatus): string {
  const waiting = `${count(outbox.items)} waiting (${size(outbox.bytes)})`
  switch (collector.state) {
    case 'none':
      return `none, ${waiting}`
    case 'connected':
      return `connected to ${collector.url}, ${waiting}`
    case 'connecting':
      return `connecting to ${collector.url}, ${waiting}`
    case 'waiting':
      return `away, next try in ${span(collector.retryInMs)}, ${waiting}`
    case 'refused':
      return `refused by ${collector.url}, ${waiting}`
    default:
      return collector satisfies never
  }
}

/** What a terminal shows of it, a line each, without colour; the alert that was opened last is the first of them. */
export function statusLines(menu: Menu): string[] {
  return [
    menu.line,
    ...menu.needs.map(({ text, url }) => `  ! ${text}${url === '' ? '' : ` (open "${url}")`}`),
    ...menu.rows.map((row) => `  ${row}`),
    // What is new stands where it is looked for, and is the last that a small window leaves out.
    ...menu.alerts.toReversed().map(({ text }) => `  ${text}`),
  ]
}

/** Names of programs, reasons from the far end: others chose them. */
const shown = (text: string): string => brief(text, TEXT_CHARS_MAX)
