// Everything that can be the matter with an agent: a closed list of codes, each with its words, in one table.

import { humanDuration } from '../engine/sentence.ts'
import { commandIn } from '../hint.ts'
import type { Unwatched } from '../host/running-mark.ts'
import { Gap } from '../records/record.gen.ts'
import { shellWord } from '../shell-word.ts'
import type { AgentStatus } from './agent-status.ts'
import { count, countOf, size, span } from './amounts.ts'
import { type Concern, type Level, said, type WordsOf, worstFirst } from './cause-words.ts'
import { SENSOR_CAUSES } from './sensor-causes.ts'

export type Cause = {
  code: CauseCode
  level: Level
  concern: Concern
  /** One sentence in plain words. */
  text: string
  /** One sentence: what to do. */
  remedy: string
  /** Who can: the person at the machine, or who administers it. */
  who: 'person' | 'administrator'
  /** Opens the settings where the remedy is done; empty when there are none. */
  url: string
}

const MIB = 2 ** 20
const DISK_FULL_BYTES = 64 * MIB
/** Of a small disk that would be all it has. */
const DISK_FULL_SHARE = 1 / 16
const DISK_LOW_BYTES = 1024 * MIB
/** Of the outbox's bound. */
const OUTBOX_NEAR_SHARE = 0.8
const CLOCK_OFF_MS = 60_000
/** Fewer flows say nothing about a share. */
const SHARE_FLOWS_MIN = 100
const UNATTRIBUTED_SHARE = 0.05
/** Where Freshet's programs run in the kernel it is none; without, of 500 short connections that were reset, all. */
const UNREAD_SHARE = 0.05
const RESTARTS_MANY = 3

const rebuilt = (of: 'baseline' | 'outbox') => (status: AgentStatus) =>
  status.setAside.find((file) => file.of === of)
const rebuiltText = (status: AgentStatus, of: 'baseline' | 'outbox'): string => {
  const file = rebuilt(of)(status)
  return file ? `(${file.reason}); it was kept as ${file.path}` : ''
}
export const isFull = ({ freeBytes, totalBytes }: NonNullable<AgentStatus['disk']>): boolean =>
  freeBytes < Math.min(DISK_FULL_BYTES, totalBytes * DISK_FULL_SHARE)

/** What a disk with so much room left means; also where no agent runs to say it. */
export function diskTrouble(
  disk: AgentStatus['disk'],
): { level: Level; text: string; remedy: string } | undefined {
  if (disk === undefined || disk.freeBytes >= DISK_LOW_BYTES) return undefined
  const full = isFull(disk)
  return {
    level: full ? 'failure' : 'warning',
    text: `The disk with the state directory is ${full ? '' : 'nearly '}full: ${size(disk.freeBytes)} are left.`,
    remedy: `Free some space${full ? '; what is found until then may not be kept' : ''}.`,
  }
}

/** How the collector answered; 0: it did not, or has nothing against us. */
const answerOf = ({ collector }: AgentStatus, state: 'refused' | 'waiting'): number =>
  collector.state === state ? (collector.httpStatus ?? 0) : 0
const isUntrusted = ({ collector }: AgentStatus): boolean =>
  collector.state === 'waiting' && collector.isUntrusted === true
const isMisplaced = ({ collector }: AgentStatus): boolean =>
  collector.state === 'waiting' && collector.isMisplaced === true
/** It is there, and answers that it is busy or in trouble, or can store nothing. */
const isTroubled = (status: AgentStatus): boolean =>
  answerOf(status, 'waiting') !== 0 ||
  (status.collector.state === 'waiting' && status.collector.takesNothing === true)
/** What a collector of another machine has against this one; empty: nothing of that kind. */
const codeOf = ({ collector }: AgentStatus): string => {
  const code = collector.state === 'refused' ? (collector.code ?? '') : ''
  return /^(certificate|device|token|hardware|quarantine)-/.test(code) ? code : ''
}
const reasonOf = ({ collector }: AgentStatus): string =>
  'reason' in collector ? collector.reason : ''

/** With all that it wants: without settings nothing of that is known. */
const enrolIn = (state: string, url = 'URL'): string =>
  commandIn(`enroll --collector ${shellWord(url)} --token-file FILE --pin PIN`, state)

const SPANS_TOLD = 2
/** A stop in good order was somebody's wish, and is told where nothing is the matter. */
const deadSpans = ({ unwatched }: AgentStatus['restarts']) =>
  unwatched.filter(({ why }) => why !== 'stopped')
const WHY_UNWATCHED = {
  sense: 'sense, its root part, was killed or crashed',
  both: 'the agent and sense, its root part, were killed or crashed',
  up: 'what ran the agent and its collector was killed or crashed',
  machine: 'the machine went down',
  stopped: 'the agent was stopped',
} as const
/** "for 2.7 s from TIME on, when ...". */
export const unwatchedText = ({ fromMs, lengthMs, why }: Unwatched): string =>
  `for ${humanDuration(lengthMs)} from ${new Date(fromMs).toISOString()} on, when ${WHY_UNWATCHED[why]}`

/** "since TIME, the last at TIME". */
export const sinceText = (lost: AgentStatus['lost']): string =>
  lost
    ? `since ${new Date(lost.sinceMs).toISOString()}, the last at ${new Date(lost.lastMs).toISOString()}`
    : 'since the start'

/** Within a level the first is the worst. */
const CAUSES = {
  ...SENSOR_CAUSES,
  'outbox-unwritten': {
    level: 'failure',
    // A collector that is there is sent them from memory.
    concern: ({ collector }) => (collector.state === 'connected' ? 'other' : 'unsent'),
    holds: ({ outbox }) => outbox.unwritten > 0 || outbox.isRefused === true,
    text: ({ outbox: { unwritten } }) =>
      `The agent’s disk takes nothing: ${unwritten > 0 ? countOf(unwritten, 'finding waits', 'findings wait') : 'what is found waits'} in memory, and would be lost with it.`,
    remedy:
      'See to the disk with the state directory: it is full or refuses, or another program holds outbox.db.',
  },
  'outbox-not-kept': {
    level: 'failure',
    concern: 'unsent',
    holds: ({ lately }) => lately.notKept > 0,
    text: ({ lately }) =>
      `${countOf(lately.notKept, 'finding of the last hour is', 'findings of the last hour are')} lost: neither the disk nor the memory beside it had room.`,
    remedy:
      'See to the disk with the state directory: it was full, busy or damaged. The agent’s log says which.',
  },
  'outbox-evicting': {
    level: 'failure',
    concern: 'unsent',
    holds: ({ lately }) => lately.evicted > 0,
    text: ({ lately, outbox }) =>
      `${countOf(lately.evicted, 'finding was', 'findings were')} given up in the last hour, the least severe first: ${size(outbox.bytes)} of ${size(outbox.bytesMax)} wait for the collector.`,
    remedy:
      'Make the collector reachable: findings are kept for it for 30 days, as far as there is room.',
  },
  'disk-full': {
    level: 'failure',
    concern: 'other',
    holds: ({ disk }) => diskTrouble(disk)?.level === 'failure',
    text: ({ disk }) => diskTrouble(disk)?.text ?? '',
    remedy: ({ disk }) => diskTrouble(disk)?.remedy ?? '',
  },
  'collector-revoked': {
    level: 'failure',
    concern: 'unsent',
    holds: (status) => codeOf(status) === 'device-revoked',
    text: ({ collector }) =>
      `An administrator of the collector at ${collector.url} has thrown this machine out.`,
    remedy:
      'If that was a mistake, an administrator of the collector can admit it again; findings are kept for it meanwhile.',
  },
  'collector-enrolment': {
    level: 'failure',
    concern: 'unsent',
    holds: (status) => codeOf(status).startsWith('certificate-'),
    text: (status) =>
      `This machine’s certificate does not open the collector: ${reasonOf(status)}.`,
    remedy: (status) => {
      const enrol = `nrol it again with ${enrolIn(status.state, status.collector.url)}: the agent takes that up by itself, within seconds`
      return codeOf(status) === 'certificate-revoked'
        ? `Somebody has enrolled as this machine since, by another key. Where that was nobody of yours, somebody has its key: tell the administrator of the collector. Else e${enrol}.`
        : `E${enrol}. Where it was off for long, its clock is wrong, or its collector has another authority by now, that is why.`
    },
  },
  'collector-unenrolled': {
    level: 'failure',
    concern: 'unsent',
    holds: (status) => /^token-|-known$|^quarantine-/.test(codeOf(status)),
    text: (status) =>
      `This machine is to enrol by its settings, and its collector refuses that: ${reasonOf(status)}.`,
    remedy:
      'Put a token that is good into the settings, or have an administrator of the collector allow this machine, or make room where too many wait to be admitted; it asks again by itself, and findings are kept for it meanwhile.',
  },
  'collector-refused': {
    level: 'failure',
    concern: 'unsent',
    holds: (status) => answerOf(status, 'refused') !== 0 && codeOf(status) === '',
    text: (status) => `The collector will not have this agent: ${reasonOf(status)}.`,
    remedy:
      'Compare --collector with the address that the collector prints as it starts, and their versions.',
  },
  'collector-settings': {
    level: 'failure',
    concern: 'unsent',
    holds: (status) => status.collector.state === 'refused' && answerOf(status, 'refused') === 0,
    text: (status) =>
      `The agent cannot use what it was told of its collector: ${reasonOf(status)}.`,
    remedy: ({ state }) =>
      `Start the agent with --collector and the state directory of a collector on this machine, or enrol it with one on another (${enrolIn(state)}) and leave --collector out; findings are kept meanwhile.`,
  },
  'collector-certificate': {
    level: 'failure',
    concern: 'unsent',
    holds: isUntrusted,
    text: (status) =>
      `The agent does not trust what answers at ${status.collector.url}: ${reasonOf(status)}.`,
    remedy:
      'Give the collector a certificate for that name, valid today, from the authority that this machine enrolled with or a public one; enrol this machine again where the collector has another authority by now; see that nothing between opens TLS, and that this machine’s clock is right.',
  },
  'collector-place': {
    level: 'failure',
    concern: 'unsent',
    holds: isMisplaced,
    text: (status) =>
      `Nothing is sent to the collector of this machine, since its place will not do: ${reasonOf(status)}.`,
    remedy:
      'Run collector and agent as the same user, in a state directory that nobody but root and that user can change; findings wait meanwhile.',
  },
  'events-lost': {
    level: 'warning',
    concern: 'gap',
    holds: ({ lately }) => lately.lost > 0 || lately.lostBefore === true,
    text: ({ lately, counters, lost }) =>
      lately.lost > 0
        ? `${countOf(lately.lost, 'event was', 'events were')} lost in the last hour: more came than could be read.`
        : `Events were lost in the last hour, before the agent was started anew: ${countOf(counters.lost, 'event')} ${sinceText(lost)}.`,
    remedy:
      'If it goes on, give the agent a larger ring (--ring-mb), or the machine more processors.',
  },
  unattributed: {
    level: 'warning',
    concern: 'gap',
    holds: ({ counters: { flows, unattributedFlows } }) =>
      flows >= SHARE_FLOWS_MIN && unattributedFlows / flows > UNATTRIBUTED_SHARE,
    text: ({ counters: { flows, unattributedFlows } }) =>
      `${Math.round((100 * unattributedFlows) / flows)} % of ${count(flows)} flows could not be attributed to a program.`,
    remedy:
      'Mend what else is named here first. Containers with users or networks of their own, and connections from before the agent, remain.',
  },
  unread: {
    level: 'warning',
    concern: 'gap',
    holds: ({ counters: { flows, unreadFlows } }) =>
      flows >= SHARE_FLOWS_MIN && unreadFlows / flows > UNREAD_SHARE,
    text: ({ counters: { flows, unreadFlows } }) =>
      `${Math.round((100 * unreadFlows) / flows)} % of ${count(flows)} flows were reset or disconnected before their last bytes could be read: what is counted of them is the least that passed.`,
    remedy: ({ sensor }) =>
      sensor.gaps.some(({ gaps }) => (gaps & Gap.finalCounters) !== 0)
        ? 'Let the kernel run Freshet’s programs, which read them in time: what is in their way is named under `sensor`.'
        : 'Freshet’s programs run in the kernel and missed them: where events are lost too, give the agent a larger ring (--ring-mb); else report it, with the kernel’s version.',
  },
  'outbox-nearly-full': {
    level: 'warning',
    concern: 'other',
    holds: ({ outbox }) => outbox.bytes > OUTBOX_NEAR_SHARE * outbox.bytesMax,
    text: ({ outbox }) =>
      `There is little room left for findings: ${size(outbox.bytes)} of ${size(outbox.bytesMax)} wait for the collector.`,
    remedy: 'Make the collector reachable before the least severe are given up.',
  },
  'collector-away': {
    level: 'warning',
    concern: 'unsent',
    holds: (status) =>
      status.collector.state === 'waiting' &&
      !isUntrusted(status) &&
      !isMisplaced(status) &&
      !isTroubled(status),
    text: (status) => `The collector cannot be reached: ${reasonOf(status)}.`,
    remedy: ({ collector, isUnderUp }) =>
      isUnderUp
        ? 'What started the agent starts it again by itself, and says in its terminal or its log why it ended; findings wait meanwhile.'
        : collector.url.startsWith('/')
          ? `Start the collector of this machine: ${commandIn('collector', collector.url)}, as the agent’s user or root; findings wait meanwhile.`
          : `Start the collector at ${collector.url}, or see to the network between; findings wait meanwhile.`,
  },
  'collector-troubled': {
    level: 'warning',
    concern: 'unsent',
    holds: isTroubled,
    text: (status) => `The collector takes nothing now: ${reasonOf(status)}.`,
    remedy: ({ isUnderUp }) =>
      isUnderUp
        ? 'The terminal or the log of what started both says why: most often the disk with the state directory is full. Findings wait meanwhile.'
        : 'See what its own log says, on the machine where it runs; findings wait meanwhile.',
  },
  'collector-none': {
    level: 'warning',
    concern: 'unsent',
    holds: ({ collector }) => collector.state === 'none',
    text: 'No collector is named, so nobody is told: findings are kept here.',
    remedy: ({ state }) =>
      `Enrol it with the collector of its fleet (${enrolIn(state)}) and start the agent again, or stop it and start ${commandIn('up', state)} in its place.`,
  },
  'baseline-rebuilt': {
    level: 'warning',
    concern: 'other',
    holds: (status) => rebuilt('baseline')(status) !== undefined,
    text: (status) =>
      `What this machine knew was begun anew, so programs count as new for a while: the baseline could not be read ${rebuiltText(status, 'baseline')}.`,
    remedy: ({ state }) =>
      `Bring back an export with ${commandIn('baseline import FILE', state)}, if there is one; else it learns within days. Look after the disk.`,
  },
  'outbox-rebuilt': {
    level: 'warning',
    concern: 'other',
    holds: (status) => rebuilt('outbox')(status) !== undefined,
    text: (status) =>
      `What waited for the collector is gone: the outbox could not be read ${rebuiltText(status, 'outbox')}.`,
    remedy: 'Nothing brings it back, and the collector is told of the gap. Look after the disk.',
  },
  restarts: {
    level: 'warning',
    concern: 'other',
    holds: ({ restarts: { engine, sense } }) => engine + sense >= RESTARTS_MANY,
    text: ({ restarts }) =>
      `The agent was killed or crashed ${count(restarts.engine + restarts.sense)} times within two days; ${
        restarts.sense === 0
          ? 'it went on each time'
          : `${count(restarts.sense)} of these times it was sense, its root part, and what began and ended in between was not seen`
      }.`,
    remedy: 'Its log says what came before: look for a lack of memory first, then report it.',
  },
  unwatched: {
    level: 'warning',
    concern: 'other',
    holds: ({ restarts }) => deadSpans(restarts).length > 0,
    text: ({ restarts }) =>
      `Nothing was watched ${deadSpans(restarts).slice(-SPANS_TOLD).map(unwatchedText).join(', and ')}${
        deadSpans(restarts).length > SPANS_TOLD
          ? `, the last of ${deadSpans(restarts).length} times in two days`
          : ''
      }: what began and ended then was not seen.`,
    remedy:
      'Nothing brings it back; it is told for two days. Its log and the system’s say what ended it.',
  },
  'disk-low': {
    level: 'warning',
    concern: 'other',
    holds: ({ disk }) => diskTrouble(disk)?.level === 'warning',
    text: ({ disk }) => diskTrouble(disk)?.text ?? '',
    remedy: ({ disk }) => diskTrouble(disk)?.remedy ?? '',
  },
  clock: {
    level: 'warning',
    concern: 'other',
    holds: ({ clockOffsetMs = 0 }) => Math.abs(clockOffsetMs) > CLOCK_OFF_MS,
    text: ({ clockOffsetMs = 0 }) =>
      `This machine’s clock is ${span(Math.abs(clockOffsetMs))} ${clockOffsetMs > 0 ? 'behind' : 'ahead of'} the collector’s.`,
    remedy:
      'Set it by network time (`timedatectl set-ntp true`; on a Mac, System Settings, General, Date & Time).',
  },
} as const satisfies Record<string, WordsOf<AgentStatus>>

export type CauseCode = keyof typeof CAUSES

/** All codes, as they stand in the table: within a level the first is the worst. */
export const CAUSE_CODES = Object.keys(CAUSES) as readonly CauseCode[]

const TABLE: Readonly<Record<CauseCode, WordsOf<AgentStatus>>> = CAUSES
const CODE_OF = new Map(CAUSE_CODES.map((code) => [TABLE[code], code]))

/** What is the matter, the worst first. */
export function causesOf(status: AgentStatus): Cause[] {
  const found = CAUSE_CODES.map((code) => TABLE[code]).filter(({ holds }) => holds(status))
  return worstFirst(found, status).map((words) => ({
    code: CODE_OF.get(words) as CauseCode,
    level: said(words.level, status),
    concern: said(words.concern, status),
    text: said(words.text, status),
    remedy: said(words.remedy, status),
    who: words.url ? 'person' : 'administrator',
    url: words.url?.(status) ?? '',
  }))
}
