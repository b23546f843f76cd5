// An agent in every state that it can be in, by name.
import { Gap, Source } from '../../src/records/record.gen.ts'
import type { AgentStatus, CollectorState } from '../../src/status/agent-status.ts'
import type { CauseCode } from '../../src/status/causes.ts'
import type { SourcesAtWork } from '../../src/status/source-words.ts'

const MIB = 2 ** 20

export const wellStatus = (change: Partial<AgentStatus> = {}): AgentStatus => ({
  version: '0.1.0',
  deviceId: '3f0e7f2a-0000-4000-8000-000000000000',
  hostname: 'build-07',
  os: 'linux',
  osVersion: 'Debian GNU/Linux 12 (bookworm)',
  user: 'freshet',
  state: '/var/lib/freshet',
  startedAtMs: 1_000_000,
  sensor: { silentMs: 0, isForeign: false, gaps: [], note: '' },
  counters: {
    records: 1234,
    execs: 1500,
    argumentsMissed: 0,
    flows: 42,
    processes: 61,
    openFlows: 3,
    identities: 350,
    bytesOut: 5 * MIB,
    bytesIn: 700,
    unreadFlows: 0,
    ...{ atMostFlows: 0, guessedFlows: 0, tunnelledFlows: 0, tunnelledBytes: 0 },
    earlierFlows: 0,
    earlierBytes: 0,
    unseenBytes: 0,
    unattributedFlows: 1,
    lost: 0,
    alerts: 2,
    suppressed: 0,
    rolledUp: 0,
  },
  unseen: [],
  outbox: {
    items: 0,
    bytes: 0,
    bytesMax: 256 * MIB,
    evicted: 0,
    notKept: 0,
    unwritten: 0,
    rejected: 0,
  },
  lately: { lost: 0, evicted: 0, notKept: 0 },
  setAside: [],
  disk: { freeBytes: 20 * 1024 * MIB, totalBytes: 100 * 1024 * MIB },
  restarts: { engine: 0, sense: 0, unwatched: [] },
  ...{ isUnderUp: false, countsLoopback: false },
  clockOffsetMs: 12,
  collector: { url: 'https://collector.example', state: 'connected' },
  lastAlerts: [],
  readers: { served: 1, refused: 0, tooMany: 0, slow: 0, spoke: 0 },
  ...change,
})

export const atWork = (change: Partial<SourcesAtWork> = {}): SourcesAtWork => ({
  ...{ processes: 'endpoint_security', flows: 'filter', isFilterSilent: false, forced: [] },
  ...change,
})

/** What a Linux machine lacks. */
const lacking = (gap: number, note = ''): Partial<AgentStatus> => ({
  sensor: {
    silentMs: 0,
    isForeign: false,
    gaps: [{ source: Source.linux, gaps: gap, note }],
    note,
  },
})

/** A Mac whose sources lack this, by what is at work there. */
export const macOf = (
  sources: Partial<SourcesAtWork>,
  ...gaps: readonly (readonly [source: number, gap: number, note?: string])[]
): Partial<AgentStatus> => ({
  ...{ os: 'macos', osVersion: '14.6.1', sources: atWork(sources) },
  sensor: {
    ...{ silentMs: 0, isForeign: false },
    gaps: gaps.map(([source, gap, note = '']) => ({ source, gaps: gap, note })),
    note: gaps
      .map(([, , note = '']) => note)
      .join(' ')
      .trim(),
  },
})
const { endpointSecurity: ES, eslogger, polling, filter: FILTER } = Source
const { networkStatistics: STATISTICS, nettop } = Source
const ESLOGGER_NOTE =
  'eslogger tells nothing: it ended with status 1: "Not permitted to create an ES Client".'
const NO_STATISTICS =
  'Network flows are not seen by the NetworkStatistics framework: it has no NStatManagerCreate.'
/** Without what tells of programs, or of flows. */
const noPrograms = (gap: number, note = '') => macOf({ processes: 'none' }, [ES, gap, note])
const noFlows = (gap: number) => macOf({ flows: 'none' }, [FILTER, gap])

const collector = (state: CollectorState): Partial<AgentStatus> => ({
  collector: { url: 'https://collector.example', ...state },
  outbox: { ...wellStatus().outbox, items: 5, bytes: 2048 },
})
const outbox = (change: Partial<AgentStatus['outbox']>): AgentStatus['outbox'] => ({
  ...wellStatus().outbox,
  ...change,
})
const aside = (of: 'baseline' | 'outbox'): Partial<AgentStatus> => ({
  setAside: [
    { of, path: `${of}.db.20260302T100000.000Z`, reason: 'database disk image is malformed' },
  ],
})

/** One state for each code, that has this cause and no other. */
export const CAUSED: Record<CauseCode, Partial<AgentStatus>> = {
  versions: { sensor: { silentMs: 0, isForeign: true, gaps: [], note: '' } },
  'sensor-silent': { sensor: { silentMs: 43_000, isForeign: false, gaps: [], note: '' } },
  entitlement: noPrograms(Gap.entitlement),
  'full-disk-access': noPrograms(Gap.fullDiskAccess),
  'client-limit': noPrograms(Gap.clientLimit),
  'endpoint-security': noPrograms(Gap.endpointSecurity, 'es_new_client says 2.'),
  filter: noFlows(Gap.filter),
  'sources-forced': macOf({ processes: 'none', forced: ['filter'] }),
  'filter-silent': macOf({ flows: 'network_statistics', isFilterSilent: true }, [
    FILTER,
    Gap.filterSilent,
  ]),
  eslogger: macOf({ processes: 'polling' }, [eslogger, Gap.eslogger, ESLOGGER_NOTE]),
  'short-lived': macOf({ processes: 'polling' }, [polling, Gap.shortLived]),
  'network-statistics': macOf({ flows: 'nettop' }, [
    STATISTICS,
    Gap.networkStatistics,
    NO_STATISTICS,
  ]),
  'nettop-counts': macOf({ flows: 'nettop' }, [nettop, Gap.nettopCounts]),
  nettop: macOf({ flows: 'none' }, [nettop, Gap.nettop, 'nettop tells nothing: it ended.']),
  'platform-claims': macOf({}, [ES, Gap.platformClaims]),
  'filter-off': noFlows(Gap.filterOff),
  'filter-service': noFlows(Gap.filterService),
  flows: lacking(Gap.flows),
  'disk-full': { disk: { freeBytes: 3 * MIB, totalBytes: 100 * MIB } },
  'outbox-unwritten': { outbox: outbox({ items: 3, unwritten: 2 }) },
  'outbox-evicting': {
    outbox: outbox({ items: 90_000, bytes: 200 * MIB, evicted: 1234 }),
    lately: { lost: 0, evicted: 34, notKept: 0 },
  },
  'outbox-not-kept': {
    outbox: outbox({ notKept: 3 }),
    lately: { lost: 0, evicted: 0, notKept: 3 },
  },
  'collector-revoked': collector({
    state: 'refused',
    reason: 'the collector answered 403: this device was revoked by an administrator',
    httpStatus: 403,
    code: 'device-revoked',
  }),
  'collector-enrolment': collector({
    state: 'refused',
    reason: 'the collector answered 403: this certificate has expired',
    httpStatus: 403,
    code: 'certificate-expired',
  }),
  'collector-unenrolled': collector({
    state: 'refused',
    reason:
      'the collector at collector.example:8442: it answered 403: the token "Berlin" has expired',
    httpStatus: 403,
    code: 'token-expired',
  }),
  'collector-refused': collector({
    state: 'refused',
    reason: 'the collector answered 404',
    httpStatus: 404,
  }),
  'collector-settings': collector({
    state: 'refused',
    reason: 'this machine is not enrolled with https://collector.example:8442',
  }),
  'collector-certificate': collector({
    state: 'waiting',
    reason: 'self-signed certificate',
    retryInMs: 61_000,
    isUntrusted: true,
  }),
  'collector-place': collector({
    state: 'waiting',
    reason: '/srv/freshet, above the collector’s socket, belongs to uid 1001',
    retryInMs: 61_000,
    isMisplaced: true,
  }),
  'not-root': lacking(Gap.notRoot),
  'process-events': lacking(Gap.processEvents),
  tracefs: lacking(Gap.tracefs),
  'connect-events': lacking(Gap.connectEvents),
  'flow-closes': lacking(Gap.flowCloses),
  'final-counters': lacking(Gap.finalCounters),
  'filter-version': noFlows(Gap.filterVersion),
  'events-lost': {
    counters: { ...wellStatus().counters, lost: 7 },
    lately: { lost: 7, evicted: 0, notKept: 0 },
  },
  unattributed: { counters: { ...wellStatus().counters, flows: 500, unattributedFlows: 60 } },
  unread: { counters: { ...wellStatus().counters, flows: 500, unreadFlows: 60 } },
  'outbox-nearly-full': { outbox: outbox({ items: 90_000, bytes: 250 * MIB }) },
  'collector-away': collector({
    state: 'waiting',
    reason: 'nothing listens at its address (ECONNREFUSED)',
    retryInMs: 61_000,
  }),
  'collector-troubled': collector({
    state: 'waiting',
    reason: 'the collector answered 503: the store is unavailable',
    retryInMs: 6_000,
    httpStatus: 503,
  }),
  'collector-none': collector({ state: 'none' }),
  'baseline-rebuilt': aside('baseline'),
  'outbox-rebuilt': aside('outbox'),
  restarts: { restarts: { engine: 4, sense: 0, unwatched: [] } },
  unwatched: {
    restarts: {
      engine: 1,
      sense: 1,
      unwatched: [{ fromMs: 1_772_445_600_000, lengthMs: 2700, why: 'both' }],
    },
  },
  'disk-low': { disk: { freeBytes: 500 * MIB, totalBytes: 100 * 1024 * MIB } },
  clock: { clockOffsetMs: -3_725_000 },
}

type Lack = readonly [source: number, gap: number, note?: string]
const PROGRAMS_BY: Record<SourcesAtWork['processes'], Lack[]> = {
  endpoint_security: [],
  eslogger: [[ES, Gap.entitlement]],
  polling: [
    [ES, Gap.entitlement],
    [eslogger, Gap.eslogger, ESLOGGER_NOTE],
    [polling, Gap.shortLived],
  ],
  none: [
    [ES, Gap.entitlement],
    [eslogger, Gap.eslogger, ESLOGGER_NOTE],
  ],
}
const FLOWS_BY: Record<SourcesAtWork['flows'], Lack[]> = {
  filter: [],
  network_statistics: [[FILTER, Gap.filterService]],
  nettop: [
    [FILTER, Gap.filterService],
    [STATISTICS, Gap.networkStatistics, NO_STATISTICS],
    [nettop, Gap.nettopCounts],
  ],
  none: [
    [FILTER, Gap.filterService],
    [STATISTICS, Gap.networkStatistics, NO_STATISTICS],
    [nettop, Gap.nettop, 'nettop tells nothing: it ended with status 1.'],
  ],
}
const keysOf = <Key extends string>(of: Record<Key, unknown>): Key[] => Object.keys(of) as Key[]

/** A Mac in each combination of who tells of programs and who of flows, by "programs, flows". */
export const MACS: Record<string, Partial<AgentStatus>> = Object.fromEntries(
  keysOf(PROGRAMS_BY).flatMap((processes) =>
    keysOf(FLOWS_BY).map((flows) => [
      `a Mac: programs by ${processes}, flows by ${flows}`,
      macOf({ processes, flows }, ...PROGRAMS_BY[processes], ...FLOWS_BY[flows]),
    ]),
  ),
)

/** Other states that the view tells apart. */
export const OTHER_STATES: Record<string, Partial<AgentStatus>> = {
  ...MACS,
  'a Mac whose filter is silent, and nothing else sees flows': macOf(
    { isFilterSilent: true },
    [FILTER, Gap.filterSilent],
    [STATISTICS, Gap.networkStatistics, NO_STATISTICS],
  ),
  'a Mac whose eslogger tells nothing of programs that begin': macOf(
    { processes: 'polling', flows: 'network_statistics' },
    [eslogger, Gap.eslogger, 'eslogger tells nothing: it told of none of 12 programs that began.'],
    [polling, Gap.shortLived],
  ),
  'a Mac whose NetworkStatistics tells of no flow': macOf(
    { processes: 'polling', flows: 'nettop' },
    [STATISTICS, Gap.networkStatistics],
    [polling, Gap.shortLived],
    [nettop, Gap.nettopCounts],
  ),
  'a Mac with sources of the administrator’s choice': macOf(
    { processes: 'polling', flows: 'nettop', forced: ['polling', 'nettop'] },
    [polling, Gap.shortLived],
    [nettop, Gap.nettopCounts],
  ),
  watching: {},
  'sense died twice, the engine once': { restarts: { engine: 1, sense: 2, unwatched: [] } },
  'up was killed': {
    restarts: {
      ...{ engine: 0, sense: 0 },
      unwatched: [{ fromMs: 1_772_445_600_000, lengthMs: 2700, why: 'up' }],
    },
  },
  'sense died once': { restarts: { engine: 0, sense: 1, unwatched: [] } },
  'collector connecting': collector({ state: 'connecting' }),
  'losses of long ago': {
    counters: { ...wellStatus().counters, lost: 7 },
    outbox: outbox({ evicted: 1234 }),
  },
  'the disk is full, findings wait, the collector is away': {
    ...collector({ state: 'waiting', reason: 'it does not run', retryInMs: 4_000 }),
    ...{
      disk: { freeBytes: 0, totalBytes: 100 * MIB },
      outbox: outbox({ items: 3, unwritten: 2 }),
    },
  },
  'the disk is full, nothing waits yet, the collector is away': {
    ...collector({ state: 'waiting', reason: 'it does not run', retryInMs: 4_000 }),
    ...{ disk: { freeBytes: 0, totalBytes: 100 * MIB }, outbox: outbox({}) },
  },
  'the disk takes nothing, and the collector has all': { outbox: outbox({ isRefused: true }) },
  'few flows, most without a program': {
    counters: { ...wellStatus().counters, flows: 30, unattributedFlows: 20 },
  },
  'arguments asked for, some of them missed': {
    counters: { ...wellStatus().counters, argumentsMissed: 12 },
  },
  'readers turned away': { readers: { served: 9, refused: 2, tooMany: 1, slow: 1, spoke: 1 } },
  'alerts, one that would steer the terminal': {
    lastAlerts: [
      { atMs: 0, severity: 'high', sentence: 'evil\x1b[2Jname\u202e sent 8 MB' },
      { atMs: 60_000, severity: 'low', sentence: 'x'.repeat(3000) },
    ],
  },
  'a Mac of today, its filter not approved': {
    ...noFlows(Gap.filter),
    osVersion: '15.1',
  },
  'a Mac just installed': {
    ...macOf({ processes: 'none', flows: 'none' }, [ES, Gap.fullDiskAccess], [FILTER, Gap.filter]),
    collector: { url: '', state: 'none' },
  },
  'several at once': {
    ...lacking(Gap.notRoot | Gap.processEvents),
    ...collector({ state: 'refused', reason: 'the collector answered 404', httpStatus: 404 }),
    clockOffsetMs: 120_000,
    lately: { lost: 7, evicted: 0, notKept: 0 },
  },
}
