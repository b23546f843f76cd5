// An agent in every state that it can be in, by name.
import { Gap, Source } from '../../src/records/record.gen.ts'
import type { AgentStatus, CollectorState } from '../../src/status/agent-status.ts'
import type { CauseCode } from '../../src/status/causes.ts'

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
  isUnderUp: false,
  clockOffsetMs: 12,
  collector: { url: 'https://collector.example', state: 'connected' },
  lastAlerts: [],
  readers: { served: 1, refused: 0, tooMany: 0, slow: 0, spoke: 0 },
  ...change,
})

/** What a Mac, or a Linux machine, lacks. */
function lacking(gap: number, note = ''): Partial<AgentStatus> {
  const isLinux = gap < Gap.entitlement
  const source = isLinux ? Source.linux : gap < Gap.filter ? Source.endpointSecurity : Source.filter
  return {
    ...(isLinux ? {} : { os: 'macos', osVersion: '14.6.1' }),
    sensor: { silentMs: 0, isForeign: false, gaps: [{ source, gaps: gap, note }], note },
  }
}

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
  entitlement: lacking(Gap.entitlement),
  'full-disk-access': lacking(Gap.fullDiskAccess),
  'client-limit': lacking(Gap.clientLimit),
  'endpoint-security': lacking(Gap.endpointSecurity, 'es_new_client says 2.'),
  filter: lacking(Gap.filter),
  'filter-off': lacking(Gap.filterOff),
  'filter-service': lacking(Gap.filterService),
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
  'collector-token': collector({
    state: 'refused',
    reason: 'the collector answered 401: the token is wrong',
    httpStatus: 401,
  }),
  'collector-refused': collector({
    state: 'refused',
    reason: 'the collector answered 404',
    httpStatus: 404,
  }),
  'collector-settings': collector({
    state: 'refused',
    reason: 'ws:// to collector.example would send the token and the findings in the clear',
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
  'filter-version': lacking(Gap.filterVersion),
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

/** Other states that the view tells apart. */
export const OTHER_STATES: Record<string, Partial<AgentStatus>> = {
  watching: {},
  'sense died twice, the engine once': { restarts: { engine: 1, sense: 2, unwatched: [] } },
  'sense died once': { restarts: { engine: 0, sense: 1, unwatched: [] } },
  'collector connecting': collector({ state: 'connecting' }),
  'losses of long ago': {
    counters: { ...wellStatus().counters, lost: 7 },
    outbox: outbox({ evicted: 1234 }),
  },
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
    ...lacking(Gap.filter),
    osVersion: '15.1',
  },
  'a Mac just installed': {
    ...lacking(Gap.filter),
    sensor: {
      silentMs: 0,
      isForeign: false,
      gaps: [
        { source: Source.endpointSecurity, gaps: Gap.fullDiskAccess, note: '' },
        { source: Source.filter, gaps: Gap.filter, note: '' },
      ],
      note: '',
    },
    collector: { url: '', state: 'none' },
  },
  'several at once': {
    ...lacking(Gap.notRoot | Gap.processEvents),
    ...collector({ state: 'refused', reason: 'the collector answered 401', httpStatus: 401 }),
    clockOffsetMs: 120_000,
    lately: { lost: 7, evicted: 0, notKept: 0 },
  },
}
