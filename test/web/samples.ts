// What an agent would say, for the page's tests: plausible, and hostile where the name says so.
import { createHash } from 'node:crypto'
import type { SignerClass } from '../../src/baseline/baseline.ts'
import type {
  Alert,
  DestinationView,
  Finding,
  IdentityView,
  ProcessView,
  Severity,
} from '../../src/engine/finding.ts'
import type { Live } from '../../src/stream/message.ts'
import { type Bytes, bytes, pid, type UnixNs, unixNs } from '../../src/units.ts'

const SECOND_NS = 1_000_000_000n

export const secondsBefore = (now: UnixNs, seconds: number): UnixNs =>
  unixNs(now - BigInt(Math.round(seconds * 1000)) * 1_000_000n, 'at')

export function identity(
  name: string,
  signerClass: SignerClass,
  firstSeenAt: UnixNs,
  path = `/usr/bin/${name}`,
): IdentityView {
  const sha256 = createHash('sha256').update(`${name}\0${path}`).digest('hex')
  return {
    key: signerClass === 'platform' ? `platform:${path}` : `unsigned:sha256:${sha256}`,
    signerClass,
    name,
    path,
    sha256,
    signingId: '',
    teamId: '',
    cdhash: '',
    firstSeenAt,
    firstNetworkAt: undefined,
  }
}

export function processOf(
  path: string,
  user: string,
  id: number,
  startedAt: UnixNs | undefined,
  script = '',
): ProcessView {
  return {
    pid: pid(id, 'pid'),
    pidversion: 1,
    path,
    script,
    scriptSha256: '',
    scriptFrom: '',
    foreignCode: [],
    foreignCodeMore: false,
    uid: user === 'root' ? 0 : 1000,
    user,
    startedAt,
    identityKey: undefined,
    socketsBy: '',
    arguments: undefined,
  }
}

export const destination = (address: string, port = 443, hostname = ''): DestinationView => ({
  key: `${hostname || address}:${port}`,
  address,
  port,
  hostname,
  protocol: 6,
})

export type AlertFacts = {
  seed: string
  identity: IdentityView
  severity: Severity
  to: DestinationView
  user?: string
  openedAt: UnixNs
  bytesOut: number
  bytesIn: number
  sentence: string
  revision?: number
  state?: Alert['state']
  seconds?: number
}

/** Points of novelty, signer, volume, asymmetry and no response: sums of 95, 80 and 65. */
const POINTS: Record<Severity, [number, number, number, number, number]> = {
  high: [30, 25, 20, 25, -5],
  medium: [20, 25, 20, 20, -5],
  low: [20, 20, 10, 20, -5],
}

/** An alert whose parts agree: its timeline sums to its bytes, its reasons to its score. */
export function alertOf(facts: AlertFacts): Alert {
  const { openedAt, bytesOut, bytesIn, user = 'ada' } = facts
  const seconds = facts.seconds ?? 24
  const [novelty, signer, volume, asymmetry, noResponse] = POINTS[facts.severity]
  const reasons: Alert['reasons'] = [
    {
      term: 'novelty',
      points: novelty,
      value: 12,
      threshold: 86400,
      unit: 's',
      text: 'first used the network 12 s before',
    },
    {
      term: 'signer',
      points: signer,
      value: 0,
      threshold: 0,
      unit: '',
      text: 'nobody vouches for this program',
    },
    {
      term: 'volume',
      points: volume,
      value: bytesOut,
      threshold: 1048576,
      unit: 'B',
      text: 'more than a new program may send unnoticed',
    },
    {
      term: 'asymmetry',
      points: asymmetry,
      value: 0.9998,
      threshold: 0.8,
      unit: 'ratio',
      text: 'almost everything went out',
    },
    {
      term: 'no_response',
      points: noResponse,
      value: 1,
      threshold: 5,
      unit: 'flows',
      text: 'a private network counts half',
    },
  ]
  return {
    id: createHash('sha256').update(facts.seed).digest('hex').slice(0, 32),
    revision: facts.revision ?? 1,
    state: facts.state ?? 'opened',
    severity: facts.severity,
    score: reasons.reduce((sum, reason) => sum + reason.points, 0),
    sentence: facts.sentence,
    reasons,
    openedAt,
    updatedAt: openedAt,
    identity: facts.identity,
    responsibleKey: undefined,
    doubt: '',
    chain: [
      {
        ...processOf(facts.identity.path, user, 48211, openedAt),
        socketsBy: '/usr/libexec/nsurlsessiond',
      },
      {
        ...processOf(
          '/usr/bin/python3.11',
          user,
          48190,
          openedAt,
          '/home/ada/jobs/nightly-export.py',
        ),
        arguments: {
          texts: ['python3.11', 'nightly-export.py', '--to=\u202Elacol'],
          count: 3,
          leftOutBytes: 0,
          atLeast: false,
          missed: false,
        },
      },
      processOf('/usr/bin/bash', user, 47002, secondsBefore(openedAt, 3600)),
      processOf('/usr/sbin/sshd', 'root', 812, secondsBefore(openedAt, 86400)),
      processOf('/usr/lib/systemd/systemd', 'root', 1, undefined),
    ],
    destination: facts.to,
    bytesOut: bytes(bytesOut, 'bytesOut'),
    bytesIn: bytes(bytesIn, 'bytesIn'),
    flows: 3,
    silentFlows: 1,
    unreadFlows: 0,
    atMostFlows: 0,
    tunnelledFlows: 0,
    guessedFlows: 0,
    inAboutFlows: 0,
    listedFlows: undefined,
    largestFlow: {
      bytesOut: bytes(Math.ceil(bytesOut * 0.9), 'bytesOut'),
      bytesIn: bytes(bytesIn, 'bytesIn'),
      pcr: 0.9998,
    },
    timeline: {
      startAt: unixNs(openedAt - 8n * SECOND_NS, 'startAt'),
      bucketMs: 1000,
      bytesOut: spread(bytesOut, seconds, 4),
      bytesIn: spread(bytesIn, seconds, 5),
    },
    policyVersion: 3,
    reference: '0123456789abcdef',
    techniques: ['AN0032', 'DET0011', 'T1001.001'],
  }
}

/** `total` over `count` buckets, the first `quiet` empty, unevenly. */
function spread(total: number, count: number, quiet: number): Bytes[] {
  const weights = Array.from({ length: count }, (_, index) =>
    index < quiet ? 0 : 1 + ((index * 7919) % 11) / 4,
  )
  const sum = weights.reduce((all, weight) => all + weight, 0)
  let rest = total
  return weights.map((weight, index) => {
    const share = index === count - 1 ? rest : Math.min(rest, Math.floor((total * weight) / sum))
    rest -= share
    return bytes(share, 'share')
  })
}

export const alertFinding = (alert: Alert): Finding => ({
  kind: 'alert',
  at: alert.updatedAt,
  alert,
})

export const sightingOf = (
  seen: IdentityView,
  user: string,
  of: 'identity' | 'network' | 'destination' = 'identity',
  to?: DestinationView,
): Finding => ({
  kind: 'sighting',
  at: of === 'identity' ? seen.firstSeenAt : (seen.firstNetworkAt ?? seen.firstSeenAt),
  sighting: {
    of,
    identity: seen,
    process: processOf(seen.path, user, 4242, seen.firstSeenAt),
    destination: to,
  },
})

/** Sum of a saw over `seconds`: it never falls, as counters do not. */
const wave = (seconds: number, period: number): number =>
  Array.from({ length: seconds }, (_, index) => index % period).reduce((all, step) => all + step, 0)

/** Counters of a machine that has been at work for `seconds`. */
export const liveAt = (at: UnixNs, seconds: number, degraded = ''): Live => ({
  at,
  records: 4200 + seconds * 61 + wave(seconds, 7) * 9,
  execs: 310 + seconds * 2 + wave(seconds, 3),
  flows: 128 + seconds + wave(seconds, 5),
  processes: 87,
  openFlows: 12 + (seconds % 4),
  identities: 214,
  bytesOut: 8_400_000 + seconds * 21_000 + wave(seconds, 6) * 9000,
  bytesIn: 96_000_000 + seconds * 310_000 + wave(seconds, 4) * 80_000,
  unattributedFlows: 1,
  lost: 0,
  outboxItems: 0,
  outboxEvicted: 0,
  alerts: 1,
  degraded,
  top: [
    { name: 'firefox', destination: 'cdn.example.org:443', bytesOut: 18_200, bytesIn: 402_000 },
    { name: 'restic', destination: '10.0.4.9:8000', bytesOut: 12_100_000, bytesIn: 8_300 },
  ],
})
