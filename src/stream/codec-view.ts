// Programs, processes and destinations to wire messages and back.
import type { SignerClass } from '../baseline/baseline.ts'
import type {
  ArgumentsView,
  DestinationView,
  IdentityView,
  ProcessView,
} from '../engine/finding.ts'
import { pid, port } from '../units.ts'
import { bounded, oneOf, optionalTime, optionalTimeFromWide, ranged, time, u32 } from './fields.ts'
import { StreamError } from './message.ts'
import { timeFromWide } from './wide.ts'
import type { freshet } from './wire.gen.js'

type Absent<T> = T | null | undefined

/** 1,024 bytes hold as many, each of them empty. */
const ARGUMENTS_MAX = 1025

const FOREIGN_CODE_MAX = 8
const ALSO_MAX = 4

/** What the wire says for a user that the source could not tell: the largest uid, never a user's. */
const UID_UNKNOWN = 0xffff_ffff

const SIGNERS: readonly SignerClass[] = [
  'platform',
  'app_store',
  'notarized',
  'developer_id',
  'unknown',
  'adhoc',
  'unsigned',
  'invalid',
]
export function identityToWire(identity: IdentityView): freshet.v1.Identity.$Properties {
  return {
    key: identity.key,
    signerClass: identity.signerClass,
    name: identity.name,
    path: identity.path,
    sha256: identity.sha256,
    signingId: identity.signingId,
    teamId: identity.teamId,
    cdhash: identity.cdhash,
    firstSeenNs: time(identity.firstSeenAt, 'identity.first_seen_ns'),
    firstNetworkNs: optionalTime(identity.firstNetworkAt, 'identity.first_network_ns'),
  }
}

export function identityFromWire(
  identity: Absent<freshet.v1.Identity.$Properties>,
  field: string,
): IdentityView {
  if (!identity?.key) throw new StreamError('missing', `${field}: it has no key`)
  return {
    key: identity.key,
    signerClass: oneOf(SIGNERS, identity.signerClass, `${field}.signer_class`),
    name: identity.name ?? '',
    path: identity.path ?? '',
    sha256: identity.sha256 ?? '',
    signingId: identity.signingId ?? '',
    teamId: identity.teamId ?? '',
    cdhash: identity.cdhash ?? '',
    firstSeenAt: timeFromWide(identity.firstSeenNs, `${field}.first_seen_ns`),
    firstNetworkAt: optionalTimeFromWide(identity.firstNetworkNs, `${field}.first_network_ns`),
  }
}

export function processToWire(process: ProcessView): freshet.v1.Process.$Properties {
  return {
    pid: u32(process.pid, 'process.pid'),
    pidversion: u32(process.pidversion, 'process.pidversion'),
    path: process.path,
    script: process.script,
    uid: u32(process.uid ?? UID_UNKNOWN, 'process.uid'),
    user: process.user,
    startedAtNs: optionalTime(process.startedAt, 'process.started_at_ns'),
    identityKey: process.identityKey ?? '',
    socketsBy: process.socketsBy,
    arguments: process.arguments ?? null,
    scriptSha256: process.scriptSha256,
    scriptFrom: process.scriptFrom,
    foreignCode: process.foreignCode,
    foreignCodeMore: process.foreignCodeMore,
    moreAbove: u32(process.moreAbove ?? 0, 'process.more_above'),
    alsoAt: bounded(process.alsoAt ?? [], ALSO_MAX, 'process.also_at'),
  }
}

export function processFromWire(
  process: Absent<freshet.v1.Process.$Properties>,
  field: string,
): ProcessView {
  if (!process) throw new StreamError('missing', `${field}: there is no process`)
  return {
    pid: ranged(pid, process.pid ?? 0, `${field}.pid`),
    pidversion: process.pidversion ?? 0,
    path: process.path ?? '',
    script: process.script ?? '',
    uid: process.uid === UID_UNKNOWN ? undefined : (process.uid ?? 0),
    user: process.user ?? '',
    startedAt: optionalTimeFromWide(process.startedAtNs, `${field}.started_at_ns`),
    identityKey: process.identityKey || undefined,
    socketsBy: process.socketsBy ?? '',
    arguments: argumentsFromWire(process.arguments, `${field}.arguments`),
    scriptSha256: process.scriptSha256 ?? '',
    scriptFrom: process.scriptFrom ?? '',
    foreignCode: bounded(process.foreignCode ?? [], FOREIGN_CODE_MAX, `${field}.foreign_code`),
    foreignCodeMore: process.foreignCodeMore ?? false,
    ...(process.moreAbove ? { moreAbove: process.moreAbove } : {}),
    ...(process.alsoAt?.length
      ? { alsoAt: bounded(process.alsoAt, ALSO_MAX, `${field}.also_at`) }
      : {}),
  }
}

function argumentsFromWire(
  told: Absent<freshet.v1.Arguments.$Properties>,
  field: string,
): ArgumentsView | undefined {
  if (!told) return undefined
  return {
    texts: bounded(told.texts ?? [], ARGUMENTS_MAX, `${field}.texts`),
    count: told.count ?? 0,
    leftOutBytes: told.leftOutBytes ?? 0,
    atLeast: told.atLeast ?? false,
    missed: told.missed ?? false,
  }
}

export function destinationToWire(
  destination: DestinationView,
): freshet.v1.Destination.$Properties {
  return {
    key: destination.key,
    address: destination.address,
    port: ranged(port, destination.port, 'destination.port'),
    hostname: destination.hostname,
    protocol: u32(destination.protocol, 'destination.protocol'),
  }
}

export function destinationFromWire(
  destination: Absent<freshet.v1.Destination.$Properties>,
  field: string,
): DestinationView {
  if (!destination?.key) throw new StreamError('missing', `${field}: it has no key`)
  return {
    key: destination.key,
    address: destination.address ?? '',
    port: ranged(port, destination.port ?? 0, `${field}.port`),
    hostname: destination.hostname ?? '',
    protocol: destination.protocol ?? 0,
  }
}
