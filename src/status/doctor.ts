// `freshet doctor` as a pure function: facts in, checks out. What an agent says of itself comes as causes; the
// rest was looked at here: files, owners, the addon.
import type { MacSource } from '../sources/choice.ts'
import type { AgentStatus } from './agent-status.ts'
import { count, countOf, size, span } from './amounts.ts'
import { type CauseCode, causesOf, sinceText, unwatchedText } from './causes.ts'
import {
  type CheckResult,
  type DoctorFacts,
  type Finding,
  lookAtAgent,
  lookAtApp,
  lookAtDisk,
  lookAtPolicy,
  lookAtProgram,
  lookAtState,
  NO_AGENT,
  ok,
} from './looks.ts'
import { type SourcesAtWork, sourceSentences } from './source-words.ts'

export type Check = {
  id: CheckId
  result: CheckResult
  /** What was found, the worst first; one when all is well. */
  found: Finding[]
}
type Words = {
  title: string
  /** Of the agent's own causes, those that belong here. */
  codes: readonly CauseCode[]
  /** Said after them in any case; or empty. */
  also?: (status: AgentStatus) => string
  /** What to say when none of them is so. */
  well?: (status: AgentStatus) => string
  /** Looked at from outside; `status` when an agent answers. */
  look?: (facts: DoctorFacts, status: AgentStatus | undefined) => Finding[]
  /** process.platform of the systems that have it; absent: all. */
  on?: string
}

/** What is to be said where `--sources` leaves it out. */
const unasked = (sources: SourcesAtWork | undefined, name: MacSource): string | undefined =>
  sources !== undefined && sources.forced.length > 0 && !sources.forced.includes(name)
    ? 'not asked for: `--sources` names others'
    : undefined

const CHECKS = {
  program: { title: 'program', codes: [], look: lookAtProgram },
  state: { title: 'state directory', codes: [], look: lookAtState },
  disk: { title: 'disk', codes: ['disk-full', 'disk-low'], look: lookAtDisk },
  agent: { title: 'agent', codes: [], look: lookAtAgent },
  app: { title: 'app', codes: [], look: lookAtApp, on: 'darwin' },
  sensor: {
    title: 'sensor',
    codes: [
      ...(['versions', 'sensor-silent', 'client-limit', 'endpoint-security', 'flows'] as const),
      ...([
        'not-root',
        'process-events',
        'tracefs',
        'connect-events',
        'flow-closes',
        'final-counters',
      ] as const),
    ],
    well: ({ counters }) =>
      `all it should see is seen; ${countOf(counters.records, 'record')} so far`,
  },
  sources: {
    title: 'sources',
    codes: [
      ...(['sources-forced', 'short-lived', 'network-statistics', 'nettop-counts'] as const),
      ...(['nettop', 'platform-claims'] as const),
    ],
    also: ({ sources }) => (sources ? sourceSentences(sources).join(' ') : ''),
    well: () => 'the agent does not say which are at work',
    on: 'darwin',
  },
  entitlement: {
    title: 'entitlement',
    codes: ['entitlement'],
    well: ({ sources }) => unasked(sources, 'endpoint_security') ?? 'Endpoint Security may be used',
    on: 'darwin',
  },
  'full-disk-access': {
    title: 'Full Disk Access',
    codes: ['full-disk-access', 'eslogger'],
    // Who has it is known by those alone that work with it.
    well: ({ sources }) =>
      sources?.processes === 'polling' || sources?.processes === 'none'
        ? 'nothing at work asks for it'
        : 'given',
    on: 'darwin',
  },
  filter: {
    title: 'network filter',
    codes: ['filter-silent', 'filter', 'filter-off', 'filter-service', 'filter-version'],
    well: ({ sources }) => unasked(sources, 'filter') ?? 'connected',
    on: 'darwin',
  },
  events: {
    title: 'events',
    codes: ['events-lost'],
    well: ({ counters, lost }) =>
      `none lost in the last hour${lost ? `, ${count(counters.lost)} ${sinceText(lost)}` : ', and none is known of before'}`,
  },
  attribution: {
    title: 'attribution',
    codes: ['unattributed'],
    well: ({ counters: { flows, unattributedFlows } }) =>
      `${count(unattributedFlows)} of ${count(flows)} flows without a program`,
  },
  counters: {
    title: 'counters',
    codes: ['unread'],
    well: ({ counters: { flows, unreadFlows } }) =>
      `${count(unreadFlows)} of ${count(flows)} flows whose last bytes could not be read`,
  },
  baseline: {
    title: 'baseline',
    codes: ['baseline-rebuilt'],
    well: ({ counters }) => `${countOf(counters.identities, 'program')} known`,
  },
  outbox: {
    title: 'outbox',
    codes: [
      'outbox-unwritten',
      'outbox-evicting',
      'outbox-not-kept',
      'outbox-nearly-full',
      'outbox-rebuilt',
    ],
    well: ({ outbox }) =>
      `${count(outbox.items)} waiting, ${size(outbox.bytes)} of ${size(outbox.bytesMax)}`,
  },
  collector: {
    title: 'collector',
    codes: [
      ...(['collector-revoked', 'collector-enrolment', 'collector-unenrolled'] as const),
      ...(['collector-refused', 'collector-settings'] as const),
      ...(['collector-certificate', 'collector-place', 'collector-away'] as const),
      ...(['collector-troubled', 'collector-none'] as const),
    ],
    well: ({ collector }) => `${collector.state} to ${collector.url}`,
  },
  policy: { title: 'policy', codes: [], look: (_facts, status) => lookAtPolicy(status) },
  clock: {
    title: 'clock',
    codes: ['clock'],
    well: ({ clockOffsetMs }) =>
      clockOffsetMs === undefined
        ? 'no collector to compare it with yet'
        : `within ${span(Math.max(1, Math.ceil(Math.abs(clockOffsetMs) / 1000)) * 1000)} of the collector’s`,
  },
  restarts: {
    title: 'restarts',
    codes: ['restarts', 'unwatched'],
    well: ({ restarts, startedAtMs }) =>
      [
        `${countOf(restarts.engine, 'death', 'deaths')} of the engine and ${count(restarts.sense)} of sense in two days; it has run since ${new Date(startedAtMs).toISOString()}`,
        ...restarts.unwatched.slice(-1).map((last) => `not ${unwatchedText(last)}`),
      ].join('; '),
  },
} as const satisfies Record<string, Words>

export type CheckId = keyof typeof CHECKS
export const CHECK_IDS = Object.keys(CHECKS) as CheckId[]
export const titleOf = (id: CheckId): string => CHECKS[id].title
/** Causes that a check tells of. */
export const codesOf = (id: CheckId): readonly CauseCode[] => wordsOf(id).codes

const RANK = { ok: 0, unknown: 1, warning: 2, failure: 3 } as const satisfies Record<
  CheckResult,
  number
>

/** Every check of this platform, in the order in which they matter to each other. */
export function diagnose(facts: DoctorFacts): Check[] {
  const status = 'code' in facts.agent ? undefined : facts.agent
  return CHECK_IDS.filter((id) => (wordsOf(id).on ?? facts.platform) === facts.platform).map(
    (id) => {
      const found = findingsOf(wordsOf(id), facts, status).toSorted(
        (a, b) => RANK[b.result] - RANK[a.result],
      )
      return { id, result: found[0]?.result ?? 'unknown', found }
    },
  )
}

/** 2 with a failure among them, 1 with a warning, else 0: what is unknown is so because of something that fails. */
export function exitStatusOf(checks: readonly Check[]): 0 | 1 | 2 {
  if (checks.some(({ result }) => result === 'failure')) return 2
  return checks.some(({ result }) => result === 'warning') ? 1 : 0
}

const wordsOf = (id: CheckId): Words => CHECKS[id]

function findingsOf(
  { codes, also, well, look }: Words,
  facts: DoctorFacts,
  status: AgentStatus | undefined,
): Finding[] {
  if (look) return look(facts, status)
  if (!status) return [{ result: 'unknown', text: NO_AGENT, remedy: '' }]
  const causes = causesOf(status).filter(({ code }) => codes.includes(code))
  const more = also?.(status) ?? ''
  if (causes.length === 0) return [ok(more === '' ? (well?.(status) ?? '') : more)]
  return [
    ...causes.map(({ level, text, remedy, url }) => ({
      result: level,
      text,
      remedy: url === '' ? remedy : `${remedy} \`open "${url}"\``,
    })),
    ...(more === '' ? [] : [ok(more)]),
  ]
}
