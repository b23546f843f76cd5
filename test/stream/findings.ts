// Findings to test with: whole ones by hand, and any by fast-check.
import fc from 'fast-check'
import type {
  Alert,
  DestinationView,
  Finding,
  IdentityView,
  ProcessView,
} from '../../src/engine/finding.ts'
import type { Bytes, Pid, UnixNs } from '../../src/units.ts'

export const identity: IdentityView = {
  key: 'unsigned:sha256:aa',
  signerClass: 'unsigned',
  name: 'rclone',
  path: '/tmp/rclone',
  sha256: 'aa'.repeat(32),
  signingId: '',
  teamId: '',
  cdhash: '',
  firstSeenAt: 1_790_000_000_000_000_001n as UnixNs,
  firstNetworkAt: undefined,
}

export const process_: ProcessView = {
  pid: 4711 as Pid,
  pidversion: 3,
  path: '/tmp/rclone',
  script: '',
  scriptSha256: '',
  scriptFrom: '',
  foreignCode: [],
  foreignCodeMore: false,
  uid: 1000,
  user: 'mira',
  startedAt: 1_790_000_000_000_000_002n as UnixNs,
  identityKey: 'unsigned:sha256:aa',
  socketsBy: '',
  arguments: undefined,
}

export const destination: DestinationView = {
  key: '203.0.113.0/24:443',
  address: '203.0.113.9',
  port: 443,
  hostname: '',
  protocol: 6,
}

export const alert: Alert = {
  id: '0123456789abcdef0123456789abcdef',
  revision: 2,
  state: 'updated',
  severity: 'high',
  score: 91.5,
  sentence: 'rclone sent 8 MB and got nothing back',
  reasons: [
    {
      term: 'novelty',
      points: 30,
      value: 4,
      threshold: 86400,
      unit: 's',
      text: 'first run 4 s ago',
    },
  ],
  openedAt: 1_790_000_000_000_000_003n as UnixNs,
  updatedAt: 1_790_000_000_000_000_004n as UnixNs,
  identity,
  responsibleKey: undefined,
  doubt: '',
  chain: [process_],
  destination,
  bytesOut: 8_388_608 as Bytes,
  bytesIn: 0 as Bytes,
  flows: 1,
  silentFlows: 1,
  unreadFlows: 0,
  atMostFlows: 0,
  tunnelledFlows: 0,
  guessedFlows: 0,
  inAboutFlows: 0,
  listedFlows: undefined,
  largestFlow: { bytesOut: 8_388_608 as Bytes, bytesIn: 0 as Bytes, pcr: 1 },
  timeline: {
    startAt: 1_790_000_000_000_000_000n as UnixNs,
    bucketMs: 1000,
    bytesOut: [8_388_608 as Bytes],
    bytesIn: [0 as Bytes],
  },
  policyVersion: 7,
  reference: '0123456789abcdef',
  techniques: ['AN0032'],
}

const at = 1_790_000_000_000_000_005n as UnixNs

export const alertFinding = (
  severity: Alert['severity'] = 'high',
  sentence = alert.sentence,
): Finding => ({
  at,
  kind: 'alert',
  alert: { ...alert, severity, sentence },
})
export const sightingFinding: Finding = {
  at,
  kind: 'sighting',
  sighting: { of: 'destination', identity, process: process_, destination },
}
export const summaryFinding: Finding = {
  at,
  kind: 'summary',
  summary: {
    identityKey: identity.key,
    destination,
    hourAt: 1_789_999_200_000_000_000n as UnixNs,
    bytesOut: 2 as Bytes,
    bytesIn: 3 as Bytes,
    flows: 4,
    largestFlowOut: 2 as Bytes,
  },
}
export const healthFinding: Finding = {
  at,
  kind: 'health',
  health: {
    ...{
      of: 'loss',
      text: '5 events were lost',
      count: 5,
      since: (at - 60_000_000_000n) as UnixNs,
    },
    ...{ about: 'flows', programs: ['platform:/usr/bin/curl', ''] },
  },
}

const anyTime = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }).map((ns) => ns as UnixNs)
/** 0 on the wire means absent, so a time that may be absent is never 0. */
const anyOptionalTime = fc.option(
  fc.bigInt({ min: 1n, max: (1n << 63n) - 1n }).map((ns) => ns as UnixNs),
  { nil: undefined },
)
const anyBytes = fc.maxSafeNat().map((count) => count as Bytes)
const anyU32 = fc.nat({ max: 0xffff_ffff })
const anyText = fc.string({ unit: 'grapheme' })
const anyKey = fc.string({ unit: 'grapheme', minLength: 1 })
/** Without -0, which the wire does not tell from an absent field. */
const anyDouble = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)
const upTo = (most: number) =>
  fc.double({ min: -most, max: most, noNaN: true }).map((value) => value + 0)

const anyIdentity: fc.Arbitrary<IdentityView> = fc.record({
  key: anyKey,
  signerClass: fc.constantFrom('platform', 'notarized', 'adhoc', 'unsigned', 'invalid'),
  name: anyText,
  path: anyText,
  sha256: anyText,
  signingId: anyText,
  teamId: anyText,
  cdhash: anyText,
  firstSeenAt: anyTime,
  firstNetworkAt: anyOptionalTime,
})
const anyToldProcess: fc.Arbitrary<ProcessView> = fc.record({
  pid: fc.nat({ max: 2 ** 31 - 1 }).map((pid) => pid as Pid),
  pidversion: anyU32,
  path: anyText,
  script: anyText,
  scriptSha256: anyText,
  scriptFrom: anyText,
  foreignCode: fc.array(anyText, { maxLength: 8 }),
  foreignCodeMore: fc.boolean(),
  uid: fc.option(fc.nat({ max: 0xffff_fffe }), { nil: undefined }),
  user: anyText,
  startedAt: anyOptionalTime,
  identityKey: fc.option(anyKey, { nil: undefined }),
  socketsBy: anyText,
  arguments: fc.option(
    fc.record({
      texts: fc.array(anyText, { maxLength: 9 }),
      count: fc.nat(),
      leftOutBytes: fc.nat(),
      atLeast: fc.boolean(),
      missed: fc.boolean(),
    }),
    { nil: undefined },
  ),
})
const anyProcess = fc
  .tuple(anyToldProcess, anyU32, fc.array(anyText, { maxLength: 4 }))
  .map(([process, moreAbove, alsoAt]) => ({
    ...process,
    ...(moreAbove === 0 ? {} : { moreAbove }),
    ...(alsoAt.length === 0 ? {} : { alsoAt }),
  }))
const anyDestination: fc.Arbitrary<DestinationView> = fc.record({
  key: anyKey,
  address: anyText,
  port: fc.nat({ max: 65535 }),
  hostname: anyText,
  protocol: fc.nat({ max: 255 }),
})
const anyAlert: fc.Arbitrary<Alert> = fc.record({
  id: fc.stringMatching(/^[0-9a-f]{32}$/),
  revision: anyU32,
  state: fc.constantFrom('opened', 'updated', 'final'),
  severity: fc.constantFrom('low', 'medium', 'high'),
  score: upTo(1000),
  sentence: anyText,
  reasons: fc.array(
    fc.record({
      term: fc.constantFrom(
        'novelty',
        'signer',
        'destination',
        'volume',
        'asymmetry',
        'no_response',
      ),
      points: upTo(1000),
      value: anyDouble,
      threshold: anyDouble,
      unit: fc.constantFrom('B', 's', 'ratio', 'flows', ''),
      text: anyText,
    }),
    { maxLength: 6 },
  ),
  openedAt: anyTime,
  updatedAt: anyTime,
  identity: anyIdentity,
  responsibleKey: fc.option(anyKey, { nil: undefined }),
  doubt: anyText,
  chain: fc.array(anyProcess, { maxLength: 8 }),
  destination: anyDestination,
  bytesOut: anyBytes,
  bytesIn: anyBytes,
  flows: anyU32,
  silentFlows: anyU32,
  unreadFlows: anyU32,
  atMostFlows: anyU32,
  tunnelledFlows: anyU32,
  guessedFlows: anyU32,
  inAboutFlows: anyU32,
  largestFlow: fc.record({ bytesOut: anyBytes, bytesIn: anyBytes, pcr: upTo(1) }),
  listedFlows: fc.option(
    fc.array(
      fc.record({
        firstAt: anyTime,
        lastAt: anyTime,
        pid: anyU32,
        localPort: fc.integer({ min: 0, max: 65_535 }),
        address: anyText,
        port: fc.integer({ min: 0, max: 65_535 }),
        isInbound: fc.boolean(),
        bytesOut: anyBytes,
        bytesIn: anyBytes,
        isUnread: fc.boolean(),
        state: fc.constantFrom('open', 'closed', 'gone'),
      }),
      { maxLength: 20 },
    ),
    { nil: undefined },
  ),
  timeline: fc
    .record({ startAt: anyTime, bucketMs: anyU32, buckets: fc.array(fc.tuple(anyBytes, anyBytes)) })
    .map(({ startAt, bucketMs, buckets }) => ({
      startAt,
      bucketMs,
      bytesOut: buckets.map(([out]) => out),
      bytesIn: buckets.map(([, into]) => into),
    })),
  policyVersion: anyU32,
  reference: anyText,
  techniques: fc.array(anyText, { maxLength: 6 }),
})

/** Every field anywhere in its domain. */
export const anyFinding: fc.Arbitrary<Finding> = fc.oneof(
  fc.record({ at: anyTime, kind: fc.constant('alert' as const), alert: anyAlert }),
  fc.record({
    at: anyTime,
    kind: fc.constant('sighting' as const),
    sighting: fc.record({
      of: fc.constantFrom('identity', 'network', 'destination'),
      identity: anyIdentity,
      process: anyProcess,
      destination: fc.option(anyDestination, { nil: undefined }),
    }),
  }),
  fc.record({
    at: anyTime,
    kind: fc.constant('summary' as const),
    summary: fc.record({
      identityKey: anyText,
      destination: anyDestination,
      hourAt: anyTime,
      bytesOut: anyBytes,
      bytesIn: anyBytes,
      flows: anyU32,
      largestFlowOut: anyBytes,
    }),
  }),
  fc.record({
    at: anyTime,
    kind: fc.constant('health' as const),
    health: fc.record(
      {
        of: fc.constantFrom(
          'degraded',
          'recovered',
          'loss',
          'baseline',
          'signature',
          'outbox',
          'restart',
          'policy',
        ),
        text: anyText,
        count: anyBytes,
        since: fc.bigInt({ min: 1n, max: (1n << 63n) - 1n }).map((ns) => ns as UnixNs),
        about: fc.constantFrom('flows' as const, 'programs' as const, 'told' as const),
        programs: fc.array(anyText, { minLength: 1, maxLength: 64 }),
      },
      { requiredKeys: ['of', 'text', 'count'] },
    ),
  }),
)
