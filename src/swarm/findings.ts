// What simulated agents find: made up, and of the size and the mix of what real ones send.
import { createHash } from 'node:crypto'
import type { Alert, DestinationView, Finding, IdentityView } from '../engine/finding.ts'
import { bytes, pid, type UnixNs, unixNs } from '../units.ts'

export type FindingKind = 'alert' | 'sighting' | 'summary'

/** Programs that all machines have in common, and those of one machine alone. */
const PROGRAMS = 300
const OWN_PROGRAMS = 20
const HOUR_NS = 3_600_000_000_000n

/** Finding `number` of machine `machine`; the same for the same three numbers. */
export function makeFinding(
  kind: FindingKind,
  machine: number,
  number: number,
  at: UnixNs,
): Finding {
  const destination = destinationOf(machine, number)
  if (kind === 'alert') return { at, kind, alert: alertOf(machine, number, at, destination) }
  const identity = identityOf(programOf(machine, number), at)
  if (kind === 'sighting')
    return {
      at,
      kind,
      sighting: { of: 'destination', identity, process: processOf(identity, at), destination },
    }
  const sent = bytes(2_000 + ((number * 7919) % 900_000), 'bytesOut')
  const summary = {
    identityKey: identity.key,
    destination,
    hourAt: unixNs(at - (at % HOUR_NS), 'hourAt'),
    ...{ bytesOut: sent, bytesIn: bytes(sent * 3, 'bytesIn'), flows: 1 + (number % 9) },
    largestFlowOut: sent,
  }
  return { at, kind, summary }
}

const programOf = (machine: number, number: number): string =>
  number % 4 === 0
    ? `tool-${machine}-${Math.floor(number / 4) % OWN_PROGRAMS}`
    : `app-${(machine * 31 + number) % PROGRAMS}`

function identityOf(name: string, at: UnixNs): IdentityView {
  const sha256 = createHash('sha256').update(name).digest('hex')
  return {
    ...{ key: `unsigned:sha256:${sha256}`, signerClass: 'unsigned', name, sha256 },
    path: `/Users/swarm/bin/${name}`,
    ...{ signingId: '', teamId: '', cdhash: '' },
    ...{ firstSeenAt: at, firstNetworkAt: at },
  }
}

const processOf = (identity: IdentityView, at: UnixNs): Alert['chain'][number] => ({
  ...{ pid: pid(4242, 'pid'), pidversion: 1, path: identity.path, script: '', scriptSha256: '' },
  ...{ scriptFrom: '', foreignCode: [], foreignCodeMore: false, uid: 501, user: 'swarm' },
  ...{ startedAt: at, identityKey: identity.key, socketsBy: '', arguments: undefined },
})

/** Of the networks for documentation (RFC 5737). */
function destinationOf(machine: number, number: number): DestinationView {
  const net = ['192.0.2', '198.51.100', '203.0.113'][number % 3] as string
  const key = `${net}.0/24:443`
  const address = `${net}.${(machine + number) % 254}`
  return { key, address, port: 443, hostname: '', protocol: 6 }
}

function alertOf(machine: number, number: number, at: UnixNs, to: DestinationView): Alert {
  const identity = identityOf(`upload-${machine}-${number}`, at)
  const sent = bytes(8_000_000 + number, 'bytesOut')
  const none = bytes(0, 'bytesIn')
  const id = createHash('sha256').update(`${machine} ${number} ${at}`).digest('hex').slice(0, 32)
  return {
    ...{ id, revision: 1, state: 'final', score: 62, identity, destination: to },
    severity: (['low', 'medium', 'high'] as const)[number % 3] as Alert['severity'],
    sentence: `“${identity.name}” (unsigned, simulated) sent ${sent} B to ${to.address}:443 and got nothing back`,
    reasons: (['novelty', 'volume', 'no_response'] as const).map((term) => ({
      ...{ term, points: 20, value: 8_000_000, threshold: 5_000_000, unit: 'B' as const },
      text: 'it sent 8 MB where 5 MB is much',
    })),
    ...{ openedAt: at, updatedAt: at, doubt: '', responsibleKey: undefined },
    chain: [processOf(identity, at), { ...processOf(identity, at), path: '/bin/zsh' }],
    ...{ bytesOut: sent, bytesIn: none, flows: 1, silentFlows: 1, unreadFlows: 0 },
    ...{
      atMostFlows: 0,
      tunnelledFlows: 0,
      guessedFlows: 0,
      inAboutFlows: 0,
      listedFlows: undefined,
    },
    largestFlow: { bytesOut: sent, bytesIn: none, pcr: 1 },
    timeline: {
      ...{ startAt: at, bucketMs: 1000 },
      bytesOut: Array.from({ length: 10 }, () => bytes(800_000, 'bytesOut')),
      bytesIn: Array.from({ length: 10 }, () => none),
    },
    ...{ policyVersion: 0, reference: '', techniques: ['AN0032', 'DET0011', 'T1001.001'] },
  }
}
